"""The readable encoding: the same round trip, through JSON that a person can read."""

import datetime as dt
import json
import math
from typing import Any

import bson
import pytest
from bson import Int64, ObjectId, json_util
from bson.binary import Binary
from bson.codec_options import DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.dbref import DBRef
from bson.json_util import JSONMode, JSONOptions
from bson.min_key import MinKey
from bson.timestamp import Timestamp
from hypothesis import given, settings

from motorpool.batching import codec
from motorpool.batching.errors import ProtocolError
from motorpool.batching.extended_json import dumps, from_extended, loads, to_extended
from tests.batching.values import WRAPPERS, documents, generated, keys, plain_leaves, typed

# Left out are only documents whose own keys are Extended JSON's: they read as the value they spell.
any_document = documents(plain_leaves, keys.filter(lambda key: key not in WRAPPERS))


def decoded_by_bson(document: dict[str, Any]) -> dict[str, Any]:
    """Give what `bson` gives for a document that it has written, nested in another one."""
    value: dict[str, Any] = bson.decode(bson.encode({"value": document}), codec.LOSSLESS)["value"]
    return value


CANONICAL = JSONOptions(
    json_mode=JSONMode.CANONICAL, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)


@settings(generated, max_examples=200)
@given(document=any_document)
def test_documents_come_back_equal_in_value_and_type(document: dict[str, Any]) -> None:
    read = from_extended(loads(dumps(to_extended(document))))

    assert typed(read) == typed(decoded_by_bson(document))


@settings(generated, max_examples=200)
@given(document=any_document)
def test_what_is_written_is_what_the_drivers_own_tool_writes_canonically(
    document: dict[str, Any],
) -> None:
    decoded = decoded_by_bson(document)

    assert to_extended(decoded) == json.loads(json_util.dumps(decoded, json_options=CANONICAL))


@settings(generated, max_examples=100)
@given(document=any_document)
def test_entries_of_a_readable_response_are_read_as_those_of_a_packed_one(
    document: dict[str, Any],
) -> None:
    payload = dumps(to_extended({"v": 1, "res": [{"id": 0, "ok": document}], "stats": {"n": 1}}))

    (entry,), stats = codec.split_response(payload)

    assert (entry.id, entry.outcome, stats) == (0, "ok", {"n": 1})
    assert typed(codec.entry_value(entry)) == typed(decoded_by_bson(document))


BEFORE_1970 = dt.datetime(1969, 12, 31, 23, 59, 59)  # noqa: DTZ001 - as BSON decodes it


@pytest.mark.parametrize(
    ("relaxed", "value"),
    [
        ({"age": 3}, {"age": 3}),
        ({"price": 1.5}, {"price": 1.5}),
        ({"$oid": "507f1f77bcf86cd799439011"}, ObjectId("507f1f77bcf86cd799439011")),
        ({"$date": "1969-12-31T23:59:59Z"}, BEFORE_1970),
        ({"$date": {"$numberLong": "253402300800000"}}, DatetimeMS(253402300800000)),
        ({"n": {"$numberLong": "3"}}, {"n": Int64(3)}),
        ({"$binary": {"base64": "AA==", "subType": "80"}}, Binary(b"\0", 128)),
        ({"qty": {"$gt": 1, "$in": [1, 2]}}, {"qty": {"$gt": 1, "$in": [1, 2]}}),
        ([None, True, "a"], [None, True, "a"]),
    ],
)
def test_what_a_person_types_is_read(relaxed: object, value: object) -> None:
    assert typed(from_extended(relaxed)) == typed(value)


@pytest.mark.parametrize(
    ("id_", "written"),
    [
        (Timestamp(1, 2), {"$timestamp": {"t": 1, "i": 2}}),
        (MinKey(), {"$minKey": 1}),
        (7, {"$numberInt": "7"}),
        ({"a": [1.5]}, {"a": [{"$numberDouble": "1.5"}]}),
    ],
    ids=["Timestamp", "MinKey", "int", "document"],
)
def test_what_a_reference_holds_is_written_once(id_: object, written: object) -> None:
    assert to_extended(DBRef("items", id_)) == {"$ref": "items", "$id": written}


def test_document_with_a_wrappers_key_is_read_as_the_value_that_it_spells() -> None:
    mine = {"$oid": "507f1f77bcf86cd799439011"}

    assert from_extended(to_extended(mine)) == ObjectId("507f1f77bcf86cd799439011")
    assert codec.decode_document(bson.encode({"mine": mine})) == {"mine": mine}


@pytest.mark.parametrize(
    "wrapper",
    [
        {"$oid": 5},
        {"$oid": "abc"},
        {"$oid": "507f1f77bcf86cd799439011", "more": 1},
        {"$date": ""},
        {"$date": "yesterday"},
        {"$date": math.inf},
        {"$date": {"$numberLong": "soon"}},
        {"$numberInt": 5},
        {"$numberInt": "9" * 5_000},
        {"$numberLong": "1.5"},
        {"$numberDouble": "one"},
        {"$numberDecimal": "one"},
        {"$numberDecimal": "1E9999"},
        {"$timestamp": {"t": 1}},
        {"$timestamp": {"t": -1, "i": 1}},
        {"$timestamp": 1},
        {"$binary": {"base64": "A", "subType": "00"}},
        {"$binary": {"base64": "", "subType": "zz"}},
        {"$binary": {}},
        {"$binary": 5, "$type": 0},
        {"$regularExpression": {"pattern": 5, "options": ""}},
        {"$regularExpression": 5},
        {"$code": 5},
        {"$code": "f()", "$scope": 5},
        {"$uuid": 5},
        {"$uuid": "abc"},
        {"$minKey": 2},
        {"$maxKey": "1"},
        {"$dbPointer": 5},
    ],
    ids=repr,
)
def test_wrapper_that_does_not_hold_what_it_says_is_a_protocol_error(
    wrapper: dict[str, Any],
) -> None:
    with pytest.raises(ProtocolError, match=r"^not MongoDB Extended JSON v2: "):
        from_extended({"deep": [wrapper]})


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j], ids=repr)
def test_value_that_is_not_bson_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        to_extended({"value": value})


def test_what_is_not_json_is_a_protocol_error() -> None:
    for garbage in (b"", b"{", b"\xff", b"nan", b"[1,]"):
        with pytest.raises(ProtocolError, match=r"^not JSON: "):
            loads(garbage)
