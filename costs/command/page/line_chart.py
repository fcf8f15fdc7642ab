"""Lines over numbers, each labelled at its end: what is asked marked, what is found pointed at.

Draws what it is given in either form; says and computes nothing of its own.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.command.page.axis import short
from motorpool.costs.command.page.labels import Place, arrange, box_of, distance, spread
from motorpool.costs.command.page.palette import LOOKS, stand_in
from motorpool.costs.command.page.plot import Plot, plot
from motorpool.costs.command.page.sheet import Box, Form, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from motorpool.costs.command.page.chart import Line, LineChart, Mark, Spot

_STEP: Final = 4.0
"""Pixels between the points by which a label's place knows where a line is."""
_LEADER: Final = 12.0
"""From the end of a line to its label."""
_REFUSED: Final = (0.8, 2.4)
_THIN: Final = 1.0
_ALONG: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Parts of a level's length at which its label may stand."""


def lines(chart: LineChart, *, title: str, caption: str, alt: str) -> Plot:
    """A plot of lines. What lies beyond the ends of the axes is left out, labels too."""
    return plot(lambda form: _Drawing(chart, form).sheet, title=title, caption=caption, alt=alt)


class _Drawing:
    """One form of a chart, drawn in the order in which it is built up."""

    def __init__(self, chart: LineChart, form: Form) -> None:
        self.chart = chart
        self.sheet = Sheet(form, form.height)
        xs = [x for line in chart.lines for x, _ in line.points]
        ys = [y for line in chart.lines for _, y in line.points]
        self.low_x, self.high_x = chart.x.range(xs, from_zero=False)
        self.low_y, self.high_y = chart.y.range(ys, from_zero=True)
        self.x_ticks = chart.x.ticks(self.low_x, self.high_x, form.ticks)
        self.y_ticks = chart.y.ticks(self.low_y, self.high_y, form.ticks)
        self.taken: list[Box] = []
        self.inside = self._inside()
        self.axes = self._axes()
        self._write_axes()
        self.drawn = [point for line in chart.lines for point in self._draw_line(line)]
        if chart.mark is not None:
            self._draw_mark(chart.mark)
        self._draw_levels()
        self._label_lines()
        self._draw_spots()

    def _inside(self) -> Box:
        """The room of the lines: what the words around them leave."""
        sheet, form = self.sheet, self.sheet.form
        ticks = max(sheet.width_of([short(tick)]) for tick in self.y_ticks or [0.0])
        labels = sheet.width_of(
            [row for line in self.chart.lines for row in form.wrap(line.label)], is_strong=True
        )
        rows_above = 1 if self.chart.mark is None else 2
        return Box(
            ticks + 8,
            2.5 * sheet.line,
            form.width - labels - _LEADER,
            sheet.height - (rows_above + 0.4) * sheet.line,
        )

    def _axes(self) -> Any:
        axes = self.sheet.axes(self.inside)
        if self.chart.x.is_log:
            axes.set_xscale("log")
        if self.chart.y.is_log:
            axes.set_yscale("log")
        axes.set_xlim(self.low_x, self.high_x)
        axes.set_ylim(self.low_y, self.high_y)
        axes.minorticks_off()
        axes.set_xticks([])
        axes.set_yticks([])
        return axes

    def _pixels(self, x: float, y: float) -> tuple[float, float]:
        across, up = self.axes.transData.transform((x, y))
        return float(across), float(up)

    def _shows(self, x: float, y: float) -> bool:
        return self.low_x <= x <= self.high_x and self.low_y <= y <= self.high_y

    def _write_axes(self) -> None:
        sheet, inside, chart = self.sheet, self.inside, self.chart
        sheet.write(0, sheet.height - 0.6 * sheet.line, [chart.y.title], colour="muted")
        for tick in self.y_ticks:
            _, up = self._pixels(self.low_x, tick)
            self.axes.axhline(tick, color=stand_in("rule"), linewidth=_THIN, zorder=0)
            sheet.write(inside.left - 8, up, [short(tick)], colour="muted", align="right")
        self.axes.axhline(self.low_y, color=stand_in("muted"), linewidth=_THIN, clip_on=False)
        self._write_x_ticks()
        middle = (inside.left + inside.right) / 2
        half = sheet.width_of([chart.x.title]) / 2
        middle = max(half, min(middle, sheet.form.width - half))
        sheet.write(middle, 0.6 * sheet.line, [chart.x.title], colour="muted", align="center")

    def _write_x_ticks(self) -> None:
        """As many as stand apart from each other."""
        sheet, inside = self.sheet, self.inside
        end = float("-inf")
        for tick in self.x_ticks:
            across, _ = self._pixels(tick, self.low_y)
            room = sheet.room(across, inside.bottom - 0.75 * sheet.line, [short(tick)], "center")
            if room.left > end:
                end = room.right + sheet.form.text / 2
                sheet.write(
                    across, inside.bottom - 0.75 * sheet.line, [short(tick)],
                    colour="muted", align="center",
                )  # fmt: skip

    def _draw_mark(self, mark: Mark) -> None:
        if not self.low_x <= mark.x <= self.high_x:
            return
        sheet, inside = self.sheet, self.inside
        self.axes.axvline(mark.x, color=stand_in("muted"), linewidth=_THIN, zorder=1)
        across, _ = self._pixels(mark.x, self.low_y)
        half = sheet.width_of([mark.label]) / 2
        # Not into the labels of the lines, which may begin above the lines' own room.
        middle = max(half, min(across, inside.right + _LEADER / 2 - half))
        sheet.write(middle, inside.top + 0.7 * sheet.line, [mark.label], align="center")
        self.drawn += _between((across, inside.bottom), (across, inside.top))

    def _draw_line(self, line: Line) -> Iterable[tuple[float, float]]:
        look = LOOKS[line.look]
        shown = [(x, y) for x, y in line.points if self._shows(x, y)]
        end = math.inf if line.solid_to is None else line.solid_to
        sure = [(x, y) for x, y in shown if x <= end]
        doubtful = [(x, y) for x, y in shown if x >= (sure[-1][0] if sure else -math.inf)]
        for points, dashes, width in (
            (sure, look.dashes, look.width),
            (doubtful, _REFUSED, look.width * 0.7),
        ):
            if len(points) < 2:  # noqa: PLR2004 - no line
                continue
            style = (0, tuple(dash * width for dash in dashes)) if dashes else "solid"
            self.axes.plot(
                *zip(*points, strict=True),
                color=stand_in(look.colour),
                linewidth=width,
                linestyle=style,
                scalex=False,
                scaley=False,
            )
        pixels = [self._pixels(x, y) for x, y in shown]
        return [
            point for start, end in itertools.pairwise(pixels) for point in _between(start, end)
        ]

    def _draw_levels(self) -> None:
        """Limits, each with its label on it where the lines leave room; none over another."""
        for level in self.chart.levels:
            _, up = self._pixels(self.low_x, level.y)
            size = (self.sheet.width_of([level.label]), self.sheet.line)
            place = self._place_on(up, size)
            if self._shows(self.low_x, level.y) and place is not None:
                self.axes.axhline(
                    level.y,
                    color=stand_in("muted"),
                    linewidth=_THIN,
                    linestyle=(0, (5, 3)),
                    zorder=1,
                )
                written = self.sheet.write(place.x, place.y, [level.label], colour="muted")
                self.taken.append(written)

    def _place_on(self, up: float, size: tuple[float, float]) -> Place | None:
        """Where a level's label covers no other, and least of the lines; None: nowhere.

        Above the level before below it, at the left before further on.
        """
        side = size[1] / 2 + 1
        left, room = self.inside.left + 4, self.inside.right - self.inside.left - size[0] - 8
        places = [
            Place(left + part * room, middle, "left")
            for middle in (up + side, up - side)
            for part in _ALONG
            if middle - side > self.inside.bottom
        ]
        clear = [
            place
            for place in places
            if not any(box_of(place, size).overlap(other) for other in self.taken)
        ]

        def covered(place: Place) -> int:
            box = box_of(place, size)
            return sum(box.holds(*point) for point in self.drawn)

        return min(clear, key=covered, default=None)

    def _label_lines(self) -> None:
        """At the right, each beside the end of its line, apart from each other."""
        sheet, inside = self.sheet, self.inside
        ends = [
            (line, *self._pixels(*shown[-1]))
            for line in self.chart.lines
            if (shown := [point for point in line.points if self._shows(*point)])
        ]
        rows = [sheet.form.wrap(line.label) for line, _, _ in ends]
        heights = [sheet.line * len(each) + 4 for each in rows]
        middles = spread([up for _, _, up in ends], heights, inside.bottom, sheet.height)
        for (line, across, up), middle, label in zip(ends, middles, rows, strict=True):
            colour = LOOKS[line.look].colour
            self._leader((across + 2, up), (inside.right + _LEADER - 2, middle), colour)
            sheet.write(inside.right + _LEADER, middle, label, colour=colour, is_strong=True)

    def _leader(self, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
        self.axes.plot(
            *zip(start, end, strict=True),
            color=stand_in(colour),
            linewidth=_THIN,
            transform=None,
            clip_on=False,
            scalex=False,
            scaley=False,
        )

    def _draw_spots(self) -> None:
        spots = [spot for spot in self.chart.spots if self._shows(spot.x, spot.y)]
        for spot in spots:
            self._draw_marker(spot)
        # A marker is not to be covered either.
        at = [self._pixels(spot.x, spot.y) for spot in spots]
        self.taken += [Box(x - 6, y - 6, x + 6, y + 6) for x, y in at]
        labelled = [(spot, point) for spot, point in zip(spots, at, strict=True) if spot.label]
        sizes = [(self.sheet.width_of([spot.label]), self.sheet.line) for spot, _ in labelled]
        places = arrange(
            [point for _, point in labelled],
            sizes,
            within=self.inside,
            taken=self.taken,
            drawn=self.drawn,
        )
        for (spot, point), place, size in zip(labelled, places, sizes, strict=True):
            colour = "ink" if spot.look is None else LOOKS[spot.look].colour
            self._point_from(box_of(place, size), point, colour)
            self.sheet.write(place.x, place.y, [spot.label], colour=colour, align=place.align)

    def _draw_marker(self, spot: Spot) -> None:
        look = None if spot.look is None else LOOKS[spot.look]
        self.axes.plot(
            [spot.x],
            [spot.y],
            marker="D" if look is None else look.marker,
            markersize=9,
            markerfacecolor=stand_in("paper" if look is None else look.colour),
            markeredgecolor=stand_in("ink" if look is None else "paper"),
            markeredgewidth=1.6 if look is None else 1.0,
            clip_on=False,
            zorder=5,
        )

    def _point_from(self, label: Box, point: tuple[float, float], colour: str) -> None:
        """A thin line from a label to its point, where it could not stand beside it."""
        if distance(label, point) <= self.sheet.line:
            return
        x, y = point
        near_x = min(max(x, label.left + 4), label.right - 4)
        self._leader((near_x, label.bottom if label.bottom > y else label.top), point, colour)


def _between(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """Points on the way from one to the other, both with them."""
    (x, y), (to_x, to_y) = start, end
    steps = max(1, int(math.hypot(to_x - x, to_y - y) / _STEP))
    return [
        (x + (to_x - x) * step / steps, y + (to_y - y) * step / steps) for step in range(steps + 1)
    ]
