"""Bad arguments raise what the driver raises, and in its words where a module claims so.

Nothing is sent in either case, by ours not even to the proxy. What differs on purpose stands in
the last two tables.
"""

from collections.abc import AsyncIterator
from typing import Any

import bson
import pymongo
import pytest
import pytest_asyncio
from bson.errors import InvalidDocument
from bson.raw_bson import RawBSONDocument
from pymongo.errors import InvalidOperation

from tests.client.driver_cases import Both, Case, call, each, given, side_by_side

pytestmark = pytest.mark.asyncio(loop_scope="module", loop_factories=["asyncio"])

SET = {"$set": {"a": 1}}
BAD: Any = 5


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both() -> AsyncIterator[Both]:
    async with side_by_side() as both:
        yield both


def bulk(*requests: object) -> Case:
    """Describe a bulk write."""
    return call("bulk_write", list(requests))


IN_THE_DRIVERS_WORDS = [
    call("find", 5),
    call("find", [1]),
    call("find", {}, 5),
    call("find", {}, [1]),
    call("find", batch_size="5"),
    call("find", batch_size=-5),
    call("find", allow_disk_use=1),
    call("find", allow_partial_results="x"),
    call("find", no_cursor_timeout=1),
    call("find", collation="de"),
    call("find", sort=5),
    call("find", sort=[("a", 1.0)]),
    call("find", sort=[(1, 1)]),
    call("find", hint=5),
    call("find", hint=[]),
    call("find").then("skip", "1"),
    call("find").then("skip", -1),
    call("find").then("limit", "1"),
    call("find").then("limit", 1.5),
    call("find").then("batch_size", "1"),
    call("find").then("batch_size", -1),
    call("find").then("collation", "de"),
    call("find").then("sort", 5, 1),
    call("find").then("sort", []),
    call("find").then("sort", "a", 1.0),
    call("find").then("sort", [("a", [1])]),
    call("find").then("hint", 5),
    call("find").then("hint", []),
    call("find").then("to_list", 0),
    call("find").then("to_list", -1),
    call("count_documents", {}, hint=5),
    call("count_documents", {}, collation=5),
    call("distinct", 5),
    call("distinct", "a", hint=5),
    call("distinct", "a", collation=5),
    call("aggregate", 5),
    call("aggregate", ({"$match": {}},)),
    call("aggregate", {"$match": {}}),
    call("aggregate", [], let=5),
    call("aggregate", [], collation="de"),
    call("insert_one", 5),
    call("insert_one", []),
    call("insert_one", None),
    call("insert_many", []),
    call("insert_many", 5),
    call("insert_many", None),
    call("insert_many", {}),
    call("insert_many", {"_id": 1}),
    call("insert_many", [5]),
    call("insert_many", "ab"),
    *each(
        ("update_one", "update_many", "find_one_and_update"),
        given({}, {}),
        given({}, []),
        given({}, {"a": 1}),
        given({}, {"": 1}),
        given({}, 5),
        given({}, None),
        given({}, "$set"),
        given({}, (SET,)),
        given(5, SET),
        given(None, SET),
        given({}, SET, upsert=1),
        given({}, SET, upsert=0),
        given({}, SET, upsert="x"),
        given({}, SET, array_filters="x"),
        given({}, SET, array_filters={"a": 1}),
        given({}, SET, array_filters=({"x": 1},)),
        given({}, SET, hint=5),
        given({}, SET, collation=5),
        given({}, SET, let=5),
    ),
    *(call("find_one_and_update", {}, SET, return_document=value) for value in (1, "after", None)),
    call("find_one_and_update", {}, SET, 5),
    call("find_one_and_update", {}, SET, sort=[]),
    call("find_one_and_update", {}, SET, sort=5),
    *each(
        ("replace_one", "find_one_and_replace"),
        given({}, SET),
        given({}, 5),
        given({}, None),
        given({}, []),
        given(5, {}),
        given({}, {}, upsert=1),
        given({}, {}, hint=5),
        given({}, {}, let=5),
    ),
    *each(
        ("delete_one", "delete_many", "find_one_and_delete"),
        given(5),
        given(None),
        given({}, hint=5),
        given({}, hint=[]),
        given({}, collation=5),
    ),
    call("bulk_write", 5),
    call("bulk_write", None),
    call("bulk_write", []),
    call("bulk_write", (pymongo.DeleteOne({}),)),
    bulk(5),
    bulk({}),
    bulk(pymongo.InsertOne(BAD)),
    bulk(pymongo.UpdateOne({}, {})),
    bulk(pymongo.UpdateOne({}, {"a": 1})),
    bulk(pymongo.UpdateOne({}, BAD)),
    bulk(pymongo.ReplaceOne({}, SET)),
    bulk(pymongo.UpdateOne({}, SET, collation=BAD)),
]
"""Ours begins with the driver's whole message, and may add what was given instead."""


@pytest.mark.parametrize("case", IN_THE_DRIVERS_WORDS, ids=str)
async def test_a_refusal_is_the_drivers_in_the_drivers_words(both: Both, case: Case) -> None:
    before = both.invocations
    drivers, ours = await both.driver(case), await both.ours(case)

    assert isinstance(drivers, Exception)
    assert type(ours) is type(drivers)
    assert both.invocations == before
    assert str(ours).startswith(str(drivers))


