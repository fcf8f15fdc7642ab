"""What writes return has the attributes, the repr and the refusals of `pymongo.results`."""

import inspect
from typing import Any

import pymongo.results
import pytest
from pymongo.errors import InvalidOperation

from motorpool.batching import envelope
from motorpool.client import (
    BulkWriteResult,
    DeleteResult,
    InsertManyResult,
    InsertOneResult,
    ProxyClient,
    UpdateOne,
    UpdateResult,
)
from tests.both_loops import ONE_LOOP
from tests.client.fakes import Batch, FakeTransport, response

CLASSES: list[tuple[type[Any], type[Any]]] = [
    (InsertOneResult, pymongo.results.InsertOneResult),
    (InsertManyResult, pymongo.results.InsertManyResult),
    (UpdateResult, pymongo.results.UpdateResult),
    (DeleteResult, pymongo.results.DeleteResult),
    (BulkWriteResult, pymongo.results.BulkWriteResult),
]

BULK = {
    "writeErrors": [],
    "writeConcernErrors": [],
    "nInserted": 1,
    "nUpserted": 2,
    "nMatched": 3,
    "nModified": 4,
    "nRemoved": 5,
    "upserted": [{"index": 0, "_id": "a"}, {"index": 3, "_id": None}],
}

RAW = [
    (InsertOneResult, pymongo.results.InsertOneResult, 5),
    (InsertOneResult, pymongo.results.InsertOneResult, None),
    (InsertManyResult, pymongo.results.InsertManyResult, [1, "b", None]),
    (UpdateResult, pymongo.results.UpdateResult, {"n": 2, "nModified": 1, "ok": 1.0}),
    (
        UpdateResult,
        pymongo.results.UpdateResult,
        {"n": 1, "nModified": 0, "upserted": 7, "updatedExisting": False},
    ),
    (UpdateResult, pymongo.results.UpdateResult, {"n": 1, "nModified": 0, "upserted": None}),
    (DeleteResult, pymongo.results.DeleteResult, {"n": 3, "ok": 1.0}),
    (DeleteResult, pymongo.results.DeleteResult, {}),
    (BulkWriteResult, pymongo.results.BulkWriteResult, BULK),
    (BulkWriteResult, pymongo.results.BulkWriteResult, {**BULK, "upserted": []}),
]


def attributes(cls: type) -> list[str]:
    """Return the names of a class's public properties."""
    return [
        name
        for name, value in inspect.getmembers(cls)
        if not name.startswith("_") and isinstance(value, property)
    ]


@pytest.mark.parametrize(("ours", "drivers"), CLASSES)
def test_every_attribute_of_the_drivers_is_there_and_no_other(ours: type, drivers: type) -> None:
    assert attributes(ours) == attributes(drivers)


@pytest.mark.parametrize(("ours", "drivers", "raw"), RAW)
def test_attributes_and_repr_are_the_drivers_for_the_same_reply(
    ours: Any, drivers: Any, raw: Any
) -> None:
    one, other = ours(raw, acknowledged=True), drivers(raw, acknowledged=True)

    assert [getattr(one, name) for name in attributes(ours)] == [
        getattr(other, name) for name in attributes(drivers)
    ]
    assert repr(one) == repr(other)


UNACKNOWLEDGED = [
    (InsertOneResult, pymongo.results.InsertOneResult, 5),
    (InsertManyResult, pymongo.results.InsertManyResult, [1, 2]),
    (UpdateResult, pymongo.results.UpdateResult, None),
    (DeleteResult, pymongo.results.DeleteResult, {}),
    (BulkWriteResult, pymongo.results.BulkWriteResult, {}),
]


@pytest.mark.parametrize(("ours", "drivers", "raw"), UNACKNOWLEDGED)
def test_attributes_refuse_as_the_drivers_where_the_write_is_unacknowledged(
    ours: Any, drivers: Any, raw: Any
) -> None:
    def read(result: Any, name: str) -> object:
        try:
            return getattr(result, name)
        except InvalidOperation as error:
            return str(error)

    one, other = ours(raw, acknowledged=False), drivers(raw, acknowledged=False)
    # The driver's own fails there by an assertion.
    names = [name for name in attributes(ours) if name != "did_upsert"]

    assert [read(one, name) for name in names] == [read(other, name) for name in names]
    assert repr(one) == repr(other)


def test_whether_an_unacknowledged_update_has_upserted_is_refused_like_the_rest() -> None:
    with pytest.raises(InvalidOperation, match="A value for did_upsert is not available"):
        _ = UpdateResult(None, acknowledged=False).did_upsert


@pytest.mark.parametrize(("ours", "_drivers"), CLASSES)
def test_results_cannot_be_changed(ours: Any, _drivers: Any) -> None:
    result = ours({}, acknowledged=True)

    for name in attributes(ours):
        with pytest.raises(AttributeError):
            setattr(result, name, 1)


@ONE_LOOP
async def test_unacknowledged_writes_come_through_the_client_as_such() -> None:
    def unacknowledged(batch: Batch) -> bytes:
        return response(*(envelope.success(asked.id, {"acknowledged": False}) for asked in batch))

    users = ProxyClient(transport=FakeTransport(unacknowledged)).shop.users
    calls: list[Any] = [
        users.insert_one({"_id": 1}),
        users.insert_many([{"_id": 1}]),
        users.update_one({}, {"$set": {"a": 1}}),
        users.replace_one({}, {}),
        users.delete_many({}),
        users.bulk_write([UpdateOne({}, {"$set": {"a": 1}})]),
    ]

    assert [repr(await call) for call in calls] == [
        "InsertOneResult(1, acknowledged=False)",
        "InsertManyResult([1], acknowledged=False)",
        "UpdateResult(None, acknowledged=False)",
        "UpdateResult(None, acknowledged=False)",
        "DeleteResult({'ok': 1}, acknowledged=False)",
        "BulkWriteResult({}, acknowledged=False)",
    ]


@ONE_LOOP
async def test_results_of_the_embedded_database_are_those_of_pymongo(
    embedded: ProxyClient,
) -> None:
    users = embedded.shop.users

    inserted = await users.insert_many([{"_id": n, "n": n} for n in range(4)])
    updated = await users.update_many({"n": {"$gt": 1}}, {"$set": {"a": 1}})
    upserted = await users.update_one({"_id": 9}, {"$set": {"a": 1}}, upsert=True)
    replaced = await users.replace_one({"_id": 0}, {"b": 1})
    deleted = await users.delete_many({"n": {"$lt": 3}})

    assert inserted.inserted_ids == [0, 1, 2, 3]
    assert (updated.matched_count, updated.modified_count, updated.upserted_id) == (2, 2, None)
    assert (upserted.matched_count, upserted.upserted_id, upserted.did_upsert) == (0, 9, True)
    assert replaced.matched_count == 1
    assert deleted.deleted_count == 2
    assert await users.find_one(0) == {"_id": 0, "b": 1}
