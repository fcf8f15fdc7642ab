"""Any table is the same when it is written to a file and read again."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs.price_file import read_prices, write_prices
from motorpool.costs.prices import (
    ArchitecturePrices,
    FreeTier,
    PriceTable,
    RegionPrices,
    Source,
    Tier,
)

prices = st.decimals(0, 1000, places=12)
# Neither control characters, ends of lines, nor halves of a character: no text of a table has them.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20)
priced = st.sampled_from(("request", "provisioned", "snapstart", "internet_egress", "logs"))
days = st.dates(date(2014, 11, 13), date(2100, 1, 1))
maybe_prices = st.one_of(st.none(), prices)
maybe_days = st.one_of(st.none(), days)


@st.composite
def tiers(draw: st.DrawFn, least: int = 0) -> tuple[Tier, ...]:
    found = draw(st.lists(prices, min_size=least, max_size=4))
    borders = draw(
        st.lists(st.integers(1, 10**11), unique=True, min_size=len(found), max_size=len(found))
    )
    ends = [*map(Decimal, sorted(borders)[1:]), None] if found else []
    return tuple(Tier(up_to=end, price=price) for end, price in zip(ends, found, strict=True))


@st.composite
def architectures(draw: st.DrawFn, ids: list[str]) -> ArchitecturePrices:
    return ArchitecturePrices(
        duration=draw(tiers(least=1)),
        provisioned_concurrency=draw(maybe_prices),
        provisioned_duration=draw(maybe_prices),
        ephemeral_storage=draw(maybe_prices),
        borders=draw(texts),
        sources=tuple(draw(st.lists(st.sampled_from(ids), max_size=2))) if ids else (),
    )


@st.composite
def tables(draw: st.DrawFn) -> PriceTable:
    sources = draw(
        st.lists(
            st.builds(Source, id=texts, what=texts, where=texts, date=texts),
            max_size=3,
            unique_by=lambda source: source.id,
        )
    )
    ids = [source.id for source in sources]
    names = draw(
        st.lists(
            st.from_regex(r"[a-z]{2}-[a-z]{1,6}-[1-9]", fullmatch=True), min_size=1, max_size=3
        )
    )
    return PriceTable(
        as_of=draw(days),
        others_as_of=draw(maybe_days),
        confirmed=draw(texts),
        origin="",
        free_tier=draw(
            st.builds(
                FreeTier,
                requests=prices,
                gb_seconds=prices,
                response_stream_gb=prices,
                egress_gb=prices,
            )
        ),
        sources=tuple(sources),
        regions={
            name: RegionPrices(
                region=name,
                name=draw(texts),
                request=draw(prices),
                architectures={
                    "x86_64": draw(architectures(ids)),
                    "arm64": draw(architectures(ids)),
                },
                response_stream_gb=draw(maybe_prices),
                snapstart_cache_gb_second=draw(maybe_prices),
                snapstart_restore_gb=draw(maybe_prices),
                internet_egress=draw(tiers()),
                nat_gateway_hour=draw(maybe_prices),
                nat_gateway_gb=draw(maybe_prices),
                logs=draw(tiers()),
                as_of=draw(maybe_days),
                sources=draw(
                    st.dictionaries(priced, st.lists(st.sampled_from(ids)).map(tuple), max_size=2)
                    if ids
                    else st.just({})
                ),
            )
            for name in names
        },
    )


@given(table=tables())
def test_any_table_is_the_same_when_it_is_written_and_read(
    table: PriceTable, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("table") / "prices.json"

    write_prices(table, path)

    assert read_prices(path) == replace(table, origin=str(path))
