"""Stand-ins for what the proxy stands between: Lambda, a driver, and a client's two encodings."""

from __future__ import annotations

import base64
import contextlib
import json
import zlib
from typing import TYPE_CHECKING, Any

import bson

from motorpool.batching.codec import RawDocuments
from motorpool.proxy.drivers import Batch, Excerpt
from motorpool.proxy.executor import PAGED
from motorpool.proxy.pages import Room

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from motorpool.proxy.drivers import Question
    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.pages import Address


class FakeContext:
    """Lambda's context object with so many milliseconds left."""

    def __init__(self, remaining_ms: int) -> None:
        self._remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining_ms


class BrokenContext:
    """A context that fails: something that no caller sent and no database said."""

    def get_remaining_time_in_millis(self) -> int:
        raise RuntimeError("no clock")


class FakeDriver:
    """A driver whose collections do what `act` says, given the method's name and its arguments.

    It records what was asked for and counts how much ran at once.
    """

    def __init__(self, act: Callable[[str, dict[str, Any]], Awaitable[Any]]) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.limits: list[float | None] = []
        """Seconds that each operation was given, None where it was given no limit."""
        self.told: list[float] = []
        """Seconds that a server was to be told of."""
        self.concerns: list[dict[str, Any]] = []
        """What was set on each collection that was asked for."""
        self.sizes: list[int | None] = []
        """How many documents each `find` and `aggregate` was to give at once."""
        self.sessions: list[bytes | None] = []
        """The session of each question to a cursor."""
        self.interrupted: list[bytes] = []
        """Sessions under which a server was to stop what it does."""
        self.bounds: list[int] = []
        """Bytes that each reading for several operations was to stop at."""
        self.is_acquainted = True
        self.acquainted_within: list[float] = []
        """Seconds that it was given to meet its server."""
        self.has_client_bulk_write = True
        self.tells_write_errors = True
        self.takes_options_alike = True
        self.calls_ahead = 0
        self.administration = FakeAdministration(self)
        self.running = 0
        self.most_running = 0
        self._act = act

    def database(self, name: str, concerns: Mapping[str, Any] | None = None) -> FakeCollection:
        return self.collection(name, "$cmd", concerns)

    def collection(
        self,
        database: str,
        name: str,
        concerns: Mapping[str, Any] | None = None,
        *,
        raw: bool = False,
    ) -> FakeCollection:
        del raw
        self.concerns.append(dict(concerns or {}))
        return FakeCollection(self, f"{database}.{name}")

    async def open_cursor(self, question: Question, size: int | None, session: bytes) -> Batch:
        """Give all at once, whatever `size` says: a batch, or a list of documents."""
        self.sizes.append(size)
        self.sessions.append(session)
        found = await self.run(question.op, dict(question.args))
        return found if isinstance(found, Batch) else Batch(_raw(found), 0, None)

    async def advance_cursor(
        self, operation: ValidOperation, id_: int, address: Address | None, size: int
    ) -> Batch:
        self.sessions.append(operation.session)
        asked = {"cursor": id_, "address": address, "size": size}
        found = await self.run("get_more", asked)
        return found if isinstance(found, Batch) else Batch(_raw(found), 0, None)

    async def end_cursor(
        self, operation: ValidOperation, id_: int, address: Address | None
    ) -> None:
        self.sessions.append(operation.session)
        await self.run("kill_cursors", {"cursor": id_, "address": address})

    async def read_all(self, question: Question, size: int | None) -> RawDocuments:
        self.sizes.append(size)
        return _raw(await self.run(question.op, dict(question.args)))

    async def read_at_once(self, question: Question, size: int) -> RawDocuments | None:
        """Give all at once: a list of documents; nothing where it is an excerpt or more."""
        self.sizes.append(size)
        found = await self.run(question.op, dict(question.args))
        if isinstance(found, Excerpt) or len(found) > size:
            return None
        return _raw(found)

    async def read_within(self, question: Question, size: int, most_bytes: int) -> Excerpt:
        """Give all at once, whatever it is told: a list of documents, or an excerpt."""
        self.sizes.append(size)
        self.bounds.append(most_bytes)
        found = await self.run(question.op, dict(question.args))
        return found if isinstance(found, Excerpt) else Excerpt(_raw(found), is_whole=True)

    async def acquaint(self, seconds: float) -> None:
        self.acquainted_within.append(seconds)
        self.is_acquainted = True

    def interrupt(self, session: bytes) -> None:
        self.interrupted.append(session)

    async def run(self, method: str, args: dict[str, Any]) -> Any:
        self.calls.append((method, args))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            return await self._act(method, args)
        finally:
            self.running -= 1

    def time_limit(self, seconds: float | None) -> contextlib.AbstractContextManager[object]:
        self.limits.append(seconds)
        return contextlib.nullcontext()

    def max_time_ms(self, seconds: float) -> int | None:
        self.told.append(seconds)
        return round(seconds * 1000)

    def bulk_request(self, op: str, args: Mapping[str, Any]) -> Any:
        return op, dict(args)

    async def complete(self, operation: ValidOperation, error: Exception) -> Exception:
        del operation
        return error

    async def warm_up(self) -> None: ...

    async def settle(self) -> None: ...

    async def close(self) -> None: ...


