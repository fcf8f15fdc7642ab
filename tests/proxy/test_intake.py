"""Reads begin when there is memory for what they bring, as far as sizes before can tell."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from motorpool.proxy import intake as module
from motorpool.proxy.intake import FREE_BYTES, KEPT_KINDS, MOST_BYTES, Intake, documents_of

if TYPE_CHECKING:
    from collections.abc import Callable

MEBIBYTE = 2**20
LARGE = 5 * MEBIBYTE


def knowing(size: int, key: str = "shop.items", budget: int = MOST_BYTES) -> Intake:
    """Return one that has seen documents of this size."""
    intake = Intake(budget)
    intake.learn(key, [bytes(size)] * 3)
    return intake


def beginning(intake: Intake, key: str, count: int = 1) -> asyncio.Task[int]:
    return asyncio.create_task(intake.begin(key, count))


async def ticks(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def have_begun(tasks: list[asyncio.Task[int]]) -> list[bool]:
    return [task.done() for task in tasks]


# What is foreseen ---------------------------------------------------------------------------------


def test_of_a_namespace_that_is_not_known_a_read_may_bring_as_much_as_a_batch_holds() -> None:
    assert Intake().foresee("shop.items", 1) == MOST_BYTES


def test_what_documents_of_one_size_bring_is_their_size() -> None:
    assert knowing(1_000).foresee("shop.items", 101) == 101_000


def test_no_more_is_foreseen_than_a_batch_holds() -> None:
    assert knowing(LARGE).foresee("shop.items", 101) == MOST_BYTES


def test_sizes_of_one_namespace_say_nothing_of_another() -> None:
    assert knowing(10).foresee("shop.others", 1) == MOST_BYTES


def test_where_nothing_was_found_little_is_foreseen_until_something_comes() -> None:
    intake = Intake()
    intake.learn("shop.items", [])
    assert intake.foresee("shop.items", 101) == 0

    intake.learn("shop.items", [bytes(LARGE)])
    assert intake.foresee("shop.items", 1) == LARGE


def test_reads_that_find_nothing_do_not_make_documents_smaller() -> None:
    intake = knowing(LARGE)
    for _ in range(1_000):
        intake.learn("shop.items", [])
    assert intake.foresee("shop.items", 1) == LARGE


@pytest.mark.parametrize("count", [1, 10, 101])
def test_documents_of_all_sizes_seldom_bring_more_than_foreseen(count: int) -> None:
    dice = random.Random(1)  # noqa: S311 - a test's dice, no secret

    def some(number: int) -> list[bytes]:
        return [bytes(dice.randrange(1_000, 60_000)) for _ in range(number)]

    intake = Intake()
    intake.learn("shop.items", some(200))
    brought = [sum(map(len, some(count))) for _ in range(200)]
    foreseen = intake.foresee("shop.items", count)
    assert sum(each > foreseen for each in brought) <= 2
    assert foreseen < 4 * sum(brought) / len(brought)


def test_one_large_document_among_many_small_ones_is_not_forgotten_nor_taken_for_the_rule() -> None:
    intake = knowing(400)
    intake.learn("shop.items", [*[bytes(400)] * 400, bytes(MEBIBYTE)])
    assert FREE_BYTES / 2 < intake.foresee("shop.items", 1) < MEBIBYTE


def test_documents_that_have_grown_are_known_to_be_larger_a_thousand_later() -> None:
    intake = knowing(100)
    for size in (100, 10_000):
        for _ in range(1_500):
            intake.learn("shop.items", [bytes(size)])
    assert intake.foresee("shop.items", 1) > 9_000


def test_only_so_many_kinds_are_kept_and_the_oldest_goes_first() -> None:
    intake = Intake()
    for number in range(KEPT_KINDS + 1):
        intake.learn(f"shop.{number}", [bytes(10)])
    assert intake.foresee("shop.0", 1) == MOST_BYTES
    assert intake.foresee("shop.1", 1) == 10
    assert repr(intake).endswith(f"0 waiting, {KEPT_KINDS} kinds>")


# Kinds of documents -------------------------------------------------------------------------------


def test_find_and_find_one_give_documents_of_one_kind() -> None:
    assert documents_of("find", "a.b", {}) == documents_of("find_one", "a.b", {"filter": {"x": 1}})


def test_a_projection_makes_documents_of_another_kind_no_larger_than_the_whole_ones() -> None:
    names = documents_of("find", "a.b", {"projection": {"name": 1}})
    assert names != documents_of("find", "a.b", {"projection": {"name": 0}})
    assert names != documents_of("find", "a.b", {})

    intake = knowing(7_000, "a.b")
    assert intake.foresee(names, 1) == 7_000
    intake.learn(names, [bytes(20)])
    assert intake.foresee(names, 1) == 20
    assert intake.foresee("a.b", 1) == 7_000


def test_an_aggregation_gives_what_its_stages_make_of_documents() -> None:
    def asked(*stages: object) -> object:
        return documents_of("aggregate", "a.b", {"pipeline": list(stages)})

    match, group = {"$match": {"x": 1}}, {"$group": {"_id": "$x"}}
    assert asked(match, group) == asked({"$match": {"y": 2}}, group)
    assert asked(match) != asked(match, group)
    assert asked() != documents_of("find", "a.b", {})
    assert knowing(10, "a.b").foresee(asked(match), 1) == MOST_BYTES
    asked({}, 1, "$match", None)  # no pipeline, which is the server's to say


# How much is asked for ----------------------------------------------------------------------------


def test_what_fits_is_asked_for_as_it_was_and_so_is_what_nobody_knows() -> None:
    assert knowing(10_000).fit("shop.items", 101, 2_000_000) is None
    assert Intake().fit("shop.items", 101, 1) is None


def test_no_more_documents_are_asked_for_than_most_probably_fit() -> None:
    assert knowing(220_000).fit("shop.items", 101, 4_700_000) == 21


def test_at_least_one_document_is_asked_for() -> None:
    assert knowing(LARGE).fit("shop.items", 101, 0) == 1


def test_little_is_asked_for_in_one_go_whatever_the_room_is() -> None:
    assert knowing(2_500).fit("shop.items", 101, 0) is None
    assert knowing(2_700).fit("shop.items", 101, 0) == FREE_BYTES // 2_700


# The gate -----------------------------------------------------------------------------------------


async def test_what_is_known_to_be_little_never_waits() -> None:
    intake = knowing(1_000)
    large = await intake.begin("shop.unknown", 1)
    waiting = beginning(intake, "shop.unknown")
    await ticks()

    for _ in range(100):
        intake.end(await asyncio.wait_for(intake.begin("shop.items", 101), 0.01))

    assert not waiting.done()
    intake.end(large)
    intake.end(await waiting)


async def test_reads_begin_while_what_they_bring_goes_beside_the_others() -> None:
    intake = knowing(LARGE)
    tasks = [beginning(intake, "shop.items") for _ in range(5)]
    await ticks()
    assert have_begun(tasks) == [True, True, True, False, False]

    intake.end(LARGE)
    await ticks()
    assert have_begun(tasks) == [True, True, True, True, False]
    for _ in range(4):
        intake.end(LARGE)
        await ticks()
    assert have_begun(tasks) == [True] * 5
    assert repr(intake).startswith("<Intake 0 of")


async def test_one_may_always_read_whatever_it_brings() -> None:
    intake = knowing(LARGE, budget=1)
    tasks = [beginning(intake, "shop.items") for _ in range(2)]
    await ticks()
    assert have_begun(tasks) == [True, False]
    intake.end(LARGE)
    await ticks()
    assert have_begun(tasks) == [True, True]


async def test_whoever_came_first_is_let_in_first_though_a_later_one_would_fit() -> None:
    intake = knowing(LARGE)
    first = await intake.begin("shop.items", 1)
    whole = beginning(intake, "shop.unknown")
    await ticks()
    later = beginning(intake, "shop.items")
    await ticks()
    assert have_begun([whole, later]) == [False, False]
    intake.end(first)
    await ticks()
    assert have_begun([whole, later]) == [True, False]
    intake.end(await whole)
    await ticks()
    assert later.done()


async def test_the_first_of_an_unknown_namespace_goes_ahead_and_then_all_others_at_once() -> None:
    intake = Intake()
    tasks = [beginning(intake, "shop.items") for _ in range(9)]
    await ticks()
    assert have_begun(tasks) == [True, *[False] * 8]
    intake.learn("shop.items", [bytes(400)])
    intake.end(tasks[0].result())
    await ticks()
    assert have_begun(tasks) == [True] * 9
    assert [task.result() for task in tasks[1:]] == [400] * 8


async def test_who_waits_only_behind_a_large_one_goes_past_it_once_known_to_bring_little() -> None:
    intake = Intake()
    first = beginning(intake, "shop.items")
    await ticks()
    large, small = beginning(intake, "shop.others"), beginning(intake, "shop.items")
    await ticks()
    other = intake.begin("shop.items", 1)
    intake.learn("shop.items", [bytes(400)])
    intake.learn("shop.others", [bytes(LARGE)] * 4)
    intake.end(first.result())
    await ticks()
    assert large.result() == LARGE
    assert small.result() == 400
    assert await other == 400


async def test_one_that_gives_up_waiting_leaves_its_place_to_the_next() -> None:
    intake = knowing(LARGE)
    counted = await intake.begin("shop.items", 1)
    first, second = beginning(intake, "shop.unknown"), beginning(intake, "shop.items")
    await ticks()
    assert have_begun([first, second]) == [False, False]
    first.cancel()
    await ticks()
    assert first.cancelled()
    assert second.result() == LARGE
    intake.end(counted)
    intake.end(LARGE)
    assert repr(intake) == f"<Intake 0 of {MOST_BYTES} bytes, 0 waiting, 1 kinds>"


async def test_one_that_is_cancelled_as_it_is_let_in_gives_back_what_was_counted() -> None:
    intake = knowing(LARGE, budget=1)
    counted = await intake.begin("shop.items", 1)
    task = beginning(intake, "shop.items")
    await ticks()
    intake.end(counted)  # which lets the task in …
    task.cancel()  # … before it has run
    await ticks()
    assert task.cancelled()
    assert repr(intake).startswith("<Intake 0 of 1 bytes, 0 waiting")


async def test_whoever_waits_for_a_slow_read_waits_a_moment_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.02)
    intake = Intake()
    slow = await intake.begin("shop.slow", 1)
    tasks = [beginning(intake, "shop.items") for _ in range(2)]
    await ticks()
    assert have_begun(tasks) == [False, False]
    await asyncio.wait_for(tasks[0], 1)
    assert not tasks[1].done()  # it waits as long again
    await asyncio.wait_for(tasks[1], 1)
    for _ in range(3):
        intake.end(slow)
    assert repr(intake).startswith("<Intake 0 of")


async def test_no_timer_is_left_where_nobody_waits() -> None:
    intake = knowing(LARGE, budget=1)
    counted = await intake.begin("shop.items", 1)
    tasks = [beginning(intake, "shop.items") for _ in range(2)]
    await ticks()
    assert intake._timer is not None  # noqa: SLF001 - nothing else tells of it
    tasks[1].cancel()
    await ticks()
    intake.end(counted)
    await ticks()
    assert intake._timer is None  # noqa: SLF001


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_comes_goes_and_is_cancelled_everyone_is_let_in_within_the_budget(
    seed: int,
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test's dice, no secret
    intake = Intake()
    for key, size in (("a.a", 400), ("a.b", LARGE), ("a.c", 2 * LARGE)):
        intake.learn(key, [bytes(size)] * 2)
    under_way: list[int] = []
    done = 0

    async def read(pause: Callable[[], float]) -> None:
        nonlocal done
        await asyncio.sleep(pause())
        counted = await intake.begin(dice.choice(["a.a", "a.b", "a.c"]), 1)
        large = counted if counted > FREE_BYTES else 0
        under_way.append(large)
        try:
            assert sum(under_way) <= MOST_BYTES
            await asyncio.sleep(pause())
        finally:
            under_way.remove(large)
            intake.end(counted)
        done += 1

    tasks = [asyncio.create_task(read(lambda: dice.random() / 200)) for _ in range(100)]
    await asyncio.sleep(0.003)
    cancelled = [task for task in dice.sample(tasks, 30) if task.cancel()]
    outcomes = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert {type(each) for each in outcomes} <= {type(None), asyncio.CancelledError}
    assert done >= 100 - len(cancelled)
    assert repr(intake).startswith(f"<Intake 0 of {MOST_BYTES} bytes, 0 waiting")
