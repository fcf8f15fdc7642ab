"""Lambda's 6 MB each way: everything arrives, in as many invocations as it takes, or says why not.

A response over the limit would kill the environment and its pool, so each test looks whether it
is still the same one.
"""

import asyncio
import os
import random
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pymongo.errors
import pytest

from motorpool.batching.limits import LAMBDA_REQUEST_BYTES
from motorpool.client import OperationTooLarge, ProxyClient, ResultTooLarge
from tests.integration.services import LocalService, RecordingTransport, Server

MEGABYTE = 1_000_000


@pytest.fixture
def large(server: Server) -> list[bytes]:
    """Twelve documents of a megabyte that no compression makes smaller."""
    texts = [os.urandom(MEGABYTE) for _ in range(12)]
    server.database["large"].insert_many(
        {"_id": number, "text": text} for number, text in enumerate(texts)
    )
    return texts


async def test_more_than_one_response_holds_arrives_in_several(
    service: LocalService, server: Server, large: list[bytes]
) -> None:
    transport = RecordingTransport(service)
    async with ProxyClient(transport=transport) as client:
        documents = client[server.database.name]["large"]
        await documents.count_documents({})
        before = service.environments()
        found = await asyncio.gather(
            *[documents.find_one({"_id": number}) for number in range(12)],
            documents.count_documents({}),
        )
        assert found[-1] == 12
        assert [document and document["text"] for document in found[:-1]] == large  # type: ignore[index]
        # Four documents of a megabyte fit into one response in base64.
        assert [stats["operations"] for stats in transport.stats] == [1, 13, 8, 4]
        assert client.counters.retried == 12
        assert service.environments() == before


async def test_a_result_larger_than_a_response_comes_in_several_whichever_environment_answers(
    service: LocalService, server: Server, large: list[bytes]
) -> None:
    transport = RecordingTransport(service)
    async with ProxyClient(transport=transport) as client:
        documents = client[server.database.name]["large"]
        # Two batches at once, so that there are two environments to take the pages.
        await asyncio.gather(documents.find_one(), _later(documents.find_one))
        before = service.environments()

        listed = await documents.find().sort("_id").to_list()
        iterated = [each async for each in documents.find().sort("_id", -1)]
        values, inserted = await asyncio.gather(
            documents.distinct("text"), client[server.database.name]["log"].insert_one({"_id": 1})
        )

        assert [document["text"] for document in listed] == large
        assert iterated == listed[::-1]
        assert sorted(values) == sorted(large)
        assert inserted.inserted_id == 1
        assert client.counters.invocations < 2 + 3 * 5
        assert service.environments() == before


async def _later(call: Callable[[], Awaitable[Any]]) -> Any:
    await asyncio.sleep(0.01)
    return await call()


async def test_documents_of_1_kb_to_4_mb_come_as_the_driver_has_them(
    service: LocalService, server: Server
) -> None:
    dice = random.Random(3)  # noqa: S311 - a test's dice, no secret
    sizes = [dice.choice([1_000, 20_000, 300_000, 4_000_000]) for _ in range(30)]
    server.database["mixed"].insert_many(
        {"_id": number, "size": size, "x": dice.randbytes(size)}
        for number, size in enumerate(sizes)
    )
    expected = list(server.database["mixed"].find().sort("_id"))
    async with service.client() as client:
        documents = client[server.database.name]["mixed"]

        assert await documents.find().sort("_id").to_list() == expected
        assert [each async for each in documents.aggregate([{"$sort": {"_id": 1}}])] == expected
        in_steps = documents.find().sort("_id")
        assert [await in_steps.to_list(7) for _ in range(5)] == [
            expected[at : at + 7] for at in range(0, 35, 7)
        ]


async def test_a_document_larger_than_any_response_fails_alone_and_names_its_size(
    service: LocalService, server: Server, large: list[bytes]
) -> None:
    server.database["huge"].insert_one({"_id": 1, "text": os.urandom(5 * MEGABYTE)})
    async with service.client() as client:
        database = client[server.database.name]
        await database["large"].count_documents({})
        before = service.environments()
        whole, single, one, inserted = await asyncio.gather(
            database["huge"].find().to_list(),
            database["huge"].find_one(),
            database["large"].find_one({"_id": 3}),
            database["log"].insert_one({"_id": 1}),
            return_exceptions=True,
        )
        for error in (whole, single):
            assert isinstance(error, ResultTooLarge)
            assert isinstance(error, pymongo.errors.DocumentTooLarge)
            found = re.search(r"(\d+) bytes", str(error))
            assert found is not None
            assert 5 * MEGABYTE < int(found.group(1)) < 5 * MEGABYTE + 1_000
        assert isinstance(one, dict)
        assert one["text"] == large[3]
        assert not isinstance(inserted, BaseException)
        assert inserted.inserted_id == 1
        assert service.environments() == before


async def test_an_insert_that_compresses_to_an_event_passes_whatever_its_size(
    service: LocalService, server: Server
) -> None:
    async with service.client() as client:
        items = client[server.database.name]["items"]

        await items.insert_one({"_id": 1, "text": "x" * 12 * MEGABYTE})

        found = await items.find_one({})
        assert found is not None
        assert len(found["text"]) == 12 * MEGABYTE
        assert client.counters.bytes_sent < MEGABYTE


async def test_an_insert_of_5_mb_is_refused_before_anything_is_sent(
    service: LocalService, server: Server
) -> None:
    async with service.client() as client:
        items = client[server.database.name]["items"]
        with pytest.raises(OperationTooLarge, match="insert_one") as caught:
            await items.insert_one({"_id": 1, "text": os.urandom(5 * MEGABYTE)})
        assert isinstance(caught.value, pymongo.errors.DocumentTooLarge)
        assert not caught.value.may_have_applied
        assert client.counters.invocations == 0
        # The largest that passes, beside it in one gather, is not touched by the refusal.
        refused, passed = await asyncio.gather(
            items.insert_one({"_id": 1, "text": os.urandom(5 * MEGABYTE)}),
            items.insert_one({"_id": 2, "text": os.urandom(4_700_000)}),
            return_exceptions=True,
        )
        assert isinstance(refused, OperationTooLarge)
        assert not isinstance(passed, BaseException)
        assert client.counters.invocations == 1
        assert client.counters.bytes_sent <= LAMBDA_REQUEST_BYTES
    assert server.database["items"].distinct("_id") == [2]


async def test_a_gather_larger_than_one_request_leaves_in_several(
    service: LocalService, server: Server
) -> None:
    async with service.client() as client:
        items = client[server.database.name]["items"]
        texts = [os.urandom(MEGABYTE) for _ in range(6)]
        await asyncio.gather(
            *[items.insert_one({"_id": number, "text": text}) for number, text in enumerate(texts)]
        )
        assert client.counters.batch_sizes == {4: 1, 2: 1}
    assert [document["text"] for document in server.database["items"].find().sort("_id")] == texts
