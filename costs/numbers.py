"""Numbers as they are given, as exact decimals: money is never a float, nor what it is times.

Decides nothing about what a number means; it names the one that cannot be one.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final, TypeAlias

from motorpool.costs.errors import InputError

Number: TypeAlias = Decimal | int | float | str

EXACT: Final = Context(prec=60)
"""Wide enough that no sum here is rounded: a year of all of Lambda's GB-seconds in hundredths of a
cent's billionth has under 40 digits. Divisions that do not end are cut at the sixtieth digit."""

CENT: Final = Decimal("0.01")


def decimal(name: str, value: Number, *, least: Number = 0, most: Number | None = None) -> Decimal:
    """The number, exactly as it is written (0.1 is one tenth). Raises InputError, naming it."""
    if isinstance(value, bool):  # an int to Python, and never a quantity
        raise InputError(name, f"must be a number, not {value!r}")
    try:
        number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise InputError(name, f"must be a number, not {value!r}") from None
    if (
        not number.is_finite()
        or number < Decimal(least)
        or (most is not None and number > Decimal(most))
    ):
        raise InputError(name, f"must be {_range(least, most)}, and is {value}")
    return number


def ceiling(number: Decimal) -> Decimal:
    """The next whole number, or the number itself if it is one."""
    return number.to_integral_value(ROUND_CEILING)


def cents(usd: Decimal) -> Decimal:
    """Dollars rounded to cents, half a cent up, as AWS prints them."""
    return usd.quantize(CENT, ROUND_HALF_UP, EXACT)


def _range(least: Number, most: Number | None) -> str:
    return f"{least} or more" if most is None else f"from {least} to {most}"
