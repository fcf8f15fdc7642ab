"""A report as one HTML page that needs nothing beside itself: no script, no file, no network.

Everything that comes from a report is escaped. What the page says is the report's; it adds only
where things stand.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

from motorpool.costs.command.page.characters import printable
from motorpool.costs.command.page.style import STYLE
from motorpool.costs.command.page.svg import ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from motorpool.costs.command.document import Column, Document, Table
    from motorpool.costs.command.page.plot import Plot

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What the browser may load: the page's own styles, and the empty icon that stands in it."""
_FOLDED: Final = ("assumptions", "figures", "sources", "terms")
"""Tables that are opened by who wants to know, by what their keys begin with."""
_SENTENCE: Final = 40
"""Characters from which on a cell is a sentence."""
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:MB|ms)\b)|(?<=USD) (?=\d)")
"""The space between a number and its unit, at which no line is to be broken."""
_MONEY: Final = re.compile(r"(?:USD|US\$|\$)\s?[\d,]*\d(?:\.\d+)?")


def html_page(document: Document, plots: Sequence[Plot] = ()) -> str:
    """The report as an HTML document: the answer, the first table, the plots, and all the rest.

    Tables of assumptions, sums and sources are folded away, each under its title.
    """
    tables = list(enumerate(document.tables, start=1))
    folded = [(number, each) for number, each in tables if each.key.startswith(_FOLDED)]
    open_ones = [(number, each) for number, each in tables if not each.key.startswith(_FOLDED)]
    body = "\n".join(
        part
        for part in (
            _header(document),
            *(_table(each, number) for number, each in open_ones[:1]),
            _plots(plots),
            _section("In numbers", (_table(each, number) for number, each in open_ones[1:])),
            _section("Where it comes from", (_details(each, number) for number, each in folded)),
            _section("Notes", [_notes(document.notes)] if document.notes else []),
            "<footer>Made by motorpool. This page loads nothing and sends nothing.</footer>",
        )
        if part
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<link rel="icon" href="data:,">\n<title>{_escaped(document.title)}</title>\n'
        f"<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _header(document: Document) -> str:
    """The title, the day of the prices, and the answer with its amount of money large."""
    prices = document.data.get("prices")
    as_of = prices.get("as_of") if isinstance(prices, dict) else None
    day = f'<p class="prices">At prices of {_escaped(str(as_of))}</p>\n' if as_of else ""
    first, *others = document.lead or ("",)
    answer = f'<p class="answer">{_with_amount(first)}</p>\n' if first else ""
    rest = "".join(f"<p>{_escaped(sentence)}</p>\n" for sentence in others)
    return f"<header>\n<h1>{_escaped(document.title)}</h1>\n{day}{answer}{rest}</header>"


def _with_amount(sentence: str) -> str:
    """The sentence, its first amount of money marked to be shown large; it is read as it stands."""
    found = _MONEY.search(sentence)
    if found is None:
        return _escaped(sentence)
    before, amount, after = sentence[: found.start()], found[0], sentence[found.end() :]
    return f"{_escaped(before)}<strong>{_escaped(amount)}</strong>{_escaped(after)}"


def _plots(plots: Sequence[Plot]) -> str:
    figures = "\n".join(_figure(plot, number) for number, plot in enumerate(plots, start=1))
    return f'<section class="plots" aria-label="Plots">\n{figures}\n</section>' if figures else ""


def _figure(plot: Plot, number: int) -> str:
    """Both drawings of a plot, of which the style sheet shows one; ids are made the page's own."""
    title = f"plot-{number}"
    drawings = "".join(
        drawing.replace(ID, f"plot-{number}-") for drawing in (plot.wide, plot.narrow)
    )
    caption = f"<figcaption>{_escaped(plot.caption)}</figcaption>" if plot.caption else ""
    return (
        f'<figure aria-labelledby="{title}">\n<h2 id="{title}">{_escaped(plot.title)}</h2>\n'
        f"{drawings}\n{caption}\n</figure>"
    )


def _section(title: str, parts: Iterable[str]) -> str:
    content = "\n".join(parts)
    return f"<section>\n<h2>{_escaped(title)}</h2>\n{content}\n</section>" if content else ""


def _details(table: Table, number: int) -> str:
    title = _escaped(table.title)
    return f"<details>\n<summary>{title}</summary>\n{_table(table, number)}\n</details>"


def _table(table: Table, number: int) -> str:
    """A table that scrolls in a box of its own, which the keyboard reaches."""
    name = f"table-{number}"
    head = "".join(
        f'<th scope="col"{_class(column)}>{_escaped(column.title)}</th>' for column in table.columns
    )
    rows = "\n".join(
        _row(table, row, is_asked=index == table.emphasis) for index, row in enumerate(table.rows)
    )
    note = f'\n<p class="note">{_escaped(table.note)}</p>' if table.note else ""
    return (
        f'<div class="table">\n<div class="scroll" role="region" tabindex="0" '
        f'aria-labelledby="{name}">\n<table>\n'
        f'<caption><span id="{name}">{_escaped(table.title)}</span></caption>\n'
        f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
        f"{note}\n</div>"
    )


def _row(table: Table, row: Sequence[str], *, is_asked: bool) -> str:
    """A row: its first cell names it."""
    first, *others = row or ("",)
    cells = "".join(
        f"<td{_class(column, cell)}>{_escaped(cell)}</td>"
        for column, cell in zip(table.columns[1:], others, strict=True)
    )
    head = f'<th scope="row"{_class(table.columns[0])}>{_escaped(first)}</th>'
    asked = ' class="asked"' if is_asked else ""
    return f"<tr{asked}>{head}{cells}</tr>"


def _class(column: Column, cell: str = "") -> str:
    """Numbers stand to the right; a sentence has a width at which it can be read."""
    if column.kind == "number":
        return ' class="number"'
    return ' class="long"' if len(cell) > _SENTENCE else ""


def _notes(notes: Sequence[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{_escaped(note)}</li>" for note in notes) + "\n</ul>"


def _escaped(raw: str) -> str:
    return escape(_UNIT.sub("\u00a0", printable(raw)))
