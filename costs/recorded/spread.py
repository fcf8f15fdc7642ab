"""How values are spread: percentiles by the nearest rank, exact, and buckets of a histogram.

Knows nothing of what the values are.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, fsum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LARGEST_BUCKET: Final = 1024
"""The size from which on all are in one bucket."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """Values of one kind: how many, and how they are spread."""

    count: int
    total: float
    least: float
    median: float
    p95: float
    p99: float
    most: float

    @property
    def mean(self) -> float:
        """Their arithmetic mean."""
        return self.total / self.count

    @classmethod
    def of(cls, values: Iterable[float]) -> Distribution | None:
        """The distribution of values; None: there are none."""
        ordered = sorted(values)
        if not ordered:
            return None

        def at(share: float) -> float:
            return ordered[max(0, ceil(share * len(ordered)) - 1)]

        return cls(
            count=len(ordered),
            total=fsum(ordered),
            least=ordered[0],
            median=at(0.5),
            p95=at(0.95),
            p99=at(0.99),
            most=ordered[-1],
        )


def spread(sizes: Mapping[int, int]) -> Distribution | None:
    """As `Distribution.of`, of values that are counted already."""
    count = sum(sizes.values())
    if not count:
        return None
    ordered = sorted(size for size in sizes if sizes[size])

    def at(share: float) -> float:
        rank, seen = max(1, ceil(share * count)), 0
        for size in ordered:
            seen += sizes[size]
            if seen >= rank:
                return size
        return ordered[-1]

    return Distribution(
        count=count,
        total=sum(size * number for size, number in sizes.items()),
        least=ordered[0],
        median=at(0.5),
        p95=at(0.95),
        p99=at(0.99),
        most=ordered[-1],
    )


def buckets(sizes: Mapping[int, int]) -> Iterable[tuple[str, int]]:
    """Numbers by size, in buckets of which each is twice as wide; empty ones between are kept."""
    most = max((size for size, count in sizes.items() if count), default=-1)
    if sizes.get(0):
        yield "0", sizes[0]
    low = high = 1
    while low <= most:
        is_last = high >= LARGEST_BUCKET
        count = sum(
            number for size, number in sizes.items() if low <= size and (is_last or size <= high)
        )
        if is_last:
            yield f"{low:,} or more", count
            return
        yield (f"{low:,}" if low == high else f"{low:,} to {high:,}"), count
        low, high = high + 1, high * 2
