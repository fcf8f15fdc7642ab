"""Motor behind the `Driver` protocol: the only module that imports it.

What it shares with PyMongo's own asynchronous client is in `server_driver`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from motorpool.proxy.connections import client_options
from motorpool.proxy.server_cursors import select
from motorpool.proxy.server_driver import ServerDriver

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from motorpool.proxy.settings import Settings

T = TypeVar("T")


class MotorDriver(ServerDriver):
    """Motor: PyMongo's synchronous client in a pool of threads."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        """Make the client, with as many threads as connections: neither waits for the other."""
        # For any loop but the proxy's own, which has its threads itself (`threads`). Motor reads it
        # once, when it is imported (motor/frameworks/asyncio/__init__.py).
        os.environ.setdefault("MOTOR_MAX_WORKERS", str(settings.pool_size))
        from motor.frameworks.asyncio import run_on_executor  # noqa: PLC0415 - after that
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - as above

        client: Any = AsyncIOMotorClient(
            settings.mongodb_uri, io_loop=loop, **client_options(settings, select)
        )
        super().__init__(client, client.delegate, loop)
        self._calls_ahead = 2 * settings.pool_size
        self._run_on_executor: Any = run_on_executor

    @property
    def calls_ahead(self) -> int:
        """Twice as many as there are threads, so that one that is done goes on with the next.

        Its threads, of which there are as many as connections, hold how many run at once. If each
        had to wait until the loop sees that it is done, the loop and the threads would take turns.
        """
        return self._calls_ahead

    async def cursor_of(self, asked: Any) -> Any:
        """See `ServerDriver`. Some of Motor's methods give a cursor at once, others awaited."""
        return await asked if hasattr(asked, "__await__") else asked

    async def _as_one(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """In one thread, by the synchronous PyMongo that Motor itself runs there.

        By Motor's own cursors each step of it would go by the loop, and some of them twice.
        """
        done: T = await self._run_on_executor(self._loop, _driven, work)
        return done

    @staticmethod
    def _below(target: Any) -> Any:
        return target.delegate

    @staticmethod
    async def _given(asked: Any) -> Any:
        return asked

    async def warm_up(self) -> None:
        """See `Driver`. The ping runs in Motor's thread, so nothing need wait for it."""
        self._greet()

    async def settle(self) -> None:
        """See `Driver`. What was begun runs in Motor's threads, whether the loop does or not."""

    async def close(self) -> None:
        """See `Driver`. Blocks while the driver says goodbye."""
        self._client.close()


def _driven(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What a coroutine comes to that waits for nothing: what it asks of PyMongo comes at once."""
    try:
        work().send(None)
    except StopIteration as end:
        done: T = end.value
        return done
    raise RuntimeError("a coroutine has waited in a thread, where there is no loop")
