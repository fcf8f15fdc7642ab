"""Contexts, transports and clients for invocations; every test runs on both kinds of loops."""

import asyncio
import logging
from collections.abc import Callable, Iterator

import pytest

from motorpool.client import ProxyClient, Transport
from tests.both_loops import LoopFactory
from tests.client.fakes import FakeTransport

ClientOf = Callable[[Transport], ProxyClient]
Log = Callable[[], list[str]]


class Context:
    """Lambda's context: so many milliseconds are left, whenever it is asked."""

    def __init__(self, milliseconds: int = 30_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


class SlowTransport(FakeTransport):
    """Answers after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def invoke(self, payload: bytes) -> bytes:
        answer = await super().invoke(payload)
        await asyncio.sleep(self.seconds)
        return answer


class OpeningTransport(FakeTransport):
    """Notes on which loop it was opened; fails to, if it is told."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.loops: list[asyncio.AbstractEventLoop] = []
        self.error = error

    async def open(self) -> None:
        self.loops.append(asyncio.get_running_loop())
        if self.error is not None:
            raise self.error


@pytest.fixture(autouse=True)
def _loops_of_this_kind(loop_factory: LoopFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs on a loop of each kind, as where the application has set uvloop's policy."""
    monkeypatch.setattr(asyncio, "new_event_loop", loop_factory)


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def client_of(loop_factory: LoopFactory) -> Iterator[ClientOf]:
    """Make clients, and close them when the test is over."""
    made: list[ProxyClient] = []

    def make(transport: Transport) -> ProxyClient:
        made.append(ProxyClient(transport=transport))
        return made[-1]

    yield make
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        for client in made:
            runner.run(client.aclose())


@pytest.fixture
def client(transport: FakeTransport, client_of: ClientOf) -> ProxyClient:
    return client_of(transport)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Log:
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records if record.name == "motorpool"]
