"""Every asynchronous test of this folder runs on asyncio's loop and on uvloop; none can hang."""

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
