"""Indexes, collections, databases and commands at the proxy: on both kinds of database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
import pytest
from bson.codec_options import CodecOptions, DatetimeConversion

from motorpool.batching import codec
from motorpool.batching.operations import OPERATIONS, WHOLE_DATABASE
from motorpool.proxy import administration
from motorpool.proxy.administration import ADMINISTRATION, ServerAdministration
from motorpool.proxy.models import ValidOperation
from tests.proxy.conftest import Database, database_of
from tests.proxy.fakes import batch, opened, operation, packed
from tests.proxy.server_drivers import DRIVERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.proxy.conftest import FailCommand, MakeProxy

ALIVE: CodecOptions[dict[str, Any]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
REPLY_FIELDS = {"$clusterTime", "operationTime"}


def ask(database: Database, op: str, collection: str = "items", /, **args: Any) -> Any:
    """Run one operation, and return its `ok`, or its `err` as what it is."""
    namespace = f"{database.name}.{'$cmd' if op in WHOLE_DATABASE else collection}"
    event = packed(batch(operation(1, op, namespace, **args)))
    (entry,) = opened(database.proxy.handle(event))["res"]
    return entry.get("ok") if "err" not in entry else Failed(entry["err"])


@pytest.fixture(params=["embedded", *(f"wire-{driver}" for driver in DRIVERS)])
def database(request: pytest.FixtureRequest, make_proxy: MakeProxy) -> Database:
    """Give an empty database, of each kind in its turn, whose proxy lets any command through."""
    return database_of(request, make_proxy, allow="admin")


@pytest.fixture
def wire(make_proxy: MakeProxy, wire_uri: str, wire_database: str, driver_name: str) -> Database:
    """Give an empty database on the wire server, whose proxy lets any command through."""
    proxy = make_proxy(mongodb_uri=wire_uri, driver=driver_name, allow="admin")
    return Database(proxy, wire_database)


class Failed:
    """An operation's failure."""

    def __init__(self, err: dict[str, Any]) -> None:
        self.type = err["type"]
        self.code = err.get("code")
        self.message = err["message"]
        self.details = err.get("details")
        self.may_have_applied = err.get("may_have_applied")

    def __repr__(self) -> str:
        return f"<{self.type} {self.code} {self.message}>"


def test_what_is_run_here_is_known_by_name() -> None:
    assert set(OPERATIONS) > ADMINISTRATION
    assert WHOLE_DATABASE < ADMINISTRATION


# Indexes ------------------------------------------------------------------------------------------

INDEXES = [
    {"name": "a_1", "key": {"a": 1}, "unique": True},
    {"name": "mine", "key": {"b": -1, "c": 1}, "partialFilterExpression": {"b": {"$gt": 1}}},
]


def listed(database: Database) -> dict[str, dict[str, Any]]:
    found = {index.pop("name"): index for index in ask(database, "list_indexes")}
    for index in found.values():
        index.pop("ns", None)
    return found


def test_indexes_are_created_listed_and_dropped(database: Database) -> None:
    assert ask(database, "create_indexes", indexes=INDEXES, comment="why") == ["a_1", "mine"]
    assert listed(database) == {
        "_id_": {"v": 2, "key": {"_id": 1}},
        "a_1": {"v": 2, "key": {"a": 1}, "unique": True},
        "mine": {"v": 2, "key": {"b": -1, "c": 1}, "partialFilterExpression": {"b": {"$gt": 1}}},
    }
    ask(database, "insert_one", document={"_id": 1, "a": 1})
    assert ask(database, "insert_one", document={"_id": 2, "a": 1}).code == 11000
    assert ask(database, "drop_index", name="a_1") is None
    assert list(listed(database)) == ["_id_", "mine"]
    assert ask(database, "drop_indexes") is None
    assert list(listed(database)) == ["_id_"]


def test_an_index_without_keys_is_refused(database: Database) -> None:
    failed = ask(database, "create_indexes", indexes=[{"name": "a"}])

    assert (failed.type, failed.message) == (
        "ValueError",
        "an index must have a 'key', and this has none: {'name': 'a'}",
    )


@pytest.mark.parametrize(("name", "code"), [("none", 27), ("_id_", 72)])
def test_an_index_that_cannot_be_dropped_is_said_by_its_code(
    database: Database, name: str, code: int
) -> None:
    ask(database, "insert_one", document={"_id": 1})

    failed = ask(database, "drop_index", name=name)
    assert (failed.type, failed.code) == ("OperationFailure", code)


