"""`update_one`, `replace_one`, `delete_one` as one `bulkWrite`, told one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bson import Int64, ObjectId
from pymongo.common import validate_ok_for_replace, validate_ok_for_update
from pymongo.results import DeleteResult, UpdateResult

from motorpool.batching.operations import BULK_REQUESTS, OPERATIONS
from motorpool.proxy.client_bulk import told_results
from motorpool.proxy.planning import updates
from motorpool.proxy.planning.fusions import MAX_VALUES, FusedWrite
from motorpool.proxy.runners import RUNNERS
from tests.proxy.kinds import TAKES
from tests.proxy.planning.asking import are_together, asked, fused, planned, two_values

if TYPE_CHECKING:
    from motorpool.proxy.models import ValidOperation

COMMON = {"bypass_document_validation", "let", "comment", "write_concern"}
WRITES = {"update_one": "update", "replace_one": "replacement", "delete_one": None}


def write(op: str, number: int = 1, ns: str = "shop.items", **args: Any) -> ValidOperation:
    what = WRITES[op]
    changes: dict[Any, Any] = {"update": {"$set": {"a": number}}, "replacement": {"a": number}}
    change = {} if what is None else {what: changes[what]}
    return asked(op, ns=ns, filter={"_id": number}, **change, **args)


def test_writes_of_all_three_kinds_and_of_any_collections_go_together() -> None:
    step = fused(
        write("update_one", 1, "shop.items", upsert=True),
        write("replace_one", 2, "other.things.of"),
        write("delete_one", 3),
    )

    assert isinstance(step, FusedWrite)
    assert step.args == {
        "requests": [
            {
                "op": "update_one",
                "ns": "shop.items",
                "args": {"filter": {"_id": 1}, "update": {"$set": {"a": 1}}, "upsert": True},
            },
            {
                "op": "replace_one",
                "ns": "other.things.of",
                "args": {"filter": {"_id": 2}, "replacement": {"a": 2}},
            },
            {"op": "delete_one", "ns": "shop.items", "args": {"filter": {"_id": 3}}},
        ],
        "ordered": False,
        "verbose_results": True,
    }


@pytest.mark.parametrize("op", WRITES)
def test_every_argument_is_its_requests_own_or_the_whole_commands(op: str) -> None:
    own = BULK_REQUESTS[op].arguments.keys()

    assert not own & COMMON
    assert OPERATIONS[op].arguments.keys() <= own | COMMON


@pytest.mark.parametrize(
    ("op", "argument"),
    [(op, name) for op in WRITES for name in sorted(COMMON & OPERATIONS[op].arguments.keys())],
)
def test_what_the_whole_command_is_told_has_to_be_alike(op: str, argument: str) -> None:
    value, other = two_values(op, argument)

    step = fused(write(op, 1, **{argument: value}), write(op, 2, **{argument: value}))

    assert step.args[argument] == value
    assert all(argument not in request["args"] for request in step.args["requests"])
    assert not are_together(write(op, 1, **{argument: value}), write(op, 2, **{argument: other}))
    assert not are_together(write(op, 1, **{argument: value}), write(op, 2))


@pytest.mark.parametrize("op", WRITES)
def test_what_a_request_is_told_may_differ(op: str) -> None:
    for argument, spec in BULK_REQUESTS[op].arguments.items():
        if argument in ("filter", WRITES[op]):
            continue
        value = TAKES[spec.kind][1]
        step = fused(write(op, 1, **{argument: value}), write(op, 2))
        assert step.args["requests"][0]["args"][argument] == value
        assert argument not in step.args["requests"][1]["args"]


def test_what_is_said_to_be_none_is_not_said() -> None:
    assert are_together(write("update_one", 1, let=None, comment=None), write("update_one", 2))


def test_time_outs_have_to_be_alike() -> None:
    one = asked("delete_one", timeout_ms=9, filter={})

    assert not are_together(one, write("delete_one"))
    assert are_together(one, asked("delete_one", timeout_ms=9, filter={}))


@pytest.mark.parametrize("op", WRITES)
def test_what_waits_for_no_answer_is_left_alone(op: str) -> None:
    concern: dict[str, Any] = {"write_concern": {"w": 0}}

    assert planned(write(op, 1, **concern), write(op, 2, **concern)) == []


@pytest.mark.parametrize("op", ["update_many", "delete_many", "find_one_and_update", "bulk_write"])
def test_writes_whose_results_could_not_be_told_are_left_alone(op: str) -> None:
    args = {
        name: TAKES[spec.kind][1]
        for name, spec in OPERATIONS[op].arguments.items()
        if spec.required and spec.kind in TAKES
    }

    assert planned(asked(op, **args), asked(op, **args)) == []


@pytest.mark.parametrize(
    ("op", "change", "is_taken"),
    [
        ("update_one", {"$set": {"a": 1}}, True),
        ("update_one", {"$set": {"a": 1}, "b": 2}, True),  # the server's to refuse
        ("update_one", [{"$set": {"a": 1}}], True),
        ("update_one", {"a": 1}, False),
        ("update_one", {}, False),
        ("update_one", [], False),
        ("replace_one", {"a": 1}, True),
        ("replace_one", {"a": 1, "$b": 2}, True),
        ("replace_one", {}, True),
        ("replace_one", {"": 1}, True),
        ("replace_one", {"$set": {"a": 1}}, False),
    ],
    ids=str,
)
def test_what_the_driver_refuses_is_refused_by_itself(
    op: str, change: Any, *, is_taken: bool
) -> None:
    one = asked(op, filter={}, **{str(WRITES[op]): change})

    assert are_together(one, write("delete_one")) is is_taken
    assert _driver_takes(op, change) is is_taken


def _driver_takes(op: str, change: Any) -> bool:
    check = validate_ok_for_update if op == "update_one" else validate_ok_for_replace
    try:
        check(change)
    except ValueError:
        return False
    return True


def test_a_server_without_the_command_gets_none() -> None:
    operations = [write(op, number) for number, op in enumerate(WRITES)]

    assert planned(*operations, without=["writes"]) == []


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (MAX_VALUES, [MAX_VALUES]),
        (MAX_VALUES + 1, [MAX_VALUES]),
        (MAX_VALUES * 2 + 3, [MAX_VALUES, MAX_VALUES, 3]),
    ],
)
def test_no_command_has_more_writes_than_it_should(count: int, sizes: list[int]) -> None:
    operations = [write("delete_one", number) for number in range(count)]

    assert [len(members) for _, members in planned(*operations)] == sizes


# Results ------------------------------------------------------------------------------------------


def alone(reply: dict[str, Any]) -> Any:
    """What an `update_one` gives whose server replied so (PyMongo's `Collection._update`)."""
    result = dict(reply)
    if result.get("n") and "upserted" not in result:
        result["updatedExisting"] = True
    else:
        result["updatedExisting"] = False
        if "upserted" in result:
            result["upserted"] = result["upserted"][0]["_id"]
    return UpdateResult(result, acknowledged=True)


REPLIES: list[dict[str, Any]] = [
    {"n": 1, "nModified": 1},
    {"n": 1, "nModified": 0},
    {"n": 0, "nModified": 0},
    {"n": 1, "nModified": 0, "upserted": 5},
    {"n": 1, "nModified": 0, "upserted": 0},
    {"n": 1, "nModified": 0, "upserted": False},
    {"n": 1, "nModified": 0, "upserted": ""},
    {"n": 1, "nModified": 0, "upserted": None},  # then the driver says that one was matched
    {"n": 1, "nModified": 0, "upserted": ObjectId(b"not-an-array")},
    {"n": 1, "nModified": 0, "upserted": {"a": 1}},
]


@pytest.mark.parametrize("said", REPLIES, ids=str)
async def test_an_update_is_told_as_if_it_had_been_alone(said: dict[str, Any]) -> None:
    upserted = {"upserted": [{"index": 0, "_id": said["upserted"]}]} if "upserted" in said else {}
    lone = _Collection(alone({**said, **upserted, "ok": 1.0}))
    inner = {"upserted": {"_id": said["upserted"]}} if "upserted" in said else {}
    raw = {"ok": 1.0, "idx": 3, **said, **inner}
    together = UpdateResult(raw, acknowledged=True, in_client_bulk=True)

    answers = updates.deal(told_results({"updateResults": {3: together}, "deleteResults": {}}))

    assert answers == {3: await RUNNERS["update_one"](lone, {})}


@pytest.mark.parametrize("count", [0, 1])
async def test_a_deletion_is_told_as_if_it_had_been_alone(count: int) -> None:
    lone = _Collection(DeleteResult({"n": count, "ok": 1.0}, acknowledged=True))
    together = DeleteResult({"ok": 1.0, "idx": 7, "n": Int64(count)}, acknowledged=True)

    answers = updates.deal(told_results({"updateResults": {}, "deleteResults": {7: together}}))

    assert answers == {7: await RUNNERS["delete_one"](lone, {})}


class _Collection:
    """Gives this result whatever it is asked."""

    def __init__(self, result: Any) -> None:
        self._result = result

    async def update_one(self) -> Any:
        return self._result

    delete_one = update_one
