"""Drivers of a test's own, sessions that a caller would carry, and a look below the drivers."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import TYPE_CHECKING, Any, Final, Protocol

from bson import Binary
from bson.binary import UUID_SUBTYPE

from motorpool.proxy.drivers import connect
from motorpool.proxy.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from motorpool.proxy.server_driver import ServerDriver

DRIVERS: Final = ("motor", "pymongo")
DOCUMENTS: list[dict[str, Any]] = [{"_id": number} for number in range(10)]
BOTH: list[tuple[str, dict[str, Any]]] = [("find", {}), ("aggregate", {"pipeline": []})]
"""The operations that open a cursor, with the least that each takes."""


class Made(Protocol):
    """Makes a driver on the loop that runs, which is closed when its block is over."""

    def __call__(
        self, uri: str, **settings: Any
    ) -> contextlib.AbstractAsyncContextManager[ServerDriver]: ...


def new_session() -> bytes:
    return uuid.uuid4().bytes


def lsid(session: bytes) -> dict[str, Any]:
    return {"id": Binary(session, UUID_SUBTYPE)}


@contextlib.asynccontextmanager
async def made(uri: str, **settings: Any) -> AsyncIterator[ServerDriver]:
    driver: Any = connect(Settings(uri, **settings), asyncio.get_running_loop())
    try:
        yield driver
    finally:
        if settings.get("driver") == "pymongo":
            await driver.close()
        else:
            # It blocks while it says goodbye, to a server that may run on this very loop.
            await asyncio.to_thread(asyncio.run, driver.close())


def client_of(driver: ServerDriver) -> Any:
    """PyMongo's own client: below Motor's, or the driver's own."""
    return driver._pymongos  # noqa: SLF001


async def clean_up_behind(driver: ServerDriver) -> None:
    """Do what the driver does in the background each second."""
    if asyncio.iscoroutinefunction(client_of(driver)._process_periodic_tasks):  # noqa: SLF001
        await client_of(driver)._process_periodic_tasks()  # noqa: SLF001
    else:
        await asyncio.to_thread(client_of(driver)._process_periodic_tasks)  # noqa: SLF001


def pooled(driver: ServerDriver) -> list[Any]:
    """Ids of the sessions that the driver would use again."""
    return [session.session_id for session in client_of(driver)._topology._session_pool]  # noqa: SLF001
