"""A plain `find` as a command: the one that the driver itself would send, or none."""

from __future__ import annotations

import copy
import uuid
from typing import TYPE_CHECKING, Any, Final

import bson
import pytest
from bson import DBRef, Decimal128, Int64, ObjectId
from bson.raw_bson import RawBSONDocument
from hypothesis import given
from hypothesis import strategies as st
from pymongo import MongoClient, errors, helpers_shared, message
from pymongo.read_concern import ReadConcern

from motorpool.batching.codec import LOSSLESS
from motorpool.proxy.commands import find_command, may_pass
from tests.batching.values import documents as documents_of
from tests.batching.values import generated, keys, plain_leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

# Nothing here connects.
URI = "mongodb://nowhere.example"

OLD_KEYS: Final = ["$query", "query", "$explain", "$where", "$comment", "$orderby", "$or"]
filters = documents_of(plain_leaves, keys | st.sampled_from(OLD_KEYS))
directions = st.sampled_from([1, -1, Int64(1), True, "text", "2d", {"$meta": "textScore"}])
plain_pairs = st.lists(st.tuples(keys, directions), min_size=1, max_size=3)
concerns = st.sampled_from([None, "", "local", "majority"]).map(ReadConcern)
counts = st.integers(1, 2**31 - 1) | st.sampled_from([1, 2, 3])

plain = st.fixed_dictionaries(
    {},
    optional={
        "filter": documents_of(plain_leaves, keys),
        "projection": st.dictionaries(
            keys, st.sampled_from([0, 1, True, {"$meta": "textScore"}]), min_size=1, max_size=3
        ),
        "sort": plain_pairs | plain_pairs.map(dict) | plain_pairs.map(tuple),
        "limit": counts,
        "comment": st.text(min_size=1) | filters.filter(bool) | st.just(7),
        "max_time_ms": st.integers(-1, 2**31 - 1) | st.just(Int64(5)),
    },
)
"""Arguments that need no more than other names."""

odd_numbers = st.sampled_from([None, True, False, Int64(3), 0, -1, -3, 2.0, "3", 2**31, 2**63 - 1])
any_args = st.fixed_dictionaries(
    {},
    optional={
        "filter": filters | st.sampled_from([None, [], [("a", 1)], "a", 0, 7]),
        "projection": st.lists(keys, max_size=3)
        | st.sampled_from([None, {}, (), {"a": 1}, {"a": {"$meta": "indexKey"}}, "ab", 1, [1]]),
        "sort": plain_pairs
        | st.lists(st.tuples(keys, plain_leaves), max_size=2)
        | st.sampled_from([None, [], (), {}, {"a": 1}, {"a": 1.0}, "", "a", "ab", 1, {("a", 1)}])
        | st.sampled_from([["a"], ["ab"], [("a",)], [("a", 1, 2)], [(1, 1)], [["a", 1]], [1]]),
        "limit": counts | odd_numbers,
        "comment": plain_leaves | filters,
        "max_time_ms": counts | odd_numbers,
        "skip": st.integers(0, 2),
        "hint": st.sampled_from([None, "a_1", [("a", 1)]]),
        "collation": st.sampled_from([None, {"locale": "en"}]),
        "allow_disk_use": st.sampled_from([None, True, False]),
        "let": st.sampled_from([None, {"a": 1}]),
    },
)


@pytest.fixture(scope="module")
def items() -> Iterator[Any]:
    client: MongoClient[dict[str, Any]]
    with MongoClient(URI, connect=False) as client:
        yield client["shop"].get_collection("items", codec_options=LOSSLESS)


def by_the_driver(collection: Any, args: dict[str, Any], size: int) -> dict[str, Any]:
    """Return the command that the driver would send for `find_raw_batches`: see `_Query`."""
    cursor = collection.find_raw_batches(**args, batch_size=size)
    spec = cursor._query_spec()  # noqa: SLF001 - the truth of which this is a test
    command = message._gen_find_command(  # noqa: SLF001 - as above
        collection.name,
        spec,
        cursor._projection,  # noqa: SLF001 - as above
        cursor._skip,  # noqa: SLF001 - as above
        cursor._limit,  # noqa: SLF001 - as above
        cursor._batch_size,  # noqa: SLF001 - as above
        cursor._query_flags,  # noqa: SLF001 - as above
        cursor._read_concern,  # noqa: SLF001 - as above
        cursor._collation,  # noqa: SLF001 - as above
        None,
        cursor._allow_disk_use,  # noqa: SLF001 - as above
    )
    return {"explain": command} if "$explain" in spec else command


def encoded(command: dict[str, Any]) -> dict[str, bytes]:
    """Give each field as it goes over the wire, in its type and the order of its keys."""
    return {
        name: bson.encode({"": value}, codec_options=LOSSLESS)
        for name, value in command.items()
        if name != "batchSize"
    }


@generated
@given(plain, concerns)
def test_a_plain_find_is_the_command_that_the_driver_sends(
    items: Any, args: dict[str, Any], concern: ReadConcern
) -> None:
    expected = by_the_driver(items.with_options(read_concern=concern), args, 10_000)

    command = find_command("items", args, concern.document, 10_000)

    assert command is not None
    assert encoded(command) == encoded(expected)
    assert next(iter(command)) == "find"
    assert command["batchSize"] == 10_000


