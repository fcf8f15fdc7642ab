"""Who asked for what a document has, told from its bytes; or that it cannot be told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import bson
import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, ObjectId, Regex, Timestamp

from motorpool.proxy.planning.values import CannotTellError, Wanted, key_of

ANY_ID = ObjectId(b"not-an-array")
SYMBOL = b"\x0ea\x00\x02\x00\x00\x00x\x00"  # PyMongo writes none
TEXT = b"\x02a\x00\x02\x00\x00\x00x\x00"


def wanted(field: str, *values: Any, takes_arrays: bool = True) -> Wanted:
    keys = [key_of(value) for value in values]
    assert None not in keys
    return Wanted(field, [key for key in keys if key is not None], takes_arrays=takes_arrays)


def whole(*elements: bytes) -> bytes:
    rest = b"".join(elements) + b"\x00"
    return (len(rest) + 4).to_bytes(4, "little") + rest


# Field, what is asked for, the document, who asked.
TOLD: list[tuple[str, list[Any], dict[str, Any], list[int]]] = [
    ("_id", [1, 2], {"_id": 2}, [1]),
    ("_id", [1, 2], {"_id": 2.0, "a": 1}, [1]),
    ("_id", [1, 2], {"_id": Int64(1)}, [0]),
    ("_id", [1.0], {"_id": 1}, [0]),
    ("_id", [-0.0], {"_id": 0}, [0]),
    ("_id", [2**53, 2**53 + 1], {"_id": float(2**53)}, [0]),
    ("_id", [ANY_ID], {"_id": ANY_ID}, [0]),
    ("_id", ["a", "bc"], {"_id": "bc"}, [1]),
    ("_id", ["a" * 300], {"_id": "a" * 300}, [0]),
    ("_id", [b"a"], {"_id": b"a"}, [0]),
    ("_id", [Binary(b"a", 5), b"a"], {"_id": Binary(b"a", 5)}, [0]),
    ("_id", [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)], {"_id": dt.datetime(2026, 1, 1)}, [0]),  # noqa: DTZ001
    # Several who ask for the same.
    ("_id", [1, 2, 1.0, Int64(1)], {"_id": 1}, [0, 2, 3]),
    # Not `_id`, or not first.
    ("_id", [1], {"a": 2, "_id": 1}, [0]),
    ("a", [1], {"_id": 2, "a": 1, "b": 2}, [0]),
    ("a", [1], {"_id": 1, "ab": 2, "b": {"a": 2}, "a": 1}, [0]),
    ("_idx", [1], {"_id": 2, "_idx": 1}, [0]),
    # Behind values of every kind.
    ("a", [1], {"b": Regex("x", "i"), "c": Code("y"), "d": Code("y", {"a": 2}), "a": 1}, [0]),
    ("a", [1], {"b": b"xx", "c": Decimal128("2"), "d": [[2]], "e": {"a": 2}, "a": 1}, [0]),
    # A path.
    ("a.b", [1, 2], {"_id": 0, "a": {"c": 2, "b": 1}}, [0]),
    ("a.b.c", [1, 2], {"b": {"c": 1}, "a": {"b": {"c": 2}, "c": 1}}, [1]),
    ("a.0", [1, 2], {"a": {"0": 2}}, [1]),
    ("_id.x", [1, 2], {"_id": {"x": 2}}, [1]),
    # Arrays match by each of their values, not by what is in those.
    ("a", [1, 2, 3], {"a": [3, 1]}, [2, 0]),
    ("a", [1, 2, 3], {"a": [3.0, 3, Int64(3), 4]}, [2]),
    ("a", [1, 2], {"a": [[2], {"b": 2}, 1, None]}, [0]),
    ("a", ["x", "y"], {"a": ["y", "other"]}, [1]),
    ("a", [1], {"a": [1, "\u00e9", "x"]}, [0]),  # nobody asks for a string
    ("a.b", [1, 2], {"a": {"b": [2, 5]}}, [1]),
    ("a", [1, 1.0, 2], {"a": [2, 1]}, [2, 0, 1]),
]


@pytest.mark.parametrize(("field", "values", "document", "members"), TOLD)
def test_who_asked_is_told(
    field: str, values: list[Any], document: dict[str, Any], members: list[int]
) -> None:
    assert list(wanted(field, *values).members(bson.encode(document))) == members


UNTOLD: list[tuple[str, list[Any], dict[str, Any]]] = [
    # The document matched, so it is equal in a way that cannot be seen here.
    ("_id", [1], {"_id": 2}),
    ("_id", ["abc"], {"_id": "ABC"}),
    ("_id", ["e"], {"_id": "\u00e9"}),
    ("_id", [1], {"_id": Decimal128("1")}),
    ("_id", [1], {"_id": True}),
    ("_id", [1], {"_id": None}),
    ("_id", [1], {"_id": float("nan")}),
    ("_id", [1], {"_id": {"a": 1}}),
    ("_id", [b"a"], {"_id": Binary(b"a", 5)}),
    ("_id", ["a"], {"_id": Code("a")}),
    ("_id", ["a"], {"_id": b"a"}),
    ("_id", [1], {"_id": Timestamp(0, 1)}),
    ("_id", [1], {"_id": MaxKey()}),
    # It is not there at all: a projection of the server's, an alias, whatever it was.
    ("a", [1], {"_id": 1}),
    ("a.b", [1], {"a": {"c": 1}}),
    ("a.b", [1], {"a.b": 1}),
    ("a.b", [1], {"a": 1}),
    ("a", [1], {}),
    # A path through an array goes to each element.
    ("a.b", [1], {"a": [{"b": 1}]}),
    ("a.b.c", [1], {"a": {"b": [{"c": 1}]}}),
    ("a.0", [1], {"a": [1]}),
    # Of an array one value may count in a way that is not seen, besides one that is.
    ("a", [1, 2], {"a": [1, Decimal128("2")]}),
    ("a", [1, 2], {"a": [1, True]}),
    ("a", ["a", "b"], {"a": ["a", "B"]}),
    ("a", ["a", "b"], {"a": ["a", "\u00e9"]}),
    ("a", ["yes"], {"a": ["yes", "ies"]}),
    # Of an array nothing counts.
    ("a", [1], {"a": []}),
    ("a", [1], {"a": [2, "x"]}),
    ("a", [1], {"a": [[1]]}),
]


@pytest.mark.parametrize(("field", "values", "document"), UNTOLD)
def test_where_it_cannot_be_told_it_says_so(
    field: str, values: list[Any], document: dict[str, Any]
) -> None:
    with pytest.raises(CannotTellError):
        wanted(field, *values).members(bson.encode(document))


def test_a_symbol_may_be_a_string_and_nobody_knows() -> None:
    asked = wanted("a", "x", "y")
    array = whole(b"\x04a\x00" + whole(b"\x020" + TEXT[2:], b"\x0e1" + SYMBOL[2:]))

    assert list(asked.members(whole(TEXT))) == [0]
    with pytest.raises(CannotTellError):
        asked.members(whole(SYMBOL))
    with pytest.raises(CannotTellError):
        asked.members(array)


def test_where_arrays_stand_for_more_than_their_values_none_is_told() -> None:
    asked = wanted("_id", 1, 2, takes_arrays=False)

    assert list(asked.members(bson.encode({"_id": 2}))) == [1]
    with pytest.raises(CannotTellError):
        asked.members(bson.encode({"_id": [2]}))


def test_the_first_of_two_fields_of_one_name_counts() -> None:
    twice = whole(b"\x10a\x00\x01\x00\x00\x00", b"\x10a\x00\x02\x00\x00\x00")

    assert list(wanted("a", 1, 2).members(twice)) == [0]


def test_it_counts_what_differs() -> None:
    assert len(wanted("a", 1, 1.0, 2, "1", "1", b"1")) == 4


def test_who_shares_a_document_by_another_value_is_known() -> None:
    asked = wanted("a", 1, 2, 3, 1.0)

    asked.members(bson.encode({"a": 1}))
    asked.members(bson.encode({"a": [3, 4, 3]}))
    assert asked.torn == set()

    asked.members(bson.encode({"a": [2, 1]}))
    assert asked.torn == {0, 1, 3}
