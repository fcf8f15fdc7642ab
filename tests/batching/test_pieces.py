"""Bytes that are joined late make what bytes that are joined at once would."""

from __future__ import annotations

import binascii
import json
from io import BytesIO
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching import codec, pieces
from motorpool.batching.codec import RawDocuments
from motorpool.batching.pieces import Pieces, around_array, array_of, base64_length, write_base64

some_bytes = st.lists(st.binary(max_size=40), max_size=40)


def text_of(document: bytes | Pieces) -> bytes:
    payload = BytesIO()
    write_base64(document, payload)
    return payload.getvalue()


def documents(count: int) -> list[bytes]:
    return [bson.encode({"_id": number, "x": "é" * number}) for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 9, 10, 11, 100, 101])
def test_documents_in_pieces_make_the_array_that_bson_makes(count: int) -> None:
    values = [bson.decode(each) for each in documents(count)]

    made = array_of(iter(documents(count)))

    assert b"\x04a\x00" + bytes(made) == bson.encode({"a": values})[4:-1]
    assert len(made) == len(bytes(made))


@pytest.mark.parametrize("kept", [0, 1, 3, 100])
def test_indexes_are_those_of_the_array_however_many_were_made_before(
    kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "_KEPT_HEADS", kept)
    monkeypatch.setattr(pieces, "_MADE_HEADS", [[]])

    for count in (2, 0, 12, 3, 101, 12, 250, 1):
        documents = [{"n": number} for number in range(count)]
        made = bytes(pieces.array_of(map(bson.encode, documents)))
        assert made == bson.encode({"": documents})[6:-1]
        assert len(pieces._MADE_HEADS[0]) <= kept  # noqa: SLF001 - what is kept in memory


def test_an_array_in_a_document_in_an_array_is_joined_once_and_right() -> None:
    first = around_array(b"\x10id\x00\x01\x00\x00\x00\x04ok\x00", documents(12), b"\x0anull\x00")
    second = bson.encode({"id": 2})

    made = around_array(b"\x04res\x00", [first, second, first], b"")

    page = {"id": 1, "ok": [bson.decode(each) for each in documents(12)], "null": None}
    assert bson.decode(bytes(made)) == {"res": [page, {"id": 2}, page]}
    assert bytes(made) == bson.encode({"res": [page, {"id": 2}, page]})
    assert len(made) == len(bytes(made))
    assert all(type(part) is bytes for part in made.parts)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 48, 48 * 1024])
def test_base64_by_the_chunk_is_base64(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "CHUNK_BYTES", chunk)

    @given(some_bytes)
    def check(parts: list[bytes]) -> None:
        whole = b"".join(parts)
        expected = binascii.b2a_base64(whole, newline=False)
        assert base64_length(whole) == len(expected)
        assert text_of(whole) == expected
        if whole:
            assert text_of(Pieces(parts, len(whole))) == expected

    check()


def test_a_payload_of_many_chunks_is_one_string_of_json() -> None:
    raw = RawDocuments(documents(700))
    entry = {"id": 1, "ok": raw, "cursor": {"id": 5}}
    made = codec.join_response([codec.entry_pieces(entry), codec.encode_entry(entry)], {"n": 1})

    for document in (made, bytes(made)):
        payload = codec.seal_envelope(document, compress=False)
        event: dict[str, Any] = json.loads(payload)
        assert len(payload) > 10 * pieces.CHUNK_BYTES
        assert type(payload) is bytes
        assert codec.open_envelope(event) == bytes(made)


def test_repr_says_how_many_pieces_and_bytes() -> None:
    assert repr(array_of([])) == "<Pieces 2 of 5 bytes>"
