"""Asynchronous tests of this folder run on asyncio's loop and on uvloop; none can hang.

A test whose subject no loop can change says so: `@ONE_LOOP`.
"""

import os
from collections.abc import AsyncIterator

import pytest

from motorpool.client import InProcessTransport, ProxyClient
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.both_loops import (
    logged,
    loop_factory,
    no_batch_is_old,
    no_test_hangs,
    pytest_asyncio_loop_factories,
)

__all__ = [
    "logged",
    "loop_factory",
    "no_batch_is_old",
    "no_test_hangs",
    "pytest_asyncio_loop_factories",
]


@pytest.fixture
async def embedded() -> AsyncIterator[ProxyClient]:
    """Give a client of a real proxy over an empty embedded database."""
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    async with ProxyClient(transport=InProcessTransport(proxy.handle)) as client:
        yield client
    proxy.close()


@pytest.fixture(autouse=True)
def _nothing_of_this_machines_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """No profile and no credentials of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
