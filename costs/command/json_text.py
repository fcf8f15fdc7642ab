"""A report as JSON: its data by name, in the order in which the report has it.

Money is a number in US dollars: the nearest float of the exact sum, rounded nowhere else.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from motorpool.costs.command.document import Document

SCHEMA: Final = 1
"""Raised when a key changes its meaning or goes; new keys may come without."""


def json_text(document: Document) -> str:
    """The report as text in JSON."""
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "title": document.title,
        "lead": document.lead,
        **document.data,
        "notes": document.notes,
    }
    return json.dumps(jsonable(whole), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def jsonable(value: Any) -> Any:
    """The value in JSON's types: whole decimals as integers, others as floats, dates as text."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)  # of an enumeration, its value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {str(key): jsonable(each) for key, each in value.items()}
        case list() | tuple():
            return [jsonable(each) for each in value]
        case _:
            return str(value)
