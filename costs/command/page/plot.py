"""A plot of a report, as the page takes it: its finding, its words, and its drawing in two forms.

Made by `line_chart.lines` and `bar_chart.bars`; knows neither what it shows nor where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from motorpool.costs.command.page.sheet import NARROW, WIDE
from motorpool.costs.command.page.svg import svg

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorpool.costs.command.page.sheet import Form, Sheet


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """A plot: `title` says what it shows to be so, `caption` what else the reader must know."""

    title: str
    caption: str
    wide: str
    """An `<svg>` element for a screen of some 600 pixels and more."""
    narrow: str
    """The same for a phone."""
    alt: str
    """What it shows, in words, for who cannot see it."""


def plot(draw: Callable[[Form], Sheet], *, title: str, caption: str, alt: str) -> Plot:
    """A plot that `draw` draws in each form."""
    wide, narrow = (
        svg(lambda form=form: draw(form), label=title, description=alt)  # type: ignore[misc]
        for form in (WIDE, NARROW)
    )
    return Plot(title=title, caption=caption, wide=wide, narrow=narrow, alt=alt)
