"""Sends one batch through a transport, settles every operation of it, decides what goes again.

    throttled        nothing ran: the same again, after a random pause, within the deadline
    outcome unknown  what may be repeated again (see `repeats`), the rest fails as OutcomeUnknown
    entry "again"    that operation again, alone or in a smaller batch

Never looks at documents, and never sends an operation that nobody waits for any more.
"""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any, Final

from motorpool.batching import codec
from motorpool.batching.call import log
from motorpool.batching.coalescer import unsettled
from motorpool.batching.envelope import Entry, match_entries
from motorpool.batching.errors import (
    ConnectionLost,
    FunctionFailed,
    MotorpoolError,
    OutcomeUnknown,
    ProtocolError,
    RemoteFailure,
    Throttled,
    TransportError,
)
from motorpool.client.repeats import is_repeatable, read_repeat

if TYPE_CHECKING:
    from motorpool.batching.call import Pending
    from motorpool.batching.counters import Counters
    from motorpool.batching.queue import Batch
    from motorpool.client.cursors.leases import Leases
    from motorpool.client.retry import RetryPolicy
    from motorpool.client.transports.base import Transport
    from motorpool.client.usage import Record, Usage


WAY_BACK_SECONDS: Final = 0.2
"""Time that an answer may need from the proxy to the caller; a tenth where that is less."""

MAX_TIMEOUT_MS: Final = 2**31 - 1
"""The longest time that can be asked for: the server's own limit for maxTimeMS."""

MAX_AGAIN: Final = 50
"""Rounds of `again` after which the proxy is not believed any more."""


class Dispatcher:
    """Sends batches for the coalescers of one client."""

    def __init__(
        self,
        transport: Transport,
        counters: Counters,
        retry: RetryPolicy,
        leases: Leases,
        usage: Usage | None = None,
    ) -> None:
        """One transport: never a second endpoint or identity. `usage`: who records, if anybody."""
        self._transport = transport
        self._leases = leases
        self._counters = counters
        self._retry = retry
        self._usage = usage

    async def dispatch(self, batch: Batch) -> None:
        """Settle every operation of `batch` that somebody waits for."""
        if self._usage is None:
            await self._deliver(batch, None, tries=1, rounds=1)
            return
        with self._usage.record(batch) as record:
            await self._deliver(batch, record, tries=1, rounds=1)

    async def _deliver(
        self, batch: list[Pending], record: Record | None, *, tries: int, rounds: int
    ) -> None:
        batch = [pending for pending in batch if pending.is_wanted]
        if not batch:
            return
        if tries > 1 or rounds > 1:
            self._counters.retried += len(batch)
        try:
            batch, entries = await self._invoke_unthrottled(batch, record, is_first=tries == 1)
        except (ConnectionLost, FunctionFailed) as error:
            await self._after_unknown(batch, record, error, tries=tries, rounds=rounds)
        except TransportError as error:
            # Nothing of this try has run; which write of an earlier one has, nobody knows.
            lost = ConnectionLost(str(error)) if tries > 1 else error
            if record is not None:
                record.outcome = type(error).__name__
            for pending in batch:
                is_read = pending.operation.is_read
                pending.fail(error if is_read else _never_answered(pending, lost))
        except ProtocolError as error:
            for pending in batch:
                _leave_unanswered(pending, error, record)
        else:
            again = self._settle(batch, record, entries, is_repeat=tries > 1)
            await self._after_again(again, record, out_of=len(batch), tries=tries, rounds=rounds)

    # One invocation -------------------------------------------------------------------------------

    async def _invoke_unthrottled(
        self, batch: list[Pending], record: Record | None, *, is_first: bool
    ) -> tuple[list[Pending], list[Entry]]:
        """Invoke, and again as long as the service refuses for concurrency and time is left.

        Returns what was sent at last, which is what somebody still waited for, and its answer.
        """
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._retry.throttled_for
        tries = 0
        while True:
            try:
                return batch, await self._invoke(batch, record)
            except Throttled as error:
                self._counters.throttled += 1
                if record is not None:
                    record.throttled += 1
                tries += 1
                pause = self._retry.pause(tries, error.retry_after)
                if pause > _patience(batch, loop.time(), give_up):
                    raise
            for pending in batch:
                # Of this try nothing has run; of an earlier one, nobody knows.
                pending.is_held_back = is_first
            await asyncio.sleep(pause)
            batch = [pending for pending in batch if pending.is_wanted]
            if not batch:
                return [], []

    async def _invoke(self, batch: list[Pending], record: Record | None) -> list[Entry]:
        now = asyncio.get_running_loop().time()
        payload = codec.join_request(
            [
                codec.stamp(
                    pending.operation.body,
                    id_,
                    _milliseconds(pending.remaining(now)),
                    self._session_of(pending),
                )
                for id_, pending in enumerate(batch)
            ]
        )
        for pending in batch:
            pending.is_held_back = False
        self._counters.invocations += 1
        self._counters.bytes_sent += len(payload)
        if record is not None:
            record.sent(batch, payload)
        response = await self._transport.invoke(payload)
        self._counters.bytes_received += len(response)
        if record is not None:
            record.bytes_in += len(response)
        try:
            entries, stats = codec.split_response(response)
        except ProtocolError as error:
            # Unless the proxy itself says that it could not read the batch, it may have run.
            if "may_have_applied" not in vars(error):
                error.may_have_applied = True
            raise
        if record is not None:
            record.answered(stats)
        return entries

    def _session_of(self, pending: Pending) -> bytes | None:
        if not pending.operation.takes_session:
            return pending.operation.session
        if pending.lease is None:
            pending.lease = self._leases.take()
        session: bytes = pending.lease.session
        return session

    # What its answer says -------------------------------------------------------------------------

    def _settle(
        self,
        batch: list[Pending],
        record: Record | None,
        entries: list[Entry],
        *,
        is_repeat: bool,
    ) -> list[Pending]:
        """Settle what has an answer; return what is to be sent again."""
        matched = match_entries(range(len(batch)), entries)
        beyond = [entry.id for entry in entries if entry.id not in matched]
        if beyond:
            log.warning("the response has entries for ids that were not sent: %r", beyond[:5])
        again: list[Pending] = []
        for id_, pending in enumerate(batch):
            entry = matched[id_]
            if isinstance(entry, ProtocolError):
                _leave_unanswered(pending, entry, record)
                continue
            if is_repeat:
                entry = read_repeat(pending.operation, entry)
            if entry.outcome == "ok":
                pending.settle(_leased(pending, entry))
            elif entry.outcome == "again":
                again.append(pending)
            else:
                pending.fail(_failure_of(pending, entry))
        return again

    async def _after_again(
        self,
        again: list[Pending],
        record: Record | None,
        *,
        out_of: int,
        tries: int,
        rounds: int,
    ) -> None:
        if not again:
            return
        if rounds > MAX_AGAIN:
            error = ProtocolError("the proxy asked again and again for this operation")
            for pending in again:
                _leave_unanswered(pending, error, record)
        elif len(again) < out_of:
            await self._deliver(again, record, tries=tries, rounds=rounds + 1)
        else:  # not one of them had room beside the others
            for pending in again:
                await self._deliver([pending], record, tries=tries, rounds=rounds + 1)

    async def _after_unknown(
        self,
        batch: list[Pending],
        record: Record | None,
        error: ConnectionLost | FunctionFailed,
        *,
        tries: int,
        rounds: int,
    ) -> None:
        if record is not None:
            record.lost += 1
        repeatable: list[Pending] = []
        for pending in batch:
            pending.lease = None  # the first try may still run under it
            if is_repeatable(pending.operation):
                repeatable.append(pending)
            else:
                _leave_unanswered(pending, error, record)
        if tries >= self._retry.unknown_tries:
            for pending in repeatable:
                _leave_unanswered(pending, error, record)
            return
        await asyncio.sleep(self._retry.pause(tries))
        await self._deliver(repeatable, record, tries=tries + 1, rounds=rounds)

    def __repr__(self) -> str:
        """Through which transport."""
        return f"<Dispatcher {self._transport!r}>"


