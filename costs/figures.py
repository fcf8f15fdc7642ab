"""Figures that describe themselves: a field with its unit, its range, its default and its source.

From these an estimate checks what it is given, a command makes its options, and a report lists what
was assumed. Knows nothing of Lambda.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from motorpool.costs.errors import InputError
from motorpool.costs.numbers import Number, decimal

if TYPE_CHECKING:
    from decimal import Decimal


def about(
    what: str, unit: str, source: str, *, least: Number = 0, most: Number | None = None
) -> dict[str, Any]:
    """The metadata of a figure's field: what it is, its unit, its range, its default's source."""
    return {"what": what, "unit": unit, "source": source, "least": least, "most": most}


def counted(
    what: str, unit: str, source: str, *, least: Number = 0, most: Number | None = None
) -> dict[str, Any]:
    """The same of a figure that is a whole number."""
    return about(what, unit, source, least=least, most=most) | {"is_whole": True}


@dataclass(frozen=True, kw_only=True, slots=True)
class Assumption:
    """A figure that went into an estimate: its field's name, value, unit, and where it is from."""

    name: str
    what: str
    value: Decimal | None
    unit: str
    source: str
    is_default: bool


class Figures:
    """What the classes of figures share: exact decimals within their range, and their list."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Make exact decimals of the figures. Raises InputError, which names the figure."""
        for each in fields(self):  # type: ignore[arg-type]  # every heir is a dataclass
            value = getattr(self, each.name)
            if "unit" in each.metadata and value is not None:
                least, most = each.metadata["least"], each.metadata["most"]
                number = decimal(each.name, value, least=least, most=most)
                if "is_whole" in each.metadata and number != number.to_integral_value():
                    raise InputError(each.name, f"must be a whole number, and is {value}")
                object.__setattr__(self, each.name, number)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Every figure with its unit and source, whether given or assumed."""
        return tuple(
            Assumption(
                name=each.name,
                what=each.metadata["what"],
                value=getattr(self, each.name),
                unit=each.metadata["unit"],
                source=each.metadata["source"],
                is_default=getattr(self, each.name) == each.default,
            )
            for each in fields(self)  # type: ignore[arg-type]  # every heir is a dataclass
            if "unit" in each.metadata
        )
