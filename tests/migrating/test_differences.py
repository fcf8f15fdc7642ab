"""docs/migrating.md: what differs from a driver, line by line, and as what errors are caught."""

import asyncio
import logging
import random
import re
from typing import Any

import motor.motor_asyncio
import pymongo
import pymongo.errors
import pymongo.results
import pytest

from motorpool.batching import errors
from motorpool.client import OperationTooLarge, ProxyClient, ResultTooLarge
from motorpool.client.driver_errors import DRIVER_CLASS
from tests.client.fakes import FakeTransport
from tests.migrating.tables import Checks, made_with, raised, rows, says

DIFFERENT: Checks = {}


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@says(DIFFERENT, "a call that is not awaited yet")
async def _(client: ProxyClient) -> None:
    before = client.counters.invocations
    one = client.shop.orders.insert_one({"_id": "one"})
    await client.shop.orders.insert_one({"_id": "other"})
    assert client.counters.invocations - before == 1
    assert (await one).inserted_id == "one"


@says(DIFFERENT, "an argument changed after the call")
async def _(client: ProxyClient) -> None:
    document = {"_id": "changed", "value": "before"}
    call = client.shop.orders.insert_one(document)
    document["value"] = "after"
    await call
    found = await client.shop.orders.find_one({"_id": "changed"})
    assert found == {"_id": "changed", "value": "before"}


@says(DIFFERENT, "operations called together")
async def _(client: ProxyClient) -> None:
    before = client.counters.invocations
    await asyncio.gather(
        client.shop.orders.insert_one({"_id": "new"}), client.shop.orders.find_one({"_id": 1})
    )
    assert client.counters.invocations - before == 1


@says(DIFFERENT, "the same read twice at one moment")
async def _(client: ProxyClient) -> None:
    sent = client.counters.sent
    orders = client.shop.orders
    one, other = await asyncio.gather(orders.find_one({"_id": 1}), orders.find_one({"_id": 1}))
    assert one == other
    assert one is not other
    assert client.counters.sent - sent == 1


@says(DIFFERENT, "a failed call that nobody awaits")
async def _(client: ProxyClient) -> None:
    handler = Kept()
    logging.getLogger("motorpool").addHandler(handler)
    async with client.request():
        call = client.shop.orders.insert_one({"_id": 1})
    del call
    logging.getLogger("motorpool").removeHandler(handler)
    (said,) = handler.messages
    assert "insert_one on shop.orders failed and was never awaited" in said


@says(DIFFERENT, "`aggregate(…)`, `list_indexes()`")
async def _(client: ProxyClient) -> None:
    orders = client.shop.orders
    assert await orders.aggregate([]).to_list() == await (await orders.aggregate([])).to_list()
    assert await orders.list_indexes().to_list() == await (await orders.list_indexes()).to_list()
    motors = motor.motor_asyncio.AsyncIOMotorClient[Any]("mongodb://127.0.0.1:1/?connect=false")
    assert not asyncio.iscoroutine(motors.shop.orders.aggregate([]))
    motors.close()
    assert asyncio.iscoroutinefunction(pymongo.asynchronous.collection.AsyncCollection.aggregate)


@says(DIFFERENT, "`to_list(0)`")
async def _(client: ProxyClient) -> None:
    assert isinstance(await raised(client.shop.orders.find().to_list, 0), ValueError)
    direct = pymongo.AsyncMongoClient[Any](connect=False)
    assert isinstance(await raised(direct.shop.orders.find().to_list, 0), ValueError)
    await direct.close()


@says(DIFFERENT, "`batch_size(n)`")
async def _(client: ProxyClient) -> None:
    before = client.counters.invocations
    cursor = client.shop.orders.find().batch_size(5)
    async for order in cursor:
        assert client.counters.invocations - before == 1 + order["_id"] // 5
    before = client.counters.invocations
    assert len(await client.shop.orders.find().batch_size(5).to_list()) == 10
    assert client.counters.invocations - before == 1


@says(DIFFERENT, "`isinstance(result, pymongo.results.InsertOneResult)`")
async def _(client: ProxyClient) -> None:
    result = await client.shop.orders.insert_one({"_id": "x"})
    driver = pymongo.results.InsertOneResult("x", acknowledged=True)
    assert not isinstance(result, pymongo.results.InsertOneResult)
    assert (result.inserted_id, repr(result)) == (driver.inserted_id, repr(driver))


@says(DIFFERENT, "an option that does not exist")
async def _(client: ProxyClient) -> None:
    before = client.counters.invocations
    orders: Any = client.shop.orders
    for call in (orders.count_documents, orders.find_one, orders.delete_one):
        error = await raised(call, {}, colour="red")
        assert isinstance(error, TypeError)
        assert "colour" in str(error)
    assert client.counters.invocations == before


@says(DIFFERENT, "`client.close()`")
async def _(client: ProxyClient) -> None:
    del client
    for close in ("close", "aclose"):
        closed = made_with()
        await getattr(closed, close)()
        error = await raised(closed.shop.orders.find_one, {})
        assert isinstance(error, pymongo.errors.InvalidOperation)
    begun = made_with()
    begun.close()
    await asyncio.sleep(0.01)
    assert "closed" in repr(begun)


