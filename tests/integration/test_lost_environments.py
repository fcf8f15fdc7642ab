"""An environment that dies or hangs in mid-batch: what is asked again, what is never done twice."""

import asyncio
import signal
import time
from functools import partial

import pymongo.errors
import pytest

from motorpool.client import FunctionFailed, OutcomeUnknown, ProxyClient, RetryPolicy
from tests.integration.services import LocalService, Server, motorpool_local, until

LONG_MS = 5_000
"""Longer than any of these tests takes: who waited for it, and not for its end, fails."""


async def batch_that_is_struck(
    service: LocalService, server: Server, number: signal.Signals
) -> list[object]:
    """Reads, an insert with a made id and an `$inc` in one batch; `number` is sent in its middle.

    In its middle: the writes are applied, and one read holds the answer back.
    """
    server.database["items"].insert_many([{"_id": i} for i in range(4)])
    server.database["counters"].insert_one({"_id": "hits", "n": 0})
    async with service.client(retry=RetryPolicy(base_pause=0.01)) as client:
        database = client[server.database.name]
        await database.items.find_one()  # warm
        (pid,) = service.environments()
        with server.slow(["find"], LONG_MS, times=1):
            running = asyncio.ensure_future(
                asyncio.gather(
                    database.items.find_one({"_id": 2}),
                    database.items.find({"_id": {"$gt": 1}}).sort("_id").to_list(),
                    database.items.count_documents({}),
                    database.log.insert_one({"text": "once"}),
                    database.counters.update_one({"_id": "hits"}, {"$inc": {"n": 1}}),
                    return_exceptions=True,
                )
            )
            database_ = server.database
            await until(lambda: database_["log"].count_documents({}) == 1)
            await until(lambda: database_["counters"].count_documents({"n": 1}) == 1)
            service.send(number)
            began = time.monotonic()
            answers = await running
        assert time.monotonic() - began < LONG_MS / 1000
        assert client.counters.invocations == 3  # the warm-up, the batch, its repeatable rest
        assert client.counters.retried == 4
        assert service.environments() != {pid}
        return list(answers)


def check_answers(server: Server, answers: list[object]) -> None:
    one, many, count, inserted, incremented = answers
    assert one == {"_id": 2}
    assert many == [{"_id": 2}, {"_id": 3}]
    assert count == 4
    (logged,) = server.database["log"].find()
    assert logged["text"] == "once"
    assert getattr(inserted, "inserted_id", inserted) == logged["_id"]
    assert isinstance(incremented, OutcomeUnknown)
    assert isinstance(incremented, pymongo.errors.AutoReconnect)
    assert incremented.may_have_applied
    assert isinstance(incremented.__cause__, FunctionFailed)
    assert server.database["counters"].find_one() == {"_id": "hits", "n": 1}


async def test_a_killed_environment_loses_no_read_and_repeats_no_increment(
    wire_uri: str, server: Server
) -> None:
    with motorpool_local("--mongodb-uri", wire_uri, "--concurrency", "1") as service:
        answers = await batch_that_is_struck(service, server, signal.SIGKILL)
        check_answers(server, answers)
        assert len(service.environments()) == 1
        assert any("environment ended" in line for line in service.log)


async def test_a_hanging_environment_is_ended_by_the_functions_time_out(
    wire_uri: str, server: Server
) -> None:
    with motorpool_local("--mongodb-uri", wire_uri, *["--concurrency", "1", "--timeout", "1"]) as (
        service
    ):
        answers = await batch_that_is_struck(service, server, signal.SIGSTOP)
        check_answers(server, answers)
        incremented = answers[-1]
        assert isinstance(incremented, OutcomeUnknown)
        assert "Sandbox.Timedout" in str(incremented.__cause__)


async def test_an_insert_that_was_on_its_way_when_the_environment_died_is_there_once(
    wire_uri: str, server: Server
) -> None:
    """The first try reaches the server after the second: the server refuses the duplicate."""
    slow_ms = 500
    with motorpool_local("--mongodb-uri", wire_uri, "--concurrency", "1") as service:
        async with service.client(retry=RetryPolicy(base_pause=0.01)) as client:
            database = client[server.database.name]
            await database.items.find_one()
            with server.slow(["insert", "update"], slow_ms, times=2):
                began = time.monotonic()
                running = asyncio.ensure_future(
                    asyncio.gather(
                        database.log.insert_one({"text": "once"}),
                        database.counters.update_one({}, {"$inc": {"n": 1}}, upsert=True),
                        return_exceptions=True,
                    )
                )
                await asyncio.sleep(slow_ms / 1000 / 2)
                service.send(signal.SIGKILL)
                inserted, incremented = await running
                await asyncio.sleep(max(0.0, began + 2 * slow_ms / 1000 - time.monotonic()))
            assert isinstance(incremented, OutcomeUnknown)
            assert not isinstance(inserted, BaseException)
    (logged,) = server.database["log"].find()
    assert logged["_id"] == inserted.inserted_id
    # Whether a server still runs a command whose caller has gone is its own affair.
    assert server.database["counters"].find_one({}, {"_id": 0}) in (None, {"n": 1})


def has_invoked(client: ProxyClient, times: int) -> bool:
    return client.counters.invocations == times


async def test_an_environment_that_dies_each_time_is_an_error_in_the_end(
    wire_uri: str, server: Server
) -> None:
    with motorpool_local("--mongodb-uri", wire_uri, *["--concurrency", "1", "--timeout", "1"]) as (
        service
    ):
        retry = RetryPolicy(base_pause=0.01, unknown_tries=2)
        async with service.client(retry=retry) as client:
            items = client[server.database.name].items
            await items.find_one()
            with server.slow(["find"], LONG_MS):
                reading = asyncio.ensure_future(items.find_one())
                for try_ in (1, 2):
                    await until(partial(has_invoked, client, 1 + try_))
                    await asyncio.sleep(0.3)  # in the new environment, too, it has begun
                    service.send(signal.SIGKILL)
                with pytest.raises(FunctionFailed) as caught:
                    await reading
            assert isinstance(caught.value, pymongo.errors.AutoReconnect)
            assert "Runtime.ExitError" in str(caught.value)
            assert await items.find_one() is None
