"""Cursors over batches of undecoded BSON: what `find_raw_batches` and `aggregate_raw_batches` give.

A batch is a page of the result, or `batch_size` documents of it: its documents as bytes, one behind
the other, as `bson.decode_all` takes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from motorpool.client.cursors.aggregate_cursor import AggregateCursor
from motorpool.client.cursors.cursor import Cursor
from motorpool.client.cursors.documents import Documents, check_length
from motorpool.client.refusals import invalid

if TYPE_CHECKING:
    from collections.abc import Coroutine


class _RawBatches(Documents):
    """What both have in common."""

    def _next_of_page(self) -> bytes:
        return self._paging.page.take_raw()

    def to_list(self, length: int | None = None) -> Coroutine[Any, Any, list[bytes]]:
        """The batches that are left, at most `length` of them. Raises ValueError below 1."""
        check_length(length)
        return self._list(length)

    async def _list(self, length: int | None) -> list[bytes]:
        batches: list[bytes] = []
        while (length is None or len(batches) < length) and await self._has_next():
            batches.append(self._next_of_page())
        return batches


class RawBatchCursor(_RawBatches, Cursor):
    """The batches of a query."""

    def __getitem__(self, index: Any) -> NoReturn:
        """Refused, as by the driver."""
        invalid("Cannot call __getitem__ on RawBatchCursor")


class RawBatchAggregateCursor(_RawBatches, AggregateCursor):
    """The batches of an aggregation."""

    def __getitem__(self, index: Any) -> NoReturn:
        """Refused, as by the driver."""
        invalid("Cannot call __getitem__ on RawBatchCommandCursor")

    # With `__getitem__` alone it would seem to be iterable.
    __iter__ = None
