"""Collection calls of one moment travel in one batch, and each caller gets its own answer."""

import asyncio
from typing import Any

import pytest
from pymongo.errors import DocumentTooLarge, DuplicateKeyError, OperationFailure

from motorpool.batching import envelope
from motorpool.client import Bounds, OperationTooLarge, ProxyClient, QueueFull
from tests.both_loops import Logged
from tests.client.fakes import Batch, FakeTransport, duplicate_key_error, response


async def test_gather_of_n_calls_is_one_invocation() -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    found = await asyncio.gather(*(users.find_one({"_id": number}) for number in range(12)))

    assert found == [{"_id": number} for number in range(12)]
    assert transport.keys == [list(range(12))]


async def test_calls_on_any_collection_and_database_travel_together() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    await asyncio.gather(
        client.shop.users.find_one({"_id": 1}),
        client.shop.orders.find({"user": 1}).to_list(),
        client.stock["by.place"].count_documents({}),
        client["other"].log.insert_one({"_id": 2}),
    )

    assert [[(asked.op, asked.ns) for asked in batch] for batch in transport.batches] == [
        [
            ("find_one", "shop.users"),
            ("find", "shop.orders"),
            ("count_documents", "stock.by.place"),
            ("insert_one", "other.log"),
        ]
    ]


async def test_calls_made_first_and_awaited_in_sequence_are_one_batch() -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    first, second = users.find_one({"_id": 1}), users.find_one({"_id": 2})

    assert await first == {"_id": 1}
    assert await second == {"_id": 2}
    assert transport.keys == [[1, 2]]


async def test_a_second_wave_is_a_second_invocation() -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    async def page(number: int) -> Any:
        first = await users.find_one({"_id": number})
        assert first is not None
        return await users.find_one({"_id": first["_id"] + 10})

    assert list(await asyncio.gather(page(1), page(2))) == [{"_id": 11}, {"_id": 12}]
    assert transport.keys == [[1, 2], [11, 12]]


async def test_calls_that_arrive_a_tick_apart_and_in_nested_groups_are_one_batch() -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    async def later(number: int, ticks: int) -> None:
        for _ in range(ticks):
            await asyncio.sleep(0)
        await users.find_one({"_id": number})

    async with asyncio.TaskGroup() as group:
        group.create_task(later(0, 0))
        group.create_task(asyncio.wait_for(later(1, 1), 30))
        group.create_task(users.find_one({"_id": 2}))
        await asyncio.gather(later(3, 2), asyncio.gather(later(4, 1), later(5, 2)))

    assert sorted(transport.keys[0]) == [0, 1, 2, 3, 4, 5]
    assert len(transport.keys) == 1


async def test_two_clients_on_one_loop_never_share_a_batch() -> None:
    one, other = FakeTransport(), FakeTransport()
    clients = [ProxyClient(transport=transport) for transport in (one, other)]

    calls = [client.shop.users.find_one({"_id": n}) for n in range(3) for client in clients]
    await asyncio.gather(*calls)

    assert one.keys == other.keys == [[0, 1, 2]]
    assert [client.counters.deduplicated for client in clients] == [0, 0]


async def test_two_clients_of_one_transport_are_apart_too() -> None:
    transport = FakeTransport()
    one, other = ProxyClient(transport=transport), ProxyClient(transport=transport)

    await asyncio.gather(one.shop.users.find_one({"_id": 1}), other.shop.users.find_one({"_id": 1}))

    assert transport.keys == [[1], [1]]


async def test_identical_reads_are_sent_once_and_each_caller_gets_a_copy_of_its_own() -> None:
    transport = FakeTransport(answers={"find_one": lambda _: {"tags": ["a"]}})
    client = ProxyClient(transport=transport)

    one, other = await asyncio.gather(*(client.shop.users.find_one({"_id": 1}) for _ in range(2)))
    assert one is not None
    one["tags"].append("b")

    assert other == {"tags": ["a"]}
    assert transport.keys == [[1]]
    assert client.counters.deduplicated == 1


@pytest.mark.parametrize(
    "pipeline",
    [
        [{"$sample": {"size": 1}}],
        [{"$match": {"$expr": {"$lt": [0.5, {"$rand": {}}]}}}],
        [{"$match": {"$where": "Math.random() < 0.5"}}],
        [{"$project": {"x": {"$function": {"body": "", "args": [], "lang": "js"}}}}],
        [{"$out": "other"}],
        [{"$match": {}}, {"$merge": {"into": "other"}}],
    ],
)
async def test_identical_operations_that_may_answer_differently_are_each_sent(
    pipeline: list[dict[str, Any]],
) -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    await asyncio.gather(*(users.aggregate(pipeline).to_list() for _ in range(2)))

    assert [[asked.op for asked in batch] for batch in transport.batches] == [
        ["aggregate", "aggregate"]
    ]


