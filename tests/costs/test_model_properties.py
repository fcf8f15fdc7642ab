"""What holds of every estimate, whatever the load and the configuration."""

from dataclasses import fields, is_dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motorpool.costs.durations import Design
from motorpool.costs.load import Load
from motorpool.costs.model import Estimate, estimate
from motorpool.costs.numbers import EXACT
from motorpool.costs.peaks import Peak
from motorpool.costs.setup import Setup
from tests.costs.strategies import days, loads, setups
from tests.costs.tables import PRICES

FEWER = settings(max_examples=50)
"""Each example is two whole estimates, in three designs: of the usual hundred they would take
a third of a minute of the suite."""

APART = 1_000_000
"""Which part of the requests runs on provisioned concurrency is a chance, a float, and rounded to
twelve digits; loads that differ by less than a millionth of a millionth are the same to it."""


def of(design: Design, load: Load, setup: Setup) -> Estimate:
    return estimate(load, setup, PRICES, design)


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups(), more=st.integers(1, 10**11))
def test_more_requests_never_cost_less(design: Design, load: Load, setup: Setup, more: int) -> None:
    more = max(more, int(load.requests) // APART)
    larger = replace(load, requests=load.requests + more)

    assert of(design, larger, setup).usd >= of(design, load, setup).usd


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups(may_be_provisioned=False), more=st.integers(1, 10))
def test_without_provisioned_concurrency_not_one_request_more_costs_less(
    design: Design, load: Load, setup: Setup, more: int
) -> None:
    larger = replace(load, requests=load.requests + more)

    assert of(design, larger, setup).usd >= of(design, load, setup).usd


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(least_requests=1), setup=setups(may_be_provisioned=False))
def test_without_a_free_tier_one_request_more_costs_more(
    design: Design, load: Load, setup: Setup
) -> None:
    setup = replace(setup, has_free_tier=False)
    larger = replace(load, requests=load.requests + 1)

    assert of(design, larger, setup).usd > of(design, load, setup).usd


@FEWER
@given(loads(), setups())
def test_batching_never_raises_the_number_of_invocations(load: Load, setup: Setup) -> None:
    batched, single = of(Design.BATCHED, load, setup), of(Design.SINGLE, load, setup)

    # The last of sixty digits may be rounded where waves do not divide the queries.
    assert batched.invocations <= single.invocations * (1 + Decimal("1e-50"))


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups())
def test_a_bill_is_the_sum_of_its_lines_and_of_the_functions_parts(
    design: Design, load: Load, setup: Setup
) -> None:
    found = of(design, load, setup)

    assert found.usd >= 0
    lines = sum((line.usd for line in found.bill.lines), Decimal(0))
    parts = sum((found.bill.usd_of(part.name) for part in found.parts), Decimal(0))
    assert abs(found.usd - lines) < Decimal("1e-15")
    assert abs(found.usd - parts) < Decimal("1e-15")


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups())
def test_the_free_tier_never_makes_dearer_and_gives_no_more_than_it_has(
    design: Design, load: Load, setup: Setup
) -> None:
    given_free = of(design, load, replace(setup, has_free_tier=True)).usd
    without = of(design, load, replace(setup, has_free_tier=False)).usd
    free = PRICES.free_tier
    region = PRICES.region("us-east-1")

    # Never worth more than all of it at the dearest price: nothing below zero, nothing twice.
    worth = (
        free.requests * region.request
        + free.gb_seconds * region.on("x86_64").duration[0].price
        + free.egress_gb * region.internet_egress[0].price
    )
    assert 0 <= EXACT.subtract(without, given_free) <= worth


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups())
def test_what_waiting_costs_is_contained_in_what_the_application_is_billed(
    design: Design, load: Load, setup: Setup
) -> None:
    found = of(design, load, setup)
    used = found.parts[0].usage

    billed = used.gb_seconds + used.provisioned_duration_gb_seconds
    assert 0 <= found.waiting.gb_seconds <= billed * (1 + Decimal("1e-25"))


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups())
def test_what_ran_ran_on_demand_or_on_provisioned_concurrency(
    design: Design, load: Load, setup: Setup
) -> None:
    for part in of(design, load, setup).parts:
        warm = (
            part.invocations * part.duration_ms * part.function.memory_mb / (1000 * Decimal(1024))
        )
        init = part.invocations * load.cold_share * part.init_ms * part.function.memory_mb
        billed = part.usage.gb_seconds + part.usage.provisioned_duration_gb_seconds
        slack = Decimal("1e-20") * (1 + warm + init)
        assert warm - slack <= billed <= warm + init / (1000 * Decimal(1024)) + slack


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups())
def test_connections_stay_below_their_ceiling_and_refusals_are_a_part(
    design: Design, load: Load, setup: Setup
) -> None:
    found = of(design, load, setup)
    opened, holder = found.connections, found.parts[-1]

    assert 0 <= opened.environments <= holder.peak.limit
    assert opened.environments * (opened.each_pool + 1) <= opened.ceiling
    assert opened.each_pool >= 1
    assert opened.primary == (opened.environments + opened.ended) * (opened.each_pool + 1)
    assert opened.primary <= opened.all_servers
    for part in found.parts:
        assert 0 <= part.peak.throttled_a_month <= part.peak.throttled + 1e-9
        assert part.peak.throttled <= 1


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(least_requests=1), setup=setups())
def test_where_anything_may_run_there_is_a_connection(
    design: Design, load: Load, setup: Setup
) -> None:
    found = of(design, load, setup)

    assert (found.connections.primary > 0) == (found.parts[-1].peak.limit > 0)


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups(), day=days(), times=st.integers(2, 10**6))
def test_only_the_proportions_of_a_day_count(
    design: Design, load: Load, setup: Setup, day: tuple[Decimal, ...], times: int
) -> None:
    load = replace(load, hourly=day)
    scaled = replace(load, hourly=tuple(each * times for each in day))

    assert of(design, scaled, setup).usd == of(design, load, setup).usd


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups(may_be_provisioned=False), day=days())
def test_without_provisioned_concurrency_a_month_costs_the_same_on_any_day(
    design: Design, load: Load, setup: Setup, day: tuple[Decimal, ...]
) -> None:
    uneven = of(design, replace(load, hourly=day), setup)
    even = of(design, replace(load, hourly=()), setup)

    assert uneven.usd == even.usd
    assert uneven.invocations == even.invocations
    assert uneven.parts[-1].peak.concurrency >= even.parts[-1].peak.concurrency * (1 - 1e-9)


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups(may_be_provisioned=False), more=st.integers(1, 5_000))
def test_a_slower_database_never_costs_less(
    design: Design, load: Load, setup: Setup, more: int
) -> None:
    slower = replace(load, query_ms=load.query_ms + more)

    assert of(design, slower, setup).usd >= of(design, load, setup).usd


@pytest.mark.parametrize("design", Design)
@FEWER
@given(load=loads(), setup=setups())
def test_no_money_and_no_quantity_is_a_float(design: Design, load: Load, setup: Setup) -> None:
    """Floats are the chances of `Peak`, and stand nowhere else."""
    floats: list[str] = []

    def walk(value: object, path: str) -> None:
        if isinstance(value, Peak):
            return
        if is_dataclass(value):
            for each in fields(value):
                walk(getattr(value, each.name), f"{path}.{each.name}")
        elif isinstance(value, tuple):
            for number, each in enumerate(value):
                walk(each, f"{path}[{number}]")
        elif not isinstance(value, Decimal | int | str | None):
            floats.append(f"{path}: {value!r}")

    walk(of(design, load, setup), "estimate")

    assert floats == []
