"""Who answers: each side runs a shape's operations its own way, and says how long that took.

    gather    the driver as a user has it: default pool, default threads, decoded documents
    bare      the driver, with the one command that a person would write for all N by hand
    handler   the proxy as Lambda runs it: `handle(event)`, events encoded beforehand
    client    the application's side and the proxy's: from the awaited call to decoded documents

A side lives in a process of its own (`worker`): Motor has one pool of threads for a whole process,
and the proxy sets its size.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any, Final, Protocol

from bson import json_util
from pymongo import ReturnDocument

from bench.suite.shapes import DATABASE, SHAPES, Operation
from motorpool.batching import codec
from motorpool.batching.operations import CURSORS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

RESULT_FIELDS: Final = {
    "insert_one": ("inserted_id",),
    "insert_many": ("inserted_ids",),
    "update_one": ("matched_count", "modified_count", "upserted_id"),
    "update_many": ("matched_count", "modified_count", "upserted_id"),
    "replace_one": ("matched_count", "modified_count", "upserted_id"),
    "delete_one": ("deleted_count",),
}
"""What of a result object is compared between the sides."""


class SideMissing(RuntimeError):
    """A side cannot be measured here; the message says why."""


class Side(Protocol):
    """One way to run a shape."""

    def prepare(self, shape: str, size: int) -> None:
        """Make ready to run this shape with N = `size`: what is not timed."""

    def run(self) -> float:
        """Run it once; seconds that it took."""

    def answer(self) -> list[Any]:
        """What the last run gave, one value for each operation, comparable between sides."""

    def facts(self) -> dict[str, Any]:
        """What else there is to say of the last run."""


def make_side(kind: str, driver: str, uri: str, *, fuse: bool = True) -> Side:
    """The side of this kind. Raises SideMissing."""
    if kind == "gather":
        return Gather(driver, uri)
    if kind == "bare":
        return Bare(driver, uri)
    if kind == "handler":
        return Handler(driver, uri, fuse=fuse)
    if kind == "client":
        return EndToEnd(driver, uri, fuse=fuse)
    raise ValueError(f"no side {kind!r}")


# The driver ---------------------------------------------------------------------------------------


class Gather:
    """The driver's own methods, all awaited in one `asyncio.gather`."""

    def __init__(self, driver: str, uri: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._database = self._loop.run_until_complete(_connected(driver, uri))[DATABASE]
        self._operations: list[Operation] = []
        self._results: list[Any] = []

    def prepare(self, shape: str, size: int) -> None:
        """See `Side`."""
        self._operations = SHAPES[shape].operations(size)

    def run(self) -> float:
        """See `Side`."""
        calls = [
            _call(self._database[operation.collection], operation) for operation in self._operations
        ]
        return self._loop.run_until_complete(self._timed(calls))

    async def _timed(self, calls: Sequence[Callable[[], Awaitable[Any]]]) -> float:
        began = time.perf_counter()
        # One operation is awaited as a user would await it.
        if len(calls) == 1:
            self._results = [await calls[0]()]
        else:
            self._results = list(await asyncio.gather(*[call() for call in calls]))
        return time.perf_counter() - began

    def answer(self) -> list[Any]:
        """See `Side`."""
        return [
            _fields(operation.op, result, getattr)
            for operation, result in zip(self._operations, self._results, strict=True)
        ]

    def facts(self) -> dict[str, Any]:
        """See `Side`."""
        return {}


class Bare(Gather):
    """The one command for all N, its documents decoded into a list."""

    def prepare(self, shape: str, size: int) -> None:
        """See `Side`."""
        bare = SHAPES[shape].bare
        if bare is None:
            raise SideMissing(f"{shape}: there is no one command for it")
        self._operations = [bare(size)]

    def answer(self) -> list[Any]:
        """Its documents in the order in which the operations ask for them by `_id`."""
        asked = self._operations[0].args["filter"]["_id"]["$in"]
        (found,) = self._results
        by_id = {each["_id"]: each for each in found}
        return [by_id[id_] for id_ in asked]


async def _connected(driver: str, uri: str) -> Any:
    """A client with the driver's defaults, its first connection made."""
    client: Any
    if driver == "motor":
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - only for this side

        client = AsyncIOMotorClient(uri)
    else:
        from pymongo import AsyncMongoClient  # noqa: PLC0415 - only for this side

        client = AsyncMongoClient(uri)
    await client.admin.command("ping")
    return client


def _call(collection: Any, operation: Operation) -> Callable[[], Awaitable[Any]]:
    """What a user writes for this operation, to be called when the clock runs."""
    args = dict(operation.args)
    if operation.op == "find":
        return lambda: collection.find(**args).to_list(None)
    if operation.op == "aggregate":
        if type(collection).__module__.startswith("motor."):
            return lambda: collection.aggregate(**args).to_list(None)
        return lambda: _aggregated(collection, args)
    if operation.op == "insert_one":  # a driver may put an `_id` into what it is given
        args["document"] = dict(args["document"])
    if operation.op == "insert_many":
        args["documents"] = [dict(each) for each in args["documents"]]
    if args.pop("return_document", False):
        args["return_document"] = ReturnDocument.AFTER
    method = getattr(collection, operation.op)
    return lambda: method(**args)


async def _aggregated(collection: Any, args: dict[str, Any]) -> Any:
    return await (await collection.aggregate(**args)).to_list(None)


def _fields(op: str, result: Any, get: Callable[[Any, str], Any]) -> Any:
    """A result object's fields that count; any other result is itself."""
    fields = RESULT_FIELDS.get(op)
    return result if fields is None else {field: get(result, field) for field in fields}


# The proxy ----------------------------------------------------------------------------------------


class Handler:
    """The proxy's handler in this process, as Lambda's runtime calls it."""

    def __init__(self, driver: str, uri: str, *, fuse: bool) -> None:
        self._proxy = make_proxy(driver, uri, fuse=fuse)
        self._operations: list[Operation] = []
        self._event: dict[str, Any] = {}
        self._response = b""

    def prepare(self, shape: str, size: int) -> None:
        """See `Side`."""
        self._operations = SHAPES[shape].operations(size)
        self._event = event_of(self._operations)

    def run(self) -> float:
        """See `Side`."""
        began = time.perf_counter()
        self._response = self._proxy.handle(self._event)
        return time.perf_counter() - began

    def answer(self) -> list[Any]:
        """See `Side`."""
        entries, _ = codec.split_response(self._response)
        return [
            _entry(operation, entry)
            for operation, entry in zip(self._operations, entries, strict=True)
        ]

    def facts(self) -> dict[str, Any]:
        """See `Side`: what the proxy says of the batch."""
        return codec.split_response(self._response)[1]


def make_proxy(driver: str, uri: str, *, fuse: bool = True) -> Any:
    """A proxy as the handler makes it, warmed up. Raises SideMissing without this driver."""
    from motorpool.proxy.lifecycle import Proxy  # noqa: PLC0415 - as late as the handler itself
    from motorpool.proxy.settings import Settings  # noqa: PLC0415 - as above

    proxy = Proxy(Settings(mongodb_uri=uri, driver=driver, fuse=fuse))
    if driver != "motor" and "motor" in sys.modules:
        raise SideMissing(f"the proxy has no driver {driver!r} yet: it took Motor")
    return proxy


def event_of(operations: Sequence[Operation]) -> dict[str, Any]:
    """The event as a client sends it and as Lambda's runtime hands it to the handler."""
    payload = codec.join_request(
        [
            codec.stamp(
                codec.encode_operation(op, f"{DATABASE}.{collection}", _carried(args)),
                id_,
                None,
                uuid.uuid4().bytes if op in CURSORS else None,
            )
            for id_, (op, collection, args) in enumerate(operations)
        ]
    )
    event: dict[str, Any] = json.loads(payload)
    return event


def _carried(args: dict[str, Any]) -> dict[str, Any]:
    """The arguments as the client sends them."""
    if "return_document" in args:
        args = {**args, "return_document": "after"}
    return args


def _entry(operation: Operation, entry: Any) -> Any:
    if entry.outcome != "ok":
        raise RuntimeError(f"{operation}: {entry.outcome} {codec.entry_value(entry)}")
    if operation.op in CURSORS:
        if codec.entry_cursor(entry) is not None:
            raise RuntimeError(f"{operation}: the result did not fit into one response")
        return codec.entry_page(entry).take()
    value = codec.entry_value(entry)
    return _fields(operation.op, value, lambda document, field: document[field])


class EndToEnd(Gather):
    """A client and the proxy in one process, joined by the in-process transport."""

    def __init__(self, driver: str, uri: str, *, fuse: bool) -> None:
        from motorpool.client import InProcessTransport, ProxyClient  # noqa: PLC0415 - this side's

        self._loop = asyncio.new_event_loop()
        self._proxy = make_proxy(driver, uri, fuse=fuse)
        self._client = ProxyClient(transport=InProcessTransport(self._proxy.handle))
        self._database: Any = self._client[DATABASE]
        self._operations = []
        self._results = []

    def facts(self) -> dict[str, Any]:
        """See `Side`."""
        return {"invocations": self._client.counters.invocations}


def in_words(answer: list[Any]) -> str:
    """An answer as text, for a digest, and for whoever looks for a difference."""
    return json_util.dumps(answer, json_options=json_util.CANONICAL_JSON_OPTIONS)
