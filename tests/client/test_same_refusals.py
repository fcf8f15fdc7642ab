"""Bad arguments raise what the driver raises, and in its words where a table claims so.

Nothing is sent in either case, by ours not even to the proxy. What differs on purpose stands in
the last two tables.
"""

from collections.abc import AsyncIterator
from typing import Any

import bson
import pymongo
import pytest
import pytest_asyncio
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.son import SON

from motorpool.client import ReadConcern, ReadPreference, WriteConcern
from tests.client.driver_cases import Both, Case, call, each, given, side_by_side

pytestmark = pytest.mark.asyncio(loop_scope="module", loop_factories=["asyncio"])

SET = {"$set": {"a": 1}}
BAD: Any = 5
RAW = RawBSONDocument(bson.encode({"locale": "de"}))
UNANSWERED = {"write_concern": pymongo.WriteConcern(w=0)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both() -> AsyncIterator[Both]:
    async with side_by_side() as both:
        yield both


def bulk(*requests: object) -> Case:
    """Describe a bulk write."""
    return call("bulk_write", list(requests))


FINDS = ("find", "find_one")
UPDATES = ("update_one", "update_many", "find_one_and_update")
REPLACEMENTS = ("replace_one", "find_one_and_replace")
DELETIONS = ("delete_one", "delete_many", "find_one_and_delete")
FIND_ONE_AND = [
    call("find_one_and_update", {}, SET),
    call("find_one_and_replace", {}, {}),
    call("find_one_and_delete", {}),
]

BAD_OPTIONS: list[dict[str, Any]] = [
    {"sort": []},
    {"sort": {}},
    {"sort": 5},
    {"sort": "a"},
    {"sort": [("a", 1.0)]},
    {"sort": [("a",)]},
    {"projection": 5},
    {"projection": [1]},
    {"projection": 1.5},
    {"writeConcern": {"w": -1}},
    {"writeConcern": {"w": 1.5}},
    {"writeConcern": {"j": 1}},
    {"writeConcern": {"w": 0, "j": True}},
]
"""What none of those takes."""

IN_THE_DRIVERS_WORDS = [
    # find and find_one ---------------------------------------------------------------------------
    call("find", 5),
    call("find", [1]),
    call("find", "x"),
    call("find", ("a", 1)),
    *each(
        FINDS,
        given({}, 5),
        given({}, 1.5),
        given({}, [1]),
        given({}, b"ab"),
        given({}, iter(["a"])),
        given({}, [None]),
        given(skip="1"),
        given(skip=1.0),
        given(skip=None),
        given(limit="1"),
        given(limit=1.5),
        given(limit=None),
        given(no_cursor_timeout=1),
        given(no_cursor_timeout=None),
        given(cursor_type=1),
        given(cursor_type="tailable"),
        given(cursor_type=None),
        given(cursor_type=3),
        given(cursor_type=64, limit=5),
        given(allow_partial_results="x"),
        given(allow_partial_results=None),
        given(oplog_replay=1),
        given(oplog_replay=None),
        given(batch_size="5"),
        given(batch_size=1.0),
        given(batch_size=-5),
        given(batch_size=None),
        given(allow_disk_use=1),
        given(allow_disk_use="true"),
        given(collation="de"),
        given(collation=5),
        given(collation=[("locale", "de")]),
        given(collation=RAW),
        given(collation=pymongo.WriteConcern()),
        given(sort=5),
        given(sort="a"),
        given(sort=[("a", 1.0)]),
        given(sort=[(1, 1)]),
        given(sort=[("a", None)]),
        given(sort=[("a",)]),
        given(sort=[("a", 1, 2)]),
        given(sort=[5]),
        given(sort={"a": 1.5}),
        given(sort={1: 1}),
        given(sort={"a"}),
        given(sort={"a": 1}.items()),
        given(hint=5),
        given(hint=[]),
        given(hint={}),
        given(hint=()),
        given(hint=[("a", 1.0)]),
        given(hint=[(5, 1)]),
        given(hint={"a": 1}.items()),
        given(let=5),
        given(let="x"),
        given(let=[]),
        given(let=0),
    ),
    call("find_one", cursor_type=64),
    call("find_one", {"a": 1}, min={"a": 1}),
    call("find_one", {}, max=[("a", 1)]),
    call("find_one", {}, min={"a": 1}, hint=""),
    # Cursors -------------------------------------------------------------------------------------
    *(
        call("find").then(method, *args)
        for method, *args in (
            ("skip", "1"),
            ("skip", -1),
            ("skip", None),
            ("limit", "1"),
            ("limit", 1.5),
            ("limit", None),
            ("batch_size", "1"),
            ("batch_size", -1),
            ("collation", "de"),
            ("collation", RAW),
            ("sort", 5),
            ("sort", None),
            ("sort", 5, 1),
            ("sort", []),
            ("sort", {}),
            ("sort", "a", 1.0),
            ("sort", [("a", [1])]),
            ("sort", [("a",)]),
            ("sort", {"a"}),
            ("hint", 5),
            ("hint", []),
            ("to_list", 0),
            ("to_list", -1),
        )
    ),
    # Counting, distinct, aggregate ---------------------------------------------------------------
    call("count_documents", {}, hint=5),
    call("count_documents", {}, hint=[]),
    call("count_documents", {}, hint=[("a", 1.0)]),
    call("count_documents", {}, collation=5),
    call("count_documents", {}, collation="de"),
    call("estimated_document_count", session=None),
    call("estimated_document_count", session=5),
    call("distinct", 5),
    call("distinct", None),
    call("distinct", ["a"]),
    call("distinct", "a", {}, query={}),
    call("distinct", "a", hint=5),
    call("distinct", "a", hint=[]),
    call("distinct", "a", collation=5),
    call("aggregate", 5),
    call("aggregate", None),
    call("aggregate", ({"$match": {}},)),
    call("aggregate", {"$match": {}}),
    call("aggregate", [], let=5),
    call("aggregate", [], let=[]),
    call("aggregate", [], collation="de"),
    call("aggregate", [], explain=True),
    call("aggregate", [], explain=False),
    call("aggregate", [], aggregate="x"),
    call("aggregate", [], batchSize=-5),
    call("aggregate", [], batchSize="x"),
    call("aggregate", [], batchSize=1.5),
    call("aggregate", [], batchSize=[]),
    # Inserting -----------------------------------------------------------------------------------
    call("insert_one", 5),
    call("insert_one", []),
    call("insert_one", None),
    call("insert_one", "x"),
    call("insert_one", [{}]),
    call("insert_one", {"_id": 1, "a": {1, 2}}),
    call("insert_one", {"_id": 1, "a": object}),
    call("insert_one", {"_id": {1}}),
    call("insert_one", {"a": 1, "_id": object}),
    call("insert_many", [{"_id": 1}, {"_id": {1}}]),
    bulk(pymongo.DeleteOne({}), pymongo.InsertOne({"_id": {1}})),
    bulk(pymongo.UpdateOne({"_id": {1}}, SET), pymongo.InsertOne({"_id": {2}})),
    call("insert_one", {"_id": 1, "a": 2**70}),
    call("insert_one", {"_id": 1, 1: 2}),
    call("insert_one", {"_id": 1, "a": {1: 2}}),
    call("insert_one", {"_id": 1, "a": {None: 2}}),
    call("insert_one", {"_id": 1, "a\0b": 2}),
    call("insert_one", {"_id": 1, "a": {"b\0": 2}}),
    call("insert_many", []),
    call("insert_many", ()),
    call("insert_many", 5),
    call("insert_many", None),
    call("insert_many", {}),
    call("insert_many", {"_id": 1}),
    call("insert_many", SON()),
    call("insert_many", [5]),
    call("insert_many", [{"_id": 1}, 5]),
    call("insert_many", [[]]),
    call("insert_many", "ab"),
    call("insert_many", ""),
    call("insert_many", [{"_id": 1, "a": {1}}]),
    call("insert_many", [{"_id": 1, 1: 1}]),
    call("insert_many", [{"_id": 1, "a\0": 1}]),
    # Updating ------------------------------------------------------------------------------------
    *each(
        UPDATES,
        given({}, {}),
        given({}, []),
        given({}, {"a": 1}),
        given({}, {"": 1}),
        given({}, {"a": 1, "$set": {"a": 1}}),
        given({}, {1: 2}),
        given({}, 5),
        given({}, None),
        given({}, "$set"),
        given({}, (SET,)),
        given(5, SET),
        given(None, SET),
        given([], SET),
        given("x", SET),
        given({}, SET, upsert=1),
        given({}, SET, upsert=0),
        given({}, SET, upsert="x"),
        given({}, SET, array_filters="x"),
        given({}, SET, array_filters={"a": 1}),
        given({}, SET, array_filters=({"x": 1},)),
        given({}, SET, array_filters=5),
        given({}, SET, hint=5),
        given({}, SET, hint=[]),
        given({}, SET, hint={}),
        given({}, SET, hint=[("a", 1.0)]),
        given({}, SET, collation=5),
        given({}, SET, collation="de"),
        given({}, SET, let=5),
        given({}, SET, let=[]),
        given({}, {"$set": {"a": {1}}}),
        given({"a": {1}}, SET),
        given({}, {"$set": {1: 1}}),
    ),
    *each(("update_one", "update_many"), given({}, SET, upsert=None)),
    *each(
        ("update_one",),
        given({}, SET, sort=5),
        given({}, SET, sort=[("a", 1)]),
        given({}, SET, sort="a"),
    ),
    *(call("find_one_and_update", {}, SET, return_document=value) for value in (1, "after", None)),
    *(
        Case(((method, args, {**options, **more}),))
        for case in FIND_ONE_AND
        for method, args, options in case.steps
        for more in BAD_OPTIONS
    ),
    *each(
        REPLACEMENTS,
        given({}, SET),
        given({}, {"$a": 1, "b": 1}),
        given({}, 5),
        given({}, None),
        given({}, []),
        given({}, [SET]),
        given({}, {1: 2}),
        given({}, {"_id": 1, "a": {1}}),
        given(5, {}),
        given(None, {}),
        given([], {}),
        given({}, {}, upsert=1),
        given({}, {}, upsert="x"),
        given({}, {}, hint=5),
        given({}, {}, hint=[]),
        given({}, {}, collation=5),
        given({}, {}, let=5),
    ),
    *each(("replace_one",), given({}, {}, upsert=None), given({}, {}, sort=[("a", 1)])),
    *(call("find_one_and_replace", {}, {}, return_document=value) for value in (1, "after", None)),
    # Deleting ------------------------------------------------------------------------------------
    *each(
        DELETIONS,
        given(5),
        given(None),
        given([]),
        given("x"),
        given({}, hint=5),
        given({}, hint=[]),
        given({}, hint={}),
        given({}, collation=5),
        given({}, collation=RAW),
        given({}, let=5),
        given({"a": {1}}),
        given({1: 1}),
    ),
    # Bulk writes ---------------------------------------------------------------------------------
    call("bulk_write", 5),
    call("bulk_write", None),
    call("bulk_write", []),
    call("bulk_write", {}),
    call("bulk_write", (pymongo.DeleteOne({}),)),
    call("bulk_write", [pymongo.InsertOne({"_id": 1})], let=5),
    call("bulk_write", [pymongo.InsertOne({"_id": 1})], let=[]),
    call("bulk_write", [5], let=5),
    bulk(5),
    bulk({}),
    bulk(None),
    bulk(pymongo.InsertOne({"_id": 1}), 5),
    bulk(pymongo.InsertOne(BAD)),
    bulk(pymongo.InsertOne({"_id": 1, "a": {1}})),
    bulk(pymongo.InsertOne({"_id": 1, BAD: 1})),
    bulk(pymongo.UpdateOne({}, {})),
    bulk(pymongo.UpdateOne({}, {"a": 1})),
    bulk(pymongo.UpdateOne({}, {BAD: 1})),
    bulk(pymongo.UpdateOne({}, BAD)),
    bulk(pymongo.UpdateMany({}, [])),
    bulk(pymongo.UpdateOne({}, SET, collation=BAD)),
    bulk(pymongo.UpdateMany({}, SET, collation=BAD)),
    bulk(pymongo.DeleteOne({}, collation=BAD)),
    bulk(pymongo.DeleteMany({}, collation=BAD)),
    bulk(pymongo.ReplaceOne({}, SET)),
    bulk(pymongo.ReplaceOne({}, BAD)),
    bulk(pymongo.ReplaceOne({}, {}, collation=BAD)),
    # with_options --------------------------------------------------------------------------------
    *each(
        ("with_options",),
        given(5),
        given("x"),
        given({"tz_aware": True}),
        given(CodecOptions),
        given(read_preference=5),
        given(read_preference="secondary"),
        given(read_preference=pymongo.ReadPreference),
        given(read_preference=pymongo.WriteConcern()),
        given(read_preference=ReadConcern()),
        given(write_concern=5),
        given(write_concern={"w": 1}),
        given(write_concern="majority"),
        given(write_concern=pymongo.ReadPreference.PRIMARY),
        given(write_concern=ReadConcern()),
        given(read_concern=5),
        given(read_concern="majority"),
        given(read_concern={"level": "local"}),
        given(read_concern=WriteConcern(1)),
        given(5, 5, 5, 5),
        given(None, 5, 5, 5),
        given(None, None, 5, 5),
    ),
    # Writes that nobody answers ------------------------------------------------------------------
    *(
        call("with_options", **UNANSWERED).then(method, *args, **options)
        for method, args, options in (
            ("update_one", ({}, SET), {"collation": {"locale": "de"}}),
            ("update_many", ({}, SET), {"collation": {"locale": "de"}}),
            ("update_one", ({}, SET), {"array_filters": [{"x": 1}]}),
            ("update_many", ({}, SET), {"array_filters": []}),
            ("replace_one", ({}, {}), {"collation": {"locale": "de"}}),
            ("delete_one", ({},), {"collation": {"locale": "de"}}),
            ("delete_many", ({},), {"collation": {"locale": "de"}}),
            ("find_one_and_update", ({}, SET), {"array_filters": [{"x": 1}]}),
            ("bulk_write", ([pymongo.UpdateOne({}, SET, collation={"locale": "de"})],), {}),
            ("bulk_write", ([pymongo.DeleteOne({}, collation={"locale": "de"})],), {}),
            ("bulk_write", ([pymongo.UpdateOne({}, SET, array_filters=[{"x": 1}])],), {}),
            ("bulk_write", ([pymongo.DeleteOne({})],), {"bypass_document_validation": True}),
        )
    ),
    call("find_one_and_update", {}, SET, array_filters=[{"x": 1}], writeConcern={"w": 0}),
    # A collection is no method -------------------------------------------------------------------
    call("__call__"),
    call("no_such_method"),
    call("no_such_method", 5, x=1),
    call("__getitem__", "a.b").then("__call__"),
    call("__getitem__", "a").then("no_such_method"),
    call("__getitem__", "a..b"),
    call("__getitem__", "a$b"),
    call("__getattr__", "_x"),
    call("next"),
    call("__next__"),
    call("__bool__"),
]
"""Ours says word for word what the driver says, but for the names of classes."""


def in_our_names(words: str) -> str:
    """Return the driver's words with our names of the classes that they name."""
    words = words.replace("an 'AsyncDatabase'", "a 'Database'")
    return words.replace("AsyncCollection", "Collection")


@pytest.mark.parametrize("case", IN_THE_DRIVERS_WORDS, ids=str)
async def test_a_refusal_is_the_drivers_in_the_drivers_words(both: Both, case: Case) -> None:
    before = both.invocations
    drivers, ours = await both.driver(case), await both.ours(case)

    assert isinstance(drivers, Exception)
    assert type(ours) is type(drivers)
    assert both.invocations == before
    assert str(ours) == in_our_names(str(drivers))


@pytest.mark.parametrize(
    "case",
    [
        *each(FINDS, given(nonsense=1), given(skip=1, nonsense=None)),
        call("find", *range(30)),
        call("find").then("max_time_ms", "5"),
        call("find").then("max_time_ms", 5.0),
        call("find").then("allow_disk_use", 1),
        call("aggregate", [], [], [], [], []),
        call("aggregate"),
        call("count_documents"),
        call("count_documents", {}, None, None, 5),
        call("insert_one"),
        call("insert_one", {"_id": 1}, None, None, None, 5),
        call("insert_one", {"_id": 1}, nonsense=1),
        call("insert_many", [{"_id": 1}], nonsense=1),
        *each(
            ("update_one", "update_many"),
            given({}),
            given({}, SET, nonsense=1),
            given({}, SET, bypassDocumentValidation=True),
            given({}, SET, maxTimeMS=5),
        ),
        call("update_many", {}, SET, sort={"a": 1}),
        call("replace_one", {}, {}, array_filters=[{}]),
        call("replace_one", {}, {}, nonsense=1),
        call("delete_one", {}, sort={"a": 1}),
        call("delete_many", {}, nonsense=1),
        call("bulk_write", [pymongo.InsertOne({"_id": 1})], nonsense=1),
        call("with_options", nonsense=1),
    ],
    ids=str,
)
async def test_a_refusal_is_of_the_drivers_class_in_words_of_our_own(
    both: Both, case: Case
) -> None:
    before = both.invocations
    drivers, ours = await both.driver(case), await both.ours(case)

    assert isinstance(drivers, Exception)
    assert type(ours) is type(drivers)
    assert both.invocations == before


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        # What is no document: the server would refuse it.
        (bulk(pymongo.UpdateOne(None, SET)), TypeError),  # type: ignore[arg-type]
        (bulk(pymongo.DeleteOne(None)), TypeError),  # type: ignore[arg-type]
        # The protocol's types are strict (docs/protocol.md); the server would refuse most of these.
        (call("find_one", {}, skip=True), TypeError),
        (call("find_one", {}, limit=True), TypeError),
        (call("find_one", {}, batch_size=True), TypeError),
        (call("find_one", {}, max_time_ms="5"), TypeError),
        (call("find_one", {}, max_time_ms=5.0), TypeError),
        (call("find_one", {}, return_key=1), TypeError),
        (call("find_one", {}, show_record_id=1), TypeError),
        (call("find_one", {}, min=5, hint="a_1"), TypeError),
        (call("find").then("to_list", "5"), TypeError),
        (call("count_documents", {}, skip="5"), TypeError),
        (call("insert_one", {"_id": 1}, bypass_document_validation="x"), TypeError),
        (call("insert_many", [{"_id": 1}], ordered=1), TypeError),
        (call("bulk_write", [pymongo.InsertOne({"_id": 1})], ordered=1), TypeError),
        (call("find_one_and_update", {}, SET, maxTimeMS="5"), TypeError),
        # What is not in the protocol is named, never ignored (its rule 3).
        (call("find_one", {}, cursor_type=2), TypeError),
        (call("count_documents", {}, nonsense=1), TypeError),
        (call("estimated_document_count", query={}), TypeError),
        (call("distinct", "a", nonsense=1), TypeError),
        (call("aggregate", [], cursor={"nonsense": 1}), TypeError),
        (call("find_one_and_update", {}, SET, nonsense=1), TypeError),
        (call("find_one_and_update", {}, SET, fields={}), TypeError),
        # It streams over a connection of its own, and the proxy's are shared.
        (call("find", cursor_type=64).then("to_list"), NotImplementedError),
        # The proxy's driver sees a plain document, in which it looks for operators.
        (call("replace_one", {}, RawBSONDocument(bson.encode(SET))), ValueError),
    ],
    ids=str,
)
async def test_some_things_that_the_driver_sends_are_refused_on_purpose(
    both: Both, case: Case, expected: type[Exception]
) -> None:
    before = both.invocations

    # Or it is the server that refuses what the driver has sent: the recording one agrees to all.
    assert isinstance(await both.driver(case), list)
    assert type(await both.ours(case)) is expected
    assert both.invocations == before


