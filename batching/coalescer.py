"""Collects what one request asks for at the same moment, and decides when it leaves as a batch.

    submit ─▶ queue ──(three quiet ticks, or a bound)──▶ flush ─▶ dispatch ─▶ every call settled

Knows no transport: `dispatch` is handed in, gets a list of pending operations, and settles them.
Belongs to one event loop and one request scope; keeps no strong reference to the loop. Rules are
numbered as in docs/architecture.md, "Coalescer".
"""

from __future__ import annotations

import asyncio
import weakref
from contextvars import Context
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from motorpool.batching.call import Call, Pending
from motorpool.batching.codec import fits_compressed
from motorpool.batching.errors import (
    BatchAbandoned,
    ClientClosed,
    ConnectionLost,
    MotorpoolError,
    NotInvoked,
    OperationTooLarge,
    OutcomeUnknown,
    QueueFull,
)
from motorpool.batching.limits import BATCH_BYTES
from motorpool.batching.queue import Queue, size_in_batch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from motorpool.batching.bounds import Bounds
    from motorpool.batching.call import Operation
    from motorpool.batching.counters import Counters
    from motorpool.batching.queue import Batch

QUIET_TICKS: Final = 3
"""Consecutive ticks without a new operation after which a batch leaves.

Measured over 12 ways in which operations arrive: leaving at the next tick made 3 to 8 invocations
where 1 or 2 were ideal; three quiet ticks made the ideal number each time but with a racing thread.
"""
MAX_TICKS: Final = 256
"""Ticks after which a batch leaves although operations keep coming."""
MAX_AGE_SECONDS: Final = 0.005
"""Age of its oldest operation at which a batch leaves although operations keep coming."""


