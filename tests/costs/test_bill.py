"""Bills by hand. AWS's own worked examples are tested beside the price file."""

from dataclasses import replace
from decimal import Decimal

import pytest

from motorpool.costs.bill import Bill, FunctionUsage, Line, Term, bill, gb_seconds
from motorpool.costs.errors import InputError, PricesError
from motorpool.costs.prices import RegionPrices, Tier
from tests.costs.tables import DEARER, EGRESS, FREE_TIER, ONLY_X86, US_EAST_1, X86


def used(name: str = "proxy", **quantities: object) -> FunctionUsage:
    return FunctionUsage(name=name, **quantities)  # type: ignore[arg-type]  # as a caller may


def duration_usd(gb_seconds: int | str, architecture: str = "x86_64") -> Decimal:
    """What so many GB-seconds cost on demand, and nothing else."""
    return bill([used(gb_seconds=gb_seconds, architecture=architecture)], US_EAST_1, None).usd


# --- from milliseconds to GB-seconds ------------------------------------------------------------


def test_gb_seconds_are_invocations_by_seconds_by_gigabytes_of_1024_mb() -> None:
    # 3 million × 0.12 s × 1.5 GB, as in AWS's own example of 1,536 MB.
    assert gb_seconds(invocations=3_000_000, duration_ms=120, memory_mb=1536) == 540_000


def test_gb_seconds_of_an_odd_memory_are_exact() -> None:
    # 1 × 0.001 s × 129 / 1024 GB.
    assert gb_seconds(invocations=1, duration_ms=1, memory_mb=129) == Decimal("0.000125976562500")


def test_a_negative_duration_has_no_gb_seconds() -> None:
    with pytest.raises(InputError, match="duration_ms must be 0 or more, and is -1"):
        gb_seconds(invocations=1, duration_ms=-1, memory_mb=128)


# --- what was used ------------------------------------------------------------------------------


def test_a_quantity_below_zero_is_refused_with_the_functions_name() -> None:
    with pytest.raises(InputError, match=r"^proxy: nat_gb must be 0 or more, and is -1$"):
        used(nat_gb=-1)


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(InputError, match="architecture must be x86_64 or arm64, and is 'arm'"):
        used(architecture="arm")


def test_quantities_are_kept_as_exact_decimals() -> None:
    usage = used(requests=3, gb_seconds=0.1, egress_gb="0.2")

    assert (usage.requests, usage.gb_seconds) == (Decimal(3), Decimal("0.1"))
    assert {type(usage.requests), type(usage.gb_seconds), type(usage.egress_gb)} == {Decimal}


# --- tiers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "usd"),
    [
        # 6e9 × 16.6667e-6 = 100,000.2, and a GB-second on either side.
        ("5999999999", "100000.1999833333"),
        ("6000000000", "100000.2"),
        ("6000000001", "100000.200015"),
        # 100,000.2 + 9e9 × 15e-6 = 235,000.2.
        ("14999999999", "235000.199985"),
        ("15000000000", "235000.2"),
        ("15000000001", "235000.2000133334"),
    ],
)
def test_the_tiers_of_x86_meet_at_their_borders(quantity: str, usd: str) -> None:
    assert duration_usd(quantity) == Decimal(usd)


@pytest.mark.parametrize(
    ("quantity", "usd"),
    [
        # 7.5e9 × 13.3334e-6 = 100,000.5.
        ("7499999999", "100000.4999866666"),
        ("7500000000", "100000.5"),
        ("7500000001", "100000.5000120001"),
        # + 11.25e9 × 12.0001e-6 = 135,001.125.
        ("18749999999", "235001.6249879999"),
        ("18750000000", "235001.625"),
        ("18750000001", "235001.6250106667"),
    ],
)
def test_the_tiers_of_arm64_meet_at_their_borders(quantity: str, usd: str) -> None:
    assert duration_usd(quantity, "arm64") == Decimal(usd)


