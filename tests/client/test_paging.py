"""A result by the page: one cursor while it lasts, and the question anew where it does not."""

import asyncio
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import CursorType
from pymongo.errors import AutoReconnect, CursorNotFound, OperationFailure, PyMongoError

from motorpool.batching import envelope
from motorpool.client import ConnectionLost, ProxyClient, RetryPolicy, Throttled
from tests.both_loops import ONE_LOOP, Logged
from tests.client.cursor_server import CursorServer
from tests.client.fakes import FakeTransport, response

DOCUMENTS = [{"_id": number} for number in range(10)]
AT_ONCE = RetryPolicy(base_pause=0.0, max_pause=0.0)


def made(**server: Any) -> tuple[CursorServer, FakeTransport, Any]:
    cursors = CursorServer(DOCUMENTS, **{"per_page": 4, **server})
    transport = cursors.transport()
    return cursors, transport, ProxyClient(transport=transport, retry=AT_ONCE).shop.items


def questions(server: CursorServer) -> list[tuple[str, int | None, int | None, int | None]]:
    """Return each operation with its skip, limit and length."""
    return [
        (asked.op, asked.args.get("skip"), asked.args.get("limit"), asked.args.get("length"))
        for asked in server.asked
    ]


# The server's cursor has run ahead of what fitted -------------------------------------------------


@pytest.mark.parametrize("per_page", [1, 3, 4, 10])
@pytest.mark.parametrize("losing", [[0], [1], [0, 1, 2], list(range(20))], ids=str)
@ONE_LOOP
async def test_no_document_is_missed_or_doubled_wherever_a_page_was_lost(
    per_page: int, losing: list[int]
) -> None:
    server, _, items = made(per_page=per_page, losing=losing)

    assert [document async for document in items.find()] == DOCUMENTS
    assert await items.find().to_list() == DOCUMENTS
    assert server.open == {}


@ONE_LOOP
async def test_what_comes_after_a_lost_page_is_asked_for_by_skip() -> None:
    server, _, items = made(losing=[1])

    assert await items.find({"a": 1}, sort={"b": 1}).skip(1).to_list() == DOCUMENTS[1:]

    assert questions(server) == [
        ("find", 1, None, None),
        ("get_more", None, None, None),
        ("find", 9, None, None),
    ]
    assert server.asked[2].args["filter"] == {"a": 1}
    assert server.asked[2].args["sort"] == [["b", 1]]


@pytest.mark.parametrize("limit", [9, -9])
@ONE_LOOP
async def test_a_limit_is_less_by_what_has_come_and_ends_with_a_page_that_was_lost(
    limit: int,
) -> None:
    server, _, items = made(losing=[0, 1, 2])

    assert await items.find(limit=limit).to_list() == DOCUMENTS[:9]
    assert questions(server) == [
        ("find", None, 9, None),
        ("find", 4, 5, None),
        ("find", 8, 1, None),
    ]


@ONE_LOOP
async def test_a_limit_that_is_reached_by_a_lost_page_asks_for_nothing_more() -> None:
    server, _, items = made(losing=[0, 1])

    assert await items.find(limit=8).to_list() == DOCUMENTS[:8]
    assert len(server.asked) == 2


@ONE_LOOP
async def test_a_lost_page_without_documents_is_asked_for_again() -> None:
    server, _, items = made(losing=[1])
    server.per_page = 4
    cursor = items.find()
    await cursor.to_list(4)
    server.per_page = 0  # it found no room beside others

    listing = asyncio.ensure_future(cursor.to_list())
    await asyncio.sleep(0)
    server.losing = [1]
    await asyncio.sleep(0.01)
    server.per_page = 4

    assert await listing == DOCUMENTS[4:]
    assert questions(server)[:3] == [
        ("find", None, None, 4),
        ("get_more", None, None, None),
        ("find", 4, None, None),
    ]


@ONE_LOOP
async def test_the_session_of_a_lost_page_is_at_rest_and_lent_again() -> None:
    server, _, items = made(losing=[0])

    await items.find().to_list()

    assert len({asked.session for asked in server.asked}) == 1


@ONE_LOOP
async def test_a_list_of_a_length_goes_over_lost_pages() -> None:
    server, _, items = made(per_page=3, losing=[0, 2])
    cursor = items.find()

    assert await cursor.to_list(5) == DOCUMENTS[:5]
    assert await cursor.to_list(5) == DOCUMENTS[5:]
    assert await cursor.to_list(5) == []
    assert questions(server)[:2] == [("find", None, None, 5), ("find", 3, None, 2)]