async def test_a_write_between_two_identical_reads_keeps_them_apart() -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    await asyncio.gather(
        users.find_one({"_id": 1}),
        users.update_one({"_id": 1}, {"$set": {"a": 1}}),
        users.find_one({"_id": 1}),
    )

    assert [[asked.op for asked in batch] for batch in transport.batches] == [
        ["find_one", "update_one", "find_one"]
    ]


async def test_the_third_of_five_fails_and_the_other_four_get_their_results() -> None:
    def clash(batch: Batch) -> bytes:
        entries = [transport.ok(asked) for asked in batch]
        entries[2] = envelope.failure(2, duplicate_key_error("email", "x@y.z"))
        return response(*entries)

    transport = FakeTransport(clash)
    users = ProxyClient(transport=transport).shop.users

    results = await asyncio.gather(
        *(users.insert_one({"_id": n}) for n in range(5)), return_exceptions=True
    )

    error = results.pop(2)
    assert [getattr(result, "inserted_id", None) for result in results] == [0, 1, 3, 4]
    assert isinstance(error, DuplicateKeyError)
    assert error.code == 11000
    assert error.details is not None
    assert error.details["keyPattern"] == {"email": 1}
    assert error.details["keyValue"] == {"email": "x@y.z"}


async def test_one_error_for_many_callers_is_an_exception_of_its_own_for_each() -> None:
    err = envelope.error("OperationFailure", "no", code=1, details={"code": 1})
    transport = FakeTransport(lambda _: response(envelope.failure(0, err)))
    users = ProxyClient(transport=transport).shop.users

    calls = [users.find_one({"_id": 1}), users.find_one({"_id": 1})]
    with pytest.raises(OperationFailure) as one:
        await calls[0]
    with pytest.raises(OperationFailure) as other:
        await calls[1]

    assert one.value is not other.value
    assert one.value.details == other.value.details == {"code": 1}
    assert one.value.details is not other.value.details


async def test_a_failing_operation_that_nobody_awaits_is_said_in_the_log(logged: Logged) -> None:
    err = envelope.error("OperationFailure", "no such thing", code=1)
    client = ProxyClient(transport=FakeTransport(lambda _: response(envelope.failure(0, err))))

    client.shop.users.find_one({"_id": 1})
    client.shop.users.find_one({"_id": 2}, nonsense=1)
    await client.aclose()

    refused, failed = sorted(logged())
    assert failed == "find_one on shop.users failed and was never awaited: no such thing"
    assert refused.startswith("a call failed and was never awaited: Collection.find() got an")


async def test_a_full_queue_refuses_the_call_that_is_too_many_at_once() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport, bounds=Bounds(queue_operations=2))

    *_, refused = calls = [client.shop.users.find_one({"_id": n}) for n in range(3)]
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(results[2], QueueFull)
    assert transport.keys == [[0, 1]]
    assert client.counters.refused == 1
    assert "failed QueueFull" in repr(refused)


async def test_an_operation_that_fits_into_no_batch_fails_alone_before_anything_is_sent() -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport, bounds=Bounds(batch_bytes=1_000)).shop.users

    too_large, good = users.insert_one({"text": "x" * 1_000}), users.find_one({"_id": 1})

    with pytest.raises(OperationTooLarge, match="a batch takes at most 1000") as raised:
        await too_large
    assert isinstance(raised.value, DocumentTooLarge)
    assert raised.value.may_have_applied is False
    assert await good == {"_id": 1}
    assert transport.keys == [[1]]


async def test_everything_is_counted() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)
    users = client.shop.users

    await asyncio.gather(*(users.find_one({"_id": n % 3}) for n in range(4)), users.delete_one({}))
    await users.find_one({"_id": 9})
    await client.aclose()

    counts = client.counters.snapshot()
    assert counts["operations"] == 6
    assert counts["deduplicated"] == 1
    assert counts["sent"] == 5
    assert counts["invocations"] == 2
    assert counts["invocations_saved"] == 4
    assert counts["batch_sizes"] == {4: 1, 1: 1}
    assert counts["bytes_sent"] == sum(map(len, transport.payloads))
    assert counts["bytes_received"] > 0
    assert (counts["retried"], counts["throttled"], counts["in_flight"]) == (0, 0, 0)
