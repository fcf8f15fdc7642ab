"""A cursor's options: set before documents are asked for, kept by clones, refused afterwards."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from pymongo import CursorType
from pymongo.errors import InvalidOperation

from tests.both_loops import ONE_LOOP
from tests.client.test_find_cursors import DOCUMENTS, asked, ten_documents

CHANGES: list[tuple[str, Callable[[Any], Any]]] = [
    ("sort", lambda cursor: cursor.sort("a")),
    ("skip", lambda cursor: cursor.skip(1)),
    ("limit", lambda cursor: cursor.limit(1)),
    ("batch_size", lambda cursor: cursor.batch_size(1)),
    ("hint", lambda cursor: cursor.hint("a_1")),
    ("max_time_ms", lambda cursor: cursor.max_time_ms(1)),
    ("collation", lambda cursor: cursor.collation({"locale": "de"})),
    ("comment", lambda cursor: cursor.comment("why")),
    ("min", lambda cursor: cursor.hint("a_1").min([("a", 1)])),
    ("max", lambda cursor: cursor.hint("a_1").max([("a", 1)])),
    ("max_await_time_ms", lambda cursor: cursor.max_await_time_ms(1)),
    ("where", lambda cursor: cursor.where("this.a")),
    ("add_option", lambda cursor: cursor.add_option(16)),
    ("remove_option", lambda cursor: cursor.remove_option(16)),
    ("allow_disk_use", lambda cursor: cursor.allow_disk_use(True)),  # noqa: FBT003 - the driver's
]


@pytest.mark.parametrize("change", [change for _, change in CHANGES], ids=[n for n, _ in CHANGES])
@ONE_LOOP
async def test_an_option_is_refused_once_documents_were_asked_for(
    change: Callable[[Any], Any],
) -> None:
    _, items = ten_documents()
    cursor = items.find()
    assert change(cursor) is cursor

    waiting = cursor.to_list(1)
    with pytest.raises(InvalidOperation, match=r"^cannot set options after executing query$"):
        change(cursor)
    await waiting
    with pytest.raises(InvalidOperation, match=r"^cannot set options after executing query$"):
        change(cursor)
    assert change(cursor.rewind()) is cursor
    assert change(cursor.clone()) is not cursor


@ONE_LOOP
async def test_rewind_begins_again_and_may_be_awaited() -> None:
    server, items = ten_documents()
    cursor = items.find().skip(1)

    assert await cursor.to_list(2) == DOCUMENTS[1:3]
    assert await cursor.next() == DOCUMENTS[3]
    assert cursor.rewind() is cursor
    assert (cursor.alive, cursor.cursor_id, cursor.retrieved) == (True, None, 0)
    assert await cursor.to_list(2) == DOCUMENTS[1:3]
    assert await cursor.rewind() is cursor
    assert await cursor.to_list(3) == DOCUMENTS[1:4]
    assert asked(server) == [
        ("find", 2),
        ("get_more", None),
        ("find", 2),
        ("find", 3),
        ("kill_cursors", None),
    ]


@ONE_LOOP
async def test_a_clone_is_the_same_query_not_sent_yet_and_its_own() -> None:
    server, items = ten_documents()
    cursor = items.find({"a": [1]}).limit(2)
    await cursor.to_list()

    clone = cursor.clone()
    assert (clone.alive, clone.cursor_id) == (True, None)
    assert await clone.limit(3).to_list() == DOCUMENTS[:3]
    assert await cursor.rewind().to_list() == DOCUMENTS[:2]
    assert await copy.copy(cursor).to_list() == DOCUMENTS[:2]
    assert await copy.deepcopy(cursor).to_list() == DOCUMENTS[:2]
    assert [asked.args["filter"] for asked in server.asked] == [{"a": [1]}] * 5


@ONE_LOOP
async def test_a_clones_filter_is_its_own_and_a_copys_is_shared_as_with_the_driver() -> None:
    server, items = ten_documents()
    query: dict[str, Any] = {"a": [1]}
    cursor = items.find(query)
    shallow, clone = copy.copy(cursor), cursor.clone()
    query["a"].append(2)

    await cursor.to_list()
    await shallow.to_list()
    await clone.to_list()

    assert [asked.args["filter"] for asked in server.asked] == [
        {"a": [1, 2]},
        {"a": [1, 2]},
        {"a": [1]},
    ]


@ONE_LOOP
async def test_what_a_tail_asks_for_travels_with_each_of_its_pages() -> None:
    server, items = ten_documents(per_page=4)
    cursor = items.find(cursor_type=CursorType.TAILABLE_AWAIT).max_await_time_ms(7)

    assert [await cursor.next() for _ in range(5)] == DOCUMENTS[:5]

    assert [
        (asked.args["cursor_type"], asked.args["max_await_time_ms"]) for asked in server.asked
    ] == [("tailable_await", 7)] * 2


@ONE_LOOP
async def test_bad_arguments_are_raised_where_find_is_called_as_by_the_driver() -> None:
    _, items = ten_documents()

    with pytest.raises(TypeError, match="filter must be an instance of dict"):
        items.find(5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        items.find({}, nonsense=1)
