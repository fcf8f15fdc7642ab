"""When two BSON values are equal to a server, told from their bytes.

A fused read asks for several values at once, and what comes back is dealt by value. So this answers
two questions: which of the values that were asked for does a document hold, and are two of those
values certain to be different to the server, whatever its collation. Where it cannot be told, it
says so (`None`, `CannotTellError`): then nothing is fused, or what was fused is asked anew.
"""

from __future__ import annotations

import string
from struct import unpack_from
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import bson
from bson.objectid import ObjectId

from motorpool.batching.codec import LOSSLESS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Key: TypeAlias = "int | float | tuple[int, bytes]"
"""Equal for two values if, and only if, they are equal to a server without a collation."""

# Kinds of elements (bsonspec.org, version 1.1).
DOUBLE: Final = 0x01
STRING: Final = 0x02
DOCUMENT: Final = 0x03
ARRAY: Final = 0x04
_BINARY: Final = 0x05
OBJECT_ID: Final = 0x07
_BOOL: Final = 0x08
_REGEX: Final = 0x0B
_DBPOINTER: Final = 0x0C
_SYMBOL: Final = 0x0E
_CODE: Final = 0x0D
_INT32: Final = 0x10
_INT64: Final = 0x12
_DECIMAL: Final = 0x13

_FIXED: Final = {
    DOUBLE: 8,
    0x06: 0,  # undefined
    OBJECT_ID: 12,
    _BOOL: 1,
    0x09: 8,  # date
    0x0A: 0,  # null
    _INT32: 4,
    0x11: 8,  # timestamp
    _INT64: 8,
    _DECIMAL: 16,
    0x7F: 0,
    0xFF: 0,
}
_SIZED: Final = {
    STRING: 4,
    DOCUMENT: 0,
    ARRAY: 0,
    _BINARY: 5,
    _DBPOINTER: 16,
    _CODE: 4,
    _SYMBOL: 4,
    0x0F: 0,  # JavaScript with scope
}
"""What a value takes beside the length that it begins with."""

_SAME_BYTES: Final = frozenset({STRING, _BINARY, OBJECT_ID, 0x09})
"""Equal if their bytes are: strings (without a collation), binary, ObjectIds, dates."""

_NUMBERS: Final = {_INT32: "<i", _INT64: "<q", DOUBLE: "<d"}

_UNTOLD: Final = frozenset({_DECIMAL, _SYMBOL, _BOOL, _CODE})
"""What may equal a value of another kind: a decimal a number, a symbol a string; to mongomock, true
is 1; and to SecantusDB, under a collation, JavaScript is a string."""


_NO_VALUES: Final = frozenset({dict, list, bool, type(None)})
"""Types that have no key; by far the most there are of those."""


class CannotTellError(Exception):
    """Which values a document holds cannot be told from here."""


def key_of(value: Any) -> Key | None:
    """The key of a value that is asked for by equality; None where it has none.

    None for what means more than equality in a filter (operators, regular expressions, null, which
    matches missing fields, too), for arrays and documents, for booleans and decimals, for NaN.
    """
    if type(value) is int:
        return value if -(2**63) <= value < 2**63 else None
    if type(value) is ObjectId:
        return OBJECT_ID, value.binary
    if type(value) in _NO_VALUES:
        return None
    try:
        raw = bson.encode({"": value}, codec_options=LOSSLESS)
    except Exception:  # noqa: BLE001 - then it is refused where the operation runs by itself
        return None
    return _key(raw, raw[4], 6, len(raw) - 1)


def _key(raw: bytes, kind: int, start: int, end: int) -> Key | None:
    if kind in _SAME_BYTES:
        return kind, raw[start:end]
    form = _NUMBERS.get(kind)
    if form is None:
        return None
    number: int | float = unpack_from(form, raw, start)[0]
    # Python compares an int with a float exactly, as a server does. NaN is not even itself.
    return number if number == number else None  # noqa: PLR0124


# Documents ----------------------------------------------------------------------------------------


def elements(raw: bytes, begin: int = 0) -> Iterator[tuple[int, int, int, int]]:
    """Each element of the document at `begin`: where it starts, its kind, where its value lies."""
    at = begin + 4
    end = begin + unpack_from("<i", raw, begin)[0] - 1
    while at < end:
        start = raw.index(b"\x00", at + 1) + 1
        stop = _end_of(raw, raw[at], start)
        yield at, raw[at], start, stop
        at = stop


def _end_of(raw: bytes, kind: int, start: int) -> int:
    """Where the value ends that starts at `start`."""
    size = _FIXED.get(kind)
    if size is not None:
        return start + size
    if kind == _REGEX:
        return raw.index(b"\x00", raw.index(b"\x00", start) + 1) + 1
    length: int = unpack_from("<i", raw, start)[0]
    return start + _SIZED[kind] + length


def without(raw: bytes, field: bytes) -> bytes:
    """The document without a field of its own; the same where it has none of this name."""
    for at, _, start, end in elements(raw):
        if raw[at + 1 : start - 1] == field:
            rest = raw[4:at] + raw[end:]
            return (len(rest) + 4).to_bytes(4, "little") + rest
    return raw


