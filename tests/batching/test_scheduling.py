import asyncio
import socket
import threading
import time
from contextvars import ContextVar
from typing import Any

import pytest

from motorpool.batching import coalescer
from motorpool.batching.bounds import Bounds
from motorpool.batching.call import Call, Pending
from motorpool.batching.coalescer import MAX_TICKS, QUIET_TICKS
from tests.batching.fakes import FakeClient, answer, asked, ticks

MAX_AGE_SECONDS = coalescer.MAX_AGE_SECONDS  # before conftest.py takes it out of the way


def one_batch_of(size: int, reason: str = "quiet") -> dict[str, Any]:
    """Give the counters of operations that all left in one batch."""
    counts = {
        "operations": size,
        "sent": size,
        "invocations": 1,
        "flush_reasons": {reason: 1},
        "batch_sizes": {size: 1},
    }
    return counts | ({"invocations_saved": size - 1} if size > 1 else {})


def test_a_batch_leaves_at_three_quiet_ticks_256_ticks_or_five_milliseconds() -> None:
    assert (QUIET_TICKS, MAX_TICKS, MAX_AGE_SECONDS) == (3, 256, 0.005)


async def test_lone_operation_leaves_alone_after_three_quiet_ticks() -> None:
    client = FakeClient()

    call = client.find(1)
    await ticks(2)
    assert client.counters.sent == 0
    await ticks(1)
    assert client.counters.sent == 1

    assert await call == 1
    assert one_batch_of(1) == client.counts()


async def test_gather_of_n_is_one_batch() -> None:
    client = FakeClient()

    results = await asyncio.gather(*(client.find(number) for number in range(12)))

    assert list(range(12)) == results
    assert one_batch_of(12) == client.counts()


async def test_call_then_await_in_sequence_is_one_batch() -> None:
    client = FakeClient()

    first, second = client.find("a"), client.find("b")

    assert await first == "a"
    assert await second == "b"
    assert client.batches == [["a", "b"]]
    assert one_batch_of(2) == client.counts()


async def test_calls_staggered_by_sleep_zero_are_one_batch() -> None:
    client = FakeClient()

    async def ask_late(number: int) -> object:
        await ticks(number)
        return await client.find(number)

    results = await asyncio.gather(*(ask_late(number) for number in range(12)))

    assert list(range(12)) == results
    assert one_batch_of(12) == client.counts()


async def test_two_quiet_ticks_between_calls_keep_a_batch_together() -> None:
    client = FakeClient()

    calls = []
    for number in range(5):
        calls.append(client.find(number))
        await ticks(2)

    assert await asyncio.gather(*calls) == [0, 1, 2, 3, 4]
    assert one_batch_of(5) == client.counts()


async def test_nested_gathers_and_task_groups_are_one_batch() -> None:
    client = FakeClient()

    async def branch(number: int) -> list[Any]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(client.find(10 * number + leaf)) for leaf in range(3)]
        return [task.result() for task in tasks]

    async def bough(number: int) -> list[list[Any]]:
        return await asyncio.gather(*(branch(2 * number + side) for side in range(2)))

    results = await asyncio.gather(*(bough(number) for number in range(2)))

    assert results == [[[0, 1, 2], [10, 11, 12]], [[20, 21, 22], [30, 31, 32]]]
    assert one_batch_of(12) == client.counts()


async def test_second_wave_is_a_second_batch() -> None:
    client = FakeClient()

    async def customer_then_orders(number: int) -> object:
        customer = await client.find(number)
        return await client.find(customer + 100)

    results = await asyncio.gather(*(customer_then_orders(number) for number in range(4)))

    assert results == [100, 101, 102, 103]
    assert client.batches == [[0, 1, 2, 3], [100, 101, 102, 103]]
    assert client.counts() == {
        "operations": 8,
        "sent": 8,
        "invocations": 2,
        "invocations_saved": 6,
        "flush_reasons": {"quiet": 2},
        "batch_sizes": {4: 2},
    }


async def test_ready_socket_io_between_calls_keeps_the_batch_together() -> None:
    client = FakeClient()
    ours, theirs = socket.socketpair()
    with theirs:
        reader, writer = await asyncio.open_connection(sock=ours)
        calls = []
        for number in range(4):
            theirs.send(b"x")
            calls.append(client.find(number))
            assert await reader.readexactly(1) == b"x"

        assert await asyncio.gather(*calls) == [0, 1, 2, 3]
        assert one_batch_of(4) == client.counts()
        writer.close()
        await writer.wait_closed()


async def test_thread_hand_over_while_the_loop_is_busy_is_one_batch() -> None:
    client = FakeClient()
    loop = asyncio.get_running_loop()
    calls: list[Call[Any]] = []

    def call(number: int) -> None:
        calls.append(client.find(number))

    def hand_over() -> None:
        for number in range(5):
            loop.call_soon_threadsafe(call, number)

    thread = threading.Thread(target=hand_over)
    thread.start()
    thread.join()  # in which the loop does not turn
    await ticks(2)

    assert await asyncio.gather(*calls) == [0, 1, 2, 3, 4]
    assert one_batch_of(5) == client.counts()


