"""How many connections a database takes, by the name under which one rents it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorpool.costs.price_file import read_limits

if TYPE_CHECKING:
    from collections.abc import Mapping


def connection_limits() -> Mapping[str, int]:
    """How many connections MongoDB Atlas takes, by tiers that take equally many, fewest first."""
    tiers: dict[int, list[str]] = {}
    for tier, fact in read_limits().atlas_connections.items():
        tiers.setdefault(int(fact.value), []).append(tier)
    return {f"Atlas {', '.join(names)}": limit for limit, names in sorted(tiers.items())}
