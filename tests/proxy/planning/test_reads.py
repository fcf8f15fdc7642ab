"""`find` and `find_one` by equality on one field: which go together, and what is asked for them."""

from __future__ import annotations

from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId, Regex

from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.models import ValidOperation
from motorpool.proxy.planning.fusions import MAX_VALUES, FusedFind
from tests.proxy.planning.asking import are_together, asked, fused, planned, two_values

READS = ("find", "find_one")
ANY_ID = ObjectId(b"not-an-array")

# Arguments with which an operation may be fused, where the others have the same.
ALIKE = {
    *("projection", "sort", "collation", "hint", "comment", "max_time_ms", "allow_disk_use"),
    *("read_preference", "read_concern"),
}
# Arguments in which they may differ.
APART = {"filter", "length", "batch_size"}


def by_id(op: str, *values: Any, **args: Any) -> list[ValidOperation]:
    return [asked(op, filter={"_id": value}, **args) for value in values]


# Filters ------------------------------------------------------------------------------------------

TOGETHER: list[list[dict[str, Any]]] = [
    [{"_id": 1}, {"_id": 2}],
    [{"_id": 1}, {"_id": 1.0}, {"_id": Int64(1)}],
    [{"_id": 1}, {"_id": "a"}, {"_id": b"a"}, {"_id": ANY_ID}],
    [{"a": 1}, {"a": 2}],
    [{"a.b": 1}, {"a.b": 2}],
    [{"a.0": 1}, {"a.0": 2}],
    # Other conditions alike.
    [{"a": 1, "open": True}, {"a": 2, "open": True}],
    [{"a": 1, "b": None}, {"a": 2, "b": None}],
    [{"a": 1, "b": {"$gt": 1, "$lt": 9}}, {"a": 2, "b": {"$gt": 1, "$lt": 9}}],
    [{"a": 1, "b": {"$in": [1, 2]}}, {"a": 2, "b": {"$in": [1, 2]}}],
    [{"a": 1, "b": Regex("x")}, {"a": 2, "b": Regex("x")}],
    [{"a": 1, "b": {"c": 1}}, {"a": 2, "b": {"c": 1}}],
    [{"a": 1, "b": [1]}, {"a": 2, "b": [1]}],
    [{"a": 1, "b": Decimal128("1")}, {"a": 2, "b": Decimal128("1")}],
    # By the one of several fields in which they differ, wherever it stands.
    [{"a": 1, "b": 2}, {"a": 1, "b": 3}],
    [{"b": 2, "a": 1}, {"a": 1, "b": 3}],
    [{"a": 1, "b": 2, "c": 3, "d": 4}, {"a": 1, "b": 2, "c": 3, "d": 5}],
]


@pytest.mark.parametrize("op", READS)
@pytest.mark.parametrize("filters", TOGETHER, ids=str)
def test_filters_that_differ_in_one_value_go_together(
    filters: list[dict[str, Any]], op: str
) -> None:
    step = fused(*(asked(op, filter=filter_) for filter_ in filters))

    assert isinstance(step, FusedFind)