async def test_calls_made_in_threads_are_answered_there_by_run_coroutine_threadsafe() -> None:
    client = FakeClient()
    loop = asyncio.get_running_loop()

    def ask(number: int) -> object:
        return asyncio.run_coroutine_threadsafe(client.find(number), loop).result(timeout=10)

    results = await asyncio.gather(*(asyncio.to_thread(ask, number) for number in range(4)))

    assert results == [0, 1, 2, 3]
    assert client.counters.operations == 4
    assert client.counters.sent == 4
    assert {0, 1, 2, 3} == {value for batch in client.batches for value in batch}


async def test_busy_spinner_elsewhere_does_not_hold_a_batch_up() -> None:
    client = FakeClient()

    async def spin() -> None:
        while True:
            await ticks(1)

    spinner = asyncio.create_task(spin())

    assert await asyncio.gather(*(client.find(number) for number in (1, 2))) == [1, 2]
    assert one_batch_of(2) == client.counts()
    spinner.cancel()


async def test_endless_producer_is_cut_off_after_256_ticks() -> None:
    client = FakeClient()

    calls: list[Call[Any]] = []
    while not client.batches:
        calls.append(client.find(len(calls)))
        await asyncio.sleep(0)

    assert list(range(256)) == client.batches[0]
    assert client.counters.flush_reasons == {"ticks": 1}
    assert list(range(len(calls))) == await asyncio.gather(*calls)


async def test_endless_producer_is_cut_off_at_the_age_of_its_first_operation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalescer, "MAX_AGE_SECONDS", MAX_AGE_SECONDS)
    monkeypatch.setattr(coalescer, "MAX_TICKS", 10**9)
    client = FakeClient(Bounds(batch_operations=10**9, queue_operations=10**9))

    calls: list[Call[Any]] = []
    while not client.batches:
        calls.append(client.find(len(calls)))
        await asyncio.sleep(0)

    assert client.counters.flush_reasons.keys() == {"age"}
    assert client.counters.max_queue_wait >= MAX_AGE_SECONDS
    assert list(range(len(calls))) == await asyncio.gather(*calls)


async def test_slow_callback_between_calls_leaves_them_in_one_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalescer, "MAX_AGE_SECONDS", MAX_AGE_SECONDS)
    client = FakeClient()

    first = client.find(1)
    time.sleep(0.01)  # noqa: ASYNC251 - it is what the test is about
    second = client.find(2)

    assert [await first, await second] == [1, 2]
    assert one_batch_of(2, "age") == client.counts()


async def test_linger_waits_for_company_instead_of_quiet_ticks() -> None:
    client = FakeClient(Bounds(linger=0.03))

    first = client.find(1)
    await asyncio.sleep(0.001)
    second = client.find(2)

    assert [await first, await second] == [1, 2]
    assert one_batch_of(2, "linger") == client.counts()


async def test_linger_begins_anew_where_the_first_operation_was_cancelled() -> None:
    client = FakeClient(Bounds(linger=0.04))
    loop = asyncio.get_running_loop()

    client.find(1).close()
    await asyncio.sleep(0.02)
    start = loop.time()

    assert await client.find(2) == 2
    assert loop.time() - start > 0.03
    assert client.batches == [[2]]


async def test_flush_sends_at_once_what_is_queued() -> None:
    client = FakeClient()

    first, second = client.find(1), client.find(2)
    client.coalescer.flush()
    third = client.find(3)

    assert [await first, await second, await third] == [1, 2, 3]
    assert client.batches == [[1, 2], [3]]
    assert client.counters.flush_reasons == {"explicit": 1, "quiet": 1}


async def test_flush_of_nothing_does_nothing() -> None:
    client = FakeClient()

    client.coalescer.flush()
    await ticks(3)

    assert client.counts() == {}


@pytest.mark.parametrize("leaves_by", ["quiet", "explicit", "operations"])
async def test_first_callers_context_is_not_seen_by_the_batch(leaves_by: str) -> None:
    caller: ContextVar[str] = ContextVar("caller", default="nobody")

    async def tell_caller(batch: list[Pending]) -> None:
        for pending in batch:
            pending.settle(answer([asked(pending), caller.get()]))

    client = FakeClient(
        Bounds(batch_operations=2 if leaves_by == "operations" else 10), respond=tell_caller
    )

    caller.set("alice")
    calls = [client.find(1), client.find(2)]
    if leaves_by == "explicit":
        client.coalescer.flush()

    assert await asyncio.gather(*calls) == [[1, "nobody"], [2, "nobody"]]
    assert {leaves_by: 1} == client.counters.flush_reasons


async def test_a_batch_that_waited_does_not_see_the_context_of_the_flight_before_it() -> None:
    caller: ContextVar[str] = ContextVar("caller", default="nobody")

    async def tell_caller(batch: list[Pending]) -> None:
        seen = caller.get()
        caller.set(str(asked(batch[0])))
        for pending in batch:
            pending.settle(answer(seen))

    client = FakeClient(Bounds(batch_operations=1, flights=1), respond=tell_caller)

    assert await asyncio.gather(*(client.find(number) for number in range(3))) == ["nobody"] * 3
