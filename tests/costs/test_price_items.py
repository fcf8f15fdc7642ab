"""The refresh without the wire: what AWS's items come to in a table, and those not understood."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from motorpool.costs.errors import RefreshError
from motorpool.costs.price_file import read_prices, write_prices
from motorpool.costs.price_list import refresh
from motorpool.costs.prices import PriceTable, Source, Tier
from tests.costs.price_server import OLD, OLD_TABLE, PriceServer, item, region_items

TODAY = date(2026, 11, 28)


@pytest.fixture
def aws() -> PriceServer:
    return PriceServer()


def ask(
    aws: PriceServer, *regions: str, table: PriceTable = OLD_TABLE, today: date = TODAY
) -> PriceTable:
    return refresh(regions, table=table, today=today, make_client=lambda: aws)


def prices_of(*pairs: tuple[int | None, str]) -> tuple[Tier, ...]:
    return tuple(
        Tier(up_to=None if border is None else Decimal(border), price=Decimal(price))
        for border, price in pairs
    )


def test_a_region_has_the_prices_of_awss_list(aws: PriceServer) -> None:
    aws.add(region_items())

    region = ask(aws, "us-east-1").region("us-east-1")

    x86, arm = region.architectures["x86_64"], region.architectures["arm64"]
    assert region.name == "US East (N. Virginia)"
    assert region.request == Decimal("0.0000002")
    assert x86.duration == prices_of(
        (6_000_000_000, "0.0000166667"), (15_000_000_000, "0.000015"), (None, "0.0000133334")
    )
    assert arm.duration == prices_of(
        (7_500_000_000, "0.0000133334"), (18_750_000_000, "0.0000120001"), (None, "0.0000106667")
    )
    assert (x86.provisioned_concurrency, x86.provisioned_duration, x86.ephemeral_storage) == (
        Decimal("0.0000041667"),
        Decimal("0.0000097222"),
        Decimal("0.0000000309"),
    )
    assert (arm.provisioned_concurrency, arm.provisioned_duration, arm.ephemeral_storage) == (
        Decimal("0.0000033334"),
        Decimal("0.0000077778"),
        Decimal("0.0000000309"),
    )
    assert region.response_stream_gb == Decimal("0.008")
    assert region.snapstart_cache_gb_second == Decimal("0.0000015046")
    assert region.snapstart_restore_gb == Decimal("0.0001397998")
    assert (x86.borders, arm.borders) == ("confirmed", "confirmed")
    assert region.as_of == TODAY


def test_tiers_may_come_in_any_order(aws: PriceServer) -> None:
    items = region_items()
    for each in items:
        (offer,) = each["terms"]["OnDemand"].values()
        offer["priceDimensions"] = dict(reversed(offer["priceDimensions"].items()))
    aws.add(items)

    duration = ask(aws, "us-east-1").region("us-east-1").on("x86_64").duration

    assert duration == prices_of(
        (6_000_000_000, "0.0000166667"), (15_000_000_000, "0.000015"), (None, "0.0000133334")
    )


@pytest.mark.parametrize(
    ("usage", "unit"),
    [
        ("Request", "Request"),
        ("Lambda-GB-Second", "seconds"),
        ("Lambda-GB-Second", "Second"),
        ("Lambda-Provisioned-Concurrency", "seconds"),
    ],
)
def test_a_unit_may_be_spelled_as_some_regions_spell_it(
    aws: PriceServer, usage: str, unit: str
) -> None:
    items = region_items("eu-west-1", prefix="EU-", location="EU (Ireland)")
    for each in items:
        if each["product"]["attributes"]["usagetype"] == f"EU-{usage}":
            (offer,) = each["terms"]["OnDemand"].values()
            for row in offer["priceDimensions"].values():
                row["unit"] = unit
    aws.add(items)

    region = ask(aws, "eu-west-1").region("eu-west-1")

    assert region.name == "EU (Ireland)"
    assert region.request == Decimal("0.0000002")
    assert region.on("x86_64").duration[0].price == Decimal("0.0000166667")
    assert region.on("x86_64").provisioned_concurrency == Decimal("0.0000041667")


@pytest.mark.parametrize("prefix", ["EU-", "APN1-", "USE2-", "UGW1-", ""])
def test_the_prefix_of_a_region_is_no_part_of_what_is_used(aws: PriceServer, prefix: str) -> None:
    aws.add(region_items("eu-west-1", prefix=prefix))

    assert ask(aws, "eu-west-1").region("eu-west-1").request == Decimal("0.0000002")


@pytest.mark.parametrize(
    "usage",
    [
        "Lambda-Managed-Instances-Request",
        "Lambda-Edge-GB-Second",
        "Lambda-Edge-Request",
        "Lambda-MicroVM-Memory-GB-Second",
        "Lambda-Durable-Execution-Operations",
        "Global-Request",
        "Global-Lambda-GB-Second",
    ],
)
def test_what_is_not_priced_here_is_passed_over(aws: PriceServer, usage: str) -> None:
    aws.add(region_items())
    aws.add([item(usage, [("0", "0.0000000000")], region="us-east-1", unit="Things", location="X")])

    region = ask(aws, "us-east-1").region("us-east-1")

    assert region.request == Decimal("0.0000002")
    assert region.on("x86_64").duration[0].price == Decimal("0.0000166667")
    assert region.name == "US East (N. Virginia)"


def test_items_of_other_regions_are_passed_over(aws: PriceServer) -> None:
    aws.add(region_items())
    stray = item(
        "Request", [("0", "5")], region="us-east-2", unit="Requests", location="US East (Ohio)"
    )
    aws.items.append(json.dumps(stray))  # as text it is answered whatever is asked for

    assert ask(aws, "us-east-1").region("us-east-1").request == Decimal("0.0000002")


def test_a_usage_that_is_listed_twice_alike_counts_once(aws: PriceServer) -> None:
    aws.add(region_items())
    aws.add(region_items())

    assert ask(aws, "us-east-1").region("us-east-1").request == Decimal("0.0000002")


def test_a_price_that_aws_does_not_list_is_not_known(aws: PriceServer) -> None:
    aws.add(
        region_items(
            changes={
                "Lambda-SnapStart-Cached-GB-S": None,
                "Lambda-SnapStart-Restored-GB": None,
                "Lambda-Streaming-Response-Processed-Bytes": None,
                "Lambda-Streaming-Response-Processed-Bytes-ARM": None,
                "Lambda-Provisioned-Concurrency-ARM": None,
            }
        )
    )

    region = ask(aws, "us-east-1").region("us-east-1")

    assert region.snapstart_cache_gb_second is None
    assert region.snapstart_restore_gb is None
    assert region.response_stream_gb is None
    assert region.on("arm64").provisioned_concurrency is None
    assert region.on("x86_64").provisioned_concurrency == Decimal("0.0000041667")


def test_what_stands_around_lambda_stays_and_keeps_its_day(aws: PriceServer) -> None:
    aws.add(region_items())

    table = ask(aws, "us-east-1")

    region, before = table.region("us-east-1"), OLD_TABLE.region("us-east-1")
    assert region.internet_egress == before.internet_egress
    assert region.nat_gateway_hour == Decimal("0.045")
    assert region.nat_gateway_gb == Decimal("0.046")
    assert region.logs == before.logs
    assert table.free_tier == OLD_TABLE.free_tier
    assert table.others_as_of == OLD
    assert table.confirmed == (
        "never since; Lambda's own prices in us-east-1 were read from AWS's price list on "
        "2026-11-28; the free tier, internet egress, NAT gateways and logs are of 2025-06-05"
    )
    assert table.origin == "AWS's price list"


def test_what_had_been_read_again_is_said_besides_once(aws: PriceServer) -> None:
    aws.add(region_items())
    aws.add(region_items("eu-west-1", prefix="EU-"))

    one = ask(aws, "us-east-1")
    other = ask(aws, "eu-west-1", table=one, today=date(2026, 12, 24))
    whole = ask(aws, "us-east-1", "eu-west-1", table=one)

    assert other.confirmed.startswith(
        "never since; Lambda's own prices in eu-west-1 were read from AWS's price list on "
        "2026-12-24"
    )
    assert other.confirmed.count("Lambda's own prices in ") == 1
    assert whole.confirmed.startswith("Lambda's own prices in all 2 regions were read")


def test_each_price_names_where_it_was_read(aws: PriceServer) -> None:
    aws.add(region_items())

    table = ask(aws, "us-east-1")

    region = table.region("us-east-1")
    assert region.sources == {
        "request": ("price-list-2026-11-28",),
        "provisioned": ("price-list-2026-11-28",),
        "ephemeral_storage": ("price-list-2026-11-28",),
        "response_stream": ("price-list-2026-11-28",),
        "snapstart": ("price-list-2026-11-28",),
        "internet_egress": ("Q",),
        "nat_gateway": ("N",),
    }
    assert region.on("x86_64").sources == ("price-list-2026-11-28",)
    assert [each.id for each in table.sources] == ["Q", "N", "price-list-2026-11-28"]
    assert table.sources[-1] == Source(
        id="price-list-2026-11-28",
        what="AWS price list of Lambda, published 2026-09-19",
        where="AWS Price List Query API, GetProducts, AWSLambda",
        date="2026-11-28",
    )


def test_regions_that_are_not_asked_for_stay_as_they_were(aws: PriceServer) -> None:
    aws.add(region_items())

    table = ask(aws, "us-east-1")

    assert table.regions["eu-west-1"] == OLD_TABLE.regions["eu-west-1"]
    assert table.as_of == OLD
    assert table.day("us-east-1") == TODAY
    assert table.day("eu-west-1") == OLD


def test_a_table_that_is_refreshed_as_a_whole_is_of_today(aws: PriceServer) -> None:
    aws.add(region_items())
    aws.add(region_items("eu-west-1", prefix="EU-", location="EU (Ireland)"))

    table = ask(aws, "us-east-1", "eu-west-1", "us-east-1")

    assert table.as_of == TODAY
    assert table.others_as_of == OLD
    assert table.age_note(TODAY) is None
    assert table.confirmed.startswith("Lambda's own prices in all 2 regions were read")
    assert len(aws.asked) == 2


def test_a_region_that_the_table_has_not_may_be_asked_for(aws: PriceServer) -> None:
    aws.add(region_items("eu-north-1", prefix="EUN1-", location="EU (Stockholm)"))

    region = ask(aws, "eu-north-1").region("eu-north-1")

    assert region.name == "EU (Stockholm)"
    assert region.on("x86_64").duration[0].price == Decimal("0.0000166667")
    assert region.internet_egress == ()
    assert region.nat_gateway_hour is None
    assert region.logs == ()


def test_each_region_is_told_before_it_is_asked_for(aws: PriceServer) -> None:
    aws.add(region_items())
    aws.add(region_items("eu-west-1", prefix="EU-"))
    told = []

    refresh(
        ["eu-west-1", "us-east-1"],
        table=OLD_TABLE,
        today=TODAY,
        make_client=lambda: aws,
        tell=lambda region: told.append((region, len(aws.asked))),
    )

    assert told == [("eu-west-1", 0), ("us-east-1", 1)]


def test_a_refreshed_table_is_the_same_when_it_is_read_again(
    aws: PriceServer, tmp_path: Path
) -> None:
    aws.add(region_items())
    table = ask(aws, "us-east-1")
    path = tmp_path / "prices.json"

    write_prices(table, path)

    assert read_prices(path) == replace(table, origin=str(path))


def test_a_second_refresh_forgets_the_price_list_before_it(aws: PriceServer) -> None:
    aws.add(region_items())
    aws.add(region_items("eu-west-1", prefix="EU-"))
    first = ask(aws, "us-east-1", "eu-west-1")

    one = ask(aws, "us-east-1", table=first, today=date(2026, 12, 24))
    both = ask(aws, "us-east-1", "eu-west-1", table=first, today=date(2026, 12, 24))
    same_day = ask(aws, "eu-west-1", table=ask(aws, "us-east-1"))

    lists = {
        "one": [each.id for each in one.sources if each.id.startswith("price-list")],
        "both": [each.id for each in both.sources if each.id.startswith("price-list")],
        "same day": [each.id for each in same_day.sources if each.id.startswith("price-list")],
    }
    assert lists == {
        "one": ["price-list-2026-11-28", "price-list-2026-12-24"],
        "both": ["price-list-2026-12-24"],
        "same day": ["price-list-2026-11-28"],
    }
    assert both.others_as_of == OLD


def with_row(usage: str, **changes: Any) -> list[dict[str, Any]]:
    """us-east-1's items with something changed in the first row of a usage."""
    items = region_items()
    for each in items:
        if each["product"]["attributes"]["usagetype"] == usage:
            (offer,) = each["terms"]["OnDemand"].values()
            first = next(iter(offer["priceDimensions"].values()))
            first.update(changes)
    return items


