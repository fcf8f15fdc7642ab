"""The busiest moment by hand, and what must hold of it whatever the load."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs.load import Load
from motorpool.costs.peaks import Connections, Peak, Use, connections, peak, served_by_provisioned
from motorpool.costs.queueing import most_at_once, turned_away
from motorpool.costs.setup import Setup
from tests.costs.examples import function, load, setup
from tests.costs.strategies import loads

A_SECOND = 730 * 3600
"""Requests a month that are one a second."""
HALF_THE_DAY = (1,) * 12 + (0,) * 12


def of(rate: float | str, **figures: Any) -> Load:
    """A load of so many requests a second, evenly."""
    return load(requests=Decimal(str(rate)) * A_SECOND, **figures)


def busiest(some: Load, *, limit: int = 1000, life_s: float = 1800.0, **facts: float) -> Peak:
    use = Use(**({"per_request": 1.0, "seconds": 0.1, "at_once": 1.0} | facts))
    return peak(some, use, limit=limit, life_s=life_s)


# --- at once ------------------------------------------------------------------------------------


def test_at_once_are_rate_times_duration() -> None:
    # 100 a second, two invocations each, of a tenth of a second.
    found = busiest(of(100), per_request=2.0)

    assert found.rate == pytest.approx(200)
    assert found.concurrency == pytest.approx(20)


def test_bursts_raise_the_peak_and_not_the_month() -> None:
    calm, bursts = busiest(of(100)), busiest(of(100, peak_factor=4))

    assert bursts.rate == pytest.approx(4 * calm.rate)
    assert bursts.concurrency == pytest.approx(40)
    assert bursts.throttled_a_month == calm.throttled_a_month


def test_the_peak_is_in_the_busiest_hour() -> None:
    # All of the month in half of the day: twice the rate.
    assert busiest(of(100, hourly=HALF_THE_DAY)).rate == pytest.approx(200)


def test_environments_are_as_many_as_ever_run_at_once_while_one_of_them_lives() -> None:
    """In half an hour 180,000 come, and about one of them finds 28 or more at work."""
    assert busiest(of(100)).environments == most_at_once(10.0, 180_000) == 28


def test_the_longer_environments_live_the_more_of_them_there_are() -> None:
    lives = [busiest(of(100), life_s=each).environments for each in (1, 60, 1800, 36_000)]

    assert lives == sorted(set(lives))


def test_environments_are_never_more_than_the_limit() -> None:
    assert busiest(of(100), limit=15).environments == 15


def test_what_runs_seldom_runs_in_an_environment_too() -> None:
    assert busiest(of("0.0001")).environments == 1
    assert busiest(of("0.0001"), at_once=7.0).environments == 7


def test_where_nothing_is_asked_there_is_no_environment() -> None:
    nothing = busiest(load(requests=0))

    assert (nothing.environments, nothing.throttled, nothing.throttled_a_month) == (0, 0.0, 0.0)


def test_invocations_that_a_request_makes_together_come_in_groups() -> None:
    """Ten at once on average: two groups of five, of which 20 a second come."""
    grouped = busiest(of(20), per_request=5.0, at_once=5.0)

    assert grouped.concurrency == pytest.approx(10)
    assert grouped.environments == 5 * most_at_once(2.0, 36_000) == 55


# --- refusals -----------------------------------------------------------------------------------


def test_beyond_the_limit_invocations_are_refused_as_erlang_has_it() -> None:
    # Ten at once on average and ten places.
    assert busiest(of(100), limit=10).throttled == pytest.approx(0.2146, abs=5e-5)


def test_lambda_refuses_more_than_ten_a_second_for_each_environment() -> None:
    """However short: 1 ms each at 200 a second is a fifth of one at once."""
    short = busiest(of(200), seconds=0.001, limit=10)

    assert short.throttled == pytest.approx(0.5)
    assert busiest(of(200), seconds=0.001, limit=20).throttled == pytest.approx(0, abs=1e-12)


def test_a_group_larger_than_the_limit_is_refused_in_part_however_seldom_it_comes() -> None:
    seldom = busiest(of("0.0001"), per_request=15.0, at_once=15.0, limit=10)

    assert seldom.throttled == pytest.approx(1 / 3, abs=1e-4)
    assert seldom.throttled_a_month == pytest.approx(1 / 3, abs=1e-4)


def test_without_an_environment_everything_is_refused() -> None:
    nobody = busiest(of(100), limit=0)

    assert (nobody.throttled, nobody.throttled_a_month, nobody.environments) == (1.0, 1.0, 0)


def test_the_month_weighs_each_hour_by_what_is_asked_in_it() -> None:
    """Twenty at once in half of the day and none in the other: all are asked in the busy half."""
    found = busiest(of(100, hourly=HALF_THE_DAY), limit=20)

    assert found.throttled_a_month == pytest.approx(turned_away(20.0, 20))


@given(loads(), st.floats(1, 100), st.floats(0, 900), st.integers(0, 5000), st.floats(1, 100))
def test_refusals_are_a_part_and_environments_within_the_limit(
    any_load: Load, per_request: float, seconds: float, limit: int, at_once: float
) -> None:
    use = Use(per_request=per_request, seconds=seconds, at_once=at_once)
    found = peak(any_load, use, limit=limit, life_s=1800)

    assert 0 <= found.throttled <= 1
    assert 0 <= found.throttled_a_month <= 1
    assert 0 <= found.environments <= limit
    assert found.throttled_a_month <= found.throttled + 1e-9


@given(loads(), st.integers(0, 3000), st.integers(0, 100))
def test_a_higher_limit_never_refuses_more(any_load: Load, limit: int, more: int) -> None:
    low, high = busiest(any_load, limit=limit), busiest(any_load, limit=limit + more)

    assert high.throttled <= low.throttled + 1e-12
    assert high.throttled_a_month <= low.throttled_a_month + 1e-12


# --- provisioned concurrency --------------------------------------------------------------------


def served(some: Load, seconds: float = 0.1, at_once: float = 1.0, **configured: Any) -> float:
    use = Use(per_request=1.0, seconds=seconds, at_once=at_once)
    return served_by_provisioned(some, use, function(**configured))


def test_without_provisioned_concurrency_none_of_it_serves() -> None:
    assert served(of(100)) == 0.0


def test_what_finds_a_provisioned_environment_free_runs_there() -> None:
    # Ten at once on average, ten ready.
    assert served(of(100), provisioned_concurrency=10) == pytest.approx(1 - 0.2146, abs=5e-5)


def test_where_enough_is_provisioned_all_run_there() -> None:
    assert served(of(100), provisioned_concurrency=100) == pytest.approx(1)


def test_half_of_the_month_provisioned_serves_half_of_an_even_load() -> None:
    half = served(of(100), provisioned_concurrency=100, provisioned_hours=365)

    assert half == pytest.approx(0.5)


def test_the_busiest_hours_are_provisioned_first() -> None:
    """Three quarters of the requests come in half of the day, and that half is provisioned."""
    day = (1,) * 12 + (3,) * 12

    busy_half = served(of(100, hourly=day), provisioned_concurrency=100, provisioned_hours=365)

    assert busy_half == pytest.approx(0.75)


def test_part_of_an_hour_of_the_day_may_be_provisioned() -> None:
    # Of a day's hours each has 730 / 24 of the month: one and a half of them.
    part = served(of(100), provisioned_concurrency=100, provisioned_hours="45.625")

    assert part == pytest.approx(1.5 / 24)


def test_hours_beyond_the_month_serve_nothing_more() -> None:
    assert served(of(100), provisioned_concurrency=100, provisioned_hours=744) <= 1


def test_a_group_finds_the_provisioned_environments_that_are_there() -> None:
    """Five at once, two ready: two of five, where groups seldom meet."""
    assert served(of("0.0001"), at_once=5.0, provisioned_concurrency=2) == pytest.approx(
        0.4, abs=1e-4
    )


def test_of_no_requests_none_run_on_provisioned_concurrency() -> None:
    assert served(load(requests=0), provisioned_concurrency=5) == 0.0


# --- connections --------------------------------------------------------------------------------


def test_connections_are_pool_and_heartbeat_of_each_environment_and_of_those_that_ended() -> None:
    # Environments live 2,000 s, and a server counts their connections for 1,000 s more.
    opened = connections(setup(), environments=7, each_pool=5, largest_pool=5, limit=10)

    assert opened == Connections(
        environments=7,
        ended=4,
        each_pool=5,
        primary=11 * (5 + 1),
        all_servers=11 * (5 + 3),
        ceiling=10 * (5 + 1),
    )


def test_a_standalone_server_has_the_only_heartbeat() -> None:
    opened = connections(
        setup(servers=1, keepalive_s=0), environments=7, each_pool=5, largest_pool=5, limit=10
    )

    assert opened.primary == opened.all_servers == 42
    assert opened.ended == 0


def test_the_ceiling_counts_the_largest_pool_and_all_environments_that_may_be() -> None:
    opened = connections(Setup(), environments=1, each_pool=1, largest_pool=100, limit=1000)

    assert opened.ceiling == 101_000


@given(
    st.integers(0, 1000),
    st.integers(0, 1000),
    st.integers(1, 100),
    st.integers(0, 100),
    st.integers(0, 5000),
)
def test_what_lives_stays_below_the_ceiling(
    environments: int, spare: int, pool: int, larger: int, keepalive: int
) -> None:
    opened = connections(
        setup(keepalive_s=keepalive),
        environments=environments,
        each_pool=pool,
        largest_pool=pool + larger,
        limit=environments + spare,
    )

    assert opened.environments * (opened.each_pool + 1) <= opened.ceiling
    assert opened.primary <= opened.all_servers
    assert (opened.ended == 0) == (environments * keepalive == 0)
