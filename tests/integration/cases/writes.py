"""Writes: insert, update, replace, delete, good ones and such as the server refuses."""

# One case, one line.
# ruff: noqa: E501
# fmt: off

import datetime as dt
from typing import Any

import bson
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from bson.son import SON

from tests.integration.cases.table import FIXED_ID, Cases

case = Cases(read_only=False)

OLD_ID = ObjectId("65cd2f00aabbccddeeff00aa")
CASELESS = {"locale": "en", "strength": 2}

# insert_one, insert_many --------------------------------------------------------------------------

case("insert_one", lambda c: c.insert_one({"_id": 100, "a": 1}))
case("insert_one gets an _id", lambda c: c.insert_one({"a": 1}))
case("insert_one of nothing", lambda c: c.insert_one({}))
case("insert_one with ObjectId", lambda c: c.insert_one({"_id": OLD_ID, "a": 1}))
case("insert_one with _id last", lambda c: c.insert_one({"a": 1, "_id": 100}))
case("insert_one with _id None", lambda c: c.insert_one({"_id": None}))
case("insert_one with a document as _id", lambda c: c.insert_one({"_id": {"b": 1, "a": 2}}))
case("insert_one of a SON", lambda c: c.insert_one(SON([("_id", 100), ("z", 1), ("a", 2)])))
case("insert_one of raw BSON", lambda c: c.insert_one(RawBSONDocument(bson.encode({"_id": 100, "b": 1, "a": 2}))))
case("insert_one into a new collection", lambda c: c.database["new"].insert_one({"_id": 1}))
case("insert_one into a collection with a dot", lambda c: c.database["a.b"].insert_one({"_id": 1}))
case("insert_one with comment", lambda c: c.insert_one({"_id": 100}, comment="why"))
case("insert_one bypassing validation", lambda c: c.insert_one({"_id": 100}, bypass_document_validation=True))
case("insert_one of a duplicate", lambda c: c.insert_one({"_id": 1, "a": 1}))
case("insert_one of a duplicate ObjectId", lambda c: c.insert_one({"_id": FIXED_ID}))
case("insert_one against a unique index", lambda c: c.database["people"].insert_one({"_id": 9, "email": "ada@example.org"}))
case("insert_one with an array as _id", lambda c: c.insert_one({"_id": [1, 2]}))
case("insert_one with a dollar key", lambda c: c.insert_one({"_id": 100, "$a": 1}))
case("insert_one with a dotted key", lambda c: c.insert_one({"_id": 100, "a.b": 1}))
case("insert_one, then read", [lambda c: c.insert_one({"_id": 100, "a": [1, {"b": None}]}), lambda c: c.find_one(100)])


async def _the_document_gets_the_id(c: Any) -> bool:
    document: dict[str, Any] = {"a": 1}
    result = await c.insert_one(document)
    return bool(list(document) == ["a", "_id"] and document["_id"] == result.inserted_id)


async def _each_document_gets_its_id(c: Any) -> bool:
    documents: list[dict[str, Any]] = [{"a": 1}, {"_id": 100}, {"a": 2}]
    result = await c.insert_many(documents)
    return [document["_id"] for document in documents] == list(result.inserted_ids)


case("insert_one adds the _id to the document", _the_document_gets_the_id)
case("insert_many adds each _id", _each_document_gets_its_id)
case("insert_many", lambda c: c.insert_many([{"_id": 100}, {"_id": 101, "a": 1}]))
case("insert_many gets _ids", lambda c: c.insert_many([{"a": 1}, {"a": 2}]))
case("insert_many of one", lambda c: c.insert_many([{"_id": 100}]))
case("insert_many of a generator", lambda c: c.insert_many({"_id": 100 + i} for i in range(3)))
case("insert_many of a tuple", lambda c: c.insert_many(({"_id": 100}, {"_id": 101})))
case("insert_many with comment", lambda c: c.insert_many([{"_id": 100}], comment="why"))
case("insert_many with a duplicate, ordered", lambda c: c.insert_many([{"_id": 100}, {"_id": 1}, {"_id": 101}]))
case("insert_many with duplicates, unordered", lambda c: c.insert_many([{"_id": 1}, {"_id": 100}, {"_id": 2}, {"_id": 101}], ordered=False))
case("insert_many with a duplicate within", lambda c: c.insert_many([{"_id": 100}, {"_id": 100}]))
case("insert_many against a unique index", lambda c: c.database["people"].insert_many([{"_id": 9, "email": "eve@example.org"}, {"_id": 10, "email": "bob@example.org"}]))

# update_one, update_many --------------------------------------------------------------------------

