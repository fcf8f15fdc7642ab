"""`distinct`: all values of one run, in as many parts as they need."""

import asyncio
from typing import Any

import pytest
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo.errors import AutoReconnect, DocumentTooLarge, OperationFailure

from motorpool.batching import envelope
from motorpool.batching.errors import ResultTooLarge
from motorpool.client import ConnectionLost, ProxyClient, RetryPolicy
from motorpool.proxy.pages import Room
from motorpool.proxy.values import part_of_values
from tests.both_loops import ONE_LOOP, Logged
from tests.client.fakes import Asked, Failure, FakeTransport, PageOf, response

AT_ONCE = RetryPolicy(base_pause=0.0, max_pause=0.0)


class Values:
    """A server of `values`, of which a response carries `room` bytes; the proxy's own parts."""

    def __init__(self, values: list[Any], room: int = 60) -> None:
        self.values = values
        self.room = room
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> PageOf | Failure:
        self.asked.append(asked)
        try:
            part = part_of_values(self.values, asked.args["after"], Room(self.room, 1))
        except ResultTooLarge as error:
            return Failure(envelope.error("ResultTooLarge", str(error)))
        return PageOf(list(part.ok), part.cursor)


def made(values: list[Any], room: int = 60) -> tuple[Values, FakeTransport, Any]:
    server = Values(values, room)
    transport = FakeTransport(answers={"distinct": server})
    return server, transport, ProxyClient(transport=transport, retry=AT_ONCE).shop.items


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 50])
@ONE_LOOP
async def test_all_values_come_in_their_order_however_many_parts_they_are(count: int) -> None:
    server, _, items = made(list(range(count)))

    assert await items.distinct("a", {"b": 1}) == list(range(count))
    assert len(server.asked) == max(1, -(-count // 5))  # eleven bytes each
    assert {asked.args["key"] for asked in server.asked} == {"a"}
    assert [asked.args["filter"] for asked in server.asked] == [{"b": 1}] * len(server.asked)


@ONE_LOOP
async def test_each_part_says_what_is_there_already() -> None:
    server, _, items = made(list(range(12)))

    await items.distinct("a")

    first, second, third = (asked.args["after"] for asked in server.asked)
    assert first == {}
    assert (second["count"], third["count"]) == (5, 10)
    assert second.keys() == third.keys() == {"count", "digest"}


@ONE_LOOP
async def test_where_the_values_change_between_parts_it_begins_again() -> None:
    server, transport, items = made(list(range(12)))

    def change_the_first(batch: Any) -> bytes:
        server.values = ["new", *range(1, 12)]
        return transport.answer_all(batch)

    transport.script += [transport.answer_all, change_the_first]

    assert await items.distinct("a") == ["new", *range(1, 12)]
    assert [asked.args["after"].get("count") for asked in server.asked] == [None, 5, 5, 10]


@pytest.mark.parametrize("there", [[*range(5)], [*range(3)], [], [*range(12), "late"]], ids=str)
@ONE_LOOP
async def test_the_whole_is_what_the_last_run_gave(there: list[Any]) -> None:
    server, transport, items = made(list(range(12)))

    def change(batch: Any) -> bytes:
        server.values = there
        return transport.answer_all(batch)

    transport.script += [transport.answer_all, change]

    assert await items.distinct("a") == there


@ONE_LOOP
async def test_it_is_begun_when_it_is_called_and_travels_with_others() -> None:
    _, transport, items = made(list(range(12)))

    listing, one = items.distinct("a"), items.find_one({"_id": 1})

    assert await one == {"_id": 1}
    assert [asked.op for asked in transport.batches[0]] == ["distinct", "find_one"]
    assert await listing == list(range(12))


async def test_two_tasks_may_await_it_and_each_gets_a_list_of_its_own() -> None:
    server, _, items = made(list(range(12)))
    listing = items.distinct("a")

    async def wait() -> Any:
        return await listing

    first, second = await asyncio.gather(wait(), wait())

    assert first == second == list(range(12))
    assert first is not second
    assert await listing == first
    assert len(server.asked) == 3


async def test_asyncio_takes_it_as_a_coroutine_and_several_share_their_batches() -> None:
    _, transport, items = made(list(range(12)))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(items.distinct(key)) for key in ("a", "b", "a")]

    assert [task.result() for task in tasks] == [list(range(12))] * 3
    assert [len(batch) for batch in transport.batches] == [2, 2, 2]


@ONE_LOOP
async def test_repr_says_how_much_has_come() -> None:
    _, _, items = made(list(range(12)))
    listing = items.distinct("a")

    assert repr(listing) == "<ValueListing 0 values, incomplete>"
    await listing
    assert repr(listing) == "<ValueListing 12 values, complete>"


@ONE_LOOP
async def test_a_cursor_asks_for_distinct_values_with_its_filter_and_options() -> None:
    server, _, items = made([1])

    cursor = items.find({"b": 1}, max_time_ms=7, comment="why", collation={"locale": "de"})
    assert await cursor.sort("a").limit(3).distinct("a") == [1]

    assert server.asked[0].args == {
        "key": "a",
        "filter": {"b": 1},
        "max_time_ms": 7,
        "comment": "why",
        "collation": {"locale": "de"},
        "after": {},
    }
    assert cursor.cursor_id is None


@ONE_LOOP
async def test_values_are_decoded_as_the_collection_decodes_them() -> None:
    _, _, items = made([{"a": 1}])
    options: CodecOptions[Any] = CodecOptions(
        datetime_conversion=DatetimeConversion.DATETIME_MS, tz_aware=True
    )

    assert await items.with_options(codec_options=options).distinct("a") == [{"a": 1}]


# What goes wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", [0, 1, 2])
@ONE_LOOP
async def test_a_failure_of_any_part_is_raised_each_time_that_it_is_awaited(failing: int) -> None:
    _, transport, items = made(list(range(12)))
    err = envelope.error("OperationFailure", "no", code=1)
    transport.script += [transport.answer_all] * failing
    transport.script.append(lambda _: response(envelope.failure(0, err)))
    listing = items.distinct("a")

    for _ in range(2):
        with pytest.raises(OperationFailure, match="no"):
            await listing


@ONE_LOOP
async def test_a_part_whose_answer_was_lost_is_asked_for_again() -> None:
    _, transport, items = made(list(range(12)))
    transport.script += [transport.answer_all, ConnectionLost("reset")]

    assert await items.distinct("a") == list(range(12))


@ONE_LOOP
async def test_a_part_that_is_lost_again_and_again_fails() -> None:
    _, transport, items = made(list(range(12)))
    transport.script += [transport.answer_all, *[ConnectionLost("reset")] * 3]

    with pytest.raises(AutoReconnect, match="reset"):
        await items.distinct("a")


@ONE_LOOP
async def test_a_value_larger_than_a_response_is_an_error_that_says_its_size() -> None:
    _, _, items = made([1, "x" * 100])

    with pytest.raises(DocumentTooLarge, match="a value is 112 bytes"):
        await items.distinct("a")


async def test_leaving_it_after_the_first_part_asks_for_no_other(logged: Logged) -> None:
    server, transport, items = made(list(range(12)))
    transport.gate = asyncio.Event()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(items.distinct("a"), 0.01)
    transport.gate.set()
    await asyncio.sleep(0.01)

    assert len(server.asked) == 1
    assert logged() == []


@ONE_LOOP
async def test_one_that_is_closed_before_it_left_is_not_sent() -> None:
    server, _, items = made([1])

    items.distinct("a").close()
    await asyncio.sleep(0.01)

    assert server.asked == []


@ONE_LOOP
async def test_bad_arguments_are_raised_where_it_is_awaited() -> None:
    _, transport, items = made([1])

    listing = items.distinct(5)

    with pytest.raises(TypeError, match="key must be an instance of str"):
        await listing
    assert transport.batches == []
