"""What a level says of reads and writes holds below it, and reaches the server as the driver's."""

from collections.abc import AsyncIterator
from typing import Any

import pymongo
import pytest
import pytest_asyncio
from bson.codec_options import CodecOptions
from bson.son import SON

from motorpool.client import (
    DeleteMany,
    DeleteOne,
    InsertOne,
    Nearest,
    PrimaryPreferred,
    ProxyClient,
    ReadConcern,
    ReadPreference,
    SecondaryPreferred,
    UpdateMany,
    UpdateOne,
    WriteConcern,
)
from tests.both_loops import ONE_LOOP
from tests.client.driver_cases import Both, Case, call, side_by_side
from tests.client.fakes import Asked, FakeTransport

SET = {"$set": {"a": 1}}

CALLS: dict[str, Case] = {
    "find": call("find").then("to_list"),
    "find_one": call("find_one"),
    "aggregate": call("aggregate", []),
    "aggregate to $out": call("aggregate", [{"$out": "other"}]),
    "count_documents": call("count_documents", {}),
    "estimated_document_count": call("estimated_document_count"),
    "distinct": call("distinct", "a"),
    "insert_one": call("insert_one", {"_id": 1}),
    "insert_many": call("insert_many", [{"_id": 1}]),
    "update_one": call("update_one", {}, SET),
    "update_many": call("update_many", {}, SET),
    "replace_one": call("replace_one", {}, {}),
    "delete_one": call("delete_one", {}),
    "delete_many": call("delete_many", {}),
    "find_one_and_update": call("find_one_and_update", {}, SET),
    "find_one_and_replace": call("find_one_and_replace", {}, {}),
    "find_one_and_delete": call("find_one_and_delete", {}),
    "bulk_write": call("bulk_write", [pymongo.InsertOne({"_id": 1})]),
}

LEVELS: list[dict[str, Any]] = [
    {"write_concern": WriteConcern("majority", wtimeout=500, j=True)},
    {"write_concern": pymongo.WriteConcern(1)},
    {"write_concern": WriteConcern()},
    {"read_concern": ReadConcern("majority")},
    {"read_concern": pymongo.read_concern.ReadConcern("local")},
    {"read_concern": ReadConcern()},
    {"read_concern": ReadConcern("local"), "write_concern": WriteConcern(2)},
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both() -> AsyncIterator[Both]:
    async with side_by_side() as both:
        yield both


def as_drivers(options: dict[str, Any]) -> dict[str, Any]:
    """Return the same options as objects of the driver's classes."""
    made: dict[str, Any] = {}
    if "write_concern" in options:
        made["write_concern"] = pymongo.WriteConcern(**options["write_concern"].document)
    if "read_concern" in options:
        level = options["read_concern"].level
        made["read_concern"] = pymongo.read_concern.ReadConcern(level)
    return made


@pytest.mark.asyncio(loop_scope="module", loop_factories=["asyncio"])
@pytest.mark.parametrize("options", LEVELS, ids=str)
@pytest.mark.parametrize("name", CALLS)
async def test_concerns_reach_the_server_as_the_drivers_do(
    both: Both, name: str, options: dict[str, Any]
) -> None:
    case = CALLS[name]
    drivers = await both.driver(Case((("with_options", (), as_drivers(options)), *case.steps)))
    ours = await both.ours(Case((("with_options", (), options), *case.steps)))

    assert isinstance(drivers, list)
    assert isinstance(ours, list), ours
    assert [without_batches(command) for command in ours] == [
        without_batches(command) for command in drivers
    ]


def without_batches(command: dict[str, Any]) -> dict[str, Any]:
    """Return a command without how many documents a batch has: that is the proxy's own."""
    return {name: value for name, value in command.items() if name != "cursor"}


# What travels -------------------------------------------------------------------------------------

SAID: dict[str, Any] = {
    "read_preference": SecondaryPreferred([{"dc": "ny"}], 90),
    "read_concern": ReadConcern("majority"),
    "write_concern": WriteConcern("majority", j=True),
}
READS = {
    "read_preference": {
        "mode": "secondaryPreferred",
        "tags": [{"dc": "ny"}],
        "maxStalenessSeconds": 90,
    },
    "read_concern": {"level": "majority"},
}
WRITES = {"write_concern": {"w": "majority", "j": True}}


async def ask(collection: Any, transport: FakeTransport, case: Case) -> Asked:
    """Make one call and return what was asked."""
    transport.batches.clear()
    value = collection
    for method, args, options in case.steps:
        value = getattr(value, method)(*args, **options)
    await value
    ((asked,),) = transport.batches
    return asked


def concerns(asked: Asked) -> dict[str, Any]:
    """Return what an operation carries of its level."""
    return {name: value for name, value in asked.args.items() if name in SAID}


@ONE_LOOP
@pytest.mark.parametrize("name", CALLS)
async def test_nothing_travels_where_nothing_was_said(name: str) -> None:
    transport = FakeTransport()

    asked = await ask(ProxyClient(transport=transport).shop.items, transport, CALLS[name])

    assert concerns(asked) == {}


@ONE_LOOP
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("level", ["client", "get_database", "database", "get_collection", "own"])
async def test_what_any_level_says_travels_with_what_it_concerns(name: str, level: str) -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport, **(SAID if level == "client" else {}))
    database = client.get_database("shop", **(SAID if level == "get_database" else {}))
    if level == "database":
        database = database.with_options(**SAID)
    collection = database.get_collection("items", **(SAID if level == "get_collection" else {}))
    if level == "own":
        collection = collection.with_options(**SAID)

    asked = await ask(collection, transport, CALLS[name])

    expected = {
        "find": READS,
        "find_one": READS,
        "aggregate": READS,
        "aggregate to $out": {**READS, **WRITES},
        "count_documents": READS,
        "estimated_document_count": READS,
        "distinct": READS,
    }
    assert concerns(asked) == expected.get(name, WRITES)


