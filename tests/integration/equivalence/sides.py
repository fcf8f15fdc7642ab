"""The same database twice, each behind a proxy: one that fuses and one that does not."""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import bson
import mongomock
from bson import Binary
from mongomock_motor import AsyncMongoMockClient
from pymongo import MongoClient
from pymongo.errors import BulkWriteError, PyMongoError

from motorpool.batching import codec, extended_json
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.integration.equivalence.scenario import Batch, Collection, Document

Entry = dict[str, Any]


class Answers(NamedTuple):
    """What a batch was answered: an entry for each operation, by its id."""

    entries: dict[Any, Entry]
    stats: Mapping[str, Any]


class Side:
    """A proxy and a database behind it, which is reached past the proxy too."""

    def __init__(self, proxy: Proxy, client: Any, database: str, *, on_server: bool) -> None:
        """`client`: the driver's own, or mongomock's."""
        self._proxy = proxy
        self._client = client
        self._on_server = on_server
        self.database = database

    def load(self, collections: list[Collection]) -> None:
        """Let the database hold these and no others."""
        self._client.drop_database(self.database)
        database = self._client[self.database]
        for collection in collections:
            # What a server refuses (an index that the documents contradict) it refuses of both.
            if collection.options or collection.documents:
                with contextlib.suppress(PyMongoError):
                    database.create_collection(collection.name, **collection.options)
            for index in collection.indexes:
                options = {name: index[name] for name in index if name != "keys"}
                with contextlib.suppress(PyMongoError):
                    database[collection.name].create_index(index["keys"], **options)
            if collection.documents:
                self._insert(database[collection.name], collection.documents)

    def _insert(self, collection: Any, documents: list[Document]) -> None:
        if self._on_server:
            try:
                collection.insert_many(
                    [{**each} for each in documents],  # the driver adds ids to its own
                    ordered=False,
                    bypass_document_validation=True,
                )
            except BulkWriteError:
                pass
            except PyMongoError:  # a document that this server cannot read: then all are refused
                for document in documents:
                    with contextlib.suppress(PyMongoError):
                        collection.insert_one({**document}, bypass_document_validation=True)
            return
        for document in documents:
            # Mongomock raises what comes, where two odd ids are compared.
            with contextlib.suppress(Exception):
                collection.insert_one(bson.decode(bson.encode(document), codec.LOSSLESS))

    def content(self) -> dict[str, list[Document]]:
        """Every document of every collection, as it lies there."""
        database = self._client[self.database]
        options = {"codec_options": codec.LOSSLESS} if self._on_server else {}
        return {
            name: list(database.get_collection(name, **options).find())
            for name in sorted(database.list_collection_names())
        }

    def run(self, batch: Batch) -> Answers:
        """Run a batch, and each of its cursors to its end: the rest of a result is its `rest`."""
        sessions = {
            operation["id"]: Binary(uuid.uuid4().bytes, 4)
            for operation in batch.operations
            if operation.get("session")
        }
        operations = [self._operation(each, sessions) for each in batch.operations]
        answers = self._invoke(operations, batch)
        namespaces = {operation["id"]: operation["ns"] for operation in operations}
        for id_, entry in answers.entries.items():
            if "cursor" in entry:
                entry["rest"] = self._rest(namespaces[id_], sessions[id_], entry["cursor"])
        return answers

    def _operation(self, operation: dict[str, Any], sessions: Mapping[Any, Binary]) -> Entry:
        sent = {name: operation[name] for name in operation if name not in ("session", "contest")}
        sent["ns"] = f"{self.database}.{operation['ns']}"
        if operation["id"] in sessions:
            sent["session"] = sessions[operation["id"]]
        return sent

    def _invoke(self, operations: list[dict[str, Any]], batch: Batch) -> Answers:
        request: dict[str, Any] = {"v": 1}
        if batch.timeout_ms is not None:
            request["timeout_ms"] = batch.timeout_ms
        if batch.is_readable:
            event = {**request, "ops": [_readable(operation) for operation in operations]}
            event = json.loads(json.dumps(event))
        else:
            document = codec.join_document(
                bson.encode(request)[4:-1]
                + b"\x04ops\x00"
                + codec.join_array(codec.encode_document(each) for each in operations)
            )
            event = json.loads(codec.seal_envelope(document, compress=False))
        response = json.loads(self._proxy.handle(event))
        if "bson" in response:
            response = bson.decode(codec.open_envelope(response), codec.LOSSLESS)
        else:
            response = extended_json.from_extended(response)
        assert "res" in response, response
        found = {entry["id"]: entry for entry in response["res"]}
        assert [entry["id"] for entry in response["res"]] == [each["id"] for each in operations]
        return Answers(found, response["stats"])

    def _rest(self, ns: str, session: Binary, cursor: Mapping[str, Any]) -> list[Any]:
        rest: list[Any] = []
        told: Mapping[str, Any] | None = cursor
        while told is not None and not told.get("lost"):
            operation = {"id": 1, "op": "get_more", "ns": ns, "args": {"cursor": told}}
            sent = codec.join_document(
                b"\x10v\x00\x01\x00\x00\x00\x04ops\x00"
                + codec.join_array([codec.encode_document({**operation, "session": session})])
            )
            event = json.loads(codec.seal_envelope(sent, compress=False))
            response = json.loads(self._proxy.handle(event))
            (entry,) = bson.decode(codec.open_envelope(response), codec.LOSSLESS)["res"]
            if "ok" not in entry:
                return [*rest, entry]
            rest += entry["ok"]
            told = entry.get("cursor")
        return rest


