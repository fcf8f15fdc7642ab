"""A report for a terminal, by rich: tables that fit its width, or else one block for each row.

Elsewhere than on a terminal (a pipe, a file) there are no colours and no line is broken or cut,
unless COLUMNS says how wide it is.
"""

from __future__ import annotations

import io
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

from rich import box
from rich.align import Align
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from motorpool.costs.command.document import Column, Document, Table

ENDLESS: Final = 100_000
"""Columns of what has no width."""
GAP: Final = 2
"""Spaces between two columns."""
LEAST_TEXT: Final = 16
"""Columns that a text has at least beside others: two short words."""
LONGEST_WORD: Final = 32
"""Columns of the longest word that is not broken: an option has up to 30, an address more."""
MOST_LINES: Final = 5
"""Lines over which a text is broken at most, or about that: more is easier to read by itself."""
_MARK: Final = "> "
"""Before the row that is asked about, where nothing can be bold."""


def terminal(document: Document, file: TextIO | None = None) -> str:
    """The report as text, for a terminal if `file` is one (None: it is none)."""
    console, memory = _like(Console(file=io.StringIO() if file is None else file))
    for piece in _pieces(document, console):
        console.print(piece)
    # rich fills its cells up to the width of their columns.
    return "".join(f"{line.rstrip()}\n" for line in memory.getvalue().splitlines())


def widths(table: Table, width: int) -> list[int] | None:
    """How wide each column is in a table of this width, or None where it does not fit.

    A number is never broken. Text and headings are, between words: text gets what is left first.
    """
    natural, least = zip(
        *(_column(table, number) for number in range(len(table.columns))), strict=True
    )
    left = width - GAP * (len(natural) - 1) - sum(least)
    if left < 0:
        return None
    given = list(least)
    for kind in ("text", "number"):
        for number, column in enumerate(table.columns):
            if column.kind == kind:
                more = min(left, natural[number] - given[number])
                given[number] += more
                left -= more
    return given


def _column(table: Table, number: int) -> tuple[int, int]:
    """How wide a column would be, and must be."""
    column = table.columns[number]
    cells = [row[number] for row in table.rows]
    longest = max((cell_len(cell) for cell in cells), default=0)
    words = max((cell_len(word) for word in column.title.split()), default=0)
    natural = max(longest, cell_len(column.title))
    if column.kind == "number":
        return natural, max(longest, words)
    parts = max((cell_len(part) for cell in cells for part in cell.split()), default=0)
    least = max(words, min(parts, LONGEST_WORD), min(longest, LEAST_TEXT))
    return natural, max(least, -(-longest // MOST_LINES))


class _Memory(io.StringIO):
    """Text in memory, for a file of some encoding: rich draws no line that it does not have."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute
        return self._encoding


def _like(seen: Console) -> tuple[Console, _Memory]:
    """A console with the colours and the width of another that writes to memory."""
    memory = _Memory(seen.encoding)
    is_said = os.environ.get("COLUMNS", "").isdecimal()
    console = Console(
        file=memory,
        force_terminal=seen.is_terminal,
        color_system=seen.color_system,  # type: ignore[arg-type]  # it gives what it takes
        no_color=seen.no_color,
        width=seen.width if seen.is_terminal or is_said else ENDLESS,
        highlight=False,
        markup=False,
        emoji=False,
    )
    return console, memory


def _pieces(document: Document, console: Console) -> Iterable[Any]:
    yield Text(document.title, style="bold")
    for sentence in document.lead:
        yield ""
        yield Text(sentence)
    for each in document.tables:
        table = each if console.color_system else _marked(each)
        yield ""
        yield Text(table.title, style="bold cyan")
        fitting = widths(table, console.width)
        yield from _blocks(table) if fitting is None else [_grid(table, fitting)]
        if table.note:
            yield Text(table.note, style="dim")
    if document.notes:
        yield ""
        yield Text("Notes", style="bold cyan")
        for note in document.notes:
            yield _hung("- ", Text(note))


def _marked(table: Table) -> Table:
    """The table with a mark at the row that is asked about."""
    rows = [
        (f"{_MARK}{row[0]}", *row[1:]) if number == table.emphasis else row
        for number, row in enumerate(table.rows)
    ]
    return replace(table, rows=tuple(rows))


def _grid(table: Table, fitting: Sequence[int]) -> Grid:
    grid = Grid(
        box=box.SIMPLE_HEAD,  # which has a space of its own between two columns
        padding=(0, GAP - 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        header_style="dim",
    )
    for column, width in zip(table.columns, fitting, strict=True):
        side = _side(column)
        grid.add_column(
            Align(column.title, side, vertical="bottom"), justify=side, width=width, overflow="fold"
        )
    for number, row in enumerate(table.rows):
        is_asked = number == table.emphasis
        grid.add_row(*(Text(cell) for cell in row), style="bold" if is_asked else "")
    return grid


def _blocks(table: Table) -> Iterable[Any]:
    """Each row by itself: its first cell, and below it every other with its heading."""
    first, *others = table.columns
    for number, row in enumerate(table.rows):
        is_asked = number == table.emphasis
        yield Text(row[0] or first.title, style="bold" if is_asked else "")
        for column, cell in zip(others, row[1:], strict=True):
            if cell:
                yield Padding(_hung(f"{column.title}: ", Text(cell)), (0, 0, 0, 2))


def _side(column: Column) -> Literal["left", "right"]:
    return "right" if column.kind == "number" else "left"


def _hung(label: str, text: Text) -> Grid:
    """A label, and beside it a text whose lines stay beside it."""
    grid = Grid.grid()
    grid.add_column(width=cell_len(label))
    grid.add_column()
    grid.add_row(Text(label), text)
    return grid
