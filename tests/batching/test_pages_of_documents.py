"""A page of documents: put into an entry as it came, found there again, decoded one by one."""

from __future__ import annotations

from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching import codec, envelope
from motorpool.batching.codec import LOSSLESS, Page, RawDocuments
from motorpool.batching.envelope import Entry
from motorpool.batching.errors import ProtocolError
from tests.batching.values import documents as documents_of
from tests.batching.values import generated, plain_leaves

RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
DOCUMENTS: list[dict[str, Any]] = [{"_id": n, "text": "x" * n} for n in range(12)]
TOLD = {"id": bson.Int64(7), "sizes": [3.0, 10.0, 40.0], "count": 12}

some_documents = st.lists(documents_of(plain_leaves), max_size=12)


def raw(documents: list[Any]) -> RawDocuments:
    return RawDocuments(bson.encode(document, codec_options=LOSSLESS) for document in documents)


def entry_of(documents: list[Any], cursor: dict[str, Any] | None = None, id_: Any = 3) -> Entry:
    """Make the entry of a page, as it is read from a packed response."""
    encoded = codec.encode_entry(envelope.success(id_, raw(documents), cursor))
    response = codec.seal_envelope(codec.join_response([encoded], {}), compress=False)
    ((entry,), _) = codec.split_response(response)
    return entry


def page_of(documents: list[Any], options: CodecOptions[Any] = LOSSLESS) -> Page:
    return Page(codec.join_array(raw(documents)), options)


# Streams and entries ------------------------------------------------------------------------------


@generated
@given(some_documents)
def test_a_stream_of_documents_is_split_where_each_ends(documents: list[Any]) -> None:
    encoded = raw(documents)

    assert codec.split_documents(b"".join(encoded)) == encoded


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 100, 101, 1_001])
def test_undecoded_documents_make_the_entry_that_decoded_ones_would(count: int) -> None:
    documents = [{"_id": n} for n in range(count)]

    for id_ in (1, "a", 2**40):
        for cursor in (None, TOLD):
            entry = codec.encode_entry(envelope.success(id_, raw(documents), cursor))
            decoded = {"id": id_, "ok": documents, **({} if cursor is None else {"cursor": cursor})}
            assert entry == bson.encode(decoded)


@generated
@given(some_documents)
def test_a_page_is_found_in_its_entry_as_it_was_put_there(documents: list[Any]) -> None:
    encoded = b"".join(raw(documents))

    for cursor in (None, TOLD):
        entry = entry_of(documents, cursor)
        assert codec.entry_page(entry).take_raw() == encoded
        assert codec.entry_cursor(entry) == cursor


@generated
@given(some_documents)
def test_all_of_a_page_is_decoded_as_one_by_one(documents: list[Any]) -> None:
    for cursor in (None, TOLD):
        for options in (LOSSLESS, RAW):
            entry = entry_of(documents, cursor)
            page = codec.entry_page(entry, options)
            one_by_one = []
            while page:
                one_by_one.append(page.next())
            found = codec.entry_page(entry, options)
            assert repr(found.take()) == repr(one_by_one)
            assert not found


class Never(TypeDecoder):
    """A type of an application's that takes no integer: no page of this test has one."""

    bson_type = int

    def transform_bson(self, value: Any) -> Any:
        raise AssertionError(f"{value} is not of the page")


def test_types_of_an_application_see_the_page_alone() -> None:
    options: CodecOptions[Any] = CodecOptions(type_registry=TypeRegistry([Never()]))

    for cursor in (None, TOLD):
        assert codec.entry_page(entry_of([{"a": "b"}], cursor), options).take() == [{"a": "b"}]


def of_another_hand(cursor: dict[str, Any] | None) -> list[Entry]:
    """Make entries that are right and written in another way than this proxy writes them."""
    more = {} if cursor is None else {"cursor": cursor}
    page: dict[str, Any] = {"ok": DOCUMENTS}
    written = [
        {**page, "id": 3, **more},
        {**more, "id": 3, **page},
        {"id": "three", **page, **more},
        {"id": bson.Int64(3), **page, **more},
        {"id": 3, **more, **page},
        {"id": 3, **page, "later": {"ok": 1}, **more},
    ]
    return [Entry(entry["id"], "ok", bson.encode(entry)) for entry in written]


@pytest.mark.parametrize("cursor", [None, TOLD], ids=["last", "with a cursor"])
def test_an_entry_of_another_hand_is_read_as_well(cursor: dict[str, Any] | None) -> None:
    for entry in of_another_hand(cursor):
        assert codec.entry_page(entry).take() == DOCUMENTS
        assert codec.entry_cursor(entry) == cursor


@pytest.mark.parametrize("ok", [None, 1, "text", {"a": 1}, b"bytes"], ids=repr)
@pytest.mark.parametrize("id_", [3, "three"])
def test_what_is_no_list_is_no_page(ok: object, id_: object) -> None:
    entry = Entry(3, "ok", bson.encode({"id": id_, "ok": ok}))

    with pytest.raises(ProtocolError, match="has no list of documents where a page was asked for"):
        codec.entry_page(entry)


