import asyncio
import time

import pytest

from motorpool.batching.bounds import Bounds
from motorpool.batching.call import Pending
from motorpool.batching.errors import ClientClosed, ConnectionLost, OperationTimeout
from tests.batching.fakes import FakeClient, ticks


async def test_drain_settles_what_is_queued_and_what_is_in_flight() -> None:
    client = FakeClient(Bounds(batch_operations=2, flights=1, linger=3600))
    client.gate = asyncio.Event()
    calls = [client.find(number) for number in range(5)]
    await ticks(1)
    assert client.batches == [[0, 1]]

    asyncio.get_running_loop().call_later(0.01, client.gate.set)
    await client.coalescer.drain()

    assert [repr(call) for call in calls] == ["<Call find_one on shop.items done>"] * 5
    assert client.batches == [[0, 1], [2, 3], [4]]
    await ticks(2)
    assert client.coalescer.is_idle
    assert client.counters.in_flight == 0
    assert await asyncio.gather(*calls) == [0, 1, 2, 3, 4]


async def test_drain_lets_a_batch_go_that_nobody_waits_for() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    call = client.insert(1)
    await ticks(5)
    call.close()

    await client.coalescer.drain()

    assert repr(client.coalescer) == "<Coalescer queued=0 (0 bytes) in_flight=1/8>"
    client.gate.set()


async def test_drain_sends_what_is_queued_behind_a_batch_that_nobody_waits_for() -> None:
    client = FakeClient(Bounds(flights=1))
    client.gate = asyncio.Event()
    gone = client.insert("gone")
    await ticks(5)
    gone.close()
    queued = client.find("queued")

    asyncio.get_running_loop().call_later(0.01, client.gate.set)
    await client.coalescer.drain()

    assert repr(queued) == "<Call find_one on shop.items done>"
    assert client.batches == [["gone"], ["queued"]]


async def test_drain_takes_along_what_is_called_meanwhile() -> None:
    client = FakeClient(is_held=True)
    client.gate = asyncio.Event()
    client.find(1)

    draining = asyncio.create_task(client.coalescer.drain())
    await ticks(5)
    late = client.find(2)
    client.gate.set()
    await draining

    assert repr(late) == "<Call find_one on shop.items done>"
    assert client.batches == [[1], [2]]
    assert client.counters.flush_reasons == {"drain": 2}


async def test_drain_of_an_idle_coalescer_returns_at_once() -> None:
    client = FakeClient()
    assert client.coalescer.is_idle

    await client.coalescer.drain()

    assert client.counts() == {}


async def test_drain_settles_a_batch_that_fails() -> None:
    async def explode(_: list[Pending]) -> None:
        message = "no such function"
        raise LookupError(message)

    client = FakeClient(respond=explode)
    call = client.find(1)

    await client.coalescer.drain()

    assert repr(call) == "<Call find_one on shop.items failed ConnectionLost>"
    with pytest.raises(ConnectionLost):
        await call


async def test_drain_ends_at_the_deadline_with_every_call_settled() -> None:
    deadline = asyncio.get_running_loop().time() + 0.02
    client = FakeClient(Bounds(batch_operations=1, flights=1), deadline=deadline)
    client.gate = asyncio.Event()
    calls = [client.find(number) for number in range(2)]

    await client.coalescer.drain()

    assert [repr(call) for call in calls] == [
        "<Call find_one on shop.items failed OperationTimeout>"
    ] * 2
    assert client.batches == [[0]]
    assert not client.coalescer.is_idle  # what is on its way is let go, not aborted
    for call in calls:
        with pytest.raises(OperationTimeout):
            await call
    client.gate.set()


async def test_drain_after_the_deadline_settles_every_call() -> None:
    deadline = asyncio.get_running_loop().time() + 0.005
    client = FakeClient(Bounds(batch_operations=1, flights=1), deadline=deadline)
    client.gate = asyncio.Event()
    calls = [client.find(number) for number in range(2)]
    time.sleep(0.01)  # noqa: ASYNC251 - the loop does not turn, so no deadline is seen

    await client.coalescer.drain()

    assert [repr(call) for call in calls] == [
        "<Call find_one on shop.items failed OperationTimeout>"
    ] * 2
    await asyncio.gather(*calls, return_exceptions=True)
    client.gate.set()


async def test_closed_coalescer_refuses_operations_and_lets_the_others_go_on() -> None:
    client = FakeClient()
    before = client.find(1, is_shareable=True)
    client.coalescer.close(ClientClosed("this client is closed"))

    after, same = client.find(2), client.find(1, is_shareable=True)

    for refused in (after, same):
        with pytest.raises(ClientClosed, match="this client is closed"):
            await refused
    assert await before == 1
    assert client.counts() == {
        "operations": 3,
        "refused": 2,
        "sent": 1,
        "invocations": 1,
        "flush_reasons": {"quiet": 1},
        "batch_sizes": {1: 1},
    }


async def test_is_idle_means_nothing_queued_and_nothing_in_flight() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    call = client.find(1)
    assert not client.coalescer.is_idle
    await ticks(5)
    assert not client.coalescer.is_idle
    client.gate.set()
    await call
    await ticks(1)
    assert client.coalescer.is_idle
