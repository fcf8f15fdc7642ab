"""A document's elements, found without decoding it: each as the decoder finds it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import bson
import pytest
from bson import (
    Binary,
    Code,
    DatetimeMS,
    DBRef,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching.codec import LOSSLESS
from motorpool.proxy.planning.values import elements, without

_NAMES: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
_TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
_PATTERNS: Final = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5
)
_LEAVES: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**63), 2**63 - 1).map(Int64),
    st.floats(),
    _TEXTS,
    st.binary(max_size=5),
    st.builds(Binary, st.binary(max_size=5), st.sampled_from([0, 2, 3, 4, 5, 9, 128])),
    st.binary(min_size=12, max_size=12).map(ObjectId),
    st.integers(-(2**63), 2**63 - 1).map(DatetimeMS),
    st.datetimes(timezones=st.just(dt.UTC)),
    st.builds(Regex, _PATTERNS, st.integers(0, 2)),
    st.builds(Code, _TEXTS),
    st.builds(Code, _TEXTS, st.dictionaries(_NAMES, st.integers(0, 3), max_size=2)),
    st.builds(Timestamp, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    st.integers(-(10**6), 10**6).map(lambda number: Decimal128(str(number))),
    st.sampled_from([MinKey(), MaxKey()]),
    st.builds(DBRef, st.just("a"), st.integers(0, 3)),
)
DOCUMENTS: Final = st.dictionaries(
    _NAMES,
    st.recursive(
        _LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)

# Kinds that PyMongo reads and does not write, each as an element named "a".
OLD: dict[str, bytes] = {
    "undefined": b"\x06a\x00",
    "pointer": b"\x0ca\x00\x02\x00\x00\x00c\x00not-an-array",
    "symbol": b"\x0ea\x00\x04\x00\x00\x00xyz\x00",
}
ONE = b"\x10b\x00\x01\x00\x00\x00"


def whole(*parts: bytes) -> bytes:
    rest = b"".join(parts) + b"\x00"
    return (len(rest) + 4).to_bytes(4, "little") + rest


def walked(raw: bytes, begin: int = 0) -> list[tuple[str, bytes]]:
    """Each element's name, and a document of it alone."""
    return [
        (raw[at + 1 : start - 1].decode(), whole(raw[at:end]))
        for at, _, start, end in elements(raw, begin)
    ]


@given(DOCUMENTS)
def test_each_element_is_found_where_the_decoder_finds_it(document: dict[str, Any]) -> None:
    raw = bson.encode(document, codec_options=LOSSLESS)

    assert walked(raw) == [
        (name, bson.encode({name: value}, codec_options=LOSSLESS))
        for name, value in _in_order(document)
    ]


@given(DOCUMENTS, DOCUMENTS)
def test_a_document_within_another_is_walked_where_it_begins(
    outer: dict[str, Any], inner: dict[str, Any]
) -> None:
    around = bson.encode(outer, codec_options=LOSSLESS)
    raw = bson.encode(inner, codec_options=LOSSLESS)

    assert walked(around + raw + around, len(around)) == walked(raw)


@given(DOCUMENTS)
def test_kind_and_place_say_what_the_value_is(document: dict[str, Any]) -> None:
    raw = bson.encode(document, codec_options=LOSSLESS)

    for at, kind, start, end in elements(raw):
        assert raw[at] == kind
        alone = whole(bytes([kind]) + b"\x00" + raw[start:end])
        name = raw[at + 1 : start - 1].decode()
        value = bson.decode(alone, codec_options=LOSSLESS)[""]
        expected = bson.decode(raw, codec_options=LOSSLESS)[name]
        assert value == expected or repr(value) == repr(expected)  # a NaN is not itself


@pytest.mark.parametrize("kind", OLD)
def test_what_pymongo_reads_but_does_not_write_is_walked_over(kind: str) -> None:
    raw = whole(OLD[kind], ONE)

    assert list(bson.decode(raw)) == ["a", "b"]  # so it is well formed
    assert walked(raw) == [("a", whole(OLD[kind])), ("b", whole(ONE))]


@given(DOCUMENTS, st.data())
def test_without_a_field_is_the_document_without_it(
    document: dict[str, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([*document, "neither"]))
    raw = bson.encode(document, codec_options=LOSSLESS)
    rest = {other: value for other, value in document.items() if other != name}

    assert without(raw, name.encode()) == bson.encode(rest, codec_options=LOSSLESS)


@pytest.mark.parametrize(
    ("document", "field", "rest"),
    [
        ({"_id": 1, "a": 2, "b": 3}, "a", {"_id": 1, "b": 3}),
        ({"_id": 1, "a": 2}, "_id", {"a": 2}),
        ({"a": 2}, "a", {}),
        ({"ab": 1, "b": 2}, "a", {"ab": 1, "b": 2}),
        ({"ba": 1, "a": 2}, "a", {"ba": 1}),
        # Its own fields only.
        ({"b": {"a": 1}, "c": [{"a": 1}]}, "a", {"b": {"a": 1}, "c": [{"a": 1}]}),
        ({"a": {"a": 1}, "b": [0] * 300}, "a", {"b": [0] * 300}),
        ({"a.b": 1, "a": {"b": 1}}, "a.b", {"a": {"b": 1}}),
        ({}, "a", {}),
    ],
)
def test_one_field_is_taken_off_and_no_other(
    document: dict[str, Any], field: str, rest: dict[str, Any]
) -> None:
    assert bson.decode(without(bson.encode(document), field.encode())) == rest


def _in_order(document: dict[str, Any]) -> list[tuple[str, Any]]:
    """As `bson.encode` writes it: an `_id` comes first."""
    return sorted(document.items(), key=lambda item: item[0] != "_id")
