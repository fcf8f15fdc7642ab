"""`aggregate`: used directly as with Motor, or awaited first as with PyMongo; run once anyhow."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pymongo.errors import OperationFailure

from motorpool.batching import envelope
from motorpool.client import AggregateCursor, ProxyClient, ResultTooLarge
from tests.both_loops import ONE_LOOP
from tests.client.cursor_server import CursorServer
from tests.client.fakes import FakeTransport, response

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTS = [{"_id": number} for number in range(5)]


def five_documents() -> tuple[FakeTransport, Any]:
    """Make a collection of which every pipeline gives five documents."""
    transport = FakeTransport(answers={"aggregate": lambda _: DOCUMENTS})
    return transport, ProxyClient(transport=transport).shop.items


async def test_nothing_is_sent_before_documents_are_asked_for() -> None:
    transport, items = five_documents()

    cursor = items.aggregate([{"$out": "other"}])
    await asyncio.sleep(0.01)

    assert transport.batches == []
    assert cursor.alive is True
    assert repr(cursor) == "<AggregateCursor <Paging aggregate new> alive=True>"


@ONE_LOOP
async def test_it_is_used_directly() -> None:
    transport, items = five_documents()

    assert await items.aggregate([]).to_list() == DOCUMENTS
    assert [document async for document in items.aggregate([])] == DOCUMENTS
    assert await items.aggregate([]).next() == DOCUMENTS[0]
    assert len(transport.batches) == 3


@ONE_LOOP
async def test_it_is_awaited_first() -> None:
    transport, items = five_documents()

    cursor = await items.aggregate([])

    assert isinstance(cursor, AggregateCursor)
    assert len(transport.batches) == 1
    assert [document async for document in cursor] == DOCUMENTS
    assert cursor.alive is False
    assert await cursor.to_list() == []
    assert len(transport.batches) == 1


@ONE_LOOP
async def test_awaiting_it_again_does_not_run_it_again() -> None:
    transport, items = five_documents()
    cursor = items.aggregate([{"$out": "other"}])

    assert await cursor is cursor
    assert await cursor is cursor
    assert await cursor.to_list() == DOCUMENTS
    assert len(transport.batches) == 1


@ONE_LOOP
async def test_awaiting_it_when_it_has_run_leaves_it_where_it_was() -> None:
    transport, items = five_documents()
    cursor = items.aggregate([])

    assert await cursor.next() == DOCUMENTS[0]
    assert await (await cursor).to_list() == DOCUMENTS[1:]
    assert len(transport.batches) == 1


@pytest.mark.parametrize("is_awaited_first", [False, True])
@ONE_LOOP
async def test_a_list_of_a_length_leaves_the_rest_in_the_cursor(*, is_awaited_first: bool) -> None:
    transport, items = five_documents()
    cursor = items.aggregate([])
    if is_awaited_first:
        await cursor

    lists = [await cursor.to_list(2) for _ in range(4)]

    assert lists == [DOCUMENTS[:2], DOCUMENTS[2:4], DOCUMENTS[4:], []]
    assert len(transport.batches) == 1


@ONE_LOOP
async def test_lists_and_iteration_can_be_mixed() -> None:
    transport, items = five_documents()
    cursor = items.aggregate([])

    assert await cursor.to_list(2) == DOCUMENTS[:2]
    assert await cursor.next() == DOCUMENTS[2]
    assert [document async for document in cursor] == DOCUMENTS[3:]
    assert len(transport.batches) == 1


@pytest.mark.parametrize("length", [0, -1])
@ONE_LOOP
async def test_a_list_of_no_length_is_refused(length: int) -> None:
    transport, items = five_documents()

    with pytest.raises(ValueError, match=r"^to_list\(\) length must be greater than 0$"):
        await items.aggregate([]).to_list(length)

    assert transport.batches == []


async def test_several_pipelines_lists_called_before_they_are_awaited_are_one_batch() -> None:
    transport, items = five_documents()

    lists = [items.aggregate([{"$limit": n}]).to_list(length) for n, length in ((1, None), (2, 3))]

    assert [await waiting for waiting in lists] == [DOCUMENTS, DOCUMENTS[:3]]
    assert len(transport.batches) == 1


async def test_pipelines_awaited_and_iterated_in_one_gather_are_one_batch() -> None:
    transport, items = five_documents()

    async def awaited() -> list[Any]:
        return [document async for document in await items.aggregate([{"$limit": 1}])]

    async def iterated() -> list[Any]:
        return [document async for document in items.aggregate([{"$limit": 2}])]

    assert list(await asyncio.gather(awaited(), iterated())) == [DOCUMENTS, DOCUMENTS]
    assert len(transport.batches) == 1


@ONE_LOOP
async def test_a_closed_cursor_gives_no_more() -> None:
    _, items = five_documents()
    cursor = await items.aggregate([])

    await cursor.close()

    assert cursor.alive is False
    assert await cursor.to_list() == []


@ONE_LOOP
async def test_batch_size_travels_and_is_checked_as_the_drivers() -> None:
    transport, items = five_documents()

    cursor = items.aggregate([])
    assert cursor.batch_size(2) is cursor
    await cursor.to_list()

    assert transport.batches[0][0].args == {"pipeline": [], "batch_size": 2}
    with pytest.raises(TypeError, match="batch_size must be an integer, not <class 'str'>"):
        cursor.batch_size("2")
    with pytest.raises(ValueError, match="batch_size must be >= 0"):
        cursor.batch_size(-2)


@ONE_LOOP
async def test_a_failure_is_raised_where_it_is_awaited() -> None:
    err = envelope.error("OperationFailure", "unknown stage", code=40324)
    transport = FakeTransport(*[lambda _: response(envelope.failure(0, err))] * 3)
    items = ProxyClient(transport=transport).shop.items

    with pytest.raises(OperationFailure, match="unknown stage"):
        await items.aggregate([{"$nonsense": 1}])
    with pytest.raises(OperationFailure, match="unknown stage"):
        await items.aggregate([{"$nonsense": 1}]).to_list()
    with pytest.raises(OperationFailure, match="unknown stage"):
        await items.aggregate([{"$nonsense": 1}]).to_list(3)


@ONE_LOOP
async def test_bad_arguments_are_raised_where_it_is_awaited_as_with_pymongo() -> None:
    transport, items = five_documents()
    said = r"^pipeline must be a list, not <class 'dict'>$"

    asks: list[Callable[[Any], Any]] = [
        lambda cursor: cursor,
        lambda cursor: cursor.to_list(),
        lambda cursor: cursor.to_list(1),
        lambda cursor: cursor.next(),
        lambda cursor: cursor.try_next(),
    ]
    for ask in asks:
        with pytest.raises(TypeError, match=said):
            await ask(items.aggregate({"$match": {}}))

    assert transport.batches == []


# Results of several pages ---------------------------------------------------------------------


def paged(**server: Any) -> tuple[CursorServer, Any]:
    """Make a collection of which every pipeline gives five documents, two in a page."""
    cursors = CursorServer(DOCUMENTS, **{"per_page": 2, **server})
    return cursors, ProxyClient(transport=cursors.transport()).shop.items


@pytest.mark.parametrize("is_awaited_first", [False, True])
@ONE_LOOP
async def test_pages_are_taken_from_one_cursor_under_one_session(*, is_awaited_first: bool) -> None:
    server, items = paged()
    cursor = items.aggregate([{"$match": {}}], comment="why")
    if is_awaited_first:
        assert await cursor is cursor
        assert server.ops == ["aggregate"]

    assert [document async for document in cursor] == DOCUMENTS
    assert server.ops == ["aggregate", "get_more", "get_more"]
    assert len({asked.session for asked in server.asked}) == 1
    assert [asked.args.get("comment") for asked in server.asked] == ["why"] * 3


@ONE_LOOP
async def test_a_list_of_a_length_asks_for_no_more_than_that() -> None:
    server, items = paged(per_page=100)
    cursor = items.aggregate([])

    assert await cursor.to_list(3) == DOCUMENTS[:3]
    assert cursor.alive is True
    assert await cursor.to_list(3) == DOCUMENTS[3:]
    assert cursor.alive is False
    assert [(asked.op, asked.args.get("length")) for asked in server.asked] == [
        ("aggregate", 3),
        ("get_more", 3),
    ]


@ONE_LOOP
async def test_try_next_gives_none_at_the_end() -> None:
    _, items = paged()
    cursor = items.aggregate([])

    assert [await cursor.try_next() for _ in range(7)] == [*DOCUMENTS, None, None]


@ONE_LOOP
async def test_a_batch_size_is_the_length_of_an_iterations_pages_and_never_one() -> None:
    server, items = paged(per_page=100)

    assert [document async for document in items.aggregate([]).batch_size(1)] == DOCUMENTS
    assert [asked.args["length"] for asked in server.asked] == [2, 2, 2]
    assert [document async for document in items.aggregate([], batchSize=0)] == DOCUMENTS
    assert "length" not in server.asked[-1].args


@ONE_LOOP
async def test_where_the_servers_cursor_ran_ahead_the_rest_is_asked_for_anew() -> None:
    server, items = paged(losing=[0])
    pipeline = [{"$match": {"a": 1}}]

    assert await items.aggregate(pipeline).to_list() == DOCUMENTS
    assert [asked.args.get("pipeline") for asked in server.asked] == [
        pipeline,
        [*pipeline, {"$skip": 2}],
        None,
    ]


@pytest.mark.parametrize("stage", [{"$sample": {"size": 5}}, {"$match": {"$expr": {"$rand": {}}}}])
@ONE_LOOP
async def test_where_another_run_would_give_other_documents_it_is_refused(
    stage: dict[str, Any],
) -> None:
    server, items = paged(losing=[0, 1])

    with pytest.raises(ResultTooLarge, match=r"\$sample and \$rand would give others"):
        await items.aggregate([stage]).to_list()
    with pytest.raises(ResultTooLarge):
        async for _ in items.aggregate([stage, {"$limit": 3}]):
            pass
    assert server.ops == ["aggregate", "aggregate"]


@ONE_LOOP
async def test_a_pipeline_of_the_embedded_database_gives_its_documents(
    embedded: ProxyClient,
) -> None:
    items = embedded.shop.items
    await items.insert_many([{"_id": n, "odd": n % 2} for n in range(5)])

    cursor = items.aggregate([{"$group": {"_id": "$odd", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}])

    assert await cursor.to_list() == [{"_id": 0, "n": 3}, {"_id": 1, "n": 2}]
