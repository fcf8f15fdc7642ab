"""AWS's examples of other days: the pricing page until 2020, its blogs, Lambda@Edge.

Each at the prices that its text prints, which are no longer in the packaged table.
"""

from decimal import Decimal

import pytest

from motorpool.costs.bill import bill, gb_seconds
from tests.costs.published.of_the_day import (
    CLASSIC,
    EDGE,
    FREE_TIER,
    US_EAST_1,
    billable,
    charges,
    used,
)

MILLION = 1_000_000


# --- the pricing page, 2014 to 2020 -------------------------------------------------------------


def test_three_million_seconds_of_512_mb_cost_18_74() -> None:
    # Lambda pricing page, example 1, 2015 to 2020.
    function = used(
        requests=3 * MILLION,
        gb_seconds=gb_seconds(invocations=3 * MILLION, duration_ms=1000, memory_mb=512),
    )

    cost = bill([function], CLASSIC, FREE_TIER)

    assert function.gb_seconds == 1_500_000
    assert billable(cost, "duration") == 1_100_000
    assert billable(cost, "requests") == 2 * MILLION
    assert charges(cost) == {"duration": "18.34", "requests": "0.40"}
    assert str(cost.usd_as_invoiced) == "18.74"


def test_thirty_million_short_calls_of_128_mb_cost_11_63() -> None:
    # Lambda pricing page, example 2, 2015 to 2020.
    function = used(
        requests=30 * MILLION,
        gb_seconds=gb_seconds(invocations=30 * MILLION, duration_ms=200, memory_mb=128),
    )

    cost = bill([function], CLASSIC, FREE_TIER)

    assert function.gb_seconds == 750_000
    assert billable(cost, "duration") == 350_000
    assert billable(cost, "requests") == 29 * MILLION
    assert charges(cost) == {"duration": "5.83", "requests": "5.80"}
    assert str(cost.usd_as_invoiced) == "11.63"


def test_functions_of_three_sizes_are_added_up_before_anything_is_free() -> None:
    # Not a text of AWS's: by hand, in the manner of the two above.
    functions = [
        used(
            f"{memory} MB",
            requests=invocations,
            gb_seconds=gb_seconds(invocations=invocations, duration_ms=ms, memory_mb=memory),
        )
        for memory, invocations, ms in (
            (128, 25 * MILLION, 200),
            (448, 5 * MILLION, 500),
            (1024, 2_500_000, 1000),
        )
    ]

    cost = bill(functions, CLASSIC, FREE_TIER)

    # 625,000 + 1,093,750 + 2,500,000 - 400,000 GB-s; 32.5 million requests less one million.
    assert billable(cost, "duration") == 3_818_750
    assert charges(cost) == {"duration": "63.66", "requests": "6.30"}
    assert str(cost.usd_as_invoiced) == "69.96"


# --- billing by milliseconds --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("billed_ms", "duration", "total"), [(100, "100.00", "112.00"), (28, "28.00", "40.00")]
)
def test_billing_by_milliseconds_takes_a_web_app_from_112_to_40(
    billed_ms: int, duration: str, total: str
) -> None:
    # AWS News Blog, "New for AWS Lambda - 1ms Billing Granularity Adds Cost Savings", 2020-12-01:
    # 100,000 users * 20 invocations * 30 days, 1 GB, 28 ms, which were billed as 100 until then;
    # "I am not considering the Lambda free tier".
    invocations = 100_000 * 20 * 30
    app = used(
        requests=invocations,
        gb_seconds=gb_seconds(invocations=invocations, duration_ms=billed_ms, memory_mb=1024),
    )

    cost = bill([app], US_EAST_1, None)

    assert invocations == 60 * MILLION
    assert charges(cost) == {"requests": "12.00", "duration": duration}
    assert str(cost.usd_as_invoiced) == total


# --- tiers --------------------------------------------------------------------------------------


def test_a_stock_analysis_of_nine_billion_gb_seconds_reaches_the_second_tier() -> None:
    # AWS Compute Blog, "Introducing tiered pricing for AWS Lambda", 2022-08-04: 75 million
    # invocations of 60 s and 2048 MB are 9 billion GB-seconds, of which those beyond 6 billion cost
    # 10% less. The blog's dollars are in no copy that was found: these are by hand.
    analysis = used(
        requests=75 * MILLION,
        gb_seconds=gb_seconds(invocations=75 * MILLION, duration_ms=60_000, memory_mb=2048),
    )

    cost = bill([analysis], US_EAST_1, None)

    assert analysis.gb_seconds == 9_000 * MILLION
    assert [(term.why, term.quantity) for term in cost.lines[1].terms] == [
        ("tier 1", Decimal(6_000_000_000)),
        ("tier 2", Decimal(3_000_000_000)),
    ]
    # 6e9 * 0.0000166667 and 3e9 * 0.000015; without the tiers it would be 150,000.30.
    assert charges(cost) == {"requests": "15.00", "duration": "145000.20"}


@pytest.mark.parametrize(
    ("architecture", "borders"), [("x86_64", (6, 15)), ("arm64", ("7.5", "18.75"))]
)
def test_the_tiers_save_10_and_20_per_cent(architecture: str, borders: tuple[str, str]) -> None:
    # The same blog's table, in billions of GB-seconds.
    most = used(architecture=architecture, gb_seconds=20_000 * MILLION)

    first, second, third = bill([most], US_EAST_1, None).lines[1].terms

    assert first.quantity == Decimal(borders[0]) * 1000 * MILLION
    assert first.quantity + second.quantity == Decimal(borders[1]) * 1000 * MILLION
    assert round(second.price / first.price, 4) == Decimal("0.9000")
    assert round(third.price / first.price, 4) == Decimal("0.8000")


# --- Lambda@Edge --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ms", "seconds", "duration", "total"),
    [(50, 500_000, "3.13", "9.13"), (10, 100_000, "0.63", "6.63")],
)
def test_lambda_at_the_edge_costs_9_13_and_later_6_63(
    ms: int, seconds: int, duration: str, total: str
) -> None:
    # Lambda pricing page, "Lambda@Edge Pricing": 50 ms in copies of about 2020, 10 ms in that of
    # mid-2026. Ten million times, 128 MB, nothing free.
    edge = used(
        requests=10 * MILLION,
        gb_seconds=gb_seconds(invocations=10 * MILLION, duration_ms=ms, memory_mb=128),
    )

    cost = bill([edge], EDGE, None)

    assert edge.gb_seconds * 8 == seconds
    assert charges(cost) == {"duration": duration, "requests": "6.00"}
    assert str(cost.usd_as_invoiced) == total


# --- a measurement of others --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("memory_mb", "seconds", "usd"),
    [
        (128, "11.722965", "0.024628"),
        (256, "6.678945", "0.028035"),
        (512, "3.194954", "0.026830"),
        (1024, "1.465984", "0.024638"),
    ],
)
def test_a_thousand_sieves_of_primes_cost_what_was_measured(
    memory_mb: int, seconds: str, usd: str
) -> None:
    # Not AWS's own: README of github.com/jconning/lambda-cpu-cost, 2017, "to calculate 1000 times
    # all prime numbers <=1000000", to a millionth of a dollar, requests included, nothing free.
    primes = used(
        requests=1000,
        gb_seconds=gb_seconds(
            invocations=1000, duration_ms=Decimal(seconds) * 1000, memory_mb=memory_mb
        ),
    )

    assert round(bill([primes], CLASSIC, None).usd, 6) == Decimal(usd)
