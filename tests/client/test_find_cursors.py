"""`find`: options before, documents after, in as many operations as are asked for."""

import asyncio
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from motorpool.batching import envelope
from motorpool.client import Cursor, ProxyClient
from tests.both_loops import ONE_LOOP
from tests.client.fakes import Asked, FakeTransport, response

DOCUMENTS = [{"_id": number} for number in range(10)]


def found(asked: Asked) -> list[dict[str, int]]:
    """Find among ten documents, as a server does: skip, then limit, where 0 is none."""
    skip, limit = asked.args.get("skip", 0), asked.args.get("limit", 0)
    return DOCUMENTS[skip:][: limit or None]


def ten_documents() -> tuple[FakeTransport, Any]:
    """Make a collection of ten documents."""
    transport = FakeTransport(answers={"find": found})
    return transport, ProxyClient(transport=transport).shop.items


def windows(transport: FakeTransport) -> list[tuple[int | None, int | None]]:
    """Return the skip and limit of each find."""
    return [
        (asked.args.get("skip"), asked.args.get("limit"))
        for batch in transport.batches
        for asked in batch
    ]


async def test_nothing_is_sent_before_documents_are_asked_for() -> None:
    transport, items = ten_documents()

    cursor = items.find().sort("a").limit(3)
    await asyncio.sleep(0.01)

    assert transport.batches == []
    assert repr(cursor) == "<Cursor shop.items fetched=0 alive=True>"


@ONE_LOOP
async def test_to_list_gives_all_and_then_nothing_more() -> None:
    transport, items = ten_documents()
    cursor = items.find()

    assert await cursor.to_list() == DOCUMENTS
    assert await cursor.to_list() == []
    assert cursor.alive is False
    assert windows(transport) == [(None, None)]


@ONE_LOOP
async def test_to_list_of_a_length_goes_on_where_the_last_one_ended() -> None:
    transport, items = ten_documents()
    cursor = items.find()

    assert await cursor.to_list(4) == DOCUMENTS[:4]
    assert cursor.alive is True
    assert await cursor.to_list(length=4) == DOCUMENTS[4:8]
    assert await cursor.to_list(4) == DOCUMENTS[8:]
    assert cursor.alive is False
    assert await cursor.to_list(4) == []
    assert windows(transport) == [(None, 4), (4, 4), (8, 4)]
    assert repr(cursor) == "<Cursor shop.items fetched=10 alive=False>"


@ONE_LOOP
async def test_where_the_last_list_was_full_the_end_is_seen_one_fetch_later() -> None:
    transport, items = ten_documents()
    cursor = items.find()

    lists = [await cursor.to_list(5) for _ in range(3)]

    assert lists == [DOCUMENTS[:5], DOCUMENTS[5:], []]
    assert windows(transport) == [(None, 5), (5, 5), (10, 5)]


@ONE_LOOP
async def test_the_rest_can_be_taken_at_once() -> None:
    transport, items = ten_documents()
    cursor = items.find()

    assert await cursor.to_list(4) == DOCUMENTS[:4]
    assert await cursor.to_list() == DOCUMENTS[4:]
    assert windows(transport) == [(None, 4), (4, None)]


@ONE_LOOP
async def test_iteration_takes_all_in_one_operation() -> None:
    transport, items = ten_documents()

    assert [document async for document in items.find()] == DOCUMENTS
    assert windows(transport) == [(None, None)]


@ONE_LOOP
async def test_next_gives_one_after_the_other_and_then_stops() -> None:
    _, items = ten_documents()
    cursor = items.find(limit=2)

    assert await cursor.next() == {"_id": 0}
    assert await anext(cursor) == {"_id": 1}
    with pytest.raises(StopAsyncIteration):
        await cursor.next()
    assert cursor.alive is False


@ONE_LOOP
async def test_iteration_and_lists_can_be_mixed() -> None:
    transport, items = ten_documents()
    cursor = items.find()

    assert await cursor.next() == {"_id": 0}
    assert await cursor.to_list(3) == DOCUMENTS[1:4]
    async for document in cursor:
        assert document == {"_id": 4}
        break
    assert await cursor.to_list() == DOCUMENTS[5:]
    assert windows(transport) == [(None, None)]


