"""Recorded usage out of whatever it is in: each line is recognised by what it says, one at a time.

    usage lines of proxy and client      Lambda's REPORT, as text or JSON     CloudWatch's metrics
    `counters.snapshot()`                log events of `aws logs`             CSV of Logs Insights

Never adds anything up, and never holds a file. A line that is none of these is counted; one that is
half understood is an error that names its place.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.errors import UsageError
from motorpool.costs.recorded import metrics, reports, usage_lines
from motorpool.costs.recorded.documents import Document, parsed
from motorpool.costs.recorded.entry import is_measure, moment_in
from motorpool.costs.recorded.files import lines_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from motorpool.costs.recorded.records import Invocation, Record

# What Lambda's log has besides: it belongs there, and says nothing of use here.
_BESIDES: Final = re.compile(
    r"(?:^|\s|\])(?:(?:START|END) RequestId:|INIT_START\s|INIT_REPORT\s|XRAY TraceId:"
    r"|RESTORE_(?:START|REPORT|RUNTIME_DONE)\s|(?:EXTENSION|TELEMETRY|LOGS)\s+Name:)"
)
_ONLY_A_MOMENT: Final = re.compile(r"[\d\-T:.,+Z]{19,35}|[\[\]{},]+")
_COLUMN: Final = re.compile(r'"?@?[A-Za-z_][\w.@ ]*"?')
_CSV_MARKS: Final = frozenset({"@message", "@billedDuration"})
_CONSOLE_COLUMNS: Final = frozenset({"timestamp", "message"})
"""Of the CSV that the console's view of log events downloads."""


@dataclass(kw_only=True, slots=True)
class Tally:
    """What was read, of all files together: lines, or log events where a line holds several."""

    lines: int = 0
    unrecognised: int = 0
    first_unrecognised: str | None = None
    """Where, as "usage.jsonl, line 7"."""
    too_long: int = 0

    @property
    def note(self) -> str | None:
        """A sentence about what was not recognised, if anything."""
        if not self.unrecognised:
            return None
        long = f" ({self.too_long:,} too long to be looked at)" if self.too_long else ""
        were = "was" if self.unrecognised == 1 else "were"
        return (
            f"{self.unrecognised:,} of {self.lines:,} lines {were} not recognised{long}; "
            f"the first is {self.first_unrecognised}"
        )


def read(files: Sequence[str], tally: Tally | None = None) -> Iterator[Record]:
    """The records of the files, `-` being standard input; `tally` is kept while they are read.

    Raises UsageError for a file that cannot be read or in which nothing is recognised, and for a
    bad value or an unknown version, with file and line.
    """
    tally = Tally() if tally is None else tally
    for file in files:
        before, records = tally.lines, 0
        for record in _File(file, tally).records():
            records += 1
            yield record
        if not records:
            lines = tally.lines - before
            raise UsageError(
                f"{name_of(file)} has no recorded usage: none of its {lines:,} lines is a usage "
                "line, a REPORT line of Lambda, a metric of CloudWatch or a counters.snapshot()"
            )


