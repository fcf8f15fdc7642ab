"""A small price table of two regions, for tests that are about reports and not about prices."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from motorpool.costs.price_file import write_prices
from motorpool.costs.prices import (
    FreeTier,
    PriceTable,
    RegionPrices,
    Source,
    Tier,
)
from tests.costs import tables

AS_OF = date(2026, 9, 19)


def tiers(*pairs: tuple[str | None, str]) -> tuple[Tier, ...]:
    return tuple(
        Tier(up_to=None if border is None else Decimal(border), price=Decimal(price))
        for border, price in pairs
    )


X86 = replace(tables.X86, borders="confirmed", sources=("list",))
ARM = replace(tables.ARM64, borders="confirmed", sources=("list",))
TABLE = PriceTable(
    as_of=AS_OF,
    confirmed="",
    origin="the test's table",
    free_tier=FreeTier(
        requests=Decimal(1_000_000),
        gb_seconds=Decimal(400_000),
        response_stream_gb=Decimal(100),
        egress_gb=Decimal(100),
    ),
    regions={
        name: RegionPrices(
            region=name,
            name=place,
            request=Decimal(request),
            architectures={"x86_64": X86, "arm64": ARM},
            response_stream_gb=Decimal("0.008"),
            internet_egress=tiers(("10240", "0.09"), (None, "0.05")),
            nat_gateway_hour=Decimal("0.045"),
            nat_gateway_gb=Decimal("0.045"),
            sources={"request": ("list",), "provisioned": ("list", "page")},
        )
        for name, place, request in (
            ("us-east-1", "US East (N. Virginia)", "0.0000002"),
            ("eu-west-1", "Europe (Ireland)", "0.0000003"),
        )
    },
    sources=(
        Source(id="list", what="AWS price list", where="the Price List API", date="2026-09-19"),
        Source(id="page", what="Lambda's pricing page", where="its text", date="2026-08-01"),
        Source(id="unused", what="what nothing uses", where="nowhere", date="2020-01-01"),
    ),
)


def write_table(folder: Path) -> str:
    """The path of the table as a file."""
    path = folder / "prices.json"
    write_prices(TABLE, path)
    return str(path)
