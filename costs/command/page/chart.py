"""What a chart of lines shows: its axes, lines, points, limits, and what is asked.

Only says it; `line_chart.py` draws it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.costs.command.page.axis import Axis


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line. `look`: a key of `palette.LOOKS`; points in ascending order of x."""

    label: str
    look: str
    points: Sequence[tuple[float, float]]
    solid_to: float | None = None
    """Beyond this x it is thin and dotted: what it says no longer holds without a doubt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A point that is pointed at. `look`: of the line it is on; None: it stands for itself."""

    x: float
    y: float
    label: str
    look: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A value of x that is asked about."""

    x: float
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A value of y that means something by itself, such as a limit."""

    y: float
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LineChart:
    """All that a chart of lines shows."""

    x: Axis
    y: Axis
    lines: Sequence[Line]
    spots: Sequence[Spot] = ()
    mark: Mark | None = None
    levels: Sequence[Level] = ()
