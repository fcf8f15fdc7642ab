"""The comparison itself: a fault in a fused answer is seen, wherever it is planted."""

from __future__ import annotations

import copy
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from bson import Decimal128, Int64, ObjectId

from tests.integration.equivalence.compare import (
    differing_answers,
    differing_contents,
    form,
)
from tests.integration.equivalence.scenario import Batch
from tests.integration.equivalence.shrink import shrink
from tests.integration.equivalence.sides import Answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.equivalence.sides import Entry

OLD = ObjectId("5f43a1000000000000000001")

BATCH = Batch(
    [
        {"id": 1, "op": "find_one", "ns": "c", "args": {"filter": {"_id": 1}}},
        {"id": 2, "op": "find_one", "ns": "c", "args": {"filter": {"_id": 2}}},
        {"id": 3, "op": "find", "ns": "c", "args": {"filter": {"p": 1}, "sort": {"n": 1}}},
        {"id": 4, "op": "find", "ns": "c", "args": {"filter": {"p": 1}}},
        {"id": 5, "op": "insert_one", "ns": "c", "args": {"document": {"_id": 1}}},
        {"id": 6, "op": "count_documents", "ns": "c", "args": {"filter": {"p": 1}}},
        {"id": 7, "op": "find", "ns": "c", "args": {"filter": {}, "sort": {"n": 1}, "limit": 2}},
        {"id": 8, "op": "update_one", "ns": "c", "args": {"filter": {}, "update": {}}},
    ]
)
ENTRIES: dict[Any, Entry] = {
    1: {"id": 1, "ok": {"_id": 1, "n": 1, "d": {"x": 1, "y": 2}}},
    2: {"id": 2, "ok": None},
    3: {"id": 3, "ok": [{"_id": 1, "n": 1}, {"_id": 2, "n": 2}, {"_id": 3, "n": 2}]},
    4: {
        "id": 4,
        "ok": [{"_id": 1}, {"_id": OLD}],
        "cursor": {"id": 5, "n": 2},
        "rest": [{"_id": 4}],
    },
    5: {
        "id": 5,
        "err": {
            "type": "DuplicateKeyError",
            "message": "E11000 eq_aa_s.c",
            "code": 11000,
            "details": {"keyValue": {"_id": 1}, "index": 0},
            "errorLabels": ["RetryableWriteError"],
            "may_have_applied": True,
        },
    },
    6: {"id": 6, "ok": 2},
    7: {"id": 7, "ok": [{"_id": 1, "n": 1}, {"_id": 2, "n": 1}]},
    8: {"id": 8, "ok": {"matched_count": 1, "raw_result": {"n": 1, "ok": 1.0}}},
}

FAULTS: dict[str, Callable[[dict[Any, Any]], object]] = {
    "two results are swapped": lambda e: e.update({1: {**e[2], "id": 1}, 2: {**e[1], "id": 2}}),
    "a document is missing": lambda e: e[1].update(ok=None),
    "a document that is not there": lambda e: e[2].update(ok={"_id": 2}),
    "an int became a float": lambda e: e[1]["ok"].update(n=1.0),
    "an int became an Int64": lambda e: e[1]["ok"].update(n=Int64(1)),
    "an int became a decimal": lambda e: e[1]["ok"].update(n=Decimal128("1")),
    "an int became true": lambda e: e[1]["ok"].update(n=True),
    "fields in another order": lambda e: e[1]["ok"].update(d={"y": 2, "x": 1}),
    "a field is missing": lambda e: e[1]["ok"].pop("d"),
    "a field too many": lambda e: e[1]["ok"].update(z=1),
    "null for a missing field": lambda e: e[3]["ok"][0].update(z=None),
    "an order that was asked for": lambda e: e[3]["ok"].reverse(),
    "a document of a list is missing": lambda e: e[4]["ok"].pop(),
    "a document of a list is twice there": lambda e: e[4]["ok"].append({"_id": 1}),
    "an old id became another": lambda e: e[4]["ok"][1].update(_id=ObjectId(bytes(12))),
    "the rest of a cursor is lost": lambda e: [e[4].pop("cursor"), e[4].pop("rest")],
    "the rest of a cursor is another": lambda e: e[4].update(rest=[{"_id": 5}]),
    "the order under a limit": lambda e: e[7]["ok"].reverse(),
    "a count is another": lambda e: e[6].update(ok=3),
    "a count is of another type": lambda e: e[6].update(ok=Int64(2)),
    "an error is at another operation": lambda e: e.update(
        {5: {"id": 5, "ok": None}, 6: {"id": 6, "err": e[5]["err"]}}
    ),
    "an error is of another class": lambda e: e[5]["err"].update(type="WriteError"),
    "an error has other words": lambda e: e[5]["err"].update(message="E11000"),
    "an error has another code": lambda e: e[5]["err"].update(code=11001),
    "an error has no code": lambda e: e[5]["err"].pop("code"),
    "an error's details are fewer": lambda e: e[5]["err"]["details"].pop("keyValue"),
    "an error's index is another": lambda e: e[5]["err"]["details"].update(index=1),
    "an error's value is another": lambda e: e[5]["err"]["details"].update(keyValue={"_id": 1.0}),
    "an error has no labels": lambda e: e[5]["err"].pop("errorLabels"),
    "an error was certainly not applied": lambda e: e[5]["err"].pop("may_have_applied"),
    "an operation goes again": lambda e: e.update({6: {"id": 6, "again": "no room"}}),
    "a raw result is another": lambda e: e[8]["ok"]["raw_result"].update(n=0),
    "a raw result has a field more": lambda e: e[8]["ok"]["raw_result"].update(nModified=0),
}

