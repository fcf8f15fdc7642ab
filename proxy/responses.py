"""Writes the answer: one entry for each operation, in order, and never more than Lambda takes.

What does not fit is decided here: reads that no longer fit are to be sent again, a result that can
never fit is an error of its own operation, and a write's outcome is never left out in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import bson

from motorpool.batching import codec, envelope, extended_json
from motorpool.batching.errors import ResultTooLarge
from motorpool.batching.limits import PACKED_OVERHEAD_BYTES
from motorpool.proxy.failures import describe
from motorpool.proxy.pages import BARE_ENTRY_BYTES, ENTRY_BYTES, Room

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.batching.envelope import OperationId
    from motorpool.batching.pieces import Pieces
    from motorpool.proxy.requests import Reply

WHY_AGAIN: Final = "the response was full"


class Answer(NamedTuple):
    """One operation's entry, encoded, and what may be done with it where there is no room.

    `encoded`: BSON where the answer is packed, else JSON. `is_final`: it is no result but a short
    word, a failure or `again`. `is_kept`: it cannot be asked for again, since the server's cursor
    has moved on.
    """

    id: OperationId | None
    encoded: bytes | Pieces
    is_write: bool
    is_final: bool
    is_kept: bool = False


def again(id_: OperationId, reply: Reply) -> Answer:
    """The entry of an operation that found no room: it is to be sent again."""
    return Answer(
        id_, _encode(envelope.again(id_, WHY_AGAIN), reply), is_write=False, is_final=True
    )


def room_for(operations: Sequence[str], results: int, reply: Reply, max_bytes: int) -> Room:
    """What a response of `max_bytes` has for the results of these operations, by their names.

    `results`: how many of them share it, and wait for a part.
    """
    # Base64 makes four bytes of three.
    room = (max_bytes - PACKED_OVERHEAD_BYTES) * 3 // 4 if reply.is_packed else max_bytes
    bare = operations.count(_BARE)
    entries = ENTRY_BYTES * (len(operations) - bare + 1) + BARE_ENTRY_BYTES * bare
    total = max(room // 4, room - entries)
    size = None if reply.is_packed else _readable_size
    return Room(total, results, size, beside=codec.ELEMENT_BYTES, can_compress=reply.reads_zlib)


_BARE: Final = "find_one"
"""The operation whose entry is its document and little else."""


def _readable_size(document: bytes) -> int:
    value = bson.decode(document, codec_options=codec.LOSSLESS)
    return len(extended_json.dumps(extended_json.to_extended(value))) + 1


def answer(  # noqa: PLR0913 - what is known of it
    id_: OperationId | None,
    *,
    reply: Reply,
    is_write: bool,
    ok: object = None,
    err: dict[str, Any] | None = None,
    cursor: dict[str, Any] | None = None,
    is_kept: bool = False,
) -> Answer:
    """Encode one operation's entry: its result, or its failure where `err` is given.

    `cursor`: what goes out with a page. `is_kept`: see `Answer`.

    A result that cannot be encoded becomes the failure that says so.
    """
    if err is None and id_ is not None:
        try:
            encoded = _encode(envelope.success(id_, ok, cursor), reply)
            return Answer(id_, encoded, is_write, is_final=False, is_kept=is_kept)
        except Exception as error:  # noqa: BLE001 - whatever a database returned, it gets an answer
            err = describe(error, is_write=is_write)
            err["may_have_applied"] = is_write
    return Answer(id_, _encode_failure(id_, err or {}, reply), is_write, is_final=True)


PLAIN: Final = frozenset({codec.RawDocument, dict, int})
"""Types of results that `packed_answer` takes: most there are, and none is a page."""


def packed_answer(id_: OperationId, ok: Any, is_write: bool, reply: Reply) -> Answer:  # noqa: FBT001 - called for each operation, where keywords cost
    """The entry of a result of one of the `PLAIN` types, as `answer` makes it, in less time.

    `reply`: a packed one.
    """
    if type(ok) is codec.RawDocument:
        return Answer(id_, codec.encode_document_entry(id_, ok), is_write, False)  # noqa: FBT003 - see above
    try:
        encoded = bson.encode({"id": id_, "ok": ok}, codec_options=codec.LOSSLESS)
    except Exception:  # noqa: BLE001 - which becomes the failure that says so
        return answer(id_, reply=reply, is_write=is_write, ok=ok)
    return Answer(id_, encoded, is_write, False)  # noqa: FBT003 - see above


_ALWAYS_ENCODABLE: Final[tuple[str, ...]] = (
    "type",
    "message",
    "code",
    "codeName",
    "timeout",
    "may_have_applied",
)


def _encode_failure(id_: OperationId | None, err: dict[str, Any], reply: Reply) -> bytes | Pieces:
    try:
        return _encode(envelope.failure(id_, err), reply)
    except Exception:  # noqa: BLE001 - details may be nested deeper than an encoder goes
        bare = {field: err[field] for field in _ALWAYS_ENCODABLE if field in err}
        return _encode(envelope.failure(id_, bare), reply)


def _encode(entry: dict[str, Any], reply: Reply) -> bytes | Pieces:
    if reply.is_packed:
        return codec.entry_pieces(entry)
    # Only BSON values are Extended JSON; the envelope's own fields are plain JSON.
    plain = dict(entry)
    ok = plain.get("ok")
    if isinstance(ok, codec.RawDocument):
        plain["ok"] = bson.decode(ok, codec_options=codec.LOSSLESS)
    elif isinstance(ok, codec.RawDocuments):
        plain["ok"] = [bson.decode(raw, codec_options=codec.LOSSLESS) for raw in ok]
    for field in ("ok", "cursor"):
        if field in plain:
            plain[field] = extended_json.to_extended(plain[field])
    if "err" in plain and "details" in plain["err"]:
        details = extended_json.to_extended(plain["err"]["details"])
        plain["err"] = {**plain["err"], "details": details}
    return extended_json.dumps(plain)


def refuse(message: str, type_: str = "ProtocolError") -> bytes:
    """The answer to a batch that could not be read at all; always readable JSON."""
    err = envelope.error(type_, message)
    return extended_json.dumps({"v": envelope.VERSION, "err": err})


# Fitting ------------------------------------------------------------------------------------------


def write_response(
    answers: Sequence[Answer], stats: dict[str, Any], reply: Reply, max_bytes: int
) -> bytes:
    """The response, at most `max_bytes` of JSON.

    Where all of it does not fit, the smallest reads stay, so that as few as possible are asked for
    again; a read that is alone and does not fit, and a write whose result finds no room, become a
    ResultTooLarge of their own operation.
    """
    # What cannot fit uncompressed is not written out to see that: of 15 MB of entries it would take
    # as much memory again as the documents themselves.
    must_compress = reply.reads_zlib and _is_beyond(answers, max_bytes, reply)
    payload = _seal(answers, stats, reply, compress=must_compress)
    if len(payload) > max_bytes and reply.reads_zlib and not must_compress:
        payload = _seal(answers, stats, reply, compress=True)
    shrink = 1.0
    while len(payload) > max_bytes:
        # How much a byte of entry takes in the payload (base64, compression) is known only
        # afterwards: take it from the last try, and from the second on a little less each time.
        entry_bytes = sum(len(item.encoded) for item in answers)
        room = int(entry_bytes * max_bytes / len(payload) * shrink) - _SLACK_BYTES
        shrink *= 0.9
        if room <= 0:
            message = f"{len(answers)} entries do not fit into a response of {max_bytes} bytes"
            return refuse(message, "ResultTooLarge")
        answers = _fit(answers, room, reply)
        payload = _seal(answers, stats, reply, compress=reply.reads_zlib)
    return payload


def _is_beyond(answers: Sequence[Answer], max_bytes: int, reply: Reply) -> bool:
    """Whether the entries alone, as they are written without compression, are too large."""
    entry_bytes = sum(len(item.encoded) for item in answers)
    return (entry_bytes * 4 // 3 if reply.is_packed else entry_bytes) > max_bytes


_SLACK_BYTES: Final = 256
"""What rounding and the envelope around the entries may add to an estimate."""


def _fit(answers: Sequence[Answer], room: int, reply: Reply) -> list[Answer]:
    """Keep entries of at most `room` bytes in sum; what is left out becomes a short entry."""
    kept: dict[int, Answer] = {}
    # Failures first (small, and they answer for good), then writes and pages, which cannot be had
    # again, then reads; the smallest first in each.
    order = sorted(
        range(len(answers)),
        key=lambda i: (
            not answers[i].is_final,
            not (answers[i].is_write or answers[i].is_kept),
            len(answers[i].encoded),
        ),
    )
    for index in order:
        item = answers[index]
        if len(item.encoded) > room:
            short = _left_out(item, reply, is_alone=len(answers) == 1)
            # A count or an `again` may be shorter than the words for leaving it out.
            item = min(item, short, key=lambda entry: len(entry.encoded))
        kept[index] = item
        room -= len(kept[index].encoded)
    return [kept[index] for index in range(len(answers))]


def _left_out(item: Answer, reply: Reply, *, is_alone: bool) -> Answer:
    if item.id is None or item.is_final:
        # Of a write's failure not even this is known any more: whether some of it was applied.
        err = envelope.error(
            "ResultTooLarge",
            "the error itself was too large to be returned",
            may_have_applied=item.is_write,
        )
        return answer(item.id, reply=reply, is_write=item.is_write, err=err)
    if item.is_write or item.is_kept or is_alone:
        fate = "; the write was applied" if item.is_write else "; ask for less of it"
        error = ResultTooLarge(
            f"the result is {len(item.encoded)} bytes, more than fits into a response{fate}",
            may_have_applied=item.is_write,
        )
        err = describe(error, is_write=item.is_write)
        return answer(item.id, reply=reply, is_write=item.is_write, err=err)
    return again(item.id, reply)


def _seal(
    answers: Sequence[Answer], stats: dict[str, Any], reply: Reply, *, compress: bool
) -> bytes:
    encoded = [item.encoded for item in answers]
    stats = {**stats, "bytes_out": sum(map(len, encoded))}
    if reply.is_packed:
        document = codec.join_response(encoded, stats)
        return codec.seal_envelope(document, compress=compress)
    return b'{"v":%d,"res":[%b],"stats":%b}' % (
        envelope.VERSION,
        b",".join(map(bytes, encoded)),
        extended_json.dumps(stats),
    )
