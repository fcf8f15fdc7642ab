"""What the policy makes of the server's own commands: they are no way round it."""

from __future__ import annotations

from typing import Any

import pytest
from bson import Binary

from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.models import validate_operation
from motorpool.proxy.policy.policy import Policy
from motorpool.proxy.policy.server_commands import SERVER_COMMANDS
from motorpool.proxy.settings import Settings


def refusal(command: dict[str, Any], database: str = "shop", policy: str = "") -> str | None:
    """Return what a policy says to `command`. `policy`: as in "allow=out operations=read"."""
    settings: dict[str, Any] = dict(part.split("=") for part in policy.split())
    asked = validate_operation(
        {"id": 1, "op": "command", "ns": f"{database}.$cmd", "args": {"command": command}}
    )
    refused = Policy(Settings("mongomock://", **settings)).refusal(asked)
    return (
        None if refused is None else str(refused).partition(" policy: ")[2].partition(", full")[0]
    )


# By name ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        {"ping": 1},
        {"hello": 1},
        {"isMaster": 1},
        {"ismaster": 1},
        {"buildInfo": 1},
        {"buildinfo": 1},
        {"connectionStatus": 1},
        {"serverStatus": 1},
        {"whatsmyuri": 1},
        {"dbStats": 1},
        {"dbstats": 1},
        {"collStats": "orders"},
        {"collstats": "orders"},
        {"validate": "orders"},
        {"find": "orders", "filter": {"a": 1}},
        {"aggregate": "orders", "pipeline": [{"$match": {}}], "cursor": {}},
        {"aggregate": 1, "pipeline": [{"$documents": []}], "cursor": {}},
        {"count": "orders"},
        {"distinct": "orders", "key": "a"},
        {"insert": "orders", "documents": [{"$where": 1}]},
        {"update": "orders", "updates": [{"q": {}, "u": {"$set": {"a": {"$where": 1}}}}]},
        {"delete": "orders", "deletes": [{"q": {}, "limit": 1}]},
        {"findAndModify": "orders", "query": {}, "update": {"a": {"$where": 1}}},
        {"findandmodify": "orders", "remove": True},
        {"explain": {"find": "orders"}, "verbosity": "queryPlanner"},
        {"listCollections": 1},
        {"listDatabases": 1},
        {"listIndexes": "orders"},
        {"create": "orders", "capped": True, "size": 1000},
        {"createIndexes": "orders", "indexes": [{"key": {"a": 1}, "name": "a_1"}]},
        {"drop": "orders"},
        {"dropIndexes": "orders", "index": "*"},
        {"deleteIndexes": "orders", "index": "*"},
        {"dropDatabase": 1},
        {"collMod": "orders", "validator": {"a": 1}},
        {"getMore": 1, "collection": "orders"},
        {"killCursors": "orders", "cursors": [1]},
        {"dataSize": "shop.orders"},
        {"datasize": "shop.orders"},
        {"renameCollection": "shop.orders", "to": "shop.old"},
        {
            "bulkWrite": 1,
            "ops": [{"insert": 0, "document": {"$where": 1}}],
            "nsInfo": [{"ns": "a.b"}],
        },
        {"profile": -1},
        {"endSessions": []},
    ],
)
def test_what_the_roles_of_one_database_cover_runs_by_default(command: dict[str, Any]) -> None:
    assert refusal(command) is None


@pytest.mark.parametrize(
    "name",
    [
        "shutdown",
        "setParameter",
        "getParameter",
        "configureFailPoint",
        "createUser",
        "dropUser",
        "usersInfo",
        "grantRolesToUser",
        "replSetInitiate",
        "replSetReconfig",
        "fsync",
        "killOp",
        "currentOp",
        "killSessions",
        "killAllSessions",
        "getLog",
        "top",
        "applyOps",
        "saslStart",
        "authenticate",
        "logout",
        "addShard",
        "PING",
        "Find",
        "INSERT",
        "notACommand",
        "$query",
        "",
    ],
)
def test_the_clusters_administration_needs_admin_and_so_does_what_is_not_known(name: str) -> None:
    command = {name: 1}

    assert refusal(command) == f"the command {name!r} needs 'admin' in MOTORPOOL_ALLOW"
    assert refusal(command, policy="allow=admin") is None


def test_an_empty_command_is_refused() -> None:
    assert refusal({}) == "the command '' needs 'admin' in MOTORPOOL_ALLOW"


@pytest.mark.parametrize("field", ["speculativeAuthenticate", "saslSupportedMechs"])
def test_a_hello_does_not_log_in(field: str) -> None:
    assert refusal({"hello": 1, field: {}}) == (
        "a hello that authenticates needs 'admin' in MOTORPOOL_ALLOW"
    )


def test_an_explain_of_an_explain_needs_admin_however_deep() -> None:
    command: dict[str, Any] = {"find": "orders"}
    for _ in range(500):
        command = {"explain": command}

    assert refusal(command) == "an explain of no command needs 'admin' in MOTORPOOL_ALLOW"


