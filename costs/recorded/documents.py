"""JSON that goes over several lines, as `aws` prints it, among lines that stand by themselves.

Keeps no more than the entry that is open, and knows when what began like JSON is none. Does not
know what an entry is about.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CHARACTERS: Final = 32 * 1024 * 1024
"""Of one entry: more is not kept, and so not understood."""

# One token of JSON. Possessive, so that a string without an end is given up at once.
_TOKEN: Final = re.compile(
    r'"(?:[^"\\\x00-\x1f]++|\\.)*+"|[{}\[\],:]|-?\d[\d.eE+-]*|true|false|null|NaN|-?Infinity'
)
_OPENS: Final = re.compile(r"\s*[\[{]")
_EVENTS: Final = re.compile(r'\s*"(?:events|logEvents)"\s*:\s*\[\s*')
_DEPTH_OF_EVENTS: Final = 2

Entry = tuple[int, Any]
"""The number of the line where it begins, and the value."""


def parsed(text: str) -> Any:
    """The value of a text, a comma behind it or not; None if it is no JSON object or array."""
    try:
        value = json.loads(text.strip().removesuffix(","))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


class Document:
    """A JSON document of which the first line has been read, and not the last.

    The elements of its `events`, which may be without end, are entries by themselves; whatever else
    it holds is one entry.
    """

    def __init__(self) -> None:
        self._lines: list[tuple[int, str]] = []
        self._size = 0
        self._bracket = ""
        self._depth = 0
        self._has_events = False
        self._in_events = False
        self._is_broken = False

    @classmethod
    def opened(cls, number: int, text: str) -> Document | None:
        """The document that a line opens; None: it opens none."""
        document = cls()
        if not _OPENS.match(text) or not document._take(number, text) or not document._depth:
            return None
        document._bracket = text.lstrip()[0]
        return document

    @property
    def is_open(self) -> bool:
        """Whether its end is still to come."""
        return self._depth > 0

    def feed(self, number: int, text: str) -> bool:
        """Take one more line. False: this is no JSON, and the line is not taken."""
        # What `aws` and `jq` print within an object is indented.
        is_another = text.startswith("{") and self._bracket == "{"
        return not is_another and not self._is_broken and self._take(number, text)

    def entries(self) -> Iterator[Entry]:
        """What is complete by now."""
        if self._in_events and self._depth == _DEPTH_OF_EVENTS:
            yield from self._elements()
        elif not self.is_open and not self._is_broken:
            if not self._has_events:
                value = parsed("\n".join(text for _, text in self._lines))
                if value is None:
                    return
                yield self._lines[0][0], value
            self._lines.clear()

    def left(self) -> list[tuple[int, str]]:
        """The lines that no entry was made of, for whoever wants to look at each by itself."""
        return self._lines

    def _take(self, number: int, text: str) -> bool:
        rest = _TOKEN.sub("", text)
        if rest.strip():
            return False
        brackets = [found for found in _TOKEN.findall(text) if found in "{}[]"]
        opening = sum(found in "{[" for found in brackets)
        depth = self._depth + opening - (len(brackets) - opening)
        if depth < 0 or self._size + len(text) > MAX_CHARACTERS:
            return False
        if self._depth == 1 and _EVENTS.fullmatch(text):
            self._has_events = self._in_events = True
            self._lines.clear()
            self._size = 0
        else:
            if self._in_events and depth < _DEPTH_OF_EVENTS:
                self._in_events = False
            self._lines.append((number, text))
            self._size += len(text)
        self._depth = depth
        return True

    def _elements(self) -> Iterator[Entry]:
        text = "\n".join(line for _, line in self._lines).strip().removesuffix(",")
        if not text:
            return
        values = parsed(f"[{text}]")
        if values is None:
            self._is_broken = True
            return
        first = self._lines[0][0]
        self._lines.clear()
        self._size = 0
        for value in values:
            yield first, value
