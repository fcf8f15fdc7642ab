"""Cursors over what is listed at once: as the driver's command cursor, and sent only when asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from motorpool.client import CommandCursor, LatentCommandCursor, NotInvoked, ProxyClient
from tests.client.fakes import FakeTransport

LISTED = [{"name": name, "key": {"a": 1}} for name in ("a", "b", "c")]


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport(answers={"list_indexes": lambda _: LISTED})


def cursor_of(transport: FakeTransport) -> LatentCommandCursor:
    return ProxyClient(transport=transport).shop.items.list_indexes()


async def names(listed: Any) -> list[str]:
    return [each["name"] async for each in listed]


async def test_nothing_is_sent_before_documents_are_asked_for(transport: FakeTransport) -> None:
    cursor = cursor_of(transport)
    await asyncio.sleep(0.02)

    assert transport.batches == []
    assert cursor.alive
    assert await names(cursor) == ["a", "b", "c"]
    assert len(transport.batches) == 1


async def test_a_list_is_queued_when_it_is_called(transport: FakeTransport) -> None:
    client = ProxyClient(transport=transport)

    first = client.shop.items.list_indexes().to_list()
    second = client.shop.others.list_indexes().to_list(1)

    assert len(await first) == 3
    assert len(await second) == 1
    assert [len(batch) for batch in transport.batches] == [2]


async def test_documents_are_asked_for_once_and_come_in_pieces(transport: FakeTransport) -> None:
    cursor = await cursor_of(transport)

    assert (await cursor.next())["name"] == "a"
    assert (await cursor.try_next())["name"] == "b"
    assert cursor.alive
    assert [each["name"] for each in await cursor.to_list(5)] == ["c"]
    assert not cursor.alive
    assert await cursor.try_next() is None
    assert await cursor.to_list() == []
    with pytest.raises(StopAsyncIteration):
        await cursor.next()
    assert await cursor is cursor
    assert len(transport.batches) == 1


async def test_two_who_wait_get_each_document_once(transport: FakeTransport) -> None:
    cursor = cursor_of(transport)

    found = await asyncio.gather(cursor.to_list(2), cursor.to_list(2))

    assert sorted(each["name"] for listed in found for each in listed) == ["a", "b", "c"]
    assert len(transport.batches) == 1


async def test_a_failure_is_raised_and_the_next_time_asks_again() -> None:
    transport = FakeTransport(
        NotInvoked("no such function"), answers={"list_indexes": lambda _: LISTED}
    )
    cursor = cursor_of(transport)

    with pytest.raises(NotInvoked):
        await cursor
    assert cursor.alive
    assert await names(cursor) == ["a", "b", "c"]


async def test_a_caller_that_is_cancelled_leaves_the_cursor_as_it_was(
    transport: FakeTransport,
) -> None:
    transport.gate = asyncio.Event()
    cursor = cursor_of(transport)

    waiting = asyncio.ensure_future(cursor.to_list())
    await asyncio.sleep(0.02)
    waiting.cancel()
    await asyncio.wait([waiting])
    transport.gate.set()

    assert await names(cursor) == ["a", "b", "c"]


async def test_a_closed_cursor_is_empty_and_asks_nothing(transport: FakeTransport) -> None:
    cursor = cursor_of(transport)

    await cursor.close()

    assert not cursor.alive
    assert await cursor.to_list() == []
    assert transport.batches == []


async def test_closing_forgets_what_is_left(transport: FakeTransport) -> None:
    async with cursor_of(transport) as cursor:
        await cursor.next()

    assert not cursor.alive
    assert await names(cursor) == []


@pytest.mark.parametrize("length", [0, -1])
async def test_a_list_of_no_length_is_refused_and_nothing_asked(
    transport: FakeTransport, length: int
) -> None:
    with pytest.raises(ValueError, match=r"to_list\(\) length must be greater than 0"):
        cursor_of(transport).to_list(length)
    assert transport.batches == []


def test_a_batch_size_is_checked_as_by_the_driver() -> None:
    cursor = CommandCursor(LISTED)

    assert cursor.batch_size(2) is cursor
    with pytest.raises(TypeError, match="batch_size must be an integer, not <class 'str'>"):
        cursor.batch_size("2")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="batch_size must be >= 0"):
        cursor.batch_size(-1)


def test_a_cursor_is_bound_to_no_server() -> None:
    cursor = CommandCursor(LISTED)

    assert (cursor.cursor_id, cursor.address, cursor.session) == (0, None, None)
    assert repr(cursor) == "<CommandCursor 3 left>"


async def test_it_has_what_only_motors_cursors_have(transport: FakeTransport) -> None:
    cursor = cursor_of(transport)
    assert not cursor.started

    with pytest.deprecated_call():
        assert await cursor.fetch_next
    with pytest.deprecated_call():
        assert cursor.next_object()["name"] == "a"
    assert cursor.started
    seen: list[Any] = []
    cursor.each(lambda document, error: seen.append((document and document["name"], error)))
    await asyncio.sleep(0.02)

    assert seen == [("b", None), ("c", None), (None, None)]
    with pytest.deprecated_call():
        assert cursor.next_object() is None
    assert CommandCursor().started
