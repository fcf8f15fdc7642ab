"""One event loop for every invocation of `@client.handler`, whoever calls it."""

# ruff: noqa: ARG001 - a handler takes an event and a context, whether it needs them or not

import asyncio
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, NoReturn

import pytest

from motorpool.client import ProxyClient
from tests.both_loops import ONE_LOOP, LoopFactory
from tests.client.fakes import FakeTransport
from tests.client.lambda_entry.conftest import (
    Context,
)
from tests.client.test_client_loops import make_tasks_eager


def test_the_entry_returns_what_the_handler_returns(client: ProxyClient) -> None:
    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        return {"event": event, "context": context}

    context = Context()

    assert handler({"user": 1}, context) == {"event": {"user": 1}, "context": context}


def test_the_entry_raises_the_very_exception_that_the_handler_raises(client: ProxyClient) -> None:
    error = LookupError("no such page")

    @client.handler
    async def handler(event: Any, context: Any) -> NoReturn:
        raise error

    with pytest.raises(LookupError) as caught:
        handler({}, Context())

    assert caught.value is error


def test_what_a_handler_gathers_is_one_invocation_and_the_second_wave_a_second(
    client: ProxyClient, transport: FakeTransport
) -> None:
    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        users = client.shop.users
        first = await asyncio.gather(*(users.find_one({"_id": n}) for n in range(3)))
        return first + await asyncio.gather(*(users.find_one({"_id": n}) for n in range(3, 5)))

    assert handler({}, Context()) == [{"_id": n} for n in range(5)]
    assert transport.keys == [[0, 1, 2], [3, 4]]


def test_every_invocation_runs_on_the_same_loop_for_all_handlers_of_a_client(
    client: ProxyClient,
) -> None:
    @client.handler
    async def one(event: Any, context: Any) -> Any:
        return asyncio.get_running_loop()

    @client.handler
    async def other(event: Any, context: Any) -> Any:
        return asyncio.get_running_loop()

    loop = one({}, Context())

    assert one({}, Context()) is loop
    assert other({}, Context()) is loop
    assert not loop.is_closed()


def test_a_client_that_was_used_on_another_loop_before_serves_invocations(
    client: ProxyClient, transport: FakeTransport, loop_factory: LoopFactory
) -> None:
    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        return await client.shop.users.find_one({"_id": event})

    async def elsewhere() -> Any:
        return await client.shop.users.find_one({"_id": 0})

    assert handler(1, Context()) == {"_id": 1}
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(elsewhere()) == {"_id": 0}
    assert handler(2, Context()) == {"_id": 2}
    assert transport.keys == [[1], [0], [2]]


def test_an_object_that_belongs_to_a_loop_lasts_from_one_invocation_to_the_next(
    client: ProxyClient,
) -> None:
    kept: list[asyncio.Future[str]] = []

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        if not kept:
            kept.append(asyncio.get_running_loop().create_future())
            return None
        kept[0].set_result("still good")
        return await kept[0]

    assert [handler({}, Context()) for _ in range(2)] == [None, "still good"]


def test_eager_tasks_change_nothing(client: ProxyClient, transport: FakeTransport) -> None:
    kept: list[asyncio.Task[Any]] = []

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        make_tasks_eager()
        kept.append(asyncio.create_task(client.shop.log.insert_one({"_id": event})))
        tasks = [asyncio.create_task(client.shop.users.find_one({"_id": n})) for n in range(3)]
        return await asyncio.gather(*tasks)

    for number in range(2):
        assert handler(number, Context()) == [{"_id": n} for n in range(3)]
    assert transport.keys == [[0, 0, 1, 2], [1, 0, 1, 2]]
    assert all(task.done() for task in kept)


def test_what_a_handler_sets_in_its_context_is_not_seen_by_the_next_invocation(
    client: ProxyClient,
) -> None:
    tenant: ContextVar[str] = ContextVar("tenant", default="nobody")

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        before = tenant.get()
        tenant.set(event)
        return before

    assert [handler(name, Context()) for name in ("ada", "grace")] == ["nobody", "nobody"]
    assert tenant.get() == "nobody"


def test_what_the_caller_has_set_in_its_context_is_seen_by_the_handler(client: ProxyClient) -> None:
    request: ContextVar[str] = ContextVar("request")

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        return request.get()

    token = request.set("of a decorator above")
    try:
        assert handler({}, Context()) == "of a decorator above"
    finally:
        request.reset(token)


def test_invocations_from_several_threads_run_one_after_the_other(client: ProxyClient) -> None:
    at_once: list[int] = [0, 0]

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        at_once[0] += 1
        at_once[1] = max(at_once)
        await asyncio.sleep(0.02)
        document = await client.shop.users.find_one({"_id": event})
        at_once[0] -= 1
        return document

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: handler(number, Context()), range(8)))

    assert found == [{"_id": number} for number in range(8)]
    assert at_once == [0, 1]


@ONE_LOOP
async def test_where_a_loop_runs_the_entry_says_what_to_await(client: ProxyClient) -> None:
    @client.handler
    async def page(event: Any, context: Any) -> Any:
        return await client.shop.users.find_one({"_id": event})

    with pytest.raises(RuntimeError, match=r"page is a Lambda.*await its `__wrapped__\(event, con"):
        page(1, Context())
    assert await page.__wrapped__(1, Context()) == {"_id": 1}


def test_an_exit_in_the_handler_ends_it_and_the_next_invocation_is_served(
    client: ProxyClient, transport: FakeTransport
) -> None:
    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        call = client.shop.users.find_one({"_id": event})
        if event == "exit":
            sys.exit(3)
        return await call

    with pytest.raises(SystemExit):
        handler("exit", Context())
    assert handler(1, Context()) == {"_id": 1}
    assert transport.keys == [["exit"], [1]]


def test_an_interrupt_cancels_the_handler_and_leaves_nothing_of_it_to_the_next(
    client: ProxyClient,
) -> None:
    seen: list[str] = []

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        if event == "slow":
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise
        return event

    # A shell starts what runs in the background with interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            handler("slow", Context())
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)

    assert seen == ["cancelled"]
    assert time.monotonic() - began < 0.9  # nothing waits for itself
    assert handler("next", Context()) == "next"