def _leased(pending: Pending, entry: Entry) -> Entry:
    """The entry with the session that its cursor is open under; one without gives it back."""
    lease, pending.lease = pending.lease, None
    if lease is None:
        return entry
    cursor = codec.entry_cursor(entry)
    if cursor is None or cursor.get("lost"):
        lease.give_back()
        return entry
    lease.hold(pending.operation.namespace, cursor)
    return entry._replace(lease=lease)


def _patience(batch: list[Pending], now: float, give_up: float) -> float:
    """Seconds that a throttled batch may go on trying: to its last deadline, or to `give_up`."""
    waits = [pending.remaining(now) for pending in batch if pending.is_wanted]
    known = [wait for wait in waits if wait is not None]
    return max(known, default=0.0) if len(known) == len(waits) else give_up - now


def _milliseconds(seconds: float | None) -> int | None:
    """The time that the proxy is given: less than the caller waits, by the way back.

    So that its answer, which says what the server said, arrives before the caller's own time-out,
    which knows nothing.
    """
    if seconds is None:
        return None
    given = (seconds - min(WAY_BACK_SECONDS, seconds / 10)) * 1000
    return int(max(1, min(given, MAX_TIMEOUT_MS)))


def _leave_unanswered(pending: Pending, error: MotorpoolError, record: Record | None) -> None:
    if record is not None:
        record.outcome = type(error).__name__
    pending.fail(_never_answered(pending, error))


def _never_answered(pending: Pending, error: MotorpoolError) -> MotorpoolError:
    """The error of an operation whose answer is lost: of a write, that it may be applied."""
    if not error.may_have_applied:
        return error
    if pending.operation.is_read:
        harmless = copy.copy(error)
        harmless.may_have_applied, harmless.__cause__ = False, error.__cause__
        return harmless
    lost = OutcomeUnknown(
        f"{pending.operation.label}: the write may have been applied, its answer is lost: {error}"
    )
    lost.__cause__ = error
    return lost


def _failure_of(pending: Pending, entry: Entry) -> MotorpoolError:
    value: Any = codec.entry_value(entry)
    if entry.outcome == "err" and isinstance(value, dict):
        return RemoteFailure(value)
    if entry.outcome == "skipped":
        return RemoteFailure({"type": "InvalidOperationError", "message": f"not run: {value}"})
    return unsettled(pending, None)
