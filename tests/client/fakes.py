"""A transport that answers from memory, or by a script, and keeps what it was sent.

The bytes are real: what the client packs is unpacked here, and what is answered is packed again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import bson

from motorpool.batching import codec, envelope

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping, Sequence

    from bson.codec_options import CodecOptions


class Asked(NamedTuple):
    """One operation as it arrived."""

    id: int
    op: str
    ns: str
    args: dict[str, Any]
    timeout_ms: int | None
    session: bytes | None = None

    @property
    def key(self) -> Any:
        """The `_id` that it asks for: of its filter, its document or its first document."""
        documents = self.args.get("documents", [{}])
        document = self.args.get("filter") or self.args.get("document") or documents[0]
        return document.get("_id")


class PageOf(NamedTuple):
    """The answer of an operation whose result comes by the page, and what has the rest."""

    documents: list[dict[str, Any]]
    cursor: dict[str, Any] | None


class Failure(NamedTuple):
    """The answer of an operation that fails."""

    err: dict[str, Any]


Batch: TypeAlias = "list[Asked]"
Step: TypeAlias = "Exception | bytes | Callable[[Batch], bytes]"
Answer: TypeAlias = "Callable[[Asked], Any]"


class FakeTransport:
    """Takes one step of its script for each invocation; after the last, everything succeeds.

    A step is an exception to raise, a response, or a function that makes one of the batch.
    `answers` says what an operation's `ok` is, by its name. `gate`, once set, holds every
    invocation until it opens.
    """

    def __init__(self, *script: Step, answers: Mapping[str, Answer] | None = None) -> None:
        self.payloads: list[bytes] = []
        self.batches: list[Batch] = []
        self.gate: asyncio.Event | None = None
        self.is_closed = False
        self.script = list(script)
        """What the next invocations do, one step each."""
        self._answers = {**ANSWERS, **(answers or {})}

    async def invoke(self, payload: bytes) -> bytes:
        self.payloads.append(payload)
        batch = read_batch(payload)
        self.batches.append(batch)
        step = self.script.pop(0) if self.script else self.answer_all
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, bytes) else step(batch)

    async def aclose(self) -> None:
        self.is_closed = True

    def answer_all(self, batch: Batch) -> bytes:
        """Answer every operation with its `ok`."""
        return response(*(self.ok(asked) for asked in batch))

    def ok(self, asked: Asked) -> dict[str, Any]:
        """Make the entry of an operation that succeeds, or fails if its answer is a `Failure`."""
        found = self._answers[asked.op](asked)
        if isinstance(found, Failure):
            return envelope.failure(asked.id, found.err)
        if isinstance(found, PageOf):
            return envelope.success(asked.id, found.documents, found.cursor)
        return envelope.success(asked.id, found)

    @property
    def keys(self) -> list[list[Any]]:
        """The `_id`s that the operations of each batch asked for."""
        return [[asked.key for asked in batch] for batch in self.batches]

    def __repr__(self) -> str:
        return "FakeTransport()"


def read_batch(
    payload: bytes, codec_options: CodecOptions[dict[str, Any]] = codec.LOSSLESS
) -> Batch:
    """Unpack a payload's operations."""
    document = bson.decode(codec.open_envelope(json.loads(payload)), codec_options)
    return [
        Asked(
            asked["id"],
            asked["op"],
            asked["ns"],
            asked["args"],
            asked.get("timeout_ms"),
            asked.get("session"),
        )
        for asked in document["ops"]
    ]


def response(*entries: Mapping[str, Any]) -> bytes:
    """Pack a response of these entries."""
    encoded = [codec.encode_entry(dict(entry)) for entry in entries]
    return codec.seal_envelope(codec.join_response(encoded, {}), compress=True)


