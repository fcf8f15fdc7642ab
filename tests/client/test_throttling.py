"""Throttled (429, refused before running): the same batch after a pause, within the deadline."""

import asyncio
import random
from typing import Any

import pymongo.errors
import pytest

from motorpool.batching.errors import NotInvoked
from motorpool.client import (
    ConnectionLost,
    OperationTimeout,
    OutcomeUnknown,
    ProxyClient,
    RetryPolicy,
    Throttled,
)
from tests.client.fakes import FakeTransport

REASON = "ReservedFunctionConcurrentInvocationLimitExceeded"
AT_ONCE = RetryPolicy(base_pause=0.0, max_pause=0.0)


class RecordedPolicy(RetryPolicy):
    """Pauses not at all, and notes what was asked for."""

    asked: list[tuple[int, float | None]] = []  # noqa: RUF012 - emptied by the test that reads it

    def pause(self, tries: int, asked: float | None = None) -> float:
        self.asked.append((tries, asked))
        return 0.0


async def test_throttled_is_tried_again_with_the_same_batch() -> None:
    transport = FakeTransport(Throttled("429"), Throttled("429"))
    client = ProxyClient(transport=transport, retry=AT_ONCE)
    users = client.shop.users

    found, updated = await asyncio.gather(
        users.find_one({"_id": 1}), users.update_one({"_id": 2}, {"$set": {"a": 1}})
    )

    assert found == {"_id": 1}
    assert updated.matched_count == 1
    assert transport.keys == [[1, 2], [1, 2], [1, 2]]
    assert len(set(transport.payloads)) == 1
    counts = client.counters.snapshot()
    assert (counts["invocations"], counts["throttled"], counts["retried"]) == (3, 2, 0)


async def test_throttled_pauses_are_asked_for_with_their_number_and_the_services_own_wish() -> None:
    RecordedPolicy.asked.clear()
    transport = FakeTransport(Throttled("429"), Throttled("429", retry_after=1.5), Throttled("429"))
    client = ProxyClient(transport=transport, retry=RecordedPolicy())

    await client.shop.users.find_one({})

    assert RecordedPolicy.asked == [(1, None), (2, 1.5), (3, None)]


