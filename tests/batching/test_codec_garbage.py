"""Whatever comes in is read or is a ProtocolError; nothing else is raised, nothing crashes."""

import base64
import json
import zlib
from contextlib import suppress
from struct import pack
from typing import Any

import bson
import pytest
from bson.errors import BSONError
from hypothesis import given, settings
from hypothesis import strategies as st

from motorpool.batching import codec
from motorpool.batching.codec import (
    decode_document,
    encode_entry,
    entry_value,
    join_request,
    join_response,
    open_envelope,
    seal_envelope,
    split_response,
    stamp,
)
from motorpool.batching.errors import ProtocolError
from motorpool.batching.extended_json import dumps, from_extended, loads, to_extended
from tests.batching.values import (
    WRAPPERS,
    documents,
    generated,
    keys,
    leaves,
    names,
    plain_leaves,
)

DEEP = 100_000


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


json_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["\ud800", "a\0b", "1", "-1", "NaN", "AA==", "2020-01-01T00:00:00Z", "zlib"]),
)
json_keys = st.one_of(
    st.sampled_from(WRAPPERS),
    st.sampled_from(["$id", "$db", "$scope", "$options", "$type", "t", "i", "base64", "subType"]),
    st.sampled_from(["pattern", "options", "v", "res", "id", "ok", "err", "stats", "message"]),
    names,
)
json_values = st.recursive(
    json_leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(json_keys, inner, max_size=3),
    max_leaves=8,
)


