"""For folders whose asynchronous tests run on asyncio's loop and on uvloop, and cannot hang.

A conftest.py imports what it wants of it; pytest finds hooks and fixtures by their names there.
"""

import asyncio
import gc
import signal
from collections.abc import Callable, Iterator, Mapping

import pytest
import uvloop

from motorpool.batching import coalescer

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
Logged = Callable[[], list[str]]

LOOP_FACTORIES: Mapping[str, LoopFactory] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}

ONE_LOOP = pytest.mark.asyncio(loop_factories=["asyncio"])
"""For a test whose subject no loop can change."""

HANGS_AFTER_SECONDS = 60


def pytest_asyncio_loop_factories() -> Mapping[str, LoopFactory]:
    return LOOP_FACTORIES


@pytest.fixture(params=LOOP_FACTORIES.values(), ids=list(LOOP_FACTORIES))
def loop_factory(request: pytest.FixtureRequest) -> LoopFactory:
    """Give each kind of loop to a test that starts and closes loops by itself."""
    factory: LoopFactory = request.param
    return factory


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Logged:
    """Give what motorpool has logged since the test began, once the garbage is collected."""
    gc.collect()  # what earlier tests left is theirs
    caplog.clear()

    def messages() -> list[str]:
        gc.collect()
        return [record.getMessage() for record in caplog.records if record.name == "motorpool"]

    return messages


@pytest.fixture(autouse=True)
def no_test_hangs() -> Iterator[None]:
    def give_up(*_: object) -> None:
        message = f"the test hangs: {HANGS_AFTER_SECONDS} seconds are over"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, HANGS_AFTER_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def no_batch_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticks alone decide: on a loaded machine three of them can take longer than 5 ms.

    The tests of the age itself set it back.
    """
    monkeypatch.setattr(coalescer, "MAX_AGE_SECONDS", 3600.0)
