"""Break-even points: that each is the crossing, and that none is told where there is none."""

from dataclasses import replace
from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs.break_even import (
    RANGES,
    UNITS,
    BreakEven,
    What,
    break_even_points,
    with_figure,
)
from motorpool.costs.durations import Design
from motorpool.costs.load import Load
from motorpool.costs.model import estimate
from tests.costs.examples import function, load, setup
from tests.costs.strategies import loads
from tests.costs.tables import PRICES

DRIVER, SINGLE = "a driver in every function", "one query per invocation"


def point(
    than: str, in_what: str, figure: str, some: Load | None = None, **configured: Any
) -> BreakEven:
    found = break_even_points(some or load(), setup(**configured), PRICES, connection_limits={})
    (only,) = [
        each for each in found if (each.than, each.in_what, each.figure) == (than, in_what, figure)
    ]
    return only


def usd(design: Design, some: Load, **configured: Any) -> Decimal:
    return estimate(some, setup(**configured), PRICES, design).usd


# --- the crossing -------------------------------------------------------------------------------


def test_queries_from_which_batching_beats_one_invocation_each_by_hand() -> None:
    """Each query its own wave at first: so a batch costs what an invocation of one query does.

    With two waves from the second query on, the third is the first that shares a batch.
    """
    found = point(SINGLE, "money", "queries")

    assert found.value == 3
    assert not found.is_always
    for queries, batching_pays in ((1, False), (2, False), (3, True), (4, True), (500, True)):
        some = with_figure(load(), "queries", Decimal(queries))
        assert (usd(Design.BATCHED, some) < usd(Design.SINGLE, some)) is batching_pays, queries


def test_requests_from_which_batching_beats_one_invocation_each_by_hand() -> None:
    """Eleven requests of Lambda to one of the application's against three; a million are free."""
    found = point(SINGLE, "money", "requests", has_free_tier=True)

    # 11 × 90,909 are 999,999, and free; 11 × 90,910 are 1,000,010, and ten of them are paid.
    # Their GB-seconds, 0.346 each, are free at both.
    assert found.value == 90_910
    assert found.note == "below that the free tier may pay for both"
    for requests, batching_pays in ((90_909, False), (90_910, True)):
        some = load(requests=requests)
        free = usd(Design.BATCHED, some, has_free_tier=True)
        assert (free < usd(Design.SINGLE, some, has_free_tier=True)) is batching_pays


def test_without_a_free_tier_batching_beats_one_invocation_each_at_every_number_of_requests() -> (
    None
):
    found = point(SINGLE, "money", "requests")

    assert found.value == 1000
    assert found.is_always
    assert found.note == ""
    assert found.sentence == (
        "batching beats one query per invocation in money at every number of requests a month "
        "from 1,000 on"
    )


def test_a_driver_is_never_dearer_than_batching_in_these_figures() -> None:
    found = point(DRIVER, "money", "queries")

    assert (found.value, found.is_always, found.is_passing) == (None, False, False)
    assert found.sentence == (
        "batching beats a driver in every function in money at no number of queries a request up "
        "to 500"
    )


@pytest.mark.parametrize("figure", ["queries", "requests"])
def test_a_whole_number_pays_and_the_one_before_does_not(figure: What) -> None:
    some = load(requests=730 * 3600 * 40, query_ms=40)
    found = point(DRIVER, "connections", figure, some)

    def opened(design: Design, value: Decimal) -> int:
        changed = with_figure(some, figure, value)
        return estimate(changed, setup(), PRICES, design).connections.primary

    assert found.value is not None
    assert not found.is_always
    assert found.value == found.value.to_integral_value()
    assert opened(Design.BATCHED, found.value) < opened(Design.DIRECT, found.value)
    before = found.value - 1
    assert opened(Design.BATCHED, before) >= opened(Design.DIRECT, before)


DEAR_FUSION: dict[str, Any] = {"fused_cpu_ms": 50}
"""Makes a batch of five in one round trip 200 ms longer than an invocation of one query."""


