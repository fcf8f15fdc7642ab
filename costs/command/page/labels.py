"""Where labels stand so that none covers another, a line or the edge.

Pure geometry, in pixels. Never moves what a label is of.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from motorpool.costs.command.page.sheet import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP: Final = 8.0
"""Between a point and its label."""
_NEAR: Final = 1.25 * GAP
"""Within this a label is beside its point, wherever it is."""
_OUTSIDE: Final = 1000.0
_COVERED: Final = 100.0
_CROSSED: Final = 15.0
_AWAY: Final = 3.0
_LED_ACROSS: Final = 60.0
"""What a place costs: for each pixel outside, square pixel of another label covered, point of a
line covered, pixel away from what it is of, and label that a line to it would cross."""
_ROWS: Final = 6
"""How many heights of a label it may be away from its point."""
_ON_THE_WAY: Final = 8
_ALIGNS: Final[tuple[Literal["left", "right", "center"], ...]] = ("left", "right", "center")


class Place(NamedTuple):
    """Where a label stands: the x that its `align` refers to, and the middle of its height."""

    x: float
    y: float
    align: Literal["left", "center", "right"]


def spread(
    wanted: Sequence[float], heights: Sequence[float], low: float, high: float
) -> list[float]:
    """Middles for labels that stand over each other, near the wanted ones and in their order.

    Between `low` and `high` as long as they fit; where they do not, they keep apart all the same.
    """
    order = sorted(range(len(wanted)), key=lambda each: wanted[each])
    placed = list(wanted)
    floor = low
    for each in order:
        placed[each] = max(placed[each], floor + heights[each] / 2)
        floor = placed[each] + heights[each] / 2
    top = max(high, low + sum(heights))
    for each in reversed(order):
        placed[each] = min(placed[each], top - heights[each] / 2)
        top = placed[each] - heights[each] / 2
    return placed


def arrange(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    *,
    within: Box,
    taken: Sequence[Box],
    drawn: Sequence[tuple[float, float]],
) -> list[Place]:
    """Places for the labels of points, each of its width and height, at which they cover least.

    `taken`: the room of other labels; `drawn`: points of the lines. One label after the other takes
    its best place, from the top or from the bottom, whichever comes out better.
    """
    down = sorted(range(len(points)), key=lambda each: -points[each][1])
    return min(
        (
            _in_order(order, points, sizes, _Room(within, taken, drawn))
            for order in (down, down[::-1])
        ),
        key=lambda arranged: arranged[0],
    )[1]


class _Room(NamedTuple):
    """What a label must stay within, and what it should not cover."""

    within: Box
    taken: Sequence[Box]
    drawn: Sequence[tuple[float, float]]

    def cost(self, place: Place, point: tuple[float, float], size: tuple[float, float]) -> float:
        """How bad a place is for the label of a point."""
        box = box_of(place, size)
        return (
            _OUTSIDE * box.outside(self.within)
            + _COVERED * sum(box.overlap(other) for other in self.taken)
            + _CROSSED * sum(box.holds(*each) for each in self.drawn)
            + _AWAY * max(0.0, distance(box, point) - _NEAR)
            + _LED_ACROSS * sum(_crosses(point, (place.x, place.y), other) for other in self.taken)
        )


def _in_order(
    order: Sequence[int],
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    room: _Room,
) -> tuple[float, list[Place]]:
    """What it costs together if each takes its best place in this order, and the places.

    Of places that are as good the first is taken: to the right and above before all.
    """
    total = 0.0
    places: dict[int, Place] = {}
    for each in order:
        point, size = points[each], sizes[each]
        found = [_inside(place, size[0], room.within) for place in _around(point, size[1])]
        costs = [room.cost(place, point, size) for place in found]
        total += min(costs)
        places[each] = found[costs.index(min(costs))]
        room = room._replace(taken=[*room.taken, box_of(places[each], size)])
    return total, [places[each] for each in range(len(points))]


def _around(point: tuple[float, float], height: float) -> list[Place]:
    """Places at each side of the point, and further up and down."""
    x, y = point
    step = height / 2 + GAP / 2
    heights = [step + rows * height for rows in range(_ROWS)]
    return [
        Place(x + GAP * (align == "left") - GAP * (align == "right"), y + up, align)
        for distance in heights
        for up in (distance, -distance)
        for align in _ALIGNS
    ] + [Place(x + GAP, y, "left"), Place(x - GAP, y, "right")]


def _inside(place: Place, width: float, within: Box) -> Place:
    """The place, moved to the side as far as its label would reach out."""
    box = box_of(place, (width, 0.0))
    shift = max(0.0, within.left - box.left) - max(0.0, box.right - within.right)
    return place._replace(x=place.x + shift)


def box_of(place: Place, size: tuple[float, float]) -> Box:
    """The room that a label of this size takes at a place."""
    width, height = size
    left = place.x - {"left": 0.0, "center": width / 2, "right": width}[place.align]
    return Box(left, place.y - height / 2, left + width, place.y + height / 2)


def _crosses(point: tuple[float, float], end: tuple[float, float], other: Box) -> bool:
    """Whether the way from a point to its label leads across a box that does not hold the point."""
    (x, y), (to_x, to_y) = point, end
    parts = (each / _ON_THE_WAY for each in range(1, _ON_THE_WAY))
    return not other.holds(x, y) and any(
        other.holds(x + (to_x - x) * part, y + (to_y - y) * part) for part in parts
    )


def distance(box: Box, point: tuple[float, float]) -> float:
    """How far a label's room is from a point, in pixels; 0 within it."""
    x, y = point
    return math.hypot(max(box.left - x, 0.0, x - box.right), max(box.bottom - y, 0.0, y - box.top))
