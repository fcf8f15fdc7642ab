"""An axis: its range, its ticks and how they read.

Ticks are few and round. Knows nothing of what is measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGE: Final = ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))
_GROUPED_BELOW: Final = 10_000
_LEAST: Final = 1e-9
"""Of a logarithmic axis."""
_ABOVE: Final = 1.06
"""How far a linear axis goes beyond its largest value."""


def short(number: float) -> str:
    """A number as a tick has it: 0.01, 1, 2,500, 10k, 3M, 100bn."""
    size = abs(number)
    if size >= _GROUPED_BELOW:
        for unit, name in _LARGE:
            if size >= unit:
                return f"{number / unit:,.4g}{name}"
    return f"{number:,.0f}" if size >= 1000 else f"{number:.4g}"  # noqa: PLR2004 - has a comma


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """An axis of numbers. A linear one of y begins at 0; a logarithmic one holds none below 1e-9.

    `least` and `most`, where they are given, are its ends; else the values are.
    """

    title: str
    is_log: bool = False
    least: float | None = None
    most: float | None = None

    def range(self, values: Iterable[float], *, from_zero: bool) -> tuple[float, float]:
        """Its ends for these values; never the same number twice."""
        known = [each for each in values if math.isfinite(each) and (each > 0 or not self.is_log)]
        low, high = min(known, default=1.0), max(known, default=1.0)
        if self.is_log:
            # A number just below a power of ten has that power's logarithm.
            decade = min(low, 10.0 ** math.floor(math.log10(low)))
            low = self.least or max(_LEAST, decade)
            high = self.most or high * 1.5
            return low, max(high, low * 10)
        low = 0.0 if from_zero else low
        low = low if self.least is None else self.least
        high = (high * _ABOVE if from_zero else high) if self.most is None else self.most
        return low, high if high > low else low + 1.0

    def ticks(self, low: float, high: float, most: int) -> list[float]:
        """Where its ticks are: at most so many, at round numbers between its ends."""
        slack = (high - low) * 1e-9
        if not self.is_log:
            found = MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high)
            return [float(each) for each in found if low - slack <= each <= high + slack]
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        step = max(1, math.ceil((last - first + 1) / most))
        return [10.0**power for power in range(first, last + 1, step)]
