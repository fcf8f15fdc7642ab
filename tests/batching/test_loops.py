import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any

import pytest
import uvloop

from motorpool.batching.call import Call
from motorpool.batching.errors import ClientClosed, OutcomeUnknown
from tests.batching.fakes import FakeClient, ticks
from tests.both_loops import Logged, LoopFactory


@pytest.mark.asyncio(loop_factories=["uvloop"])
async def test_every_test_of_this_folder_runs_on_uvloop_too() -> None:
    assert isinstance(asyncio.get_running_loop(), uvloop.Loop)


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_every_test_of_this_folder_runs_on_the_default_loop_too() -> None:
    assert isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop)


async def test_two_clients_on_one_loop_never_share_a_batch() -> None:
    one, other = FakeClient(), FakeClient()

    calls = [client.find(number) for number in range(3) for client in (one, other)]

    assert await asyncio.gather(*calls) == [0, 0, 1, 1, 2, 2]
    assert one.batches == other.batches == [[0, 1, 2]]
    assert one.counts() == other.counts()
    assert one.counts() == {
        "operations": 3,
        "sent": 3,
        "invocations": 1,
        "invocations_saved": 2,
        "flush_reasons": {"quiet": 1},
        "batch_sizes": {3: 1},
    }


def test_two_asyncio_runs_with_one_client_are_both_served(loop_factory: LoopFactory) -> None:
    client = FakeClient()

    async def page(start: int) -> list[Any]:
        return await asyncio.gather(*(client.find(start + number) for number in range(2)))

    for start in (0, 10):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            assert runner.run(page(start)) == [start, start + 1]
        del runner

    assert client.batches == [[0, 1], [10, 11]]
    gc.collect()
    assert len(client.coalescers) == 0  # a coalescer keeps no loop alive, so it went with its own


def test_call_without_a_loop_is_queued_when_it_is_first_awaited(loop_factory: LoopFactory) -> None:
    client = FakeClient()

    call = client.find(1)

    assert client.counts() == {}
    assert repr(call) == "<Call find_one on shop.items made without a running loop>"

    async def page() -> list[Any]:
        second = client.find(2)
        return [await call, await second]

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(page()) == [1, 2]
    assert client.batches == [[2, 1]]


def test_call_without_a_loop_can_be_run_by_itself(loop_factory: LoopFactory) -> None:
    client = FakeClient()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(client.find(1)) == 1

    assert asyncio.run(client.find(2)) == 2


def test_call_without_a_loop_that_is_never_awaited_is_logged(
    logged: Logged,
) -> None:
    client = FakeClient()

    client.find(1)

    assert logged() == [
        "find_one on shop.items was never sent: it was not awaited, or its event loop closed"
    ]


def test_loop_closed_with_operations_queued_fails_them_when_they_are_abandoned(
    loop_factory: LoopFactory,
) -> None:
    client = FakeClient()

    async def leave_early() -> tuple[Any, Call[Any], asyncio.Task[Any]]:
        unawaited, awaited = client.find(1, timeout=30), client.insert(2)
        waiter = asyncio.ensure_future(awaited)
        await ticks(1)
        return client.coalescer, unawaited, waiter

    loop = loop_factory()
    coalescer, unawaited, waiter = loop.run_until_complete(leave_early())
    loop.close()

    assert repr(coalescer).startswith("<Coalescer queued=2 ")
    coalescer.abandon(ClientClosed("the client was closed"))

    assert repr(coalescer) == "<Coalescer queued=0 (0 bytes) in_flight=0/8>"
    assert repr(unawaited) == "<Call find_one on shop.items failed ClientClosed>"
    with pytest.raises(ClientClosed, match="the client was closed"):
        asyncio.run(unawaited)
    assert client.batches == []
    dispose_of(waiter)


def test_loop_closed_with_operations_queued_logs_them_as_never_sent(
    loop_factory: LoopFactory, logged: Logged
) -> None:
    client = FakeClient()

    async def leave_early() -> None:
        client.find(1)

    loop = loop_factory()
    loop.run_until_complete(leave_early())
    loop.close()
    client.coalescers.clear()

    assert logged() == [
        "find_one on shop.items was never sent: it was not awaited, or its event loop closed"
    ]


def test_loop_closed_with_operations_in_flight_logs_them_as_sent(
    loop_factory: LoopFactory, logged: Logged
) -> None:

    async def leave_early() -> None:
        client = FakeClient()
        client.gate = asyncio.Event()
        client.insert(1)
        await ticks(5)
        assert client.batches == [[1]]

    loop = loop_factory()
    loop.run_until_complete(leave_early())
    (flight,) = asyncio.all_tasks(loop)
    loop.close()
    dispose_of(flight)
    del flight

    assert logged() == [
        "insert_one on shop.items was sent, and its event loop closed before the answer came"
    ]


def test_loop_shut_down_with_operations_in_flight_settles_them(loop_factory: LoopFactory) -> None:
    client = FakeClient()

    async def leave_early() -> Call[Any]:
        client.gate = asyncio.Event()
        call = client.insert(1)
        await ticks(5)
        return call

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        call = runner.run(leave_early())

    assert client.batches == [[1]]
    with pytest.raises(OutcomeUnknown, match="may have been applied: CancelledError"):
        asyncio.run(call)


def test_awaiting_on_another_loop_is_an_error_and_does_not_hang(loop_factory: LoopFactory) -> None:
    client = FakeClient()

    async def make() -> Call[Any]:
        return client.find(1)

    loop = loop_factory()
    call = loop.run_until_complete(make())

    with pytest.raises(RuntimeError, match="an event loop other than the one"):
        asyncio.run(call)
    assert loop.run_until_complete(call) == 1
    loop.close()


def test_answer_that_is_there_can_be_read_on_another_loop(loop_factory: LoopFactory) -> None:
    client = FakeClient()

    async def make() -> Call[Any]:
        call = client.find(1)
        assert await call == 1
        return call

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        call = runner.run(make())

    assert asyncio.run(call) == 1


def make_tasks_eager() -> None:
    if sys.version_info < (3, 12):
        pytest.skip("asyncio.eager_task_factory is new in Python 3.12")
    else:

        def make_eager(
            loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
        ) -> asyncio.Task[Any]:
            # asyncio.eager_task_factory takes fewer options in 3.13.0 than uvloop gives.
            return asyncio.Task(coroutine, loop=loop, **options | {"eager_start": True})

        asyncio.get_running_loop().set_task_factory(make_eager)


async def test_gather_under_an_eager_task_factory_is_one_batch() -> None:
    make_tasks_eager()
    client = FakeClient()

    async def page(number: int) -> object:
        first = await client.find(number)
        return await client.find(first + 10)

    assert await asyncio.gather(*(page(number) for number in range(3))) == [10, 11, 12]
    assert client.batches == [[0, 1, 2], [10, 11, 12]]
    assert client.counters.flush_reasons == {"quiet": 2}
    await ticks(2)
    assert client.counters.in_flight == 0


async def test_flight_that_an_eager_task_factory_finishes_at_once_is_counted_as_landed() -> None:
    make_tasks_eager()
    client = FakeClient()

    call = client.find(1)
    client.coalescer.flush()

    assert repr(call) == "<Call find_one on shop.items done>"
    assert client.counters.in_flight == 0
    assert repr(client.coalescer) == "<Coalescer queued=0 (0 bytes) in_flight=0/8>"
    assert await call == 1


def dispose_of(task: asyncio.Task[Any]) -> None:
    """Keep asyncio from reporting a task whose loop the test has closed under it."""
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 - as above
