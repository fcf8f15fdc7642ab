import asyncio
import os

import pytest

from motorpool.batching import codec, limits
from motorpool.batching.bounds import Bounds
from motorpool.batching.errors import OperationTooLarge, QueueFull
from motorpool.batching.queue import size_in_batch
from tests.batching.fakes import FakeClient, body, ticks

SIZE = size_in_batch(body("a"))
"""What an operation that asks for one ASCII character takes up in a batch."""

INSERT_OVERHEAD = size_in_batch(body(b"", "insert_one"))


async def test_one_operation_below_the_limit_waits_for_company() -> None:
    client = FakeClient(Bounds(batch_operations=3))

    calls = [client.find(number) for number in range(2)]
    assert client.counters.sent == 0

    assert await asyncio.gather(*calls) == [0, 1]
    assert client.counters.flush_reasons == {"quiet": 1}
    assert client.counters.batch_sizes == {2: 1}


async def test_operation_that_reaches_the_limit_lets_the_batch_leave_at_once() -> None:
    client = FakeClient(Bounds(batch_operations=3))

    calls = [client.find(number) for number in range(3)]
    assert client.counters.sent == 3

    assert await asyncio.gather(*calls) == [0, 1, 2]
    assert client.counters.flush_reasons == {"operations": 1}
    assert client.counters.batch_sizes == {3: 1}


async def test_one_operation_above_the_limit_begins_the_next_batch() -> None:
    client = FakeClient(Bounds(batch_operations=3))

    assert await asyncio.gather(*(client.find(number) for number in range(4))) == [0, 1, 2, 3]

    assert client.batches == [[0, 1, 2], [3]]
    assert client.counts() == {
        "operations": 4,
        "sent": 4,
        "invocations": 2,
        "invocations_saved": 2,
        "flush_reasons": {"operations": 1, "quiet": 1},
        "batch_sizes": {3: 1, 1: 1},
    }


async def test_bytes_exactly_at_the_limit_are_one_batch() -> None:
    client = FakeClient(Bounds(batch_bytes=3 * SIZE))

    assert await asyncio.gather(*(client.find(value) for value in "abc")) == ["a", "b", "c"]

    assert client.batches == [["a", "b", "c"]]
    assert client.counters.flush_reasons == {"quiet": 1}


async def test_one_byte_above_the_limit_is_a_second_batch() -> None:
    client = FakeClient(Bounds(batch_bytes=3 * SIZE - 1))

    assert await asyncio.gather(*(client.find(value) for value in "abc")) == ["a", "b", "c"]

    assert client.batches == [["a", "b"], ["c"]]
    assert client.counters.flush_reasons == {"size": 1, "quiet": 1}
    assert client.counters.batch_sizes == {2: 1, 1: 1}


@pytest.mark.parametrize(
    ("value", "bytes_more"),
    [("é", 1), ("漢", 2), ("🚗", 3), ("a\0", 1), (b"", 0), (b"\xff", 1), (b"\0" * 9, 9)],
)
async def test_multibyte_and_binary_sizes_count_in_bytes(
    value: str | bytes, bytes_more: int
) -> None:
    # BSON: a string has its length and a zero byte, binary its length and its subtype.
    size = SIZE + bytes_more - (1 if isinstance(value, bytes) else 0)
    assert size_in_batch(body(value)) == size
    fits, too_small = FakeClient(Bounds(batch_bytes=size)), FakeClient(Bounds(batch_bytes=size - 1))

    assert await fits.find(value) == value
    with pytest.raises(OperationTooLarge):
        await too_small.find(value)


async def test_single_oversize_operation_fails_alone_before_anything_is_sent() -> None:
    client = FakeClient(Bounds(batch_bytes=SIZE))

    small, large = client.find("a"), client.find("ab")

    assert repr(large) == "<Call find_one on shop.items failed OperationTooLarge>"
    assert client.counters.sent == 0
    with pytest.raises(OperationTooLarge) as raised:
        await large
    assert str(raised.value) == (
        f"find_one on shop.items is {SIZE + 1} bytes of BSON; a batch takes at most {SIZE}"
    )
    assert (raised.value.retryable, raised.value.may_have_applied) == (False, False)
    assert await small == "a"
    assert client.counts() == {
        "operations": 2,
        "refused": 1,
        "sent": 1,
        "invocations": 1,
        "flush_reasons": {"quiet": 1},
        "batch_sizes": {1: 1},
    }


async def test_largest_operation_of_incompressible_bytes_is_sent_within_lambdas_limit() -> None:
    client = FakeClient()
    room = client.bounds.batch_bytes - INSERT_OVERHEAD
    noise = os.urandom(room)

    assert await client.insert(noise) == noise
    with pytest.raises(OperationTooLarge):
        await client.insert(noise + b"!")

    stamped = codec.stamp(body(noise, "insert_one"), 2**31 - 1, 2**63 - 1)
    payload = codec.join_request([stamped])
    assert len(payload) <= limits.LAMBDA_REQUEST_BYTES
    assert len(payload) > limits.LAMBDA_REQUEST_BYTES - 500  # and the limit is made use of


def test_a_full_batch_leaves_room_for_what_its_request_adds() -> None:
    assert limits.BATCH_BYTES + codec.REQUEST_OVERHEAD_BYTES <= limits.PACKED_REQUEST_BYTES


