"""One table of a report as CSV, for a spreadsheet or a program: plain numbers, units in the header.

It is made of the report's data, unrounded, and of printed cells only where there are no such data.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from motorpool.costs.command.json_text import jsonable
from motorpool.costs.errors import InputError

if TYPE_CHECKING:
    from motorpool.costs.command.document import Document, Table


def csv_text(document: Document, key: str | None = None) -> str:
    """A table as CSV: the one of that key, else the report's first.

    Its rows are the records of that name in the report's data. Raises InputError for a key that
    the report does not have, and names those that it has.
    """
    records = {name: found for name, value in document.data.items() if (found := _records(value))}
    tables = {table.key: table for table in document.tables}
    name = document.tables[0].key if key is None else key
    if name in records:
        return _of_records(records[name])
    if name in tables:
        return _of_cells(tables[name])
    known = dict.fromkeys((*tables, *records))
    raise InputError("--table", f"must be one of {', '.join(known)}, and is {key!r}")


def _records(value: Any) -> list[dict[str, Any]]:
    """What is a table in the data: records, or one of them."""
    rows = [value] if isinstance(value, dict) else value
    if isinstance(rows, list | tuple) and all(isinstance(row, dict) for row in rows):
        return list(rows)
    return []


def _of_records(rows: list[dict[str, Any]]) -> str:
    names = dict.fromkeys(name for row in rows for name in row)
    return _written([[*names], *([_cell(row.get(name)) for name in names] for row in rows)])


def _of_cells(table: Table) -> str:
    numbers = [column.kind == "number" for column in table.columns]
    rows = [
        [
            cell.replace(",", "") if is_number else cell
            for cell, is_number in zip(row, numbers, strict=True)
        ]
        for row in table.rows
    ]
    return _written([[column.title for column in table.columns], *rows])


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value.normalize(), "f")
        case list() | tuple():
            return "; ".join(_cell(each) for each in value)
        case _:
            return str(jsonable(value))


def _written(rows: list[list[str]]) -> str:
    # A line ends as everywhere else on the standard output, not as RFC 4180 has it (CRLF).
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
