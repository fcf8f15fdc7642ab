"""Bars in rows, whole or in parts, each with its value at its end; beside them a second measure.

Draws what it is given in either form; says and computes nothing of its own but the sums of parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from matplotlib.patches import Rectangle

from motorpool.costs.command.page.axis import short
from motorpool.costs.command.page.palette import PARTS, stand_in
from motorpool.costs.command.page.plot import Plot, plot
from motorpool.costs.command.page.sheet import Box, Form, Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ROW: Final = 28.0
_HIGHEST_ROW: Final = 42.0
_BAR: Final = 0.64
"""Of the height of its row."""
_SWATCH: Final = 12.0
_LABEL_GAP: Final = 10.0
_WIDE_SHARE: Final = 0.66
"""Of the wide form's width, what the bars have where something stands beside them."""
_SPACE: Final = 16.0
"""Between a panel and the next, and between the keys of the parts."""
_HATCHES: Final = (None, None, "////", None, "\\\\\\\\")
"""Of the parts, so that neighbours differ without colour too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A bar, of one value or of several parts of 0 or more. `is_asked`: the one asked about."""

    label: str
    values: Sequence[float]
    is_asked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """A second measure of the same rows, with a scale of its own."""

    title: str
    values: Sequence[float]
    tell: Callable[[float], str] = short


@dataclass(frozen=True, kw_only=True, slots=True)
class BarChart:
    """All that a chart of bars shows.

    `title`: what the bars measure, with its unit; `parts`: what their parts are, none for whole
    bars, at most five; `tell`: how a bar's value is written at its end.
    """

    title: str
    rows: Sequence[Row]
    parts: Sequence[str] = ()
    tell: Callable[[float], str] = short
    beside: Beside | None = None


def bars(chart: BarChart, *, title: str, caption: str, alt: str) -> Plot:
    """A plot of bars."""
    return plot(lambda form: _Drawing(chart, form).sheet, title=title, caption=caption, alt=alt)


