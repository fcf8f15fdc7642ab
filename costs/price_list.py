"""Today's prices of Lambda, asked of the AWS Price List Query API, in a price table.

Changes no file and prints nothing. Either all regions that are asked for are answered in full, or
RefreshError says in one line why not. Imports boto3 when it asks, not before.

What the API is asked (`pricing:GetProducts` for `AWSLambda`) are Lambda's own prices. What stands
around it (the free tier, internet egress, NAT gateways, logs) stays as the old table has it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from motorpool.costs.errors import RefreshError
from motorpool.costs.price_items import odd, read_items
from motorpool.costs.prices import ARCHITECTURES, ArchitecturePrices, RegionPrices, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from motorpool.costs.price_items import Kind, ListedPrices
    from motorpool.costs.prices import Architecture, PriceTable, Tier

ORIGIN: Final = "AWS's price list"

_SERVICE: Final = "AWSLambda"
_ENDPOINT_REGION: Final = "us-east-1"
"""One of the few that have the API's endpoint (AWS General Reference, "AWS Billing and Cost
Management endpoints"); it answers for every region."""
_MOST_RESULTS: Final = 100
"""In one answer (AWS Price List API Reference, GetProducts)."""
_SOURCE: Final = "price-list"
_READ_AGAIN: Final = "Lambda's own prices in "
_CREDENTIALS: Final = (
    "AccessDenied",
    "ExpiredToken",
    "InvalidClientToken",
    "UnrecognizedClient",
    "Signature",
)
"""In the codes with which AWS refuses credentials (AWS General Reference, "Common errors")."""


class PricingClient(Protocol):
    """What is used of boto3's client for `pricing`."""

    def get_products(self, **request: Any) -> Mapping[str, Any]:
        """One page of products."""


def refresh(
    regions: Sequence[str],
    *,
    table: PriceTable,
    today: date,
    make_client: Callable[[], PricingClient] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> PriceTable:
    """The table with AWS's prices of today in `regions`, by their codes.

    They may be regions that the table has not. `make_client`: boto3's with the usual sources of
    credentials unless given. `tell` is called with each region before it is asked for. Raises
    RefreshError for missing credentials, a refusal, no network, a region that AWS does not list,
    and items that are not understood.
    """
    client = (make_client or _boto3_client)()
    fresh: dict[str, RegionPrices] = {}
    published = set()
    for region in dict.fromkeys(regions):
        tell(region)
        listed = read_items(region, _items(client, region))
        published.add(listed.published)
        fresh[region] = _region(region, listed, table.regions.get(region), today)
    is_whole = set(fresh) >= set(table.regions)
    others_as_of = table.others_as_of or table.as_of
    return replace(
        table,
        as_of=today if is_whole else table.as_of,
        others_as_of=others_as_of,
        confirmed=_confirmed(table, fresh, today, is_whole=is_whole),
        origin=ORIGIN,
        regions=dict(table.regions) | fresh,
        sources=(*_still_used(table, fresh, _source_id(today)), _source(today, published)),
    )


def _boto3_client() -> PricingClient:
    try:
        from boto3 import Session  # type: ignore[import-untyped]  # noqa: PLC0415 - 110 ms, to ask
        from botocore.config import Config  # noqa: PLC0415 - as above
    except ModuleNotFoundError:
        raise RefreshError(
            "asking AWS needs boto3, which comes with motorpool[costs]: "
            "pip install 'motorpool[costs]'"
        ) from None
    config = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3})
    with _Explained():
        # Its own session: the one that boto3 shares keeps the credentials it once found.
        client: PricingClient = Session().client(
            "pricing", region_name=_ENDPOINT_REGION, config=config
        )
    return client


