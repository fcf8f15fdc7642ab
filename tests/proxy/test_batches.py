"""A server's batch, cut into documents: as the driver reads it, whatever it looks like."""

from __future__ import annotations

from typing import Any

import bson
import pytest
from bson import Int64
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching import codec
from motorpool.proxy import batches
from motorpool.proxy.batches import next_batch
from tests.batching.values import documents as documents_of
from tests.batching.values import generated, plain_leaves

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
ID = Int64(2**40)

some_documents = st.lists(documents_of(plain_leaves), max_size=12)


def cursor_of(fields: dict[str, Any]) -> RawBSONDocument:
    """Make a reply's `cursor`, of documents that are encoded already or not."""
    return RawBSONDocument(bson.encode(fields, codec_options=codec.LOSSLESS), RAW)


def as_the_driver_reads(cursor: RawBSONDocument) -> tuple[list[Any], Any]:
    """Read it with an object for each document."""
    return [document.raw for document in cursor["nextBatch"]], cursor["id"]


def outcome(read: Any, raw: bytes) -> Any:
    """What reading gives, or the kind of its error."""
    try:
        return tuple(read(RawBSONDocument(raw, RAW)))
    except Exception as error:  # noqa: BLE001 - whichever it is
        return type(error)


@generated
@given(some_documents)
def test_the_documents_of_a_batch_are_cut_out_as_they_are(documents: list[Any]) -> None:
    cursor = cursor_of({"nextBatch": documents, "id": ID, "ns": "shop.items"})

    found, id_ = next_batch(cursor, RAW)

    assert list(found) == [codec.encode_document(each) for each in documents]
    assert (list(found), id_) == as_the_driver_reads(cursor)
    assert type(found) is codec.RawDocuments


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 100, 101, 1_001])
def test_keys_of_any_length_are_stepped_over(count: int) -> None:
    documents = [{"_id": number} for number in range(count)]

    found, id_ = next_batch(cursor_of({"nextBatch": documents, "id": ID}), RAW)

    assert [bson.decode(each) for each in found] == documents
    assert id_ == ID


def test_a_batch_that_comes_first_is_cut_without_an_object_for_each_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_field(self: RawBSONDocument, name: str) -> Any:
        assert name == "id"
        return field(self, name)

    field = RawBSONDocument.__getitem__
    monkeypatch.setattr(RawBSONDocument, "__getitem__", no_field)

    found, _ = next_batch(cursor_of({"nextBatch": [{"a": 1}], "id": ID, "ns": "a.b"}), RAW)

    assert found == [bson.encode({"a": 1})]


@pytest.mark.parametrize(
    "fields",
    [
        {"id": ID, "ns": "shop.items", "nextBatch": [{"a": 1}, {"b": 2}]},
        {"partialResultsReturned": True, "nextBatch": [{"a": 1}], "id": ID},
        {"nextBatch": [{"a": 1}], "postBatchResumeToken": {"_data": "82"}, "id": ID, "ns": "a.b"},
        {"nextBatch": [], "id": Int64(0), "ns": "a.b"},
    ],
    ids=["last", "second", "with a token", "empty"],
)
def test_wherever_the_batch_stands_it_is_found(fields: dict[str, Any]) -> None:
    cursor = cursor_of(fields)

    found, id_ = next_batch(cursor, RAW)

    assert [bson.decode(each) for each in found] == fields["nextBatch"]
    assert id_ == fields["id"]


@pytest.mark.parametrize("missing", ["nextBatch", "id"])
def test_what_is_missing_is_said(missing: str) -> None:
    fields = {"nextBatch": [{"a": 1}], "id": ID, "ns": "a.b"}
    del fields[missing]

    with pytest.raises(KeyError, match=missing):
        next_batch(cursor_of(fields), RAW)


WHOLE = bson.encode({"nextBatch": [{"a": 1}, {"b": "text"}, {}], "id": ID, "ns": "shop.items"})


@given(st.lists(st.tuples(st.integers(4, len(WHOLE) - 2), st.integers(0, 255)), max_size=4))
def test_garbage_is_read_as_the_driver_reads_it(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(WHOLE)
    for at, value in changes:
        raw[at] = value

    found = outcome(lambda cursor: next_batch(cursor, RAW), bytes(raw))

    assert found == outcome(as_the_driver_reads, bytes(raw))


@pytest.mark.parametrize("at", range(4, len(WHOLE) - 1))
def test_no_single_wrong_byte_makes_a_difference_to_the_driver(at: int) -> None:
    for value in (0, 1, 3, 4, 5, 127, 128, 255):
        raw = WHOLE[:at] + bytes([value]) + WHOLE[at + 1 :]

        found = outcome(lambda cursor: next_batch(cursor, RAW), raw)

        assert found == outcome(as_the_driver_reads, raw), value


@pytest.mark.parametrize("less", range(1, 30))
def test_an_array_that_ends_within_a_document_is_not_cut(less: int) -> None:
    at = 4 + len(b"\x04nextBatch\x00")
    size = int.from_bytes(WHOLE[at : at + 4], "little") - less
    raw = WHOLE[:at] + size.to_bytes(4, "little") + WHOLE[at + 4 :]

    assert batches._cut(raw, at) is None  # noqa: SLF001 - what it leaves to the driver
    assert outcome(lambda cursor: next_batch(cursor, RAW), raw) == outcome(as_the_driver_reads, raw)


# -3: back to where its element begins, for ever.
@pytest.mark.parametrize("size", [-3, -1, 0, 4, 2**31 - 1, -(2**31)])
def test_a_document_of_an_impossible_length_ends_the_cutting(size: int) -> None:
    at = WHOLE.index(bson.encode({"a": 1}))
    raw = WHOLE[:at] + size.to_bytes(4, "little", signed=True) + WHOLE[at + 4 :]

    assert batches._cut(raw, 4 + len(b"\x04nextBatch\x00")) is None  # noqa: SLF001 - ends at all
