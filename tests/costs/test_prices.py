"""The price table: how a region is found in it, and when it is said to be out of date."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from motorpool.costs.errors import PricesError
from motorpool.costs.prices import STALE_DAYS
from tests.costs.command.tables import AS_OF, TABLE, X86

ALONE = replace(
    TABLE,
    confirmed="read again in September",
    regions=dict(TABLE.regions)
    | {"eu-west-1": replace(TABLE.regions["eu-west-1"], as_of=date(2026, 11, 1))},
)


def test_a_region_is_found_by_its_code() -> None:
    assert TABLE.region("eu-west-1").name == "Europe (Ireland)"


def test_an_unknown_region_is_said_with_those_that_are_spelled_alike() -> None:
    with pytest.raises(PricesError) as caught:
        TABLE.region("eu-west-11")

    told = str(caught.value)
    assert told.startswith(
        "region 'eu-west-11' is not in the price table of 2026-09-19 (the test's table): "
        "did you mean eu-west-1"
    )
    assert "It has 2 regions" in told
    assert "`motorpool cost prices --refresh` asks AWS" in told
    assert "\n" not in told


def test_a_region_unlike_any_other_brings_no_suggestion() -> None:
    with pytest.raises(PricesError) as caught:
        TABLE.region("moon")

    assert "did you mean" not in str(caught.value)


def test_an_architecture_without_prices_is_said() -> None:
    half = replace(TABLE.regions["eu-west-1"], architectures={"x86_64": X86})

    assert half.on("x86_64") == X86
    with pytest.raises(PricesError, match="eu-west-1 has no prices of arm64 in this price table"):
        half.on("arm64")


def test_a_table_is_out_of_date_a_day_after_a_year() -> None:
    assert STALE_DAYS == 365
    assert TABLE.age_note(AS_OF + timedelta(days=365)) is None
    assert TABLE.age_note(AS_OF + timedelta(days=366)) == (
        "The prices are of 2026-09-19, 366 days ago: `motorpool cost prices --refresh` asks AWS "
        "for today's"
    )


def test_what_was_read_again_since_is_said_with_the_age() -> None:
    note = ALONE.age_note(AS_OF + timedelta(days=400))

    assert note is not None
    assert "400 days ago (read again in September): " in note


def test_a_region_that_was_read_alone_has_a_day_of_its_own() -> None:
    assert ALONE.day("eu-west-1") == date(2026, 11, 1)
    assert ALONE.day("us-east-1") == AS_OF


def test_a_region_is_out_of_date_by_its_own_day() -> None:
    today = AS_OF + timedelta(days=366)

    assert ALONE.age_note(today, "eu-west-1") is None
    assert "of 2026-09-19, 366 days ago" in str(ALONE.age_note(today, "us-east-1"))
    later = date(2026, 11, 1) + timedelta(days=366)
    assert "of 2026-11-01, 366 days ago" in str(ALONE.age_note(later, "eu-west-1"))


def test_the_day_of_an_unknown_region_is_not_guessed() -> None:
    with pytest.raises(PricesError, match="'moon' is not in the price table"):
        TABLE.day("moon")
