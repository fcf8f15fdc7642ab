"""`to_list`: begun when it is called, awaited by whoever likes, in as many pages as it takes."""

import asyncio
import gc
from typing import Any

import pytest
from pymongo import CursorType
from pymongo.errors import OperationFailure

from motorpool.batching import envelope
from motorpool.client import OperationTimeout, ProxyClient
from tests.both_loops import ONE_LOOP, Logged
from tests.client.cursor_server import CursorServer
from tests.client.fakes import FakeTransport, response

DOCUMENTS = [{"_id": number} for number in range(10)]


def made(**server: Any) -> tuple[CursorServer, FakeTransport, Any]:
    cursors = CursorServer(DOCUMENTS, **{"per_page": 4, **server})
    transport = cursors.transport()
    return cursors, transport, ProxyClient(transport=transport).shop.items


async def test_it_is_begun_when_it_is_called() -> None:
    server, _, items = made()

    listing = items.find().to_list()
    await asyncio.sleep(0.01)

    assert server.ops == ["find"]
    assert repr(listing) == "<Listing <Paging find started> 0 documents, incomplete>"
    assert await listing == DOCUMENTS
    assert repr(listing) == "<Listing <Paging find exhausted> 10 documents, complete>"


async def test_asyncio_takes_it_as_a_coroutine() -> None:
    _, _, items = made()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(items.find(skip=n).to_list()) for n in range(3)]

    assert [task.result() for task in tasks] == [DOCUMENTS[n:] for n in range(3)]
    assert await asyncio.wait_for(items.find().to_list(5), 30) == DOCUMENTS[:5]
    assert await asyncio.shield(asyncio.ensure_future(items.find().to_list())) == DOCUMENTS


async def test_it_is_awaited_by_two_tasks_and_gives_each_a_list_of_its_own() -> None:
    server, _, items = made()
    listing = items.find().to_list()

    async def wait() -> Any:
        return await listing

    first, second = await asyncio.gather(wait(), wait())

    assert first == second == DOCUMENTS
    assert first is not second
    assert server.ops == ["find", "get_more", "get_more"]
    first.clear()
    assert await listing == DOCUMENTS


async def test_one_of_two_waiting_tasks_may_leave_at_any_page() -> None:
    for page in range(3):
        server, transport, items = made()
        transport.gate = asyncio.Event()
        listing = items.find().to_list()
        leaving = asyncio.ensure_future(wait_for_list(listing))
        staying = asyncio.ensure_future(wait_for_list(listing))
        for _ in range(page):
            await asyncio.sleep(0.005)
            transport.gate.set()
            await asyncio.sleep(0)
            transport.gate.clear()
        await asyncio.sleep(0.005)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        transport.gate.set()

        assert await staying == DOCUMENTS
        assert server.ops == ["find", "get_more", "get_more"]


async def wait_for_list(listing: Any) -> Any:
    return await listing


async def test_lists_called_before_they_are_awaited_follow_each_other() -> None:
    server, transport, items = made()
    cursor = items.find()

    lists = cursor.to_list(3), cursor.to_list(3), cursor.to_list(), cursor.to_list()

    assert [await waiting for waiting in lists] == [
        DOCUMENTS[:3],
        DOCUMENTS[3:6],
        DOCUMENTS[6:],
        [],
    ]
    assert server.ops == ["find", "get_more", "get_more", "get_more"]
    assert [asked.args.get("length") for asked in server.asked] == [3, 3, None, None]
    assert len(transport.batches) == 4


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
async def test_in_whichever_order_they_are_awaited_each_has_its_own_part(
    order: tuple[int, ...],
) -> None:
    _, _, items = made(per_page=2)
    cursor = items.find()
    lists = [cursor.to_list(3) for _ in range(3)]

    found = {number: await lists[number] for number in order}

    assert [found[number] for number in range(3)] == [
        DOCUMENTS[:3],
        DOCUMENTS[3:6],
        DOCUMENTS[6:9],
    ]


async def test_lists_of_one_cursor_gathered_have_each_document_once() -> None:
    _, _, items = made(per_page=2)
    cursor = items.find()

    lists = await asyncio.gather(*(cursor.to_list(3) for _ in range(5)))

    assert lists == [DOCUMENTS[:3], DOCUMENTS[3:6], DOCUMENTS[6:9], DOCUMENTS[9:], []]


async def test_a_cursor_may_be_used_from_another_task() -> None:
    server, _, items = made()
    cursor = items.find()
    assert await cursor.next() == DOCUMENTS[0]

    async def elsewhere() -> list[Any]:
        return [await cursor.next(), *await cursor.to_list(4)]

    assert await asyncio.create_task(elsewhere()) == DOCUMENTS[1:6]
    assert await cursor.to_list() == DOCUMENTS[6:]
    assert [asked.args.get("length") for asked in server.asked] == [None, 2, None, None]


