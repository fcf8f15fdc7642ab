"""What the tests of the real path ask for: the server behind it, and one service shared by many.

No test of this folder can hang.
"""

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from tests.integration.services import LocalService, Server, motorpool_local

HANGS_AFTER_SECONDS = 60


@pytest.fixture(autouse=True)
def _no_test_hangs() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise TimeoutError(f"the test hangs: {HANGS_AFTER_SECONDS} seconds are over")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, HANGS_AFTER_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def server(wire_uri: str, wire_database: str) -> Iterator[Server]:
    """The wire server, seen by PyMongo itself, with an empty database for this test."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(wire_uri) as client:
        yield Server(client, wire_database)


@pytest.fixture(scope="module")
def service(wire_uri: str) -> Iterator[LocalService]:
    """`motorpool local` with room for two environments, for all tests of one file."""
    with motorpool_local("--mongodb-uri", wire_uri, "--concurrency", "2") as running:
        yield running
