"""Which driver runs: the only file that knows. Motor by default; the embedded database by its URI.

Everything else in the proxy sees the `Driver` protocol and collections shaped like Motor's. Reads
no environment variable and decides nothing about operations.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, Final, Protocol

from motorpool.proxy.settings import SettingsError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.settings import Settings


class Driver(Protocol):
    """A connection pool, and collections whose methods are Motor's."""

    def collection(self, database: str, name: str) -> Any:
        """The collection `database.name`. Raises what the driver raises for a bad name."""

    def time_limit(self, seconds: float | None) -> contextlib.AbstractContextManager[object]:
        """A context in which operations take at most `seconds`, on the wire and on the server."""

    def max_time_ms(self, seconds: float) -> int | None:
        """The `max_time_ms` that tells a server so; None where there is no server."""

    def bulk_request(self, op: str, args: Mapping[str, Any]) -> Any:
        """One request of a `bulk_write`, of the driver's own class."""

    async def complete(
        self,
        operation: ValidOperation,
        error: Exception,
    ) -> Exception:
        """The error with what the driver left out and a server would have said."""

    def warm_up(self) -> None:
        """Begin to open the first connection, in the background. Never raises, never waits."""

    def close(self) -> None:
        """Close every connection."""


def connect(settings: Settings, loop: asyncio.AbstractEventLoop) -> Driver:
    """The driver for `settings`, bound to `loop`. Opens nothing yet.

    Raises what the driver raises for a URI that it cannot read, and SettingsError where the
    embedded database is not installed.
    """
    if settings.is_embedded:
        # Imported here, as Motor is below: the one that is not chosen is not paid for, and the
        # embedded one is not installed in a Lambda.
        try:
            from motorpool.proxy.embedded import EmbeddedDriver  # noqa: PLC0415
        except ModuleNotFoundError as error:
            message = (
                "MOTORPOOL_MONGODB_URI names the embedded database, which is not installed here "
                f"({error}): install motorpool[local], or give a server's URI"
            )
            raise SettingsError(message) from None
        return EmbeddedDriver()
    return MotorDriver(settings, loop)


# Milliseconds, below the function's own time-out: an unreachable server must be said, not suffered
# until Lambda ends the invocation. The driver's defaults are 30 s and 20 s.
_TIME_OUTS: Final = {"serverSelectionTimeoutMS": 10_000, "connectTimeoutMS": 5_000}


def _unless_in_uri(uri: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that the URI does not set itself: keywords would win over it."""
    return {name: value for name, value in options.items() if f"{name}=".lower() not in uri.lower()}


class MotorDriver:
    """Motor: PyMongo's synchronous client in a pool of threads."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        """Make the client, with as many threads as connections: neither waits for the other."""
        # Motor reads it once, when it is imported (motor/frameworks/asyncio/__init__.py).
        os.environ.setdefault("MOTOR_MAX_WORKERS", str(settings.pool_size))
        import pymongo  # noqa: PLC0415 - see `connect`
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - see `connect`

        from motorpool.batching.codec import LOSSLESS  # noqa: PLC0415 - with the driver

        self._pymongo = pymongo
        self._options = LOSSLESS
        self._client: Any = AsyncIOMotorClient(
            settings.mongodb_uri,
            io_loop=loop,
            maxPoolSize=settings.pool_size,
            appname="motorpool",
            **_unless_in_uri(settings.mongodb_uri, _TIME_OUTS),
        )

    def collection(self, database: str, name: str) -> Any:
        """See `Driver`."""
        return self._client[database].get_collection(name, codec_options=self._options)

    def time_limit(self, seconds: float | None) -> contextlib.AbstractContextManager[object]:
        """See `Driver`. PyMongo's own: `maxTimeMS` on each command and a limit on each socket."""
        if seconds is None:
            return contextlib.nullcontext()
        # PyMongo's limit takes the place of serverSelectionTimeoutMS, so with an unreachable server
        # every operation would use up all of its time before it says so.
        if not self._client.topology_description.has_readable_server():
            seconds = min(seconds, self._client.options.server_selection_timeout)
        return self._pymongo.timeout(seconds)

    def max_time_ms(self, seconds: float) -> int | None:
        """See `Driver`."""
        return max(1, int(seconds * 1000))

    def bulk_request(self, op: str, args: Mapping[str, Any]) -> Any:
        """See `Driver`."""
        name = "".join(part.capitalize() for part in op.split("_"))
        return getattr(self._pymongo, name)(**args)

    async def complete(self, operation: ValidOperation, error: Exception) -> Exception:
        """See `Driver`. A server leaves nothing out."""
        del operation
        return error

    def warm_up(self) -> None:
        """See `Driver`. The ping runs in Motor's thread, so the loop need not run for it."""
        ping = self._client.admin.command("ping")
        # A server that cannot be reached now is the first batch's to report.
        ping.add_done_callback(lambda done: done.cancelled() or done.exception())

    def close(self) -> None:
        """See `Driver`."""
        self._client.close()
