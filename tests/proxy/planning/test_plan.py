"""A batch's steps: each operation is in exactly one, and the largest groups are served first."""

from __future__ import annotations

from typing import Any

import pytest
from bson import Decimal128, ObjectId
from hypothesis import given
from hypothesis import strategies as st

from motorpool.proxy.models import ValidOperation
from motorpool.proxy.planning.fusions import (
    MAX_VALUES,
    Alone,
    FusedCount,
    FusedFind,
    FusedInsert,
    FusedWrite,
    SharedRead,
    alike,
)
from motorpool.proxy.planning.plan import plan
from tests.proxy.planning.asking import are_together, asked, members_of, planned


def test_nothing_to_do_is_no_step() -> None:
    assert plan([]) == []


def test_what_has_nobody_to_go_with_runs_alone() -> None:
    operations = [asked("find_one", filter={"_id": 1}), asked("distinct", key="a")]

    assert plan(operations) == [Alone([0]), Alone([1])]


def test_steps_come_in_the_order_of_their_first_operations() -> None:
    operations = [
        asked("distinct", key="a"),
        asked("find_one", filter={"_id": 1}),
        asked("find", limit=1),
        asked("count_documents", filter={"a": 1}),
        asked("find_one", filter={"_id": 2}),
        asked("find", limit=1),
        asked("count_documents", filter={"a": 2}),
        asked("distinct", key="a"),
    ]

    assert [list(step.members) for step in plan(operations)] == [[0], [1, 4], [2, 5], [3, 6], [7]]


def test_the_largest_group_is_served_first() -> None:
    # The first two have "a" in common, the last three "b": an operation goes into one step only.
    filters = [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 2}, {"a": 3, "b": 2}]

    assert planned(*(asked("find", filter=filter_) for filter_ in filters)) == [
        ("FusedFind", [1, 2, 3])
    ]


def test_what_a_larger_group_leaves_is_still_fused() -> None:
    filters = [
        {"a": 1, "b": 1},
        {"a": 1, "b": 2},
        {"a": 1, "b": 3},
        {"a": 2, "b": 3},
        {"a": 3, "b": 3},
    ]

    steps = planned(*(asked("find", filter=filter_) for filter_ in filters))

    assert steps == [("FusedFind", [0, 1, 2]), ("FusedFind", [3, 4])]


def test_what_no_rule_takes_is_still_tried_for_identical_reads() -> None:
    operations = [
        asked("find", filter={"_id": "\u00e9"}),  # which a collation could confuse
        asked("find", filter={"_id": 1}),
        asked("find", filter={"_id": "\u00e9"}),
        asked("find", filter={"_id": 2}),
    ]

    assert planned(*operations) == [("SharedRead", [0, 2]), ("FusedFind", [1, 3])]


def test_the_same_question_by_one_value_is_one_find() -> None:
    same = asked("find_one", filter={"_id": 1})

    assert planned(same, same, same) == [("FusedFind", [0, 1, 2])]


def test_rules_that_a_database_does_not_take_are_left_out_by_name() -> None:
    operations = [
        *(asked("insert_one", ns="a.a", document={}) for _ in range(2)),
        *(asked("delete_one", ns="a.b", filter={}) for _ in range(2)),
        *(asked("find_one", ns="a.c", filter={"_id": n}) for n in range(2)),
    ]

    assert [kind for kind, _ in planned(*operations)] == ["FusedInsert", "FusedWrite", "FusedFind"]
    assert [kind for kind, _ in planned(*operations, without=["writes"])] == [
        "FusedInsert",
        "FusedFind",
    ]
    assert [kind for kind, _ in planned(*operations, without=["writes", "inserts"])] == [
        "FusedFind"
    ]


def test_ten_thousand_strings_of_one_fold_are_planned() -> None:
    operations = [asked("find", filter={"a": "0" * n}) for n in range(2_000)]

    assert plan(operations) == [Alone([index]) for index in range(2_000)]


@pytest.mark.parametrize(
    "bad",
    [
        asked("find", limit=2**64),
        asked("find_one", filter={"_id": 1}, max_time_ms=2**64),
        asked("find_one", filter={"a": 1, "b": 2**64}),
        asked("insert_one", document={}, comment=2**64),
        asked("delete_one", filter={}, comment=2**64),
    ],
    ids=lambda operation: f"{operation.op} {list(operation.args)}",
)
def test_one_operation_that_cannot_be_encoded_leaves_the_others_their_steps(
    bad: ValidOperation,
) -> None:
    others = [asked("find_one", ns="a.b", filter={"_id": number}) for number in range(3)]

    assert planned(*others, bad) == [("FusedFind", [0, 1, 2])]