# Two readers of one question ----------------------------------------------------------------------


async def test_identical_finds_of_one_moment_share_a_page_and_one_of_them_the_cursor() -> None:
    server, transport, items = made()
    reader = items.find({"a": 1}), items.find({"a": 1}), items.find({"a": 1})

    lists = await asyncio.gather(*(cursor.to_list() for cursor in reader))

    assert lists == [DOCUMENTS] * 3
    assert [asked.op for asked in transport.batches[0]] == ["find"]
    assert questions(server)[:4] == [
        ("find", None, None, None),
        ("get_more", None, None, None),
        ("find", 4, None, None),  # for both: identical again
        ("get_more", None, None, None),
    ]
    assert server.open == {}
    lists[0][0]["_id"] = "changed"
    assert lists[1][0] == {"_id": 0}


@ONE_LOOP
async def test_the_second_reader_gives_up_without_ending_the_firsts_cursor() -> None:
    server, _, items = made()
    first, second = items.find(), items.find()
    await asyncio.gather(first.next(), second.next())

    await second.close()

    assert server.killed == []
    assert await first.to_list() == DOCUMENTS[1:]


@ONE_LOOP
async def test_pages_of_two_cursors_never_count_as_the_same_question() -> None:
    server, transport, items = made()
    first, second = items.find(), items.find(limit=9)
    await asyncio.gather(first.next(), second.next())

    rest, rest_of_nine = await asyncio.gather(first.to_list(), second.to_list())

    assert rest == DOCUMENTS[1:]
    assert rest_of_nine == DOCUMENTS[1:9]
    assert [asked.op for asked in transport.batches[1]] == ["get_more", "get_more"]
    assert {asked.session for asked in server.asked[:2]} == {
        asked.session for asked in server.asked[2:]
    }


# The cursor ends on the server --------------------------------------------------------------------


@ONE_LOOP
async def test_a_cursor_that_timed_out_raises_what_the_driver_raises_and_has_ended(
    logged: Logged,
) -> None:
    server, transport, items = made()
    cursor = items.find()
    documents = [await cursor.next() for _ in range(4)]
    server.open.clear()

    with pytest.raises(CursorNotFound, match="cursor id 1 not found") as raised:
        await cursor.next()

    assert documents == DOCUMENTS[:4]
    assert raised.value.code == 43
    assert isinstance(raised.value, OperationFailure)
    assert cursor.alive is False
    assert await cursor.to_list() == []
    with pytest.raises(StopAsyncIteration):
        await cursor.next()
    assert len(transport.batches) == 2
    assert await cursor.rewind().to_list() == DOCUMENTS
    assert logged() == []


@pytest.mark.parametrize("code", [43, 96, 136, 175, 237, 17406, 28617])
@ONE_LOOP
async def test_a_tail_ends_without_an_error_where_its_collection_rolled_over(code: int) -> None:
    server, transport, items = made()
    cursor = items.find(cursor_type=CursorType.TAILABLE)
    documents = [await cursor.next() for _ in range(4)]
    err = envelope.error("OperationFailure", "gone", code=code)
    transport.script.append(lambda _: response(envelope.failure(0, err)))

    assert [document async for document in cursor] == []
    assert (documents, cursor.alive) == (DOCUMENTS[:4], False)
    assert server.ops == ["find"]


@ONE_LOOP
async def test_a_tail_of_which_nothing_is_there_yet_ends_an_iteration_and_not_the_cursor() -> None:
    server, _, items = made()
    server.documents = DOCUMENTS[:2]
    server.per_page = 2
    cursor = items.find(cursor_type=CursorType.TAILABLE_AWAIT)

    assert [document async for document in cursor] == DOCUMENTS[:2]
    assert cursor.alive is False or server.ops.count("get_more") == 1


# What goes again ----------------------------------------------------------------------------------


@ONE_LOOP
async def test_a_next_page_that_was_refused_before_it_ran_is_asked_for_again() -> None:
    _, transport, items = made()
    cursor = items.find()
    await cursor.next()
    transport.script += [Throttled("429"), Throttled("429")]

    assert await cursor.to_list() == DOCUMENTS[1:]
    assert [[asked.op for asked in batch] for batch in transport.batches] == [
        ["find"],
        *[["get_more"]] * 4,
    ]