def without_offer(usage: str, *, offers: int) -> list[dict[str, Any]]:
    items = region_items()
    for each in items:
        if each["product"]["attributes"]["usagetype"] == usage:
            (offer,) = each["terms"]["OnDemand"].values()
            each["terms"]["OnDemand"] = {str(number): offer for number in range(offers)}
    return items


@pytest.mark.parametrize(
    ("items", "wrong"),
    [
        (with_row("Request", unit="Hours"), "us-east-1: Request: its unit is 'Hours'"),
        (
            with_row("Request", pricePerUnit={"CNY": "0.0000014"}),
            "us-east-1: Request: its price is in CNY, not in US dollars",
        ),
        (with_row("Request", pricePerUnit={"USD": "0.0000000000"}), "Request: its price is 0"),
        (with_row("Request", pricePerUnit={"USD": "-0.1"}), "Request: '-0.1' is no number"),
        (with_row("Request", pricePerUnit={"USD": "NaN"}), "Request: 'NaN' is no number"),
        (with_row("Request", pricePerUnit={"USD": 0.2}), "Request: 0.2 is no number"),
        (with_row("Request", endRange="1000"), "Request: the last tier ends, at 1000"),
        (
            with_row("Lambda-GB-Second", beginRange="1"),
            "Lambda-GB-Second: a tier begins at 1, and the one before it does not end there",
        ),
        (
            with_row("Lambda-GB-Second", endRange="5000000000"),
            "Lambda-GB-Second: a tier begins at 6000000000, and",
        ),
        (
            with_row("Lambda-GB-Second", endRange="Inf"),
            "Lambda-GB-Second: a tier begins at 6000000000, and",
        ),
        (with_row("Lambda-GB-Second", endRange="many"), "Lambda-GB-Second: 'many' is no number"),
        (with_row("Request", unit=None), "us-east-1: an item lacks what it should have"),
        (
            without_offer("Request", offers=0),
            "Request: 0 on-demand offers, where one is expected",
        ),
        (
            without_offer("Request", offers=2),
            "Request: 2 on-demand offers, where one is expected",
        ),
        (region_items(changes={"Request": None, "Request-ARM": None}), "no price of a request"),
        (region_items(changes={"Lambda-GB-Second": None}), "no price of duration on x86_64"),
        (region_items(changes={"Lambda-GB-Second-ARM": None}), "no price of duration on arm64"),
        (
            region_items(changes={"Request-ARM": [("0", "0.3")]}),
            "us-east-1: request has another price on arm64 than on x86_64",
        ),
        (
            region_items(changes={"Lambda-Provisioned-Concurrency": [("0", "3"), ("9", "2")]}),
            "provisioned_concurrency on x86_64 has 2 tiers, where one is expected",
        ),
        (
            [*region_items(), *region_items(changes={"Request": [("0", "7")]})],
            "us-east-1: Request: two different prices for one usage",
        ),
        (["{not json"], "us-east-1: an item is no JSON object"),
        (["[]"], "us-east-1: an item is no JSON object"),
        (["{}"], "us-east-1: an item lacks what it should have ('product')"),
    ],
)
def test_an_item_that_is_not_understood_is_named(
    aws: PriceServer, items: list[dict[str, Any] | str], wrong: str
) -> None:
    aws.items = items

    with pytest.raises(RefreshError) as caught:
        ask(aws, "us-east-1")

    assert str(caught.value).startswith(
        "AWS's price list is not understood, and nothing was changed: us-east-1: "
    )
    assert wrong in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_offer_without_a_price_is_not_understood(aws: PriceServer) -> None:
    items = region_items()
    (offer,) = items[0]["terms"]["OnDemand"].values()
    offer["priceDimensions"] = {}
    aws.add(items)

    with pytest.raises(RefreshError, match="Request: an on-demand offer without a price"):
        ask(aws, "us-east-1")
