"""Numbers as they are given: exact, in their range, refused by name; cents only at the end."""

from decimal import Decimal, getcontext, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs.errors import CostError, InputError
from motorpool.costs.numbers import EXACT, Number, ceiling, cents, decimal


@pytest.mark.parametrize(
    ("given_as", "is_taken_as"),
    [(3, "3"), (0.1, "0.1"), ("0.30", "0.3"), (Decimal("1e3"), "1000"), (2.5e-7, "0.00000025")],
)
def test_a_number_is_taken_as_it_is_written(given_as: Number, is_taken_as: str) -> None:
    assert decimal("requests", given_as) == Decimal(is_taken_as)


def test_a_decimal_with_more_digits_than_the_context_has_is_not_rounded() -> None:
    many = "1." + "3" * 50

    with localcontext(prec=6):
        assert str(decimal("requests", many)) == many


@pytest.mark.parametrize("value", ["twelve", "", None, True, False, object(), [1], "1,000"])
def test_what_is_no_number_is_refused_by_name(value: Number) -> None:
    with pytest.raises(InputError, match="requests must be a number, not") as refused:
        decimal("requests", value)

    assert refused.value.name == "requests"
    assert repr(value) in str(refused.value)


@pytest.mark.parametrize(
    "value", ["NaN", "sNaN", "Infinity", "-Infinity", float("nan"), float("inf")]
)
def test_what_is_not_finite_is_refused(value: Number) -> None:
    with pytest.raises(InputError, match="requests must be 0 or more, and is"):
        decimal("requests", value)


def test_the_ends_of_a_range_are_in_it() -> None:
    assert decimal("share", 0, most=1) == 0
    assert decimal("share", 1, most=1) == 1
    assert decimal("servers", 1, least=1) == 1


def test_a_number_out_of_its_range_is_refused_with_the_range() -> None:
    with pytest.raises(InputError) as above:
        decimal("share", "1.01", most=1)
    with pytest.raises(InputError) as below:
        decimal("servers", "0.99", least=1)
    with pytest.raises(InputError) as negative:
        decimal("requests", -1)

    assert str(above.value) == "share must be from 0 to 1, and is 1.01"
    assert str(below.value) == "servers must be 1 or more, and is 0.99"
    assert str(negative.value) == "requests must be 0 or more, and is -1"


def test_a_refused_number_is_an_error_of_this_room_and_a_value_error() -> None:
    with pytest.raises(InputError) as refused:
        decimal("requests", -1)

    assert isinstance(refused.value, CostError)
    assert isinstance(refused.value, ValueError)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("number", "next_whole"), [("2", "2"), ("2.0001", "3"), ("0", "0"), ("0.0001", "1")]
)
def test_the_ceiling_is_the_next_whole_number_or_the_number_itself(
    number: str, next_whole: str
) -> None:
    assert ceiling(Decimal(number)) == Decimal(next_whole)


@pytest.mark.parametrize(
    ("usd", "rounded"),
    [("0.004999", "0.00"), ("0.005", "0.01"), ("0.015", "0.02"), ("0.025", "0.03"), ("7", "7.00")],
)
def test_half_a_cent_is_rounded_up(usd: str, rounded: str) -> None:
    assert str(cents(Decimal(usd))) == rounded


def test_rounding_to_cents_does_not_depend_on_the_callers_context() -> None:
    with localcontext(prec=3):
        assert cents(Decimal("123456.785")) == Decimal("123456.79")


@given(st.integers(0, 10**40), st.integers(0, 10**15))
def test_products_of_a_years_size_are_exact_in_the_rooms_context(left: int, right: int) -> None:
    assert EXACT.multiply(Decimal(left), Decimal(right)) == left * right


def test_the_rooms_context_is_not_made_anybody_elses() -> None:
    assert getcontext() is not EXACT
