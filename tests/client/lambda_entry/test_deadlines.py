"""The deadline of an invocation: what Lambda leaves, less a margin to answer in."""

# ruff: noqa: ARG001 - a handler takes an event and a context, whether it needs them or not

import time
from typing import Any
from unittest.mock import MagicMock

import pytest
from pymongo.errors import NetworkTimeout

from motorpool.client import OperationTimeout, ProxyClient
from motorpool.client.lambda_entry import seconds_left
from tests.client.fakes import FakeTransport
from tests.client.lambda_entry.conftest import ClientOf, Context, Log, SlowTransport


def test_operations_end_a_margin_before_the_invocation_does(
    client: ProxyClient, transport: FakeTransport
) -> None:
    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        return await client.shop.users.find_one({})

    handler({}, Context(2_250))

    ((asked,),) = transport.batches
    assert asked.timeout_ms is not None
    assert 1_600 < asked.timeout_ms <= 1_800  # of the 2 s, 0.2 are for the way back


def test_the_margin_is_the_applications_to_choose(
    client: ProxyClient, transport: FakeTransport
) -> None:
    @client.handler(margin=2)
    async def handler(event: Any, context: Any) -> Any:
        return await client.shop.users.find_one({})

    handler({}, Context(4_000))

    ((asked,),) = transport.batches
    assert asked.timeout_ms is not None
    assert 1_600 < asked.timeout_ms <= 1_800


@pytest.mark.parametrize("context", [None, object(), MagicMock()], ids=["None", "bare", "mock"])
def test_without_a_context_that_says_how_long_there_is_no_deadline(
    context: object, client: ProxyClient, transport: FakeTransport
) -> None:
    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        return await client.shop.users.find_one({})

    handler({}, context)

    ((asked,),) = transport.batches
    assert asked.timeout_ms is None


def test_an_operation_that_takes_too_long_times_out_while_there_is_time_to_answer(
    client_of: ClientOf,
) -> None:
    client = client_of(SlowTransport(30))

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        try:
            await client.shop.users.find_one({})
        except NetworkTimeout:
            return "too slow"

    began = time.monotonic()

    assert handler({}, Context(500)) == "too slow"
    assert time.monotonic() - began < 5


def test_a_request_scope_within_the_handler_can_only_shorten_the_deadline(
    client: ProxyClient, transport: FakeTransport
) -> None:
    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        async with client.request(timeout=event):
            await client.shop.users.find_one({})

    handler(1, Context(3_250))
    handler(60, Context(3_250))

    (short,), (long,) = transport.batches
    assert short.timeout_ms is not None
    assert long.timeout_ms is not None
    assert short.timeout_ms <= 900 < long.timeout_ms <= 2_800


def test_where_the_margin_leaves_no_time_operations_fail_and_the_handler_still_answers(
    client: ProxyClient, transport: FakeTransport, log: Log
) -> None:
    @client.handler(margin=5)
    async def handler(event: Any, context: Any) -> Any:
        with pytest.raises(OperationTimeout, match="it was not sent"):
            await client.shop.users.insert_one({"_id": 1})
        return "sorry"

    assert handler({}, Context(3_000)) == "sorry"
    assert transport.batches == []
    assert log()[0] == (
        "no time for the database: the invocation has 3000 ms left, and the margin is 5 s"
    )


@pytest.mark.parametrize(
    ("milliseconds", "expected"), [(1_000, 0.75), (250, 1e-6), (0, 1e-6), (-5, 1e-6)]
)
def test_what_is_left_is_never_nothing(milliseconds: int, expected: float) -> None:
    assert seconds_left(Context(milliseconds), 0.25) == expected
