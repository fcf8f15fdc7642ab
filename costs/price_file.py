"""The file of a price table: read strictly, written whole, found where it is kept.

Anything in a file that is not understood is refused in one line; nothing is guessed, and no price
is taken for 0. It never asks AWS (`price_list.py` does).
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import fields
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from motorpool.costs.errors import PricesError
from motorpool.costs.file_value import FileValue, parse
from motorpool.costs.price_text import SCHEMA, price_text
from motorpool.costs.prices import (
    ARCHITECTURES,
    ArchitecturePrices,
    Fact,
    FreeTier,
    Limits,
    PriceTable,
    RegionPrices,
    Source,
    Tier,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

PACKAGED: Final = "motorpool's own price table"

_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_LIMITS: Final = ("billing", "quotas", "atlas_connections")
_ARCHITECTURE_KEYS: Final = (
    "provisioned_concurrency",
    "provisioned_duration",
    "ephemeral_storage",
    "borders",
    "sources",
)
_SOURCE_KEYS: Final = (
    "request",
    "provisioned",
    "ephemeral_storage",
    "response_stream",
    "snapstart",
    "internet_egress",
    "nat_gateway",
    "logs",
)
"""What `RegionPrices.sources` may name the sources of."""
_REGION_KEYS: Final = (
    "as_of",
    "response_stream_gb",
    "snapstart_cache_gb_second",
    "snapstart_restore_gb",
    "internet_egress",
    "nat_gateway_hour",
    "nat_gateway_gb",
    "logs",
    "sources",
)


def find_prices(path: Path | None = None) -> PriceTable:
    """The table to calculate with: `path`, else the refreshed one, else the packaged one.

    What `motorpool cost prices --refresh` once wrote is used unless motorpool has brought a later
    table since. Raises PricesError, also for a refreshed table that cannot be read.
    """
    if path is not None:
        return read_prices(path)
    packaged = read_prices()
    refreshed = user_prices_path()
    if refreshed is None or not _is_there(refreshed):
        return packaged
    try:
        table = read_prices(refreshed)
    except PricesError as error:
        raise PricesError(
            f"{error} (remove that file, or write it anew: `motorpool cost prices --refresh`)"
        ) from None
    return table if table.as_of >= packaged.as_of else packaged


def user_prices_path() -> Path | None:
    """Where a refreshed table is kept: `motorpool/prices.json` in the user's cache.

    By the XDG Base Directory Specification 0.8: `$XDG_CACHE_HOME` if it is absolute, else
    `~/.cache`. None for a user without a home folder, as containers have them.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():
        try:
            cache = Path.home() / ".cache"
        except RuntimeError:
            return None
    return cache / "motorpool" / "prices.json"


def read_prices(path: Path | None = None) -> PriceTable:
    """The table of a file, or the packaged one. A file may hold some regions only.

    Raises PricesError: the file, where in it, what is wrong and what would be right.
    """
    if path is None:
        return _packaged()[0]
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PricesError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise PricesError(
            f"{path} must be JSON in UTF-8, and its byte {error.start} is not"
        ) from None
    return _table(parse(str(path), text), origin=str(path))


def read_limits() -> Limits:
    """Quotas and facts of billing that were published with the packaged prices."""
    return _packaged()[1]


def write_prices(table: PriceTable, path: Path) -> None:
    """Write the table so that `read_prices` reads the same: all of it, or the file stays.

    Raises PricesError if the file cannot be written, and for a table that could not be read again.
    """
    text = price_text(table)
    _table(parse(str(path), text), origin=str(path))
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise PricesError(f"{path} cannot be written: {error.strerror}") from None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a home folder that is somebody else's
        return False


@functools.cache
def _packaged() -> tuple[PriceTable, Limits]:
    file = resources.files("motorpool.costs").joinpath("data", "prices.json")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PricesError(
            f"{PACKAGED} cannot be read, so motorpool is not installed whole: {error}"
        ) from None
    document = parse(PACKAGED, text)
    table = _table(document, origin=PACKAGED)
    return table, _limits(document, {source.id for source in table.sources})


def _table(document: FileValue, origin: str) -> PriceTable:
    schema = document.fields(required=("schema",), others=None)["schema"]
    if schema.value != str(SCHEMA):  # a number comes as it is written
        raise schema.error(f"must be {SCHEMA}, the only one that this motorpool reads")
    parts = document.fields(
        required=("schema", "as_of", "free_tier", "regions"),
        others=("others_as_of", "confirmed", "sources", *_LIMITS),
    )
    sources = _sources(parts["sources"]) if "sources" in parts else ()
    known = {source.id for source in sources}
    regions = {
        name: _region(name, each, known) for name, each in parts["regions"].entries().items()
    }
    if not regions:
        raise parts["regions"].error("must hold at least one region")
    return PriceTable(
        as_of=parts["as_of"].day(),
        others_as_of=_day(parts, "others_as_of"),
        confirmed=parts["confirmed"].text() if "confirmed" in parts else "",
        origin=origin,
        free_tier=_free_tier(parts["free_tier"]),
        regions=regions,
        sources=sources,
    )


