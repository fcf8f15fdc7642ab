"""A price table as a report: what each region asks for, of which day, by which source.

Formats and computes nothing but units: prices of a GB-second are shown by the million. What the
table does not know is called so, and is never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.command.amounts import count, plain
from motorpool.costs.command.columns import numbers, words
from motorpool.costs.command.document import Document, Table
from motorpool.costs.command.explain import sources_table
from motorpool.costs.prices import ARCHITECTURES, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date
    from decimal import Decimal

    from motorpool.costs.prices import PriceTable, RegionPrices

Records = list[dict[str, Any]]
_Ids = tuple[str, ...]

UNKNOWN: Final = "not known"
_MILLION: Final = 1_000_000
_GB: Final = "GB"
_GB_SECOND: Final = "GB-second"


def prices_document(
    table: PriceTable, names: Sequence[str], *, today: date, done: Iterable[str] = ()
) -> Document:
    """The report of these regions, or of all if none is named.

    `done`: what happened before, in sentences. Raises PricesError for a region that the table has
    not.
    """
    chosen = [table.region(name) for name in dict.fromkeys(names)] or list(table.regions.values())
    figures = [each for region in chosen for each in figure_records(region)]
    sources = _sources(table, chosen)
    return Document(
        title=f"Prices of AWS Lambda in {_of(chosen)}",
        lead=(*done, *_lead(table, chosen)),
        tables=(
            _lambda_table(table, chosen),
            _around_table(chosen),
            *((_figures_table(figures), _free_table(table)) if names else ()),
            sources_table(sources),
        ),
        notes=tuple(_notes(table, names, today)),
        data={
            "report": "prices",
            "as_of": table.as_of,
            "others_as_of": table.others_as_of or table.as_of,
            "confirmed": table.confirmed,
            "origin": table.origin,
            "prices": _lambda_records(table, chosen),
            "figures": figures,
            "free": [_free(table)],
            "sources": sources,
        },
    )


def _of(regions: Sequence[RegionPrices]) -> str:
    if len(regions) == 1:
        return f"{regions[0].region} ({regions[0].name})"
    return f"{len(regions)} regions"


def _lead(table: PriceTable, regions: Sequence[RegionPrices]) -> Iterator[str]:
    days = sorted({table.day(each.region) for each in regions})
    when = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    yield f"Prices of {when}, from {table.origin}, in US dollars before tax."
    if table.confirmed:
        yield f"{table.confirmed}."


def _notes(table: PriceTable, names: Sequence[str], today: date) -> Iterator[str]:
    """Whether the prices are out of date, and what the numbers mean."""
    ages = [table.age_note(today, name) for name in names] or [table.age_note(today)]
    yield from dict.fromkeys(note for note in ages if note)
    yield "A GB is 1,024 MB; tiers count the GB-seconds of a month, account, region, architecture"


def _lambda_table(table: PriceTable, regions: Sequence[RegionPrices]) -> Table:
    return Table(
        key="prices",
        title="Lambda, USD",
        columns=(
            words("region"),
            words("architecture"),
            numbers("a million requests"),
            numbers("a million GB-seconds, by tier"),
            numbers("provisioned"),
            numbers("run on it"),
            numbers("ephemeral storage"),
            words("of"),
            words("sources"),
        ),
        rows=tuple(
            (
                region.region,
                architecture,
                _million(region.request),
                " / ".join(_million(tier.price) for tier in prices.duration),
                _million(prices.provisioned_concurrency),
                _million(prices.provisioned_duration),
                _million(prices.ephemeral_storage),
                str(table.day(region.region)),
                ", ".join(prices.sources) or UNKNOWN,
            )
            for region in regions
            for architecture, prices in region.architectures.items()
        ),
        note="Provisioned concurrency, what runs on it, and ephemeral storage above 512 MB: a "
        "million GB-seconds each. The sources are those of the duration.",
    )


def _lambda_records(table: PriceTable, regions: Sequence[RegionPrices]) -> Records:
    return [
        {
            "region": region.region,
            "name": region.name,
            "architecture": architecture,
            "request_usd": region.request,
            "gb_second_usd": prices.duration[0].price,
            "provisioned_gb_second_usd": prices.provisioned_concurrency,
            "provisioned_duration_gb_second_usd": prices.provisioned_duration,
            "ephemeral_gb_second_usd": prices.ephemeral_storage,
            "tier_borders": prices.borders,
            "as_of": table.day(region.region),
            "sources": " ".join(prices.sources),
        }
        for region in regions
        for architecture, prices in region.architectures.items()
    ]


def _around_table(regions: Sequence[RegionPrices]) -> Table:
    return Table(
        key="around",
        title="Beside it, USD",
        columns=(
            words("region"),
            numbers("a GB streamed"),
            numbers("SnapStart, a million GB-seconds kept"),
            numbers("a GB restored"),
            numbers("a GB to the internet"),
            numbers("NAT, an hour"),
            numbers("a GB through it"),
            numbers("a GB of logs"),
        ),
        rows=tuple(
            (
                region.region,
                _price(region.response_stream_gb),
                _million(region.snapstart_cache_gb_second),
                _price(region.snapstart_restore_gb),
                _first(region.internet_egress),
                _price(region.nat_gateway_hour),
                _price(region.nat_gateway_gb),
                _first(region.logs),
            )
            for region in regions
        ),
        note="To the internet and of logs: the first tier.",
    )


def figure_records(region: RegionPrices) -> Iterator[dict[str, Any]]:
    """Every price of a region by itself, with the tier it is of and the ids of its sources."""
    for what, unit, ids, tiers, borders in _priced(region):
        begin: Decimal | int = 0
        for tier in tiers or (None,):
            yield {
                "region": region.region,
                "what": what,
                "unit": unit,
                "from": begin,
                "to": tier.up_to if tier else None,
                "usd": tier.price if tier else None,
                "sources": " ".join(ids) if tier else "",
                "tier_borders": borders,
            }
            begin = (tier.up_to if tier else None) or 0


def _priced(region: RegionPrices) -> Iterator[tuple[str, str, _Ids, Sequence[Tier], str]]:
    """What is priced, a unit of what, by which sources, the tiers, and how their borders are known.

    No tier where the price is not known.
    """
    ids = region.sources
    yield "request", "request", ids.get("request", ()), _flat(region.request), ""
    for architecture in ARCHITECTURES:
        on = region.on(architecture)
        yield f"duration on {architecture}", _GB_SECOND, on.sources, on.duration, on.borders
        for what, kind, price in (
            ("provisioned concurrency", "provisioned", on.provisioned_concurrency),
            ("provisioned duration", "provisioned", on.provisioned_duration),
            ("ephemeral storage", "ephemeral_storage", on.ephemeral_storage),
        ):
            yield f"{what} on {architecture}", _GB_SECOND, ids.get(kind, ()), _flat(price), ""
    for what, unit, kind, tiers in (
        ("response streaming", _GB, "response_stream", _flat(region.response_stream_gb)),
        ("SnapStart cache", _GB_SECOND, "snapstart", _flat(region.snapstart_cache_gb_second)),
        ("SnapStart restore", _GB, "snapstart", _flat(region.snapstart_restore_gb)),
        ("internet egress", _GB, "internet_egress", region.internet_egress),
        ("NAT gateway hours", "hour", "nat_gateway", _flat(region.nat_gateway_hour)),
        ("NAT gateway data", _GB, "nat_gateway", _flat(region.nat_gateway_gb)),
        ("logs", _GB, "logs", region.logs),
    ):
        yield what, unit, ids.get(kind, ()), tiers, ""


def _flat(price: Decimal | None) -> tuple[Tier, ...]:
    return () if price is None else (Tier(up_to=None, price=price),)


def _figures_table(records: Records) -> Table:
    return Table(
        key="figures",
        title="Every price by itself",
        columns=(
            words("region"),
            words("what"),
            numbers("USD"),
            words("for a"),
            words("from"),
            words("sources"),
        ),
        rows=tuple(
            (
                each["region"],
                each["what"],
                _price(each["usd"]),
                each["unit"],
                f"{count(each['from'])} a month" if each["from"] else "",
                _source_words(each),
            )
            for each in records
        ),
    )


def _source_words(record: dict[str, Any]) -> str:
    ids = record["sources"].replace(" ", ", ")
    borders = record["tier_borders"]
    return f"{ids}; the tiers' borders: {borders}" if borders and record["from"] else ids


def _free(table: PriceTable) -> dict[str, Any]:
    free = table.free_tier
    return {
        "requests": free.requests,
        "gb_seconds": free.gb_seconds,
        "response_stream_gb": free.response_stream_gb,
        "egress_gb": free.egress_gb,
    }


def _free_table(table: PriceTable) -> Table:
    return Table(
        key="free",
        title="Free every month, for each account in all regions together",
        columns=(
            numbers("requests"),
            numbers("GB-seconds"),
            numbers("GB streamed"),
            numbers("GB to the internet"),
        ),
        rows=(tuple(count(each) for each in _free(table).values()),),
    )


def _sources(table: PriceTable, regions: Sequence[RegionPrices]) -> Records:
    """The sources that these regions' prices name, in the table's order."""
    used = {
        each
        for region in regions
        for ids in (
            *region.sources.values(),
            *(prices.sources for prices in region.architectures.values()),
        )
        for each in ids
    }
    return [
        {"id": each.id, "what": each.what, "where": each.where, "date": each.date}
        for each in table.sources
        if each.id in used
    ]


def _price(usd: Decimal | None) -> str:
    return UNKNOWN if usd is None else plain(usd)


def _million(usd: Decimal | None) -> str:
    return UNKNOWN if usd is None else plain(usd * _MILLION)


def _first(tiers: Sequence[Tier]) -> str:
    return plain(tiers[0].price) if tiers else UNKNOWN
