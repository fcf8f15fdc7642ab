"""Values of every kind, written and read back: equal in value, in type and in order."""

# One case, one line.
# ruff: noqa: E501
# fmt: off

import datetime as dt
import re
import uuid
from functools import partial
from typing import Any

from bson import (
    DBRef,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)
from bson.binary import Binary, UuidRepresentation
from bson.code import Code
from bson.datetime_ms import DatetimeMS
from bson.son import SON

from tests.integration.cases.table import Cases, Step

case = Cases(read_only=False)

UUID = uuid.UUID("6f1c4f7e-3b2a-4c5d-9e8f-0123456789ab")
UTC = dt.UTC
EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))


def written_and_read(value: Any) -> list[Step]:
    """Write it in a field, in an array and in a subdocument; read it, find it, list its values."""
    return [
        lambda c: c.insert_one({"_id": 100, "v": value, "in": {"b": [value], "a": value}}),
        lambda c: c.find_one({"_id": 100}),
        lambda c: c.find({"v": value}, {"_id": 1}).to_list(None),
        lambda c: c.distinct("v", {"_id": 100}),
        lambda c: c.aggregate([{"$match": {"_id": 100}}]).to_list(None),
        lambda c: c.find_one_and_update({"_id": 100}, {"$set": {"v2": value}}),
    ]


def inserted_as_ids(*values: Any) -> list[Step]:
    """Insert one document for each of these as its `_id`."""
    return [partial(_insert, value) for value in values]


def _insert(id_: Any, c: Any) -> Any:
    return c.insert_one({"_id": id_})


def moment(*parts: int, tzinfo: dt.tzinfo | None = None) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=tzinfo)  # type: ignore[arg-type,misc]


case("None", written_and_read(None))
case("true", written_and_read(True))  # noqa: FBT003 - a value
case("an empty string", written_and_read(""))
case("a string with a zero character", written_and_read("a\x00b"))
case("a string outside of the first plane", written_and_read("🂡 é e\u0301 \u202e"))
case("int 0", written_and_read(0))
case("a negative int", written_and_read(-7))
case("the largest int32", written_and_read(2**31 - 1))
case("a larger int", written_and_read(2**31))
case("the largest int64", written_and_read(2**63 - 1))
case("the smallest int64", written_and_read(-(2**63)))
case("Int64", written_and_read(Int64(5)))
case("an int too large", written_and_read(2**63))
case("float", written_and_read(1.5))
case("a whole float", written_and_read(2.0))
case("minus zero", written_and_read(-0.0))
case("a very small float", written_and_read(5e-324))
case("infinity", written_and_read(float("inf")))
case("minus infinity", written_and_read(float("-inf")))
case("not a number", written_and_read(float("nan")))
case("Decimal128", written_and_read(Decimal128("1.10")))
case("Decimal128 exponent", written_and_read(Decimal128("1E+3")))
case("Decimal128 not a number", written_and_read(Decimal128("NaN")))
case("bytes", written_and_read(b"\x00\xff"))
case("empty bytes", written_and_read(b""))
case("Binary of a user's subtype", written_and_read(Binary(b"abc", 128)))
case("Binary of a uuid", written_and_read(Binary.from_uuid(UUID, UuidRepresentation.STANDARD)))
case("a native uuid", written_and_read(UUID))
case("ObjectId", written_and_read(ObjectId("65cd2f00aabbccddeeff0022")))
case("date", written_and_read(moment(2024, 2, 29, 12, 30, 1, 123000)))
case("date with microseconds", written_and_read(moment(2024, 2, 29, 12, 30, 1, 123456)))
case("date in UTC", written_and_read(moment(2024, 2, 29, 12, tzinfo=UTC)))
case("date in another zone", written_and_read(moment(2024, 2, 29, 12, tzinfo=EAST)))
case("date before 1970", written_and_read(moment(1901, 12, 13, 20, 45, 52)))
case("the first date", written_and_read(moment(1, 1, 1)))
case("the last date", written_and_read(moment(9999, 12, 31, 23, 59, 59, 999000)))
case("DatetimeMS within the calendar", written_and_read(DatetimeMS(1_700_000_000_000)))
case("DatetimeMS after year 9999", written_and_read(DatetimeMS(2**60)))
case("a date without a time", written_and_read(dt.date(2024, 2, 29)))
case("Timestamp", written_and_read(Timestamp(1_700_000_000, 7)))
case("Regex", written_and_read(Regex("^a.*b$", "imsx")))
case("re.Pattern", written_and_read(re.compile("^a", re.IGNORECASE)))
case("Code", written_and_read(Code("return 1")))
case("Code with scope", written_and_read(Code("return x", {"x": 1})))
case("MinKey", written_and_read(MinKey()))
case("MaxKey", written_and_read(MaxKey()))
case("DBRef", written_and_read(DBRef("items", 1)))
case("DBRef with database and more", written_and_read(DBRef("items", 1, "other", extra=5)))
case("an empty array", written_and_read([]))
case("a nested array", written_and_read([1, [2, [3, []]], {"a": [None]}]))
case("a tuple", written_and_read((1, 2)))
case("an empty document", written_and_read({}))
case("keys in their order", written_and_read({"z": 1, "a": 2, "10": 3, "9": {"y": 1, "x": 2}}))
case("SON", written_and_read(SON([("z", 1), ("a", 2)])))
case("an empty key", written_and_read({"": 1}))
case("keys of Extended JSON", written_and_read({"$oid": "abc"}))
case("unicode keys", written_and_read({"ключ": 1, "鍵 ": 2}))
case("a set", written_and_read({1, 2}))
case("an object of no BSON", written_and_read(object()))
case("int as key", written_and_read({1: "a"}))


async def _depth(c: Any) -> Any:
    value: Any = 1
    for _ in range(90):
        value = {"d": value}
    await c.insert_one({"_id": 100, "v": value})
    return await c.find_one({"_id": 100})


async def _large(c: Any) -> Any:
    await c.insert_one({"_id": 100, "text": "äöü" * 60_000, "bytes": bytes(range(256)) * 400})
    return await c.find_one({"_id": 100})


async def _arithmetic(c: Any) -> Any:
    await c.insert_one({"_id": 100, "i": 2**31 - 1, "l": Int64(1), "d": Decimal128("0.1"), "f": 1})
    change = {"$inc": {"i": 1, "l": 1, "d": Decimal128("0.2"), "f": 0.5}}
    return await c.find_one_and_update({"_id": 100}, change, return_document=True)


case("ninety levels", _depth)
case("two hundred kilobytes", _large)
case("types after arithmetic", _arithmetic)
case("types as _id", inserted_as_ids(1.5, True, b"x", Decimal128("1"), Int64(77), {"a": 1}, moment(2024, 1, 1), Timestamp(1, 1)))  # noqa: FBT003 - a value
case("ids that compare equal clash", inserted_as_ids(200, 200.0, Int64(200), Decimal128("200")))
