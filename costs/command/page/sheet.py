"""A sheet to draw on in one of two forms, wide and narrow, measured in the page's pixels.

Draws no chart by itself (`line_chart.py`, `bar_chart.py`), sets nothing that outlives a drawing.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from motorpool.costs.command.page.characters import printable
from motorpool.costs.command.page.palette import stand_in

if TYPE_CHECKING:
    from collections.abc import Sequence

DPI: Final = 72
"""A pixel is a point then, and lengths and sizes are one unit."""
LINE_HEIGHT: Final = 1.25
_WIDER: Final = 1.03
"""How much wider text may be than in DejaVu Sans, which is about the widest of what browsers take
for `system-ui`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form of every plot: its width and the size of its text in pixels, and what fits."""

    name: Literal["wide", "narrow"]
    width: int
    height: int
    """Of a chart of lines; one of bars is as high as its rows need."""
    text: float
    label_characters: int
    """A label is broken into lines of at most so many."""
    ticks: int
    """At most, on an axis of numbers."""

    def wrap(self, label: str) -> list[str]:
        """A label in lines; a long word is broken, never cut."""
        return textwrap.wrap(label, self.label_characters) or [""]


WIDE: Final = Form(name="wide", width=560, height=340, text=13, label_characters=18, ticks=7)
NARROW: Final = Form(name="narrow", width=336, height=340, text=13, label_characters=13, ticks=4)
FORMS: Final = (WIDE, NARROW)
"""From some 600 pixels on the wide one is shown, below that the other, and each by itself."""


class Box(NamedTuple):
    """A rectangle in pixels, from the lower left of the sheet."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Box) -> float:
        """The area that two boxes share, in square pixels."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, width) * max(0.0, height)

    def outside(self, other: Box) -> float:
        """How far this box reaches out of another, in pixels, all sides together."""
        return sum(
            max(0.0, beyond)
            for beyond in (
                other.left - self.left,
                other.bottom - self.bottom,
                self.right - other.right,
                self.top - other.top,
            )
        )

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.left <= x <= self.right and self.bottom <= y <= self.top


class Sheet:
    """A figure of one form. Text is placed on it in pixels from the lower left."""

    def __init__(self, form: Form, height: float) -> None:
        self.form = form
        self.height = height
        self.figure = Figure(figsize=(form.width / DPI, height / DPI), dpi=DPI)
        self.figure.patch.set_visible(False)
        FigureCanvasSVG(self.figure)

    @property
    def line(self) -> float:
        """The height of a line of text, in pixels."""
        return self.form.text * LINE_HEIGHT

    def width_of(self, lines: Sequence[str], *, is_strong: bool = False) -> float:
        """How wide lines of text are at most, in pixels."""
        font = FontProperties(size=self.form.text, weight="bold" if is_strong else "normal")
        measure = text_to_path.get_text_width_height_descent
        widths = (measure(printable(line), font, ismath=False)[0] for line in lines)
        return max((float(width) * _WIDER for width in widths), default=0.0)

    def axes(self, box: Box) -> Any:
        """Axes that fill the box, with nothing drawn of them."""
        width, height = self.form.width, self.height
        axes = self.figure.add_axes(
            (
                box.left / width,
                box.bottom / height,
                (box.right - box.left) / width,
                (box.top - box.bottom) / height,
            )
        )
        axes.patch.set_visible(False)
        axes.spines[:].set_visible(False)
        return axes

    def write(  # noqa: PLR0913 - where, what, and how it looks
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        *,
        colour: str = "ink",
        align: Literal["left", "center", "right"] = "left",
        is_strong: bool = False,
    ) -> Box:
        """Write lines of text around the height `y`, and tell what room they take.

        Each line is a text of its own: of several in one, matplotlib fixes the places by the
        widths of a font that the reader may not have.
        """
        height = self.line * len(lines)
        for number, line in enumerate(lines):
            self.figure.text(
                x,
                y + height / 2 - self.line * (number + 0.5) - self.form.text * 0.36,
                printable(line),
                transform=None,
                color=stand_in(colour),
                fontsize=self.form.text,
                fontweight="bold" if is_strong else "normal",
                horizontalalignment=align,
                verticalalignment="baseline",
            )
        return self.room(x, y, lines, align)

    def room(
        self, x: float, y: float, lines: Sequence[str], align: Literal["left", "center", "right"]
    ) -> Box:
        """The room that text would take."""
        width, height = self.width_of(lines), self.line * len(lines)
        left = x - {"left": 0.0, "center": width / 2, "right": width}[align]
        return Box(left, y - height / 2, left + width, y + height / 2)
