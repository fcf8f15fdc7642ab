"""The load that a recorded time amounts to: its estimate has what was recorded."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from motorpool.costs.durations import Design
from motorpool.costs.model import Estimate, estimate
from motorpool.costs.parts import PROXY
from motorpool.costs.recorded import Analysis, analyse, gathered, month, scale, to_load
from motorpool.costs.setup import Function, Setup
from tests.costs.recorded.test_gathering import BATCH, REPORT, client
from tests.costs.tables import PRICES


def day(seed: int = 1, hours: float = 1.0) -> list[Any]:
    """A time of 200 requests of two batches each, both ends and Lambda recording."""
    dice = random.Random(seed)  # noqa: S311 - made-up durations, and no secrets
    records: list[Any] = []
    for number in range(400):
        at = 1_795_860_000 + number * hours * 9
        handler, cold = round(dice.uniform(5, 30), 3), number % 50 == 0
        init = 250.5 if cold else None
        request_id = f"{seed}-{number}"
        operations = dice.choice([1, 4, 14])
        duration = round(handler + 1.21, 2)
        records += [
            replace(
                BATCH,
                at=at,
                request_id=request_id,
                memory_mb=256.0,
                cold=cold,
                init_ms=init,
                operations=operations,
                groups=max(1, operations // 2),
                handler_ms=handler,
                database_ms=handler - 3,
                billed_ms=int(handler + (init or 0)) + 1,
            ),
            replace(
                REPORT,
                at=at + 0.1,
                request_id=request_id,
                memory_mb=256.0,
                duration_ms=duration,
                init_ms=init,
                billed_ms=int(duration + (init or 0)) + 1,
            ),
            client(
                client=f"c{seed}",
                scope=number // 2,
                operations=operations,
                deduplicated=1,
                wall_ms=duration + (init or 0) + 9,
                cold=cold,
                handler_ms=handler,
                init_ms=init,
                billed_ms=int(handler + (init or 0)) + 1,
                bytes_out=700 * operations,
                bytes_in=2100 * operations,
            ),
        ]
    return records


def estimated(analysis: Analysis) -> Estimate:
    return estimate(*to_load(analysis), PRICES, Design.BATCHED)


def test_its_estimate_has_the_invocations_and_the_gb_seconds_that_were_recorded() -> None:
    analysis = analyse(gathered(day()))
    to = scale(analysis)
    assert to is not None
    recorded, part = month(analysis, PRICES, to), estimated(analysis).part(PROXY)
    assert part is not None
    assert abs(part.invocations - recorded.invocations) < Decimal("1e-30")
    assert abs(part.usage.gb_seconds - recorded.gb_seconds) < Decimal("1e-30")


def test_its_estimate_waits_as_long_as_the_clients_did() -> None:
    analysis = analyse(gathered(day()))
    to = scale(analysis)
    assert to is not None
    recorded = month(analysis, PRICES, to)
    assert float(estimated(analysis).waiting.gb_seconds) == pytest.approx(
        float(recorded.waiting.gb_seconds), rel=1e-6
    )


def test_a_request_is_a_scope_and_its_batches_are_its_waves() -> None:
    analysis = analyse(gathered(day()), period_hours=1)
    load, setup = to_load(analysis)
    assert (load.requests, load.waves) == (Decimal(200 * 730), Decimal(2))
    assert analysis.operations is not None
    assert float(load.queries) == pytest.approx((analysis.operations + 400) / 200)
    assert float(load.cold_share) == 8 / 400
    assert (setup.proxy.memory_mb, setup.proxy_init_ms) == (Decimal(256), Decimal("250.5"))
    assert setup.batch_ms == analysis.warm_ms
    assert analysis.invoke_ms is not None
    assert setup.invoke_ms == analysis.invoke_ms


def test_what_was_measured_takes_the_place_of_what_is_assumed() -> None:
    load, setup = to_load(analyse(gathered(day())))
    assert analyse(gathered(day())).groups is not None
    assert load.round_trips is not None
    assert float(load.request_bytes) == pytest.approx(1234 * 400 / sum_of_operations())
    assert float(load.response_bytes) == pytest.approx(5678 * 400 / sum_of_operations())
    assert setup.single_ms is not None
    assert load.query_ms > 0


def sum_of_operations() -> int:
    operations = analyse(gathered(day())).operations
    assert operations is not None
    return operations


def test_what_was_not_recorded_stays_as_the_setup_has_it() -> None:
    given = Setup(app=Function(memory_mb=Decimal(1024)), pool_size=Decimal(3), region="made-up-1")
    _, setup = to_load(analyse(gathered(day()), given))
    assert (setup.app.memory_mb, setup.pool_size, setup.region) == (
        Decimal(1024),
        Decimal(3),
        "made-up-1",
    )


def test_with_reports_alone_each_invocation_is_a_request_of_one_query() -> None:
    reports = [replace(REPORT, request_id=str(n), at=1000.0 + n) for n in range(10)]
    analysis = analyse(gathered(reports), period_hours=730)
    load, setup = to_load(analysis)
    assert (load.requests, load.queries, load.waves) == (Decimal(10), Decimal(1), Decimal(1))
    assert setup.batch_ms == 14


def test_what_nobody_recorded_may_be_told() -> None:
    reports = [replace(REPORT, request_id=str(n), at=1000.0 + n) for n in range(10)]
    analysis = analyse(gathered(reports), period_hours=730)
    load, _ = to_load(analysis, requests=5, queries=48)
    assert (load.requests, load.queries, load.waves) == (Decimal(5), Decimal(48), Decimal(2))
    part = estimate(load, to_load(analysis)[1], PRICES).part(PROXY)
    assert part is not None
    assert part.invocations == 10


def test_without_times_it_is_the_load_of_what_was_recorded() -> None:
    load, _ = to_load(analyse(gathered([replace(REPORT, at=None)])))
    assert load.requests == 1


def test_a_whole_day_tells_its_hours() -> None:
    long = analyse(gathered(day(hours=24.1)))
    load, _ = to_load(long)
    assert sum(load.hourly) == 400
    assert len(load.hourly) == 24
    assert to_load(analyse(gathered(day())))[0].hourly == ()


@pytest.mark.parametrize(
    "record",
    [
        client(attempts=9, throttled=9, billed_ms=None, operations=3),
        client(attempts=9, lost=9, billed_ms=None, operations=1, deduplicated=0),
        replace(REPORT, memory_mb=64.0),
        replace(REPORT, memory_mb=20_000.0),
        replace(REPORT, init_ms=25_000.0, billed_ms=25_014),
        replace(REPORT, duration_ms=2e6, billed_ms=2_000_000),
        replace(BATCH, operations=0, groups=0),
        replace(BATCH, operations=10_000, groups=10_000, bytes_in=10**12),
        client(wall_ms=1e9),
    ],
)
def test_whatever_was_recorded_it_is_a_load_that_can_be_estimated(record: Any) -> None:
    analysis = analyse(gathered([record]))
    assert estimated(analysis).usd >= 0
