"""Runs a batch's operations concurrently, at most as many at once as there are connections.

One operation's failure is its own and never another's. Knows no driver (see `drivers`) and no
encoding: it hands on what the driver returned, in the shapes of docs/protocol.md, "Results".
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar, cast

from motorpool.batching.codec import RawDocument, RawDocuments
from motorpool.batching.errors import OperationTimeout
from motorpool.batching.operations import CURSORS, OPERATIONS, is_write
from motorpool.proxy import runners
from motorpool.proxy.administration import ADMINISTRATION
from motorpool.proxy.arguments import concerns_of, driver_arguments
from motorpool.proxy.cursors import Paged, advance_cursor, kill_cursors, open_cursor
from motorpool.proxy.drivers import Question
from motorpool.proxy.failures import describe
from motorpool.proxy.fusing import (
    LEFT_OUT,
    RUNNERS,
    Unsure,
    fate,
    is_foreseen,
    is_unknown_command,
)
from motorpool.proxy.intake import FREE_BYTES, Intake, documents_of
from motorpool.proxy.limits import UNLIMITED, Limit, driver_limit, lateness
from motorpool.proxy.pages import NoRoom
from motorpool.proxy.planning.fusions import (
    Alone,
    FusedCount,
    FusedFind,
    FusedInsert,
    FusedWrite,
    SharedRead,
)
from motorpool.proxy.planning.plan import INSERTS, OPTIONS, WRITES, depends_on_server, plan
from motorpool.proxy.runners import RAW, SINGLE
from motorpool.proxy.values import read_values

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from motorpool.proxy.drivers import Driver
    from motorpool.proxy.fusing import Answers
    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.pages import Room
    from motorpool.proxy.planning.fusions import Fusion, Step

log: Final = logging.getLogger("motorpool.proxy")

T = TypeVar("T")

Fused: TypeAlias = "FusedFind | FusedCount | FusedInsert | FusedWrite"


class Done(NamedTuple):
    """What became of one operation: its result or its `err` document.

    `cursor`: what the caller needs to ask for the rest of the result. `is_left_out`: there was no
    room for it in the response; it is to be sent again.
    """

    ok: Any
    err: dict[str, Any] | None
    is_write: bool
    cursor: dict[str, Any] | None = None
    is_left_out: bool = False


PAGED: Final = CURSORS | {"get_more", "distinct"}
"""Operations that share the room of a response."""

ACQUAINT_SECONDS: Final = 2.0
"""How long an environment's first batch waits to know its server: one that takes longer to connect
to is there to be waited for by each operation itself."""


class _Batch:
    """What one invocation runs, and the room that its results share."""

    def __init__(
        self, operations: Sequence[ValidOperation], limits: Sequence[Limit], room: Room
    ) -> None:
        self.operations = operations
        self.room = room
        self._limits = limits
        self._began = monotonic()

    def limit(self, index: int) -> Limit:
        """What remains now of an operation's limit."""
        limit = self._limits[index]
        return limit if limit == UNLIMITED else limit.after(monotonic() - self._began)

    def leave(self, index: int) -> None:
        """Let the others have the room that one did not take."""
        if self.operations[index].op in PAGED:
            self.room.leave()


class _TimedOut(Exception):
    def __init__(self, *, has_started: bool) -> None:
        super().__init__()
        self.has_started = has_started


