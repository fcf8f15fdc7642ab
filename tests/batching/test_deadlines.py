import asyncio
import gc
import math
import weakref

import pytest

from motorpool.batching.bounds import Bounds
from motorpool.batching.call import Pending
from motorpool.batching.errors import OperationTimeout
from tests.batching.fakes import FakeClient, answer, asked, ticks
from tests.both_loops import LoopFactory


async def test_deadline_in_the_queue_takes_the_operation_off_it() -> None:
    client = FakeClient(Bounds(linger=3600))

    with pytest.raises(OperationTimeout) as raised:
        await client.insert(1, timeout=0.01)

    assert str(raised.value) == "insert_one on shop.items: time-out, it was not sent"
    assert (raised.value.retryable, raised.value.may_have_applied) == (True, False)
    assert client.counts() == {"operations": 1, "cancelled": 1, "timed_out": 1}
    assert client.coalescer.is_idle


async def test_deadline_in_flight_says_whether_the_write_may_have_been_applied() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    read, write = client.find(1, timeout=0.02), client.insert(2, timeout=0.02)

    with pytest.raises(OperationTimeout) as read_error:
        await read
    with pytest.raises(OperationTimeout) as write_error:
        await write

    assert str(read_error.value) == "find_one on shop.items: time-out, no answer came in time"
    assert not read_error.value.may_have_applied
    assert str(write_error.value) == (
        "insert_one on shop.items: time-out, it was sent and may have been applied"
    )
    assert write_error.value.may_have_applied
    client.gate.set()
    await client.coalescer.drain()
    assert client.counts() == {
        "operations": 2,
        "timed_out": 2,
        "sent": 2,
        "invocations": 1,
        "invocations_saved": 1,
        "flush_reasons": {"quiet": 1},
        "batch_sizes": {2: 1},
    }


async def test_short_deadline_beside_a_long_one_fails_alone() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()

    short, long = client.find(1, timeout=0.01), client.find(2, timeout=30)
    with pytest.raises(OperationTimeout):
        await short
    client.gate.set()

    assert await long == 2
    assert client.batches == [[1, 2]]
    assert client.counters.timed_out == 1


async def test_short_deadline_beside_a_long_one_on_one_operation_fails_alone() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()

    short, long = (client.find(1, is_shareable=True, timeout=each) for each in (0.01, 30))
    with pytest.raises(OperationTimeout):
        await short
    client.gate.set()

    assert await long == 1
    assert client.batches == [[1]]
    assert client.counters.timed_out == 1
    assert client.counters.cancelled == 0


@pytest.mark.parametrize(
    ("timeouts", "remaining"), [([10], 10), ([10, 20], 20), ([20, 10], 20), ([10, None], None)]
)
async def test_deadline_that_travels_is_that_of_the_most_patient_call(
    timeouts: list[float | None], remaining: float | None
) -> None:
    travelled: list[float | None] = []

    async def note_remaining(batch: list[Pending]) -> None:
        for pending in batch:
            travelled.append(pending.remaining(start))
            pending.settle(answer(asked(pending)))

    client = FakeClient(respond=note_remaining)
    start = asyncio.get_running_loop().time()
    calls = [client.find(1, is_shareable=True, timeout=timeout) for timeout in timeouts]

    assert await asyncio.gather(*calls) == [1] * len(timeouts)
    if remaining is None:
        assert travelled == [None]
    else:
        assert travelled == [pytest.approx(remaining, abs=1)]


async def test_deadline_of_a_call_that_left_travels_no_more() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    travelled: list[float | None] = []

    async def note_remaining(batch: list[Pending]) -> None:
        travelled.extend(pending.remaining(start) for pending in batch)

    client = FakeClient(respond=note_remaining)
    start = asyncio.get_running_loop().time()
    stays, leaves = (client.find(1, is_shareable=True, timeout=each) for each in (10, 100))
    leaves.close()
    await asyncio.wait([asyncio.ensure_future(stays)])

    assert travelled == [pytest.approx(10, abs=1)]


@pytest.mark.parametrize(("own", "scopes"), [(0.01, 30), (30, 0.01), (None, 0.01)])
async def test_earlier_of_a_calls_own_deadline_and_its_scopes_is_kept(
    own: float | None, scopes: float
) -> None:
    deadline = asyncio.get_running_loop().time() + scopes
    client = FakeClient(deadline=deadline)
    client.gate = asyncio.Event()

    call = client.find(1, timeout=own)
    with pytest.raises(OperationTimeout):
        await call

    assert client.counters.timed_out == 1
    client.gate.set()


async def test_call_without_any_deadline_has_none() -> None:
    client = FakeClient()

    call = client.find(1)

    assert call.deadline is None
    assert await call == 1


@pytest.mark.parametrize("seconds", [0, -1, -math.inf])
async def test_deadline_that_has_passed_already_sends_nothing(seconds: float) -> None:
    client = FakeClient()

    with pytest.raises(OperationTimeout, match="it was not sent"):
        await client.find(1, timeout=seconds)

    await ticks(5)
    assert client.batches == []


async def test_deadline_of_a_call_that_is_answered_is_forgotten() -> None:
    client = FakeClient()
    call = client.find(1, timeout=0.01)

    assert await call == 1
    await asyncio.sleep(0.03)

    assert await call == 1
    assert client.counters.timed_out == 0


async def test_call_that_is_answered_is_not_kept_alive_by_its_deadline() -> None:
    client = FakeClient()
    call = client.find(1, timeout=3600)
    assert await call == 1
    await ticks(2)

    reference = weakref.ref(call)
    del call
    gc.collect()

    assert reference() is None


async def test_deadline_passes_for_a_call_that_nobody_awaits() -> None:
    client = FakeClient(Bounds(linger=3600))

    call = client.find(1, timeout=0.01)
    await asyncio.sleep(0.03)

    assert repr(call) == "<Call find_one on shop.items failed OperationTimeout>"
    with pytest.raises(OperationTimeout):
        await call


def test_deadline_of_a_call_without_a_loop_runs_from_its_first_await(
    loop_factory: LoopFactory,
) -> None:
    client = FakeClient()
    call = client.find(1, timeout=10)

    async def page() -> None:
        start = asyncio.get_running_loop().time()
        assert await call == 1
        assert call.deadline == pytest.approx(start + 10, abs=5)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(page())


async def test_asyncio_timeout_around_a_call_cancels_it() -> None:
    client = FakeClient(Bounds(linger=3600))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await client.find(1)

    assert client.counts() == {"operations": 1, "cancelled": 1}
