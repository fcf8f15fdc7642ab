"""Cursors over what a server lists at once: indexes, collections, databases, a command's batch.

Shaped like the driver's command cursor. A list is small and comes whole with its operation, so
there is no cursor on a server behind these, and nothing to go on with or to end.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Self

from motorpool.client.cursors.motor_faces import MotorFaces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable
    from types import TracebackType

    from motorpool.batching.call import Call


class CommandCursor(MotorFaces):
    """Documents that a command has listed: what `list_collections` and others are awaited for."""

    def __init__(self, documents: Iterable[Any] = ()) -> None:
        """Made of the whole list."""
        self._documents = deque(documents)
        self._is_closed = False

    @property
    def alive(self) -> bool:
        """Whether documents are left."""
        return bool(self._documents)

    @property
    def cursor_id(self) -> int:
        """0: the server holds no cursor for it."""
        return 0

    @property
    def address(self) -> None:
        """None: it is bound to no server."""
        return

    @property
    def session(self) -> None:
        """None: it runs under no session."""
        return

    def batch_size(self, batch_size: int) -> Self:
        """Checked as the driver does, and of no effect: all of it comes at once.

        Raises TypeError and ValueError.
        """
        if not isinstance(batch_size, int):
            raise TypeError(f"batch_size must be an integer, not {type(batch_size)}")
        if batch_size < 0:
            raise ValueError("batch_size must be >= 0")
        return self

    def __aiter__(self) -> Self:
        """Iterate over the documents that are left."""
        return self

    async def __anext__(self) -> Any:
        """The next document."""
        if not await self._has_next():
            raise StopAsyncIteration
        return self._next_of_page()

    async def next(self) -> Any:
        """The next document. Raises StopAsyncIteration where none is left."""
        return await self.__anext__()

    async def try_next(self) -> Any:
        """The next document, or None where none is left."""
        return self._next_of_page() if await self._has_next() else None

    async def _has_next(self) -> bool:
        await self._arrive()
        return bool(self._documents)

    def _next_of_page(self) -> Any:
        return self._documents.popleft()

    @property
    def _is_at_hand(self) -> bool:
        return bool(self._documents)

    @property
    def closed(self) -> bool:
        """Whether it was closed before its end."""
        return self._is_closed

    @property
    def started(self) -> bool:
        """Whether documents have been asked for."""
        return True

    def to_list(self, length: int | None = None) -> Awaitable[list[Any]]:
        """The documents that are left, at most `length` of them, as a list.

        Raises ValueError for a length below 1.
        """
        if length is not None and length < 1:
            raise ValueError("to_list() length must be greater than 0")
        return self._list(length)

    async def _list(self, length: int | None) -> list[Any]:
        await self._arrive()
        left = len(self._documents)
        return [
            self._documents.popleft() for _ in range(left if length is None else min(length, left))
        ]

    async def _arrive(self) -> None:
        """Wait for the list, where it is not there yet."""

    async def close(self) -> None:
        """Forget what is left."""
        self._is_closed = True
        self._documents.clear()

    async def __aenter__(self) -> Self:
        """The cursor itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """See `close`."""
        await self.close()

    def __repr__(self) -> str:
        """How much is left."""
        return f"<{type(self).__name__} {len(self._documents)} left>"


class LatentCommandCursor(CommandCursor):
    """The same, used directly as with Motor, or awaited first as with PyMongo.

    Nothing is asked before it is awaited, iterated or listed; `to_list` asks when it is called.
    """

    def __init__(self, ask: Callable[[], Call[list[Any]]]) -> None:
        """`ask` queues the operation."""
        super().__init__()
        self._ask = ask
        self._asked: Call[list[Any]] | None = None
        self._has_arrived = False

    @property
    def alive(self) -> bool:
        """Whether documents may be left."""
        return not self._has_arrived or super().alive

    @property
    def started(self) -> bool:
        """Whether documents have been asked for."""
        return self._has_arrived or self._asked is not None

    def __await__(self) -> Generator[Any, Any, Self]:
        """Ask now; the cursor then holds its documents."""
        return self._run().__await__()

    async def _run(self) -> Self:
        await self._arrive()
        return self

    def to_list(self, length: int | None = None) -> Awaitable[list[Any]]:
        """See `CommandCursor.to_list`; queued when called."""
        listing = super().to_list(length)
        self._queue()
        return listing

    def _queue(self) -> Call[list[Any]] | None:
        if self._asked is None and not self._has_arrived:
            self._asked = self._ask()
        return self._asked

    async def _arrive(self) -> None:
        asked = self._queue()
        if asked is None:
            return
        try:
            documents = await asked
        except BaseException:
            if self._asked is asked:  # failed, or let go of: the next time asks again
                self._asked = None
            raise
        if self._asked is asked:  # several may have waited for the one list
            self._documents.extend(documents)
            self._asked, self._has_arrived = None, True

    async def close(self) -> None:
        """Forget what is left, or is on its way."""
        self._asked, self._has_arrived = None, True
        await super().close()