def test_a_result_that_is_no_page_has_no_cursor() -> None:
    for ok in (None, 1, "text", {"a": 1}, [1, 2]):
        entry = Entry(3, "ok", codec.encode_entry(envelope.success(3, ok)))
        assert codec.entry_cursor(entry) is None
    part = Entry(3, "ok", codec.encode_entry(envelope.success(3, [1, 2], {"from": 4})))
    assert codec.entry_cursor(part) == {"from": 4}


def test_a_cursor_is_read_without_decoding_the_page() -> None:
    broken = b"\x05\x00\x00\x00\x01"  # a document that does not end
    entry = Entry(3, "ok", codec.encode_entry(envelope.success(3, RawDocuments([broken]), TOLD)))

    assert codec.entry_cursor(entry) == TOLD


# Stamps -------------------------------------------------------------------------------------------


def test_a_stamp_carries_the_session_as_a_uuid() -> None:
    body = codec.encode_operation("find", "shop.items", {"filter": {}})
    session = bytes(range(16))

    stamped = bson.decode(codec.stamp(body, 7, 250, session))

    assert stamped == {
        "id": 7,
        "timeout_ms": 250,
        "session": bson.Binary(session, bson.binary.UUID_SUBTYPE),
        "op": "find",
        "ns": "shop.items",
        "args": {"filter": {}},
    }
    assert bson.decode(codec.stamp(body, 7, None, session))["session"].as_uuid().bytes == session
    assert "session" not in bson.decode(codec.stamp(body, 7, 250))


def test_no_stamp_is_longer_than_is_set_aside_for_it() -> None:
    body = codec.encode_operation("find", "shop.items", {})

    for timeout_ms in (None, 0, 2**31 - 1):
        for session in (None, bytes(16)):
            longer = len(codec.stamp(body, 2**31 - 1, timeout_ms, session)) - len(body)
            assert longer <= codec.STAMP_BYTES
    assert len(codec.stamp(body, 0, 0, bytes(16))) - len(body) == codec.STAMP_BYTES


# Pages --------------------------------------------------------------------------------------------


@generated
@given(some_documents, st.integers(0, 14))
def test_documents_come_one_by_one_and_the_rest_at_once(documents: list[Any], first: int) -> None:
    page = page_of(documents, RAW)
    expected = [RawBSONDocument(document) for document in raw(documents)]
    assert page.count == len(documents)

    one_by_one: list[Any] = []
    while page and len(one_by_one) < first:
        one_by_one.append(page.next())
    rest = page.take()

    assert one_by_one + rest == expected
    assert not page
    assert page.take() == []
    assert page.count == len(documents)


@pytest.mark.parametrize("most", [0, 1, 5, 11, 12, 13, None])
def test_at_most_so_many_are_taken(most: int | None) -> None:
    page = page_of(DOCUMENTS)

    taken = page.take(most)

    assert taken == DOCUMENTS[:most]
    assert bool(page) is (len(taken) < len(DOCUMENTS))
    assert taken + page.take() == DOCUMENTS


def test_a_page_that_is_not_begun_is_decoded_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Page, "next", None)

    for page in (page_of(DOCUMENTS), codec.entry_page(entry_of(DOCUMENTS, TOLD))):
        assert page.take() == DOCUMENTS
        assert not page


def test_an_empty_page_has_nothing() -> None:
    page = page_of([])

    assert (bool(page), page.count, page.take(), page.take(3), page.take_raw()) == (
        *(False, 0, [], []),
        b"",
    )
    with pytest.raises(IndexError, match="no document is left"):
        page.next()
    with pytest.raises(IndexError, match="no document is left"):
        page.next_raw()


def test_undecoded_documents_are_given_one_behind_the_other() -> None:
    page = page_of(DOCUMENTS)
    page.next()

    assert bson.decode_all(page.take_raw()) == DOCUMENTS[1:]
    assert not page


def test_each_document_is_decoded_with_the_pages_options() -> None:
    one_by_one, at_once = page_of(DOCUMENTS, RAW), page_of(DOCUMENTS, RAW)

    assert type(one_by_one.next()) is RawBSONDocument
    assert {type(document) for document in one_by_one.take(2) + at_once.take()} == {RawBSONDocument}


def test_documents_that_were_given_out_share_nothing() -> None:
    array = codec.join_array(raw([{"list": [1]}]))
    first, second = Page(array, LOSSLESS).take(), Page(array, LOSSLESS).take()

    first[0]["list"].append(2)

    assert second == [{"list": [1]}]


def test_a_page_that_is_broken_says_so_where_its_document_is_decoded() -> None:
    page = Page(
        codec.join_array([bson.encode({"a": 1}), b"\x08\x00\x00\x00\x10a\x00\x00"]), LOSSLESS
    )

    assert page.next() == {"a": 1}
    with pytest.raises(InvalidBSON):
        page.next()


def test_repr_says_how_much_is_left() -> None:
    page = page_of([{}, {}])

    assert repr(page) == "<Page 16 bytes left>"
    page.next()
    assert repr(page) == "<Page 8 bytes left>"
