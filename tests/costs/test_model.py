"""Whole months by hand, to the last digit: the arithmetic stands above each expected value.

The durations are those of tests/costs/test_durations.py; functions have two GB, so 1 ms of a
million invocations is 2,000 GB-seconds.
"""

from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any

import pytest

from motorpool.costs.durations import Design
from motorpool.costs.errors import PricesError
from motorpool.costs.load import Load
from motorpool.costs.model import COMPARED_MEMORY_MB, Estimate, compare, estimate, with_proxy_memory
from motorpool.costs.parts import Part
from motorpool.costs.peaks import Connections
from motorpool.costs.setup import Setup
from tests.costs.examples import function, load, setup
from tests.costs.tables import PRICES

GIB = Decimal(1024**3)
# A billion bytes are a GB of 1000³; AWS's has 1024³. Ten million queries of these are 10 and 50.
TEN_GB = {"request_bytes": 10 * GIB / 10_000_000, "response_bytes": 50 * GIB / 10_000_000}


def of(design: Design, some: Load | None = None, **configured: Any) -> Estimate:
    return estimate(some or load(), setup(**configured), PRICES, design)


def line(found: Estimate, what: str) -> tuple[Decimal, Decimal]:
    """Quantity and dollars of a line of the bill."""
    of_bill = found.bill.line(what)
    assert of_bill is not None, what
    return of_bill.quantity, of_bill.usd


def part(found: Estimate, name: str) -> Part:
    of_estimate = found.part(name)
    assert of_estimate is not None, name
    return of_estimate


# --- what a month costs -------------------------------------------------------------------------


def test_a_driver_in_every_function_by_hand() -> None:
    found = of(Design.DIRECT)

    # Warm: 50 ms × 2,000 = 100,000. INIT: 1 % of a million × 250 ms × 2 GB = 5,000.
    assert part(found, "application").usage.gb_seconds == 105_000
    assert found.invocations == 1_000_000
    # 105,000 × 16.6667e-6 = 1.7500035; a million requests 0.20.
    assert found.usd == Decimal("1.9500035")
    assert found.part("proxy") is None


def test_one_query_per_invocation_by_hand() -> None:
    found = of(Design.SINGLE)

    # 70 ms × 2,000 + 1 % × 300 ms × 2,000.
    assert part(found, "application").usage.gb_seconds == 140_000 + 6_000
    # Ten million × 8 ms × 2 GB, + 1 % of them × 200 ms × 2 GB.
    assert part(found, "proxy").usage.gb_seconds == 160_000 + 40_000
    assert part(found, "proxy").invocations == 10_000_000
    # 346,000 × 16.6667e-6 = 5.7666782; eleven million requests 2.20.
    assert found.usd == Decimal("7.9666782")


def test_batched_by_hand() -> None:
    found = of(Design.BATCHED)

    # 78 ms × 2,000 + 6,000 of INIT.
    assert part(found, "application").usage.gb_seconds == 156_000 + 6_000
    # Two million × 16 ms × 2 GB, + 1 % of them × 200 ms × 2 GB.
    assert part(found, "proxy").usage.gb_seconds == 64_000 + 8_000
    # 234,000 × 16.6667e-6 = 3.9000078; three million requests 0.60.
    assert found.usd == Decimal("4.5000078")
    assert found.invocations == 3_000_000


def test_the_application_is_billed_while_it_waits() -> None:
    found = of(Design.BATCHED)

    # 56 ms × 2,000, at the first tier's price, of the 162,000 above.
    assert found.waiting.ms_of_request == 56
    assert found.waiting.gb_seconds == 112_000
    assert found.waiting.usd == Decimal("1.8666704")


