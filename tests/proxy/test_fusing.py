"""Reads asked at once: each operation gets what it would have got alone, also where it fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bson import Decimal128
from bson.errors import InvalidDocument
from pymongo.errors import (
    AutoReconnect,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
)

from motorpool.proxy import limits
from motorpool.proxy.executor import Executor
from motorpool.proxy.limits import Limit
from tests.proxy.fakes import FakeDriver, room_of
from tests.proxy.fused import BIG, ROWS, asked, by_id, of_rows, run, serves


def fails_together(error: Exception, times: int = 1) -> FakeDriver:
    """A driver that refuses so many of the questions for several at once."""
    left = times

    async def act(method: str, args: dict[str, Any]) -> Any:
        nonlocal left
        if left and "$in" in str(args):
            left -= 1
            raise error
        return of_rows(method, args)

    return FakeDriver(act)


READS = [
    pytest.param(by_id("find_one", 1, 3, 99), "find_one", "find", id="find_one"),
    pytest.param([asked("find", filter={"a": a}) for a in (0, 2, 9)], "find", "find", id="find"),
    pytest.param(
        [asked("count_documents", filter={"a": a}) for a in (0, 2, 9)],
        "count_documents",
        "aggregate",
        id="count_documents",
    ),
]


@pytest.mark.parametrize(("operations", "_", "method"), READS)
async def test_what_is_asked_at_once_is_answered_as_if_each_had_asked(
    operations: Any, _: str, method: str
) -> None:
    ran = await run(FakeDriver(serves), *operations)

    assert ran.results == [of_rows(each.op, dict(each.args)) for each in operations]
    assert ran.methods == [method]
    assert ran.asked == 1
    assert not any(each.is_write for each in ran.done)


async def test_nothing_is_put_together_where_it_is_off() -> None:
    driver = FakeDriver(serves)
    operations = by_id("find_one", 1, 3)

    await Executor(driver, 5).run(operations, [Limit()] * 2, room_of(operations))

    assert driver.calls == [
        ("find_one", {"filter": {"_id": 1}}),
        ("find_one", {"filter": {"_id": 3}}),
    ]


# Failures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("lost"),
        OperationFailure("no", 2),
        OperationFailure("$in needs an array", 40415),
        ExecutionTimeout("slow", 50),
        ValueError("a caller's fault"),
        InvalidDocument("likewise"),
        LookupError("a fault of ours"),
    ],
    ids=repr,
)
@pytest.mark.parametrize(("operations", "alone", "method"), READS)
async def test_where_it_fails_each_asks_by_itself(
    operations: Any, alone: str, method: str, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    ran = await run(fails_together(error), *operations)

    assert ran.results == [of_rows(each.op, dict(each.args)) for each in operations]
    assert ran.methods == [method, alone, alone, alone]
    assert ran.asked == 4
    assert bool(caplog.records) is isinstance(error, LookupError)


@pytest.mark.parametrize(("operations", "_", "method"), READS)
async def test_without_a_server_each_is_told_so_and_nobody_waits_for_one_again(
    operations: Any, _: str, method: str
) -> None:
    ran = await run(fails_together(ServerSelectionTimeoutError("nobody there")), *operations)

    err = {"type": "ServerSelectionTimeoutError", "message": "nobody there", "timeout": True}
    assert ran.results == [err] * 3
    assert ran.methods == [method]


@pytest.mark.parametrize(("operations", "_", "method"), READS)
async def test_where_time_is_over_each_is_timed_out(operations: Any, _: str, method: str) -> None:
    async def act(_: str, __: dict[str, Any]) -> Any:
        await asyncio.sleep(60)

    ran = await run(FakeDriver(act), *operations, limit=Limit(left=0.02))

    assert [(each["type"], "may_have_applied" in each) for each in ran.results] == [
        ("OperationTimeout", False)
    ] * 3
    assert ran.methods == [method]
    assert all("time-out at the proxy" in each["message"] for each in ran.results)


async def test_where_time_is_over_before_a_connection_is_free_it_is_said() -> None:
    async def act(_: str, __: dict[str, Any]) -> Any:
        await asyncio.sleep(60)

    driver = FakeDriver(act)
    operations = [*by_id("find_one", 1, 2), asked("distinct", key="a")]

    ran = await run(driver, operations[2], *operations[:2], limit=Limit(asked=0.02), pool_size=1)

    assert "it was not run" in ran.results[1]["message"]
    assert driver.calls[0][0] == "distinct"


@pytest.mark.parametrize("error", [NetworkTimeout("slow"), ExecutionTimeout("slow", 50)], ids=repr)
async def test_a_failure_with_no_time_left_is_each_ones_own(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DRIVER_GRACE_SECONDS", 30)  # the driver's word comes first

    async def act(_: str, __: dict[str, Any]) -> Any:
        await asyncio.sleep(0.03)
        raise error

    ran = await run(FakeDriver(act), *by_id("find_one", 1, 2), limit=Limit(asked=0.02))

    assert [each["type"] for each in ran.results] == [type(error).__name__] * 2
    assert ran.methods == ["find"]


async def test_what_asks_by_itself_has_only_the_time_that_is_left() -> None:
    async def act(_: str, args: dict[str, Any]) -> Any:
        await asyncio.sleep(0.1)
        if "$in" in str(args):
            raise AutoReconnect("lost")

    driver = FakeDriver(act)

    await run(driver, *by_id("find_one", 1, 2), limit=Limit(asked=10))

    together, *alone = [limit or 0 for limit in driver.limits]
    assert together > 9.95
    assert all(9 < limit < 9.91 for limit in alone)


async def test_a_failure_of_each_is_each_ones_own() -> None:
    async def act(_: str, args: dict[str, Any]) -> Any:
        raise OperationFailure(str(args["filter"]["_id"]), 2)

    ran = await run(FakeDriver(act), *by_id("find_one", 1, 2))

    assert [each["message"] for each in ran.results] == ["1", "2"]


async def test_where_it_cannot_be_told_whose_is_whose_each_asks_by_itself() -> None:
    async def act(method: str, args: dict[str, Any]) -> Any:
        rows = of_rows(method, args)
        return [*rows, {"_id": Decimal128("1")}] if method == "find" else rows

    ran = await run(FakeDriver(act), *by_id("find_one", 1, 3))

    assert ran.methods == ["find", "find_one", "find_one"]
    assert ran.results == [ROWS[1], ROWS[3]]


async def test_a_find_one_that_several_match_alone_asks_by_itself() -> None:
    operations = [asked("find_one", filter={"a": a, "n": BIG}) for a in (0, 8, 9, 10)]

    ran = await run(FakeDriver(serves), *operations)

    # Three rows have 0: no more than 8 documents were asked for, and 3 came.
    assert [args.get("limit") for _, args in ran.driver.calls] == [8, None]
    assert ran.driver.calls[1] == ("find_one", {"filter": {"a": 0, "n": BIG}})
    assert ran.results == [ROWS[0], None, None, None]


async def test_where_as_many_come_as_were_asked_for_nobody_knows_the_rest() -> None:
    async def act(method: str, args: dict[str, Any]) -> Any:
        if method == "find_one":
            return of_rows(method, args)
        return [{"_id": number, "a": 0} for number in range(args["limit"])]  # of 1 none has come

    ran = await run(FakeDriver(act), *(asked("find_one", filter={"a": a}) for a in (0, 1)))

    assert ran.results == [ROWS[0], ROWS[1]]
    assert ran.methods == ["find", "find_one", "find_one"]