@pytest.mark.parametrize("length", [0, -1, False])
@ONE_LOOP
async def test_no_length_below_one_is_taken(length: int) -> None:
    server, _, items = made()

    for cursor in (items.find(), items.aggregate([])):
        with pytest.raises(ValueError, match=r"^to_list\(\) length must be greater than 0$"):
            cursor.to_list(length)

    assert server.asked == []


@pytest.mark.parametrize("length", ["1", 1.5, b"1"], ids=repr)
@ONE_LOOP
async def test_no_length_is_taken_that_is_no_int(length: Any) -> None:
    _, _, items = made()

    for cursor in (items.find(), items.aggregate([])):
        with pytest.raises(TypeError, match="length must be an int"):
            cursor.to_list(length)


@ONE_LOOP
async def test_of_a_tail_it_is_what_is_there_now() -> None:
    server, _, items = made()
    server.documents = DOCUMENTS[:4]
    cursor = items.find(cursor_type=CursorType.TAILABLE)

    assert await cursor.to_list() == DOCUMENTS[:4]


# What goes wrong ----------------------------------------------------------------------------------


async def test_a_listing_that_timed_out_has_ended_its_cursor() -> None:
    _, transport, items = made()
    transport.gate = asyncio.Event()
    cursor = items.find()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(cursor.to_list(), 0.01)
    transport.gate.set()

    assert cursor.alive is False
    assert await cursor.to_list() == []
    assert await cursor.rewind().to_list() == DOCUMENTS


async def test_a_time_out_in_the_middle_leaves_the_cursor_to_be_ended() -> None:
    server, transport, items = made()
    cursor = items.find()
    await cursor.next()
    transport.gate = asyncio.Event()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(cursor.to_list(), 0.01)
    transport.gate.set()
    await asyncio.sleep(0.01)

    assert await cursor.to_list() == []
    del cursor
    gc.collect()
    await items.find_one({})
    assert server.open == {}


async def test_the_clients_own_time_out_runs_for_each_page() -> None:
    server = CursorServer(DOCUMENTS, per_page=4)
    transport = server.transport()
    items = ProxyClient(transport=transport, timeout=0.02).shop.items
    cursor = items.find()
    await cursor.next()
    transport.gate = asyncio.Event()

    with pytest.raises(OperationTimeout) as raised:
        await cursor.to_list()
    transport.gate.set()

    assert raised.value.may_have_applied is False
    assert cursor.alive is False


@pytest.mark.parametrize("failing", [0, 1, 2])
async def test_a_failure_is_every_waiters_and_later_lists_are_empty(failing: int) -> None:
    server, transport, items = made()
    err = envelope.error("OperationFailure", "no", code=1)
    transport.script += [transport.answer_all] * failing
    transport.script.append(lambda _: response(envelope.failure(0, err)))
    cursor = items.find()
    listing = cursor.to_list()

    outcomes = await asyncio.gather(
        wait_for_list(listing), wait_for_list(listing), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [OperationFailure] * 2
    with pytest.raises(OperationFailure, match="no"):
        await listing
    assert await cursor.to_list() == []
    assert cursor.alive is False
    assert len(server.asked) == failing


async def test_a_list_called_before_an_earlier_one_failed_is_empty() -> None:
    _, transport, items = made()
    err = envelope.error("OperationFailure", "no", code=1)
    transport.script.append(lambda _: response(envelope.failure(0, err)))
    cursor = items.find()
    first, second = cursor.to_list(2), cursor.to_list(2)

    with pytest.raises(OperationFailure):
        await first

    assert await second == []


async def test_a_cursor_closed_while_its_list_is_on_its_way_ends_both() -> None:
    server, transport, items = made()
    transport.gate = asyncio.Event()
    cursor = items.find()
    waiting = asyncio.ensure_future(cursor.to_list())
    await asyncio.sleep(0.01)

    await cursor.close()
    transport.gate.set()

    assert await waiting == DOCUMENTS[:4]  # what was on its way
    assert cursor.alive is False
    assert server.ops == ["find"]
    del cursor, waiting
    await asyncio.sleep(0)  # the loop itself holds a task until whom it woke has run
    gc.collect()
    await items.find_one({})
    assert server.open == {}


async def test_one_that_is_never_awaited_is_asked_for_once_and_leaves_nothing(
    logged: Logged,
) -> None:
    server, _, items = made()

    items.find().to_list()
    await asyncio.sleep(0.01)
    gc.collect()
    await items.find_one({})

    assert server.ops == ["find", "kill_cursors"]
    assert logged() == []


async def test_one_that_is_closed_before_it_left_is_not_sent() -> None:
    server, _, items = made()

    listing = items.find().to_list()
    listing.close()
    await asyncio.sleep(0.01)

    assert server.asked == []
