"""Stand-ins for what the proxy stands between: Lambda, a driver, and a client's two encodings."""

from __future__ import annotations

import base64
import contextlib
import json
import zlib
from typing import TYPE_CHECKING, Any

import bson

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from motorpool.proxy.models import ValidOperation


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
        self.running = 0
        self.most_running = 0
        self._act = act

    def collection(self, database: str, name: str) -> FakeCollection:
        return FakeCollection(self, f"{database}.{name}")

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

    def warm_up(self) -> None: ...

    def close(self) -> None: ...


class FakeCollection:
    """Shaped like Motor's: `find` and `aggregate` return a cursor, the rest is awaited."""

    def __init__(self, driver: FakeDriver, namespace: str) -> None:
        self._driver = driver
        self.namespace = namespace

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(**args: Any) -> Any:
            if method in ("find", "aggregate"):
                return FakeCursor(self._driver, method, args)
            return self._driver.run(method, args)

        return call


class FakeCursor:
    def __init__(self, driver: FakeDriver, method: str, args: dict[str, Any]) -> None:
        self._driver = driver
        self._method = method
        self._args = args

    def hint(self, hint: object) -> FakeCursor:
        self._args["hint"] = hint
        return self

    async def to_list(self, length: int | None) -> Any:
        assert length is None
        return await self._driver.run(self._method, self._args)


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