@says(DIFFERENT, "options of connections (`maxPoolSize`, `tls` …)")
async def _(client: ProxyClient) -> None:
    del client
    options: list[dict[str, Any]] = [{"maxPoolSize": 5}, {"tls": True}, {"appName": "shop"}]
    for option in options:
        with pytest.raises(pymongo.errors.ConfigurationError, match="MOTORPOOL_MONGODB_URI"):
            made_with(**option)


@says(DIFFERENT, "`client.address`, `nodes`, `topology_description` …")
async def _(client: ProxyClient) -> None:
    for name in ("address", "nodes", "topology_description"):
        with pytest.raises(NotImplementedError, match=name):
            getattr(client, name)


@says(DIFFERENT, "`pymongo.timeout(…)`")
async def _(client: ProxyClient) -> None:
    del client
    transport = FakeTransport()
    async with ProxyClient(transport=transport) as client:
        with pymongo.timeout(1):
            await client.shop.orders.find_one({})
        async with client.request(timeout=1):
            await client.shop.orders.find_one({})
    (without,), (within,) = transport.batches
    assert without.timeout_ms is None
    assert within.timeout_ms is not None
    assert within.timeout_ms <= 1000


@says(DIFFERENT, "event loops")
async def _(client: ProxyClient) -> None:
    async def elsewhere() -> Any:
        return await client.shop.orders.find_one({"_id": 1}, {"_id": 1})

    for _ in range(2):
        assert await asyncio.to_thread(lambda: asyncio.run(elsewhere())) == {"_id": 1}
    assert await elsewhere() == {"_id": 1}


@says(DIFFERENT, "a document of more than 4.7 MB, written")
async def _(client: ProxyClient) -> None:
    before = client.counters.invocations
    noise = random.Random(1).randbytes(4_720_000)  # noqa: S311 - a test's dice, no secret
    error = await raised(client.shop.orders.insert_one, {"x": noise})
    assert isinstance(error, OperationTooLarge)
    assert client.counters.invocations == before
    await client.shop.orders.insert_one({"x": noise[:4_700_000]})
    await client.shop.orders.insert_one({"x": b"x" * 8_000_000})


@says(DIFFERENT, "a document of more than 4.7 MB, read")
async def _(client: ProxyClient) -> None:
    dice = bytes(range(256)) * 16
    for part in range(2):  # no operation holds all of it
        noise = [hash((part, n)).to_bytes(8, "big", signed=True) for n in range(320_000)]
        field = {f"part{part}": b"".join(noise)}
        await client.shop.big.update_one({"_id": 1}, {"$set": field}, upsert=True)
        text = {f"part{part}": (dice * 600)[:2_400_000]}
        await client.shop.big.update_one({"_id": 2}, {"$set": text}, upsert=True)
    error = await raised(client.shop.big.find_one, {"_id": 1})
    assert isinstance(error, ResultTooLarge)
    assert re.search(r"\d{7}", str(error))
    less = await client.shop.big.find_one({"_id": 1}, {"part0": 1})
    compressed = await client.shop.big.find_one({"_id": 2})
    assert less is not None
    assert compressed is not None
    assert (len(less["part0"]), len(compressed)) == (2_560_000, 3)


@says(DIFFERENT, "a write whose answer is lost")
async def _(client: ProxyClient) -> None:
    del client
    lost = errors.ConnectionLost("reset")
    transport = FakeTransport(lost)
    async with ProxyClient(transport=transport) as client:
        await client.shop.orders.insert_one({})
    assert len(transport.batches) == 2
    async with ProxyClient(transport=FakeTransport(lost)) as client:
        error = await raised(client.shop.orders.update_one, {}, {"$inc": {"n": 1}})
    assert isinstance(error, errors.OutcomeUnknown)


@says(DIFFERENT, "commands for the cluster and its users, JavaScript on the server")
async def _(client: ProxyClient) -> None:
    error = await raised(client.admin.command, "shutdown")
    assert isinstance(error, pymongo.errors.OperationFailure)
    assert error.code == 13
    error = await raised(client.shop.orders.find({"$where": "true"}).to_list)
    assert isinstance(error, pymongo.errors.OperationFailure)
    assert error.code == 13
    assert "MOTORPOOL_ALLOW" in str(error)


DIFFERENCES = [row[0] for row in rows("| | with a driver | through the proxy |")]


@pytest.mark.parametrize("line", DIFFERENCES)
async def test_it_differs_as_the_guide_says(line: str, client: ProxyClient) -> None:
    await DIFFERENT[line](client)


def test_every_check_has_its_line() -> None:
    assert sorted(DIFFERENT) == sorted(DIFFERENCES)


@pytest.mark.parametrize(
    ("own", "driver"),
    [row[:2] for row in rows("| raised by the proxy's client | is also | when |")],
)
def test_it_is_caught_as_the_drivers_class(own: str, driver: str) -> None:
    name = driver.strip("`").removeprefix("pymongo.errors.")

    assert DRIVER_CLASS[getattr(errors, own.strip("`"))] is getattr(pymongo.errors, name)
