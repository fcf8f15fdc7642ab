"""`find`: options before, documents after, in as many operations as are asked for."""

import asyncio
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from motorpool.batching import envelope
from motorpool.client import Cursor, ProxyClient
from tests.both_loops import ONE_LOOP
from tests.client.cursor_server import CursorServer
from tests.client.fakes import FakeTransport, response

DOCUMENTS = [{"_id": number} for number in range(10)]


def ten_documents(**server: Any) -> tuple[CursorServer, Any]:
    """Make a collection of ten documents."""
    cursors = CursorServer(DOCUMENTS, **server)
    return cursors, ProxyClient(transport=cursors.transport()).shop.items


def asked(server: CursorServer) -> list[tuple[str, int | None]]:
    """Return each operation, and how many documents it asked for."""
    return [(asked.op, asked.args.get("length")) for asked in server.asked]


async def test_nothing_is_sent_before_documents_are_asked_for() -> None:
    server, items = ten_documents()

    cursor = items.find().sort("a").limit(3)
    await asyncio.sleep(0.01)

    assert server.asked == []
    assert repr(cursor) == "<Cursor <Paging find new> alive=True>"
    assert (cursor.cursor_id, cursor.address, cursor.retrieved) == (None, None, 0)
    assert cursor.collection is items
    assert cursor.session is None


@ONE_LOOP
async def test_to_list_gives_all_and_then_nothing_more() -> None:
    server, items = ten_documents()
    cursor = items.find()

    assert await cursor.to_list() == DOCUMENTS
    assert await cursor.to_list() == []
    assert cursor.alive is False
    assert (cursor.cursor_id, cursor.retrieved) == (0, 10)
    assert asked(server) == [("find", None)]


@ONE_LOOP
async def test_to_list_of_a_length_goes_on_where_the_last_one_ended() -> None:
    server, items = ten_documents()
    cursor = items.find()

    assert await cursor.to_list(4) == DOCUMENTS[:4]
    assert cursor.alive is True
    assert (cursor.cursor_id, cursor.address, cursor.retrieved) == (1, ("db", 27017), 4)
    assert await cursor.to_list(length=4) == DOCUMENTS[4:8]
    assert await cursor.to_list(4) == DOCUMENTS[8:]
    assert cursor.alive is False
    assert await cursor.to_list(4) == []
    assert asked(server) == [("find", 4), ("get_more", 4), ("get_more", 4)]
    assert repr(cursor) == "<Cursor <Paging find exhausted> alive=False>"


@ONE_LOOP
async def test_one_cursor_on_the_server_is_continued_under_the_session_that_it_was_opened_in() -> (
    None
):
    server, items = ten_documents()
    cursor = items.find({"a": 1}, batch_size=3, comment="why")

    assert await cursor.to_list(4) == DOCUMENTS[:4]
    assert await cursor.to_list() == DOCUMENTS[4:]

    first, then = server.asked
    assert first.session is not None
    assert len(first.session) == 16
    assert then.session == first.session
    assert then.args == {
        "cursor": {"id": 1, "sizes": [1.0, 14.0, 196.0], "address": "db:27017", "count": 4},
        "batch_size": 3,
        "comment": "why",
    }
    assert "skip" not in then.args
    assert server.open == {}


@ONE_LOOP
async def test_where_the_last_list_was_full_the_end_is_seen_one_fetch_later() -> None:
    server, items = ten_documents()
    cursor = items.find()

    lists = [await cursor.to_list(5) for _ in range(3)]

    assert lists == [DOCUMENTS[:5], DOCUMENTS[5:], []]
    assert asked(server) == [("find", 5), ("get_more", 5), ("get_more", 5)]


@ONE_LOOP
async def test_the_rest_can_be_taken_at_once() -> None:
    server, items = ten_documents()
    cursor = items.find()

    assert await cursor.to_list(4) == DOCUMENTS[:4]
    assert await cursor.to_list() == DOCUMENTS[4:]
    assert asked(server) == [("find", 4), ("get_more", None)]


@ONE_LOOP
async def test_iteration_takes_a_page_in_one_operation() -> None:
    server, items = ten_documents()

    assert [document async for document in items.find()] == DOCUMENTS
    assert asked(server) == [("find", None)]


@ONE_LOOP
async def test_a_result_of_several_pages_is_iterated_page_by_page() -> None:
    server, items = ten_documents(per_page=4)
    cursor = items.find()

    assert [await cursor.next() for _ in range(4)] == DOCUMENTS[:4]
    assert asked(server) == [("find", None)]
    assert cursor.alive is True
    assert await cursor.next() == DOCUMENTS[4]
    assert [document async for document in cursor] == DOCUMENTS[5:]
    assert asked(server) == [("find", None)] + [("get_more", None)] * 2


@ONE_LOOP
async def test_a_batch_size_is_the_length_of_an_iterations_pages_and_not_of_lists() -> None:
    server, items = ten_documents()

    assert [document async for document in items.find(batch_size=4)] == DOCUMENTS
    assert asked(server) == [("find", 4)] + [("get_more", 4)] * 2
    assert await items.find(batch_size=4).to_list() == DOCUMENTS
    assert asked(server)[3:] == [("find", None)]


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
    server, items = ten_documents()
    cursor = items.find()

    assert await cursor.next() == {"_id": 0}
    assert await cursor.to_list(3) == DOCUMENTS[1:4]
    async for document in cursor:
        assert document == {"_id": 4}
        break
    assert await cursor.to_list() == DOCUMENTS[5:]
    assert asked(server) == [("find", None)]


