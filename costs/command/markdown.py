"""A report as Markdown, in GitHub's dialect, for a pull request or a wiki.

What a report says in words is escaped: nothing in it is markup.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from motorpool.costs.command.document import Document, Table

_MARKUP: Final = re.compile(r"[\\`*<>|\[\]]|(?<!\w)_|_(?!\w)")
"""Characters that Markdown may read as markup; an underscore inside a word it does not."""


def markdown(document: Document) -> str:
    """The report as text in Markdown."""
    blocks = [f"# {escape(document.title)}", *map(escape, document.lead)]
    for table in document.tables:
        blocks += [f"## {escape(table.title)}", "\n".join(_lines(table))]
        if table.note:
            blocks.append(escape(table.note))
    if document.notes:
        blocks += ["## Notes", "\n".join(f"- {escape(note)}" for note in document.notes)]
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """The text as one line in which nothing is markup."""
    return _MARKUP.sub(lambda found: "\\" + found[0], " ".join(text.split()))


def _lines(table: Table) -> Iterable[str]:
    yield _row([escape(column.title) for column in table.columns])
    yield _row(["---:" if column.kind == "number" else "---" for column in table.columns])
    for number, row in enumerate(table.rows):
        cells = [escape(cell) for cell in row]
        yield _row(
            [f"**{cell}**" if cell else "" for cell in cells] if number == table.emphasis else cells
        )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
