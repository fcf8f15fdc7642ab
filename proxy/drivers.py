"""The driver seam: what the rest of the proxy asks of a driver, and which one runs.

Motor by default (`motor_driver`); PyMongo's own asynchronous client by a setting
(`pymongo_driver`); the embedded database by its URI (`embedded`). Everything else in the proxy sees
the `Driver` protocol and collections shaped like Motor's. Reads no environment variable and decides
nothing about operations.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from motorpool.proxy.settings import SettingsError

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Mapping

    from motorpool.batching.codec import RawDocuments
    from motorpool.proxy.administration import Administration
    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.pages import Address
    from motorpool.proxy.settings import Settings


class Batch(NamedTuple):
    """What a server gives of a result at once, and the cursor that has the rest.

    `id`: the cursor's; 0: there is no rest. `address`: of the server that holds it.
    """

    documents: RawDocuments
    id: int
    address: Address | None


class Excerpt(NamedTuple):
    """The documents of a result from its first on, and whether they are all of it."""

    documents: RawDocuments
    is_whole: bool

    @property
    def if_whole(self) -> RawDocuments | None:
        """The documents, if they are all."""
        return self.documents if self.is_whole else None


class Question(NamedTuple):
    """`find` or `aggregate`, on a collection, with the arguments that its method takes.

    An `aggregate` is quicker on a collection that gives documents raw: see `Driver.collection`.
    """

    op: str
    collection: Any
    args: Mapping[str, Any]


class Driver(Protocol):
    """A connection pool, and collections whose methods are Motor's."""

    def database(self, name: str, concerns: Mapping[str, Any] | None = None) -> Any:
        """The database of this name, with the concerns as in `collection`."""

    def collection(
        self,
        database: str,
        name: str,
        concerns: Mapping[str, Any] | None = None,
        *,
        raw: bool = False,
    ) -> Any:
        """The collection `database.name`. Raises what the driver raises for a bad name.

        `concerns`: what of `read_preference`, `read_concern` and `write_concern` the caller has
        set, each as the document that PyMongo's class carries. `raw`: its methods give documents
        undecoded (`bson.raw_bson.RawBSONDocument`), where the database has them so.
        """

    async def open_cursor(self, question: Question, size: int | None, session: bytes) -> Batch:
        """Run `find` or `aggregate` under a carried session, up to its first batch.

        `size`: documents in the batch; None: the server's own choice.
        """

    async def advance_cursor(
        self, operation: ValidOperation, id_: int, address: Address | None, size: int
    ) -> Batch:
        """The next batch of a cursor, under the operation's session, from the server that has it.

        Raises `pymongo.errors.CursorNotFound` where it has ended.
        """

    async def end_cursor(
        self, operation: ValidOperation, id_: int, address: Address | None
    ) -> None:
        """End a cursor of the operation's session before its end. No error where it has ended."""

    async def read_all(self, question: Question, size: int | None) -> RawDocuments:
        """Run `find` or `aggregate` to its end, in batches of `size`."""

    async def read_at_once(self, question: Question, size: int) -> RawDocuments | None:
        """Run a `find` whose result is little, in one command where that can be.

        None where it is to be asked for in another way: it is more than a batch of `size`, or the
        connection was lost, or the server failed in a way after which a driver asks again.
        """

    async def read_within(self, question: Question, size: int, most_bytes: int) -> Excerpt:
        """Run `find` or `aggregate` until there are `most_bytes` or more, and let go of the rest.

        In a batch of `size`, and then of as many as will make `most_bytes`, by those that came.
        """

    @property
    def is_acquainted(self) -> bool:
        """Whether it has met the server, or has tried to; not in an environment's first moments."""

    async def acquaint(self, seconds: float) -> None:
        """Wait for that, `seconds` at the most. Never raises."""

    @property
    def has_client_bulk_write(self) -> bool:
        """Whether the server is known to take the `bulkWrite` command (MongoDB 8.0)."""

    @property
    def tells_write_errors(self) -> bool:
        """Whether an unordered `insert_many` that fails says of each document what became of it."""

    @property
    def calls_ahead(self) -> int:
        """Calls that the driver likes to have at hand beyond those that it lets run at once."""

    @property
    def takes_options_alike(self) -> bool:
        """Whether each method takes an option of a read, or refuses it, as the others do."""

    def interrupt(self, session: bytes) -> None:
        """Let the server stop what it does under this session. Begun in the background."""

    def time_limit(self, seconds: float | None) -> contextlib.AbstractContextManager[object]:
        """A context in which operations take at most `seconds`, on the wire and on the server."""

    def max_time_ms(self, seconds: float) -> int | None:
        """The `max_time_ms` that tells a server so; None where there is no server."""

    def bulk_request(self, op: str, args: Mapping[str, Any]) -> Any:
        """One request of a `bulk_write`, of the driver's own class."""

    @property
    def administration(self) -> Administration:
        """What runs operations on indexes, collections and databases."""

    async def complete(
        self,
        operation: ValidOperation,
        error: Exception,
    ) -> Exception:
        """The error with what the driver left out and a server would have said."""

    async def warm_up(self) -> None:
        """Open the first connection, or begin to. Never raises, and takes 2 s at the most."""

    async def settle(self) -> None:
        """Wait a moment for what was begun, before the loop stands still: 0.05 s at the most."""

    async def close(self) -> None:
        """Close every connection, in a few seconds at the most. Never raises."""


def new_loop(settings: Settings) -> asyncio.AbstractEventLoop:
    """A loop that suits the driver for `settings`: one with threads for Motor, else asyncio's."""
    if settings.is_embedded or settings.driver == "pymongo":
        return asyncio.new_event_loop()
    from motorpool.proxy.threads import ThreadedLoop  # noqa: PLC0415 - see `connect`

    return ThreadedLoop(settings.pool_size)


def connect(settings: Settings, loop: asyncio.AbstractEventLoop) -> Driver:
    """The driver for `settings`, bound to `loop`. Opens nothing yet.

    Raises what the driver raises for a URI that it cannot read, and SettingsError where the
    embedded database is not installed.
    """
    if settings.is_embedded:
        # Imported here, as the others are below: what is not chosen is not paid for, and the
        # embedded one is not installed in a Lambda.
        try:
            from motorpool.proxy.embedded.driver import EmbeddedDriver  # noqa: PLC0415
        except ModuleNotFoundError as error:
            message = (
                "MOTORPOOL_MONGODB_URI names the embedded database, which is not installed here "
                f"({error}): install motorpool[local], or give a server's URI"
            )
            raise SettingsError(message) from None
        return EmbeddedDriver()
    if settings.driver == "pymongo":
        from motorpool.proxy.pymongo_driver import PyMongoDriver  # noqa: PLC0415 - see above

        return PyMongoDriver(settings, loop)
    from motorpool.proxy.motor_driver import MotorDriver  # noqa: PLC0415 - see above

    return MotorDriver(settings, loop)
