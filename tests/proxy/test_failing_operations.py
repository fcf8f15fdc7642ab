"""What a database says when it refuses, on both kinds of it: all of that, to its own caller."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from bson import Int64
from pymongo import MongoClient

from motorpool.proxy.embedded.driver import EmbeddedDriver
from motorpool.proxy.executor import Executor
from motorpool.proxy.limits import Limit
from motorpool.proxy.models import ValidOperation
from tests.proxy.fakes import batch, opened, operation, packed, room_of

if TYPE_CHECKING:
    from tests.proxy.conftest import Database, FailCommand, MakeProxy

CLASH = {"keyPattern": {"_id": 1}, "keyValue": {"_id": "taken"}}


def handled(database: Database, *ops: tuple[str, dict[str, Any]], **fields: Any) -> list[Any]:
    """Run operations in one batch, and return each one's entry without its id."""
    asked = [
        operation(id_, op, f"{database.name}.items", **args) for id_, (op, args) in enumerate(ops)
    ]
    entries = opened(database.proxy.handle(packed(batch(*asked, **fields))))["res"]
    assert [entry.pop("id") for entry in entries] == list(range(len(ops)))
    return list(entries)


# Duplicate keys -----------------------------------------------------------------------------------


def test_the_third_of_five_fails_alone_with_code_pattern_and_value(database: Database) -> None:
    handled(database, ("insert_one", {"document": {"_id": "taken", "n": Int64(1)}}))

    first, second, third, fourth, fifth = handled(
        database,
        # Not what the fifth sets: they run at once.
        ("find_one", {"filter": {"_id": "taken"}, "projection": {"seen": 0}}),
        ("insert_one", {"document": {"_id": "two"}}),
        ("insert_one", {"document": {"_id": "taken"}}),
        ("count_documents", {"filter": {"_id": "taken"}}),
        ("update_one", {"filter": {"_id": "taken"}, "update": {"$set": {"seen": True}}}),
    )

    assert first == {"ok": {"_id": "taken", "n": 1}}
    assert second == {"ok": {"acknowledged": True, "inserted_id": "two"}}
    assert fourth == {"ok": 1}
    assert fifth["ok"]["modified_count"] == 1
    assert third.keys() == {"err"}
    assert third["err"].keys() == {"type", "message", "code", "details"}
    assert third["err"]["type"] == "DuplicateKeyError"
    assert third["err"]["code"] == 11000
    assert third["err"]["message"].startswith("E11000 ")
    details = third["err"]["details"]
    assert {key: details[key] for key in CLASH} == CLASH
    assert (details["index"], details["code"]) == (0, 11000)
    assert details["errmsg"] == third["err"]["message"]


@pytest.mark.parametrize(
    ("ordered", "inserted", "there"),
    [(True, 1, ["a", "taken"]), (False, 2, ["a", "b", "taken"])],
)
def test_an_insert_many_tells_what_it_inserted_and_which_keys_clashed(
    database: Database, inserted: int, there: list[str], *, ordered: bool
) -> None:
    handled(database, ("insert_one", {"document": {"_id": "taken"}}))
    documents = [{"_id": "a"}, {"_id": "taken"}, {"_id": "b"}]

    ((entry),) = handled(database, ("insert_many", {"documents": documents, "ordered": ordered}))

    err = entry["err"]
    assert (err["type"], err["code"]) == ("BulkWriteError", 65)
    assert err["message"] == "batch op errors occurred"
    assert err["may_have_applied"] is True
    assert err["details"]["nInserted"] == inserted
    (failed,) = err["details"]["writeErrors"]
    assert {key: failed[key] for key in CLASH} == CLASH
    assert (failed["index"], failed["code"], failed["op"]) == (1, 11000, {"_id": "taken"})
    ((left),) = handled(database, ("find", {"sort": {"_id": 1}}))
    assert [item["_id"] for item in left["ok"]] == there


def test_an_insert_many_that_inserted_nothing_was_not_applied(database: Database) -> None:
    handled(database, ("insert_one", {"document": {"_id": "taken"}}))

    ((entry),) = handled(database, ("insert_many", {"documents": [{"_id": "taken"}]}))

    assert entry["err"]["details"]["nInserted"] == 0
    assert "may_have_applied" not in entry["err"]


