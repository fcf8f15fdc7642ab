"""One call, made on the driver's collection and on ours: what the server is told, or the refusal.

The driver talks to the recording server itself; ours goes through a real proxy with Motor to the
same server.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from pymongo import AsyncMongoClient

from motorpool.client import Collection, InProcessTransport, ProxyClient
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.client.recording_server import RecordingServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Commands: TypeAlias = "list[dict[str, Any]]"


class Case(NamedTuple):
    """A method of the collection with its arguments, and what is called on what it returns."""

    steps: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...]

    def then(self, method: str, *args: Any, **options: Any) -> Case:
        """Add a call on what the last one returned, as of a cursor."""
        return Case((*self.steps, (method, args, options)))

    def __str__(self) -> str:
        return ".".join(
            f"{method}({', '.join([*map(repr, args), *(f'{k}={options[k]!r}' for k in options)])})"
            for method, args, options in self.steps
        )


def call(method: str, *args: Any, **options: Any) -> Case:
    """Describe `collection.method(*args, **options)`."""
    return Case(((method, args, options),))


def given(*args: Any, **options: Any) -> Case:
    """Describe arguments, for `each`."""
    return call("", *args, **options)


def each(methods: tuple[str, ...], *cases: Case) -> list[Case]:
    """Give every one of these methods every one of these arguments."""
    return [
        call(method, *args, **options)
        for method in methods
        for case in cases
        for _, args, options in case.steps
    ]


class Both:
    """The driver and ours, side by side on one recording server."""

    def __init__(self, server: RecordingServer, driver: Any, ours: ProxyClient) -> None:
        self._server = server
        self._driver = driver.shop.items
        self._client = ours
        self._ours = ours.shop.items

    @property
    def collection(self) -> Collection:
        """Ours."""
        return self._ours

    @property
    def collections(self) -> tuple[Any, Any]:
        """The driver's, and ours."""
        return self._driver, self._ours

    @property
    def invocations(self) -> int:
        """How often ours has invoked the proxy."""
        return self._client.counters.invocations

    async def driver(self, case: Case) -> Commands | Exception:
        """What the server is told when the driver is called, or what the driver raises."""
        return await self._outcome(self._driver, case)

    async def ours(self, case: Case) -> Commands | Exception:
        """What the server is told when ours is called, or what ours raises."""
        return await self._outcome(self._ours, case)

    async def _outcome(self, collection: Any, case: Case) -> Commands | Exception:
        self._server.commands.clear()
        value = collection
        try:
            for method, args, options in case.steps:
                # Copies: an insert puts an `_id` into the caller's document.
                value = getattr(value, method)(*copy.deepcopy(args), **copy.deepcopy(options))
            if inspect.isawaitable(value):
                await value
        except Exception as error:  # noqa: BLE001 - it is the outcome
            return error
        return list(self._server.commands)


@contextlib.asynccontextmanager
async def side_by_side() -> AsyncIterator[Both]:
    """Give the driver and ours, connected to one recording server."""
    async with RecordingServer() as server:
        proxy = Proxy(Settings(mongodb_uri=server.uri))
        # Without a context there is no deadline, which would travel as maxTimeMS.
        transport = InProcessTransport(lambda event, _: proxy.handle(event))
        driver: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(server.uri)
        async with driver, ProxyClient(transport=transport) as ours:
            yield Both(server, driver, ours)
        proxy.close()
