"""A proxy whose responses are small, over a collection that the driver reaches as well."""

from __future__ import annotations

import contextlib
import random
import uuid
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import bson
from mongomock_motor import AsyncMongoMockClient
from motor.motor_asyncio import AsyncIOMotorClient

from motorpool.batching import codec
from motorpool.client import InProcessTransport, ProxyClient, RetryPolicy
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AT_ONCE = RetryPolicy(base_pause=0.0, max_pause=0.0)


class Turns:
    """A transport to several proxies, each of which takes an invocation in its turn.

    Measures the responses: `largest`, and how many there were.
    """

    def __init__(self, *proxies: Proxy) -> None:
        self._inner = [InProcessTransport(proxy.handle) for proxy in proxies]
        self.invocations = 0
        self.largest = 0

    async def invoke(self, payload: bytes) -> bytes:
        inner = self._inner[self.invocations % len(self._inner)]
        self.invocations += 1
        response = await inner.invoke(payload)
        self.largest = max(self.largest, len(response))
        return response

    async def aclose(self) -> None:
        for inner in self._inner:
            await inner.aclose()


class Both:
    """One collection, seen by the driver (`direct`) and through proxies (`proxied`)."""

    def __init__(self, direct: Any, proxied: Any, client: ProxyClient, transport: Turns) -> None:
        self.direct = direct
        self.proxied = proxied
        self.client = client
        self.transport = transport

    async def fill(self, documents: list[dict[str, Any]]) -> None:
        """Let the collection hold these and no others."""
        await self.direct.delete_many({})
        if documents:
            await self.direct.insert_many([dict(document) for document in documents])


@contextlib.asynccontextmanager
async def paged(
    uri: str = "mongomock://",
    *,
    environments: int = 1,
    max_response_bytes: int = 20_000,
    name: str = "motorpool_paged",
    timeout: float | None = None,  # noqa: ASYNC109 - the client's own
) -> AsyncIterator[Both]:
    """Give a collection of `uri` behind so many proxies; the embedded database has one."""
    embedded: Any = AsyncMongoMockClient() if uri.startswith("mongomock") else None
    driver: Any = embedded if embedded is not None else AsyncIOMotorClient(uri)
    settings = Settings(mongodb_uri=uri, max_response_bytes=max_response_bytes)
    with patch("motorpool.proxy.embedded.driver.AsyncMongoMockClient", lambda: embedded):
        proxies = [Proxy(settings) for _ in range(environments)]
    transport = Turns(*proxies)
    try:
        async with ProxyClient(transport=transport, retry=AT_ONCE, timeout=timeout) as client:
            direct = driver[name][f"items_{uuid.uuid4().hex[:8]}"]
            yield Both(direct, client[name][direct.name], client, transport)
            await direct.drop()
    finally:
        for proxy in proxies:
            proxy.close()
        if embedded is None:
            driver.close()


def noisy(*sizes: int, seed: int = 1) -> list[dict[str, Any]]:
    """Make a document of each of these sizes that no compression makes smaller."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice, no secret
    return [{"_id": number, "x": dice.randbytes(size)} for number, size in enumerate(sizes)]


def packed_size(documents: list[Any]) -> int:
    """Bytes of JSON that a response of these documents takes, uncompressed."""
    array = codec.join_array(codec.RawDocuments(map(bson.encode, documents)))
    return len(array) * 4 // 3
