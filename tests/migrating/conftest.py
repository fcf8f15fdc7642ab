"""A client of a real proxy over the embedded database, with ten orders in it."""

from collections.abc import AsyncIterator

import pytest

from motorpool.client import InProcessTransport, ProxyClient
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings


@pytest.fixture
async def client() -> AsyncIterator[ProxyClient]:
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    async with ProxyClient(transport=InProcessTransport(proxy.handle)) as client:
        await client.shop.orders.insert_many([{"_id": n, "customer": n % 3} for n in range(10)])
        yield client
    proxy.close()
