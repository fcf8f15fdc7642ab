"""What happened, counted by hand."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from motorpool.costs.errors import InputError
from motorpool.costs.recorded import CounterSnapshot, Distribution, View, analyse, gathered
from motorpool.costs.setup import Function, Setup
from tests.costs.recorded.test_gathering import BATCH, REPORT, client


def reports(*billed: int, memory_mb: float = 128.0) -> list[Any]:
    return [
        replace(
            REPORT,
            request_id=f"{memory_mb}-{number}",
            at=1000.0 + number,
            duration_ms=ms - 0.5,
            billed_ms=ms,
            memory_mb=memory_mb,
        )
        for number, ms in enumerate(billed)
    ]


# --- spreads --------------------------------------------------------------------------------------


def test_percentiles_are_by_the_nearest_rank() -> None:
    spread = Distribution.of(range(1, 101))
    assert spread is not None
    assert (spread.median, spread.p95, spread.p99, spread.most, spread.least) == (
        50,
        95,
        99,
        100,
        1,
    )
    assert (spread.count, spread.total, spread.mean) == (100, 5050, 50.5)


def test_of_one_value_every_percentile_is_that_value() -> None:
    spread = Distribution.of([7.5])
    assert spread is not None
    assert {spread.median, spread.p95, spread.p99, spread.most, spread.least} == {7.5}


def test_of_nothing_there_is_no_spread() -> None:
    assert Distribution.of([]) is None


def test_buckets_double_and_the_empty_ones_between_are_kept() -> None:
    sizes = [0, 1, 1, 2, 3, 4, 5, 40]
    records = [
        replace(BATCH, request_id=str(number), operations=size) for number, size in enumerate(sizes)
    ]
    analysis = analyse(gathered(records))
    assert analysis.buckets == (
        ("0", 1),
        ("1", 2),
        ("2", 1),
        ("3 to 4", 2),
        ("5 to 8", 1),
        ("9 to 16", 0),
        ("17 to 32", 0),
        ("33 to 64", 1),
    )
    assert analysis.sizes is not None
    assert (analysis.sizes.median, analysis.sizes.most) == (2, 40)
    assert analysis.operations == sum(sizes)


def test_the_largest_bucket_has_all_that_is_larger() -> None:
    records = [
        replace(BATCH, request_id=str(size), operations=size) for size in (512, 513, 1025, 9999)
    ]
    buckets = analyse(gathered(records)).buckets
    assert buckets[-2:] == (("257 to 512", 1), ("513 or more", 3))


# --- the proxy's side -----------------------------------------------------------------------------


def test_gb_seconds_are_of_what_was_billed_at_each_memory() -> None:
    analysis = analyse(gathered([*reports(100, 200), *reports(50, memory_mb=1024.0)]))
    assert [(each.memory_mb, each.invocations, each.ms) for each in analysis.billed] == [
        (Decimal(128), 2, 300),
        (Decimal(1024), 1, 50),
    ]
    # 300 ms × 1/8 GB and 50 ms × 1 GB.
    assert analysis.gb_seconds == Decimal("0.0375") + Decimal("0.05")
    assert analysis.memory_mb * 350 == 128 * 300 + 1024 * 50
    assert (analysis.billed_total_ms, analysis.measured, analysis.unmeasured) == (350, 3, 0)


def test_the_init_phase_is_apart_from_what_a_warm_invocation_takes() -> None:
    cold = replace(REPORT, request_id="cold", init_ms=300.25, billed_ms=314, duration_ms=13.1)
    analysis = analyse(gathered([cold, replace(REPORT, request_id="warm")]))
    assert (analysis.cold, analysis.extra_ms) == (1, Decimal("300.25"))
    assert analysis.warm_ms == (Decimal(314 + 14) - Decimal("300.25")) / 2


def test_failures_are_counted_by_kind() -> None:
    statuses = (None, "timeout", "error", "success")
    records = [
        replace(REPORT, request_id=str(number), status=status)
        for number, status in enumerate(statuses)
    ]
    analysis = analyse(gathered([*records, replace(BATCH, request_id="0", refused=3)]))
    assert (analysis.timed_out, analysis.failed, analysis.refused) == (1, 2, 3)


def test_memory_that_is_not_recorded_is_the_setups() -> None:
    usage = gathered([replace(BATCH, memory_mb=None)])
    analysis = analyse(usage, Setup(proxy=Function(memory_mb=Decimal(512))))
    assert (analysis.memory_mb, analysis.memory_is_assumed) == (Decimal(512), True)
    assert not analyse(gathered([BATCH])).memory_is_assumed


# --- the clients' side ----------------------------------------------------------------------------


def test_the_clients_lines_are_a_view_of_the_same_batches_and_no_more_batches() -> None:
    analysis = analyse(gathered([BATCH, client(operations=14, deduplicated=7)]))
    assert analysis.view is View.INVOCATIONS
    assert (analysis.invocations, analysis.batches, analysis.operations) == (1, 1, 14)
    assert (analysis.deduplicated, analysis.calls_per_invocation) == (7, Decimal(21))


def test_a_refused_invocation_did_not_run() -> None:
    analysis = analyse(gathered([client(attempts=4, throttled=3, operations=6, deduplicated=0)]))
    assert analysis.view is View.BATCHES
    assert (analysis.invocations, analysis.throttled) == (1, 3)
    assert analysis.calls_per_invocation == 6


def test_an_invocation_without_an_answer_ran_but_nobody_knows_how_long() -> None:
    lost = client(attempts=2, lost=2, billed_ms=None, outcome="OutcomeUnknown", scope=1)
    analysis = analyse(gathered([lost, client(scope=2, billed_ms=10)]))
    assert (analysis.invocations, analysis.lost, analysis.unmeasured) == (3, 2, 2)
    assert analysis.outcomes == {"OutcomeUnknown": 1, "ok": 1}


def test_requests_are_the_scopes_of_each_client() -> None:
    records = [
        client(client="a", scope=1, wall_ms=1.0),
        client(client="a", scope=1, wall_ms=2.0),
        client(client="a", scope=2),
        client(client="b", scope=1),
        client(client="b", scope=None),
    ]
    assert analyse(gathered(records)).requests == 3
    assert analyse(gathered([client(scope=None)])).requests is None


def test_reasons_stand_by_how_often_they_were() -> None:
    reasons = ("size", "quiet", "quiet", "age")
    records = [client(scope=number, reason=reason) for number, reason in enumerate(reasons)]
    assert list(analyse(gathered(records)).reasons.items()) == [
        ("quiet", 2),
        ("age", 1),
        ("size", 1),
    ]


def test_what_it_takes_to_invoke_is_what_the_caller_waits_beyond_what_is_billed() -> None:
    records = [
        client(scope=1, wall_ms=30.0, billed_ms=20),
        client(scope=2, wall_ms=40.0, billed_ms=20),
        client(scope=3, wall_ms=900.0, billed_ms=20, attempts=2, throttled=1),
        client(scope=4, wall_ms=900.0, billed_ms=None),
    ]
    assert analyse(gathered(records)).invoke_ms == 15
    # Beside REPORT lines of the same invocations, what those say was billed.
    sure = reports(22, 22, 24, 24)
    assert analyse(gathered([*records, *sure])).invoke_ms == 12
    # Not beside those of others.
    assert analyse(gathered([*records, *reports(22, 22)])).invoke_ms == 15


def test_counters_alone_tell_how_many_and_not_how_long() -> None:
    snapshot = CounterSnapshot(
        operations=40,
        sent=30,
        deduplicated=10,
        invocations=6,
        throttled=1,
        bytes_sent=0,
        bytes_received=0,
        flush_reasons={"quiet": 3, "size": 1},
        batch_sizes={7: 2, 8: 2},
    )
    analysis = analyse(gathered([snapshot, snapshot]))
    assert analysis.view is View.COUNTERS
    assert (analysis.invocations, analysis.batches, analysis.operations) == (10, 8, 60)
    assert (analysis.calls_per_invocation, analysis.throttled) == (Decimal(8), 2)
    assert (analysis.measured, analysis.billed_ms, analysis.gb_seconds) == (0, None, Decimal(0))
    assert analysis.reasons == {"quiet": 6, "size": 2}
    assert analysis.buckets[3] == ("5 to 8", 8)


# --- the time that is covered ---------------------------------------------------------------------


def test_the_period_is_from_the_first_begin_to_the_last_end() -> None:
    first = replace(BATCH, at=1000.0, request_id="a")
    last = replace(REPORT, at=1000.0 + 7200, request_id="b")
    period = analyse(gathered([last, first])).period
    assert (period.first, period.last, period.hours) == (1000.0, 8200.0, Decimal(2))
    assert not period.is_given


def test_a_clients_batch_lasts_until_its_answer() -> None:
    period = analyse(gathered([client(wall_ms=3_600_000.0)])).period
    assert period.hours == 1


def test_lines_without_times_cover_no_known_time() -> None:
    period = analyse(gathered([replace(REPORT, at=None)])).period
    assert (period.first, period.last, period.hours) == (None, None, None)


def test_a_period_that_is_given_counts() -> None:
    usage = gathered([REPORT])
    assert analyse(usage, period_hours="0.5").period.hours == Decimal("0.5")
    assert analyse(usage, period_hours="0.5").period.is_given


@pytest.mark.parametrize("hours", [0, -1, "nan", "soon"])
def test_a_period_of_no_time_is_refused(hours: object) -> None:
    with pytest.raises(InputError, match="period must be"):
        analyse(gathered([REPORT]), period_hours=hours)  # type: ignore[arg-type]  # as a caller may


# --- the processor --------------------------------------------------------------------------------


def test_the_share_of_a_processor_goes_by_memory_unless_it_is_given() -> None:
    usage = gathered([REPORT])
    assert float(analyse(usage).cpu_share) == pytest.approx(128 / 1769)
    assert analyse(usage, measured_share=1).cpu_share == 1
    assert analyse(gathered(reports(9, memory_mb=3008.0))).cpu_share == 1


@pytest.mark.parametrize("share", [0, "1.1", -1])
def test_a_share_that_is_none_is_refused(share: object) -> None:
    with pytest.raises(InputError, match=r"measured_share must be from 0\.01 to 1"):
        analyse(gathered([REPORT]), measured_share=share)  # type: ignore[arg-type]  # as a caller may
