"""What the reads under way may bring into memory: which of them wait, and how much they ask for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument

from motorpool.batching.codec import RawDocuments
from motorpool.batching.errors import ResultTooLarge
from motorpool.batching.operations import CURSORS
from motorpool.proxy.cursors import advance_cursor, open_cursor
from motorpool.proxy.drivers import Excerpt, Question
from motorpool.proxy.executor import Executor
from motorpool.proxy.intake import MOST_BYTES, Intake
from motorpool.proxy.limits import Limit
from motorpool.proxy.models import ValidOperation
from motorpool.proxy.pages import NoRoom, Room
from tests.proxy.fakes import FakeDriver, room_of
from tests.proxy.streams import SESSION, Stream, find, get_more, ids, never

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = 6 * 2**20
ROOM = 4_700_000


def of_size(size: int) -> RawBSONDocument:
    return RawBSONDocument(bson.encode({"x": bytes(size - 13)}))


def asked(op: str, ns: str = "shop.items", **args: Any) -> ValidOperation:
    session = SESSION if op in ("find", "aggregate") else None
    return ValidOperation(1, op, ns, args, session=session)


def giving(size: int) -> FakeDriver:
    """A driver all of whose reads take a moment and bring a document of this size."""

    async def act(method: str, _: dict[str, Any]) -> Any:
        await asyncio.sleep(0.002)
        if method in ("find", "aggregate"):
            return [{"x": bytes(size - 13)}]
        return ["x" * size] if method == "distinct" else of_size(size)

    return FakeDriver(act)


async def run(executor: Executor, *operations: ValidOperation, total: int = 10**9) -> list[Any]:
    limits = [Limit()] * len(operations)
    return await executor.run(operations, limits, room_of(operations, total))


READS: dict[str, Callable[[int], ValidOperation]] = {
    "find_one": lambda number: asked("find_one", filter={"n": number}),
    "find": lambda number: asked("find", filter={"n": {"$gt": number}}),
    "aggregate": lambda number: asked("aggregate", pipeline=[{"$match": {"n": number}}]),
    "distinct": lambda number: asked("distinct", key="n", filter={"n": number}),
    "find without a session": lambda number: ValidOperation(
        1, "find", "shop.items", {"filter": {"n": number}}
    ),
}
every_read = pytest.mark.parametrize("read", READS.values(), ids=READS)


@every_read
async def test_large_results_come_no_more_at_once_than_memory_holds(
    read: Callable[[int], ValidOperation],
) -> None:
    driver = giving(LARGE)
    executor = Executor(driver, 5)
    is_open_ended = read(0).op in CURSORS and read(0).session is not None

    done = await run(executor, *map(read, range(12)))

    assert driver.most_running == (1 if is_open_ended else MOST_BYTES // LARGE)
    assert all(item.err is None for item in done)


@every_read
async def test_small_results_come_as_many_at_once_as_there_are_connections_but_for_the_very_first(
    read: Callable[[int], ValidOperation],
) -> None:
    driver = giving(400)
    executor = Executor(driver, 5)

    await run(executor, read(0))
    assert driver.most_running == 1
    await run(executor, *map(read, range(12)))
    assert driver.most_running == 5


async def test_nobody_waits_for_a_large_result_who_brings_a_small_one() -> None:
    release = asyncio.Event()

    async def act(_: str, args: dict[str, Any]) -> Any:
        if args["filter"] == "large":
            await release.wait()
        return of_size(400)

    executor = Executor(FakeDriver(act), 5)
    await run(executor, asked("find_one", filter="small"))

    large = asyncio.create_task(run(executor, asked("find_one", "shop.files", filter="large")))
    await asyncio.sleep(0.01)
    for _ in range(20):
        small = run(executor, asked("find_one", filter="small"))
        await asyncio.wait_for(small, 0.5)
    assert not large.done()
    release.set()
    await large


async def test_a_write_does_not_wait_for_reads_nor_says_so_of_one_that_has_not_run() -> None:
    release = asyncio.Event()

    async def act(method: str, _: dict[str, Any]) -> Any:
        if method == "find_one":
            await release.wait()
        return of_size(400)

    executor = Executor(FakeDriver(act), 5)
    read = asyncio.create_task(run(executor, asked("find_one", filter={})))
    await asyncio.sleep(0.01)
    update = asked("find_one_and_update", filter={}, update={"$set": {"x": 1}})
    (done,) = await asyncio.wait_for(run(executor, update), 0.5)
    assert done.err is None
    release.set()
    await read


async def test_a_read_that_fails_or_times_out_leaves_its_place_to_others() -> None:
    async def act(_: str, args: dict[str, Any]) -> Any:
        if args["filter"] == "slow":
            await asyncio.sleep(60)
        raise ValueError("bad")

    executor = Executor(FakeDriver(act), 5)
    limits = [Limit(asked=0.01), Limit(asked=0.02), Limit()]
    operations = [asked("find_one", filter=filter_) for filter_ in ("slow", "slow", "fast")]

    done = await asyncio.wait_for(executor.run(operations, limits, room_of()), 0.8)

    assert [item.err["type"] for item in done if item.err] == [
        "OperationTimeout",
        "OperationTimeout",
        "ValueError",
    ]
    assert repr(executor._intake).startswith("<Intake 0 of")  # noqa: SLF001 - nothing else tells


async def test_where_others_have_filled_the_response_meanwhile_a_document_is_not_even_asked_for() -> (  # noqa: E501
    None
):
    driver = giving(LARGE)
    executor = Executor(driver, 5)
    operations = [asked("find_one", filter={"n": number}) for number in range(4)]

    done = await run(executor, *operations, total=LARGE + 1)

    assert [item.is_left_out for item in done] == [False, True, True, True]
    assert len(driver.calls) == 1


# How much is asked for ----------------------------------------------------------------------------


async def opened(driver: Stream, intake: Intake, *, room: Room, **args: Any) -> Any:
    question = Question("find", None, {name: args[name] for name in ("limit",) if name in args})
    return await open_cursor(driver, find(**args), question, room, never, intake)


def large_documents(count: int = 120) -> Stream:
    return Stream([{"_id": number, "x": bytes(220_000)} for number in range(count)])


async def test_of_documents_known_to_be_large_no_more_are_asked_for_than_fit() -> None:
    driver, intake = large_documents(), Intake()
    await opened(driver, intake, room=Room(ROOM, 1))
    assert driver.asked[0] is None
    driver.asked.clear()

    for args, most in (
        ({}, 21),
        ({"batch_size": 1_000}, 21),
        ({"limit": 50}, 21),
        ({"length": 4}, 4),
    ):
        paged = await opened(driver, intake, room=Room(ROOM, 1), **args)
        assert driver.asked[0] == most
        assert len(paged.ok) == most
        driver.asked.clear()


async def test_each_of_several_results_asks_for_no_more_than_its_share() -> None:
    driver, intake = large_documents(), Intake()
    await opened(driver, intake, room=Room(ROOM, 1))
    driver.asked.clear()

    await opened(driver, intake, room=Room(ROOM, 5))

    assert driver.asked[0] == ROOM // 5 // 220_000


async def test_documents_known_to_be_small_are_asked_for_as_ever() -> None:
    driver, intake = Stream([{"_id": number} for number in range(300)]), Intake()
    for _ in range(2):
        driver.asked.clear()
        await opened(driver, intake, room=Room(ROOM, 100))
        assert driver.asked[0] is None


async def test_a_cursor_whose_sizes_are_told_does_not_wait() -> None:
    driver, intake = large_documents(), Intake()
    first = await opened(driver, Intake(), room=Room(ROOM, 1))
    counted = await intake.begin("shop.unknown", 1)

    more = get_more(first.cursor)
    paged = await asyncio.wait_for(
        advance_cursor(driver, more, Room(ROOM, 1), never, intake), timeout=0.5
    )
    assert ids(paged)
    intake.end(counted)


async def test_a_cursor_of_unknown_sizes_waits_and_a_tailing_one_does_not() -> None:
    driver, intake = large_documents(), Intake()
    first = await opened(driver, Intake(), room=Room(ROOM, 1))
    counted = await intake.begin("shop.unknown", 1)
    unknown = {**first.cursor, "sizes": None}

    tail = get_more(unknown, batch_size=1, cursor_type="tailable")
    assert ids(await advance_cursor(driver, tail, Room(ROOM, 1), never, intake))
    waiting = asyncio.create_task(
        advance_cursor(driver, get_more(unknown, batch_size=1), Room(ROOM, 1), never, intake)
    )
    await asyncio.sleep(0.01)
    assert not waiting.done()
    intake.end(counted)
    assert ids(await waiting)


# Several as one -----------------------------------------------------------------------------------


def by_id(number: int) -> list[ValidOperation]:
    """Two that are asked for as one."""
    return [asked("find_one", f"shop.c{number}", filter={"_id": _id}) for _id in (2 * number, 1)]


async def test_fused_finds_wait_too_and_ask_for_no_more_than_fits() -> None:
    async def act(_: str, args: dict[str, Any]) -> Any:
        await asyncio.sleep(0.002)
        return [{"_id": _id, "x": bytes(LARGE)} for _id in args["filter"]["_id"]["$in"]]

    driver = FakeDriver(act)
    executor = Executor(driver, 5, fuse=True)
    for _ in range(2):
        operations = [one for number in range(2, 7) for one in by_id(number)]
        done = await run(executor, *operations, total=10**8)
        assert all(item.ok is not None for item in done)

    assert [method for method, _ in driver.calls] == ["find"] * 10
    assert driver.most_running == 1
    assert driver.sizes[:5] == [101] * 5
    assert all(size is not None and size < 101 for size in driver.sizes[5:])
    assert repr(executor._intake).startswith("<Intake 0 of")  # noqa: SLF001 - nothing else tells


# Without a cursor to go on with -------------------------------------------------------------------


async def whole(excerpt: Excerpt, room: Room) -> Any:
    async def act(_: str, __: dict[str, Any]) -> Any:
        return excerpt

    driver = FakeDriver(act)
    operation = ValidOperation(1, "find", "shop.items", {})
    question = Question("find", None, {})
    paged = await open_cursor(driver, operation, question, room, never, Intake())
    assert driver.bounds == [MOST_BYTES]
    return paged


def of(count: int, size: int) -> RawDocuments:
    return RawDocuments([bytes(of_size(size).raw)] * count)


async def test_a_result_that_cannot_go_on_takes_its_room() -> None:
    room = Room(10_000, 2)
    paged = await whole(Excerpt(of(9, 1_000), is_whole=True), room)
    assert len(paged.ok) == 9
    assert room.left == 1_000


async def test_a_result_that_cannot_go_on_and_does_not_fit_beside_others_is_dropped() -> None:
    with pytest.raises(NoRoom):
        await whole(Excerpt(of(11, 1_000), is_whole=True), Room(10_000, 2))


async def test_a_result_that_has_the_response_for_itself_may_compress() -> None:
    paged = await whole(Excerpt(of(11, 1_000), is_whole=True), Room(10_000, 1))
    assert len(paged.ok) == 11


async def test_a_result_that_cannot_go_on_is_not_read_beyond_what_memory_holds() -> None:
    with pytest.raises(ResultTooLarge, match=r"more than 11000 bytes.*ask for less of it, or by"):
        await whole(Excerpt(of(11, 1_000), is_whole=False), Room(10_000, 1))
