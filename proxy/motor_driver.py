"""Motor behind the `Driver` protocol: the only module that imports it.

And the only one that touches what is the driver's own: a session is given the id that the caller
carries, and a cursor is let go of, so that another execution environment can go on with it. The
driver has no public way to either; a test guards them, and `pyproject.toml` bounds its version.
"""

from __future__ import annotations

import contextlib
import os
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pymongo
from bson.binary import UUID_SUBTYPE, Binary
from bson.codec_options import CodecOptions
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument

from motorpool.batching.codec import LOSSLESS, RawDocuments, split_documents
from motorpool.batching.operations import DATABASE_PIPELINE
from motorpool.proxy.administration import MotorAdministration
from motorpool.proxy.drivers import Batch

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from motorpool.proxy.administration import Administration
    from motorpool.proxy.drivers import Question
    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.pages import Address
    from motorpool.proxy.settings import Settings

T = TypeVar("T")

# Milliseconds, below the function's own time-out: an unreachable server must be said, not suffered
# until Lambda ends the invocation. The driver's defaults are 30 s and 20 s.
_TIME_OUTS: Final = {"serverSelectionTimeoutMS": 10_000, "connectTimeoutMS": 5_000}


def _unless_in_uri(uri: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that the URI does not set itself: keywords would win over it."""
    return {name: value for name, value in options.items() if f"{name}=".lower() not in uri.lower()}


def _raw(some: Any) -> RawDocuments:
    """What a cursor gives, undecoded: one document, or a batch of them as a stream."""
    return split_documents(some) if isinstance(some, bytes) else RawDocuments([some.raw])


_RAW: Final = CodecOptions(document_class=RawBSONDocument)

# The address that a cursor's next batch has to come from: see `MotorDriver._select`.
_pinned: ContextVar[Address | None] = ContextVar("motorpool_pinned", default=None)


class _CarriedSession:
    """A server session whose id came with the operation, in the place of one of the driver's own.

    Shaped as PyMongo's `_ServerSession`, which it never meets: it is not in the driver's pool, and
    is not put there.
    """

    def __init__(self, id_: bytes) -> None:
        self.session_id = {"id": Binary(id_, UUID_SUBTYPE)}
        self.last_use = 0.0
        self.dirty = False
        self.generation = 0
        self.transaction_id = Int64(0)

    def mark_dirty(self) -> None:
        """The caller's session: whether it is used again is the caller's to decide."""
        self.dirty = True

    def inc_transaction_id(self) -> None:
        self.transaction_id = Int64(self.transaction_id + 1)


class MotorDriver:
    """Motor: PyMongo's synchronous client in a pool of threads."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        """Make the client, with as many threads as connections: neither waits for the other."""
        # Motor reads it once, when it is imported (motor/frameworks/asyncio/__init__.py).
        os.environ.setdefault("MOTOR_MAX_WORKERS", str(settings.pool_size))
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - after that

        self._client: Any = AsyncIOMotorClient(
            settings.mongodb_uri,
            io_loop=loop,
            maxPoolSize=settings.pool_size,
            appname="motorpool",
            server_selector=self._select,
            **_unless_in_uri(settings.mongodb_uri, _TIME_OUTS),
        )
        self._background: set[Any] = set()
        self._is_sessionless = False
        self._administration = MotorAdministration(self)

    # Databases and collections --------------------------------------------------------------------

    def database(self, name: str, concerns: Mapping[str, Any] | None = None) -> Any:
        """See `Driver`."""
        return self._client.get_database(
            name, codec_options=LOSSLESS, **self._concerns(concerns or {})
        )

    def collection(
        self, database: str, name: str, concerns: Mapping[str, Any] | None = None
    ) -> Any:
        """See `Driver`."""
        return self._client[database].get_collection(
            name, codec_options=LOSSLESS, **self._concerns(concerns or {})
        )

    def _concerns(self, told: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if "read_concern" in told:
            made["read_concern"] = pymongo.read_concern.ReadConcern(**told["read_concern"])
        if "write_concern" in told:
            made["write_concern"] = pymongo.WriteConcern(**told["write_concern"])
        if "read_preference" in told:
            made["read_preference"] = self.read_preference(told["read_preference"])
        return made

    def read_preference(self, told: Mapping[str, Any]) -> Any:
        """PyMongo's read preference of a document such as `{"mode": "secondary", "tags": […]}`.

        Raises ValueError for a mode that there is not, and what the driver raises.
        """
        known = {
            "primary": "Primary",
            "primaryPreferred": "PrimaryPreferred",
            "secondary": "Secondary",
            "secondaryPreferred": "SecondaryPreferred",
            "nearest": "Nearest",
        }
        mode = told.get("mode")
        if mode not in known:
            raise ValueError(f"'read_preference.mode' must be one of {', '.join(known)}")
        cls = getattr(pymongo.read_preferences, known[mode])
        options = {
            name: told[field]
            for name, field in (
                ("tag_sets", "tags"),
                ("max_staleness", "maxStalenessSeconds"),
                ("hedge", "hedge"),
            )
            if field in told
        }
        return cls(**options)

    # Cursors --------------------------------------------------------------------------------------

    async def open_cursor(self, question: Question, size: int | None, session: bytes) -> Batch:
        """See `Driver`."""
        return await self._under(
            session, lambda carried: self._first_batch(question, size, session=carried)
        )

    async def _first_batch(self, question: Question, size: int | None, **session: Any) -> Batch:
        cursor = self._cursor(question, size, **session)
        try:
            first = await cursor.next()
        except StopAsyncIteration:
            documents = RawDocuments()
        else:
            documents = _raw(first)
            # The rest of the batch is at hand, which the driver has no public way to tell.
            for further in cursor.delegate._data:  # noqa: SLF001
                documents += _raw(further)
        batch = Batch(documents, cursor.cursor_id or 0, cursor.address)
        # The cursor goes on without this object, which would end it on the server when it is
        # collected; nor has the driver a public way to let go of one.
        cursor.delegate._killed = True  # noqa: SLF001
        return batch

    async def read_all(self, question: Question, size: int | None) -> RawDocuments:
        """See `Driver`."""
        documents = RawDocuments()
        async for some in self._cursor(question, size):
            documents += _raw(some)
        return documents

    @staticmethod
    def _cursor(question: Question, size: int | None, **session: Any) -> Any:
        args = dict(question.args)
        if question.op == "aggregate":
            if size is not None:
                args["batchSize"] = size
            collection = question.collection
            on_database = collection.name == DATABASE_PIPELINE
            # Not by `aggregate_raw_batches`, which asks twice: for nothing, and then for a batch.
            target = (collection.database if on_database else collection).with_options(
                codec_options=_RAW,
                read_preference=collection.read_preference,
                write_concern=collection.write_concern,
                read_concern=collection.read_concern,
            )
            return target.aggregate(**args, **session)
        await_ms = args.pop("max_await_time_ms", None)
        cursor = question.collection.find_raw_batches(**args, batch_size=size or 0, **session)
        return cursor if await_ms is None else cursor.max_await_time_ms(await_ms)

    async def advance_cursor(
        self, operation: ValidOperation, id_: int, address: Address | None, size: int
    ) -> Batch:
        """See `Driver`."""
        command = {"getMore": Int64(id_), "collection": operation.collection, "batchSize": size}
        for name, field in (("max_await_time_ms", "maxTimeMS"), ("comment", "comment")):
            if operation.args.get(name) is not None:
                command[field] = operation.args[name]
        reply = await self._on_server(operation, address, command)
        cursor = reply["cursor"]
        documents = RawDocuments(document.raw for document in cursor["nextBatch"])
        return Batch(documents, cursor["id"], address)

    async def end_cursor(
        self, operation: ValidOperation, id_: int, address: Address | None
    ) -> None:
        """See `Driver`."""
        command = {"killCursors": operation.collection, "cursors": [Int64(id_)]}
        await self._on_server(operation, address, command)

    async def _on_server(
        self, operation: ValidOperation, address: Address | None, command: dict[str, Any]
    ) -> Any:
        """Run a command on the server of this address, under the operation's session.

        Outside the driver's own time limit, under which it would tell a getMore a `maxTimeMS`; a
        server refuses that, but for a tailable cursor's.
        """
        token = _pinned.set(address)
        try:
            with pymongo.timeout(None):
                return await self._under(
                    operation.session,
                    lambda carried: self._client[operation.database].command(
                        command,
                        codec_options=_RAW,
                        # Any server, of which `_select` leaves the one.
                        read_preference=pymongo.ReadPreference.NEAREST,
                        session=carried,
                    ),
                )
        finally:
            _pinned.reset(token)

    @staticmethod
    def _select(servers: Sequence[Any]) -> Sequence[Any]:
        """Leave, of the servers that the driver would take, the one that holds the cursor."""
        address = _pinned.get()
        return servers if address is None else [one for one in servers if one.address == address]

    async def _under(self, session: bytes | None, run: Callable[[Any], Awaitable[T]]) -> T:
        """Run under a carried session; without one where the server has none.

        Such a server, which is old or only looks like MongoDB, binds no cursor to a session either.
        """
        if session is not None and not self._is_sessionless:
            try:
                return await run(self._session(session))
            except pymongo.errors.ConfigurationError as error:
                # pymongo/client_session_shared.py, `_materialize`; it has no class of its own.
                if "Sessions are not supported" not in str(error):
                    raise
                self._is_sessionless = True
        return await run(None)

    def _session(self, id_: bytes) -> Any:
        """A session of the driver's under an id that it has not made itself.

        The driver has no public way to that: the attribute is its own, and this the only place that
        touches it (a test guards it, and `pyproject.toml` bounds the driver's version).
        """
        session = self._client.delegate.start_session(causal_consistency=False)
        session._server_session = _CarriedSession(id_)  # noqa: SLF001
        return session

    def interrupt(self, session: bytes) -> None:
        """See `Driver`."""
        command = {"killSessions": [{"id": Binary(session, UUID_SUBTYPE)}]}
        killing = self._client.admin.command(command)
        self._background.add(killing)
        killing.add_done_callback(self._background.discard)
        killing.add_done_callback(lambda done: done.cancelled() or done.exception())

    # Limits ---------------------------------------------------------------------------------------

    def time_limit(self, seconds: float | None) -> contextlib.AbstractContextManager[object]:
        """See `Driver`. PyMongo's own: `maxTimeMS` on each command and a limit on each socket."""
        if seconds is None:
            return contextlib.nullcontext()
        # PyMongo's limit takes the place of serverSelectionTimeoutMS, so with an unreachable server
        # every operation would use up all of its time before it says so.
        if not self._client.topology_description.has_readable_server():
            seconds = min(seconds, self._client.options.server_selection_timeout)
        return pymongo.timeout(seconds)

    def max_time_ms(self, seconds: float) -> int | None:
        """See `Driver`."""
        return max(1, int(seconds * 1000))

    def bulk_request(self, op: str, args: Mapping[str, Any]) -> Any:
        """See `Driver`."""
        name = "".join(part.capitalize() for part in op.split("_"))
        return getattr(pymongo, name)(**args)

    @property
    def administration(self) -> Administration:
        """See `Driver`."""
        return self._administration

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
