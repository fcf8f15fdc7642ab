"""What the proxy's policy lets through, what it refuses, and what it then says."""

from __future__ import annotations

from typing import Any

import pytest
from bson import Code, DBRef
from pymongo.errors import OperationFailure

from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.failures import describe
from motorpool.proxy.policy.footprint import must_look_inside
from motorpool.proxy.policy.policy import Policy
from motorpool.proxy.settings import Settings
from tests.proxy.kinds import required
from tests.proxy.policies import encoded, operation, refusal

JAVASCRIPT = "function() { return true }"

# The default: everything but the server's JavaScript and the cluster's administration -------------


@pytest.mark.parametrize("op", sorted(OPERATIONS.keys() - {"command"}))
def test_every_operation_runs_by_default(op: str) -> None:
    whole = ("list_collections", "list_databases", "drop_database", "client_bulk_write")
    ns = "shop.$cmd" if op in whole else "shop.orders"

    assert refusal(op, ns, **required(OPERATIONS[op].arguments)) is None


@pytest.mark.parametrize(
    "stage", [{"$out": "b"}, {"$out": {"db": "a", "coll": "b"}}, {"$merge": {"into": "b"}}]
)
def test_an_aggregation_writes_unless_the_policy_names_nothing(stage: dict[str, Any]) -> None:
    key = next(iter(stage))

    assert refusal("aggregate", pipeline=[stage]) is None
    assert refusal("aggregate", policy="allow=", pipeline=[stage]) == (
        f"{key} needs 'out' in MOTORPOOL_ALLOW"
    )


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("find", {"filter": {"$where": JAVASCRIPT}}),
        ("find", {"filter": {"$or": [{"a": 1}, {"$where": Code(JAVASCRIPT)}]}}),
        ("find", {"projection": {"a": {"$function": {"body": JAVASCRIPT}}}}),
        ("find", {"let": {"a": {"$function": {"body": JAVASCRIPT}}}}),
        ("find_one", {"filter": {"$expr": {"$function": {"body": JAVASCRIPT}}}}),
        ("explain", {"filter": {"$where": JAVASCRIPT}}),
        ("count_documents", {"filter": {"$where": JAVASCRIPT}}),
        ("distinct", {"key": "a", "filter": {"$where": JAVASCRIPT}}),
        ("aggregate", {"pipeline": [{"$match": {"$where": JAVASCRIPT}}]}),
        ("aggregate", {"pipeline": [{"$group": {"_id": 1, "a": {"$accumulator": {}}}}]}),
        ("aggregate", {"pipeline": [{"$facet": {"a": [{"$match": {"$where": ""}}]}}]}),
        ("update_one", {"filter": {"$where": JAVASCRIPT}, "update": {"$set": {"a": 1}}}),
        ("update_one", {"filter": {}, "update": [{"$set": {"a": {"$function": {}}}}]}),
        ("update_many", {"filter": {}, "update": {"$pull": {"a": {"$where": ""}}}}),
        ("update_one", {"filter": {}, "update": {}, "array_filters": [{"$where": ""}]}),
        ("replace_one", {"filter": {"$where": ""}, "replacement": {}}),
        ("delete_many", {"filter": {"$where": ""}}),
        ("find_one_and_delete", {"filter": {"$where": ""}}),
        ("find_one_and_update", {"filter": {}, "update": [{"$set": {"a": {"$function": 1}}}]}),
        ("bulk_write", {"requests": [{"op": "delete_one", "args": {"filter": {"$where": ""}}}]}),
        ("create_collection", {"options": {"validator": {"$where": ""}}}),
        ("create_collection", {"options": {"viewOn": "a", "pipeline": [{"$function": 1}]}}),
        ("create_indexes", {"indexes": [{"key": {}, "partialFilterExpression": {"$where": 1}}]}),
        ("get_more", {"cursor": {"id": 1, "filter": {"$where": ""}}}),
        ("find", {"filter": {"a": DBRef("b", 1, extra={"$where": ""})}}),
    ],
)
def test_javascript_runs_only_where_it_is_allowed(op: str, args: dict[str, Any]) -> None:
    said = refusal(op, **args)

    assert said is not None
    assert said.startswith(("$where", "$function", "$accumulator"))
    assert said.endswith(" needs 'javascript' in MOTORPOOL_ALLOW")
    assert refusal(op, policy="allow=javascript", **args) is None


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("insert_one", {"document": {"note": "$where", "$where": JAVASCRIPT, "a": {"$out": 1}}}),
        ("insert_many", {"documents": [{}, {"a": [{"$function": 1}]}]}),
        ("replace_one", {"filter": {}, "replacement": {"a": {"$where": 1}}}),
        ("find_one_and_replace", {"filter": {}, "replacement": {"a": {"$where": 1}}}),
        ("update_one", {"filter": {}, "update": {"$set": {"a": {"$where": 1}}}}),
        ("update_many", {"filter": {}, "update": {"$push": {"a": {"$each": [{"$where": 1}]}}}}),
        ("find", {"filter": {"note": "$where"}, "comment": {"$where": 1}}),
        ("find", {"filter": {"where": 1, "$comment": "$function"}}),
        ("find", {"filter": {"a": Code(JAVASCRIPT, {"$where": 1})}}),
        ("aggregate", {"pipeline": [{"$match": {"note": "$merge"}}, {"$project": {"out": 1}}]}),
        (
            "bulk_write",
            {"requests": [{"op": "insert_one", "args": {"document": {"a": {"$where": 1}}}}]},
        ),
    ],
)
def test_what_the_server_does_not_evaluate_is_data(op: str, args: dict[str, Any]) -> None:
    assert refusal(op, policy="allow=", **args) is None


