"""What `find` and `aggregate` return: a query that is not sent yet, and then its documents.

Shaped like Motor's cursors. Nothing is sent before documents are asked for; `to_list` queues its
operation when it is called, so that several cursors of one moment travel together.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NoReturn

from motorpool.client import arguments

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator, Mapping

    from motorpool.batching.call import Call
    from motorpool.client.calling import Calling


class _Documents:
    """Documents that came, in order, and whether more may come. Shared by both cursors."""

    def __init__(self) -> None:
        self._buffer: deque[Any] = deque()
        self._is_started = False
        self._is_exhausted = False

    def _fetch(self, length: int | None) -> Call[list[Any]]:
        """Ask for at most `length` further documents."""
        raise NotImplementedError  # pragma: no cover - both cursors have their own

    @property
    def alive(self) -> bool:
        """Whether documents may be left."""
        return bool(self._buffer) or not self._is_exhausted

    def __aiter__(self) -> Any:
        """Iterate over the documents that are left."""
        return self

    async def __anext__(self) -> Any:
        """The next document."""
        if not self._buffer and not self._is_exhausted:
            self._buffer.extend(await self._fetch(None))
        if not self._buffer:
            raise StopAsyncIteration
        return self._buffer.popleft()

    async def next(self) -> Any:
        """The next document. Raises StopAsyncIteration where none is left."""
        return await self.__anext__()

    def to_list(self, length: int | None = None) -> Awaitable[list[Any]]:
        """The documents that are left, at most `length` of them, as a list.

        Queued when called. Raises ValueError for a length below 1.
        """
        _check_length(length)
        if self._buffer or self._is_exhausted:
            return self._list_from_buffer(length)
        return self._fetch(length)

    async def _list_from_buffer(self, length: int | None) -> list[Any]:
        count = len(self._buffer) if length is None else min(length, len(self._buffer))
        documents = [self._buffer.popleft() for _ in range(count)]
        if not self._is_exhausted and (length is None or count < length):
            documents += await self._fetch(None if length is None else length - count)
        return documents

    async def close(self) -> None:
        """Ask for no more documents."""
        self._buffer.clear()
        self._is_exhausted = True


class Cursor(_Documents):
    """What `find` returns.

    Each fetch is one operation for all that is left (or for `length` of it), so its result must fit
    into one response; the next fetch skips what came before.
    """

    def __init__(self, collection: Calling, args: dict[str, Any]) -> None:
        """Made by `Collection.find`."""
        super().__init__()
        self._collection = collection
        self._args = args
        self._fetched = 0

    # Options, until the first document is asked for -----------------------------------------------

    def _set(self, name: str, value: Any) -> Cursor:
        if self._is_started:
            self._refuse_option()
        self._args[name] = value
        return self

    def _refuse_option(self) -> NoReturn:
        from motorpool.client.driver_errors import InvalidOperation  # noqa: PLC0415 - see there

        message = "cannot set options after executing query"
        raise InvalidOperation(message)

    def sort(self, key_or_list: Any, direction: Any = None) -> Cursor:
        """Sort by a field and a direction, a list of pairs, or a mapping."""
        return self._set("sort", arguments.keys(key_or_list, direction))

    def skip(self, skip: int) -> Cursor:
        """Leave out the first `skip` documents."""
        return self._set("skip", arguments.count("skip", skip))

    def limit(self, limit: int) -> Cursor:
        """At most `limit` documents; 0 means all."""
        return self._set("limit", arguments.integer("limit", limit))

    def batch_size(self, batch_size: int) -> Cursor:
        """How many documents the proxy takes from the server at a time."""
        return self._set("batch_size", arguments.count("batch_size", batch_size))

    def hint(self, index: Any) -> Cursor:
        """Use this index; None takes a hint back."""
        return self._set("hint", None if index is None else arguments.hint(index))

    def projection(self, projection: Any) -> Cursor:
        """Return these fields only."""
        return self._set("projection", arguments.projection(projection))

    def max_time_ms(self, max_time_ms: int | None) -> Cursor:
        """How long the server may work on it, in milliseconds."""
        if max_time_ms is not None:
            arguments.count("max_time_ms", max_time_ms)
        return self._set("max_time_ms", max_time_ms)

    def collation(self, collation: Any) -> Cursor:
        """Compare strings by this collation; None takes one back."""
        given = None if collation is None else arguments.collation(collation)
        return self._set("collation", given)

    def comment(self, comment: Any) -> Cursor:
        """A comment for the server's log and profiler."""
        return self._set("comment", comment)

    def allow_disk_use(self, allow_disk_use: bool) -> Cursor:
        """Whether the server may sort on disk."""
        return self._set("allow_disk_use", arguments.boolean("allow_disk_use", allow_disk_use))

    def clone(self) -> Cursor:
        """The same query, not sent yet."""
        return Cursor(self._collection, dict(self._args))

    def rewind(self) -> Cursor:
        """Begin again: the next document is the first."""
        self._buffer.clear()
        self._is_started = self._is_exhausted = False
        self._fetched = 0
        return self

    # Fetching -------------------------------------------------------------------------------------

    def _fetch(self, length: int | None) -> Call[list[Any]]:
        self._is_started = True
        fetched = self._fetched
        # As in the driver, a negative limit asks for one batch of so many: the same number here.
        limit = abs(self._args.get("limit") or 0)
        left = limit - fetched if limit else None
        wanted = left if length is None else length if left is None else min(left, length)
        args = dict(self._args)
        if wanted is not None:
            args["limit"] = wanted
        if fetched:
            args["skip"] = (args.get("skip") or 0) + fetched

        def arrived(documents: list[Any]) -> list[Any]:
            self._fetched = fetched + len(documents)
            is_short = wanted is None or len(documents) < wanted
            self._is_exhausted = is_short or self._fetched == limit
            return documents

        return self._collection._prepared(  # noqa: SLF001 - one public face
            lambda: self._collection._call("find", args, arrived)  # noqa: SLF001
        )

    def __repr__(self) -> str:
        """Which query, and how far it is."""
        return f"<Cursor {self._collection.full_name} fetched={self._fetched} alive={self.alive}>"


