"""Numbers as a report prints them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs.command.amounts import (
    count,
    difference,
    exact,
    money,
    plain,
    quantity,
    relative,
    share,
    times,
    usd,
)


@pytest.mark.parametrize(
    ("amount", "printed"),
    [
        ("0", "0.00"),
        ("1234.565", "1,234.57"),
        ("0.1", "0.10"),
        ("0.0999", "0.10"),
        ("0.0996", "0.10"),
        ("0.0949", "0.095"),
        ("0.00314", "0.0031"),
        ("0.0000002", "0.00000020"),
        ("-0.0031", "-0.0031"),
        ("-12.345", "-12.35"),
        (None, "-"),
    ],
)
def test_money_has_cents_and_small_amounts_two_digits(amount: str | None, printed: str) -> None:
    assert money(None if amount is None else Decimal(amount)) == printed


@given(st.decimals(min_value="-1e15", max_value="1e15", allow_nan=False, places=12))
def test_no_amount_is_printed_as_nothing_and_none_is_off_by_a_twentieth(amount: Decimal) -> None:
    printed = Decimal(money(amount).replace(",", ""))

    assert (printed == 0) == (amount == 0)
    assert abs(printed - amount) <= max(abs(amount) / 20, Decimal(0))


def test_a_difference_has_its_sign_and_a_sentence_its_currency() -> None:
    assert difference(Decimal("1.2")) == "+1.20"
    assert difference(Decimal("-1.2")) == "-1.20"
    assert difference(Decimal(0)) == "0.00"
    assert usd(Decimal("1234.5")) == "USD 1,234.50"


def test_measures_have_four_digits_and_counts_are_whole() -> None:
    assert quantity(Decimal("88.2049")) == "88.2"
    assert quantity(Decimal("0.123456")) == "0.1235"
    assert quantity(Decimal("1234.5")) == "1,235"
    assert quantity(0.5) == "0.5"
    assert quantity(None) == "-"
    assert count(Decimal("2.5")) == "3"
    assert count(Decimal("1e40")) == "10" + ",000" * 13


def test_a_price_in_a_sum_keeps_every_digit() -> None:
    assert exact(Decimal("0.0000166667")) == "0.0000166667"
    assert exact(Decimal("0.0000000309")) == "0.0000000309"
    assert exact(Decimal("400000.00")) == "400,000"
    assert exact(Decimal("1" + "0" * 30 + ".5")).endswith(",000.5")
    assert plain("1500") == "1,500"


@pytest.mark.parametrize(
    ("part", "printed"),
    [(0.0, "0%"), (0.0009, "<0.1%"), (0.001, "0.1%"), (0.986, "98.6%"), (1.0, "100.0%")],
)
def test_a_small_share_is_not_printed_as_nothing(part: float, printed: str) -> None:
    assert share(part) == printed


def test_a_relative_difference_has_two_digits_and_its_sign() -> None:
    assert relative(3.0) == "+300%"
    assert relative(-0.69) == "-69%"
    assert relative(0.034) == "+3.4%"


def test_one_of_a_thing_is_singular() -> None:
    assert times(Decimal(1), "queries") == "1 query"
    assert times(Decimal(8), "queries") == "8 queries"
    assert times(Decimal(1), "GB-seconds") == "1 GB-seconds"
