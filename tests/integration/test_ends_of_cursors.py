"""What becomes of a cursor on the server: continued from elsewhere, lost, closed, forgotten.

On the wire, looked at with PyMongo behind the proxy's back; responses are of 20,000 bytes.
"""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
from bson import Int64
from pymongo.errors import CursorNotFound, OperationFailure

from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.integration.paged import Both, Turns, noisy, paged
from tests.integration.services import Server, until

DOCUMENTS = noisy(*[500] * 100)


@pytest.fixture
async def both(wire_uri: str, wire_database: str) -> AsyncIterator[Both]:
    async with paged(wire_uri, environments=2, name=wire_database) as wire:
        await wire.fill(DOCUMENTS)
        yield wire


def is_open(server: Server, both: Both, cursor_id: int) -> bool:
    """Look whether the server still has a cursor, which loses one document by it."""
    try:
        server.database.command(
            {"getMore": Int64(cursor_id), "collection": both.direct.name, "batchSize": 1}
        )
    except CursorNotFound:
        return False
    except OperationFailure as error:
        if error.code == 50738:  # another session's, as it should be: it is there
            return True
        raise
    return True


def open_cursors(server: Server) -> int:
    total: int = server.client.admin.command("serverStatus")["metrics"]["cursor"]["open"]["total"]
    return total


# Environments -------------------------------------------------------------------------------------


