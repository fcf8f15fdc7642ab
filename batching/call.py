"""One call's awaitable, and the operation that one or several calls wait for.

A call belongs to whoever made it; an operation belongs to the coalescer. Cancelling, timing out or
forgetting a call never touches another call, and never aborts an operation that is on its way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from motorpool.batching.errors import MotorpoolError, OperationTimeout

if TYPE_CHECKING:
    from types import TracebackType

    from motorpool.batching.coalescer import Coalescer
    from motorpool.batching.envelope import Entry

T = TypeVar("T")

log: Final = logging.getLogger("motorpool")


class Operation(NamedTuple):
    """What one call asks for, encoded when the call was made.

    `is_shareable`: identical ones in one window may be sent once. `made_ids`: the `_id`s that the
    client made for the documents of an insert, so that a repeat can be told from a clash.
    `is_ordered`: an insert that stops at its first failing document. `takes_session`: each sending
    of it is lent a logical session of its own. `session`: the id of the one that it belongs to.
    """

    name: str
    namespace: str
    body: bytes
    is_read: bool
    is_shareable: bool = False
    made_ids: tuple[Any, ...] | None = None
    is_ordered: bool = True
    takes_session: bool = False
    session: bytes | None = None

    @property
    def label(self) -> str:
        """How messages name it: `find_one on shop.orders`."""
        return f"{self.name} on {self.namespace}"


class Pending:
    """An operation in the queue or on its way, and the calls that wait for it."""

    __slots__ = (
        "calls",
        "is_held_back",
        "is_sent",
        "is_settled",
        "lease",
        "operation",
        "queued_at",
    )

    def __init__(self, operation: Operation, queued_at: float) -> None:
        self.operation = operation
        self.queued_at = queued_at
        self.calls: list[Call[Any]] = []
        self.is_sent = False
        self.is_held_back = False
        """It left, was refused before it ran, and waits to be sent again."""
        self.is_settled = False
        self.lease: Any = None
        """The logical session that it was last sent under, where it takes one."""

    @property
    def is_wanted(self) -> bool:
        """Whether anybody still waits for it."""
        return bool(self.calls)

    def remaining(self, now: float) -> float | None:
        """Seconds that the most patient of its calls still waits; None: without limit."""
        latest = 0.0
        for call in self.calls:
            if call.deadline is None:
                return None
            latest = max(latest, call.deadline - now)
        return latest

    def settle(self, entry: Entry) -> None:
        """Its answer is there: every call decodes a copy of its own when it is awaited."""
        self._finish(entry, None)

    def fail(self, error: MotorpoolError) -> None:
        """It has failed: every call raises an exception of its own when it is awaited."""
        self._finish(None, error)

    def _finish(self, entry: Entry | None, error: MotorpoolError | None) -> None:
        if self.is_settled:
            return
        self.is_settled = True
        calls, self.calls = self.calls, []
        for call in calls:
            call.finish(entry, error)

    def __repr__(self) -> str:
        """What it asks, where it is, who waits."""
        state = "settled" if self.is_settled else "sent" if self.is_sent else "queued"
        return f"<Pending {self.operation.label} {state} calls={len(self.calls)}>"


class Stepped(Coroutine[Any, Any, T], Generic[T]):
    """A coroutine to asyncio whose `__await__` may run several times, for several tasks."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps: dict[asyncio.Task[Any] | None, Generator[Any, Any, T]] = {}

    def __await__(self) -> Generator[Any, Any, T]:
        """Wait for the value."""
        raise NotImplementedError  # pragma: no cover - each kind has its own

    def _leave_unawaited(self) -> None:
        """It is closed before anybody has begun to wait."""

    def send(self, value: Any) -> Any:
        """Take one step, as a task does; several tasks may, each at its own pace."""
        runner = _running_task()
        steps = self._steps.pop(runner, None) or self.__await__()
        yielded = steps.send(value)
        self._steps[runner] = steps  # it is not over, or send would have raised
        return yielded

    def throw(
        self,
        typ: Any,
        val: Any = None,
        tb: TracebackType | None = None,
    ) -> Any:
        """Raise where it waits, as a cancelled task does; also before its first step."""
        runner = _running_task()
        steps = self._steps.pop(runner, None)
        if steps is None:
            self.close()
            steps = self.__await__()
        error = typ if val is None else val
        yielded = steps.throw(error if tb is None else error.with_traceback(tb))
        self._steps[runner] = steps
        return yielded

    def close(self) -> None:
        """Stop waiting."""
        steps = self._steps.pop(_running_task(), None)
        if steps is not None:
            steps.close()
        else:
            self._leave_unawaited()