def _raw(documents: Any) -> RawDocuments:
    return RawDocuments(bson.encode(document) for document in documents or ())


class FakeCollection:
    """Shaped like Motor's: its methods are awaited.

    `find` here is only asked to be explained: documents come by the driver's `open_cursor`.
    """

    def __init__(self, driver: FakeDriver, namespace: str) -> None:
        self._driver = driver
        self.namespace = namespace

    def find(self, **args: Any) -> FakeQuery:
        return FakeQuery(self._driver, args)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(**args: Any) -> Any:
            return self._driver.run(method, args)

        return call


class FakeQuery:
    def __init__(self, driver: FakeDriver, args: dict[str, Any]) -> None:
        self._driver = driver
        self._args = args

    async def explain(self) -> Any:
        return await self._driver.run("explain", self._args)


class FakeAdministration:
    """Does what the driver's `act` says of operations on indexes, collections and databases."""

    def __init__(self, driver: FakeDriver) -> None:
        self._driver = driver

    async def run(self, operation: ValidOperation, args: Mapping[str, Any]) -> Any:
        return await self._driver.run(operation.op, dict(args))


def room_of(operations: Iterable[ValidOperation] = (), total: int = 1_000_000) -> Room:
    """Return what a response has for the results of these operations."""
    return Room(total, sum(operation.op in PAGED for operation in operations))


# Events and answers, spelt out without the codec --------------------------------------------------


def operation(id_: object, op: str, ns: str = "shop.items", **args: Any) -> dict[str, Any]:
    """Return one operation of a request."""
    return {"id": id_, "op": op, "ns": ns, "args": args}


def batch(*ops: object, **fields: Any) -> dict[str, Any]:
    """Return a readable event."""
    return {"v": 1, "ops": list(ops), **fields}


def packed(document: Mapping[str, Any], *, compress: bool = False) -> dict[str, Any]:
    """Return a packed event that holds this document."""
    data = bson.encode(document)
    if not compress:
        return {"v": 1, "bson": base64.b64encode(data).decode()}
    return {"v": 1, "bson": base64.b64encode(zlib.compress(data)).decode(), "z": "zlib"}


def opened(payload: bytes) -> dict[str, Any]:
    """Return the document of a response in either encoding; Extended JSON is left as it stands."""
    response: dict[str, Any] = json.loads(payload)
    if "bson" not in response:
        return response
    data = base64.b64decode(response["bson"], validate=True)
    if "z" in response:
        assert response["z"] == "zlib"
        data = zlib.decompress(data)
    document: dict[str, Any] = bson.decode(data)
    return document
