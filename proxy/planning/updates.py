"""Rule: `update_one`, `replace_one`, `delete_one` become one `bulkWrite` of the server (MongoDB 8).

Of any collections. With verbose results the server answers each by its index. One that failed was
not applied, so it is run again by itself, and its error is exactly its own. An older server's bulk
write sums its results up: whose they are could not be told, so there they run one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import bson

from motorpool.batching.codec import LOSSLESS
from motorpool.proxy.planning.fusions import MAX_VALUES, FusedWrite, alike
from motorpool.proxy.planning.inserts import is_unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.planning.fusions import Member, Offer

_COMMON: Final = frozenset({"bypass_document_validation", "let", "comment", "write_concern"})
"""What a whole command is told. All else is each request's own."""


def offers(operation: ValidOperation) -> Sequence[Offer]:
    """One offer, to go with others that tell the server the same of the whole command."""
    args = operation.args
    if not _is_in_order(operation.op, args):
        return ()
    common = {name: args[name] for name in args if name in _COMMON and args[name] is not None}
    options = b""
    if common:
        if is_unanswered(common):
            return ()
        options = bson.encode(common, codec_options=LOSSLESS)
    return [(("bulkWrite", alike(operation.timeout_ms), options), None)]


def _is_in_order(op: str, args: Mapping[str, Any]) -> bool:
    """Whether the driver takes it: what it refuses, it would refuse for all (pymongo.common)."""
    if op == "delete_one":
        return True
    changes = args["update" if op == "update_one" else "replacement"]
    first = next(iter(changes), None)
    if op == "replace_one":
        return first is None or first[:1] != "$"
    return first is not None and (not isinstance(first, str) or first[:1] == "$")


def fuse(members: Sequence[Member]) -> Iterator[FusedWrite]:
    """The fused writes of these members."""
    for begin in range(0, len(members), MAX_VALUES):
        group = members[begin : begin + MAX_VALUES]
        first = group[0].operation.args
        common = {name: first[name] for name in first if name in _COMMON}
        requests = [_request_of(member.operation) for member in group]
        args = {**common, "requests": requests, "ordered": False, "verbose_results": True}
        yield FusedWrite([member.position for member in group], args)


def _request_of(operation: ValidOperation) -> dict[str, Any]:
    args = {name: operation.args[name] for name in operation.args if name not in _COMMON}
    return {"op": operation.op, "ns": operation.ns, "args": args}


def deal(told: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """The `ok` of each member that was applied, by its place.

    `told`: the results of a `client_bulk_write`, as `client_bulk.told_results` has them.
    """
    answers = {each["index"]: _updated(each["raw_result"]) for each in told["updateResults"]}
    answers |= {each["index"]: _deleted(each["raw_result"]) for each in told["deleteResults"]}
    return answers


def _updated(raw: Mapping[str, Any]) -> dict[str, Any]:
    """As an `update_one` alone: PyMongo's `Collection._update` and its `UpdateResult`."""
    count, upserted = raw.get("n", 0), raw.get("upserted")
    result: dict[str, Any] = {"n": count}
    if upserted is not None:
        result["upserted"] = upserted["_id"]
    result |= {"nModified": raw.get("nModified", 0), "ok": 1.0}
    result["updatedExisting"] = bool(count) and upserted is None
    return {
        "acknowledged": True,
        "matched_count": 0 if result.get("upserted") is not None else count,
        "modified_count": result["nModified"],
        "upserted_id": None if upserted is None else upserted["_id"],
        "raw_result": result,
    }


def _deleted(raw: Mapping[str, Any]) -> dict[str, Any]:
    count = raw.get("n", 0)
    return {"acknowledged": True, "deleted_count": count, "raw_result": {"n": count, "ok": 1.0}}
