"""The answer is lost: reads go again, writes only where that is provably safe, the rest is told."""

import asyncio
from collections.abc import Callable
from typing import Any

import pymongo.errors
import pytest

from motorpool.batching.errors import NotInvoked, TransportError
from motorpool.batching.operations import OPERATIONS
from motorpool.client import (
    ConnectionLost,
    FunctionFailed,
    InsertOne,
    OutcomeUnknown,
    ProxyClient,
    RetryPolicy,
    Throttled,
)
from tests.client.fakes import FakeTransport
from tests.client.test_options import GIVEN

AT_ONCE = RetryPolicy(base_pause=0.0, max_pause=0.0)
SET = {"$set": {"a": 1}}
LOSSES = [
    ConnectionLost("read time-out"),
    FunctionFailed("Sandbox.Timedout", "Task timed out after 3.00 seconds"),
]


@pytest.mark.parametrize("loss", LOSSES, ids=["read time-out", "function error"])
async def test_reads_go_again_and_writes_are_told_that_they_may_have_been_applied(
    loss: TransportError,
) -> None:
    transport = FakeTransport(loss)
    client = ProxyClient(transport=transport, retry=AT_ONCE)
    users = client.shop.users

    one, write, other = (
        users.find_one({"_id": 1}),
        users.update_one({"_id": 2}, SET),
        users.find_one({"_id": 3}),
    )

    assert (await one, await other) == ({"_id": 1}, {"_id": 3})
    with pytest.raises(OutcomeUnknown) as raised:
        await write
    assert str(raised.value) == (
        f"update_one on shop.users: the write may have been applied, its answer is lost: {loss}"
    )
    assert raised.value.may_have_applied is True
    assert raised.value.retryable is False
    assert isinstance(raised.value, pymongo.errors.AutoReconnect)
    assert raised.value.__cause__ is loss
    assert transport.keys == [[1, 2, 3], [1, 3]]
    assert client.counters.retried == 2


@pytest.mark.parametrize("loss", LOSSES, ids=["read time-out", "function error"])
async def test_reads_that_are_lost_again_and_again_fail_with_the_last_loss(
    loss: TransportError,
) -> None:
    transport = FakeTransport(loss, loss, loss)
    client = ProxyClient(transport=transport, retry=AT_ONCE)

    with pytest.raises(type(loss)) as raised:
        await client.shop.users.find_one({"_id": 1})

    assert str(raised.value) == str(loss)
    assert isinstance(raised.value, pymongo.errors.AutoReconnect)
    assert raised.value.may_have_applied is False  # there was nothing to apply
    assert getattr(raised.value, "error_type", None) == getattr(loss, "error_type", None)
    assert transport.keys == [[1], [1], [1]]


async def test_the_number_of_tries_is_the_policys() -> None:
    transport = FakeTransport(*[ConnectionLost("reset")] * 9)
    client = ProxyClient(transport=transport, retry=AT_ONCE._replace(unknown_tries=1))

    with pytest.raises(ConnectionLost):
        await client.shop.users.find_one({"_id": 1})

    assert transport.keys == [[1]]


CALLS: dict[str, Callable[[Any], Any]] = {
    "find": lambda items: items.find().to_list(),
    "explain": lambda items: items.find().explain(),
    "aggregate": lambda items: items.aggregate([]).to_list(),
    "create_indexes": lambda items: items.create_index("a"),
    "drop_index": lambda items: items.drop_index("a_1"),
    "list_indexes": lambda items: items.list_indexes().to_list(),
    "create_collection": lambda items: items.database.create_collection("items"),
    "drop_collection": lambda items: items.drop(),
    "rename": lambda items: items.rename("other"),
    "list_collections": lambda items: items.database.list_collections(),
    "drop_database": lambda items: items.database.client.drop_database("shop"),
    "list_databases": lambda items: items.database.client.list_databases(),
    "command": lambda items: items.database.command("ping"),
    "client_bulk_write": lambda items: items.database.client.bulk_write(
        [InsertOne({"_id": 1}, namespace="shop.items")]
    ),
}
"""How an operation is called that is no method of a collection of the same name."""


