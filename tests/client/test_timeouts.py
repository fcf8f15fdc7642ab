"""Every operation has its deadline: it travels, and who waits past it is told what is known."""

import asyncio
import math
from typing import Any

import pymongo.errors
import pytest

from motorpool.client import OperationTimeout, ProxyClient
from tests.client.fakes import FakeTransport


def closed_gate() -> FakeTransport:
    """Make a transport that never answers."""
    transport = FakeTransport()
    transport.gate = asyncio.Event()
    return transport


@pytest.mark.parametrize(
    ("write", "may_have_applied", "fate"),
    [
        (False, False, "no answer came in time"),
        (True, True, "it was sent and may have been applied"),
    ],
)
async def test_a_timeout_is_caught_as_the_drivers_and_says_whether_a_write_may_be_applied(
    *, write: bool, may_have_applied: bool, fate: str
) -> None:
    transport = closed_gate()
    client = ProxyClient(transport=transport, timeout=0.02)
    users = client.shop.users

    call: Any = users.insert_one({"_id": 1}) if write else users.find_one({"_id": 1})
    with pytest.raises(pymongo.errors.NetworkTimeout) as raised:
        await call

    error: Any = raised.value
    assert isinstance(raised.value, OperationTimeout)
    op = "insert_one" if write else "find_one"
    assert str(error) == f"{op} on shop.users: time-out, {fate}"
    assert error.timeout is True
    assert error.may_have_applied is may_have_applied
    assert error.retryable is True
    assert transport.keys == [[1]]
    assert client.counters.timed_out == 1


async def test_a_write_that_was_not_sent_is_certainly_not_applied() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.batch(timeout=0.01):
        call = client.shop.users.insert_one({"_id": 1})
        await asyncio.sleep(0.03)

    with pytest.raises(OperationTimeout) as raised:
        await call
    assert str(raised.value) == "insert_one on shop.users: time-out, it was not sent"
    assert raised.value.may_have_applied is False
    assert transport.keys == []


async def test_a_requests_timeout_ends_everything_in_it() -> None:
    client = ProxyClient(transport=closed_gate(), timeout=30)
    began = asyncio.get_running_loop().time()

    async with client.request(timeout=0.03):
        calls = [client.shop.users.find_one({"_id": n}) for n in range(3)]

    assert asyncio.get_running_loop().time() - began < 5
    for call in calls:
        with pytest.raises(OperationTimeout):
            await call
    assert client.counters.timed_out == 3


async def test_the_earlier_of_the_clients_and_the_requests_timeout_counts() -> None:
    client = ProxyClient(transport=closed_gate(), timeout=0.02)

    async with client.request(timeout=30):
        with pytest.raises(OperationTimeout):
            await client.shop.users.find_one({"_id": 1})


@pytest.mark.parametrize(
    ("client_timeout", "request_timeout", "expected_ms"),
    [
        (None, None, None),
        (10.0, None, 9_800),
        (None, 10.0, 9_800),
        (10.0, 30.0, 9_800),
        (30.0, 10.0, 9_800),
        # The way back is kept free: 0.2 s, or a tenth where that is less.
        (1.0, None, 900),
        # The longest that the protocol has; 3 million seconds are five weeks.
        (3e6, None, 2**31 - 1),
        (None, math.inf, 2**31 - 1),
    ],
)
async def test_the_time_that_is_left_travels_with_each_operation(
    client_timeout: float | None, request_timeout: float | None, expected_ms: int | None
) -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport, timeout=client_timeout)

    async with client.request(timeout=request_timeout):
        await asyncio.gather(*(client.shop.users.find_one({"_id": n}) for n in range(2)))

    ((one, other),) = transport.batches
    if expected_ms is None:
        assert (one.timeout_ms, other.timeout_ms) == (None, None)
    else:
        assert one.timeout_ms == pytest.approx(expected_ms, rel=0.1)
        assert other.timeout_ms == pytest.approx(expected_ms, rel=0.1)
        assert one.timeout_ms is not None
        assert one.timeout_ms <= expected_ms


async def test_operations_of_one_batch_travel_with_a_deadline_each() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport, timeout=10)

    async with client.batch():
        client.shop.users.find_one({"_id": 1})
        await asyncio.sleep(0.05)
        client.shop.users.find_one({"_id": 2})

    ((early, late),) = transport.batches
    assert early.timeout_ms is not None
    assert late.timeout_ms is not None
    assert 40 <= late.timeout_ms - early.timeout_ms < 5_000


async def test_an_answer_in_time_cancels_the_deadline() -> None:
    client = ProxyClient(transport=FakeTransport(), timeout=0.05)

    call = client.shop.users.find_one({"_id": 1})
    assert await call == {"_id": 1}
    await asyncio.sleep(0.08)

    assert await call == {"_id": 1}
    assert client.counters.timed_out == 0


async def test_asyncios_own_timeout_around_a_call_works_as_around_any_other() -> None:
    client = ProxyClient(transport=closed_gate())

    with pytest.raises(TimeoutError) as raised:
        await asyncio.wait_for(client.shop.users.find_one({"_id": 1}), 0.01)

    assert not isinstance(raised.value, pymongo.errors.PyMongoError)
    assert client.counters.timed_out == 0
