"""What an account says of itself: the free tier that others of it use, and prices of another day.

A pure change of a price table and of a free tier, which says in the report that it was made. Reads
no price from anywhere but the command line.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.command import options
from motorpool.costs.command.amounts import plain
from motorpool.costs.errors import InputError
from motorpool.costs.numbers import decimal
from motorpool.costs.prices import Source, Tier

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from motorpool.costs.command.document import Document
    from motorpool.costs.prices import FreeTier, PriceTable, RegionPrices

GIVEN: Final = Source(
    id="given", what="price given with --price", where="the command line", date="not said"
)

_FREE_KEYS: Final = {
    "requests": "requests",
    "gb-seconds": "gb_seconds",
    "streamed-gb": "response_stream_gb",
    "egress-gb": "egress_gb",
}
"""What of the free tier others may use: as it is written, and its field."""
_ON_ARCHITECTURE: Final = ("provisioned_concurrency", "provisioned_duration", "ephemeral_storage")
_SOURCES: Final = {
    "request": "request",
    "provisioned_concurrency": "provisioned",
    "provisioned_duration": "provisioned",
    "ephemeral_storage": "ephemeral_storage",
    "response_stream_gb": "response_stream",
    "snapstart_cache_gb_second": "snapstart",
    "snapstart_restore_gb": "snapstart",
    "nat_gateway_hour": "nat_gateway",
    "nat_gateway_gb": "nat_gateway",
}
"""Prices that may be given beside the duration's, and what their sources are kept under."""
_PRICE_KEYS: Final = {name.replace("_", "-"): name for name in ("duration", *_SOURCES)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the options said of the account."""

    has_free_tier: bool = True
    free_used: Mapping[str, Decimal] = field(default_factory=dict)
    """Of the free tier, by others, by `FreeTier`'s fields."""
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    """Dollars a unit, by the fields of `RegionPrices` and `ArchitecturePrices`."""


def add_options(group: argparse._ActionsContainer) -> None:
    """Declare the options that say what holds for this account."""
    group.add_argument(
        "--free-used",
        metavar="KEY=N,KEY=N",
        help="what other functions of the account use of the free tier in the month: "
        f"{', '.join(_FREE_KEYS)}",
    )
    group.add_argument(
        "--price",
        metavar="KEY=USD,KEY=USD",
        help="prices to use instead, such as those of another day, at every quantity: "
        f"{', '.join(_PRICE_KEYS)}; USD a request, GB-second, GB or hour",
    )


def asked_of(args: argparse.Namespace) -> Asked:
    """What was given. Raises InputError in terms of the options."""
    asked = Asked(
        has_free_tier=not args.no_free_tier,
        free_used=_decimals("--free-used", args.free_used, _FREE_KEYS),
        prices=_decimals("--price", args.price, _PRICE_KEYS),
    )
    if asked.free_used and not asked.has_free_tier:
        raise InputError(
            "--free-used", "must be left out beside --no-free-tier, by which all of it is used"
        )
    return asked


def pairs(option: str, text: str, keys: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The pairs of `key=value,key=value`, by what the keys stand for. Raises InputError."""
    seen = set()
    for pair in text.split(","):
        key, equals, value = (part.strip() for part in pair.partition("="))
        name = keys.get(key)
        if not equals or not value or name is None:
            raise InputError(
                option,
                f"must be of KEY=VALUE, apart by commas, with the keys {', '.join(keys)}; "
                f"it has {pair.strip()!r}",
            )
        if name in seen:
            raise InputError(option, f"must have each key once, and has {key} twice")
        seen.add(name)
        yield name, value


def left_of(free: FreeTier, asked: Asked) -> FreeTier | None:
    """What others leave of the free tier; None where there is none to begin with."""
    if not asked.has_free_tier:
        return None
    used = {name: min(amount, getattr(free, name)) for name, amount in asked.free_used.items()}
    return replace(free, **{name: getattr(free, name) - amount for name, amount in used.items()})


def with_prices(prices: PriceTable, region: str, given: Mapping[str, Decimal]) -> PriceTable:
    """The table with these prices in a region instead: on both architectures, without tiers."""
    changed = _with_prices(prices.region(region), given)
    return replace(
        prices,
        regions={**prices.regions, region: changed},
        sources=(*prices.sources, GIVEN),
    )


def told(document: Document, asked: Asked) -> Document:
    """The report with what was asked of the account in its notes and its data."""
    return replace(
        document,
        notes=(
            *document.notes,
            *_told("Prices given instead, in USD at every quantity", asked.prices),
            *_told("Of the free tier others use", asked.free_used),
        ),
        data={
            **document.data,
            "prices_given": dict(asked.prices),
            "free_tier_used": dict(asked.free_used),
        },
    )


def _decimals(option: str, text: str | None, keys: Mapping[str, str]) -> dict[str, Decimal]:
    """The numbers of `key=value,key=value`; none where the option is not given."""
    if text is None:
        return {}
    spelled = {name: f"{option}: {key}" for key, name in keys.items()}
    return {
        name: decimal(spelled[name], options.number(spelled[name], value))
        for name, value in pairs(option, text, keys)
    }


def _with_prices(region: RegionPrices, given: Mapping[str, Decimal]) -> RegionPrices:
    on_both: dict[str, Any] = {name: given[name] for name in _ON_ARCHITECTURE if name in given}
    if "duration" in given:
        tiers = (Tier(up_to=None, price=given["duration"]),)
        on_both |= {"duration": tiers, "borders": "", "sources": (GIVEN.id,)}
    of_region: dict[str, Any] = {
        name: given[name] for name in _SOURCES if name in given and name not in _ON_ARCHITECTURE
    }
    return replace(
        region,
        architectures={
            name: replace(each, **on_both) for name, each in region.architectures.items()
        },
        sources=_sources(region, given),
        **of_region,
    )


def _sources(region: RegionPrices, given: Mapping[str, Decimal]) -> dict[str, tuple[str, ...]]:
    """What is given is a source; beside the others' where prices share theirs and not all are."""
    sources = dict(region.sources)
    for key in {_SOURCES[name] for name in given if name in _SOURCES}:
        sharing = {name for name, of in _SOURCES.items() if of == key}
        others = () if sharing <= given.keys() else region.sources.get(key, ())
        sources[key] = (GIVEN.id, *others)
    return sources


def _told(what: str, amounts: Mapping[str, Decimal]) -> Iterator[str]:
    if amounts:
        each = (f"{name.replace('_', ' ')} {plain(amount)}" for name, amount in amounts.items())
        yield f"{what}: {', '.join(each)}"
