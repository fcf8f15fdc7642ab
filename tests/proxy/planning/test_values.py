"""Values have one key if, and only if, a server holds them equal; some have none."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
import uuid
from typing import Any

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

from motorpool.proxy.planning.values import CannotTellError, Wanted, is_string, key_of

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
SOME_ID = ObjectId(b"not-an-array")

# Each line is one value to a server, in all the ways in which it can be said.
VALUES: list[list[Any]] = [
    [1, Int64(1), 1.0],
    [0, Int64(0), 0.0, -0.0],
    [-1, Int64(-1), -1.0],
    [1.5],
    [2**31, Int64(2**31), float(2**31)],
    [2**53, Int64(2**53), float(2**53)],
    [2**53 + 1],  # the double beside it is the line above
    [2**53 + 2, float(2**53 + 2)],
    [2**63 - 1],
    [float(2**63)],  # which the line above would be, too, as a double
    [-(2**63), float(-(2**63))],
    [math.inf],
    [-math.inf],
    [5e-324],
    ["1"],
    ["a"],
    ["A"],
    [""],
    ["a\x00"],
    ["\u00e9"],
    ["e\u0301"],
    [b"1", Binary(b"1", 0)],
    [b""],
    [Binary(b"1", 2)],
    [Binary(b"1", 128)],
    [Binary(SOME_ID.binary + b"1234", 3)],
    [Binary(SOME_ID.binary + b"1234", 4)],
    [SOME_ID, ObjectId(str(SOME_ID))],
    [ObjectId("0" * 24)],
    [NOON, DatetimeMS(NOON), NOON.replace(microsecond=999)],  # a server keeps milliseconds
    [Int64(DatetimeMS(NOON)), float(int(DatetimeMS(NOON)))],
    [DatetimeMS(0), dt.datetime(1970, 1, 1, tzinfo=dt.UTC)],
    [DatetimeMS(-1)],
    [DatetimeMS(2**52)],  # past the year 9999
]

NO_KEY: list[Any] = [
    None,  # matches documents that have no such field, too
    math.nan,
    -math.nan,
    True,
    False,
    Decimal128("1"),
    Decimal128("NaN"),
    [],
    [1],
    {},
    {"a": 1},
    {"$gt": 1},
    {"$eq": 1},
    Regex("a"),
    re.compile("a"),
    Code("a"),
    Code("a", {"b": 1}),
    Timestamp(1, 1),
    MinKey(),
    MaxKey(),
    DBRef("a", 1),
    # Not BSON: it is refused where the operation runs by itself.
    2**63,
    -(2**63) - 1,
    uuid.UUID(int=1),
    "\ud800",
    object(),
]


@pytest.mark.parametrize("same", VALUES, ids=lambda same: repr(same[0]))
def test_what_a_server_holds_equal_has_one_key(same: list[Any]) -> None:
    keys = {key_of(value) for value in same}

    assert len(keys) == 1
    assert None not in keys


def test_what_a_server_tells_apart_has_different_keys() -> None:
    keys = [key_of(same[0]) for same in VALUES]

    assert len(set(keys)) == len(VALUES)


@pytest.mark.parametrize("value", NO_KEY, ids=map(str, range(len(NO_KEY))))
def test_what_means_more_than_equality_has_no_key(value: Any) -> None:
    assert key_of(value) is None


def test_the_keys_of_strings_are_known_as_such() -> None:
    for value in itertools.chain(*VALUES):
        key = key_of(value)
        assert key is not None
        assert is_string(key) is isinstance(value, str)


_numbers = st.one_of(
    st.integers(-3, 3),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(2**53 - 3, 2**53 + 3),
    st.floats(allow_nan=False),
    st.integers(-(2**63), 2**63 - 1).map(float),
    st.integers(-3, 3).map(Int64),
)
_others = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    st.binary(max_size=3),
    st.builds(Binary, st.binary(max_size=3), st.sampled_from([0, 3, 5, 128])),
    st.integers(-(2**62), 2**62).map(DatetimeMS),
)


@given(_numbers, _numbers)
def test_numbers_have_one_key_if_they_are_equal_exactly(one: float, other: float) -> None:
    # Python compares integers with floats exactly, as a server does.
    assert (key_of(one) == key_of(other)) is (one == other)


@given(_numbers | _others, _numbers | _others)
def test_values_of_different_kinds_have_different_keys(one: Any, other: Any) -> None:
    def kind(value: Any) -> Any:
        if isinstance(value, Binary) and value.subtype == 0:
            return bytes, bytes(value)
        is_number = isinstance(value, int | float)
        return (float, value) if is_number else (type(value), value)

    assert (key_of(one) == key_of(other)) is (kind(one) == kind(other))


def test_of_an_array_with_javascript_nothing_is_told() -> None:
    document = bson.encode({"l": [1, bson.Code("f")]})

    with pytest.raises(CannotTellError):
        Wanted("l", [1, key_of("f")]).members(document)  # type: ignore[list-item] # it has a key