class Executor:
    """Runs operations through a driver, `pool_size` at once, whichever batch they come from."""

    def __init__(self, driver: Driver, pool_size: int, *, fuse: bool = False) -> None:
        """`pool_size`: round trips at once; the driver's pool has as many connections.

        `fuse`: whether operations are put together into fewer of them (see `planning`).
        """
        self._driver = driver
        # Over one connection operations run as they stand, so none is handed over ahead.
        at_once = pool_size if pool_size == 1 else pool_size + driver.calls_ahead
        self._slots = asyncio.Semaphore(at_once)
        self._at_once = at_once
        self._intake = Intake()
        self._fuse = fuse
        self._refused: set[str] = set()
        """Rules whose command this server has said that it does not know."""
        self.asked = 0
        """How often the driver was asked, in all: what is fused counts once."""

    async def run(
        self, operations: Sequence[ValidOperation], limits: Sequence[Limit], room: Room
    ) -> list[Done]:
        """Run all, each within its limit. Never raises for one of them.

        `room`: what the response has for the results of those in `PAGED`.
        """
        batch = _Batch(operations, limits, room)
        if not self._driver.is_acquainted and self._fuse and depends_on_server(operations):
            # In an environment's first moments nobody knows what the server takes; and it is no
            # time lost, since all of them wait for that same first connection.
            limited = [limit.total for limit in limits if limit.total is not None]
            await self._driver.acquaint(min([ACQUAINT_SECONDS, *limited]))
        steps = self._plan(operations)
        done: list[Done | None] = [None] * len(operations)
        # As many lanes as round trips at once, and not a task for each step: that was a tenth of
        # the time that a batch takes.
        following = iter(steps)
        lanes = min(self._at_once, len(steps))
        if lanes > 1:
            await asyncio.gather(*(self._run_lane(following, batch, done) for _ in range(lanes)))
        else:
            await self._run_lane(following, batch, done)
        return cast("list[Done]", done)

    async def _run_lane(
        self, following: Iterator[Step], batch: _Batch, done: list[Done | None]
    ) -> None:
        for step in following:
            if isinstance(step, Alone):
                index = step.members[0]
                done[index] = await self._run_one(batch, index)
            else:
                for index, each in (await self._run_together(step, batch)).items():
                    done[index] = each

    def _plan(self, operations: Sequence[ValidOperation]) -> Sequence[Step]:
        if not self._fuse or len(operations) < 2:  # noqa: PLR2004 - one has nobody to go with
            return [Alone([index]) for index in range(len(operations))]
        without = set(self._refused)
        if not self._driver.has_client_bulk_write:
            without.add(WRITES)
        if not self._driver.tells_write_errors:
            without.add(INSERTS)
        if not self._driver.takes_options_alike:
            without.add(OPTIONS)
        try:
            return plan(operations, without)
        except Exception:
            # A fault of ours; it must cost nobody more than time.
            log.exception("a batch could not be planned")
            return [Alone([index]) for index in range(len(operations))]

    # Steps ----------------------------------------------------------------------------------------

    async def _run_together(self, step: Fusion, batch: _Batch) -> dict[int, Done]:
        """What became of each member, by its index."""
        if isinstance(step, SharedRead):
            done = await self._run_shared(step, batch)
        else:
            done = await self._run_fused(step, batch)
        left = [index for index in step.members if index not in done]
        if self._at_once == 1:
            # Then operations run as they stand; and so they do where a fusion is undone.
            alone = [await self._run_one(batch, index) for index in left]
        else:
            alone = await asyncio.gather(*(self._run_one(batch, index) for index in left))
        done.update(zip(left, alone, strict=True))
        return done

    async def _run_shared(self, step: SharedRead, batch: _Batch) -> dict[int, Done]:
        """Run the first, and give the others the same. A cursor, and a failure, are its own."""
        first, *others = step.members
        answer = await self._run_one(batch, first)
        done = {first: answer}
        if answer.err is not None or answer.cursor is not None or answer.is_left_out:
            return done
        for index in others:
            size = batch.room.size_of(answer.ok)
            if size <= batch.room.most:
                batch.room.take(size)
                done[index] = answer
                batch.leave(index)
        return done

    async def _run_fused(self, step: Fused, batch: _Batch) -> dict[int, Done]:
        """Ask for all at once; those that have no answer then are to be run by themselves."""
        writes = isinstance(step, FusedInsert | FusedWrite)
        operation = batch.operations[step.members[0]]

        async def ask(limit: Limit) -> Answers:
            self.asked += 1
            fusion = self._bounded(step, limit)
            with self._driver.time_limit(driver_limit(limit, fusion.args.get("max_time_ms"))):
                return await RUNNERS[type(step)](
                    self._driver, fusion, operation, batch.room, self._intake
                )

        last = step.members[0]
        if operation.timeout_ms is not None:
            # They are nearly alike, and all of the batch waits for the last one.
            last = max(step.members, key=lambda index: batch.operations[index].timeout_ms or 0)
        try:
            answers = await self._within(batch.limit(last), ask)
        except _TimedOut as late:
            answers = {
                member: _timed_out(
                    batch.operations[index], has_started=late.has_started, writes=writes
                )
                for member, index in enumerate(step.members)
            }
        except Exception as error:  # noqa: BLE001 - rule 1: it is a value in each one's entry
            answers = self._judged(step, error, has_time=not batch.limit(last).is_over)
            # Its frames, this one among them, hold it and all that was asked: such a circle would
            # stay in memory until the garbage collector comes by.
            error.__traceback__ = None
        members = step.members
        told = {
            members[member]: Done(answer, None, writes)
            if type(answer) in _PLAIN
            else _done(answer, writes=writes)
            for member, answer in answers.items()
        }
        if operation.op in PAGED:
            for index in told:
                batch.leave(index)
        return told

    def _judged(self, step: Fused, error: Exception, *, has_time: bool) -> Answers:
        """What a fusion that failed as a whole is to its members; none: each runs by itself."""
        if not is_foreseen(error):
            log.warning("%s failed", type(step).__name__, exc_info=error)
        if isinstance(step, FusedWrite) and is_unknown_command(error):
            self._refused.add(WRITES)
        judged = fate(error, writes=isinstance(step, FusedInsert | FusedWrite))
        if judged is None and has_time:
            return {}
        return dict.fromkeys(range(len(step.members)), error if judged is None else judged)

    def _bounded(self, step: Fused, limit: Limit) -> Fused:
        """The fusion with a `max_time_ms` of what the invocation has left: see `_told`."""
        if not isinstance(step, FusedFind | FusedCount) or limit.asked is not None:
            return step
        op = "find" if isinstance(step, FusedFind) else "aggregate"
        return step._replace(args=self._told(limit, op, step.args))

    async def _within(self, limit: Limit, work: Callable[..., Awaitable[T]], *what: object) -> T:
        """Wait for a connection and do what `work` does, within the limit. Raises _TimedOut.

        `work` is given what of the limit is left then, and `what`. One limit for the wait and the
        run: the caller's patience knows no difference.
        """
        total = limit.total
        if total is None:
            async with self._slots:
                return await work(limit, *what)
        began = monotonic()
        has_started = False
        try:
            async with asyncio.timeout(total):
                async with self._slots:
                    limit = limit.after(monotonic() - began)
                    if limit.is_over:
                        raise TimeoutError  # noqa: TRY301 - the same end as the time-out above
                    has_started = True
                    return await work(limit, *what)
        except TimeoutError:
            raise _TimedOut(has_started=has_started) from None

    # One operation --------------------------------------------------------------------------------

    async def _run_one(self, batch: _Batch, index: int) -> Done:
        operation, room = batch.operations[index], batch.room
        writes = is_write(operation.op, operation.args)
        try:
            ok = await self._within(batch.limit(index), self._call_driver, operation, room)
            if isinstance(ok, RawDocument):
                _take_up(ok, room, writes=writes)
        except NoRoom:
            return Done(None, None, writes, is_left_out=True)
        except _TimedOut as late:
            if late.has_started and operation.session is not None:
                self._driver.interrupt(operation.session)
            error = _timed_out(operation, has_started=late.has_started, writes=writes)
            return Done(None, describe(error, is_write=writes), writes)
        except Exception as error:  # noqa: BLE001 - rule 1: a failure is a value in its own entry
            whole = await self._completed(operation, error)
            error.__traceback__ = None  # see `_run_fused`
            return Done(None, describe(whole, is_write=writes), writes)
        finally:
            batch.leave(index)
        if isinstance(ok, Paged):
            return Done(ok.ok, None, writes, ok.cursor)
        return Done(ok, None, writes)

    async def _completed(self, operation: ValidOperation, error: Exception) -> Exception:
        try:
            return await self._driver.complete(operation, error)
        except Exception:  # noqa: BLE001 - the first error is the one that the caller must get
            return error

    async def _call_driver(self, limit: Limit, operation: ValidOperation, room: Room) -> Any:
        op = operation.op
        if op == "find_one" and room.is_full:
            raise NoRoom  # it could not be given back: memory holds nothing that does not fit
        self.asked += 1
        if op == "kill_cursors":
            return await kill_cursors(self._driver, operation)
        if op == "get_more":
            # Without the driver's own limit, which would tell the server a `maxTimeMS` that it
            # refuses for a getMore.
            return await advance_cursor(
                self._driver, operation, room, lateness(limit), self._intake
            )
        given = operation.args
        # A cursor that goes on may outlive the invocation, and the server adds up the time of all
        # its batches: it is stopped by its session instead (see `_run_one`).
        if limit.asked is None and operation.session is None:
            given = self._told(limit, op, given)
        args = driver_arguments(OPERATIONS[op], given, self._driver.bulk_request)
        with self._driver.time_limit(driver_limit(limit, given.get("max_time_ms"))):
            if op in ADMINISTRATION:
                return await self._driver.administration.run(operation, args)
            database, _, name = operation.ns.partition(".")
            is_raw = op in RAW and not is_write(op, given)
            collection = self._driver.collection(database, name, concerns_of(given), raw=is_raw)
            if op in CURSORS:
                question = Question(op, collection, args)
                return await open_cursor(
                    self._driver, operation, question, room, lateness(limit), self._intake
                )
            if op == "distinct":
                return await read_values(collection, operation.ns, args, room, self._intake)
            if op in SINGLE:
                found = self._read_one(operation, collection, args, room)
            else:
                found = runners.RUNNERS[op](collection, args)
            return await found

    async def _read_one(
        self, operation: ValidOperation, collection: Any, args: dict[str, Any], room: Room
    ) -> RawDocument | None:
        """Run what gives one document, once there is memory for it."""
        kind = documents_of(operation.op, operation.ns, operation.args)
        foreseen = 0
        # A write does not wait: of one that does it could not be said that it has not run.
        if operation.op == "find_one":
            foreseen = await self._intake.begin(kind, 1)
        try:
            if foreseen > FREE_BYTES and room.is_full:  # which it was not before the wait
                raise NoRoom
            found: RawDocument | None = await runners.RUNNERS[operation.op](collection, args)
            self._intake.learn(kind, () if found is None else (found,))
            return found
        finally:
            self._intake.end(foreseen)

    def _told(self, limit: Limit, op: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments, with a `max_time_ms` that ends the command with the invocation.

        Only that, and not the driver's own limit, where the caller has asked for none: under it the
        driver repeats a retryable failure until the limit, where it would repeat it once.
        """
        if limit.left is None or "max_time_ms" not in OPERATIONS[op].arguments:
            return args
        left = self._driver.max_time_ms(limit.left)
        asked = args.get("max_time_ms")
        return args if left is None or (asked and asked <= left) else {**args, "max_time_ms": left}


def _take_up(document: RawDocument, room: Room, *, writes: bool) -> None:
    if writes:
        room.hold(document)
    elif not room.has_held(document):
        raise NoRoom


_PLAIN: Final = frozenset({RawDocument, RawDocuments, dict, int})
"""Types of answers that are results."""


def _done(answer: Any, *, writes: bool) -> Done:
    """What became of one operation of a fusion: see `fusing.Answers`."""
    if isinstance(answer, Exception):
        return Done(None, describe(answer, is_write=writes), writes)
    if isinstance(answer, Unsure):
        err = {**describe(answer.error, is_write=True), "may_have_applied": True}
        return Done(None, err, writes)
    if answer is LEFT_OUT:
        return Done(None, None, writes, is_left_out=True)
    return Done(answer, None, writes)


def _timed_out(operation: ValidOperation, *, has_started: bool, writes: bool) -> OperationTimeout:
    what = f"{operation.op} on {operation.ns}"
    if not has_started:
        return OperationTimeout(f"{what}: time-out while waiting for a connection; it was not run")
    fate = "; it may have been applied" if writes else ""
    return OperationTimeout(f"{what}: time-out at the proxy{fate}", may_have_applied=writes)
