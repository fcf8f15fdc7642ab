"""bulk_write, ordered and unordered, with requests of the driver's classes and of the client's."""

# One case, one line.
# ruff: noqa: E501
# fmt: off

from typing import Any

from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from motorpool import client as motorpool_client
from tests.integration.cases.table import Cases

case = Cases(read_only=False)

CASELESS = {"locale": "en", "strength": 2}
SET = {"$set": {"hit": 1}}

case("bulk insert", lambda c: c.bulk_write([InsertOne({"_id": 100}), InsertOne({"_id": 101})]))
case("bulk insert gets an _id", lambda c: c.bulk_write([InsertOne({"a": 1})]))
case("bulk update_one", lambda c: c.bulk_write([UpdateOne({"_id": 1}, SET)]))
case("bulk update_one of none", lambda c: c.bulk_write([UpdateOne({"_id": 100}, SET)]))
case("bulk update_one upserting", lambda c: c.bulk_write([UpdateOne({"_id": 100}, SET, upsert=True)]))
case("bulk update_one upserting a made _id", lambda c: c.bulk_write([UpdateOne({"name": "new"}, SET, upsert=True), UpdateOne({"_id": 1}, SET)]))
case("bulk update_one with array_filters", lambda c: c.bulk_write([UpdateOne({"_id": 7}, {"$set": {"grades.$[e].k": 0}}, array_filters=[{"e.g": 5}])]))
case("bulk update_one with hint", lambda c: c.bulk_write([UpdateOne({"n": 4}, SET, hint="n_1")]))
case("bulk update_one with hint by keys", lambda c: c.bulk_write([UpdateOne({"n": 4}, SET, hint=[("n", 1)])]))
case("bulk update_one with collation", lambda c: c.bulk_write([UpdateOne({"name": "ANCHOR"}, SET, collation=CASELESS)]))
case("bulk update_one with sort", lambda c: c.bulk_write([UpdateOne({"n": {"$gt": 0}}, SET, sort={"n": -1})]))
case("bulk update_one by a pipeline", lambda c: c.bulk_write([UpdateOne({"_id": 1}, [{"$set": {"m": "$n"}}])]))
case("bulk update_many", lambda c: c.bulk_write([UpdateMany({"n": 1}, SET)]))
case("bulk update_many upserting", lambda c: c.bulk_write([UpdateMany({"_id": 100}, SET, upsert=True)]))
case("bulk update_many of the same", lambda c: c.bulk_write([UpdateMany({"n": 1}, {"$set": {"n": 1}})]))
case("bulk replace", lambda c: c.bulk_write([ReplaceOne({"_id": 1}, {"a": 1})]))
case("bulk replace upserting", lambda c: c.bulk_write([ReplaceOne({"_id": 100}, {"a": 1}, upsert=True)]))
case("bulk replace with sort", lambda c: c.bulk_write([ReplaceOne({"n": {"$gt": 0}}, {"a": 1}, sort={"n": -1})]))
case("bulk delete_one", lambda c: c.bulk_write([DeleteOne({"n": 1})]))
case("bulk delete_many", lambda c: c.bulk_write([DeleteMany({"n": 1})]))
case("bulk delete with collation", lambda c: c.bulk_write([DeleteMany({"name": "BOLT"}, collation=CASELESS)]))
case("bulk delete with hint", lambda c: c.bulk_write([DeleteOne({"n": 4}, hint="n_1")]))
case("bulk inserts and deletes", lambda c: c.bulk_write([InsertOne({"_id": 100}), DeleteOne({"_id": 1}), DeleteMany({"n": 5})]))


def every_kind(models: Any) -> list[Any]:
    return [
        models.InsertOne({"_id": 100, "n": 1}),
        models.UpdateOne({"_id": 1}, {"$inc": {"n": 1}}),
        models.UpdateMany({"n": 1}, SET),
        models.ReplaceOne({"_id": 3}, {"a": 1}),
        models.UpdateOne({"_id": 101}, SET, upsert=True),
        models.DeleteOne({"_id": 4}),
        models.DeleteMany({"n": 5}),
    ]


class _Driver:
    """The driver's classes under the names of the client's."""

    InsertOne, UpdateOne, UpdateMany = InsertOne, UpdateOne, UpdateMany
    ReplaceOne, DeleteOne, DeleteMany = ReplaceOne, DeleteOne, DeleteMany


def _models_for(c: Any) -> Any:
    return motorpool_client if isinstance(c, motorpool_client.Collection) else _Driver


case("bulk of every kind", lambda c: c.bulk_write(every_kind(_Driver)))
case("bulk of every kind, unordered", lambda c: c.bulk_write(every_kind(_Driver), ordered=False))
case("bulk of the client's own classes", lambda c: c.bulk_write(every_kind(_models_for(c))))
case("bulk with comment", lambda c: c.bulk_write([InsertOne({"_id": 100})], comment="why"))
case("bulk with let", lambda c: c.bulk_write([DeleteOne({"$expr": {"$eq": ["$n", "$$w"]}})], let={"w": 9}))
case("bulk bypassing validation", lambda c: c.bulk_write([InsertOne({"_id": 100})], bypass_document_validation=True))
case("bulk with a duplicate, ordered", lambda c: c.bulk_write([InsertOne({"_id": 100}), InsertOne({"_id": 1}), InsertOne({"_id": 101})]))
case("bulk with duplicates, unordered", lambda c: c.bulk_write([InsertOne({"_id": 1}), InsertOne({"_id": 100}), InsertOne({"_id": 2})], ordered=False))
case("bulk with a failing update, ordered", lambda c: c.bulk_write([UpdateOne({"_id": 1}, {"$inc": {"n": 1}}), UpdateOne({"_id": 1}, {"$inc": {"name": 1}}), DeleteOne({"_id": 2})]))
case("bulk with a failing update, unordered", lambda c: c.bulk_write([UpdateOne({"_id": 1}, {"$inc": {"name": 1}}), DeleteOne({"_id": 2})], ordered=False))
case("bulk against a unique index", lambda c: c.database["people"].bulk_write([InsertOne({"_id": 9, "email": "ada@example.org"})]))
case("bulk update against a unique index", lambda c: c.database["people"].bulk_write([UpdateOne({"_id": 1}, {"$set": {"email": "bob@example.org"}})]))
case("bulk upsert, then failure", lambda c: c.bulk_write([UpdateOne({"_id": 100}, SET, upsert=True), InsertOne({"_id": 1})]))
case("bulk into a new collection", lambda c: c.database["new"].bulk_write([InsertOne({"_id": 1}), UpdateOne({"_id": 1}, SET)]))


async def _the_documents_get_their_ids(c: Any) -> Any:
    document: dict[str, Any] = {"a": 1}
    await c.bulk_write([InsertOne(document)])
    return list(document)


case("bulk insert adds the _id to the document", _the_documents_get_their_ids)
