"""What does not fit into a page: asked for again, lost with its cursor, or too large for any."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import bson
import pytest

from motorpool.batching.errors import ResultTooLarge
from motorpool.proxy.pages import NoRoom, Room
from tests.proxy.streams import (
    Stream,
    ids,
    next_page,
    of_sizes,
    page,
)

if TYPE_CHECKING:
    from motorpool.proxy.drivers import Batch, Question
    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.pages import Address


async def test_a_first_batch_that_is_too_large_is_asked_for_again_in_less() -> None:
    driver = Stream(of_sizes(*[1_000] * 150))

    paged = await page(driver, Room(10_000, 1))

    assert ids(paged) == list(range(len(paged.ok)))
    assert 5 <= len(paged.ok) <= 9
    assert paged.cursor["count"] == len(paged.ok)
    assert len(driver.cursors) == 1
    assert len(driver.ended) == 1
    assert driver.asked[:2] == [None, 9]


async def test_where_a_later_batch_does_not_fit_the_page_says_that_the_cursor_ran_ahead() -> None:
    driver = Stream(of_sizes(*[100] * 8, *[5_000] * 12))

    paged = await page(driver, Room(20_000, 1), batch_size=8)

    assert ids(paged) == list(range(len(paged.ok)))
    assert len(paged.ok) > 8
    assert paged.cursor == {"lost": True, "count": len(paged.ok)}
    assert len(driver.cursors) == 0
    assert len(driver.ended) == 1


async def test_a_first_document_that_finds_no_room_beside_others_is_to_be_asked_again() -> None:
    driver = Stream(of_sizes(8_000))
    room = Room(10_000, 2)
    room.take(5_000)

    with pytest.raises(NoRoom):
        await page(driver, room)

    assert room.left == 5_000
    assert len(driver.cursors) == 0


async def test_a_next_document_that_finds_no_room_beside_others_is_lost_and_not_the_ones_before() -> (  # noqa: E501
    None
):
    driver = Stream(of_sizes(100, 8_000, 100))
    first = await page(driver, length=1)
    room = Room(10_000, 2)
    room.take(5_000)

    paged = await next_page(driver, first.cursor, room)

    assert paged.ok == []
    assert paged.cursor == {"lost": True, "count": 0}
    assert len(driver.cursors) == 0


@pytest.mark.parametrize("before", [0, 1, 3])
async def test_a_document_larger_than_any_response_is_an_error_that_says_its_size(
    before: int,
) -> None:
    driver = Stream(of_sizes(*[10] * before, 12_000, 10))
    size = len(bson.encode(driver.documents[before]))
    found: list[int] = []
    with pytest.raises(ResultTooLarge, match=f"the document is {size} bytes"):
        await read_all(driver, found)

    assert found == list(range(before))
    assert len(driver.cursors) == 0


async def read_all(
    driver: Stream, found: list[int], *, can_compress: bool = False, **args: Any
) -> None:
    """Put the ids of all documents into `found`, page by page as a client asks for them."""
    cursor: Any = None
    while not found or cursor is not None:
        room = Room(10_000, 1, can_compress=can_compress)
        if cursor is None or cursor.get("lost"):
            paged = await page(driver, room, skip=len(found), **args)
        else:
            paged = await next_page(driver, cursor, room, **args)
        assert can_compress or sum(map(len, paged.ok)) <= 10_000
        assert paged.cursor is None or paged.cursor["count"] == len(paged.ok)
        found += ids(paged)
        cursor = paged.cursor


async def test_a_document_that_fits_compressed_is_a_page_of_its_own() -> None:
    driver = Stream([{"_id": 0}, {"_id": 1, "text": "x" * 30_000}, {"_id": 2}])
    found: list[int] = []

    await read_all(driver, found, can_compress=True)

    assert found == [0, 1, 2]


class InTwos(Stream):
    """A server of which the driver takes two documents at the least, as of an aggregation."""

    async def open_cursor(self, question: Question, size: int | None, session: bytes) -> Batch:
        if len(self.asked) > 20:
            raise AssertionError("it is asked again and again")
        return await super().open_cursor(question, 2 if size == 1 else size, session)


@pytest.mark.parametrize("can_compress", [True, False])
async def test_where_not_even_two_documents_fit_the_first_comes_and_the_rest_is_asked_anew(
    *, can_compress: bool
) -> None:
    driver = InTwos([{"_id": n, "x": "x" * (30_000 if can_compress else 6_000)} for n in range(9)])

    paged = await page(driver, Room(10_000, 1, can_compress=can_compress))

    assert ids(paged) == [0]
    assert paged.cursor == {"lost": True, "count": 1}
    assert len(driver.cursors) == 0


async def test_where_not_even_two_documents_fit_the_first_may_be_too_large() -> None:
    driver = InTwos(of_sizes(12_000, 10, 10))

    with pytest.raises(ResultTooLarge, match=r"the document is 12\d\d\d bytes"):
        await page(driver, Room(10_000, 1))
    assert len(driver.cursors) == 0


async def test_that_a_cursor_cannot_be_ended_does_not_cost_the_page() -> None:
    class Stubborn(Stream):
        async def end_cursor(
            self, operation: ValidOperation, id_: int, address: Address | None
        ) -> None:
            await super().end_cursor(operation, id_, address)
            raise ConnectionError("lost")

    driver = Stubborn(of_sizes(*[100] * 8, *[5_000] * 8))

    paged = await page(driver, Room(20_000, 1), batch_size=8)

    assert paged.cursor == {"lost": True, "count": len(paged.ok)}


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_the_sizes_every_document_comes_once_and_in_order(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test's dice, no secret
    driver = Stream(of_sizes(*(int(dice.lognormvariate(5, 2)) % 9_000 for _ in range(300))))
    found: list[int] = []

    await read_all(
        driver,
        found,
        batch_size=dice.choice([None, 1, 7, 50]),
        length=dice.choice([None, 3, 40]),
    )

    assert found == list(range(300))
    assert len(driver.cursors) == 0
