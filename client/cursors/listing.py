"""What `to_list` returns: an awaitable for all that is left of a cursor, or so much of it.

Its first operation is queued when it is made, so that the lists of one moment travel together; what
does not fit into one response is asked for while it is awaited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorpool.batching.call import Stepped

if TYPE_CHECKING:
    from collections.abc import Generator

    from motorpool.client.cursors.paging import Paging


class Listing(Stepped[list[Any]]):
    """The documents that are left of a paging, at most `length` of them.

    Like a call it is a coroutine to asyncio, may be awaited more than once and by several tasks,
    and each of them gets a list of its own.
    """

    __slots__ = ("_before", "_call", "_documents", "_is_complete", "_length", "_paging")

    def __init__(self, paging: Paging, length: int | None, before: Listing | None) -> None:
        """`before`: a listing of the same paging that was made earlier and comes first."""
        super().__init__()
        self._paging = paging
        self._length = length
        self._before = None if before is None or before.is_complete else before
        self._documents: list[Any] = []
        self._is_complete = False
        is_first = self._before is None and not paging.is_started
        self._call = paging.fetch(length) if is_first else None

    @property
    def is_complete(self) -> bool:
        """Whether nothing more comes of it: all is there, or its paging failed or was closed."""
        return self._is_complete or (self._paging.is_exhausted and not self._paging.page)

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        """Wait for all of it. Raises what the driver would raise."""
        if not self._is_complete:
            yield from self._complete().__await__()
        return list(self._documents)

    async def _complete(self) -> None:
        if self._before is not None:
            if not self._before.is_complete:
                await self._before
            self._before = None
        while not self._is_complete:
            if self._call is None:
                self._take()
                continue
            call = self._call
            try:
                arrived = await call
            except Exception as error:
                self._paging.failed()
                if not self._paging.is_over(error):
                    raise
                self._is_complete = True
                return
            except BaseException:  # cancelled: in flight it is let go, and its page is lost
                if not call.is_waited_for:
                    self._paging.failed()
                raise
            if self._call is call:  # else another task that waits has taken it
                self._call = None
                self._paging.arrived(arrived)
                # What is there now is all that a list of a tailable cursor can have.
                self._is_complete = self._paging.is_tailable and not self._paging.page

    def _take(self) -> None:
        """Take what is there, and ask for more where that is not all."""
        paging = self._paging
        if paging.page:
            self._documents += paging.page.take(self._missing)
        if paging.is_exhausted or self._missing == 0:
            self._is_complete = True
        else:
            self._call = paging.fetch(self._missing)

    @property
    def _missing(self) -> int | None:
        return None if self._length is None else self._length - len(self._documents)

    def _leave_unawaited(self) -> None:
        if self._call is not None:
            self._call.close()

    def __repr__(self) -> str:
        """How much of what has come."""
        state = "complete" if self._is_complete else "incomplete"
        return f"<Listing {self._paging!r} {len(self._documents)} documents, {state}>"
