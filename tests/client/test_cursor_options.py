"""A cursor's options: set before documents are asked for, kept by clones, refused afterwards."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.errors import InvalidOperation

from tests.both_loops import ONE_LOOP
from tests.client.test_find_cursors import DOCUMENTS, ten_documents, windows

CHANGES: list[tuple[str, Callable[[Any], Any]]] = [
    ("sort", lambda cursor: cursor.sort("a")),
    ("skip", lambda cursor: cursor.skip(1)),
    ("limit", lambda cursor: cursor.limit(1)),
    ("batch_size", lambda cursor: cursor.batch_size(1)),
    ("hint", lambda cursor: cursor.hint("a_1")),
    ("projection", lambda cursor: cursor.projection(["a"])),
    ("max_time_ms", lambda cursor: cursor.max_time_ms(1)),
    ("collation", lambda cursor: cursor.collation({"locale": "de"})),
    ("comment", lambda cursor: cursor.comment("why")),
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
async def test_a_projection_set_on_the_cursor_travels() -> None:
    transport, items = ten_documents()

    await items.find({}, {"a": 1}).projection(["b"]).to_list()

    assert transport.batches[0][0].args["projection"] == ["b"]


@ONE_LOOP
async def test_rewind_begins_again() -> None:
    transport, items = ten_documents()
    cursor = items.find().skip(1)

    assert await cursor.to_list(2) == DOCUMENTS[1:3]
    assert await cursor.next() == DOCUMENTS[3]
    assert cursor.rewind() is cursor
    assert await cursor.to_list(2) == DOCUMENTS[1:3]
    assert windows(transport) == [(1, 2), (3, None), (1, 2)]


@ONE_LOOP
async def test_a_clone_is_the_same_query_not_sent_yet_and_its_own() -> None:
    transport, items = ten_documents()
    cursor = items.find({"a": 1}).limit(2)
    await cursor.to_list()

    clone = cursor.clone()
    assert await clone.limit(3).to_list() == DOCUMENTS[:3]
    assert await cursor.rewind().to_list() == DOCUMENTS[:2]
    assert [batch[0].args["filter"] for batch in transport.batches] == [{"a": 1}] * 3


@ONE_LOOP
async def test_bad_arguments_are_raised_where_find_is_called_as_by_the_driver() -> None:
    _, items = ten_documents()

    with pytest.raises(TypeError, match="filter must be an instance of dict"):
        items.find(5)
    with pytest.raises(TypeError, match="has no option 'nonsense'"):
        items.find({}, nonsense=1)
