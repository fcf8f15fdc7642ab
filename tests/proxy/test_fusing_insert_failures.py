"""Inserts sent at once that fail: nothing goes in twice, and what is not known is said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from bson.errors import InvalidBSON, InvalidDocument
from pymongo.errors import (
    AutoReconnect,
    DocumentTooLarge,
    ExecutionTimeout,
    InvalidOperation,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)

from motorpool.proxy import limits
from motorpool.proxy.failures import describe
from motorpool.proxy.limits import Limit
from tests.proxy.fakes import FakeDriver
from tests.proxy.fused import asked, run

if TYPE_CHECKING:
    from motorpool.proxy.models import ValidOperation


from tests.proxy.fused_writes import many, ones, takes

REFUSALS = [
    OperationFailure("bad value", 2),
    OperationFailure("not authorized", 13),
    OperationFailure("no such command", 59),
    OperationFailure("invalid namespace", 73),
    OperationFailure("a view", 166),
    OperationFailure("unknown field", 40415),
    # The driver has not sent it.
    DocumentTooLarge("too large"),
    InvalidOperation("no"),
    TypeError("document must be an instance of dict"),
    InvalidDocument("key 'a\\x00b' must not contain null"),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    OverflowError("MongoDB can only handle up to 8-byte ints"),
    ValueError("bad"),
]


@pytest.mark.parametrize("error", REFUSALS, ids=repr)
@pytest.mark.parametrize("operations", [ones(1, 2, 3), [many(1), many(2), many(3)]])
async def test_where_nothing_was_done_each_is_tried_by_itself(
    operations: list[ValidOperation], error: Exception
) -> None:
    ran = await run(takes(error), *operations)

    assert ran.methods == ["insert_many", *(each.op for each in operations)]
    assert [each["acknowledged"] for each in ran.results] == [True] * 3
    assert ran.asked == 4


UNSURE = [
    AutoReconnect("lost"),
    NetworkTimeout("slow"),
    NotPrimaryError("stepped down", {"code": 10107}),
    WaitQueueTimeoutError("all in use"),
    ExecutionTimeout("slow", 50, {"code": 50}),
    OperationFailure("interrupted", 11601, {"code": 11601, "codeName": "Interrupted"}),
    OperationFailure("who knows"),
]


@pytest.mark.parametrize("error", UNSURE, ids=repr)
@pytest.mark.parametrize("operations", [ones(1, 2, 3), [many(1), many(2), many(3)]])
async def test_where_nobody_knows_what_was_done_each_is_told_so_and_nothing_sent_again(
    operations: list[ValidOperation], error: Exception
) -> None:
    ran = await run(takes(error), *operations)

    err = {**describe(error, is_write=True), "may_have_applied": True}
    assert ran.results == [err] * 3
    assert ran.methods == ["insert_many"]


async def test_without_a_server_nothing_was_done_and_nobody_waits_for_one_again() -> None:
    ran = await run(takes(ServerSelectionTimeoutError("nobody there")), *ones(1, 2))

    assert [each["type"] for each in ran.results] == ["ServerSelectionTimeoutError"] * 2
    assert not any("may_have_applied" in each for each in ran.results)
    assert ran.methods == ["insert_many"]


async def test_where_time_is_over_each_may_have_been_applied() -> None:
    async def act(_: str, __: dict[str, Any]) -> Any:
        await asyncio.sleep(60)

    ran = await run(FakeDriver(act), *ones(1, 2), limit=Limit(left=0.02))

    assert [(each["type"], each["may_have_applied"]) for each in ran.results] == [
        ("OperationTimeout", True)
    ] * 2
    assert ran.methods == ["insert_many"]


async def test_where_time_was_over_before_it_began_none_was() -> None:
    async def act(_: str, __: dict[str, Any]) -> Any:
        await asyncio.sleep(60)

    operations = [asked("distinct", key="a"), *ones(1, 2)]

    ran = await run(FakeDriver(act), *operations, limit=Limit(asked=0.02), pool_size=1)

    assert not any("may_have_applied" in each for each in ran.results[1:])
    assert all("it was not run" in each["message"] for each in ran.results[1:])
    assert ran.methods == ["distinct"]


async def test_a_refusal_with_no_time_left_is_each_ones_own_and_was_not_applied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "DRIVER_GRACE_SECONDS", 30)  # the driver's word comes first

    async def act(_: str, __: dict[str, Any]) -> Any:
        await asyncio.sleep(0.03)
        raise OperationFailure("not authorized", 13)

    ran = await run(FakeDriver(act), *ones(1, 2), limit=Limit(asked=0.02))

    assert (
        ran.results == [{"type": "OperationFailure", "message": "not authorized", "code": 13}] * 2
    )
    assert ran.methods == ["insert_many"]


@pytest.mark.parametrize(
    "error",
    [LookupError("a fault of ours"), MemoryError(), InvalidBSON("of an answer")],
    ids=repr,
)
async def test_an_error_that_nobody_foresaw_may_have_come_after_it_was_applied(
    error: Exception,
) -> None:
    ran = await run(takes(error), *ones(1, 2))

    assert ran.methods == ["insert_many"]
    assert [each.get("may_have_applied") for each in ran.results] == [True, True]
