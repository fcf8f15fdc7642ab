"""Results of a server, undecoded: read to their end, in part, or up to a batch of a cursor's.

A cursor is let go of, so that another execution environment can go on with it, and runs under the
session that the caller carries (`carried_sessions`): the driver has no public way to either, nor to
what a batch holds (`tests/proxy/test_carried_sessions.py` guards them, and `pyproject.toml` bounds
its version). What is asked goes to PyMongo's own collections, in one piece: with Motor, that is in
one of its threads. Never decides how much is asked for (see `cursors`).
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pymongo
from bson.codec_options import CodecOptions
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument

from motorpool.batching.codec import RawDocuments, split_documents
from motorpool.batching.operations import DATABASE_PIPELINE, is_write
from motorpool.proxy.batches import batch_of
from motorpool.proxy.carried_sessions import started_session
from motorpool.proxy.commands import find_command, may_pass
from motorpool.proxy.drivers import Batch, Excerpt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

    from motorpool.proxy.drivers import Question
    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.pages import Address

T = TypeVar("T")

RAW: Final = CodecOptions(document_class=RawBSONDocument)

# The address that a cursor's next batch has to come from: see `select`.
_pinned: ContextVar[Address | None] = ContextVar("motorpool_pinned", default=None)


def select(servers: Sequence[Any]) -> Sequence[Any]:
    """Leave, of the servers that the driver would take, the one that holds the cursor."""
    address = _pinned.get()
    return servers if address is None else [one for one in servers if one.address == address]


def _raw(some: Any) -> RawDocuments:
    """What a cursor gives, undecoded: one document, or a batch of them as a stream."""
    return split_documents(some) if isinstance(some, bytes) else RawDocuments([some.raw])


class ServerCursors(ABC):
    """The reading half of a driver on a server; how PyMongo is asked is the subclass's."""

    def __init__(self, client: Any, pymongos: Any) -> None:
        """`client`: whose methods are awaited. `pymongos`: PyMongo's own client, below or same."""
        self._client = client
        self._pymongos = pymongos
        self._is_sessionless = False

    # Where the drivers differ ---------------------------------------------------------------------

    @abstractmethod
    async def _as_one(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do this, which asks PyMongo for several things, one after the other."""

    @staticmethod
    @abstractmethod
    def _below(target: Any) -> Any:
        """PyMongo's own collection, below Motor's or the same."""

    @staticmethod
    @abstractmethod
    async def _given(asked: Any) -> Any:
        """What a method of PyMongo's own gives. Only within `_as_one`."""

    # A cursor, by the batch -----------------------------------------------------------------------

    async def open_cursor(self, question: Question, size: int | None, session: bytes) -> Batch:
        """See `Driver`."""
        return await self._under(
            session,
            lambda carried: self._as_one(
                lambda: self._first_batch(question, size, session=carried)
            ),
        )

    async def _first_batch(self, question: Question, size: int | None, **session: Any) -> Batch:
        cursor = await self._cursor(question, size, **session)
        documents = await self._next_batch(cursor)
        batch = Batch(documents or RawDocuments(), cursor.cursor_id or 0, cursor.address)
        # The cursor goes on without this object, which would end it on the server when it is
        # collected; nor has the driver a public way to let go of one.
        cursor._killed = True  # noqa: SLF001
        return batch

    async def _next_batch(self, cursor: Any) -> RawDocuments | None:
        """The documents that come at once; None: there are no more."""
        try:
            first = await self._given(cursor.next())
        except (StopIteration, StopAsyncIteration):
            return None
        documents = _raw(first)
        # The rest of the batch is at hand, which the driver has no public way to tell.
        at_hand = cursor._data  # noqa: SLF001
        for further in at_hand:
            documents += _raw(further)
        at_hand.clear()
        return documents

    async def read_all(self, question: Question, size: int | None) -> RawDocuments:
        """See `Driver`."""
        return await self._as_one(lambda: self._all(question, size))

    async def _all(self, question: Question, size: int | None) -> RawDocuments:
        documents = RawDocuments()
        cursor = await self._cursor(question, size)
        while (batch := await self._next_batch(cursor)) is not None:
            documents += batch
        return documents

    async def read_within(self, question: Question, size: int, most_bytes: int) -> Excerpt:
        """See `Driver`."""
        return await self._as_one(lambda: self._within(question, size, most_bytes))

    async def _within(self, question: Question, size: int, most_bytes: int) -> Excerpt:
        documents = RawDocuments()
        taken = 0
        cursor = await self._cursor(question, size)
        while (batch := await self._next_batch(cursor)) is not None:
            documents += batch
            if not cursor.alive:
                break
            taken += sum(map(len, batch))
            if taken >= most_bytes:
                await self._given(cursor.close())
                return Excerpt(documents, is_whole=False)
            mean = max(1, taken) / max(1, len(documents))
            # For the next batch, of which a cursor's public way takes no word any more.
            size = 1 + int((most_bytes - taken) / mean)
            cursor._batch_size = size  # noqa: SLF001
        return Excerpt(documents, is_whole=True)

    async def read_at_once(self, question: Question, size: int) -> RawDocuments | None:
        """See `Driver`."""
        target = question.collection
        command = find_command(target.name, question.args, target.read_concern.document, size)
        if command is None:
            return (await self.read_within(question, size, 1)).if_whole
        try:
            return await self._as_one(lambda: self._at_once(target, command))
        except pymongo.errors.PyMongoError as error:
            if not may_pass(error) or not self._pymongos.options.retry_reads:
                raise
            return None  # asked again, as the driver asks again where it may

    async def _at_once(self, target: Any, command: Mapping[str, Any]) -> RawDocuments | None:
        """The documents that the command gives; None where a cursor has more, which is ended."""
        database, preference = self._below(target).database, target.read_preference
        reply = await self._given(
            database.command(command, codec_options=RAW, read_preference=preference)
        )
        documents, left = batch_of(reply["cursor"], "firstBatch", RAW)
        if not left:
            return documents
        # Here, where it is ended though nobody waits any more. Where there are several servers it
        # may miss the one; that lets go of it by itself.
        end = {"killCursors": target.name, "cursors": [left]}
        with contextlib.suppress(pymongo.errors.PyMongoError):
            await self._given(database.command(end, read_preference=preference))
        return None

    async def _cursor(self, question: Question, size: int | None, **session: Any) -> Any:
        """PyMongo's own cursor."""
        args = dict(question.args)
        target = self._below(question.collection)
        if question.op == "aggregate":
            if size is not None:
                args["batchSize"] = size
            # Not by `aggregate_raw_batches`, which asks twice: for nothing, and then for a batch.
            on_database = target.name == DATABASE_PIPELINE
            # One that writes gives no documents; see `runners.RAW`.
            is_raw = target.codec_options == RAW or is_write("aggregate", args)
            if on_database or not is_raw:
                target = (target.database if on_database else target).with_options(
                    codec_options=RAW,
                    read_preference=target.read_preference,
                    write_concern=target.write_concern,
                    read_concern=target.read_concern,
                )
            return await self._given(target.aggregate(**args, **session))
        await_ms = args.pop("max_await_time_ms", None)
        cursor = target.find_raw_batches(**args, batch_size=size or 0, **session)
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
        return Batch(*batch_of(reply["cursor"], "nextBatch", RAW), address)

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
                        codec_options=RAW,
                        # Any server, of which `select` leaves the one.
                        read_preference=pymongo.ReadPreference.NEAREST,
                        session=carried,
                    ),
                )
        finally:
            _pinned.reset(token)

    async def _under(self, session: bytes | None, run: Callable[[Any], Awaitable[T]]) -> T:
        """Run under a carried session; without one where the server has none.

        Such a server, which is old or only looks like MongoDB, binds no cursor to a session either.
        """
        if session is not None and not self._is_sessionless:
            try:
                return await run(started_session(self._pymongos, session))
            except pymongo.errors.ConfigurationError as error:
                # pymongo/client_session_shared.py, `_apply_to`; it has no class of its own.
                if "Sessions are not supported" not in str(error):
                    raise
                self._is_sessionless = True
        return await run(None)
