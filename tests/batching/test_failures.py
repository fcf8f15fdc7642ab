import asyncio
import gc
import weakref
from typing import Any

import pytest

from motorpool.batching.call import Call, Pending
from motorpool.batching.errors import (
    ConnectionLost,
    FunctionFailed,
    NotInvoked,
    OutcomeUnknown,
    ProtocolError,
    RemoteFailure,
)
from tests.batching.fakes import FakeClient, answer, asked, ticks
from tests.both_loops import Logged, LoopFactory


async def fail_all(batch: list[Pending]) -> None:
    """Fail every operation with one and the same error, as a lost invocation does."""
    error = NotInvoked("unreachable")
    for pending in batch:
        pending.fail(error)


async def test_one_operation_fails_among_many() -> None:
    async def fail_the_third(batch: list[Pending]) -> None:
        for pending in batch:
            if asked(pending) == 3:
                pending.fail(RemoteFailure({"type": "DuplicateKeyError", "message": "E11000"}))
            else:
                pending.settle(answer(asked(pending)))

    client = FakeClient(respond=fail_the_third)

    results = await asyncio.gather(
        *(client.insert(number) for number in range(1, 6)), return_exceptions=True
    )

    assert [results[0], results[1], results[3], results[4]] == [1, 2, 4, 5]
    assert isinstance(results[2], RemoteFailure)
    assert client.batches == [[1, 2, 3, 4, 5]]


async def test_one_error_for_many_waiters_is_an_exception_of_its_own_for_each() -> None:
    client = FakeClient(respond=fail_all)
    calls = [client.find(1, is_shareable=True) for _ in range(3)]
    calls.append(client.find(2))

    errors = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(error) for error in errors] == [NotInvoked] * 4
    assert [str(error) for error in errors] == ["unreachable"] * 4
    assert len({id(error) for error in errors}) == 4


async def test_failed_call_awaited_twice_raises_an_exception_of_its_own_each_time() -> None:
    client = FakeClient(respond=fail_all)
    call = client.find(1)

    with pytest.raises(NotInvoked) as first:
        await call
    with pytest.raises(NotInvoked) as second:
        await call

    assert first.value is not second.value


async def test_dispatch_that_raises_fails_reads_and_leaves_writes_unknown() -> None:
    cause = FunctionLookupError("no such function")

    async def explode(_: list[Pending]) -> None:
        raise cause

    client = FakeClient(respond=explode)
    read, write = client.find(1), client.insert(2)

    with pytest.raises(ConnectionLost) as lost:
        await read
    assert str(lost.value) == (
        "find_one on shop.items: the batch was lost: FunctionLookupError('no such function')"
    )
    assert (lost.value.retryable, lost.value.may_have_applied) == (True, False)
    assert lost.value.__cause__ is cause
    with pytest.raises(OutcomeUnknown) as unknown:
        await write
    assert str(unknown.value) == (
        "insert_one on shop.items: the batch was lost; the write may have been applied: "
        "FunctionLookupError('no such function')"
    )
    assert (unknown.value.retryable, unknown.value.may_have_applied) == (False, True)
    assert unknown.value.__cause__ is cause
    await ticks(1)
    assert client.counters.in_flight == 0


async def test_dispatch_that_raises_halfway_leaves_what_it_has_settled() -> None:
    async def explode_halfway(batch: list[Pending]) -> None:
        batch[0].settle(answer("first"))
        message = "halfway"
        raise FunctionLookupError(message)

    client = FakeClient(respond=explode_halfway)
    first, second = client.find(1), client.find(2)

    assert await first == "first"
    with pytest.raises(ConnectionLost, match="halfway"):
        await second


async def test_dispatch_that_settles_nothing_fails_every_waiter() -> None:
    async def forget(_: list[Pending]) -> None:
        pass

    client = FakeClient(respond=forget)
    read, write = client.find(1), client.insert(2)

    with pytest.raises(ConnectionLost, match=r"^find_one on shop\.items: the batch was lost$"):
        await read
    with pytest.raises(OutcomeUnknown, match=r"the write may have been applied$"):
        await write


async def test_dispatch_that_settles_twice_is_believed_the_first_time() -> None:
    async def waver(batch: list[Pending]) -> None:
        for pending in batch:
            pending.settle(answer("first"))
            pending.settle(answer("second"))
            pending.fail(ProtocolError("third"))

    client = FakeClient(respond=waver)

    assert await client.find(1) == "first"


async def test_dispatch_that_settles_after_all_have_left_is_not_disturbed() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    call = client.find(1)
    await ticks(5)
    call.close()
    client.gate.set()
    await ticks(5)

    assert client.counters.in_flight == 0
    assert client.coalescer.is_idle


