"""What is asked at once: within which limits, and how much, since a response has its room."""

from __future__ import annotations

from typing import Any

import pytest
from bson import decode, encode
from pymongo.errors import AutoReconnect

from motorpool.batching.codec import RawDocuments
from motorpool.proxy.drivers import Batch, Excerpt
from motorpool.proxy.limits import Limit
from motorpool.proxy.models import ValidOperation
from motorpool.proxy.pages import Room
from tests.proxy.fakes import FakeDriver, room_of
from tests.proxy.fused import BIG, ROWS, asked, by_id, of_rows, run, serves

# What is asked ------------------------------------------------------------------------------------


async def test_concerns_are_set_on_the_collection_and_the_rest_is_asked() -> None:
    concerns: dict[str, Any] = {
        "read_preference": {"mode": "secondary"},
        "read_concern": {"level": "local"},
    }
    operations = [
        asked("count_documents", filter={"a": a}, hint=[["a", 1]], max_time_ms=7, **concerns)
        for a in (0, 1)
    ]

    ran = await run(FakeDriver(serves), *operations)

    ((_, args),) = ran.driver.calls
    assert ran.driver.concerns == [concerns]
    assert args.keys() == {"pipeline", "hint", "maxTimeMS"}
    assert args["hint"] == {"a": 1}
    assert args["maxTimeMS"] == 7


@pytest.mark.parametrize(
    ("operations", "name"),
    [
        (by_id("find_one", 1, 2), "max_time_ms"),
        (by_id("find", 1, 2), "max_time_ms"),
        ([asked("count_documents", filter={"a": a}) for a in (0, 1)], "maxTimeMS"),
    ],
    ids=["find_one", "find", "count_documents"],
)
async def test_a_server_is_told_what_the_invocation_has_left(operations: Any, name: str) -> None:
    ran = await run(FakeDriver(serves), *operations, limit=Limit(left=5))

    ((_, args),) = ran.driver.calls
    assert 4_900 <= args[name] <= 5_000
    assert ran.driver.limits == [None]


async def test_a_stricter_limit_of_the_callers_stays() -> None:
    ran = await run(
        FakeDriver(serves), *by_id("find_one", 1, 2, max_time_ms=7), limit=Limit(left=5)
    )

    assert ran.driver.calls[0][1]["max_time_ms"] == 7


async def test_the_callers_limit_is_the_drivers() -> None:
    ran = await run(FakeDriver(serves), *by_id("find_one", 1, 2), limit=Limit(asked=5, left=9))

    assert "max_time_ms" not in ran.driver.calls[0][1]
    assert [limit is not None and 4.9 < limit <= 5 for limit in ran.driver.limits] == [True]


async def test_no_more_are_asked_for_than_the_first_batch_of_a_server() -> None:
    room = Room(20_000, 0)

    ran = await run(FakeDriver(serves), *by_id("find_one", 1, 2), room=room)

    assert ran.driver.sizes == [101]
    assert ran.driver.bounds == [20_000]
    assert room.left == 20_000 - sum(len(encode(ROWS[number])) for number in (1, 2))


# A common answer ----------------------------------------------------------------------------------


async def test_the_same_question_is_asked_once_and_answered_to_all() -> None:
    same = [asked("estimated_document_count")] * 3

    async def act(_: str, __: dict[str, Any]) -> Any:
        return 9

    ran = await run(FakeDriver(act), *same)

    assert (ran.results, ran.methods, ran.asked) == ([9] * 3, ["estimated_document_count"], 1)


async def test_a_failure_of_a_common_question_is_the_first_ones_and_the_others_ask() -> None:
    count = 0

    async def act(_: str, __: dict[str, Any]) -> Any:
        nonlocal count
        count += 1
        if count == 1:
            raise AutoReconnect("lost")
        return count

    ran = await run(FakeDriver(act), *[asked("estimated_document_count")] * 3)

    assert ran.results == [{"type": "AutoReconnect", "message": "lost"}, 2, 3]


async def test_a_common_document_takes_its_room_for_each() -> None:
    document = {"_id": 1, "n": BIG}
    size = len(encode(document))
    room = Room(10 * size, 0)

    async def act(_: str, __: dict[str, Any]) -> Any:
        return document

    ran = await run(FakeDriver(act), *[asked("find_one", filter={"$or": []})] * 3, room=room)

    assert ran.results == [document] * 3
    assert ran.asked == 1
    assert room.left == 7 * size


