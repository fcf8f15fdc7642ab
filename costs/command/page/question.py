"""What the plots of a comparison ask the model: one load and setup, with a figure changed.

Computes no cost itself, and changes nothing but what it is told to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from motorpool.costs.break_even import with_figure
from motorpool.costs.command.amounts import quantity, times
from motorpool.costs.durations import Design
from motorpool.costs.model import estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorpool.costs.break_even import BreakEven, What
    from motorpool.costs.load import Load
    from motorpool.costs.model import Estimate
    from motorpool.costs.prices import PriceTable
    from motorpool.costs.setup import Setup

NAMES: Final[Mapping[Design, str]] = {
    Design.BATCHED: "batching",
    Design.SINGLE: "one query per invocation",
    Design.DIRECT: "a driver in every function",
}
"""The designs as sentences have them."""
LABELS: Final[Mapping[Design, str]] = {
    Design.BATCHED: "batched",
    Design.SINGLE: "one query per invocation",
    Design.DIRECT: "driver in every function",
}
"""And as lines are labelled. The widest is drawn first: the dashes of others are seen on it."""
MOST_REQUESTS: Final = 1e15
"""A month, as `Load` takes them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """The load, setup and prices that a comparison is of, and its break-even points."""

    load: Load
    setup: Setup
    prices: PriceTable
    points: Sequence[BreakEven]

    @property
    def without_free_tier(self) -> Question:
        """The same where other functions use the free tier up."""
        return replace(self, setup=replace(self.setup, has_free_tier=False))

    def ask(self, design: Design, figure: What | None = None, value: float = 0.0) -> Estimate:
        """The estimate of a design, with one figure of the load changed if one is named."""
        load, setup = self.load, self.setup
        if figure is not None:
            load = with_figure(load, figure, Decimal(str(value)))
        if figure not in {None, "requests"}:
            # As for break-even points: durations that were given hold for the queries as they were.
            setup = replace(setup, batch_ms=None, single_ms=None)
        return estimate(load, setup, self.prices, design)

    def usd(self, design: Design, figure: What | None = None, value: float = 0.0) -> float:
        """Its dollars a month."""
        return float(self.ask(design, figure, value).usd)

    def asked(self) -> dict[Design, Estimate]:
        """The estimate of each design for the load as it is."""
        return {design: self.ask(design) for design in NAMES}

    def point(self, in_what: str, figure: str, than: Design) -> BreakEven | None:
        """The break-even point against a design, if it was looked for.

        Points of the same kind with a server's limit come after the one without.
        """
        kind = (in_what, figure, NAMES[than])
        of_kind = (each for each in self.points if (each.in_what, each.figure, each.than) == kind)
        return next(of_kind, None)


def told(point: BreakEven | None) -> str:
    """A break-even point as a sentence of a caption."""
    if point is None:
        return ""
    sentence = point.sentence
    return f"{sentence[0].upper()}{sentence[1:]}."


def of_load(load: Load) -> str:
    """How a load is called in a title."""
    return f"{times(load.queries, 'queries')} a request"


def decade_below(number: float) -> float:
    """The power of ten at or below it."""
    return 10.0 ** math.floor(math.log10(number))


def decade_above(number: float) -> float:
    """The power of ten at or above it."""
    return 10.0 ** math.ceil(math.log10(number))


def at_equal_ratios(low: float, high: float, count: int) -> list[float]:
    """So many numbers from one to the other, each the same multiple of the one before."""
    return [low * (high / low) ** (step / (count - 1)) for step in range(count)]


def ratio(part: float, whole: float) -> str:
    """One sum against another in words: `69% less than`, `4.2 times`, `as much as`."""
    if whole <= 0 or part <= 0:
        return "as much as" if part == whole else ("less than" if part < whole else "more than")
    if abs(part / whole - 1) < 0.005:  # noqa: PLR2004 - half a per cent, which would be shown as 0
        return "as much as"
    if part < whole:
        less = 100 * (1 - part / whole)
        return f"{less:.0f}% less than" if less < 99.5 else "under 1% of"  # noqa: PLR2004 - same
    if part / whole < 2:  # noqa: PLR2004 - twice
        return f"{100 * (part / whole - 1):.0f}% more than"
    return f"{quantity(float(f'{part / whole:.2g}'))} times"
