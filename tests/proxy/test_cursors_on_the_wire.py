"""A cursor on a server, through drivers that know nothing of each other."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING, Any

import bson
import pytest
from bson import Binary
from bson.binary import UUID_SUBTYPE
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, CursorNotFound, ServerSelectionTimeoutError

from motorpool.proxy.drivers import Question
from motorpool.proxy.models import ValidOperation
from tests.proxy.fakes import batch, opened, operation, packed
from tests.proxy.server_drivers import DOCUMENTS, clean_up_behind, new_session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from tests.proxy.conftest import Database, FailCommand
    from tests.proxy.server_drivers import Made


# On a server --------------------------------------------------------------------------------------


@pytest.fixture
def ten(wire_uri: str, wire_database: str) -> Iterator[Any]:
    """Give PyMongo's own client of a server with ten documents on it."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(wire_uri) as client:
        items: Any = client[wire_database]["items"]
        items.insert_many({"_id": number} for number in range(10))
        yield client


def on(database: str, session: bytes) -> ValidOperation:
    return ValidOperation(1, "get_more", f"{database}.items", {}, session=session)


@pytest.mark.parametrize(
    ("op", "args"), [("find", {"sort": [("_id", 1)]}), ("aggregate", {"pipeline": []})]
)
@pytest.mark.usefixtures("ten")
async def test_any_environment_goes_on_with_a_cursor(
    wire_uri: str, wire_database: str, op: str, args: dict[str, Any], made: Made
) -> None:
    session = new_session()
    found: list[bytes] = []
    async with made(wire_uri) as first, made(wire_uri) as second:
        question = Question(op, first.collection(wire_database, "items"), args)
        batch_ = await first.open_cursor(question, 4, session)
        found += batch_.documents
        for driver in (second, first, second):
            if batch_.id:
                batch_ = await driver.advance_cursor(
                    on(wire_database, session), batch_.id, batch_.address, 3
                )
                found += batch_.documents

    assert sorted(bson.decode(document)["_id"] for document in found) == list(range(10))


async def test_a_cursor_outlives_the_environment_that_opened_it(
    ten: Any, wire_uri: str, wire_database: str, made: Made
) -> None:
    del ten
    session = new_session()
    async with made(wire_uri) as first:
        question = Question("find", first.collection(wire_database, "items"), {})
        batch_ = await first.open_cursor(question, 4, session)
    gc.collect()

    async with made(wire_uri) as second:
        rest = await second.advance_cursor(
            on(wire_database, session), batch_.id, batch_.address, 100
        )

    assert (len(rest.documents), rest.id) == (6, 0)


async def test_a_cursor_is_still_there_when_the_driver_has_cleaned_up_behind_it(
    ten: Any, wire_uri: str, wire_database: str, made: Made
) -> None:
    del ten
    session = new_session()
    async with made(wire_uri) as driver:
        question = Question("find", driver.collection(wire_database, "items"), {})
        batch_ = await driver.open_cursor(question, 4, session)
        gc.collect()
        await clean_up_behind(driver)

        rest = await driver.advance_cursor(
            on(wire_database, session), batch_.id, batch_.address, 100
        )
        assert len(rest.documents) == 6
        with pytest.raises(CursorNotFound):
            await driver.advance_cursor(on(wire_database, session), batch_.id, batch_.address, 1)


async def test_a_cursor_that_is_ended_is_ended_on_the_server(
    ten: Any, wire_uri: str, wire_database: str, made: Made
) -> None:
    session = new_session()
    async with made(wire_uri) as driver:
        question = Question("find", driver.collection(wire_database, "items"), {})
        batch_ = await driver.open_cursor(question, 4, session)

        await driver.end_cursor(on(wire_database, session), batch_.id, batch_.address)

        command = {"getMore": batch_.id, "collection": "items"}
        with pytest.raises(CursorNotFound):
            ten[wire_database].command(command)
        await driver.end_cursor(on(wire_database, session), batch_.id, batch_.address)


