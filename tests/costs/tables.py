"""A small price table for tests: us-east-1's figures of 2026, and two regions that lack prices.

Never read from the packaged file, so that a refreshed table changes no expected value here.
"""

from datetime import date
from decimal import Decimal

from motorpool.costs.prices import ArchitecturePrices, FreeTier, PriceTable, RegionPrices, Tier


def millionths(usd: str) -> Decimal:
    """A price that AWS tells by the million."""
    return Decimal(usd) / 1_000_000


X86 = ArchitecturePrices(
    duration=(
        Tier(up_to=Decimal(6_000_000_000), price=millionths("16.6667")),
        Tier(up_to=Decimal(15_000_000_000), price=millionths("15")),
        Tier(up_to=None, price=millionths("13.3334")),
    ),
    provisioned_concurrency=millionths("4.1667"),
    provisioned_duration=millionths("9.7222"),
    ephemeral_storage=millionths("0.0309"),
)

ARM64 = ArchitecturePrices(
    duration=(
        Tier(up_to=Decimal(7_500_000_000), price=millionths("13.3334")),
        Tier(up_to=Decimal(18_750_000_000), price=millionths("12.0001")),
        Tier(up_to=None, price=millionths("10.6667")),
    ),
    provisioned_concurrency=millionths("3.3334"),
    provisioned_duration=millionths("7.7778"),
    ephemeral_storage=millionths("0.0309"),
)

EGRESS = (
    Tier(up_to=Decimal(10_240), price=Decimal("0.09")),
    Tier(up_to=Decimal(51_200), price=Decimal("0.085")),
    Tier(up_to=Decimal(153_600), price=Decimal("0.07")),
    Tier(up_to=None, price=Decimal("0.05")),
)

US_EAST_1 = RegionPrices(
    region="us-east-1",
    name="US East (N. Virginia)",
    request=millionths("0.20"),
    architectures={"x86_64": X86, "arm64": ARM64},
    response_stream_gb=Decimal("0.008"),
    snapstart_cache_gb_second=millionths("1.5046"),
    snapstart_restore_gb=Decimal("0.0001397998"),
    internet_egress=EGRESS,
    nat_gateway_hour=Decimal("0.045"),
    nat_gateway_gb=Decimal("0.045"),
)

DEARER = RegionPrices(
    region="made-up-1",
    name="A region of no provider, with one tier and with round prices",
    request=millionths("0.30"),
    architectures={
        "x86_64": ArchitecturePrices(duration=(Tier(up_to=None, price=millionths("20")),)),
        "arm64": ArchitecturePrices(duration=(Tier(up_to=None, price=millionths("10")),)),
    },
)
"""Knows duration and requests, and nothing else."""

ONLY_X86 = RegionPrices(
    region="made-up-2",
    name="A region without arm64",
    request=millionths("0.20"),
    architectures={"x86_64": X86},
)

FREE_TIER = FreeTier(
    requests=Decimal(1_000_000),
    gb_seconds=Decimal(400_000),
    response_stream_gb=Decimal(100),
    egress_gb=Decimal(100),
)

PRICES = PriceTable(
    as_of=date(2026, 9, 19),
    confirmed="",
    origin="tests/costs/tables.py",
    free_tier=FREE_TIER,
    regions={each.region: each for each in (US_EAST_1, DEARER, ONLY_X86)},
)
