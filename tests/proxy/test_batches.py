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
from motorpool.proxy.batches import batch_of
from tests.batching.values import documents as documents_of
from tests.batching.values import generated, plain_leaves

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
ID = Int64(2**40)

NAMES = ("firstBatch", "nextBatch")
"""What a batch is called in the reply to a `find`, and to a `getMore`."""

some_documents = st.lists(documents_of(plain_leaves), max_size=12)
of_each_name = pytest.mark.parametrize("name", NAMES)


def cursor_of(fields: dict[str, Any]) -> RawBSONDocument:
    """Make a reply's `cursor`, of documents that are encoded already or not."""
    return RawBSONDocument(bson.encode(fields, codec_options=codec.LOSSLESS), RAW)


def as_the_driver_reads(cursor: RawBSONDocument, name: str) -> tuple[list[Any], Any]:
    """Read it with an object for each document."""
    return [document.raw for document in cursor[name]], cursor["id"]


def cut_out(cursor: RawBSONDocument, name: str) -> tuple[codec.RawDocuments, Any]:
    return batch_of(cursor, name, RAW)


def outcome(read: Any, raw: bytes, name: str) -> Any:
    """What reading gives, or the kind of its error."""
    try:
        return tuple(read(RawBSONDocument(raw, RAW), name))
    except Exception as error:  # noqa: BLE001 - whichever it is
        return type(error)


@of_each_name
@generated
@given(documents=some_documents)
def test_the_documents_of_a_batch_are_cut_out_as_they_are(documents: list[Any], name: str) -> None:
    cursor = cursor_of({name: documents, "id": ID, "ns": "shop.items"})

    found, id_ = batch_of(cursor, name, RAW)

    assert list(found) == [codec.encode_document(each) for each in documents]
    assert (list(found), id_) == as_the_driver_reads(cursor, name)
    assert type(found) is codec.RawDocuments


@of_each_name
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 100, 101, 1_001, 10_001])
def test_keys_of_any_length_are_stepped_over(count: int, name: str) -> None:
    documents = [{"_id": number} for number in range(count)]

    found, id_ = batch_of(cursor_of({name: documents, "id": ID}), name, RAW)

    assert [bson.decode(each) for each in found] == documents
    assert id_ == ID


@of_each_name
def test_a_batch_that_comes_first_is_cut_without_an_object_for_each_document(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def no_field(self: RawBSONDocument, asked: str) -> Any:
        assert asked == "id"
        return field(self, asked)

    field = RawBSONDocument.__getitem__
    monkeypatch.setattr(RawBSONDocument, "__getitem__", no_field)

    found, _ = batch_of(cursor_of({name: [{"a": 1}], "id": ID, "ns": "a.b"}), name, RAW)

    assert found == [bson.encode({"a": 1})]


@of_each_name
@pytest.mark.parametrize(
    "fields",
    [
        {"id": ID, "ns": "shop.items", "nextBatch": [{"a": 1}, {"b": 2}]},
        {"partialResultsReturned": True, "nextBatch": [{"a": 1}], "id": ID},
        {"nextBatch": [{"a": 1}], "postBatchResumeToken": {"_data": "82"}, "id": ID, "ns": "a.b"},
        {"nextBatch": [], "id": Int64(0), "ns": "a.b"},
        {"nextBatch": [{"firstBatch": [], "nextBatch": []}], "id": ID},
    ],
    ids=["last", "second", "with a token", "empty", "within a document"],
)
def test_wherever_the_batch_stands_it_is_found(fields: dict[str, Any], name: str) -> None:
    fields = {name if field == "nextBatch" else field: fields[field] for field in fields}
    cursor = cursor_of(fields)

    found, id_ = batch_of(cursor, name, RAW)

    assert [bson.decode(each) for each in found] == fields[name]
    assert id_ == fields["id"]


@of_each_name
def test_what_is_missing_is_said(name: str) -> None:
    for missing in (name, "id"):
        fields = {name: [{"a": 1}], "id": ID, "ns": "a.b"}
        del fields[missing]

        with pytest.raises(KeyError, match=missing):
            batch_of(cursor_of(fields), name, RAW)


def test_the_batch_of_another_name_is_none() -> None:
    for name, other in (NAMES, NAMES[::-1]):
        with pytest.raises(KeyError, match=name):
            batch_of(cursor_of({other: [{"a": 1}], "id": ID, "ns": "a.b"}), name, RAW)


def whole(name: str) -> bytes:
    return bson.encode({name: [{"a": 1}, {"b": "text"}, {}], "id": ID, "ns": "shop.items"})


def head_of(name: str) -> int:
    """Return where the array itself begins: behind the length, a type and a name."""
    return 4 + 1 + len(name) + 1


LENGTHS = {name: len(whole(name)) for name in NAMES}


@of_each_name
@given(changes=st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=4))
def test_garbage_is_read_as_the_driver_reads_it(changes: list[tuple[int, int]], name: str) -> None:
    raw = bytearray(whole(name))
    for at, value in changes:
        raw[4 + at % (len(raw) - 5)] = value

    found = outcome(cut_out, bytes(raw), name)

    assert found == outcome(as_the_driver_reads, bytes(raw), name)


@pytest.mark.parametrize(
    ("name", "at"), [(name, at) for name in NAMES for at in range(4, LENGTHS[name] - 1)]
)
def test_no_single_wrong_byte_makes_a_difference_to_the_driver(name: str, at: int) -> None:
    good = whole(name)
    for value in (0, 1, 3, 4, 5, 127, 128, 255):
        raw = good[:at] + bytes([value]) + good[at + 1 :]

        found = outcome(cut_out, raw, name)

        assert found == outcome(as_the_driver_reads, raw, name), value


@of_each_name
@pytest.mark.parametrize("less", range(1, 30))
def test_an_array_that_ends_within_a_document_is_not_cut(less: int, name: str) -> None:
    good, at = whole(name), head_of(name)
    size = int.from_bytes(good[at : at + 4], "little") - less
    raw = good[:at] + size.to_bytes(4, "little") + good[at + 4 :]

    assert batches._cut(raw, at) is None  # noqa: SLF001 - what it leaves to the driver
    assert outcome(cut_out, raw, name) == outcome(as_the_driver_reads, raw, name)


# -3: back to where its element begins, for ever.
@of_each_name
@pytest.mark.parametrize("size", [-3, -1, 0, 4, 2**31 - 1, -(2**31)])
def test_a_document_of_an_impossible_length_ends_the_cutting(size: int, name: str) -> None:
    good = whole(name)
    at = good.index(bson.encode({"a": 1}))
    raw = good[:at] + size.to_bytes(4, "little", signed=True) + good[at + 4 :]

    assert batches._cut(raw, head_of(name)) is None  # noqa: SLF001 - ends at all
