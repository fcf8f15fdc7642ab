"""What `client.close()` returns: begun when it is called, as Motor's; to be awaited, as PyMongo's.

Imported when a client is closed: it brings `asyncio`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

_begun: set[asyncio.Task[None]] = set()
"""A loop holds its tasks weakly, and who calls `close()` and goes holds nothing."""


class Closing:
    """A client that is being closed. Without a running loop it is closed once this is awaited."""

    def __init__(
        self,
        close: Callable[[], Coroutine[Any, Any, None]],
        let_go: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        """`close` closes in order; `let_go` drops what is open, where there is no time for that."""
        self._close = close
        self._let_go = let_go
        self._task: asyncio.Task[None] | None = None
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._task = self._begin(loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        task = loop.create_task(self._run())
        _begun.add(task)
        task.add_done_callback(_begun.discard)
        return task

    async def _run(self) -> None:
        try:
            await self._close()
        except asyncio.CancelledError:
            # `asyncio.run` ends: what nobody waited for is cancelled, and sockets must not stay.
            await self._let_go()
            raise

    def __await__(self) -> Generator[Any, Any, None]:
        """Wait until it is closed. A caller that is cancelled does not stop it."""
        if self._task is None:
            self._task = self._begin(asyncio.get_running_loop())
        return asyncio.shield(self._task).__await__()

    def __repr__(self) -> str:
        """How far it is."""
        state = "not begun" if self._task is None else "done" if self._task.done() else "begun"
        return f"<Closing {state}>"
