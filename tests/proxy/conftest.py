"""Proxies of the tests: closed when the test is over, whatever became of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from motorpool.proxy import lifecycle
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proxy.fakes import FakeDriver


class MakeProxy(Protocol):
    """Makes a proxy: on the embedded database, or with the driver that it is given."""

    def __call__(self, driver: FakeDriver | None = None, **settings: Any) -> Proxy: ...


class Database(NamedTuple):
    """A proxy, and a database of its own that it can reach."""

    proxy: Proxy
    name: str


@pytest.fixture
def make_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeProxy]:
    made: list[Proxy] = []

    def make(driver: FakeDriver | None = None, **settings: Any) -> Proxy:
        with monkeypatch.context() as patch:
            if driver is not None:
                patch.setattr(lifecycle, "connect", lambda *_: driver)
            made.append(Proxy(Settings(**{"mongodb_uri": "mongomock://", **settings})))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


@pytest.fixture
def proxy(make_proxy: MakeProxy) -> Proxy:
    """Give a proxy on an embedded database of its own."""
    return make_proxy()


@pytest.fixture(params=["embedded", "wire"])
def database(request: pytest.FixtureRequest, make_proxy: MakeProxy) -> Database:
    """Give an empty database, of each kind in its turn."""
    if request.param == "embedded":
        return Database(make_proxy(), "motorpool_test")
    uri: str = request.getfixturevalue("wire_uri")
    return Database(make_proxy(mongodb_uri=uri), request.getfixturevalue("wire_database"))


@pytest.fixture
def wire(make_proxy: MakeProxy, wire_uri: str, wire_database: str) -> Database:
    """Give an empty database on the wire server."""
    return Database(make_proxy(mongodb_uri=wire_uri), wire_database)


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
