"""On a server, by each driver: what is fused answers as what is not, in fewer questions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import bson
import pytest
from bson import DatetimeMS, Decimal128, Int64, ObjectId
from pymongo import MongoClient

from motorpool.batching.codec import LOSSLESS, open_envelope
from tests.proxy.fakes import batch, operation, packed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorpool.proxy.lifecycle import Proxy
    from tests.proxy.conftest import FailCommand, MakeProxy

# What a server says of a whole command, which a `bulkWrite` has once for all.
OF_THE_COMMAND = ("$clusterTime", "operationTime", "electionId", "opTime")


class Both(NamedTuple):
    """The same server with and without fusions, and a collection of its own."""

    fused: Proxy
    unfused: Proxy
    collection: Any

    @property
    def name_space(self) -> str:
        name: str = self.collection.full_name
        return name


@pytest.fixture
def both(
    make_proxy: MakeProxy, wire_uri: str, wire_database: str, driver_name: str
) -> Iterator[Both]:
    client: MongoClient[dict[str, Any]]
    with MongoClient(wire_uri, datetime_conversion="DATETIME_AUTO") as client:
        fused, unfused = (
            make_proxy(mongodb_uri=wire_uri, driver=driver_name, fuse=fuse)
            for fuse in (True, False)
        )
        yield Both(fused, unfused, client[wire_database].items)


SEED: list[dict[str, Any]] = [
    {"_id": 1, "a": 1, "tags": ["x"], "n": "one"},
    {"_id": 2.0, "a": 2, "tags": ["x", "y"], "n": "two"},
    {"_id": Int64(3), "a": 1.0, "tags": "y", "n": "Two"},
    {"_id": "4", "a": None, "b": {"c": 1}},
    {"_id": b"5", "a": Decimal128("2"), "b": {"c": [1, 2]}},
    {"_id": ObjectId(b"not-an-array"), "a": [2, 3], "b": [{"c": 2}]},
    {"_id": 7, "u": 1},
    {"_id": 8, "u": 2},
]


def answers(proxy: Proxy, both: Both, operations: list[dict[str, Any]]) -> tuple[list[Any], int]:
    """Each entry of the response over data as they were, and how often the server was asked."""
    both.collection.drop()
    both.collection.insert_many(SEED)
    both.collection.create_index("u", unique=True, sparse=True)
    return asked(proxy, both, operations)


def asked(proxy: Proxy, both: Both, operations: list[dict[str, Any]]) -> tuple[list[Any], int]:
    ops = [{"ns": both.name_space, **each} for each in operations]
    payload = json.loads(proxy.handle(packed(batch(*ops))))
    response = bson.decode(open_envelope(payload), codec_options=LOSSLESS)
    entries = sorted(response["res"], key=lambda entry: entry["id"])
    return [_comparable(entry) for entry in entries], response["stats"]["groups"]


def _comparable(entry: dict[str, Any]) -> dict[str, Any]:
    ok = entry.get("ok")
    if isinstance(ok, dict) and isinstance(ok.get("raw_result"), dict):
        for name in OF_THE_COMMAND:
            ok["raw_result"].pop(name, None)
    return entry


def _placed(place: int, op: str, **args: Any) -> dict[str, Any]:
    """An operation of the collection that `asked` names."""
    return {"id": place, "op": op, "args": args}


def finds(op: str, field: str, *values: Any, **args: Any) -> list[dict[str, Any]]:
    return [_placed(place, op, filter={field: value}, **args) for place, value in enumerate(values)]


def writes(*each: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [_placed(place, op, **args) for place, (op, args) in enumerate(each)]


def inserts(*documents: dict[str, Any]) -> list[dict[str, Any]]:
    return writes(*(("insert_one", {"document": document}) for document in documents))


def sets(id_: Any, **args: Any) -> tuple[str, dict[str, Any]]:
    return "update_one", {"filter": {"_id": id_}, "update": {"$set": {"a": 9}}, **args}


BY_SORT = {"sort": [["_id", 1]]}
READS: dict[str, list[dict[str, Any]]] = {
    "find_one by id": finds("find_one", "_id", 1, 2, 3.0, "4", b"5", 99, 1),
    "find by id": finds("find", "_id", 1, 2, 3.0, "4", b"5", 99, 1),
    "find_one without its id": finds("find_one", "_id", 1, 2, projection={"_id": 0, "n": 1}),
    "find_one by what is not unique": finds("find_one", "u", 1, 2, 3),
    "rows": finds("find", "a", 1, 3, 99, **BY_SORT),
    "rows without the field": finds("find", "tags", "x", "y", projection=["n"], **BY_SORT),
    "rows of several values": finds("find", "tags", "x", "y"),
    "rows by a path": finds("find", "b.c", 1, 9),
    "counts": finds("count_documents", "u", 1, 2, 3),
    "counts of arrays": finds("count_documents", "tags", "x", "y", "z"),
    "counts by a path": finds("count_documents", "b.c", 1, 2),
    "counts of decimals": finds("count_documents", "a", 1, 2),
    "the same": [_placed(place, "find", filter={"a": {"$gte": 1}}) for place in range(3)],
}
WRITES: dict[str, list[dict[str, Any]]] = {
    "updates": writes(sets(1), sets(2), sets(99)),
    "nothing to change": writes(
        sets(1), ("update_one", {"filter": {"_id": 7}, "update": {"$set": {"u": 1}}})
    ),
    "upserts": writes(sets(1, upsert=True), sets(97, upsert=True), sets("x", upsert=True)),
    "upserts of odd ids": writes(
        *(sets(id_, upsert=True) for id_ in (0, False, "", None, {"a": 1}))
    ),
    "an upsert past the year 9999": writes(
        sets(DatetimeMS(2**52), upsert=True), sets(97, upsert=True)
    ),
    "replacements": writes(
        ("replace_one", {"filter": {"_id": 1}, "replacement": {"z": 1}}),
        ("replace_one", {"filter": {"_id": 96}, "replacement": {"z": 1}, "upsert": True}),
        ("replace_one", {"filter": {"_id": 99}, "replacement": {"z": 1}}),
    ),
    "deletions": writes(*(("delete_one", {"filter": {"_id": id_}}) for id_ in (1, 99, "4"))),
    "all kinds": writes(sets(1), ("delete_one", {"filter": {"_id": 7}}), sets(97, upsert=True)),
    "a key that is there": writes(
        sets(1), ("update_one", {"filter": {"_id": 8}, "update": {"$set": {"u": 1}}}), sets(2)
    ),
    "an upsert of a key that is there": writes(
        sets(1),
        (
            "update_one",
            {"filter": {"_id": 90, "u": 1}, "update": {"$set": {"z": 1}}, "upsert": True},
        ),
    ),
    "no such operator": writes(
        sets(1), ("update_one", {"filter": {}, "update": {"$no": {"a": 1}}})
    ),
    "no such condition": writes(sets(1), ("delete_one", {"filter": {"a": {"$no": 1}}})),
    "no such index": writes(sets(1), ("delete_one", {"filter": {}, "hint": "none"})),
    "inserts": inserts({"_id": 50}, {"_id": "51"}, {"_id": None}),
    "inserts of keys that are there": inserts(
        {"_id": 1}, {"_id": 50}, {"_id": 51, "u": 2}, {"_id": "4"}
    ),
    "an insert that is none": inserts({"_id": 50}, {"_id": [1]}),
    "inserts of many": [
        _placed(place, "insert_many", documents=[{"_id": id_} for id_ in ids], ordered=False)
        for place, ids in enumerate([(50, 1, 51), (52,), ("4", 2)])
    ],
}
APART = {"counts by a path", "rows of several values"}
"""Where whose is whose, or in which order, cannot be told, and each asks by itself."""

OF_THE_BULK = {"a key that is there", "an upsert of a key that is there"}
SOMETIMES_APART = {
    # What a server may refuse with the whole command.
    *("no such operator", "no such condition", "no such index", "an upsert past the year 9999"),
    # Whether the group of 2 and Decimal128("2") is the one or the other.
    "counts of decimals",
}


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_fused_is_unfused(both: Both, name: str) -> None:
    operations = (READS | WRITES)[name]

    expected, questions = answers(both.unfused, both, operations)
    data = list(both.collection.find().sort("_id", 1))
    got, fewer = answers(both.fused, both, operations)

    assert got == expected
    assert list(both.collection.find().sort("_id", 1)) == data
    assert questions == len(operations)
    if name in APART:
        assert fewer == questions + 1
    elif name not in SOMETIMES_APART:
        # What fails in a `bulkWrite` is tried by itself, for its own error.
        failed = sum("err" in entry for entry in got) if name in OF_THE_BULK else 0
        assert fewer == 1 + failed


@pytest.mark.parametrize("collation", [{"locale": "en", "strength": 2}, {"locale": "simple"}, None])
def test_strings_under_a_collation_are_unfused_too(both: Both, collation: Any) -> None:
    args = {} if collation is None else {"collation": collation}

    for op in ("find", "find_one", "count_documents"):
        operations = finds(op, "n", "two", "Two", "TWO", "one", "three", **args)
        expected, _ = answers(both.unfused, both, operations)
        assert answers(both.fused, both, operations)[0] == expected


def test_updates_of_several_collections_are_one_question(both: Both) -> None:
    others = both.collection.database.others
    others.insert_many([{"_id": 1}, {"_id": 2}])
    both.collection.insert_one({"_id": 1})

    entries, questions = asked(
        both.fused,
        both,
        [
            operation(place, "delete_one", ns, filter={"_id": 1})
            for place, ns in enumerate([both.name_space, others.full_name])
        ],
    )

    assert questions == 1
    assert [entry["ok"]["deleted_count"] for entry in entries] == [1, 1]
    assert [row["_id"] for row in others.find()] == [2]


@pytest.mark.parametrize(
    ("command", "operations"),
    [
        ("insert", inserts({"_id": 50}, {"_id": 51})),
        ("bulkWrite", writes(sets(1), sets(2))),
    ],
)
def test_a_write_whose_answer_is_lost_is_not_sent_again(
    both: Both, fail_command: FailCommand, command: str, operations: list[dict[str, Any]]
) -> None:
    answers(both.fused, both, finds("find_one", "_id", 1))
    # The driver itself tries a second time, under the same transaction number.
    fail_command(command, times=2, closeConnection=True)

    entries, questions = asked(both.fused, both, operations)

    assert questions == 1
    assert [entry["err"]["may_have_applied"] for entry in entries] == [True, True]
    assert {entry["err"]["type"] for entry in entries} == {"AutoReconnect"}


def test_a_write_that_is_refused_as_a_whole_is_tried_by_each(
    both: Both, fail_command: FailCommand
) -> None:
    fail_command("bulkWrite", errorCode=13)

    entries, questions = answers(both.fused, both, writes(sets(1), sets(2)))

    assert questions == 3
    assert [entry["ok"]["matched_count"] for entry in entries] == [1, 1]


def test_reads_that_fail_together_are_tried_by_each(both: Both, fail_command: FailCommand) -> None:
    operations = finds("find_one", "_id", 1, 2)
    fail_command("find", errorCode=2)

    entries, questions = answers(both.fused, both, operations)

    assert questions == 3
    assert [entry["ok"]["n"] for entry in entries] == ["one", "two"]