case("update_one", lambda c: c.update_one({"_id": 1}, {"$set": {"n": 33}}))
case("update_one to the same", lambda c: c.update_one({"_id": 1}, {"$set": {"n": 3}}))
case("update_one of none", lambda c: c.update_one({"_id": 100}, {"$set": {"n": 3}}))
case("update_one of the first of two", lambda c: c.update_one({"n": 1}, {"$set": {"hit": True}}))
case("update_one $inc", lambda c: c.update_one({"_id": 1}, {"$inc": {"n": 2}}))
case("update_one $unset", lambda c: c.update_one({"_id": 1}, {"$unset": {"size": ""}}))
case("update_one $push", lambda c: c.update_one({"_id": 1}, {"$push": {"tags": "z"}}))
case("update_one $push $each", lambda c: c.update_one({"_id": 1}, {"$push": {"tags": {"$each": ["x", "y"]}}}))
case("update_one $addToSet", lambda c: c.update_one({"_id": 1}, {"$addToSet": {"tags": "a"}}))
case("update_one $pull", lambda c: c.update_one({"_id": 1}, {"$pull": {"tags": "a"}}))
case("update_one $pop", lambda c: c.update_one({"_id": 1}, {"$pop": {"tags": 1}}))
case("update_one $rename", lambda c: c.update_one({"_id": 1}, {"$rename": {"n": "m"}}))
case("update_one $min $max $mul", lambda c: c.update_one({"_id": 1}, {"$min": {"n": 2}, "$max": {"size.h": 11}, "$mul": {"size.w": 3}}))
case("update_one $setOnInsert without insert", lambda c: c.update_one({"_id": 1}, {"$setOnInsert": {"a": 1}, "$set": {"b": 1}}, upsert=True))
case("update_one positional", lambda c: c.update_one({"grades.g": 9}, {"$set": {"grades.$.k": "z"}}))
case("update_one of all elements", lambda c: c.update_one({"_id": 7}, {"$inc": {"grades.$[].g": 1}}))
case("update_one with array_filters", lambda c: c.update_one({"_id": 7}, {"$set": {"grades.$[e].k": "top"}}, array_filters=[{"e.g": {"$gte": 9}}]))
case("update_one by a pipeline", lambda c: c.update_one({"_id": 1}, [{"$set": {"twice": {"$add": ["$n", "$n"]}}}]))
case("update_one upserting", lambda c: c.update_one({"_id": 100}, {"$set": {"n": 1}}, upsert=True))
case("update_one upserting with a made _id", lambda c: c.update_one({"name": "new"}, {"$set": {"n": 1}}, upsert=True))
case("update_one upserting by position", lambda c: c.update_one({"name": "new"}, {"$set": {"n": 1}}, True))  # noqa: FBT003 - by position
case("update_one upsert that finds", lambda c: c.update_one({"_id": 1}, {"$set": {"n": 8}}, upsert=True))
case("update_one with collation", lambda c: c.update_one({"name": "ANCHOR"}, {"$set": {"n": 8}}, collation=CASELESS))
case("update_one with hint", lambda c: c.update_one({"n": 4}, {"$set": {"hit": 1}}, hint="n_1"))
case("update_one with hint of no index", lambda c: c.update_one({"n": 4}, {"$set": {"hit": 1}}, hint="nonsense_1"))
case("update_one with sort", lambda c: c.update_one({"n": {"$gt": 0}}, {"$set": {"hit": 1}}, sort={"n": -1}))
case("update_one with let", lambda c: c.update_one({"$expr": {"$eq": ["$n", "$$w"]}}, {"$set": {"hit": 1}}, let={"w": 9}))
case("update_one with comment", lambda c: c.update_one({"_id": 1}, {"$set": {"hit": 1}}, comment="why"))
case("update_one bypassing validation", lambda c: c.update_one({"_id": 1}, {"$set": {"hit": 1}}, bypass_document_validation=True))
case("update_one by an unknown operator", lambda c: c.update_one({"_id": 1}, {"$nonsense": {"n": 1}}))
case("update_one of _id", lambda c: c.update_one({"_id": 1}, {"$set": {"_id": 2}}))
case("update_one $inc of a string", lambda c: c.update_one({"_id": 1}, {"$inc": {"name": 1}}))
case("update_one $push to a number", lambda c: c.update_one({"_id": 1}, {"$push": {"n": 1}}))
case("update_one in conflict with itself", lambda c: c.update_one({"_id": 1}, {"$set": {"n": 1}, "$inc": {"n": 1}}))
case("update_one against a unique index", lambda c: c.database["people"].update_one({"_id": 1}, {"$set": {"email": "bob@example.org"}}))
case("update_one upserting against a unique index", lambda c: c.database["people"].update_one({"_id": 9}, {"$set": {"email": "bob@example.org"}}, upsert=True))
case("update_one with unused array_filters", lambda c: c.update_one({"_id": 7}, {"$set": {"n": 1}}, array_filters=[{"e.g": 1}]))
case("update_one with bad array_filters", lambda c: c.update_one({"_id": 7}, {"$set": {"grades.$[e].k": 1}}, array_filters=[{"f.g": 1}]))
case("update_many", lambda c: c.update_many({"n": 1}, {"$set": {"hit": True}}))
case("update_many of all", lambda c: c.update_many({}, {"$inc": {"n": 1}}))
case("update_many of none", lambda c: c.update_many({"n": 100}, {"$set": {"hit": True}}))
case("update_many upserting", lambda c: c.update_many({"_id": 100}, {"$set": {"hit": True}}, upsert=True))
case("update_many where some change", lambda c: c.update_many({"n": {"$in": [1, 5]}}, {"$set": {"n": 5}}))
case("update_many with array_filters", lambda c: c.update_many({"grades": {"$exists": True}}, {"$inc": {"grades.$[e].g": 10}}, array_filters=[{"e.k": "x"}]))
case("update_many by a pipeline", lambda c: c.update_many({"n": 5}, [{"$set": {"n": 0}}]))
case("update_many with collation", lambda c: c.update_many({"name": "BOLT"}, {"$set": {"hit": 1}}, collation=CASELESS))
case("update_many with hint", lambda c: c.update_many({"n": 5}, {"$set": {"hit": 1}}, hint=[("n", 1)]))
case("update_many that fails", lambda c: c.update_many({}, {"$inc": {"name": 1}}))
case("update, then read", [lambda c: c.update_one({"_id": 1}, {"$set": {"size.h": 1}}), lambda c: c.find_one(1)])