def test_the_free_tier_is_taken_off_once_for_both_functions() -> None:
    # 234,000 GB-seconds are within it; three million requests less one million: 0.40.
    assert of(Design.BATCHED, has_free_tier=True).usd == Decimal("0.4")
    # 346,000 GB-seconds too; eleven million less one: 2.00.
    assert of(Design.SINGLE, has_free_tier=True).usd == Decimal(2)
    # Ten times as much: 3,460,000 less 400,000 × 16.6667e-6 = 51.000102, and 109 million × 0.20.
    tenfold = of(Design.SINGLE, load(requests=10_000_000), has_free_tier=True)
    assert tenfold.usd == Decimal("51.000102") + Decimal("21.8")


def test_a_proxy_on_arm64_by_hand() -> None:
    found = of(Design.BATCHED, proxy=function(architecture="arm64", reserved_concurrency=500))

    # 162,000 × 16.6667e-6 = 2.7000054; 72,000 × 13.3334e-6 = 0.9600048; requests 0.60.
    assert found.usd == Decimal("4.2600102")


def test_both_functions_on_arm64_share_its_tiers() -> None:
    on_arm = function(architecture="arm64")
    found = of(Design.BATCHED, load(requests=50_000_000_000), app=on_arm, proxy=on_arm)

    # 11.7e9 GB-seconds: 7.5e9 × 13.3334e-6 = 100,000.5; 4.2e9 × 12.0001e-6 = 50,400.42.
    # 150e9 requests: 30,000.
    assert line(found, "duration") == (Decimal(11_700_000_000), Decimal("150400.92"))
    assert found.usd == Decimal("180400.92")


def test_the_tiers_of_x86_by_hand() -> None:
    found = of(Design.BATCHED, load(requests=100_000_000_000))

    # 23.4e9 GB-seconds: 100,000.2 + 9e9 × 15e-6 = 135,000 + 8.4e9 × 13.3334e-6 = 112,000.56.
    assert line(found, "duration") == (Decimal(23_400_000_000), Decimal("347000.76"))


def test_another_region_by_hand() -> None:
    found = of(Design.BATCHED, region="made-up-1")

    # 234,000 × 20e-6 = 4.68; three million × 0.30 = 0.90.
    assert found.usd == Decimal("5.58")
    assert found.bill.region == "made-up-1"


def test_provisioned_concurrency_over_half_of_the_day_by_hand() -> None:
    # All requests come in twelve hours, 31.25 a second: 62.5 batches of 16 ms are one at once, and
    # one environment is ready, so half of them find it free (Erlang: 1 / (1 + 1)).
    requests = Decimal("31.25") * 3600 * 365
    busy = load(requests=requests, hourly=(1,) * 12 + (0,) * 12)
    ready = function(reserved_concurrency=500, provisioned_concurrency=1, provisioned_hours=365)

    found = of(Design.BATCHED, busy, proxy=ready)

    assert requests == 41_062_500
    # 365 h × 3,600 s × 2 GB = 2,628,000 × 4.1667e-6.
    assert line(found, "provisioned concurrency") == (Decimal(2_628_000), Decimal("10.9500876"))
    # Half of 82,125,000 × 16 ms × 2 GB = 1,314,000 × 9.7222e-6.
    assert line(found, "provisioned duration") == (Decimal(1_314_000), Decimal("12.7749708"))
    # The other half on demand: 1,314,000, and 1 % of it cold: 41,062,500 × 1 % × 200 ms × 2 GB.
    assert part(found, "proxy").usage.gb_seconds == 1_314_000 + 164_250
    # The application: 41,062,500 × (78 ms + 1 % × 300 ms) × 2 GB.
    assert part(found, "application").usage.gb_seconds == 6_652_125
    # 8,130,375 × 16.6667e-6; 123,187,500 requests × 0.20e-6.
    assert line(found, "duration")[1] == Decimal("135.5065210125")
    assert line(found, "requests")[1] == Decimal("24.6375")
    assert found.usd == Decimal("183.8690794125")