NOT_TOGETHER: list[list[dict[str, Any]]] = [
    [{"a": 1}, {"b": 2}],
    [{"a": 1, "b": 2}, {"a": 2, "b": 3}],
    [{"a": 1, "b": 2}, {"a": 2}],
    [{"a": 1, "b": 1}, {"a": 2, "b": True}],
    [{"a": 1, "b": {"$gt": 1, "$lt": 9}}, {"a": 2, "b": {"$lt": 9, "$gt": 1}}],
    # More than equality.
    [{"a": None}, {"a": None, "b": 1}],
    [{"a": None}, {"a": 1}],
    [{"a": Regex("x")}, {"a": Regex("y")}],
    [{"a": [1]}, {"a": [2]}],
    [{"a": {"b": 1}}, {"a": {"b": 2}}],
    [{"a": {"$eq": 1}}, {"a": {"$eq": 2}}],
    [{"a": {"$in": [1]}}, {"a": {"$in": [2]}}],
    [{"a": True}, {"a": False}],
    [{"a": Decimal128("1")}, {"a": Decimal128("2")}],
    [{"a": float("nan")}, {"a": 1}],
    # Conditions of the whole document.
    [{"a": 1, "$or": [{"b": 1}, {"b": 2}]}, {"a": 2, "$or": [{"b": 1}, {"b": 2}]}],
    [{"a": 1, "$text": {"$search": "x"}}, {"a": 2, "$text": {"$search": "x"}}],
    [{"a": 1, "$where": "1"}, {"a": 2, "$where": "1"}],
    [{"a": 1, "$expr": {}}, {"a": 2, "$expr": {}}],
    [{"$comment": "x", "a": 1}, {"$comment": "x", "a": 2}],
    # A condition that sorts, or may.
    [{"a": 1, "b": {"$near": [0, 0]}}, {"a": 2, "b": {"$near": [0, 0]}}],
    [{"a": 1, "b": {"$nearSphere": [0, 0]}}, {"a": 2, "b": {"$nearSphere": [0, 0]}}],
    [{"a": 1, "b": {"$gt": 1, "$near": [0, 0]}}, {"a": 2, "b": {"$gt": 1, "$near": [0, 0]}}],
    [{"a": 1, "b": {"$elemMatch": {}}}, {"a": 2, "b": {"$elemMatch": {}}}],
    # Names that mean something else.
    [{"a.$": 1}, {"a.$": 2}],
    [{"a.$id": 1}, {"a.$id": 2}],
    [{".a": 1}, {".a": 2}],
    [{"": 1}, {"": 2}],
    [{"a": 1, "b.$": 1}, {"a": 2, "b.$": 1}],
    # No condition, or more fields than are tried.
    [{}, {"a": 1}],
    [dict.fromkeys("abcde", 1), {**dict.fromkeys("abcde", 1), "a": 2}],
    # A string that a collation could confuse with anything.
    [{"a": "\u00e9"}, {"a": "e"}],
]


@pytest.mark.parametrize("op", READS)
@pytest.mark.parametrize("filters", NOT_TOGETHER, ids=str)
def test_filters_of_which_it_cannot_be_shown_stay_apart(
    filters: list[dict[str, Any]], op: str
) -> None:
    assert planned(*(asked(op, filter=filter_) for filter_ in filters)) == []


@pytest.mark.parametrize("op", READS)
def test_without_a_filter_nothing_is_asked_by_a_value(op: str) -> None:
    assert planned(asked(op), asked(op, filter={"_id": 1})) == []
    assert planned(asked(op, filter=None), asked(op, filter={"_id": 1})) == []


# Arguments ----------------------------------------------------------------------------------------


def test_every_argument_of_a_read_is_one_of_these_or_stops_it() -> None:
    assert OPERATIONS["find"].arguments.keys() >= ALIKE | APART
    assert (ALIKE | APART) - {"length"} <= OPERATIONS["find_one"].arguments.keys()


CASES = [
    (op, argument) for op in READS for argument in OPERATIONS[op].arguments if argument != "filter"
]


@pytest.mark.parametrize(("op", "argument"), CASES)
def test_an_argument_stops_it_or_has_to_be_alike(op: str, argument: str) -> None:
    one, other = two_values(op, argument)
    is_taken = argument in ALIKE | APART

    assert are_together(*by_id(op, 1, 2, **{argument: one})) is is_taken
    assert are_together(*by_id(op, 1, **{argument: one}), *by_id(op, 2, **{argument: other})) is (
        argument in APART
    )
    assert are_together(*by_id(op, 1, **{argument: one}), *by_id(op, 2)) is (argument in APART)


@pytest.mark.parametrize("op", READS)
def test_name_space_operation_and_time_out_have_to_be_alike(op: str) -> None:
    (first,) = by_id(op, 1)
    other_op = next(name for name in READS if name != op)

    assert planned(first, asked(op, ns="shop.others", filter={"_id": 2})) == []
    assert planned(first, asked(op, ns="other.items", filter={"_id": 2})) == []
    assert planned(first, asked(op, timeout_ms=5, filter={"_id": 2})) == []
    assert planned(first, asked(other_op, filter={"_id": 2})) == []
    assert are_together(
        asked(op, timeout_ms=5, filter={"_id": 1}), asked(op, timeout_ms=5, filter={"_id": 2})
    )


