"""Bytes that are joined late: documents into an array, what stands around it, all of it as base64.

A page of documents is megabytes, and to copy it costs a millisecond each time, most of which the
system takes to give the memory. So it stays in pieces until the payload is written. Never looks
into a document.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING, Any, Final

import pybase64

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from io import BytesIO

CHUNK_BYTES: Final = 48 * 1024
"""What is put into base64 at once, about: no new memory is taken for so little."""


class Pieces:
    """Bytes in pieces."""

    __slots__ = ("_length", "parts")

    def __init__(self, parts: list[bytes], length: int) -> None:
        """`length`: of all of them together."""
        self.parts = parts
        self._length = length

    def __len__(self) -> int:
        """Bytes that they make."""
        return self._length

    def __bytes__(self) -> bytes:
        """All of them, joined."""
        return b"".join(self.parts)

    def __repr__(self) -> str:
        """How many, and of how many bytes."""
        return f"<Pieces {len(self.parts)} of {self._length} bytes>"


def array_of(documents: Iterable[bytes | Pieces]) -> Pieces:
    """A BSON array of encoded documents."""
    documents = list(documents)
    count = len(documents)
    # Heads and documents by turns. To format each element with its document (`%b`) takes longer:
    # twice as long for documents of 300 bytes.
    parts: list[Any] = [b"\x00"] * (2 * count + 2)
    parts[0] = b""
    parts[1:-1:2] = _heads(count)
    parts[2:-1:2] = documents
    length = sum(map(len, parts)) + 4
    parts[0] = pack("<i", length)
    if Pieces in set(map(type, documents)):
        parts = [one for part in parts for one in (part.parts if type(part) is Pieces else (part,))]
    return Pieces(parts, length)


def _heads(count: int) -> list[bytes]:
    """What stands before each of so many documents of an array: type, index and a zero byte."""
    if count > _KEPT_HEADS:
        return [*_heads(_KEPT_HEADS), *map(_head, range(_KEPT_HEADS, count))]
    made = _MADE_HEADS[0]
    if len(made) < count:
        # Another list in the place of the one before: several threads may be here at once.
        made = list(map(_head, range(min(_KEPT_HEADS, max(count, 2 * len(made))))))
        _MADE_HEADS[0] = made
    return made[:count]


def _head(index: int) -> bytes:
    return b"\x03%d\x00" % index


_KEPT_HEADS: Final = 10_000
"""So many are made once, as they are needed, and kept, in half a megabyte: to make them anew is a
third of what it takes to join documents."""

_MADE_HEADS: Final[list[list[bytes]]] = [[]]


def around_array(head: bytes, documents: Iterable[bytes | Pieces], tail: bytes) -> Pieces:
    """A BSON document of elements and, between them, an array of documents.

    `head` ends with the array's type and name.
    """
    array = array_of(documents)
    length = 4 + len(head) + len(array) + len(tail) + 1
    return Pieces([pack("<i", length), head, *array.parts, tail, b"\x00"], length)


def base64_length(document: bytes | Pieces) -> int:
    """Bytes that it has as base64."""
    return (len(document) + 2) // 3 * 4


def write_base64(document: bytes | Pieces, payload: BytesIO) -> None:
    """Write it as base64, on one line."""
    parts: Sequence[bytes | memoryview]
    if isinstance(document, Pieces):
        parts, some = document.parts, 1 + CHUNK_BYTES * len(document.parts) // len(document)
    else:
        view = memoryview(document)
        parts, some = [view[at : at + CHUNK_BYTES] for at in range(0, len(view), CHUNK_BYTES)], 1
    held: bytes | memoryview = b""
    for at in range(0, len(parts), some):
        chunk = memoryview(b"".join((held, *parts[at : at + some])))
        # With the base64 of what is a multiple of three, that of what comes after it goes on.
        end = len(chunk) - len(chunk) % 3
        payload.write(pybase64.b64encode(chunk[:end]))
        held = chunk[end:]
    payload.write(pybase64.b64encode(held))
