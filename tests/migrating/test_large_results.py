"""docs/migrating.md, "Large results": what becomes of a cursor that is left, or forgotten."""

import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import CursorNotFound

from motorpool.client import InProcessTransport, ProxyClient
from motorpool.client.collection import Collection
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings


@pytest.fixture
async def orders(wire_uri: str, wire_database: str) -> AsyncIterator[Collection]:
    """Give a collection of a hundred documents on the wire server, through a proxy."""
    proxy = Proxy(Settings(mongodb_uri=wire_uri))
    async with ProxyClient(transport=InProcessTransport(proxy.handle)) as client:
        await client[wire_database].orders.insert_many([{"_id": n} for n in range(100)])
        yield client[wire_database].orders
    proxy.close()


def ended_on_the_server(uri: str, database: str, cursor_id: int) -> bool:
    """End the cursor on the server by its id, and return whether it was gone already."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri) as client:
        reply = client[database].command("killCursors", "orders", cursors=[cursor_id])
    return cursor_id in reply["cursorsNotFound"]


async def test_a_cursor_that_the_server_has_dropped_is_not_found(
    orders: Collection, wire_uri: str, wire_database: str
) -> None:
    cursor = orders.find().batch_size(10)
    await cursor.next()
    assert cursor.cursor_id
    assert not ended_on_the_server(wire_uri, wire_database, cursor.cursor_id)

    with pytest.raises(CursorNotFound):
        _ = [order async for order in cursor]


async def test_a_cursor_that_is_closed_early_is_ended_on_the_server_at_once(
    orders: Collection, wire_uri: str, wire_database: str
) -> None:
    cursor = orders.find().batch_size(10)
    await cursor.next()
    cursor_id = cursor.cursor_id
    assert cursor_id
    await cursor.close()

    assert ended_on_the_server(wire_uri, wire_database, cursor_id)


async def test_a_cursor_that_is_left_early_is_ended_with_the_next_batch(
    orders: Collection, wire_uri: str, wire_database: str
) -> None:
    cursor_id = None
    cursor = orders.find().batch_size(10)
    async for _ in cursor:
        cursor_id = cursor.cursor_id
        break
    assert cursor_id
    del cursor
    gc.collect()
    await orders.find_one({"_id": 1})

    assert ended_on_the_server(wire_uri, wire_database, cursor_id)