@generated
@given(any_args, concerns)
def test_any_find_is_the_command_that_the_driver_sends_or_none(
    items: Any, args: dict[str, Any], concern: ReadConcern
) -> None:
    command = find_command("items", args, concern.document, 10_000)

    # Where there is one, the driver raises nothing.
    if command is not None:
        driven = items.with_options(read_concern=concern)
        assert encoded(command) == encoded(by_the_driver(driven, args, 10_000))


@generated
@given(any_args)
def test_what_is_asked_is_not_changed(args: dict[str, Any]) -> None:
    before = copy.deepcopy(args)

    command = find_command("items", args, {}, 3)

    assert repr(args) == repr(before)
    if command is not None and "sort" in args:
        assert command["sort"] is not args["sort"]  # the driver may write into a command


@pytest.mark.parametrize(
    "condition",
    [
        *({}, {"a": 1}, {"query": {"a": 1}}, {"query": 1, "a": 1}, {"$where": "this.a == 1"}),
        *({"$or": [{"$query": 1}]}, {"a": {"$query": 1}}, {"$comment": "x", "a": 1}),
        {"a": [Int64(1), Decimal128("1"), ObjectId(b"not-an-array"), DBRef("c", 1, "d")]},
        RawBSONDocument(bson.encode({"a": 1})),
    ],
)
def test_a_condition_is_sent_as_it_stands(items: Any, condition: Any) -> None:
    command = find_command("items", {"filter": condition}, {}, 3)

    assert command == {"find": "items", "filter": condition, "batchSize": 3}
    assert encoded(command) == encoded(by_the_driver(items, {"filter": condition}, 3))


@pytest.mark.parametrize(
    "args",
    [
        # Which the driver takes apart, wherever it stands.
        *({"filter": {"$query": {"a": 1}}}, {"filter": {"a": 1, "$query": {}}}),
        *({"filter": {"$query": {}, "$orderby": {"a": 1}}}, {"filter": {"$explain": True}}),
        # Which it leaves out.
        *({"filter": None}, {"projection": None}, {"sort": None}, {"limit": 0}, {"comment": None}),
        *({"comment": ""}, {"comment": {}}, {"comment": 0}, {"max_time_ms": None}, {"sort": []}),
        # Of which it makes something else.
        *({"projection": []}, {"projection": {}}, {"projection": ["a"]}, {"limit": -1}),
        *({"limit": True}, {"limit": Int64(3)}, {"sort": ["a"]}, {"sort": ["ab"]}),
        # Or an error.
        *({"filter": [("a", 1)]}, {"filter": "a"}, {"projection": "a"}, {"sort": "ab"}),
        *({"sort": {"a": 1.0}}, {"sort": [("a", None)]}, {"sort": [(1, 1)]}, {"limit": 2.0}),
        *({"sort": {("a", 1)}}, {"sort": [("a", 1, 1)]}, {"sort": [("a",)]}, {"sort": 1}),
        *({"max_time_ms": 10.0}, {"limit": "3"}, {"max_time_ms": "10"}),
        # Which the command calls otherwise, or not at all.
        *({"skip": 1}, {"hint": "a_1"}, {"collation": {"locale": "en"}}, {"allow_disk_use": True}),
        *({"let": {"a": 1}}, {"min": {"a": 1}}, {"batch_size": 3}, {"no_cursor_timeout": True}),
    ],
    ids=repr,
)
def test_what_is_not_plain_is_left_to_the_driver(args: dict[str, Any]) -> None:
    assert find_command("items", args, {}, 3) is None
    assert find_command("items", {"filter": {}, "limit": 3, **args}, {"level": "local"}, 3) is None


def test_a_uuid_is_refused_as_the_driver_refuses_it(items: Any) -> None:
    args = {"filter": {"_id": uuid.UUID(int=1)}}

    command = find_command("items", args, {}, 3)

    assert command is not None
    for sent in (command, by_the_driver(items, args, 3)):
        with pytest.raises(ValueError, match="cannot encode native uuid"):
            encoded(sent)


# Asked again --------------------------------------------------------------------------------------


def failed(code: int) -> Exception:
    """Return the driver's error for a server's reply with this code."""
    try:
        helpers_shared._check_command_response({"ok": 0, "code": code, "errmsg": "no"}, 25)  # noqa: SLF001
    except errors.PyMongoError as error:
        return error
    raise AssertionError(code)


@pytest.mark.parametrize("code", sorted(helpers_shared._RETRYABLE_ERROR_CODES))  # noqa: SLF001 - the truth
def test_what_the_driver_asks_again_may_pass(code: int) -> None:
    assert may_pass(failed(code))


@pytest.mark.parametrize("code", [1, 2, 8, 11, 13, 26, 43, 50, 59, 96, 175, 237, 292, 11000, 40415])
def test_what_a_server_refuses_does_not_pass(code: int) -> None:
    assert not may_pass(failed(code))


def test_a_lost_connection_may_pass_and_a_time_out_not() -> None:
    assert may_pass(errors.AutoReconnect("lost"))
    assert may_pass(errors.NotPrimaryError("stepped down"))
    for error in (
        *(errors.NetworkTimeout(), errors.ServerSelectionTimeoutError(), errors.PyMongoError()),
        *(errors.WaitQueueTimeoutError(), errors.ExecutionTimeout("late", 50)),
        *(errors.InvalidOperation(), errors.InvalidName(), TimeoutError(), ConnectionError()),
    ):
        assert not may_pass(error)
