"""The examples of AWS's Lambda pricing page of mid-2026, at the packaged prices.

From a copy of aws.amazon.com/lambda/pricing/ made after MicroVMs were added. Of what is not
Lambda's own bill (event pollers, tenants, durable operations, EC2) only Lambda's lines are checked.
"""

from decimal import Decimal

from motorpool.costs.bill import bill, gb_seconds
from tests.costs.published.of_the_day import (
    FREE_TIER,
    STREAMING_USED_UP,
    US_EAST_1,
    billable,
    charges,
    used,
)

MILLION = 1_000_000
TELEMETRY = 10_000 * 24 * 31
"""Messages: "the vehicles will emit 10,000 * 24 * 31 = 7,440,000"."""


# --- on demand ----------------------------------------------------------------------------------


def test_a_mobile_application_backend_costs_2_73() -> None:
    # "Lambda Ephemeral Storage Pricing", example 1; the same since 2022.
    backend = used(
        requests=3 * MILLION,
        gb_seconds=gb_seconds(invocations=3 * MILLION, duration_ms=120, memory_mb=1536),
    )

    cost = bill([backend], US_EAST_1, FREE_TIER)

    assert backend.gb_seconds == 540_000
    assert billable(cost, "duration") == 140_000
    assert billable(cost, "requests") == 2 * MILLION
    assert charges(cost) == {"duration": "2.33", "requests": "0.40"}
    assert str(cost.usd_as_invoiced) == "2.73"


def test_enriching_telemetry_costs_249_49() -> None:
    # Example 2, which leaves the free tier out. It prints "14.88M seconds = 14.88 GB-s": a slip.
    vehicles = used(
        requests=TELEMETRY,
        gb_seconds=gb_seconds(invocations=TELEMETRY, duration_ms=2000, memory_mb=1024),
    )

    cost = bill([vehicles], US_EAST_1, None)

    assert vehicles.requests == 7_440_000
    assert vehicles.gb_seconds == 14_880_000
    assert cost.lines[0].usd == Decimal("1.488")
    assert charges(cost) == {"requests": "1.49", "duration": "248.00"}
    assert str(cost.usd_as_invoiced) == "249.49"


def test_learning_from_support_tickets_with_2_gb_of_storage_costs_106_41() -> None:
    # Example 3: 2048 MB of /tmp, of which 512 are free.
    seconds = 6 * MILLION * 280 // 1000
    tickets = used(
        requests=6 * MILLION,
        gb_seconds=gb_seconds(invocations=6 * MILLION, duration_ms=280, memory_mb=4096),
        ephemeral_gb_seconds=seconds * Decimal(2048 - 512) / 1024,
    )

    cost = bill([tickets], US_EAST_1, FREE_TIER)

    assert seconds == 1_680_000
    assert tickets.gb_seconds == 6_720_000
    assert billable(cost, "duration") == 6_320_000
    assert tickets.ephemeral_gb_seconds == 2_520_000
    assert charges(cost) == {"duration": "105.33", "requests": "1.00", "ephemeral storage": "0.08"}
    assert str(cost.usd_as_invoiced) == "106.41"


# --- provisioned concurrency --------------------------------------------------------------------


def test_an_app_launch_with_provisioned_concurrency_for_eight_hours_costs_19_96() -> None:
    # "Provisioned Concurrency Pricing", example 1; the same since 2020. It takes the free million
    # off all three million requests: the same as off the 2.5 million on demand.
    launch = used(
        requests=2.5 * MILLION,
        provisioned_requests=0.5 * MILLION,
        gb_seconds=gb_seconds(invocations=2.5 * MILLION, duration_ms=120, memory_mb=1536),
        provisioned_gb_seconds=100 * Decimal("1.5") * 8 * 3600,
        provisioned_duration_gb_seconds=gb_seconds(
            invocations=0.5 * MILLION, duration_ms=100, memory_mb=1536
        ),
    )

    cost = bill([launch], US_EAST_1, FREE_TIER)

    assert launch.provisioned_gb_seconds == 4_320_000
    assert launch.provisioned_duration_gb_seconds == 75_000
    assert launch.gb_seconds == 450_000
    assert billable(cost, "duration") == 50_000
    assert billable(cost, "requests") == 2 * MILLION
    assert charges(cost) == {
        "provisioned concurrency": "18.00",
        "requests": "0.40",
        "provisioned duration": "0.73",
        "duration": "0.83",
    }
    assert str(cost.usd_as_invoiced) == "19.96"


