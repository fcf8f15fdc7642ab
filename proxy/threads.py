"""The loop that Motor's calls run beside, and its threads, which wake it when they have to.

Motor runs each call of PyMongo by `loop.run_in_executor`, which a loop may do its own way.
asyncio's wakes the loop whenever a call has ended; each time the loop and the threads contend for
the interpreter's lock, and what has ended waits for nothing but to be written down. Here a thread
goes on with the next call at hand, and the loop is woken when there is none (what that is worth:
docs/performance.md). Knows nothing of MongoDB.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

Ts = TypeVarTuple("Ts")

PAUSE_SECONDS: Final = 0.002
"""How long what has ended may lie there while the threads have more to do."""

LONGEST_PAUSE_SECONDS: Final = 0.064
"""The same, where nothing has ended for a while: nobody looks 500 times in each of its seconds."""


class _Call:
    """A function to be called in a thread, and what came of it."""

    __slots__ = ("args", "error", "function", "future", "result")

    def __init__(
        self, future: asyncio.Future[Any], function: Callable[..., Any], args: tuple[Any, ...]
    ) -> None:
        self.future = future
        self.function = function
        self.args = args
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Tell who waits for it; on the loop."""
        future, error = self.future, self.error
        if future.done():  # cancelled
            return
        if isinstance(error, StopIteration):  # which a future does not take
            error = RuntimeError("a call in a thread has raised StopIteration")
            error.__cause__ = self.error
        if error is None:
            future.set_result(self.result)
        else:
            future.set_exception(error)


class ThreadedLoop(asyncio.SelectorEventLoop):
    """An event loop with `most_threads` threads of its own, for all that names an executor.

    They are started as they are needed, and end when the loop is closed, once what runs in them
    has. What names no executor, such as the resolver of host names, runs as on any other loop.
    """

    def __init__(self, most_threads: int) -> None:
        """`most_threads`: calls that run at once; further ones wait."""
        super().__init__()
        self._most_threads = most_threads
        self._threads = 0
        self._waiting: SimpleQueue[_Call | None] = SimpleQueue()
        self._ended: deque[_Call] = deque()
        self._is_woken = False
        self._unsettled = 0
        self._pause = PAUSE_SECONDS
        self._look: asyncio.TimerHandle | None = None

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[*Ts], Any],
        *args: *Ts,
    ) -> asyncio.Future[Any]:
        """Call `func` in one of the loop's threads, and not in the executor that is named.

        As asyncio's: what is cancelled before a thread has taken it up is not run. Raises
        RuntimeError where the loop is closed, or a thread is needed and cannot be started.
        """
        if executor is None:
            return super().run_in_executor(executor, func, *args)
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        if self._threads < min(self._most_threads, self._unsettled + 1):
            name = f"motorpool-driver-{self._threads + 1}"
            # A daemon: at the interpreter's end nobody waits for a server that does not answer.
            threading.Thread(target=self._work, name=name, daemon=True).start()
            self._threads += 1  # now that it has started, which a full process does not let it
        future: asyncio.Future[Any] = self.create_future()
        self._unsettled += 1
        self._waiting.put(_Call(future, func, args))
        if self._look is None:
            self._look_in(PAUSE_SECONDS)
        return future

    def _work(self) -> None:
        """What each thread does."""
        waiting, ended = self._waiting, self._ended
        while (call := waiting.get()) is not None:
            if not call.future.cancelled():
                try:
                    call.result = call.function(*call.args)
                except BaseException as error:  # noqa: BLE001 - it is the caller's
                    call.error = error
            ended.append(call)
            del call  # what it holds is not to live until the next one
            if not self._is_woken and waiting.empty():
                self._is_woken = True
                with contextlib.suppress(RuntimeError):  # the loop is closed
                    self.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        # First: what ends from here on wakes the loop again.
        self._is_woken = False
        ended = self._ended
        if ended and self._look is not None and self._pause > PAUSE_SECONDS:
            # It was put off while nothing ended; what ends from now on is not to lie so long.
            self._look.cancel()
            self._look_in(PAUSE_SECONDS)
        while ended:
            ended.popleft().settle()
            self._unsettled -= 1

    def _look_in(self, pause: float) -> None:
        self._pause = pause
        self._look = self.call_later(pause, self._look_again)

    def _look_again(self) -> None:
        """Settle what has ended while there was more to do."""
        self._look = None
        # Before it settles: once nothing is at hand, each call that ends wakes the loop by itself.
        is_over, unsettled = self._waiting.empty(), self._unsettled
        self._settle()
        if not is_over:
            has_settled = self._unsettled < unsettled
            longer = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
            self._look_in(PAUSE_SECONDS if has_settled else longer)

    def close(self) -> None:
        """Close the loop, and end its threads when they have ended what they do.

        What none of them has taken up is not run: nobody could hear of it any more. Raises
        RuntimeError where the loop runs, and ends nothing then.
        """
        super().close()
        with contextlib.suppress(Empty):
            while True:
                self._waiting.get_nowait()
        for _ in range(self._threads):
            self._waiting.put(None)
