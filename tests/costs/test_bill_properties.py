"""What holds of every bill, whatever was used."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs.bill import Bill, FunctionUsage, bill
from motorpool.costs.prices import Architecture, FreeTier
from tests.costs.strategies import decimals, usages
from tests.costs.tables import FREE_TIER, PRICES, US_EAST_1

BOTH = st.tuples(usages("application"), usages("proxy"))
QUANTITIES = tuple(
    each.name for each in fields(FunctionUsage) if each.name not in {"name", "architecture"}
)
FREE_TIERS = st.builds(
    FreeTier,
    requests=decimals(0, 10**9),
    gb_seconds=decimals(0, 10**9),
    response_stream_gb=decimals(0, 10**6),
    egress_gb=decimals(0, 10**6),
)


def leaves(value: object) -> Iterator[object]:
    """Everything that dataclasses, tuples and mappings hold, down to the bottom."""
    if is_dataclass(value):
        for each in fields(value):
            yield from leaves(getattr(value, each.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from leaves(each)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(key)
            yield from leaves(each)
    else:
        yield value


@given(BOTH, st.none() | st.just(FREE_TIER))
def test_no_number_of_a_bill_is_a_float(
    both: tuple[FunctionUsage, FunctionUsage], free: FreeTier | None
) -> None:
    cost = bill(both, US_EAST_1, free)

    assert {type(leaf) for leaf in leaves(cost)} <= {Decimal, str, type(None)}
    assert {type(leaf) for leaf in leaves(both)} == {Decimal, str}
    assert type(cost.usd) is type(cost.usd_as_invoiced) is Decimal
    assert {type(line.usd) for line in cost.lines} == {Decimal}


def test_no_number_of_a_price_table_is_a_float() -> None:
    assert float not in {type(leaf) for leaf in leaves(PRICES)}


@given(BOTH, st.none() | FREE_TIERS)
def test_no_line_is_below_zero_and_the_bill_is_their_sum(
    both: tuple[FunctionUsage, FunctionUsage], free: FreeTier | None
) -> None:
    cost = bill(both, US_EAST_1, free)

    assert all(term.quantity >= 0 for line in cost.lines for term in line.terms)
    assert all(line.usd >= 0 for line in cost.lines)
    assert cost.usd == sum(line.usd for line in cost.lines)


@given(BOTH, st.none() | FREE_TIERS)
def test_the_terms_of_a_line_hold_all_that_was_used_and_no_more(
    both: tuple[FunctionUsage, FunctionUsage], free: FreeTier | None
) -> None:
    for line in bill(both, US_EAST_1, free).lines:
        assert sum(term.quantity for term in line.terms) == line.quantity


@given(BOTH, st.none() | FREE_TIERS)
def test_the_functions_parts_add_up_to_the_bill(
    both: tuple[FunctionUsage, FunctionUsage], free: FreeTier | None
) -> None:
    cost = bill(both, US_EAST_1, free)

    assert abs(cost.usd_of("application") + cost.usd_of("proxy") - cost.usd) < Decimal("1e-20")


@given(BOTH, FREE_TIERS, st.sampled_from([each.name for each in fields(FreeTier)]))
def test_a_larger_free_tier_is_never_dearer_and_none_never_cheaper(
    both: tuple[FunctionUsage, FunctionUsage], free: FreeTier, which: str
) -> None:
    larger = replace(free, **{which: getattr(free, which) + 12_345})

    with_free = bill(both, US_EAST_1, free).usd

    assert bill(both, US_EAST_1, larger).usd <= with_free <= bill(both, US_EAST_1, None).usd


@given(BOTH, st.none() | FREE_TIERS, st.sampled_from(QUANTITIES), decimals(0, 10**10))
def test_using_more_never_costs_less(
    both: tuple[FunctionUsage, FunctionUsage], free: FreeTier | None, which: str, more: Decimal
) -> None:
    app, proxy = both
    after = replace(proxy, **{which: getattr(proxy, which) + more})

    assert bill((app, after), US_EAST_1, free).usd >= bill((app, proxy), US_EAST_1, free).usd


@given(BOTH, st.none() | FREE_TIERS)
def test_the_order_of_the_functions_does_not_matter(
    both: tuple[FunctionUsage, FunctionUsage], free: FreeTier | None
) -> None:
    assert bill(both, US_EAST_1, free).usd == bill(both[::-1], US_EAST_1, free).usd


@given(BOTH, FREE_TIERS)
def test_free_gb_seconds_are_given_once_over_both_functions_and_architectures(
    both: tuple[FunctionUsage, FunctionUsage], free: FreeTier
) -> None:
    given_away = sum(
        term.quantity
        for line in bill(both, US_EAST_1, free).lines
        for term in line.terms
        if line.what == "duration" and term.why == "free tier"
    )

    assert given_away == min(free.gb_seconds, sum(each.gb_seconds for each in both))


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@given(step=st.sampled_from([Decimal("1e-6"), Decimal(1), Decimal(10**6)]), free=st.booleans())
def test_a_step_across_a_border_costs_that_step_and_no_jump(
    architecture: Architecture, step: Decimal, *, free: bool
) -> None:
    """Continuous: what a step adds is within the prices on the border's two sides, times it."""
    tiers = US_EAST_1.on(architecture).duration
    for below, above in pairwise(tiers):
        assert below.up_to is not None
        border = below.up_to + (FREE_TIER.gb_seconds if free else 0)

        def usd(quantity: Decimal) -> Decimal:
            usage = FunctionUsage(name="f", architecture=architecture, gb_seconds=quantity)
            return bill([usage], US_EAST_1, FREE_TIER if free else None).usd

        assert usd(border) - usd(border - step) == step * below.price
        assert usd(border + step) - usd(border) == step * above.price


@given(BOTH)
def test_an_invoice_differs_from_the_exact_sum_by_half_a_cent_a_line_at_most(
    both: tuple[FunctionUsage, FunctionUsage],
) -> None:
    cost: Bill = bill(both, US_EAST_1, None)

    most = Decimal("0.005") * len(cost.lines)

    assert abs(cost.usd_as_invoiced - cost.usd) <= most
