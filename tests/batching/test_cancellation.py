import asyncio

import pytest

from motorpool.batching.bounds import Bounds
from motorpool.batching.errors import ConnectionLost, NotInvoked, OutcomeUnknown
from tests.batching.fakes import FakeClient, ticks


def flights() -> set[asyncio.Task[object]]:
    """Give every task but the test's own."""
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def test_task_cancelled_before_its_first_step_sends_nothing() -> None:
    client = FakeClient()

    call = client.find(1)
    task = asyncio.create_task(call)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await ticks(5)
    assert client.batches == []
    assert client.counts() == {"operations": 1, "cancelled": 1}
    assert repr(call) == "<Call find_one on shop.items cancelled>"


async def test_task_cancelled_before_its_first_step_leaves_another_waiter_alone() -> None:
    client = FakeClient()
    call = client.find(1)

    async def wait() -> object:
        return await call

    waiter = asyncio.create_task(wait())
    await ticks(1)
    task = asyncio.create_task(call)
    task.cancel()

    assert await waiter == 1
    with pytest.raises(asyncio.CancelledError):
        await task
    assert client.counts() == {
        "operations": 1,
        "sent": 1,
        "invocations": 1,
        "flush_reasons": {"quiet": 1},
        "batch_sizes": {1: 1},
    }


async def test_one_of_two_waiters_times_out_and_leaves_the_other_waiting() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()

    impatient, patient = (client.find(1, is_shareable=True) for _ in range(2))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(impatient, 0.01)
    assert repr(patient) == "<Call find_one on shop.items sent>"
    client.gate.set()

    assert await patient == 1
    assert client.counts() == {
        "operations": 2,
        "deduplicated": 1,
        "sent": 1,
        "invocations": 1,
        "invocations_saved": 1,
        "flush_reasons": {"quiet": 1},
        "batch_sizes": {1: 1},
    }


async def test_one_of_two_tasks_that_wait_for_one_call_times_out_alone() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    call = client.find(1)

    patient = asyncio.create_task(call)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call, 0.01)
    client.gate.set()

    assert await patient == 1


async def test_all_cancelled_before_the_flush_is_not_sent() -> None:
    client = FakeClient()

    waiters = [asyncio.create_task(client.find(1, is_shareable=True)) for _ in range(3)]
    await ticks(1)
    for waiter in waiters:
        waiter.cancel()
    await asyncio.wait(waiters)
    await ticks(5)

    assert all(waiter.cancelled() for waiter in waiters)
    assert client.batches == []
    assert client.counters.cancelled == 1  # one operation, of three calls
    assert client.counters.sent == 0
    assert repr(client.coalescer) == "<Coalescer queued=0 (0 bytes) in_flight=0/8>"


async def test_all_cancelled_in_flight_is_let_go_and_not_aborted() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()

    waiters = [asyncio.create_task(client.insert(number)) for number in range(2)]
    await ticks(5)
    assert client.batches == [[0, 1]]
    for waiter in waiters:
        waiter.cancel()
    await asyncio.wait(waiters)

    assert repr(client.coalescer) == "<Coalescer queued=0 (0 bytes) in_flight=1/8>"
    (flight,) = flights()
    client.gate.set()
    await flight
    assert client.counts() == {
        "operations": 2,
        "sent": 2,
        "invocations": 1,
        "invocations_saved": 1,
        "flush_reasons": {"quiet": 1},
        "batch_sizes": {2: 1},
    }


async def test_cancelled_operation_leaves_the_batch_that_the_others_go_on_in() -> None:
    client = FakeClient()

    calls = [client.find(number) for number in range(3)]
    cancelled = asyncio.create_task(calls[1])
    await ticks(1)
    cancelled.cancel()

    assert [await calls[0], await calls[2]] == [0, 2]
    assert client.batches == [[0, 2]]
    assert client.counters.cancelled == 1


async def test_read_after_a_cancelled_identical_one_is_sent() -> None:
    client = FakeClient()

    client.find(1, is_shareable=True).close()

    assert await client.find(1, is_shareable=True) == 1
    assert client.counts() == {
        "operations": 2,
        "cancelled": 1,
        "sent": 1,
        "invocations": 1,
        "flush_reasons": {"quiet": 1},
        "batch_sizes": {1: 1},
    }


async def test_shielded_call_goes_on_when_its_waiter_is_cancelled() -> None:
    client = FakeClient()
    call = client.find(1)

    waiter = asyncio.ensure_future(asyncio.shield(call))
    await ticks(1)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter

    assert await call == 1
    assert client.counters.cancelled == 0


async def fail() -> None:
    message = "the sibling"
    raise LookupError(message)