class Coalescer:
    """The window of operations that wait to leave, on one event loop, in one request scope."""

    def __init__(  # noqa: PLR0913 - three parts, and four facts that a scope decides
        self,
        dispatch: Callable[[Batch], Awaitable[None]],
        bounds: Bounds,
        counters: Counters,
        *,
        is_held: bool = False,
        deadline: float | None = None,
        flights: set[asyncio.Task[None]] | None = None,
        scope: int | None = None,
    ) -> None:
        """Collect for `dispatch` within `bounds`.

        Made inside the running loop that it belongs to. `is_held`: send nothing before `flush`
        or a bound, or before somebody awaits (an explicit batch). `deadline`, in the loop's time,
        is the latest that any of its calls waits. `flights`: a set of the owner's in which flights
        are kept alive until they have landed, also when the coalescer is gone before. `scope`: the
        number that its batches carry.
        """
        self._dispatch = dispatch
        self._bounds = bounds
        self._counters = counters
        self._is_held = is_held
        self.deadline = deadline
        self._loop = weakref.ref(asyncio.get_running_loop())
        self._queue = Queue(bounds)
        self._flights: dict[asyncio.Task[None], list[Pending]] = {}
        self._kept_alive: set[asyncio.Task[None]] = set() if flights is None else flights
        self._scope = scope
        self._due: str | None = None
        self._closed: MotorpoolError | None = None
        self._ticker: asyncio.Handle | None = None
        self._opened_at = 0.0
        self._ticks = self._quiet = self._arrivals = self._seen = 0

    # Taking operations in ------------------------------------------------------------------------

    def submit(self, call: Call[Any]) -> None:
        """Queue a call's operation, or let the call join an identical read in the window (rule 6).

        Never raises: a call that cannot be queued fails with QueueFull, OperationTooLarge or
        ClientClosed, at once and alone (rules 4 and 5).
        """
        operation = call.operation
        if operation is None:  # it had failed before it was made
            return
        self._counters.operations += 1
        size = size_in_batch(operation.body)
        deadline = self._deadline_of(call)
        shared = self._queue.same_as(operation)
        if self._closed is not None:
            self._refuse(call, self._closed)
        elif shared is not None:
            self._counters.deduplicated += 1
            call.joined(shared, deadline)
            self._arrivals += 1
        elif size > self._bounds.batch_bytes and not self._goes_alone(operation):
            self._refuse(
                call,
                OperationTooLarge(
                    f"{operation.label} is {size} bytes of BSON; a batch takes at most "
                    f"{self._bounds.batch_bytes}"
                ),
            )
        elif not self._queue.has_room_for(operation):
            self._refuse(
                call,
                QueueFull(
                    f"{operation.label}: {len(self._queue)} operations ({self._queue.bytes} bytes) "
                    f"wait to be sent already; at most {self._bounds.queue_operations} "
                    f"({self._bounds.queue_bytes} bytes) may"
                ),
            )
        else:
            self._append(call, operation, deadline)

    def _goes_alone(self, operation: Operation) -> bool:
        """Whether an operation larger than a batch can be sent: by itself, and compressed.

        Where the bounds are narrower than Lambda's, they are somebody's will, and hold.
        """
        return self._bounds.batch_bytes == BATCH_BYTES and fits_compressed(operation.body)

    def _deadline_of(self, call: Call[Any]) -> float | None:
        if call.timeout is None:
            return self.deadline
        deadline = asyncio.get_running_loop().time() + call.timeout
        return deadline if self.deadline is None else min(deadline, self.deadline)

    def _refuse(self, call: Call[Any], error: MotorpoolError) -> None:
        self._counters.refused += 1
        call.finish(None, error)

    def _append(self, call: Call[Any], operation: Operation, deadline: float | None) -> None:
        if (
            self._queue
            and self._queue.bytes + size_in_batch(operation.body) > self._bounds.batch_bytes
        ):
            self.flush("size")
        pending = Pending(operation, monotonic())
        self._queue.append(pending)
        self._arrivals += 1
        call.joined(pending, deadline)
        if len(self._queue) >= self._bounds.batch_operations:
            self.flush("operations")
        elif len(self._queue) == 1:
            self._opened_at = pending.queued_at
            self._ticks = 0
            if not self._is_held:
                self._start_ticking()

    # Deciding when to leave (rule 3) -------------------------------------------------------------

    def _start_ticking(self) -> None:
        self._quiet, self._seen = 0, self._arrivals
        if self._ticker is not None:
            return
        loop = asyncio.get_running_loop()
        if self._bounds.linger > 0:
            self._ticker = loop.call_later(self._bounds.linger, self._end_linger, context=Context())
        else:
            self._ticker = loop.call_soon(self._tick, context=Context())

    def _stop_ticking(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    def _end_linger(self) -> None:
        self._ticker = None
        if self._queue:
            self.flush("linger")

    def _tick(self) -> None:
        self._ticker = None
        if not self._queue or self._due is not None:
            return
        self._ticks += 1
        self._quiet = self._quiet + 1 if self._seen == self._arrivals else 0
        self._seen = self._arrivals
        if self._quiet >= QUIET_TICKS:
            self.flush("quiet")
        elif self._ticks >= MAX_TICKS:
            self.flush("ticks")
        elif monotonic() - self._opened_at >= MAX_AGE_SECONDS:
            self.flush("age")
        else:
            self._ticker = asyncio.get_running_loop().call_soon(self._tick, context=Context())

    def awaited(self) -> None:
        """Somebody awaits an operation of this window: an explicit batch may not wait for its end.

        Raises RuntimeError where the running loop is not the one that the window belongs to.
        """
        if not self.is_on_this_loop:
            message = "awaited on an event loop other than the one that the call was made on"
            raise RuntimeError(message)
        if self._is_held and self._queue and self._due is None:
            if self._ticker is None:  # from here on it is a batch like any other: its age, too
                self._opened_at = monotonic()
            self._start_ticking()

    def flush(self, reason: str = "explicit") -> None:
        """Let everything queued leave now, or as soon as a flight is free (rule 4)."""
        self._stop_ticking()
        if self._queue:
            self._due = reason
            self._take_off()

    # Leaving --------------------------------------------------------------------------------------

    def _take_off(self) -> None:
        loop = asyncio.get_running_loop()
        while self._due is not None and len(self._flights) < self._bounds.flights:
            batch = self._queue.take_batch()
            if not self._queue:
                reason, self._due = self._due, None
            else:
                reason = self._due
            if not batch:
                return
            for pending in batch:
                pending.is_sent = True
            now = monotonic()
            batch.reason, batch.scope, batch.left_at = reason, self._scope, now
            self._counters.took_off(reason, [now - pending.queued_at for pending in batch])
            # An empty context (rule 7): what the first caller has set must not be seen by the
            # transport on behalf of the others. A task copies the context that it is made in,
            # also where a user's task factory takes no `context` argument.
            flight = Context().run(loop.create_task, self._fly(batch))
            if not flight.done():  # an eager task factory may have finished it already
                self._flights[flight] = batch
                self._kept_alive.add(flight)
                flight.add_done_callback(self._landed, context=Context())
            else:
                self._counters.landed()

    async def _fly(self, batch: Batch) -> None:
        """Dispatch one batch; whatever happens, settle every operation of it (rule 7)."""
        cause: BaseException | None = None
        try:
            await self._dispatch(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to those who wait
            cause = error
        except BaseException as error:
            cause = error
            raise
        finally:
            for pending in batch:
                if not pending.is_settled:
                    pending.fail(unsettled(pending, cause))

    def _landed(self, flight: asyncio.Task[None]) -> None:
        for pending in self._flights.pop(flight):
            if not pending.is_settled:  # cancelled before its first step, so `_fly` never ran
                pending.fail(NotInvoked(f"{pending.operation.label}: cancelled before it was sent"))
        self._kept_alive.discard(flight)
        self._counters.landed()
        if self._due is not None:
            self._take_off()

    # Leaving early, and closing -------------------------------------------------------------------

    def left(self, call: Call[Any], pending: Pending, *, is_timeout: bool) -> None:
        """A call waits no longer; an operation that nobody waits for is not sent (rule 7)."""
        if is_timeout:
            self._counters.timed_out += 1
        pending.calls.remove(call)
        if pending.calls or pending.is_sent:
            return
        self._counters.cancelled += 1
        self._queue.remove(pending)
        if not self._queue:
            self._due = None
            self._stop_ticking()

    def abandon(self, error: BatchAbandoned | ClientClosed) -> None:
        """Fail what is queued and not sent. What is on its way is left to land."""
        for pending in self._queue.take_all():
            pending.fail(error)
        self._due = None

    def close(self, error: ClientClosed) -> None:
        """Refuse every further operation with `error`; what is queued or on its way goes on."""
        self._closed = error

    async def drain(self) -> None:
        """Send what is queued and wait until every call is settled.

        A batch may still be on its way then: one whose callers are all gone, or whose deadline has
        passed. It is let go.
        """
        while self._queue or self._flights:
            self.flush("drain")
            # What is still queued needs a flight, whoever waits for the batch on it now.
            awaited = [
                flight
                for flight, batch in self._flights.items()
                if self._queue or any(pending.is_wanted for pending in batch)
            ]
            if not awaited:
                return
            left = None
            if self.deadline is not None:
                left = max(0.0, self.deadline - asyncio.get_running_loop().time())
            await asyncio.wait(awaited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if left == 0:  # a wait without time still lets every call expire that is due
                return

    @property
    def is_on_this_loop(self) -> bool:
        """Whether the running loop is the one that it belongs to."""
        return asyncio.get_running_loop() is self._loop()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is queued and nothing on its way."""
        return not self._queue and not self._flights

    def __repr__(self) -> str:
        """What waits, what flies, and whether it is due."""
        state = "held " if self._is_held else ""
        due = f" due={self._due}" if self._due is not None else ""
        return (
            f"<Coalescer {state}queued={len(self._queue)} ({self._queue.bytes} bytes) "
            f"in_flight={len(self._flights)}/{self._bounds.flights}{due}>"
        )


def unsettled(pending: Pending, cause: BaseException | None) -> MotorpoolError:
    """The error of an operation that a flight left without an answer."""
    label = pending.operation.label
    said = f": {cause!r}" if cause is not None else ""
    error: MotorpoolError
    if pending.operation.is_read:
        error = ConnectionLost(f"{label}: the batch was lost{said}", may_have_applied=False)
    else:
        error = OutcomeUnknown(
            f"{label}: the batch was lost; the write may have been applied{said}"
        )
    error.__cause__ = cause
    return error