def reversed_order(batch: Batch) -> Batch:
    """The batch, its operations from the last to the first."""
    return replace(batch, operations=batch.operations[::-1])


def _readable(operation: Mapping[str, Any]) -> dict[str, Any]:
    sent = dict(operation)
    for name in ("args", "session"):
        if name in sent:
            sent[name] = extended_json.to_extended(sent[name])
    return sent


class Pair(NamedTuple):
    """Both sides."""

    fused: Side
    alone: Side
    on_server: bool


@contextlib.contextmanager
def embedded(*, fuse: bool = True) -> Iterator[Pair]:
    """On mongomock, a database for each side. Without `fuse` neither side fuses."""
    with contextlib.ExitStack() as stack:
        sides = []
        for is_fused in (fuse, False):
            client: Any = mongomock.MongoClient()
            behind: Any = AsyncMongoMockClient(mock_mongo_client=client)
            with patch(
                "motorpool.proxy.embedded.driver.AsyncMongoMockClient", lambda it=behind: it
            ):
                proxy = Proxy(Settings("mongomock://", allow=_EVERYTHING, fuse=is_fused))
            stack.callback(proxy.close)
            sides.append(Side(proxy, client, "same", on_server=False))
        yield Pair(sides[0], sides[1], on_server=False)


@contextlib.contextmanager
def wire(uri: str, *, driver: str = "motor", fuse: bool = True, name: str = "") -> Iterator[Pair]:
    """On a server that speaks the wire protocol, two databases. As `embedded`, by this driver."""
    name = name or uuid.uuid4().hex[:10]
    with contextlib.ExitStack() as stack:
        client: MongoClient[Any] = stack.enter_context(MongoClient(uri))
        sides = []
        for side, is_fused in (("f", fuse), ("s", False)):
            settings = Settings(uri, allow=_EVERYTHING, driver=driver, fuse=is_fused)
            proxy = Proxy(settings)
            stack.callback(proxy.close)
            sides.append(Side(proxy, client, f"eq_{name}_{side}", on_server=True))
            stack.callback(client.drop_database, sides[-1].database)
        yield Pair(sides[0], sides[1], on_server=True)


_EVERYTHING = "out,javascript,admin"  # what is compared are answers, not what a policy refuses
