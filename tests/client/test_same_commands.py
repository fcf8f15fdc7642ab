"""What the server is told is, byte for byte of its meaning, what the driver itself tells it."""

from collections.abc import AsyncIterator

import bson
import pymongo
import pytest
import pytest_asyncio
from bson import SON, Int64
from bson.raw_bson import RawBSONDocument
from pymongo.collation import Collation

from tests.client.driver_cases import Both, Case, call, each, given, side_by_side

pytestmark = pytest.mark.asyncio(loop_scope="module", loop_factories=["asyncio"])

SET = {"$set": {"a": 1}}
GERMAN = {"locale": "de"}
KEYS = [("a", 1), ("b", -1)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both() -> AsyncIterator[Both]:
    async with side_by_side() as both:
        yield both


READS = [
    call("find_one"),
    call("find_one", {"a": 1}),
    call("find_one", 5),
    call("find_one", "an id"),
    call("find_one", {}, {"b": 1}),
    call("find_one", {}, {"b": 0, "c": {"$slice": 2}}),
    call("find_one", {}, ["b", "c"]),
    call("find_one", {}, ("b", "c")),
    call("find_one", {}, {"b"}),
    call("find_one", {}, []),
    call("find_one", {}, sort=KEYS),
    call("find_one", {}, sort={"a": 1, "b": -1}),
    call("find_one", {}, sort=(("a", 1),)),
    call("find_one", {}, sort=["a", ("b", -1)]),
    call("find_one", {}, sort=[("a", {"$meta": "textScore"})]),
    call("find_one", {}, sort=[("place", "2dsphere")]),
    call("find_one", {}, sort=[]),
    call("find_one", {}, sort={}),
    call("find_one", {}, sort=None),
    call("find_one", {}, skip=3),
    call("find_one", {}, skip=Int64(4)),
    call("find_one", {}, hint="a_1"),
    call("find_one", {}, hint=KEYS),
    call("find_one", {}, hint={"a": 1}),
    call("find_one", {}, collation=GERMAN),
    call("find_one", {}, collation=Collation("de", strength=2)),
    call("find_one", {}, collation=SON([("locale", "de")])),
    call("find_one", {}, comment="why"),
    call("find_one", {}, comment={"why": ["so"]}),
    call("find_one", {}, let={"x": 1}),
    call("find_one", {}, max_time_ms=50),
    call("find_one", {}, max_time_ms=0),
    call("find_one", {}, min={"a": 1.5}, hint="a_1"),
    call("find_one", {}, max={"a": None, "b": "z"}, hint="a_1_b_1"),
    call("find_one", {}, return_key=True, show_record_id=True),
    call("find_one", {}, allow_disk_use=True, allow_partial_results=True),
    call("find_one", {}, no_cursor_timeout=True),
    call("find_one", {}, batch_size=5),
    call("find", {"a": 1}).then("to_list"),
    call("find", {}, {"a": 1}, skip=1, limit=2, sort=KEYS, batch_size=2).then("to_list"),
    call("find").then("sort", "a").then("to_list"),
    call("find").then("sort", "a", -1).then("to_list"),
    call("find").then("sort", KEYS).then("to_list"),
    call("find").then("sort", {"a": 1}).then("to_list"),
    call("find").then("sort", [("a", 1), ("a", -1)]).then("to_list"),
    call("find").then("sort", [["a", 1]]).then("to_list"),
    call("find").then("skip", 3).then("limit", 4).then("to_list"),
    call("find").then("limit", 0).then("to_list"),
    call("find").then("batch_size", 1).then("to_list"),
    call("find").then("hint", "a_1").then("to_list"),
    call("find").then("hint", KEYS).then("to_list"),
    call("find", {}, hint="a_1").then("hint", None).then("to_list"),
    call("find").then("max_time_ms", 50).then("to_list"),
    call("find", max_time_ms=50).then("max_time_ms", None).then("to_list"),
    call("find").then("collation", GERMAN).then("to_list"),
    call("find", collation=GERMAN).then("collation", None).then("to_list"),
    call("find").then("comment", "why").then("to_list"),
    call("find").then("allow_disk_use", allow_disk_use=True).then("to_list"),
    call("find").then("sort", "a").then("clone").then("to_list"),
    call("count_documents", {"a": 1}),
    call("count_documents", {}, skip=1, limit=2),
    call("count_documents", {}, hint="a_1", comment="why", maxTimeMS=50),
    call("count_documents", {}, hint=KEYS, collation=GERMAN),
    call("estimated_document_count"),
    call("estimated_document_count", comment="why", maxTimeMS=50),
    call("distinct", "a"),
    call("distinct", "a", {"b": 1}),
    call("distinct", "a", None, hint={"a": 1}, comment="why"),
    call("distinct", "a", {}, hint="a_1", collation=GERMAN, maxTimeMS=50),
    call("aggregate", []),
    call("aggregate", [{"$match": {"a": 1}}, {"$limit": 3}]),
    call("aggregate", [], allowDiskUse=True, batchSize=5, maxTimeMS=50),
    call("aggregate", [], collation=GERMAN, comment="why", hint="a_1", let={"x": 1}),
    call("aggregate", [{"$out": "other"}], bypassDocumentValidation=True),
    call("aggregate", [{"$match": {}}, {"$merge": {"into": "other"}}], batchSize=5),
    call("aggregate", [], hint={"a": 1}),
]


@pytest.mark.parametrize("case", READS, ids=str)
async def test_reads_tell_the_server_what_the_driver_tells_it(both: Both, case: Case) -> None:
    drivers = await both.driver(case)

    assert isinstance(drivers, list)
    assert len(drivers) == 1
    assert await both.ours(case) == drivers


def bulk(*requests: object) -> Case:
    """Describe a bulk write."""
    return call("bulk_write", list(requests))


UPDATES = each(
    ("update_one", "update_many", "find_one_and_update"),
    given({"a": 1}, SET),
    given({}, [SET, {"$unset": "b"}]),
    given({}, SON(SET)),
    given({}, RawBSONDocument(bson.encode(SET))),
    given({}, {"$set": {"a": 1}, "b": 1}),
    given({}, SET, upsert=True),
    given({}, SET, upsert=False),
    given({}, SET, array_filters=[{"x": 1}]),
    given({}, SET, array_filters=[]),
    given({}, SET, hint="a_1", collation=GERMAN, comment="why", let={"x": 1}),
    given({}, SET, hint=KEYS, collation=Collation("de")),
)
REPLACEMENTS = each(
    ("replace_one", "find_one_and_replace"),
    given({"a": 1}, {"b": 1}),
    given({}, {}),
    given({}, RawBSONDocument(bson.encode({"b": 1}))),
    given({}, {}, upsert=True),
    given({}, {}, hint="a_1", collation=GERMAN, comment="why", let={"x": 1}),
)
DELETIONS = each(
    ("delete_one", "delete_many", "find_one_and_delete"),
    given({"a": 1}),
    given({}),
    given({}, hint="a_1", collation=GERMAN, comment="why", let={"x": 1}),
    given({}, hint=KEYS),
)
WRITES = [
    call("insert_one", {"_id": 1, "a": [1, {"b": None}]}),
    call("insert_one", SON([("_id", 1), ("b", 2)])),
    call("insert_one", RawBSONDocument(bson.encode({"_id": 1}))),
    call("insert_one", {"_id": 1, "$a": 1, "b.c": 2}),
    call("insert_one", {"_id": 1}, bypass_document_validation=True, comment="why"),
    call("insert_one", {"_id": 1}, bypass_document_validation=False),
    call("insert_many", [{"_id": 1}, {"_id": 2}]),
    call("insert_many", ({"_id": 1}, {"_id": 2})),
    call("insert_many", [RawBSONDocument(bson.encode({"_id": 1}))]),
    call("insert_many", [{"_id": 1}], ordered=False),
    call("insert_many", [{"_id": 1}], bypass_document_validation=True, comment="why"),
    *UPDATES,
    call("update_one", {}, SET, True),  # noqa: FBT003 - by position, as it may be given
    call("update_many", {}, SET, True),  # noqa: FBT003 - same
    call("update_one", {}, SET, bypass_document_validation=True),
    call("update_many", {}, SET, bypass_document_validation=True),
    call("find_one_and_update", {}, SET, {"a": 1}, KEYS, return_document=True, maxTimeMS=50),
    call("find_one_and_update", {}, SET, ["a"], bypassDocumentValidation=True),
    *REPLACEMENTS,
    call("replace_one", {}, {}, bypass_document_validation=True),
    call("find_one_and_replace", {}, {}, ["a"], {"a": 1}, return_document=True, maxTimeMS=50),
    *DELETIONS,
    call("find_one_and_delete", {}, {"a": 1}, [("a", 1)], maxTimeMS=50),
    bulk(pymongo.InsertOne({"_id": 1})),
    bulk(pymongo.InsertOne({"_id": 1}), pymongo.DeleteOne({}), pymongo.UpdateMany({}, SET)),
    bulk(pymongo.UpdateOne({"a": 1}, SET, upsert=True, hint="a_1", collation=GERMAN)),
    bulk(pymongo.UpdateOne({}, [SET], upsert=False, array_filters=[{"x": 1}], hint=KEYS)),
    bulk(pymongo.ReplaceOne({}, {"a": 1}, upsert=True, hint={"a": 1}, collation=Collation("de"))),
    bulk(pymongo.DeleteMany({"a": 1}, hint="a_1", collation=GERMAN)),
    call("bulk_write", [pymongo.InsertOne({"_id": 1})], ordered=False, comment="why"),
    call("bulk_write", [pymongo.InsertOne({"_id": 1})], bypass_document_validation=True),
    call("bulk_write", [pymongo.InsertOne({"_id": 1})], let={"x": 1}),
    call("update_one", {}, SET, sort={"a": 1}),
    call("replace_one", {}, {}, sort={"a": 1, "b": -1}),
    call("find_one_and_update", {}, SET, sort={"a": 1}),
    bulk(pymongo.UpdateOne({}, SET, sort={"a": 1})),
    bulk(pymongo.ReplaceOne({}, {}, sort={"a": 1})),
]


@pytest.mark.parametrize("case", WRITES, ids=str)
async def test_writes_tell_the_server_what_the_driver_tells_it(both: Both, case: Case) -> None:
    drivers = await both.driver(case)

    assert isinstance(drivers, list)
    assert drivers
    assert await both.ours(case) == drivers


async def test_a_negative_limit_is_the_same_number_without_the_drivers_single_batch(
    both: Both,
) -> None:
    case = call("find", {}, limit=-5).then("to_list")

    assert await both.driver(case) == [
        {"find": "items", "filter": {}, "limit": 5, "singleBatch": True, "$db": "shop"}
    ]
    assert await both.ours(case) == [{"find": "items", "filter": {}, "limit": 5, "$db": "shop"}]
