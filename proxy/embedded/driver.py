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

from motorpool.batching.codec import RawDocuments, encode_document
from motorpool.batching.operations import DATABASE_PIPELINE
from motorpool.proxy.drivers import Excerpt
from motorpool.proxy.embedded.administration import EmbeddedAdministration
from motorpool.proxy.embedded.cursors import EmbeddedCursors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorpool.proxy.administration import Administration
    from motorpool.proxy.drivers import Batch, Question
    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.pages import Address

DUPLICATE_KEY: Final = 11000


class EmbeddedDriver:
    """mongomock-motor behind the `Driver` protocol (see `motorpool.proxy.drivers`)."""

    def __init__(self) -> None:
        """Make an empty database. It lives as long as this object."""
        self._client: Any = AsyncMongoMockClient()
        self._cursors = EmbeddedCursors()
        self._administration = EmbeddedAdministration(self._client)

    def database(self, name: str, concerns: Mapping[str, Any] | None = None) -> Any:
        """The database of this name. Concerns have nothing to act on, as below."""
        del concerns
        return self._client[name]

    def collection(
        self,
        database: str,
        name: str,
        concerns: Mapping[str, Any] | None = None,
        *,
        raw: bool = False,
    ) -> Any:
        """The collection `database.name`. Concerns have nothing to act on: there is one node.

        Nor is there a raw form of documents: mongomock keeps them decoded.
        """
        del concerns, raw
        if name == DATABASE_PIPELINE:
            message = "the embedded database (mongomock) has no aggregation on a whole database"
            raise NotImplementedError(message)
        return self._client[database][name]

    # Cursors --------------------------------------------------------------------------------------

    async def open_cursor(self, question: Question, size: int | None, session: bytes) -> Batch:
        """Run `find` or `aggregate`, and keep here what does not go into the first batch."""
        return self._cursors.begin(session, await self._documents(question), size)

    async def advance_cursor(
        self, operation: ValidOperation, id_: int, address: Address | None, size: int
    ) -> Batch:
        """The next batch of a cursor that `open_cursor` has begun."""
        del address
        return self._cursors.advance(operation.session, id_, size)

    async def end_cursor(
        self, operation: ValidOperation, id_: int, address: Address | None
    ) -> None:
        """Forget the rest of a result."""
        del operation, address
        self._cursors.end(id_)

    async def read_all(self, question: Question, size: int | None) -> RawDocuments:
        """Run `find` or `aggregate`."""
        del size
        return RawDocuments(map(encode_document, await self._documents(question)))

    async def read_at_once(self, question: Question, size: int) -> RawDocuments | None:
        """Run `find`; everything is there at once."""
        return await self.read_all(question, size)

    async def read_within(self, question: Question, size: int, most_bytes: int) -> Excerpt:
        """Run `find` or `aggregate`; everything is there at once."""
        del most_bytes
        return Excerpt(await self.read_all(question, size), is_whole=True)

    @property
    def is_acquainted(self) -> bool:
        """There is no server."""
        return True

    async def acquaint(self, seconds: float) -> None:
        """Nothing to wait for."""

    @property
    def has_client_bulk_write(self) -> bool:
        """Mongomock has no bulk write beyond a collection."""
        return False

    @property
    def calls_ahead(self) -> int:
        """Nothing waits for a connection."""
        return 0

    @property
    def takes_options_alike(self) -> bool:
        """Mongomock takes a `hint` in `find` and not in `find_one`, and more of that kind."""
        return False

    @property
    def tells_write_errors(self) -> bool:
        """Mongomock's ends where a document is none that it takes, and does not say where."""
        return False

    @staticmethod
    async def _documents(question: Question) -> list[Any]:
        args = dict(question.args)
        if question.op == "aggregate":
            documents: list[Any] = await question.collection.aggregate(**args).to_list(None)
            return documents
        # By the cursor's method: mongomock takes a hint in no other way.
        hint = args.pop("hint", None)
        cursor = question.collection.find(**args)
        documents = await (cursor if hint is None else cursor.hint(hint)).to_list(None)
        return list(documents)

    def interrupt(self, session: bytes) -> None:
        """Nothing runs longer than a step."""

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

    @property
    def administration(self) -> Administration:
        """What runs operations on indexes, collections and databases."""
        return self._administration

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

    async def warm_up(self) -> None:
        """Nothing to open."""

    async def settle(self) -> None:
        """Nothing goes on behind an answer."""

    async def close(self) -> None:
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
