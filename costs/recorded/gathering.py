"""All records of a report, kept small, and brought together: what is said twice counts once.

A REPORT line and the proxy's line of the same request id are one invocation, of which Lambda's
figures are what is billed. Numbers are kept in arrays, eight bytes each: some 200 bytes an
invocation or batch, and nothing of the files. Interprets nothing beyond that.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import astuple, dataclass
from math import inf, isnan, nan
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.errors import UsageError
from motorpool.costs.recorded.columns import Columns
from motorpool.costs.recorded.reading import Tally, read
from motorpool.costs.recorded.records import (
    ClientBatch,
    CounterSnapshot,
    Invocation,
    MetricSums,
    ProxyBatch,
    function_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from motorpool.costs.recorded.records import Record

TIMEOUT: Final = "timeout"
_FAILED: Final = frozenset({"error", "failure", TIMEOUT})
_NAMELESS: Final = -1.0
_NO_KEY: Final = 0

_REPORTED: Final = (
    *("ended_at", "function", "duration_ms", "billed_ms", "extra_ms", "memory_mb"),
    *("max_memory_mb", "cold", "timed_out", "failed"),
)
_ANSWERED: Final = (
    *("at", "function", "memory_mb", "cold", "operations", "groups", "refused", "handler_ms"),
    *("database_ms", "cpu_ms", "extra_ms", "billed_ms", "bytes_in", "bytes_out"),
)
INVOCATIONS: Final = (
    *("began", "ended", "function", "duration_ms", "billed_ms", "extra_ms", "memory_mb"),
    *("max_memory_mb", "cold", "timed_out", "failed", "operations", "groups", "refused"),
    *("handler_ms", "database_ms", "cpu_ms", "bytes_in", "bytes_out"),
)
BATCHES: Final = (
    *("at", "client", "scope", "function", "reason", "outcome", "operations", "deduplicated"),
    *("attempts", "throttled", "lost", "waited_ms", "wall_ms", "bytes_out", "bytes_in", "cold"),
    *("handler_ms", "database_ms", "cpu_ms", "extra_ms", "groups", "billed_ms"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What was recorded, each thing once."""

    invocations: Columns
    """Of the proxy, by `INVOCATIONS`: from Lambda, from the proxy's own lines, or from both."""
    batches: Columns
    """Of the clients, by `BATCHES`."""
    counters: tuple[CounterSnapshot, ...]
    metrics: tuple[MetricSums, ...]
    names: tuple[str, ...]
    """What the numbers of functions, clients, reasons and outcomes stand for."""
    functions: tuple[str, ...]
    """The functions that are named, in the order of the alphabet."""
    repeated: int
    """Records that were there more than once, and count once."""
    reported: int
    """Invocations of which Lambda's report is there."""
    joined: int
    """Of these, those of which the proxy's line is there, too."""
    tally: Tally


def read_usage(files: Sequence[str], function: str | None = None) -> Usage:
    """What the files hold (`-`: standard input) of one function, or of all.

    What names no function belongs to any. Raises UsageError (see `reading.read`), also for a
    function that nothing names while others are named.
    """
    tally = Tally()
    return gathered(read(files, tally), function, tally)


def gathered(
    records: Iterable[Record], function: str | None = None, tally: Tally | None = None
) -> Usage:
    """The same of records that are there already."""
    gathering = Gathering()
    for record in records:
        gathering.add(record)
    return gathering.usage(function, Tally() if tally is None else tally)


