"""What is asked in a month: what is refused, what follows from a day's profile."""

from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from typing import Any

import pytest

from motorpool.costs.errors import InputError
from motorpool.costs.load import Load

OFFICE_HOURS = (0,) * 8 + (6,) * 8 + (3,) * 8
"""72 requests in a day: a third of the day none, a third six an hour, a third three."""


def load(**figures: Any) -> Load:
    return Load(**({"requests": 730, "queries": 10} | figures))


def test_numbers_may_be_given_in_any_form_and_are_kept_exact() -> None:
    given = load(requests="730", queries=10.0, cold_share=0.1)

    assert (given.requests, given.queries) == (Decimal(730), Decimal(10))
    assert given.cold_share == Decimal("0.1")


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"requests": -1}, "requests must be from 0 to 1000000000000000, and is -1"),
        ({"queries": 0}, "queries must be from 1 to 10000, and is 0"),
        ({"queries": "many"}, "queries must be a number, not 'many'"),
        ({"waves": 0}, "waves must be from 1 to 10000, and is 0"),
        ({"query_ms": -5}, "query_ms must be from 0 to 900000, and is -5"),
        ({"cold_share": "1.5"}, "cold_share must be from 0 to 1, and is 1.5"),
        ({"peak_factor": "0.5"}, "peak_factor must be from 1 to 100000, and is 0.5"),
        ({"request_bytes": 48_000_001}, "request_bytes must be from 0 to 48000000, and is 4800000"),
        ({"round_trips": "0.5"}, "round_trips must be from 1 to 10000, and is 0.5"),
    ],
)
def test_a_figure_out_of_its_range_is_refused(figures: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        load(**figures)

    assert str(refused.value).startswith(said)


def test_more_waves_than_queries_are_refused() -> None:
    with pytest.raises(InputError, match=r"waves must be from 1 to queries \(3\): a wave has at"):
        load(queries=3, waves=4)

    assert load(queries=3, waves=3).queries_of_wave == 1


def test_the_two_waves_that_are_assumed_become_one_for_a_lone_query() -> None:
    assert load(queries=10).waves == 2
    assert load(queries=1).waves == 1
    assert load(queries="1.5").waves == Decimal("1.5")


def test_two_waves_that_are_asked_for_are_refused_for_a_lone_query() -> None:
    with pytest.raises(InputError, match="waves must be from 1 to queries"):
        load(queries=1, waves=2)


def test_more_round_trips_than_a_wave_has_queries_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"round_trips must be from 1 to the queries of a wave \(5"
    ):
        load(queries=10, waves=2, round_trips="5.1")

    assert load(queries=10, waves=2, round_trips=5).round_trips == 5


def test_queries_of_a_wave_are_the_mean() -> None:
    assert load(queries=29, waves=2).queries_of_wave == Decimal("14.5")


@pytest.mark.parametrize("hourly", [(1,) * 23, (1,) * 25, (0,) * 24, (1,)])
def test_a_day_has_24_hours_and_a_request(hourly: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="hourly must be 24 numbers, not all of them 0, and has"):
        load(hourly=hourly)


def test_an_hour_below_zero_is_refused() -> None:
    with pytest.raises(InputError, match="hourly must be 0 or more, and is -1"):
        load(hourly=(-1,) + (1,) * 23)


def test_a_month_is_730_hours() -> None:
    # 730 requests a month are one an hour.
    assert load(requests=730).rates() == pytest.approx((Decimal(1) / 3600,) * 24)


def test_the_rates_of_the_hours_follow_the_day() -> None:
    # A month of such days, at 6 a second in the busiest hours.
    rates = load(requests=72 * 3600 * 730 // 24, hourly=OFFICE_HOURS).rates()

    assert [round(rate, 20) for rate in rates] == [0] * 8 + [6] * 8 + [3] * 8


def test_only_the_proportions_of_a_day_count() -> None:
    day = load(hourly=OFFICE_HOURS)
    thousandfold = load(hourly=[1000 * each for each in OFFICE_HOURS])

    assert day.shares_of_hours == thousandfold.shares_of_hours


def test_the_shares_of_the_hours_add_up() -> None:
    assert sum(load(hourly=OFFICE_HOURS).shares_of_hours) == pytest.approx(Decimal(1))
    assert load().shares_of_hours == load(hourly=(7,) * 24).shares_of_hours


def test_the_peak_is_the_busiest_hour_times_the_burst() -> None:
    # 6 a second on average in the busiest hours.
    requests = 72 * 3600 * 730 // 24
    busy = load(requests=requests, hourly=OFFICE_HOURS, peak_factor="2.5")

    assert busy.peak_rate() == pytest.approx(Decimal(15), abs=Decimal("1e-25"))


def test_an_even_load_peaks_at_the_burst_over_its_mean() -> None:
    # One a second on average, and three times as many in bursts, as assumed.
    assert load(requests=730 * 3600).peak_rate() == pytest.approx(Decimal(3), abs=Decimal("1e-25"))


def test_a_load_of_a_day_has_as_many_requests_as_365_of_them_in_a_year() -> None:
    given = Load.of_day(OFFICE_HOURS, queries=10)

    # 72 × 365 / 12.
    assert given.requests == 2190
    assert list(given.hourly) == list(map(Decimal, OFFICE_HOURS))
    assert given.rates()[8] == pytest.approx(Decimal(6) / 3600, abs=Decimal("1e-28"))


def test_a_load_may_be_of_no_requests_at_all() -> None:
    assert load(requests=0).peak_rate() == 0


def test_a_load_cannot_be_changed_but_replaced() -> None:
    given = load()

    with pytest.raises(FrozenInstanceError):
        given.requests = Decimal(1)  # type: ignore[misc]  # what is tested
    assert replace(given, requests=Decimal(1)).requests == 1


def test_a_load_that_is_replaced_keeps_what_it_was_given() -> None:
    given = load(waves=3, round_trips=2, hourly=OFFICE_HOURS)

    assert replace(given, requests=Decimal(5)) == load(
        requests=5, waves=3, round_trips=2, hourly=OFFICE_HOURS
    )
