"""No operation runs past what its caller, its batch and the invocation leave it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from pymongo.errors import NetworkTimeout

from motorpool.proxy.limits import DRIVER_GRACE_SECONDS
from tests.proxy.fakes import FakeContext, FakeDriver, batch, opened, operation

if TYPE_CHECKING:
    from tests.proxy.conftest import Database, MakeProxy

LONG = 30.0


async def sleeps(_: str, args: dict[str, Any]) -> None:
    await asyncio.sleep(args.get("filter", {}).get("seconds", LONG))


def timed_out(id_: int, message: str, **more: object) -> dict[str, object]:
    return {"id": id_, "err": {"type": "OperationTimeout", "message": message, **more}}


def test_the_remaining_time_of_the_invocation_less_the_margin_is_the_end_and_told_to_the_server(
    make_proxy: MakeProxy,
) -> None:
    driver = FakeDriver(sleeps)
    proxy = make_proxy(driver, margin_ms=200)

    began = time.monotonic()
    response = opened(proxy.handle(batch(operation(1, "find_one")), FakeContext(300)))
    took = time.monotonic() - began

    message = "find_one on shop.items: time-out at the proxy"
    assert response["res"] == [timed_out(1, message)]
    assert driver.told == [pytest.approx(0.1, abs=0.02)]
    assert driver.calls == [("find_one", {"max_time_ms": round(driver.told[0] * 1000)})]
    assert driver.limits == [None]  # under the driver's own, it would repeat failures until then
    assert 0.1 <= took < 0.3


def test_a_stricter_max_time_of_the_callers_stays_below_what_the_invocation_has_left(
    make_proxy: MakeProxy,
) -> None:
    driver = FakeDriver(sleeps)
    quick = operation(1, "find_one", filter={"seconds": 0}, max_time_ms=7)
    loose = operation(2, "find_one", filter={"seconds": 0}, max_time_ms=90_000)

    make_proxy(driver, margin_ms=0).handle(batch(quick, loose), FakeContext(10_000))

    first, second = (args["max_time_ms"] for _, args in driver.calls)
    assert first == 7
    assert 9_000 < second <= 10_000


def test_an_invocation_with_no_time_left_runs_nothing(make_proxy: MakeProxy) -> None:
    driver = FakeDriver(sleeps)
    ops = [operation(1, "find_one"), operation(2, "insert_one", document={})]

    response = opened(make_proxy(driver, margin_ms=250).handle(batch(*ops), FakeContext(100)))

    fate = "time-out while waiting for a connection; it was not run"
    assert response["res"] == [
        timed_out(1, f"find_one on shop.items: {fate}"),
        timed_out(2, f"insert_one on shop.items: {fate}"),
    ]
    assert driver.calls == []


def test_without_a_limit_the_driver_is_given_none(make_proxy: MakeProxy) -> None:
    driver = FakeDriver(sleeps)

    make_proxy(driver).handle(batch(operation(1, "find_one", filter={"seconds": 0})))

    assert driver.limits == [None]


def test_a_short_timeout_of_one_operation_leaves_a_longer_one_beside_it(
    make_proxy: MakeProxy,
) -> None:
    driver = FakeDriver(sleeps)
    short = {**operation(1, "find_one"), "timeout_ms": 20}
    longer = {**operation(2, "find_one", filter={"seconds": 0.15}), "timeout_ms": 10_000}
    without = operation(3, "find_one", filter={"seconds": 0.15})

    response = opened(make_proxy(driver).handle(batch(short, longer, without)))

    assert response["res"] == [
        timed_out(1, "find_one on shop.items: time-out at the proxy"),
        {"id": 2, "ok": None},
        {"id": 3, "ok": None},
    ]
    assert driver.limits == [
        pytest.approx(0.02, abs=0.01),
        pytest.approx(10, abs=0.1),
        None,
    ]


def test_the_strictest_of_operation_batch_and_invocation_counts(make_proxy: MakeProxy) -> None:
    driver = FakeDriver(sleeps)
    proxy = make_proxy(driver, margin_ms=0)
    quick = operation(1, "find_one", filter={"seconds": 0})

    def handle(operation_ms: int, batch_ms: int, remaining_ms: int) -> None:
        event = batch({**quick, "timeout_ms": operation_ms}, timeout_ms=batch_ms)
        proxy.handle(event, FakeContext(remaining_ms))

    handle(1_000, 2_000, 3_000)
    handle(3_000, 1_000, 2_000)
    handle(2_000, 3_000, 1_000)

    assert driver.limits == [pytest.approx(1, abs=0.05)] * 3


def test_the_batchs_limit_is_every_operations(make_proxy: MakeProxy) -> None:
    driver = FakeDriver(sleeps)
    event = batch(operation(1, "find_one"), operation(2, "delete_many", filter={}), timeout_ms=30)

    response = opened(make_proxy(driver).handle(event))

    assert response["res"] == [
        timed_out(1, "find_one on shop.items: time-out at the proxy"),
        timed_out(
            2,
            "delete_many on shop.items: time-out at the proxy; it may have been applied",
            may_have_applied=True,
        ),
    ]


def test_waiting_for_a_connection_counts_against_the_limit(make_proxy: MakeProxy) -> None:
    driver = FakeDriver(sleeps)
    ops = [
        operation(1, "find_one", filter={"seconds": 0.1}),
        operation(2, "find_one", filter={"seconds": 0}),
        {**operation(3, "insert_one", document={}), "timeout_ms": 20},
    ]

    response = opened(
        make_proxy(driver, pool_size=1, fuse=False).handle(batch(*ops, timeout_ms=500))
    )

    not_run = "insert_one on shop.items: time-out while waiting for a connection; it was not run"
    assert response["res"] == [{"id": 1, "ok": None}, {"id": 2, "ok": None}, timed_out(3, not_run)]
    assert [method for method, _ in driver.calls] == ["find_one", "find_one"]
    # The second had waited 0.1 s for the only connection.
    assert driver.limits == [pytest.approx(0.5, abs=0.03), pytest.approx(0.4, abs=0.05)]


def test_a_slot_is_free_again_after_a_timeout(make_proxy: MakeProxy) -> None:
    driver = FakeDriver(sleeps)
    proxy = make_proxy(driver, pool_size=1)
    proxy.handle(batch({**operation(1, "find_one"), "timeout_ms": 10}))

    response = opened(proxy.handle(batch(operation(2, "find_one", filter={"seconds": 0}))))

    assert response["res"] == [{"id": 2, "ok": None}]


def test_the_drivers_own_timeout_error_comes_before_the_proxys(make_proxy: MakeProxy) -> None:
    async def as_a_driver(_: str, __: dict[str, Any]) -> None:
        await asyncio.sleep(0.05 + DRIVER_GRACE_SECONDS / 4)
        raise NetworkTimeout("127.0.0.1:27017: timed out")

    event = batch({**operation(1, "find_one"), "timeout_ms": 50})

    response = opened(make_proxy(FakeDriver(as_a_driver)).handle(event))

    err = {"type": "NetworkTimeout", "message": "127.0.0.1:27017: timed out", "timeout": True}
    assert response["res"] == [{"id": 1, "err": err}]


@pytest.mark.parametrize(
    ("max_time_ms", "limit"),
    [
        # PyMongo's own limit overwrites the command's maxTimeMS, so it is left off.
        (100, None),
        (999, None),
        # Here the deadline is stricter, and 0 means no limit to a server.
        (1_000, pytest.approx(1, abs=0.01)),
        (5_000, pytest.approx(1, abs=0.01)),
        (0, pytest.approx(1, abs=0.01)),
        (None, pytest.approx(1, abs=0.01)),
    ],
)
def test_a_max_time_ms_stricter_than_the_deadline_is_not_overwritten(
    make_proxy: MakeProxy, max_time_ms: int | None, limit: float | None
) -> None:
    driver = FakeDriver(sleeps)
    op = operation(1, "count_documents", filter={"seconds": 0}, max_time_ms=max_time_ms)

    opened(make_proxy(driver).handle(batch(op, timeout_ms=1_000)))

    args = {} if max_time_ms is None else {"maxTimeMS": max_time_ms}
    assert driver.calls == [("count_documents", {"filter": {"seconds": 0}, **args})]
    assert driver.limits == [limit]


def test_a_max_time_ms_stricter_than_the_deadline_still_has_the_deadline_behind_it(
    make_proxy: MakeProxy,
) -> None:
    driver = FakeDriver(sleeps)
    op = operation(1, "find_one", max_time_ms=40)

    response = opened(make_proxy(driver).handle(batch(op, timeout_ms=50)))

    assert response["res"] == [timed_out(1, "find_one on shop.items: time-out at the proxy")]


def test_a_deadline_reaches_both_kinds_of_database(database: Database) -> None:
    op = operation(1, "count_documents", f"{database.name}.items", filter={})

    response = opened(database.proxy.handle(batch(op, timeout_ms=5_000), FakeContext(10_000)))

    assert response["res"] == [{"id": 1, "ok": {"$numberInt": "0"}}]
