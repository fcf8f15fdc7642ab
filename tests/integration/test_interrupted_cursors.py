"""A cursor in trouble: time-outs, pages refused and lost, collections that go on growing."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import Int64
from pymongo import CursorType
from pymongo.errors import AutoReconnect, CursorNotFound, OperationFailure, PyMongoError

from motorpool.client import ConnectionLost, OperationTimeout, Throttled
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


# Time ---------------------------------------------------------------------------------------------


async def test_a_time_out_in_the_middle_stops_the_server_and_not_the_next_question(
    wire_uri: str, wire_database: str, server: Server
) -> None:
    async with paged(wire_uri, environments=2, name=wire_database, timeout=0.4) as both:
        await both.fill(DOCUMENTS)
        before = open_cursors(server)
        cursor = both.proxied.find()
        await cursor.to_list(3)
        with server.slow(["getMore"], 1_500, times=1):
            with pytest.raises(PyMongoError) as raised:
                await cursor.to_list()
            assert getattr(raised.value, "timeout", False) or isinstance(
                raised.value, OperationTimeout
            )
            assert cursor.alive is False
            assert await both.proxied.count_documents({}) == 100
        del cursor
        await both.proxied.find_one()
        await until(lambda: open_cursors(server) <= before)


async def test_a_max_time_is_the_servers_for_all_pages_together(both: Both) -> None:
    cursor = both.proxied.find(max_time_ms=60_000).sort("_id", 1)

    assert await cursor.to_list() == DOCUMENTS


# Refused and lost ---------------------------------------------------------------------------------


class Failing:
    """Raises one error instead of the next invocation, or after it."""

    def __init__(self, inner: Turns) -> None:
        self._inner = inner
        self.instead: Exception | None = None
        self.after: Exception | None = None

    async def invoke(self, payload: bytes) -> bytes:
        error, self.instead = self.instead, None
        if error is not None:
            raise error
        response = await self._inner.invoke(payload)
        error, self.after = self.after, None
        if error is not None:
            raise error
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture
async def failing(both: Both, monkeypatch: pytest.MonkeyPatch) -> Failing:
    transport = Failing(both.transport)
    dispatcher = both.client._engine._dispatcher  # noqa: SLF001
    monkeypatch.setattr(dispatcher, "_transport", transport)
    return transport


async def test_a_throttled_page_is_asked_for_again_and_nothing_is_missed(
    both: Both, failing: Failing
) -> None:
    cursor = both.proxied.find().sort("_id", 1)
    found = []
    async for document in cursor:
        found.append(document)
        failing.instead = Throttled("429")

    assert found == DOCUMENTS
    assert both.client.counters.throttled > 2


async def test_a_page_whose_answer_is_lost_is_never_asked_for_twice(
    both: Both, failing: Failing
) -> None:
    cursor = both.proxied.find().sort("_id", 1)
    await cursor.to_list(3)
    before = both.transport.invocations
    failing.after = ConnectionLost("reset")

    with pytest.raises(AutoReconnect, match="reset"):
        await cursor.to_list()

    assert both.transport.invocations == before + 1
    assert await cursor.to_list() == []


async def test_a_first_page_whose_answer_is_lost_is_asked_again_and_leaves_no_cursor_for_long(
    both: Both, failing: Failing
) -> None:
    failing.after = ConnectionLost("reset")

    assert await both.proxied.find().sort("_id", 1).to_list() == DOCUMENTS


# Tails --------------------------------------------------------------------------------------------


async def test_a_tail_of_a_capped_collection_goes_on_as_the_drivers(
    both: Both, server: Server
) -> None:
    try:
        server.database.create_collection("tail", capped=True, size=1_000_000)
    except OperationFailure as error:
        pytest.skip(f"this server has no capped collections: {error}")
    server.database["tail"].insert_many({"_id": n} for n in range(5))
    seen: dict[str, list[Any]] = {}
    for side, database in (("direct", both.direct.database), ("proxied", both.proxied.database)):
        cursor = database["tail"].find(cursor_type=CursorType.TAILABLE)
        seen[side] = [document["_id"] async for document in cursor]
        seen[side].append(cursor.alive)
        await cursor.close()

    assert seen["proxied"] == seen["direct"]
    assert seen["proxied"][:5] == list(range(5))


async def test_a_tail_sees_what_is_added_later(both: Both, server: Server) -> None:
    server.database.create_collection("tail", capped=True, size=1_000_000)
    server.database["tail"].insert_many({"_id": n} for n in range(3))
    cursor = both.proxied.database["tail"].find(cursor_type=CursorType.TAILABLE)
    found = [document["_id"] async for document in cursor]
    if not cursor.alive:
        pytest.skip("this server ends a tailable cursor with its last document")

    server.database["tail"].insert_one({"_id": 3})

    found += [document["_id"] async for document in cursor]
    assert found == [0, 1, 2, 3]
    await cursor.close()
