"""docs/migrating.md: what is not carried is refused by name, line by line."""

from typing import Any

import gridfs
import motor.motor_asyncio
import pymongo
import pymongo.errors
import pymongo.results
import pytest

from motorpool.client import ProxyClient
from tests.migrating.tables import Checks, made_with, raised, rows, says

REFUSED: Checks = {}


@says(REFUSED, "`start_session()`, `session=…`, transactions")
async def _(client: ProxyClient) -> None:
    assert isinstance(await raised(client.start_session), NotImplementedError)
    session: Any = object()
    for call in (client.shop.orders.find_one, client.shop.orders.insert_one):
        error = await raised(call, {}, session=session)
        assert isinstance(error, NotImplementedError)


@says(REFUSED, "`watch(…)`")
async def _(client: ProxyClient) -> None:
    for level in (client, client.shop, client.shop.orders):
        assert isinstance(await raised(level.watch), NotImplementedError)


@says(REFUSED, "GridFS")
async def _(client: ProxyClient) -> None:
    database: Any = client.shop
    for bucket in (gridfs.AsyncGridFSBucket, motor.motor_asyncio.AsyncIOMotorGridFSBucket):
        with pytest.raises(TypeError):
            bucket(database)


@says(REFUSED, "exhaust cursors")
async def _(client: ProxyClient) -> None:
    exhaust: Any = pymongo.CursorType.EXHAUST
    with pytest.raises(NotImplementedError, match="exhaust"):
        client.shop.orders.find(cursor_type=exhaust)


@says(REFUSED, "`event_listeners=…`")
async def _(client: ProxyClient) -> None:
    with pytest.raises(pymongo.errors.ConfigurationError, match="event_listeners"):
        made_with(event_listeners=[])
    assert client.counters.snapshot()["operations"] == 1


@says(REFUSED, "`auto_encryption_opts=…`")
async def _(client: ProxyClient) -> None:
    del client
    with pytest.raises(pymongo.errors.ConfigurationError, match="auto_encryption_opts"):
        made_with(auto_encryption_opts=object())


NOT_CARRIED = [row[0] for row in rows("| | is | instead |")]


@pytest.mark.parametrize("line", NOT_CARRIED)
async def test_it_is_refused_by_name(line: str, client: ProxyClient) -> None:
    await REFUSED[line](client)


def test_every_check_has_its_line() -> None:
    assert sorted(REFUSED) == sorted(NOT_CARRIED)
