"""The table that motorpool brings: whole, with a source for each figure, and like AWS's page."""

from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest

from motorpool.costs import price_file
from motorpool.costs.bill import MB_PER_GB
from motorpool.costs.command.invoiced import (
    FREE_STORAGE_MB,
    FREE_STREAM_MB,
    LEAST_SNAPSHOT_HOURS,
)
from motorpool.costs.errors import PricesError
from motorpool.costs.parts import PROVISIONED_STEP_S
from motorpool.costs.peaks import REQUESTS_OF_AN_ENVIRONMENT
from motorpool.costs.price_file import PACKAGED, read_limits, read_prices
from motorpool.costs.prices import ARCHITECTURES, FreeTier, RegionPrices
from motorpool.costs.setup import VCPU_MB, Function, Setup

TABLE = read_prices()
REGIONS = list(TABLE.regions.values())


def test_it_is_read_once() -> None:
    assert read_prices() is read_prices()
    assert read_limits() is read_limits()


def test_it_says_of_which_day_it_is_and_where_it_comes_from() -> None:
    assert TABLE.as_of == date(2025, 6, 5)
    assert TABLE.origin == PACKAGED == "motorpool's own price table"
    assert TABLE.confirmed != ""


def test_it_has_the_regions_of_lambda() -> None:
    assert len(REGIONS) == 35
    assert {"us-east-1", "eu-central-1", "ap-northeast-1", "us-gov-west-1"} <= set(TABLE.regions)
    assert [name for name, region in TABLE.regions.items() if region.region != name] == []


def test_us_east_1_costs_what_awss_page_says() -> None:
    region = TABLE.region("us-east-1")
    x86, arm = region.on("x86_64"), region.on("arm64")

    assert region.request == Decimal("0.0000002")
    assert [(tier.up_to, tier.price) for tier in x86.duration] == [
        (6_000_000_000, Decimal("0.0000166667")),
        (15_000_000_000, Decimal("0.000015")),
        (None, Decimal("0.0000133334")),
    ]
    assert [(tier.up_to, tier.price) for tier in arm.duration] == [
        (7_500_000_000, Decimal("0.0000133334")),
        (18_750_000_000, Decimal("0.0000120001")),
        (None, Decimal("0.0000106667")),
    ]
    assert x86.provisioned_concurrency == Decimal("0.0000041667")
    assert x86.provisioned_duration == Decimal("0.0000097222")
    assert arm.provisioned_concurrency == Decimal("0.0000033334")
    assert arm.provisioned_duration == Decimal("0.0000077778")
    assert x86.ephemeral_storage == arm.ephemeral_storage == Decimal("0.0000000309")
    assert region.response_stream_gb == Decimal("0.008")
    assert region.snapstart_cache_gb_second == Decimal("0.0000015046")
    assert region.snapstart_restore_gb == Decimal("0.0001397998")


def test_what_is_free_is_what_awss_page_says() -> None:
    assert TABLE.free_tier == FreeTier(
        requests=Decimal(1_000_000),
        gb_seconds=Decimal(400_000),
        response_stream_gb=Decimal(100),
        egress_gb=Decimal(100),
    )


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.region)
def test_a_region_has_both_architectures_and_no_price_of_zero(region: RegionPrices) -> None:
    prices = [
        region.request,
        *(tier.price for tier in (*region.internet_egress, *region.logs)),
        *(
            getattr(region, name)
            for name in (
                "response_stream_gb",
                "snapstart_cache_gb_second",
                "snapstart_restore_gb",
                "nat_gateway_hour",
                "nat_gateway_gb",
            )
            if getattr(region, name) is not None
        ),
    ]
    assert tuple(region.architectures) == ARCHITECTURES
    for architecture in ARCHITECTURES:
        on = region.on(architecture)
        prices += [tier.price for tier in on.duration]
        prices += [
            price
            for price in (on.provisioned_concurrency, on.provisioned_duration, on.ephemeral_storage)
            if price is not None
        ]
        assert on.duration[-1].up_to is None
        assert on.borders in {"confirmed", "inferred", "assumed"}
    assert min(prices) > 0
    assert max(prices) < 1


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.region)
def test_every_price_of_a_region_names_its_source(region: RegionPrices) -> None:
    known = {source.id for source in TABLE.sources}
    has = {
        "request": True,
        "provisioned": True,
        "ephemeral_storage": True,
        "response_stream": region.response_stream_gb is not None,
        "snapstart": region.snapstart_cache_gb_second is not None,
        "internet_egress": region.internet_egress != (),
        "nat_gateway": region.nat_gateway_hour is not None,
        "logs": region.logs != (),
    }

    assert set(region.sources) == {what for what, is_known in has.items() if is_known}
    assert all(ids and set(ids) <= known for ids in region.sources.values())
    for architecture in ARCHITECTURES:
        assert region.on(architecture).sources
        assert set(region.on(architecture).sources) <= known


