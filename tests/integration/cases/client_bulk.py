"""A client's bulk write, over several namespaces: on the wire, since a server before 8.0 has none."""

# One case, one line.
# ruff: noqa: E501
# fmt: off

from typing import Any

import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo import (
    DeleteMany,
    DeleteOne,
    InsertOne,
    ReplaceOne,
    UpdateMany,
    UpdateOne,
    WriteConcern,
)
from pymongo.collation import Collation

from motorpool import client as motorpool_client
from tests.integration.cases.table import Cases

case = Cases(read_only=False, databases=("wire",))


def ns(c: Any, name: str = "items") -> str:
    return f"{c.database.name}.{name}"


def every_model(c: Any) -> list[Any]:
    items, new = ns(c), ns(c, "new")
    return [
        InsertOne({"_id": 100, "n": 0}, namespace=items),
        InsertOne({"_id": 100}, namespace=new),
        UpdateOne({"_id": 1}, {"$set": {"x": 1}}, namespace=items, hint="_id_"),
        UpdateOne({"_id": 101}, {"$set": {"x": 1}}, namespace=items, upsert=True),
        UpdateOne({"grades.g": 5}, {"$set": {"grades.$[e].g": 6}}, namespace=items, array_filters=[{"e.g": 5}]),
        UpdateMany({"n": 5}, [{"$set": {"x": "$n"}}], namespace=items),
        UpdateMany({"n": 77}, {"$set": {"x": 1}}, namespace=items, upsert=False),
        ReplaceOne({"name": "bolt"}, {"name": "new"}, namespace=items, collation=Collation("en", strength=2)),
        ReplaceOne({"_id": 102}, {"y": 1}, namespace=new, upsert=True),
        DeleteOne({"_id": 2}, namespace=items),
        DeleteMany({"_id": {"$gte": 5}}, namespace=items),
    ]


def bulk(c: Any, *models: Any, **options: Any) -> Any:
    return c.database.client.bulk_write(list(models), **options)


async def attributes(awaitable: Any) -> Any:
    """What a failed bulk write carries beside its details."""
    try:
        return await awaitable
    except pymongo.errors.ClientBulkWriteException as error:
        partial = error.partial_result
        return [error.verbose, error.error, error.write_errors, error.write_concern_errors, partial, repr(partial)]