def test_a_bulk_write_tells_what_it_did_and_which_key_clashed(database: Database) -> None:
    handled(database, ("insert_one", {"document": {"_id": "taken"}}))
    requests = [
        {"op": "update_one", "args": {"filter": {"_id": "taken"}, "update": {"$set": {"n": 1}}}},
        {"op": "insert_one", "args": {"document": {"_id": "taken"}}},
        {"op": "delete_many", "args": {"filter": {}}},
    ]

    ((entry),) = handled(database, ("bulk_write", {"requests": requests}))

    err = entry["err"]
    assert (err["type"], err["code"], err["may_have_applied"]) == ("BulkWriteError", 65, True)
    (failed,) = err["details"]["writeErrors"]
    assert {key: failed[key] for key in CLASH} == CLASH
    assert (failed["index"], failed["code"]) == (1, 11000)
    counts = ("nInserted", "nUpserted", "nMatched", "nModified", "nRemoved")
    assert [err["details"][count] for count in counts] == [0, 0, 1, 1, 0]
    ((left),) = handled(database, ("find", {}))
    assert left == {"ok": [{"_id": "taken", "n": 1}]}


async def test_a_clash_on_another_unique_index_is_told_on_the_embedded_database() -> None:
    driver = EmbeddedDriver()
    users = driver.collection("shop", "users")
    await users.create_index([("mail", 1), ("shop", 1)], unique=True)
    await users.insert_one({"_id": 1, "mail": "a@b", "shop": 7})
    document = {"_id": 2, "mail": "a@b", "shop": 7}

    one = ValidOperation(1, "insert_one", "shop.users", {"document": document})
    many = ValidOperation(2, "insert_many", "shop.users", {"documents": [document]})
    of_one, of_many = await Executor(driver, 1).run([one, many], [Limit(), Limit()], room_of())

    assert of_one.err is not None
    assert of_one.err["code"] == 11000
    assert of_many.err is not None
    for failed in (of_one.err["details"], of_many.err["details"]["writeErrors"][0]):
        assert failed["keyPattern"] == {"mail": 1, "shop": 1}
        assert failed["keyValue"] == {"mail": "a@b", "shop": 7}


def test_a_clash_on_another_unique_index_is_told_on_the_wire(
    make_proxy: MakeProxy, wire_uri: str, wire_database: str
) -> None:
    client: MongoClient[dict[str, Any]]
    with MongoClient(wire_uri) as client:
        client[wire_database]["items"].create_index([("mail", 1)], unique=True)
    proxy = make_proxy(mongodb_uri=wire_uri)
    insert = operation(1, "insert_one", f"{wire_database}.items", document={"mail": "a@b"})

    proxy.handle(batch(insert))
    err = opened(proxy.handle(packed(batch(insert))))["res"][0]["err"]

    assert (err["type"], err["code"]) == ("DuplicateKeyError", 11000)
    assert err["details"]["keyPattern"] == {"mail": 1}
    assert err["details"]["keyValue"] == {"mail": "a@b"}


# Other refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "args", "type_"),
    [
        ("find", {"filter": {"$nonsense": 1}}, "OperationFailure"),
        ("update_one", {"filter": {}, "update": {"a": 1}}, "ValueError"),
        ("update_one", {"filter": {}, "update": []}, "ValueError"),
        ("replace_one", {"filter": {}, "replacement": {"$set": {"a": 1}}}, "ValueError"),
    ],
)
def test_a_refusal_goes_by_the_drivers_class(
    database: Database, op: str, args: dict[str, Any], type_: str
) -> None:
    handled(database, ("insert_one", {"document": {}}))

    ((entry),) = handled(database, (op, args))

    assert entry["err"]["type"] == type_
    assert entry["err"]["message"] != ""
    assert "may_have_applied" not in entry["err"]


