"""`async with client.batch():` sends what is called inside as one, when it ends."""

import asyncio
from typing import Any

import bson.errors
import pymongo.errors
import pytest

from motorpool.client import BatchAbandoned, Bounds, ProxyClient
from tests.both_loops import Logged
from tests.client.fakes import FakeTransport


async def ticks(number: int) -> None:
    """Let the loop run this many times."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_nothing_is_sent_before_the_end() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.batch():
        first = client.shop.users.find_one({"_id": 1})
        await ticks(300)
        second = client.shop.users.insert_one({"_id": 2})
        await asyncio.sleep(0.02)
        assert transport.keys == []

    assert transport.keys == [[1, 2]]
    assert await first == {"_id": 1}
    assert (await second).inserted_id == 2
    assert client.counters.flush_reasons == {"drain": 1}


async def test_awaiting_inside_sends_what_was_called_and_goes_on() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.batch():
        first, second = (client.shop.users.find_one({"_id": n}) for n in (1, 2))
        assert await second == {"_id": 2}
        third = client.shop.users.find_one({"_id": 3})

    assert (await first, await third) == ({"_id": 1}, {"_id": 3})
    assert transport.keys == [[1, 2], [3]]


async def test_awaiting_in_a_task_inside_does_not_hang() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.batch():
        await asyncio.gather(*(client.shop.users.find_one({"_id": n}) for n in range(3)))

    assert transport.keys == [[0, 1, 2]]


async def test_an_exception_drops_what_was_not_sent() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    with pytest.raises(LookupError):  # noqa: PT012 - the batch is what is tested
        async with client.batch():
            call = client.shop.users.insert_one({"_id": 1})
            raise LookupError

    with pytest.raises(BatchAbandoned) as raised:
        await call
    assert str(raised.value) == "the batch was left by LookupError before it was sent"
    assert isinstance(raised.value, pymongo.errors.InvalidOperation)
    assert (raised.value.retryable, raised.value.may_have_applied) == (False, False)
    await ticks(10)
    assert transport.keys == []


async def test_an_exception_leaves_what_was_sent() -> None:
    transport = FakeTransport()
    transport.gate = asyncio.Event()
    client = ProxyClient(transport=transport)

    async def fail() -> None:
        async with client.batch() as batch:
            calls.append(client.shop.users.insert_one({"_id": 1}))
            batch.flush()
            calls.append(client.shop.users.insert_one({"_id": 2}))
            raise LookupError

    calls: list[Any] = []
    failing = asyncio.create_task(fail())
    await ticks(5)
    assert not failing.done()  # it waits for what is on its way
    transport.gate.set()
    with pytest.raises(LookupError):
        await failing

    sent, dropped = calls
    assert (await sent).inserted_id == 1
    with pytest.raises(BatchAbandoned):
        await dropped
    assert transport.keys == [[1]]


async def test_cancellation_drops_what_was_not_sent() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)
    calls: list[Any] = []

    async def wait_inside() -> None:
        async with client.batch():
            calls.append(client.shop.users.insert_one({"_id": 1}))
            await asyncio.sleep(30)

    task = asyncio.create_task(wait_inside())
    await ticks(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    with pytest.raises(BatchAbandoned, match="left by CancelledError"):
        await calls[0]
    assert transport.keys == []


async def test_what_an_exception_dropped_and_nobody_awaits_is_said_in_the_log(
    logged: Logged,
) -> None:
    client = ProxyClient(transport=FakeTransport())

    with pytest.raises(LookupError):  # noqa: PT012 - the batch is what is tested
        async with client.batch():
            client.shop.users.insert_one({"_id": 1})
            raise LookupError

    (said,) = logged()
    assert said == (
        "insert_one on shop.users failed and was never awaited: "
        "the batch was left by LookupError before it was sent"
    )


async def test_an_empty_batch_sends_nothing() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.batch():
        pass

    assert transport.keys == []


async def test_a_batch_that_is_full_leaves_and_the_next_begins() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport, bounds=Bounds(batch_operations=2))

    async with client.batch():
        for number in range(5):
            client.shop.users.find_one({"_id": number})

    assert transport.keys == [[0, 1], [2, 3], [4]]


async def test_a_batch_inside_a_request_is_apart_and_has_its_deadline() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.request(timeout=10) as request:
        outside = client.shop.users.find_one({"_id": 1})
        async with client.batch(timeout=20) as batch:
            client.shop.users.find_one({"_id": 2})
            assert batch.deadline == request.deadline
        await outside

    assert sorted(transport.keys) == [[1], [2]]


async def test_a_batch_inside_a_batch_is_sent_first() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.batch():
        client.shop.users.find_one({"_id": 1})
        async with client.batch():
            client.shop.users.find_one({"_id": 2})
        assert transport.keys == [[2]]

    assert transport.keys == [[2], [1]]


async def test_flush_sends_what_was_called_so_far() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.batch():
        client.shop.users.find_one({"_id": 1})
        await client.flush()
        client.shop.users.find_one({"_id": 2})

    assert transport.keys == [[1], [2]]
    assert client.counters.flush_reasons == {"explicit": 1, "drain": 1}


async def test_a_batch_shows_that_it_is_held_and_what_is_in_it() -> None:
    client = ProxyClient(transport=FakeTransport())

    async with client.batch() as batch:
        client.shop.users.find_one({"_id": 1})
        assert repr(batch).startswith("<Scope batch <Coalescer held queued=1 ")
    assert repr(batch) == "<Scope batch closed>"


async def test_a_failure_in_a_batch_is_its_own_operations() -> None:
    client = ProxyClient(transport=FakeTransport())

    async with client.batch():
        good, bad = client.shop.users.find_one({"_id": 1}), client.shop.users.find_one({"a": {1}})

    assert await good == {"_id": 1}
    with pytest.raises(bson.errors.InvalidDocument):
        await bad
