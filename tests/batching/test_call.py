import asyncio
import inspect

import pytest
from bson.errors import InvalidDocument

from motorpool.batching.call import Operation, Pending
from tests.batching.fakes import FakeClient, answer, body, ticks
from tests.both_loops import Logged


async def test_call_is_queued_when_it_is_made_not_when_it_is_awaited() -> None:
    client = FakeClient()

    call = client.find(1)
    await ticks(5)

    assert client.batches == [[1]]
    assert repr(call) == "<Call find_one on shop.items done>"
    assert await call == 1


async def test_call_is_an_awaitable_and_a_coroutine_to_asyncio() -> None:
    call = FakeClient().find(1)

    assert inspect.isawaitable(call)
    assert asyncio.iscoroutine(call)
    assert await call == 1


async def test_call_awaited_twice_gives_its_answer_twice() -> None:
    client = FakeClient()
    call = client.find(1)

    assert await call == 1
    assert await call == 1
    assert client.counters.sent == 1


async def test_one_call_gathered_with_itself_is_one_operation() -> None:
    client = FakeClient()
    call = client.find(1)

    assert await asyncio.gather(*[call, call]) == [1, 1]
    assert client.counters.operations == 1


async def test_two_tasks_of_one_call_both_get_its_answer() -> None:
    client = FakeClient()
    call = client.find([1])

    tasks = [asyncio.create_task(call) for _ in range(2)]
    results = await asyncio.gather(*tasks)

    assert results == [[1], [1]]
    assert results[0] is not results[1]
    assert client.counters.operations == 1


async def test_task_of_a_call_that_is_done_gets_its_answer() -> None:
    call = FakeClient().find(1)

    assert await asyncio.create_task(call) == 1
    assert await asyncio.create_task(call) == 1
    assert await asyncio.wait_for(call, 10) == 1


async def test_call_works_with_everything_that_asyncio_does_with_coroutines() -> None:
    client = FakeClient()

    async with asyncio.TaskGroup() as group:
        grouped = group.create_task(client.find("TaskGroup"))
        created = asyncio.create_task(client.find("create_task"))
        ensured = asyncio.ensure_future(client.find("ensure_future"))
        shielded = asyncio.shield(client.find("shield"))
        completed = [await each for each in asyncio.as_completed([client.find("as_completed")])]
        waited = await asyncio.wait_for(client.find("wait_for"), 10)
    (done,), _ = await asyncio.wait([asyncio.create_task(client.find("wait"))])

    assert [grouped.result(), await created, await ensured, await shielded] == [
        "TaskGroup",
        "create_task",
        "ensure_future",
        "shield",
    ]
    assert [*completed, waited, done.result()] == ["as_completed", "wait_for", "wait"]


async def test_argument_that_cannot_be_encoded_fails_its_own_call_alone() -> None:
    client = FakeClient()

    bad, good = client.find(object()), client.find(1)

    assert repr(bad) == "<Call refused failed InvalidDocument>"
    with pytest.raises(InvalidDocument, match="cannot encode object"):
        await bad
    assert await good == 1
    assert client.batches == [[1]]
    assert client.counters.operations == 1


@pytest.mark.parametrize("value", [2**64, "\ud800", {1: 2}, {"a\0b": 1}], ids=repr)
async def test_whatever_bson_refuses_fails_its_own_call_alone(value: object) -> None:
    client = FakeClient()

    bad, good = client.find(value), client.find(1)

    with pytest.raises((OverflowError, UnicodeEncodeError, InvalidDocument)):
        await bad
    assert await good == 1


async def test_argument_nested_without_end_fails_its_own_call_alone() -> None:
    client = FakeClient()
    endless: list[object] = []
    endless.append(endless)

    bad, good = client.find(endless), client.find(1)

    with pytest.raises((RecursionError, InvalidDocument)):
        await bad
    assert await good == 1


async def test_call_that_failed_before_it_was_made_and_is_never_awaited_is_logged(
    logged: Logged,
) -> None:
    FakeClient().find(2**64)

    assert logged() == [
        "a call failed and was never awaited: MongoDB can only handle up to 8-byte ints"
    ]


async def test_closed_call_says_so_and_closing_it_again_changes_nothing() -> None:
    client = FakeClient()
    call = client.find(1)

    call.close()
    call.close()

    assert repr(call) == "<Call find_one on shop.items cancelled>"
    with pytest.raises(RuntimeError, match="this call was cancelled; make the call again"):
        await call
    assert client.counts() == {"operations": 1, "cancelled": 1}


async def test_closing_a_call_that_is_done_keeps_its_answer() -> None:
    call = FakeClient().find(1)
    await call

    call.close()

    assert await call == 1


async def test_closing_a_call_that_others_wait_for_changes_nothing() -> None:
    client = FakeClient()
    call = client.find(1)
    waiter = asyncio.create_task(call)
    await ticks(1)

    call.close()

    assert await waiter == 1


async def test_exception_thrown_into_a_call_comes_out_of_it() -> None:
    client = FakeClient()
    call = client.find(1)

    with pytest.raises(LookupError, match="thrown"):
        call.throw(LookupError("thrown"))
    with pytest.raises(LookupError, match="thrown too"):
        client.find(2).throw(LookupError, LookupError("thrown too"), None)

    assert client.counters.cancelled == 2


async def test_repr_of_a_call_shows_where_it_is() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()

    call = client.find(1)
    assert repr(call) == "<Call find_one on shop.items queued>"
    await ticks(5)
    assert repr(call) == "<Call find_one on shop.items sent>"
    client.gate.set()
    await call
    assert repr(call) == "<Call find_one on shop.items done>"


async def test_repr_of_a_task_of_a_call_can_be_read() -> None:
    task = asyncio.create_task(FakeClient().find(1))

    assert repr(task).startswith("<Task pending ")
    assert await task == 1


async def test_repr_of_a_coalescer_shows_what_waits_and_what_flies() -> None:
    client = FakeClient()
    client.gate = asyncio.Event()
    assert repr(client.coalescer) == "<Coalescer queued=0 (0 bytes) in_flight=0/8>"

    call = client.find(1)
    assert repr(client.coalescer) == "<Coalescer queued=1 (130 bytes) in_flight=0/8>"
    await ticks(5)
    assert repr(client.coalescer) == "<Coalescer queued=0 (0 bytes) in_flight=1/8>"
    client.gate.set()
    await call


async def test_repr_of_a_pending_operation_shows_where_it_is_and_who_waits() -> None:
    seen: list[str] = []

    async def look(batch: list[Pending]) -> None:
        seen.append(repr(batch[0]))
        batch[0].settle(answer(1))
        seen.append(repr(batch[0]))

    client = FakeClient(respond=look)
    await asyncio.gather(*(client.find(1, is_shareable=True) for _ in range(2)))

    queued = Pending(Operation("find_one", "shop.items", body(1), is_read=True), queued_at=0.0)
    assert [repr(queued), *seen] == [
        "<Pending find_one on shop.items queued calls=0>",
        "<Pending find_one on shop.items sent calls=2>",
        "<Pending find_one on shop.items settled calls=0>",
    ]
