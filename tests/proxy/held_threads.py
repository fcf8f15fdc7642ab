"""A loop with threads of its own, watched: calls that are held and let go by events.

What is waited for has a deadline that only a fault reaches.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from concurrent.futures import Executor
from contextvars import ContextVar
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVar, TypeVarTuple

from motorpool.proxy.threads import ThreadedLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextvars import Context


T = TypeVar("T")
Ts = TypeVarTuple("Ts")

DEADLINE: Final = 20.0
"""Seconds until a test gives up."""


class Unused(Executor):
    """What a call names, as Motor names its own; no call is to reach it."""

    def submit(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a call was handed to the executor that it names")


NAMED: Final = Unused()

var: ContextVar[str] = ContextVar("var", default="nobody's")


class Gate:
    """A call that lasts from when a thread takes it up until it is opened."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.is_open = threading.Event()

    def __call__(self, result: Any = None) -> Any:
        self.begun.set()
        assert self.is_open.wait(DEADLINE)
        if isinstance(result, BaseException):
            raise result
        return result

    def open(self) -> None:
        self.is_open.set()

    def wait(self) -> None:
        """Until a thread has taken it up."""
        assert self.begun.wait(DEADLINE)


class WatchedQueue(SimpleQueue[Any]):
    """Knows how often a thread has come for a call."""

    def __init__(self) -> None:
        self.asked: list[None] = []  # as many as times; appending needs no lock

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT001, FBT002 - the signature of the queue's own
        self.asked.append(None)
        return super().get(block, timeout)


class WatchedDeque(deque[Any]):
    """Can be made to do something just after it was found to be empty."""

    when_empty: Callable[[], None] | None = None

    def __bool__(self) -> bool:
        has_some = len(self) > 0
        act = self.when_empty
        if not has_some and act is not None:
            self.when_empty = None
            act()
        return has_some


class WatchedLoop(ThreadedLoop):
    """Knows how often it was woken, and how long it waited until it looked by itself."""

    def __init__(self, most_threads: int) -> None:
        super().__init__(most_threads)
        self.wakes = 0
        self.pauses: list[float] = []
        self.looks = 0
        self.before_waking: Callable[[], None] | None = None
        self.after_waking: Callable[[], None] | None = None
        self.when_settled: Callable[[], None] | None = None
        self.at_hand = WatchedQueue()
        self.ended = WatchedDeque()
        self._waiting = self.at_hand
        self._ended = self.ended

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        self.wakes += 1
        if self.before_waking is not None:
            self.before_waking()
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        act, self.after_waking = self.after_waking, None
        if act is not None:
            act()
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        if callback == self._look_again:
            self.pauses.append(delay)
        return super().call_later(delay, callback, *args, context=context)

    def _look_again(self) -> None:
        self.looks += 1
        super()._look_again()

    def _settle(self) -> None:
        super()._settle()
        act, self.when_settled = self.when_settled, None
        if act is not None:
            act()

    @property
    def unsettled(self) -> int:
        """Calls that have not ended, or have not been told."""
        return self._unsettled

    def let_threads_ask(self, times: int) -> None:
        """Wait until threads have come for a call so often: what they did before is over then."""
        until(lambda: len(self.at_hand.asked) >= times)


class Rig:
    """Makes loops and gates, and knows the threads that were started since."""

    def __init__(self) -> None:
        self._loops: list[WatchedLoop] = []
        self._gates: list[Gate] = []
        self._before = driver_threads()

    def loop(self, most_threads: int = 1) -> WatchedLoop:
        self._loops.append(WatchedLoop(most_threads))
        return self._loops[-1]

    def gates(self, count: int) -> list[Gate]:
        gates = [Gate() for _ in range(count)]
        self._gates += gates
        return gates

    def close(self) -> None:
        for gate in self._gates:
            gate.open()
        for loop in self._loops:
            loop.close()

    def threads(self) -> set[threading.Thread]:
        """The threads of loops that have begun since, and have not ended."""
        return driver_threads() - self._before


def driver_threads() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name.startswith("motorpool-driver-")}


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.001)


def run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    return loop.run_until_complete(asyncio.wait_for(work, DEADLINE))


async def all_of(*futures: asyncio.Future[Any]) -> list[Any]:
    return await asyncio.gather(*futures)


def call(loop: ThreadedLoop, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
    return loop.run_in_executor(NAMED, function, *args)


def failing(error: BaseException) -> None:
    raise error


async def begun(
    loop: ThreadedLoop, functions: list[Callable[[], Any]]
) -> list[asyncio.Future[Any]]:
    return [call(loop, function) for function in functions]
