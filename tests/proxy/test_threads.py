"""The loop with threads of its own: each call is answered once and soon, and leaves nothing behind.

Threads are held and let go by events; no test is about how long something takes. What is waited for
has a deadline that only a fault reaches.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import random
import sys
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.proxy.held_threads import (
    DEADLINE,
    Gate,
    Rig,
    all_of,
    call,
    failing,
    run,
    until,
    var,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorpool.proxy.threads import ThreadedLoop


# Calls --------------------------------------------------------------------------------------------


def test_a_call_runs_in_a_thread_of_the_loop_and_not_in_the_executor_that_it_names(
    rig: Rig,
) -> None:
    loop = rig.loop()

    async def both() -> tuple[Any, threading.Thread]:
        return await call(loop, divmod, 17, 5), await call(loop, threading.current_thread)

    result, thread = run(loop, both())

    assert result == (3, 2)
    assert thread.name == "motorpool-driver-1"
    # At the interpreter's end nobody waits for a server that does not answer.
    assert thread.daemon is True


def test_what_names_no_executor_runs_as_on_any_other_loop(rig: Rig) -> None:
    loop = rig.loop()

    async def resolve() -> tuple[threading.Thread, list[Any]]:
        thread = await loop.run_in_executor(None, threading.current_thread)
        found = await loop.getaddrinfo("127.0.0.1", 27017)
        await loop.shutdown_default_executor()
        return thread, found

    thread, found = run(loop, resolve())

    assert thread.name.startswith("asyncio_")
    assert found[0][4] == ("127.0.0.1", 27017)
    assert rig.threads() == set()


@pytest.mark.parametrize(
    "error",
    [
        ValueError("bad"),
        TimeoutError(),
        KeyboardInterrupt(),
        SystemExit(3),
        GeneratorExit(),
        asyncio.CancelledError(),
        StopAsyncIteration(),
    ],
    ids=repr,
)
def test_whatever_a_call_raises_is_its_callers_and_the_thread_goes_on(
    rig: Rig, error: BaseException
) -> None:
    loop = rig.loop()

    async def fail_and_go_on() -> tuple[BaseException | None, str]:
        failed = call(loop, failing, error)
        # Not awaited, which would end the loop for some of them, as it does for any future.
        await asyncio.wait([failed])
        return failed.exception(), await call(loop, str, "next")

    assert run(loop, fail_and_go_on()) == (error, "next")
    assert len(rig.threads()) == 1


@pytest.mark.parametrize("kind", [StopIteration, type("Stopped", (StopIteration,), {})])
def test_a_stop_iteration_comes_as_the_cause_of_a_runtime_error(
    rig: Rig, kind: type[StopIteration]
) -> None:
    """A future does not take it: whoever awaits would go on as if there were a result."""
    loop, error = rig.loop(), kind(7)

    async def fail_and_go_on() -> Any:
        with pytest.raises(RuntimeError, match="has raised StopIteration") as caught:
            await call(loop, failing, error)
        return caught.value.__cause__, await call(loop, str, "next")

    assert run(loop, fail_and_go_on()) == (error, "next")


def test_a_call_has_the_context_that_motor_gives_it(rig: Rig) -> None:
    from motor.frameworks import asyncio as motors

    loop, run_on_executor = rig.loop(), cast("Callable[..., Any]", motors.run_on_executor)

    async def as_caller(name: str) -> str:
        var.set(name)
        found: str = await run_on_executor(loop, var.get)
        return found

    async def all_callers() -> list[str]:
        found = await asyncio.gather(*(as_caller(f"caller {number}") for number in range(20)))
        # And none of its own, as asyncio's: nothing of one caller is left to the next.
        return [*found, await call(loop, var.get)]

    expected = [f"caller {number}" for number in range(20)]
    assert run(loop, all_callers()) == [*expected, "nobody's"]


def test_debug_mode_changes_nothing_and_has_nothing_to_say(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    loop = rig.loop(3)
    loop.set_debug(enabled=True)
    loop.slow_callback_duration = DEADLINE

    async def many() -> list[Any]:
        return await all_of(*(call(loop, divmod, number, 7) for number in range(100)))

    with caplog.at_level(logging.WARNING):
        assert run(loop, many()) == [divmod(number, 7) for number in range(100)]
    assert caplog.records == []


# Cancelled ----------------------------------------------------------------------------------------


def test_what_is_cancelled_before_a_thread_has_taken_it_up_is_not_run(rig: Rig) -> None:
    loop, (gate,) = rig.loop(), rig.gates(1)
    ran: list[str] = []

    async def cancel() -> None:
        first = call(loop, gate)
        second = call(loop, ran.append, "cancelled")
        third = call(loop, ran.append, "not cancelled")
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        gate.open()
        await all_of(first, third)

    run(loop, cancel())

    assert ran == ["not cancelled"]


@pytest.mark.parametrize("outcome", ["a result", ValueError("an error")], ids=repr)
def test_who_cancels_a_call_that_runs_does_not_wait_for_its_end_which_nobody_hears_of(
    rig: Rig, caplog: pytest.LogCaptureFixture, outcome: object
) -> None:
    loop, (gate,) = rig.loop(), rig.gates(1)
    faults: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, fault: faults.append(fault))

    async def cancel() -> str:
        future = call(loop, gate, outcome)
        following = call(loop, str, "next")
        gate.wait()
        future.cancel()
        with pytest.raises(asyncio.CancelledError):
            await future
        assert not gate.is_open.is_set()
        gate.open()
        found: str = await following
        return found

    assert run(loop, cancel()) == "next"
    gc.collect()
    assert (faults, caplog.records) == ([], [])


def test_a_thread_that_runs_what_was_cancelled_is_not_taken_for_a_free_one(rig: Rig) -> None:
    loop, (gate,) = rig.loop(2), rig.gates(1)

    async def cancel_and_call() -> str:
        future = call(loop, gate)
        gate.wait()
        future.cancel()
        await asyncio.sleep(0)
        found: str = await call(loop, str, "beside it")
        return found

    assert run(loop, cancel_and_call()) == "beside it"
    assert not gate.is_open.is_set()


# Threads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_calls_run_at_once_than_there_may_be_threads(rig: Rig, most: int) -> None:
    loop, all_gates = rig.loop(most), rig.gates(10)

    async def hold_all() -> list[Any]:
        futures = [call(loop, gate, number) for number, gate in enumerate(all_gates)]
        until(lambda: sum(gate.begun.is_set() for gate in all_gates) >= most)
        assert len(rig.threads()) == most
        for gate in all_gates:
            assert sum(gate.begun.is_set() for gate in all_gates) <= most + all_gates.index(gate)
            gate.open()
            gate.wait()
        return await all_of(*futures)

    assert run(loop, hold_all()) == list(range(10))
    assert len(rig.threads()) == most


def test_calls_are_taken_up_in_the_order_in_which_they_came(rig: Rig) -> None:
    loop = rig.loop()
    ran: list[int] = []

    async def many() -> None:
        await all_of(*(call(loop, ran.append, number) for number in range(100)))

    run(loop, many())

    assert ran == list(range(100))


def test_threads_are_started_only_when_those_that_are_there_may_be_busy(rig: Rig) -> None:
    loop, (first, second) = rig.loop(5), rig.gates(2)

    async def one_after_the_other() -> None:
        for _ in range(50):
            await call(loop, int)

    async def two_at_once() -> None:
        futures = [call(loop, first), call(loop, second)]
        for gate in (first, second):
            gate.wait()
            gate.open()
        await all_of(*futures)

    assert rig.threads() == set()
    run(loop, one_after_the_other())
    assert len(rig.threads()) == 1
    run(loop, two_at_once())
    run(loop, one_after_the_other())
    assert len(rig.threads()) == 2


def test_a_thread_that_cannot_be_started_fails_its_call_and_none_that_follows(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    loop = rig.loop()

    async def fail() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(RuntimeError, match="can't start new thread"):
                await call(loop, str, "not run")

    async def go_on() -> list[Any]:
        return [await call(loop, str, "run") for _ in range(3)]

    run(loop, fail())
    assert run(loop, go_on()) == ["run"] * 3
    assert len(rig.threads()) == 1


class Crowd:
    """Tasks that ask for much at once: fast and slow calls, failing and cancelled ones."""

    def __init__(self, loop: ThreadedLoop, slow_at_once: int) -> None:
        self.loop = loop
        self.slots = asyncio.Semaphore(slow_at_once)
        self.ran: list[int] = []
        self.answers: list[tuple[int, str]] = []
        self.cancelled: set[int] = set()
        self._keys = itertools.count()

    def work(self, key: int, gate: Gate | None) -> str:
        self.ran.append(key)
        if gate is not None:
            gate()
        if key % 5 == 0:
            raise LookupError(f"{key}")
        return f"{key}"

    def begin(self, gate: Gate | None = None) -> tuple[int, asyncio.Future[str]]:
        key = next(self._keys)
        return key, call(self.loop, self.work, key, gate)

    async def hear(self, key: int, future: asyncio.Future[str]) -> None:
        try:
            answer = await future
        except LookupError as error:
            answer = str(error)
        self.answers.append((key, answer))

    async def ask(self, dice: random.Random, times: int) -> None:
        for _ in range(times):
            what = dice.random()
            if what < 0.1:
                async with self.slots:  # it ends only when a fast one was answered
                    gate = Gate()
                    slow = self.begin(gate)
                    await self.hear(*self.begin())
                    gate.open()
                    await self.hear(*slow)
            elif what < 0.2:
                key, future = self.begin()
                future.cancel()
                self.cancelled.add(key)
            else:
                await self.hear(*self.begin())


def test_every_one_of_thousands_of_calls_from_many_tasks_is_answered_once(rig: Rig) -> None:
    """While threads take turns as often as they can."""
    loop, most = rig.loop(7), 7
    crowd = Crowd(loop, slow_at_once=most - 1)

    async def ask_all() -> None:
        dice = [random.Random(seed) for seed in range(40)]  # noqa: S311 - a test's dice, no secret
        await asyncio.gather(*(crowd.ask(each, 400) for each in dice))
        while loop.unsettled:  # noqa: ASYNC110 - the last that were cancelled; nobody tells of them
            await asyncio.sleep(0.001)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        run(loop, ask_all())
    finally:
        sys.setswitchinterval(interval)

    answered, ran = {key for key, _ in crowd.answers}, set(crowd.ran)
    assert len(crowd.answers) == len(answered) > 14_000
    assert [key for key, answer in crowd.answers if answer != f"{key}"] == []
    assert len(crowd.ran) == len(ran)
    assert answered <= ran <= answered | crowd.cancelled
    assert len(crowd.cancelled) > 1_000
    assert len(rig.threads()) <= most