@ONE_LOOP
async def test_a_list_first_and_iteration_afterwards_goes_on_where_it_was() -> None:
    transport, items = ten_documents()
    cursor = items.find()

    assert await cursor.to_list(3) == DOCUMENTS[:3]
    assert [document async for document in cursor] == DOCUMENTS[3:]
    assert windows(transport) == [(None, 3), (3, None)]


@pytest.mark.parametrize(
    ("limit", "expected", "sent"),
    [(0, DOCUMENTS, 0), (3, DOCUMENTS[:3], 3), (-3, DOCUMENTS[:3], 3), (50, DOCUMENTS, 50)],
)
@ONE_LOOP
async def test_a_limit_is_kept(limit: int, expected: list[Any], sent: int) -> None:
    transport, items = ten_documents()

    assert await items.find().limit(limit).to_list() == expected
    assert windows(transport) == [(None, sent)]


@pytest.mark.parametrize("limit", [5, -5])
@ONE_LOOP
async def test_skip_and_limit_are_kept_over_several_fetches(limit: int) -> None:
    transport, items = ten_documents()
    cursor = items.find().skip(2).limit(limit)

    assert await cursor.to_list(3) == DOCUMENTS[2:5]
    assert await cursor.to_list(3) == DOCUMENTS[5:7]
    assert cursor.alive is False
    assert await cursor.to_list() == []
    assert windows(transport) == [(2, 3), (5, 2)]


@ONE_LOOP
async def test_a_limit_beyond_the_end_ends_with_the_documents() -> None:
    transport, items = ten_documents()
    cursor = items.find(skip=8, limit=5)

    assert await cursor.to_list(1) == DOCUMENTS[8:9]
    assert await cursor.to_list() == DOCUMENTS[9:]
    assert cursor.alive is False
    assert windows(transport) == [(8, 1), (9, 4)]


@ONE_LOOP
async def test_several_cursors_lists_called_before_they_are_awaited_are_one_batch() -> None:
    transport, items = ten_documents()

    lists = [items.find(skip=n).to_list(1) for n in range(3)]
    first = [await waiting for waiting in lists]

    assert first == [[DOCUMENTS[0]], [DOCUMENTS[1]], [DOCUMENTS[2]]]
    assert len(transport.batches) == 1


async def test_lists_and_iterations_of_one_gather_are_one_batch() -> None:
    transport, items = ten_documents()

    async def iterate(skip: int) -> list[Any]:
        return [document async for document in items.find(skip=skip)]

    await asyncio.gather(
        items.find(skip=1).to_list(),
        asyncio.create_task(items.find(skip=2).to_list()),
        asyncio.wait_for(items.find(skip=3).to_list(), 30),
        iterate(4),
        items.find(skip=5).next(),
    )

    assert {skip for skip, _ in windows(transport)} == {1, 2, 3, 4, 5}
    assert len(transport.batches) == 1


@ONE_LOOP
async def test_a_closed_cursor_asks_for_no_more() -> None:
    transport, items = ten_documents()
    cursor = items.find()
    await cursor.next()

    await cursor.close()

    assert cursor.alive is False
    assert await cursor.to_list() == []
    with pytest.raises(StopAsyncIteration):
        await cursor.next()
    assert len(transport.batches) == 1


@ONE_LOOP
async def test_a_fetch_that_failed_can_be_asked_for_again() -> None:
    err = envelope.error("OperationFailure", "no", code=1)
    transport = FakeTransport(lambda _: response(envelope.failure(0, err)), answers={"find": found})
    cursor: Cursor = ProxyClient(transport=transport).shop.items.find()

    with pytest.raises(OperationFailure):
        await cursor.to_list(2)

    assert cursor.alive is True
    assert await cursor.to_list(2) == DOCUMENTS[:2]


@ONE_LOOP
async def test_cursors_of_the_embedded_database_are_walked_the_same(embedded: ProxyClient) -> None:
    items = embedded.shop.items
    await items.insert_many([{"_id": n, "odd": n % 2} for n in range(10)])

    cursor = items.find({"odd": 1}, ["odd"]).sort("_id", -1).skip(1).limit(3)

    assert await cursor.to_list(2) == [{"_id": 7, "odd": 1}, {"_id": 5, "odd": 1}]
    assert [document async for document in cursor] == [{"_id": 3, "odd": 1}]
