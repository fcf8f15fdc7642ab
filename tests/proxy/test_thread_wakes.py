"""When threads wake their loop, and what it looks at by itself: nothing lies long or is lost.

Threads are held and let go by events; no test is about how long something takes.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest

from motorpool.proxy.threads import LONGEST_PAUSE_SECONDS, PAUSE_SECONDS
from tests.proxy.held_threads import Rig, WatchedLoop, all_of, begun, call, run

# When the loop is woken ---------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 4])
def test_the_loop_is_woken_when_nothing_is_left_at_hand_and_not_for_each_call(
    rig: Rig, most: int
) -> None:
    loop, held = rig.loop(most), rig.gates(most)

    async def many() -> list[Any]:
        futures = [call(loop, gate, -1) for gate in held]
        futures += [call(loop, abs, number) for number in range(200)]
        for gate in held:
            gate.open()
        return await all_of(*futures)

    assert run(loop, many()) == [-1] * most + list(range(200))
    # The last of each thread, since a thread cannot know whether the others will go on for long.
    assert 1 <= loop.wakes <= most


def test_a_loop_that_is_busy_is_woken_once_for_all_that_ends_meanwhile(rig: Rig) -> None:
    loop, held = rig.loop(3), rig.gates(3)

    async def many() -> list[Any]:
        futures = [call(loop, gate, number) for number, gate in enumerate(held)]
        for number, gate in enumerate(held):
            gate.wait()
            gate.open()
            loop.let_threads_ask(len(held) + number + 1)
        return await all_of(*futures)

    assert run(loop, many()) == [0, 1, 2]
    assert loop.wakes == 1


def test_what_has_ended_is_told_though_all_threads_are_busy_with_others(rig: Rig) -> None:
    loop, (slow, fast, *after) = rig.loop(2), rig.gates(4)

    async def hear_of_it() -> Any:
        future = [call(loop, gate, "told") for gate in (slow, fast, *after)][1]
        fast.open()
        return await future

    assert run(loop, hear_of_it()) == "told"
    assert [gate.is_open.is_set() for gate in (slow, *after)] == [False] * 3
    assert loop.wakes == 0  # the timer alone


async def nothing_has_ended_for_a_while(loop: WatchedLoop) -> None:
    while len(loop.pauses) < 8:  # noqa: ASYNC110 - an event would be one more thing to be woken by
        await asyncio.sleep(0.001)
    assert loop.pauses[:8] == [0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.064, 0.064]


def test_the_loop_looks_less_and_less_often_until_something_ends(rig: Rig) -> None:
    loop, (first, *others) = rig.loop(), rig.gates(3)

    async def wait() -> None:
        futures = [call(loop, gate) for gate in (first, *others)]
        await nothing_has_ended_for_a_while(loop)
        first.open()
        await futures[0]
        assert loop.pauses[-2:] == [LONGEST_PAUSE_SECONDS, PAUSE_SECONDS]
        for gate in others:
            gate.open()
        await all_of(*futures)

    run(loop, wait())

    assert (PAUSE_SECONDS, LONGEST_PAUSE_SECONDS) == (0.002, 0.064)


def test_a_look_that_was_put_off_is_brought_forward_when_something_ends_and_wakes_the_loop(
    rig: Rig,
) -> None:
    loop, (first, second) = rig.loop(), rig.gates(2)

    async def wait() -> None:
        futures = [call(loop, gate) for gate in (first, second)]
        await nothing_has_ended_for_a_while(loop)
        first.open()
        second.open()
        loop.let_threads_ask(3)
        await all_of(*futures)
        assert loop.wakes == 1
        assert loop.pauses[-2:] == [LONGEST_PAUSE_SECONDS, PAUSE_SECONDS]
        await asyncio.sleep(2 * LONGEST_PAUSE_SECONDS)

    run(loop, wait())

    assert loop.looks == len(loop.pauses) - 1  # in its stead, and not besides


def test_the_first_look_is_soon_whatever_was_before(rig: Rig) -> None:
    loop, (first, second) = rig.loop(), rig.gates(2)

    async def wait() -> None:
        futures = [call(loop, gate) for gate in (first, second)]
        await nothing_has_ended_for_a_while(loop)
        first.open()
        second.wait()
        await futures[0]  # by a look, which is the last since nothing is at hand
        second.open()
        await futures[1]
        loop.pauses.clear()
        await call(loop, int)

    run(loop, wait())

    assert loop.pauses == [PAUSE_SECONDS]


def test_the_loop_looks_once_where_nothing_is_at_hand(rig: Rig) -> None:
    loop = rig.loop()

    async def call_and_rest() -> None:
        await call(loop, int)
        await asyncio.sleep(10 * PAUSE_SECONDS)

    run(loop, call_and_rest())
    assert loop.pauses == [PAUSE_SECONDS]
    run(loop, call_and_rest())
    assert loop.pauses == [PAUSE_SECONDS] * 2


def test_what_ends_just_when_the_loop_has_looked_is_seen_by_its_next_look(rig: Rig) -> None:
    """The thread saw that there was more at hand; a moment later there is not, and it is busy."""
    loop, (first, last) = rig.loop(), rig.gates(2)

    def end_the_first() -> None:
        first.open()
        last.wait()

    async def hear_of_it() -> Any:
        futures = [call(loop, gate, "told") for gate in (first, last)]
        loop.when_settled = end_the_first
        return await futures[0]

    assert run(loop, hear_of_it()) == "told"
    assert (last.is_open.is_set(), loop.wakes) == (False, 0)


def test_what_ends_just_when_the_loop_has_settled_all_wakes_it_again(rig: Rig) -> None:
    loop, (first, second) = rig.loop(2), rig.gates(2)

    def end_the_second() -> None:
        second.open()
        loop.let_threads_ask(4)

    async def hear_of_both() -> list[Any]:
        futures = [call(loop, gate, "told") for gate in (first, second)]
        first.wait()
        second.wait()
        await asyncio.sleep(10 * PAUSE_SECONDS)  # the timer is over: nothing is at hand
        loop.ended.when_empty = end_the_second
        first.open()
        return await all_of(*futures)

    assert run(loop, hear_of_both()) == ["told", "told"]
    assert (loop.pauses, loop.wakes) == ([PAUSE_SECONDS], 2)


def test_who_has_woken_the_loop_does_not_take_it_for_woken_when_it_has_settled_since(
    rig: Rig,
) -> None:
    loop, (first, second, waking) = rig.loop(2), rig.gates(3)

    async def hear_of_both() -> list[Any]:
        futures = [call(loop, gate, "told") for gate in (first, second)]
        first.wait()
        second.wait()
        await asyncio.sleep(10 * PAUSE_SECONDS)  # the timer is over: nothing is at hand
        loop.after_waking = waking
        first.open()
        await futures[0]
        waking.wait()
        waking.open()
        loop.let_threads_ask(3)
        second.open()
        return await all_of(*futures)

    assert run(loop, hear_of_both()) == ["told", "told"]
    assert (loop.pauses, loop.wakes) == ([PAUSE_SECONDS], 2)


# A loop that stands still -------------------------------------------------------------------------


def test_what_ends_while_the_loop_stands_still_is_told_when_it_goes_on(rig: Rig) -> None:
    loop, held = rig.loop(3), rig.gates(12)
    numbered = [functools.partial(gate, number) for number, gate in enumerate(held)]
    futures = run(loop, begun(loop, [*numbered]))
    for gate in held:
        gate.open()
    loop.let_threads_ask(12 + 3)

    assert not any(future.done() for future in futures)
    assert run(loop, all_of(*futures)) == list(range(12))


def test_what_ended_while_the_loop_stood_still_and_there_was_more_is_told_when_it_goes_on(
    rig: Rig,
) -> None:
    loop, (first, last) = rig.loop(), rig.gates(2)
    futures = run(loop, begun(loop, [first, last]))
    first.open()
    last.wait()

    run(loop, all_of(futures[0]))

    assert (last.is_open.is_set(), loop.wakes) == (False, 0)


def test_a_loop_that_stands_still_is_woken_once_however_much_ends(rig: Rig) -> None:
    """Each time writes a byte that nobody reads; a pipe takes so many."""
    loop = rig.loop()
    futures = []
    for number in range(100):
        futures.append(call(loop, abs, number))
        loop.let_threads_ask(number + 2)

    assert loop.wakes == 1
    assert run(loop, all_of(*futures)) == list(range(100))
