"""Every operation on the embedded database and on the wire: what its entry holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bson import Decimal128, Int64, ObjectId

from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.administration import ADMINISTRATION
from tests.proxy.fakes import batch, opened, operation, packed

if TYPE_CHECKING:
    from tests.proxy.conftest import Database

ITEMS = [
    {"_id": 1, "kind": "tool", "stock": 5},
    {"_id": 2, "kind": "tool", "stock": 7},
    {"_id": 3, "kind": "toy", "stock": Int64(0)},
]


def answers(database: Database, *asked: tuple[str, dict[str, Any]]) -> list[Any]:
    """Run operations in one batch each, and return what each entry holds beside its id."""
    held = []
    for op, args in asked:
        event = packed(batch(operation(1, op, f"{database.name}.items", **args)))
        (entry,) = opened(database.proxy.handle(event))["res"]
        held.append({key: value for key, value in entry.items() if key != "id"})
    return held


@pytest.fixture
def shop(database: Database) -> Database:
    """Give a database with three items in it."""
    answers(database, ("insert_many", {"documents": ITEMS}))
    return database


def items(database: Database) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answers(database, ("find", {"sort": {"_id": 1}}))[0]["ok"]
    return found


READS: list[tuple[str, dict[str, Any], Any]] = [
    ("find", {}, ITEMS),
    ("find", {"filter": {"kind": "tool"}, "sort": {"_id": -1}}, [ITEMS[1], ITEMS[0]]),
    ("find", {"sort": [["kind", -1], ["_id", -1]]}, [ITEMS[2], ITEMS[1], ITEMS[0]]),
    ("find", {"sort": [["_id", 1]], "skip": 1, "limit": 1}, [ITEMS[1]]),
    ("find", {"filter": {"_id": 1}, "projection": ["kind"]}, [{"_id": 1, "kind": "tool"}]),
    ("find", {"filter": {"_id": 1}, "projection": {"_id": 0, "stock": 1}}, [{"stock": 5}]),
    ("find", {"filter": {"_id": 9}}, []),
    ("find_one", {"filter": {"_id": 3}}, ITEMS[2]),
    ("find_one", {"filter": {"_id": 9}}, None),
    ("find_one", {"sort": {"_id": -1}}, ITEMS[2]),
    ("aggregate", {"pipeline": [{"$match": {"_id": 2}}]}, [ITEMS[1]]),
    ("aggregate", {"pipeline": [{"$match": {"kind": "tool"}}, {"$count": "n"}]}, [{"n": 2}]),
    ("count_documents", {"filter": {}}, 3),
    ("count_documents", {"filter": {"kind": "tool"}, "skip": 1}, 1),
    ("count_documents", {"filter": {}, "limit": 2}, 2),
    ("estimated_document_count", {}, 3),
    ("distinct", {"key": "kind", "filter": {"kind": "tool"}}, ["tool"]),
    ("distinct", {"key": "kind", "filter": {"_id": 3}}, ["toy"]),
]

UPDATED = {"acknowledged": True, "matched_count": 1, "modified_count": 1, "upserted_id": None}

# Operation, arguments, what the entry holds (without the server's raw reply), and what is there
# afterwards.
WRITES: list[tuple[str, dict[str, Any], Any, list[dict[str, Any]]]] = [
    (
        "insert_one",
        {"document": {"_id": 4}},
        {"acknowledged": True, "inserted_id": 4},
        [*ITEMS, {"_id": 4}],
    ),
    (
        "insert_many",
        {"documents": [{"_id": 4}, {"_id": "five"}]},
        {"acknowledged": True, "inserted_ids": [4, "five"]},
        [*ITEMS, {"_id": 4}, {"_id": "five"}],
    ),
    (
        "update_one",
        {"filter": {"_id": 1}, "update": {"$set": {"stock": 6}}},
        UPDATED,
        [{**ITEMS[0], "stock": 6}, *ITEMS[1:]],
    ),
    (
        "update_one",
        {"filter": {"_id": 8}, "update": {"$set": {"stock": 6}}, "upsert": True},
        {"acknowledged": True, "matched_count": 0, "modified_count": 0, "upserted_id": 8},
        [*ITEMS, {"_id": 8, "stock": 6}],
    ),
    (
        "update_many",
        {"filter": {"kind": "tool"}, "update": {"$inc": {"stock": 1}}},
        {**UPDATED, "matched_count": 2, "modified_count": 2},
        [{**ITEMS[0], "stock": 6}, {**ITEMS[1], "stock": 8}, ITEMS[2]],
    ),
    (
        "update_many",
        {"filter": {"kind": "none"}, "update": {"$inc": {"stock": 1}}},
        {**UPDATED, "matched_count": 0, "modified_count": 0},
        ITEMS,
    ),
    (
        "replace_one",
        {"filter": {"_id": 1}, "replacement": {"new": True}},
        UPDATED,
        [{"_id": 1, "new": True}, *ITEMS[1:]],
    ),
    (
        "replace_one",
        {"filter": {"_id": 8}, "replacement": {"new": True}, "upsert": True},
        {"acknowledged": True, "matched_count": 0, "modified_count": 0, "upserted_id": 8},
        [*ITEMS, {"_id": 8, "new": True}],
    ),
    (
        "delete_one",
        {"filter": {"_id": 1}},
        {"acknowledged": True, "deleted_count": 1},
        ITEMS[1:],
    ),
    (
        "delete_many",
        {"filter": {"kind": "tool"}},
        {"acknowledged": True, "deleted_count": 2},
        ITEMS[2:],
    ),
    (
        "find_one_and_update",
        {"filter": {"_id": 1}, "update": {"$inc": {"stock": 1}}},
        ITEMS[0],
        [{**ITEMS[0], "stock": 6}, *ITEMS[1:]],
    ),
    (
        "find_one_and_update",
        {"filter": {"_id": 1}, "update": {"$inc": {"stock": 1}}, "return_document": "before"},
        ITEMS[0],
        [{**ITEMS[0], "stock": 6}, *ITEMS[1:]],
    ),
    (
        "find_one_and_update",
        {"filter": {"_id": 1}, "update": {"$inc": {"stock": 1}}, "return_document": "after"},
        {**ITEMS[0], "stock": 6},
        [{**ITEMS[0], "stock": 6}, *ITEMS[1:]],
    ),
    (
        "find_one_and_update",
        {"filter": {"_id": 9}, "update": {"$inc": {"stock": 1}}},
        None,
        ITEMS,
    ),
    (
        "find_one_and_replace",
        {"filter": {"_id": 1}, "replacement": {"new": True}, "return_document": "after"},
        {"_id": 1, "new": True},
        [{"_id": 1, "new": True}, *ITEMS[1:]],
    ),
    (
        "find_one_and_delete",
        {"filter": {"kind": "tool"}, "sort": [["_id", -1]], "projection": ["stock"]},
        {"_id": 2, "stock": 7},
        [ITEMS[0], ITEMS[2]],
    ),
    (
        "bulk_write",
        {
            "requests": [
                {"op": "insert_one", "args": {"document": {"_id": 4}}},
                {"op": "update_one", "args": {"filter": {"_id": 4}, "update": {"$set": {"a": 1}}}},
                {
                    "op": "update_many",
                    "args": {"filter": {"kind": "tool"}, "update": {"$set": {"a": 2}}},
                },
                {
                    "op": "replace_one",
                    "args": {"filter": {"_id": 5}, "replacement": {"a": 3}, "upsert": True},
                },
                {"op": "delete_one", "args": {"filter": {"_id": 1}}},
                {"op": "delete_many", "args": {"filter": {"kind": "toy"}}},
            ]
        },
        {
            "acknowledged": True,
            "inserted_count": 1,
            "matched_count": 3,
            "modified_count": 3,
            "deleted_count": 2,
            "upserted_count": 1,
        },
        [{**ITEMS[1], "a": 2}, {"_id": 4, "a": 1}, {"_id": 5, "a": 3}],
    ),
]
RAW = ("raw_result", "bulk_api_result")


def test_every_operation_is_run_here() -> None:
    here = {case[0] for case in READS} | {case[0] for case in WRITES}
    of_cursors = {"get_more", "kill_cursors"}  # test_cursors.py

    assert here | of_cursors | ADMINISTRATION | {"explain"} == OPERATIONS.keys()


@pytest.mark.parametrize(
    ("op", "args", "expected"),
    READS,
    ids=[f"{index}-{op}" for index, (op, _, _) in enumerate(READS)],
)
def test_a_read_gives_what_the_driver_returns(
    shop: Database, op: str, args: dict[str, Any], expected: object
) -> None:
    assert answers(shop, (op, args)) == [{"ok": expected}]


def test_distinct_values_come_once_each(shop: Database) -> None:
    (held,) = answers(shop, ("distinct", {"key": "kind"}))

    assert sorted(held["ok"]) == ["tool", "toy"]


@pytest.mark.parametrize(
    ("op", "args", "expected", "left"),
    WRITES,
    ids=[f"{index}-{op}" for index, (op, _, _, _) in enumerate(WRITES)],
)
def test_a_write_gives_the_attributes_of_the_drivers_result_and_is_done(
    shop: Database,
    op: str,
    args: dict[str, Any],
    expected: object,
    left: list[dict[str, Any]],
) -> None:
    (held,) = answers(shop, (op, args))

    result = held["ok"]
    if isinstance(result, dict):
        result = {name: value for name, value in result.items() if name not in RAW}
    assert result == expected
    assert items(shop) == left


@pytest.mark.parametrize(
    ("op", "raw"),
    [
        ("update_one", "raw_result"),
        ("update_many", "raw_result"),
        ("replace_one", "raw_result"),
        ("delete_one", "raw_result"),
        ("delete_many", "raw_result"),
        ("bulk_write", "bulk_api_result"),
    ],
)
def test_the_servers_own_reply_comes_with_the_attributes(shop: Database, op: str, raw: str) -> None:
    args = next(args for name, args, _, _ in WRITES if name == op)

    (held,) = answers(shop, (op, args))

    counted = {"update_many": 2, "delete_many": 2, "bulk_write": 1}.get(op, 1)
    assert held["ok"][raw]["nInserted" if op == "bulk_write" else "n"] == counted


def test_an_id_that_nobody_gave_is_made_and_returned(database: Database) -> None:
    (one, many) = answers(
        database,
        ("insert_one", {"document": {"a": 1}}),
        ("insert_many", {"documents": [{"a": 2}, {"a": 3}]}),
    )

    ids = [one["ok"]["inserted_id"], *many["ok"]["inserted_ids"]]
    assert [type(id_) for id_ in ids] == [ObjectId] * 3
    assert sorted(item["_id"] for item in items(database)) == sorted(ids)


def test_values_keep_their_types_on_the_way_through(database: Database) -> None:
    document = {
        "_id": Int64(1),
        "int": 1,
        "double": 1.0,
        "big": Int64(2**40),
        "infinite": float("inf"),
        "decimal": Decimal128("1.50"),
        "z": {"b": 1, "a": None},
        "list": [True, "", b"\x00"],
    }
    (_, read) = answers(database, ("insert_one", {"document": document}), ("find_one", {}))

    assert read["ok"] == document
    assert {key: type(value) for key, value in read["ok"].items()} == {
        key: type(value) for key, value in document.items()
    }
    assert list(read["ok"]["z"]) == ["b", "a"]