HARMLESS: dict[str, Callable[[dict[Any, Any]], object]] = {
    "an order that nobody asked for": lambda e: e[4]["ok"].reverse(),
    "an order within a tie": lambda e: e[3]["ok"].append(e[3]["ok"].pop(1)),
    "another id of a cursor": lambda e: e[4]["cursor"].update(id=6),
    "a cursor with nothing behind it": lambda e: e[3].update(cursor={"id": 7}, rest=[]),
    "a replica set's clock": lambda e: e[8]["ok"]["raw_result"].update(operationTime=1),
    "another database's name": lambda e: e[5]["err"].update(message="E11000 eq_aa_f.c"),
}


def lines_of(plant: Callable[[dict[Any, Any]], object]) -> list[str]:
    faulty = copy.deepcopy(ENTRIES)
    plant(faulty)
    return list(differing_answers(BATCH, Answers(faulty, {}), Answers(ENTRIES, {}), Counter()))


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_seen(name: str) -> None:
    assert lines_of(FAULTS[name]) != []


@pytest.mark.parametrize("name", HARMLESS)
def test_what_no_server_promises_is_let_pass(name: str) -> None:
    assert lines_of(HARMLESS[name]) == []


def test_equal_values_of_different_types_have_different_forms() -> None:
    ones = [1, 1.0, Int64(1), Decimal128("1"), Decimal128("1.0"), True, "1", b"1", -0.0, 0.0]
    assert len({form(one) for one in ones}) == len(ones)


@pytest.mark.parametrize(
    "fused",
    [
        {"c": [{"_id": 1}]},
        {"c": [{"_id": 1}, {"_id": 2}, {"_id": 3}]},
        {"c": [{"_id": 1}, {"_id": 2.0}]},
        {"c": [{"_id": 1}, {"_id": 1}]},
        {"c": [{"_id": 1}, {"_id": 2}], "d": []},
        {},
    ],
)
def test_other_contents_are_seen(fused: dict[str, list[Any]]) -> None:
    assert differing_contents(fused, {"c": [{"_id": 1}, {"_id": 2}]}) != []


def test_the_order_of_contents_is_let_pass() -> None:
    assert (
        differing_contents({"c": [{"_id": 2}, {"_id": 1}]}, {"c": [{"_id": 1}, {"_id": 2}]}) == []
    )


def test_a_failing_batch_is_made_as_small_as_it_can_be() -> None:
    batch = Batch([{"id": n, "op": "find", "ns": "c", "args": {"a": n, "b": n}} for n in range(9)])

    def fails(candidate: Batch) -> bool:
        return any(each["args"].get("a") == 5 for each in candidate.operations)

    assert shrink(batch, fails).operations == [{"id": 5, "op": "find", "ns": "c", "args": {"a": 5}}]
