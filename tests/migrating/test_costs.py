"""docs/migrating.md: what costs how many invocations, line by line."""

import asyncio

import pymongo
import pymongo.errors
import pymongo.results
import pytest

from motorpool.client import ProxyClient
from tests.migrating.tables import Checks, raised, rows, says

COSTS = rows("| of `orders`, ten documents | invocations |")
COSTING: Checks = {}


@says(COSTING, "two operations, one awaited after the other")
async def _(client: ProxyClient) -> None:
    await client.shop.orders.find_one({"_id": 1})
    await client.shop.orders.find_one({"_id": 2})


@says(COSTING, "two operations, called and then awaited")
async def _(client: ProxyClient) -> None:
    one, other = client.shop.orders.find_one({"_id": 1}), client.shop.orders.find_one({"_id": 2})
    await one
    await other


@says(COSTING, "`asyncio.gather` of twenty")
async def _(client: ProxyClient) -> None:
    await asyncio.gather(*(client.shop.orders.find_one({"_id": n}) for n in range(20)))


@says(COSTING, "an `asyncio.TaskGroup` of twenty tasks")
async def _(client: ProxyClient) -> None:
    async with asyncio.TaskGroup() as group:
        for n in range(20):
            group.create_task(client.shop.orders.find_one({"_id": n}))


@says(COSTING, "twenty calls within `async with client.batch():`")
async def _(client: ProxyClient) -> None:
    async with client.batch():
        calls = []
        for n in range(20):
            calls.append(client.shop.orders.find_one({"_id": n}))
            await asyncio.sleep(0.001)
    await asyncio.gather(*calls)


@says(COSTING, "the same `find_one` twice in one `gather`")
async def _(client: ProxyClient) -> None:
    sent = client.counters.sent
    orders = client.shop.orders
    one, other = await asyncio.gather(orders.find_one({"_id": 1}), orders.find_one({"_id": 1}))
    assert one == other
    assert one is not other
    assert client.counters.sent - sent == 1


@says(COSTING, "`find().to_list()`")
async def _(client: ProxyClient) -> None:
    assert len(await client.shop.orders.find().to_list()) == 10


@says(COSTING, "`async for` over `find()`")
async def _(client: ProxyClient) -> None:
    assert len([order async for order in client.shop.orders.find()]) == 10


@says(COSTING, "`async for` over `find().batch_size(4)`")
async def _(client: ProxyClient) -> None:
    assert len([order async for order in client.shop.orders.find().batch_size(4)]) == 10


@says(COSTING, "`await aggregate(…)`, then `to_list()`")
async def _(client: ProxyClient) -> None:
    cursor = await client.shop.orders.aggregate([{"$match": {}}])
    assert len(await cursor.to_list()) == 10


@says(COSTING, "`bulk_write` of twenty requests")
async def _(client: ProxyClient) -> None:
    await client.shop.orders.bulk_write([pymongo.InsertOne({}) for _ in range(20)])


@says(COSTING, "`create_index`")
async def _(client: ProxyClient) -> None:
    await client.shop.orders.create_index("customer")


@says(COSTING, "a refused argument")
async def _(client: ProxyClient) -> None:
    assert isinstance(await raised(client.shop.orders.insert_one, 5), TypeError)


@says(COSTING, "a call that is cancelled before its batch leaves")
async def _(client: ProxyClient) -> None:
    task = asyncio.create_task(client.shop.orders.find_one({"_id": 1}))
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize(("line", "invocations"), COSTS, ids=[line for line, _ in COSTS])
async def test_it_costs_as_many_invocations(
    line: str, invocations: str, client: ProxyClient
) -> None:
    before = client.counters.invocations

    await COSTING[line](client)

    assert str(client.counters.invocations - before) == invocations.partition(",")[0]


def test_every_check_has_its_line() -> None:
    assert sorted(COSTING) == sorted(line for line, _ in COSTS)
