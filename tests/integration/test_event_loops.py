"""The client on the default event loop and on uvloop, over both transports, loop after loop."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
from pymongo.errors import DuplicateKeyError

from motorpool.client import InProcessTransport, ProxyClient
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.integration.services import LocalService

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

each_loop = pytest.mark.parametrize(
    "loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)


def run(loop_factory: LoopFactory, work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(work)


async def use(client: ProxyClient, database: str, first: int) -> None:
    """Insert, read and fail at once: one invocation for each of two waves."""
    before = client.counters.invocations
    items = client[database]["items"]
    numbers = range(first, first + 10)
    await asyncio.gather(*[items.insert_one({"_id": number}) for number in numbers])
    *found, refused = await asyncio.gather(
        *[items.find_one({"_id": number}) for number in numbers],
        items.insert_one({"_id": first}),
        return_exceptions=True,
    )
    assert found == [{"_id": number} for number in numbers]
    assert isinstance(refused, DuplicateKeyError)
    async with asyncio.TaskGroup() as group, asyncio.timeout(10):
        tasks = [group.create_task(items.find_one({"_id": number})) for number in numbers]
        await tasks[0]
    assert [task.result() for task in tasks] == found
    assert client.counters.invocations - before == 3


@each_loop
def test_one_client_serves_two_loops_one_after_the_other_in_process(
    loop_factory: LoopFactory,
) -> None:
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    client = ProxyClient(transport=InProcessTransport(proxy.handle))

    async def last() -> None:
        await use(client, "loops", 10)
        await client.aclose()

    try:
        run(loop_factory, use(client, "loops", 0))
        run(loop_factory, last())
    finally:
        proxy.close()


@each_loop
def test_the_real_path_on_this_loop(
    loop_factory: LoopFactory, service: LocalService, wire_database: str
) -> None:
    async def work() -> None:
        async with service.client() as client:
            await use(client, wire_database, 0)

    run(loop_factory, work())


# `asyncio.run` closes the first loop under aiohttp's idle connections, which says so when they go.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_one_client_serves_loops_of_both_kinds_over_aioboto3(
    service: LocalService, wire_database: str
) -> None:
    client = service.client()

    async def last() -> None:
        await use(client, wire_database, 10)
        await client.aclose()

    run(asyncio.new_event_loop, use(client, wire_database, 0))
    run(uvloop.new_event_loop, last())
    gc.collect()  # the warnings come here, and not in another test
