"""What an `err` says: a message without its details, and details as far as they can travel."""

from __future__ import annotations

import datetime as dt
from typing import Any

import bson
import pymongo.errors
import pytest

from motorpool.proxy.failures import describe
from motorpool.proxy.requests import Reply
from motorpool.proxy.responses import answer
from tests.proxy.test_failures import BULK, DUPLICATE, FAILED


def test_the_message_does_not_repeat_the_details() -> None:
    error = pymongo.errors.OperationFailure("the message", 2, FAILED)

    assert str(error) == f"the message, full error: {FAILED}"
    assert describe(error, is_write=False)["message"] == "the message"


def test_a_key_errors_message_is_its_key() -> None:
    assert describe(KeyError("the key"), is_write=False)["message"] == "the key"
    assert describe(KeyError(), is_write=False)["message"] == ""


def test_a_lone_surrogate_in_a_message_is_spelt_out() -> None:
    error = pymongo.errors.OperationFailure("field '\ud800'")

    assert describe(error, is_write=False)["message"] == "field '\\ud800'"


@pytest.mark.parametrize("code", ["11000", None, 1.5])
def test_a_code_that_is_no_integer_is_left_out(code: Any) -> None:
    assert "code" not in describe(pymongo.errors.OperationFailure("m", code, {}), is_write=False)


@pytest.mark.parametrize("code_name", [5, None, b"BadValue", ["BadValue"]], ids=repr)
def test_a_code_name_that_is_no_string_is_left_out(code_name: object) -> None:
    error = pymongo.errors.OperationFailure("m", 2, {"codeName": code_name})

    assert "codeName" not in describe(error, is_write=False)


def nested(depth: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(depth):
        document = {"a": document}
    return document


UNENCODABLE: dict[str, Any] = {
    "object": object(),
    "set": {1, 2},
    "date": dt.date(2026, 11, 24),
    "huge integer": 10**30,
    "lone surrogate": "\ud800",
    "key that is no string": {1: 2},
    "NUL in a key": {"a\x00b": 1},
    "exception": [ValueError("m")],
    "nested": nested(400),
}


@pytest.mark.parametrize("value", UNENCODABLE.values(), ids=UNENCODABLE)
@pytest.mark.parametrize("is_packed", [True, False], ids=["packed", "readable"])
def test_details_that_bson_cannot_carry_do_not_keep_the_error_back(
    value: object, *, is_packed: bool
) -> None:
    details = {"codeName": "BadValue", "value": value}
    err = describe(pymongo.errors.OperationFailure("m", 2, details), is_write=True)

    reply = Reply(is_packed, reads_zlib=False)
    entry = answer(1, reply=reply, is_write=True, err=err)

    assert entry.is_final
    known = {key: err[key] for key in ("type", "message", "code", "codeName")}
    assert known == {"type": "OperationFailure", "message": "m", "code": 2, "codeName": "BadValue"}
    assert b"OperationFailure" in bytes(entry.encoded)
    assert b"BadValue" in bytes(entry.encoded)


def test_the_other_details_stay_as_they_are_beside_one_that_bson_cannot_carry() -> None:
    value = object()
    details = {"keyValue": {"_id": bson.Int64(5)}, "value": value, "writeErrors": [DUPLICATE]}

    carried = describe(pymongo.errors.OperationFailure("m", 2, details), is_write=False)["details"]

    assert carried == {**details, "value": repr(value)}
    assert type(carried["keyValue"]["_id"]) is bson.Int64


def test_details_deeper_than_an_encoder_goes_are_left_out_and_the_rest_is_said() -> None:
    error = pymongo.errors.BulkWriteError({**BULK, "op": nested(300)})

    reply = Reply(is_packed=False, reads_zlib=False)
    entry = answer(1, reply=reply, is_write=True, err=describe(error, is_write=True))

    expected = (
        b'{"id":1,"err":{"type":"BulkWriteError","message":"batch op errors occurred","code":65,'
        b'"may_have_applied":true}}'
    )
    assert entry.encoded == expected