async def test_base_exception_in_dispatch_settles_every_waiter() -> None:
    async def explode(_: list[Pending]) -> None:
        raise Fatal

    client = FakeClient(respond=explode)
    read, write = client.find(1), client.insert(2)

    with pytest.raises(ConnectionLost) as lost:
        await read
    assert isinstance(lost.value.__cause__, Fatal)
    with pytest.raises(OutcomeUnknown):
        await write
    assert repr(client.coalescer) == "<Coalescer queued=0 (0 bytes) in_flight=1/8>"
    await ticks(1)
    assert repr(client.coalescer) == "<Coalescer queued=0 (0 bytes) in_flight=0/8>"


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_interrupt_in_dispatch_settles_every_waiter_and_goes_on(
    interrupt: type[BaseException], loop_factory: LoopFactory
) -> None:
    async def explode(_: list[Pending]) -> None:
        raise interrupt

    client = FakeClient(respond=explode)
    calls: list[Call[Any]] = []

    async def page() -> None:
        calls.extend([client.find(1), client.insert(2)])
        await calls[0]

    with pytest.raises(interrupt), asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(page())

    assert [repr(call) for call in calls] == [
        "<Call find_one on shop.items failed ConnectionLost>",
        "<Call insert_one on shop.items failed OutcomeUnknown>",
    ]


async def test_coalescer_goes_on_after_a_failed_batch() -> None:
    failures = iter([FunctionFailed("Sandbox.Timedout", "Task timed out"), None])

    async def fail_once(batch: list[Pending]) -> None:
        failure = next(failures)
        for pending in batch:
            if failure is not None:
                pending.fail(failure)
            else:
                pending.settle(answer("well"))

    client = FakeClient(respond=fail_once)

    with pytest.raises(FunctionFailed, match=r"Sandbox\.Timedout"):
        await client.find(1)
    assert await client.find(1) == "well"


async def test_failing_operation_never_awaited_is_logged(logged: Logged) -> None:
    client = FakeClient(respond=fail_all)

    client.insert(1)
    await ticks(5)

    assert logged() == ["insert_one on shop.items failed and was never awaited: unreachable"]


async def test_failing_operation_that_was_awaited_is_not_logged(logged: Logged) -> None:
    client = FakeClient(respond=fail_all)

    await asyncio.gather(client.find(1), client.insert(2), return_exceptions=True)
    await ticks(2)  # by then gather, too, has let go of what it gathered

    assert logged() == []


async def test_operation_that_succeeds_and_is_never_awaited_is_not_logged(logged: Logged) -> None:
    client = FakeClient()

    client.insert(1)
    await ticks(5)

    assert client.batches == [[1]]
    assert logged() == []


async def test_failing_operation_that_was_cancelled_is_not_logged(logged: Logged) -> None:
    client = FakeClient(respond=fail_all)

    client.insert(1).close()
    waiter = asyncio.create_task(client.insert(2))
    await ticks(1)
    waiter.cancel()
    await ticks(5)
    del waiter

    assert logged() == []


async def test_garbage_collection_in_flight_loses_no_operation(logged: Logged) -> None:
    """The flight is the client's: nothing else holds what it waits for, nor its task."""
    waits_for: list[weakref.ref[asyncio.Future[None]]] = []

    async def wait_for_io(batch: list[Pending]) -> None:
        io = asyncio.get_running_loop().create_future()
        waits_for.append(weakref.ref(io))
        await io
        for pending in batch:
            pending.settle(answer(asked(pending)))

    client = FakeClient(respond=wait_for_io)
    call = client.find(1)
    client.insert(2)
    await ticks(5)
    gc.collect()

    io = waits_for[0]()
    assert io is not None
    io.set_result(None)
    assert await call == 1
    assert client.batches == [[1, 2]]
    assert logged() == []


async def test_flight_outlives_its_coalescer_in_its_owners_keeping() -> None:
    waits_for: list[weakref.ref[asyncio.Future[None]]] = []
    settled: list[Pending] = []

    async def wait_for_io(batch: list[Pending]) -> None:
        io = asyncio.get_running_loop().create_future()
        waits_for.append(weakref.ref(io))
        await io
        settled.extend(batch)

    flights: set[asyncio.Task[None]] = set()
    client = FakeClient(respond=wait_for_io, flights=flights)
    client.insert(1)
    await ticks(5)
    assert len(flights) == 1
    del client
    gc.collect()

    io = waits_for[0]()
    assert io is not None
    io.set_result(None)
    await ticks(3)
    assert [asked(pending) for pending in settled] == [1]
    assert flights == set()


class FunctionLookupError(Exception):
    """Something that a transport has not foreseen."""


class Fatal(BaseException):
    """Something that nobody may catch."""
