"""A write of many that no single batch can hold goes in parts, and is answered as one."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pymongo
import pymongo.errors
import pytest

from motorpool.client import Bounds, InProcessTransport, ProxyClient, WriteConcern
from motorpool.client.split_write import Span, spans
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from motorpool.client import Collection

SMALL = Bounds(batch_bytes=3_000)
"""Room for some twenty of the documents below."""


@pytest.fixture
async def items() -> AsyncIterator[Collection]:
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    transport = InProcessTransport(proxy.handle)
    async with ProxyClient(transport=transport, bounds=SMALL) as client:
        yield client.shop.items
    proxy.close()


def documents(count: int) -> list[dict[str, Any]]:
    return [{"_id": number, "text": "x" * 100} for number in range(count)]


def invocations(items: Collection) -> int:
    return items.database.client.counters.invocations


# Where it is split --------------------------------------------------------------------------------


def test_spans_are_the_fewest_runs_that_fit() -> None:
    assert spans([3, 3, 3, 3], 6) == [Span(0, 2), Span(2, 4)]
    assert spans([1, 5, 1, 5], 6) == [Span(0, 2), Span(2, 4)]
    assert spans([6], 6) == [Span(0, 1)]
    assert spans([], 6) == [Span(0, 0)]


def test_an_item_that_is_larger_than_the_room_is_a_run_by_itself() -> None:
    assert spans([1, 2, 7, 2, 3], 6) == [Span(0, 2), Span(2, 3), Span(3, 5)]
    assert spans([7, 7], 6) == [Span(0, 1), Span(1, 2)]


# Results ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ordered", [True, False])
async def test_insert_many_inserts_all_of_them_in_several_invocations(
    items: Collection, *, ordered: bool
) -> None:
    result = await items.insert_many(documents(100), ordered=ordered)

    assert result.inserted_ids == list(range(100))
    assert result.acknowledged
    assert invocations(items) > 3
    assert await items.count_documents({}) == 100


async def test_what_fits_is_sent_whole(items: Collection) -> None:
    await items.insert_many(documents(10))

    assert invocations(items) == 1


async def test_ids_are_made_for_documents_of_every_part(items: Collection) -> None:
    given = [{"text": "x" * 100} for _ in range(100)]

    result = await items.insert_many(given)

    assert result.inserted_ids == [document["_id"] for document in given]
    assert len(set(result.inserted_ids)) == 100


async def test_a_bulk_writes_counts_are_of_the_whole(items: Collection) -> None:
    await items.insert_many(documents(100))
    requests = [
        *(pymongo.UpdateOne({"_id": number}, {"$set": {"a": "y" * 50}}) for number in range(40)),
        *(
            pymongo.UpdateOne({"_id": -number}, {"$set": {"a": 1}}, upsert=True)
            for number in (1, 2)
        ),
        *(pymongo.DeleteOne({"_id": number}) for number in range(50, 90)),
        *(pymongo.InsertOne({"_id": 1000 + number}) for number in range(5)),
    ]

    result = await items.bulk_write(requests)

    assert invocations(items) > 6
    assert (result.inserted_count, result.deleted_count, result.upserted_count) == (5, 40, 2)
    assert (result.matched_count, result.modified_count) == (40, 40)
    assert result.upserted_ids is not None
    assert sorted(result.upserted_ids.values()) == [-2, -1]


# Errors -------------------------------------------------------------------------------------------


async def test_an_ordered_write_stops_at_its_first_error_with_the_index_in_the_whole(
    items: Collection,
) -> None:
    await items.insert_many([{"_id": 60}, {"_id": 70}])

    with pytest.raises(pymongo.errors.BulkWriteError) as caught:
        await items.insert_many(documents(100))

    details = caught.value.details
    assert details is not None
    assert [error["index"] for error in details["writeErrors"]] == [60]
    assert details["writeErrors"][0]["op"]["_id"] == 60
    assert details["nInserted"] == 60
    assert await items.count_documents({}) == 62


async def test_an_unordered_write_goes_on_and_tells_every_error(items: Collection) -> None:
    await items.insert_many([{"_id": 5}, {"_id": 60}, {"_id": 99}])

    with pytest.raises(pymongo.errors.BulkWriteError) as caught:
        await items.insert_many(documents(100), ordered=False)

    details = caught.value.details
    assert details is not None
    assert [error["index"] for error in details["writeErrors"]] == [5, 60, 99]
    assert details["nInserted"] == 97
    assert await items.count_documents({}) == 100


async def test_one_document_that_no_batch_can_hold_refuses_the_whole_before_anything_is_sent(
    items: Collection,
) -> None:
    with pytest.raises(pymongo.errors.DocumentTooLarge, match="number 3 of what it writes is 50"):
        await items.insert_many([*documents(3), {"_id": 9, "text": "x" * 5_000}])

    assert invocations(items) == 0


async def test_an_ordered_write_without_an_answer_stops_at_its_first_error_all_the_same(
    items: Collection,
) -> None:
    await items.insert_one({"_id": 60})
    silent = items.with_options(write_concern=WriteConcern(w=0))

    result = await silent.insert_many(documents(100))

    assert not result.acknowledged
    assert await items.count_documents({}) == 61


@pytest.mark.parametrize("ordered", [True, False])
async def test_documents_larger_than_a_batch_go_compressed_where_that_makes_them_fit(
    embedded: ProxyClient, *, ordered: bool
) -> None:
    items = embedded.shop.items
    large = "the quick brown fox " * 300_000  # 6 MB

    await items.insert_many(
        [{"_id": 0}, {"_id": 1, "text": large}, {"_id": 2, "text": large}, {"_id": 3}],
        ordered=ordered,
    )
    await items.insert_one({"_id": 4, "text": large})

    assert [len(document.get("text", "")) for document in await items.find().to_list()] == [
        *(0, 6_000_000, 6_000_000, 0, 6_000_000)
    ]


@pytest.mark.parametrize("size", [5_000_000, 9_000_000])
async def test_documents_that_no_compression_makes_fit_are_refused_before_anything_is_sent(
    embedded: ProxyClient, size: int
) -> None:
    items = embedded.shop.items
    noise = random.Random(1).randbytes(size)  # noqa: S311 - a test's dice, no secret

    with pytest.raises(pymongo.errors.DocumentTooLarge, match=f"number 1 .* is {size // 10**6}"):
        await items.insert_many([{"_id": 0}, {"_id": 1, "noise": noise}])
    with pytest.raises(pymongo.errors.DocumentTooLarge, match="a batch takes at most 4718368"):
        await items.insert_one({"_id": 1, "noise": noise})

    assert invocations(items) == 0


async def test_a_part_whose_fate_is_unknown_is_the_error_of_the_whole() -> None:
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    calls: list[int] = []

    def dies(event: Any, context: Any) -> bytes:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("out of memory")
        return proxy.handle(event, context)

    async with ProxyClient(transport=InProcessTransport(dies), bounds=SMALL) as client:
        with pytest.raises(pymongo.errors.AutoReconnect) as caught:
            await client.shop.items.insert_many(documents(100))
        assert await client.shop.items.count_documents({}) < 60

    assert caught.value.may_have_applied  # type: ignore[attr-defined]  # motorpool's flag
    proxy.close()


# Awaiting -----------------------------------------------------------------------------------------


async def test_it_may_be_awaited_twice_and_by_two_tasks(items: Collection) -> None:
    writing = items.insert_many(documents(100))

    first, second = await asyncio.gather(asyncio.ensure_future(writing), _awaited(writing))

    assert first.inserted_ids == second.inserted_ids == (await writing).inserted_ids
    assert await items.count_documents({}) == 100


async def _awaited(writing: Any) -> Any:
    return await writing


async def test_its_first_part_travels_with_what_is_asked_at_the_same_moment(
    items: Collection,
) -> None:
    writing = items.insert_many(documents(40))
    asked = items.database.other.find_one({})
    await asyncio.gather(asyncio.ensure_future(writing), asked)

    assert invocations(items) <= 4
