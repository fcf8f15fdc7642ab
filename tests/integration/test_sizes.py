"""Lambda's 6 MB each way: everything arrives, in as many invocations as it takes, or says why not.

A response over the limit would kill the environment and its pool, so each test looks whether it
is still the same one.
"""

import asyncio
import os

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


async def test_a_result_larger_than_any_response_fails_alone_and_names_its_size(
    service: LocalService, server: Server, large: list[bytes]
) -> None:
    async with service.client() as client:
        documents = client[server.database.name]["large"]
        await documents.count_documents({})
        before = service.environments()
        whole, one, inserted = await asyncio.gather(
            documents.find().to_list(),
            documents.find_one({"_id": 3}),
            client[server.database.name]["log"].insert_one({"_id": 1}),
            return_exceptions=True,
        )
        assert isinstance(whole, ResultTooLarge)
        assert isinstance(whole, pymongo.errors.DocumentTooLarge)
        size = int(str(whole).partition("the result is ")[2].partition(" bytes")[0])
        assert 12 * MEGABYTE < size < 12 * MEGABYTE + 1_000
        assert isinstance(one, dict)
        assert one["text"] == large[3]
        assert not isinstance(inserted, BaseException)
        assert inserted.inserted_id == 1
        assert service.environments() == before


async def test_an_insert_of_5_mb_is_refused_before_anything_is_sent(
    service: LocalService, server: Server
) -> None:
    async with service.client() as client:
        items = client[server.database.name]["items"]
        with pytest.raises(OperationTooLarge, match="insert_one") as caught:
            await items.insert_one({"_id": 1, "text": "x" * 5 * MEGABYTE})
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