@pytest.mark.parametrize(
    ("stage", "ns"),
    [
        ("$currentOp", "admin.$cmd.aggregate"),
        ("$listSessions", "config.system.sessions"),
        ("$queryStats", "admin.$cmd.aggregate"),
        ("$_internalApplyOplogUpdate", "shop.orders"),
    ],
)
def test_stages_of_the_cluster_need_admin(stage: str, ns: str) -> None:
    pipeline: list[dict[str, Any]] = [{stage: {}}]

    assert refusal("aggregate", ns, pipeline=pipeline) == (
        f"{stage} needs 'admin' in MOTORPOOL_ALLOW"
    )
    assert refusal("aggregate", ns, policy="allow=admin", pipeline=pipeline) is None


@pytest.mark.parametrize(
    ("op", "ns", "args", "said"),
    [
        ("find", "admin.system.users", {}, "reading admin.system.users needs 'admin'"),
        ("insert_one", "admin.system.users", {"document": {}}, "writing to admin.system.users"),
        (
            "delete_many",
            "local.oplog.rs",
            {"filter": {}},
            "writing to local.oplog.rs needs 'admin'",
        ),
        ("drop_collection", "shop.system.views", {}, "writing to shop.system.views needs 'admin'"),
        ("insert_one", "shop.system.js", {"document": {}}, "writing to shop.system.js needs 'java"),
        ("drop_database", "config.$cmd", {}, "writing to all of 'config' needs 'admin'"),
        ("drop_database", "admin.$cmd", {}, "writing to all of 'admin' needs 'admin'"),
        ("rename", "shop.a", {"new_name": "system.views"}, "writing to shop.system.views needs"),
        ("aggregate", "config.a", {"pipeline": [{"$merge": "b"}]}, "writing to config."),
    ],
)
def test_the_clusters_own_documents_need_a_word(
    op: str, ns: str, args: dict[str, Any], said: str
) -> None:
    asked = operation(op, ns, **args)
    quick = Policy(Settings("mongomock://")).refusal(
        asked, look_inside=must_look_inside(encoded(asked))
    )

    assert (refusal(op, ns, **args) or "").startswith(said)
    assert said in str(quick)
    assert refusal(op, ns, policy="allow=out,admin,javascript", **args) is None


@pytest.mark.parametrize(
    ("op", "ns", "args"),
    [
        ("find", "local.oplog.rs", {}),
        ("insert_one", "admin.notes", {"document": {}}),
        ("drop_collection", "shop.system.profile", {}),
        ("find", "shop.system.views", {}),
        ("insert_one", "system.notes", {"document": {}}),
    ],
)
def test_what_only_looks_like_them_does_not(op: str, ns: str, args: dict[str, Any]) -> None:
    assert refusal(op, ns, **args) is None


