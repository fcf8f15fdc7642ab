"""An environment's first batch: which server it is decides what of its writes goes together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from motorpool.proxy.executor import ACQUAINT_SECONDS, Executor
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.limits import Limit
from motorpool.proxy.settings import Settings
from tests.proxy.fakes import FakeDriver, room_of
from tests.proxy.fused import asked

if TYPE_CHECKING:
    from motorpool.proxy.models import ValidOperation


def update(number: int) -> ValidOperation:
    return asked("update_one", filter={"_id": number}, update={"$set": {"a": 1}})


def read(number: int) -> ValidOperation:
    return asked("find_one", filter={"_id": number})


async def act(_: str, __: dict[str, Any]) -> Any:
    raise LookupError("answered elsewhere")


async def waited(
    *operations: ValidOperation, limit: Limit | None = None, fuse: bool = True
) -> list[float]:
    """Run a batch on a driver that has not met its server; how long it was told to wait for it."""
    driver = FakeDriver(act)
    driver.is_acquainted = False
    limits = [limit or Limit()] * len(operations)
    await Executor(driver, 2, fuse=fuse).run(operations, limits, room_of(operations))
    return driver.acquainted_within


async def test_writes_that_may_go_together_wait_until_the_server_is_known() -> None:
    assert await waited(update(1), update(2)) == [ACQUAINT_SECONDS]


async def test_the_wait_is_no_longer_than_the_shortest_limit() -> None:
    assert await waited(update(1), update(2), limit=Limit(left=0.5)) == [0.5]


@pytest.mark.parametrize(
    "operations",
    [[update(1)], [read(1), read(2)], [update(1), read(2)]],
    ids=["one write", "reads", "one of each"],
)
async def test_what_does_not_depend_on_the_server_waits_for_nothing(
    operations: list[ValidOperation],
) -> None:
    assert await waited(*operations) == []


async def test_without_the_planner_nobody_waits() -> None:
    assert await waited(update(1), update(2), fuse=False) == []


async def test_a_driver_that_knows_its_server_is_not_asked() -> None:
    driver = FakeDriver(act)
    operations = [update(1), update(2)]
    await Executor(driver, 2, fuse=True).run(operations, [Limit()] * 2, room_of(operations))
    assert driver.acquainted_within == []


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
def test_updates_of_the_very_first_batch_go_together(
    wire_uri: str, wire_database: str, driver: str
) -> None:
    proxy = Proxy(Settings(wire_uri, driver=driver))
    try:
        operations = [
            {
                "id": number,
                "op": "update_one",
                "ns": f"{wire_database}.items",
                "args": {"filter": {"_id": number}, "update": {"$set": {"a": 1}}, "upsert": True},
            }
            for number in range(3)
        ]
        response = proxy.handle({"v": 1, "ops": operations})
    finally:
        proxy.close()
    assert b'"groups":1' in response


async def test_an_unreachable_server_is_waited_for_no_longer_than_told() -> None:
    proxy = Proxy(Settings("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=60000"))
    try:
        driver = proxy._driver  # noqa: SLF001 - whose wait it is
        assert not driver.is_acquainted
        waiting = asyncio.to_thread(proxy._run, driver.acquaint(0.01))  # noqa: SLF001 - its loop
        await asyncio.wait_for(waiting, 30)
        assert not driver.is_acquainted
    finally:
        proxy.close()
