"""Logical sessions: made by the client, lent to one cursor at a time, left behind with nobody."""

import asyncio
import gc
import time
from typing import Any

import pytest

from motorpool.batching import envelope
from motorpool.client import ConnectionLost, ProxyClient, RetryPolicy
from motorpool.client.cursors.leases import IDLE_SECONDS, Lease, Leases
from tests.both_loops import ONE_LOOP, Logged
from tests.client.cursor_server import CursorServer
from tests.client.fakes import FakeTransport, response

DOCUMENTS = [{"_id": number} for number in range(10)]
TOLD = {"id": 7, "sizes": [1.0, 14.0, 196.0], "count": 1}


def made(**server: Any) -> tuple[CursorServer, FakeTransport, ProxyClient]:
    cursors = CursorServer(DOCUMENTS, **server)
    transport = cursors.transport()
    return cursors, transport, ProxyClient(transport=transport)


# One session --------------------------------------------------------------------------------------


def test_a_session_is_a_uuid_that_nobody_else_has() -> None:
    pool = Leases()

    lent = [pool.take() for _ in range(3)]

    assert {len(lease.session) for lease in lent} == {envelope.SESSION_BYTES}
    assert {lease.session[6] >> 4 for lease in lent} == {4}  # a random UUID, RFC 9562
    assert len({lease.session for lease in lent}) == 3
    assert repr(pool) == "<Leases 0 idle, 0 orphans>"
    assert repr(lent[0]) == "<Lease>"


def test_the_session_that_was_given_back_last_is_lent_first() -> None:
    pool = Leases()
    first, second = pool.take(), pool.take()

    first.give_back()
    second.give_back()

    assert repr(pool) == "<Leases 2 idle, 0 orphans>"
    assert [pool.take().session for _ in range(2)] == [second.session, first.session]


def test_a_session_that_a_server_may_have_forgotten_is_not_lent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = Leases()
    now = 1_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    old = pool.take()
    old.give_back()

    now += IDLE_SECONDS - 1
    again = pool.take()
    assert again.session == old.session
    again.give_back()
    now += IDLE_SECONDS
    assert pool.take().session != old.session
    assert repr(pool) == "<Leases 0 idle, 0 orphans>"


def test_a_cursor_left_open_by_who_forgets_its_session_is_to_be_ended() -> None:
    pool = Leases()
    lease: Lease | None = pool.take()
    assert lease is not None
    session = lease.session
    lease.hold("shop.items", TOLD)
    assert repr(lease) == "<Lease of a cursor>"

    del lease
    gc.collect()

    assert list(pool.orphans) == [("shop.items", TOLD, session)]
    assert pool.take().session != session


def test_nothing_is_left_behind_by_who_gives_back_or_had_no_cursor() -> None:
    pool = Leases()
    lease = pool.take()
    lease.hold("shop.items", TOLD)
    lease.give_back()
    other = pool.take()

    del lease, other
    gc.collect()

    assert list(pool.orphans) == []


def test_only_the_first_of_two_readers_goes_on_with_the_cursor() -> None:
    lease = Leases().take()

    assert [lease.claim() for _ in range(3)] == [True, False, False]


# A client's sessions ------------------------------------------------------------------------------


@ONE_LOOP
async def test_operations_of_one_batch_have_sessions_of_their_own_and_later_ones_have_them_again() -> (  # noqa: E501
    None
):
    server, _, client = made()
    items = client.shop.items

    await asyncio.gather(*(items.find(skip=n).to_list() for n in range(3)))
    await asyncio.gather(*(items.find(skip=n).to_list() for n in range(3)))
    await items.aggregate([]).to_list()

    first, second, last = server.asked[:3], server.asked[3:6], server.asked[6]
    assert len({asked.session for asked in first}) == 3
    assert {asked.session for asked in second} == {asked.session for asked in first}
    assert last.session in {asked.session for asked in first}


@ONE_LOOP
async def test_what_has_no_cursor_has_no_session() -> None:
    _, transport, client = made()

    await client.shop.items.find_one({"_id": 1})
    await client.shop.items.distinct("a")
    await client.shop.items.insert_one({"_id": 1})

    assert [asked.session for batch in transport.batches for asked in batch] == [None] * 3


@ONE_LOOP
async def test_the_session_of_an_open_cursor_is_lent_to_nobody_else() -> None:
    server, _, client = made(per_page=4)
    items = client.shop.items
    reading = items.find()
    await reading.next()

    await items.find(limit=1).to_list()
    await reading.to_list()
    await items.find(limit=1).to_list()

    opened, beside, *continued, after = server.asked
    assert beside.session != opened.session
    assert {asked.session for asked in continued} == {opened.session}
    assert after.session in {opened.session, beside.session}
    assert server.open == {}


