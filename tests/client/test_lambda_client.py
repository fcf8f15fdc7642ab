"""A client of a function's name: its batches go over HTTP, from whichever loop it is used on."""

import asyncio
import contextlib
import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from motorpool.client import LambdaTransport, OutcomeUnknown, ProxyClient, RetryPolicy
from tests.client.fakes import FakeTransport, read_batch
from tests.client.lambda_server import OPTIONS, LambdaServer, answer, refuse, reset


@pytest.fixture
def fake() -> FakeTransport:
    """Give what answers batches, for a server to answer with."""
    return FakeTransport()


async def test_a_client_of_a_functions_name_invokes_it_once_for_a_gather(
    fake: FakeTransport,
) -> None:
    async def run(request: Any) -> Any:
        batch = read_batch(await request.read())
        return await answer(fake.answer_all(batch))(request)

    async with (
        LambdaServer(run) as server,
        ProxyClient("my-proxy", endpoint_url=server.url, **OPTIONS) as client,
    ):
        found = await asyncio.gather(*(client.shop.users.find_one({"_id": n}) for n in range(3)))

    assert found == [{"_id": n} for n in range(3)]
    assert [invocation.function for invocation in server.invocations] == ["my-proxy"]


async def test_a_client_repeats_what_was_throttled_and_reads_that_were_lost(
    fake: FakeTransport,
) -> None:
    async def run(request: Any) -> Any:
        batch = read_batch(await request.read())
        return await answer(fake.answer_all(batch))(request)

    steps = (
        refuse(429, "TooManyRequestsException", Reason="ConcurrentInvocationLimitExceeded"),
        reset,
        run,
    )
    async with (
        LambdaServer(*steps) as server,
        ProxyClient(
            "my-proxy", endpoint_url=server.url, retry=RetryPolicy(0.0, 0.0), **OPTIONS
        ) as client,
    ):
        read, write = client.shop.users.find_one({"_id": 1}), client.shop.users.delete_one({})

        assert await read == {"_id": 1}
        with pytest.raises(OutcomeUnknown):
            await write

    sent = [[asked.op for asked in read_batch(sent.payload)] for sent in server.invocations]
    assert sent == [["find_one", "delete_one"], ["find_one", "delete_one"], ["find_one"]]
    assert client.counters.throttled == 1


@contextlib.contextmanager
def serving_elsewhere() -> Iterator[str]:
    """Serve from a thread with a loop of its own, and give the URL."""
    fake = FakeTransport()

    async def run(request: Any) -> Any:
        batch = read_batch(await request.read())
        return await answer(fake.answer_all(batch))(request)

    async def serve() -> None:
        async with LambdaServer(run, run) as server:
            urls.append(server.url)
            started.set()
            await asyncio.to_thread(stop.wait)

    started, stop, urls = threading.Event(), threading.Event(), list[str]()
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait(10)
    try:
        yield urls[0]
    finally:
        stop.set()
        thread.join(10)


# A loop's connections can be closed on that loop only: what it left open the collector closes.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_two_asyncio_runs_with_one_client_are_both_served() -> None:
    with serving_elsewhere() as url:
        client = ProxyClient("my-proxy", endpoint_url=url, **OPTIONS)

        for number in (1, 2):
            assert asyncio.run(client.shop.users.find_one({"_id": number})) == {"_id": number}

        asyncio.run(client.aclose())
        del client
        gc.collect()


def test_two_asyncio_runs_that_each_close_what_they_opened_leave_nothing_open() -> None:
    async def page(number: int) -> Any:
        transport = LambdaTransport("my-proxy", endpoint_url=url, **OPTIONS)
        async with ProxyClient(transport=transport) as client:
            return await client.shop.users.find_one({"_id": number})

    with serving_elsewhere() as url:
        for number in (1, 2):
            assert asyncio.run(page(number)) == {"_id": number}
        gc.collect()