def test_dropping_an_index_of_no_collection_is_done(database: Database) -> None:
    assert ask(database, "drop_index", name="a_1") is None
    assert ask(database, "drop_indexes") is None
    assert ask(database, "list_indexes") == []


def test_an_index_named_star_is_every_index(database: Database) -> None:
    ask(database, "create_indexes", indexes=INDEXES)

    assert ask(database, "drop_index", name="*") is None
    assert list(listed(database)) == ["_id_"]


# Collections --------------------------------------------------------------------------------------


def names(database: Database, **args: Any) -> list[str]:
    return sorted(each["name"] for each in ask(database, "list_collections", **args))


def test_collections_are_created_listed_and_dropped(database: Database) -> None:
    assert ask(database, "create_collection", "items") is None
    assert ask(database, "create_collection", "people") is None
    assert names(database) == ["items", "people"]
    assert names(database, filter={"name": "items"}) == ["items"]
    assert names(database, filter={"name": {"$in": ["people", "none"]}}) == ["people"]
    assert names(database, filter={"type": "collection"}) == ["items", "people"]
    assert names(database, filter={"type": "view"}) == []
    (only,) = ask(database, "list_collections", filter={"name": "items"})
    assert {key: only[key] for key in ("name", "type", "options")} == {
        "name": "items",
        "type": "collection",
        "options": {},
    }
    assert ask(database, "list_collections", filter={"name": "items"}, name_only=True) == [
        {"name": "items", "type": "collection"}
    ]
    reply = ask(database, "drop_collection", "items")
    assert {key: value for key, value in reply.items() if key not in REPLY_FIELDS} == {
        "nIndexesWas": 1,
        "ns": f"{database.name}.items",
        "ok": 1.0,
    }
    assert names(database) == ["people"]
    assert ask(database, "drop_collection", "items")["ok"] == 1.0


def test_a_collection_that_exists_is_not_created(database: Database) -> None:
    ask(database, "create_collection")

    failed = ask(database, "create_collection")
    assert (failed.type, failed.message) == (
        "CollectionInvalid",
        "collection items already exists",
    )
    assert ask(database, "create_collection", check_exists=False) is None


def test_a_collection_is_renamed(database: Database) -> None:
    ask(database, "insert_one", document={"_id": 1})
    ask(database, "insert_one", "people", document={"_id": 2})

    failed = ask(database, "rename", new_name="people")
    assert (failed.type, failed.code) == ("OperationFailure", 48)
    assert ask(database, "rename", new_name="people", drop_target=True)["ok"] == 1.0
    assert names(database) == ["people"]
    assert ask(database, "find", "people") == [{"_id": 1}]
    failed = ask(database, "rename", new_name="others")
    assert (failed.type, failed.code) == ("OperationFailure", 26)


# Databases and commands ---------------------------------------------------------------------------


def test_databases_are_listed_and_dropped(database: Database) -> None:
    ask(database, "insert_one", document={"_id": 1})

    match = {"name": database.name}
    (only,) = ask(database, "list_databases", filter=match)
    assert (only["name"], only["empty"]) == (database.name, False)
    assert ask(database, "list_databases", filter=match, name_only=True) == [match]
    assert ask(database, "drop_database", comment="why") is None
    assert ask(database, "list_databases", filter=match) == []


def test_a_database_is_dropped_under_a_write_concern(wire: Database) -> None:
    ask(wire, "insert_one", document={"_id": 1})

    assert ask(wire, "drop_database", write_concern={"w": 1}) is None
    assert names(wire) == []


def test_a_command_is_run_and_its_reply_is_whole(database: Database) -> None:
    ask(database, "insert_many", documents=[{"_id": 1}, {"_id": 2}])

    assert ask(database, "command", command={"ping": 1})["ok"] == 1.0
    counted = ask(database, "command", command={"count": "items", "query": {"_id": {"$gt": 1}}})
    assert (counted["n"], counted["ok"]) == (1, 1.0)
    assert "version" in ask(database, "command", command={"buildInfo": 1})


def test_a_command_that_fails_is_a_failure_unless_it_is_allowed(database: Database) -> None:
    failed = ask(database, "command", command={"nonsense": 1})
    assert (failed.type, failed.code) == ("OperationFailure", 59)
    assert failed.message.startswith("no such command: 'nonsense'")

    for allowed in ({"check": False}, {"allowable_errors": [59]}):
        reply = ask(database, "command", command={"nonsense": 1}, **allowed)
        assert (reply["ok"], reply["code"]) == (0.0, 59)
    failed = ask(database, "command", command={"nonsense": 1}, allowable_errors=["no", 26])
    assert failed.code == 59


