"""The driver that runs: the one that is named, connected as it was told; nothing is waited for.

How many connections come of it on a server is in tests/integration/test_connections.py.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from motorpool.batching.codec import LOSSLESS
from motorpool.proxy import pymongo_driver
from motorpool.proxy.drivers import connect
from motorpool.proxy.embedded.driver import EmbeddedDriver
from motorpool.proxy.motor_driver import MotorDriver
from motorpool.proxy.pymongo_driver import PyMongoDriver
from motorpool.proxy.settings import Settings
from tests.proxy.fakes import batch, opened, operation, packed
from tests.proxy.hello_servers import HelloServer, uri_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.proxy.conftest import FailCommand, MakeProxy

    Options = Callable[..., Any]

# Nothing listens on port 1.
UNREACHABLE = "mongodb://127.0.0.1:1/"

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


@pytest.fixture
def options(loop: asyncio.AbstractEventLoop, driver_name: str) -> Iterator[Options]:
    """Give what each driver's client was told, for a URI's query and settings."""
    made: list[Any] = []

    def of(query: str = "", **settings: Any) -> Any:
        made.append(
            connect(Settings(f"{UNREACHABLE}{query}", driver=driver_name, **settings), loop)
        )
        return made[-1].collection("shop", "items").database.client.options

    yield of
    for driver in made:
        loop.run_until_complete(driver.close())


def fresh(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in an interpreter that has these variables and none of ours besides."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "MOTOR_MAX_WORKERS" and not name.startswith("MOTORPOOL_")
    }
    return subprocess.run(
        [sys.executable, "-X", "dev", "-I", "-W", "error", "-c", program],
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# Which one ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (Settings("mongomock://"), EmbeddedDriver),
        (Settings("mongomock://", driver="pymongo"), EmbeddedDriver),
        (Settings(UNREACHABLE), MotorDriver),
        (Settings(UNREACHABLE, driver="motor"), MotorDriver),
        (Settings(UNREACHABLE, driver="pymongo"), PyMongoDriver),
    ],
)
def test_uri_and_setting_choose_the_driver(
    loop: asyncio.AbstractEventLoop, settings: Settings, kind: type[object]
) -> None:
    driver = connect(settings, loop)

    assert type(driver) is kind
    loop.run_until_complete(driver.close())


def test_a_proxy_says_which_driver_it_has(make_proxy: MakeProxy) -> None:
    query = "?serverSelectionTimeoutMS=100"
    assert repr(make_proxy()) == "<Proxy embedded pool_size=5 cold>"
    for driver in ("motor", "pymongo"):
        proxy = make_proxy(mongodb_uri=f"{UNREACHABLE}{query}", driver=driver, pool_size=2)
        assert repr(proxy) == f"<Proxy {driver} pool_size=2 cold>"


async def test_each_embedded_driver_has_a_database_of_its_own() -> None:
    first, second = EmbeddedDriver(), EmbeddedDriver()

    await first.collection("shop", "items").insert_one({"_id": 1})

    assert await first.collection("shop", "items").find_one() == {"_id": 1}
    assert await second.collection("shop", "items").find_one() is None


def test_documents_are_decoded_without_loss(
    loop: asyncio.AbstractEventLoop, driver_name: str
) -> None:
    driver = connect(Settings(UNREACHABLE, driver=driver_name), loop)

    collection = driver.collection("shop", "items.old")

    assert collection.full_name == "shop.items.old"
    assert collection.codec_options == LOSSLESS
    loop.run_until_complete(driver.close())


# How it connects ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pool_size", [1, 3, 12])
def test_motors_threads_are_as_many_as_its_connections(pool_size: int) -> None:
    done = fresh(SIZES, MOTORPOOL_MONGODB_URI=UNREACHABLE, MOTORPOOL_POOL_SIZE=str(pool_size))

    assert done.stdout == f"{pool_size} {pool_size}\n", done.stderr


@pytest.mark.parametrize("query", ["", "?maxPoolSize=99", "?maxPoolSize=1"])
def test_the_pool_is_as_large_as_the_setting_says_whatever_the_uri_says(
    options: Options, query: str
) -> None:
    assert options(query, pool_size=4).pool_options.max_pool_size == 4


def test_every_option_of_a_connection_is_set(options: Options) -> None:
    told = options()

    assert told.server_monitoring_mode == "poll"
    assert told.server_selection_timeout == 10
    pool = told.pool_options
    assert pool.appname == "motorpool"
    assert (pool.min_pool_size, pool.max_connecting) == (0, 2)
    assert (pool.max_idle_time_seconds, pool.connect_timeout) == (60, 5)


@pytest.mark.parametrize(
    ("query", "seen", "value"),
    [
        ("serverSelectionTimeoutMS=100", "server_selection_timeout", 0.1),
        ("serverMonitoringMode=stream", "server_monitoring_mode", "stream"),
        ("connecttimeoutms=300", "pool_options.connect_timeout", 0.3),
        ("maxIdleTimeMS=1000", "pool_options.max_idle_time_seconds", 1),
        ("maxConnecting=1", "pool_options.max_connecting", 1),
        ("w=1&minPoolSize=2", "pool_options.min_pool_size", 2),
        ("appName=mine", "pool_options.appname", "mine"),
    ],
)
def test_what_the_uri_sets_wins(options: Options, query: str, seen: str, value: object) -> None:
    told = options(f"?{query}")
    for name in seen.split("."):
        told = getattr(told, name)

    assert told == value


def test_a_database_that_is_named_like_an_option_sets_nothing(options: Options) -> None:
    told = options("connectTimeoutMS=1?w=1")

    assert told.pool_options.connect_timeout == 5


@pytest.mark.parametrize(
    ("timeout", "selection", "connection"),
    [(1, 0.333, 0.166), (3, 1, 0.5), (29, 9.666, 4.833), (30, 10, 5), (900, 10, 5)],
)
def test_a_server_is_given_up_well_before_the_functions_own_time_out(
    options: Options, timeout: int, selection: float, connection: float
) -> None:
    told = options(timeout=timeout)

    assert told.server_selection_timeout == selection
    assert told.pool_options.connect_timeout == connection
    assert selection + connection < timeout


def test_an_unreachable_server_is_said_when_selection_gives_up_not_at_the_deadline(
    make_proxy: MakeProxy, driver_name: str
) -> None:
    uri = f"{UNREACHABLE}?serverSelectionTimeoutMS=100"
    proxy = make_proxy(mongodb_uri=uri, driver=driver_name)
    ops = [operation(1, "find"), operation(2, "insert_one", document={})]

    began = time.monotonic()
    entries = opened(proxy.handle(batch(*ops, timeout_ms=20_000)))["res"]
    took = time.monotonic() - began

    assert [entry["err"]["type"] for entry in entries] == ["ServerSelectionTimeoutError"] * 2
    assert [entry["err"]["timeout"] for entry in entries] == [True, True]
    assert [entry["err"].get("may_have_applied") for entry in entries] == [None, None]
    assert took < 5


# Start --------------------------------------------------------------------------------------------


def test_warming_up_neither_raises_nor_logs_for_an_unreachable_server(
    loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture, driver_name: str
) -> None:
    uri = f"{UNREACHABLE}?serverSelectionTimeoutMS=400"
    driver = connect(Settings(uri, driver=driver_name), loop)

    began = time.monotonic()
    loop.run_until_complete(driver.warm_up())
    took = time.monotonic() - began
    # Long enough for the ping to fail: PyMongo looks at a server every 0.5 s at the most.
    loop.run_until_complete(asyncio.sleep(1.2))
    loop.run_until_complete(driver.close())
    gc.collect()  # an exception that nobody retrieved would be logged here

    assert took < {"motor": 0.3, "pymongo": 1.5}[driver_name]
    assert caplog.records == []


def test_a_start_waits_no_longer_than_so_long_for_a_server_that_does_not_answer(
    make_proxy: MakeProxy, monkeypatch: pytest.MonkeyPatch, driver_name: str
) -> None:
    assert pymongo_driver.WARM_UP_SECONDS == 2
    monkeypatch.setattr(pymongo_driver, "WARM_UP_SECONDS", 0.2)
    with HelloServer() as server:
        server.hello_pause = 0.8

        began = time.monotonic()
        proxy = make_proxy(mongodb_uri=uri_of([server]), driver=driver_name)
        took = time.monotonic() - began
        server.hello_pause = 0
        (entry,) = opened(proxy.handle(batch(operation(1, "count_documents", filter={}))))["res"]

    assert took < 0.4
    assert "ok" in entry, entry


def let_ping(server: HelloServer) -> None:
    """Wait until the driver has warmed up, be it in the background."""
    deadline = time.monotonic() + 5
    while "ping" not in server.commands and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)  # for the answer to arrive


def test_the_first_connection_is_there_before_the_first_batch(
    make_proxy: MakeProxy, driver_name: str
) -> None:
    with HelloServer() as server:
        make_proxy(mongodb_uri=uri_of([server]), driver=driver_name)
        let_ping(server)

        assert server.commands[-1] == "ping"
        assert server.connected == 2  # the pool's first, and the heartbeat's


def test_the_server_is_known_when_a_start_with_pymongos_own_client_is_over(
    make_proxy: MakeProxy,
) -> None:
    """It has no thread that could go on with it."""
    with HelloServer() as server:
        proxy = make_proxy(mongodb_uri=uri_of([server]), driver="pymongo")

        assert server.commands[-1] == "ping"
        assert proxy._driver.has_client_bulk_write is True  # noqa: SLF001


# A loop that stands still -------------------------------------------------------------------------


def count(proxy: Any) -> dict[str, Any]:
    """Count documents, through the proxy; the operation's entry."""
    (entry,) = opened(proxy.handle(batch(operation(1, "count_documents", filter={}))))["res"]
    entry.pop("id")
    return dict(entry)


