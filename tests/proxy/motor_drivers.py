"""Motor drivers of a test's own, sessions that a caller would carry, and a look below Motor."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import TYPE_CHECKING, Any

from bson import Binary
from bson.binary import UUID_SUBTYPE

from motorpool.proxy.motor_driver import MotorDriver
from motorpool.proxy.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DOCUMENTS: list[dict[str, Any]] = [{"_id": number} for number in range(10)]
BOTH: list[tuple[str, dict[str, Any]]] = [("find", {}), ("aggregate", {"pipeline": []})]
"""The operations that open a cursor, with the least that each takes."""


def new_session() -> bytes:
    return uuid.uuid4().bytes


def lsid(session: bytes) -> dict[str, Any]:
    return {"id": Binary(session, UUID_SUBTYPE)}


@contextlib.asynccontextmanager
async def made(uri: str) -> AsyncIterator[MotorDriver]:
    driver = MotorDriver(Settings(uri), asyncio.get_running_loop())
    try:
        yield driver
    finally:
        # It says goodbye, to a server that may run on this very loop.
        await asyncio.to_thread(driver.close)


def client_of(driver: MotorDriver) -> Any:
    """PyMongo's own client, below Motor's."""
    return driver.collection("shop", "items").database.client.delegate


def pooled(driver: MotorDriver) -> list[Any]:
    """Ids of the sessions that the driver would use again."""
    return [session.session_id for session in client_of(driver)._topology._session_pool]  # noqa: SLF001