# Operations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operations", "op", "args", "said"),
    [
        ("read", "find", {}, None),
        ("read", "insert_one", {"document": {}}, "'insert_one', which writes,"),
        ("read", "aggregate", {"pipeline": []}, None),
        ("read", "aggregate", {"pipeline": [{"$out": "a"}]}, "'aggregate', which writes,"),
        ("write", "aggregate", {"pipeline": [{"$out": "a"}]}, None),
        ("write", "aggregate", {"pipeline": []}, "'aggregate', which reads,"),
        ("write", "find", {}, "'find', which reads,"),
        ("read,insert_one", "insert_one", {"document": {}}, None),
        ("find", "find", {}, None),
        ("find", "find_one", {}, "'find_one', which reads,"),
        ("find", "get_more", {"cursor": {"id": 1}}, None),
        ("aggregate", "kill_cursors", {"cursors": [{"id": 1}]}, None),
        ("read", "get_more", {"cursor": {"id": 1}}, None),
        ("find_one", "get_more", {"cursor": {"id": 1}}, "'get_more', which moves a cursor,"),
    ],
)
@pytest.mark.parametrize("look_inside", [True, False])
def test_an_operation_runs_by_its_name_or_by_what_it_does(
    operations: str, op: str, args: dict[str, Any], said: str | None, *, look_inside: bool
) -> None:
    policy = Policy(Settings("mongomock://", operations=operations))
    asked = operation(op, **args)
    refused = policy.refusal(asked, look_inside=look_inside or must_look_inside(encoded(asked)))

    assert said in str(refused) if said else refused is None


@pytest.mark.parametrize("op", ["bulk_write", "client_bulk_write"])
@pytest.mark.parametrize("look_inside", [True, False])
def test_a_bulk_write_is_no_way_round_the_operations(op: str, *, look_inside: bool) -> None:
    request: dict[str, Any] = {"op": "delete_many", "args": {"filter": {}}}
    if op == "client_bulk_write":
        request["ns"] = "shop.orders"
    ns = "shop.orders" if op == "bulk_write" else "admin.$cmd"
    asked = operation(op, ns, requests=[request])
    closed = Policy(Settings("mongomock://", operations=f"{op},insert_one"))
    opened = Policy(Settings("mongomock://", operations=f"{op},delete_many"))

    assert "'delete_many', which writes, is not in MOTORPOOL_OPERATIONS" in str(
        closed.refusal(asked, look_inside=look_inside)
    )
    assert opened.refusal(asked, look_inside=look_inside) is None


# What a refusal says ------------------------------------------------------------------------------


def test_a_refusal_is_what_a_server_says_to_a_user_without_the_privilege() -> None:
    refused = Policy(Settings("mongomock://", allow="")).refusal(
        operation("aggregate", pipeline=[{"$out": "a"}])
    )
    message = (
        "aggregate on shop.orders refused by the proxy's policy: "
        "$out needs 'out' in MOTORPOOL_ALLOW"
    )

    assert isinstance(refused, OperationFailure)
    assert describe(refused, is_write=True) == {
        "type": "OperationFailure",
        "code": 13,
        "codeName": "Unauthorized",
        "message": message,
        "details": {"ok": 0.0, "errmsg": message, "code": 13, "codeName": "Unauthorized"},
    }


def test_a_refusal_of_something_long_is_short() -> None:
    policy = Policy(Settings("mongomock://", namespaces="shop.orders"))
    long = "x" * 1_000_000

    for asked in (
        operation("find", f"shop.{long}"),
        operation("command", "a.$cmd", command={long: 1}),
    ):
        assert len(describe(policy.refusal(asked) or Exception(), is_write=False)["message"]) < 700


def test_a_policy_shows_what_it_allows() -> None:
    assert repr(Policy(Settings("mongomock://"))) == (
        "<Policy allow=out namespaces=* operations=read,write>"
    )
