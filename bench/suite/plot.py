"""The plot of (1): N against milliseconds a batch, both axes by powers of ten, as SVG.

Written by hand: a library that draws would bring ten packages into development for five lines, and
its output changes from one of its releases to the next. The same rows give the same bytes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.suite.figures import Row

WIDTH, HEIGHT = 720, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 24, 48


class Style(NamedTuple):
    """How a line looks: told apart without its colour, too (colours: Okabe and Ito, 2008)."""

    colour: str
    dashes: str
    mark: str


STYLES: Final[Mapping[str, Style]] = {
    "Motor, gather": Style("#D55E00", "", "square"),
    "PyMongo Async, gather": Style("#E69F00", "6 3", "square"),
    "Motor, one $in": Style("#56B4E9", "", "circle"),
    "PyMongo Async, one $in": Style("#009E73", "6 3", "circle"),
    "handler on Motor": Style("#0072B2", "", "diamond"),
    "handler on PyMongo Async": Style("#CC79A7", "6 3", "diamond"),
}
"""By the names that rows give the sides, from the slowest down."""


def lines_of(rows: Iterable[Row]) -> dict[str, list[tuple[float, float]]]:
    """Of each side, N and the milliseconds of a batch, from the rows of the part `reads`."""
    found: dict[str, dict[float, float]] = {}
    for row in rows:
        if row.part != "reads" or row.what != "find_one by _id":
            continue
        for name, spread in ((row.ours_is, row.ours), (row.peer_is, row.peer)):
            if spread is not None:
                found.setdefault(name, {})[row.n] = spread.median
    return {name: sorted(found[name].items()) for name in STYLES if name in found}


def svg(lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """The plot. `lines`: see `lines_of`; none of them, an empty frame."""
    xs = [x for points in lines.values() for x, _ in points] or [1.0, 10.0]
    ys = [y for points in lines.values() for _, y in points] or [1.0, 10.0]
    x_axis = _Axis.over(xs, _LEFT, WIDTH - _RIGHT)
    y_axis = _Axis.over(ys, HEIGHT - _BOTTOM, _TOP)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12">'
        ),
        "<title>N find_one by _id: milliseconds a batch</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_grid(x_axis, y_axis),
        *[
            piece
            for name, points in lines.items()
            for piece in _line(STYLES[name], points, x_axis, y_axis)
        ],
        *_legend(list(lines)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Axis(NamedTuple):
    """Whole powers of ten from `low` to `high`, drawn between two places."""

    low: int
    high: int
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> _Axis:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return cls(low, max(high, low + 1), start, end)

    def at(self, value: float) -> float:
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.start + part * (self.end - self.start), 1)

    @property
    def powers(self) -> list[int]:
        return list(range(self.low, self.high + 1))


def _grid(x_axis: _Axis, y_axis: _Axis) -> list[str]:
    pieces = []
    top, bottom = y_axis.end, y_axis.start
    for power in x_axis.powers:
        x = x_axis.at(10.0**power)
        pieces.append(f'<path d="M{x} {bottom}V{top}" stroke="#ddd"/>')
        pieces.append(f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{_tick(power)}</text>')
    for power in y_axis.powers:
        y = y_axis.at(10.0**power)
        pieces.append(f'<path d="M{x_axis.start} {y}H{x_axis.end}" stroke="#ddd"/>')
        label = f'x="{x_axis.start - 6}" y="{y + 4}" text-anchor="end"'
        pieces.append(f"<text {label}>{_tick(power)}</text>")
    middle = (x_axis.start + x_axis.end) / 2
    pieces.append(f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">N operations</text>')
    at = f"14 {(top + bottom) / 2}"
    pieces.append(
        f'<text transform="translate({at}) rotate(-90)" text-anchor="middle">ms a batch</text>'
    )
    return pieces


def _tick(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"


def _line(
    style: Style, points: Sequence[tuple[float, float]], x_axis: _Axis, y_axis: _Axis
) -> list[str]:
    places = [(x_axis.at(x), y_axis.at(y)) for x, y in points]
    path = "L".join(f"{x} {y}" for x, y in places)
    dashes = f' stroke-dasharray="{style.dashes}"' if style.dashes else ""
    drawn = f'<path d="M{path}" fill="none" stroke="{style.colour}" stroke-width="2"{dashes}/>'
    return [drawn, *[_mark(style, x, y) for x, y in places]]


def _mark(style: Style, x: float, y: float) -> str:
    if style.mark == "circle":
        return f'<circle cx="{x}" cy="{y}" r="3.5" fill="{style.colour}"/>'
    turned = f' transform="rotate(45 {x} {y})"' if style.mark == "diamond" else ""
    corner = f'x="{round(x - 3.5, 1)}" y="{round(y - 3.5, 1)}"'
    return f'<rect {corner} width="7" height="7" fill="{style.colour}"{turned}/>'


def _legend(names: Sequence[str]) -> list[str]:
    pieces = []
    for number, name in enumerate(names):
        style = STYLES[name]
        x, y = _LEFT + 14, _TOP + 16 + 18 * number
        dashes = f' stroke-dasharray="{style.dashes}"' if style.dashes else ""
        pieces.append(f'<path d="M{x} {y}h28" stroke="{style.colour}" stroke-width="2"{dashes}/>')
        pieces.append(_mark(style, x + 14, y))
        pieces.append(f'<text x="{x + 36}" y="{y + 4}">{name}</text>')
    return pieces
