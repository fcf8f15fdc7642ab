"""What `aggregate` returns: used directly as with Motor, or awaited first as with PyMongo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from motorpool.client import arguments
from motorpool.client.cursors.documents import Documents
from motorpool.client.cursors.paging import Paging

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from motorpool.client.calling import Calling


class AggregateCursor(Documents):
    """The documents that a pipeline gives."""

    def __init__(self, level: Calling, args: Mapping[str, Any]) -> None:
        """Made by `Collection.aggregate` and `Database.aggregate`."""
        args = dict(args)
        super().__init__(Paging(level, "aggregate", args), args)

    def __await__(self) -> Generator[Any, Any, Self]:
        """Run the pipeline now; the cursor then holds its first documents."""
        return self._run().__await__()

    async def _run(self) -> Self:
        if not self._paging.is_started:
            await self._has_next()
        return self

    async def try_next(self) -> Any:
        """The next document, or None where none is left."""
        return self._next_of_page() if await self._has_next() else None

    def batch_size(self, batch_size: int) -> Self:
        """How many documents to take at a time: from the server, and by the page of an iteration.

        0: as many as a response carries.
        """
        size = arguments.count("batch_size", batch_size)
        if size:
            self._args["batch_size"] = 2 if size == 1 else size  # as in the driver
        else:
            self._args.pop("batch_size", None)
        return self

    def __repr__(self) -> str:
        """Which aggregation, and how far it is."""
        return f"<{type(self).__name__} {self._paging!r} alive={self.alive}>"
