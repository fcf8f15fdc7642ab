"""Traps of equality: which documents have the value that is asked for."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from bson import Code, DatetimeMS, Decimal128, Int64, ObjectId, Regex
from bson.binary import Binary

from tests.integration.equivalence.trap import CHILDREN, OPEN, Trap, asked, of, ops

NAN: Final = float("nan")
OLD: Final = ObjectId("5f43a1000000000000000001")
ONES: Final[list[Any]] = [1, 1.0, Int64(1), Decimal128("1"), Decimal128("1.00"), True, "1", [1]]
LARGE: Final[list[Any]] = [
    *(Int64(2**53 + 1), Int64(2**53), float(2**53), float(2**53 + 2)),
    Decimal128("9007199254740993"),
]
NESTED: Final[list[Any]] = [{"x": 1, "y": 2}, {"y": 2, "x": 1}, {"x": 1.0, "y": 2}, {"x": 1}]

TRAPS: Final[list[Trap]] = [
    asked("arrays match by element", "p", of("p", [[1, 2], 1, [2, 1], [], [[1]], [3]]), [1, 2, 3]),
    asked("null matches missing", "p", [*of("p", [None, 1, [None]]), {"_id": 9}], [None, 1, 2]),
    asked("a document without the field", "p", [*of("p", [1, 2]), {"_id": 9}], [1, 2, 3]),
    asked("one, as a double, as a long", "p", of("p", ONES), [1, 1.0, Int64(1), 2]),
    asked("one and true", "p", of("p", ONES), [1, True, 2]),
    asked("decimals", "p", of("p", ONES), [Decimal128("1"), 1, Decimal128("1.5"), 2]),
    asked("zero and minus zero", "p", of("p", [0, 0.0, -0.0, False]), [0, -0.0, 1]),
    asked("beyond what a double can count", "p", of("p", LARGE), [*LARGE[:3], 1]),
    asked("not a number", "p", of("p", [NAN, 1.0, Decimal128("NaN")]), [NAN, 1, 2]),
    asked("infinities", "p", of("p", [float("inf"), float("-inf")]), [float("inf"), 1, 2]),
    asked("strings", "p", of("p", ["a", "A", "\u00e1", "a\u0301", ""]), ["a", "A", "\u00e1", ""]),
    asked(
        "binary data and UUIDs",
        "p",
        of("p", [bytes(16), Binary(bytes(16), 4), Binary(bytes(16), 3), Binary(bytes(16), 5)]),
        [bytes(16), Binary(bytes(16), 4), Binary(bytes(16), 3)],
    ),
    asked(
        "dates before 1970 and past 9999",
        "p",
        of("p", [dt.datetime(1969, 7, 20), DatetimeMS(253_402_300_800_000), Int64(-14256000000)]),  # noqa: DTZ001
        [dt.datetime(1969, 7, 20), dt.datetime(2020, 1, 1)],  # noqa: DTZ001
    ),
    asked("ids and their text", "p", of("p", [OLD, str(OLD)]), [OLD, str(OLD)]),
    asked("documents with fields in another order", "p", of("p", NESTED), [*NESTED, 1, 2]),
    asked("arrays that are asked for", "p", of("p", [[1], 1, [[1]]]), [[1], 1, 2]),
    asked("regular expressions", "p", of("p", ["ab", "b", Regex("^a")]), [Regex("^a"), "b", "c"]),
    asked("code and its text", "p", of("p", [Code("f"), "f"]), [Code("f"), "f", "g"]),
    asked(
        "a path through an array",
        "d.x",
        of("d", [[{"x": 1}, {"x": 2}], {"x": 1}, [{"x": [2, 3]}], {"x": [1]}, [], [[{"x": 1}]]]),
        [1, 2, 3],
    ),
    asked("a path into an array", "l.0", of("l", [[1, 2], {"0": 1}, [[1]], [2]]), [1, 2, 3]),
    asked(
        "a path into documents in an array", "l.0.x", of("l", [[{"x": 1}], {"0": {"x": 1}}]), [1, 2]
    ),
    asked("ids of several types", "_id", [{"_id": 1.0}, {"_id": "1"}, {"_id": OLD}], [1, "1", OLD]),
    Trap(
        "the same id twice in a batch", CHILDREN, ops("find_one", "_id", [1, 1, 2, 1.0, Int64(2)])
    ),
    Trap(
        "conditions that are no equality",
        CHILDREN,
        ops("find", "p", [{"$gt": 1}, {"$lt": 9}]),
        OPEN,
    ),
    Trap(
        "other conditions, alike and not alike",
        CHILDREN,
        [
            {"op": "find", "ns": "c", "args": {"filter": each}, "session": True}
            for each in ({"p": 1, "s": "a"}, {"s": "a", "p": 2}, {"p": 3, "s": "b"}, {"p": 1})
        ],
    ),
]