class _Explained:
    """Makes one line of whatever boto3 raises."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            return
        from botocore import exceptions  # noqa: PLC0415 - by now it has been imported

        if isinstance(error, exceptions.ClientError):
            raise RefreshError(_refusal(error.response.get("Error", {}))) from None
        if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
            raise RefreshError(
                "AWS's price list is read with AWS credentials that allow pricing:GetProducts, and "
                "none were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ) from None
        # No connection, no name, a time-out.
        if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
            raise RefreshError(f"AWS's price list could not be reached: {_line(error)}") from None
        # BotoCoreError, and what botocore itself does not map: a ValueError for an endpoint that is
        # none, an AttributeError for an answer that is no object.
        if isinstance(error, Exception):
            raise RefreshError(f"AWS's price list could not be asked: {_line(error)}") from None


def _items(client: PricingClient, region: str) -> Iterator[str]:
    """All Lambda's products of a region, page after page."""
    request: dict[str, Any] = {
        "ServiceCode": _SERVICE,
        "Filters": [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
        "MaxResults": _MOST_RESULTS,
    }
    seen: set[str] = set()
    count = 0
    while True:
        with _Explained():
            page = client.get_products(**request)
        if "PriceList" not in page:  # a region without products has an empty one
            raise RefreshError(f"AWS's price list answered without products for {region}")
        count += len(page["PriceList"])
        yield from page["PriceList"]
        token = page.get("NextToken")
        if not token:
            break
        if token in seen:
            raise RefreshError(f"AWS's price list has no end: {region}: a page came twice")
        seen.add(token)
        request["NextToken"] = token
    if not count:
        raise RefreshError(f"AWS's price list has no region {region!r} for Lambda")


def _region(
    region: str, listed: ListedPrices, old: RegionPrices | None, today: date
) -> RegionPrices:
    """The region as AWS lists it, and what stands around Lambda as the old table has it."""
    source = (_source_id(today),)
    request = _one(region, "request", listed)
    if request is None:
        raise odd(region, "it has no price of a request")
    prices = RegionPrices(
        region=region,
        name=listed.location or (old.name if old else region),
        request=request,
        architectures={each: _architecture(region, each, listed, source) for each in ARCHITECTURES},
        response_stream_gb=_one(region, "response_stream_gb", listed),
        snapstart_cache_gb_second=_one(region, "snapstart_cache_gb_second", listed),
        snapstart_restore_gb=_one(region, "snapstart_restore_gb", listed),
        as_of=today,
        sources=dict.fromkeys(
            ("request", "provisioned", "ephemeral_storage", "response_stream", "snapstart"), source
        ),
    )
    if old is None:
        return prices
    kept = {key: ids for key, ids in old.sources.items() if key not in prices.sources}
    return replace(
        prices,
        internet_egress=old.internet_egress,
        nat_gateway_hour=old.nat_gateway_hour,
        nat_gateway_gb=old.nat_gateway_gb,
        logs=old.logs,
        sources=dict(prices.sources) | kept,
    )


def _architecture(
    region: str, architecture: Architecture, listed: ListedPrices, source: tuple[str, ...]
) -> ArchitecturePrices:
    duration = listed.of("duration", architecture)
    if duration is None:
        raise odd(region, f"it has no price of duration on {architecture}")
    return ArchitecturePrices(
        duration=duration,
        provisioned_concurrency=_flat(region, "provisioned_concurrency", architecture, listed),
        provisioned_duration=_flat(region, "provisioned_duration", architecture, listed),
        ephemeral_storage=_flat(region, "ephemeral_storage", architecture, listed),
        borders="confirmed",
        sources=source,
    )


def _one(region: str, kind: Kind, listed: ListedPrices) -> Decimal | None:
    """A price that holds for both architectures alike, as the table has it."""
    prices = {
        price for each in ARCHITECTURES if (price := _flat(region, kind, each, listed)) is not None
    }
    if len(prices) > 1:
        raise odd(region, f"{kind} has another price on arm64 than on x86_64")
    return prices.pop() if prices else None


def _flat(
    region: str, kind: Kind, architecture: Architecture, listed: ListedPrices
) -> Decimal | None:
    """A price without tiers, or None where AWS lists none."""
    tiers: tuple[Tier, ...] = listed.of(kind, architecture) or ()
    if len(tiers) > 1:
        raise odd(region, f"{kind} on {architecture} has {len(tiers)} tiers, where one is expected")
    return tiers[0].price if tiers else None


def _still_used(table: PriceTable, fresh: Mapping[str, RegionPrices], new: str) -> Iterator[Source]:
    """The old table's sources but for price lists of which no region has a price any more."""
    used = {
        each
        for name, region in table.regions.items()
        if name not in fresh
        for ids in region.sources.values()
        for each in ids
    }
    for source in table.sources:
        is_price_list = source.id.startswith(_SOURCE)
        if not is_price_list or (source.id in used and source.id != new):
            yield source


def _confirmed(
    table: PriceTable, fresh: Mapping[str, RegionPrices], today: date, *, is_whole: bool
) -> str:
    """What was read again; of a part of the table, beside what had been read again before it."""
    which = f"all {len(fresh)} regions" if is_whole else ", ".join(fresh)
    sentence = (
        f"{_READ_AGAIN}{which} were read from AWS's price list on {today}; the free tier, internet "
        f"egress, NAT gateways and logs are of {table.others_as_of or table.as_of}"
    )
    # A refresh before this one has said the same of other regions: their own days tell it.
    before = table.confirmed.partition(_READ_AGAIN)[0].rstrip("; ")
    return sentence if is_whole or not before else f"{before}; {sentence}"


def _source_id(today: date) -> str:
    return f"{_SOURCE}-{today}"


def _source(today: date, published: set[str]) -> Source:
    days = ", ".join(sorted(published - {""}))
    return Source(
        id=_source_id(today),
        what=f"AWS price list of Lambda{f', published {days}' if days else ''}",
        where=f"AWS Price List Query API, GetProducts, {_SERVICE}",
        date=today.isoformat(),
    )


def _refusal(error: Mapping[str, Any]) -> str:
    code, message = str(error.get("Code", "an error")), _line(error.get("Message", ""))
    is_about_credentials = any(word in code for word in _CREDENTIALS)
    allow = "; the credentials must be valid and allow pricing:GetProducts"
    return f"AWS's price list refused: {code}: {message}{allow if is_about_credentials else ''}"


def _line(text: object) -> str:
    return " ".join(str(text).split())
