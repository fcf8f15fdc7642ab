"""Runs a batch's operations concurrently, at most as many at once as there are connections.

One operation's failure is its own and never another's. Knows no driver (see `drivers`) and no
encoding: it hands on what the driver returned, in the shapes of docs/protocol.md, "Results".
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from motorpool.batching.errors import OperationTimeout
from motorpool.batching.operations import CURSORS, OPERATIONS, is_write
from motorpool.proxy.administration import ADMINISTRATION
from motorpool.proxy.arguments import concerns_of, driver_arguments
from motorpool.proxy.cursors import NoRoom, Paged, advance_cursor, kill_cursors, open_cursor
from motorpool.proxy.drivers import Question
from motorpool.proxy.failures import describe
from motorpool.proxy.runners import RUNNERS
from motorpool.proxy.values import part_of_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from motorpool.proxy.drivers import Driver
    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.pages import Room

DRIVER_GRACE_SECONDS: Final = 0.05
"""How much later than the driver's own time limit the executor gives an operation up."""


class Limit(NamedTuple):
    """How long an operation may take, in seconds from now; None: without limit."""

    asked: float | None = None
    """What the caller allows."""
    left: float | None = None
    """What the invocation has left."""

    def after(self, waited: float) -> Limit:
        """What remains of it once `waited` seconds have passed."""
        return Limit(*(None if value is None else value - waited for value in self))

    @property
    def total(self) -> float | None:
        """When the executor gives the operation up."""
        # The driver's own limit, where it is told one, comes first: its error says more than ours.
        asked = None if self.asked is None else self.asked + DRIVER_GRACE_SECONDS
        return min((value for value in (asked, self.left) if value is not None), default=None)

    @property
    def is_over(self) -> bool:
        """Whether nothing remains."""
        return any(value is not None and value <= 0 for value in self)


class Done(NamedTuple):
    """What became of one operation: its result or its `err` document, and how long it ran.

    `cursor`: what the caller needs to ask for the rest of the result. `is_left_out`: there was no
    room for it in the response; it is to be sent again.
    """

    ok: Any
    err: dict[str, Any] | None
    is_write: bool
    seconds: float
    cursor: dict[str, Any] | None = None
    is_left_out: bool = False


PAGED: Final = CURSORS | {"get_more", "distinct"}
"""Operations that share the room of a response."""

_LATE: Final = 0.5
"""The part of its time after which a page ends with what it has, so that it arrives."""