@ONE_LOOP
async def test_an_operation_that_failed_takes_its_session_with_it() -> None:
    server = CursorServer(DOCUMENTS)
    err = envelope.error("OperationFailure", "no", code=1)
    transport = server.transport(lambda _: response(envelope.failure(0, err)))
    items = ProxyClient(transport=transport).shop.items

    with pytest.raises(Exception, match="no"):
        await items.find().to_list()
    await items.find().to_list()

    assert transport.batches[0][0].session != transport.batches[1][0].session


@ONE_LOOP
async def test_a_repeat_after_a_lost_answer_has_a_session_of_its_own() -> None:
    server = CursorServer(DOCUMENTS)
    transport = server.transport(ConnectionLost("reset"))
    items = ProxyClient(transport=transport, retry=RetryPolicy(0.0, 0.0)).shop.items

    assert await items.find().to_list() == DOCUMENTS

    first, again = (batch[0].session for batch in transport.batches)
    assert first != again


@ONE_LOOP
async def test_an_operation_sent_again_for_room_keeps_its_session() -> None:
    server = CursorServer(DOCUMENTS)
    transport = server.transport(lambda _: response(envelope.again(0, "the response was full")))
    items = ProxyClient(transport=transport).shop.items

    assert await items.find().to_list() == DOCUMENTS

    assert len({batch[0].session for batch in transport.batches}) == 1


# Cursors left behind ------------------------------------------------------------------------------


@ONE_LOOP
async def test_a_cursor_that_is_closed_is_ended_on_the_server_at_once() -> None:
    server, transport, client = made(per_page=4)
    cursor = client.shop.items.find()
    await cursor.next()
    session = server.asked[0].session

    await cursor.close()

    assert server.killed == [1]
    assert server.open == {}
    assert [[asked.op for asked in batch] for batch in transport.batches] == [
        ["find"],
        ["kill_cursors"],
    ]
    ended = transport.batches[1][0]
    assert (ended.ns, ended.session) == ("shop.items", session)
    assert ended.args == {
        "cursors": [
            {"id": 1, "sizes": [1.0, 14.0, 196.0], "address": "db:27017", "count": 4},
        ]
    }
    await cursor.close()
    await client.shop.items.find(limit=1).to_list()
    assert transport.batches[2][0].session == session
    assert len(transport.batches) == 3


@ONE_LOOP
async def test_leaving_the_block_of_a_cursor_ends_it() -> None:
    server, _, client = made(per_page=4)

    async with client.shop.items.find() as cursor:
        await cursor.next()
    async with client.shop.items.aggregate([]) as aggregation:
        await aggregation.next()

    assert server.killed == [1, 2]


@ONE_LOOP
async def test_a_forgotten_cursor_is_ended_with_the_next_batch_and_makes_none_of_its_own(
    logged: Logged,
) -> None:
    server, transport, client = made(per_page=4)
    items = client.shop.items

    async for _ in items.find():
        break
    await items.aggregate([]).next()
    gc.collect()
    await asyncio.sleep(0.01)
    assert len(transport.batches) == 2 and server.killed == [1]  # noqa: PT018 - one moment

    await items.find_one({"_id": 1})

    assert server.killed == [1, 2]
    assert [[asked.op for asked in batch] for batch in transport.batches] == [
        ["find"],
        ["aggregate", "kill_cursors"],
        ["find_one", "kill_cursors"],
    ]
    assert logged() == []


@ONE_LOOP
async def test_a_forgotten_cursor_is_ended_when_the_client_is_closed() -> None:
    server, transport, client = made(per_page=4)
    await client.shop.items.find().next()
    gc.collect()

    await client.aclose()

    assert server.killed == [1]
    assert [asked.op for asked in transport.batches[-1]] == ["kill_cursors"]


@ONE_LOOP
async def test_that_ending_a_forgotten_cursor_fails_is_nobodys_error(logged: Logged) -> None:
    server, transport, client = made(per_page=4)
    items = client.shop.items
    await items.find().next()
    gc.collect()
    err = envelope.error("OperationFailure", "no", code=1)
    transport.script.append(
        lambda _: response(envelope.success(0, {"_id": 1}), envelope.failure(1, err))
    )

    assert await items.find_one({"_id": 1}) == {"_id": 1}

    assert logged() == []
    assert server.killed == []


@ONE_LOOP
async def test_a_cursor_whose_page_nobody_waits_for_any_more_is_ended_with_the_next_batch() -> None:
    server, transport, client = made(per_page=4)
    items = client.shop.items
    transport.gate = asyncio.Event()
    reading = asyncio.ensure_future(items.find().to_list())
    await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    transport.gate.set()
    await asyncio.sleep(0.01)
    del reading
    gc.collect()

    await items.find_one({})

    assert server.killed == [1]
    assert server.open == {}