async def _type_of_when(c: Any) -> bool:
    """And the field goes, since its value differs from run to run."""
    document = await c.find_one_and_update({"_id": 1}, {"$unset": {"when": 1}})
    return isinstance(document.get("when"), dt.datetime)


case("$currentDate is of its type", [lambda c: c.update_one({"_id": 1}, {"$currentDate": {"when": True}}), _type_of_when])

# replace_one --------------------------------------------------------------------------------------

case("replace_one", lambda c: c.replace_one({"_id": 1}, {"a": 1}))
case("replace_one by the same", lambda c: c.replace_one({"_id": 2}, {"_id": 2, "n": 1, "name": "Bolt", "tags": ["b"], "size": {"h": 4, "w": 2}}))
case("replace_one of none", lambda c: c.replace_one({"_id": 100}, {"a": 1}))
case("replace_one by nothing", lambda c: c.replace_one({"_id": 1}, {}))
case("replace_one upserting", lambda c: c.replace_one({"_id": 100}, {"a": 1}, upsert=True))
case("replace_one upserting with a made _id", lambda c: c.replace_one({"name": "new"}, {"a": 1}, True))  # noqa: FBT003 - by position
case("replace_one with another _id", lambda c: c.replace_one({"_id": 1}, {"_id": 2, "a": 1}))
case("replace_one with hint", lambda c: c.replace_one({"n": 4}, {"a": 1}, hint="n_1"))
case("replace_one with collation", lambda c: c.replace_one({"name": "ANCHOR"}, {"a": 1}, collation=CASELESS))
case("replace_one with sort", lambda c: c.replace_one({"n": {"$gt": 0}}, {"a": 1}, sort=[("n", -1)]))
case("replace_one with let", lambda c: c.replace_one({"$expr": {"$eq": ["$n", "$$w"]}}, {"a": 1}, let={"w": 9}))
case("replace_one against a unique index", lambda c: c.database["people"].replace_one({"_id": 1}, {"email": "bob@example.org"}))

# delete_one, delete_many --------------------------------------------------------------------------

case("delete_one", lambda c: c.delete_one({"_id": 1}))
case("delete_one of none", lambda c: c.delete_one({"_id": 100}))
case("delete_one of any", lambda c: c.delete_one({}))
case("delete_one with hint", lambda c: c.delete_one({"n": 4}, hint="n_1"))
case("delete_one with collation", lambda c: c.delete_one({"name": "ANCHOR"}, collation=CASELESS))
case("delete_one with let", lambda c: c.delete_one({"$expr": {"$eq": ["$n", "$$w"]}}, let={"w": 9}))
case("delete_one with comment", lambda c: c.delete_one({"_id": 1}, comment="why"))
case("delete_one by a bad operator", lambda c: c.delete_one({"n": {"$nonsense": 1}}))
case("delete_many", lambda c: c.delete_many({"n": {"$lt": 3}}))
case("delete_many of all", lambda c: c.delete_many({}))
case("delete_many of none", lambda c: c.delete_many({"n": 100}))
case("delete_many with hint", lambda c: c.delete_many({"n": 1}, hint=[("n", 1)]))
case("delete_many with collation", lambda c: c.delete_many({"name": "BOLT"}, collation=CASELESS))
case("delete, then read", [lambda c: c.delete_one({"_id": 1}), lambda c: c.find_one(1), lambda c: c.count_documents({})])
case("write, read, write, read", [lambda c: c.insert_one({"_id": 100}), lambda c: c.find_one(100), lambda c: c.delete_one({"_id": 100}), lambda c: c.find_one(100)])