def test_cyber_monday_on_provisioned_concurrency_alone_costs_32_26() -> None:
    # Example 2. "The Lambda free tier does not apply to functions enabling Provisioned
    # Concurrency": so all two million requests are charged, free tier or not.
    monday = used(
        provisioned_requests=2 * MILLION,
        provisioned_gb_seconds=7 * Decimal(4) * 24 * 3600,
        provisioned_duration_gb_seconds=gb_seconds(
            invocations=2 * MILLION, duration_ms=280, memory_mb=4096
        ),
    )

    cost = bill([monday], US_EAST_1, FREE_TIER)

    assert monday.provisioned_gb_seconds == 2_419_200
    assert monday.provisioned_duration_gb_seconds == 2_240_000
    assert billable(cost, "requests") == 2 * MILLION
    assert charges(cost) == {
        "provisioned concurrency": "10.08",
        "provisioned duration": "21.78",
        "requests": "0.40",
        "duration": "0.00",
    }
    assert str(cost.usd_as_invoiced) == "32.26"
    assert cost.usd == bill([monday], US_EAST_1, None).usd


def test_requests_on_provisioned_concurrency_leave_the_free_ones_to_other_functions() -> None:
    ready = used("ready", provisioned_requests=2 * MILLION)
    other = used("other", requests=1.5 * MILLION)

    cost = bill([ready, other], US_EAST_1, FREE_TIER)

    # 3.5 million, of which one million of the other's are free.
    assert cost.lines[0].quantity == 3.5 * MILLION
    assert charges(cost)["requests"] == "0.50"


def test_no_more_requests_are_free_than_ran_on_demand() -> None:
    mixed = used(requests=300_000, provisioned_requests=MILLION)

    assert billable(bill([mixed], US_EAST_1, FREE_TIER), "requests") == MILLION


# --- SnapStart and streaming --------------------------------------------------------------------


def test_telemetry_with_snapstart_costs_263_92() -> None:
    # "SnapStart Pricing", since November 2024; it leaves the free tier out.
    vehicles = used(
        requests=TELEMETRY,
        gb_seconds=gb_seconds(invocations=TELEMETRY, duration_ms=2000, memory_mb=1024),
        snapstart_cache_gb_seconds=24 * 31 * 3600,
        snapstart_restored_gb=TELEMETRY // 100,
    )

    cost = bill([vehicles], US_EAST_1, None)

    assert vehicles.snapstart_cache_gb_seconds == 2_678_400
    assert vehicles.snapstart_restored_gb == 74_400
    assert charges(cost) == {
        "requests": "1.49",
        "duration": "248.00",
        "SnapStart cache": "4.03",
        "SnapStart restore": "10.40",  # printed as $10.4
    }
    assert str(cost.usd_as_invoiced) == "263.92"


def test_streaming_rendered_pages_costs_39_04() -> None:
    # "Lambda HTTP Response Stream Pricing", since April 2023: "you have exhausted the 100 GB".
    # Two million responses of 100 KB are free, and 6 MB of each of a million of 7 MB.
    pages = used(
        requests=3 * MILLION,
        gb_seconds=gb_seconds(invocations=3 * MILLION, duration_ms=500, memory_mb=1536),
        streamed_gb=Decimal(MILLION) * (7 - 6) / 1024,
    )

    cost = bill([pages], US_EAST_1, STREAMING_USED_UP)

    assert pages.gb_seconds == 2_250_000
    assert billable(cost, "duration") == 1_850_000
    assert round(billable(cost, "response streaming"), 2) == Decimal("976.56")
    assert charges(cost) == {
        "duration": "30.83",
        "requests": "0.40",
        "response streaming": "7.81",
    }
    assert str(cost.usd_as_invoiced) == "39.04"


# --- Lambda's lines of examples that are about something else ------------------------------------


