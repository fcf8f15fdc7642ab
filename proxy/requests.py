"""Reads an event: which operations it asks for, and how the answer is to be written.

A batch that cannot be read fails as a whole; an operation that cannot be read fails alone, in its
own entry. Never runs anything, and never ignores a field that it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bson.int64 import Int64

from motorpool.batching import codec, envelope, extended_json
from motorpool.batching.errors import ProtocolError
from motorpool.proxy.models import (
    MAX_TIMEOUT_MS,
    ValidOperation,
    quote,
    validate_operation,
    validate_operations,
)
from motorpool.proxy.policy.footprint import must_look_inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.batching.envelope import OperationId

MAX_ID_LENGTH: Final = 64
"""Characters of an operation's id, where it is a string."""


MAX_REASON_LENGTH: Final = 500
"""Characters of a refusal; what it quotes may be as long as the event."""


class Refused(NamedTuple):
    """An operation that could not be read: its id as far as there is one, and why."""

    id: OperationId | None
    reason: str


class Reply(NamedTuple):
    """How the answer is to be written."""

    is_packed: bool
    reads_zlib: bool


class Request(NamedTuple):
    """A batch as it was asked for, operations in the order in which they stood."""

    operations: Sequence[ValidOperation | Refused]
    reply: Reply
    timeout_ms: int | None
    bytes_in: int
    look_inside: bool = True
    """Whether an operation may hold what the policy looks for: see `footprint.must_look_inside`."""


def read_request(event: object, max_operations: int) -> Request:
    """Read an event. Raises ProtocolError for a batch that cannot be read at all.

    `max_operations`: how many operations a batch may have.
    """
    if not isinstance(event, dict):
        message = f"the event must be a JSON object with 'v' and 'ops', not {_kind(event)}"
        raise ProtocolError(message)
    _check_version(event)
    if "bson" in event:
        data = codec.open_envelope(event)
        document = codec.decode_document(data)
        if "v" in document:
            _check_version(document)
        request = _read_batch(document, is_packed=True, bytes_in=len(data), limit=max_operations)
        return request._replace(look_inside=must_look_inside(data))
    return _read_batch(event, is_packed=False, bytes_in=0, limit=max_operations)


def _check_version(document: dict[str, Any]) -> None:
    if "v" not in document:
        message = f"missing field 'v', the protocol's version; this proxy speaks {envelope.VERSION}"
        raise ProtocolError(message)
    version = document["v"]
    if type(version) not in (int, Int64) or version != envelope.VERSION:
        message = f"unknown protocol version {quote(version)}; this proxy speaks {envelope.VERSION}"
        raise ProtocolError(message)


def _read_batch(document: dict[str, Any], *, is_packed: bool, bytes_in: int, limit: int) -> Request:
    unknown = document.keys() - envelope.BATCH_FIELDS
    if unknown:
        known = ", ".join(sorted(envelope.BATCH_FIELDS))
        message = f"unknown field {min(map(str, unknown))!r} of a batch; it has: {known}"
        raise ProtocolError(message)
    if document.get("atomic") is not None and document["atomic"] is not False:
        message = "field 'atomic' is reserved by protocol version 1 and not supported yet"
        raise ProtocolError(message)
    operations = document.get("ops")
    if not isinstance(operations, list):
        message = f"'ops' must be a list of operations, not {_kind(operations)}"
        raise ProtocolError(message)
    if len(operations) > limit:
        message = f"'ops' has {len(operations)} operations; at most {limit} are taken in one batch"
        raise ProtocolError(message)
    return Request(
        _read_operations(operations, is_packed=is_packed),
        _read_reply(document.get("accept"), is_packed=is_packed),
        _read_timeout(document.get("timeout_ms")),
        bytes_in,
    )


def _read_reply(accept: object, *, is_packed: bool) -> Reply:
    if accept is None:
        return Reply(is_packed, reads_zlib=False)
    if not isinstance(accept, list) or not all(isinstance(item, str) for item in accept):
        message = "'accept' must be a list of names, such as ['bson', 'zlib']"
        raise ProtocolError(message)
    # What the caller reads beyond what we write is no instruction, so an unknown name is no error.
    encodings = [item for item in accept if item in (envelope.BSON, envelope.JSON)]
    if encodings:
        is_packed = envelope.BSON in encodings
    return Reply(is_packed, reads_zlib=is_packed and envelope.ZLIB in accept)


def _read_timeout(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_TIMEOUT_MS:
        message = f"'timeout_ms' must be an integer from 1 to {MAX_TIMEOUT_MS}, not {quote(value)}"
        raise ProtocolError(message)
    return int(value)


def _read_operations(
    operations: list[Any], *, is_packed: bool
) -> Sequence[ValidOperation | Refused]:
    # Nearly always all is well; then it is done in one go.
    valid = validate_operations(operations) if is_packed else None
    if valid is not None and _count_plain_ids(valid) == len(valid):
        return valid
    read = [
        _read_operation(index, operation, is_packed=is_packed)
        for index, operation in enumerate(operations)
    ]
    seen: set[OperationId | None] = set()
    doubled: set[OperationId | None] = set()
    for operation in read:
        (doubled if operation.id in seen else seen).add(operation.id)
    # Whose answer would it be? Neither is run: see docs/protocol.md, "Ids".
    return [
        Refused(operation.id, f"more than one operation of the batch has the id {operation.id!r}")
        if operation.id is not None and operation.id in doubled
        else operation
        for operation in read
    ]


def _read_operation(index: int, operation: object, *, is_packed: bool) -> ValidOperation | Refused:
    if not isinstance(operation, dict):
        return Refused(None, f"ops[{index}] must be an object, not {_kind(operation)}")
    try:
        values = operation if is_packed else extended_json.from_extended(operation)
    except ProtocolError as error:
        return Refused(_id_of(operation), f"ops[{index}]: {error}"[:MAX_REASON_LENGTH])
    id_ = _id_of(values)
    if id_ is None:
        return Refused(
            None,
            f"ops[{index}]: 'id' must be an integer or a string of 1 to {MAX_ID_LENGTH} "
            "printable characters",
        )
    try:
        return validate_operation(values)
    except ProtocolError as error:
        return Refused(id_, str(error)[:MAX_REASON_LENGTH])


def _count_plain_ids(operations: Sequence[ValidOperation]) -> int:
    """How many different ids there are of the kind that our own clients give."""
    ids = [operation.id for operation in operations]
    return len({id_ for id_ in ids if type(id_) is int and 0 <= id_ < 2**31})


def _id_of(operation: object) -> OperationId | None:
    id_ = operation.get("id") if isinstance(operation, dict) else None
    if type(id_) is str and 0 < len(id_) <= MAX_ID_LENGTH:
        # Exactly a str, since a BSON Code is one too and cannot be hashed; and without a lone
        # surrogate, which JSON can spell and the answer could not.
        return id_ if id_.isprintable() else None
    if isinstance(id_, int) and not isinstance(id_, bool) and -(2**63) <= id_ < 2**63:
        return int(id_)
    return None


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", type(None): "null"}
    return names.get(type(value), type(value).__name__)
