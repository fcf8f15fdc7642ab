"""What goes in comes out, equal in value and type to what `bson` itself makes of it."""

import json
from typing import Any
from unittest import mock

import bson
import pytest
from bson import SON, Int64
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from hypothesis import given, settings
from hypothesis import strategies as st

from motorpool.batching import codec, envelope
from motorpool.batching.codec import (
    LOSSLESS,
    decode_document,
    encode_entry,
    encode_operation,
    entry_value,
    join_request,
    join_response,
    open_envelope,
    seal_envelope,
    split_response,
    stamp,
)
from motorpool.batching.envelope import Entry
from tests.batching.values import documents, generated, leaves, names, typed

any_document = documents(leaves)
any_documents = st.lists(any_document, max_size=4)
thresholds = st.sampled_from([0, 2**40])  # everything is compressed, nothing is


def decoded_by_bson(document: dict[str, Any]) -> dict[str, Any]:
    """Give what `bson` gives for a document that it has written, nested in another one.

    (Of an outermost document it writes `_id` first.)
    """
    value: dict[str, Any] = bson.decode(bson.encode({"value": document}), LOSSLESS)["value"]
    return value


def compressing_above(size: int) -> Any:
    return mock.patch.object(codec, "COMPRESS_ABOVE_BYTES", size)


@settings(generated, max_examples=100)
@given(args=any_documents, namespace=names, threshold=thresholds)
def test_operations_arrive_as_they_were_sent(
    args: list[dict[str, Any]], namespace: str, threshold: int
) -> None:
    with compressing_above(threshold):
        event = json.loads(
            join_request(
                [
                    stamp(encode_operation("find", namespace, each), number, 1_000 * number)
                    for number, each in enumerate(args)
                ]
            )
        )
    arrived = decode_document(open_envelope(event))

    assert typed(arrived) == typed(
        {
            "v": 1,
            "accept": ["bson", "zlib"],
            "ops": [
                {
                    "id": number,
                    "timeout_ms": Int64(1_000 * number),
                    "op": "find",
                    "ns": namespace,
                    "args": decoded_by_bson(each),
                }
                for number, each in enumerate(args)
            ],
        }
    )


@settings(generated, max_examples=100)
@given(values=st.lists(st.tuples(st.sampled_from(envelope.OUTCOMES), any_document), max_size=4))
@pytest.mark.parametrize("threshold", [0, 2**40], ids=["compressed", "plain"])
def test_results_arrive_as_they_were_answered(
    values: list[tuple[envelope.Outcome, dict[str, Any]]], threshold: int
) -> None:
    answered = [
        encode_entry({"id": number, outcome: value})
        for number, (outcome, value) in enumerate(values)
    ]
    with compressing_above(threshold):
        payload = seal_envelope(join_response(answered, {"cold": True}), compress=True)

    entries, stats = split_response(payload)

    assert stats == {"cold": True}
    assert [(entry.id, entry.outcome) for entry in entries] == [
        (number, outcome) for number, (outcome, _) in enumerate(values)
    ]
    assert [typed(entry_value(entry)) for entry in entries] == [
        typed(decoded_by_bson(value)) for _, value in values
    ]


@settings(generated, max_examples=100)
@given(
    args=any_document,
    id_=st.integers(0, 2**31 - 1),
    timeout_ms=st.none() | st.integers(0, 2**63 - 1),
)
def test_stamped_body_is_byte_for_byte_what_bson_makes_of_the_whole(
    args: dict[str, Any], id_: int, timeout_ms: int | None
) -> None:
    body = encode_operation("find", "shop.items", args)
    time_left = {} if timeout_ms is None else {"timeout_ms": Int64(timeout_ms)}

    assert stamp(body, id_, timeout_ms) == bson.encode(
        {"id": id_, **time_left, "op": "find", "ns": "shop.items", "args": args}
    )
    assert stamp(body, id_, timeout_ms).endswith(body[4:])
    assert len(stamp(body, id_, timeout_ms)) <= len(body) + codec.STAMP_BYTES


