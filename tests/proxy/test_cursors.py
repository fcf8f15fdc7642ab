"""What a page asks a server for, and where it ends."""

from __future__ import annotations

from typing import Any

import pytest

from motorpool.proxy.cursors import open_cursor
from motorpool.proxy.drivers import Question
from motorpool.proxy.intake import Intake
from motorpool.proxy.pages import Room
from tests.proxy.streams import (
    DOCUMENTS,
    Stream,
    find,
    ids,
    next_page,
    page,
)


@pytest.mark.parametrize(
    ("args", "first"),
    [
        ({}, None),
        ({"batch_size": 0}, None),
        ({"batch_size": 3}, 3),
        ({"length": 4}, 4),
        ({"length": 4, "batch_size": 3}, 3),
        ({"length": 4, "limit": 9}, 4),
        # One more than the limit, and a server closes its cursor by itself.
        ({"length": 9, "limit": 9}, 10),
        ({"length": 20, "limit": 9}, 10),
        ({"limit": 9}, None),
        ({"batch_size": 9, "limit": 9}, 10),
    ],
    ids=str,
)
async def test_the_first_batch_is_as_large_as_anybody_wants_it(
    args: dict[str, Any], first: int | None
) -> None:
    driver = Stream([{"_id": number} for number in range(50)])

    await page(driver, **args)

    assert driver.asked[0] == first


async def test_a_page_of_a_length_ends_with_it_and_tells_of_the_cursor() -> None:
    driver = Stream(DOCUMENTS)

    first = await page(driver, length=4)
    second = await next_page(driver, first.cursor, length=4)
    third = await next_page(driver, second.cursor, length=4)

    assert (ids(first), ids(second), ids(third)) == ([0, 1, 2, 3], [4, 5, 6, 7], [8, 9])
    assert first.cursor.keys() == {"id", "address", "sizes", "count"}
    assert (first.cursor["address"], first.cursor["count"]) == ("db:27017", 4)
    assert second.cursor["id"] == first.cursor["id"]
    assert third.cursor is None
    assert driver.asked == [4, 4, 4]
    assert len(driver.cursors) == 0


async def test_a_page_without_a_length_is_filled_by_as_many_batches_as_it_takes() -> None:
    driver = Stream([{"_id": number, "text": "x" * 80} for number in range(3_000)])
    room = Room(200_000, 1)

    first = await page(driver, room)

    size = len(first.ok[0])
    assert room.left < 20 * size
    assert first.cursor["count"] == len(first.ok) > 1_900
    # 101, then what takes a fourth of the room that is left, and then what still fits.
    assert driver.asked[0] is None
    assert 440 < (driver.asked[1] or 0) < 460
    assert len(driver.asked) < 10
    rest = await next_page(driver, first.cursor, Room(200_000, 1))
    assert ids(first) + ids(rest) == list(range(3_000))[: len(first.ok) + len(rest.ok)]


async def test_what_an_earlier_page_told_of_sizes_is_made_use_of() -> None:
    driver = Stream([{"_id": number, "text": "x" * 80} for number in range(9_000)])
    first = await page(driver, Room(200_000, 1))

    await next_page(driver, first.cursor, Room(200_000, 1))

    before = len(first.ok)
    (foreseen,) = driver.asked[-1:]
    assert foreseen is not None
    assert any(asked is not None and asked > before * 0.9 for asked in driver.asked[3:])


async def test_a_batch_size_bounds_each_batch_and_not_the_page() -> None:
    driver = Stream(DOCUMENTS)

    paged = await page(driver, batch_size=3)

    assert ids(paged) == list(range(10))
    assert driver.asked == [3, 3, 3, 3]
    assert paged.cursor is None


async def test_a_length_of_none_is_no_length() -> None:
    driver = Stream([{"_id": number} for number in range(500)])

    paged = await page(driver, length=0, batch_size=0)
    (first, cursor) = await page(driver, length=7)
    rest = await next_page(driver, cursor, length=0)

    assert len(paged.ok) == len(first) + len(rest.ok) == 500
    assert min(asked for asked in driver.asked if asked is not None) > 0


async def test_a_tails_page_is_one_batch() -> None:
    driver = Stream(DOCUMENTS)

    first = await page(driver, batch_size=3, cursor_type="tailable")
    second = await next_page(driver, first.cursor, batch_size=3, cursor_type="tailable")

    assert (ids(first), ids(second)) == ([0, 1, 2], [3, 4, 5])
    assert second.cursor is not None


async def test_a_page_that_is_late_ends_with_what_it_has() -> None:
    driver = Stream(DOCUMENTS)
    late = iter([False, True])

    asked, question = find(batch_size=2), Question("find", None, {})
    room = Room(10**6, 1)
    paged = await open_cursor(driver, asked, question, room, lambda: next(late), Intake())

    assert ids(paged) == [0, 1, 2, 3]
    assert paged.cursor is not None
    assert paged.cursor["count"] == 4
    assert len(driver.cursors) == 1
