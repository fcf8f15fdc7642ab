"""What only Motor's cursors have, on the cursors here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from motorpool.client import ProxyClient

pytestmark = pytest.mark.filterwarnings("ignore:The (fetch_next|next_object) :DeprecationWarning")


async def filled(embedded: ProxyClient, count: int = 3) -> Any:
    items = embedded.shop.items
    if count:
        await items.insert_many([{"_id": number} for number in range(count)])
    return items


@pytest.mark.parametrize("make", ["find", "aggregate"])
async def test_fetch_next_and_next_object_go_through_a_result(
    embedded: ProxyClient, make: str
) -> None:
    items = await filled(embedded)
    cursor = items.find() if make == "find" else items.aggregate([])
    seen = []

    assert cursor.next_object() is None
    while await cursor.fetch_next:
        seen.append(cursor.next_object()["_id"])

    assert seen == [0, 1, 2]
    assert not await cursor.fetch_next
    assert cursor.next_object() is None


async def test_fetch_next_says_no_of_an_empty_result(embedded: ProxyClient) -> None:
    items = await filled(embedded, 0)

    assert not await items.find().fetch_next


async def test_each_calls_back_for_each_document_and_at_the_end(embedded: ProxyClient) -> None:
    items = await filled(embedded)
    told: list[Any] = []
    ended = asyncio.Event()

    def callback(document: Any, error: Exception | None) -> None:
        told.append((document, error))
        if document is None:
            ended.set()

    items.find().each(callback)
    await ended.wait()

    assert told == [({"_id": 0}, None), ({"_id": 1}, None), ({"_id": 2}, None), (None, None)]


async def test_each_stops_at_a_false(embedded: ProxyClient) -> None:
    items = await filled(embedded)
    told: list[Any] = []
    stopped = asyncio.Event()

    def callback(document: Any, _: Exception | None) -> bool:
        told.append(document["_id"])
        stopped.set()
        return False

    cursor = items.find()
    cursor.each(callback)
    await stopped.wait()

    assert told == [0]
    assert [document["_id"] for document in await cursor.to_list()] == [1, 2]


async def test_each_tells_the_error(embedded: ProxyClient) -> None:
    items = await filled(embedded)
    told: list[Any] = []
    ended = asyncio.Event()

    def callback(document: Any, error: Exception | None) -> None:
        told.append((document, error))
        ended.set()

    items.aggregate([{"$nonsense": 1}]).each(callback)
    await ended.wait()

    ((document, error),) = told
    assert document is None
    assert "nonsense" in str(error)


async def test_each_takes_what_can_be_called(embedded: ProxyClient) -> None:
    items = await filled(embedded)

    with pytest.raises(TypeError, match="callback must be a callable"):
        items.find().each("print")


async def test_started_and_closed_say_how_far_a_cursor_is(embedded: ProxyClient) -> None:
    items = await filled(embedded)
    cursor = items.find()

    assert (cursor.started, cursor.closed) == (False, False)
    await cursor.next()
    assert (cursor.started, cursor.closed) == (True, False)
    await cursor.close()
    assert (cursor.started, cursor.closed) == (True, True)


async def test_what_motor_deprecates_warns(embedded: ProxyClient) -> None:
    cursor = (await filled(embedded)).find()

    with pytest.warns(DeprecationWarning, match="fetch_next property is deprecated"):
        assert await cursor.fetch_next
    with pytest.warns(DeprecationWarning, match="next_object method is deprecated"):
        assert cursor.next_object() == {"_id": 0}