def test_every_tier_is_a_term_of_the_sum() -> None:
    line = bill([used(gb_seconds=20_000_000_000)], US_EAST_1, None).line("duration")

    assert line is not None
    assert line.terms == (
        Term(
            quantity=Decimal(6_000_000_000),
            unit="GB-seconds",
            price=Decimal("0.0000166667"),
            why="tier 1",
        ),
        Term(
            quantity=Decimal(9_000_000_000),
            unit="GB-seconds",
            price=Decimal("0.000015"),
            why="tier 2",
        ),
        Term(
            quantity=Decimal(5_000_000_000),
            unit="GB-seconds",
            price=Decimal("0.0000133334"),
            why="tier 3",
        ),
    )
    # 100,000.2 + 135,000 + 66,667.
    assert line.usd == Decimal("301667.2")


def test_the_tiers_count_what_both_functions_used_together() -> None:
    each = 3_500_000_000
    together = bill([used("app", gb_seconds=each), used(gb_seconds=each)], US_EAST_1, None)

    # 6e9 × 16.6667e-6 + 1e9 × 15e-6.
    assert together.usd == Decimal("115000.2")


def test_each_architecture_has_tiers_of_its_own() -> None:
    each = 6_500_000_000
    both = bill(
        [used("app", gb_seconds=each), used(gb_seconds=each, architecture="arm64")], US_EAST_1, None
    )

    # 100,000.2 + 0.5e9 × 15e-6, and 6.5e9 × 13.3334e-6.
    assert both.usd == Decimal("107500.2") + Decimal("86667.1")


def test_the_tiers_begin_after_what_is_free() -> None:
    """As in AWS's examples: 400,000 are taken off, and the rest is priced from the first tier."""
    taken = bill([used(gb_seconds=6_000_400_001)], US_EAST_1, FREE_TIER)

    assert taken.usd == Decimal("100000.200015")


def test_egress_goes_through_its_tiers_after_100_free_gb() -> None:
    cost = bill([used(egress_gb=153_600 + 100 + 10)], US_EAST_1, FREE_TIER)

    # 10,240 × 0.09 + 40,960 × 0.085 + 102,400 × 0.07 + 10 × 0.05.
    assert cost.usd == Decimal("921.60") + Decimal("3481.60") + Decimal(7168) + Decimal("0.50")


def test_what_is_above_the_last_tier_is_refused_and_not_free() -> None:
    ended = replace(US_EAST_1, internet_egress=EGRESS[:1])

    with pytest.raises(PricesError, match="GB above 10240 have no price"):
        bill([used(egress_gb=10_241)], ended, None)
    assert bill([used(egress_gb=10_240)], ended, None).usd == Decimal("921.60")


# --- what is free -------------------------------------------------------------------------------


def test_free_requests_are_taken_off_once_for_both_functions() -> None:
    cost = bill([used("app", requests=800_000), used(requests=700_000)], US_EAST_1, FREE_TIER)

    # 1.5 million less one million, at 0.20 a million.
    assert cost.usd == Decimal("0.10")


def test_free_gb_seconds_are_taken_off_once_for_both_functions() -> None:
    cost = bill([used("app", gb_seconds=300_000), used(gb_seconds=200_000)], US_EAST_1, FREE_TIER)

    # 500,000 less 400,000, × 16.6667e-6.
    assert cost.usd == Decimal("1.66667")


def test_free_gb_seconds_are_taken_off_once_for_both_architectures_x86_first() -> None:
    on_arm = used(gb_seconds=300_000, architecture="arm64")
    on_x86 = used("app", gb_seconds=200_000)

    first = bill([on_arm, on_x86], US_EAST_1, FREE_TIER)
    second = bill([on_x86, on_arm], US_EAST_1, FREE_TIER)

    # x86 has all of its 200,000 free, and arm64 200,000 of its 300,000: 100,000 × 13.3334e-6.
    assert first.usd == second.usd == Decimal("1.33334")


def test_x86_first_is_the_order_that_costs_least() -> None:
    x86, arm = used("app", gb_seconds=500_000), used(gb_seconds=500_000, architecture="arm64")
    arm_first = bill([x86], US_EAST_1, None).usd + bill([arm], US_EAST_1, FREE_TIER).usd

    assert bill([x86, arm], US_EAST_1, FREE_TIER).usd < arm_first


def test_what_is_used_within_the_free_tier_costs_nothing_and_never_less() -> None:
    cost = bill([used(requests=999_999, gb_seconds=399_999)], US_EAST_1, FREE_TIER)

    assert cost.usd == 0
    assert [term.why for line in cost.lines for term in line.terms] == ["free tier", "free tier"]


