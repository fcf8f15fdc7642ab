"""What a report says, before it has a form: tables, sentences, notes, and the data behind them.

Every command makes one of these, and every output (terminal, Markdown, CSV, JSON, HTML) is made of
it, so that none says what another does not. Formats no page and prints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column's heading, and whether it holds numbers, which stand to the right."""

    title: str
    kind: Literal["text", "number"] = "number"


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table of cells that are formatted already. `key` names it in CSV and in the page."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    emphasis: int | None = None
    """The row that is asked about, if one is."""
    note: str = ""
    """What its numbers mean, in one sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A report."""

    title: str
    lead: tuple[str, ...]
    """The answer, in a sentence or three, before any table."""
    tables: tuple[Table, ...]
    """The first is the one that matters most, and what CSV has."""
    notes: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    """All of it by name for a program: JSON's types, money as numbers in US dollars."""