def test_provisioned_concurrency_is_paid_by_five_minutes() -> None:
    # 1.01 hours are 3,636 s, paid as 3,900; × 2 GB × 3 environments.
    ready = function(provisioned_concurrency=3, provisioned_hours="1.01")

    found = of(Design.BATCHED, load(requests=0), proxy=ready)

    assert line(found, "provisioned concurrency")[0] == 23_400


def test_a_provisioned_application_pays_less_for_its_waiting_and_no_init() -> None:
    # More is ready than ever runs: all of a million × 50 ms × 2 GB on it, and none cold.
    ready = of(Design.DIRECT, app=function(provisioned_concurrency=100))

    assert line(ready, "provisioned duration")[0] == pytest.approx(Decimal(100_000))
    assert part(ready, "application").usage.gb_seconds == pytest.approx(Decimal(0), abs=1)


def test_what_goes_over_the_internet_by_hand() -> None:
    found = of(Design.BATCHED, load(**TEN_GB), network="internet")

    # Ten million queries of 1,073.741824 bytes are 10 GB of 1024³, at 0.09. Answers are free.
    assert line(found, "internet egress") == (Decimal(10), Decimal("0.9"))
    assert found.usd == Decimal("4.5000078") + Decimal("0.9")


def test_what_goes_through_a_nat_gateway_by_hand() -> None:
    found = of(Design.BATCHED, load(**TEN_GB), network="nat")

    # 10 GB out and 50 back, at 0.045; 730 hours at 0.045; and what leaves is charged as well.
    assert line(found, "NAT gateway data") == (Decimal(60), Decimal("2.7"))
    assert line(found, "NAT gateway hours") == (Decimal(730), Decimal("32.85"))
    assert line(found, "internet egress")[1] == Decimal("0.9")
    assert found.usd == Decimal("4.5000078") + Decimal("36.45")


def test_the_free_egress_is_taken_off() -> None:
    tenfold = load(**TEN_GB, requests=11_000_000)

    # 110 GB less 100, at 0.09.
    assert line(
        of(Design.DIRECT, tenfold, network="internet", has_free_tier=True), "internet egress"
    )[1] == Decimal("0.9")


@pytest.mark.parametrize("design", Design)
def test_the_database_costs_the_same_to_reach_in_each_design(design: Design) -> None:
    found = of(design, load(**TEN_GB), network="nat")

    assert line(found, "NAT gateway hours")[0] == 730
    assert line(found, "internet egress")[0] == 10
    # Whoever holds the connections pays; the other only invokes.
    holder = "application" if design is Design.DIRECT else "proxy"
    assert [each.name for each in found.parts if each.usage.nat_hours] == [holder]


def test_in_the_same_network_no_data_is_charged() -> None:
    found = of(Design.BATCHED, load(**TEN_GB))

    assert [each.what for each in found.bill.lines] == ["requests", "duration"]


def test_a_month_without_requests_costs_nothing() -> None:
    for design in Design:
        found = of(design, load(requests=0))
        assert found.usd == 0
        assert found.connections.primary == 0


# --- connections and refusals -------------------------------------------------------------------


def test_connections_of_a_quiet_proxy_by_hand() -> None:
    # Less than one batch in a thousand moments meets another: one environment, and one that ended.
    assert of(Design.BATCHED, load(requests=1000)).connections == Connections(
        environments=1, ended=1, each_pool=5, primary=12, all_servers=16, ceiling=500 * 6
    )


def test_connections_of_a_driver_in_every_function_by_hand() -> None:
    # 1,000 a second of 52.5 ms, cold starts in the mean: 52.5 at once. In the half hour that one
    # lives 1.8 million come, of which about one finds 93 at work.
    busy = load(requests=730 * 3600 * 1000)

    assert of(Design.DIRECT, busy).connections == Connections(
        environments=93,
        ended=47,
        each_pool=5,
        primary=140 * 6,
        all_servers=140 * 8,
        ceiling=101_000,
    )


