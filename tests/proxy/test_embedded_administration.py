"""What the embedded database says of itself, and what it refuses rather than say what is not so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bson import Int64

from tests.proxy.conftest import Database
from tests.proxy.test_administration import ask

if TYPE_CHECKING:
    from motorpool.proxy.lifecycle import Proxy
    from tests.proxy.conftest import MakeProxy

ITEMS = [{"_id": 1, "n": 1}, {"_id": 2, "n": 1}, {"_id": 3, "n": 2}]


@pytest.fixture
def proxy(make_proxy: MakeProxy) -> Proxy:
    """Give a proxy on an embedded database that lets any command through."""
    return make_proxy(allow="admin")


@pytest.fixture
def shop(proxy: Proxy) -> Database:
    """Give an embedded database with three items in it."""
    database = Database(proxy, "shop")
    ask(database, "insert_many", documents=ITEMS)
    return database


def run(database: Database, **command: Any) -> Any:
    return ask(database, "command", command=command)


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ({"ping": 1}, {"ok": 1.0}),
        ({"count": "items"}, {"n": 3, "ok": 1.0}),
        ({"count": "items", "query": {"n": 1}, "limit": 1}, {"n": 1, "ok": 1.0}),
        ({"count": "items", "skip": 2, "comment": "why"}, {"n": 1, "ok": 1.0}),
        ({"count": "items", "limit": 0}, {"n": 3, "ok": 1.0}),
        ({"count": "none"}, {"n": 0, "ok": 1.0}),
        ({"distinct": "items", "key": "n"}, {"values": [1, 2], "ok": 1.0}),
        (
            {"distinct": "items", "key": "n", "query": {"_id": {"$gt": 2}}},
            {"values": [2], "ok": 1.0},
        ),
        (
            {"collStats": "items"},
            {
                "ns": "shop.items",
                "count": 3,
                "size": 63,
                "avgObjSize": 21,
                "nindexes": 1,
                "ok": 1.0,
            },
        ),
        (
            {"collstats": "none"},
            {"ns": "shop.none", "count": 0, "size": 0, "nindexes": 0, "ok": 1.0},
        ),
        (
            {"dbStats": 1},
            {
                "db": "shop",
                "collections": 1,
                "objects": 3,
                "avgObjSize": 21.0,
                "dataSize": 63.0,
                "indexes": 1,
                "ok": 1.0,
            },
        ),
    ],
    ids=str,
)
def test_what_can_be_told_truly_is_told(
    shop: Database, command: dict[str, Any], reply: dict[str, Any]
) -> None:
    assert run(shop, **command) == reply


@pytest.mark.parametrize(
    ("name", "field"),
    [("hello", "isWritablePrimary"), ("isMaster", "ismaster"), ("ismaster", "ismaster")],
)
def test_it_is_a_primary_of_the_version_that_it_says(shop: Database, name: str, field: str) -> None:
    told = run(shop, **{name: 1})

    assert told[field] is True
    assert told["maxWireVersion"] == 13  # MongoDB 5.0
    for name_of_it in ("buildInfo", "buildinfo"):
        assert run(shop, **{name_of_it: 1})["version"].startswith("5.0")


@pytest.mark.parametrize(
    "name",
    ["PING", "find", "insert", "aggregate", "createUser", "serverStatus", "validate", "drop", ""],
)
def test_a_command_that_it_cannot_run_is_none_and_never_a_success(
    shop: Database, name: str
) -> None:
    failed = run(shop, **{name: 1})

    assert (failed.type, failed.code) == ("OperationFailure", 59)
    assert failed.message == f"no such command: '{name}'"
    assert failed.details["codeName"] == "CommandNotFound"


@pytest.mark.parametrize("name", ["count", "distinct"])
def test_a_field_that_it_does_not_honour_is_refused(shop: Database, name: str) -> None:
    failed = run(shop, **{name: "items", "key": "n", "hint": "n_1"})

    assert failed.code == 40415
    assert failed.message == (
        f"BSON field '{name}.{'key' if name == 'count' else 'hint'}' is an unknown field."
    )


def test_databases_are_listed_by_a_command_of_admin_alone(proxy: Proxy, shop: Database) -> None:
    admin = Database(proxy, "admin")

    assert run(admin, listDatabases=1, nameOnly=True)["databases"] == [{"name": "shop"}]
    assert run(admin, listDatabases=1)["databases"] == [
        {"name": "shop", "sizeOnDisk": Int64(0), "empty": False}
    ]
    failed = run(shop, listDatabases=1)
    assert (failed.code, failed.details["codeName"]) == (13, "Unauthorized")


def test_collections_are_listed_by_a_command_and_its_cursor(shop: Database) -> None:
    command = {"listCollections": 1, "nameOnly": True, "cursor": {}}
    listed = [{"name": "items", "type": "collection"}]

    assert run(shop, **command)["cursor"]["firstBatch"] == listed
    assert ask(shop, "command", command=command, cursor=True) == listed


def test_a_client_level_bulk_write_is_refused_as_by_a_server_of_its_version(
    shop: Database,
) -> None:
    request = {"op": "delete_one", "ns": "shop.items", "args": {"filter": {}}}

    failed = ask(shop, "client_bulk_write", requests=[request])

    assert (failed.type, failed.message) == (
        "InvalidOperation",
        "MongoClient.bulk_write requires MongoDB server version 8.0+.",
    )
    assert ask(shop, "count_documents", filter={}) == 3


def test_a_collection_with_options_is_refused_rather_than_made_without(shop: Database) -> None:
    failed = ask(shop, "create_collection", "new", options={"capped": True, "size": 4096})

    assert failed.type == "NotImplementedError"
    assert ask(shop, "create_collection", "new", options={"comment": "why"}) is None


def test_a_collection_that_exists_otherwise_is_not_made_again(shop: Database) -> None:
    failed = ask(shop, "create_collection", options={"capped": True}, check_exists=False)

    assert (failed.type, failed.code) == ("OperationFailure", 48)


def test_a_collection_is_not_renamed_to_itself(shop: Database) -> None:
    failed = ask(shop, "rename", new_name="items", drop_target=True)

    assert (failed.type, failed.code) == ("OperationFailure", 20)
    assert ask(shop, "count_documents", filter={}) == 3


def test_no_indexes_at_all_are_refused_as_by_a_server(shop: Database) -> None:
    failed = ask(shop, "create_indexes", indexes=[])

    assert (failed.type, failed.code) == ("OperationFailure", 2)


def test_an_aggregation_on_no_collection_is_refused_by_name(shop: Database) -> None:
    failed = ask(shop, "aggregate", "$cmd.aggregate", pipeline=[{"$documents": []}])

    assert failed.type == "NotImplementedError"
    assert "no aggregation on a whole database" in failed.message
