"""What is not a document operation: indexes, collections, databases, commands, client-level bulks.

Runs each by the driver's own method and gives its result in the shapes of docs/protocol.md. The
embedded database has a counterpart in `embedded_administration`. Decides nothing about what is
allowed, and reads no operation but these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.operations import IndexModel

from motorpool.batching.codec import RawDocuments
from motorpool.batching.errors import ResultTooLarge
from motorpool.batching.limits import LAMBDA_RESPONSE_BYTES
from motorpool.proxy.client_bulk import told_results

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from motorpool.proxy.models import ValidOperation

    Runner = Callable[[Any, ValidOperation, dict[str, Any]], Awaitable[Any]]

ADMINISTRATION: Final = frozenset(
    {
        "create_indexes",
        "drop_index",
        "drop_indexes",
        "list_indexes",
        "create_collection",
        "drop_collection",
        "rename",
        "list_collections",
        "drop_database",
        "list_databases",
        "command",
        "client_bulk_write",
    }
)
"""The operations that are run here."""

_RAW: Final = CodecOptions(document_class=RawBSONDocument)

_CONCERNS: Final = ("read_preference", "read_concern", "write_concern")
"""Arguments that make the database, and are not told to its methods."""


class Administration(Protocol):
    """Runs the operations of `ADMINISTRATION` on one kind of database."""

    async def run(self, operation: ValidOperation, args: Mapping[str, Any]) -> Any:
        """The operation's `ok`. `args`: the driver's keyword arguments."""


class Databases(Protocol):
    """What of `motorpool.proxy.server_driver.ServerDriver` is used here."""

    def database(self, name: str, concerns: Mapping[str, Any] | None = None) -> Any:
        """The driver's database, with these concerns."""

    async def cursor_of(self, asked: Any) -> Any:
        """The cursor of a method that lists or runs something."""

    def read_preference(self, told: Mapping[str, Any]) -> Any:
        """PyMongo's read preference of its document."""


class ServerAdministration:
    """On a server, by either driver."""

    def __init__(self, driver: Databases) -> None:
        """`driver`: where databases come from."""
        self._driver = driver

    async def run(self, operation: ValidOperation, args: Mapping[str, Any]) -> Any:
        """See `Administration`."""
        given = {name: value for name, value in args.items() if name not in _CONCERNS}
        return await _RUNNERS[operation.op](self, operation, given)

    def _database(self, operation: ValidOperation) -> Any:
        told = {name: operation.args.get(name) for name in _CONCERNS}
        concerns = {name: value for name, value in told.items() if value is not None}
        return self._driver.database(operation.database, concerns)

    def _collection(self, operation: ValidOperation) -> Any:
        return self._database(operation).get_collection(operation.collection)

    async def _listed(self, asked: Any) -> Any:
        cursor = await self._driver.cursor_of(asked)
        return await cursor.to_list(None)

    # Indexes --------------------------------------------------------------------------------------

    async def _create_indexes(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        indexes = [index_model(index) for index in args.pop("indexes")]
        return await self._collection(operation).create_indexes(indexes, **args)

    async def _drop_index(self, operation: ValidOperation, args: dict[str, Any]) -> None:
        await self._collection(operation).drop_index(args.pop("name"), **args)

    async def _drop_indexes(self, operation: ValidOperation, args: dict[str, Any]) -> None:
        await self._collection(operation).drop_indexes(**args)

    async def _list_indexes(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        return await self._listed(self._collection(operation).list_indexes(**args))

    # Collections ----------------------------------------------------------------------------------

    async def _create_collection(self, operation: ValidOperation, args: dict[str, Any]) -> None:
        options = args.pop("options", {})
        await self._database(operation).create_collection(operation.collection, **args, **options)

    async def _drop_collection(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        return await self._database(operation).drop_collection(operation.collection, **args)

    async def _rename(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        return await self._collection(operation).rename(args.pop("new_name"), **args)

    async def _list_collections(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        return await self._listed(self._database(operation).list_collections(**args))

    # Databases ------------------------------------------------------------------------------------

    async def _drop_database(self, operation: ValidOperation, args: dict[str, Any]) -> None:
        database = self._database(operation)
        if operation.args.get("write_concern") is None:
            await database.client.drop_database(operation.database, **args)
            return
        # The driver's method takes the client's write concern and no other; it does this with it
        # (pymongo/synchronous/mongo_client.py, drop_database).
        await database.command(
            {"dropDatabase": 1, "comment": args.get("comment")},
            write_concern=database.write_concern,
            parse_write_concern_error=True,
        )

    async def _list_databases(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        return await self._listed(self._database(operation).client.list_databases(**args))

    async def _command(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        database = self._database(operation)
        document = named_command(args.pop("command"))
        told = operation.args.get("read_preference")
        preference = None if told is None else self._driver.read_preference(told)
        if args.pop("cursor", False):
            raw = database.with_options(codec_options=_RAW)
            asked = raw.cursor_command(document, read_preference=preference, codec_options=_RAW)
            return await _read_all(await self._driver.cursor_of(asked))
        return await database.command(
            document, read_preference=preference, codec_options=database.codec_options, **args
        )

    async def _client_bulk_write(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        database = self._database(operation)
        if operation.args.get("write_concern") is not None:
            args["write_concern"] = database.write_concern
        result = await database.client.bulk_write(args.pop("requests"), **args)
        if not result.acknowledged:
            return {"acknowledged": False}
        return {"acknowledged": True, "bulk_api_result": told_results(result.bulk_api_result)}


_RUNNERS: Final[dict[str, Runner]] = {
    name: getattr(ServerAdministration, f"_{name}") for name in ADMINISTRATION
}


async def _read_all(cursor: Any) -> RawDocuments:
    """A command's cursor, read to its end. Raises ResultTooLarge beyond what a response carries."""
    documents = RawDocuments()
    size = 0
    async for document in cursor:
        size += len(document.raw)
        if size > LAMBDA_RESPONSE_BYTES:
            await cursor.close()
            raise ResultTooLarge(
                f"the documents of a command's cursor are more than {LAMBDA_RESPONSE_BYTES} bytes, "
                "which is all that a response carries; find and aggregate go on over several"
            )
        documents.append(document.raw)
    return documents


# Arguments in the driver's form -------------------------------------------------------------------


def index_model(index: Mapping[str, Any]) -> IndexModel:
    """The driver's form of an index, which must have a `key`. Raises as its constructor does."""
    options = dict(index)
    if "key" not in options:
        message = f"an index must have a 'key', and this has none: {options!r:.100}"
        raise ValueError(message)
    return IndexModel(options.pop("key"), **options)


def named_command(command: Mapping[str, Any]) -> dict[str, Any]:
    """A command, whose name comes first. Raises ValueError where there is none.

    Motor on asyncio's own threads would never answer: its thread ends with a StopIteration, which
    no future can hold.
    """
    if not command:
        message = "command must not be empty: its first field is the command's name"
        raise ValueError(message)
    return dict(command)