def test_one_query_at_a_time_opens_one_connection() -> None:
    assert of(Design.SINGLE).connections.each_pool == 1


def test_an_environment_opens_no_more_than_its_pool_and_no_more_than_it_uses() -> None:
    assert of(Design.BATCHED, load(queries=40), pool_size=8).connections.each_pool == 8
    assert of(Design.BATCHED, load(round_trips="1.5")).connections.each_pool == 2
    # A wave of a hundred in five batches: twenty each.
    large = load(queries=100, waves=1, response_bytes=230_000)
    assert of(Design.BATCHED, large, pool_size=50).connections.each_pool == 20
    assert of(Design.DIRECT, load(queries=400), app_pool_size=100).connections.each_pool == 100


def test_provisioned_environments_hold_connections_though_none_runs() -> None:
    ready = function(provisioned_concurrency=20)

    assert of(Design.BATCHED, load(requests=1000), proxy=ready).connections.environments == 20


def test_reserved_concurrency_bounds_the_proxys_environments() -> None:
    busy = load(requests=730 * 3600 * 1000)
    found = of(Design.BATCHED, busy, proxy=function(reserved_concurrency=10))

    assert found.connections.environments == 10
    assert found.connections.ceiling == 60
    assert part(found, "proxy").peak.throttled > 0.9
    assert any("refused (429)" in note for note in found.notes)


def test_what_is_reserved_for_the_proxy_is_taken_from_the_application() -> None:
    shared = setup(proxy=function(reserved_concurrency=30), account_concurrency=100)

    limits = {
        design: [each.peak.limit for each in estimate(load(), shared, PRICES, design).parts]
        for design in Design
    }

    assert limits == {Design.DIRECT: [100], Design.SINGLE: [70, 30], Design.BATCHED: [70, 30]}


def test_no_function_may_have_more_than_the_account() -> None:
    found = of(Design.BATCHED, proxy=function(reserved_concurrency=500), account_concurrency=100)

    assert [each.peak.limit for each in found.parts] == [0, 100]


def test_queries_of_a_wave_come_at_once_where_each_is_an_invocation() -> None:
    """Five at once for two environments: three of five are refused, though the load is small."""
    found = of(Design.SINGLE, load(requests=1000), proxy=function(reserved_concurrency=2))

    assert part(found, "proxy").peak.throttled == pytest.approx(0.6, abs=1e-3)


# --- what the reader is told --------------------------------------------------------------------


def test_every_figure_is_told_with_its_sum() -> None:
    found = of(Design.BATCHED)
    told = {each.name: each for each in found.figures}

    assert all(each.how and each.unit for each in found.figures)
    assert told["invocations of the proxy"].how == "1,000,000 requests × 2"
    assert told["GB-seconds of the proxy, on demand"].value == 72_000
    assert told["GB-seconds of the proxy, on demand"].how == (
        "invocations on demand × (16 ms + 0.01 cold × 200 ms of INIT) / 1000 × 2,048 MB / 1024"
    )
    assert told["GB-seconds of the application's waiting"].value == 112_000
    assert told["MongoDB connections at the primary, at the peak"].value == (
        found.connections.primary
    )


def test_provisioned_concurrency_is_told_where_there_is_some() -> None:
    ready = of(Design.BATCHED, proxy=function(provisioned_concurrency=1))
    name = "GB-seconds of the proxy, provisioned concurrency"

    assert name in [each.name for each in ready.figures]
    assert name not in [each.name for each in of(Design.BATCHED).figures]


def test_it_is_said_what_was_taken_for_granted() -> None:
    quiet = of(Design.BATCHED).notes

    assert quiet == (
        "Data between function and database: none charged (same network or peering, assumed)",
        "The load is taken as spread evenly over the day, with bursts of 1 times the mean",
        (
            "Every query is taken to last its mean. A wave waits for its slowest, and a batch is "
            "billed until then: the duration of a batch that was measured takes its place"
        ),
        "Not in the sum: the database itself, logs, what calls the application, tax",
    )