class AggregateCursor(_Documents):
    """What `aggregate` returns: used directly as with Motor, or awaited first as with PyMongo."""

    def __init__(self, collection: Calling, args: Mapping[str, Any]) -> None:
        """Made by `Collection.aggregate`."""
        super().__init__()
        self._collection = collection
        self._args = dict(args)

    def __await__(self) -> Generator[Any, Any, AggregateCursor]:
        """Run the pipeline now; the cursor then holds its documents."""
        return self._run().__await__()

    async def _run(self) -> AggregateCursor:
        if not self._is_started:
            self._buffer.extend(await self._fetch(None))
        return self

    def batch_size(self, batch_size: int) -> AggregateCursor:
        """How many documents the proxy takes from the server at a time."""
        self._args["batch_size"] = arguments.count("batch_size", batch_size)
        return self

    def to_list(self, length: int | None = None) -> Awaitable[list[Any]]:
        """The documents that are left, at most `length` of them, as a list; queued when called."""
        if length is None or self._is_started:
            return super().to_list(length)
        _check_length(length)
        # The whole result comes in one operation; what is not asked for now stays in the cursor.
        return self._first(self._fetch(None), length)

    async def _first(self, fetching: Call[list[Any]], length: int) -> list[Any]:
        self._buffer.extend(await fetching)
        return await self._list_from_buffer(length)

    def _fetch(self, length: int | None) -> Call[list[Any]]:
        del length
        self._is_started = True

        def arrived(documents: list[Any]) -> list[Any]:
            self._is_exhausted = True
            return documents

        return self._collection._prepared(  # noqa: SLF001
            lambda: self._collection._call("aggregate", self._args, arrived)  # noqa: SLF001
        )

    def __repr__(self) -> str:
        """Which collection, and whether anything is left."""
        return f"<AggregateCursor {self._collection.full_name} alive={self.alive}>"


def _check_length(length: int | None) -> None:
    if length is not None and length < 1:
        message = "to_list() length must be greater than 0"
        raise ValueError(message)
