"""The values of one entry, read strictly: each is what it must be, or an error names it.

Knows JSON's types and where the entry stands; not what an entry is about.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from motorpool.costs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST: Final = 1e15
"""Larger than any count, size or time of one entry; what is larger was never measured."""

_SHOWN: Final = 60

_MOMENT: Final = re.compile(
    r"(?<!\d)(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\d*\s?(Z|[+-]\d\d:?\d\d)?"
)
_EPOCH_MS: Final = re.compile(r"\s*(\d{13})(?!\d)")


class Entry:
    """An object of an entry: `place` says where it stands, as "usage.jsonl, line 7"."""

    __slots__ = ("_place", "_values")

    def __init__(self, place: str, values: Mapping[str, Any]) -> None:
        self._place = place
        self._values = values

    def error(self, name: str, wrong: str) -> UsageError:
        """The error that says what `name` must be, and what it is."""
        if name not in self._values:
            return UsageError(f"{self._place}: {name} is missing, and {wrong}")
        shown = json.dumps(self._values[name], default=repr)
        if len(shown) > _SHOWN:
            shown = f"{shown[:_SHOWN]}…"
        return UsageError(f"{self._place}: {name} {wrong}, and is {shown}")

    def measure(self, name: str) -> float:
        """A number of 0 or more. Raises UsageError."""
        value = self._values.get(name)
        if is_measure(value):
            return float(value)
        raise self.error(name, "must be a number of 0 or more")

    def whole(self, name: str) -> int:
        """A whole number of 0 or more. Raises UsageError."""
        value = self._values.get(name)
        if is_measure(value) and value == int(value):
            return int(value)
        raise self.error(name, "must be a whole number of 0 or more")

    def maybe_measure(self, name: str) -> float | None:
        """A number of 0 or more, or nothing. Raises UsageError."""
        return None if self._values.get(name) is None else self.measure(name)

    def maybe_whole(self, name: str) -> int | None:
        """A whole number of 0 or more, or nothing. Raises UsageError."""
        return None if self._values.get(name) is None else self.whole(name)

    def flag(self, name: str) -> bool:
        """True or false. Raises UsageError."""
        value = self._values.get(name)
        if isinstance(value, bool):
            return value
        raise self.error(name, "must be true or false")

    def maybe_flag(self, name: str) -> bool | None:
        """True, false, or nothing. Raises UsageError."""
        return None if self._values.get(name) is None else self.flag(name)

    def text(self, name: str) -> str:
        """A string, of which what cannot be printed is replaced. Raises UsageError."""
        value = self._values.get(name)
        if isinstance(value, str):
            return value if value.isprintable() else _printable(value)
        raise self.error(name, "must be a string")

    def maybe_text(self, name: str) -> str | None:
        """A string, or nothing. Raises UsageError."""
        return None if self._values.get(name) is None else self.text(name)

    def object(self, name: str) -> Entry:
        """An object. Raises UsageError."""
        value = self._values.get(name)
        if isinstance(value, dict):
            return Entry(self._place, value)
        raise self.error(name, "must be an object")

    def counts(self, name: str) -> dict[str, int]:
        """An object of whole numbers. Raises UsageError."""
        entry = self.object(name)
        return {key: entry.whole(key) for key in self._values[name]}

    def maybe_moment(self, name: str) -> float | None:
        """Seconds since 1970 of a date and time in ISO 8601, or nothing. Raises UsageError."""
        text = self.maybe_text(name)
        if text is None:
            return None
        moment = moment_in(text)
        if moment is None:
            raise self.error(name, "must be a date and time, such as 2026-11-28T20:43:05.123Z")
        return moment


def is_measure(value: Any) -> TypeGuard[int | float]:
    """Whether it is a number from 0 to `MOST`; NaN is in no range."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST


def number_in(text: str) -> float | None:
    """The number that a text is, in plain or scientific notation, if it is a measure."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if is_measure(number) and math.isfinite(number) else None


def moment_in(text: str) -> float | None:
    """The first date and time in a text, as seconds since 1970; without a zone it is UTC.

    Milliseconds since 1970 at the start of the text are one, too.
    """
    epoch = _EPOCH_MS.match(text)
    if epoch is not None:
        return int(epoch[1]) / 1000
    found = _MOMENT.search(text)
    if found is None:
        return None
    day, time, fraction, zone = found.groups()
    offset = "+00:00" if zone in {None, "Z"} else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{offset}")
    except ValueError:  # such as the 30th of February
        return None
    seconds = (moment - _START) // _SECOND
    if not fraction:
        return float(seconds)
    # One division of whole numbers: as near to what is written as a float can be.
    parts: int = 10 ** len(fraction)
    return (seconds * parts + int(fraction)) / parts


def _printable(text: str) -> str:
    # Half a surrogate pair could not be written, and a terminal would obey a control character.
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


_SECOND: Final = timedelta(seconds=1)
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
