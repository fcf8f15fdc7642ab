"""`count_documents` by equality on one field: one `$match` and `$group`, dealt by its ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
import pytest
from bson import Decimal128, Int64

from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.planning import counts
from motorpool.proxy.planning.fusions import MAX_VALUES, FusedCount
from motorpool.proxy.planning.values import CannotTellError
from tests.proxy.planning.asking import are_together, asked, fused, planned, two_values

if TYPE_CHECKING:
    from motorpool.proxy.models import ValidOperation

OP = "count_documents"
ALIKE = {"collation", "hint", "comment", "max_time_ms", "read_preference", "read_concern"}


def by(field: str, *values: Any, **args: Any) -> list[ValidOperation]:
    return [asked(OP, filter={field: value}, **args) for value in values]


def dealt(step: Any, *groups: tuple[Any, int]) -> list[int]:
    return counts.deal(step, [bson.encode({"_id": id_, "n": count}) for id_, count in groups])


def test_counts_by_one_field_go_together() -> None:
    step = fused(*by("a", 1, 2, "x"))

    assert isinstance(step, FusedCount)
    assert step.args == {
        "pipeline": [
            {"$match": {"a": {"$in": [1, 2, "x"]}}},
            {"$group": {"_id": "$a", "n": {"$sum": 1}}},
        ]
    }


def test_other_conditions_and_options_are_asked_along() -> None:
    options: dict[str, Any] = {"collation": {"locale": "en"}, "hint": "a_1", "max_time_ms": 5}
    step = fused(
        *(asked(OP, filter={"b": {"$gt": 1}, "a.c": number}, **options) for number in (1, 2))
    )

    assert step.args == {
        "pipeline": [
            {"$match": {"b": {"$gt": 1}, "a.c": {"$in": [1, 2]}}},
            {"$group": {"_id": "$a.c", "n": {"$sum": 1}}},
        ],
        **options,
    }


@pytest.mark.parametrize(
    "argument", [name for name in OPERATIONS[OP].arguments if name != "filter"]
)
def test_an_argument_stops_it_or_has_to_be_alike(argument: str) -> None:
    one, other = two_values(OP, argument)

    assert are_together(*by("a", 1, 2, **{argument: one})) is (argument in ALIKE)
    assert not are_together(*by("a", 1, **{argument: one}), *by("a", 2, **{argument: other}))
    assert not are_together(*by("a", 1, **{argument: one}), *by("a", 2))


@pytest.mark.parametrize(
    "filters",
    [
        [{"a": 1}, {"b": 1}],
        [{"a": None}, {"a": 1}],
        [{"a": {"$gt": 1}}, {"a": {"$gt": 2}}],
        [{}, {"a": 1}],
        [{"a": True}, {"a": 1}],
        [{"a": 1, "$or": [{"b": 1}]}, {"a": 2, "$or": [{"b": 1}]}],
        ["not a document", {"a": 1}],
        [[], {"a": 1}],
    ],
    ids=str,
)
def test_what_is_no_equality_stays_apart(filters: list[Any]) -> None:
    assert planned(*(asked(OP, filter=filter_) for filter_ in filters)) == []


def test_counts_do_not_go_with_reads_or_other_collections_or_time_outs() -> None:
    (first,) = by("a", 1)

    assert planned(first, asked("find", filter={"a": 2})) == []
    assert planned(first, asked(OP, ns="shop.others", filter={"a": 2})) == []
    assert planned(first, asked(OP, timeout_ms=9, filter={"a": 2})) == []


def test_strings_that_a_collation_could_confuse_are_counted_apart() -> None:
    assert planned(*by("a", "x", "X", "y", "Y")) == [("FusedCount", [0, 2]), ("FusedCount", [1, 3])]


def test_more_values_than_a_list_takes_are_several_steps() -> None:
    steps = planned(*by("a", *range(MAX_VALUES + 2)))

    assert [len(members) for _, members in steps] == [MAX_VALUES, 2]


# Dealing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "groups", "expected"),
    [
        ([1, 2], [], [0, 0]),
        ([1, 2, 3], [(2, 5), (1, 7)], [7, 5, 0]),
        ([1, 1.0], [(1, 7)], [7, 7]),
        # A server may tell numbers of different kinds apart.
        ([1, 2], [(1, 3), (1.0, 4), (Int64(1), 1)], [8, 0]),
        # An array is in the group of arrays like it, and counts once for each of its values.
        (["x", "y"], [("x", 1), (["x", "y"], 2), (["y", "y", "z"], 4)], [3, 6]),
        ([1], [(1, 2**40)], [2**40]),
    ],
)
def test_each_gets_the_number_of_its_documents(
    values: list[Any], groups: list[tuple[Any, int]], expected: list[int]
) -> None:
    found = dealt(fused(*by("a", *values, *values)), *groups)

    assert found == expected * 2
    assert {type(count) for count in found} == {int}


@pytest.mark.parametrize(
    "group", [None, True, Decimal128("1"), "X", [True, 1], [["x"]], {"a": 1}, [], 3], ids=repr
)
def test_a_group_that_cannot_be_told_leaves_nobody_sure(group: Any) -> None:
    with pytest.raises(CannotTellError):
        dealt(fused(*by("a", 1, "x")), (1, 1), (group, 1))


def test_a_path_through_an_array_is_not_told() -> None:
    # Of {"a": [{"b": 1}, {"b": 2}]} "$a.b" makes [1, 2]; of {"a": [{"b": [1]}]} it makes [[1]].
    with pytest.raises(CannotTellError):
        dealt(fused(*by("a.b", 1, 2)), ([1, 2], 1))


def test_a_field_of_any_name_is_told_by_the_groups_id() -> None:
    assert dealt(fused(*by("a.b", 1, 2)), (2, 3)) == [0, 3]
    assert dealt(fused(*by("_id", 1, 2)), (2, 1)) == [0, 1]
