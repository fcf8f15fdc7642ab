"""Proxies of the tests: closed when the test is over, whatever became of it."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from motorpool.proxy import lifecycle
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.proxy import server_drivers
from tests.proxy.held_threads import Rig
from tests.proxy.server_drivers import DRIVERS, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proxy.fakes import FakeDriver


class MakeProxy(Protocol):
    """Makes a proxy: on the embedded database, or with the driver that it is given."""

    def __call__(self, fake: FakeDriver | None = None, /, **settings: Any) -> Proxy: ...


class Database(NamedTuple):
    """A proxy, and a database of its own that it can reach."""

    proxy: Proxy
    name: str


@pytest.fixture
def make_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeProxy]:
    made: list[Proxy] = []

    def make(fake: FakeDriver | None = None, /, **settings: Any) -> Proxy:
        with monkeypatch.context() as patch:
            if fake is not None:
                patch.setattr(lifecycle, "connect", lambda *_: fake)
            # With a driver of the test's own nothing is connected to.
            uri = "mongomock://" if fake is None else "mongodb://nowhere.example"
            made.append(Proxy(Settings(**{"mongodb_uri": uri, **settings})))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


@pytest.fixture
def proxy(make_proxy: MakeProxy) -> Proxy:
    """Give a proxy on an embedded database of its own."""
    return make_proxy()


@pytest.fixture(params=["embedded", *(f"wire-{driver}" for driver in DRIVERS)])
def database(request: pytest.FixtureRequest, make_proxy: MakeProxy) -> Database:
    """Give an empty database, of each kind in its turn, by each driver."""
    return database_of(request, make_proxy)


@pytest.fixture(params=DRIVERS)
def driver_name(request: pytest.FixtureRequest) -> str:
    """Give each driver that speaks to a server, by its name in the settings."""
    name: str = request.param
    return name


@pytest.fixture
def wire(make_proxy: MakeProxy, wire_uri: str, wire_database: str, driver_name: str) -> Database:
    """Give an empty database on the wire server, by each driver."""
    return Database(make_proxy(mongodb_uri=wire_uri, driver=driver_name), wire_database)


@pytest.fixture
def made(driver_name: str) -> Made:
    """Give what makes each driver."""
    return functools.partial(server_drivers.made, driver=driver_name)


def database_of(request: pytest.FixtureRequest, make_proxy: MakeProxy, **settings: Any) -> Database:
    """Return the database that a parameter of `database` names."""
    kind, _, driver = request.param.partition("-")
    if kind == "embedded":
        return Database(make_proxy(**settings), "motorpool_test")
    uri: str = request.getfixturevalue("wire_uri")
    proxy = make_proxy(mongodb_uri=uri, driver=driver, **settings)
    return Database(proxy, request.getfixturevalue("wire_database"))


class FailCommand(Protocol):
    """Makes the wire server fail these commands, so many times, in this way."""

    def __call__(self, *commands: str, times: int = 1, **how: Any) -> None: ...


@pytest.fixture
def fail_command(wire_uri: str) -> Iterator[FailCommand]:
    """Give MongoDB's own way to make a server fail; it is off again when the test is over."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(wire_uri) as client:
        client.admin.command("ping")  # its connections are there from now on: some tests count

        def fail(*commands: str, times: int = 1, **how: Any) -> None:
            try:
                client.admin.command(
                    "configureFailPoint",
                    "failCommand",
                    mode={"times": times},
                    data={"failCommands": list(commands), **how},
                )
            except OperationFailure as error:
                pytest.skip(f"this server has no test commands: {error}")

        yield fail
        with contextlib.suppress(OperationFailure):
            client.admin.command("configureFailPoint", "failCommand", mode="off")


@pytest.fixture
def rig() -> Iterator[Rig]:
    """Give a rig whose gates are open and whose loops are closed when the test is over."""
    rig = Rig()
    yield rig
    rig.close()
