"""Cuts what a server gives of a cursor at once into its documents, and decodes none of them.

Never judges a reply: one that is not laid out as servers do is left to the driver's own reading.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError  # noqa: N812 - struct's one exception, named as a class
from typing import TYPE_CHECKING, Any, Final

from bson.raw_bson import RawBSONDocument

from motorpool.batching.codec import RawDocuments, join_document

if TYPE_CHECKING:
    from bson.codec_options import CodecOptions

# Of an array named so, and of an element of an array, in BSON (bsonspec.org, version 1.1).
_HEADS: Final = {name: b"\x04%b\x00" % name.encode() for name in ("firstBatch", "nextBatch")}
_DOCUMENT: Final = 0x03
_LEAST_DOCUMENT: Final = 5
_int32: Final = Struct("<i").unpack_from


def batch_of(
    cursor: RawBSONDocument, name: str, codec_options: CodecOptions[RawBSONDocument]
) -> tuple[RawDocuments, Any]:
    """The documents of a reply's `cursor`, and the id that it gives.

    `name`: "firstBatch", as in the reply to a `find`, or "nextBatch", as to a `getMore`.

    Raises what `bson` raises for what is not BSON, KeyError where either is missing.
    """
    raw = bytes(cursor.raw)
    # A server puts the batch first (mongodb/mongo, src/mongo/db/query/cursor_response.cpp). There
    # it is cut where it stands: the driver's object for each document takes three times as long.
    head = _HEADS[name]
    if raw.startswith(head, 4):
        cut = _cut(raw, 4 + len(head))
        if cut is not None:
            documents, end = cut
            rest = RawBSONDocument(join_document(raw[end:-1]), codec_options)
            return documents, rest["id"]
    return RawDocuments(document.raw for document in cursor[name]), cursor["id"]


def _cut(raw: bytes, start: int) -> tuple[RawDocuments, int] | None:
    """The documents of an array, and where it ends; None for what is no array of documents."""
    documents = RawDocuments()
    append, index = documents.append, raw.index
    try:
        last = start + _int32(raw, start)[0] - 1
        at = start + 4
        while at < last:
            if raw[at] != _DOCUMENT:
                return None
            first = index(b"\x00", at) + 1  # behind its key
            size = _int32(raw, first)[0]
            at = first + size
            if size < _LEAST_DOCUMENT or raw[at - 1]:  # it ends with a zero byte
                return None
            append(raw[first:at])
        is_whole = at == last and not raw[last]
    except (StructError, ValueError, IndexError):
        return None
    return (documents, last + 1) if is_whole else None
