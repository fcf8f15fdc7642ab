"""docs/migrating.md as code: its blocks run, on drivers and through the proxy, with one outcome.

What its tables say is checked in the other files of this folder.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bson import CodecOptions
from pymongo.read_preferences import Nearest

import motorpool.client
from motorpool.client import InProcessTransport, ProxyClient
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.migrating.tables import GUIDE

BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
MOTOR, PYMONGO, PROXY, *REST = BLOCKS
(PAGES,) = [block for block in REST if "async def page" in block]
(OWN_LOOP,) = [block for block in REST if "new_event_loop" in block]
(DECORATED,) = [block for block in REST if "@client.handler" in block]
AFTER = [block for block in REST if block is not OWN_LOOP]

ORDERS = [{"_id": n, "customer": n % 2, "placed": n, "price": n * 10} for n in range(10)]
CUSTOMERS = [{"_id": 1, "name": "Ada", "views": 0}, {"_id": 0, "name": "Grace", "views": 0}]


class Guide:
    """The guide's names, once its blocks have run."""

    def __init__(self, blocks: list[str], uri: str = "", database: str = "shop") -> None:
        self.names: dict[str, Any] = {}
        self.database = database
        for block in blocks:
            code = block.replace("mongodb://db.example.com", uri).replace("t.shop", f"t.{database}")
            exec(code, self.names)  # noqa: S102 - the guide's own code

    def __getattr__(self, name: str) -> Any:
        return self.names[name]

    async def fill(self) -> None:
        """Give the shop its two customers and ten orders."""
        shop = self.client[self.database]
        for collection, documents in ((shop.customers, CUSTOMERS), (shop.orders, ORDERS)):
            await collection.delete_many({})
            await collection.insert_many([dict(document) for document in documents])


@asynccontextmanager
async def through_the_proxy(
    patch: pytest.MonkeyPatch, uri: str = "mongomock://", database: str = "shop"
) -> AsyncIterator[Guide]:
    """Run the guide's blocks with its proxy in this process."""
    proxy = Proxy(Settings(mongodb_uri=uri))
    transport = InProcessTransport(proxy.handle)

    def in_process(function_name: str, **options: Any) -> ProxyClient:
        assert function_name == "motorpool-proxy"
        return ProxyClient(transport=transport, **options)

    patch.setattr(motorpool.client, "ProxyClient", in_process)
    guide = Guide([PROXY, *AFTER], database=database)
    yield guide
    await guide.client.aclose()
    proxy.close()


@pytest.fixture
async def guide(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Guide]:
    """Give the guide's application, over the embedded database."""
    async with through_the_proxy(monkeypatch) as guide:
        await guide.fill()
        yield guide


@pytest.fixture
def asked(guide: Guide) -> Callable[[], dict[str, int]]:
    """Give what the client has counted since the test began."""
    before = guide.client.counters.snapshot()
    return lambda: {
        name: value - before[name]
        for name, value in guide.client.counters.snapshot().items()
        if isinstance(value, int)
    }


PAGE = ("Ada", [9, 7, 5, 3, 1])
TOTALS = [{"_id": 0, "sum": 200}, {"_id": 1, "sum": 250}]


async def test_the_page_is_the_same_on_motor_and_pymongo_and_through_the_proxy(
    wire_uri: str, wire_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for line in (MOTOR, PYMONGO):
        direct = Guide([line, PAGES], wire_uri, wire_database)
        await direct.fill()
        assert await direct.page(1) == PAGE
        with pytest.raises(LookupError):
            await direct.page(404)
        closing = direct.client.close()
        if closing is not None:
            await closing

    async with through_the_proxy(monkeypatch, wire_uri, wire_database) as guide:
        await guide.fill()
        assert await guide.page(1) == PAGE
        with pytest.raises(LookupError):
            await guide.page(404)
        assert await guide.totals() == (TOTALS, TOTALS)
        assert await guide.everything() == (10, 10)
        assert await guide.register(1) == "1 is taken"


def test_the_handler_with_a_loop_of_its_own_answers_as_the_decorated_one(
    wire_uri: str, wire_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Guide([MOTOR, PAGES, OWN_LOOP], wire_uri, wire_database)
    own.loop.run_until_complete(own.fill())
    answers = [own.handler({"customer": 1}, None) for _ in range(2)]
    own.client.close()
    own.loop.close()

    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    transport = InProcessTransport(proxy.handle)
    monkeypatch.setattr(motorpool.client, "ProxyClient", lambda _: ProxyClient(transport=transport))
    guide = Guide([PROXY, PAGES, DECORATED])
    asyncio.run(guide.fill())
    decorated_answers = [guide.handler({"customer": 1}, None) for _ in range(2)]
    asyncio.run(guide.client.aclose())
    proxy.close()

    assert answers == [PAGE, PAGE]
    assert decorated_answers == [{"name": PAGE[0], "orders": PAGE[1]}] * 2


async def test_the_page_and_the_totals_on_the_embedded_database(guide: Guide) -> None:
    assert await guide.page(1) == PAGE
    assert await guide.totals() == (TOTALS, TOTALS)
    with pytest.raises(LookupError):
        await guide.page(404)


async def test_the_handlers_coroutine_can_be_awaited(guide: Guide) -> None:
    answer = await guide.handler.__wrapped__({"customer": 1}, None)

    assert answer == {"name": "Ada", "orders": PAGE[1]}
    with pytest.raises(RuntimeError, match="__wrapped__"):
        guide.handler({"customer": 1}, None)


async def test_asking_at_once_makes_one_invocation_of_three(
    guide: Guide, asked: Callable[[], dict[str, int]]
) -> None:
    one_by_one = await guide.one_by_one(1)
    assert asked()["invocations"] == 3

    at_once = await guide.at_once(1)
    assert asked()["invocations"] == 4

    assert await guide.called_then_awaited(1) == one_by_one == tuple(at_once)
    assert asked()["invocations"] == 5
    assert await guide.quickly(1) == at_once
    assert one_by_one[2] == 10


async def test_a_name_that_is_taken_is_said_by_the_drivers_exception(guide: Guide) -> None:
    assert await guide.register("Grace Hopper") == "welcome"
    assert await guide.register("Grace Hopper") == "Grace Hopper is taken"


async def test_everything_is_iterated_over(guide: Guide) -> None:
    assert await guide.everything() == (10, 10)


async def test_options_are_said_in_the_drivers_words(guide: Guide) -> None:
    assert guide.aware.codec_options == CodecOptions(tz_aware=True)
    assert guide.aware.write_concern.document == {"w": "majority"}
    assert guide.nearest.read_preference == Nearest()
    assert guide.journaled.write_concern.document == {"w": 1, "j": True}
    await guide.aware.aclose()


def test_every_name_that_the_guide_links_to_is_a_heading_of_its() -> None:
    headings = re.findall(r"^## (.+)$", GUIDE, re.MULTILINE)
    anchors = {heading.lower().replace("'", "").replace(" ", "-") for heading in headings}

    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) == anchors