async def test_a_cursor_is_continued_when_its_environment_has_been_replaced(
    both: Both, wire_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = both.proxied.find().sort("_id", 1)
    found = [await cursor.next()]
    settings = Settings(mongodb_uri=wire_uri, max_response_bytes=20_000)

    for _ in range(3):
        replacement = Proxy(settings)
        turns = Turns(replacement)
        monkeypatch.setattr(both.transport, "_inner", turns._inner)  # noqa: SLF001 - the test's own
        found += await cursor.to_list(20)
        replacement.close()
        await turns.aclose()
    monkeypatch.undo()
    found += await cursor.to_list()

    assert found == DOCUMENTS


async def test_every_page_may_come_from_another_environment(both: Both) -> None:
    assert [each async for each in both.proxied.find().sort("_id", 1)] == DOCUMENTS
    assert both.transport.invocations >= 4


# Gone ---------------------------------------------------------------------------------------------


async def test_a_cursor_that_the_server_has_ended_is_not_found_as_with_the_driver(
    both: Both, server: Server
) -> None:
    outcomes = []
    for collection in (both.direct, both.proxied):
        cursor = collection.find().sort("_id", 1).batch_size(10)
        first = [await cursor.next() for _ in range(10)]
        assert cursor.cursor_id
        server.database.command(
            {"killCursors": both.direct.name, "cursors": [Int64(cursor.cursor_id)]}
        )
        with pytest.raises(CursorNotFound) as raised:
            await cursor.next()
        outcomes.append(
            (
                first,
                raised.value.code,
                str(raised.value).replace(str(cursor.cursor_id), ""),
                cursor.alive,
                await cursor.to_list(5),
            )
        )

    direct, proxied = outcomes
    assert direct[0] == proxied[0] == DOCUMENTS[:10]
    assert direct[1] == proxied[1] == 43
    assert direct[3:] == proxied[3:] == (False, [])


async def test_a_list_in_the_middle_of_which_the_cursor_is_ended_fails(
    both: Both, server: Server
) -> None:
    cursor = both.proxied.find().sort("_id", 1)
    await cursor.to_list(3)
    assert cursor.cursor_id
    server.database.command({"killCursors": both.direct.name, "cursors": [cursor.cursor_id]})

    with pytest.raises(CursorNotFound):
        await cursor.to_list()
    assert await cursor.rewind().to_list() == DOCUMENTS


async def test_an_aggregation_is_not_found_either(both: Both, server: Server) -> None:
    cursor = both.proxied.aggregate([{"$sort": {"_id": 1}}])
    await cursor.to_list(3)
    assert cursor.cursor_id
    server.database.command({"killCursors": both.direct.name, "cursors": [cursor.cursor_id]})

    with pytest.raises(CursorNotFound):
        async for _ in cursor:
            pass


# Left early ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["find", "aggregate"])
async def test_a_cursor_that_is_closed_early_is_ended_on_the_server(
    both: Both, server: Server, kind: str
) -> None:
    before = open_cursors(server)
    cursor = both.proxied.find() if kind == "find" else both.proxied.aggregate([])
    await cursor.next()
    id_ = cursor.cursor_id
    assert id_
    assert open_cursors(server) == before + 1

    await cursor.close()

    assert not is_open(server, both, id_)
    assert open_cursors(server) == before
    assert (cursor.alive, cursor.cursor_id) == (False, 0)


async def test_leaving_an_iteration_in_a_block_ends_the_cursor(both: Both, server: Server) -> None:
    before = open_cursors(server)

    async with both.proxied.find() as cursor:
        async for _ in cursor:
            break

    assert open_cursors(server) == before


async def test_a_forgotten_cursor_is_ended_with_the_next_batch(both: Both, server: Server) -> None:
    before = open_cursors(server)
    for _ in range(5):
        await both.proxied.find().next()
        gc.collect()
    assert open_cursors(server) == before + 1  # each ended the one before

    invocations = both.transport.invocations
    await both.proxied.find_one()

    assert both.transport.invocations == invocations + 1
    assert open_cursors(server) == before


async def test_cursors_that_are_open_when_the_client_is_closed_and_forgotten_are_ended(
    wire_uri: str, wire_database: str, server: Server
) -> None:
    async with paged(wire_uri, name=wire_database) as both:
        await both.fill(DOCUMENTS)
        before = open_cursors(server)
        await both.proxied.find().next()
        gc.collect()
        assert open_cursors(server) == before + 1
    assert open_cursors(server) == before


async def test_what_came_to_its_end_leaves_nothing_open(both: Both, server: Server) -> None:
    before = open_cursors(server)

    await both.proxied.find().to_list()
    await both.proxied.find(limit=37).to_list()
    await both.proxied.find(limit=-37).to_list()
    await both.proxied.aggregate([]).to_list()
    await asyncio.gather(*(both.proxied.find(skip=n).to_list() for n in range(20)))
    await asyncio.gather(*(both.proxied.find().to_list() for _ in range(3)))

    assert open_cursors(server) == before


async def test_pages_that_overflow_leave_nothing_open(both: Both, server: Server) -> None:
    await both.fill(noisy(*[100, 12_000, 100, 100, 9_000] * 20))
    before = open_cursors(server)

    assert len(await both.proxied.find().to_list()) == 100
    assert len(await both.proxied.aggregate([]).to_list()) == 100

    assert open_cursors(server) == before


async def test_cancelled_in_flight_a_cursor_is_ended_with_the_next_batch(
    both: Both, server: Server
) -> None:
    before = open_cursors(server)
    with server.slow(["find"], 150, times=1):
        reading = asyncio.ensure_future(both.proxied.find().to_list())
        await asyncio.sleep(0.05)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        del reading
        await until(lambda: not both.client._engine.flights)  # noqa: SLF001 - its answer is there
    gc.collect()

    await both.proxied.find_one()

    await until(lambda: open_cursors(server) == before)


async def test_cancelled_between_pages_a_cursor_is_ended_too(both: Both, server: Server) -> None:
    before = open_cursors(server)
    cursor = both.proxied.find()
    await cursor.to_list(3)
    with server.slow(["getMore"], 150, times=1):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(cursor.to_list(), 0.05)
        await until(lambda: not both.client._engine.flights)  # noqa: SLF001
    assert cursor.alive is False
    del cursor
    gc.collect()

    await both.proxied.find_one()

    await until(lambda: open_cursors(server) == before)
