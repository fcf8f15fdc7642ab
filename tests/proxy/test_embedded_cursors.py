"""Cursors of the embedded database behave as a server's."""

from __future__ import annotations

import time
from typing import Any

import bson
import pytest
from bson import Binary, DatetimeMS
from bson.binary import UUID_SUBTYPE
from pymongo.errors import CursorNotFound, OperationFailure

from motorpool.batching.codec import encode_document
from motorpool.proxy.drivers import Question
from motorpool.proxy.embedded.cursors import IDLE_SECONDS, EmbeddedCursors
from motorpool.proxy.embedded.driver import EmbeddedDriver
from motorpool.proxy.models import ValidOperation

SESSION = b"sixteen bytes...."[:16]
DOCUMENTS = [{"_id": number} for number in range(250)]


def ids(documents: list[bytes]) -> list[int]:
    return [bson.decode(document)["_id"] for document in documents]


def test_the_first_batch_is_a_servers_where_nobody_says_how_much() -> None:
    cursors = EmbeddedCursors()

    batch = cursors.begin(SESSION, DOCUMENTS, None)

    assert ids(batch.documents) == list(range(101))
    assert batch.id > 0
    assert batch.address is None
    assert len(cursors) == 1


@pytest.mark.parametrize("size", [1, 7, 249, 250, 251])
def test_batches_are_as_large_as_they_are_asked_for_and_the_last_has_no_cursor(size: int) -> None:
    cursors = EmbeddedCursors()
    batch = cursors.begin(SESSION, DOCUMENTS, size)
    found = ids(batch.documents)
    opened = batch.id

    while batch.id:
        assert len(batch.documents) == size
        assert batch.id == opened
        batch = cursors.advance(SESSION, batch.id, size)
        found += ids(batch.documents)

    assert found == list(range(250))
    assert len(cursors) == 0


def test_a_first_batch_of_none_leaves_all_of_it_in_the_cursor() -> None:
    cursors = EmbeddedCursors()

    batch = cursors.begin(SESSION, DOCUMENTS, 0)

    assert batch.documents == []
    assert ids(cursors.advance(SESSION, batch.id, 3).documents) == [0, 1, 2]


def test_a_result_that_is_empty_has_no_cursor() -> None:
    cursors = EmbeddedCursors()

    assert cursors.begin(SESSION, [], None) == ([], 0, None)
    assert len(cursors) == 0


def test_no_batch_is_larger_than_a_document_may_be_but_one_that_is_one() -> None:
    cursors = EmbeddedCursors()
    megabyte = b"x" * 2**20
    documents = [{"_id": number, "x": megabyte} for number in range(20)]

    batch = cursors.begin(SESSION, documents, None)
    rest = cursors.advance(SESSION, batch.id, 100)

    assert ids(batch.documents) == list(range(15))
    assert ids(rest.documents) == list(range(15, 20))
    whole = [{"_id": 1, "x": megabyte * 17}, {"_id": 2}]
    assert ids(cursors.begin(SESSION, whole, None).documents) == [1]


def test_a_cursor_is_ended_once_and_for_all() -> None:
    cursors = EmbeddedCursors()
    batch = cursors.begin(SESSION, DOCUMENTS, 1)

    cursors.end(batch.id)
    cursors.end(batch.id)

    with pytest.raises(CursorNotFound, match=f"cursor id {batch.id} not found") as raised:
        cursors.advance(SESSION, batch.id, 1)
    assert raised.value.code == 43
    assert raised.value.details == {
        "ok": 0.0,
        "errmsg": f"cursor id {batch.id} not found",
        "code": 43,
    }


@pytest.mark.parametrize("other", [None, bytes(16), Binary(bytes(16), UUID_SUBTYPE)], ids=repr)
def test_a_cursor_is_continued_under_its_own_session_only(other: bytes | None) -> None:
    cursors = EmbeddedCursors()
    batch = cursors.begin(SESSION, DOCUMENTS, 1)

    with pytest.raises(OperationFailure, match="created in another session") as raised:
        cursors.advance(other, batch.id, 1)

    assert raised.value.code == 50738
    assert ids(cursors.advance(Binary(SESSION, UUID_SUBTYPE), batch.id, 1).documents) == [1]


def test_a_cursor_that_nobody_asks_for_ten_minutes_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cursors = EmbeddedCursors()
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    used, idle = (cursors.begin(SESSION, DOCUMENTS, 1).id for _ in range(2))

    now += IDLE_SECONDS - 1
    cursors.advance(SESSION, used, 1)
    now += 2
    with pytest.raises(CursorNotFound):
        cursors.advance(SESSION, idle, 1)

    assert len(cursors.advance(SESSION, used, 1).documents) == 1
    now += IDLE_SECONDS + 1
    cursors.begin(SESSION, DOCUMENTS, 1)
    assert len(cursors) == 1


def test_ids_are_not_to_be_guessed() -> None:
    cursors = EmbeddedCursors()

    ids_ = {cursors.begin(SESSION, DOCUMENTS, 1).id for _ in range(100)}

    assert len(ids_) == 100
    assert max(ids_) > 2**50
    assert max(ids_) < 2**63


def test_documents_are_encoded_without_loss() -> None:
    far = {"_id": 1, "when": DatetimeMS(2**60), "big": bson.Int64(1), "z": {"b": 1, "a": 2}}

    assert encode_document(far) == bson.encode(far)


# The driver ---------------------------------------------------------------------------------------


async def test_what_is_inserted_and_removed_while_paging_changes_no_page() -> None:
    driver = EmbeddedDriver()
    items = driver.collection("shop", "items")
    await items.insert_many([dict(document) for document in DOCUMENTS])
    question = Question("find", items, {"sort": [("_id", 1)]})
    operation = ValidOperation(1, "get_more", "shop.items", {}, session=SESSION)

    first = await driver.open_cursor(question, 100, SESSION)
    await items.delete_many({"_id": {"$gte": 200}})
    await items.insert_one({"_id": -1})
    rest = await driver.advance_cursor(operation, first.id, None, 1_000)

    assert ids(first.documents + rest.documents) == list(range(250))


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("find", {"filter": {"_id": {"$lt": 5}}, "hint": [("_id", 1)]}),
        ("aggregate", {"pipeline": [{"$match": {"_id": {"$lt": 5}}}]}),
    ],
)
async def test_a_result_may_be_read_whole(op: str, args: dict[str, Any]) -> None:
    driver = EmbeddedDriver()
    items = driver.collection("shop", "items")
    await items.insert_many([dict(document) for document in DOCUMENTS])

    assert ids(await driver.read_all(Question(op, items, args), 2)) == list(range(5))
    batch = await driver.open_cursor(Question(op, items, args), 3, SESSION)
    assert ids(batch.documents) == [0, 1, 2]
    operation = ValidOperation(1, "kill_cursors", "shop.items", {}, session=SESSION)
    await driver.end_cursor(operation, batch.id, None)
    with pytest.raises(CursorNotFound):
        await driver.advance_cursor(operation, batch.id, None, 1)
