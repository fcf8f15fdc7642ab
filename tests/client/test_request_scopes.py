"""`async with client.request():` keeps one request's operations together, apart from others."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from motorpool.client import ProxyClient
from tests.client.fakes import FakeTransport


async def test_two_requests_served_at_the_same_moment_share_no_batch() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async def request(start: int) -> Any:
        async with client.request():
            return await asyncio.gather(
                *(client.shop.users.find_one({"_id": start + n}) for n in range(3))
            )

    await asyncio.gather(request(0), request(10))

    assert sorted(transport.keys) == [[0, 1, 2], [10, 11, 12]]


async def test_identical_reads_of_two_requests_are_each_sent() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async def request() -> Any:
        async with client.request():
            return await client.shop.users.find_one({"_id": 1})

    await asyncio.gather(request(), request())

    assert transport.keys == [[1], [1]]
    assert client.counters.deduplicated == 0


async def test_operations_outside_of_a_request_are_apart_from_those_inside() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    outside = client.shop.users.find_one({"_id": 1})
    async with client.request():
        inside = client.shop.users.find_one({"_id": 2})
    await asyncio.gather(outside, inside)

    assert sorted(transport.keys) == [[1], [2]]


async def test_tasks_that_are_made_inside_belong_to_the_request() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.request(), asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(client.shop.users.find_one({"_id": number}))

    assert transport.keys == [[0, 1, 2]]


async def test_the_end_of_a_request_settles_what_nobody_awaited() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.request():
        call = client.shop.users.insert_one({"_id": 1})

    assert transport.keys == [[1]]
    assert repr(call) == "<Call insert_one on shop.users done>"
    assert (await call).inserted_id == 1


async def test_an_exception_leaves_a_request_once_what_was_asked_for_is_settled() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    with pytest.raises(LookupError):  # noqa: PT012 - the scope is what is tested
        async with client.request():
            call = client.shop.users.insert_one({"_id": 1})
            raise LookupError

    assert transport.keys == [[1]]
    assert (await call).inserted_id == 1


async def test_a_task_that_outlives_its_request_goes_on_outside() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)
    left = asyncio.Event()

    async def background() -> Any:
        await client.shop.users.find_one({"_id": 1})
        await left.wait()
        return await client.shop.users.find_one({"_id": 2})

    async with client.request(timeout=30):
        task = asyncio.create_task(background())
        await client.shop.users.find_one({"_id": 0})
    left.set()

    assert await task == {"_id": 2}
    assert sorted(transport.keys[0]) == [0, 1]
    assert transport.keys[1:] == [[2]]
    assert [[asked.timeout_ms is None for asked in batch] for batch in transport.batches] == [
        [False, False],
        [True],
    ]


async def test_a_request_inside_a_request_is_one_of_its_own_and_the_outer_one_goes_on() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)
    users = client.shop.users

    async with client.request():
        before = users.find_one({"_id": 1})
        async with client.request():
            inside = users.find_one({"_id": 2})
            await inside
        after = users.find_one({"_id": 3})
        await asyncio.gather(before, after)

    # What was called before had its three quiet ticks while the inner one was awaited.
    assert transport.keys == [[1], [2], [3]]


async def test_a_task_that_outlives_an_inner_request_goes_on_in_the_outer_one() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)
    left = asyncio.Event()

    async def background() -> Any:
        await left.wait()
        return await client.shop.users.find_one({"_id": 1})

    async with client.request():
        async with client.request(timeout=5):
            task = asyncio.create_task(background())
        left.set()
        await asyncio.gather(task, client.shop.users.find_one({"_id": 2}))

    assert [sorted(keys) for keys in transport.keys] == [[1, 2]]


@pytest.mark.parametrize(
    ("outer", "inner", "expected"), [(10, None, 10), (10, 20, 10), (20, 10, 10), (None, 10, 10)]
)
async def test_an_inner_request_ends_no_later_than_the_outer_one(
    outer: float | None, inner: float | None, expected: float
) -> None:
    client = ProxyClient(transport=FakeTransport())
    now = asyncio.get_running_loop().time()

    async with client.request(timeout=outer), client.request(timeout=inner) as scope:
        assert scope.deadline == pytest.approx(now + expected, abs=5)


async def test_a_request_without_a_timeout_has_no_deadline() -> None:
    client = ProxyClient(transport=FakeTransport())

    async with client.request() as scope:
        assert scope.deadline is None


async def test_a_request_of_one_client_is_none_of_another_clients() -> None:
    one, other = FakeTransport(), FakeTransport()
    ones, others = ProxyClient(transport=one), ProxyClient(transport=other)

    async with ones.request(timeout=30), others.request():
        await asyncio.gather(
            ones.shop.users.find_one({"_id": 1}), others.shop.users.find_one({"_id": 2})
        )

    ((asked,),), ((others_asked,),) = one.batches, other.batches
    assert asked.timeout_ms is not None
    assert others_asked.timeout_ms is None


async def test_a_request_does_not_reach_into_a_thread_with_a_loop_of_its_own() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.request(timeout=30):
        # `to_thread` copies the context, and with it the scope.
        await asyncio.to_thread(lambda: asyncio.run(client.shop.users.find_one({"_id": 1})))

    ((asked,),) = transport.batches
    assert asked.timeout_ms is None


async def test_flush_sends_what_the_request_has_queued_now() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.request() as scope:
        call = client.shop.users.find_one({"_id": 1})
        assert repr(scope).startswith("<Scope request <Coalescer queued=1 ")
        scope.flush()
        assert repr(call) == "<Call find_one on shop.users sent>"

    assert client.counters.flush_reasons == {"explicit": 1}
    assert repr(scope) == "<Scope request closed>"
    scope.flush()  # of what is closed there is nothing to send


async def test_the_clients_flush_is_of_the_scope_that_it_is_called_in() -> None:
    client = ProxyClient(transport=FakeTransport())

    outside = client.shop.users.find_one({"_id": 1})
    async with client.request():
        inside = client.shop.users.find_one({"_id": 2})
        await client.flush()
        assert repr(inside) == "<Call find_one on shop.users sent>"
        assert repr(outside) == "<Call find_one on shop.users queued>"
    await client.flush()
    await outside


async def test_a_scope_is_entered_once() -> None:
    client = ProxyClient(transport=FakeTransport())
    scope = client.request()

    async with scope:
        with pytest.raises(RuntimeError, match="a scope can be entered once"):
            await scope.__aenter__()
    with pytest.raises(RuntimeError, match="a scope can be entered once"):
        await scope.__aenter__()


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_timeout_of_no_time_is_refused(seconds: float) -> None:
    client = ProxyClient(transport=FakeTransport())

    for make in (client.request, client.batch):
        with pytest.raises(ValueError, match=f"timeout must be more than 0 seconds, not {seconds}"):
            make(seconds)
    with pytest.raises(ValueError, match=f"timeout must be more than 0 seconds, not {seconds}"):
        ProxyClient(transport=FakeTransport(), timeout=seconds)


async def test_a_request_may_be_left_in_another_context_than_it_was_entered_in() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async def streaming() -> AsyncIterator[Any]:
        async with client.request(timeout=30):
            yield await client.shop.users.find_one({"_id": 1})

    # As a web framework does: each step of a response's generator in a task of its own.
    stream = streaming()
    assert await asyncio.create_task(anext(stream)) == {"_id": 1}  # type: ignore[arg-type]
    with pytest.raises(StopAsyncIteration):
        await asyncio.create_task(anext(stream))  # type: ignore[arg-type]
    await client.shop.users.find_one({"_id": 2})

    assert [batch[0].timeout_ms is None for batch in transport.batches] == [False, True]
