"""What only Motor's cursors have, most of it deprecated there: kept so that moving is one line.

Each is a few lines on top of what every cursor has. Adds nothing that Motor's do not have.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from motorpool.client.cursors.paging import Paging


class MotorFaces:
    """The further faces of Motor's cursors."""

    _paging: Paging
    _each: Any

    if TYPE_CHECKING:  # what `Documents` has

        async def _has_next(self) -> bool: ...
        def _next_of_page(self) -> Any: ...

    @property
    def started(self) -> bool:
        """Whether documents have been asked for."""
        return self._paging.is_started

    @property
    def closed(self) -> bool:
        """Whether it was closed before its end."""
        return self._paging.is_closed

    @property
    def fetch_next(self) -> Awaitable[bool]:
        """Whether there is a next document, which is then at hand. Deprecated by Motor."""
        _deprecated("fetch_next property")
        return self._has_next()

    def next_object(self) -> Any:
        """A document that is at hand, or None. Deprecated by Motor."""
        _deprecated("next_object method")
        return self._next_of_page() if self._is_at_hand else None

    @property
    def _is_at_hand(self) -> bool:
        return bool(self._paging.page)

    def each(self, callback: Callable[[Any, Exception | None], object]) -> None:
        """Call `callback(document, error)` for each document, in the background of this loop.

        With `(None, None)` at the end; `(None, error)` where it fails; no more after a False.
        """
        if not callable(callback):
            raise TypeError("callback must be a callable")
        import asyncio  # noqa: PLC0415 - by now a client has been made, which brought it

        self._each = asyncio.ensure_future(self._call_each(callback))

    async def _call_each(self, callback: Callable[[Any, Exception | None], object]) -> None:
        try:
            while await self._has_next():
                if callback(self._next_of_page(), None) is False:
                    return
        except Exception as error:  # noqa: BLE001 - the callback is told
            callback(None, error)
        else:
            callback(None, None)


def _deprecated(what: str) -> None:
    warnings.warn(
        f"The {what} is deprecated and may be removed in a future major release. "
        "Use `async for` to iterate over Cursor objects instead.",
        DeprecationWarning,
        stacklevel=3,
    )