case("client bulk of every kind", lambda c: bulk(c, *every_model(c)))
case("client bulk of every kind, verbose", lambda c: bulk(c, *every_model(c), verbose_results=True))
case("client bulk, unordered", lambda c: bulk(c, *every_model(c), ordered=False, verbose_results=True))
case("client bulk with comment and let", lambda c: bulk(c, DeleteOne({"$expr": {"$eq": ["$n", "$$n"]}}, namespace=ns(c)), let={"n": 9}, comment="why"))
case("client bulk bypassing validation", lambda c: bulk(c, InsertOne({"_id": 100}, namespace=ns(c)), bypass_document_validation=True))
case("client bulk under a write concern", lambda c: bulk(c, InsertOne({"_id": 100}, namespace=ns(c)), write_concern=WriteConcern(w=1)))
case("client bulk, unanswered", lambda c: bulk(c, InsertOne({"_id": 100}, namespace=ns(c)), write_concern=WriteConcern(w=0), ordered=False))
case("client bulk with a duplicate", lambda c: bulk(c, InsertOne({"_id": 100}, namespace=ns(c)), InsertOne({"_id": 1}, namespace=ns(c)), InsertOne({"_id": 101}, namespace=ns(c))))
case("client bulk with a duplicate, verbose", lambda c: bulk(c, InsertOne({"_id": 100}, namespace=ns(c)), UpdateOne({"_id": 1}, {"$set": {"n": 1}}, namespace=ns(c)), InsertOne({"_id": 1}, namespace=ns(c)), verbose_results=True))
case("client bulk with duplicates, unordered", lambda c: bulk(c, InsertOne({"_id": 1}, namespace=ns(c)), InsertOne({"_id": 100}, namespace=ns(c)), InsertOne({"_id": 2}, namespace=ns(c)), ordered=False))
case("client bulk that fails, what it carries", lambda c: attributes(bulk(c, InsertOne({"_id": 100}, namespace=ns(c)), InsertOne({"_id": 1}, namespace=ns(c)), verbose_results=True)))
case("client bulk that fails at once, what it carries", lambda c: attributes(bulk(c, InsertOne({"_id": 1}, namespace=ns(c)))))
case("client bulk with a failing update", lambda c: bulk(c, UpdateOne({"_id": 1}, {"$inc": {"name": 1}}, namespace=ns(c), upsert=False)))
case("client bulk with sort", lambda c: bulk(c, UpdateOne({"n": 1}, {"$set": {"x": 1}}, namespace=ns(c), sort={"_id": -1}), verbose_results=True))
case("client bulk of none", bulk)
case("client bulk of a tuple", lambda c: c.database.client.bulk_write((InsertOne({}, namespace=ns(c)),)))
case("client bulk without a namespace", lambda c: bulk(c, InsertOne({"_id": 100})))
case("client bulk with one namespace missing", lambda c: bulk(c, InsertOne({"_id": 100}, namespace=ns(c)), DeleteOne({"_id": 1})))
case("client bulk of a document", lambda c: bulk(c, {"insert": 1}))
case("client bulk, unanswered and verbose", lambda c: bulk(c, InsertOne({}, namespace=ns(c)), write_concern=WriteConcern(w=0), verbose_results=True, ordered=False))
case("client bulk, unanswered and ordered", lambda c: bulk(c, InsertOne({}, namespace=ns(c)), write_concern=WriteConcern(w=0)))
case("client bulk, unanswered, with collation", lambda c: bulk(c, DeleteOne({"_id": 1}, namespace=ns(c), collation={"locale": "en"}), write_concern=WriteConcern(w=0), ordered=False))
case("client bulk, unanswered, bypassing", lambda c: bulk(c, InsertOne({}, namespace=ns(c)), write_concern=WriteConcern(w=0), ordered=False, bypass_document_validation=True))
case("client bulk with a bad let", lambda c: bulk(c, InsertOne({}, namespace=ns(c)), let=1))
case("client bulk with a bad update", lambda c: bulk(c, UpdateOne({"_id": 1}, {"n": 1}, namespace=ns(c))))
case("client bulk with a bad replacement", lambda c: bulk(c, ReplaceOne({"_id": 1}, {"$set": {"n": 1}}, namespace=ns(c))))
case("client bulk of raw BSON", lambda c: bulk(c, InsertOne(RawBSONDocument(b"\x0e\x00\x00\x00\x10_id\x00\x64\x00\x00\x00\x00"), namespace=ns(c)), verbose_results=True))


async def _the_models_documents_get_their_ids(c: Any) -> Any:
    document: dict[str, Any] = {"a": 1}
    result = await bulk(c, InsertOne(document, namespace=ns(c)), verbose_results=True)
    return list(document), result.insert_results[0].inserted_id is document["_id"]


case("client bulk adds the _id to the document", _the_models_documents_get_their_ids)


class _Driver:
    """The driver's classes under the names of the client's."""

    InsertOne, UpdateOne, DeleteMany = InsertOne, UpdateOne, DeleteMany


def own_models(c: Any) -> list[Any]:
    is_proxied = isinstance(c, motorpool_client.Collection)
    models: Any = motorpool_client if is_proxied else _Driver
    return [
        models.InsertOne({"_id": 100}, namespace=ns(c)),
        models.UpdateOne({"n": 1}, {"$set": {"x": 1}}, namespace=ns(c), hint=[("n", 1)], sort={"_id": -1}),
        models.UpdateOne({"_id": 101}, {"$set": {"x": 1}}, upsert=True, namespace=ns(c, "new")),
        models.DeleteMany({"n": 5}, namespace=ns(c)),
    ]


case("client bulk of the client's own classes", lambda c: bulk(c, *own_models(c), verbose_results=True))