class Executor:
    """Runs operations through a driver, `pool_size` at once, whichever batch they come from."""

    def __init__(self, driver: Driver, pool_size: int) -> None:
        """`pool_size`: operations at once; the driver's pool has as many connections."""
        self._driver = driver
        self._slots = asyncio.Semaphore(pool_size)

    async def run(
        self, operations: Sequence[ValidOperation], limits: Sequence[Limit], room: Room
    ) -> list[Done]:
        """Run all, each within its limit. Never raises for one of them.

        `room`: what the response has for the results of those in `PAGED`.
        """
        return await asyncio.gather(
            *(
                self._run_one(operation, limit, room)
                for operation, limit in zip(operations, limits, strict=True)
            )
        )

    async def _run_one(self, operation: ValidOperation, limit: Limit, room: Room) -> Done:
        try:
            return await self._run_within(operation, limit, room)
        finally:
            if operation.op in PAGED:
                room.leave()

    async def _run_within(self, operation: ValidOperation, limit: Limit, room: Room) -> Done:
        writes = is_write(operation.op, operation.args)
        loop = asyncio.get_running_loop()
        began = loop.time()
        has_started = False
        try:
            # One limit for the wait and the run: the caller's patience knows no difference.
            async with asyncio.timeout(limit.total):
                async with self._slots:
                    limit = limit.after(loop.time() - began)
                    if limit.is_over:
                        raise TimeoutError  # noqa: TRY301 - the same end as the time-out above
                    has_started = True
                    began = loop.time()
                    ok = await self._call_driver(operation, limit, room)
        except NoRoom:
            return Done(None, None, writes, loop.time() - began, is_left_out=True)
        except TimeoutError:
            if has_started and operation.session is not None:
                self._driver.interrupt(operation.session)
            error = _timed_out(operation, has_started=has_started, writes=writes)
            return Done(None, describe(error, is_write=writes), writes, loop.time() - began)
        except Exception as error:  # noqa: BLE001 - rule 1: a failure is a value in its own entry
            whole = await self._completed(operation, error)
            return Done(None, describe(whole, is_write=writes), writes, loop.time() - began)
        seconds = loop.time() - began
        if isinstance(ok, Paged):
            return Done(ok.ok, None, writes, seconds, ok.cursor)
        return Done(ok, None, writes, seconds)

    async def _completed(self, operation: ValidOperation, error: Exception) -> Exception:
        try:
            return await self._driver.complete(operation, error)
        except Exception:  # noqa: BLE001 - the first error is the one that the caller must get
            return error

    async def _call_driver(self, operation: ValidOperation, limit: Limit, room: Room) -> Any:
        if operation.op == "kill_cursors":
            return await kill_cursors(self._driver, operation)
        if operation.op == "get_more":
            # Without the driver's own limit, which would tell the server a `maxTimeMS` that it
            # refuses for a getMore.
            return await advance_cursor(self._driver, operation, room, _lateness(limit))
        given = operation.args if limit.asked is not None else self._within(limit, operation)
        args = driver_arguments(OPERATIONS[operation.op], given, self._driver.bulk_request)
        with self._driver.time_limit(_driver_limit(limit, given.get("max_time_ms"))):
            if operation.op in ADMINISTRATION:
                return await self._driver.administration.run(operation, args)
            collection = self._driver.collection(
                operation.database, operation.collection, concerns_of(given)
            )
            if operation.op in CURSORS:
                question = Question(operation.op, collection, args)
                return await open_cursor(self._driver, operation, question, room, _lateness(limit))
            if operation.op == "distinct":
                after = args.pop("after", None)
                return part_of_values(await collection.distinct(**args), after, room)
            return await RUNNERS[operation.op](collection, args)

    def _within(self, limit: Limit, operation: ValidOperation) -> Mapping[str, Any]:
        """The arguments, with a `max_time_ms` that ends the command with the invocation.

        Only that, and not the driver's own limit, where the caller has asked for none: under it the
        driver repeats a retryable failure until the limit, where it would repeat it once.
        """
        args = operation.args
        # A cursor that goes on may outlive the invocation, and the server adds up the time of all
        # its batches: it is stopped by its session instead (see `_run_within`).
        if operation.session is not None or limit.left is None:
            return args
        if "max_time_ms" not in OPERATIONS[operation.op].arguments:
            return args
        left = self._driver.max_time_ms(limit.left)
        asked = args.get("max_time_ms")
        return args if left is None or (asked and asked <= left) else {**args, "max_time_ms": left}


def _lateness(limit: Limit) -> Callable[[], bool]:
    """Whether an operation within `limit` has used up so much of it that its page should end."""
    if limit.total is None:
        return lambda: False
    loop = asyncio.get_running_loop()
    end = loop.time() + limit.total * _LATE
    return lambda: loop.time() > end


def _driver_limit(limit: Limit, max_time_ms: int | None) -> float | None:
    """The driver's time limit, where the caller has asked for one.

    None where the operation's own `max_time_ms` is stricter: PyMongo's limit overwrites the
    command's maxTimeMS (pymongo/pool_shared.py, apply_timeout), so it would be lost.
    """
    if limit.asked is None:
        return None
    seconds = limit.asked if limit.left is None else min(limit.asked, limit.left)
    return None if max_time_ms and max_time_ms < seconds * 1000 else seconds


def _timed_out(operation: ValidOperation, *, has_started: bool, writes: bool) -> OperationTimeout:
    what = f"{operation.op} on {operation.ns}"
    if not has_started:
        return OperationTimeout(f"{what}: time-out while waiting for a connection; it was not run")
    fate = "; it may have been applied" if writes else ""
    return OperationTimeout(f"{what}: time-out at the proxy{fate}", may_have_applied=writes)