@ONE_LOOP
async def test_a_list_first_and_iteration_afterwards_goes_on_where_it_was() -> None:
    server, items = ten_documents()
    cursor = items.find()

    assert await cursor.to_list(3) == DOCUMENTS[:3]
    assert [document async for document in cursor] == DOCUMENTS[3:]
    assert asked(server) == [("find", 3), ("get_more", None)]


@pytest.mark.parametrize(
    ("limit", "expected", "sent"),
    [(0, DOCUMENTS, None), (3, DOCUMENTS[:3], 3), (-3, DOCUMENTS[:3], 3), (50, DOCUMENTS, 50)],
)
@ONE_LOOP
async def test_a_limit_is_kept(limit: int, expected: list[Any], sent: int | None) -> None:
    server, items = ten_documents()

    assert await items.find().limit(limit).to_list() == expected
    assert [asked.args.get("limit") for asked in server.asked] == [sent]


@pytest.mark.parametrize("limit", [5, -5])
@ONE_LOOP
async def test_skip_and_limit_are_kept_over_several_pages(limit: int) -> None:
    server, items = ten_documents()
    cursor = items.find().skip(2).limit(limit)

    assert await cursor.to_list(3) == DOCUMENTS[2:5]
    assert await cursor.to_list(3) == DOCUMENTS[5:7]
    assert cursor.alive is False
    assert await cursor.to_list() == []
    assert asked(server) == [("find", 3), ("get_more", 3)]


@ONE_LOOP
async def test_several_cursors_lists_called_before_they_are_awaited_are_one_batch() -> None:
    server = CursorServer(DOCUMENTS)
    transport = server.transport()
    items = ProxyClient(transport=transport).shop.items

    lists = [items.find(skip=n).to_list(1) for n in range(3)]
    first = [await waiting for waiting in lists]

    assert first == [[DOCUMENTS[0]], [DOCUMENTS[1]], [DOCUMENTS[2]]]
    assert len(transport.batches) == 1
    assert len({asked.session for asked in server.asked}) == 3


async def test_lists_and_iterations_of_one_gather_are_one_batch() -> None:
    server = CursorServer(DOCUMENTS)
    transport = server.transport()
    items = ProxyClient(transport=transport).shop.items

    async def iterate(skip: int) -> list[Any]:
        return [document async for document in items.find(skip=skip)]

    await asyncio.gather(
        items.find(skip=1).to_list(),
        asyncio.create_task(items.find(skip=2).to_list()),
        asyncio.wait_for(items.find(skip=3).to_list(), 30),
        iterate(4),
        items.find(skip=5).next(),
    )

    assert {asked.args["skip"] for asked in server.asked} == {1, 2, 3, 4, 5}
    assert len(transport.batches) == 1


@ONE_LOOP
async def test_a_closed_cursor_asks_for_no_more() -> None:
    server, items = ten_documents()
    cursor = items.find()
    await cursor.next()

    await cursor.close()

    assert cursor.alive is False
    assert await cursor.to_list() == []
    with pytest.raises(StopAsyncIteration):
        await cursor.next()
    assert asked(server) == [("find", None)]


@ONE_LOOP
async def test_a_cursor_closed_before_it_was_asked_asks_for_nothing() -> None:
    server, items = ten_documents()

    async with items.find() as cursor:
        pass

    assert cursor.alive is False
    assert await cursor.to_list() == []
    assert server.asked == []


@ONE_LOOP
async def test_a_cursor_that_failed_has_ended_as_with_the_driver_and_can_be_rewound() -> None:
    server = CursorServer(DOCUMENTS)
    err = envelope.error("OperationFailure", "no", code=1)
    transport = server.transport(lambda _: response(envelope.failure(0, err)))
    cursor: Cursor = ProxyClient(transport=transport).shop.items.find()

    with pytest.raises(OperationFailure):
        await cursor.to_list(2)

    assert cursor.alive is False
    assert await cursor.to_list(2) == []
    assert server.asked == []
    assert await cursor.rewind().to_list(2) == DOCUMENTS[:2]


@ONE_LOOP
async def test_cursors_of_the_embedded_database_are_walked_the_same(embedded: ProxyClient) -> None:
    items = embedded.shop.items
    await items.insert_many([{"_id": n, "odd": n % 2} for n in range(10)])

    cursor = items.find({"odd": 1}, ["odd"]).sort("_id", -1).skip(1).limit(3)

    assert await cursor.to_list(2) == [{"_id": 7, "odd": 1}, {"_id": 5, "odd": 1}]
    assert [document async for document in cursor] == [{"_id": 3, "odd": 1}]


@ONE_LOOP
async def test_a_cursor_in_an_answer_of_another_hand_is_read_as_well() -> None:
    """Readable, and the page behind the cursor: what another proxy, or a person, may write."""
    told = '{"id":{"$numberLong":"7"},"sizes":[{"$numberDouble":"1.0"}],"count":1}'
    page = f'{{"v":1,"res":[{{"cursor":{told},"ok":[{{"_id":{{"$numberInt":"0"}}}}],"id":0}}]}}'
    transport = FakeTransport(page.encode(), answers={"get_more": lambda _: DOCUMENTS[1:3]})
    items = ProxyClient(transport=transport).shop.items

    assert await items.find().to_list() == DOCUMENTS[:3]
    assert transport.batches[1][0].args["cursor"]["id"] == 7
