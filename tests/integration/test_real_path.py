"""The whole path: aioboto3, Lambda's API, awslambdaric, Motor, a server that speaks the wire.

What a request asks for at one moment is one invocation, and each caller gets its own answer.
"""

import asyncio
import json
import shlex
import subprocess
from typing import Any

import boto3  # type: ignore[import-untyped]  # its types are not installed
import pytest
from pymongo.errors import DuplicateKeyError

from motorpool.client import ProxyClient
from tests.integration.services import (
    CREDENTIALS,
    FUNCTION,
    LocalService,
    RecordingTransport,
    Server,
    motorpool_local,
)


async def test_everything_of_one_gather_is_one_invocation(
    service: LocalService, server: Server
) -> None:
    server.database["items"].insert_many([{"_id": i, "n": i % 3} for i in range(10)])
    transport = RecordingTransport(service)
    async with ProxyClient(transport=transport) as client:
        items = client[server.database.name]["items"]
        one, many, count, distinct, grouped, inserted = await asyncio.gather(
            items.find_one({"_id": 7}),
            items.find({"n": 1}).sort("_id", -1).to_list(),
            items.count_documents({"n": 2}),
            items.distinct("n"),
            items.aggregate([{"$group": {"_id": None, "sum": {"$sum": "$_id"}}}]).to_list(),
            client[server.database.name]["log"].insert_one({"_id": "seen"}),
        )
        assert one == {"_id": 7, "n": 1}
        assert [item["_id"] for item in many] == [7, 4, 1]
        assert count == 3
        assert distinct == [0, 1, 2]
        assert grouped == [{"_id": None, "sum": 45}]
        assert inserted.inserted_id == "seen"
        # Counted at both ends: by the client, and by the proxy in its answer.
        assert client.counters.invocations == 1
        assert client.counters.batch_sizes == {6: 1}
        assert client.counters.invocations_saved == 5
        assert [stats["operations"] for stats in transport.stats] == [6]
    assert server.database["log"].count_documents({"_id": "seen"}) == 1


async def test_each_wave_of_a_page_is_one_invocation(service: LocalService, server: Server) -> None:
    server.database["customers"].insert_one({"_id": 1, "name": "Ada"})
    server.database["orders"].insert_many(
        [{"_id": i, "customer": 1, "product": i % 4} for i in range(12)]
    )
    server.database["products"].insert_many([{"_id": i, "name": f"p{i}"} for i in range(4)])
    async with service.client() as client:
        shop = client[server.database.name]

        async def product_of(order: dict[str, Any]) -> Any:
            product = await shop.products.find_one({"_id": order["product"]})
            return product and product["name"]

        customer, orders = await asyncio.gather(
            shop.customers.find_one({"_id": 1}),
            shop.orders.find({"customer": 1}).sort("_id").to_list(),
        )
        names = await asyncio.gather(*map(product_of, orders))
        assert customer == {"_id": 1, "name": "Ada"}
        assert names == [f"p{i % 4}" for i in range(12)]
        assert client.counters.invocations == 2
        assert client.counters.batch_sizes == {2: 1, 4: 1}
        assert client.counters.deduplicated == 8


async def test_what_comes_a_moment_later_travels_along(
    service: LocalService, server: Server
) -> None:
    """As when each of a page's parts does something of its own before it asks."""
    async with service.client() as client:
        items = client[server.database.name]["items"]

        async def part(number: int) -> Any:
            for _ in range(number % 3):
                await asyncio.sleep(0)
            return await asyncio.create_task(items.insert_one({"_id": number}))

        async with asyncio.TaskGroup() as group:
            for number in range(12):
                group.create_task(part(number))
        assert client.counters.batch_sizes == {12: 1}
    assert server.database["items"].count_documents({}) == 12


async def test_the_third_of_five_fails_alone_with_all_that_the_server_said(
    service: LocalService, server: Server
) -> None:
    server.database["users"].create_index("email", unique=True)
    server.database["users"].insert_one({"_id": 1, "email": "ada@example.org"})
    async with service.client() as client:
        users = client[server.database.name]["users"]
        first, second, third, fourth, fifth = await asyncio.gather(
            users.find_one({"_id": 1}),
            users.insert_one({"_id": 2, "email": "bob@example.org"}),
            users.insert_one({"_id": 3, "email": "ada@example.org"}),
            users.insert_one({"_id": 4, "email": "eve@example.org"}),
            users.update_one({"_id": 1}, {"$set": {"seen": True}}),
            return_exceptions=True,
        )
        assert client.counters.invocations == 1
    assert not isinstance(first, BaseException)
    assert first is not None
    assert first["email"] == "ada@example.org"
    assert not isinstance(second, BaseException)
    assert second.inserted_id == 2
    assert type(third) is DuplicateKeyError
    assert third.code == 11000
    assert third.details is not None
    assert third.details["keyPattern"] == {"email": 1}
    assert third.details["keyValue"] == {"email": "ada@example.org"}
    assert not isinstance(fourth, BaseException)
    assert fourth.inserted_id == 4
    assert not isinstance(fifth, BaseException)
    assert fifth.modified_count == 1
    assert sorted(server.database["users"].distinct("_id")) == [1, 2, 4]


