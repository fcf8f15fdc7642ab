"""Cursors as they travel, on both kinds of database: carried by hand, ended, refused."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from bson import Binary, Int64
from bson.binary import UUID_SUBTYPE

from tests.proxy.fakes import batch, opened, operation, packed
from tests.proxy.streams import (
    DOCUMENTS,
    SESSION,
)

if TYPE_CHECKING:
    from motorpool.proxy.lifecycle import Proxy
    from tests.proxy.conftest import Database, MakeProxy


def handled(database: Database, *ops: dict[str, Any], readable: bool = False) -> list[Any]:
    """Run operations in one batch, and return their entries."""
    event = batch(*ops) if readable else packed(batch(*ops))
    entries: list[Any] = opened(database.proxy.handle(event))["res"]
    return entries


@pytest.fixture
def ten(database: Database) -> Database:
    insert = operation(1, "insert_many", f"{database.name}.items", documents=DOCUMENTS)
    handled(database, insert)
    return database


def of(database: Database, op: str, session: Any = SESSION, **args: Any) -> dict[str, Any]:
    return {**operation(1, op, f"{database.name}.items", **args), "session": session}


def test_a_person_may_carry_a_cursor_from_one_readable_answer_into_the_next_event(
    ten: Database,
) -> None:
    session = {"$uuid": str(uuid.uuid4())}
    found: list[Any] = []

    (entry,) = handled(ten, of(ten, "find", session, sort={"_id": 1}, length=4), readable=True)
    pages = 1
    while "cursor" in entry:
        found += entry["ok"]
        again = json.loads(json.dumps(entry["cursor"]))
        (entry,) = handled(ten, of(ten, "get_more", session, cursor=again, length=4), readable=True)
        pages += 1
    found += entry["ok"]

    assert [document["_id"] for document in found] == [{"$numberInt": str(n)} for n in range(10)]
    assert pages == 3


@pytest.mark.parametrize(
    "session",
    [
        {"$binary": {"base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "04"}},
        {"$binary": {"base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "00"}},
        {"$uuid": "00010203-0405-0607-0809-0a0b0c0d0e0f"},
    ],
    ids=str,
)
def test_a_session_may_be_written_as_a_uuid_or_as_its_bytes(
    ten: Database, session: dict[str, Any]
) -> None:
    (entry,) = handled(ten, of(ten, "find", session, length=4), readable=True)
    (rest,) = handled(
        ten,
        of(
            ten,
            "get_more",
            {"$uuid": "00010203-0405-0607-0809-0a0b0c0d0e0f"},
            cursor=entry["cursor"],
        ),
        readable=True,
    )

    assert len(entry["ok"]) == 4
    assert len(rest["ok"]) == 6


def test_without_a_session_a_result_comes_whole_or_not_at_all(ten: Database) -> None:
    (entry,) = handled(ten, operation(1, "find", f"{ten.name}.items", length=4, batch_size=2))

    assert len(entry["ok"]) == 10
    assert "cursor" not in entry


def test_a_cursor_that_was_ended_is_not_found_and_ending_it_again_is_no_error(
    ten: Database,
) -> None:
    (entry,) = handled(ten, of(ten, "find", length=4))
    cursor = entry["cursor"]

    (ended,) = handled(ten, of(ten, "kill_cursors", cursors=[cursor]))
    (again,) = handled(ten, of(ten, "kill_cursors", cursors=[cursor, cursor]))
    (missing,) = handled(ten, of(ten, "get_more", cursor=cursor))

    assert (ended["ok"], again["ok"]) == (1, 2)
    err = missing["err"]
    assert (err["type"], err["code"]) == ("CursorNotFound", 43)
    assert err["details"]["code"] == 43
    assert str(cursor["id"]) in err["message"]


def test_a_cursor_of_the_embedded_database_is_its_sessions_own(make_proxy: MakeProxy) -> None:
    proxy = make_proxy()
    proxy.handle(batch(operation(1, "insert_many", documents=DOCUMENTS)))

    def asked(op: str, session: Any, **args: Any) -> Any:
        event = packed(batch({**operation(1, op, **args), "session": session}))
        return opened(proxy.handle(event))["res"][0]

    cursor = asked("find", SESSION, length=4)["cursor"]

    for other in (Binary(bytes(16), UUID_SUBTYPE), None):
        err = asked("get_more", other, cursor=cursor)["err"]
        assert (err["type"], err["code"]) == ("OperationFailure", 50738)
        assert "created in another session" in err["message"]
    assert len(asked("get_more", SESSION, cursor=cursor)["ok"]) == 6


@pytest.mark.parametrize(
    ("cursor", "said"),
    [
        ({}, "'cursor' must be the cursor that came with a page, with its 'id'"),
        ({"id": "7"}, "'cursor' must be the cursor that came with a page, with its 'id'"),
        ({"lost": True, "count": 3}, "'cursor' must be the cursor that came with a page"),
        ({"id": Int64(7), "address": "nowhere"}, "'cursor.address' must be 'host:port'"),
        ({"id": Int64(7), "address": {"host": "db"}}, "'cursor.address' must be 'host:port'"),
    ],
    ids=str,
)
def test_a_malformed_cursor_is_refused_by_name(
    database: Database, cursor: dict[str, Any], said: str
) -> None:
    more, kill = handled(
        database,
        of(database, "get_more", cursor=cursor),
        {**of(database, "kill_cursors", cursors=[cursor]), "id": 2},
    )

    for entry in (more, kill):
        assert entry["err"]["type"] == "ProtocolError"
        assert said in entry["err"]["message"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("args", {}, "missing argument 'args.cursor' of get_more"),
        ("args", {"cursor": 7}, "args.cursor: must be a document"),
        (
            "args",
            {"cursor": {"id": 1}, "length": -1},
            "args.length: must be an integer that is not",
        ),
        ("args", {"cursor": {"id": 1}, "skip": 1}, "skip"),
        ("session", "a session", "session: must be a UUID of 16 bytes"),
        ("session", b"x" * 15, "session: must be a UUID of 16 bytes"),
        ("session", b"x" * 17, "session: must be a UUID of 16 bytes"),
        ("session", 7, "session: must be a UUID of 16 bytes"),
    ],
    ids=str,
)
def test_what_get_more_does_not_take_is_refused_by_name(
    proxy: Proxy, field: str, value: object, said: str
) -> None:
    asked = {**operation(1, "get_more", cursor={"id": 1}), "session": SESSION, field: value}

    (entry,) = opened(proxy.handle(packed(batch(asked))))["res"]

    assert entry["err"]["type"] == "ProtocolError"
    assert said in entry["err"]["message"]


@pytest.mark.parametrize("op", ["find_one", "distinct", "count_documents", "insert_one", "command"])
def test_a_session_on_what_takes_none_is_refused(proxy: Proxy, op: str) -> None:
    asked = {**operation(1, op), "session": SESSION}

    (entry,) = opened(proxy.handle(packed(batch(asked))))["res"]

    said = "field 'session' is taken by aggregate, find, get_more, kill_cursors only"
    assert entry["err"] == {"type": "ProtocolError", "message": said}