def test_a_heartbeat_is_not_left_without_its_answer(make_proxy: MakeProxy) -> None:
    """Its time-out would be over when the environment goes on, and the pool be closed for it."""
    with HelloServer() as server:
        uri = uri_of([server], "heartbeatFrequencyMS=500&connectTimeoutMS=200")
        proxy = make_proxy(mongodb_uri=uri, driver="pymongo")
        before = count(proxy)
        for _ in range(4):
            server.hello_pause = 0.02  # longer than the invocation, shorter than what is waited
            time.sleep(0.6)  # a heartbeat is due with the next invocation
            seen = len(server.commands)
            assert count(proxy) == before
            assert "hello" in server.commands[seen:]
            assert server.connected == 2
        server.hello_pause = 0
        assert count(proxy) == before

        # One connection of the pool, one of the monitor, and neither has been opened anew.
        assert (server.connected, server.most_connected) == (2, 2)


def test_only_one_invocation_waits_for_a_heartbeat_and_no_longer_than_so_long(
    make_proxy: MakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pymongo_driver.SETTLE_SECONDS == 0.05
    monkeypatch.setattr(pymongo_driver, "SETTLE_SECONDS", 0.3)
    with HelloServer() as server:
        proxy = make_proxy(
            mongodb_uri=uri_of([server], "heartbeatFrequencyMS=500"), driver="pymongo"
        )
        server.hello_pause = 5.0
        time.sleep(0.6)

        took = []
        for _ in range(3):
            began = time.monotonic()
            assert "ok" in count(proxy)
            took.append(time.monotonic() - began)

    assert 0.3 <= took[0] < 0.6
    assert max(took[1:]) < 0.25


@pytest.mark.parametrize("pause", [0.0, 1.2])
def test_an_invocation_after_the_server_has_closed_every_connection_is_answered(
    make_proxy: MakeProxy, wire_uri: str, fail_command: FailCommand, driver_name: str, pause: float
) -> None:
    """As after a long pause: the environment thaws, and its sockets are dead."""
    proxy = make_proxy(mongodb_uri=f"{wire_uri}?retryReads=true", driver=driver_name)
    assert "ok" in count(proxy)
    fail_command("count", "aggregate", "hello", times=1, closeConnection=True)
    time.sleep(pause)

    assert "ok" in count(proxy)
    assert "ok" in count(proxy)


def test_connections_that_were_idle_for_too_long_are_not_used_again(
    make_proxy: MakeProxy, driver_name: str
) -> None:
    with HelloServer() as server:
        uri = uri_of([server], "maxIdleTimeMS=200&heartbeatFrequencyMS=60000")
        proxy = make_proxy(mongodb_uri=uri, driver=driver_name)
        let_ping(server)
        count(proxy)
        seen = len(server.commands)
        time.sleep(0.4)
        assert "ok" in count(proxy)

        # A new one begins with its handshake.
        assert [name for name in server.commands[seen:] if name != "endSessions"] == [
            *("ismaster", "aggregate")
        ]


def test_a_write_without_an_answer_is_sent_before_the_loop_stands_still(
    make_proxy: MakeProxy, driver_name: str
) -> None:
    with HelloServer() as server:
        proxy = make_proxy(mongodb_uri=uri_of([server]), driver=driver_name)
        count(proxy)
        server.read_pause = 0.01  # so that the socket does not take all of it at once
        document = {"_id": 1, "x": bytes(5_000_000)}
        insert = operation(1, "insert_one", document=document, write_concern={"w": 0})
        proxy.handle(packed(batch(insert), compress=True))
        deadline = time.monotonic() + 5
        while "insert" not in server.commands and time.monotonic() < deadline:
            time.sleep(0.01)

        assert server.commands[-1] == "insert"


# The end ------------------------------------------------------------------------------------------

END = """
import asyncio, gc, json, logging, sys
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings

# What takes long is logged as a warning by a loop in debug mode; what was not ended, as an error.
logging.getLogger("asyncio").setLevel(logging.ERROR)
event = {"v": 1, "ops": [{"id": 1, "op": "find_one", "ns": "shop.items", "args": {"filter": {}}}]}

def run():
    proxy = Proxy(Settings(URI, driver=DRIVER))
    assert b'"ok"' in proxy.handle(event), proxy.handle(event)
    return proxy

async def inside():
    run().close()
    run()
    gc.collect()

if HOW == "closed":
    run().close()
elif HOW == "forgotten":
    run()
    gc.collect()
elif HOW == "inside another loop":
    asyncio.run(inside())
else:
    kept = run()
"""


@pytest.mark.parametrize("how", ["closed", "forgotten", "inside another loop", "at exit"])
def test_a_proxy_ends_without_a_task_a_socket_or_a_loop_left(
    wire_uri: str, driver_name: str, how: str
) -> None:
    told = f"URI, DRIVER, HOW = {json.dumps([wire_uri, driver_name, how])}"

    done = fresh(f"{told}\n{END}")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_server_that_is_gone_does_not_keep_a_proxy_from_closing(
    make_proxy: MakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pymongo_driver.CLOSE_SECONDS == 2
    monkeypatch.setattr(pymongo_driver, "CLOSE_SECONDS", 0.2)
    with HelloServer() as server:
        proxy = make_proxy(mongodb_uri=uri_of([server]), driver="pymongo")
        count(proxy)
        server.pause = 1.0  # before it says goodbye in its turn

        began = time.monotonic()
        proxy.close()
        took = time.monotonic() - began
        deadline = time.monotonic() + 5
        while server.connected and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.connected == 0

    assert took < 0.5
