"""Which operations may be sent again when nobody knows whether they ran, and what then counts.

Pure. Reads may, but for the next page of a cursor, which has moved on. An insert may whose `_id`s
the client made: nobody else knows them, so a duplicate of such an `_id` on the second try means
that the first was applied. Every other write may not: its second answer could differ from the first
(an `$inc` twice, a `deleted_count` of 0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from motorpool.batching.codec import encode_entry, entry_value
from motorpool.batching.envelope import Entry, failure, success

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorpool.batching.call import Operation

DUPLICATE_KEY: Final = 11000


def is_repeatable(operation: Operation) -> bool:
    """Whether sending it a second time gives the answer that the first time would have given."""
    if operation.is_read:
        return operation.name != "get_more"
    if operation.made_ids is None:
        return False
    # An ordered insert of many stops at the first duplicate, that is, at what the first try has
    # applied already: the rest would be left out.
    return operation.name == "insert_one" or not operation.is_ordered


def read_repeat(operation: Operation, entry: Entry) -> Entry:
    """The answer to a repeated operation, with what its first try applied counted as applied."""
    if entry.outcome != "err" or operation.made_ids is None:
        return entry
    err = entry_value(entry)
    if operation.name == "insert_one":
        (made,) = operation.made_ids
        return _inserted(entry, inserted_id=made) if _is_own(err.get("details"), made) else entry
    return _read_many(operation.made_ids, entry, err)


def _read_many(made_ids: tuple[Any, ...], entry: Entry, err: dict[str, Any]) -> Entry:
    details: dict[str, Any] = err.get("details") or {}
    failed = details.get("writeErrors")
    if not isinstance(failed, list):
        return entry
    others = [item for item in failed if not _is_own(item, made_ids[item["index"]])]
    if not others and not details.get("writeConcernErrors"):
        return _inserted(entry, inserted_ids=list(made_ids))
    applied = details.get("nInserted", 0) + len(failed) - len(others)
    details = {**details, "writeErrors": others, "nInserted": applied}
    return Entry(entry.id, "err", encode_entry(failure(entry.id, {**err, "details": details})))


def _is_own(error: Mapping[str, Any] | None, made: object) -> bool:
    return (
        error is not None
        and error.get("code") == DUPLICATE_KEY
        and error.get("keyValue") == {"_id": made}
    )


def _inserted(entry: Entry, **result: Any) -> Entry:
    ok = {"acknowledged": True, **result}
    return Entry(entry.id, "ok", encode_entry(success(entry.id, ok)))