def test_an_empty_command_is_refused_and_does_not_hang(database: Database) -> None:
    failed = ask(database, "command", command={})

    assert (failed.type, failed.message) == (
        "ValueError",
        "command must not be empty: its first field is the command's name",
    )


def test_a_commands_cursor_is_read_to_its_end(wire: Database) -> None:
    documents = [{"_id": n} for n in range(5)]
    ask(wire, "insert_many", documents=documents)

    command = {"find": "items", "sort": {"_id": 1}, "batchSize": 2}
    assert ask(wire, "command", command=command, cursor=True) == documents
    nearest = {"mode": "nearest"}
    found = ask(wire, "command", command=command, cursor=True, read_preference=nearest)
    assert found == documents


def test_a_command_without_a_cursor_has_none_to_be_read(database: Database) -> None:
    failed = ask(database, "command", command={"ping": 1}, cursor=True)

    assert (failed.type, failed.message) == (
        "InvalidOperation",
        "Command does not return a cursor.",
    )


def test_a_commands_cursor_of_more_than_a_response_is_said(
    wire: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(administration, "LAMBDA_RESPONSE_BYTES", 1000)
    ask(wire, "insert_many", documents=[{"_id": n, "x": "x" * 300} for n in range(5)])

    failed = ask(wire, "command", command={"find": "items", "batchSize": 2}, cursor=True)
    assert failed.type == "ResultTooLarge"
    assert "of a command's cursor are more than 1000 bytes" in failed.message


@pytest.mark.parametrize(
    ("preference", "said"),
    [({"mode": "nonsense"}, "mode"), ({}, "mode"), ({"mode": "primary", "tags": [{}]}, "tag")],
)
def test_a_bad_read_preference_is_refused(
    wire: Database, preference: dict[str, Any], said: str
) -> None:
    failed = ask(wire, "command", command={"ping": 1}, read_preference=preference)

    assert failed.type in ("ValueError", "TypeError", "ConfigurationError")
    assert said in failed.message


# A client's bulk write ----------------------------------------------------------------------------


def requests(database: Database, *ids: int) -> list[dict[str, Any]]:
    ns = f"{database.name}.items"
    return [{"op": "insert_one", "ns": ns, "args": {"document": {"_id": id_}}} for id_ in ids]


def test_a_clients_bulk_write_tells_each_result_by_its_index(wire: Database) -> None:
    ns = f"{wire.name}.others"
    asked = [
        *requests(wire, 1),
        {
            "op": "update_one",
            "ns": ns,
            "args": {"filter": {"_id": 2}, "update": {"$set": {"a": 1}}, "upsert": True},
        },
        {"op": "delete_many", "ns": ns, "args": {"filter": {}, "hint": {"_id": 1}}},
    ]

    ok = ask(wire, "client_bulk_write", requests=asked, verbose_results=True)

    assert ok["acknowledged"] is True
    told = ok["bulk_api_result"]
    assert (told["nInserted"], told["nUpserted"], told["nDeleted"]) == (1, 1, 1)
    assert told["insertResults"] == [{"index": 0, "inserted_id": 1}]
    (updated,) = told["updateResults"]
    assert (updated["index"], updated["raw_result"]["upserted"]) == (1, {"_id": 2})
    (deleted,) = told["deleteResults"]
    assert (deleted["index"], deleted["raw_result"]["n"]) == (2, 1)


def test_a_clients_bulk_write_that_fails_tells_what_was_done(wire: Database) -> None:
    failed = ask(wire, "client_bulk_write", requests=requests(wire, 1, 1), verbose_results=True)

    assert (failed.type, failed.code, failed.may_have_applied) == (
        "ClientBulkWriteException",
        65,
        True,
    )
    assert failed.message == "batch op errors occurred"
    assert (failed.details["verbose"], failed.details["error"]) == (True, None)
    assert failed.details["insertResults"] == [{"index": 0, "inserted_id": 1}]
    (written,) = failed.details["writeErrors"]
    assert (written["idx"], written["code"]) == (1, 11000)


def test_a_clients_bulk_write_that_is_cut_off_says_so(
    wire: Database, fail_command: FailCommand
) -> None:
    fail_command("bulkWrite", times=2, closeConnection=True)

    failed = ask(wire, "client_bulk_write", requests=requests(wire, 1))

    assert failed.type == "ClientBulkWriteException"
    assert failed.may_have_applied is True
    raised = failed.details["error"]["raised"]
    assert raised["type"] == "AutoReconnect"


def test_a_clients_bulk_write_that_the_server_refuses_carries_its_reply(
    wire: Database, fail_command: FailCommand
) -> None:
    fail_command("bulkWrite", errorCode=13)

    failed = ask(wire, "client_bulk_write", requests=requests(wire, 1))

    assert failed.type == "ClientBulkWriteException"
    raised = failed.details["error"]["raised"]
    assert (raised["type"], raised["code"]) == ("OperationFailure", 13)


def test_a_clients_bulk_write_without_an_answer_is_not_acknowledged(wire: Database) -> None:
    ok = ask(
        wire,
        "client_bulk_write",
        requests=requests(wire, 1),
        ordered=False,
        write_concern={"w": 0},
    )
    assert ok == {"acknowledged": False}


def test_a_bulk_write_needs_a_namespace_for_each_request(wire: Database) -> None:
    asked = [{"op": "delete_one", "args": {"filter": {}}}]

    failed = ask(wire, "client_bulk_write", requests=asked)
    assert failed.type == "ProtocolError"
    assert "ns" in failed.message


def test_a_failures_details_are_bson_though_the_drivers_hold_objects(wire: Database) -> None:
    event = packed(
        batch(
            operation(
                1,
                "client_bulk_write",
                "admin.$cmd",
                requests=requests(wire, 1, 1),
                verbose_results=True,
            )
        )
    )
    (entry,) = opened(wire.proxy.handle(event))["res"]

    assert bson.decode(codec.encode_entry(entry), ALIVE) == entry


# What a server of one member does not show --------------------------------------------------------


class Recorder:
    """A driver, its client and its databases in one, that writes down what they are asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.client = self
        self.codec_options = "lossless"
        self.write_concern: Any = None

    def database(self, name: str, concerns: Mapping[str, Any] | None = None) -> Recorder:
        self.asked.append((f"database {name}", dict(concerns or {})))
        self.write_concern = (concerns or {}).get("write_concern")
        return self

    async def cursor_of(self, asked: Any) -> Any:
        return await asked

    def read_preference(self, told: Mapping[str, Any]) -> str:
        return f"preference {told['mode']}"

    def with_options(self, **options: Any) -> Recorder:
        del options
        return self

    async def drop_database(self, name: str, **options: Any) -> None:
        self.asked.append((f"drop {name}", options))

    async def command(self, command: dict[str, Any], **options: Any) -> dict[str, Any]:
        self.asked.append((f"command {command}", options))
        return {"ok": 1.0}

    async def cursor_command(self, command: dict[str, Any], **options: Any) -> Any:
        self.asked.append((f"cursor_command {command}", options))

        async def nothing() -> AsyncIterator[Any]:
            return
            yield

        return nothing()


async def recorded(op: str, **args: Any) -> list[tuple[str, dict[str, Any]]]:
    recorder = Recorder()
    valid = ValidOperation(1, op, "shop.$cmd", args)
    await ServerAdministration(recorder).run(valid, args)
    return recorder.asked


async def test_a_write_concern_of_the_callers_goes_where_the_drivers_method_takes_none() -> None:
    assert await recorded("drop_database", comment="why") == [
        ("database shop", {}),
        ("drop shop", {"comment": "why"}),
    ]
    concern = {"w": 3}
    assert await recorded("drop_database", comment="why", write_concern=concern) == [
        ("database shop", {"write_concern": concern}),
        (
            "command {'dropDatabase': 1, 'comment': 'why'}",
            {"write_concern": concern, "parse_write_concern_error": True},
        ),
    ]


@pytest.mark.parametrize("cursor", [False, True])
async def test_a_command_is_sent_where_its_read_preference_says(cursor: bool) -> None:  # noqa: FBT001
    args = {"command": {"find": "a"}, "read_preference": {"mode": "nearest"}}

    _, (asked, options) = await recorded("command", **args, **({"cursor": True} if cursor else {}))

    assert asked == f"{'cursor_command' if cursor else 'command'} {{'find': 'a'}}"
    assert options["read_preference"] == "preference nearest"
    assert (options["codec_options"] == "lossless") is not cursor
