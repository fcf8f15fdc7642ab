"""One kind of database, reached directly and through the proxy, with the same data in both."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest.mock import patch

from bson.codec_options import CodecOptions, DatetimeConversion
from mongomock_motor import AsyncMongoMockClient
from motor.motor_asyncio import AsyncIOMotorClient

from motorpool.client import InProcessTransport, ProxyClient
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.integration.answers import Facts, describe
from tests.integration.cases.table import INDEXED, UNIQUE, dataset

# Content is read with every date, also those that no datetime can hold.
_EVERY_DATE: CodecOptions[dict[str, Any]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO
)


class Side:
    """One way to one database: what cases are run on, and the driver's own client behind it."""

    def __init__(self, collection: Any, driver_client: Any) -> None:
        self.collection = collection
        # mongomock takes no such options, and needs none: it holds what it was given.
        is_embedded = isinstance(driver_client, AsyncMongoMockClient)
        self._options = None if is_embedded else _EVERY_DATE
        self._driver = driver_client[collection.database.name]
        self._client = driver_client

    async def reset(self) -> None:
        """Put the data set there, and nothing else."""
        await self._client.drop_database(self._driver.name)
        for name, documents in dataset().items():
            await self._driver[name].insert_many(documents)
        await self._driver[UNIQUE[0]].create_index(UNIQUE[1], unique=True)
        await self._driver[INDEXED[0]].create_index(INDEXED[1])

    async def content(self) -> Facts:
        """Every document of every collection, in the order in which they lie there."""
        names = sorted(await self._driver.list_collection_names())
        found = {
            name: await self._driver.get_collection(name, codec_options=self._options)
            .find()
            .to_list(None)
            for name in names
        }
        facts = describe(found, self._driver.name)
        return {f"content{path}": fact for path, fact in facts.items()}


class Databases:
    """The same database twice; `client` is the proxy's client."""

    def __init__(self, direct: Side, proxied: Side, client: ProxyClient) -> None:
        self.direct = direct
        self.proxied = proxied
        self.client = client
        self._is_fresh = False

    async def prepare(self, *, read_only: bool = True) -> None:
        """Let both hold the data set, for a case that may change it if it is not `read_only`."""
        if not self._is_fresh:
            await self.direct.reset()
            await self.proxied.reset()
        self._is_fresh = read_only


@contextlib.contextmanager
def _proxy(uri: str, driver: str = "motor") -> Iterator[Proxy]:
    # What is compared are answers: what a policy refuses has tests of its own.
    proxy = Proxy(Settings(mongodb_uri=uri, allow="out,javascript,admin", driver=driver))
    try:
        yield proxy
    finally:
        proxy.close()


@contextlib.asynccontextmanager
async def _databases(
    proxy: Proxy, driver: Any, proxied_driver: Any, name: str
) -> AsyncIterator[Databases]:
    async with ProxyClient(transport=InProcessTransport(proxy.handle)) as client:
        databases = Databases(
            Side(driver[f"{name}_direct"]["items"], driver),
            Side(client[f"{name}_proxied"]["items"], proxied_driver),
            client,
        )
        yield databases


@contextlib.asynccontextmanager
async def embedded(name: str) -> AsyncIterator[Databases]:
    """mongomock-motor; the proxy gets a client that is made here, so that data can be put there."""
    behind: Any = AsyncMongoMockClient()
    with (
        patch("motorpool.proxy.embedded.driver.AsyncMongoMockClient", lambda: behind),
        _proxy("mongomock://") as proxy,
    ):
        async with _databases(proxy, AsyncMongoMockClient(), behind, name) as databases:
            yield databases


@contextlib.asynccontextmanager
async def wire(uri: str, name: str, driver: str = "motor") -> AsyncIterator[Databases]:
    """Motor on a server that speaks the wire protocol; the proxy has this `driver`."""
    direct: Any = AsyncIOMotorClient(uri)
    try:
        with _proxy(uri, driver) as proxy:
            async with _databases(proxy, direct, direct, name) as databases:
                try:
                    yield databases
                finally:
                    await direct.drop_database(f"{name}_direct")
                    await direct.drop_database(f"{name}_proxied")
    finally:
        direct.close()
