import asyncio

import pytest

from motorpool.batching import coalescer
from motorpool.batching.bounds import Bounds
from motorpool.batching.errors import BatchAbandoned
from tests.batching.fakes import FakeClient, ticks


async def test_explicit_batch_sends_nothing_before_its_end_and_all_of_it_then() -> None:
    client = FakeClient(is_held=True)

    calls = []
    for number in range(3):
        calls.append(client.find(number))
        await ticks(10)
    assert client.batches == []
    assert repr(client.coalescer).startswith("<Coalescer held queued=3 ")
    client.coalescer.flush()

    assert await asyncio.gather(*calls) == [0, 1, 2]
    assert client.batches == [[0, 1, 2]]
    assert client.counters.flush_reasons == {"explicit": 1}


async def test_explicit_batch_is_held_again_after_its_flush() -> None:
    client = FakeClient(is_held=True)

    client.find(1)
    client.coalescer.flush()
    await ticks(10)
    client.find(2)
    await ticks(10)

    assert client.batches == [[1]]
    client.coalescer.flush()
    await ticks(1)
    assert client.batches == [[1], [2]]


async def test_awaiting_inside_an_explicit_batch_sends_it_and_does_not_hang() -> None:
    client = FakeClient(is_held=True)

    first, second = client.find(1), client.find(2)

    assert await first == 1
    assert repr(second) == "<Call find_one on shop.items done>"
    assert client.batches == [[1, 2]]
    assert client.counters.flush_reasons == {"quiet": 1}


async def test_awaiting_inside_an_explicit_batch_takes_what_is_called_at_that_moment_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = FakeClient(is_held=True)
    first = client.find(1)
    await asyncio.sleep(0.01)
    monkeypatch.setattr(coalescer, "MAX_AGE_SECONDS", 0.01)  # of which the batch is, before

    async def ask(number: int) -> object:
        await ticks(number)
        return await client.find(number)

    assert await asyncio.gather(first, *(ask(number) for number in (2, 3))) == [1, 2, 3]
    assert client.batches == [[1, 2, 3]]


async def test_explicit_batch_at_its_limit_leaves_and_the_rest_is_held() -> None:
    client = FakeClient(Bounds(batch_operations=2), is_held=True)

    calls = [client.find(number) for number in range(3)]
    await ticks(10)

    assert client.batches == [[0, 1]]
    client.coalescer.flush()
    assert await asyncio.gather(*calls) == [0, 1, 2]
    assert client.batches == [[0, 1], [2]]


async def test_exception_in_an_explicit_batch_fails_what_was_not_sent() -> None:
    client = FakeClient(is_held=True)
    client.gate = asyncio.Event()
    sent = client.insert("sent")
    client.coalescer.flush()
    calls = [client.find(1), client.insert(2)]
    waiter = asyncio.create_task(calls[0])

    client.coalescer.abandon(BatchAbandoned("left by LookupError before it was sent"))

    errors = await asyncio.gather(waiter, calls[1], return_exceptions=True)
    assert [type(error) for error in errors] == [BatchAbandoned, BatchAbandoned]
    assert str(errors[0]) == "left by LookupError before it was sent"
    client.gate.set()
    assert await sent == "sent"
    assert client.batches == [["sent"]]
    assert repr(client.coalescer) == "<Coalescer held queued=0 (0 bytes) in_flight=1/8>"


async def test_batch_that_waits_for_a_flight_can_be_abandoned() -> None:
    client = FakeClient(Bounds(flights=1))
    client.gate = asyncio.Event()
    flying = client.find("flying")
    client.coalescer.flush()
    waiting = client.find("waiting")
    client.coalescer.flush()

    client.coalescer.abandon(BatchAbandoned("left"))
    following = client.find("next")
    await ticks(5)
    client.gate.set()

    assert await flying == "flying"
    with pytest.raises(BatchAbandoned):
        await waiting
    assert await following == "next"
    assert client.batches == [["flying"], ["next"]]
    assert client.counters.flush_reasons == {"explicit": 1, "quiet": 1}


async def test_read_is_not_joined_to_one_that_was_abandoned() -> None:
    client = FakeClient(is_held=True)
    abandoned = client.find("x", is_shareable=True)
    client.coalescer.abandon(BatchAbandoned("left"))

    assert await client.find("x", is_shareable=True) == "x"
    with pytest.raises(BatchAbandoned):
        await abandoned