def duplicate_key(field: str, value: object, *, index: int = 0) -> dict[str, Any]:
    """Say that a document clashed, as a server does in `writeErrors`."""
    return {
        "index": index,
        "code": 11000,
        "errmsg": f"E11000 duplicate key error dup key: {{ {field}: {value!r} }}",
        "keyPattern": {field: 1},
        "keyValue": {field: value},
    }


def duplicate_key_error(field: str, value: object) -> dict[str, Any]:
    """Make the `err` of an insert_one that clashed, as the proxy describes it."""
    details = duplicate_key(field, value)
    return envelope.error("DuplicateKeyError", details["errmsg"], code=11000, details=details)


def bulk_write_error(inserted: int, write_errors: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Make the `err` of an insert_many of which a part clashed, as the proxy describes it."""
    details = {
        "writeErrors": list(write_errors),
        "writeConcernErrors": [],
        "nInserted": inserted,
        "nUpserted": 0,
        "nMatched": 0,
        "nModified": 0,
        "nRemoved": 0,
        "upserted": [],
    }
    return envelope.error("BulkWriteError", "batch op errors occurred", code=65, details=details)


def _acknowledged(**result: Any) -> dict[str, Any]:
    return {"acknowledged": True, **result}


def _updated(asked: Asked) -> dict[str, Any]:
    del asked
    raw = {"n": 1, "nModified": 1, "ok": 1.0, "updatedExisting": True}
    return _acknowledged(matched_count=1, modified_count=1, upserted_id=None, raw_result=raw)


def _deleted(asked: Asked) -> dict[str, Any]:
    del asked
    return _acknowledged(deleted_count=1, raw_result={"n": 1, "ok": 1.0})


def _bulk_written(asked: Asked) -> dict[str, Any]:
    names = [request["op"] for request in asked.args["requests"]]
    raw = {
        "writeErrors": [],
        "writeConcernErrors": [],
        "nInserted": names.count("insert_one"),
        "nUpserted": 0,
        "nMatched": 0,
        "nModified": 0,
        "nRemoved": names.count("delete_one"),
        "upserted": [],
    }
    return _acknowledged(bulk_api_result=raw)


def _asked_for(asked: Asked) -> Any:
    return asked.args.get("filter") or {}


ANSWERS: dict[str, Answer] = {
    "find": lambda asked: [_asked_for(asked)],
    "find_one": _asked_for,
    "aggregate": lambda asked: asked.args["pipeline"],
    "count_documents": lambda asked: len(asked.args["filter"]),
    "estimated_document_count": lambda _: 42,
    "distinct": lambda asked: [asked.args["key"]],
    "explain": lambda _: {"queryPlanner": {}, "ok": 1.0},
    "kill_cursors": lambda asked: len(asked.args["cursors"]),
    "insert_one": lambda asked: _acknowledged(inserted_id=asked.args["document"].get("_id")),
    "insert_many": lambda asked: _acknowledged(
        inserted_ids=[document.get("_id") for document in asked.args["documents"]]
    ),
    "update_one": _updated,
    "update_many": _updated,
    "replace_one": _updated,
    "delete_one": _deleted,
    "delete_many": _deleted,
    "find_one_and_update": _asked_for,
    "find_one_and_replace": _asked_for,
    "find_one_and_delete": _asked_for,
    "bulk_write": _bulk_written,
    "create_indexes": lambda asked: ["_".join(index["key"]) for index in asked.args["indexes"]],
    "drop_index": lambda _: None,
    "drop_indexes": lambda _: None,
    "list_indexes": lambda _: [],
    "create_collection": lambda _: None,
    "drop_collection": lambda _: {"ok": 1.0},
    "rename": lambda _: {"ok": 1.0},
    "list_collections": lambda _: [],
    "drop_database": lambda _: None,
    "list_databases": lambda _: [],
    "command": lambda _: {"ok": 1.0},
    "client_bulk_write": lambda _: _acknowledged(bulk_api_result={}),
}
"""What each operation's `ok` is where a test says nothing else: mostly, what it asked."""
