"""What is not a document operation, on the embedded database: mongomock knows little of it.

Makes good what can be told truly of a database in memory, as a server of its version would say it;
the rest is refused in a server's words. Says nothing that is not so: a command that it cannot run
is no success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pymongo.errors import InvalidOperation

from motorpool.proxy.administration import ADMINISTRATION, index_model
from motorpool.proxy.embedded.commands import EmbeddedCommands, collections, databases, fail

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from motorpool.proxy.models import ValidOperation

    Runner = Callable[[Any, ValidOperation, dict[str, Any]], Awaitable[Any]]

_UNTOLD: Final = frozenset({"comment", "maxTimeMS", "write_concern", "commitQuorum"})
"""They tell a server how long, how safely and under what comment: here is none to tell."""


class EmbeddedAdministration:
    """See `motorpool.proxy.administration.Administration`."""

    def __init__(self, client: Any) -> None:
        """`client`: mongomock-motor's."""
        self._client = client
        self._commands = EmbeddedCommands(client)

    async def run(self, operation: ValidOperation, args: Mapping[str, Any]) -> Any:
        """See `Administration`."""
        given = {name: value for name, value in args.items() if name not in _UNTOLD}
        return await _RUNNERS[operation.op](self, operation, given)

    def _collection(self, operation: ValidOperation) -> Any:
        return self._client[operation.database][operation.collection]

    async def _has(self, operation: ValidOperation, name: str | None = None) -> bool:
        names = await self._client[operation.database].list_collection_names()
        return (operation.collection if name is None else name) in names

    # Indexes --------------------------------------------------------------------------------------

    async def _create_indexes(self, operation: ValidOperation, args: dict[str, Any]) -> list[str]:
        if not args["indexes"]:
            fail("Must specify at least one index to create", 2, "BadValue")
        names: list[str] = []
        for index in args["indexes"]:
            options = dict(index_model(index).document)
            # Not by mongomock's `create_indexes`, which leaves out partialFilterExpression.
            key = list(options.pop("key").items())
            names.append(await self._collection(operation).create_index(key, **options))
        return names

    async def _drop_index(self, operation: ValidOperation, args: dict[str, Any]) -> None:
        name = args["name"]
        if name == "*":
            await self._drop_indexes(operation, {})
        elif name == "_id_":
            fail("cannot drop _id index", 72, "InvalidOptions")
        elif name in await self._collection(operation).index_information():
            await self._collection(operation).drop_index(name)
            await self._keep(operation)
        elif await self._has(operation):  # else the driver, too, takes it as done
            fail(f"index not found with name [{name}]", 27, "IndexNotFound")

    async def _drop_indexes(self, operation: ValidOperation, args: dict[str, Any]) -> None:
        del args
        existed = await self._has(operation)
        await self._collection(operation).drop_indexes()
        if existed:
            await self._keep(operation)

    async def _keep(self, operation: ValidOperation) -> None:
        """Let the collection be there still: without a document, mongomock drops it with its index.

        A server does not.
        """
        if not await self._has(operation):
            await self._client[operation.database].create_collection(operation.collection)

    async def _list_indexes(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        del args
        return await self._collection(operation).list_indexes().to_list(None)

    # Collections ----------------------------------------------------------------------------------

    async def _create_collection(self, operation: ValidOperation, args: dict[str, Any]) -> None:
        options = dict(args.get("options") or {})
        options.pop("comment", None)
        options.pop("maxTimeMS", None)
        if args.get("check_exists") is False and await self._has(operation):
            # mongomock always looks; a server creates it again as long as the options are the same.
            if not options:
                return
            message = f"Collection {operation.ns} already exists."
            fail(message, 48, "NamespaceExists")
        await self._client[operation.database].create_collection(operation.collection, **options)

    async def _drop_collection(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        del args
        if not await self._has(operation):
            return {"ok": 1.0}
        count = len(await self._collection(operation).index_information())
        await self._client[operation.database].drop_collection(operation.collection)
        return {"nIndexesWas": count, "ns": operation.ns, "ok": 1.0}

    async def _rename(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        new_name = args["new_name"]
        if not await self._has(operation):
            message = f"Source collection {operation.ns} does not exist"
            fail(message, 26, "NamespaceNotFound")
        if await self._has(operation, new_name) and not args.get("dropTarget"):
            fail("target namespace exists", 48, "NamespaceExists")
        if new_name == operation.collection:
            fail("Can't rename a collection to itself", 20, "IllegalOperation")
        await self._collection(operation).rename(new_name, dropTarget=bool(args.get("dropTarget")))
        return {"ok": 1.0}

    async def _list_collections(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        return await collections(
            self._client,
            operation.database,
            args.get("filter"),
            name_only=args.get("nameOnly") is True,
        )

    # Databases ------------------------------------------------------------------------------------

    async def _drop_database(self, operation: ValidOperation, args: dict[str, Any]) -> None:
        del args
        await self._client.drop_database(operation.database)

    async def _list_databases(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        del operation
        name_only = args.get("nameOnly") is True
        return await databases(self._client, args.get("filter"), name_only=name_only)

    async def _command(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        reply = await self._commands.run(
            operation.database,
            args["command"],
            check=args.get("check") is not False,
            allowable_errors=args.get("allowable_errors") or (),
        )
        if not args.get("cursor"):
            return reply
        if "cursor" not in reply:
            raise InvalidOperation("Command does not return a cursor.")
        return reply["cursor"]["firstBatch"]

    async def _client_bulk_write(self, operation: ValidOperation, args: dict[str, Any]) -> Any:
        del operation, args
        # As the driver says of a server that has no such command: mongomock is a 5.0.
        raise InvalidOperation("MongoClient.bulk_write requires MongoDB server version 8.0+.")


_RUNNERS: Final[dict[str, Runner]] = {
    name: getattr(EmbeddedAdministration, f"_{name}") for name in ADMINISTRATION
}