def _find(raw: bytes, begin: int, field: bytes) -> tuple[int, int, int]:
    """The kind of a field of the document at `begin`, and where its value lies.

    `field`: its name as it stands there, with its end.
    """
    # As `elements` does it, in two thirds of the time: every document that is dealt comes by here.
    at = begin + 4
    end = begin + unpack_from("<i", raw, begin)[0] - 1
    while at < end:
        kind = raw[at]
        if raw.startswith(field, at + 1):
            start = at + 1 + len(field)
            return kind, start, _end_of(raw, kind, start)
        at = _end_of(raw, kind, raw.index(b"\x00", at + 1) + 1)
    raise CannotTellError


class Wanted:
    """The values that a fused read asks for, by their keys, and who asked for each."""

    def __init__(self, field: str, keys: Sequence[Key], *, takes_arrays: bool = True) -> None:
        """`field`: a path. `keys`: what each member asks for; two may ask for the same.

        `takes_arrays`: whether an array stands for the values in it, and for no more.
        """
        self._path = tuple(name.encode() + b"\x00" for name in field.split("."))
        self._members: dict[Key, list[int]] = {}
        for member, key in enumerate(keys):
            self._members.setdefault(key, []).append(member)
        self.is_of_ids = field == "_id"
        self._head = b"_id\x00" if self.is_of_ids else None
        self._takes_arrays = takes_arrays
        self.torn: set[int] = set()
        """Members that have got a document which others, by another value, have got as well."""
        self._folds = frozenset(fold(key) for key in self._members if is_string(key))

    def members(self, raw: bytes) -> Sequence[int]:
        """Who asked for what this document has. Raises CannotTellError."""
        if raw[5:9] == self._head:
            # Nearly every document begins with its `_id`.
            kind = raw[4]
            fixed = _FIXED.get(kind)
            size = _SIZED.get(kind, 0) + unpack_from("<i", raw, 9)[0] if fixed is None else fixed
            start, end = 9, 9 + size
        else:
            kind, start, end = self._element(raw)
        if kind == ARRAY:
            return self._any_of(raw, start)
        key = _key(raw, kind, start, end)
        found = None if key is None else self._members.get(key)
        if found is None:
            # It matches, so it is equal in a way that is not seen here: by a collation, as a
            # decimal, as a symbol.
            raise CannotTellError
        return found

    def _element(self, raw: bytes) -> tuple[int, int, int]:
        begin = 0
        for name in self._path[:-1]:
            kind, begin, _ = _find(raw, begin, name)
            if kind != DOCUMENT:
                raise CannotTellError  # a path goes through arrays, to each element
        return _find(raw, begin, self._path[-1])

    def __len__(self) -> int:
        """How many different values."""
        return len(self._members)

    def _any_of(self, raw: bytes, begin: int) -> Sequence[int]:
        if not self._takes_arrays:
            raise CannotTellError
        found: dict[Key, Sequence[int]] = {}
        for _, kind, start, end in elements(raw, begin):
            if kind in _UNTOLD:
                raise CannotTellError
            key = _key(raw, kind, start, end)
            if key is None:
                continue
            members = self._members.get(key)
            if members is not None:
                found[key] = members
            elif is_string(key) and self._folds and fold(key) in (None, *self._folds):
                raise CannotTellError
        if not found:
            raise CannotTellError
        whose = [member for members in found.values() for member in members]
        if len(found) > 1:
            self.torn.update(whose)
        return whose


# Strings under a collation ------------------------------------------------------------------------

_LETTERS: Final = {
    **{ord(letter): letter.lower() for letter in string.ascii_letters},
    # Lithuanian and Latvian take a y for a kind of i, Swedish, Finnish and Estonian a w for a kind
    # of v.
    **dict.fromkeys(map(ord, "yY"), "i"),
    **dict.fromkeys(map(ord, "wW"), "v"),
}
_DIGITS: Final = frozenset(string.digits) - {"0"}


def is_string(key: Key) -> bool:
    """Whether this is the key of a string."""
    return type(key) is tuple and key[0] == STRING


def fold(key: Key) -> tuple[frozenset[str], str] | None:
    """What two strings have in common if any collation holds them equal; None: it cannot be told.

    A collection may have a collation of its own, of which an operation does not know. Collations
    (Unicode's CLDR) may overlook case, accents, punctuation, leading zeros, and hold a contraction
    equal to its letters (Hungarian "ccs" and "cscs"); so what counts here is which letters a string
    has, and its other digits in their order. Beyond ASCII nothing is said.
    """
    if not isinstance(key, tuple):
        return None
    encoded = key[1][4:-1]  # without its length and its end
    if not encoded.isascii():
        return None
    text = encoded.decode("ascii")
    letters = frozenset(filter(str.isalpha, text.translate(_LETTERS)))
    return letters, "".join(filter(_DIGITS.__contains__, text))
