"""A `bulkWrite` that fails: nothing is applied twice, and nobody is told what is not known."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo.errors import (
    AutoReconnect,
    CursorNotFound,
    InvalidOperation,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
)

from motorpool.proxy.executor import Executor
from motorpool.proxy.failures import describe
from motorpool.proxy.limits import Limit
from tests.proxy.fakes import FakeDriver, room_of
from tests.proxy.fused import run
from tests.proxy.fused_writes import (
    ALL_ALONE,
    ANSWERS,
    CONCERN,
    LONE,
    LONE_DELETE,
    OPERATIONS,
    raises,
    refused,
    sum_of,
    written,
)

REPLY = {"ok": 0.0, "errmsg": "no", "codeName": "X"}

NOTHING_DONE = [
    raises(error=OperationFailure("not authorized", 13)),
    raises(error={**REPLY, "code": 13}),
    raises(error={**REPLY, "code": 59}),
    raises(error=OperationFailure("invalid namespace", 73)),
    OperationFailure("bad", 2),
    InvalidOperation("MongoClient.bulk_write requires MongoDB server version 8.0+."),
    TypeError("a bad request"),
    ValueError("replacement can not include $ operators"),
]


@pytest.mark.parametrize("error", NOTHING_DONE, ids=map(str, range(len(NOTHING_DONE))))
async def test_where_nothing_was_done_each_is_tried_by_itself(error: Exception) -> None:
    ran = await written(error)

    assert ran.results == ALL_ALONE
    assert ran.methods == ["client_bulk_write", *(each.op for each in OPERATIONS)]


CAUSES = [
    AutoReconnect("lost"),
    NetworkTimeout("slow"),
    NotPrimaryError("stepped down", {"code": 10107}),
    OperationFailure("interrupted", 11601, {"code": 11601}),
    OperationFailure("who knows"),
    CursorNotFound("gone", 43, {"code": 43}),
    ValueError("an answer that nobody can read"),
]


def unsure(cause: Exception) -> dict[str, Any]:
    return {**describe(cause, is_write=True), "may_have_applied": True}


@pytest.mark.parametrize("cause", CAUSES, ids=repr)
async def test_where_nobody_knows_what_was_done_each_is_told_so_and_nothing_sent_again(
    cause: Exception,
) -> None:
    ran = await written(raises(error=cause))

    assert ran.results == [unsure(cause)] * 3
    assert ran.methods == ["client_bulk_write"]


@pytest.mark.parametrize(
    "cause", [cause for cause in CAUSES if type(cause) is not ValueError], ids=repr
)
async def test_it_is_so_whichever_way_the_error_comes(cause: Exception) -> None:
    ran = await written(cause)

    assert ran.results == [unsure(cause)] * 3
    assert ran.methods == ["client_bulk_write"]


@pytest.mark.parametrize("cause", [*CAUSES, OperationFailure("not authorized", 13)], ids=repr)
@pytest.mark.parametrize("applied", [(0,), (1,), (2,), (0, 2)], ids=str)
async def test_an_answer_that_ends_early_is_told_as_far_as_it_came(
    applied: tuple[int, ...], cause: Exception
) -> None:
    ran = await written(raises(applied, error=cause))

    assert ran.results == [
        ANSWERS[index] if index in applied else unsure(cause) for index in range(3)
    ]
    assert ran.methods == ["client_bulk_write"]


async def test_of_an_answer_that_ends_early_what_is_known_to_have_failed_is_tried() -> None:
    lost = AutoReconnect("lost")

    ran = await written(raises((0,), error=lost, writeErrors=refused(1)))

    assert ran.results == [ANSWERS[0], ALL_ALONE[1], unsure(lost)]
    assert ran.methods == ["client_bulk_write", "replace_one"]


async def test_where_a_failure_is_all_that_came_the_others_are_unsure_whatever_the_code() -> None:
    refusal = OperationFailure("not authorized", 13)  # but some of it has run

    ran = await written(raises(error=refusal, writeErrors=refused(0)))

    assert ran.results == [ALL_ALONE[0], unsure(refusal), unsure(refusal)]
    assert ran.methods == ["client_bulk_write", "update_one"]


async def test_what_was_not_confirmed_and_not_told_is_told_to_all() -> None:
    ran = await written(raises((), writeConcernErrors=[CONCERN]))

    assert [(each["type"], each["may_have_applied"]) for each in ran.results] == [
        ("WTimeoutError", True)
    ] * 3
    assert ran.methods == ["client_bulk_write"]


async def test_without_a_server_nothing_was_done_and_nobody_waits_for_one_again() -> None:
    ran = await written(ServerSelectionTimeoutError("nobody there"))

    assert [each["type"] for each in ran.results] == ["ServerSelectionTimeoutError"] * 3
    assert not any("may_have_applied" in each for each in ran.results)
    assert ran.methods == ["client_bulk_write"]


async def test_where_time_is_over_each_may_have_been_applied() -> None:
    async def act(_: str, __: dict[str, Any]) -> Any:
        await asyncio.sleep(60)

    ran = await run(FakeDriver(act), *OPERATIONS, limit=Limit(left=0.02))

    assert [(each["type"], each["may_have_applied"]) for each in ran.results] == [
        ("OperationTimeout", True)
    ] * 3
    assert ran.methods == ["client_bulk_write"]


async def test_what_is_tried_alone_has_only_the_time_that_is_left() -> None:
    async def act(method: str, _: dict[str, Any]) -> Any:
        await asyncio.sleep(0.1)
        if method == "client_bulk_write":
            raise OperationFailure("not authorized", 13)
        return LONE_DELETE if method == "delete_one" else LONE

    driver = FakeDriver(act)

    await run(driver, *OPERATIONS, limit=Limit(asked=10))

    together, *alone = [limit or 0 for limit in driver.limits]
    assert together > 9.95
    assert all(9 < limit < 9.91 for limit in alone)


async def test_a_result_that_is_missing_from_an_answer_is_no_licence_to_write_again() -> None:
    without_the_last = sum_of((0, 1))

    ran = await written(without_the_last)

    assert ran.methods == ["client_bulk_write"]
    assert ran.results[2]["may_have_applied"] is True


@pytest.mark.parametrize(("code", "times"), [(59, 1), (115, 1), (13, 2), (73, 2)], ids=str)
async def test_a_server_that_does_not_know_the_command_is_asked_for_it_once(
    code: int, times: int
) -> None:
    async def act(method: str, _: dict[str, Any]) -> Any:
        if method == "client_bulk_write":
            raise raises(error=OperationFailure("no", code))
        return LONE_DELETE if method == "delete_one" else LONE

    driver = FakeDriver(act)
    executor = Executor(driver, 5, fuse=True)

    for _ in range(2):
        done = await executor.run(OPERATIONS, [Limit()] * 3, room_of())
        assert [each.err for each in done] == [None] * 3

    assert [method for method, _ in driver.calls].count("client_bulk_write") == times
    assert len(driver.calls) == 2 * 3 + times
