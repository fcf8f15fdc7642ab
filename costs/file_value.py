"""A value in a JSON file that somebody wrote, with where it stands, so that an error can name it.

Knows JSON and no prices. Numbers come as exact decimals, written with quotes or without.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.errors import PricesError

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
"""Thirty digits on either side: wider than any price or quantity, and narrow enough to add up."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_NO_TEXT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, which a terminal would obey; ends of lines; halves of a character, which JSON
can say and no file can hold."""

_MOST_SHOWN: Final = 60
"""Characters of a value or a key in an error: one line, and not a page."""


def parse(file: str, text: str) -> FileValue:
    """The document of a file. Raises PricesError if it is not JSON or says one key twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise PricesError(f"{file}: the key {key!r} stands twice in one object")
            found[key] = value
        return found

    try:
        # A number is kept as it is written: as a float it would lose digits.
        value = json.loads(
            text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=unique
        )
    except json.JSONDecodeError as error:
        raise PricesError(
            f"{file} must be JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise PricesError(f"{file} must be a price table, and is nested too deeply") from None
    return FileValue(file=file, key="", value=value)


@dataclass(frozen=True, kw_only=True, slots=True)
class FileValue:
    """A value and its place: `key` is a path such as `regions.eu-west-1.x86_64.duration[0]`."""

    file: str
    key: str
    value: Any

    def error(self, wrong: str) -> PricesError:
        """The error that says what must be here, and what is."""
        where = self.key or "the document"
        return PricesError(f"{self.file}: {where} {wrong}, and is {_shown(self.value)}")

    def fields(
        self, *, required: Sequence[str] = (), others: Sequence[str] | None = ()
    ) -> dict[str, FileValue]:
        """What an object holds, by key. `others`: keys it may have besides; None: any.

        Raises PricesError for a key that is missing or not known.
        """
        found = self.entries()
        for name in required:
            if name not in found:
                raise PricesError(f"{self.file}: {self._below(name)} is missing")
        if others is not None:
            allowed = (*required, *others)
            for name in found:
                if name not in allowed:
                    near = difflib.get_close_matches(name, allowed, n=1, cutoff=0.6)
                    like = f"did you mean {near[0]}?" if near else f"it may be {', '.join(allowed)}"
                    raise PricesError(f"{self.file}: {self._below(name)} is not known: {like}")
        return found

    def entries(self) -> dict[str, FileValue]:
        """What an object holds, by key, whatever the keys are. Raises PricesError."""
        if not isinstance(self.value, dict):
            raise self.error("must be an object")
        return {
            key: FileValue(file=self.file, key=self._below(key), value=value)
            for key, value in self.value.items()
        }

    def items(self) -> list[FileValue]:
        """What an array holds. Raises PricesError."""
        if not isinstance(self.value, list):
            raise self.error("must be an array")
        return [
            FileValue(file=self.file, key=f"{self.key}[{number}]", value=value)
            for number, value in enumerate(self.value)
        ]

    def decimal(self) -> Decimal:
        """A number of 0 or more, exactly as it is written. Raises PricesError."""
        if not isinstance(self.value, str) or not _NUMBER.fullmatch(self.value):
            raise self.error('must be a decimal number, such as "0.0000166667"')
        number = Decimal(self.value)
        if number < 0:
            raise self.error("must be 0 or more")
        return number

    def text(self) -> str:
        """A string of one line. Raises PricesError."""
        if not isinstance(self.value, str):
            raise self.error("must be a string")
        if _NO_TEXT.search(self.value):
            raise self.error("must be one line of text, without control characters")
        return self.value

    def day(self) -> date:
        """A date. Raises PricesError."""
        try:
            if isinstance(self.value, str) and _DAY.fullmatch(self.value):
                return date.fromisoformat(self.value)
        except ValueError:  # such as the 30th of February
            pass
        raise self.error("must be a date, such as 2026-11-28")

    def _below(self, name: str) -> str:
        is_plain = len(name) <= _MOST_SHOWN and not _NO_TEXT.search(name)
        shown = name if is_plain else _shown(name)
        return f"{self.key}.{shown}" if self.key else shown


def _shown(value: object) -> str:
    """A value as JSON, in one line and not a page."""
    text = json.dumps(value, ensure_ascii=False)
    if _NO_TEXT.search(text):
        text = json.dumps(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