class _Drawing:
    """One form of a chart, drawn from the top."""

    def __init__(self, chart: BarChart, form: Form) -> None:
        self.chart = chart
        self.form = form
        scratch = Sheet(form, 1)  # a sheet's measures do not depend on its height
        self.line = scratch.line
        self.labels = [form.wrap(row.label) for row in chart.rows]
        every_row = [row for rows in self.labels for row in rows]
        self.label_width = scratch.width_of(every_row, is_strong=True) + _LABEL_GAP
        self.heights = self._heights()
        self.keys = self._keys(scratch)
        panel = self.line * 1.5 + sum(self.heights)
        is_below = chart.beside is not None and form.name == "narrow"
        keys = len(self.keys) * self.line * 1.3 + (8 if self.keys else 0)
        height = keys + panel + (panel + _SPACE if is_below else 0) + 4
        self.sheet = Sheet(form, height)
        self.axes = self._axes()
        top = self._write_keys()
        width = float(form.width)
        if chart.beside is not None and not is_below:
            width = form.width * _WIDE_SHARE
        self._panel(top, self.label_width, width, self._draw_bar, _Measure.of_bars(chart))
        if chart.beside is not None:
            below = top - panel - _SPACE if is_below else top
            left = self.label_width if is_below else width + _SPACE
            measure = _Measure.of_beside(chart.beside)
            self._panel(below, left, form.width, self._draw_dot, measure)

    def _heights(self) -> list[float]:
        """Of the rows: what their labels need, and more where a few would leave the form empty."""
        row = _ROW
        if self.form.name == "wide" and self.labels:
            free = self.form.height - 4 * self.line
            row = max(_ROW, min(_HIGHEST_ROW, free / len(self.labels)))
        return [max(row, self.line * len(rows) + 6) for rows in self.labels]

    def _axes(self) -> Any:
        axes = self.sheet.axes(Box(0, 0, self.form.width, self.sheet.height))
        axes.set_xlim(0, self.form.width)
        axes.set_ylim(0, self.sheet.height)
        axes.set_xticks([])
        axes.set_yticks([])
        return axes

    def _keys(self, sheet: Sheet) -> list[list[tuple[float, int]]]:
        """Where the key of each part stands: rows of pairs of its left and the part's number."""
        rows: list[list[tuple[float, int]]] = []
        left = float("inf")
        for number, part in enumerate(self.chart.parts):
            width = _SWATCH + 6 + sheet.width_of([part])
            if left + width > self.form.width:
                rows.append([])
                left = 0.0
            rows[-1].append((left, number))
            left += width + _SPACE
        return rows

    def _write_keys(self) -> float:
        """Write them, and tell where the panels begin."""
        top = self.sheet.height
        for row in self.keys:
            middle = top - self.line * 0.65
            for left, number in row:
                self._rectangle(left, middle, _SWATCH, _SWATCH, number)
                label = [self.chart.parts[number]]
                self.sheet.write(left + _SWATCH + 6, middle, label, colour="ink")
            top -= self.line * 1.3
        return top - (8 if self.keys else 0)

    def _panel(
        self,
        top: float,
        left: float,
        right: float,
        draw: Callable[[float, float, float, int], float],
        measure: _Measure,
    ) -> None:
        """Rows of one measure; with their labels, if they begin where those end."""
        has_labels = left == self.label_width
        title_left = 0.0 if has_labels else left
        self.sheet.write(title_left, top - self.line * 0.65, [measure.title], colour="muted")
        most = self.sheet.width_of(measure.told, is_strong=True)
        scale = (right - left - most - 10) / (max(measure.values, default=0.0) or 1.0)
        top -= self.line * 1.5
        for number, (row, height) in enumerate(zip(self.chart.rows, self.heights, strict=True)):
            middle = top - height / 2
            if has_labels:
                self.sheet.write(
                    self.label_width - _LABEL_GAP, middle, self.labels[number],
                    align="right", is_strong=row.is_asked,
                )  # fmt: skip
            end = draw(left, middle, scale, number)
            self.sheet.write(end + 6, middle, [measure.told[number]], is_strong=row.is_asked)
            top -= height
        if measure.values:
            axis = [top, top + sum(self.heights)]
            self.axes.plot([left, left], axis, color=stand_in("muted"), linewidth=1.0)

    def _draw_bar(self, left: float, middle: float, scale: float, number: int) -> float:
        for part, value in enumerate(self.chart.rows[number].values):
            self._rectangle(left, middle, value * scale, _BAR * self.heights[number], part)
            left += value * scale
        return left

    def _draw_dot(self, left: float, middle: float, scale: float, number: int) -> float:
        beside = self.chart.beside
        end = left + (0.0 if beside is None else beside.values[number] * scale)
        ink = stand_in("ink")
        self.axes.plot([left, end], [middle, middle], color=stand_in("rule"), linewidth=2.0)
        self.axes.plot([end], [middle], marker="o", markersize=8, color=ink, clip_on=False)
        return end + 2

    def _rectangle(
        self, left: float, middle: float, width: float, height: float, part: int
    ) -> None:
        if width <= 0:
            return
        self.axes.add_patch(
            Rectangle(
                (left, middle - height / 2),
                width,
                height,
                facecolor=stand_in(PARTS[part]),
                edgecolor=stand_in("paper"),
                linewidth=1.0,
                hatch=_HATCHES[part],
            )
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Measure:
    """A panel's title, its values, and how they are told."""

    title: str
    values: list[float]
    told: list[str]

    @classmethod
    def of_bars(cls, chart: BarChart) -> _Measure:
        values = [sum(row.values) for row in chart.rows]
        told = [chart.tell(value) for value in values]
        return cls(title=chart.title, values=values, told=told)

    @classmethod
    def of_beside(cls, beside: Beside) -> _Measure:
        told = [beside.tell(value) for value in beside.values]
        return cls(title=beside.title, values=list(beside.values), told=told)