class Gathering:
    """Takes records in any order; what comes of them does not depend on it."""

    def __init__(self) -> None:
        self._reported = Columns(_REPORTED)
        self._answered = Columns(_ANSWERED)
        self._batches = Columns(BATCHES)
        # Of the request id, and of everything that a record says, 64 bits each.
        self._keys = (array("Q"), array("Q"))
        self._prints = (array("Q"), array("Q"))
        self._seen: set[int] = set()
        self._names: dict[str, int] = {}
        self._functions: set[str] = set()
        self._counters: list[CounterSnapshot] = []
        self._metrics: list[MetricSums] = []
        self._repeated = 0

    def add(self, record: Record) -> None:
        """Take a record."""
        match record:
            case ProxyBatch():
                self._add_answered(record)
            case Invocation():
                self._add_reported(record)
            case ClientBatch():
                self._add_batch(record)
            case CounterSnapshot():
                self._counters.append(record)
            case MetricSums():
                self._metrics.append(record)

    def _number(self, name: str) -> int:
        return self._names.setdefault(name, len(self._names))

    def _function(self, name: str | None) -> float:
        if name is None:
            return _NAMELESS
        self._functions.add(name)
        return self._number(name)

    def _is_repeated(self, fingerprint: int) -> bool:
        if fingerprint in self._seen:
            self._repeated += 1
            return True
        self._seen.add(fingerprint)
        return False

    def _add_answered(self, record: ProxyBatch) -> None:
        fingerprint = _hash("proxy", astuple(record))
        # One without a time and an id could be another that is like it.
        if (record.at or record.request_id) and self._is_repeated(fingerprint):
            return
        self._keys[1].append(_hash(record.request_id) if record.request_id else _NO_KEY)
        self._prints[1].append(fingerprint)
        self._answered.append(
            record.at,
            self._function(record.function),
            record.memory_mb,
            record.cold,
            record.operations,
            record.groups,
            record.refused,
            record.handler_ms,
            record.database_ms,
            record.cpu_ms,
            record.init_ms if record.cold else 0.0,
            record.billed_ms,
            record.bytes_in,
            record.bytes_out,
        )

    def _add_reported(self, record: Invocation) -> None:
        # Without what not every export of a log has: the time, the function's name, a status.
        said = (record.request_id, record.duration_ms, record.billed_ms, record.memory_mb)
        self._keys[0].append(_hash(record.request_id) if record.request_id else _NO_KEY)
        self._prints[0].append(_hash("report", said))
        self._reported.append(
            record.at,
            self._function(record.function),
            record.duration_ms,
            record.billed_ms,
            record.extra_ms,
            record.memory_mb,
            record.max_memory_mb,
            record.is_cold,
            record.status == TIMEOUT,
            record.status in _FAILED,
        )

    def _add_batch(self, record: ClientBatch) -> None:
        if record.at is not None and self._is_repeated(_hash("client", astuple(record))):
            return
        self._batches.append(
            record.at,
            self._number(record.client),
            record.scope,
            self._function(record.function),
            self._number(record.reason),
            self._number(record.outcome),
            record.operations,
            record.deduplicated,
            record.attempts,
            record.throttled,
            record.lost,
            record.waited_ms,
            record.wall_ms,
            record.bytes_out,
            record.bytes_in,
            record.cold,
            record.handler_ms,
            record.database_ms,
            record.cpu_ms,
            record.init_ms if record.cold else 0.0,
            record.groups,
            record.billed_ms,
        )

    # Bringing together ----------------------------------------------------------------------------

    def usage(self, function: str | None, tally: Tally) -> Usage:
        """What was recorded, of one function or of all. Raises UsageError for an unknown one."""
        functions = tuple(sorted(self._functions))
        function = None if function is None else function_name(function)
        if function is not None and functions and function not in functions:
            raise UsageError(
                f"--function {function}: nothing that was recorded is of this function; "
                f"there is {', '.join(functions)}"
            )
        invocations, joined = self._joined()
        batches = self._batches
        if function is not None and functions:
            wanted = {_NAMELESS, float(self._names[function])}
            invocations, batches = (_of(each, wanted) for each in (invocations, batches))
        return Usage(
            invocations=invocations,
            batches=batches,
            counters=tuple(self._counters),
            metrics=tuple(self._metrics),
            names=tuple(self._names),
            functions=functions,
            repeated=self._repeated,
            reported=sum(not isnan(each) for each in invocations["duration_ms"]),
            joined=joined,
            tally=tally,
        )

    def _joined(self) -> tuple[Columns, int]:
        """The invocations, and of how many both lines are there."""
        names = tuple(self._names)
        invocations, joined = Columns(INVOCATIONS), 0
        for reports, answers in _groups(*self._keys):
            for report, answer in self._pairs(self._unique(reports), answers):
                joined += bool(report) and answer is not None
                values = self._answer(answer) | self._report(report)
                values["function"] = self._named(report, answer, names)
                if isnan(values["began"]):
                    values["began"] = values["ended"] - values["duration_ms"] / 1000
                if isnan(values["ended"]):
                    length = values["handler_ms"] if not report else values["duration_ms"]
                    values["ended"] = values["began"] + length / 1000
                invocations.append(*(values[name] for name in INVOCATIONS))
        return invocations, joined

    def _unique(self, reports: list[int]) -> list[list[int]]:
        """The REPORT lines of one id, those that say the same together."""
        by_print: dict[int, list[int]] = {}
        for row in reports:
            by_print.setdefault(self._prints[0][row], []).append(row)
        self._repeated += len(reports) - len(by_print)
        return list(by_print.values())

    def _pairs(
        self, reports: list[list[int]], answers: list[int]
    ) -> Iterator[tuple[list[int], int | None]]:
        """Which answer belongs to which report, where an invocation was repeated under its id.

        The handler's time is within the duration: each answer, the shortest first, takes the
        shortest report that it fits into.
        """
        duration, handler = self._reported["duration_ms"], self._answered["handler_ms"]
        left = sorted(reports, key=lambda rows: (duration[rows[0]], self._prints[0][rows[0]]))
        for answer in sorted(answers, key=lambda row: (handler[row], self._prints[1][row])):
            fits = (at for at, rows in enumerate(left) if duration[rows[0]] >= handler[answer])
            yield left.pop(next(fits, len(left) - 1)) if left else [], answer
        for rows in left:
            yield rows, None

    def _answer(self, row: int | None) -> dict[str, float]:
        """What the proxy says of an invocation, by the names of `INVOCATIONS`."""
        if row is None:
            return dict.fromkeys(INVOCATIONS, nan)
        said = {name: self._answered[name][row] for name in _ANSWERED}
        # What its runtime did beyond that, only Lambda could tell.
        return (
            dict.fromkeys(INVOCATIONS, nan)
            | said
            | {
                "began": said["at"],
                "timed_out": 0.0,
                "failed": 0.0,
            }
        )

    def _report(self, rows: list[int]) -> dict[str, float]:
        """What Lambda says of it: more than the proxy knows, so it counts."""
        if not rows:
            return {}
        # Where several exports have it, what only one of them says.
        said = {
            name: max((value for value in values if not isnan(value)), default=nan)
            for name in _REPORTED
            if (values := [self._reported[name][row] for row in rows])
        }
        return said | {"ended": said["ended_at"]}

    def _named(self, rows: list[int], answer: int | None, names: tuple[str, ...]) -> float:
        said = {self._reported["function"][row] for row in rows} - {_NAMELESS}
        if answer is not None and self._answered["function"][answer] != _NAMELESS:
            return self._answered["function"][answer]
        return min(said, key=lambda each: names[int(each)], default=_NAMELESS)


def _of(columns: Columns, functions: set[float]) -> Columns:
    return columns.only(row for row, each in enumerate(columns["function"]) if each in functions)


def _groups(reports: array[int], answers: array[int]) -> Iterator[tuple[list[int], list[int]]]:
    """The rows of both sides that have the same key; those without one, each by itself."""
    keys = (reports, answers)
    rows = [sorted(range(len(each)), key=each.__getitem__) for each in keys]
    at = [0, 0]

    def next_key(side: int) -> float:
        return keys[side][rows[side][at[side]]] if at[side] < len(rows[side]) else inf

    def take(side: int, key: float) -> Iterator[int]:
        while next_key(side) == key:
            yield rows[side][at[side]]
            at[side] += 1

    while (key := min(next_key(0), next_key(1))) != inf:
        mine, others = list(take(0, key)), list(take(1, key))
        if key == _NO_KEY:
            yield from (([row], []) for row in mine)
            yield from (([], [row]) for row in others)
        else:
            yield mine, others


def _hash(*values: Any) -> int:
    """64 bits of what is said, never 0: of ten million records, no two agree by chance."""
    text = repr(values).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) or 1
