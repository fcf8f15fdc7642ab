"""What a month costs, and what one query per invocation would, to the last digit by hand."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from motorpool.costs.bill import gb_seconds
from motorpool.costs.errors import InputError, PricesError
from motorpool.costs.recorded import (
    CounterSnapshot,
    Scale,
    analyse,
    gathered,
    month,
    saved,
    scale,
)
from motorpool.costs.recorded.month import query_ms, single_ms
from motorpool.costs.setup import Function, Setup
from tests.costs.recorded.test_gathering import BATCH, REPORT, client
from tests.costs.tables import PRICES

NOT_FREE = Setup(has_free_tier=False)
ONCE = Scale(factor=Decimal(1), how="as it was recorded")


def warm(count: int, *, ms: int = 20, **changes: Any) -> list[Any]:
    """So many invocations, a second apart, each billed `ms`."""
    return [
        replace(
            BATCH,
            at=1000.0 + number,
            request_id=f"{ms}-{number}",
            memory_mb=128.0,
            handler_ms=ms - 0.5,
            billed_ms=ms,
            **changes,
        )
        for number in range(count)
    ]


# --- scaling --------------------------------------------------------------------------------------


def test_a_month_has_730_hours() -> None:
    to = scale(analyse(gathered([REPORT]), period_hours=2))
    assert to == Scale(factor=Decimal(365), how="730 hours of a month / 2 recorded")


def test_a_month_may_be_of_so_many_requests_instead() -> None:
    batches = [client(scope=number) for number in range(4)]
    to = scale(analyse(gathered(batches), period_hours=2), requests_a_month="1e6")
    assert to == Scale(factor=Decimal(250_000), how="1,000,000 requests a month / 4 recorded")


def test_without_request_scopes_nobody_knows_how_many_requests_there_were() -> None:
    with pytest.raises(InputError, match="requests_a_month needs lines of the client, recorded"):
        scale(analyse(gathered([REPORT])), requests_a_month=1)


def test_without_times_nothing_is_scaled() -> None:
    assert scale(analyse(gathered([replace(REPORT, at=None)]))) is None


# --- the month ------------------------------------------------------------------------------------


def test_a_month_is_billed_as_what_was_recorded_times_the_scale() -> None:
    analysis = analyse(gathered(warm(100)), NOT_FREE, period_hours=1)
    to = scale(analysis)
    assert to is not None
    found = month(analysis, PRICES, to)
    # 100 × 730 = 73,000 invocations of 20 ms at 1/8 GB: 182.5 GB-seconds.
    assert found.invocations == 73_000
    assert found.billed_ms == 20
    assert found.gb_seconds == Decimal("182.5")
    assert found.bill.usd == 73_000 * Decimal("0.0000002") + Decimal("182.5") * Decimal(
        "0.0000166667"
    )


def test_the_free_tier_is_the_months() -> None:
    analysis = analyse(gathered(warm(100)), period_hours=1)
    to = scale(analysis)
    assert to is not None
    assert month(analysis, PRICES, to).bill.usd == 0


def test_each_architecture_has_its_price() -> None:
    arm = Setup(proxy=Function(architecture="arm64"), has_free_tier=False)
    found = month(analyse(gathered(warm(100)), arm), PRICES, ONCE)
    assert found.gb_seconds == Decimal("0.25")
    assert found.bill.usd == 100 * Decimal("0.0000002") + Decimal("0.25") * Decimal("0.0000133334")


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(PricesError, match="region 'us-east-9' is not in the price table"):
        month(analyse(gathered(warm(1)), Setup(region="us-east-9")), PRICES, ONCE)


def test_the_callers_waiting_is_billed_at_their_memory() -> None:
    batches = [client(scope=number, wall_ms=100.0) for number in range(10)]
    setup = Setup(app=Function(memory_mb=Decimal(1024)))
    found = month(analyse(gathered(batches), setup), PRICES, Scale(factor=Decimal(3), how=""))
    # 10 × 100 ms × 3 at 1 GB.
    assert found.waiting.ms == 3000
    assert found.waiting.gb_seconds == 3
    assert found.waiting.usd == 3 * Decimal("0.0000166667")
    assert found.waiting_is_measured
    assert found.usd == found.bill.usd + found.waiting.usd


def test_clients_that_have_not_recorded_wait_as_those_that_have() -> None:
    batches = [client(scope=number, wall_ms=100.0) for number in range(5)]
    found = month(analyse(gathered([*warm(50), *batches])), PRICES, ONCE)
    assert found.waiting.ms == 50 * 100


def test_without_clients_waiting_is_what_is_billed_and_what_it_takes_to_invoke() -> None:
    found = month(analyse(gathered(warm(50)), Setup(invoke_ms=Decimal(7))), PRICES, ONCE)
    assert found.waiting.ms == 50 * (20 + 7)
    assert not found.waiting_is_measured


def test_invocations_whose_duration_is_not_known_are_taken_as_the_others() -> None:
    lost = client(attempts=3, lost=3, billed_ms=None, scope=1)
    analysis = analyse(gathered([lost, client(scope=2, billed_ms=16)]), NOT_FREE)
    found = month(analysis, PRICES, ONCE)
    assert found.invocations == 4
    assert found.gb_seconds == gb_seconds(invocations=4, duration_ms=16, memory_mb=128)


def test_counters_alone_bill_requests_only() -> None:
    snapshot = CounterSnapshot(
        operations=9,
        sent=9,
        deduplicated=0,
        invocations=5,
        throttled=0,
        bytes_sent=0,
        bytes_received=0,
    )
    found = month(analyse(gathered([snapshot]), NOT_FREE), PRICES, ONCE)
    assert found.bill.usd == 5 * Decimal("0.0000002")
    assert found.waiting.usd == 0


# --- what batching saves --------------------------------------------------------------------------


def test_one_query_takes_what_the_invocations_of_one_operation_took() -> None:
    usage = gathered([*warm(4, ms=10, operations=1), *warm(4, ms=30, operations=9)])
    assert single_ms(analyse(usage)) == (
        Decimal(10),
        "measured: the mean of 4 invocations of one operation",
    )


def test_the_init_phase_is_not_part_of_what_one_query_takes() -> None:
    cold = replace(BATCH, request_id="c", operations=1, cold=True, init_ms=300.0, billed_ms=312)
    assert single_ms(analyse(gathered([cold])))[0] == 12


def test_else_it_is_estimated_from_the_time_with_the_database() -> None:
    # 7 groups over 5 connections are two rounds; each takes 0.4 ms of a whole processor.
    rows = warm(4, groups=7, database_ms=22.8)
    analysis = analyse(gathered(rows), measured_share=1)
    assert query_ms(analysis) == Decimal("10.0")
    value, how = single_ms(analysis)
    # 10 + 0.3 + 0.4, rounded up.
    assert value == 11
    assert how.startswith("estimated, since no invocation had one operation: 10 ms of the database")


def test_without_any_time_of_the_database_it_is_the_models_own() -> None:
    analysis = analyse(gathered([replace(REPORT)]), measured_share=1)
    assert query_ms(analysis) is None
    assert single_ms(analysis)[0] == 6  # 5 + 0.3 + 0.4, rounded up
    assert "(assumed)" in single_ms(analysis)[1]


def test_batching_saves_an_invocation_for_each_query_but_one() -> None:
    rows = [*warm(60, ms=20, operations=5), *warm(40, ms=10, operations=1)]
    analysis = analyse(gathered(rows), NOT_FREE)
    batched = month(analysis, PRICES, ONCE)
    found = saved(analysis, PRICES, batched)
    assert found is not None
    # 60 × 5 + 40 queries, each an invocation of 10 ms, at 1/8 GB.
    assert found.month.invocations == 340
    assert found.invocations == 240
    assert found.month.gb_seconds == Decimal("0.425")
    assert found.usd == (
        240 * Decimal("0.0000002")
        + (Decimal("0.425") - Decimal(60 * 20 + 40 * 10) / 8000) * Decimal("0.0000166667")
    )


def test_calls_that_another_answered_would_have_been_invocations_too() -> None:
    batches = [client(scope=number, operations=3, deduplicated=2) for number in range(10)]
    analysis = analyse(gathered(batches))
    found = saved(analysis, PRICES, month(analysis, PRICES, ONCE))
    assert found is not None
    assert found.invocations == 40


def test_queries_of_a_batch_would_have_been_waited_for_together() -> None:
    batches = [
        *(client(scope=n, operations=4, wall_ms=50.0, billed_ms=40) for n in range(6)),
        *(client(scope=n, operations=1, wall_ms=25.0, billed_ms=15) for n in range(6, 10)),
    ]
    setup = Setup(app=Function(memory_mb=Decimal(1024)))
    analysis = analyse(gathered(batches), setup)
    batched = month(analysis, PRICES, ONCE)
    found = saved(analysis, PRICES, batched)
    assert found is not None
    # To invoke takes 10 ms; one query alone 15. Ten batches waited 400 ms in place of 250.
    assert batched.waiting.ms == 6 * 50 + 4 * 25
    assert found.month.waiting.ms == 10 * (10 + 15)
    assert found.waiting_usd == Decimal("-0.15") * Decimal("0.0000166667")


def test_where_no_operations_are_recorded_nothing_is_said_of_batching() -> None:
    analysis = analyse(gathered([REPORT]))
    assert saved(analysis, PRICES, month(analysis, PRICES, ONCE)) is None


def test_repeats_may_take_more_than_batching_saves() -> None:
    analysis = analyse(gathered([client(operations=1, deduplicated=0, attempts=5, lost=4)]))
    found = saved(analysis, PRICES, month(analysis, PRICES, ONCE))
    assert found is not None
    assert found.invocations == -4