def test_every_operation_that_a_command_equals_is_one() -> None:
    named = {op for command in SERVER_COMMANDS.values() for op in command.operations}

    assert named <= OPERATIONS.keys()
    for command in SERVER_COMMANDS.values():
        assert all(OPERATIONS[op].effect == command.effect for op in command.operations), command


# What is in it ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        {"find": "orders", "filter": {"$where": ""}},
        {"find": "orders", "projection": {"a": {"$function": {}}}},
        {"aggregate": "orders", "pipeline": [{"$match": {"$or": [{"$where": ""}]}}]},
        {"count": "orders", "query": {"$where": ""}},
        {"distinct": "orders", "key": "a", "query": {"$where": ""}},
        {"update": "orders", "updates": [{"q": {"$where": ""}, "u": {}}]},
        {"update": "orders", "updates": [{"q": {}, "u": [{"$set": {"a": {"$function": 1}}}]}]},
        {"update": "orders", "updates": [{"q": {}, "u": {"$pull": {"a": {"$where": ""}}}}]},
        {"delete": "orders", "deletes": [{"q": {"$where": ""}, "limit": 0}]},
        {"findAndModify": "orders", "query": {"$where": ""}},
        {"findandmodify": "orders", "update": [{"$set": {"a": {"$function": 1}}}]},
        {
            "bulkWrite": 1,
            "ops": [{"delete": 0, "filter": {"$where": ""}}],
            "nsInfo": [{"ns": "a.b"}],
        },
        {
            "bulkWrite": 1,
            "ops": [{"update": 0, "filter": {}, "updateMods": [{"$set": {"a": {"$function": 1}}}]}],
            "nsInfo": [{"ns": "a.b"}],
        },
        {"explain": {"delete": "orders", "deletes": [{"q": {"$where": ""}}]}},
        {"create": "orders", "viewOn": "a", "pipeline": [{"$match": {"$where": ""}}]},
        {"collMod": "orders", "validator": {"$where": ""}},
        {"mapReduce": "orders", "map": "", "reduce": "", "out": {"inline": 1}},
        {"mapreduce": "orders", "map": "", "reduce": "", "out": {"inline": 1}},
        {"listCollections": 1, "filter": {"$where": ""}},
    ],
)
def test_javascript_is_found_in_a_command(command: dict[str, Any]) -> None:
    assert (refusal(command) or "").endswith(" needs 'javascript' in MOTORPOOL_ALLOW")
    assert refusal(command, policy="allow=javascript") is None


@pytest.mark.parametrize("name", ["eval", "$eval", "group"])
def test_what_evaluates_anything_needs_both_words(name: str) -> None:
    assert refusal({name: ""}, policy="allow=javascript") is not None
    assert refusal({name: ""}, policy="allow=admin") is not None
    assert refusal({name: ""}, policy="allow=admin,javascript") is None


@pytest.mark.parametrize(
    "command",
    [
        {"aggregate": "orders", "pipeline": [{"$out": "a"}]},
        {"aggregate": "orders", "pipeline": [{"$merge": {"into": "a"}}]},
        {"explain": {"aggregate": "orders", "pipeline": [{"$out": "a"}]}},
        {"mapReduce": "orders", "out": "a"},
        {"mapReduce": "orders", "out": {"merge": "a"}},
    ],
)
def test_a_command_writes_into_a_collection_only_where_that_is_allowed(
    command: dict[str, Any],
) -> None:
    allowed = "allow=out,javascript"

    assert (refusal(command, policy="allow=javascript") or "").endswith("'out' in MOTORPOOL_ALLOW")
    assert refusal(command, policy=allowed) is None
    assert "which writes" in (refusal(command, policy=f"{allowed} operations=read") or "")


