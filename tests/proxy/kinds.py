"""For each kind of argument: what it takes, what it refuses, and what it then says."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import bson
from bson import SON, Code, DBRef, Decimal128, ObjectId, Regex
from bson.raw_bson import RawBSONDocument

from motorpool.batching.operations import BULK_REQUESTS, OPERATIONS, Argument, Kind

DOCUMENTS: Final[list[Any]] = [
    {},
    {"a": 1},
    {"a": {"$gt": 1}, "b": [1, {"c": None}]},
    SON([("b", 1), ("a", 2)]),
    RawBSONDocument(bson.encode({"a": 1})),
]
PAIRS: Final[list[Any]] = [
    {"a": 1},
    {"a": -1, "b": "text"},
    [["a", 1]],
    [["a", 1], ["b", {"$meta": "textScore"}]],
    [("a", 1)],
]
_LEAVES: Final[list[Any]] = [
    *(True, 1.0, "1", b"1", dt.datetime(2026, 11, 24, tzinfo=dt.UTC), ObjectId(b"not-an-array")),
    *(Decimal128("1"), Regex("a"), Code("a"), DBRef("a", 1), object()),
]
_NO_DOCUMENT: Final[list[Any]] = [*_LEAVES, 1, [], [["a", 1]], [{}], (), {1}]

TAKES: Final[dict[Kind, list[Any]]] = {
    "bool": [True, False],
    "int": [0, 1, -1, 2**31, -(2**63)],
    "count": [0, 1, 2**31],
    "str": ["a", "", "a.b", "\u00e9", "\x00"],
    "value": [None, 0, "a", {"a": 1}, [1], ObjectId(b"not-an-array"), Decimal128("1")],
    "document": DOCUMENTS,
    "documents": [[document] for document in DOCUMENTS] + [DOCUMENTS],
    "strings": [[], ["a"], ["a", ""]],
    "stages": [[], [{"$match": {}}], [{"$match": {}}, {"$limit": 1}], [1, None, "a"]],
    "filters": [[], [{"a": 1}], [{"a": 1}, {"b": 2}], [1, None, "a"]],
    "update": [*DOCUMENTS, [], [{"$set": {"a": 1}}], [1, None, "a"]],
    "keys": [{}, *PAIRS],
    "hint": ["a_1", *PAIRS],
    "projection": [*DOCUMENTS, [], ["a"], ["a", "b.c"]],
    "return_document": ["before", "after"],
    "cursor_type": ["tailable", "tailable_await"],
    "cursors": [[{"id": 1}], [{"id": 1}, {"id": 2, "address": "a:1"}]],
    "client_requests": [
        [{"op": "insert_one", "ns": "a.b", "args": {"document": {}}}],
        [
            {"op": "delete_one", "ns": "a.b.c", "args": {"filter": {}}},
            {"op": "update_many", "ns": "b.a", "args": {"filter": {}, "update": {}}},
        ],
    ],
    "requests": [
        [{"op": "insert_one", "args": {"document": {}}}],
        [
            {"op": "delete_one", "args": {"filter": {}}},
            {"op": "update_many", "args": {"filter": {}, "update": {"$set": {"a": 1}}}},
        ],
    ],
}
REFUSES: Final[dict[Kind, list[Any]]] = {
    "bool": [0, 1, 1.0, "true", "", b"", [], {}],
    "int": [True, 1.0, "1", "", float("nan"), Decimal128("1"), [], {}],
    "count": [-1, -(2**63), True, 1.0, "1", float("inf"), [], {}],
    "str": [1, True, b"a", [], {}, ["a"], Regex("a")],
    "value": [],
    "document": _NO_DOCUMENT,
    "documents": [[], {}, {"a": 1}, "a", 1, [1], [{}, "a"], [[]], [None], ({},)],
    "strings": ["a", 1, {}, [1], ["a", None], [["a"]], ("a",)],
    "stages": [{}, {"$match": {}}, "a", 1, ({},)],
    "filters": [{}, {"a": 1}, "a", 1, ({},)],
    "update": [*_LEAVES, 1, ({},)],
    "keys": [*_LEAVES, 1, [], "a", ["a"], [["a"]], [["a", 1, 2]], [[1, 1]], ("a", 1), [{"a": 1}]],
    "hint": [True, 1, 1.0, b"a", [], ["a"], [["a"]], [["a", 1, 2]], [[1, 1]], [{"a": 1}]],
    "projection": [*_LEAVES, 1, [1], ["a", 1], [["a", 1]], [None], ("a",)],
    "cursor_type": ["Tailable", "", 2, True, ["tailable"], {}],
    "cursors": [[], {}, {"id": 1}, "a", 1, [1], [{}, 2], [[]], [None], ({},)],
    "client_requests": [
        [],
        {},
        [{"op": "insert_one", "args": {"document": {}}}],
        [{"op": "insert_one", "ns": "a", "args": {"document": {}}}],
        [{"op": "insert_one", "ns": ".b", "args": {"document": {}}}],
        [{"op": "insert_one", "ns": "a.", "args": {"document": {}}}],
        [{"op": "insert_one", "ns": 1, "args": {"document": {}}}],
        [{"op": "find", "ns": "a.b", "args": {}}],
        [{"op": "delete_one", "ns": "a.b", "args": {"filter": {}, "comment": "no"}}],
    ],
    "return_document": ["Before", "", True, False, 1, object(), ["after"], {}],
    "requests": [
        [],
        {},
        "a",
        [1],
        [{}],
        [{"op": "find", "args": {}}],
        [{"op": "insert_one"}],
        [{"op": "insert_one", "args": {}}],
        [{"op": "insert_one", "args": {"document": 1}}],
        [{"op": "insert_one", "args": {"document": {}, "comment": "no"}}],
        [{"op": "insert_one", "args": {"document": {}}, "ns": "a.b"}],
        [{"op": "insert_one", "args": {"document": {}}}, None],
    ],
}
SAYS: Final[dict[Kind, str]] = {
    "bool": "must be true or false",
    "int": "must be an integer",
    "count": "must be an integer that is not negative",
    "str": "must be a string",
    "document": "must be a document",
    "documents": "must be a list of documents, not empty",
    "strings": "must be a list of strings",
    "stages": "must be a list",
    "filters": "must be a list",
    "update": "must be a document or a pipeline",
    "keys": "must be {field: direction, ...} or [[field, direction], ...]",
    "hint": "must be an index name, {field: direction, ...} or [[field, direction], ...]",
    "projection": "must be a document or a list of fields",
    "return_document": "must be 'before' or 'after'",
    "cursor_type": "must be 'tailable' or 'tailable_await'",
    "cursors": "must be a list of cursors, not empty",
}

ARGUMENTS: Final[list[tuple[str, str, Argument]]] = [
    (op, name, argument)
    for op, spec in OPERATIONS.items()
    for name, argument in spec.arguments.items()
]
"""Every argument of every operation."""

BULK_ARGUMENTS: Final[list[tuple[str, str, Argument]]] = [
    (op, name, argument)
    for op, spec in BULK_REQUESTS.items()
    for name, argument in spec.arguments.items()
]
"""Every argument of every request of a `bulk_write`."""


def required(arguments: dict[str, Argument]) -> dict[str, Any]:
    """Return the least arguments that an operation can do with."""
    return {
        name: TAKES[argument.kind][0] for name, argument in arguments.items() if argument.required
    }
