"""Which namespaces the policy lets an operation reach, its own and others."""

from __future__ import annotations

from typing import Any

import pytest

from motorpool.proxy.policy.footprint import must_look_inside
from motorpool.proxy.policy.policy import Policy
from motorpool.proxy.settings import Settings
from tests.proxy.policies import encoded, operation, refusal


@pytest.mark.parametrize(
    ("patterns", "ns", "is_let_through"),
    [
        ("*", "a.b", True),
        ("shop.*", "shop.orders", True),
        ("shop.*", "shop.orders.old", True),
        ("shop.*", "shopping.orders", False),
        ("shop.*", "Shop.orders", False),
        ("shop.orders", "shop.orders", True),
        ("shop.orders", "shop.orders.old", False),
        ("shop.orders", "shop.order", False),
        ("shop.fs.*", "shop.fs.files", True),
        ("shop.fs.*", "shop.fs", False),
        ("shop.log*", "shop.log_7", True),
        ("a.b,shop.orders", "shop.orders", True),
    ],
)
@pytest.mark.parametrize("look_inside", [True, False])
def test_a_pattern_names_what_it_says(
    patterns: str, ns: str, *, is_let_through: bool, look_inside: bool
) -> None:
    policy = Policy(Settings("mongomock://", namespaces=patterns))
    refused = policy.refusal(operation("find", ns), look_inside=look_inside)

    assert (refused is None) is is_let_through


UNNAMED = "secrets is not in MOTORPOOL_NAMESPACES"


@pytest.mark.parametrize(
    ("op", "args", "said"),
    [
        ("aggregate", {"pipeline": [{"$out": "secrets"}]}, f"shop.{UNNAMED}"),
        ("aggregate", {"pipeline": [{"$out": {"db": "b", "coll": "secrets"}}]}, f"b.{UNNAMED}"),
        ("aggregate", {"pipeline": [{"$out": {"s3": {}}}]}, "a namespace that cannot be told"),
        ("aggregate", {"pipeline": [{"$merge": "secrets"}]}, f"shop.{UNNAMED}"),
        ("aggregate", {"pipeline": [{"$merge": {"into": "secrets"}}]}, f"shop.{UNNAMED}"),
        (
            "aggregate",
            {"pipeline": [{"$merge": {"into": {"db": "b", "coll": "secrets"}}}]},
            f"b.{UNNAMED}",
        ),
        ("aggregate", {"pipeline": [{"$lookup": {"from": "secrets"}}]}, f"shop.{UNNAMED}"),
        (
            "aggregate",
            {"pipeline": [{"$lookup": {"from": {"db": "b", "coll": "secrets"}}}]},
            f"b.{UNNAMED}",
        ),
        ("aggregate", {"pipeline": [{"$graphLookup": {"from": "secrets"}}]}, f"shop.{UNNAMED}"),
        ("aggregate", {"pipeline": [{"$unionWith": "secrets"}]}, f"shop.{UNNAMED}"),
        ("aggregate", {"pipeline": [{"$unionWith": {"coll": "secrets"}}]}, f"shop.{UNNAMED}"),
        (
            "aggregate",
            {"pipeline": [{"$facet": {"a": [{"$unionWith": {"coll": "secrets"}}]}}]},
            f"shop.{UNNAMED}",
        ),
        (
            "aggregate",
            {
                "pipeline": [
                    {"$lookup": {"from": "orders", "pipeline": [{"$unionWith": "secrets"}]}}
                ]
            },
            f"shop.{UNNAMED}",
        ),
        (
            "aggregate",
            {"pipeline": [{"$changeStream": {"allChangesForCluster": True}}]},
            "every namespace is not in MOTORPOOL_NAMESPACES",
        ),
        ("rename", {"new_name": "secrets"}, f"shop.{UNNAMED}"),
        (
            "create_collection",
            {"options": {"viewOn": "secrets", "pipeline": []}},
            f"shop.{UNNAMED}",
        ),
        (
            "create_collection",
            {"options": {"viewOn": "orders", "pipeline": [{"$lookup": {"from": "secrets"}}]}},
            f"shop.{UNNAMED}",
        ),
    ],
)
def test_what_an_operation_reaches_must_be_allowed_too(
    op: str, args: dict[str, Any], said: str
) -> None:
    asked = operation(op, **args)
    quick = Policy(Settings("mongomock://", namespaces="shop.orders")).refusal(
        asked, look_inside=must_look_inside(encoded(asked))
    )

    assert (refusal(op, policy="namespaces=shop.orders", **args) or "").startswith(said)
    assert said in str(quick)
    assert refusal(op, policy="allow=out,admin", **args) is None


def test_a_lookup_of_its_own_documents_reads_nothing_else() -> None:
    pipeline = [{"$lookup": {"pipeline": [{"$documents": [{"a": 1}]}], "as": "b"}}]

    assert refusal("aggregate", policy="namespaces=shop.orders", pipeline=pipeline) is None


@pytest.mark.parametrize(
    ("op", "args", "patterns", "is_let_through"),
    [
        ("list_collections", {}, "shop.*", True),
        ("list_collections", {}, "shop.orders", False),
        ("list_collections", {"filter": {"name": "orders"}}, "shop.orders", True),
        ("list_collections", {"filter": {"name": "secrets"}}, "shop.orders", False),
        ("list_collections", {"filter": {"name": {"$gt": ""}}}, "shop.orders", False),
        ("drop_database", {}, "shop.*", True),
        ("drop_database", {}, "shop.o*", False),
        ("list_databases", {}, "shop.*", False),
        ("list_databases", {}, "*", True),
        ("list_databases", {"filter": {"name": "shop"}}, "shop.*", True),
        ("list_databases", {"filter": {"name": "shop"}}, "shop.orders", False),
    ],
)
@pytest.mark.parametrize("look_inside", [True, False])
def test_lists_and_whole_databases_need_all_that_they_tell_of(
    op: str, args: dict[str, Any], patterns: str, *, is_let_through: bool, look_inside: bool
) -> None:
    policy = Policy(Settings("mongomock://", namespaces=patterns))
    refused = policy.refusal(operation(op, "shop.$cmd", **args), look_inside=look_inside)

    assert (refused is None) is is_let_through


def test_each_request_of_a_clients_bulk_has_its_own_namespace() -> None:
    requests = [
        {"op": "insert_one", "ns": f"shop.{name}", "args": {"document": {}}}
        for name in ("orders", "secrets")
    ]
    asked = ("client_bulk_write", "admin.$cmd", "namespaces=shop.orders")

    assert refusal(*asked, requests=requests[:1]) is None
    assert refusal(*asked, requests=requests) == f"shop.{UNNAMED}"
