"""What a handler leaves behind is settled before the entry returns, or is named in the log."""

# ruff: noqa: ARG001 - a handler takes an event and a context, whether it needs them or not

import asyncio
import time
from typing import Any, NoReturn

import pytest

from motorpool.client import ProxyClient
from tests.client.fakes import FakeTransport
from tests.client.lambda_entry.conftest import (
    ClientOf,
    Context,
    Log,
    SlowTransport,
)


def test_what_is_queued_is_sent_and_settled_before_the_entry_returns(
    client: ProxyClient, transport: FakeTransport
) -> None:
    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        return client.shop.users.insert_one({"_id": 1})

    call = handler({}, Context())

    assert transport.keys == [[1]]
    assert "done" in repr(call)


def test_what_is_queued_is_sent_also_when_the_handler_raises(
    client: ProxyClient, transport: FakeTransport, log: Log
) -> None:
    @client.handler
    async def handler(event: Any, context: Any) -> NoReturn:
        _ = client.shop.users.insert_one({"_id": 1})
        raise LookupError

    with pytest.raises(LookupError):
        handler({}, Context())

    assert transport.keys == [[1]]
    assert log() == []


def test_what_is_on_its_way_is_waited_for(client_of: ClientOf) -> None:
    client = client_of(SlowTransport(0.2))

    @client.handler(grace=0)
    async def handler(event: Any, context: Any) -> Any:
        call = client.shop.users.insert_one({"_id": 1})
        await client.flush()
        return call

    assert "done" in repr(handler({}, Context()))


def test_tasks_that_nobody_awaited_are_waited_for_and_those_that_they_start(
    client: ProxyClient, transport: FakeTransport, log: Log
) -> None:
    tasks: list[asyncio.Task[Any]] = []

    async def note(number: int) -> None:
        await asyncio.sleep(0.05)
        await client.shop.log.insert_one({"_id": number})
        if number < 3:
            tasks.append(asyncio.create_task(note(number + 1)))

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        tasks.append(asyncio.create_task(note(1)))
        if event == "fail":
            raise LookupError
        return "done"

    assert handler({}, Context()) == "done"
    with pytest.raises(LookupError):
        handler("fail", Context())
    assert transport.keys == [[1], [2], [3]] * 2
    assert all(task.done() for task in tasks)
    assert log() == []


def test_a_task_that_goes_on_after_the_grace_is_named_in_the_log_and_goes_on_next_time(
    client: ProxyClient, transport: FakeTransport, log: Log
) -> None:
    kept: list[Any] = []

    async def refresh() -> None:
        await kept[0].wait()
        await client.shop.log.insert_one({"_id": "refreshed"})

    @client.handler(grace=0.05)
    async def handler(event: Any, context: Any) -> Any:
        if not kept:
            kept.append(asyncio.Event())
            kept.append(asyncio.create_task(refresh()))
        elif event == "set":
            kept[0].set()
            await kept[1]

    began = time.monotonic()
    handler({}, Context())
    waited = time.monotonic() - began
    said = log()
    began = time.monotonic()
    handler({}, Context())
    again = time.monotonic() - began

    (line,) = said
    assert ".handler has ended, and tasks that it started have not: " in line
    assert ".refresh. Lambda freezes them until the next invocation" in line
    assert 0.05 <= waited < 1
    assert again < 0.05  # it is an earlier invocation's task by then: waited for once, said once
    assert log() == said
    handler("set", Context())
    assert transport.keys == [["refreshed"]]
    assert kept[1].done()


def test_no_task_is_waited_for_longer_than_the_deadline(client: ProxyClient) -> None:
    tasks: list[asyncio.Task[Any]] = []

    @client.handler(grace=30)
    async def handler(event: Any, context: Any) -> None:
        tasks.append(asyncio.create_task(asyncio.sleep(30)))

    began = time.monotonic()
    handler({}, Context(450))

    assert 0.15 < time.monotonic() - began < 5
    tasks[0].cancel()


def test_a_task_that_waited_for_an_operation_only_is_not_said_to_be_left(
    client_of: ClientOf, log: Log
) -> None:
    client = client_of(SlowTransport(0.2))
    tasks: list[asyncio.Task[Any]] = []

    async def insert(number: int) -> Any:
        return await client.shop.log.insert_one({"_id": number})

    async def both() -> Any:
        return await asyncio.gather(insert(1), insert(2))

    async def wrapped() -> Any:
        return await asyncio.wait_for(asyncio.shield(asyncio.create_task(both())), 30)

    @client.handler(grace=0)
    async def handler(event: Any, context: Any) -> None:
        tasks.append(asyncio.create_task(wrapped()))
        await asyncio.sleep(0.05)

    handler({}, Context())

    assert log() == []
    assert [result.inserted_id for result in tasks[0].result()] == [1, 2]


def test_an_operation_that_nobody_waits_for_any_more_is_let_go(client_of: ClientOf) -> None:
    transport = SlowTransport(0.5)
    client = client_of(transport)

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.shop.users.find_one({}), 0.1)

    began = time.monotonic()
    handler({}, Context())

    assert time.monotonic() - began < 0.4
    assert len(transport.batches) == 1