@pytest.mark.parametrize("what", ["advance", "end"])
async def test_only_the_server_that_holds_a_cursor_is_asked_for_it(
    ten: Any, wire_uri: str, wire_database: str, what: str, made: Made
) -> None:
    del ten
    session = new_session()
    async with made(f"{wire_uri}?serverSelectionTimeoutMS=200") as driver:
        question = Question("find", driver.collection(wire_database, "items"), {})
        batch_ = await driver.open_cursor(question, 4, session)
        elsewhere = ("127.0.0.1", 1)

        began = time.monotonic()
        asked = on(wire_database, session)
        ask: dict[str, Callable[[], Awaitable[Any]]] = {
            "advance": lambda: driver.advance_cursor(asked, batch_.id, elsewhere, 3),
            "end": lambda: driver.end_cursor(asked, batch_.id, elsewhere),
        }
        with pytest.raises(ServerSelectionTimeoutError):
            await ask[what]()
        assert time.monotonic() - began < 2

        # The next question is anybody's again.
        assert await driver.collection(wire_database, "items").count_documents({}) == 10
        rest = await driver.advance_cursor(on(wire_database, session), batch_.id, batch_.address, 3)
        assert len(rest.documents) == 3


async def test_questions_to_different_servers_at_once_do_not_mix(
    ten: Any, wire_uri: str, wire_database: str, made: Made
) -> None:
    del ten
    session = new_session()
    async with made(f"{wire_uri}?serverSelectionTimeoutMS=200") as driver:
        question = Question("find", driver.collection(wire_database, "items"), {})
        batch_ = await driver.open_cursor(question, 4, session)

        outcomes: Any = await asyncio.gather(
            driver.advance_cursor(on(wire_database, session), batch_.id, batch_.address, 3),
            driver.advance_cursor(on(wire_database, new_session()), 1, ("127.0.0.1", 1), 3),
            driver.collection(wire_database, "items").count_documents({}),
            return_exceptions=True,
        )

    here, elsewhere, anybody = outcomes
    assert not isinstance(here, BaseException)
    assert len(here.documents) == 3
    assert isinstance(elsewhere, ServerSelectionTimeoutError)
    assert anybody == 10


async def test_a_next_batch_that_was_lost_on_the_wire_is_not_asked_for_again(
    ten: Any, wire_uri: str, wire_database: str, fail_command: FailCommand, made: Made
) -> None:
    del ten
    session = new_session()
    async with made(wire_uri) as driver:
        question = Question("find", driver.collection(wire_database, "items"), {})
        batch_ = await driver.open_cursor(question, 4, session)
        fail_command("getMore", times=1, closeConnection=True)

        with pytest.raises(AutoReconnect):
            await driver.advance_cursor(on(wire_database, session), batch_.id, batch_.address, 3)
        rest = await driver.advance_cursor(
            on(wire_database, session), batch_.id, batch_.address, 100
        )

    assert len(rest.documents) == 6  # it was asked once, and failed before it ran


# Through the handler ------------------------------------------------------------------------------


def open_cursors(uri: str) -> int:
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri) as client:
        total: int = client.admin.command("serverStatus")["metrics"]["cursor"]["open"]["total"]
        return total


def test_what_the_server_still_works_on_at_the_deadline_is_stopped_there(
    wire: Database, wire_uri: str, fail_command: FailCommand
) -> None:
    namespace = f"{wire.name}.items"
    wire.proxy.handle(packed(batch(operation(1, "insert_many", namespace, documents=DOCUMENTS))))
    before = open_cursors(wire_uri)
    fail_command("find", times=1, blockConnection=True, blockTimeMS=600)
    session = Binary(new_session(), UUID_SUBTYPE)
    asked = {**operation(1, "find", namespace, length=2), "session": session, "timeout_ms": 150}

    began = time.monotonic()
    (entry,) = opened(wire.proxy.handle(packed(batch(asked))))["res"]
    took = time.monotonic() - began

    assert entry["err"]["timeout"] is True
    assert took < 0.5
    again = {**operation(2, "find", namespace, length=20), "session": session}
    (entry,) = opened(wire.proxy.handle(packed(batch(again))))["res"]
    assert len(entry["ok"]) == 10
    deadline = time.monotonic() + 5
    while open_cursors(wire_uri) > before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert open_cursors(wire_uri) <= before
