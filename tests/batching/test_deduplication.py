import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from bson import Int64

from motorpool.batching.bounds import Bounds
from motorpool.batching.call import Call
from tests.batching.fakes import FakeClient, ticks


async def test_byte_identical_reads_in_one_window_are_sent_once() -> None:
    client = FakeClient()

    calls = [client.find({"_id": number % 2}, is_shareable=True) for number in range(6)]

    assert await asyncio.gather(*calls) == [{"_id": 0}, {"_id": 1}] * 3
    assert client.batches == [[{"_id": 0}, {"_id": 1}]]
    assert client.counts() == {
        "operations": 6,
        "deduplicated": 4,
        "sent": 2,
        "invocations": 1,
        "invocations_saved": 5,
        "flush_reasons": {"quiet": 1},
        "batch_sizes": {2: 1},
    }


async def test_result_changed_by_one_of_two_waiters_is_not_seen_by_the_other() -> None:
    client = FakeClient()
    document = {"tags": ["a"], "owner": {"name": "b"}}

    first, second = (client.find(document, is_shareable=True) for _ in range(2))
    changed = await first
    changed["tags"].append("changed")
    changed["owner"]["name"] = "changed"

    assert await second == {"tags": ["a"], "owner": {"name": "b"}}
    assert client.counters.deduplicated == 1


async def test_result_changed_after_the_first_await_is_not_seen_by_the_second() -> None:
    client = FakeClient()
    call = client.find({"tags": ["a"]})

    changed = await call
    changed["tags"].clear()

    assert await call == {"tags": ["a"]}


async def test_argument_changed_after_the_call_is_sent_as_it_was() -> None:
    client = FakeClient()
    document: dict[str, Any] = {"tags": ["a"]}

    first = client.find(document, is_shareable=True)
    document["tags"].append("b")
    second = client.find(document, is_shareable=True)
    document.clear()

    assert [await first, await second] == [{"tags": ["a"]}, {"tags": ["a", "b"]}]
    assert client.batches == [[{"tags": ["a"]}, {"tags": ["a", "b"]}]]
    assert client.counters.deduplicated == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (1, Int64(1)),
        ("1", b"1"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
    ids=["int and float", "int and bool", "int32 and int64", "str and bytes", "order of keys"],
)
async def test_reads_that_are_equal_in_python_but_not_in_bytes_are_sent_apart(
    one: object, other: object
) -> None:
    client = FakeClient()

    await asyncio.gather(client.find(one, is_shareable=True), client.find(other, is_shareable=True))

    assert client.counters.deduplicated == 0
    assert client.counters.batch_sizes == {2: 1}


async def test_reads_of_two_namespaces_are_sent_apart() -> None:
    client = FakeClient()

    await asyncio.gather(*(client.find(1, ns=f"shop.{n}", is_shareable=True) for n in "ab"))

    assert client.counters.deduplicated == 0
    assert client.counters.sent == 2


async def test_reads_that_are_not_shareable_and_writes_are_never_shared() -> None:
    client = FakeClient()

    await asyncio.gather(client.find(1), client.find(1), client.insert(2), client.insert(2))

    assert client.batches == [[1, 1, 2, 2]]
    assert client.counters.deduplicated == 0


async def test_shareable_read_does_not_join_one_that_is_not() -> None:
    client = FakeClient()

    await asyncio.gather(*[client.find(1), client.find(1, is_shareable=True)])

    assert client.batches == [[1, 1]]
    assert client.counters.deduplicated == 0


async def test_unshareable_read_does_not_join_one_that_is() -> None:
    client = FakeClient()

    await asyncio.gather(*[client.find(1, is_shareable=True), client.find(1)])

    assert client.batches == [[1, 1]]
    assert client.counters.deduplicated == 0


async def test_identical_reads_are_sent_apart_where_batches_are_off() -> None:
    client = FakeClient(Bounds(batch_operations=1, flights=1))

    assert await asyncio.gather(*(client.find(1, is_shareable=True) for _ in range(3))) == [1] * 3

    assert client.batches == [[1], [1], [1]]
    assert client.counters.deduplicated == 0


