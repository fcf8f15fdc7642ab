"""Motor behind the `Driver` protocol: the only module that imports it.

What it shares with PyMongo's own asynchronous client is in `server_driver`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from motorpool.proxy.connections import client_options
from motorpool.proxy.server_driver import ServerDriver, select

if TYPE_CHECKING:
    import asyncio

    from motorpool.proxy.settings import Settings


class MotorDriver(ServerDriver):
    """Motor: PyMongo's synchronous client in a pool of threads."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        """Make the client, with as many threads as connections: neither waits for the other."""
        # Motor reads it once, when it is imported (motor/frameworks/asyncio/__init__.py).
        os.environ.setdefault("MOTOR_MAX_WORKERS", str(settings.pool_size))
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - after that

        client: Any = AsyncIOMotorClient(
            settings.mongodb_uri, io_loop=loop, **client_options(settings, select)
        )
        super().__init__(client, client.delegate, loop)
        self._calls_ahead = settings.pool_size

    @property
    def calls_ahead(self) -> int:
        """As many as there are threads, so that one that is done goes on with the next.

        Its threads, of which there are as many as connections, hold how many run at once. If each
        had to wait until the loop sees that it is done, the loop and the threads would take turns.
        """
        return self._calls_ahead

    async def cursor_of(self, asked: Any) -> Any:
        """See `ServerDriver`. Some of Motor's methods give a cursor at once, others awaited."""
        return await asked if hasattr(asked, "__await__") else asked

    @staticmethod
    def _pymongos_cursor(cursor: Any) -> Any:
        return cursor.delegate

    async def warm_up(self) -> None:
        """See `Driver`. The ping runs in Motor's thread, so nothing need wait for it."""
        # A server that cannot be reached now is the first batch's to report.
        self._begin(self._client.admin.command("ping"))

    async def settle(self) -> None:
        """See `Driver`. What was begun runs in Motor's threads, whether the loop does or not."""

    async def close(self) -> None:
        """See `Driver`. Blocks while the driver says goodbye."""
        self._client.close()