def test_milliseconds_from_which_batching_beats_one_invocation_each_by_hand() -> None:
    """With s = ⌈q + 3⌉ ms an invocation of one query, and s + 200 ms a batch of five.

    Billed a request: 20 + 2 (12 + s) + 10 ms and 10 (s + 2) ms, in all 74 + 12 s, and 11 requests;
    20 + 2 (12 + s + 200) + 2 ms and 2 (s + 200 + 2) ms, in all 850 + 4 s, and 3 requests. Of these
    one is 0.2e-6 dollars, a millisecond of two GB 33.3334e-9: eight are 47.9999 ms. So batching
    pays from 8 s > 728.0001 on: s = 92, and q just above 88, of three digits 88.1.
    """
    found = point(SINGLE, "money", "query_ms", load(round_trips=1), **DEAR_FUSION)

    assert found.value == Decimal("88.1")
    assert found.sentence == (
        "batching beats one query per invocation in money from 88.1 ms a query on"
    )
    for query_ms, batching_pays in (("0.1", False), ("88", False), ("88.1", True), ("9999", True)):
        some = load(round_trips=1, query_ms=query_ms)
        batched = usd(Design.BATCHED, some, **DEAR_FUSION)
        assert (batched < usd(Design.SINGLE, some, **DEAR_FUSION)) is batching_pays, query_ms


def test_what_pays_at_first_and_not_for_good_has_no_point_from_which_on_it_pays() -> None:
    """Five queries one after the other over one connection: the slower, the longer all wait."""
    found = point(SINGLE, "money", "query_ms", pool_size=1)

    assert (found.value, found.is_passing, found.is_always) == (None, True, False)
    assert found.sentence == (
        "batching beats one query per invocation in money at some numbers of ms a query, but not "
        "up to 10,000"
    )
    quick, slow = load(query_ms=1), load(query_ms=10_000)
    assert usd(Design.BATCHED, quick, pool_size=1) < usd(Design.SINGLE, quick, pool_size=1)
    assert usd(Design.BATCHED, slow, pool_size=1) > usd(Design.SINGLE, slow, pool_size=1)


@pytest.mark.parametrize(
    ("queries", "waves", "pool_size", "fused_cpu_ms"),
    [(40, 2, 5, 0), (40, 2, 5, 30), (7, 3, 1, 30), (300, 1, 10, 5), (3, 2, 5, 80), (2, 2, 5, 0)],
)
def test_what_is_found_is_the_crossing(
    queries: int, waves: int, pool_size: int, fused_cpu_ms: int
) -> None:
    some = load(queries=queries, waves=waves, round_trips=1)
    configured = {"pool_size": pool_size, "fused_cpu_ms": fused_cpu_ms}
    found = point(SINGLE, "money", "query_ms", some, **configured)

    def pays(value: Decimal) -> bool:
        changed = with_figure(some, "query_ms", value)
        return usd(Design.BATCHED, changed, **configured) < usd(
            Design.SINGLE, changed, **configured
        )

    least, most = found.range
    if found.value is None:
        assert not pays(most)
    elif found.is_always:
        assert found.value == least
        assert pays(least)
    else:
        assert pays(found.value)
        assert pays(most)
        assert not pays(Context(prec=3).next_minus(found.value))


# --- connections --------------------------------------------------------------------------------


def test_the_limit_of_a_server_is_passed_by_the_drivers_and_not_by_the_proxy() -> None:
    few = {"proxy": function(reserved_concurrency=10)}
    found = break_even_points(load(), setup(**few), PRICES, connection_limits={"M0": 500})[-1]

    def opened(design: Design, requests: Decimal) -> int:
        return estimate(load(requests=requests), setup(**few), PRICES, design).connections.primary

    assert (found.than, found.in_what, found.figure) == (DRIVER, "connections", "requests")
    assert found.value is not None
    assert opened(Design.DIRECT, found.value) > 500 >= opened(Design.BATCHED, found.value)
    assert opened(Design.DIRECT, found.value - 1) <= 500


def test_it_is_said_where_the_proxy_would_refuse_the_load_that_it_wins_by() -> None:
    """Ten environments hold few connections: because they turn the rest away."""
    few = setup(proxy=function(reserved_concurrency=10))
    found = break_even_points(load(), few, PRICES, connection_limits={"M0": 500})[-1]

    assert found.value is not None
    at_that_load = estimate(load(requests=found.value), few, PRICES).part("proxy")
    assert at_that_load is not None
    refused = at_that_load.peak.throttled
    assert refused > 0.5
    assert found.note == (
        f"M0 takes 500; there the proxy refuses {refused:.1%} at the peak: it needs a higher "
        "concurrency"
    )
    assert found.sentence.endswith(f" on ({found.note})")


