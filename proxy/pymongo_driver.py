"""PyMongo's own asynchronous client behind the `Driver` protocol. Never imports Motor.

What it shares with Motor is in `server_driver`. It has no threads: its connections and its
monitors live on the proxy's loop, which runs while an invocation runs and stands still between two.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pymongo import AsyncMongoClient
from pymongo.monitoring import ServerHeartbeatListener

from motorpool.proxy.connections import client_options
from motorpool.proxy.server_cursors import select
from motorpool.proxy.server_driver import ServerDriver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from pymongo.monitoring import (
        ServerHeartbeatFailedEvent,
        ServerHeartbeatStartedEvent,
        ServerHeartbeatSucceededEvent,
    )

    from motorpool.proxy.settings import Settings

T = TypeVar("T")

WARM_UP_SECONDS: Final = 2.0
"""How long the start waits for the first connection: a server that takes longer is met by the first
batch. Lambda allows an init phase of 10 s."""

SETTLE_SECONDS: Final = 0.05
"""How long an invocation waits for what it leaves behind, of its margin of 250 ms."""

CLOSE_SECONDS: Final = 2.0
"""How long the driver may say goodbye, which it does to a server that may not be there any more."""


class PyMongoDriver(ServerDriver):
    """`pymongo.AsyncMongoClient`, on the proxy's loop."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        """Make the client. It opens nothing before it is used, on the loop on which it is."""
        self._heartbeats = _Heartbeats()
        client: Any = AsyncMongoClient(
            settings.mongodb_uri,
            event_listeners=[self._heartbeats],
            **client_options(settings, select),
        )
        super().__init__(client, client, loop)
        self._has_sent_unanswered = False
        # What an invocation has waited for in vain, and none waits for again: a member of a replica
        # set that does not answer would slow down each.
        self._late: set[asyncio.Future[Any]] = set()

    def database(self, name: str, concerns: Mapping[str, Any] | None = None) -> Any:
        """See `Driver`."""
        return self._noted(super().database(name, concerns))

    def collection(
        self,
        database: str,
        name: str,
        concerns: Mapping[str, Any] | None = None,
        *,
        raw: bool = False,
    ) -> Any:
        """See `Driver`."""
        return self._noted(super().collection(database, name, concerns, raw=raw))

    def _noted(self, target: Any) -> Any:
        if not target.write_concern.acknowledged:
            self._has_sent_unanswered = True
        return target

    async def cursor_of(self, asked: Any) -> Any:
        """See `ServerDriver`. Here each of these methods is a coroutine."""
        return await asked

    async def _as_one(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await work()

    @staticmethod
    def _below(target: Any) -> Any:
        return target

    @staticmethod
    async def _given(asked: Any) -> Any:
        return await asked

    async def warm_up(self) -> None:
        """See `Driver`. Waits for the ping, since nothing moves once the loop stands still."""
        await _within(WARM_UP_SECONDS, self._greet())
        await self.settle()

    async def settle(self) -> None:
        """See `Driver`.

        A monitor that stands still between its question and the answer would find its time-out over
        when the environment goes on, take the server for lost, and close the pool (pymongo/
        network_layer.py, `async_receive_message`): so a heartbeat is let end. And a write that is
        not answered is sent by the loop, as far as the socket has not taken it at once.
        """
        if self._has_sent_unanswered:
            self._has_sent_unanswered = False
            await asyncio.sleep(SETTLE_SECONDS)
        begun = {*self._background, *self._heartbeats.ends(self._loop)}
        self._late &= begun
        if waiting := begun - self._late:
            _, late = await asyncio.wait(waiting, timeout=SETTLE_SECONDS)
            self._late |= late

    async def close(self) -> None:
        """See `Driver`."""
        for begun in self._background:
            begun.cancel()
        if not await _within(CLOSE_SECONDS, self._client.close()):
            # Without a goodbye: its first part, which is over, has taken the sessions to end along.
            await _within(CLOSE_SECONDS, self._client.close())


async def _within(seconds: float, work: Awaitable[Any]) -> bool:
    """Wait for it so long and no longer; whether it has succeeded by then."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(work, seconds)
        return True
    return False


class _Heartbeats(ServerHeartbeatListener):
    """Which servers' heartbeats are out at this moment.

    Not those that a server answers when something changes (`serverMonitoringMode=stream`): one of
    them is always out.
    """

    def __init__(self) -> None:
        self._out: dict[Any, asyncio.Future[None] | None] = {}

    def ends(self, loop: asyncio.AbstractEventLoop) -> list[asyncio.Future[None]]:
        """For each that is out, what is done when it has ended."""
        ends: list[asyncio.Future[None]] = []
        for address, end in self._out.items():
            self._out[address] = end = end or loop.create_future()  # noqa: PLW2901 - the same end
            ends.append(end)
        return ends

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        if not event.awaited:
            self._out[event.connection_id] = None

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        self._ended(event.connection_id)

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        self._ended(event.connection_id)

    def _ended(self, address: Any) -> None:
        end = self._out.pop(address, None)
        if end is not None and not end.done():
            end.set_result(None)