def test_it_is_said_when_the_functions_together_want_more_than_the_account_has() -> None:
    # 100 requests a second: 8.1 at once in the application and 3.6 in the proxy, each of which
    # would start more than all 15 within half an hour.
    busy = load(requests=730 * 3600 * 100)
    notes = of(Design.BATCHED, busy, proxy=function(), account_concurrency=15).notes

    assert any(
        "want 30 environments together; the account has 15 for all of its functions" in note
        for note in notes
    )
    assert not any("together" in note for note in of(Design.BATCHED, busy).notes)


# --- side by side -------------------------------------------------------------------------------


def test_a_comparison_shows_each_design_and_batching_at_each_memory() -> None:
    compared = compare(load(), setup(), PRICES)

    assert [each.label for each in compared] == [
        "driver in every function",
        "one query per invocation, 2,048 MB",
        "batched, 128 MB",
        "batched, 256 MB",
        "batched, 512 MB",
        "batched, 1,024 MB",
        "batched, 1,769 MB",
        "batched, 2,048 MB",
    ]
    assert COMPARED_MEMORY_MB == (128, 256, 512, 1024, 1769)


def test_the_setups_own_memory_is_shown_once() -> None:
    labels = [each.label for each in compare(load(), setup(), PRICES, memory_mb=[2048, 128])]

    assert labels[2:] == ["batched, 128 MB", "batched, 2,048 MB"]


def test_each_of_a_comparison_is_what_an_estimate_says() -> None:
    compared = compare(load(), setup(), PRICES, memory_mb=[512])
    smaller = setup(proxy=function(memory_mb=512, reserved_concurrency=500))

    assert [each.usd for each in compared] == [
        of(Design.DIRECT).usd,
        of(Design.SINGLE).usd,
        estimate(load(), smaller, PRICES).usd,
        of(Design.BATCHED).usd,
    ]


def test_a_measured_duration_holds_for_its_own_memory_alone() -> None:
    measured = setup(batch_ms=40, single_ms=30)

    assert with_proxy_memory(measured, Decimal(2048)) is measured
    other = with_proxy_memory(measured, Decimal(512))
    assert (other.batch_ms, other.single_ms) == (None, None)
    assert other.proxy.memory_mb == 512
    assert other.proxy.reserved_concurrency == 500


def test_an_estimate_is_of_the_batched_design_unless_told() -> None:
    assert estimate(load(), setup(), PRICES).design is Design.BATCHED


# --- what cannot be estimated -------------------------------------------------------------------


def test_an_unknown_region_is_refused_with_what_it_may_have_meant() -> None:
    with pytest.raises(PricesError, match=r"region 'us-east-2' .* did you mean us-east-1\?"):
        of(Design.BATCHED, region="us-east-2")


def test_an_architecture_without_prices_in_the_region_is_refused() -> None:
    with pytest.raises(PricesError, match="made-up-2 has no prices of arm64"):
        of(Design.BATCHED, region="made-up-2", proxy=function(architecture="arm64"))


def test_a_price_that_the_region_lacks_is_refused_where_it_is_needed() -> None:
    with pytest.raises(PricesError, match="internet egress: its price in made-up-1"):
        of(Design.BATCHED, region="made-up-1", network="internet")


def test_the_callers_decimal_context_changes_no_digit() -> None:
    some = load(requests=1_234_567, queries=7, waves=3)
    exact = of(Design.BATCHED, some).usd

    with localcontext(prec=4):
        found = of(Design.BATCHED, some)
        assert found.usd == exact
        assert found.invocations == 1_234_567 * 4


def test_the_defaults_alone_make_an_estimate() -> None:
    found = estimate(Load(requests=Decimal(3_000_000), queries=Decimal(8)), Setup(), PRICES)

    assert found.usd > 0
    assert replace(found.setup) == Setup()