@ONE_LOOP
async def test_a_next_page_of_which_nobody_knows_is_never_asked_for_twice() -> None:
    server, transport, items = made()
    cursor = items.find()
    await cursor.next()
    transport.script.append(ConnectionLost("reset"))

    with pytest.raises(AutoReconnect, match="reset") as raised:
        await cursor.to_list()

    assert isinstance(raised.value, ConnectionLost)
    assert raised.value.may_have_applied is False
    assert server.ops == ["find"]
    assert cursor.alive is False
    assert await cursor.to_list() == []


@ONE_LOOP
async def test_two_questions_to_one_cursor_are_two_and_never_count_as_one() -> None:
    server, transport, items = made()
    cursor = items.find()
    await cursor.to_list(2)

    session, told = server.asked[0].session, {"cursor": cursor._paging.cursor, "length": 2}  # noqa: SLF001
    first, second = (items._page_call("get_more", told, session) for _ in range(2))  # noqa: SLF001

    assert (await first).page.take() == DOCUMENTS[2:4]
    assert (await second).page.take() == DOCUMENTS[4:6]
    assert [asked.op for asked in transport.batches[1]] == ["get_more", "get_more"]


@ONE_LOOP
async def test_a_first_page_of_which_nobody_knows_goes_again() -> None:
    server, transport, items = made()
    transport.script.append(ConnectionLost("reset"))

    assert await items.find().to_list() == DOCUMENTS
    assert server.ops == ["find", "get_more", "get_more"]


@ONE_LOOP
async def test_the_cursor_that_a_lost_page_left_open_is_ended_later() -> None:
    server, transport, items = made()
    cursor = items.find()
    await cursor.next()
    transport.script.append(ConnectionLost("reset"))
    with pytest.raises(AutoReconnect):
        await cursor.to_list()
    del cursor

    await items.find_one({})

    assert server.killed == [1]


@pytest.mark.parametrize("ok", [None, 5, {"a": 1}, "text"], ids=repr)
@ONE_LOOP
async def test_an_answer_that_is_no_page_is_a_protocol_error(ok: object) -> None:
    transport = FakeTransport(answers={"find": lambda _: ok})
    items = ProxyClient(transport=transport).shop.items

    with pytest.raises(PyMongoError, match="no list of documents"):
        await items.find().to_list()


# Documents ----------------------------------------------------------------------------------------


@ONE_LOOP
async def test_each_page_is_decoded_with_the_collections_options() -> None:
    _, _, items = made()
    raw: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)

    documents = await items.with_options(codec_options=raw).find().to_list()

    assert {type(document) for document in documents} == {RawBSONDocument}
    assert [document["_id"] for document in documents] == list(range(10))


@ONE_LOOP
async def test_raw_batches_are_pages_and_each_is_documents_one_behind_the_other() -> None:
    server, _, items = made()

    batches = [batch async for batch in items.find_raw_batches()]
    assert [bson.decode_all(batch) for batch in batches] == [
        DOCUMENTS[:4],
        DOCUMENTS[4:8],
        DOCUMENTS[8:],
    ]
    assert server.ops == ["find", "get_more", "get_more"]
    by_five = await items.find_raw_batches(batch_size=3).to_list(2)
    assert [bson.decode_all(batch) for batch in by_five] == [DOCUMENTS[:3], DOCUMENTS[3:6]]
    pipeline = await items.aggregate_raw_batches([]).to_list()
    assert [len(bson.decode_all(batch)) for batch in pipeline] == [4, 4, 2]
    with pytest.raises(ValueError, match=r"^to_list\(\) length must be greater than 0$"):
        await items.find_raw_batches().to_list(0)


@pytest.mark.parametrize(("limit", "batch_size", "count"), [(-3, 0, 3), (-3, 2, 2), (-2, 3, 2)])
async def test_a_negative_limit_gives_one_batch_and_no_more(
    embedded: ProxyClient, limit: int, batch_size: int, count: int
) -> None:
    """As a server does with the driver's `singleBatch`."""
    items = embedded.shop.items
    await items.insert_many([{"_id": number} for number in range(5)])

    assert len(await items.find(limit=limit, batch_size=batch_size).to_list()) == count
    assert len([each async for each in items.find(limit=limit, batch_size=batch_size)]) == count
