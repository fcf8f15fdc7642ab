"""What every test may ask for: the wire server, a database of its own on it, and long runs.

Fixtures of one room alone stand in that room's own conftest.py.
"""

import os
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings
from pymongo import MongoClient

from tests.servers import secantus_command, secantus_server

# No deadline: these machines are shared. In CI the same examples each time, so that it judges the
# change and not the dice; everywhere else new ones, which is where they are to be found.
settings.register_profile("development", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "development")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the tests that take minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = pytest.mark.skip(reason="a long run: give --soak to run it")
    for item in items:
        if "wire_uri" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.wire)
        if item.get_closest_marker("soak") and not config.getoption("--soak"):
            item.add_marker(left_out)


@pytest.fixture(scope="session")
def wire_uri() -> Iterator[str]:
    """Give the URI of a MongoDB that speaks the wire protocol: the user's own, or one started here.

    Where there is none, the tests that need it are skipped; in CI (CI=true) they fail.
    """
    if uri := os.environ.get("MOTORPOOL_TEST_URI"):
        yield uri
        return
    command = secantus_command()
    if command is None:
        reason = (
            "needs a MongoDB wire server: SecantusDB is not installed in this environment"
            " (`make test` installs it), and MOTORPOOL_TEST_URI names no other"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}; CI requires one")
        pytest.skip(reason)
    with secantus_server(command) as uri:
        yield uri


@pytest.fixture
def wire_database(wire_uri: str) -> Iterator[str]:
    """Give the name of a database on the wire server that no other test uses, and drop it."""
    name = f"motorpool_test_{uuid.uuid4().hex[:12]}"
    yield name
    client: MongoClient[dict[str, object]]
    with MongoClient(wire_uri) as client:
        client.drop_database(name)