@pytest.mark.parametrize(
    "case",
    [
        call("find", skip="1"),
        call("find", skip=1.0),
        call("find", limit="1"),
        call("find", let=5),
        call("find", sort=[("a",)]),
        call("find", sort=[("a", 1, 2)]),
        call("find", nonsense=1),
        call("find").then("sort", 5),
        call("find").then("sort", None),
        call("find").then("max_time_ms", "5"),
        call("find").then("max_time_ms", 5.0),
        call("find").then("allow_disk_use", 1),
        call("aggregate", [], batchSize=-5),
        call("aggregate", [5]),
        call("count_documents"),
        call("insert_one", {"_id": 1, "a": {1, 2}}),
        call("insert_one", {"_id": 1, "a": 2**70}),
        call("insert_one", {"_id": 1, 1: 2}),
        call("insert_one", {"_id": 1, "a\0b": 2}),
        call("insert_many", [{"_id": 1, "a": {1}}]),
        call("update_one", {}, {"$set": {"a": {1}}}),
        call("update_one", {}, {1: 2}),
        call("update_one", {}, SET, nonsense=1),
        call("update_one", {}, SET, bypassDocumentValidation=True),
        call("update_one", {}, SET, sort=5),
        call("update_many", {}, SET, sort={"a": 1}),
        call("replace_one", {}, {1: 2}),
        call("replace_one", {}, {}, array_filters=[{}]),
        call("delete_one", {}, sort={"a": 1}),
        call("delete_one", {}, let=5),
        call("bulk_write", [pymongo.InsertOne({"_id": 1})], let=5),
        bulk(pymongo.InsertOne({"_id": 1, "a": {1}})),
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
        # An empty value that is no document: the driver takes it for no filter at all.
        (call("find", "").then("to_list"), TypeError),
        (call("find", []).then("to_list"), TypeError),
        (call("find", 0).then("to_list"), TypeError),
        (call("count_documents", 5), TypeError),
        (call("count_documents", None), TypeError),
        (call("distinct", "a", 5), TypeError),
        # Of a single string the driver takes each letter for a field.
        (call("find_one", {}, "name"), TypeError),
        (call("find_one_and_update", {}, SET, "name"), TypeError),
        # The protocol's types are strict (docs/protocol.md); the server would refuse most of these.
        (call("find_one", {}, skip=-1), ValueError),
        (call("find_one", {}, skip=True), TypeError),
        (call("find_one", {}, max_time_ms="5"), TypeError),
        (call("find_one", {}, max_time_ms=5.0), TypeError),
        (call("find_one", {}, return_key=1), TypeError),
        (call("find").then("to_list", "5"), TypeError),
        (call("aggregate", [], batchSize="5"), TypeError),
        (call("insert_one", {"_id": 1}, bypass_document_validation="x"), TypeError),
        (call("insert_many", [{"_id": 1}], ordered=1), TypeError),
        (call("bulk_write", [pymongo.InsertOne({"_id": 1})], ordered=1), TypeError),
        # What is not in the protocol is named, never ignored (its rule 3).
        (call("find_one", {}, limit=5), TypeError),
        (call("find", cursor_type=2).then("to_list"), TypeError),
        (call("find_one_and_update", {}, SET, nonsense=1), TypeError),
        # The proxy's driver sees a plain document, in which it looks for operators.
        (call("replace_one", {}, RawBSONDocument(bson.encode(SET))), ValueError),
    ],
    ids=str,
)
async def test_some_things_that_the_driver_sends_are_refused_on_purpose(
    both: Both, case: Case, expected: type[Exception]
) -> None:
    assert isinstance(await both.driver(case), list)
    assert type(await both.ours(case)) is expected


@pytest.mark.parametrize(
    ("case", "drivers", "command"),
    [
        # A sort has one form everywhere; the driver takes a name in a cursor's `sort` only.
        (call("find_one", {}, sort="a"), TypeError, {"sort": {"a": 1}}),
        (call("find_one_and_delete", {}, sort="a"), TypeError, {"sort": {"a": 1}}),
        (call("update_one", {}, SET, upsert=None), TypeError, {"update": "items"}),
    ],
    ids=str,
)
async def test_some_things_that_the_driver_refuses_are_taken_on_purpose(
    both: Both, case: Case, drivers: type[Exception], command: dict[str, Any]
) -> None:
    refused, sent = await both.driver(case), await both.ours(case)

    assert type(refused) is drivers
    assert isinstance(sent, list)
    assert command.items() <= sent[0].items()


async def test_classes_that_differ_are_both_caught_as_what_they_are(both: Both) -> None:
    nothing = call("insert_many", iter(()))

    assert type(await both.driver(nothing)) is InvalidOperation
    assert type(await both.ours(nothing)) is TypeError


async def test_a_value_that_is_not_bson_is_refused_when_it_is_encoded(both: Both) -> None:
    case = call("find_one", {"a": {1, 2}})

    assert type(await both.driver(case)) is InvalidDocument
    assert type(await both.ours(case)) is InvalidDocument
