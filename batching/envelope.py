"""The envelope, protocol version 1: its fields, its entries, and the match of entries to ids.

Says what a request and a response consist of, not how they are written down: that is `codec`
(packed BSON) and `extended_json` (readable). `docs/protocol.md` is this file in prose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from motorpool.batching.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

VERSION: Final = 1
"""The only version there is. Another one is refused by name, never guessed at."""

EVENT_FIELDS: Final = frozenset({"v", "bson", "z"})
"""Fields of a packed event (and response); `z` names the compression."""

BATCH_FIELDS: Final = frozenset({"v", "ops", "timeout_ms", "atomic", "accept"})
"""Fields of a request's document."""

OPERATION_FIELDS: Final = ("id", "op", "ns", "args", "timeout_ms", "session", "after", "refs")
"""Fields of one operation in a request."""

RESERVED_FIELDS: Final = ("after", "refs")
"""Named by the protocol and not built yet: refused by name, so that nobody relies on them."""

SESSION_BYTES: Final = 16
"""Length of a logical session's id: a UUID, which the caller makes (docs/protocol.md, "Cursors").
"""

ZLIB: Final = "zlib"
BSON: Final = "bson"
JSON: Final = "json"

OperationId: TypeAlias = "int | str"
Outcome: TypeAlias = Literal["ok", "err", "again", "skipped"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("ok", "err", "again", "skipped")


class Entry(NamedTuple):
    """One operation's entry in a response: exactly one of `OUTCOMES`, and its value.

    `value` is still encoded (the whole entry as BSON, bytes) where the response was packed, so
    that each waiter decodes a copy of its own with its own codec options; see `codec.entry_value`.
    `lease`: the logical session that the operation was sent under, where it had one.
    """

    id: OperationId
    outcome: Outcome
    value: Any
    lease: Any = None


def success(
    id_: OperationId, ok: object, cursor: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """An entry that carries a result, and the cursor that has the rest of it.

    The id first, the outcome second: `codec` relies on it.
    """
    if cursor is None:
        return {"id": id_, "ok": ok}
    return {"id": id_, "ok": ok, "cursor": cursor}


def failure(id_: OperationId | None, err: Mapping[str, Any]) -> dict[str, Any]:
    """An entry that carries the operation's own failure. `id` is None where none could be read."""
    return {"id": id_, "err": err}


def again(id_: OperationId, why: str) -> dict[str, Any]:
    """An entry of an operation to be sent again: not run, or its result left out for room."""
    return {"id": id_, "again": why}


def error(  # noqa: PLR0913 - one keyword for each field of the protocol's `err`
    type_: str,
    message: str,
    *,
    code: int | None = None,
    code_name: str | None = None,
    details: Mapping[str, Any] | None = None,
    labels: Sequence[str] = (),
    timeout: bool = False,
    may_have_applied: bool = False,
) -> dict[str, Any]:
    """An `err` document, with the fields that say something and no others but type and message."""
    # A lone surrogate, which JSON can spell and a message may quote, has no UTF-8 form.
    message = message.encode("utf-8", "backslashreplace").decode("utf-8")
    err: dict[str, Any] = {"type": type_, "message": message}
    if code is not None:
        err["code"] = code
    if code_name is not None:
        err["codeName"] = code_name
    if details is not None:
        err["details"] = details
    if labels:
        err["errorLabels"] = list(labels)
    if timeout:
        err["timeout"] = True
    if may_have_applied:
        err["may_have_applied"] = True
    return err


def match_entries(
    ids: Sequence[OperationId], entries: Iterable[Entry]
) -> dict[OperationId, Entry | ProtocolError]:
    """Give each id its entry, or the ProtocolError that says why it has none.

    An id that is missing, or doubled, fails alone. An entry with an id that was never sent means
    that entries cannot be trusted to be whose they say, so every id without an entry is told of it.
    """
    matched: dict[OperationId, Entry | ProtocolError] = {}
    unknown: list[OperationId] = []
    expected = set(ids)
    for entry in entries:
        if entry.id not in expected:
            unknown.append(entry.id)
        elif entry.id in matched:
            matched[entry.id] = ProtocolError(
                f"the response has more than one entry for operation {entry.id!r}",
                may_have_applied=True,
            )
        else:
            matched[entry.id] = entry
    for id_ in ids:
        if id_ not in matched:
            also = f"; it has entries for unknown ids {unknown[:5]!r}" if unknown else ""
            matched[id_] = ProtocolError(
                f"the response has no entry for operation {id_!r}{also}",
                may_have_applied=True,
            )
    return matched
