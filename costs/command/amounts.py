"""Numbers as a report prints them: money, counts, milliseconds, shares.

Only for reading: rounded here and nowhere else, and never calculated with again.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

from motorpool.costs.numbers import EXACT, cents

if TYPE_CHECKING:
    from collections.abc import Mapping

NONE: Final = "-"
"""Where there is no number."""

_SMALL: Final = Decimal("0.1")
"""Below it, cents say too little: the first two digits are printed instead."""
_WHOLE_FROM: Final = 1000
_EXACT: Final = Decimal("1e-12")


def money(usd: Decimal | None) -> str:
    """Dollars to the cent; below ten cents two digits: 1,234.56 and 0.0031."""
    if usd is None:
        return NONE
    if usd and abs(usd) < _SMALL:
        return _two_digits(usd)
    return f"{cents(usd):,f}"


def usd(amount: Decimal) -> str:
    """Dollars in a sentence: USD 1,234.56."""
    return f"USD {money(amount)}"


def difference(usd: Decimal) -> str:
    """Dollars more or less, with their sign."""
    return f"+{money(usd)}" if usd > 0 else money(usd)


def count(number: Decimal | float) -> str:
    """A whole number of things, with thousands apart."""
    return f"{Decimal(number).quantize(Decimal(1), ROUND_HALF_UP, EXACT):,f}"


def quantity(number: Decimal | float | None) -> str:
    """A measure: whole from a thousand on, else to four digits."""
    if number is None:
        return NONE
    exact = Decimal(str(number))
    if abs(exact) >= _WHOLE_FROM or exact == exact.to_integral_value():
        return count(exact)
    return plain(f"{exact:.4g}")


def exact(number: Decimal) -> str:
    """A number as it stands in a sum: no digit dropped that a price has."""
    return plain(number.quantize(_EXACT, ROUND_HALF_UP, EXACT))


def plain(number: Decimal | str) -> str:
    """A number as it is, with thousands apart and no zeros at its end."""
    text = f"{Decimal(number):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def share(part: float) -> str:
    """A part of a whole, in per cent; what is not nothing is never printed as 0."""
    if not part:
        return "0%"
    return f"{part:.1%}" if part >= 0.001 else "<0.1%"  # noqa: PLR2004 - what it can show


def relative(part: float) -> str:
    """How much more or less of what was there before, in per cent with its sign."""
    return f"{part:+.0%}" if abs(part) >= 0.1 else f"{part:+.1%}"  # noqa: PLR2004 - two digits


def times(number: Decimal, unit: str) -> str:
    """A number and its unit, the unit in the singular where it is one."""
    return f"{quantity(number)} {_SINGULAR.get(unit, unit) if number == 1 else unit}"


_SINGULAR: Final[Mapping[str, str]] = {
    "connections": "connection",
    "invocations": "invocation",
    "queries": "query",
    "requests": "request",
}


def _two_digits(usd: Decimal) -> str:
    """The first two digits after the zeros; 0.0996 is 0.10."""
    rounded = round(usd, 1 - usd.adjusted())
    return f"{cents(rounded) if abs(rounded) >= _SMALL else rounded:f}"
