"""What AWS's price list says of Lambda in one region, as the prices of this room.

A pure reading of its items: what this room prices is read strictly, what it does not price (event
pollers, MicroVMs, managed instances …) is passed over. It asks nothing.

An item is a product with its terms (AWS Price List Query API, GetProducts). Its `usagetype` says
what is charged for, after a prefix for the region that us-east-1 alone has not, such as
`EU-Lambda-GB-Second`. How a unit is spelled differs by region.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from motorpool.costs.errors import RefreshError
from motorpool.costs.prices import ARCHITECTURES, Architecture, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal[
    "request",
    "duration",
    "provisioned_concurrency",
    "provisioned_duration",
    "ephemeral_storage",
    "response_stream_gb",
    "snapstart_cache_gb_second",
    "snapstart_restore_gb",
]

_PREFIX: Final = re.compile(r"^[A-Z]+[0-9]*-")
"""Of every region but us-east-1: EU-, APN1-, USE2-, UGW1-."""

_REQUESTS: Final = frozenset({"request", "requests"})
_GB_SECONDS: Final = frozenset(
    {"lambda-gb-second", "lambda-gb-seconds", "gb-second", "gb-seconds", "second", "seconds"}
)
_GB: Final = frozenset({"gb", "gigabytes", "processed-gigabytes"})


class _Usage(NamedTuple):
    kind: Kind
    architecture: Architecture
    units: frozenset[str]


_ON_BOTH: Final[Mapping[str, tuple[Kind, frozenset[str]]]] = {
    "Request": ("request", _REQUESTS),
    "Lambda-GB-Second": ("duration", _GB_SECONDS),
    "Lambda-Provisioned-Concurrency": ("provisioned_concurrency", _GB_SECONDS),
    "Lambda-Provisioned-GB-Second": ("provisioned_duration", _GB_SECONDS),
    "Lambda-Storage-GB-Second": ("ephemeral_storage", _GB_SECONDS),
    "Lambda-Streaming-Response-Processed-Bytes": ("response_stream_gb", _GB),
    "Lambda-SnapStart-Cached-GB-S": ("snapstart_cache_gb_second", _GB_SECONDS),
    "Lambda-SnapStart-Restored-GB": ("snapstart_restore_gb", _GB),
}
_SUFFIXES: Final[Mapping[Architecture, str]] = {"x86_64": "", "arm64": "-ARM"}
_USAGES: Final = {
    f"{name}{_SUFFIXES[architecture]}": _Usage(kind, architecture, units)
    for name, (kind, units) in _ON_BOTH.items()
    for architecture in ARCHITECTURES
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPrices:
    """A region's items, understood."""

    location: str
    """The region's name in words."""
    published: str
    """The day on which AWS published this list, `2026-09-19`, or ""."""
    tiers: Mapping[tuple[Kind, Architecture], tuple[Tier, ...]]

    def of(self, kind: Kind, architecture: Architecture) -> tuple[Tier, ...] | None:
        """What is listed of this kind, or None."""
        return self.tiers.get((kind, architecture))


def read_items(region: str, items: Iterable[str]) -> ListedPrices:
    """A region's items, each a JSON text. Raises RefreshError: what is not understood, and where.

    A price list that says two things of one usage is not understood.
    """
    tiers: dict[tuple[Kind, Architecture], tuple[Tier, ...]] = {}
    location = published = ""
    for text in items:
        item = _object(region, text)
        try:
            attributes = item["product"]["attributes"]
            usage_type = attributes["usagetype"]
            usage = _USAGES.get(_PREFIX.sub("", usage_type, count=1))
            if usage is None or attributes.get("regionCode") != region:
                continue
            found = _tiers(f"{region}: {usage_type}", item["terms"], usage)
        except (KeyError, TypeError, AttributeError) as error:
            raise odd(region, f"an item lacks what it should have ({error})") from None
        key = usage.kind, usage.architecture
        if tiers.setdefault(key, found) != found:
            raise odd(f"{region}: {usage_type}", "two different prices for one usage")
        location = attributes.get("location") or location
        published = str(item.get("publicationDate", ""))[:10] or published
    return ListedPrices(location=location, published=published, tiers=tiers)


def _object(region: str, text: str) -> dict[str, Any]:
    try:
        item = json.loads(text)
    except (TypeError, ValueError):
        item = None
    if not isinstance(item, dict):
        raise odd(region, "an item is no JSON object")
    return item


def _tiers(where: str, terms: Any, usage: _Usage) -> tuple[Tier, ...]:
    """The tiers of the one on-demand offer of a product: from 0 on, without a gap, without end."""
    offers = list(terms["OnDemand"].values())
    if len(offers) != 1:
        raise odd(where, f"{len(offers)} on-demand offers, where one is expected")
    rows = [_row(where, each, usage) for each in offers[0]["priceDimensions"].values()]
    if not rows:
        raise odd(where, "an on-demand offer without a price")
    tiers = []
    below: Decimal | None = Decimal(0)
    for begin, end, price in sorted(rows, key=lambda row: row[0]):
        if begin != below:
            raise odd(
                where, f"a tier begins at {begin:f}, and the one before it does not end there"
            )
        tiers.append(Tier(up_to=end, price=price))
        below = end
    if below is not None:
        raise odd(where, f"the last tier ends, at {below:f}")
    return tuple(tiers)


def _row(where: str, row: Any, usage: _Usage) -> tuple[Decimal, Decimal | None, Decimal]:
    """Begin, end and price of a tier."""
    if row["unit"].lower() not in usage.units:
        raise odd(where, f"its unit is {row['unit']!r}")
    if "USD" not in row["pricePerUnit"]:
        raise odd(where, f"its price is in {', '.join(row['pricePerUnit'])}, not in US dollars")
    price = _number(where, row["pricePerUnit"]["USD"])
    if not price:
        raise odd(where, "its price is 0")  # what is free is not in a region's items
    end = row["endRange"]
    return _number(where, row["beginRange"]), None if end == "Inf" else _number(where, end), price


def _number(where: str, text: Any) -> Decimal:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,30}(\.[0-9]{1,30})?", text):
        raise odd(where, f"{text!r} is no number")
    number = Decimal(text)
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()


def odd(where: str, what: str) -> RefreshError:
    """The error of a price list that says what this room does not expect."""
    return RefreshError(
        f"AWS's price list is not understood, and nothing was changed: {where}: {what}"
    )