@pytest.mark.parametrize("operations", [1, 10, 11, 100, 1_000, 10_000])
def test_a_full_batch_of_any_number_of_operations_is_sealed_within_lambdas_limit(
    operations: int,
) -> None:
    room = Bounds().batch_bytes
    noise = os.urandom(room // operations - INSERT_OVERHEAD)
    first = body(noise + os.urandom(room % operations), "insert_one")
    bodies = [first] + [body(noise, "insert_one")] * (operations - 1)
    assert sum(size_in_batch(each) for each in bodies) == room

    payload = codec.join_request(
        [codec.stamp(each, number, 900_000) for number, each in enumerate(bodies)]
    )

    assert len(payload) <= limits.LAMBDA_REQUEST_BYTES


async def test_queue_full_of_operations_refuses_one_more_at_once() -> None:
    client = FakeClient(Bounds(flights=1, queue_operations=2))
    client.gate = asyncio.Event()
    flying = client.find("flying")
    client.coalescer.flush()
    queued = [client.find(number) for number in range(2)]

    refused = client.find("refused")

    assert repr(refused) == "<Call find_one on shop.items failed QueueFull>"
    with pytest.raises(QueueFull) as raised:
        await refused
    assert str(raised.value) == (
        f"find_one on shop.items: 2 operations ({2 * size_in_batch(body(0))} bytes) wait to be "
        "sent already; at most 2 (67108864 bytes) may"
    )
    assert raised.value.retryable
    client.gate.set()
    assert await asyncio.gather(flying, *queued) == ["flying", 0, 1]
    assert client.counts() == {
        "operations": 4,
        "refused": 1,
        "sent": 3,
        "invocations": 2,
        "invocations_saved": 1,
        "flush_reasons": {"explicit": 1, "quiet": 1},
        "batch_sizes": {1: 1, 2: 1},
    }


async def test_queue_full_of_bytes_refuses_what_does_not_fit_and_takes_what_does() -> None:
    client = FakeClient(Bounds(queue_bytes=2 * SIZE))

    first, refused, second = client.find("a"), client.find("bb"), client.find("b")

    with pytest.raises(QueueFull):
        await refused
    assert [await first, await second] == ["a", "b"]


async def test_identical_read_joins_a_full_queue() -> None:
    client = FakeClient(Bounds(queue_operations=1))

    first, second = (client.find(1, is_shareable=True) for _ in range(2))

    assert [await first, await second] == [1, 1]
    assert client.counters.refused == 0


async def test_drained_after_saturation_the_queue_takes_operations_again() -> None:
    client = FakeClient(Bounds(flights=1, queue_operations=2))
    client.gate = asyncio.Event()
    calls = [client.find(0)]
    client.coalescer.flush()
    calls += [client.find(number) for number in range(1, 4)]
    await ticks(5)
    client.gate.set()

    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [results[0], results[1], results[2]] == [0, 1, 2]
    assert isinstance(results[3], QueueFull)

    assert await asyncio.gather(*(client.find(number) for number in range(2))) == [0, 1]
    assert client.counters.refused == 1


async def test_while_all_flights_are_out_operations_keep_coalescing() -> None:
    client = FakeClient(Bounds(flights=2))
    client.gate = asyncio.Event()
    calls = []
    for number in range(10):
        calls.append(client.find(number))
        await ticks(5)

    assert client.batches == [[0], [1]]
    assert repr(client.coalescer) == (
        f"<Coalescer queued=8 ({8 * size_in_batch(body(0))} bytes) in_flight=2/2 due=quiet>"
    )
    client.gate.set()
    assert await asyncio.gather(*calls) == list(range(10))
    assert client.batches == [[0], [1], [2, 3, 4, 5, 6, 7, 8, 9]]
    assert client.counters.max_in_flight == 2
    assert client.counters.batch_sizes == {1: 2, 8: 1}


async def test_long_queue_leaves_in_order_in_as_many_batches_as_it_takes() -> None:
    client = FakeClient(Bounds(batch_operations=3, flights=1))

    assert await asyncio.gather(*(client.find(number) for number in range(8))) == list(range(8))

    assert client.batches == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert client.counters.max_in_flight == 1
    await ticks(1)
    assert client.counters.in_flight == 0


async def test_queue_of_more_bytes_than_a_batch_takes_leaves_in_several() -> None:
    client = FakeClient(Bounds(batch_bytes=2 * SIZE, flights=1))
    client.gate = asyncio.Event()
    calls = [client.find(value) for value in "abcdefg"]
    await ticks(5)
    client.gate.set()

    assert await asyncio.gather(*calls) == list("abcdefg")
    assert client.batches == [["a", "b"], ["c", "d"], ["e", "f"], ["g"]]


async def test_slow_flight_does_not_hold_a_fast_one_up() -> None:
    client = FakeClient(Bounds(flights=2))
    client.gate = asyncio.Event()
    slow = client.find("slow")
    await ticks(5)
    slow_gate, client.gate = client.gate, None

    assert await client.find("fast") == "fast"

    assert repr(slow) == "<Call find_one on shop.items sent>"
    assert client.counters.max_in_flight == 2
    slow_gate.set()
    assert await slow == "slow"
