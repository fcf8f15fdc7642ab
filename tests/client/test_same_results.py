"""What writes do to the caller's documents, and what they return, is what the driver's do."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import bson
import pymongo
import pytest
import pytest_asyncio
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from bson.son import SON

from motorpool.client import WriteConcern
from tests.client.driver_cases import Both, side_by_side

pytestmark = pytest.mark.asyncio(loop_scope="module", loop_factories=["asyncio"])

SET = {"$set": {"a": 1}}
RAW = RawBSONDocument(bson.encode({"a": 1}))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both() -> AsyncIterator[Both]:
    async with side_by_side() as both:
        yield both


def shape(value: Any) -> Any:
    """Return a value with every made id told by the order in which it first comes."""
    seen: dict[Any, str] = {}

    def of(value: Any) -> Any:
        if isinstance(value, ObjectId):
            return seen.setdefault(value, f"made {len(seen)}")
        if isinstance(value, dict):
            return type(value).__name__, [(key, of(item)) for key, item in value.items()]
        return [of(item) for item in value] if isinstance(value, list | tuple) else value

    return of(value)


def same_twice() -> list[Any]:
    """Return one and the same document, twice."""
    document = {"a": 1}
    return [document, document]


DOCUMENTS: dict[str, Callable[[], list[Any]]] = {
    "without an _id": lambda: [{"a": 1, "b": 2}],
    "with an _id in the middle": lambda: [{"a": 1, "_id": 5, "b": 2}],
    "with an _id of None": lambda: [{"_id": None}],
    "an empty one": lambda: [{}],
    "SON": lambda: [SON([("b", 1), ("a", 2)])],
    "several": lambda: [{"a": 1}, {"_id": 2}, {"a": 3}],
    "the same one twice": same_twice,
    "one that is no document at the end": lambda: [{"a": 1}, 5],
    "one that is no document at first": lambda: [5, {"a": 1}],
    "one that cannot be encoded": lambda: [{"a": 1}, {"a": {1}}, {"a": 2}],
    "raw ones": lambda: [RAW, RAW],
}


async def outcome(call: Callable[[], Any]) -> Any:
    """Return what a call gives, or the class of what it raises."""
    try:
        result = await call()
    except Exception as error:  # noqa: BLE001 - it is the outcome
        return type(error)
    return getattr(result, "inserted_ids", getattr(result, "inserted_id", None))


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("form", [list, tuple, iter], ids=["list", "tuple", "iterator"])
async def test_insert_many_leaves_the_callers_documents_as_the_driver_does(
    both: Both, name: str, form: Callable[[list[Any]], Any]
) -> None:
    shapes = []
    for collection in both.collections:
        documents = DOCUMENTS[name]()
        ids = await outcome(lambda: collection.insert_many(form(documents)))  # noqa: B023 - now
        shapes.append(shape([documents, ids]))

    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_insert_one_leaves_the_callers_document_as_the_driver_does(
    both: Both, name: str
) -> None:
    shapes = []
    for collection in both.collections:
        document = DOCUMENTS[name]()[-1]
        first = await outcome(lambda: collection.insert_one(document))  # noqa: B023 - now
        again = await outcome(lambda: collection.insert_one(document))  # noqa: B023 - now
        shapes.append(shape([document, first, again]))

    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_bulk_write_leaves_the_callers_documents_as_the_driver_does(
    both: Both, name: str
) -> None:
    shapes = []
    for collection in both.collections:
        documents = DOCUMENTS[name]()
        requests = [pymongo.InsertOne(document) for document in documents]
        raised = await outcome(lambda: collection.bulk_write(requests))  # noqa: B023 - now
        shapes.append(shape([documents, raised]))

    assert shapes[0] == shapes[1]


WRITES: dict[str, Callable[[Any], Any]] = {
    "insert_one": lambda c: c.insert_one({"_id": 1}),
    "insert_many": lambda c: c.insert_many([{"_id": 1}, {"_id": 2}]),
    "insert_many, unordered": lambda c: c.insert_many([{"_id": 1}], ordered=False),
    "update_one": lambda c: c.update_one({}, SET),
    "update_many": lambda c: c.update_many({}, SET),
    "replace_one": lambda c: c.replace_one({}, {}),
    "delete_one": lambda c: c.delete_one({}),
    "delete_many": lambda c: c.delete_many({}),
    "bulk_write": lambda c: c.bulk_write([pymongo.DeleteOne({})]),
    "bulk_write, unordered": lambda c: c.bulk_write([pymongo.DeleteOne({})], ordered=False),
    "find_one_and_update": lambda c: c.find_one_and_update({}, SET),
}
ATTRIBUTES = (
    *("acknowledged", "inserted_id", "inserted_ids", "matched_count", "modified_count"),
    *("upserted_id", "did_upsert", "raw_result", "deleted_count", "inserted_count"),
    *("upserted_count", "upserted_ids", "bulk_api_result"),
)


def read(result: Any) -> dict[str, Any]:
    """Return every attribute of a result, or the refusal of it."""
    facts: dict[str, Any] = {"repr": repr(result), "class": type(result).__name__}
    for name in ATTRIBUTES:
        try:
            facts[name] = getattr(result, name)
        except Exception as error:  # noqa: BLE001 - it is what the attribute says
            facts[name] = (type(error), str(error))
    return facts


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("w", [0, 1])
async def test_a_result_reads_as_the_drivers_whether_or_not_it_was_acknowledged(
    both: Both, name: str, w: int
) -> None:
    drivers, ours = both.collections
    concerned = (
        drivers.with_options(write_concern=pymongo.WriteConcern(w)),
        ours.with_options(write_concern=WriteConcern(w)),
    )

    results = [read(await WRITES[name](collection)) for collection in concerned]
    for facts in results:
        for name_of, said in facts.items():
            if isinstance(said, tuple):  # Python's own words name the class
                facts[name_of] = (said[0], said[1].replace("motorpool.client", "pymongo"))

    if not w:  # the driver has an `assert` where it has a message for every other attribute
        for facts in results:
            facts.pop("did_upsert")

    assert results[1] == results[0]