async def test_read_that_joins_another_keeps_the_batch_open_like_any_other() -> None:
    client = FakeClient()

    calls = []
    for value in ("x", "x", "x", "y"):
        calls.append(client.find(value, is_shareable=True))
        await ticks(2)

    assert await asyncio.gather(*calls) == ["x", "x", "x", "y"]
    assert client.batches == [["x", "y"]]


async def test_read_write_read_are_three_operations_in_their_order() -> None:
    client = FakeClient()

    before = client.find("x", is_shareable=True)
    write = client.insert("y")
    after, too = (client.find("x", is_shareable=True) for _ in range(2))

    assert [await before, await write, await after, await too] == ["x", "y", "x", "x"]
    assert client.batches == [["x", "y", "x"]]
    assert client.counters.deduplicated == 1


async def test_write_to_another_namespace_does_not_end_the_window() -> None:
    client = FakeClient()

    before = client.find("x", is_shareable=True)
    write = client.insert("y", ns="shop.others")
    after = client.find("x", is_shareable=True)

    assert [await before, await write, await after] == ["x", "y", "x"]
    assert client.batches == [["x", "y"]]
    assert client.counters.deduplicated == 1


async def test_aggregation_that_writes_ends_the_window_of_every_namespace() -> None:
    client = FakeClient()

    before = client.find("x", is_shareable=True)
    out = client.call("aggregate", "$out", ns="shop.others", is_read=False)
    after = client.find("x", is_shareable=True)

    assert [await before, await out, await after] == ["x", "$out", "x"]
    assert client.counters.deduplicated == 0


async def test_write_that_was_refused_or_cancelled_needs_no_new_answer() -> None:
    client = FakeClient()

    before = client.find("x", is_shareable=True)
    client.insert("y").close()
    after = client.find("x", is_shareable=True)

    assert [await before, await after] == ["x", "x"]
    assert set(client.batches[0]) == {"x"}


async def wait_in_flight(_: FakeClient, call: Call[object]) -> None:
    await ticks(5)
    assert repr(call) == "<Call find_one on shop.items sent>"


async def wait_for_the_answer(client: FakeClient, call: Call[object]) -> None:
    assert client.gate is not None
    client.gate.set()
    assert await call == "x"


@pytest.mark.parametrize("wait", [wait_in_flight, wait_for_the_answer])
async def test_nothing_is_shared_across_windows(
    wait: Callable[[FakeClient, Call[object]], Any],
) -> None:
    client = FakeClient()
    client.gate = asyncio.Event()

    first = client.find("x", is_shareable=True)
    await wait(client, first)
    second = client.find("x", is_shareable=True)
    client.gate.set()

    assert [await first, await second] == ["x", "x"]
    assert client.batches == [["x"], ["x"]]
    assert client.counters.deduplicated == 0


async def test_read_joins_an_identical_one_that_waits_for_a_flight() -> None:
    client = FakeClient(Bounds(flights=1))
    client.gate = asyncio.Event()
    flying = client.find("flying")
    client.coalescer.flush()
    first = client.find("x", is_shareable=True)
    client.coalescer.flush()
    await ticks(5)

    second = client.find("x", is_shareable=True)
    client.gate.set()

    assert [await flying, await first, await second] == ["flying", "x", "x"]
    assert client.batches == [["flying"], ["x"]]
    assert client.counters.deduplicated == 1


async def test_earlier_of_two_identical_reads_leaves_the_window_to_the_later_one() -> None:
    """Both stand in the queue with a write between: only the later one may be joined."""
    client = FakeClient(Bounds(batch_operations=2, flights=1))
    client.gate = asyncio.Event()
    calls = [client.find("flying"), client.find("too")]
    calls += [client.find("x", is_shareable=True), client.insert("y")]
    calls += [client.find("x", is_shareable=True)]
    calls[2].close()
    calls += [client.find("x", is_shareable=True)]
    client.gate.set()

    assert await asyncio.gather(*calls[:2], *calls[3:]) == ["flying", "too", "y", "x", "x"]
    assert client.batches == [["flying", "too"], ["y", "x"]]
    assert client.counters.deduplicated == 1