# Any batch ----------------------------------------------------------------------------------------

_VALUES = st.sampled_from(
    [
        *(1, 2, 1.0, "a", "A", "b", "\u00e9", None, True, [1], {"$gt": 1}),
        *(ObjectId(b"not-an-array"), Decimal128("1"), float("nan")),
    ]
)
_NAMESPACES = st.sampled_from(["a.a", "a.b"])
_FILTERS = st.dictionaries(st.sampled_from(["_id", "a", "b.c", "$or"]), _VALUES, max_size=2)
_TIMES = st.sampled_from([None, None, 5])


def _some(op: str, required: dict[str, Any], **optional: Any) -> st.SearchStrategy[ValidOperation]:
    args = st.fixed_dictionaries(required, optional={k: st.just(v) for k, v in optional.items()})
    return st.builds(
        lambda ns, args, timeout: ValidOperation(0, op, ns, args, timeout),
        _NAMESPACES,
        args,
        _TIMES,
    )


_OPERATIONS = st.one_of(
    _some("find", {"filter": _FILTERS}, projection={"a": 1}, length=1),
    _some("find_one", {"filter": _FILTERS}, projection={"a": 1, "_id": 0}),
    _some("count_documents", {"filter": _FILTERS}, limit=1),
    _some("aggregate", {"pipeline": st.sampled_from([[], [{"$out": "x"}], [{"$sample": {}}]])}),
    _some("distinct", {"key": st.just("a")}),
    _some("insert_one", {"document": st.just({"a": 1})}, comment="x"),
    _some("insert_many", {"documents": st.just([{}, {}]), "ordered": st.booleans()}),
    _some("update_one", {"filter": _FILTERS, "update": st.just({})}, upsert=True),
    _some("delete_one", {"filter": _FILTERS}, comment="x"),
    _some("delete_many", {"filter": _FILTERS}),
)


@given(
    st.lists(_OPERATIONS, max_size=25), st.sets(st.sampled_from(["writes", "inserts"]), max_size=2)
)
def test_every_operation_is_in_exactly_one_step(
    operations: list[ValidOperation], without: set[str]
) -> None:
    steps = plan(operations, without)

    assert sorted(members_of(steps)) == list(range(len(operations)))
    assert all(len(step.members) == 1 for step in steps if isinstance(step, Alone))
    assert all(len(step.members) > 1 for step in steps if not isinstance(step, Alone))


@given(st.lists(_OPERATIONS, max_size=25))
def test_a_step_says_everything_of_its_members_and_nothing_else(
    operations: list[ValidOperation],
) -> None:
    for step in plan(operations):
        members = [operations[index] for index in step.members]
        assert len({alike(member.timeout_ms) for member in members}) == 1
        match step:
            case SharedRead():
                assert len({(member.op, member.ns, repr(member.args)) for member in members}) == 1
            case FusedFind() | FusedCount():
                assert len({(member.op, member.ns) for member in members}) == 1
                assert len(step.wanted) <= MAX_VALUES
            case FusedInsert():
                assert len({(member.op, member.ns) for member in members}) == 1
                assert len(step.args["documents"]) == sum(step.sizes)
            case FusedWrite():
                requests = step.args["requests"]
                assert [(each["op"], each["ns"]) for each in requests] == [
                    (member.op, member.ns) for member in members
                ]


@given(st.lists(_OPERATIONS, max_size=25))
def test_the_operations_are_left_as_they_are(operations: list[ValidOperation]) -> None:
    before = repr(operations)

    plan(operations)

    assert repr(operations) == before


def test_time_outs_that_a_client_stamped_one_after_the_other_are_alike() -> None:
    operations = [
        asked("find_one", timeout_ms=4_950 - late, filter={"_id": late}) for late in range(40)
    ]

    assert are_together(*operations)


def test_a_short_time_out_stays_apart_from_a_long_one() -> None:
    short, long = (
        asked("find_one", timeout_ms=limit, filter={"_id": limit}) for limit in (100, 110)
    )

    assert planned(short, long) == []
