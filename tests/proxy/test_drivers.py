"""The driver that runs: as many connections as it was told, and no server waited for at start."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

from motorpool.batching.codec import LOSSLESS
from motorpool.proxy.drivers import connect
from motorpool.proxy.embedded.driver import EmbeddedDriver
from motorpool.proxy.motor_driver import MotorDriver
from motorpool.proxy.settings import Settings
from tests.proxy.fakes import batch, opened, operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proxy.conftest import FailCommand, MakeProxy

# Nothing listens on port 1.
UNREACHABLE = "mongodb://127.0.0.1:1/"
HEARTBEATS = 2
"""Connections beside the pool to each server: PyMongo's monitor has one for `hello`, one for round
trips (server discovery and monitoring specification, "Monitors")."""

SIZES = """
import os, sys
from motorpool.proxy import handler
from motor.frameworks import asyncio as framework
print(os.environ["MOTOR_MAX_WORKERS"], framework._EXECUTOR._max_workers, flush=True)
os._exit(0)
"""


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def client_of(driver: Any) -> Any:
    return driver.collection("shop", "items").database.client


@pytest.mark.parametrize("pool_size", [1, 3, 12])
def test_motors_threads_are_as_many_as_its_connections(pool_size: int) -> None:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "MOTOR_MAX_WORKERS" and not name.startswith("MOTORPOOL_")
    }
    settings = {"MOTORPOOL_MONGODB_URI": UNREACHABLE, "MOTORPOOL_POOL_SIZE": str(pool_size)}

    done = subprocess.run(
        [sys.executable, "-I", "-c", SIZES],
        env=inherited | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout == f"{pool_size} {pool_size}\n"


@pytest.mark.parametrize("query", ["", "?maxPoolSize=99", "?maxPoolSize=1"])
def test_the_pool_is_as_large_as_the_setting_says_whatever_the_uri_says(
    loop: asyncio.AbstractEventLoop, query: str
) -> None:
    driver = MotorDriver(Settings(f"{UNREACHABLE}{query}", pool_size=4), loop)

    options = client_of(driver).options.pool_options

    assert (options.max_pool_size, options.appname) == (4, "motorpool")
    driver.close()


@pytest.mark.parametrize(
    ("query", "selection", "connection"),
    [
        ("", 10, 5),
        ("?serverSelectionTimeoutMS=100", 0.1, 5),
        ("?connecttimeoutms=300", 10, 0.3),
    ],
)
def test_an_unreachable_server_is_given_up_in_time_unless_the_uri_says_otherwise(
    loop: asyncio.AbstractEventLoop, query: str, selection: float, connection: float
) -> None:
    driver = MotorDriver(Settings(f"{UNREACHABLE}{query}"), loop)

    options = client_of(driver).options

    assert options.server_selection_timeout == selection
    assert options.pool_options.connect_timeout == connection
    driver.close()


def test_documents_are_decoded_without_loss(loop: asyncio.AbstractEventLoop) -> None:
    driver = MotorDriver(Settings(UNREACHABLE), loop)

    collection = driver.collection("shop", "items.old")

    assert collection.full_name == "shop.items.old"
    assert collection.codec_options == LOSSLESS
    driver.close()


@pytest.mark.parametrize(
    ("uri", "kind"), [("mongomock://", EmbeddedDriver), (UNREACHABLE, MotorDriver)]
)
def test_the_uri_chooses_the_driver(
    loop: asyncio.AbstractEventLoop, uri: str, kind: type[object]
) -> None:
    driver = connect(Settings(uri), loop)

    assert type(driver) is kind
    driver.close()


async def test_each_embedded_driver_has_a_database_of_its_own() -> None:
    first, second = EmbeddedDriver(), EmbeddedDriver()

    await first.collection("shop", "items").insert_one({"_id": 1})

    assert await first.collection("shop", "items").find_one() == {"_id": 1}
    assert await second.collection("shop", "items").find_one() is None


# Start --------------------------------------------------------------------------------------------


def test_warming_up_neither_waits_nor_raises_for_an_unreachable_server(
    loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    driver = MotorDriver(Settings(f"{UNREACHABLE}?serverSelectionTimeoutMS=100"), loop)

    began = time.monotonic()
    driver.warm_up()
    took = time.monotonic() - began
    # Long enough for the ping to fail: PyMongo looks at a server every 0.5 s at the most.
    loop.run_until_complete(asyncio.sleep(1))
    driver.close()
    gc.collect()  # an exception that nobody retrieved would be logged here

    assert took < 0.05
    assert caplog.records == []


def test_warming_up_opens_the_first_connection_before_the_first_batch(
    make_proxy: MakeProxy, wire_uri: str
) -> None:
    client: MongoClient[dict[str, Any]]
    with MongoClient(wire_uri) as client:
        before = settled(client)
        make_proxy(mongodb_uri=wire_uri)
        after = settled(client)

    assert 1 <= after - before <= 1 + HEARTBEATS


def test_an_unreachable_server_is_said_when_selection_gives_up_not_at_the_deadline(
    make_proxy: MakeProxy,
) -> None:
    proxy = make_proxy(mongodb_uri=f"{UNREACHABLE}?serverSelectionTimeoutMS=100")
    ops = [operation(1, "find"), operation(2, "insert_one", document={})]

    began = time.monotonic()
    entries = opened(proxy.handle(batch(*ops, timeout_ms=20_000)))["res"]
    took = time.monotonic() - began

    assert [entry["err"]["type"] for entry in entries] == ["ServerSelectionTimeoutError"] * 2
    assert [entry["err"]["timeout"] for entry in entries] == [True, True]
    assert [entry["err"].get("may_have_applied") for entry in entries] == [None, None]
    assert took < 5


# Connections --------------------------------------------------------------------------------------


def connections(client: MongoClient[dict[str, Any]]) -> int:
    current: int = client.admin.command("serverStatus")["connections"]["current"]
    return current


def settled(client: MongoClient[dict[str, Any]]) -> int:
    """Return how many connections the server has, once that has not changed for 0.3 seconds."""
    last, since = connections(client), time.monotonic()
    while time.monotonic() - since < 0.3:
        time.sleep(0.02)
        if (now := connections(client)) != last:
            last, since = now, time.monotonic()
    return last


@pytest.mark.parametrize("pool_size", [1, 4])
def test_fifty_operations_never_hold_more_connections_than_the_pool_and_its_heartbeats(
    make_proxy: MakeProxy,
    wire_uri: str,
    wire_database: str,
    fail_command: FailCommand,
    pool_size: int,
) -> None:
    client: MongoClient[dict[str, Any]]
    seen: list[int] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.005):
            seen.append(connections(client))

    with MongoClient(wire_uri, maxPoolSize=1) as client:
        before = settled(client)
        proxy = make_proxy(mongodb_uri=wire_uri, pool_size=pool_size)
        # Each takes long enough for all of the pool to be in use at once.
        fail_command("find", times=50, blockConnection=True, blockTimeMS=15)
        watcher = threading.Thread(target=watch)
        watcher.start()
        ops = [operation(id_, "find", f"{wire_database}.items") for id_ in range(50)]
        entries = opened(proxy.handle(batch(*ops)))["res"]
        is_over.set()
        watcher.join()

    assert entries == [{"id": id_, "ok": []} for id_ in range(50)]
    assert len(seen) > 10
    assert pool_size <= max(seen) - before <= pool_size + HEARTBEATS
