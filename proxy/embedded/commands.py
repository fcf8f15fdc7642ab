"""Commands on the embedded database: those that can be answered truly of a database in memory.

mongomock's own `command` knows `ping` and no other. What is not answered here is refused as a
server refuses a command that it does not know, and never answered with a success.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final, NoReturn

import bson
from bson.int64 import Int64
from pymongo.errors import OperationFailure

from motorpool.proxy.administration import named_command

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Mapping

    Runner = Callable[[Any, str, dict[str, Any]], Awaitable[dict[str, Any]]]

_WIRE_VERSION: Final = 13
"""Of MongoDB 5.0, which is what mongomock says it is (mongodb/specifications, "wireversion")."""


class EmbeddedCommands:
    """What `db.command` runs."""

    def __init__(self, client: Any) -> None:
        """`client`: mongomock-motor's."""
        self._client = client

    async def run(
        self,
        database: str,
        command: Mapping[str, Any],
        *,
        check: bool,
        allowable_errors: Container[Any],
    ) -> Any:
        """The reply. Raises OperationFailure, unless the caller wants failures as replies."""
        document = named_command(command)
        name = next(iter(document))
        try:
            if name not in _COMMANDS:
                fail(f"no such command: '{name}'", 59, "CommandNotFound")
            return await _COMMANDS[name](self, database, document)
        except OperationFailure as error:
            if check and error.code not in allowable_errors:
                raise
            return error.details

    async def _ping(self, database: str, command: dict[str, Any]) -> dict[str, Any]:
        del database, command
        return {"ok": 1.0}

    async def _build_info(self, database: str, command: dict[str, Any]) -> dict[str, Any]:
        del database, command
        return dict(await self._client.server_info())

    async def _hello(self, database: str, command: dict[str, Any]) -> dict[str, Any]:
        del database
        primary = "isWritablePrimary" if "hello" in command else "ismaster"
        return {
            "helloOk": True,
            primary: True,
            "maxBsonObjectSize": 16 * 1024 * 1024,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "localTime": dt.datetime.now(dt.UTC),
            "minWireVersion": 0,
            "maxWireVersion": _WIRE_VERSION,
            "readOnly": False,
            "ok": 1.0,
        }

    async def _count(self, database: str, command: dict[str, Any]) -> dict[str, Any]:
        options = _fields(command, "count", ("query", "limit", "skip"))
        limits = {name: options[name] for name in ("limit", "skip") if options.get(name)}
        collection = self._client[database][command["count"]]
        count = await collection.count_documents(options.get("query") or {}, **limits)
        return {"n": count, "ok": 1.0}

    async def _distinct(self, database: str, command: dict[str, Any]) -> dict[str, Any]:
        options = _fields(command, "distinct", ("key", "query"))
        collection = self._client[database][command["distinct"]]
        return {
            "values": await collection.distinct(options["key"], options.get("query")),
            "ok": 1.0,
        }

    async def _list_collections_command(
        self, database: str, command: dict[str, Any]
    ) -> dict[str, Any]:
        options = _fields(command, "listCollections", ("filter", "nameOnly", "cursor"))
        listed = await collections(
            self._client, database, options.get("filter"), name_only=options.get("nameOnly") is True
        )
        cursor = {"id": Int64(0), "ns": f"{database}.$cmd.listCollections", "firstBatch": listed}
        return {"cursor": cursor, "ok": 1.0}

    async def _list_databases_command(
        self, database: str, command: dict[str, Any]
    ) -> dict[str, Any]:
        if database != "admin":
            message = "listDatabases may only be run against the admin database."
            fail(message, 13, "Unauthorized")
        options = _fields(command, "listDatabases", ("filter", "nameOnly"))
        listed = await databases(
            self._client, options.get("filter"), name_only=options.get("nameOnly") is True
        )
        return {"databases": listed, "ok": 1.0}

    async def _coll_stats(self, database: str, command: dict[str, Any]) -> dict[str, Any]:
        name = command[next(iter(command))]
        collection = self._client[database][name]
        count, size = await _measured(collection)
        told: dict[str, Any] = {"ns": f"{database}.{name}", "count": count, "size": size}
        if count:
            told["avgObjSize"] = size // count
        return {**told, "nindexes": len(await collection.index_information()), "ok": 1.0}

    async def _db_stats(self, database: str, command: dict[str, Any]) -> dict[str, Any]:
        del command
        names = await self._client[database].list_collection_names()
        collections = [self._client[database][name] for name in names]
        measured = [await _measured(collection) for collection in collections]
        count, size = sum(each[0] for each in measured), sum(each[1] for each in measured)
        indexes = [len(await collection.index_information()) for collection in collections]
        return {
            "db": database,
            "collections": len(names),
            "objects": count,
            "avgObjSize": size / count if count else 0.0,
            "dataSize": float(size),
            "indexes": sum(indexes),
            "ok": 1.0,
        }


