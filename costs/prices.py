"""What AWS asks, by region: the shape of the price table, and how a price is found in it.

Holds no price: they stand in `prices.json`, dated and with their sources, and `price_file.py` reads
them. All money is US dollars as `Decimal`, before tax.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from motorpool.costs.errors import InputError, PricesError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

Architecture = Literal["x86_64", "arm64"]
ARCHITECTURES: Final[tuple[Architecture, ...]] = ("x86_64", "arm64")
"""As Lambda's API names them."""


def require_architecture(name: str) -> None:
    """Raise InputError for what is none of the ARCHITECTURES."""
    if name not in ARCHITECTURES:
        raise InputError("architecture", f"must be {' or '.join(ARCHITECTURES)}, and is {name!r}")


STALE_DAYS: Final = 365
"""Older than this, a table is said to be out of date: AWS changes how Lambda is billed about once
in two years (2014, 2019, 2020, 2022, 2025)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """A price up to a border: `up_to` units a month (None: without end), `price` dollars a unit."""

    up_to: Decimal | None
    price: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchitecturePrices:
    """What a GB-second costs on one architecture, in dollars. None: the table does not know it."""

    duration: tuple[Tier, ...]
    """Of on-demand duration, by GB-seconds a month over all functions of the account there."""
    provisioned_concurrency: Decimal | None = None
    """Of provisioned concurrency as configured, used or not."""
    provisioned_duration: Decimal | None = None
    """Of invocations that run on it."""
    ephemeral_storage: Decimal | None = None
    """Of /tmp above 512 MB."""
    borders: str = ""
    """How the tiers' borders are known: confirmed, inferred or assumed."""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionPrices:
    """The prices of one region, in dollars. None: the table does not know it."""

    region: str
    name: str
    request: Decimal
    """Of one request."""
    architectures: Mapping[Architecture, ArchitecturePrices]
    response_stream_gb: Decimal | None = None
    """Of a GB streamed beyond what is free."""
    snapstart_cache_gb_second: Decimal | None = None
    """Python's SnapStart, of a GB of memory kept for a second."""
    snapstart_restore_gb: Decimal | None = None
    """Python's SnapStart, of a GB restored."""
    internet_egress: tuple[Tier, ...] = ()
    """Of a GB that leaves AWS for the internet, by GB a month."""
    nat_gateway_hour: Decimal | None = None
    nat_gateway_gb: Decimal | None = None
    logs: tuple[Tier, ...] = ()
    """Of a GB that Lambda writes to CloudWatch Logs, by GB a month."""
    as_of: date | None = None
    """The day for which Lambda's own prices hold here; None: the table's."""
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ids of the sources by what they are of: `request`, `provisioned`, `ephemeral_storage`,
    `response_stream`, `snapstart`, `internet_egress`, `nat_gateway`, `logs`. Those of the duration
    stand with each architecture."""

    def on(self, architecture: Architecture) -> ArchitecturePrices:
        """The prices on an architecture. Raises PricesError where the table has none."""
        found = self.architectures.get(architecture)
        if found is None:
            raise PricesError(f"{self.region} has no prices of {architecture} in this price table")
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class FreeTier:
    """What each account has free every month, over all regions and architectures together."""

    requests: Decimal
    gb_seconds: Decimal
    """Of on-demand duration; never of provisioned concurrency and what runs on it."""
    response_stream_gb: Decimal
    egress_gb: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where prices were read: `id` is what `ArchitecturePrices.sources` names."""

    id: str
    what: str
    where: str
    date: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """A published figure that is no price, in its unit, with the ids of its sources."""

    value: Decimal
    unit: str
    what: str
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How AWS bills and what it allows, and how many connections MongoDB Atlas takes."""

    billing: Mapping[str, Fact]
    quotas: Mapping[str, Fact]
    atlas_connections: Mapping[str, Fact]
    """By tier, such as `M10`, on each node of a cluster."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceTable:
    """All prices of one date."""

    as_of: date
    """The day for which the table as a whole holds."""
    confirmed: str
    """Which prices were read again since, and when; "" if none."""
    origin: str
    """The file it was read from, or AWS's price list."""
    free_tier: FreeTier
    regions: Mapping[str, RegionPrices]
    sources: tuple[Source, ...] = field(default=())
    others_as_of: date | None = None
    """The day for which what is not Lambda's own holds (free tier, internet egress, NAT gateways,
    logs); None: the table's."""

    def region(self, name: str) -> RegionPrices:
        """The prices of a region by its code, such as `eu-west-1`. Raises PricesError."""
        found = self.regions.get(name)
        if found is not None:
            return found
        near = difflib.get_close_matches(name, self.regions, n=3, cutoff=0.7)
        like = f"did you mean {' or '.join(near)}? " if near else ""
        raise PricesError(
            f"region {name!r} is not in the price table of {self.as_of} ({self.origin}): {like}"
            f"It has {len(self.regions)} regions; `motorpool cost prices` lists them, "
            "`motorpool cost prices --refresh` asks AWS, and --prices takes a file"
        )

    def day(self, region: str) -> date:
        """The day for which Lambda's own prices in a region hold. Raises PricesError."""
        return self.region(region).as_of or self.as_of

    def age_note(self, today: date, region: str | None = None) -> str | None:
        """A sentence for the reader of a report if prices are out of date, else None.

        Of the table as a whole or, with `region`, of Lambda's own prices there.
        """
        as_of = self.as_of if region is None else self.day(region)
        days = (today - as_of).days
        if days <= STALE_DAYS:
            return None
        again = f" ({self.confirmed})" if self.confirmed else ""
        return (
            f"The prices are of {as_of}, {days} days ago{again}: "
            "`motorpool cost prices --refresh` asks AWS for today's"
        )
