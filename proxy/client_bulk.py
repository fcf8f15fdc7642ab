"""What a client's bulk write did, as documents: the driver's sum of it holds objects.

The result of each request goes by its index, and numbers are no keys in BSON. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def told_results(result: Mapping[str, Any]) -> dict[str, Any]:
    """The driver's `bulk_api_result`, or an exception's details, as docs/protocol.md has them."""
    told = dict(result)
    if "insertResults" in told:
        told["insertResults"] = [
            {"index": index, "inserted_id": each.inserted_id}
            for index, each in told["insertResults"].items()
        ]
    for kind in ("updateResults", "deleteResults"):
        if kind in told:
            told[kind] = [
                {"index": index, "raw_result": each.raw_result}
                for index, each in told[kind].items()
            ]
    return told
