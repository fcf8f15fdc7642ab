"""What either driver of a server gives: documents undecoded, excerpts, what the server can do."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import WriteConcern
from pymongo.errors import InvalidName

from motorpool.batching.codec import LOSSLESS
from motorpool.proxy import server_driver
from motorpool.proxy.drivers import Question
from tests.proxy.hello_servers import HelloServer, replica_set, routers, uri_of
from tests.proxy.server_drivers import BOTH, DOCUMENTS, client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from motorpool.proxy.server_driver import ServerDriver
    from tests.proxy.server_drivers import Made

# Nothing listens on port 1.
UNREACHABLE = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"


@pytest.fixture
async def driver(made: Made, wire_uri: str) -> AsyncIterator[ServerDriver]:
    """Give each driver, connected to the wire server."""
    async with made(wire_uri) as one:
        yield one


# Collections --------------------------------------------------------------------------------------


async def test_a_raw_collection_gives_documents_undecoded(
    driver: ServerDriver, wire_database: str
) -> None:
    await driver.collection(wire_database, "items").insert_one({"_id": 1, "a": [{"b": 2.0}]})

    raw = await driver.collection(wire_database, "items", raw=True).find_one({})
    decoded = await driver.collection(wire_database, "items").find_one({})

    assert type(raw) is RawBSONDocument
    assert raw.raw == bson.encode({"_id": 1, "a": [{"b": 2.0}]})
    assert decoded == {"_id": 1, "a": [{"b": 2.0}]}


async def test_a_collection_is_made_once(made: Made) -> None:
    async with made(UNREACHABLE) as driver:
        one = driver.collection("shop", "items")

        assert driver.collection("shop", "items") is one
        assert driver.collection("shop", "items", {}) is one
        others = [
            driver.collection("shop", "other"),
            driver.collection("shop2", "items"),
            driver.collection("shop", "items", raw=True),
            driver.collection("shop", "items", {"write_concern": {"w": 2}}),
        ]
        assert not [other for other in others if other is one]
        assert [other.full_name for other in others] == [
            *("shop.other", "shop2.items", "shop.items", "shop.items")
        ]
        assert [other.codec_options == LOSSLESS for other in others] == [True, True, False, True]
        assert others[2].codec_options.document_class is RawBSONDocument
        assert others[3].write_concern == WriteConcern(w=2)
        assert one.write_concern == WriteConcern()


async def test_no_more_collections_are_kept_than_so_many(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_driver, "_KEPT_COLLECTIONS", 10)
    async with made(UNREACHABLE) as driver:
        for number in range(25):
            assert driver.collection("shop", f"c{number}").name == f"c{number}"
            assert len(driver._collections) <= 10  # noqa: SLF001


async def test_a_bad_name_is_refused_each_time(made: Made) -> None:
    async with made(UNREACHABLE) as driver:
        for _ in range(2):
            with pytest.raises(InvalidName):
                driver.collection("shop", "a..b")


# Excerpts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", ["find", "aggregate"])
@pytest.mark.parametrize(
    ("size", "documents", "count", "is_whole"),
    [
        # What comes first tells how much is to come next: one document more than is asked for.
        *((3, 1, 3, False), (3, 3, 3, False), (3, 4, 5, False), (3, 6, 7, False), (3, 7, 8, False)),
        *((3, 100, 10, True), (100, 1, 10, True)),
    ],
)
async def test_an_excerpt_ends_with_the_batch_that_makes_it_large_enough(  # noqa: PLR0913, PLR0917
    driver: ServerDriver,
    wire_database: str,
    op: str,
    size: int,
    documents: int,
    count: int,
    is_whole: bool,  # noqa: FBT001
) -> None:
    await driver.collection(wire_database, "items").insert_many(DOCUMENTS)
    bytes_each = len(bson.encode(DOCUMENTS[0]))
    asked: dict[str, dict[str, Any]] = {
        "find": {"sort": [("_id", 1)]},
        "aggregate": {"pipeline": [{"$sort": {"_id": 1}}]},
    }
    for raw in (True, False):
        items = driver.collection(wire_database, "items", raw=raw)
        excerpt = await driver.read_within(
            Question(op, items, asked[op]), size, documents * bytes_each
        )

        found = [bson.decode(document)["_id"] for document in excerpt.documents]
        assert found == list(range(count))
        assert excerpt.is_whole is is_whole


async def test_what_is_left_of_an_excerpt_is_ended_on_the_server(
    driver: ServerDriver, wire_database: str
) -> None:
    items = driver.collection(wire_database, "items", raw=True)
    await driver.collection(wire_database, "items").insert_many(DOCUMENTS)
    admin = driver.database("admin")
    before = (await admin.command("serverStatus"))["metrics"]["cursor"]["open"]["total"]

    await driver.read_within(Question("find", items, {}), 3, 1)

    after = (await admin.command("serverStatus"))["metrics"]["cursor"]["open"]["total"]
    assert after == before


async def test_an_excerpt_of_nothing_is_whole(driver: ServerDriver, wire_database: str) -> None:
    items = driver.collection(wire_database, "items", raw=True)

    for op, args in BOTH:
        excerpt = await driver.read_within(Question(op, items, args), 3, 1)
        assert (list(excerpt.documents), excerpt.is_whole) == ([], True)


# What the server can do ---------------------------------------------------------------------------


async def known(driver: ServerDriver, servers: int) -> None:
    """Let the driver connect, until it knows all of the servers."""
    await driver.warm_up()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        described = client_of(driver).topology_description.server_descriptions().values()
        if sum(server.is_server_type_known for server in described) == servers:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the servers did not become known")


@pytest.mark.parametrize(("version", "has"), [(25, True), (27, True), (24, False), (21, False)])
async def test_a_standalone_of_eight_has_the_bulk_write_of_a_client(
    made: Made,
    version: int,
    has: bool,  # noqa: FBT001
) -> None:
    with HelloServer(maxWireVersion=version) as server:
        async with made(uri_of([server])) as driver:
            assert driver.has_client_bulk_write is False  # as long as nothing is known
            await known(driver, 1)
            assert driver.has_client_bulk_write is has


@pytest.mark.parametrize(
    ("versions", "has"), [([25, 25, 25], True), ([25, 21, 25], False), ([21, 25, 25], False)]
)
async def test_a_replica_set_has_it_where_each_member_may_be_the_next_primary(
    made: Made,
    versions: list[int],
    has: bool,  # noqa: FBT001
) -> None:
    with replica_set(versions) as members:
        async with made(uri_of(members)) as driver:
            await known(driver, 3)
            assert driver.has_client_bulk_write is has


@pytest.mark.parametrize(("versions", "has"), [([25, 25], True), ([25, 21], False)])
async def test_a_sharded_cluster_has_it_where_each_router_has(
    made: Made,
    versions: list[int],
    has: bool,  # noqa: FBT001
) -> None:
    with routers(versions) as both:
        async with made(uri_of(both)) as driver:
            await known(driver, 2)
            assert driver.has_client_bulk_write is has


async def test_a_replica_set_without_a_primary_is_not_known_to_have_it(made: Made) -> None:
    with replica_set([25, 25]) as members:
        members[0].hello |= {"isWritablePrimary": False, "secondary": True}
        for member in members:
            del member.hello["primary"]
        async with made(uri_of(members, "serverSelectionTimeoutMS=100")) as driver:
            await known(driver, 2)
            assert driver.has_client_bulk_write is False


async def test_it_is_known_on_first_use_after_warming_up(made: Made, wire_uri: str) -> None:
    async with made(wire_uri) as driver:
        await driver.warm_up()
        await driver.collection("shop", "items").find_one({})

        assert driver.has_client_bulk_write is True