async def test_one_environment_serves_one_batch_after_the_other(
    service: LocalService, server: Server
) -> None:
    transport = RecordingTransport(service)
    async with ProxyClient(transport=transport) as client:
        items = client[server.database.name]["items"]
        for number in range(5):
            await items.insert_one({"_id": number})
        before = service.environments()
        assert await items.count_documents({}) == 5
        assert service.environments() == before
    assert [stats["cold"] for stats in transport.stats][1:] == [False] * 5


# Other callers ------------------------------------------------------------------------------------

READABLE: list[dict[str, Any]] = [
    {
        "id": "a",
        "op": "insert_one",
        "args": {"document": {"_id": 1, "n": {"$numberLong": "5"}}},
    },
    {"id": "b", "op": "find_one", "args": {"filter": {"_id": 1}}},
    {"id": "c", "op": "insert_one", "args": {"document": {"_id": 1}}},
    {"id": "d", "op": "nonsense"},
]
"""Each is sent by itself, since the operations of one batch run at once."""


def _event(operation: dict[str, Any], database: str) -> str:
    return json.dumps({"v": 1, "ops": [{**operation, "ns": f"{database}.items"}]})


def test_boto3_and_readable_json_are_enough(service: LocalService, server: Server) -> None:
    client = boto3.client("lambda", endpoint_url=service.url, **CREDENTIALS)
    try:
        entries = []
        for operation in READABLE:
            answer = client.invoke(
                FunctionName=FUNCTION, Payload=_event(operation, server.database.name)
            )
            assert "FunctionError" not in answer
            response = json.loads(answer["Payload"].read())
            assert response["v"] == 1
            entries += response["res"]
    finally:
        client.close()
    inserted, found, refused, unknown = entries
    assert inserted == {"id": "a", "ok": {"acknowledged": True, "inserted_id": {"$numberInt": "1"}}}
    assert found == {
        "id": "b",
        "ok": {"_id": {"$numberInt": "1"}, "n": {"$numberLong": "5"}},
    }
    assert refused["err"]["type"] == "DuplicateKeyError"
    assert refused["err"]["code"] == 11000
    assert refused["err"]["details"]["keyValue"] == {"_id": {"$numberInt": "1"}}
    assert unknown["err"]["type"] == "ProtocolError"
    assert "unknown operation 'nonsense'" in unknown["err"]["message"]


def test_the_aws_command_line_is_enough(service: LocalService, server: Server) -> None:
    try:
        subprocess.run(["aws", "--version"], capture_output=True, check=True)  # noqa: S607
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("the AWS command line tools are not installed")
    server.database["items"].insert_one({"_id": 1, "name": "дом"})
    operation = {"id": 1, "op": "find_one", "args": {"filter": {"_id": 1}}}
    command = (
        "aws lambda invoke --no-sign-request --region us-east-1"
        f" --endpoint-url {service.url} --function-name {FUNCTION}"
        " --payload fileb:///dev/stdin /dev/stdout"
    )
    shown = subprocess.run(
        shlex.split(command),
        input=_event(operation, server.database.name),
        capture_output=True,
        check=True,
        text=True,
    )
    response, _ = json.JSONDecoder().raw_decode(shown.stdout)
    assert response["res"] == [
        {"id": 1, "ok": {"_id": {"$numberInt": "1"}, "name": "дом"}},
    ]


async def test_the_embedded_database_keeps_its_data_between_invocations() -> None:
    with motorpool_local("--mongodb-uri", "mongomock://") as service:
        async with service.client() as one, service.client() as other:
            await one.shop.items.insert_one({"_id": 1})
            # At once from two clients: there is one environment, and they queue for it.
            await asyncio.gather(
                *[client.shop.items.update_one({}, {"$inc": {"n": 1}}) for client in (one, other)]
            )
            assert await other.shop.items.find_one() == {"_id": 1, "n": 2}
            assert len(service.environments()) == 1
