"""How far two colours stand apart: by contrast (WCAG 2.2), and to eyes that lack a kind of cone.

Colours are `#rrggbb` or `rgb(r, g, b)`.
"""

import math
import re

CONES = {
    # Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted((_luminance(linear(one)), _luminance(linear(other))))
    return (lighter + 0.05) / (darker + 0.05)


def linear(colour: str) -> tuple[float, float, float]:
    """Linear RGB, from 0 to 1."""
    if colour.startswith("#"):
        parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    else:
        parts = [int(part) for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return red, green, blue


def difference(one: str, other: str, kind: str | None = None) -> float:
    """CIE76's distance in L*a*b*, to who lacks a kind of cone; 2.3 is just noticed."""
    first, second = (_lab(_seen(linear(each), kind)) for each in (one, other))
    return math.dist(first, second)


def _luminance(rgb: tuple[float, float, float]) -> float:
    red, green, blue = rgb
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _seen(rgb: tuple[float, float, float], kind: str | None) -> tuple[float, float, float]:
    if kind is None:
        return rgb
    red, green, blue = (
        min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, rgb, strict=True))))
        for row in CONES[kind]
    )
    return red, green, blue


def _lab(rgb: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = rgb
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = _luminance(rgb)
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (
        each ** (1 / 3) if each > 0.008856 else 7.787 * each + 16 / 116 for each in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