@pytest.mark.parametrize("op", READS)
def test_the_session_that_a_cursor_would_need_does_not_matter(op: str) -> None:
    one, other = (
        ValidOperation(0, op, "shop.items", {"filter": {"_id": number}}, None, bytes([number] * 16))
        for number in (1, 2)
    )

    assert are_together(one, other)


def test_a_page_of_nothing_is_left_alone() -> None:
    assert planned(*by_id("find", 1, 2, length=0)) == []


@pytest.mark.parametrize("op", READS)
@pytest.mark.parametrize(
    "sort",
    [[["score", {"$meta": "textScore"}]], {"a": "text"}, [["a", 1.0]], [["a", 2]], {"a": True}],
    ids=str,
)
def test_a_sort_by_more_than_fields_is_left_alone(op: str, sort: Any) -> None:
    assert planned(*by_id(op, 1, 2, sort=sort)) == []


@pytest.mark.parametrize("op", READS)
def test_a_projection_under_which_they_cannot_be_told_apart_is_left_alone(op: str) -> None:
    assert planned(*by_id(op, 1, 2, projection={"a": {"$slice": 1}})) == []


# What is asked ------------------------------------------------------------------------------------


def test_one_find_asks_for_each_value_once() -> None:
    step = fused(*by_id("find_one", 1, 2, 1.0, "a", 2))

    assert step.args == {"filter": {"_id": {"$in": [1, 2, "a"]}}}
    assert (step.is_one, step.hides) == (True, None)


def test_it_asks_with_what_all_of_them_say_and_no_page_of_its_own() -> None:
    common: dict[str, Any] = {
        "sort": [["b", -1]],
        "hint": "a_1",
        "read_concern": {"level": "local"},
    }
    step = fused(
        *(
            asked("find", filter={"open": True, "a": number}, batch_size=number, **common)
            for number in (1, 2)
        )
    )

    assert step.args == {"filter": {"open": True, "a": {"$in": [1, 2]}}, **common}
    assert list(step.args["filter"]) == ["open", "a"]


def test_a_hidden_field_is_asked_for_and_remembered() -> None:
    step = fused(*by_id("find", 1, 2, projection={"a": 1, "_id": 0}))

    assert step.args["projection"] == {"a": 1, "_id": 1}
    assert step.hides == "_id"


def test_a_projection_that_hides_nothing_more_is_left_out() -> None:
    step = fused(*by_id("find", 1, 2, projection={"_id": 0}))

    assert "projection" not in step.args
    assert step.hides == "_id"


def test_of_a_field_that_may_not_be_unique_two_documents_for_each_value_are_enough() -> None:
    ones = [asked("find_one", filter={"a": number % 3}) for number in range(6)]
    rows = [asked("find", filter={"a": number}) for number in range(3)]

    assert fused(*ones).args["limit"] == 6
    assert "limit" not in fused(*rows).args
    assert "limit" not in fused(*by_id("find_one", 1, 2)).args


@pytest.mark.parametrize(
    ("args", "most"),
    [
        ({}, None),
        ({"length": 3}, 3),
        ({"batch_size": 2}, 2),
        ({"length": 3, "batch_size": 2}, 2),
        ({"length": 2, "batch_size": 3}, 2),
        ({"batch_size": 0}, None),
        ({"length": None, "batch_size": None}, None),
        ({"length": 3, "batch_size": 0}, 3),
    ],
)
def test_a_page_of_a_members_own_is_remembered(args: dict[str, Any], most: int | None) -> None:
    step = fused(asked("find", filter={"a": 1}, **args), asked("find", filter={"a": 2}))

    assert list(step.most) == [most, None]


# Many of them -------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", READS)
@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (MAX_VALUES, [MAX_VALUES]),
        (MAX_VALUES + 1, [MAX_VALUES, 1]),
        (MAX_VALUES * 2 + 2, [MAX_VALUES, MAX_VALUES, 2]),
    ],
)
def test_more_values_than_a_list_takes_are_several_steps(
    op: str, count: int, sizes: list[int]
) -> None:
    steps = planned(*by_id(op, *range(count)))

    # The one that is left has nobody to go with.
    assert [len(members) for _, members in steps] == [size for size in sizes if size > 1]


def test_the_same_value_asked_for_often_is_one_value() -> None:
    (step,) = planned(*by_id("find_one", *([1, 2] * MAX_VALUES)))

    assert len(step[1]) == 2 * MAX_VALUES
