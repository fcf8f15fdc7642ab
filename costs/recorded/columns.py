"""Numbers of many records by name, eight bytes each; as objects they would take ten times that.

Knows nothing of what the numbers are.
"""

from __future__ import annotations

from array import array
from math import isnan, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Columns:
    """Numbers of many records by name; NaN where a record does not say."""

    __slots__ = ("_arrays",)

    def __init__(self, names: Iterable[str]) -> None:
        self._arrays = {name: array("d") for name in names}

    def append(self, *values: float | None) -> None:
        """Add a record, its values in the order of the names."""
        for column, value in zip(self._arrays.values(), values, strict=True):
            column.append(nan if value is None else value)

    def __getitem__(self, name: str) -> array[float]:
        """A column."""
        return self._arrays[name]

    def known(self, name: str) -> array[float]:
        """What is known of a column."""
        return array("d", (value for value in self._arrays[name] if not isnan(value)))

    def __len__(self) -> int:
        """How many records."""
        return len(next(iter(self._arrays.values())))

    def only(self, rows: Iterable[int]) -> Columns:
        """Those records."""
        chosen = list(rows)
        some = Columns(self._arrays)
        for name, column in self._arrays.items():
            some._arrays[name] = array("d", (column[row] for row in chosen))
        return some
