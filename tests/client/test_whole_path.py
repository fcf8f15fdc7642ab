"""Client and proxy joined in this process, over the embedded database: what an application sees."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pymongo
import pytest
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

from motorpool.client import (
    InProcessTransport,
    InsertOne,
    OperationTimeout,
    OutcomeUnknown,
    ProtocolError,
    ProxyClient,
    ResultTooLarge,
    RetryPolicy,
)
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings


async def test_the_queries_of_a_page_are_one_invocation(embedded: ProxyClient) -> None:
    shop = embedded.shop
    await asyncio.gather(
        shop.users.insert_one({"_id": 1, "name": "Ada"}),
        shop.orders.insert_many([{"_id": n, "user": 1, "total": n * 10} for n in range(3)]),
        shop.visits.insert_one({"_id": "page", "count": 0}),
    )

    user, orders, count, totals, visits = await asyncio.gather(
        shop.users.find_one(1),
        shop.orders.find({"user": 1}, ["total"]).sort("_id", -1).to_list(),
        shop.orders.count_documents({"total": {"$gt": 5}}),
        shop.orders.distinct("total"),
        shop.visits.find_one_and_update(
            {"_id": "page"}, {"$inc": {"count": 1}}, return_document=pymongo.ReturnDocument.AFTER
        ),
    )

    assert user == {"_id": 1, "name": "Ada"}
    assert [order["total"] for order in orders] == [20, 10, 0]
    assert count == 2
    assert sorted(totals) == [0, 10, 20]
    assert visits == {"_id": "page", "count": 1}
    assert embedded.counters.invocations == 2
    assert embedded.counters.batch_sizes == {3: 1, 5: 1}


async def test_the_third_of_five_clashes_and_the_others_are_inserted(embedded: ProxyClient) -> None:
    users = embedded.shop.users
    await users.insert_one({"_id": 2})

    results = await asyncio.gather(
        *(users.insert_one({"_id": n}) for n in range(5)), return_exceptions=True
    )

    error = results.pop(2)
    assert [getattr(result, "inserted_id", None) for result in results] == [0, 1, 3, 4]
    assert isinstance(error, DuplicateKeyError)
    assert error.code == 11000
    assert error.details is not None
    assert error.details["keyPattern"] == {"_id": 1}
    assert error.details["keyValue"] == {"_id": 2}
    assert embedded.counters.invocations == 2


async def test_a_bulk_write_that_fails_says_where(embedded: ProxyClient) -> None:
    users = embedded.shop.users

    with pytest.raises(BulkWriteError) as raised:
        await users.bulk_write(
            [InsertOne({"_id": 1}), InsertOne({"_id": 1}), InsertOne({"_id": 2})]
        )

    details: Any = raised.value.details
    assert (details["nInserted"], len(details["writeErrors"])) == (1, 1)
    assert details["writeErrors"][0]["keyValue"] == {"_id": 1}


async def test_a_query_that_the_server_refuses_is_an_operation_failure(
    embedded: ProxyClient,
) -> None:
    good, bad = embedded.shop.users.find_one({}), embedded.shop.users.find_one({"a": {"$no": 1}})

    assert await good is None
    with pytest.raises(OperationFailure, match=r"\$no"):
        await bad


async def test_what_the_protocol_does_not_take_is_refused_by_name(embedded: ProxyClient) -> None:
    users = embedded.shop.users  # whose methods would not let it pass
    with pytest.raises(ProtocolError, match=r"^args\.skip: must be an integer$"):
        await users._call("find_one", {"skip": "5"}, lambda ok: ok)  # noqa: SLF001


async def test_a_function_error_after_partial_work_is_made_good_where_it_can_be() -> None:
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    invocations: list[object] = []

    def dies_once(event: object, context: Any) -> bytes:
        response = proxy.handle(event, context)
        invocations.append(event)
        if len(invocations) == 1:  # the work is done, and nobody learns of it
            message = "Runtime exited"
            raise RuntimeError(message)
        return response

    transport = InProcessTransport(dies_once)
    async with ProxyClient(transport=transport, retry=RetryPolicy(0.0, 0.0)) as client:
        users = client.shop.users
        read, insert = users.find_one({"_id": "x"}), users.insert_one({"name": "Ada"})
        update = users.update_one({"_id": 1}, {"$inc": {"n": 1}}, upsert=True)

        assert await read is None
        id_ = (await insert).inserted_id
        with pytest.raises(OutcomeUnknown, match="RuntimeError: Runtime exited"):
            await update

        assert await users.find().sort("name", -1).to_list() == [
            {"_id": id_, "name": "Ada"},
            {"_id": 1, "n": 1},
        ]
    assert len(invocations) == 3
    proxy.close()


@pytest.fixture
async def narrow() -> AsyncIterator[ProxyClient]:
    """Give a client of a proxy whose responses are 2,000 bytes at the most."""
    proxy = Proxy(Settings(mongodb_uri="mongomock://", max_response_bytes=2_000))
    async with ProxyClient(transport=InProcessTransport(proxy.handle)) as client:
        yield client
    proxy.close()


def noise(seed: int, size: int) -> bytes:
    """Make bytes that no compression makes smaller."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - noise, not a secret


async def test_reads_that_find_no_room_in_one_response_are_asked_for_again(
    narrow: ProxyClient,
) -> None:
    users = narrow.shop.users
    await users.insert_many([{"_id": n, "noise": noise(n, 300)} for n in range(10)])

    found = await asyncio.gather(*(users.find_one({"_id": n}) for n in range(10)))

    assert [user["_id"] for user in found if user is not None] == list(range(10))
    assert narrow.counters.retried > 0
    assert 3 < narrow.counters.invocations < 12


async def test_a_result_that_fits_into_no_response_is_an_error_of_its_own(
    narrow: ProxyClient,
) -> None:
    users = narrow.shop.users
    await users.insert_many([{"_id": n, "noise": noise(n, 1_000)} for n in range(3)])

    too_large, fits = users.find().to_list(), users.find_one({"_id": 1}, ["_id"])

    assert await fits == {"_id": 1}
    with pytest.raises(ResultTooLarge) as raised:
        await too_large
    assert isinstance(raised.value, pymongo.errors.DocumentTooLarge)
    assert raised.value.may_have_applied is False


async def test_a_deadline_that_passes_at_the_proxy_is_a_timeout() -> None:
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    # Less than the margin that the proxy keeps to answer in: no time is left to run anything.
    transport = InProcessTransport(proxy.handle, function_timeout=0.1)

    async with ProxyClient(transport=transport) as client:
        with pytest.raises(pymongo.errors.NetworkTimeout) as raised:
            await client.shop.users.insert_one({"_id": 1})

    assert isinstance(raised.value, OperationTimeout)
    assert raised.value.may_have_applied is False
    proxy.close()
