"""How many connections an execution environment opens: counted on the server, never above the sum.

The sum is `docs/connections.md`'s: the pool, and one heartbeat for each server. A replica set and
routers there are none of here: their servers say that they are such (`tests/proxy/hello_servers`),
and the count is these servers' own.
"""

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import motor.motor_asyncio  # noqa: F401 - before a proxy is: with more threads than a pool of 1
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.proxy.fakes import batch, opened, operation
from tests.proxy.hello_servers import HelloServer, replica_set, routers, uri_of
from tests.proxy.server_drivers import DRIVERS
from tests.servers import secantus_server

OPERATIONS = 100
COMPILED = shutil.which("secantusd-rs")
"""The compiled wire server (docs/architecture.md, "Tests"), where it is installed."""

by_each_driver = pytest.mark.parametrize("driver", DRIVERS)


@pytest.fixture(params=["wire", "compiled"])
def uri(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give each wire server that there is."""
    if request.param == "wire":
        yield request.getfixturevalue("wire_uri")
    elif COMPILED is None:
        pytest.skip("the compiled wire server is not installed")
    else:
        with contextlib.ExitStack() as stack:
            folder = str(request.getfixturevalue("tmp_path"))
            yield stack.enter_context(secantus_server(Path(COMPILED), folder))


class Count:
    """The server's own count of its connections."""

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        self._client = client

    def now(self) -> int:
        current: int = self._client.admin.command("serverStatus")["connections"]["current"]
        return current

    def settled(self, seconds: float = 0.3) -> int:
        """Return the count once it has not changed for so long."""
        last, since = self.now(), time.monotonic()
        while time.monotonic() - since < seconds:
            time.sleep(0.02)
            if (now := self.now()) != last:
                last, since = now, time.monotonic()
        return last

    def after_the_end(self, expected: int, within: float = 15.0) -> int:
        """Return the count once it is `expected`; the last one where it is not in time.

        A server sees that a heartbeat's connection is closed when it would answer: that of a stream
        waits up to ten seconds for something to tell.
        """
        end = time.monotonic() + within
        while (now := self.settled()) != expected and time.monotonic() < end:
            time.sleep(0.1)
        return now

    @contextlib.contextmanager
    def watched(self) -> Iterator[list[int]]:
        """Give what is counted, again and again, while the block runs."""
        seen: list[int] = []
        is_over = threading.Event()

        def watch() -> None:
            while not is_over.wait(0.004):
                seen.append(self.now())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield seen
        finally:
            is_over.set()
            watcher.join()

    @contextlib.contextmanager
    def slowed_down(self) -> Iterator[None]:
        """Let each operation take long enough for all of a pool to be in use at once."""
        try:
            self._client.admin.command(
                "configureFailPoint",
                "failCommand",
                mode="alwaysOn",
                data={"failCommands": ["aggregate"], "blockConnection": True, "blockTimeMS": 10},
            )
        except OperationFailure as error:
            pytest.skip(f"this server has no test commands: {error}")
        try:
            yield
        finally:
            self._client.admin.command("configureFailPoint", "failCommand", mode="off")


@pytest.fixture
def count(uri: str) -> Iterator[Count]:
    client: MongoClient[dict[str, Any]]
    # It polls, as a proxy does: a stream's second connection would come in the middle of a test.
    with MongoClient(uri, maxPoolSize=1, serverMonitoringMode="poll") as client:
        count = Count(client)
        count.settled(0.6)  # the connections of others end
        yield count


@contextlib.contextmanager
def environments(number: int, uri: str, **settings: Any) -> Iterator[list[Proxy]]:
    made = [Proxy(Settings(uri, fuse=False, **settings)) for _ in range(number)]
    try:
        yield made
    finally:
        for proxy in made:
            proxy.close()


def work(proxy: Proxy) -> None:
    """Run a full batch of operations of which no two are one."""
    ops = [
        operation(id_, "count_documents", filter={"a": {"$gt": id_}}) for id_ in range(OPERATIONS)
    ]
    entries = opened(proxy.handle(batch(*ops)))["res"]
    assert [entry for entry in entries if "ok" not in entry] == []


# On a server --------------------------------------------------------------------------------------


def test_the_servers_own_count_is_right(uri: str, count: Count) -> None:
    host, _, port = uri.removeprefix("mongodb://").rstrip("/").partition(":")
    before = count.settled()
    with contextlib.ExitStack() as stack:
        for _ in range(7):
            stack.enter_context(socket.create_connection((host, int(port))))
        assert count.settled() - before == 7
    assert count.settled() == before


@by_each_driver
@pytest.mark.parametrize(
    ("query", "heartbeats", "pool_size"), [("", 1, 4), ("?serverMonitoringMode=stream", 2, 2)]
)
def test_an_environment_has_its_pool_and_its_heartbeats_and_no_more(  # noqa: PLR0913, PLR0917
    driver: str, uri: str, count: Count, query: str, heartbeats: int, pool_size: int
) -> None:
    before = count.settled()
    with environments(1, f"{uri}{query}", driver=driver, pool_size=pool_size) as (proxy,):
        if driver == "motor" or heartbeats == 1:  # without a loop nothing is asked a second time
            assert count.settled() - before == 1 + heartbeats
        with count.slowed_down(), count.watched() as seen:
            work(proxy)
        loaded = count.settled()
    after = count.after_the_end(before)

    assert len(seen) > 10
    assert max(seen) - before <= pool_size + heartbeats
    assert loaded - before == pool_size + heartbeats
    assert after == before


@by_each_driver
def test_three_environments_have_three_times_as_many(driver: str, uri: str, count: Count) -> None:
    before = count.settled()
    with (
        environments(3, uri, driver=driver, pool_size=3) as proxies,
        ThreadPoolExecutor(3) as threads,
        count.slowed_down(),
        count.watched() as seen,
    ):
        list(threads.map(work, proxies))
    after = count.after_the_end(before)

    assert max(seen) - before == 3 * (3 + 1)
    assert after == before


# On several ---------------------------------------------------------------------------------------


def most(servers: list[HelloServer]) -> list[int]:
    return [server.most_connected for server in servers]


def eventually_none(servers: list[HelloServer]) -> None:
    deadline = time.monotonic() + 5
    while any(server.connected for server in servers) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [server.connected for server in servers] == [0] * len(servers)


def let_all_be_known(proxy: Proxy, servers: int) -> None:
    driver: Any = proxy._driver  # noqa: SLF001
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        described = driver._pymongos.topology_description.server_descriptions().values()  # noqa: SLF001
        if sum(server.is_server_type_known for server in described) == servers:
            return
        proxy.handle(batch(operation(1, "count_documents", filter={})))
    pytest.fail("not every server became known")


@by_each_driver
def test_of_a_replica_set_the_primary_has_the_pool_and_each_member_a_heartbeat(driver: str) -> None:
    with replica_set([25, 25, 25]) as members:
        with environments(1, uri_of(members), driver=driver, pool_size=3) as (proxy,):
            let_all_be_known(proxy, 3)
            members[0].pause = 0.005
            work(proxy)
            assert most(members) == [3 + 1, 1, 1]
        eventually_none(members)


@by_each_driver
def test_reads_of_secondaries_have_a_pool_at_each_member(driver: str) -> None:
    with replica_set([25, 25, 25]) as members:
        uri = uri_of(members, "readPreference=nearest")
        with environments(1, uri, driver=driver, pool_size=2) as (proxy,):
            let_all_be_known(proxy, 3)
            for member in members:
                member.pause = 0.005
            for _ in range(3):
                work(proxy)
            assert max(most(members)) <= 2 + 1
            assert sum(most(members)) > 2 + 3  # beyond one pool
        eventually_none(members)


@by_each_driver
def test_through_routers_each_has_a_heartbeat_and_at_most_a_pool(driver: str) -> None:
    with routers([25, 25]) as both:
        with environments(1, uri_of(both), driver=driver, pool_size=4) as (proxy,):
            let_all_be_known(proxy, 2)
            for router in both:
                router.pause = 0.005
            work(proxy)
            assert max(most(both)) <= 4 + 1
            # Both are used at once, and no more operations run than there is room in one pool.
            assert sum(router.connected for router in both) <= 2 * (4 + 1)
            assert min(most(both)) >= 1 + 1
        eventually_none(both)