class Call(Stepped[T]):
    """The awaitable that a collection method returns; its operation is queued already.

    It is a coroutine to asyncio, so that `create_task`, `TaskGroup`, `gather`, `wait_for`, `shield`
    and `asyncio.run` take it; unlike an `async def` one it runs from the call on, may be awaited
    more than once, and reports its failure to the log if it is never awaited.

    A call made where no event loop runs is queued when it is first awaited.
    """

    __slots__ = (
        "__weakref__",
        "_coalescer",
        "_decode",
        "_dress",
        "_entry",
        "_error",
        "_find_coalescer",
        "_is_done",
        "_is_gone",
        "_is_retrieved",
        "_pending",
        "_timer",
        "_waiters",
        "deadline",
        "operation",
        "timeout",
    )

    def __init__(
        self,
        operation: Operation | MotorpoolError | Exception,
        *,
        decode: Callable[[Entry], T],
        dress: Callable[[MotorpoolError], Exception],
        coalescer: Callable[[], Coalescer],
        timeout: float | None = None,
    ) -> None:
        """Make a call of `operation`, or one that has failed already where it is an exception.

        `decode` turns the entry into what the caller gets. `dress` makes the exception to raise
        from a motorpool error. `coalescer` finds where the call belongs, in the running loop.
        `timeout`, in seconds, runs from when the call is queued.
        """
        super().__init__()
        self._decode = decode
        self._dress = dress
        self._find_coalescer = coalescer
        self._coalescer: Coalescer | None = None
        self._entry: Entry | None = None
        self._error: Exception | None = None
        self._is_done = self._is_gone = self._is_retrieved = False
        self._pending: Pending | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self.timeout = timeout
        self.deadline: float | None = None
        if isinstance(operation, Exception):
            self.operation: Operation | None = None
            self._is_done, self._error = True, operation
            return
        self.operation = operation
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self._submit()

    # What the coalescer does with it ------------------------------------------------------------

    def _submit(self) -> None:
        if self._coalescer is None:
            self._coalescer = self._find_coalescer()
            self._coalescer.submit(self)

    def joined(self, pending: Pending, deadline: float | None) -> None:
        """It waits for `pending` from now on, until `deadline` (in the loop's time)."""
        self._pending = pending
        pending.calls.append(self)
        if deadline is not None:
            self.deadline = deadline
            self._timer = asyncio.get_running_loop().call_at(deadline, self._expire)

    def finish(self, entry: Entry | None, error: Exception | None) -> None:
        """Its answer or its failure is there: wake whoever waits."""
        self._is_done, self._entry, self._error = True, entry, error
        self._pending = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for waiter in self._waiters:
            # A closed loop wakes nobody, and says so by an exception that would stop the rest.
            if not waiter.done() and not waiter.get_loop().is_closed():
                waiter.set_result(None)

    def _expire(self) -> None:
        pending, self._timer = self._pending, None
        if pending is None or self.operation is None:
            return
        was_sent, has_not_run = pending.is_sent, pending.is_held_back
        label = self.operation.label
        self._leave(is_timeout=True)
        unsure = was_sent and not has_not_run and not self.operation.is_read
        if not was_sent:
            fate = "it was not sent"
        elif has_not_run:
            fate = "the proxy function was throttled and has not run it"
        elif unsure:
            fate = "it was sent and may have been applied"
        else:
            fate = "no answer came in time"
        self.finish(None, OperationTimeout(f"{label}: time-out, {fate}", may_have_applied=unsure))

    def _leave(self, *, is_timeout: bool = False) -> None:
        """Nobody waits here any more: off the operation, and off the queue if it was the last."""
        pending, coalescer = self._pending, self._coalescer
        self._pending = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if pending is not None and coalescer is not None:
            coalescer.left(self, pending, is_timeout=is_timeout)

    # What the caller does with it ---------------------------------------------------------------

    def __await__(self) -> Generator[Any, Any, T]:
        """Wait for the answer: the result, or the exception that the driver would raise."""
        if not self._is_done:
            yield from self._wait()
        return self._outcome()

    def _wait(self) -> Generator[Any, Any, None]:
        if self._is_gone:
            message = "this call was cancelled; make the call again"
            raise RuntimeError(message)
        self._submit()
        if self._is_done:  # refused at once: queue full, too large, closed
            return
        if self._coalescer is not None:
            self._coalescer.awaited()
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            yield from waiter
        finally:
            self._waiters.remove(waiter)
            if not self._is_done and not self._waiters:
                self._is_gone = True
                self._leave()

    def _outcome(self) -> T:
        self._is_retrieved = True
        error = self._error
        if isinstance(error, MotorpoolError):
            raise self._dress(error) from error.__cause__
        if error is not None:
            raise error
        if self._entry is None:
            message = "a call is done without an entry or an error"
            raise AssertionError(message)
        try:
            return self._decode(self._entry)
        except MotorpoolError as found:  # an answer of another form than was asked for
            raise self._dress(found) from None

    def _leave_unawaited(self) -> None:
        """Its operation is not sent if nobody else waits and it is still queued."""
        if not self._is_done and not self._waiters:
            self._is_gone = True
            self._leave()

    def forget(self) -> None:
        """Nobody will ask what became of it: its failure is not worth a line in the log."""
        self._is_retrieved = True

    @property
    def is_queued(self) -> bool:
        """Whether its operation waits to be sent."""
        return self._pending is not None and not self._pending.is_sent

    @property
    def is_waited_for(self) -> bool:
        """Whether any task waits for its answer."""
        return bool(self._waiters)

    def __del__(self) -> None:
        """A failure that nobody awaited is said in the log, as asyncio says it of a task."""
        try:
            done, gone, error = self._is_done, self._is_gone, self._error
        except AttributeError:  # __init__ itself had failed
            return
        if gone or self._is_retrieved:
            return
        label = self.operation.label if self.operation is not None else "a call"
        if error is not None:
            log.error("%s failed and was never awaited: %s", label, error)
        elif self._pending is not None and self._pending.is_sent:
            log.error("%s was sent, and its event loop closed before the answer came", label)
        elif not done:
            log.error("%s was never sent: it was not awaited, or its event loop closed", label)

    def __repr__(self) -> str:
        """What it asks, and whether it is queued, sent, done or failed."""
        label = self.operation.label if self.operation is not None else "refused"
        if self._error is not None:
            state = f"failed {type(self._error).__name__}"
        elif self._is_done:
            state = "done"
        elif self._is_gone:
            state = "cancelled"
        elif self._pending is not None:
            state = "sent" if self._pending.is_sent else "queued"
        else:
            state = "made without a running loop"
        return f"<Call {label} {state}>"


def _running_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs: somebody takes the steps by hand
        return None
