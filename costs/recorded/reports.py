"""Lambda's own report of an invocation: as text, as JSON, and as Logs Insights has taken it apart.

Sources, looked up on 2026-11-28:

- Text: lines of real logs in public repositories. Fields are parted by tabulators, which become
  spaces in some exports; "Restore Duration" and "Billed Restore Duration" are SnapStart's (AWS
  Lambda Developer Guide, "Monitoring for Lambda SnapStart"): "Duration: 2338.66 ms  Billed
  Duration: 2521 ms … Billed Restore Duration: 182 ms" shows that what is billed of it is in the
  billed duration.
- JSON: AWS Lambda Developer Guide, "Lambda Telemetry API Event schema reference", platform.report:
  "durationMs": 1233.96, "billedDurationMs": 1698, "initDurationMs": 463.512 of a real log.
- Logs Insights: `@memorySize` of 128 MB is 1.28E8, so its bytes are of a decimal MB.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.errors import UsageError
from motorpool.costs.recorded.entry import Entry, moment_in, number_in
from motorpool.costs.recorded.records import Invocation

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK: Final = "REPORT RequestId:"
_REPORT: Final = re.compile(r"(?<![\w_])REPORT RequestId:\s*(?P<id>[\w-]+)")
_FIELD: Final = re.compile(
    r"(Billed Restore Duration|Restore Duration|Billed Duration|Init Duration|Duration): *"
    r"(\S+?) ms(?![a-z])|(Memory Size|Max Memory Used): *(\S+?) MB(?![a-z])"
)
_STATUS: Final = re.compile(r"(?<![\w])Status: *(\w+)")
_ERROR_TYPE: Final = re.compile(r"(?<![\w])Error Type: *(\S+)")
# A log stream's name, since 2024 with the function's in it: 2026/04/25/shop-proxy[$LATEST]bbc5…
_STREAM: Final = re.compile(r"\d{4}/\d\d/\d\d/(?P<function>[A-Za-z][\w-]*)\[")
_NEEDED: Final = ("Duration", "Billed Duration", "Memory Size")
_BYTES_PER_MB: Final = 1e6


def report_in(place: str, text: str, at: float | None = None) -> Invocation | None:
    """The invocation that a line of text reports; None: it does not, or is cut short.

    `at`: when, if that is known from elsewhere; else from what stands before REPORT. Raises
    UsageError for a figure that is none.
    """
    found = _REPORT.search(text)
    if found is None:
        return None
    before, rest = text[: found.start()], text[found.end() :]
    figures: dict[str, float] = {}
    for field in _FIELD.finditer(rest):
        name, written = (field[1], field[2]) if field[1] else (field[3], field[4])
        figures[name] = _figure(place, name, written)
    if any(name not in figures for name in _NEEDED):
        return None
    status, error_type = _STATUS.search(rest), _ERROR_TYPE.search(rest)
    return Invocation(
        at=moment_in(before) if at is None else at,
        request_id=found["id"],
        function=stream_function(before),
        duration_ms=figures["Duration"],
        billed_ms=_whole(place, "Billed Duration", figures["Billed Duration"]),
        memory_mb=figures["Memory Size"],
        max_memory_mb=figures.get("Max Memory Used"),
        init_ms=figures.get("Init Duration"),
        restore_ms=figures.get("Restore Duration"),
        billed_restore_ms=figures.get("Billed Restore Duration"),
        status=None if status is None else status[1],
        error_type=None if error_type is None else error_type[1],
    )


def stream_function(text: str) -> str | None:
    """The function whose log stream is named in a text, where its name tells."""
    stream = _STREAM.search(text)
    return None if stream is None else stream["function"]


def is_platform_event(value: Mapping[str, Any]) -> bool:
    """Whether the object is an event of Lambda itself in its JSON log format."""
    kind = value.get("type")
    return isinstance(kind, str) and kind.startswith("platform.") and "record" in value


def platform_report(place: str, value: Mapping[str, Any]) -> Invocation | None:
    """The invocation that an event of Lambda reports; None: it is another event.

    Raises UsageError for a figure that is none.
    """
    if value["type"] != "platform.report":
        return None
    entry = Entry(place, value)
    record = entry.object("record")
    metrics = record.object("metrics")
    return Invocation(
        at=entry.maybe_moment("time"),
        request_id=record.maybe_text("requestId"),
        function=None,
        duration_ms=metrics.measure("durationMs"),
        billed_ms=metrics.whole("billedDurationMs"),
        memory_mb=metrics.measure("memorySizeMB"),
        max_memory_mb=metrics.maybe_measure("maxMemoryUsedMB"),
        init_ms=metrics.maybe_measure("initDurationMs"),
        restore_ms=metrics.maybe_measure("restoreDurationMs"),
        billed_restore_ms=metrics.maybe_measure("billedRestoreDurationMs"),
        status=record.maybe_text("status"),
        error_type=record.maybe_text("errorType"),
    )


def insights_report(
    place: str, row: Mapping[str, str], at: float | None = None
) -> Invocation | None:
    """The invocation that a row of Logs Insights reports in its fields; None: it does not.

    Raises UsageError for a figure that is none.
    """
    if not all(row.get(name) for name in ("@duration", "@billedDuration", "@memorySize")):
        return None
    figures = {
        name: _figure(place, name, row[name])
        for name in ("@duration", "@billedDuration", "@memorySize", "@maxMemoryUsed")
        if row.get(name)
    }
    init = row.get("@initDuration")
    most = figures.get("@maxMemoryUsed")
    return Invocation(
        at=at,
        request_id=row.get("@requestId") or None,
        function=stream_function(row.get("@logStream", "")),
        duration_ms=figures["@duration"],
        billed_ms=_whole(place, "@billedDuration", figures["@billedDuration"]),
        memory_mb=figures["@memorySize"] / _BYTES_PER_MB,
        max_memory_mb=None if most is None else most / _BYTES_PER_MB,
        init_ms=_figure(place, "@initDuration", init) if init else None,
    )


def _figure(place: str, name: str, written: str) -> float:
    number = number_in(written)
    if number is None:
        raise UsageError(f"{place}: {name} must be a number of 0 or more, and is {written[:60]!r}")
    return number


def _whole(place: str, name: str, number: float) -> int:
    if number != int(number):
        raise UsageError(f"{place}: {name} must be a whole number, and is {number}")
    return int(number)