@pytest.mark.parametrize(
    "case",
    [
        *each(FINDS, given({}, session=5)),
        call("aggregate", [], session=5),
        call("aggregate", [], 5),
        call("count_documents", {}, session=5),
        call("count_documents", {}, 5),
        call("distinct", "a", session=5),
        call("insert_one", {}, session=5),
        call("insert_many", [{}], session=5),
        *each(UPDATES, given({}, SET, session=5)),
        *each(REPLACEMENTS, given({}, {}, session=5)),
        *each(DELETIONS, given({}, session=5)),
        call("bulk_write", [pymongo.DeleteOne({})], session=5),
    ],
    ids=str,
)
async def test_a_session_is_refused_by_name(both: Both, case: Case) -> None:
    refused = await both.ours(case)

    assert type(refused) is NotImplementedError
    assert "session" in str(refused)


@pytest.mark.parametrize("method", ["find", "aggregate", "find_one"])
async def test_only_a_finds_arguments_are_refused_at_the_call(both: Both, method: str) -> None:
    args: Any = (5, 5)

    if method == "find":
        with pytest.raises(TypeError):
            both.collection.find(*args)
    else:
        waiting = getattr(both.collection, method)(*args)
        with pytest.raises((TypeError, NotImplementedError)):
            await waiting


async def test_a_preference_of_ours_is_no_concern(both: Both) -> None:
    with pytest.raises(TypeError):
        both.collection.with_options(write_concern=ReadPreference.NEAREST)
