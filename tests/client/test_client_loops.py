"""One client on several event loops, or on none, and what of a caller's context it must not see."""

import asyncio
import sys
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any

import pytest
import uvloop

from motorpool.client import ProxyClient
from tests.both_loops import LoopFactory
from tests.client.fakes import Batch, FakeTransport

caller: ContextVar[str] = ContextVar("caller", default="nobody")


@pytest.mark.asyncio(loop_factories=["uvloop"])
async def test_every_test_of_this_folder_runs_on_uvloop_too() -> None:
    assert isinstance(asyncio.get_running_loop(), uvloop.Loop)


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_every_test_of_this_folder_runs_on_the_default_loop_too() -> None:
    assert isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop)


def test_two_asyncio_runs_with_one_client_are_both_served(loop_factory: LoopFactory) -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    async def page(start: int) -> list[Any]:
        return list(await asyncio.gather(*(users.find_one({"_id": start + n}) for n in (0, 1))))

    for start in (0, 10):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            assert runner.run(page(start)) == [{"_id": start}, {"_id": start + 1}]

    assert transport.keys == [[0, 1], [10, 11]]


def test_a_call_made_without_a_loop_runs_by_itself(loop_factory: LoopFactory) -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    call = users.find_one({"_id": 1})
    assert transport.keys == []

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(call) == {"_id": 1}
    assert transport.keys == [[1]]


def test_asyncio_run_takes_a_call() -> None:
    users = ProxyClient(transport=FakeTransport()).shop.users

    assert asyncio.run(users.find_one({"_id": 1})) == {"_id": 1}
    assert asyncio.run(users.count_documents({"a": 1, "b": 2})) == 2


def test_refused_arguments_are_raised_where_a_call_without_a_loop_is_run() -> None:
    users = ProxyClient(transport=FakeTransport()).shop.users

    call = users.insert_one(5)

    with pytest.raises(TypeError, match="document must be an instance of dict"):
        asyncio.run(call)


async def test_a_call_in_a_thread_with_a_loop_of_its_own_is_another_batch() -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    here = users.find_one({"_id": 1})
    there = await asyncio.to_thread(lambda: asyncio.run(users.find_one({"_id": 2})))

    assert (await here, there) == ({"_id": 1}, {"_id": 2})
    assert sorted(transport.keys) == [[1], [2]]


async def test_the_first_callers_context_is_not_seen_by_the_transport() -> None:
    seen: list[str] = []

    def note_caller(batch: Batch) -> bytes:
        seen.append(caller.get())
        return transport.answer_all(batch)

    transport = FakeTransport(note_caller)
    users = ProxyClient(transport=transport).shop.users

    async def page(name: str, number: int) -> Any:
        caller.set(name)
        return await users.find_one({"_id": number})

    await asyncio.gather(page("first", 1), page("second", 2))

    assert transport.keys == [[1, 2]]
    assert seen == ["nobody"]


async def test_a_caller_keeps_its_own_context_over_an_await() -> None:
    users = ProxyClient(transport=FakeTransport()).shop.users

    async def page(name: str) -> str:
        caller.set(name)
        await users.find_one({})
        return caller.get()

    assert list(await asyncio.gather(page("first"), page("second"))) == ["first", "second"]


def make_tasks_eager() -> None:
    """Make the running loop start its tasks at once, or skip the test where it cannot."""
    if sys.version_info < (3, 12):
        pytest.skip("asyncio.eager_task_factory is new in Python 3.12")

    def make_eager(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> Any:
        # asyncio.eager_task_factory takes fewer options in 3.13.0 than uvloop gives.
        return asyncio.Task(coroutine, loop=loop, **options | {"eager_start": True})

    asyncio.get_running_loop().set_task_factory(make_eager)


async def test_gather_under_an_eager_task_factory_is_one_batch() -> None:
    make_tasks_eager()
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    async def page(number: int) -> Any:
        await users.find_one({"_id": number})
        return await users.find_one({"_id": number + 10})

    assert list(await asyncio.gather(*(page(n) for n in range(3)))) == [
        {"_id": 10},
        {"_id": 11},
        {"_id": 12},
    ]
    assert transport.keys == [[0, 1, 2], [10, 11, 12]]


async def test_a_request_scope_holds_tasks_that_start_eagerly() -> None:
    make_tasks_eager()
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async def request(start: int) -> None:
        async with client.request():
            await asyncio.gather(
                *(client.shop.users.find_one({"_id": start + n}) for n in range(2))
            )

    await asyncio.gather(request(0), request(10))

    assert sorted(transport.keys) == [[0, 1], [10, 11]]