def test_lambdas_lines_beside_a_kafka_poller() -> None:
    # "Provisioned Mode for Event Source Mapping", example 1: the free GB-seconds are taken off, the
    # free requests are not. "1M invocations per day" for 30 days are 30 million requests; AWS
    # charges for 60 million, which is the number of seconds, and prints 993.3, without its cents.
    invocations = 30 * MILLION
    messages = used(
        gb_seconds=gb_seconds(invocations=invocations, duration_ms=2000, memory_mb=1024)
    )

    cost = bill([messages], US_EAST_1, FREE_TIER)

    assert messages.gb_seconds == 60_000_000
    assert billable(cost, "duration") == 59_600_000
    assert charges(cost)["duration"] == "993.34"
    assert round(cost.usd, 1) == Decimal("993.3")
    assert charges(bill([used(requests=60 * MILLION)], US_EAST_1, None))["requests"] == "12.00"
    assert charges(bill([used(requests=invocations)], US_EAST_1, None))["requests"] == "6.00"


def test_lambdas_lines_beside_an_sqs_poller_cost_506() -> None:
    # Example 2: $500 + $6 + $74 of pollers = $580, without the free tier.
    events = used(
        requests=30 * MILLION,
        gb_seconds=gb_seconds(invocations=30 * MILLION, duration_ms=1000, memory_mb=1024),
    )

    cost = bill([events], US_EAST_1, None)

    assert events.gb_seconds == 30_000_000
    assert charges(cost) == {"duration": "500.00", "requests": "6.00"}
    assert cost.usd_as_invoiced + 74 == 580


def test_lambdas_lines_beside_ten_kafka_pollers_cost_1060() -> None:
    # Example 3: $1,000 + $60 + $133.2 of pollers = $1,193.2. It names the free tier and leaves it
    # out.
    topics = [
        used(
            f"topic {number}",
            requests=30 * MILLION,
            gb_seconds=gb_seconds(invocations=30 * MILLION, duration_ms=200, memory_mb=1024),
        )
        for number in range(10)
    ]

    cost = bill(topics, US_EAST_1, None)

    assert cost.lines[0].quantity == 300 * MILLION
    assert billable(cost, "duration") == 60_000_000
    assert charges(cost) == {"duration": "1000.00", "requests": "60.00"}
    assert cost.usd_as_invoiced + Decimal("133.20") == Decimal("1193.20")


def test_lambdas_lines_of_durable_claims_on_arm_cost_421_54() -> None:
    # "Lambda Durable Functions Pricing": a million claims of 32 seconds in two invocations each;
    # $421.34 + $0.20, and $68.92 of durable operations, are $490.46.
    claims = used(
        architecture="arm64",
        requests=2 * MILLION,
        gb_seconds=gb_seconds(invocations=MILLION, duration_ms=32_000, memory_mb=1024),
    )

    cost = bill([claims], US_EAST_1, FREE_TIER)

    assert claims.gb_seconds == 32_000_000
    assert billable(cost, "duration") == 31_600_000
    assert charges(cost) == {"duration": "421.34", "requests": "0.20"}
    assert cost.usd_as_invoiced + Decimal("68.92") == Decimal("490.46")


def test_lambdas_lines_of_isolated_tenants_where_aws_slips_by_a_cent() -> None:
    # "Tenant Isolation Pricing": 20M * $0.0000166667 is 333.334, which AWS prints as $333.34, and
    # so its total is 368.74 with $33.4 for tenants. It leaves the free tier out.
    tenants = used(
        requests=10 * MILLION,
        gb_seconds=gb_seconds(invocations=10 * MILLION, duration_ms=2000, memory_mb=1024),
    )

    cost = bill([tenants], US_EAST_1, None)

    assert tenants.gb_seconds == 20_000_000
    assert cost.lines[1].usd == Decimal("333.334")
    assert charges(cost) == {"requests": "2.00", "duration": "333.33"}
    assert cost.usd_as_invoiced + Decimal("33.40") == Decimal("368.74") - Decimal("0.01")


def test_the_requests_of_managed_instances_cost_20() -> None:
    # "Lambda Managed Instances": 100M / 1M * $0.20; what runs on them has no duration charge.
    cost = bill([used(requests=100 * MILLION)], US_EAST_1, None)

    assert charges(cost) == {"requests": "20.00", "duration": "0.00"}