@pytest.mark.parametrize(
    ("requests", "usd"), [(999_999, "0"), (1_000_000, "0"), (1_000_001, "0.0000002")]
)
def test_the_free_tier_ends_at_its_border(requests: int, usd: str) -> None:
    assert bill([used(requests=requests)], US_EAST_1, FREE_TIER).usd == Decimal(usd)


def test_provisioned_concurrency_and_what_runs_on_it_are_never_free() -> None:
    cost = bill(
        [used(provisioned_gb_seconds=1000, provisioned_duration_gb_seconds=1000)],
        US_EAST_1,
        FREE_TIER,
    )

    # 1000 × 4.1667e-6 + 1000 × 9.7222e-6.
    assert cost.usd == Decimal("0.0138889")


def test_without_a_free_tier_nothing_is_free() -> None:
    assert bill([used(requests=1, gb_seconds=1)], US_EAST_1, None).usd == Decimal("0.0000168667")


# --- each line ----------------------------------------------------------------------------------


def line_usd(cost: Bill, what: str) -> Decimal | None:
    line = cost.line(what)
    return None if line is None else line.usd


def test_every_quantity_has_a_line_at_its_price() -> None:
    everything = used(
        requests=10,
        gb_seconds=10,
        provisioned_gb_seconds=10,
        provisioned_duration_gb_seconds=10,
        ephemeral_gb_seconds=10,
        streamed_gb=10,
        snapstart_cache_gb_seconds=10,
        snapstart_restored_gb=10,
        egress_gb=10,
        nat_gb=10,
        nat_hours=10,
        architecture="arm64",
    )

    cost = bill([everything], US_EAST_1, None)

    assert {line.what: line.usd for line in cost.lines} == {
        "requests": Decimal("0.000002"),
        "duration": Decimal("0.000133334"),
        "provisioned concurrency": Decimal("0.000033334"),
        "provisioned duration": Decimal("0.000077778"),
        "ephemeral storage": Decimal("0.000000309"),
        "response streaming": Decimal("0.08"),
        "SnapStart cache": Decimal("0.000015046"),
        "SnapStart restore": Decimal("0.001397998"),
        "internet egress": Decimal("0.9"),
        "NAT gateway data": Decimal("0.45"),
        "NAT gateway hours": Decimal("0.45"),
    }


def test_streamed_gb_are_free_up_to_a_hundred() -> None:
    assert line_usd(bill([used(streamed_gb=101)], US_EAST_1, FREE_TIER), "response streaming") == (
        Decimal("0.008")
    )


def test_a_bill_of_nothing_is_zero_and_has_no_line_but_requests() -> None:
    cost = bill([], US_EAST_1, None)

    assert cost.usd == 0
    assert cost.usd_as_invoiced == 0
    assert [line.what for line in cost.lines] == ["requests"]


def test_a_function_that_did_nothing_costs_nothing() -> None:
    cost = bill([used(), used("app", architecture="arm64")], US_EAST_1, FREE_TIER)

    assert cost.usd == 0
    assert cost.usd_of("proxy") == 0


def test_the_lines_stand_in_the_order_in_which_they_are_computed() -> None:
    cost = bill(
        [
            used(gb_seconds=1, architecture="arm64", nat_hours=1),
            used("app", gb_seconds=1, provisioned_gb_seconds=1),
        ],
        US_EAST_1,
        None,
    )

    assert [(line.what, line.architecture) for line in cost.lines] == [
        ("requests", None),
        ("duration", "x86_64"),
        ("provisioned concurrency", "x86_64"),
        ("duration", "arm64"),
        ("NAT gateway hours", None),
    ]


def test_a_line_is_found_by_name_and_architecture() -> None:
    both = [used(gb_seconds=1, architecture="arm64"), used("app", gb_seconds=2)]
    cost = bill(both, US_EAST_1, None)

    assert (line := cost.line("duration", "arm64")) is not None
    assert line.quantity == 1
    assert (line := cost.line("duration")) is not None
    assert line.quantity == 2
    assert cost.line("NAT gateway hours") is None
    assert cost.line("requests", "arm64") is None


