"""What a server says when it fails is said through the proxy as it is said directly.

Each failure is made by the server itself (`failCommand`), for both; compared are the exceptions:
class, code, details, labels, words.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.integration import answers, databases
from tests.integration.cases.table import Case, Step
from tests.integration.databases import Databases

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Failure(NamedTuple):
    name: str
    commands: list[str]
    data: dict[str, Any]
    step: Step


def _read(c: Any) -> Any:
    return c.find_one({"_id": 1})


def _write(c: Any) -> Any:
    return c.update_one({"_id": 1}, {"$inc": {"n": 1}})


def _write_many(c: Any) -> Any:
    """One that the driver never repeats by itself."""
    return c.update_many({"_id": 1}, {"$inc": {"n": 1}})


def _insert(c: Any) -> Any:
    return c.insert_many([{"_id": 100}, {"_id": 101}])


def _count(c: Any) -> Any:
    return c.count_documents({})


def _take(c: Any) -> Any:
    return c.find_one_and_delete({"_id": 1})


CONCERN = {
    "writeConcernError": {"code": 64, "codeName": "WriteConcernTimeout", "errmsg": "timed out"}
}
LABELS = {"errorLabels": ["TransientTransactionError", "AnotherLabel"]}
LOST = {"closeConnection": True}

FAILURES = [
    Failure("a time limit", ["find"], {"errorCode": 50}, _read),
    Failure("no permission", ["find"], {"errorCode": 13}, _read),
    Failure("a code of no class", ["aggregate"], {"errorCode": 9999}, _count),
    Failure("a code in a write", ["update"], {"errorCode": 9999}, _write),
    Failure("labels", ["update"], {"errorCode": 112, **LABELS}, _write),
    Failure("not primary", ["update"], {"errorCode": 10107}, _write_many),
    Failure("shutting down", ["update"], {"errorCode": 91}, _write_many),
    Failure("a lost connection", ["update"], LOST, _write_many),
    Failure("a write concern", ["update"], CONCERN, _write),
    Failure("a write concern in an insert", ["insert"], CONCERN, _insert),
    Failure("a write concern and labels", ["findAndModify"], {**CONCERN, **LABELS}, _take),
]
RETRIED = [
    Failure("not primary in a write", ["update"], {"errorCode": 10107}, _write),
    Failure("shutting down in a read", ["find"], {"errorCode": 91}, _read),
    Failure("a lost connection in a read", ["aggregate"], LOST, _count),
    Failure("a lost connection in a write", ["findAndModify"], LOST, _take),
    Failure("a lost connection in an insert", ["insert"], LOST, _insert),
]
"""Failures that the driver gets over by itself if they come once."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(wire_uri: str) -> AsyncIterator[Databases]:
    # A driver that has lost a server looks for it again at its next heartbeat, in 10 s by default.
    often = f"{wire_uri}{'&' if '?' in wire_uri else '?'}heartbeatFrequencyMS=500"
    async with databases.wire(often, "motorpool_failures") as both:
        yield both


@contextlib.contextmanager
def failing(uri: str, failure: Failure, mode: Any) -> Iterator[None]:
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri) as client:
        point = {"configureFailPoint": "failCommand"}
        data = {"failCommands": failure.commands, **failure.data}
        try:
            client.admin.command({**point, "mode": mode, "data": data})
        except OperationFailure as error:
            pytest.skip(f"needs a server with failCommand (enableTestCommands): {error}")
        try:
            yield
        finally:
            client.admin.command({**point, "mode": "off"})


def case_of(failure: Failure) -> Case:
    return Case(failure.name, (failure.step,), is_read_only=False, databases=("wire",))


@pytest.mark.parametrize("failure", [pytest.param(each, id=each.name) for each in FAILURES])
async def test_a_failure_of_the_servers_is_told_in_full(
    wire: Databases, wire_uri: str, failure: Failure
) -> None:
    await wire.prepare(read_only=False)
    with failing(wire_uri, failure, "alwaysOn"):
        direct = await answers.run(case_of(failure), wire.direct.collection)
        proxied = await answers.run(case_of(failure), wire.proxied.collection)
    assert direct["outcome"] == "raised when awaited"
    assert answers.differences(direct, proxied) == {}


@pytest.mark.parametrize("failure", [pytest.param(each, id=each.name) for each in RETRIED])
async def test_a_passing_failure_is_not_seen(
    wire: Databases, wire_uri: str, failure: Failure
) -> None:
    await wire.prepare(read_only=False)
    facts = []
    for side in (wire.direct, wire.proxied):
        with failing(wire_uri, failure, {"times": 1}):
            outcome = await answers.run(case_of(failure), side.collection)
            facts.append(outcome | await side.content())
    assert facts[0]["outcome"] == "returned"
    assert answers.differences(*facts) == {}
