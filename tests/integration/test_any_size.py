"""Results longer than a response: exactly the driver's, on the embedded database and on the wire.

Responses are of 20,000 bytes here, so that some hundred documents are many pages; on the wire two
environments take turns, so that no page comes from the proxy that the one before came from.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import bson
import pytest
from bson import Decimal128, Int64, ObjectId
from pymongo.errors import DocumentTooLarge

from motorpool.client import ResultTooLarge
from tests.integration.paged import Both, noisy, paged

MOST = 20_000


@pytest.fixture(params=["embedded", "wire"])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[Both]:
    """Give a collection behind one proxy, and on the wire behind two that take turns."""
    if request.param == "embedded":
        async with paged(max_response_bytes=MOST) as embedded:
            yield embedded
        return
    uri = request.getfixturevalue("wire_uri")
    name = request.getfixturevalue("wire_database")
    async with paged(uri, environments=2, max_response_bytes=MOST, name=name) as wire:
        yield wire


def mixed(count: int = 500) -> list[dict[str, Any]]:
    """Make documents with ties, missing and mixed sort fields, and sizes of 40 to 2,000 bytes."""
    dice = random.Random(4)  # noqa: S311 - a test's dice, no secret
    values: list[Callable[[], Any]] = [
        lambda: dice.randrange(5),
        lambda: float(dice.randrange(5)),
        lambda: Int64(dice.randrange(5)),
        lambda: dice.choice("abc"),
        lambda: None,
        lambda: {"b": dice.randrange(3)},
        lambda: dice.randbytes(2),
        lambda: bool(dice.randrange(2)),
        lambda: ObjectId(b"twelve bytes"),
        lambda: Decimal128(str(dice.randrange(5))),
    ]
    documents = []
    for number in range(count):
        document: dict[str, Any] = {
            "_id": number,
            "tie": number % 7,
            "x": "x" * dice.randrange(200),
        }
        if number % 9:
            document["a"] = dice.choice(values)()
        if not number % 50:
            document["x"] = dice.randbytes(2_000)
        documents.append(document)
    dice.shuffle(documents)
    return documents


QUERIES: dict[str, Callable[[Any], Any]] = {
    "all": lambda items: items.find(),
    "sorted": lambda items: items.find().sort("_id", -1),
    "ties": lambda items: items.find().sort("tie"),
    "two keys": lambda items: items.find().sort([("tie", -1), ("_id", 1)]),
    "a filter": lambda items: items.find({"tie": {"$in": [1, 2, 3]}}),
    "a projection": lambda items: items.find({}, {"x": 1}),
    "without ids": lambda items: items.find({}, {"_id": 0, "x": 1}).sort("_id", 1),
    "empty documents": lambda items: items.find({}, {"_id": 0, "no_such_field": 1}),
    "skip": lambda items: items.find().sort("_id", 1).skip(123),
    "limit": lambda items: items.find().sort("_id", 1).limit(321),
    "a negative limit": lambda items: items.find().sort("_id", 1).limit(-50),
    "skip and limit": lambda items: items.find().sort("_id", 1).skip(77).limit(250),
    "a batch size": lambda items: items.find().sort("_id", 1).batch_size(7),
    "a batch size of one": lambda items: items.find({"_id": {"$lt": 30}}).batch_size(1),
    "a batch size and a limit": lambda items: items.find().sort("_id").batch_size(7).limit(100),
    "a limit that is the number": lambda items: items.find().limit(500),
    "nothing": lambda items: items.find({"_id": "no such"}),
    "a pipeline": lambda items: items.aggregate([{"$match": {"tie": {"$lt": 5}}}]),
    "groups": lambda items: items.aggregate(
        [{"$group": {"_id": "$_id", "x": {"$first": "$x"}}}, {"$sort": {"_id": 1}}]
    ),
    "a pipeline in batches": lambda items: items.aggregate([{"$sort": {"_id": -1}}], batchSize=9),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=list(QUERIES))
async def test_a_result_of_many_pages_is_the_drivers(
    both: Both, query: Callable[[Any], Any]
) -> None:
    await both.fill(mixed())
    expected = [document async for document in query(both.direct)]

    iterated = [document async for document in query(both.proxied)]
    listed = await query(both.proxied).to_list()
    in_steps = await steps(query(both.proxied), 40)

    assert iterated == expected
    assert listed == expected
    assert in_steps == expected
    assert both.transport.largest <= MOST


async def steps(cursor: Any, length: int) -> list[Any]:
    found: list[Any] = []
    while part := await cursor.to_list(length):
        assert len(part) == length or not await cursor.to_list(1)
        found += part
    assert cursor.alive is False
    return found


async def test_fields_of_mixed_types_are_sorted_as_the_driver_says(
    wire_uri: str, wire_database: str
) -> None:
    async with paged(wire_uri, environments=2, name=wire_database) as both:
        await both.fill(mixed())
        for direction in (1, -1):
            expected = await both.direct.find().sort([("a", direction), ("_id", 1)]).to_list(None)
            found = await both.proxied.find().sort([("a", direction), ("_id", 1)]).to_list()
            assert found == expected
            assert [type(each.get("a")) for each in found] == [
                type(each.get("a")) for each in expected
            ]
        assert both.transport.invocations > 10


async def test_distinct_values_of_many_responses_are_the_drivers(both: Both) -> None:
    await both.fill([{"_id": n, "a": f"{n % 300:04}" + "x" * 300} for n in range(400)])

    found = await both.proxied.distinct("a")
    some = await both.proxied.distinct("a", {"_id": {"$lt": 150}})
    by_cursor = await both.proxied.find({"_id": {"$lt": 150}}).distinct("a")

    assert found == await both.direct.distinct("a")
    assert len(found) == 300
    assert sorted(some) == sorted(by_cursor) == sorted({f"{n:04}" + "x" * 300 for n in range(150)})
    assert both.transport.largest <= MOST
    assert both.transport.invocations > 10


async def test_documents_of_wildly_mixed_sizes_overflow_pages_and_none_is_lost(both: Both) -> None:
    dice = random.Random(9)  # noqa: S311 - a test's dice, no secret
    sizes = [dice.choice([10, 100, 1_000, 6_000, 13_000]) for _ in range(300)]
    await both.fill(noisy(*sizes))

    listed = await both.proxied.find().sort("_id", 1).to_list()
    piped = [each async for each in both.proxied.aggregate([{"$sort": {"_id": -1}}])]

    assert listed == await both.direct.find().sort("_id", 1).to_list(None)
    assert piped == listed[::-1]
    assert both.transport.largest <= MOST


async def test_a_document_larger_than_any_response_says_its_size_and_leaves_the_others(
    both: Both,
) -> None:
    await both.fill(noisy(*[500] * 40, 16_000, 500))
    cursor, found = both.proxied.find().sort("_id", 1), []

    async def read() -> None:
        async for document in cursor:
            found.append(document["_id"])  # noqa: PERF401 - what came before the error counts

    with pytest.raises(ResultTooLarge, match=r"the document is 16\d\d\d bytes") as raised:
        await read()

    assert isinstance(raised.value, DocumentTooLarge)
    assert found == list(range(len(found)))
    assert len(found) >= 20
    assert cursor.alive is False
    with pytest.raises(ResultTooLarge):
        await both.proxied.find().to_list()
    with pytest.raises(ResultTooLarge):
        await both.proxied.aggregate([]).to_list()
    with pytest.raises(DocumentTooLarge):
        await both.proxied.find_one({"_id": 40})
    assert [each["_id"] async for each in both.proxied.find({"_id": {"$gt": 40}})] == [41]
    assert len(await both.proxied.find({}, {"x": 0}).to_list()) == 42


async def test_a_document_that_only_fits_compressed_comes(both: Both) -> None:
    documents = [*noisy(*[500] * 10), {"_id": 10, "x": "x" * 200_000}, {"_id": 11}]
    await both.fill(documents)

    assert await both.proxied.find().sort("_id", 1).to_list() == documents
    assert both.transport.largest <= MOST


async def test_what_is_inserted_and_removed_while_paging_disturbs_no_other_document(
    both: Both,
) -> None:
    await both.fill(noisy(*[300] * 300))
    found: list[int] = []

    async for document in both.proxied.find({}, {"x": 1}).sort("_id", 1):
        number = document["_id"]
        found.append(number)
        if number % 25 == 0:
            await both.direct.delete_one({"_id": number + 1})
            await both.direct.delete_one({"_id": number - 3})
            await both.direct.insert_one({"_id": number + 0.5})

    stable = [n for n in range(300) if (n - 1) % 25 and (n + 3) % 25]
    assert [n for n in found if n in set(stable)] == stable
    assert len(set(found)) == len(found)
    assert found == sorted(found)


async def test_twenty_large_results_at_once_share_their_responses(both: Both) -> None:
    await both.fill(mixed())
    queries = [both.proxied.find({"tie": {"$ne": n % 7}}).sort("_id", 1) for n in range(20)]

    lists = await asyncio.gather(
        *(cursor.to_list() if n % 2 else _iterated(cursor) for n, cursor in enumerate(queries))
    )

    for number, found in enumerate(lists[:7]):
        expected = both.direct.find({"tie": {"$ne": number}}).sort("_id", 1)
        assert found == await expected.to_list(None)
        assert all(other == found for other in lists[number::7])
    assert both.transport.largest <= MOST


async def _iterated(cursor: Any) -> list[Any]:
    return [document async for document in cursor]


async def test_two_readers_of_one_question_get_all_of_it_each(both: Both) -> None:
    await both.fill(mixed())
    expected = await both.direct.find().sort("_id", 1).to_list(None)

    lists = await asyncio.gather(
        both.proxied.find().sort("_id", 1).to_list(),
        _iterated(both.proxied.find().sort("_id", 1)),
        both.proxied.find().sort("_id", 1).to_list(),
    )

    assert lists == [expected] * 3


async def test_clone_and_rewind_begin_again_in_the_middle_of_a_result(both: Both) -> None:
    await both.fill(mixed())
    expected = await both.direct.find().sort("_id", 1).to_list(None)
    cursor = both.proxied.find().sort("_id", 1)
    for document in expected[:150]:
        assert await cursor.next() == document

    clone = cursor.clone()

    assert await clone.to_list(200) == expected[:200]
    assert await cursor.to_list() == expected[150:]
    assert await cursor.rewind().to_list(3) == expected[:3]
    assert await clone.to_list() == expected[200:]


async def test_an_out_stage_writes_all_and_gives_what_the_driver_gives(both: Both) -> None:
    await both.fill(mixed())
    target = f"{both.direct.name}_out"
    pipeline = [{"$sort": {"_id": 1}}, {"$out": target}]
    expected = await both.direct.aggregate(pipeline).to_list(None)  # mongomock gives all of it

    assert await both.proxied.aggregate(pipeline).to_list() == expected

    assert await both.proxied.database[target].count_documents({}) == 500
    await both.proxied.database[target].drop()


async def test_raw_batches_hold_every_document_of_a_long_result(both: Both) -> None:
    await both.fill(mixed())
    expected = await both.direct.find().sort("_id", 1).to_list(None)

    batches = [batch async for batch in both.proxied.find_raw_batches(sort=[("_id", 1)])]

    assert len(batches) > 2
    assert [each for batch in batches for each in bson.decode_all(batch)] == expected
