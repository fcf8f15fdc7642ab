"""One entry's words: a result, a failure, or the failure to put a result into words."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import bson
import pytest
from bson import Int64, ObjectId

from motorpool.batching.limits import LAMBDA_RESPONSE_BYTES
from motorpool.proxy.requests import Reply
from motorpool.proxy.responses import Answer, answer, refuse, write_response

PACKED = Reply(is_packed=True, reads_zlib=False)
READABLE = Reply(is_packed=False, reads_zlib=False)

RESULT = {
    "int": 1,
    "long": Int64(1),
    "double": 1.0,
    "id": ObjectId(b"twelve bytes"),
    "when": dt.datetime(1969, 12, 31, 23, 59, tzinfo=dt.UTC),
    "list": [None, True, "text"],
}
CANONICAL = {
    "int": {"$numberInt": "1"},
    "long": {"$numberLong": "1"},
    "double": {"$numberDouble": "1.0"},
    "id": {"$oid": "7477656c7665206279746573"},
    "when": {"$date": {"$numberLong": "-60000"}},
    "list": [None, True, "text"],
}


def test_a_result_is_bson_where_the_answer_is_packed() -> None:
    entry = answer("a", reply=PACKED, is_write=False, ok=RESULT)

    assert entry == Answer(
        "a", bson.encode({"id": "a", "ok": RESULT}), is_write=False, is_final=False, is_kept=False
    )


def test_a_result_is_canonical_extended_json_where_the_answer_is_readable() -> None:
    entry = answer("a", reply=READABLE, is_write=True, ok=RESULT)

    assert json.loads(bytes(entry.encoded)) == {"id": "a", "ok": CANONICAL}
    assert (entry.id, entry.is_write, entry.is_final) == ("a", True, False)


def test_a_failures_own_fields_are_plain_json_and_its_details_extended_json() -> None:
    err = {"type": "OperationFailure", "message": "m", "code": 2, "details": {"code": 2}}

    entry = answer(1, reply=READABLE, is_write=False, err=err)

    details = {"code": {"$numberInt": "2"}}
    assert json.loads(bytes(entry.encoded)) == {"id": 1, "err": {**err, "details": details}}
    assert entry.is_final


def test_nothing_found_is_a_result() -> None:
    assert answer(1, reply=READABLE, is_write=False).encoded == b'{"id":1,"ok":null}'


def test_a_failure_without_an_id_is_answered_with_none() -> None:
    entry = answer(None, reply=READABLE, is_write=False, err={"type": "a", "message": "b"})

    assert entry.encoded == b'{"id":null,"err":{"type":"a","message":"b"}}'


@pytest.mark.parametrize(
    "result",
    [object(), {1, 2}, ["\ud800"], {"a": ValueError()}],
    ids=lambda value: repr(type(value)),
)
@pytest.mark.parametrize("reply", [PACKED, READABLE], ids=["packed", "readable"])
@pytest.mark.parametrize("is_write", [True, False], ids=["write", "read"])
def test_a_result_that_cannot_be_encoded_is_a_failure_and_a_write_was_applied(
    result: object, reply: Reply, *, is_write: bool
) -> None:
    entry = answer(1, reply=reply, is_write=is_write, ok=result)

    encoded = bytes(entry.encoded)
    payload: dict[str, Any] = bson.decode(encoded) if reply.is_packed else json.loads(encoded)
    assert payload.keys() == {"id", "err"}
    assert payload["err"]["type"] in ("InvalidDocument", "TypeError", "UnicodeEncodeError")
    assert payload["err"]["message"] != ""
    assert payload["err"]["may_have_applied"] is is_write
    assert entry.is_final


def test_a_response_has_its_fields_in_the_protocols_order() -> None:
    entry = answer(1, reply=READABLE, is_write=False, ok=[])

    payload = write_response([entry], {"cold": True}, READABLE, LAMBDA_RESPONSE_BYTES)

    expected = b'{"v":1,"res":[{"id":1,"ok":[]}],"stats":{"cold":true,"bytes_out":16}}'
    assert payload == expected


def test_a_refusal_is_readable_json_whatever_it_quotes() -> None:
    assert refuse("no") == b'{"v":1,"err":{"type":"ProtocolError","message":"no"}}'
    assert json.loads(refuse("\ud800 \x00 \u00e9", "InternalError")) == {
        "v": 1,
        "err": {"type": "InternalError", "message": "\\ud800 \x00 \u00e9"},
    }
