"""The embedded database: mongomock-motor, in this process. For tests and the demo, never for data.

Makes good, by public means, where mongomock answers otherwise than a server would and callers can
see it. Each such place says what and why; nothing else is bent.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import pymongo
from mongomock_motor import AsyncMongoMockClient
from pymongo.errors import BulkWriteError, DuplicateKeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorpool.proxy.models import ValidOperation

DUPLICATE_KEY: Final = 11000


class EmbeddedDriver:
    """mongomock-motor behind the `Driver` protocol (see `motorpool.proxy.drivers`)."""

    def __init__(self) -> None:
        """Make an empty database. It lives as long as this object."""
        self._client: Any = AsyncMongoMockClient()

    def collection(self, database: str, name: str) -> Any:
        """The collection `database.name`."""
        return self._client[database][name]

    def time_limit(self, seconds: float | None) -> contextlib.AbstractContextManager[object]:
        """Nothing to limit: each operation is one step in memory."""
        del seconds
        return contextlib.nullcontext()

    def max_time_ms(self, seconds: float) -> int | None:
        """Nobody to tell."""
        del seconds
        return None

    def bulk_request(self, op: str, args: Mapping[str, Any]) -> Any:
        """PyMongo's request, but for updates, whose own form mongomock cannot take."""
        name = "".join(part.capitalize() for part in op.split("_"))
        if op in ("update_one", "replace_one"):
            return _Update(op, args)
        return getattr(pymongo, name)(**args)

    async def complete(self, operation: ValidOperation, error: Exception) -> Exception:
        """Say which key clashed, as a server does and mongomock does not (or only for indexes).

        Its own issue: github.com/mongomock/mongomock/issues/773.
        """
        documents = _inserted(operation)
        if isinstance(error, BulkWriteError):
            details = dict(error.details)
            details["writeErrors"] = [
                {**failed, **await self._clash_of(operation, failed, documents)}
                for failed in details.get("writeErrors", ())
            ]
            return BulkWriteError(details)
        if isinstance(error, DuplicateKeyError) and documents and not error.details:
            clash = await self._clash(operation, documents[0] or {})
            details = {"index": 0, "code": DUPLICATE_KEY, "errmsg": str(error), **clash}
            return DuplicateKeyError(str(error), DUPLICATE_KEY, details)
        return error

    async def _clash_of(
        self,
        operation: ValidOperation,
        failed: Mapping[str, Any],
        documents: list[Mapping[str, Any] | None],
    ) -> dict[str, Any]:
        index = failed["index"]
        document = documents[index] if index < len(documents) else None
        if failed.get("code") != DUPLICATE_KEY or document is None:
            return {}
        return await self._clash(operation, document)

    async def _clash(
        self, operation: ValidOperation, document: Mapping[str, Any]
    ) -> dict[str, Any]:
        """`keyPattern` and `keyValue` of the first unique index that `document` clashes on."""
        collection = self.collection(operation.database, operation.collection)
        indexes = await collection.index_information()
        # A server reports the first index that refuses, and `_id_` stands first.
        unique = (
            [("_id", 1)],
            *(index["key"] for index in indexes.values() if index.get("unique") is True),
        )
        for keys in unique:
            value = {field: document.get(field) for field, _ in keys}
            if await collection.find_one(value) is not None:
                return {"keyPattern": dict(keys), "keyValue": value}
        return {}

    def warm_up(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""


class _Update:
    """An update or replacement in a bulk, in mongomock's terms.

    PyMongo's own requests hand over a `sort` since 4.11, which mongomock 4.3 does not take, not
    even when it is None; so every bulk update would fail.
    """

    def __init__(self, op: str, args: Mapping[str, Any]) -> None:
        self._op = op
        self._args = args

    def _add_to_bulk(self, bulk: Any) -> None:
        args = self._args
        if args.get("sort") is not None:
            message = "the embedded database (mongomock) has no sort in bulk updates"
            raise NotImplementedError(message)
        common = {"collation": args.get("collation"), "hint": args.get("hint")}
        upsert = bool(args.get("upsert"))
        if self._op == "replace_one":
            bulk.add_replace(args["filter"], args["replacement"], upsert, **common)
        else:
            filters = args.get("array_filters")
            bulk.add_update(
                args["filter"],
                args["update"],
                multi=False,
                upsert=upsert,
                array_filters=filters,
                **common,
            )


def _inserted(operation: ValidOperation) -> list[Mapping[str, Any] | None]:
    """The documents that an operation inserts, by the index that a write error names."""
    if operation.op == "insert_one":
        return [operation.args["document"]]
    if operation.op == "insert_many":
        return list(operation.args["documents"])
    if operation.op == "bulk_write":
        return [request["args"].get("document") for request in operation.args["requests"]]
    return []
