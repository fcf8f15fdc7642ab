"""Figures: medians with their spread, and whether a bound holds. Pure."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEW = 4


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some measurements, and the quartiles below and above it."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Sum up at least one measurement; of fewer than four, the least and the greatest."""
        median = statistics.median(values)
        if len(values) < _FEW:
            return cls(median, min(values), max(values), len(values))
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high, len(values))

    def scaled(self, factor: float) -> Spread:
        """The same in another unit."""
        return Spread(self.median * factor, self.low * factor, self.high * factor, self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the report.

    `figure` is what is judged, in `unit`: "x" is a ratio of `ours` to `peer`, taken round by round.
    `ours` and `peer` are in `measured_in`. `at_most`: the bound, and `aim` what is hoped for; both
    None where the line is for information only.
    """

    part: str
    what: str
    n: int
    ours_is: str
    peer_is: str
    figure: Spread
    unit: str = "x"
    ours: Spread | None = None
    peer: Spread | None = None
    measured_in: str = "ms"
    at_most: float | None = None
    aim: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the median keeps the bound; None without one."""
        return None if self.at_most is None else self.figure.median <= self.at_most

    @property
    def verdict(self) -> str:
        """In words."""
        if self.holds is None:
            return ""
        if not self.holds:
            return "does not hold"
        if self.aim is None:
            return "holds"
        return "holds, aim met" if self.figure.median <= self.aim else "holds, aim not met"

    def as_document(self) -> dict[str, Any]:
        """For the JSON, with the verdict."""
        return {**asdict(self), "holds": self.holds}

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> Self:
        """The row that `as_document` gave this of."""
        fields = {name: value for name, value in document.items() if name != "holds"}
        for name in ("figure", "ours", "peer"):
            if fields[name] is not None:
                fields[name] = Spread(**fields[name])
        return cls(**fields)


def ratios(ours: Sequence[float], peer: Sequence[float]) -> Spread:
    """Ours by the peer's, round by round: a busy moment falls on both."""
    return Spread.of([mine / theirs for mine, theirs in zip(ours, peer, strict=True)])


def differences(ours: Sequence[float], peer: Sequence[float]) -> Spread:
    """Ours less the peer's, round by round."""
    return Spread.of([mine - theirs for mine, theirs in zip(ours, peer, strict=True)])
