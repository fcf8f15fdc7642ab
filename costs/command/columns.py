"""The two kinds of columns, by short names: words to the left, numbers to the right."""

from __future__ import annotations

from motorpool.costs.command.document import Column


def words(title: str) -> Column:
    """A column of text."""
    return Column(title=title, kind="text")


def numbers(title: str) -> Column:
    """A column of numbers."""
    return Column(title=title, kind="number")
