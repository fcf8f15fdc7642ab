"""Values that are hard to tell apart, in families: what is in one family may be equal somewhere.

Across types, by a collation, by element, by way of null. A generated data set takes its values from
a few families only, so that they meet.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from bson import Code, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.binary import Binary

MISSING: Final = object()
"""No field at all."""

_ZEROS: Final = bytes(16)
OLD_ID: Final = ObjectId("5f43a1000000000000000001")
OTHER_OLD_ID: Final = ObjectId("5f43a1000000000000000002")

PLAIN: Final[list[Any]] = [*range(1, 7), "p", "q", "r"]

IDS_AND_TEXT: Final[list[Any]] = [OLD_ID, OTHER_OLD_ID, str(OLD_ID)]
"""Mongomock holds an id in an array equal to its text."""

FAMILIES: Final[list[list[Any]]] = [
    [1, 1.0, Int64(1), Decimal128("1"), Decimal128("1.0"), True, "1"],
    [0, 0.0, -0.0, Int64(0), False, Decimal128("0"), Decimal128("-0")],
    [float("nan"), Decimal128("NaN"), float("inf"), float("-inf"), Decimal128("Infinity")],
    [Int64(2**53 + 1), Int64(2**53), float(2**53), Decimal128("9007199254740993")],
    [Int64(2**63 - 1), float(2**63), Decimal128("9223372036854775807"), Int64(-(2**63))],
    [0.1, Decimal128("0.1"), 1.5, Decimal128("1.5"), -1, -1.0],
    ["a", "A", "\u00e1", "a\u0301", "\u00c1"],
    ["", " ", "a-b", "ab", "a b", "AB"],
    ["1", "01", 1, "10", "9", "1.0"],
    ["ss", "\u00df", "SS", "\u1e9e"],
    ["i", "I", "\u0131", "\u0130", "y"],
    ["v", "w", "V", "ccs", "cscs"],
    [Binary(_ZEROS, 4), Binary(_ZEROS, 3), _ZEROS, Binary(_ZEROS, 5)],
    [b"", Binary(b"", 5), "", b"a", Binary(b"a", 128), "a"],
    IDS_AND_TEXT,
    [
        dt.datetime(1969, 7, 20, 20, 17, 40, 1000),  # noqa: DTZ001 - as bson decodes it
        dt.datetime(2020, 2, 29),  # noqa: DTZ001
        DatetimeMS(253_402_300_800_000),
        DatetimeMS(-62_135_596_800_001),
        Int64(1_582_934_400_000),
    ],
    [None, MISSING, MISSING, 1],
    [Regex("^a"), "a", "ab", Regex("^a", "i")],
    [[1], [1, 2], [1.0], [2], 1, 2, []],
    [[[1]], [1], [None], None, [None, 1], MISSING],
    [["a", "A"], "a", "A", ["b", "a"]],
    [{"x": 1, "y": 2}, {"y": 2, "x": 1}, {"x": 1}, {}, {"x": 1.0}],
    [[{"x": 1}], {"x": 1}, [{"x": 1}, {"x": 2}], {"x": [1, 2]}, [[{"x": 1}]]],
    [{"0": 1}, [1], {"0": {"x": 1}}, [{"x": 1}], {"x": None}],
    [Timestamp(1, 1), Code("f"), MinKey(), MaxKey(), "f"],
]

IDS: Final[list[Any]] = [
    *("a", "A", "\u00e1", "", "01", "1", 1.5, Decimal128("2.5"), Int64(2**53 + 1), float(2**53)),
    *(OLD_ID, OTHER_OLD_ID, b"a", Binary(b"a", 128), Binary(_ZEROS, 4), None, -1, 100.0),
    *(dt.datetime(1969, 7, 20), DatetimeMS(253_402_300_800_000)),  # noqa: DTZ001
    *({"x": 1, "y": 2}, {"y": 2, "x": 1}, {"x": 1.0}, {}, float("nan"), float("inf")),
    *(Timestamp(1, 1), MinKey(), MaxKey(), {"x": [1, 2]}, True, False, 0.0),
]
"""Ids beside the plain numbers."""

PROJECTIONS: Final[list[Any]] = [
    *({}, [], ["p"], ["_id"], ["n", "q"], ["d.x", "n"]),
    *({"p": 1}, {"p": 0}, {"n": 1}, {"n": 0}, {"q": True, "n": 1}, {"p": False}),
    *({"_id": 0}, {"_id": 1}, {"_id": 0, "p": 1}, {"_id": 0, "p": 0}, {"_id": 0, "n": 1}),
    *({"n": 1, "_id": 0}, {"p": 1, "_id": 1}, {"_id": 1, "p": 0}, {"q": 1, "p": 1, "n": 1}),
    *({"p": 1, "q": 0}, {"d": 1, "d.x": 1}, {"d.x": 1}, {"d.x": 0}, {"d.y": 1}, {"d": 1}, {"d": 0}),
    *({"_id": 0, "d.x": 1}, {"_id": 0, "d.y": 0}, {"d.x.y": 1}, {"d.0.x": 1}, {"l.0": 1}),
    *({"l": {"$slice": 1}}, {"l": {"$elemMatch": {"$eq": 1}}}, {"d": {"$elemMatch": {"x": 1}}}),
    *({"l.$": 1}, {"p.$": 1}, {"p": 1.0}, {"p": Int64(1)}, {"p": Int64(0)}, {"p": "text"}),
    *({"z": "$p"}, {"z": {"$literal": 1}}, {"p": "$q"}, {"_id": "$p"}, {"_id.x": 1}, {"_id.x": 0}),
    *({"p": {"$nope": 1}}, {"": 1}, {"$p": 1}, {"p": None}),
]
SORTS: Final[list[Any]] = [
    *({"n": 1}, {"n": -1}, {"_id": 1}, {"_id": -1}, {"p": 1}, {"p": -1, "_id": 1}, {"k": 1}),
    *({"d.x": 1}, {"s": 1, "_id": 1}, [["n", 1], ["k", -1]], {"l": 1, "k": 1}, {"q": -1}),
    *({"n": 2}, {"n": {"$meta": "textScore"}}, {"$natural": 1}, {"$natural": -1}, {}, {"n": 1.0}),
    *({"n": True}, {"n": Int64(-1)}, {"nowhere": 1}),
]
COLLATIONS: Final[list[Any]] = [
    *({"locale": "en", "strength": 1}, {"locale": "en", "strength": 2}, {"locale": "simple"}),
    *({"locale": "en", "numericOrdering": True}, {"locale": "en", "strength": 3}),
    *({"locale": "fr", "strength": 1, "alternate": "shifted"}, {"locale": "nowhere"}, {}),
]
HINTS: Final[list[Any]] = [
    *("_id_", {"_id": 1}, "p_1", {"p": 1}, [["p", 1]], "d.x_1", "nope", {"nope": 1}),
    *({"$natural": 1}, {"$natural": -1}),
]