@ONE_LOOP
async def test_a_level_that_says_something_else_is_heard_and_the_rest_is_inherited() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport, read_concern=ReadConcern("local"), w=1)
    database = client.shop.with_options(read_preference=Nearest())
    items = database.items.with_options(write_concern=WriteConcern(2))

    assert concerns(await ask(items, transport, CALLS["find_one"])) == {
        "read_preference": {"mode": "nearest"},
        "read_concern": {"level": "local"},
    }
    assert concerns(await ask(items, transport, CALLS["insert_one"])) == {"write_concern": {"w": 2}}
    assert concerns(await ask(database.items, transport, CALLS["insert_one"])) == {
        "write_concern": {"w": 1}
    }


@ONE_LOOP
async def test_what_is_said_is_heard_also_where_it_is_the_default() -> None:
    transport = FakeTransport()
    items = ProxyClient(transport=transport, readPreference="nearest", w=0).shop.items
    plain = items.with_options(
        read_preference=ReadPreference.PRIMARY,
        write_concern=WriteConcern(),
        read_concern=ReadConcern(),
    )

    assert concerns(await ask(plain, transport, CALLS["find_one"])) == {
        "read_preference": {"mode": "primary"},
        "read_concern": {},
    }
    assert concerns(await ask(plain, transport, CALLS["insert_one"])) == {"write_concern": {}}


@ONE_LOOP
async def test_what_the_call_says_goes_before_what_its_level_says() -> None:
    transport = FakeTransport()
    items = ProxyClient(transport=transport, **SAID).shop.items

    asked = await ask(items, transport, call("find_one_and_delete", {}, writeConcern={"w": 3}))

    assert concerns(asked) == {"write_concern": {"w": 3}}


# What a level reads as ----------------------------------------------------------------------------


def test_a_level_reads_as_the_drivers_where_nothing_was_said() -> None:
    client = ProxyClient(transport=FakeTransport())

    for level in (client, client.shop, client.shop.items):
        assert level.codec_options == CodecOptions()
        assert level.read_preference == pymongo.ReadPreference.PRIMARY
        assert level.write_concern == pymongo.WriteConcern()
        assert level.read_concern == pymongo.read_concern.ReadConcern()


def test_options_change_neither_name_nor_equality_nor_what_they_were_made_of() -> None:
    client = ProxyClient(transport=FakeTransport())
    for level in (client.shop, client.shop.items):
        other = level.with_options(CodecOptions(SON), Nearest(), WriteConcern(2), ReadConcern("x"))

        assert other is not level
        assert other == level
        assert hash(other) == hash(level)
        assert repr(other) == repr(level)
        assert level.codec_options == CodecOptions()
        assert level.read_preference == ReadPreference.PRIMARY
        assert other.codec_options == CodecOptions(SON)


def test_a_collection_below_a_collection_has_its_options_and_not_the_databases() -> None:
    items = ProxyClient(transport=FakeTransport()).shop.items.with_options(**SAID)

    for below in (items.archive, items["archive"]):
        assert {name: getattr(below, name) for name in SAID} == SAID
    assert items.database.items.write_concern == WriteConcern()


def test_options_given_by_position_are_in_the_drivers_order() -> None:
    items = ProxyClient(transport=FakeTransport()).shop.get_collection(
        "items", CodecOptions(SON), PrimaryPreferred(), WriteConcern(2), ReadConcern("local")
    )

    assert items.codec_options == CodecOptions(SON)
    assert items.read_preference == PrimaryPreferred()
    assert items.write_concern == WriteConcern(2)
    assert items.read_concern == ReadConcern("local")
    assert items.full_name == "shop.items"


@pytest.mark.parametrize("nothing", [None, 0, "", {}, []])
def test_what_is_empty_is_as_if_it_were_not_given(nothing: Any) -> None:
    items = ProxyClient(transport=FakeTransport(), **SAID).shop.items

    same = items.with_options(nothing, nothing, nothing, nothing)

    assert {name: getattr(same, name) for name in SAID} == SAID


def test_requests_of_ours_are_equal_by_what_they_are_made_of() -> None:
    assert InsertOne({"a": 1}) == InsertOne({"a": 1})
    assert InsertOne({"a": 1}) != InsertOne({"a": 2})
    assert InsertOne({"a": 1}, "a.b") != InsertOne({"a": 1})
    assert DeleteOne({}) != DeleteMany({})
    assert UpdateOne({}, SET) != UpdateMany({}, SET)