# --- what is not known --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "what"),
    [
        ("provisioned_gb_seconds", "provisioned concurrency: its price in made-up-1 on x86_64"),
        ("provisioned_duration_gb_seconds", "provisioned duration: its price in made-up-1 on x86"),
        ("ephemeral_gb_seconds", "ephemeral storage: its price in made-up-1 on x86_64"),
        ("streamed_gb", "response streaming: its price in made-up-1"),
        ("snapstart_cache_gb_seconds", "SnapStart cache: its price in made-up-1"),
        ("snapstart_restored_gb", "SnapStart restore: its price in made-up-1"),
        ("egress_gb", "internet egress: its price in made-up-1"),
        ("nat_gb", "NAT gateway data: its price in made-up-1"),
        ("nat_hours", "NAT gateway hours: its price in made-up-1"),
    ],
)
def test_a_price_that_is_not_known_is_refused_and_not_taken_for_free(
    quantity: str, what: str
) -> None:
    with pytest.raises(PricesError, match=what) as refused:
        bill([used("proxy", **{quantity: 1})], DEARER, FREE_TIER)

    assert "--prices takes a file that has it" in str(refused.value)


def test_a_price_that_is_not_known_is_not_missed_where_nothing_is_used_of_it() -> None:
    # 1 × 0.30e-6 + 1 × 20e-6.
    assert bill([used(requests=1, gb_seconds=1)], DEARER, None).usd == Decimal("0.0000203")


def test_an_architecture_that_a_region_has_not_is_refused() -> None:
    with pytest.raises(PricesError, match=r"^made-up-2 has no prices of arm64"):
        bill([used(gb_seconds=1, architecture="arm64")], ONLY_X86, None)


def test_a_price_of_zero_is_a_price() -> None:
    free_nat = replace(DEARER, nat_gateway_gb=Decimal(0))

    assert line_usd(bill([used(nat_gb=5)], free_nat, None), "NAT gateway data") == 0


# --- rounding and shares ------------------------------------------------------------------------


def priced(request: str) -> RegionPrices:
    return replace(US_EAST_1, request=Decimal(request))


def test_half_a_cent_of_a_line_is_rounded_up_on_an_invoice() -> None:
    line = bill([used(requests=1)], priced("0.005"), None).line("requests")

    assert line is not None
    assert line.usd == Decimal("0.005")
    assert str(line.cents) == "0.01"


def test_an_invoice_rounds_each_line_and_then_adds() -> None:
    x86 = replace(X86, duration=(Tier(up_to=None, price=Decimal("0.004")),))
    prices = replace(priced("0.004"), architectures={"x86_64": x86})

    cost = bill([used(requests=1, gb_seconds=1)], prices, None)

    assert cost.usd == Decimal("0.008")
    assert str(cost.usd_as_invoiced) == "0.00"


def test_a_function_pays_of_each_line_in_proportion_to_what_it_used() -> None:
    cost = bill(
        [used("app", requests=3, gb_seconds=1), used(requests=1, gb_seconds=3, nat_hours=2)],
        US_EAST_1,
        None,
    )

    # 3 × 0.2e-6 + 1 × 16.6667e-6; 1 × 0.2e-6 + 3 × 16.6667e-6 + 2 × 0.045.
    assert cost.usd_of("app") == Decimal("0.0000172667")
    assert cost.usd_of("proxy") == Decimal("0.0900502001")
    assert cost.usd_of("nobody") == 0


def test_what_is_free_is_shared_in_proportion_too() -> None:
    cost = bill([used("app", requests=1_500_000), used(requests=500_000)], US_EAST_1, FREE_TIER)

    # 2 million less one million cost 0.20, three quarters of them the application's.
    assert cost.usd_of("app") == Decimal("0.15")
    assert cost.usd_of("proxy") == Decimal("0.05")


def test_a_line_keeps_what_each_function_used_before_anything_is_free() -> None:
    line = bill([used("app", requests=5), used(requests=7)], US_EAST_1, FREE_TIER).lines[0]

    assert line == Line(
        what="requests",
        architecture=None,
        by_function=(("app", Decimal(5)), ("proxy", Decimal(7))),
        terms=(Term(quantity=Decimal(12), unit="requests", price=Decimal(0), why="free tier"),),
    )
    assert line.quantity == 12
