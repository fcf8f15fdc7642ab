import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs import USD_PER_MILLION_REQUESTS, RequestCharge, request_charge


def test_a_million_pages_of_one_invocation_cost_the_published_price_of_a_million_requests() -> None:
    charge = request_charge(counted_pages=1, counted_invocations=1, pages=1_000_000)

    assert charge == RequestCharge(pages=1_000_000, invocations=1_000_000, usd=Decimal("0.20"))


def test_invocations_are_those_of_a_page_times_the_pages() -> None:
    charge = request_charge(counted_pages=1, counted_invocations=37, pages=1_000_000)

    assert charge.invocations == 37_000_000
    assert charge.usd == Decimal("7.40")


def test_the_charge_of_one_invocation_is_not_rounded_to_cents() -> None:
    assert request_charge(counted_pages=1, counted_invocations=1, pages=1).usd == Decimal(
        "0.0000002"
    )


def test_the_free_tier_is_not_taken_off() -> None:
    assert request_charge(counted_pages=1, counted_invocations=1, pages=500_000).usd == Decimal(
        "0.10"
    )


def test_no_page_and_no_invocation_cost_nothing() -> None:
    assert request_charge(counted_pages=1, counted_invocations=5, pages=0).usd == 0
    assert request_charge(counted_pages=1, counted_invocations=0, pages=5).usd == 0


@given(
    invocations_per_page=st.integers(min_value=0, max_value=10_000),
    pages=st.integers(min_value=0, max_value=10**12),
)
def test_the_charge_is_exact(invocations_per_page: int, pages: int) -> None:
    charge = request_charge(counted_pages=1, counted_invocations=invocations_per_page, pages=pages)

    assert charge.usd * 1_000_000 == charge.invocations * USD_PER_MILLION_REQUESTS


@pytest.mark.parametrize("value", [1.5, "3", None, True, Decimal(2)])
def test_a_count_that_is_not_a_whole_number_is_refused_by_name(value: int) -> None:
    with pytest.raises(TypeError, match="counted_invocations must be a whole number"):
        request_charge(counted_pages=1, counted_invocations=value, pages=1)
    with pytest.raises(TypeError, match="pages must be a whole number"):
        request_charge(counted_pages=1, counted_invocations=1, pages=value)


def test_a_negative_count_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="counted_invocations must not be negative, and is -1"):
        request_charge(counted_pages=1, counted_invocations=-1, pages=1)
    with pytest.raises(ValueError, match="pages must not be negative, and is -2"):
        request_charge(counted_pages=1, counted_invocations=1, pages=-2)


def test_a_charge_cannot_be_changed() -> None:
    charge = request_charge(counted_pages=1, counted_invocations=1, pages=1)

    with pytest.raises(dataclasses.FrozenInstanceError):
        charge.pages = 2  # type: ignore[misc]  # what is tested


def test_part_of_an_invocation_counts_as_one() -> None:
    charge = request_charge(counted_invocations=7, counted_pages=2, pages=3)

    assert charge.invocations == 11


def test_invocations_that_were_counted_on_no_page_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing was counted"):
        request_charge(counted_invocations=1, counted_pages=0, pages=1)