_COMMANDS: Final[dict[str, Runner]] = {
    name: getattr(EmbeddedCommands, method)
    for method, names in {
        "_ping": ("ping",),
        "_build_info": ("buildInfo", "buildinfo"),
        "_hello": ("hello", "isMaster", "ismaster"),
        "_count": ("count",),
        "_distinct": ("distinct",),
        "_list_collections_command": ("listCollections",),
        "_list_databases_command": ("listDatabases",),
        "_coll_stats": ("collStats", "collstats"),
        "_db_stats": ("dbStats", "dbstats"),
    }.items()
    for name in names
}
"""By every name that a server knows them under."""


def fail(message: str, code: int, code_name: str) -> NoReturn:
    """Refuse in a server's words. Raises OperationFailure."""
    details = {"ok": 0.0, "errmsg": message, "code": code, "codeName": code_name}
    raise OperationFailure(message, code, details)


_GENERIC: Final = frozenset({"comment", "maxTimeMS", "$db", "lsid", "readConcern"})
"""Fields that any command takes, and that mean nothing to a database in memory."""


def _fields(command: dict[str, Any], name: str, known: tuple[str, ...]) -> dict[str, Any]:
    """The command's fields after its name. Refuses one that is not honoured here."""
    fields = dict(list(command.items())[1:])
    for field in fields:
        if field not in known and field not in _GENERIC:
            fail(f"BSON field '{name}.{field}' is an unknown field.", 40415, "Location40415")
    return fields


async def _measured(collection: Any) -> tuple[int, int]:
    """How many documents, and their bytes of BSON in sum."""
    documents = await collection.find().to_list(None)
    return len(documents), sum(len(bson.encode(document)) for document in documents)


# What there is --------------------------------------------------------------------------------


async def collections(
    client: Any, database: str, query: Mapping[str, Any] | None, *, name_only: bool
) -> list[dict[str, Any]]:
    """The collections as `listCollections` lists them; without a uuid, which they have not."""
    names = await client[database].list_collection_names()
    id_index = {"v": 2, "key": {"_id": 1}, "name": "_id_"}
    listed = [
        {
            "name": name,
            "type": "collection",
            "options": {},
            "info": {"readOnly": False},
            "idIndex": id_index,
        }
        for name in names
    ]
    listed = await _matching(client, listed, query)
    return (
        [{"name": each["name"], "type": each["type"]} for each in listed] if name_only else listed
    )


async def databases(
    client: Any, query: Mapping[str, Any] | None, *, name_only: bool
) -> list[dict[str, Any]]:
    """The databases as `listDatabases` lists them. There is no disk, and none without data."""
    listed: list[dict[str, Any]] = [
        {"name": name, "sizeOnDisk": Int64(0), "empty": False}
        for name in await client.list_database_names()
    ]
    listed = await _matching(client, listed, query)
    return [{"name": each["name"]} for each in listed] if name_only else listed


async def _matching(
    client: Any, listed: list[dict[str, Any]], query: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Those that a query matches: the embedded database is asked, in one of its own for it."""
    if not query or not listed:
        return listed
    scratch: Any = type(client)()["listed"]["listed"]
    await scratch.insert_many([{"_id": index, **each} for index, each in enumerate(listed)])
    return [listed[found["_id"]] for found in await scratch.find(dict(query)).to_list(None)]