def test_every_source_is_described_dated_and_named_once() -> None:
    ids = [source.id for source in TABLE.sources]
    gaps = [
        (source.id, each.name)
        for source in TABLE.sources
        for each in fields(source)
        if not getattr(source, each.name)
    ]

    assert len(set(ids)) == len(ids)
    assert gaps == []


def test_what_is_not_known_is_none_and_not_zero() -> None:
    thailand = TABLE.region("ap-southeast-7")

    assert thailand.response_stream_gb is None
    assert thailand.snapstart_cache_gb_second is None
    assert thailand.nat_gateway_hour is None


def test_quotas_and_facts_of_billing_come_with_it() -> None:
    limits = read_limits()

    assert {name: fact.value for name, fact in limits.quotas.items()} == {
        "account_concurrency": 1000,
        "unreserved_concurrency": 100,
        "scaling": 1000,
        "requests_of_environment": 10,
        "least_memory": 128,
        "most_memory": 10_240,
        "vcpu_memory": 1769,
        "timeout": 900,
        "payload": 6_291_456,
    }
    assert limits.billing["duration_step_ms"].value == 1
    assert limits.billing["provisioned_step_s"].value == 300
    assert {tier: fact.value for tier, fact in limits.atlas_connections.items()} == {
        "M0": 500,
        "M10": 1500,
        "M20": 3000,
        "M30": 3000,
        "M40": 6000,
        "M50": 16_000,
        "M60": 32_000,
        "M80": 96_000,
    }
    known = {source.id for source in TABLE.sources}
    facts = [*limits.billing.values(), *limits.quotas.values(), *limits.atlas_connections.values()]
    assert all(fact.unit and fact.what and set(fact.sources) <= known for fact in facts)
    assert all(fact.sources for fact in facts)


def test_the_model_goes_by_the_published_facts() -> None:
    limits = read_limits()
    quotas = {name: fact.value for name, fact in limits.quotas.items()}
    billing = {name: fact.value for name, fact in limits.billing.items()}
    (memory,) = (each for each in fields(Function) if each.name == "memory_mb")

    assert quotas["account_concurrency"] == Setup().account_concurrency
    assert quotas["requests_of_environment"] == REQUESTS_OF_AN_ENVIRONMENT
    assert quotas["vcpu_memory"] == VCPU_MB
    assert quotas["least_memory"] == memory.metadata["least"]
    assert quotas["most_memory"] == memory.metadata["most"]
    assert billing["provisioned_step_s"] == PROVISIONED_STEP_S
    assert billing["mb_of_gb"] == MB_PER_GB
    assert billing["snapstart_least_s"] == LEAST_SNAPSHOT_HOURS * 3600
    assert billing["free_ephemeral_mb"] == FREE_STORAGE_MB
    assert billing["free_stream_bytes"] == FREE_STREAM_MB * 1024 * 1024


@pytest.mark.parametrize("text", [None, b"\xff", b"{"])
def test_an_installation_without_a_table_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, text: bytes | None
) -> None:
    folder = tmp_path_factory.mktemp("installed")
    (folder / "data").mkdir()
    if text is not None:
        (folder / "data" / "prices.json").write_bytes(text)
    monkeypatch.setattr("motorpool.costs.price_file.resources.files", lambda _: folder)
    price_file._packaged.cache_clear()  # noqa: SLF001 - it is read once, and has been
    try:
        with pytest.raises(PricesError, match=r"^motorpool's own price table") as caught:
            read_prices()
    finally:
        monkeypatch.undo()
        price_file._packaged.cache_clear()  # noqa: SLF001 - as above

    assert "\n" not in str(caught.value)