# Where it goes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "is_let_through"),
    [
        ({"find": "orders"}, True),
        ({"find": "secrets"}, False),
        ({"find": Binary(bytes(16), 4)}, False),
        ({"count": 1}, False),
        ({"aggregate": "orders", "pipeline": []}, True),
        ({"aggregate": "orders", "pipeline": [{"$lookup": {"from": "secrets"}}]}, False),
        ({"aggregate": 1, "pipeline": []}, False),
        ({"insert": "orders", "documents": [{"$lookup": {"from": "secrets"}}]}, True),
        ({"getMore": 1, "collection": "orders"}, True),
        ({"getMore": 1, "collection": "secrets"}, False),
        ({"getMore": 1}, False),
        ({"explain": {"find": "orders"}}, True),
        ({"explain": {"find": "secrets"}}, False),
        ({"renameCollection": "shop.orders", "to": "shop.orders"}, True),
        ({"renameCollection": "shop.orders", "to": "shop.secrets"}, False),
        ({"renameCollection": "shop.secrets", "to": "shop.orders"}, False),
        ({"dataSize": "shop.orders"}, True),
        ({"dataSize": "shop.secrets"}, False),
        ({"dataSize": "orders"}, False),
        ({"bulkWrite": 1, "ops": [], "nsInfo": [{"ns": "shop.orders"}]}, True),
        ({"bulkWrite": 1, "ops": [], "nsInfo": [{"ns": "shop.orders"}, {"ns": "b.c"}]}, False),
        ({"bulkWrite": 1, "ops": []}, False),
        ({"create": "orders", "viewOn": "secrets"}, False),
        ({"collMod": "orders", "viewOn": "secrets"}, False),
        ({"cloneCollectionAsCapped": "orders", "toCollection": "secrets"}, False),
        ({"mapReduce": "orders", "out": {"inline": 1}}, True),
        ({"mapReduce": "orders", "out": {"replace": "orders", "db": "b"}}, False),
        ({"filemd5": 1, "root": "fs"}, False),
        ({"listCollections": 1}, False),
        ({"listCollections": 1, "filter": {"name": "orders"}}, True),
        ({"listDatabases": 1}, False),
        ({"dbStats": 1}, False),
        ({"dropDatabase": 1}, False),
        ({"ping": 1}, True),
        ({"hello": 1}, True),
        ({"getLog": "global"}, False),
        ({"usersInfo": 1}, False),
    ],
)
def test_where_namespaces_are_limited_a_command_says_where_it_goes(
    command: dict[str, Any], *, is_let_through: bool
) -> None:
    policy = "allow=out,javascript,admin namespaces=shop.orders"

    assert (refusal(command, policy=policy) is None) is is_let_through
    if not is_let_through:
        assert "is not in MOTORPOOL_NAMESPACES" in (refusal(command, policy=policy) or "")


@pytest.mark.parametrize(
    ("database", "command"),
    [
        ("admin", {"insert": "system.users", "documents": [{}]}),
        ("admin", {"find": "system.users"}),
        ("admin", {"find": Binary(bytes(16), 4)}),
        ("local", {"delete": "oplog.rs", "deletes": []}),
        ("config", {"dropDatabase": 1}),
        ("shop", {"renameCollection": "shop.a", "to": "admin.system.users"}),
    ],
)
def test_a_command_is_no_way_to_the_clusters_own_documents(
    database: str, command: dict[str, Any]
) -> None:
    assert (refusal(command, database) or "").endswith("needs 'admin' in MOTORPOOL_ALLOW")
    assert refusal(command, database, policy="allow=admin") is None


# What it does -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operations", "command", "is_let_through"),
    [
        ("read", {"ping": 1}, True),
        ("read", {"find": "a"}, True),
        ("read", {"getMore": 1, "collection": "a"}, True),
        ("read", {"insert": "a", "documents": [{}]}, False),
        ("read", {"bulkWrite": 1, "ops": [], "nsInfo": [{"ns": "a.b"}]}, False),
        ("read", {"explain": {"find": "a"}}, True),
        ("read", {"explain": {"delete": "a", "deletes": []}}, False),
        ("read", {"validate": "a"}, True),
        ("read", {"validate": "a", "repair": True}, False),
        ("read", {"profile": 2}, False),
        ("read", {"commitTransaction": 1}, False),
        ("find", {"find": "a"}, False),
        ("find", {"getMore": 1, "collection": "a"}, False),
        ("find,command", {"find": "a"}, True),
        ("find,command", {"ping": 1}, True),
        ("find,command", {"count": "a"}, False),
        ("find,command", {"insert": "a", "documents": [{}]}, False),
        ("find,command", {"collMod": "a"}, True),
        ("insert_many,command", {"insert": "a", "documents": [{}]}, True),
        ("update_one,command", {"update": "a", "updates": []}, False),
        ("update_one,update_many,replace_one,command", {"update": "a", "updates": []}, True),
        ("find,command", {"getMore": 1, "collection": "a"}, True),
        ("distinct,command", {"getMore": 1, "collection": "a"}, False),
        (
            "command,client_bulk_write,insert_many",
            {"bulkWrite": 1, "ops": [{"insert": 0, "document": {}}], "nsInfo": [{"ns": "a.b"}]},
            True,
        ),
        (
            "command,client_bulk_write,insert_many",
            {"bulkWrite": 1, "ops": [{"delete": 0, "filter": {}}], "nsInfo": [{"ns": "a.b"}]},
            False,
        ),
        ("write", {"insert": "a", "documents": [{}]}, True),
        ("write", {"find": "a"}, False),
    ],
)
def test_a_command_is_no_way_round_the_operations(
    operations: str, command: dict[str, Any], *, is_let_through: bool
) -> None:
    said = refusal(command, policy=f"operations={operations}")

    assert (said is None) is is_let_through
    assert said is None or "is not in MOTORPOOL_OPERATIONS" in said


def test_a_refusal_names_the_command() -> None:
    asked = validate_operation(
        {"id": 1, "op": "command", "ns": "admin.$cmd", "args": {"command": {"shutdown": 1}}}
    )

    assert str(Policy(Settings("mongomock://")).refusal(asked)).startswith(
        "command 'shutdown' on admin refused by the proxy's policy: "
        "the command 'shutdown' needs 'admin' in MOTORPOOL_ALLOW"
    )