class _File:
    """One file while it is read."""

    def __init__(self, file: str, tally: Tally) -> None:
        self._name = name_of(file)
        self._lines = iter(lines_of(file))
        self._tally = tally

    def records(self) -> Iterator[Record]:
        """Everything in it, in its order."""
        document: Document | None = None
        is_first = True
        for number, line in self._lines:
            text = line
            if is_first and text:
                is_first = False
                text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")  # written by some editors
                if (columns := _csv_columns(text)) is not None:
                    yield from self._rows(number, columns)
                    return
            if document is not None:
                if text is not None and document.feed(number, text):
                    yield from self._entries(document)
                    document = document if document.is_open else None
                    continue
                yield from self._one_by_one(document)
                document = None
            if text is None:
                self._tally.too_long += 1
                yield from self._judged(number, None)
            elif (value := parsed(text)) is not None:
                yield from self._judged(number, self._value(number, value))
            elif (document := Document.opened(number, text)) is None:
                yield from self._line(number, text)
        if document is not None:
            yield from self._one_by_one(document)

    def _entries(self, document: Document) -> Iterator[Record]:
        for number, value in document.entries():
            yield from self._judged(number, self._value(number, value))
        if not document.is_open:
            yield from self._one_by_one(document)

    def _one_by_one(self, document: Document) -> Iterator[Record]:
        """What looked like JSON over several lines and is none: each line by itself."""
        for number, text in document.left():
            yield from self._line(number, text)

    def _line(self, number: int, text: str) -> Iterator[Record]:
        if text.strip():
            yield from self._judged(number, self._text(number, text))

    def _judged(self, number: int, found: Iterable[Record] | None) -> Iterator[Record]:
        """Count a line or an event; None: it was not recognised."""
        self._tally.lines += 1
        if found is not None:
            yield from found
            return
        self._tally.unrecognised += 1
        if self._tally.first_unrecognised is None:
            self._tally.first_unrecognised = self._place(number)

    def _place(self, number: int) -> str:
        return f"{self._name}, line {number}"

    # What one line says ---------------------------------------------------------------------------

    def _text(
        self, number: int, text: str, at: float | None = None, function: str | None = None
    ) -> Iterable[Record] | None:
        """The records of a line; None: it is nothing that is known."""
        stripped = text.strip()
        if stripped[0] in "{[":
            value = parsed(stripped)
            if value is not None:
                return self._value(number, value)
        if reports.MARK in stripped:
            report = reports.report_in(self._place(number), stripped, at)
            return None if report is None else (_named(report, function),)
        brace = stripped.find("{")
        if brace > 0:  # behind the time and the stream that `aws logs tail` puts before it
            value = parsed(stripped[brace:])
            if isinstance(value, dict):
                named = function or reports.stream_function(stripped[:brace])
                return self._object(number, value, named)
        if _BESIDES.search(stripped) or _ONLY_A_MOMENT.fullmatch(stripped):
            return ()
        return None

    def _value(self, number: int, value: Any) -> Iterable[Record] | None:
        """The records of a document, or of an event in it."""
        if isinstance(value, list):
            return self._each(number, value)
        if not isinstance(value, dict):
            return None
        for key in ("events", "logEvents"):
            if isinstance(value.get(key), list):
                return self._each(number, value[key])
        if isinstance(value.get("results"), list):
            rows = [_insights_row(row) for row in value["results"]]
            return self._each_row(number, rows)
        if isinstance(value.get("message"), str) and is_measure(value.get("timestamp")):
            stream = value.get("logStreamName")
            function = reports.stream_function(stream) if isinstance(stream, str) else None
            return self._message(number, value["message"], value["timestamp"] / 1000, function)
        return self._object(number, value)

    def _each(self, number: int, values: list[Any]) -> Iterator[Record]:
        self._tally.lines -= 1  # the elements count, and not what is around them
        for value in values:
            is_event = isinstance(value, dict) and not {"events", "logEvents"} & value.keys()
            yield from self._judged(number, self._value(number, value) if is_event else None)

    def _each_row(self, number: int, rows: list[dict[str, str]]) -> Iterator[Record]:
        self._tally.lines -= 1
        for row in rows:
            yield from self._judged(number, self._row(number, row))

    def _message(
        self, number: int, message: str, at: float | None, function: str | None
    ) -> Iterable[Record] | None:
        """The records of a log event, whose message may have several lines; the rest is besides."""
        found: list[Record] = []
        is_known = not message.strip()
        for text in message.splitlines():
            if text.strip():
                records = self._text(number, text, at, function)
                is_known = is_known or records is not None
                found.extend(records or ())
        return found if is_known else None

    def _object(
        self, number: int, value: dict[str, Any], function: str | None = None
    ) -> Iterable[Record] | None:
        """The records of an object that is no envelope."""
        place = self._place(number)
        if usage_lines.is_usage_line(value):
            return (usage_lines.usage_line(place, value),)
        if reports.is_platform_event(value):
            report = reports.platform_report(place, value)
            return () if report is None else (_named(report, function),)
        if metrics.is_statistics(value):
            return metrics.statistics(place, value)
        if metrics.is_data(value):
            return metrics.data(place, value)
        if usage_lines.is_snapshot(value):
            return (usage_lines.snapshot(place, value),)
        return None

    # Logs Insights, and the console's CSV ---------------------------------------------------------

    def _rows(self, number: int, columns: list[str]) -> Iterator[Record]:
        """The records of the rows of a CSV file, whose heading is line `number`."""

        def texts() -> Iterator[str]:
            nonlocal number
            for number, text in self._lines:  # noqa: B007 - it is the number of the line last read
                self._tally.too_long += text is None
                yield f"{text or ''}\n"

        reader = csv.reader(texts())
        while True:
            first = number + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error:  # a cell without an end, or one that is too large
                yield from self._judged(first, None)
                continue
            if values:
                row = dict(zip(columns, values, strict=False))
                yield from self._judged(first, self._row(first, row))

    def _row(self, number: int, row: dict[str, str]) -> Iterable[Record] | None:
        at = moment_in(row.get("@timestamp", ""))
        report = reports.insights_report(self._place(number), row, at)
        if report is not None:
            return (report,)
        message = row.get("@message")
        if message is None:
            return None if row.get("@billedDuration") else ()
        return self._message(
            number, message, at, reports.stream_function(row.get("@logStream", ""))
        )


def _named(report: Invocation, function: str | None) -> Invocation:
    """The report with the function's name that is known from elsewhere, if it has none."""
    if function is None or report.function is not None:
        return report
    return replace(report, function=function)


def _csv_columns(text: str) -> list[str] | None:
    """The columns that a line is the heading of, named as Logs Insights does; None: it is none."""
    cells = text.strip().split(",")
    if not all(_COLUMN.fullmatch(cell.strip()) for cell in cells):
        return None
    names = [cell.strip().strip('"') for cell in cells]
    if _CSV_MARKS & set(names):
        return names
    return [f"@{name}" for name in names] if set(names) >= _CONSOLE_COLUMNS else None


def _insights_row(row: Any) -> dict[str, str]:
    """A row of `aws logs get-query-results`, by field."""
    cells = row if isinstance(row, list) else []
    return {
        str(cell.get("field")): str(cell.get("value")) for cell in cells if isinstance(cell, dict)
    }