@settings(generated, max_examples=100)
@given(args=any_documents)
def test_request_is_byte_for_byte_what_bson_makes_of_the_whole(args: list[dict[str, Any]]) -> None:
    operations = [{"id": number, "args": each} for number, each in enumerate(args)]
    document = open_envelope(json.loads(join_request([bson.encode(each) for each in operations])))

    assert document == bson.encode({"v": 1, "accept": ["bson", "zlib"], "ops": operations})
    room = sum(len(bson.encode(each)) + codec.ELEMENT_BYTES for each in operations)
    assert len(document) <= codec.REQUEST_OVERHEAD_BYTES + room


@settings(generated, max_examples=100)
# bson moves an `_id` to the front of an outermost document; stats, which are one, have none.
@given(
    values=any_documents,
    stats=st.dictionaries(names.filter(lambda name: name != "_id"), leaves),
)
def test_response_is_byte_for_byte_what_bson_makes_of_the_whole(
    values: list[dict[str, Any]], stats: dict[str, Any]
) -> None:
    entries = [{"id": number, "ok": value} for number, value in enumerate(values)]
    document = bytes(join_response([encode_entry(each) for each in entries], stats))

    assert document == bson.encode({"v": 1, "res": entries, "stats": stats})


@pytest.mark.parametrize("number", [0, 9, 10, 11, 99, 100, 1_001])
def test_array_of_any_length_is_byte_for_byte_what_bson_makes_of_it(number: int) -> None:
    documents_ = [{"n": each} for each in range(number)]

    assert codec.join_document(
        b"\x04a\x00" + codec.join_array([bson.encode(each) for each in documents_])
    ) == bson.encode({"a": documents_})


@given(document=st.binary(max_size=2_000), compress=st.booleans())
def test_sealed_bytes_are_opened_as_they_were_and_never_grow_by_compression(
    document: bytes,
    compress: bool,  # noqa: FBT001 - hypothesis gives it by name
) -> None:
    plain = seal_envelope(document, compress=False)
    sealed = seal_envelope(document, compress=compress)

    assert open_envelope(json.loads(sealed)) == document
    assert len(sealed) <= len(plain)


def test_a_request_is_compressed_above_the_threshold_only() -> None:
    around = len(open_envelope(json.loads(join_request([]))))
    element = len(b"\x030\x00")
    short = bson.encode({"x": b"a" * (codec.COMPRESS_ABOVE_BYTES - around - element - 13)})
    long = bson.encode({"x": b"a" * (codec.COMPRESS_ABOVE_BYTES - around - element - 12)})

    assert json.loads(join_request([short])).keys() == {"v", "bson"}
    assert json.loads(join_request([long])).keys() == {"v", "bson", "z"}


@pytest.mark.parametrize(
    "entry",
    [
        {"ok": 1, "id": 7},
        {"id": "7", "ok": 1},
        {"id": Int64(7), "ok": 1},
        {"x": 0, "id": 7, "ok": 1},
    ],
    ids=["outcome first", "text id", "int64 id", "another field first"],
)
def test_entry_written_by_another_proxy_in_another_order_is_read_too(entry: dict[str, Any]) -> None:
    payload = seal_envelope(join_response([bson.encode(entry)], {}), compress=False)

    (read,), _ = split_response(payload)

    assert (read.id, read.outcome, entry_value(read)) == (entry["id"], "ok", 1)


def test_response_without_stats_has_none() -> None:
    payload = seal_envelope(bson.encode({"v": 1, "res": []}), compress=False)

    assert split_response(payload) == ([], {})


def test_entry_is_decoded_anew_each_time_with_the_callers_own_codec_options() -> None:
    entry = Entry(0, "ok", encode_entry({"id": 0, "ok": {"a": [1]}}))

    assert type(entry_value(entry, CodecOptions(document_class=SON))) is SON
    assert isinstance(
        entry_value(entry, CodecOptions(document_class=RawBSONDocument)), RawBSONDocument
    )
    assert entry_value(entry)["a"] is not entry_value(entry)["a"]


def test_operations_that_ask_the_same_have_the_same_body() -> None:
    one = encode_operation("find", "shop.items", {"filter": {"a": 1}, "limit": 2})

    assert one == encode_operation("find", "shop.items", {"filter": {"a": 1}, "limit": 2})
    assert one != encode_operation("find", "shop.items", {"limit": 2, "filter": {"a": 1}})