def test_a_pause_is_drawn_from_nothing_to_a_bound_that_doubles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", draw)
    policy = RetryPolicy(base_pause=0.05, max_pause=2.0)

    pauses = [policy.pause(tries) for tries in range(1, 8)]

    assert drawn == [(0, 0.1), (0, 0.2), (0, 0.4), (0, 0.8), (0, 1.6), (0, 2.0), (0, 2.0)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


@pytest.mark.parametrize(("drawn", "asked", "pause"), [(0.0, 1.5, 1.5), (0.1, 0.05, 0.1)])
def test_a_pause_is_never_shorter_than_the_service_asks_for(
    monkeypatch: pytest.MonkeyPatch, drawn: float, asked: float, pause: float
) -> None:
    monkeypatch.setattr(random, "uniform", lambda *_: drawn)

    assert RetryPolicy().pause(1, asked) == pause


async def test_retry_after_is_waited_for() -> None:
    transport = FakeTransport(Throttled("429", retry_after=0.05))
    client = ProxyClient(transport=transport, retry=AT_ONCE)
    began = asyncio.get_running_loop().time()

    await client.shop.users.find_one({})

    # uvloop's clock and timers have whole milliseconds.
    assert asyncio.get_running_loop().time() - began >= 0.045


async def test_throttled_for_too_long_is_given_up() -> None:
    refused = [Throttled("429", retry_after=0.02, reason=REASON) for _ in range(50)]
    transport = FakeTransport(*refused)
    client = ProxyClient(transport=transport, retry=RetryPolicy(0.0, 0.0, throttled_for=0.05))
    users = client.shop.users

    calls: list[Any] = [users.find_one({"_id": 1}), users.delete_one({"_id": 2})]
    for call in calls:
        with pytest.raises(Throttled) as raised:
            await call
        error: Any = raised.value
        assert (error.retry_after, error.reason) == (0.02, REASON)
        assert (error.retryable, error.may_have_applied) == (True, False)
        assert isinstance(error, pymongo.errors.AutoReconnect)
    assert 2 <= client.counters.invocations <= 4


async def test_throttled_is_not_waited_for_where_the_deadline_comes_first() -> None:
    transport = FakeTransport(*[Throttled("429", retry_after=3600.0)] * 2)
    client = ProxyClient(transport=transport, timeout=10)
    began = asyncio.get_running_loop().time()

    with pytest.raises(Throttled):
        await client.shop.users.insert_one({"_id": 1})
    await client.aclose()

    assert asyncio.get_running_loop().time() - began < 5
    assert transport.keys == [[1]]


async def test_throttled_is_tried_until_the_deadline_and_no_longer() -> None:
    transport = FakeTransport(*[Throttled("429", retry_after=0.02)] * 50)
    client = ProxyClient(transport=transport, timeout=0.1, retry=AT_ONCE)
    began = asyncio.get_running_loop().time()

    with pytest.raises((Throttled, OperationTimeout)):
        await client.shop.users.find_one({})
    await client.aclose()

    assert asyncio.get_running_loop().time() - began < 2
    assert 2 <= client.counters.invocations <= 6


async def test_throttled_for_too_long_does_not_end_what_has_a_later_deadline() -> None:
    transport = FakeTransport(*[Throttled("429", retry_after=0.02)] * 3)
    client = ProxyClient(
        transport=transport, timeout=30, retry=RetryPolicy(0.0, 0.0, throttled_for=0.0)
    )

    assert await client.shop.users.find_one({"_id": 1}) == {"_id": 1}


async def test_an_operation_that_nobody_waits_for_any_more_is_not_sent_again() -> None:
    transport = FakeTransport(Throttled("429", retry_after=0.03))
    client = ProxyClient(transport=transport, retry=AT_ONCE)
    users = client.shop.users

    leaving, staying, last = (
        asyncio.ensure_future(users.update_one({"_id": n}, {"$set": {"a": 1}})) for n in range(3)
    )
    await asyncio.sleep(0.01)
    assert transport.keys == [[0, 1, 2]]
    leaving.cancel()
    results = await asyncio.gather(staying, last)

    assert [result.matched_count for result in results] == [1, 1]
    assert transport.keys == [[0, 1, 2], [1, 2]]
    assert [asked.id for asked in transport.batches[1]] == [0, 1]


async def test_a_batch_that_nobody_waits_for_any_more_is_not_sent_again() -> None:
    transport = FakeTransport(Throttled("429", retry_after=0.03))
    client = ProxyClient(transport=transport, retry=AT_ONCE)

    leaving = asyncio.ensure_future(client.shop.users.insert_one({"_id": 1}))
    await asyncio.sleep(0.01)
    leaving.cancel()
    await client.aclose()

    assert transport.keys == [[1]]


async def test_what_was_refused_for_another_reason_is_not_tried_again() -> None:
    transport = FakeTransport(NotInvoked("403: not allowed"))
    client = ProxyClient(transport=transport, retry=AT_ONCE)
    users = client.shop.users

    for call in (users.find_one({"_id": 1}), users.insert_one({"_id": 2})):
        with pytest.raises(NotInvoked, match="403: not allowed") as raised:
            await call
        assert isinstance(raised.value, pymongo.errors.ConnectionFailure)
        assert raised.value.may_have_applied is False
    assert transport.keys == [[1, 2]]


@pytest.mark.parametrize("op", ["find_one", "delete_one"])
async def test_what_was_only_ever_throttled_is_known_not_to_have_run(op: str) -> None:
    transport = FakeTransport(*[Throttled("429")] * 1_000)
    retry = RetryPolicy(base_pause=0.01, max_pause=0.01)
    client = ProxyClient(transport=transport, retry=retry, timeout=0.03)

    with pytest.raises((OperationTimeout, Throttled)) as late:
        await getattr(client.shop.users, op)({})

    assert late.value.may_have_applied is False
    if isinstance(late.value, OperationTimeout):
        assert "was throttled and has not run it" in str(late.value)


async def test_a_throttled_repeat_of_a_write_leaves_open_whether_the_first_try_was_applied() -> (
    None
):
    transport = FakeTransport(ConnectionLost("reset"), *[Throttled("429")] * 1_000)
    retry = RetryPolicy(base_pause=0.01, max_pause=0.01)
    client = ProxyClient(transport=transport, retry=retry, timeout=0.05)

    with pytest.raises((OperationTimeout, OutcomeUnknown)) as late:
        await client.shop.users.insert_one({})

    assert late.value.may_have_applied is True