def _region(name: str, entry: FileValue, known: set[str]) -> RegionPrices:
    if not _REGION.fullmatch(name):
        raise entry.error("must be named by a region's code, such as eu-west-1")
    parts = entry.fields(
        required=("name", "request", *ARCHITECTURES),
        others=_REGION_KEYS,
    )
    by_what = parts["sources"].fields(others=_SOURCE_KEYS) if "sources" in parts else {}
    return RegionPrices(
        region=name,
        name=parts["name"].text(),
        request=parts["request"].decimal(),
        architectures={each: _architecture(parts[each], known) for each in ARCHITECTURES},
        as_of=_day(parts, "as_of"),
        sources={what: _ids(ids, known) for what, ids in by_what.items()},
        response_stream_gb=_decimal(parts, "response_stream_gb"),
        snapstart_cache_gb_second=_decimal(parts, "snapstart_cache_gb_second"),
        snapstart_restore_gb=_decimal(parts, "snapstart_restore_gb"),
        internet_egress=_tiers(parts["internet_egress"]) if "internet_egress" in parts else (),
        nat_gateway_hour=_decimal(parts, "nat_gateway_hour"),
        nat_gateway_gb=_decimal(parts, "nat_gateway_gb"),
        logs=_tiers(parts["logs"]) if "logs" in parts else (),
    )


def _architecture(entry: FileValue, known: set[str]) -> ArchitecturePrices:
    parts = entry.fields(required=("duration",), others=_ARCHITECTURE_KEYS)
    duration = _tiers(parts["duration"])
    if not duration:
        raise parts["duration"].error('must hold at least one tier, such as [null, "0.00002"]')
    return ArchitecturePrices(
        duration=duration,
        borders=parts["borders"].text() if "borders" in parts else "",
        sources=_ids(parts["sources"], known) if "sources" in parts else (),
        provisioned_concurrency=_decimal(parts, "provisioned_concurrency"),
        provisioned_duration=_decimal(parts, "provisioned_duration"),
        ephemeral_storage=_decimal(parts, "ephemeral_storage"),
    )


def _tiers(entry: FileValue) -> tuple[Tier, ...]:
    """Tiers in ascending order, of which the last has no end."""
    tiers: list[Tier] = []
    rows = entry.items()
    for number, row in enumerate(rows, start=1):
        pair = row.items()
        if len(pair) != 2:  # noqa: PLR2004 - a border and a price
            raise row.error('must be a pair of border and price, such as ["6000000000", "0.00002"]')
        is_last = number == len(rows)
        if is_last and pair[0].value is not None:
            raise pair[0].error("must be null: the last tier has no end")
        if not is_last and pair[0].value is None:
            raise pair[0].error("must be a number: only the last tier has no end")
        border = None if is_last else pair[0].decimal()
        below = tiers[-1].up_to if tiers else Decimal(0)
        if border is not None and below is not None and border <= below:
            raise pair[0].error(f"must be above the border before it, {below:f}")
        tiers.append(Tier(up_to=border, price=pair[1].decimal()))
    return tuple(tiers)


def _free_tier(entry: FileValue) -> FreeTier:
    names = tuple(each.name for each in fields(FreeTier))
    parts = entry.fields(required=names)
    return FreeTier(**{name: parts[name].decimal() for name in names})


def _sources(entry: FileValue) -> tuple[Source, ...]:
    found: dict[str, Source] = {}
    for each in entry.items():
        parts = each.fields(required=("id", "what", "where", "date"))
        source = Source(**{name: part.text() for name, part in parts.items()})
        if source.id in found:
            raise parts["id"].error("must be an id that no other source has")
        found[source.id] = source
    return tuple(found.values())


def _limits(document: FileValue, known: set[str]) -> Limits:
    parts = document.fields(required=_LIMITS, others=None)
    billing, quotas, atlas = (
        {name: _fact(each, known) for name, each in parts[group].entries().items()}
        for group in _LIMITS
    )
    return Limits(billing=billing, quotas=quotas, atlas_connections=atlas)


def _fact(entry: FileValue, known: set[str]) -> Fact:
    parts = entry.fields(required=("value", "unit", "what", "sources"))
    return Fact(
        value=parts["value"].decimal(),
        unit=parts["unit"].text(),
        what=parts["what"].text(),
        sources=_ids(parts["sources"], known),
    )


def _ids(entry: FileValue, known: set[str]) -> tuple[str, ...]:
    for each in entry.items():
        if each.text() not in known:
            raise each.error("must be the id of one of the file's sources")
    return tuple(each.text() for each in entry.items())


def _decimal(parts: Mapping[str, FileValue], key: str) -> Decimal | None:
    """A price; None where the file leaves it out or says null: it is not known."""
    return None if key not in parts or parts[key].value is None else parts[key].decimal()


def _day(parts: Mapping[str, FileValue], key: str) -> date | None:
    return parts[key].day() if key in parts else None