def test_a_proxy_as_large_as_its_applications_passes_the_limit_too_in_the_end() -> None:
    found = break_even_points(
        load(), setup(proxy=function()), PRICES, connection_limits={"M0": 500}
    )[-1]

    assert (found.value, found.is_passing) == (None, True)


def test_a_limit_that_nothing_reaches_is_passed_at_no_number_of_requests() -> None:
    found = break_even_points(load(), setup(), PRICES, connection_limits={"M999": 10**9})[-1]

    assert (found.value, found.is_passing) == (None, False)
    assert found.sentence == (
        "batching beats a driver in every function in connections at no number of requests a month "
        "up to 100,000,000,000 (M999 takes 1,000,000,000)"
    )


# --- all of them --------------------------------------------------------------------------------


def test_points_are_looked_for_in_money_and_connections_by_each_figure_and_for_each_server() -> (
    None
):
    found = break_even_points(load(), setup(), PRICES, connection_limits={"M10": 1500, "M30": 3000})

    assert [(each.than, each.in_what, each.figure) for each in found] == [
        (SINGLE, "money", "queries"),
        (SINGLE, "money", "requests"),
        (SINGLE, "money", "query_ms"),
        (DRIVER, "money", "queries"),
        (DRIVER, "money", "requests"),
        (DRIVER, "money", "query_ms"),
        (DRIVER, "connections", "queries"),
        (DRIVER, "connections", "requests"),
        (DRIVER, "connections", "requests"),
        (DRIVER, "connections", "requests"),
    ]
    assert [each.note.split(";")[0] for each in found[-2:]] == [
        "M10 takes 1,500",
        "M30 takes 3,000",
    ]
    assert {each.better for each in found} == {"batching"}
    assert {each.range for each in found} <= set(RANGES.values())


def test_durations_that_were_measured_hold_for_no_other_queries() -> None:
    """8 ms were measured of a batch of five: a batch of 250 does not take 8 ms as well."""
    computed = point(SINGLE, "money", "query_ms", load(round_trips=1), **DEAR_FUSION)
    measured = point(
        SINGLE, "money", "query_ms", load(round_trips=1), **DEAR_FUSION, batch_ms=8, single_ms=8
    )

    assert measured.value == computed.value == Decimal("88.1")
    assert measured.note == "with durations computed, not those given"


def test_durations_that_were_measured_hold_for_any_number_of_requests() -> None:
    slow = point(SINGLE, "money", "requests", batch_ms=900, single_ms=8)

    assert slow.value is None
    assert slow.note == ""


# --- one figure changed -------------------------------------------------------------------------


def test_one_figure_is_changed_and_the_rest_stays() -> None:
    some = load(waves=2)

    assert with_figure(some, "requests", Decimal(5)) == replace(some, requests=Decimal(5))
    assert with_figure(some, "query_ms", Decimal(5)) == replace(some, query_ms=Decimal(5))
    assert with_figure(some, "queries", Decimal(50)) == replace(some, queries=Decimal(50))


@pytest.mark.parametrize("figure", UNITS)
def test_the_same_value_changes_nothing(figure: What) -> None:
    some = load(waves=3, round_trips=2)

    assert with_figure(some, figure, getattr(some, figure)) == some


def test_fewer_queries_than_waves_are_as_many_waves() -> None:
    assert with_figure(load(waves=4), "queries", Decimal(3)).waves == 3


def test_round_trips_are_kept_in_proportion_to_the_queries() -> None:
    # Five queries of a wave in two round trips; fifty in twenty.
    some = load(waves=2, round_trips=2)

    assert with_figure(some, "queries", Decimal(100)).round_trips == 20
    assert with_figure(some, "queries", Decimal(2)).round_trips == 1


@given(loads(), st.integers(1, 10_000))
def test_any_number_of_queries_makes_a_load_that_can_be(some: Load, queries: int) -> None:
    """Also where waves do not divide the queries: 20 in 3 waves, a round trip each."""
    changed = with_figure(some, "queries", Decimal(queries))

    assert changed.queries == queries
    assert changed.waves <= some.waves
    assert (changed.round_trips is None) == (some.round_trips is None)


def test_a_round_trip_for_each_query_stays_one_for_each_where_waves_do_not_divide_them() -> None:
    changed = with_figure(load(queries=9, waves=3, round_trips=3), "queries", Decimal(20))

    assert changed.round_trips == changed.queries_of_wave