async def test_task_group_whose_sibling_fails_before_the_flush_sends_nothing() -> None:
    client = FakeClient(Bounds(linger=3600))
    waiters: list[asyncio.Task[object]] = []

    with pytest.raises(ExceptionGroup) as raised:  # noqa: PT012 - a task group is a block
        async with asyncio.TaskGroup() as group:
            waiters += [group.create_task(client.find(number)) for number in range(3)]
            group.create_task(fail())

    assert [str(error) for error in raised.value.exceptions] == ["the sibling"]
    assert [waiter.cancelled() for waiter in waiters] == [True, True, True]
    assert client.counts() == {"operations": 3, "cancelled": 3}


async def test_task_group_whose_sibling_fails_in_flight_cancels_the_waiters_alone() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    outside = client.find("outside")

    with pytest.raises(ExceptionGroup) as raised:  # noqa: PT012 - a task group is a block
        async with asyncio.TaskGroup() as group:
            waiters = [group.create_task(client.find(number)) for number in range(3)]
            await ticks(5)
            group.create_task(fail())

    assert [str(error) for error in raised.value.exceptions] == ["the sibling"]
    assert [waiter.cancelled() for waiter in waiters] == [True, True, True]
    client.gate.set()
    assert await outside == "outside"
    assert client.batches == [["outside", 0, 1, 2]]
    assert client.counters.cancelled == 0


async def test_flush_cancelled_before_its_first_step_settles_every_waiter() -> None:
    client = FakeClient()
    calls = [client.find(1), client.insert(2)]
    waiters = [asyncio.create_task(call) for call in calls]
    await ticks(1)
    before = asyncio.all_tasks()
    client.coalescer.flush()
    (flight,) = asyncio.all_tasks() - before
    flight.cancel()

    errors = await asyncio.gather(*waiters, return_exceptions=True)

    assert [type(error) for error in errors] == [NotInvoked, NotInvoked]
    assert [str(error) for error in errors] == [
        "find_one on shop.items: cancelled before it was sent",
        "insert_one on shop.items: cancelled before it was sent",
    ]
    assert client.counters.in_flight == 0
    assert client.batches == []


async def test_flush_cancelled_in_flight_settles_every_waiter() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    read, write = client.find(1), client.insert(2)
    await ticks(5)
    (flight,) = flights()
    flight.cancel()

    with pytest.raises(ConnectionLost) as lost:
        await read
    assert not lost.value.may_have_applied
    with pytest.raises(OutcomeUnknown, match="the write may have been applied") as unknown:
        await write
    assert unknown.value.may_have_applied
    assert isinstance(unknown.value.__cause__, asyncio.CancelledError)
    await ticks(1)
    assert repr(client.coalescer) == "<Coalescer queued=0 (0 bytes) in_flight=0/8>"


async def test_cancelled_call_says_so_when_it_is_awaited_again() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    call = client.find(1)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call, 0.01)

    with pytest.raises(RuntimeError, match="this call was cancelled; make the call again"):
        await call
    client.gate.set()


async def test_waiter_cancelled_at_the_moment_of_its_answer_loses_nothing() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    call = client.find(1)
    waiter = asyncio.create_task(call)
    await ticks(5)
    (flight,) = flights() - {waiter}
    client.gate.set()
    flight.add_done_callback(lambda _: waiter.cancel())

    await asyncio.wait([waiter])

    assert await call == 1
    assert client.counters.cancelled == 0


async def test_cancelled_operation_gives_its_room_in_the_queue_back() -> None:
    client = FakeClient(Bounds(queue_operations=1))

    client.find(1).close()
    call = client.find(2)

    assert await call == 2
    assert client.counters.refused == 0


async def test_call_after_a_due_batch_was_cancelled_waits_for_quiet_ticks_of_its_own() -> None:
    client = FakeClient(Bounds(flights=1))
    client.gate = asyncio.Event()
    flying = client.find("flying")
    client.coalescer.flush()
    cancelled = client.find("cancelled")
    client.coalescer.flush()
    cancelled.close()

    call = client.find("next")
    await ticks(5)
    client.gate.set()

    assert [await flying, await call] == ["flying", "next"]
    assert client.counters.flush_reasons == {"explicit": 1, "quiet": 1}


async def test_ten_thousand_queued_calls_are_cancelled_in_reasonable_time() -> None:
    client = FakeClient(Bounds(batch_operations=100_000))
    calls = [client.find(number) for number in range(10_000)]

    async with asyncio.timeout(5):
        for call in reversed(calls):
            call.close()
        await ticks(1)

    assert client.counters.cancelled == 10_000
    assert client.coalescer.is_idle
