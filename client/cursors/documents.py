"""Documents that come by the page, and the faces under which a caller asks for them.

What `find` and `aggregate` return have in common: `async for`, `next`, `to_list`, `close`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from motorpool.client.cursors.motor_faces import MotorFaces

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType

    from motorpool.client.cursors.listing import Listing
    from motorpool.client.cursors.paging import Paging


def check_length(length: object) -> None:
    """Refuse what is no length of a list, as the driver does."""
    if length is None:
        return
    if not isinstance(length, int):
        raise TypeError(f"length must be an int, not {length!r}")
    if length < 1:
        raise ValueError("to_list() length must be greater than 0")


class Documents(MotorFaces):
    """A cursor over the documents of one question."""

    def __init__(self, paging: Paging, args: dict[str, Any]) -> None:
        self._args = args
        self._paging = paging
        self._listing: Listing | None = None

    # State ----------------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Whether documents may be left."""
        return bool(self._paging.page) or not self._paging.is_exhausted

    @property
    def cursor_id(self) -> int | None:
        """The id of the cursor on the server: None before it is asked, 0 where none is open."""
        paging = self._paging
        if not paging.is_started:
            return None
        return 0 if paging.cursor is None else int(paging.cursor["id"])

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port of the server that holds the cursor, as the proxy sees it."""
        told = None if self._paging.cursor is None else self._paging.cursor.get("address")
        if told is None:
            return None
        host, _, port = told.rpartition(":")
        return host, int(port)

    @property
    def session(self) -> None:
        """None: it runs under no session of the caller's."""
        return

    @property
    def retrieved(self) -> int:
        """The number of documents that have come so far."""
        return self._paging.retrieved

    # Documents ------------------------------------------------------------------------------------

    def __aiter__(self) -> Self:
        """Iterate over the documents that are left."""
        return self

    async def __anext__(self) -> Any:
        """The next document."""
        # What is at hand needs no second coroutine: this runs for each document of a million.
        if not self._paging.page and not await self._has_next():
            raise StopAsyncIteration
        return self._next_of_page()

    def _next_of_page(self) -> Any:
        return self._paging.page.next()

    async def next(self) -> Any:
        """The next document. Raises StopAsyncIteration where none is left."""
        return await self.__anext__()

    async def _has_next(self) -> bool:
        """Whether there is a document, after asking for a page where none is at hand."""
        paging = self._paging
        while not paging.page and not paging.is_exhausted:
            try:
                paging.arrived(await paging.fetch(self._page_length))
            except BaseException as error:
                paging.failed()
                if paging.is_over(error):
                    return False
                raise
            if paging.is_tailable:
                break
        return bool(paging.page)

    @property
    def _page_length(self) -> int | None:
        """How many documents the next page of an iteration has; None: as many as fit."""
        length: int | None = self._args.get("batch_size") or None
        return length

    def to_list(self, length: int | None = None) -> Coroutine[Any, Any, list[Any]]:
        """The documents that are left, at most `length` of them, as a list.

        Queued when called. Of a tailable cursor: those that are there now. Raises TypeError for
        what is no length, and ValueError for one below 1.
        """
        check_length(length)
        # Late, since it brings asyncio: by now a client has been made, which brought it.
        from motorpool.client.cursors.listing import Listing  # noqa: PLC0415

        self._listing = Listing(self._paging, length, self._listing)
        return self._listing

    def _begin_again(self, paging: Paging) -> None:
        self._paging, self._listing = paging, None

    # The end --------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Ask for no more documents, and end the cursor on the server, if one is open."""
        await self._paging.close()

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