async def test_a_cursor_is_one_operations_and_the_others_open_their_own() -> None:
    opened = 0

    async def act(_: str, __: dict[str, Any]) -> Any:
        nonlocal opened
        opened += 1
        return Batch(RawDocuments([encode({"_id": opened})]), 70 + opened, ("host", 1))

    operations = [
        ValidOperation(n, "find", "shop.items", {"length": 1}, None, bytes([n] * 16))
        for n in (1, 2, 3)
    ]

    ran = await run(FakeDriver(act), *operations)

    assert opened == 3
    assert [each.cursor["id"] for each in ran.done if each.cursor] == [71, 72, 73]
    assert ran.driver.sessions == [bytes([n] * 16) for n in (1, 2, 3)]


# Room ---------------------------------------------------------------------------------------------


async def test_find_ones_for_which_there_is_no_room_are_left_out() -> None:
    size = len(encode(ROWS[0]))
    operations = by_id("find_one", 0, 1, 99, 2)

    ran = await run(FakeDriver(serves), *operations, room=Room(2 * size + 10, 0))

    assert [each.is_left_out for each in ran.done] == [False, False, False, True]
    assert ran.results == [ROWS[0], ROWS[1], None, None]
    assert ran.asked == 1


async def test_what_was_not_read_to_its_end_is_asked_by_each() -> None:
    async def act(method: str, args: dict[str, Any]) -> Any:
        if "$in" not in str(args):
            return of_rows(method, args)
        return Excerpt(RawDocuments([encode(ROWS[1])]), is_whole=False)

    ran = await run(FakeDriver(act), *by_id("find", 1, 3))

    assert ran.results == [[ROWS[1]], [ROWS[3]]]
    assert ran.methods == ["find", "find", "find"]


async def test_finds_share_the_room_and_what_is_too_long_is_asked_by_itself() -> None:
    size = len(encode(ROWS[0]))
    operations = [asked("find", filter={"a": a}) for a in (0, 1)]
    room = room_of(operations, total=4 * size)

    ran = await run(FakeDriver(serves), *operations, room=room)

    # Three rows each: the first fits, and leaves the second too little for its own.
    assert ran.results[0] == [row for row in ROWS if row["a"] == 0]
    assert len(ran.driver.calls) == 2
    assert ran.driver.calls[1][1]["filter"] == {"a": 1}


async def test_no_room_is_taken_twice_nor_left_for_nobody() -> None:
    operations = [asked("find", filter={"a": a}) for a in (0, 1, 9)]
    room = room_of(operations)

    await run(FakeDriver(serves), *operations, room=room)

    taken = sum(len(encode(row)) for row in ROWS if row["a"] in (0, 1))
    assert repr(room) == f"<Room {1_000_000 - taken} of 1000000 for 0>"


async def test_where_all_was_taken_nothing_is_read() -> None:
    operations = by_id("find_one", 0, 1)
    room = Room(100, 0)
    room.take(100)

    ran = await run(FakeDriver(serves), *operations, room=room)

    assert [each.is_left_out for each in ran.done] == [True, True]
    assert ran.driver.bounds == []


async def test_what_came_by_its_id_before_the_room_was_full_is_given() -> None:
    operations = by_id("find_one", 0, 1, 2)

    async def gives_two(_: str, __: dict[str, Any]) -> Excerpt:
        return Excerpt(RawDocuments(encode({"_id": id_}) for id_ in (2, 0)), is_whole=False)

    ran = await run(FakeDriver(gives_two), *operations, room=Room(1_000, 0))

    assert [each.is_left_out for each in ran.done] == [False, True, False]
    assert [decode(each.ok) for each in ran.done if each.ok] == [{"_id": 0}, {"_id": 2}]
    assert len(ran.driver.calls) == 1


# Order --------------------------------------------------------------------------------------------


async def test_answers_stand_in_the_order_of_the_operations_whatever_went_together() -> None:
    operations = [
        *by_id("find_one", 5),
        asked("count_documents", filter={"a": 1}),
        asked("find", filter={"a": 2}),
        *by_id("find_one", 3),
        asked("count_documents", filter={"a": 9}),
        asked("find_one", filter={"n": 1, "a": 5}),
        asked("find", filter={"a": 1}),
    ]

    ran = await run(FakeDriver(serves), *operations)

    assert ran.results == [of_rows(each.op, dict(each.args)) for each in operations]
    assert ran.asked == 4