@pytest.mark.parametrize(
    "collection", [".items", "items.", "a..b", "$items", "a$b", "nul\x00"], ids=repr
)
def test_a_collections_bad_name_fails_its_own_operation(
    database: Database, collection: str
) -> None:
    ops = [
        operation(1, "find", f"{database.name}.{collection}"),
        operation(2, "find", f"{database.name}.items"),
    ]

    bad, good = opened(database.proxy.handle(packed(batch(*ops))))["res"]

    assert bad["err"]["type"] == "InvalidName"
    assert good == {"id": 2, "ok": []}


# On the wire only: what a server can do and memory cannot -----------------------------------------


def test_bounds_and_hints_reach_a_server_in_its_form(wire: Database) -> None:
    handled(wire, ("insert_many", {"documents": [{"_id": id_} for id_ in range(9)]}))
    bounds = {"min": {"_id": 3}, "max": [["_id", 5]]}

    by_keys, by_name, as_pairs, unknown = handled(
        wire,
        ("find", {**bounds, "hint": {"_id": 1}}),
        ("find_one", {**bounds, "hint": "_id_"}),
        ("find", {**bounds, "hint": [["_id", 1]]}),
        ("find", {"hint": "no_such_index"}),
    )

    assert by_keys == {"ok": [{"_id": 3}, {"_id": 4}]}
    assert by_name == {"ok": {"_id": 3}}
    assert as_pairs == {"ok": [{"_id": 3}, {"_id": 4}]}
    err = unknown["err"]
    assert (err["type"], err["code"], err["codeName"]) == ("OperationFailure", 2, "BadValue")
    assert err["details"]["errmsg"] == err["message"]


def test_a_servers_time_out_is_the_drivers_execution_timeout(
    wire: Database, fail_command: FailCommand
) -> None:
    fail_command("find", times=2, errorCode=50)

    ((entry),) = handled(wire, ("find", {"max_time_ms": 5}))

    err = entry["err"]
    assert (err["type"], err["code"], err["timeout"]) == ("ExecutionTimeout", 50, True)
    assert err["codeName"] == "MaxTimeMSExpired"


def test_a_write_that_is_not_replicated_may_have_been_applied(
    wire: Database, fail_command: FailCommand
) -> None:
    failure = {"code": 64, "errmsg": "waiting timed out", "codeName": "WriteConcernFailed"}
    fail_command("insert", writeConcernError=failure)

    entry, there = (
        handled(wire, ("insert_one", {"document": {"_id": 1}}))[0],
        handled(wire, ("find", {}))[0],
    )

    assert entry == {
        "err": {
            "type": "WriteConcernError",
            "message": "waiting timed out",
            "code": 64,
            "codeName": "WriteConcernFailed",
            "details": failure,
            "may_have_applied": True,
        }
    }
    assert there == {"ok": [{"_id": 1}]}


def test_a_connection_lost_twice_leaves_a_write_open_and_the_next_batch_works(
    wire: Database, fail_command: FailCommand
) -> None:
    fail_command("insert", times=2, closeConnection=True)

    ((lost),) = handled(wire, ("insert_one", {"document": {"_id": 1}}))
    ((next_one),) = handled(wire, ("insert_one", {"document": {"_id": 2}}))

    err = lost["err"]
    assert (err["type"], err["may_have_applied"]) == ("AutoReconnect", True)
    assert err["errorLabels"] == ["RetryableWriteError"]
    assert next_one == {"ok": {"acknowledged": True, "inserted_id": 2}}


def test_a_server_that_is_slow_is_given_up_at_the_deadline(
    wire: Database, fail_command: FailCommand
) -> None:
    handled(wire, ("insert_one", {"document": {"_id": 1}}))
    fail_command("update", blockConnection=True, blockTimeMS=1_000)
    update = {"filter": {"_id": 1}, "update": {"$set": {"a": 1}}}

    began = time.monotonic()
    slow, quick = handled(wire, ("update_one", update), ("find_one", {}), timeout_ms=150)
    took = time.monotonic() - began

    err = slow["err"]
    assert (err["type"], err["timeout"], err["may_have_applied"]) == ("NetworkTimeout", True, True)
    assert quick["ok"]["_id"] == 1
    assert 0.1 < took < 0.5
