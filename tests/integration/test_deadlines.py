"""A deadline travels: what a caller no longer waits for is ended at the proxy and on the server."""

import asyncio
import json
import time
from typing import Any

import boto3  # type: ignore[import-untyped]  # its types are not installed
import pymongo.errors
import pytest

from tests.integration.services import CREDENTIALS, FUNCTION, Server, motorpool_local

SLOW_MS = 3_000

# Quadratic in the documents: 0.6 s for each 1,000 of them on the test server.
HEAVY: list[dict[str, Any]] = [
    {
        "$lookup": {
            "from": "items",
            "let": {"n": "$_id"},
            "pipeline": [{"$match": {"$expr": {"$gt": ["$_id", "$$n"]}}}, {"$limit": 1}],
            "as": "above",
        }
    },
    {"$count": "n"},
]


async def test_a_requests_timeout_ends_its_operation_at_the_proxy(
    wire_uri: str, server: Server
) -> None:
    with motorpool_local("--mongodb-uri", wire_uri, "--concurrency", "1") as service:
        async with service.client() as client:
            items = client[server.database.name]["items"]
            await items.insert_one({"_id": 1})
            before = service.environments()
            with server.slow(["find"], SLOW_MS, times=1):
                began = time.perf_counter()
                async with client.request(timeout=1.0):
                    slow, quick = await asyncio.gather(
                        items.find_one(), items.count_documents({}), return_exceptions=True
                    )
                took = time.perf_counter() - began
                # The proxy's answer comes before the caller gives up: it says which was slow, and
                # brings what was not.
                assert isinstance(slow, pymongo.errors.NetworkTimeout)
                assert slow.timeout
                assert quick == 1
                assert 0.5 < took < SLOW_MS / 1000 - 1
                # One environment, and it is free: the proxy waits for the slow one no longer.
                assert await items.find_one() == {"_id": 1}
                assert time.perf_counter() - began < SLOW_MS / 1000 - 1
            assert service.environments() == before


async def test_the_proxy_answers_in_time_for_the_quick_ones_beside_a_slow_one(
    wire_uri: str, server: Server
) -> None:
    """Each entry has a limit of its own; seen by a caller that has all the time to wait."""
    with motorpool_local("--mongodb-uri", wire_uri) as service:
        client = boto3.client("lambda", endpoint_url=service.url, **CREDENTIALS)
        namespace = f"{server.database.name}.items"
        event = {
            "v": 1,
            "ops": [
                {"id": "slow", "op": "find", "ns": namespace, "timeout_ms": 400},
                {"id": "quick", "op": "count_documents", "ns": namespace, "args": {"filter": {}}},
            ],
        }
        try:
            with server.slow(["find"], SLOW_MS, times=1):
                answer = client.invoke(FunctionName=FUNCTION, Payload=json.dumps(event))
                response = json.loads(answer["Payload"].read())
        finally:
            client.close()
    slow, quick = response["res"]
    assert quick == {"id": "quick", "ok": {"$numberInt": "0"}}
    # The driver's own: it has ended the command, not only its caller's wait.
    assert slow["err"]["type"] in ("NetworkTimeout", "ExecutionTimeout")
    assert slow["err"]["timeout"]
    assert 400 <= response["stats"]["handler_ms"] < 1_000


async def test_the_server_is_told_to_stop_working(wire_uri: str, server: Server) -> None:
    """`maxTimeMS` goes with the command, so the server gives the work up and says so itself."""
    server.database["items"].insert_many([{"_id": number} for number in range(3_000)])
    with motorpool_local("--mongodb-uri", wire_uri) as service:
        async with service.client() as client:
            items = client[server.database.name]["items"]
            await items.find_one()
            with pytest.raises(pymongo.errors.ExecutionTimeout) as caught:
                await items.aggregate(HEAVY, maxTimeMS=300).to_list()
            assert caught.value.code == 50
            assert caught.value.timeout
            began = time.perf_counter()
            with pytest.raises(pymongo.errors.PyMongoError) as caught_too:
                async with client.request(timeout=0.5):
                    await items.aggregate(HEAVY).to_list()
            assert time.perf_counter() - began < 1.5
            assert caught_too.value.timeout


async def test_nothing_runs_past_what_the_function_has_left(wire_uri: str, server: Server) -> None:
    with motorpool_local("--mongodb-uri", wire_uri, "--timeout", "1") as service:
        async with service.client() as client:
            items = client[server.database.name]["items"]
            await items.insert_one({"_id": 1})
            before = service.environments()
            with server.slow(["find"], SLOW_MS):
                slow, quick, written = await asyncio.gather(
                    items.find_one(),
                    items.count_documents({}),
                    items.update_one({"_id": 1}, {"$inc": {"n": 1}}),
                    return_exceptions=True,
                )
            assert isinstance(slow, pymongo.errors.PyMongoError)
            assert slow.timeout
            assert quick == 1
            assert not isinstance(written, BaseException)
            assert written.modified_count == 1
            # The function answered instead of being ended, so its environment and pool live on.
            assert client.counters.invocations == 2
            assert service.environments() == before
