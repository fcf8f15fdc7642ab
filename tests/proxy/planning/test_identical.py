"""Reads that ask the same, byte for byte, are one; what differs on purpose is not."""

from __future__ import annotations

from typing import Any

import pytest
from bson import Int64

from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.models import ValidOperation
from motorpool.proxy.planning import identical
from motorpool.proxy.planning.identical import SHAREABLE
from tests.proxy.kinds import required
from tests.proxy.planning.asking import are_together, asked, planned

SAME: list[tuple[str, dict[str, Any]]] = [
    ("find", {}),
    ("find", {"filter": {"a": {"$gt": 1}}, "limit": 3}),
    ("find", {"filter": {"a": 1}, "sort": [["a", {"$meta": "textScore"}]]}),
    ("find_one", {}),
    ("find_one", {"filter": {"$or": [{"a": 1}]}}),
    ("aggregate", {"pipeline": []}),
    ("aggregate", {"pipeline": [{"$group": {"_id": "$a"}}], "collation": {"locale": "en"}}),
    ("aggregate", {"pipeline": [{"$lookup": {"from": "b", "as": "c"}}]}),
    ("count_documents", {"filter": {}}),
    ("estimated_document_count", {}),
]


@pytest.mark.parametrize(("op", "args"), SAME, ids=str)
def test_the_same_question_is_asked_once(op: str, args: dict[str, Any]) -> None:
    same = [asked(op, **args) for _ in range(3)]

    assert planned(*same) == [("SharedRead", [0, 1, 2])]


@pytest.mark.parametrize("op", OPERATIONS)
def test_no_other_operation_is_shared(op: str) -> None:
    args = {"cursor": {"id": 1}} if op == "get_more" else required(OPERATIONS[op].arguments)

    shared = planned(asked(op, **args), asked(op, **args), without=["writes", "inserts"])

    assert bool(shared) is (op in SHAREABLE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"filter": {}}, {}),
        ({"limit": 1}, {"limit": 2}),
        ({"filter": {"a": {"$gt": 1}}}, {"filter": {"a": {"$gt": 1.0}}}),
        ({"filter": {"a": {"$gt": 1}}}, {"filter": {"a": {"$gt": Int64(1)}}}),
        ({"filter": {"$and": [], "$or": []}}, {"filter": {"$or": [], "$and": []}}),
        ({"length": 1}, {"length": 2}),
        ({"comment": "a"}, {"comment": "b"}),
    ],
)
def test_what_differs_in_a_byte_is_asked_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert planned(asked("find", **one), asked("find", **other)) == []


def test_name_space_operation_and_time_out_have_to_be_the_same() -> None:
    first = asked("find", filter={})

    assert planned(first, asked("find_one", filter={})) == []
    assert planned(first, asked("find", ns="shop.others", filter={})) == []
    assert planned(first, asked("find", timeout_ms=9, filter={})) == []


def test_the_session_for_a_cursor_may_differ() -> None:
    one, other = (ValidOperation(0, "find", "a.b", {}, None, bytes([n] * 16)) for n in (1, 2))

    assert are_together(one, other)


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("aggregate", {"pipeline": [{"$sample": {"size": 1}}]}),
        ("aggregate", {"pipeline": [{"$project": {"a": {"$rand": {}}}}]}),
        ("aggregate", {"pipeline": [{"$facet": {"a": [{"$sample": {"size": 1}}]}}]}),
        ("aggregate", {"pipeline": [{"$project": {"a": {"$function": {}}}}]}),
        ("aggregate", {"pipeline": [{"$group": {"_id": 1, "a": {"$accumulator": {}}}}]}),
        ("find", {"filter": {"$where": "1"}}),
        ("find", {"filter": {"$expr": {"$lt": [{"$rand": {}}, 1]}}}),
        ("find_one", {"projection": {"a": {"$rand": {}}}}),
        ("count_documents", {"filter": {"$where": "1"}}),
        # They write.
        ("aggregate", {"pipeline": [{"$out": "b"}]}),
        ("aggregate", {"pipeline": [{"$merge": {"into": "b"}}]}),
        # Their ends are their ends for now.
        ("find", {"cursor_type": "tailable"}),
        ("find", {"cursor_type": "tailable_await"}),
        ("aggregate", {"pipeline": [{"$changeStream": {}}]}),
    ],
    ids=str,
)
def test_what_differs_each_time_or_writes_or_tails_is_asked_each_time(
    op: str, args: dict[str, Any]
) -> None:
    assert planned(asked(op, **args), asked(op, **args)) == []


def test_what_writes_offers_itself_to_nobody() -> None:
    assert identical.offers(asked("aggregate", pipeline=[{"$out": "b"}])) == ()


def test_a_page_is_not_shared_with_who_asks_for_all_at_once() -> None:
    paged = ValidOperation(0, "find", "shop.items", {}, None, bytes(16))

    assert planned(paged, asked("find")) == []
