"""The page's colours, in light and in dark, by name; what is drawn in a plot takes them from here.

A plot is drawn once, in stand-in colours that no one sees: they become CSS variables, so that the
reader's browser decides. Never a colour that stands in one scheme alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LIGHT: Final[Mapping[str, str]] = {
    "paper": "#ffffff",
    "ink": "#1a1d21",
    "muted": "#59616b",
    "rule": "#d6dadf",
    "tint": "#edf3f9",
    "direct": "#4d545c",
    "single": "#b34700",
    "batched": "#0069a8",
    "part1": "#0069a8",
    "part2": "#3a94d1",
    "part3": "#c77700",
    "part4": "#7d8794",
    "part5": "#7a2c63",
}
DARK: Final[Mapping[str, str]] = {
    "paper": "#14171a",
    "ink": "#e8eaed",
    "muted": "#a3abb5",
    "rule": "#363c44",
    "tint": "#1d2833",
    "direct": "#c3c9d0",
    "single": "#f0924f",
    "batched": "#5fb3f0",
    "part1": "#4aa3e0",
    "part2": "#9bd0f5",
    "part3": "#f0a830",
    "part4": "#858f9c",
    "part5": "#f5c4e6",
}
"""From Okabe and Ito's colours for all kinds of colour vision (2008): blue, sky blue, vermilion,
orange, reddish purple, and greys; made darker or lighter where text needs the contrast of WCAG 2.2
(1.4.3: 4.5 to 1) and shapes theirs (1.4.11: 3 to 1)."""
PARTS: Final = ("part1", "part2", "part3", "part4", "part5")
"""Of stacked bars, from the left."""

_NAMES: Final = tuple(LIGHT)


@dataclass(frozen=True, slots=True)
class Look:
    """How a line is told from others, without its colour too: dashes (in widths) and a marker."""

    colour: str
    dashes: tuple[float, ...] = ()
    marker: str = "o"
    width: float = 2.0


LOOKS: Final[Mapping[str, Look]] = {
    "batched": Look("batched", (), "o", 2.6),
    "single": Look("single", (4.5, 1.6), "s"),
    "direct": Look("direct", (1.2, 1.4), "^"),
}


def stand_in(name: str) -> str:
    """The colour to draw with for a name of the palette. Raises ValueError for another name."""
    return f"#fe01{_NAMES.index(name):02x}"


def with_variables(svg: str) -> str:
    """A drawing's text with CSS variables in place of the stand-in colours."""
    for name in _NAMES:
        svg = svg.replace(stand_in(name), f"var(--{name})")
    return svg


def declarations(colours: Mapping[str, str]) -> str:
    """The palette as CSS declarations of its variables."""
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())
