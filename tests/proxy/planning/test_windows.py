"""No operation goes together with one beyond a neighbour that may change what it finds or does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.proxy.planning.asking import asked, planned

if TYPE_CHECKING:
    from motorpool.proxy.models import ValidOperation

A, B = "shop.a", "shop.b"


def read(number: int = 1, ns: str = A) -> ValidOperation:
    return asked("find_one", ns=ns, filter={"_id": number})


def insert(number: int = 1, ns: str = A, **args: Any) -> ValidOperation:
    return asked("insert_one", ns=ns, document={"_id": number}, **args)


def update(number: int = 1, ns: str = A) -> ValidOperation:
    return asked("update_one", ns=ns, filter={"_id": number}, update={"$set": {"a": 1}})


def test_reads_with_a_write_between_them_are_apart() -> None:
    steps = planned(read(1), read(2), insert(3), read(3), read(4))

    assert steps == [("FusedFind", [0, 1]), ("FusedFind", [3, 4])]


def test_the_same_read_before_and_after_a_write_is_asked_twice() -> None:
    same = asked("find", ns=A, limit=3)

    assert planned(same, insert(), same) == []
    assert planned(same, insert(1, B), same) == [("SharedRead", [0, 2])]


def test_writes_with_a_read_between_them_are_apart() -> None:
    steps = planned(insert(1), insert(2), read(1), insert(3), insert(4))

    assert steps == [("FusedInsert", [0, 1]), ("FusedInsert", [3, 4])]


def test_writes_with_another_kind_of_write_between_them_are_apart() -> None:
    assert planned(insert(1), update(1), insert(2)) == []
    assert planned(update(1), insert(1), update(2)) == []
    assert planned(insert(1), insert(2, comment="x"), insert(3)) == []
    assert planned(update(1), asked("update_many", ns=A, filter={}, update={}), update(2)) == []


def test_what_happens_in_another_collection_does_not_matter() -> None:
    steps = planned(read(1), insert(1, B), read(2), insert(2, B), read(3), read(1, B), read(2, B))

    assert steps == [
        ("FusedFind", [0, 2, 4]),
        ("FusedInsert", [1, 3]),
        ("FusedFind", [5, 6]),
    ]


def test_writes_of_several_collections_go_together_where_they_come_first_in_each() -> None:
    assert planned(update(1, A), update(1, B), update(2, A), update(2, B)) == [
        ("FusedWrite", [0, 1, 2, 3])
    ]
    # Of B a read comes first, so its writes come behind that, and A's wait for nothing.
    assert planned(read(1, B), update(1, A), update(1, B), update(2, A), update(2, B)) == [
        ("FusedWrite", [1, 3]),
        ("FusedWrite", [2, 4]),
    ]


@pytest.mark.parametrize(
    "between",
    [
        asked("command", ns="shop.$cmd", command={"ping": 1}),
        asked("client_bulk_write", ns="admin.$cmd", requests=[]),
        asked("drop_database", ns="other.$cmd"),
        asked("rename", ns=B, new_name="a"),
        asked("aggregate", ns=B, pipeline=[{"$out": "a"}]),
        asked("aggregate", ns=B, pipeline=[{"$merge": {"into": "a"}}]),
    ],
    ids=lambda operation: f"{operation.op} {operation.args}",
)
def test_what_may_touch_any_collection_keeps_all_apart(between: ValidOperation) -> None:
    assert planned(insert(1), between, insert(2)) == []
    assert planned(read(1), between, read(2)) == []
    assert planned(update(1), between, update(2)) == []


FOREIGN: list[list[Any]] = [
    [{"$match": {}}, {"$lookup": {"from": "a"}}],
    [{"$unionWith": "a"}],
    [{"$graphLookup": {"from": "a"}}],
    [{"$facet": {"x": [{"$lookup": {}}]}}],
    ["no stage"],
]
READ_OTHERS = [asked("aggregate", ns=B, pipeline=pipeline) for pipeline in FOREIGN]


@pytest.mark.parametrize("between", READ_OTHERS, ids=lambda operation: str(operation.args))
def test_what_may_read_any_collection_keeps_writes_apart(between: ValidOperation) -> None:
    assert planned(insert(1), between, insert(2)) == []
    assert planned(update(1), between, update(2)) == []
    assert planned(read(1), between, insert(2), read(2)) == []


@pytest.mark.parametrize("between", READ_OTHERS, ids=lambda operation: str(operation.args))
def test_what_may_read_any_collection_does_not_keep_reads_apart(between: ValidOperation) -> None:
    assert planned(read(1), between, read(2)) == [("FusedFind", [0, 2])]


@pytest.mark.parametrize(
    "between",
    [
        asked("aggregate", ns=B, pipeline=[{"$match": {}}]),
        asked("create_indexes", ns=B, indexes=[]),
        asked("drop_collection", ns=B),
        asked("distinct", ns=B, key="a"),
    ],
    ids=lambda operation: operation.op,
)
def test_what_touches_another_collection_alone_does_not(between: ValidOperation) -> None:
    assert planned(insert(1), between, insert(2)) == [("FusedInsert", [0, 2])]


@pytest.mark.parametrize("op", ["drop_collection", "create_indexes", "delete_many", "bulk_write"])
def test_no_write_of_another_kind_is_passed_by(op: str) -> None:
    takes: dict[str, dict[str, Any]] = {
        "create_indexes": {"indexes": []},
        "delete_many": {"filter": {}},
    }
    between = asked(op, ns=A, **takes.get(op, {}))

    assert planned(insert(1), between, insert(2)) == []
    assert planned(read(1), between, read(2)) == []


LOOKUP = asked("aggregate", ns="shop.c", pipeline=[{"$lookup": {"from": "a"}}])


def test_what_reads_any_collection_is_asked_again_after_a_write_to_any() -> None:
    assert planned(LOOKUP, LOOKUP, read(1)) == [("SharedRead", [0, 1])]
    assert planned(LOOKUP, insert(1, A), LOOKUP) == []


def test_first_writes_of_collections_do_not_go_together_across_what_reads_any() -> None:
    assert planned(update(1, A), LOOKUP, update(1, B)) == []


def test_later_writes_of_collections_do_not_go_together() -> None:
    # The second update comes behind a read that the first must not be moved behind, nor it before.
    assert planned(read(1, A), update(1, A), read(1, B), update(1, B)) == []


def test_behind_what_may_touch_any_collection_all_begins_anew() -> None:
    barrier = asked("command", ns="shop.$cmd", command={"ping": 1})

    steps = planned(read(1, A), update(1, A), barrier, update(2, A), update(2, B))

    assert steps == [("FusedWrite", [3, 4])]
