"""Events that no client should send: near-valid ones, broken in every way known, and plain garbage.

Plain `random` with a seed, since speed matters here: 100,000 of them are answered in one test.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import zlib
from random import Random
from typing import Any, Final

import bson
from bson import Int64, ObjectId
from bson.errors import BSONError

from motorpool.batching.envelope import BATCH_FIELDS, OPERATION_FIELDS
from motorpool.batching.operations import BULK_REQUESTS, OPERATIONS

MAX_NODES: Final = 400
"""Nodes of an event among which a place to break is looked for."""

_FILTER: Final = {"_id": {"$in": [1, 2, {"$numberLong": "3"}]}, "kind": "tool"}
_UPDATE: Final = {"$set": {"kind": "toy"}, "$inc": {"stock": -1}}
_REPLACEMENT: Final = {"kind": "toy", "when": {"$date": "2026-11-24T00:00:00Z"}}
_REQUESTS: Final = [
    {"op": "insert_one", "args": {"document": {"kind": "tool"}}},
    {"op": "update_one", "args": {"filter": _FILTER, "update": _UPDATE, "upsert": True}},
    {"op": "delete_one", "args": {"filter": {"_id": 9}}},
]

VALID_ARGUMENTS: Final[dict[str, dict[str, Any]]] = {
    "find": {"filter": _FILTER, "projection": ["kind"], "sort": [["_id", -1]], "limit": 5},
    "find_one": {"filter": {"_id": {"$oid": "656f6e652d6964206f6e6521"}}, "projection": {"_id": 0}},
    "aggregate": {"pipeline": [{"$match": _FILTER}, {"$limit": 3}], "allow_disk_use": True},
    "count_documents": {"filter": _FILTER, "skip": 1, "limit": 5, "max_time_ms": 100},
    "estimated_document_count": {"comment": "how many"},
    "distinct": {"key": "kind", "filter": _FILTER},
    "insert_one": {"document": {"kind": "tool", "price": {"$numberDecimal": "9.99"}}},
    "insert_many": {"documents": [{"_id": 1}, {"_id": 2}], "ordered": False},
    "update_one": {"filter": _FILTER, "update": _UPDATE, "upsert": False},
    "update_many": {"filter": _FILTER, "update": _UPDATE},
    "replace_one": {"filter": {"_id": 1}, "replacement": _REPLACEMENT, "upsert": True},
    "delete_one": {"filter": {"_id": 1}},
    "delete_many": {"filter": _FILTER},
    "find_one_and_update": {"filter": _FILTER, "update": _UPDATE, "return_document": "after"},
    "find_one_and_replace": {"filter": {"_id": 2}, "replacement": _REPLACEMENT},
    "find_one_and_delete": {"filter": _FILTER, "sort": {"_id": 1}},
    "bulk_write": {"requests": _REQUESTS, "ordered": True},
}
"""Arguments for every operation, all of them in the readable encoding."""

_NAMES: Final = (
    *OPERATIONS,
    *BULK_REQUESTS,
    *OPERATION_FIELDS,
    *sorted(BATCH_FIELDS),
    *sorted({name for spec in OPERATIONS.values() for name in spec.arguments}),
    *("bson", "z", "$oid", "$date", "$ref", "$id", "$where", "$set", "$in", "_id", "a.b", "$"),
    *("", "\x00", "a\x00b", "\ud800", "a\udfff", "é" * 200, "x" * 300, "DATABASE.collection", "."),
)
_WRAPPERS: Final = (
    *("$oid", "$date", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal", "$binary"),
    *("$uuid", "$regularExpression", "$regex", "$timestamp", "$code", "$scope", "$symbol"),
    *("$dbPointer", "$minKey", "$maxKey", "$undefined", "$ref", "$id", "$options", "$type"),
)
_ENCODED: Final = (
    *("", "ff", "zz", "656f6e652d6964206f6e6521", "2026-11-24T00:00:00Z", "9" * 30, "-1", "1e400"),
    *("NaN", "Infinity", "not a date", "T", "AAAA", "AAA", "00", "0x10", "ixsmu", "(", "*"),
)
_NUMBERS: Final = (
    *(0, 1, -1, 2, True, 0.5, 1.0, -0.0, 1e308, float("nan"), float("inf"), float("-inf")),
    *(2**31 - 1, 2**31, -(2**31) - 1, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**400),
)


class Garbage:
    """Makes one event after the other; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a test's dice, no secret

    def event(self) -> object:
        """Return the next event: mostly a valid batch with a few things broken."""
        dice = self._random.random()
        if dice < 0.04:
            return self._value(4)
        event: Any = self._batch()
        for _ in range(self._random.choice((0, 1, 1, 1, 1, 2, 2, 3, 5))):
            event = self._broken(event)
        if dice < 0.3 and isinstance(event, dict):
            return self._packed(event)
        return event

    # Batches --------------------------------------------------------------------------------------

    def _batch(self) -> dict[str, Any]:
        rng = self._random
        ops = [self._operation(index) for index in range(rng.choice((0, 1, 1, 1, 2, 2, 3)))]
        batch: dict[str, Any] = {"v": 1, "ops": ops}
        if rng.random() < 0.1:
            batch["timeout_ms"] = rng.choice((1, 10, 1000))
        if rng.random() < 0.1:
            batch["accept"] = rng.choice((["bson"], ["json"], ["bson", "zlib"], ["smile"], []))
        return batch

    def _operation(self, index: int) -> dict[str, Any]:
        op = self._random.choice(tuple(VALID_ARGUMENTS))
        operation = {"id": index, "op": op, "ns": "shop.items"}
        return {**operation, "args": _copy(VALID_ARGUMENTS[op])}

    def _packed(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Return the batch as BSON in base64, broken in its bytes or its text half of the time."""
        rng = self._random
        try:
            data = bson.encode(batch)
        except (BSONError, ValueError, TypeError, OverflowError, RecursionError):
            return batch
        if rng.random() < 0.25:
            data = self._damaged(data)
        is_compressed = rng.random() < 0.3
        if is_compressed:
            data = zlib.compress(data, 1)
            if rng.random() < 0.4:
                data = self._damaged(data)
        text = base64.b64encode(data).decode()
        event: dict[str, Any] = {"v": 1, "bson": text}
        if is_compressed or rng.random() < 0.02:
            event["z"] = "zlib"
        if rng.random() < 0.1:
            event["bson"] = self._damaged(text.encode()).decode("latin-1")
        return self._broken(event) if rng.random() < 0.1 else event

    def _damaged(self, data: bytes) -> bytes:
        rng = self._random
        place = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                return data[:place]
            case 1:
                return data[place:]
            case 2:
                return data + rng.randbytes(rng.randrange(1, 5))
            case 3:
                return data[:place] + rng.randbytes(rng.randrange(1, 5)) + data[place + 1 :]
            case 4:
                return data[:place] + data[place + rng.randrange(1, 5) :]
            case _:
                flipped = bytearray(data)
                for _ in range(rng.randrange(1, 4)):
                    if flipped:
                        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
                return bytes(flipped)

    # Breaking one thing ---------------------------------------------------------------------------

    def _broken(self, event: Any) -> Any:
        """Break the event in one place, at any depth, in place where that can be done."""
        rng = self._random
        places: list[tuple[Any, Any]] = []
        _collect(event, places)
        if not places:
            return self._value(3)
        holder, key = rng.choice(places)
        match rng.randrange(8):
            case 0:
                del holder[key]
            case 1:
                self._rename(holder, key)
            case 2:
                holder[key] = [holder[key]]
            case 3:
                holder[key] = {rng.choice(_NAMES): holder[key]}
            case 4:
                self._add(holder)
            case 5:
                other, other_key = rng.choice(places)
                holder[key] = _copy(other[other_key])
            case _:
                holder[key] = self._value(3)
        return event

    def _rename(self, holder: Any, key: Any) -> None:
        if isinstance(holder, dict):
            name = self._key()
            # In its place: what stands first matters to some readers.
            items = [(name if old == key else old, value) for old, value in holder.items()]
            holder.clear()
            holder.update(items)
        else:
            holder.insert(key, _copy(holder[key]))

    def _add(self, holder: Any) -> None:
        if isinstance(holder, dict):
            holder[self._key()] = self._value(3)
        else:
            holder.insert(self._random.randrange(len(holder) + 1), self._value(3))

    def _key(self) -> Any:
        rng = self._random
        if rng.random() < 0.05:
            return rng.choice((0, 1, None, True, 1.5, b"op", ("a", "b")))
        return rng.choice(_NAMES)

    # Values ---------------------------------------------------------------------------------------

    def _value(self, depth: int) -> Any:
        rng = self._random
        value: Any = rng.choice(_ENCODED)
        match rng.randrange(10):
            case 0:
                value = None
            case 1 | 2:
                value = rng.choice(_NUMBERS)
            case 3 | 4:
                value = rng.choice(_NAMES)
            case 5:
                value = self._wrapper(depth)
            case 6 if depth:
                value = [self._value(depth - 1) for _ in range(rng.randrange(4))]
            case 7 if depth:
                value = {self._key(): self._value(depth - 1) for _ in range(rng.randrange(4))}
            case 8:
                value = self._no_json()
            case 9 if rng.random() < 0.2:
                value = self._nested()
        return value

    def _wrapper(self, depth: int) -> Any:
        """Return what says to be a BSON value in Extended JSON and mostly is none."""
        rng = self._random
        content: Any = rng.choice(_ENCODED)
        if rng.random() < 0.5 and depth:
            content = self._value(depth - 1)
        wrapper = {rng.choice(_WRAPPERS): content}
        if rng.random() < 0.3:
            wrapper[rng.choice(_WRAPPERS)] = rng.choice(_ENCODED)
        return wrapper

    def _nested(self) -> Any:
        value: Any = self._random.choice(_NUMBERS)
        is_list = self._random.random() < 0.5
        for _ in range(self._random.choice((20, 99, 101, 180, 300, 900))):
            value = [value] if is_list else {"a": value}
        return value

    def _no_json(self) -> Any:
        """Return what no JSON can hold, but a caller in the same process can hand over."""
        return self._random.choice(
            (
                b"\x00\xff",
                bytearray(b"ab"),
                {1, 2},
                frozenset({"op"}),
                object(),
                Exception("a value"),
                ("op", 1),
                range(3),
                decimal.Decimal("1.5"),
                dt.datetime(2026, 11, 24, tzinfo=dt.UTC),
                dt.date(1, 1, 1),
                ObjectId(b"garbage-made"),
                Int64(5),
                complex(1, 2),
                len,
                int,
            )
        )


def _copy(value: Any, depth: int = 20) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item, depth - 1) for key, item in value.items()} if depth else {}
    if isinstance(value, list):
        return [_copy(item, depth - 1) for item in value] if depth else []
    return value


def _collect(value: Any, places: list[tuple[Any, Any]]) -> None:
    """List every place that can be broken: a container and a key or an index."""
    if len(places) > MAX_NODES:
        return
    if isinstance(value, dict):
        pairs: Any = tuple(value.items())
    elif isinstance(value, list):
        pairs = tuple(enumerate(value))
    else:
        return
    for key, item in pairs:
        places.append((value, key))
        _collect(item, places)
