"""The packed encoding: operations and entries as BSON, joined without decoding, in a JSON envelope.

    operation ──encode_operation──▶ body ──join_request──▶ payload ──▶ open_envelope ──▶ document
    Entry ◀──split_response── payload ◀──seal_envelope── document ◀──join_response── entries

Both ends stand here, so that they can be joined in memory. Never touches the values that it
carries: what went in as BSON comes out as the same bytes.

Splicing works on two rules of the BSON specification (bsonspec.org, version 1.1): a document is
its length as int32, its elements, and a zero byte; an array is a document with the keys "0", "1" …
"""

from __future__ import annotations

import binascii
import json
import zlib
from collections.abc import Mapping
from io import BytesIO
from struct import Struct, pack, unpack_from
from struct import error as StructError  # noqa: N812 - struct's one exception, named as a class
from typing import TYPE_CHECKING, Any, Final

import bson
import pybase64
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from motorpool.batching import envelope
from motorpool.batching.envelope import OUTCOMES, Entry, OperationId
from motorpool.batching.errors import ProtocolError
from motorpool.batching.limits import PACKED_REQUEST_BYTES, UNPACKED_REQUEST_BYTES
from motorpool.batching.pieces import (
    Pieces,
    around_array,
    array_of,
    base64_length,
    write_base64,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COMPRESS_ABOVE_BYTES: Final = 2 * 1024 * 1024
"""Requests above this many bytes of BSON are compressed.

Measured (bench/zlib_threshold.py): by processor time alone zlib never pays. To a proxy of 128 MB,
with a fourteenth of a core, it pays on links slower than some 50 MB/s from 2 MB on; to a larger one
on faster links and earlier. A proxy compresses its response only where it would not fit otherwise:
at 128 MB, compressing 1 MB takes 70 ms and saves 18 on such a link, but it can save an invocation.
"""

_ZLIB_LEVEL: Final = 1
_INT32: Final = Struct("<i").pack

LOSSLESS: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    # A date past year 9999 stays a DatetimeMS instead of failing the batch that holds it.
    datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
_RAW: Final[CodecOptions[RawBSONDocument]] = CodecOptions(document_class=RawBSONDocument)


# Operations into a request ----------------------------------------------------------------------


def encode_operation(
    op: str, ns: str, args: dict[str, Any], codec_options: CodecOptions[Any] = LOSSLESS
) -> bytes:
    """One operation's body: what it asks, without what a batch adds (id, time left, session).

    Two operations that ask the same thing have the same body, byte for byte. Raises what `bson`
    raises for a value that is not BSON (`bson.errors.InvalidDocument`, OverflowError …).
    """
    return bson.encode({"op": op, "ns": ns, "args": args}, codec_options=codec_options)


def stamp(body: bytes, id_: int, timeout_ms: int | None, session: bytes | None = None) -> bytes:
    """A body with the fields that only its batch knows, put in front of the others.

    `session`: the id of a logical session, `envelope.SESSION_BYTES` long.
    """
    fields = b"\x10id\x00" + pack("<i", id_)
    if timeout_ms is not None:
        fields += b"\x12timeout_ms\x00" + pack("<q", timeout_ms)
    if session is not None:
        fields += _SESSION_HEAD + session
    return pack("<i", len(body) + len(fields)) + fields + body[4:]


# A binary of subtype 4 (a UUID): bsonspec.org.
_SESSION_HEAD: Final = b"\x05session\x00" + pack("<i", envelope.SESSION_BYTES) + b"\x04"

STAMP_BYTES: Final = len(stamp(b"\x05\x00\x00\x00\x00", 0, 0, bytes(envelope.SESSION_BYTES))) - 5
"""What `stamp` adds at the most."""

ELEMENT_BYTES: Final = 1 + len(str(10**6)) + 1
"""What an array adds to an element: its type, its index in digits, a zero byte; generously."""


def join_array(documents: Iterable[bytes]) -> bytes:
    """A BSON array of encoded documents."""
    return bytes(array_of(documents))


def join_document(fields: bytes) -> bytes:
    """A BSON document of encoded elements."""
    return pack("<i", len(fields) + 5) + fields + b"\x00"


_REQUEST_HEAD: Final = bson.encode(
    {"v": envelope.VERSION, "accept": [envelope.BSON, envelope.ZLIB]}
)[4:-1]
REQUEST_OVERHEAD_BYTES: Final = len(_REQUEST_HEAD) + 4 + len(b"\x04ops\x00") + 5 + 1


def join_request(stamped: Sequence[bytes]) -> bytes:
    """The event for these operations, as JSON bytes: packed, compressed above the threshold."""
    document = around_array(_REQUEST_HEAD + b"\x04ops\x00", stamped, b"")
    return seal_envelope(document, compress=len(document) > COMPRESS_ABOVE_BYTES)


def fits_compressed(body: bytes) -> bool:
    """Whether an operation that is larger than a batch makes an event all the same, compressed.

    Takes some 5 ms a megabyte: for what would be refused otherwise.
    """
    if len(body) > UNPACKED_REQUEST_BYTES - _AROUND_ONE_BYTES:
        return False
    return len(zlib.compress(body, _ZLIB_LEVEL)) <= PACKED_REQUEST_BYTES - _AROUND_ONE_BYTES


_AROUND_ONE_BYTES: Final = 1024
"""Generously, what a batch of one adds to its operation."""


# The JSON envelope ------------------------------------------------------------------------------


def seal_envelope(document: bytes | Pieces, *, compress: bool) -> bytes:
    """`{"v": 1, "bson": "<base64>", "z": "zlib"?}` around an encoded document.

    Never longer than without compression: what zlib cannot make smaller (images, say) it makes
    larger, by 1.4 kB at Lambda's limit, and the batch would be refused for its size.
    """
    tail = _SEAL_TAIL
    if compress:
        compressed = zlib.compress(bytes(document), _ZLIB_LEVEL)
        if len(compressed) < len(document) - len(',"z":"zlib"'):
            document, tail = compressed, b'","z":"zlib"}'
    # Into a buffer of the size that it will have, which is then returned as it is: the text by
    # itself, and then all of it, would take new memory from the system, and twice the time.
    payload = BytesIO(bytes(len(_SEAL_HEAD) + base64_length(document) + len(tail)))
    payload.write(_SEAL_HEAD)
    write_base64(document, payload)
    payload.write(tail)
    return payload.getvalue()


_SEAL_HEAD: Final = b'{"v":%d,"bson":"' % envelope.VERSION
_SEAL_TAIL: Final = b'"}'


def _unsealed(payload: bytes) -> bytes | None:
    """What `seal_envelope` has put into a payload uncompressed; None: it is to be read as JSON.

    JSON escapes nothing of base64, so what is base64 from the one quote to the other is the string.
    For a response of 6 MB that saves as much time again as base64 takes.
    """
    if not (
        isinstance(payload, bytes)
        and payload.startswith(_SEAL_HEAD)
        and payload.endswith(_SEAL_TAIL)
        and len(payload) >= len(_SEAL_HEAD) + len(_SEAL_TAIL)
    ):
        return None
    try:
        text = memoryview(payload)[len(_SEAL_HEAD) : -len(_SEAL_TAIL)]
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        return None


def open_envelope(event: dict[str, Any], max_bytes: int | None = UNPACKED_REQUEST_BYTES) -> bytes:
    """The document inside a packed event or response, still encoded.

    Raises ProtocolError for an unknown field or compression, bad base64, a broken stream, or more
    than `max_bytes` of document (a small event can unpack into a large one).
    """
    unknown = event.keys() - envelope.EVENT_FIELDS
    if unknown:
        message = (
            f"unknown field {min(map(str, unknown))!r} beside 'bson'; "
            "a packed batch has 'v', 'bson' and 'z' only, the rest is inside"
        )
        raise ProtocolError(message)
    text, compression = event["bson"], event.get("z")
    if not isinstance(text, str):
        message = f"'bson' must be a base64 string, not {type(text).__name__}"
        raise ProtocolError(message)
    try:
        data = pybase64.b64decode(text, validate=True)
    except ValueError as error:
        message = f"'bson' is not base64: {_why_not_base64(text) or error}"
        raise ProtocolError(message) from error
    if compression == envelope.ZLIB:
        return _decompress(data, max_bytes)
    if compression is not None:
        name = (
            repr(compression[:20]) if isinstance(compression, str) else type(compression).__name__
        )
        message = f"unknown compression {name}; known: 'zlib'"
        raise ProtocolError(message)
    return data


def _why_not_base64(text: str) -> str | None:
    """What is wrong with it, by the standard library, which says more, in 25 times the time."""
    try:
        binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        return str(error)
    return None


def _decompress(data: bytes, max_bytes: int | None) -> bytes:
    stream = zlib.decompressobj()
    try:
        document = stream.decompress(data, 0 if max_bytes is None else max_bytes)
    except zlib.error as error:
        message = f"'bson' is not a zlib stream: {error}"
        raise ProtocolError(message) from error
    if stream.unconsumed_tail:
        message = f"the batch unpacks to more than {max_bytes} bytes"
        raise ProtocolError(message)
    if not stream.eof or stream.unused_data:
        message = "'bson' is not one whole zlib stream"
        raise ProtocolError(message)
    return document


def decode_document(document: bytes) -> dict[str, Any]:
    """The request's document as Python values. Raises ProtocolError for what is not BSON."""
    try:
        return bson.decode(document, codec_options=LOSSLESS)
    except (BSONError, ValueError, TypeError, OverflowError) as error:
        message = f"'bson' does not hold a BSON document: {error}"
        raise ProtocolError(message) from error
    except RecursionError as error:
        message = "'bson' holds a document that is nested too deeply"
        raise ProtocolError(message) from error


# Entries into a response ------------------------------------------------------------------------


class RawDocument(bytes):
    """A document that nobody has decoded: a result on its way through."""


class RawDocuments(list[bytes]):
    """Documents that nobody has decoded, each as BSON: a result on its way through."""


def split_documents(stream: bytes) -> RawDocuments:
    """The documents of a stream in which one follows the other, as in a server's raw batch."""
    documents = RawDocuments()
    start, end = 0, len(stream)
    while start < end:
        length = unpack_from("<i", stream, start)[0]
        documents.append(stream[start : start + length])
        start += length
    return documents


def encode_document(document: Any) -> bytes:
    """A document as BSON, its fields in their order.

    `bson.encode` puts an `_id` first: right for a document to store, and wrong for a result. Raises
    what `bson` raises for a value that is not BSON.
    """
    # Four bytes of length, one of the field's type, one of its empty name.
    return bson.encode({"": document}, codec_options=LOSSLESS)[6:-1]


def encode_entry(entry: dict[str, Any]) -> bytes:
    """One entry as BSON. Raises what `bson` raises for a value that is not BSON.

    Where its `ok` is a `RawDocument` or `RawDocuments`, they are put in as they are.
    """
    return bytes(entry_pieces(entry))


def entry_pieces(entry: dict[str, Any]) -> bytes | Pieces:
    """As `encode_entry`, with the documents of a page still in pieces."""
    ok = entry.get("ok")
    if not isinstance(ok, RawDocument | RawDocuments):
        return bson.encode(entry, codec_options=LOSSLESS)
    head, tail = _id_element(entry["id"]), b""
    if len(entry) > 2:  # noqa: PLR2004 - something beside the id and `ok`
        rest = {name: value for name, value in entry.items() if name not in ("id", "ok")}
        tail = bson.encode(rest, codec_options=LOSSLESS)[4:-1]
    if isinstance(ok, RawDocument):
        return join_document(head + b"\x03ok\x00" + ok + tail)
    return around_array(head + b"\x04ok\x00", ok, tail)


def encode_document_entry(id_: OperationId, document: bytes) -> bytes:
    """The entry whose `ok` is a document that nobody has decoded, and that has no cursor."""
    if type(id_) is int and -(2**31) <= id_ < 2**31:
        # Its length, the type and name of both fields and the id are 16 bytes; its end is one.
        return b"%b\x10id\x00%b\x03ok\x00%b\x00" % (
            _INT32(len(document) + 17),
            _INT32(id_),
            document,
        )
    return join_document(_id_element(id_) + b"\x03ok\x00" + document)


def _id_element(id_: OperationId) -> bytes:
    if type(id_) is int and -(2**31) <= id_ < 2**31:
        return b"\x10id\x00" + pack("<i", id_)
    return bson.encode({"id": id_}, codec_options=LOSSLESS)[4:-1]


def join_response(entries: Iterable[bytes | Pieces], stats: dict[str, Any]) -> Pieces:
    """The response's document from encoded entries."""
    return around_array(_RESPONSE_HEAD, entries, b"\x03stats\x00" + bson.encode(stats))


_RESPONSE_HEAD: Final = b"\x10v\x00" + pack("<i", envelope.VERSION) + b"\x04res\x00"


def split_response(payload: bytes) -> tuple[list[Entry], dict[str, Any]]:
    """A response's entries, their values still encoded, and its stats.

    Reads both encodings, since a proxy that could not read a batch answers readably. Raises
    ProtocolError for what is not a response, with the proxy's own words where the batch failed
    as a whole.
    """
    packed = _unsealed(payload)
    if packed is not None:
        return _split_packed(packed)
    try:
        response = json.loads(payload)
    except (ValueError, RecursionError) as error:
        message = f"the response is not JSON: {error}"
        raise ProtocolError(message) from error
    if not isinstance(response, dict):
        message = f"the response is not a JSON object but {type(response).__name__}"
        raise ProtocolError(message)
    if "bson" not in response:
        return _split_readable(response)
    return _split_packed(open_envelope(response, max_bytes=None))


def _split_packed(data: bytes) -> tuple[list[Entry], dict[str, Any]]:
    try:
        document = RawBSONDocument(data, _RAW)
        _check_response(document)
        entries = [_packed_entry(bytes(entry.raw)) for entry in document["res"]]
        stats = document.get("stats")
        return entries, bson.decode(stats.raw) if stats is not None else {}
    except (BSONError, StructError, AttributeError, TypeError, KeyError, IndexError) as error:
        message = f"the response does not hold a BSON document of entries: {error}"
        raise ProtocolError(message) from error


def _check_response(document: Any) -> None:
    if document.get("v") != envelope.VERSION:
        message = f"the response has version {document.get('v')!r}; this client speaks 1"
        raise ProtocolError(message)
    err = document.get("err")
    if err is not None:
        err = err if isinstance(err, Mapping) else {"message": err}
        message = f"the proxy refused the batch: {err.get('message')}"
        # Unless the batch could not be read, something of it may have run.
        raise ProtocolError(message, may_have_applied=err.get("type") != "ProtocolError")
    if not isinstance(document.get("res"), list):
        message = "the response has no list 'res'"
        raise ProtocolError(message)
    if not isinstance(document.get("stats", {}), Mapping):
        message = "'stats' of the response is not a document"
        raise ProtocolError(message)


_OUTCOME_BY_KEY: Final = {key.encode(): key for key in OUTCOMES}


def _packed_entry(raw: bytes) -> Entry:
    # This proxy writes the id first, as int32, and the outcome second: then both are read where
    # they stand and nothing is decoded. Any other order is decoded whole.
    if raw[4:8] == b"\x10id\x00":
        end = raw.find(b"\x00", 13)
        outcome = _OUTCOME_BY_KEY.get(raw[13:end])
        if outcome is not None:
            return Entry(unpack_from("<i", raw, 8)[0], outcome, raw)
    entry = bson.decode(raw, codec_options=LOSSLESS)
    return Entry(_entry_id(entry), _entry_outcome(entry), raw)


def _split_readable(response: dict[str, Any]) -> tuple[list[Entry], dict[str, Any]]:
    from motorpool.batching import extended_json  # noqa: PLC0415 - orjson: only here is it needed

    document = extended_json.from_extended(response)
    if not isinstance(document, dict):
        message = f"the response is not a document but {type(document).__name__}"
        raise ProtocolError(message)
    _check_response(document)
    return [_readable_entry(entry) for entry in document["res"]], document.get("stats", {})


def _readable_entry(entry: Any) -> Entry:
    if not isinstance(entry, dict):
        message = f"an entry of the response is not an object but {type(entry).__name__}"
        raise ProtocolError(message)
    id_, outcome = _entry_id(entry), _entry_outcome(entry)
    try:
        return Entry(id_, outcome, encode_entry(entry))
    except (BSONError, ValueError, TypeError, OverflowError, RecursionError) as error:
        message = f"entry {id_!r} of the response holds what BSON cannot: {error}"
        raise ProtocolError(message) from error


def _entry_id(entry: dict[str, Any]) -> OperationId:
    id_ = entry.get("id")
    if isinstance(id_, str) or (isinstance(id_, int) and not isinstance(id_, bool)):
        return id_
    message = f"an entry of the response has no id but {id_!r}"
    raise ProtocolError(message)


def _entry_outcome(entry: dict[str, Any]) -> envelope.Outcome:
    found = [key for key in OUTCOMES if key in entry]
    if len(found) != 1:
        message = f"entry {entry.get('id')!r} of the response needs one of {', '.join(OUTCOMES)}"
        raise ProtocolError(message)
    return found[0]


def entry_value(entry: Entry, codec_options: CodecOptions[Any] = LOSSLESS) -> Any:
    """What an entry carries, decoded anew at each call: `ok` with these codec options.

    Raises what `bson` raises where the codec options cannot take the value.
    """
    return bson.decode(entry.value, codec_options=codec_options)[entry.outcome]


def entry_page(entry: Entry, codec_options: CodecOptions[Any] = LOSSLESS) -> Page:
    """A page of documents, none of them decoded yet. Raises ProtocolError where `ok` is no list."""
    raw: bytes = entry.value
    if _begins_with_page(raw):
        return Page(raw, codec_options, _PAGE_AT)
    # Not as this proxy writes it: an answer in the readable encoding, or of another hand.
    documents = bson.decode(raw, codec_options=_RAW).get("ok")
    if not isinstance(documents, list):
        message = "the response has no list of documents where a page was asked for"
        raise ProtocolError(message)
    return Page(join_array(document.raw for document in documents), codec_options)


def _begins_with_page(raw: bytes) -> bool:
    return raw[4:8] == b"\x10id\x00" and raw[12:_PAGE_AT] == b"\x04ok\x00"


_NO_TYPES: Final = LOSSLESS.type_registry

_PAGE_AT: Final = 16
"""Where a page begins in its entry, as this proxy writes it."""


def entry_cursor(entry: Entry) -> dict[str, Any] | None:
    """The cursor that has the rest of an entry's result, if any. Decodes nothing else."""
    raw = entry.value
    if _begins_with_page(raw):
        return _cursor_behind(raw, _PAGE_AT + unpack_from("<i", raw, _PAGE_AT)[0])
    cursor: dict[str, Any] | None = bson.decode(raw, codec_options=LOSSLESS).get("cursor")
    return cursor


def _cursor_behind(raw: bytes, end: int) -> dict[str, Any] | None:
    if end == len(raw) - 1:  # nothing comes after the page
        return None
    rest = bson.decode(join_document(raw[end:-1]), codec_options=LOSSLESS)
    cursor: dict[str, Any] | None = rest.get("cursor")
    return cursor


class Page:
    """Documents of a page, decoded one by one or all at once, as the caller asks for them."""

    __slots__ = ("_at", "_end", "_options", "_raw", "_start")

    def __init__(self, raw: bytes, codec_options: CodecOptions[Any], start: int = 0) -> None:
        """`raw`: what has, from `start` on, a BSON array of documents."""
        self._raw = raw
        self._options = codec_options
        self._start = start
        self._at = start + 4
        self._end: int = start + unpack_from("<i", raw, start)[0] - 1

    def __bool__(self) -> bool:
        """Whether a document is left."""
        return self._at < self._end

    @property
    def count(self) -> int:
        """How many documents it had at first."""
        whole, count = Page(self._raw, self._options, self._start), 0
        while whole:
            whole.next_raw()
            count += 1
        return count

    def next_raw(self) -> bytes:
        """The next document as BSON. Raises IndexError where none is left."""
        if self._at >= self._end:
            raise IndexError("no document is left")
        start = self._raw.index(b"\x00", self._at) + 1
        self._at = start + unpack_from("<i", self._raw, start)[0]
        return self._raw[start : self._at]

    def next(self) -> Any:
        """The next document."""
        return bson.decode(self.next_raw(), codec_options=self._options)

    def take(self, most: int | None = None) -> list[Any]:
        """The documents that are left, at most so many."""
        if most is None and self._at == self._start + 4:  # not begun: all of it in one go
            self._at = self._end
            if self._start == _PAGE_AT and self._options.type_registry == _NO_TYPES:
                # Its entry as it is: to take the page out of it is to copy it. (Types of the
                # application's own are asked for no id, and for nothing else that is not its own.)
                whole: list[Any] = bson.decode(self._raw, codec_options=self._options)["ok"]
                return whole
            array = memoryview(self._raw)[self._start : self._end + 1]
            document = b"".join((pack("<i", 4 + 2 + len(array) + 1), b"\x04\x00", array, b"\x00"))
            documents: list[Any] = bson.decode(document, codec_options=self._options)[""]
            return documents
        documents = []
        while self and (most is None or len(documents) < most):
            documents.append(self.next())
        return documents

    def take_raw(self) -> bytes:
        """The documents that are left as BSON, one behind the other."""
        documents = []
        while self:
            documents.append(self.next_raw())
        return b"".join(documents)

    def __repr__(self) -> str:
        """How much of it is left."""
        return f"<Page {self._end - self._at} bytes left>"
