"""The text of a price table's file: plain decimals, one line for each part of a region.

Reads nothing and writes no file; `price_file.py` reads what is made here back to the same table.
"""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.prices import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorpool.costs.prices import PriceTable, RegionPrices

SCHEMA: Final = 1
"""Raised when a file that was right no longer is."""


def price_text(table: PriceTable) -> str:
    """The text of the table's file: a line for each source, and for each part of a region."""
    document: dict[str, Any] = {"schema": SCHEMA, "as_of": table.as_of.isoformat()}
    if table.others_as_of is not None:
        document["others_as_of"] = table.others_as_of.isoformat()
    document["confirmed"] = table.confirmed
    document["free_tier"] = _plain(table.free_tier)
    document["sources"] = [_plain(source) for source in table.sources]
    document["regions"] = {name: _region_text(each) for name, each in table.regions.items()}
    return pretty(document, {"sources": 1, "regions": 2}) + "\n"


def pretty(document: Mapping[str, Any], depth: Mapping[str, int]) -> str:
    """JSON with each of the document's keys on a line, opened as deep as `depth` says for it."""
    lines = (
        f"  {json.dumps(key)}: {_opened(value, depth.get(key, 0), '  ')}"
        for key, value in document.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}"


def _opened(value: object, depth: int, indent: str) -> str:
    if not depth or not isinstance(value, dict | list) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = indent + "  "
    if isinstance(value, list):
        rows = [f"{inner}{_opened(each, depth - 1, inner)}" for each in value]
        return "[\n" + ",\n".join(rows) + f"\n{indent}]"
    rows = [
        f"{inner}{json.dumps(key)}: {_opened(each, depth - 1, inner)}"
        for key, each in value.items()
    ]
    return "{\n" + ",\n".join(rows) + f"\n{indent}}}"


def _region_text(prices: RegionPrices) -> dict[str, Any]:
    """A region as it stands in the file: its architectures beside its other prices."""
    text = _plain(prices)
    for key in ("region", "architectures", "as_of", "sources"):
        del text[key]
    head = {key: text.pop(key) for key in ("name", "request")}
    if prices.as_of is not None:
        head["as_of"] = prices.as_of.isoformat()
    architectures = {name: _plain(each) for name, each in prices.architectures.items()}
    sources = {what: list(ids) for what, ids in prices.sources.items()}
    return head | architectures | text | {"sources": sources}


def _plain(record: Any) -> dict[str, Any]:
    return {each.name: _plain_value(getattr(record, each.name)) for each in fields(record)}


def _plain_value(value: object) -> object:
    """Decimals as plain strings, so that no reader makes binary fractions of them."""
    match value:
        case Decimal():
            return format(value, "f")
        case Tier():
            return [_plain_value(value.up_to), _plain_value(value.price)]
        case tuple():
            return [_plain_value(each) for each in value]
        case _:
            return value
