"""(9) Connections on the server under 100 concurrent application environments, direct and proxied.

Direct: each environment is a process with a Motor client of its own, which stays as it is after its
request, as a frozen environment does: the connections stay open. Proxied: each is a client of the
local Lambda, where the proxy's environments hold the connections, with the reserved concurrency
and the pool that `template.yaml` gives them. Every environment makes one request of 20 gathered
queries. The server counts (`serverStatus.connections`), sampled all the while, and the peak is what
is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pymongo import MongoClient

from bench.suite import local
from bench.suite.figures import Row, Spread
from bench.suite.shapes import DATABASE, object_id
from motorpool.client import LambdaTransport, ProxyClient
from motorpool.local.config import URI_VARIABLE
from motorpool.local.template import load_function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.suite.harness import Bench

ENVIRONMENTS: Final = 100
QUICK_ENVIRONMENTS: Final = 20
QUERIES: Final = 20
HEARTBEATS: Final = 1
"""The proxy's driver watches each server by one connection (docs/connections.md)."""
AT_MOST: Final = 0.1

_PEOPLE: Final = 100
_SAMPLE_SECONDS: Final = 0.02
_WITHIN_SECONDS: Final = 120.0
_CONTEXT: Final = multiprocessing.get_context("fork")


def run(bench: Bench) -> list[Row]:
    """See the module."""
    bench.fill("reads", _PEOPLE)
    count = bench.size(QUICK_ENVIRONMENTS if bench.is_quick else ENVIRONMENTS)
    bench.say(f"connections: {count} environments, direct")
    direct = _direct(bench.uri, count)
    _settle(bench.uri)
    function = load_function(local.TEMPLATE, environment={URI_VARIABLE: bench.uri})
    concurrency = bench.size(function.reserved_concurrency)
    pool = int(function.environment["MOTORPOOL_POOL_SIZE"])
    rows = []
    for driver in bench.drivers:
        bench.say(f"connections: {count} environments, proxied on {driver}")
        proxied, started = asyncio.run(_proxied(bench.uri, count, driver, concurrency))
        _settle(bench.uri)
        rows += _rows(
            _Proxied(driver, concurrency, pool, started), count, direct=direct, proxied=proxied
        )
    bench.say("")
    return rows


class _Proxied(NamedTuple):
    """What held the connections: `started` of at most `concurrency` environments, a pool each."""

    driver: str
    concurrency: int
    pool: int
    started: int


def _rows(proxy: _Proxied, count: int, *, direct: int, proxied: int) -> list[Row]:
    ceiling = proxy.concurrency * (proxy.pool + HEARTBEATS)
    facts: dict[str, Any] = {
        "part": "connections",
        "n": count,
        "ours_is": f"proxied on {proxy.driver}, {proxy.concurrency} environments at most",
        "ours": Spread.of([proxied]),
        "measured_in": "connections",
        "note": f"{proxy.started} environments of the proxy",
    }
    return [
        Row(
            what=f"connections of {count} environments, {QUERIES} queries each",
            peer_is="direct, a Motor client in each",
            peer=Spread.of([direct]),
            figure=Spread.of([proxied / direct]),
            at_most=AT_MOST if count == ENVIRONMENTS else None,
            **facts,
        ),
        Row(
            what="the same, against the ceiling: concurrency x (pool + heartbeats)",
            peer_is=f"{proxy.concurrency} x ({proxy.pool} + {HEARTBEATS})",
            peer=Spread.of([ceiling]),
            figure=Spread.of([proxied / ceiling]),
            at_most=1.0,
            **facts,
        ),
    ]


# Counting -----------------------------------------------------------------------------------------


class _Peak:
    """The most connections that the server has had, but for those that were there before."""

    def __init__(self) -> None:
        self.value = 0
        self.is_over = False

    def watch(self, uri: str, before: int) -> None:
        client: MongoClient[dict[str, Any]]
        with MongoClient(uri, maxPoolSize=1) as client:
            client.admin.command("ping")
            # The connections of this client itself are taken off.
            own = _current(client) - before
            while not self.is_over:
                self.value = max(self.value, _current(client) - before - own)
                time.sleep(_SAMPLE_SECONDS)


