"""What is wrong with a request or a response is named."""

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any

import bson
import pytest

from motorpool.batching.codec import open_envelope, seal_envelope, split_response
from motorpool.batching.errors import ProtocolError


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def readable(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def packed(document: dict[str, Any]) -> bytes:
    return seal_envelope(bson.encode(document), compress=False)


@pytest.mark.parametrize(("size", "is_refused"), [(999, False), (1_000, False), (1_001, True)])
def test_document_may_unpack_to_the_limit_and_not_one_byte_further(
    size: int,
    is_refused: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    event = {"bson": in_base64(zlib.compress(bytes(size))), "z": "zlib"}

    if is_refused:
        with pytest.raises(ProtocolError, match="unpacks to more than 1000 bytes"):
            open_envelope(event, max_bytes=1_000)
    else:
        assert open_envelope(event, max_bytes=1_000) == bytes(size)


STREAM = zlib.compress(b"whole")


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"bson": "AA==", "more": 1, "and": 2}, "unknown field 'and' beside 'bson'"),
        ({"bson": 7}, "'bson' must be a base64 string, not int"),
        ({"bson": None}, "'bson' must be a base64 string, not NoneType"),
        ({"bson": "AA=A"}, "'bson' is not base64"),
        ({"bson": "A A=="}, "'bson' is not base64"),
        ({"bson": "AAé="}, "'bson' is not base64"),
        ({"bson": "AA==", "z": "gzip"}, "unknown compression 'gzip'; known: 'zlib'"),
        ({"bson": "AA==", "z": 1}, "unknown compression int; known: 'zlib'"),
        ({"bson": "AAAA", "z": "zlib"}, "'bson' is not a zlib stream"),
        ({"bson": in_base64(STREAM[:-1]), "z": "zlib"}, "not one whole zlib stream"),
        ({"bson": in_base64(STREAM + b"!"), "z": "zlib"}, "not one whole zlib stream"),
    ],
)
def test_what_is_wrong_with_an_event_is_named(event: dict[str, Any], message: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        open_envelope(event)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"res": []}, "the response has version None; this client speaks 1"),
        ({"v": 2, "res": []}, "the response has version 2; this client speaks 1"),
        ({"v": 1}, "the response has no list 'res'"),
        ({"v": 1, "res": {}}, "the response has no list 'res'"),
        ({"v": 1, "res": [], "stats": 1}, "'stats' of the response is not a document"),
        ({"v": 1, "err": {"message": "too deep"}}, "the proxy refused the batch: too deep"),
        ({"v": 1, "err": "broken"}, "the proxy refused the batch: broken"),
        ({"v": 1, "res": [{"ok": 1}]}, "an entry of the response has no id but None"),
        ({"v": 1, "res": [{"id": True, "ok": 1}]}, "an entry of the response has no id but True"),
        ({"v": 1, "res": [{"id": 1.0, "ok": 1}]}, "an entry of the response has no id but 1.0"),
        ({"v": 1, "res": [{"id": 1}]}, "entry 1 of the response needs one of ok, err, "),
        ({"v": 1, "res": [{"ok": 1, "id": 1, "err": {}}]}, "entry 1 of the response needs one of"),
    ],
)
@pytest.mark.parametrize("write", [readable, packed])
def test_what_is_wrong_with_a_response_is_named(
    document: dict[str, Any], message: str, write: Callable[[dict[str, Any]], bytes]
) -> None:
    with pytest.raises(ProtocolError) as raised:
        split_response(write(document))
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "the response is not JSON: "),
        (b"\xff", "the response is not JSON: "),
        (b"[]", "the response is not a JSON object but list"),
        (b'{"$minKey":1}', "the response is not a document but MinKey"),
    ],
)
def test_response_that_is_no_document_is_named(payload: bytes, message: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        split_response(payload)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("err", "may_have_applied"),
    [
        ({"type": "ProtocolError", "message": "no such version"}, False),
        ({"type": "MemoryError", "message": "too much"}, True),
    ],
)
@pytest.mark.parametrize("write", [readable, packed])
def test_batch_that_was_refused_unread_was_surely_not_applied(
    err: dict[str, str],
    may_have_applied: bool,  # noqa: FBT001 - pytest gives it by name
    write: Callable[[dict[str, Any]], bytes],
) -> None:
    with pytest.raises(ProtocolError) as raised:
        split_response(write({"v": 1, "err": err}))
    assert raised.value.may_have_applied is may_have_applied


@pytest.mark.parametrize("entry", [7, "id", [1], None])
def test_entry_that_is_not_a_document_is_a_protocol_error(entry: object) -> None:
    for write in (readable, packed):
        with pytest.raises(ProtocolError):
            split_response(write({"v": 1, "res": [entry]}))


@pytest.mark.parametrize(
    "value",
    ['"\\ud800"', "9" * 30, '{"a\\u0000b": 1}', '{"$numberInt": "' + "9" * 30 + '"}'],
    ids=["surrogate", "large number", "zero in a key", "large numberInt"],
)
def test_readable_entry_that_holds_what_bson_cannot_is_a_protocol_error(value: str) -> None:
    with pytest.raises(ProtocolError, match="entry 0 of the response holds what BSON cannot"):
        split_response(f'{{"v":1,"res":[{{"id":0,"ok":{value}}}]}}'.encode())
