"""What is left of a call, of a loop and of its threads when they have come to an end: nothing."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from motorpool.proxy.drivers import new_loop
from motorpool.proxy.settings import Settings
from motorpool.proxy.threads import ThreadedLoop
from tests.proxy.fakes import batch, opened, operation
from tests.proxy.held_threads import DEADLINE, NAMED, Rig, all_of, begun, call, run, until
from tests.proxy.hello_servers import HelloServer, uri_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from tests.proxy.conftest import MakeProxy

# What is left of a call ---------------------------------------------------------------------------


class Thing:
    """An object that a test waits for to be gone."""


def give_a_thing(kept: list[weakref.ref[Thing]]) -> Thing:
    thing = Thing()
    kept.append(weakref.ref(thing))
    return thing


def fail_with_a_thing(kept: list[weakref.ref[Thing]], kind: type[Exception]) -> None:
    thing = Thing()  # held by the frame, which the error's traceback holds
    kept.append(weakref.ref(thing))
    raise kind


@pytest.mark.parametrize(
    "how", ["result", "argument", "error", "stop", "cancelled before", "cancelled while it runs"]
)
def test_nothing_of_a_call_lives_on_when_it_is_settled_and_its_caller_has_let_go_of_it(
    rig: Rig, how: str
) -> None:
    """The proxy does without the garbage collector meanwhile, so that a cycle would stay."""
    loop, (gate,) = ThreadedLoop(1), rig.gates(1)
    kept: list[weakref.ref[Thing]] = []

    async def ask() -> None:
        if how == "result":
            await call(loop, give_a_thing, kept)
        elif how == "argument":
            await call(loop, id, give_a_thing(kept))
        elif how == "error":
            with contextlib.suppress(LookupError):
                await call(loop, fail_with_a_thing, kept, LookupError)
        elif how == "stop":
            with contextlib.suppress(RuntimeError):
                await call(loop, fail_with_a_thing, kept, StopIteration)
        elif how == "cancelled before":
            held = call(loop, gate)
            call(loop, id, give_a_thing(kept)).cancel()
            gate.open()
            await held
        else:
            held = call(loop, gate, give_a_thing(kept))
            gate.wait()
            held.cancel()
            gate.open()
            del held

    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        loop.run_until_complete(ask())
        # The thread ends its step, and what was cancelled is settled by the loop.
        deadline = time.monotonic() + DEADLINE
        while kept[0]() is not None and time.monotonic() < deadline:
            loop.run_until_complete(asyncio.sleep(0.001))
        left = kept[0]()
    finally:
        if was_enabled:
            gc.enable()
        loop.close()

    assert len(kept) == 1
    assert left is None


# Closed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", [NAMED, None], ids=["named", "none"])
def test_a_closed_loop_takes_no_call(rig: Rig, executor: Executor | None) -> None:
    loop = rig.loop()
    loop.close()

    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.run_in_executor(executor, int)
    assert rig.threads() == set()


def test_the_threads_end_when_the_loop_is_closed(rig: Rig) -> None:
    loop, held = rig.loop(4), rig.gates(4)
    futures = run(loop, begun(loop, [*held]))
    for gate in held:
        gate.open()
    run(loop, all_of(*futures))
    threads = rig.threads()
    assert len(threads) == 4

    loop.close()

    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("outcome", ["a result", ValueError("an error")], ids=repr)
def test_a_call_that_ends_after_the_loop_was_closed_harms_and_says_nothing(
    rig: Rig, request: pytest.FixtureRequest, *, outcome: object, debug: bool
) -> None:
    printed: pytest.CaptureFixture[str] = request.getfixturevalue("capfd")
    logged: pytest.LogCaptureFixture = request.getfixturevalue("caplog")
    loop, (gate,) = rig.loop(), rig.gates(1)
    loop.set_debug(enabled=debug)
    (future,) = run(loop, begun(loop, [functools.partial(gate, outcome)]))
    gate.wait()
    (thread,) = rig.threads()

    loop.close()
    assert thread.is_alive()
    gate.open()
    thread.join(DEADLINE)

    assert not thread.is_alive()
    assert not future.done()
    del future
    gc.collect()
    assert [record for record in logged.records if record.levelno > logging.DEBUG] == []
    assert printed.readouterr() == ("", "")


def test_a_thread_that_is_about_to_wake_a_loop_when_it_is_closed_ends_in_silence(
    rig: Rig, capfd: pytest.CaptureFixture[str]
) -> None:
    loop, (waking,) = rig.loop(), rig.gates(1)
    loop.before_waking = waking
    run(loop, begun(loop, [int]))
    waking.wait()
    (thread,) = rig.threads()

    loop.close()
    waking.open()
    thread.join(DEADLINE)

    assert not thread.is_alive()
    assert capfd.readouterr() == ("", "")


def test_what_no_thread_has_taken_up_when_the_loop_is_closed_is_not_run(rig: Rig) -> None:
    """Nobody could hear of it any more."""
    loop, (gate,) = rig.loop(), rig.gates(1)
    ran: list[str] = []
    run(loop, begun(loop, [gate, *[lambda: ran.append("run")] * 3]))
    gate.wait()
    (thread,) = rig.threads()

    loop.close()
    gate.open()
    thread.join(DEADLINE)

    assert not thread.is_alive()
    assert ran == []


def test_a_loop_may_be_closed_twice(rig: Rig) -> None:
    loop, held = rig.loop(2), rig.gates(2)
    run(loop, begun(loop, [*held]))
    for gate in held:
        gate.wait()
    threads = rig.threads()

    loop.close()
    loop.close()
    for gate in held:
        gate.open()

    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()
    loop.close()
    assert loop.is_closed()


def test_a_running_loop_is_not_closed_and_goes_on(rig: Rig) -> None:
    loop = rig.loop()

    async def close() -> list[Any]:
        before = await call(loop, str, "before")
        with pytest.raises(RuntimeError, match="Cannot close a running event loop"):
            loop.close()
        return [before, await call(loop, str, "after")]

    assert run(loop, close()) == ["before", "after"]


# The proxy's loop ---------------------------------------------------------------------------------

SERVER = "mongodb://nowhere.example"


@pytest.mark.parametrize(
    ("settings", "threads"),
    [
        (Settings(SERVER), 5),
        (Settings(SERVER, driver="motor", pool_size=2), 2),
        (Settings(SERVER, pool_size=1), 1),
    ],
    ids=["by default", "two", "one"],
)
def test_motors_calls_have_as_many_threads_as_connections(
    rig: Rig, settings: Settings, threads: int
) -> None:
    loop, held = new_loop(settings), rig.gates(threads + 3)
    assert type(loop) is ThreadedLoop
    futures = run(loop, begun(loop, [*held]))
    until(lambda: sum(gate.begun.is_set() for gate in held) >= threads)

    assert len(rig.threads()) == threads

    for gate in held:
        gate.open()
    run(loop, all_of(*futures))
    loop.close()


@pytest.mark.parametrize(
    "settings",
    [
        Settings("mongomock://"),
        Settings("mongomock://", driver="pymongo"),
        Settings(SERVER, driver="pymongo"),
    ],
    ids=["embedded", "embedded, whatever the driver", "pymongo"],
)
def test_what_works_on_the_loop_itself_has_asyncios(settings: Settings) -> None:
    loop, asyncios = new_loop(settings), asyncio.new_event_loop()

    assert type(loop) is type(asyncios)
    loop.close()
    asyncios.close()


def executors_threads() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if "ThreadPoolExecutor" in one.name}


def test_a_proxys_motor_works_in_the_threads_of_its_loop_which_end_with_it(
    rig: Rig, make_proxy: MakeProxy
) -> None:
    before = executors_threads()
    with HelloServer() as server:
        proxy = make_proxy(mongodb_uri=uri_of([server]), pool_size=3)
        counts = [operation(number, "count_documents", filter={}) for number in range(50)]
        entries = opened(proxy.handle(batch(*counts)))["res"]
        threads = rig.threads()
        others = executors_threads() - before  # those of other tests may still be there
        proxy.close()

        assert {"ok" in entry for entry in entries} == {True}
        assert 1 <= len(threads) <= 3
        assert others == set()
        for thread in threads:
            thread.join(DEADLINE)
            assert not thread.is_alive()
