"""A server behind the `Driver` protocol: what Motor and PyMongo's own asynchronous client share.

Motor wraps PyMongo, so both speak of the same databases, collections, cursors and errors; where
they differ is in `motor_driver` and `pymongo_driver`. How results are read is in `server_cursors`.
Never chooses which driver runs.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Final

import pymongo
from bson.binary import UUID_SUBTYPE, Binary

from motorpool.batching.codec import LOSSLESS
from motorpool.proxy.administration import ServerAdministration
from motorpool.proxy.concerns import concerns_told, read_preference_told
from motorpool.proxy.server_cursors import RAW, ServerCursors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorpool.proxy.administration import Administration
    from motorpool.proxy.models import ValidOperation

# MongoDB 8.0 (mongodb/specifications, wire version).
_BULK_WRITE_WIRE_VERSION: Final = 25

_NO_LIMIT: Final = contextlib.nullcontext()

_KEPT_COLLECTIONS: Final = 1_000
"""Collections whose objects are kept. One is made in 10 µs, of which a driver's call has some 150;
that there are more than these is no reason to keep them all."""


class ServerDriver(ServerCursors):
    """Collections and cursors on a server. A subclass makes the client, and says how it differs."""

    def __init__(self, client: Any, pymongos: Any, loop: asyncio.AbstractEventLoop) -> None:
        """`client`: whose methods are awaited. `pymongos`: PyMongo's own client, below or same."""
        super().__init__(client, pymongos)
        self._loop = loop
        self._collections: dict[tuple[str, str, bool], Any] = {}
        self._background: set[asyncio.Future[Any]] = set()
        self._greeting: asyncio.Future[Any] | None = None
        """The first command, until it has come to an end."""
        self._administration = ServerAdministration(self)

    # Where the drivers differ ---------------------------------------------------------------------

    @abstractmethod
    async def cursor_of(self, asked: Any) -> Any:
        """The cursor of a method that begins a command, which some give at once, some awaited."""

    @abstractmethod
    async def warm_up(self) -> None:
        """See `Driver`."""

    @abstractmethod
    async def settle(self) -> None:
        """See `Driver`."""

    @abstractmethod
    async def close(self) -> None:
        """See `Driver`."""

    # Databases and collections --------------------------------------------------------------------

    def database(self, name: str, concerns: Mapping[str, Any] | None = None) -> Any:
        """See `Driver`."""
        return self._client.get_database(
            name, codec_options=LOSSLESS, **concerns_told(concerns or {})
        )

    def collection(
        self,
        database: str,
        name: str,
        concerns: Mapping[str, Any] | None = None,
        *,
        raw: bool = False,
    ) -> Any:
        """See `Driver`. The same object each time, where there are no concerns."""
        if concerns:
            return self._new_collection(database, name, raw=raw, **concerns_told(concerns))
        key = (database, name, raw)
        kept = self._collections.get(key)
        if kept is None:
            kept = self._new_collection(database, name, raw=raw)
            if len(self._collections) >= _KEPT_COLLECTIONS:
                self._collections.clear()
            self._collections[key] = kept
        return kept

    def _new_collection(self, database: str, name: str, *, raw: bool, **concerns: Any) -> Any:
        return self._client[database].get_collection(
            name, codec_options=RAW if raw else LOSSLESS, **concerns
        )

    def read_preference(self, told: Mapping[str, Any]) -> Any:
        """PyMongo's read preference of its document. Raises as `read_preference_told`."""
        return read_preference_told(told)

    # In the background ---------------------------------------------------------------------------

    def interrupt(self, session: bytes) -> None:
        """See `Driver`."""
        command = {"killSessions": [{"id": Binary(session, UUID_SUBTYPE)}]}
        self._begin(self._client.admin.command(command))

    def _begin(self, work: Any) -> asyncio.Future[Any]:
        """Run what can be awaited, whatever becomes of it."""
        begun: asyncio.Future[Any] = asyncio.ensure_future(work, loop=self._loop)
        self._background.add(begun)
        begun.add_done_callback(self._background.discard)
        begun.add_done_callback(lambda done: done.cancelled() or done.exception())
        return begun

    # Limits ---------------------------------------------------------------------------------------

    def time_limit(self, seconds: float | None) -> contextlib.AbstractContextManager[object]:
        """See `Driver`. PyMongo's own: `maxTimeMS` on each command and a limit on each socket."""
        if seconds is None:
            return _NO_LIMIT
        # PyMongo's limit takes the place of serverSelectionTimeoutMS, so with an unreachable server
        # every operation would use up all of its time before it says so.
        if not self._pymongos.topology_description.has_readable_server():
            seconds = min(seconds, self._pymongos.options.server_selection_timeout)
        return pymongo.timeout(seconds)

    def max_time_ms(self, seconds: float) -> int | None:
        """See `Driver`."""
        return max(1, int(seconds * 1000))

    def bulk_request(self, op: str, args: Mapping[str, Any]) -> Any:
        """See `Driver`."""
        name = "".join(part.capitalize() for part in op.split("_"))
        return getattr(pymongo, name)(**args)

    @property
    def calls_ahead(self) -> int:
        """See `Driver`. None, where the loop itself runs them."""
        return 0

    @property
    def takes_options_alike(self) -> bool:
        """See `Driver`. A server does."""
        return True

    @property
    def tells_write_errors(self) -> bool:
        """See `Driver`. A server does."""
        return True

    def _greet(self) -> asyncio.Future[Any]:
        """Begin the first command, which opens the first connection."""
        # A server that cannot be reached now is the first batch's to report.
        self._greeting = self._begin(self._client.admin.command("ping"))
        return self._greeting

    @property
    def is_acquainted(self) -> bool:
        """See `Driver`."""
        return self._greeting is None or self._greeting.done()

    async def acquaint(self, seconds: float) -> None:
        """See `Driver`."""
        if self._greeting is not None:
            await asyncio.wait({self._greeting}, timeout=seconds)

    @property
    def has_client_bulk_write(self) -> bool:
        """See `Driver`. Whichever server may be the next to be written to: not the primary alone.

        What is not known counts as older, so that nothing is asked for that may be refused.
        """
        servers = self._pymongos.topology_description.server_descriptions().values()
        bearing = [server for server in servers if server.is_writable or server.is_readable]
        return any(server.is_writable for server in bearing) and all(
            server.max_wire_version >= _BULK_WRITE_WIRE_VERSION for server in bearing
        )

    @property
    def administration(self) -> Administration:
        """See `Driver`."""
        return self._administration

    async def complete(self, operation: ValidOperation, error: Exception) -> Exception:
        """See `Driver`. A server leaves nothing out."""
        del operation
        return error