def damaged(whole: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Generate bytes that were good until some were cut off, put in, or had a bit flipped."""

    @st.composite
    def damage(draw: st.DrawFn) -> bytes:
        data = bytearray(draw(whole))
        for _ in range(draw(st.integers(1, 3))):
            at = draw(st.integers(0, max(0, len(data) - 1)))
            kind = draw(st.sampled_from(["flip", "cut", "put"]))
            if kind == "cut":
                del data[at:]
            elif kind == "put":
                data[at:at] = draw(st.binary(min_size=1, max_size=4))
            elif data:
                data[at] ^= 1 << draw(st.integers(0, 7))
        return bytes(data)

    return damage()


def response(values: list[Any]) -> bytes:
    """Give the document of a response."""
    entries = (encode_entry({"id": number, "ok": value}) for number, value in enumerate(values))
    return bytes(join_response(entries, {"n": 1}))


def read_response(payload: bytes) -> None:
    """Read a response as the client does; what an entry holds may be broken, and then says so."""
    entries, stats = split_response(payload)
    assert isinstance(stats, dict)
    for entry in entries:
        assert isinstance(entry.id, int | str)
        with suppress(BSONError, KeyError):
            entry_value(entry)


requests = st.lists(documents(leaves), max_size=3).map(
    lambda args: join_request(
        [
            stamp(codec.encode_operation("find", "shop.items", each), number, 1)
            for number, each in enumerate(args)
        ]
    )
)
responses = st.lists(documents(leaves), max_size=3).map(response)


@settings(generated, max_examples=200)
@given(data=st.binary(max_size=200) | damaged(documents(leaves).map(bson.encode)))
def test_garbage_for_a_document_is_a_protocol_error(data: bytes) -> None:
    with suppress(ProtocolError):
        decode_document(data)


@settings(generated, max_examples=200)
@given(
    event=st.fixed_dictionaries(
        {"bson": json_values | st.binary(max_size=40).map(in_base64)},
        optional={"v": json_values, "z": st.just("zlib") | json_values, "more": json_values},
    )
)
def test_garbage_for_an_event_is_a_protocol_error(event: dict[str, Any]) -> None:
    with suppress(ProtocolError):
        open_envelope(event)


@settings(generated, max_examples=200)
@given(payload=damaged(requests))
def test_damaged_request_is_read_or_is_a_protocol_error(payload: bytes) -> None:
    try:
        event = json.loads(payload)
    except ValueError:  # the runtime says so, before the handler is called
        return
    if isinstance(event, dict) and "bson" in event:
        with suppress(ProtocolError):
            decode_document(open_envelope(event))


@settings(generated, max_examples=200)
@given(
    payload=st.one_of(
        st.binary(max_size=100),
        json_values.map(lambda value: json.dumps(value).encode()),
        damaged(responses.map(lambda document: seal_envelope(document, compress=False))),
        damaged(responses).map(lambda document: seal_envelope(document, compress=False)),
    )
)
def test_garbage_for_a_response_is_a_protocol_error(payload: bytes) -> None:
    with suppress(ProtocolError):
        read_response(payload)


@settings(generated, max_examples=200)
@given(
    document=st.fixed_dictionaries(
        {"v": st.just(1) | json_values},
        optional={
            "res": json_values
            | st.lists(
                json_values
                | st.fixed_dictionaries({"id": json_values, "ok": json_values})
                | st.fixed_dictionaries({"id": st.integers(0, 3), "ok": json_values}),
                max_size=3,
            ),
            "stats": json_values,
            "err": json_values | st.fixed_dictionaries({"message": json_values}),
        },
    )
)
def test_garbage_for_a_readable_response_is_a_protocol_error(document: dict[str, Any]) -> None:
    with suppress(ProtocolError):
        read_response(json.dumps(document).encode())


@settings(generated, max_examples=200)
@given(value=json_values)
def test_garbage_for_extended_json_is_a_protocol_error(value: object) -> None:
    with suppress(ProtocolError):
        from_extended(value)


@settings(generated, max_examples=200)
@given(data=damaged(documents(plain_leaves, keys).map(lambda value: dumps(to_extended(value)))))
def test_damaged_extended_json_is_read_or_is_a_protocol_error(data: bytes) -> None:
    with suppress(ProtocolError):
        from_extended(loads(data))


def nested_bson(key: bytes) -> bytes:
    """Nest documents or arrays, far beyond what any stack holds, without building them."""
    heads = (pack("<i", 5 + 8 * level) + key for level in range(DEEP, 0, -1))
    return b"".join(heads) + b"\x05\x00\x00\x00\x00" + b"\x00" * DEEP


DEEP_BSON = {"documents": nested_bson(b"\x03a\x00"), "arrays": nested_bson(b"\x040\x00")}
DEEP_JSON = {"arrays": b"[" * DEEP + b"]" * DEEP, "objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP}


@pytest.mark.parametrize("nested", DEEP_BSON.values(), ids=DEEP_BSON)
def test_bson_nested_a_hundred_thousand_deep_is_a_protocol_error(nested: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"recursion|nested too deeply"):
        decode_document(nested)


@pytest.mark.parametrize("nested", DEEP_BSON.values(), ids=DEEP_BSON)
def test_response_with_an_entry_nested_too_deeply_fails_that_entry_alone(nested: bytes) -> None:
    deep = codec.join_document(b"\x10id\x00" + pack("<i", 0) + b"\x03ok\x00" + nested)
    document = join_response([deep, encode_entry({"id": 1, "ok": 2})], {})
    payload = seal_envelope(document, compress=True)

    (broken, whole), _ = split_response(payload)

    with pytest.raises(BSONError):
        entry_value(broken)
    assert entry_value(whole) == 2


@pytest.mark.parametrize("nested", DEEP_JSON.values(), ids=DEEP_JSON)
def test_json_nested_a_hundred_thousand_deep_is_a_protocol_error(nested: bytes) -> None:
    for payload in (nested, b'{"v":1,"res":[{"id":0,"ok":' + nested + b"}]}"):
        with pytest.raises(ProtocolError):
            split_response(payload)
        with pytest.raises(ProtocolError):
            loads(payload)


@pytest.mark.parametrize("depth", [300, 1_000, DEEP])
def test_values_nested_too_deeply_for_extended_json_are_a_protocol_error(depth: int) -> None:
    value: object = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}

    if depth == 300:
        from_extended(value)
    else:
        with pytest.raises(ProtocolError, match="not readable: nested too deeply"):
            from_extended(value)
    while isinstance(value, list | dict):  # taken apart by hand: Python's own way is recursive
        value = value[0] if isinstance(value, list) else value["a"]


def test_small_event_that_unpacks_into_a_large_document_is_refused() -> None:
    bomb = in_base64(zlib.compress(bytes(64 * 1024 * 1024), 9))
    assert len(bomb) < 100_000

    with pytest.raises(ProtocolError, match="unpacks to more than 33554432 bytes"):
        open_envelope({"v": 1, "bson": bomb, "z": "zlib"})
