"""Entries marked `again` (the response was full): those operations again, alone or in fewer."""

import asyncio
from typing import Any

import pytest

from motorpool.batching import envelope
from motorpool.client import ProtocolError, ProxyClient, RetryPolicy, Throttled
from motorpool.client.dispatch import MAX_AGAIN
from tests.client.fakes import Asked, Batch, FakeTransport, response

WHY = "the response was full"


def answer_only(*keys: int) -> Any:
    """Make a step that answers the operations with these keys, and asks for the others again."""

    def step(batch: Batch) -> bytes:
        return response(*(answered(asked, asked.key in keys) for asked in batch))

    return step


def answered(asked: Asked, is_ok: bool) -> dict[str, Any]:  # noqa: FBT001 - one of two entries
    """Make an operation's entry: its result, or `again`."""
    return (
        envelope.success(asked.id, {"_id": asked.key}) if is_ok else envelope.again(asked.id, WHY)
    )


async def test_what_had_no_room_is_asked_for_again_in_a_smaller_batch() -> None:
    transport = FakeTransport(answer_only(1, 3))
    client = ProxyClient(transport=transport)

    found = await asyncio.gather(*(client.shop.users.find_one({"_id": n}) for n in range(5)))

    assert found == [{"_id": n} for n in range(5)]
    assert transport.keys == [[0, 1, 2, 3, 4], [0, 2, 4]]
    assert [asked.id for asked in transport.batches[1]] == [0, 1, 2]
    assert client.counters.retried == 3
    assert client.counters.invocations == 2


async def test_a_single_one_that_had_no_room_is_asked_for_alone() -> None:
    transport = FakeTransport(answer_only(0, 1))
    client = ProxyClient(transport=transport)

    found = await asyncio.gather(*(client.shop.users.find_one({"_id": n}) for n in range(3)))

    assert found[2] == {"_id": 2}
    assert transport.keys == [[0, 1, 2], [2]]


async def test_where_not_one_had_room_each_is_asked_for_alone() -> None:
    transport = FakeTransport(answer_only())
    client = ProxyClient(transport=transport)

    found = await asyncio.gather(*(client.shop.users.find_one({"_id": n}) for n in range(3)))

    assert found == [{"_id": n} for n in range(3)]
    assert transport.keys == [[0, 1, 2], [0], [1], [2]]


async def test_several_rounds_become_smaller_until_all_are_answered() -> None:
    transport = FakeTransport(answer_only(0), answer_only(1), answer_only(2))
    client = ProxyClient(transport=transport)

    await asyncio.gather(*(client.shop.users.find_one({"_id": n}) for n in range(4)))

    assert transport.keys == [[0, 1, 2, 3], [1, 2, 3], [2, 3], [3]]


async def test_a_proxy_that_asks_again_without_end_is_not_believed() -> None:
    transport = FakeTransport(*[answer_only()] * 200)
    client = ProxyClient(transport=transport)

    with pytest.raises(ProtocolError, match="asked again and again for this operation"):
        await client.shop.users.find_one({"_id": 1})

    assert len(transport.batches) == MAX_AGAIN + 1


async def test_one_that_is_asked_for_without_end_does_not_take_the_others_with_it() -> None:
    transport = FakeTransport(*[answer_only(1)] * 200)
    client = ProxyClient(transport=transport)

    bad, good = (client.shop.users.find_one({"_id": n}) for n in range(2))

    assert await good == {"_id": 1}
    with pytest.raises(ProtocolError):
        await bad


async def test_a_write_that_was_not_run_is_sent_again() -> None:
    transport = FakeTransport(answer_only(1))
    users = ProxyClient(transport=transport).shop.users

    _, update = users.find_one({"_id": 1}), users.update_one({"_id": 2}, {"$set": {"a": 1}})

    assert (await update).matched_count == 1
    assert transport.keys == [[1, 2], [2]]


async def test_an_operation_that_nobody_waits_for_any_more_is_not_asked_for_again() -> None:
    transport = FakeTransport(answer_only(1))
    transport.gate = asyncio.Event()
    users = ProxyClient(transport=transport).shop.users

    calls = [asyncio.ensure_future(users.find_one({"_id": n})) for n in range(4)]
    await asyncio.sleep(0.01)
    calls[0].cancel()
    transport.gate.set()
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert results[1:] == [{"_id": 1}, {"_id": 2}, {"_id": 3}]
    assert transport.keys == [[0, 1, 2, 3], [2, 3]]


async def test_throttled_in_between_goes_on_where_it_was() -> None:
    transport = FakeTransport(answer_only(0), Throttled("429"))
    client = ProxyClient(transport=transport, retry=RetryPolicy(0.0, 0.0))

    found = await asyncio.gather(*(client.shop.users.find_one({"_id": n}) for n in range(2)))

    assert found == [{"_id": 0}, {"_id": 1}]
    assert transport.keys == [[0, 1], [1], [1]]