def _current(client: MongoClient[dict[str, Any]]) -> int:
    count: int = client.admin.command("serverStatus")["connections"]["current"]
    return count


def _now(uri: str) -> int:
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri) as client:
        return _current(client)


@contextlib.contextmanager
def _peak(uri: str) -> Iterator[_Peak]:
    peak = _Peak()
    watcher = threading.Thread(target=peak.watch, args=(uri, _now(uri)))
    watcher.start()
    try:
        # What the watcher opens itself is open by then.
        time.sleep(1.0)
        yield peak
    finally:
        peak.is_over = True
        watcher.join()


def _settle(uri: str) -> None:
    """Wait until the server has seen the last of those who left."""
    last, give_up = _now(uri), time.monotonic() + 10.0
    while time.monotonic() < give_up:
        time.sleep(0.5)
        current = _now(uri)
        if current >= last:
            return
        last = current


# Direct -------------------------------------------------------------------------------------------


def _direct(uri: str, count: int) -> int:
    from motor import motor_asyncio  # noqa: F401, PLC0415 - once, for all that are forked

    ready, leave = _CONTEXT.Barrier(count + 1), _CONTEXT.Event()
    processes = [
        _CONTEXT.Process(target=_application, args=(uri, ready, leave)) for _ in range(count)
    ]
    # Forked before a thread watches the server: a fork takes no threads along.
    for process in processes:
        process.start()
    try:
        with _peak(uri) as peak:
            ready.wait(_WITHIN_SECONDS)  # they begin
            ready.wait(_WITHIN_SECONDS)  # all of them are done
            time.sleep(5 * _SAMPLE_SECONDS)
    finally:
        leave.set()
        for process in processes:
            process.join(10)
            if process.is_alive():
                process.kill()
    return peak.value


def _application(uri: str, ready: Any, leave: Any) -> None:
    """An environment of an application that holds a driver."""
    from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - imported before the fork

    async def request() -> None:
        client: Any = AsyncIOMotorClient(uri)
        people = client[DATABASE]["people"]
        await asyncio.gather(*[people.find_one({"_id": object_id(n)}) for n in range(QUERIES)])
        ready.wait(_WITHIN_SECONDS)
        leave.wait(_WITHIN_SECONDS)

    ready.wait(_WITHIN_SECONDS)
    asyncio.run(request())


# Proxied ------------------------------------------------------------------------------------------


async def _proxied(uri: str, count: int, driver: str, concurrency: int) -> tuple[int, int]:
    # Nothing is fused, so that a pool is used as far as it goes.
    options = ["--concurrency", str(concurrency)]
    options += ["--env", f"MOTORPOOL_DRIVER={driver}", "--env", "MOTORPOOL_FUSE=off"]
    async with local.running(uri, *options) as (name, keywords):
        # A client for each environment, as it would have; the HTTP connections to Lambda are one
        # pool of theirs, since making a hundred of aioboto3's takes this process half a minute.
        transport = LambdaTransport(name, max_connections=count, **keywords)
        await transport.open()
        clients = [ProxyClient(transport=transport) for _ in range(count)]
        with _peak(uri) as peak:
            await asyncio.gather(*[_request(client) for client in clients])
            await asyncio.sleep(5 * _SAMPLE_SECONDS)
        started = len(local.environments())
        await transport.aclose()
    return peak.value, started


async def _request(client: ProxyClient) -> None:
    people = client[DATABASE]["people"]
    async with client.request(timeout=_WITHIN_SECONDS):
        found = await asyncio.gather(
            *[people.find_one({"_id": object_id(number)}) for number in range(QUERIES)]
        )
    if None in found:
        raise RuntimeError("a document is missing")
