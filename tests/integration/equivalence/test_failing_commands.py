"""A fused command that fails as a whole: who is told what, and nothing is applied twice.

The server itself fails commands (`failCommand`). Where it fails them always, each operation is told
what it would be told alone; where once, reads are answered and no write is lost or done again.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.integration.equivalence import sides
from tests.integration.equivalence.compare import differences, differing_answers, differing_contents
from tests.integration.equivalence.trap import CHILDREN, Trap, delete, insert, ops, update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.equivalence.sides import Entry, Pair

LOST: Final = {"closeConnection": True}
FAILURES: Final[dict[str, dict[str, Any]]] = {
    "no permission": {"errorCode": 13},
    "its time is up": {"errorCode": 50},
    "interrupted at shutdown": {"errorCode": 11600},
    "a code of no class": {"errorCode": 9999},
    "labels": {"errorCode": 112, "errorLabels": ["TransientTransactionError", "AnotherLabel"]},
    "a lost connection": LOST,
}

DISTURBING: Final = frozenset({"interrupted at shutdown", "a lost connection"})
"""After which a driver takes the server for lost: what another operation is told at that moment
depends on which of them comes first, with fusions and without."""

PARTLY: Final = frozenset({"a code of no class", "labels"})
"""Where one write is known not to have been applied, and of several some may have been."""

READS: Final = [
    Trap("find", CHILDREN, ops("find_one", "_id", [1, 2, 3, 77])),
    Trap("find", CHILDREN, ops("find", "p", [1, 2, 3, 77])),
    Trap("aggregate", CHILDREN, ops("count_documents", "p", [1, 2, 3, 77])),
]
WRITES: Final = [
    Trap("insert", [], insert({"_id": 1}, {"_id": 2}, {"_id": 3})),
    Trap(
        "insert",
        [],
        [
            {
                "op": "insert_many",
                "ns": "c",
                "args": {"documents": [{"_id": n}, {"_id": -n}], "ordered": False},
            }
            for n in (1, 2, 3)
        ],
    ),
    Trap("bulkWrite", CHILDREN, [update({"_id": n}, {"$inc": {"c": 1}}) for n in range(4)]),
    Trap("bulkWrite", CHILDREN, [delete({"_id": n}) for n in range(4)]),
]
ALONE: Final = {"bulkWrite": ["bulkWrite", "update", "delete"]}
"""What an operation is asked as where it is alone."""


@contextlib.contextmanager
def _by(driver: str, uri: str) -> Iterator[Pair]:
    # A driver that has lost a server looks for it again at its next heartbeat, in 10 s by default.
    often = f"{uri}{'&' if '?' in uri else '?'}heartbeatFrequencyMS=500"
    with sides.wire(often, driver=driver) as both:
        yield both


@pytest.fixture(scope="module")
def pair(wire_uri: str) -> Iterator[Pair]:
    with _by("motor", wire_uri) as both:
        yield both


@pytest.fixture(scope="module")
def pymongo(wire_uri: str) -> Iterator[Pair]:
    with _by("pymongo", wire_uri) as both:
        yield both


@contextlib.contextmanager
def failing(uri: str, commands: list[str], how: dict[str, Any], mode: Any) -> Iterator[None]:
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri) as client:
        point = {"configureFailPoint": "failCommand"}
        data = {"failCommands": commands, **how}
        try:
            client.admin.command({**point, "mode": mode, "data": data})
        except OperationFailure as error:
            pytest.skip(f"needs a server with failCommand (enableTestCommands): {error}")
        try:
            yield
        finally:
            client.admin.command({**point, "mode": "off"})


def load(pair: Pair, trap: Trap) -> Any:
    scenario = trap.scenario
    pair.fused.load(scenario.collections)
    pair.alone.load(scenario.collections)
    return scenario.batches[0]


def _cases(traps: list[Trap], disturbed: list[Trap]) -> list[Any]:
    """`disturbed`: those that are tried with failures that take a second or two to get over."""
    return [
        pytest.param(trap, failure, id=f"{trap.operations[0]['op']}, {failure}")
        for trap in traps
        for failure in FAILURES
        if trap in disturbed or failure not in DISTURBING
    ]


@pytest.mark.parametrize(
    ("trap", "failure"), _cases(READS + WRITES, disturbed=[READS[0], WRITES[0], WRITES[2]])
)
def test_what_always_fails_is_told_as_alone(
    pair: Pair, wire_uri: str, trap: Trap, failure: str
) -> None:
    batch = load(pair, trap)
    commands = ALONE.get(trap.name, [trap.name])
    with failing(wire_uri, commands, FAILURES[failure], "alwaysOn"):
        fused, alone = pair.fused.run(batch), pair.alone.run(batch)
    if failure in DISTURBING:
        for entry in (*fused.entries.values(), *alone.entries.values()):
            assert entry["err"]["type"] in ("AutoReconnect", "NotPrimaryError")
            assert entry["err"].get("may_have_applied", False) is (trap in WRITES)
        return
    if failure in PARTLY and trap in WRITES:
        for entry in fused.entries.values():
            # Not there where it was run alone, since the driver had just lost the server.
            assert entry["err"].pop("may_have_applied", True) is True
    assert list(differing_answers(batch, fused, alone, Counter())) == []
    assert all("err" in entry for entry in fused.entries.values())
    assert differing_contents(pair.fused.content(), pair.alone.content()) == []


@pytest.mark.parametrize(("trap", "failure"), _cases(READS, disturbed=READS[:1]))
def test_reads_whose_fusion_fails_once_are_answered_as_alone(
    pair: Pair, wire_uri: str, trap: Trap, failure: str
) -> None:
    batch = load(pair, trap)
    alone = pair.alone.run(batch)
    with failing(wire_uri, [trap.name], FAILURES[failure], {"times": 1}):
        fused = pair.fused.run(batch)
    assert list(differing_answers(batch, fused, alone, Counter())) == []


@pytest.mark.parametrize(("trap", "failure"), _cases(WRITES, disturbed=WRITES))
@pytest.mark.parametrize("times", [1, 2])
def test_a_write_whose_fusion_fails_is_never_applied_twice(
    pair: Pair, wire_uri: str, trap: Trap, failure: str, times: int
) -> None:
    assert_applied_once(pair, wire_uri, trap, failure, times)


@pytest.mark.parametrize("failure", ["no permission", "a lost connection"])
def test_nor_by_the_other_driver(pymongo: Pair, wire_uri: str, failure: str) -> None:
    for trap in WRITES:
        assert_applied_once(pymongo, wire_uri, trap, failure, times=1)


def assert_applied_once(pair: Pair, uri: str, trap: Trap, failure: str, times: int) -> None:
    batch = load(pair, trap)
    with failing(uri, [trap.name], FAILURES[failure], {"times": times}):
        fused = pair.fused.run(batch)
    content = {each["_id"]: each for each in pair.fused.content().get("c", [])}
    for operation in batch.operations:
        entry = fused.entries[operation["id"]]
        assert how_often(operation, content) in possible(entry), (operation, entry)


def how_often(operation: dict[str, Any], content: dict[Any, Any]) -> int:
    """How often it was applied, by what is there now."""
    args = operation["args"]
    if operation["op"] == "insert_one":
        return int(args["document"]["_id"] in content)
    if operation["op"] == "insert_many":
        there = [each["_id"] in content for each in args["documents"]]
        assert len(set(there)) == 1
        return int(there[0])
    document = content.get(args["filter"]["_id"])
    if operation["op"] == "delete_one":
        return int(document is None)
    assert document is not None
    count: int = document.get("c", 0)
    return count


def possible(entry: Entry) -> set[int]:
    """How often an operation may have been applied that was answered so."""
    if "ok" in entry:
        ok = entry["ok"]
        # One that was applied and asked again would say that it changed nothing.
        assert ok.get("modified_count", ok.get("deleted_count", 1)) == 1
        return {1}
    return {0, 1} if entry["err"].get("may_have_applied") else {0}


def test_a_server_without_bulk_writes_across_collections_is_asked_one_by_one(
    pair: Pair, wire_uri: str
) -> None:
    for trap in WRITES[2:]:
        batch = load(pair, trap)
        alone = pair.alone.run(batch)
        with failing(wire_uri, ["bulkWrite"], {"errorCode": 59}, "alwaysOn"):
            fused = pair.fused.run(batch)
        assert list(differing_answers(batch, fused, alone, Counter())) == []
        assert differing_contents(pair.fused.content(), pair.alone.content()) == []


@pytest.mark.parametrize(
    "trap", [pytest.param(each, id=each.operations[0]["op"]) for each in WRITES]
)
def test_a_write_concern_that_is_not_met_is_told_to_each(
    pair: Pair, wire_uri: str, trap: Trap
) -> None:
    concern = {"code": 64, "codeName": "WriteConcernTimeout", "errmsg": "timed out"}
    batch = load(pair, trap)
    commands = ALONE.get(trap.name, [trap.name])
    with failing(wire_uri, commands, {"writeConcernError": concern}, "alwaysOn"):
        fused, alone = pair.fused.run(batch), pair.alone.run(batch)
    assert list(differing_answers(batch, fused, alone, Counter())) == []
    assert all("err" in entry for entry in fused.entries.values())
    assert differing_contents(pair.fused.content(), pair.alone.content()) == []


def test_a_server_that_shuts_down_fails_no_read(pair: Pair, wire_uri: str) -> None:
    batch = load(pair, READS[0])
    alone = pair.alone.run(batch)
    with failing(wire_uri, ["find"], {"errorCode": 91}, {"times": 1}):
        fused = pair.fused.run(batch)
    assert list(differing_answers(batch, fused, alone, Counter())) == []
    assert differences(pair, READS[0].scenario) == []