async def called_once_lost(op: str, **given: Any) -> tuple[int, bool]:
    """Call a method whose first batch is lost; return its invocations and whether it succeeded."""
    transport = FakeTransport(ConnectionLost("reset"))
    collection: Any = ProxyClient(transport=transport, retry=AT_ONCE).shop.items
    required = {
        name: GIVEN[argument.kind]
        for name, argument in OPERATIONS[op].arguments.items()
        if argument.required and op not in CALLS
    }
    try:
        if op in CALLS and not given:
            await CALLS[op](collection)
        else:
            called = getattr(collection, op)(**{**required, **given})
            await (called.to_list() if op == "aggregate" else called)
    except OutcomeUnknown:
        return len(transport.batches), False
    return len(transport.batches), True


@pytest.mark.parametrize("op", [name for name, spec in OPERATIONS.items() if spec.effect == "read"])
async def test_every_read_goes_again(op: str) -> None:
    assert await called_once_lost(op) == (2, True)


@pytest.mark.parametrize(
    "op", [name for name, spec in OPERATIONS.items() if spec.effect == "write"]
)
async def test_no_write_goes_again_whose_ids_are_the_callers(op: str) -> None:
    assert await called_once_lost(op) == (1, False)


@pytest.mark.parametrize("stage", ["$out", "$merge"])
async def test_an_aggregation_that_writes_does_not_go_again(stage: str) -> None:
    assert await called_once_lost("aggregate", pipeline=[{stage: "other"}]) == (1, False)


async def test_a_pause_is_drawn_before_each_repeat() -> None:
    drawn: list[int] = []

    class Policy(RetryPolicy):
        def pause(self, tries: int, asked: float | None = None) -> float:
            assert asked is None
            drawn.append(tries)
            return 0.0

    transport = FakeTransport(ConnectionLost("reset"), ConnectionLost("reset"))
    client = ProxyClient(transport=transport, retry=Policy())

    await client.shop.users.find_one({})

    assert drawn == [1, 2]


async def test_an_operation_that_nobody_waits_for_any_more_does_not_go_again() -> None:
    transport = FakeTransport(ConnectionLost("reset"))

    class Policy(RetryPolicy):
        def pause(self, tries: int, asked: float | None = None) -> float:
            del tries, asked
            return 0.03

    client = ProxyClient(transport=transport, retry=Policy())
    leaving = asyncio.ensure_future(client.shop.users.find_one({"_id": 1}))
    staying = asyncio.ensure_future(client.shop.users.find_one({"_id": 2}))
    await asyncio.sleep(0.01)
    assert transport.keys == [[1, 2]]
    leaving.cancel()

    assert await staying == {"_id": 2}
    assert transport.keys == [[1, 2], [2]]


@pytest.mark.parametrize("refusal", [Throttled("429", retry_after=9.0), NotInvoked("403")])
async def test_a_repeat_that_is_refused_leaves_the_first_tries_writes_unknown(
    refusal: NotInvoked,
) -> None:
    transport = FakeTransport(ConnectionLost("reset"), refusal)
    client = ProxyClient(transport=transport, retry=AT_ONCE._replace(throttled_for=0.0))
    users = client.shop.users

    read, write = users.find_one({"_id": 1}), users.insert_one({"a": 1})

    with pytest.raises(OutcomeUnknown) as raised:
        await write
    assert raised.value.may_have_applied is True
    with pytest.raises(type(refusal)) as refused:
        await read
    assert refused.value.may_have_applied is False
    assert len(transport.batches) == 2


async def test_an_error_that_a_transport_ought_not_to_raise_is_an_unknown_outcome() -> None:
    transport = FakeTransport(OSError("broken pipe"))
    client = ProxyClient(transport=transport, retry=AT_ONCE)
    users = client.shop.users

    read, write = users.find_one({"_id": 1}), users.insert_one({"a": 1})

    with pytest.raises(ConnectionLost, match="broken pipe") as lost:
        await read
    with pytest.raises(OutcomeUnknown, match="broken pipe") as unknown:
        await write
    assert (lost.value.may_have_applied, unknown.value.may_have_applied) == (False, True)
    assert isinstance(unknown.value.__cause__, OSError)


async def test_an_error_of_a_transports_own_class_is_raised_as_its_nearest_known_one() -> None:
    class CircuitOpen(NotInvoked):
        pass

    client = ProxyClient(transport=FakeTransport(CircuitOpen("the circuit is open")))

    with pytest.raises(pymongo.errors.ConnectionFailure, match="the circuit is open") as raised:
        await client.shop.users.insert_one({"_id": 1})
    assert isinstance(raised.value, NotInvoked)
