"""Execution environments side by side: how many there are, who waits, who is refused."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pymongo.errors
import pytest

from motorpool.client import Bounds, OperationTimeout, ProxyClient, RetryPolicy, Throttled
from tests.integration.services import RecordingTransport, Server, motorpool_local, until

SLOW_MS = 600


async def test_two_invocations_at_once_run_in_two_environments(
    wire_uri: str, server: Server
) -> None:
    name = server.database.name
    with motorpool_local("--mongodb-uri", wire_uri, "--concurrency", "2") as service:
        transports = RecordingTransport(service), RecordingTransport(service)
        async with (
            ProxyClient(transport=transports[0]) as one,
            ProxyClient(transport=transports[1]) as other,
        ):
            await asyncio.gather(*[transport.open() for transport in transports])
            # Both environments warm, so that only the wait for the database is measured.
            with server.slow(["find"], SLOW_MS, times=2):
                await asyncio.gather(one[name].items.find_one(), other[name].items.find_one())
            environments = service.environments()
            assert len(environments) == 2
            with server.slow(["find"], SLOW_MS, times=2):
                began = time.perf_counter()
                await asyncio.gather(one[name].items.find_one(), other[name].items.find_one())
                took = time.perf_counter() - began
            assert SLOW_MS / 1000 <= took < 2 * SLOW_MS / 1000
            assert service.environments() == environments
        cold = [stats["cold"] for transport in transports for stats in transport.stats]
        assert cold == [True, False, True, False]


async def test_one_client_has_several_invocations_in_flight(wire_uri: str, server: Server) -> None:
    name = server.database.name
    with motorpool_local("--mongodb-uri", wire_uri, "--concurrency", "2") as service:
        async with service.client(bounds=Bounds(flights=2)) as client:
            with server.slow(["find"], SLOW_MS, times=2):
                first = asyncio.create_task(client[name].items.find_one())
                await until(lambda: client.counters.invocations == 1)  # it has left, alone
                await asyncio.gather(first, client[name].items.find_one({"_id": 1}))
            assert client.counters.max_in_flight == 2
            assert client.counters.throttled == 0
            assert len(service.environments()) == 2


@contextlib.asynccontextmanager
async def busy_environment(
    server: Server, holder: ProxyClient, *warm: ProxyClient
) -> AsyncIterator[asyncio.Task[Any]]:
    """Let `holder` occupy an environment for a while; give the task that waits for its answer.

    Every client has invoked once before, since aioboto3 takes its time at the first call.
    """
    for client in (holder, *warm):
        await client[server.database.name].items.find_one()
    before = holder.counters.invocations
    with server.slow(["find"], 2 * SLOW_MS, times=1):
        held = asyncio.create_task(holder[server.database.name].items.find_one())
        await until(lambda: holder.counters.invocations > before)
        await asyncio.sleep(0.1)
        yield held
        await held


async def test_at_the_limit_the_client_waits_and_succeeds(wire_uri: str, server: Server) -> None:
    name = server.database.name
    with motorpool_local("--mongodb-uri", wire_uri, "--concurrency", "1") as service:
        async with service.client() as holder, service.client() as waiter:
            async with busy_environment(server, holder, waiter):
                inserted = await waiter[name].items.insert_one({"_id": 1})
            assert inserted.inserted_id == 1
            assert waiter.counters.throttled >= 1
            assert waiter.counters.invocations == 1 + waiter.counters.throttled + 1
            assert holder.counters.throttled == 0
            assert len(service.environments()) == 1
    assert server.database["items"].count_documents({}) == 1


async def test_a_short_deadline_ends_the_wait_and_what_it_waited_with_never_runs(
    wire_uri: str, server: Server
) -> None:
    name = server.database.name
    with motorpool_local("--mongodb-uri", wire_uri, "--concurrency", "1") as service:
        async with service.client() as holder, service.client() as waiter:
            async with busy_environment(server, holder, waiter) as held:
                # Throttled where the next pause would end after the deadline, so nothing is waited
                # for in vain; OperationTimeout where the deadline passes during a pause.
                with pytest.raises((OperationTimeout, Throttled)) as caught:
                    async with waiter.request(timeout=0.3):
                        await waiter[name].items.insert_one({"_id": 1})
                assert not held.done()
                assert isinstance(caught.value, pymongo.errors.AutoReconnect)
            assert waiter.counters.throttled >= 1
            # The environment is free now: what was given up must not come after all.
            await holder[name].items.find_one()
            await asyncio.sleep(0.2)
    assert server.database["items"].count_documents({}) == 0


async def test_without_a_deadline_the_wait_has_an_end_too(wire_uri: str, server: Server) -> None:
    name = server.database.name
    with motorpool_local("--mongodb-uri", wire_uri, "--concurrency", "1") as service:
        impatient = RetryPolicy(throttled_for=0.2)
        async with (
            service.client() as holder,
            service.client(retry=impatient) as waiter,
            busy_environment(server, holder, waiter),
        ):
            with pytest.raises(Throttled) as caught:
                await waiter[name].items.find_one()
            assert isinstance(caught.value, pymongo.errors.AutoReconnect)
            assert caught.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"


async def settled(server: Server) -> int:
    """Give the server's connections once those of earlier tests have ended."""
    counts = [server.connections()]
    while len(counts) < 6 or len(set(counts[-6:])) > 1:
        await asyncio.sleep(0.1)
        counts.append(server.connections())
    return counts[-1]


async def test_connections_stay_below_environments_times_pool_size(
    wire_uri: str, server: Server
) -> None:
    """And the pool is used up to it: operations of a batch run at once, as many as it allows."""
    pool_size, environments, heartbeats = 3, 2, 1
    name = server.database.name
    with motorpool_local(
        *["--mongodb-uri", wire_uri, "--concurrency", str(environments)],
        *["--parameter", f"PoolSize={pool_size}"],
    ) as service:
        before = await settled(server)
        async with service.client() as one, service.client() as other:
            # Ranges, each of its own: what could go together would take one connection.
            reads = [
                client[name].items.find_one({"number": {"$gt": number}})
                for client in (one, other)
                for number in range(20)
            ]
            seen = []
            with server.slow(["find"], 100):
                running = asyncio.ensure_future(asyncio.gather(*reads))
                while not running.done():
                    await asyncio.sleep(0.02)
                    seen.append(server.connections() - before)
            assert await running == [None] * 40
            assert len(service.environments()) == environments
    # Each driver client watches the server over a connection of its own (docs/connections.md).
    assert environments * pool_size <= max(seen) <= environments * (pool_size + heartbeats)
