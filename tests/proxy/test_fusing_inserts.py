"""Inserts sent at once: each operation gets its own ids or its own error."""

from __future__ import annotations

from typing import Any

import pytest

from motorpool.proxy.failures import describe
from tests.proxy.fused import asked, run
from tests.proxy.fused_writes import clash, many, ones, raised_alone, takes, whole


async def test_each_insert_gets_its_own_id() -> None:
    ran = await run(takes(), *ones(3, "a", None))

    assert ran.results == [
        {"acknowledged": True, "inserted_id": 3},
        {"acknowledged": True, "inserted_id": "a"},
        {"acknowledged": True, "inserted_id": None},
    ]
    assert ran.driver.calls == [
        ("insert_many", {"documents": [{"_id": 3}, {"_id": "a"}, {"_id": None}], "ordered": False})
    ]
    assert ran.asked == 1
    assert all(each.is_write for each in ran.done)


async def test_ids_that_the_driver_makes_are_told() -> None:
    operations = [asked("insert_one", document={"a": number}) for number in range(3)]

    ran = await run(takes(), *operations)

    ids = [each["inserted_id"] for each in ran.results]
    assert ids == [document["_id"] for document in ran.driver.calls[0][1]["documents"]]
    assert len(set(ids)) == 3


async def test_each_insert_of_many_gets_its_own_ids() -> None:
    ran = await run(takes(), many(1, 2), many(3))

    assert ran.results == [
        {"acknowledged": True, "inserted_ids": [1, 2]},
        {"acknowledged": True, "inserted_ids": [3]},
    ]


async def test_options_and_concerns_are_those_of_all() -> None:
    told: dict[str, Any] = {
        "comment": "x",
        "bypass_document_validation": True,
        "write_concern": {"w": 2},
    }
    operations = [asked("insert_one", document={"_id": n}, **told) for n in (1, 2)]

    ran = await run(takes(), *operations)

    ((_, args),) = ran.driver.calls
    assert args.keys() == {"documents", "ordered", "comment", "bypass_document_validation"}
    assert ran.driver.concerns == [{"write_concern": {"w": 2}}]


# Some of them fail --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        clash(1, "b"),
        {"index": 1, "code": 121, "errmsg": "invalid", "errInfo": {"details": {"a": 1}}},
        {"index": 1, "code": 2, "errmsg": "can't use an array for _id"},
        {"index": 1, "code": 11000, "errmsg": "E11000", "keyPattern": {}, "keyValue": {}},
    ],
    ids=lambda error: str(error["errmsg"]),
)
async def test_a_write_error_is_its_own_operations_as_it_would_be_alone(
    error: dict[str, Any],
) -> None:
    in_bulk = {**error, "op": {"_id": "b"}}  # which PyMongo adds in a bulk, and only there

    ran = await run(takes(whole([in_bulk])), *ones("a", "b", "c"))

    assert ran.results == [
        {"acknowledged": True, "inserted_id": "a"},
        raised_alone({"ok": 1, "n": 0, "writeErrors": [{**error, "index": 0}]}),
        {"acknowledged": True, "inserted_id": "c"},
    ]
    assert ran.methods == ["insert_many"]  # it has failed, and is not tried again


async def test_the_write_errors_of_many_are_told_as_they_would_be_alone() -> None:
    errors = [{**clash(index, id_), "op": {"_id": id_}} for index, id_ in ((1, "b"), (4, "e"))]

    ran = await run(takes(whole(errors)), many("a", "b"), many("c"), many("d", "e", "f"))

    first, second, third = ran.results
    assert second == {"acknowledged": True, "inserted_ids": ["c"]}
    for result, count, id_ in ((first, 1, "b"), (third, 2, "e")):
        alone = whole([{**clash(1, id_), "op": {"_id": id_}}], inserted=count)
        assert result == describe(alone, is_write=True)
        assert result["may_have_applied"] is True  # some of it was


@pytest.mark.parametrize(
    "error",
    [
        {"code": 64, "errmsg": "waiting for replication timed out", "errInfo": {"wtimeout": True}},
        {"code": 50, "errmsg": "timed out"},
        {"code": 79, "errmsg": "no such write concern", "errInfo": {"a": 1}},
        {"code": 91, "errmsg": "shutting down", "errorLabels": ["RetryableWriteError"]},
    ],
    ids=lambda error: str(error["errmsg"]),
)
async def test_what_was_not_confirmed_is_told_to_each(error: dict[str, Any]) -> None:
    ran = await run(takes(whole([clash(0, 1)], [error])), *ones(1, 2, 3))

    reply = {key: value for key, value in error.items() if key != "errorLabels"}
    labels = {"errorLabels": error["errorLabels"]} if "errorLabels" in error else {}
    unconfirmed = raised_alone({"ok": 1, "writeConcernError": reply, **labels})
    assert ran.results == [
        raised_alone({"ok": 1, "writeErrors": [clash(0, 1)]}),  # which comes before it
        unconfirmed,
        unconfirmed,
    ]
    assert unconfirmed["may_have_applied"] is True
    assert ran.methods == ["insert_many"]


async def test_what_was_not_confirmed_of_many_is_told_with_their_own_counts() -> None:
    concern = {"code": 64, "errmsg": "late"}

    ran = await run(takes(whole([clash(1, 2)], [concern])), many(1, 2), many(3, 4))

    assert [each["details"]["nInserted"] for each in ran.results] == [1, 2]
    assert [each["details"]["writeErrors"] for each in ran.results] == [[clash(1, 2)], []]
    assert [each["details"]["writeConcernErrors"] for each in ran.results] == [[concern]] * 2
