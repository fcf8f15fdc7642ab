"""What the driver has no public way to: a session that came with the operation, a cursor let go of.

Private attributes of PyMongo's are touched for it: `ClientSession._server_session`, and a cursor's
`_killed`, `_data` and `_batch_size`. A release that moves them makes these tests fail, and nothing
in silence.
"""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bson.errors import InvalidDocument

from motorpool.proxy import server_driver
from motorpool.proxy.drivers import Question
from motorpool.proxy.models import ValidOperation
from tests.client import recording_server
from tests.client.recording_server import RecordingServer
from tests.proxy.server_drivers import BOTH, clean_up_behind, lsid, new_session, pooled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.proxy.server_drivers import Made


# What the server is told --------------------------------------------------------------------------


@pytest.fixture
async def told(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RecordingServer]:
    """Give a server that writes down each command with its session, and whose cursor is open."""
    monkeypatch.setattr(recording_server, "PASSING", ())
    cursor = {"id": 7, "ns": "shop.items", "firstBatch": [{"_id": 1}], "nextBatch": [{"_id": 2}]}
    monkeypatch.setitem(recording_server.YES, "cursor", cursor)
    async with RecordingServer() as server:
        yield server


def more(session: bytes | None, **args: Any) -> ValidOperation:
    return ValidOperation(1, "get_more", "shop.items", args, session=session)


async def test_every_command_about_a_cursor_carries_the_callers_session_and_no_other(
    told: RecordingServer, made: Made
) -> None:
    session = new_session()
    async with made(told.uri) as driver:
        items = driver.collection("shop", "items")
        for op, args in BOTH:
            opened_ = await driver.open_cursor(Question(op, items, args), 3, session)
            assert opened_.id == 7
            await driver.advance_cursor(more(session), opened_.id, opened_.address, 5)
            await driver.end_cursor(more(session), opened_.id, opened_.address)

    names = [next(iter(command)) for command in told.commands]
    assert names == [
        *("find", "getMore", "killCursors"),
        *("aggregate", "getMore", "killCursors"),
    ]
    assert [command["lsid"] for command in told.commands] == [lsid(session)] * 6
    assert [command.get("batchSize") for command in told.commands] == [
        *(3, 5, None),
        *(None, 5, None),
    ]
    assert told.commands[3]["cursor"] == {"batchSize": 3}
    assert {command["cursors"][0] for command in told.commands if "cursors" in command} == {7}


async def test_a_server_without_sessions_is_asked_without_one(
    told: RecordingServer, monkeypatch: pytest.MonkeyPatch, made: Made
) -> None:
    """Such a server binds no cursor to a session either."""
    monkeypatch.delitem(recording_server.HELLO, "logicalSessionTimeoutMinutes")
    session = new_session()
    async with made(told.uri) as driver:
        items = driver.collection("shop", "items")
        for op, args in BOTH:
            opened_ = await driver.open_cursor(Question(op, items, args), 3, session)
            batch = await driver.advance_cursor(more(session), opened_.id, opened_.address, 5)
            assert (len(opened_.documents), len(batch.documents)) == (1, 1)

    assert [next(iter(command)) for command in told.commands] == [
        *("find", "getMore"),
        *("aggregate", "getMore"),
    ]
    assert not any("lsid" in command for command in told.commands)


async def test_a_next_batch_carries_what_its_cursor_was_opened_with(
    told: RecordingServer, made: Made
) -> None:
    async with made(told.uri) as driver:
        asked = more(new_session(), comment={"why": 1}, max_await_time_ms=40)
        await driver.advance_cursor(asked, 7, None, 5)

    (command,) = told.commands
    assert (command["comment"], command["maxTimeMS"]) == ({"why": 1}, 40)
    assert command["collection"] == "items"


async def test_what_has_no_session_of_the_callers_has_one_of_the_drivers_own(
    told: RecordingServer, made: Made
) -> None:
    carried = new_session()
    async with made(told.uri) as driver:
        items = driver.collection("shop", "items")
        await driver.open_cursor(Question("find", items, {}), 3, carried)
        await items.distinct("a")
        await driver.end_cursor(more(None), 7, None)

        assert lsid(carried) not in pooled(driver)
        assert len(pooled(driver)) == 1
    sessions = [command["lsid"] for command in told.commands]
    assert sessions[0] == lsid(carried)
    assert lsid(carried) not in sessions[1:]


async def test_a_carried_session_never_comes_into_the_drivers_pool(
    told: RecordingServer, made: Made
) -> None:
    sessions = [new_session() for _ in range(5)]
    async with made(told.uri) as driver:
        items = driver.collection("shop", "items")
        for session in sessions:
            await driver.open_cursor(Question("find", items, {}), 3, session)
            await driver.open_cursor(Question("aggregate", items, {"pipeline": []}), 3, session)
            await driver.advance_cursor(more(session), 7, None, 5)
            with pytest.raises(InvalidDocument):
                await driver.advance_cursor(more(session), 7, None, object())  # type: ignore[arg-type]
        gc.collect()
        await items.distinct("a")

        assert not [id_ for id_ in pooled(driver) if id_ in map(lsid, sessions)]


async def test_a_cursor_that_is_let_go_of_is_not_ended_by_the_driver(
    told: RecordingServer, made: Made
) -> None:
    async with made(told.uri) as driver:
        items = driver.collection("shop", "items")
        for op, args in BOTH:
            await driver.open_cursor(Question(op, items, args), 3, new_session())
        gc.collect()
        # What its background thread does each second.
        await clean_up_behind(driver)

    assert "killCursors" not in [next(iter(command)) for command in told.commands]


def test_no_other_file_touches_what_is_the_drivers_own() -> None:
    private = re.compile(
        r"(?<!self)\._(server_session|killed|topology|data|batch_size)\b|\.delegate\b"
    )
    proxy = Path(server_driver.__file__).parent
    touching = {
        path.name
        for path in proxy.rglob("*.py")
        for line in path.read_text().splitlines()
        if private.search(line)
    }

    assert touching == {"carried_sessions.py", "motor_driver.py", "server_cursors.py"}


def test_the_drivers_own_session_is_shaped_as_the_one_in_its_place() -> None:
    from pymongo.client_session_shared import _ServerSession

    from motorpool.proxy.carried_sessions import CarriedSession

    ours, theirs = CarriedSession(new_session()), _ServerSession(0)
    public = {name for name in dir(theirs) if not name.startswith("_")}
    for_the_pool_alone = {"timed_out"}
    assert {name for name in dir(ours) if not name.startswith("_")} == public - for_the_pool_alone
    assert ours.session_id.keys() == theirs.session_id.keys()
    ours.inc_transaction_id()
    theirs.inc_transaction_id()
    assert (ours.transaction_id, type(ours.transaction_id)) == (
        *(theirs.transaction_id, type(theirs.transaction_id)),
    )
