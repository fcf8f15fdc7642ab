"""Reads: find, find_one, count_documents, estimated_document_count, distinct."""

# One case, one line.
# ruff: noqa: E501
# fmt: off

import re
from typing import Any

import bson
from pymongo import ASCENDING, DESCENDING

from tests.integration.cases.table import FIXED_ID, Cases, day

case = Cases(read_only=True)

# find ---------------------------------------------------------------------------------------------

case("find all", lambda c: c.find().to_list(None))
case("find all with an empty filter", lambda c: c.find({}).to_list(None))
case("find nothing", lambda c: c.find({"n": 777}).to_list(None))
case("find in a collection that is not there", lambda c: c.database["none"].find().to_list(None))
case("find in a collection with a dot", lambda c: c.database["a.b"].find().to_list(None))
case("find equal", lambda c: c.find({"n": 1}).to_list(None))
case("find by two fields", lambda c: c.find({"n": 1, "name": "disc"}).to_list(None))
case("find by dotted field", lambda c: c.find({"size.h": 7}).to_list(None))
case("find by whole subdocument", lambda c: c.find({"size": {"h": 4, "w": 2}}).to_list(None))
case("find by subdocument in another order", lambda c: c.find({"size": {"w": 2, "h": 4}}).to_list(1))
case("find by array element", lambda c: c.find({"tags": "a"}).to_list(None))
case("find by whole array", lambda c: c.find({"tags": ["a", "b"]}).to_list(None))
case("find by index in array", lambda c: c.find({"tags.1": "a"}).to_list(None))
case("find by empty array", lambda c: c.find({"tags": []}).to_list(None))
case("find null or missing", lambda c: c.find({"gone": None}).to_list(None))
case("find by true", lambda c: c.find({"flag": True}).to_list(None))
case("find int by float", lambda c: c.find({"n": 1.0}).to_list(None))
case("find by date", lambda c: c.find({"at": {"$gte": day(2)}}).to_list(None))
case("find by ObjectId", lambda c: c.find({"_id": FIXED_ID}).to_list(None))
case("find by unicode", lambda c: c.find({"name": "雪 ❄"}).to_list(None))
case("find by empty string", lambda c: c.find({"name": ""}).to_list(None))
case("find by re.Pattern", lambda c: c.find({"name": re.compile("^b", re.IGNORECASE)}).to_list(None))
case("find by bson.Regex", lambda c: c.find({"name": bson.Regex("^b", "i")}).to_list(None))
case("find $regex $options", lambda c: c.find({"name": {"$regex": "^B", "$options": "i"}}).to_list())
case("find $in", lambda c: c.find({"_id": {"$in": [1, "8", FIXED_ID, 55]}}).to_list(None))
case("find $in nothing", lambda c: c.find({"_id": {"$in": []}}).to_list(None))
case("find $nin", lambda c: c.find({"n": {"$nin": [1, 5]}}).to_list(None))
case("find $gt $lte", lambda c: c.find({"n": {"$gt": 1, "$lte": 4}}).to_list(None))
case("find $ne", lambda c: c.find({"n": {"$ne": 1}}).to_list(None))
case("find $exists", lambda c: c.find({"price": {"$exists": True}}).to_list(None))
case("find $type", lambda c: c.find({"_id": {"$type": "string"}}).to_list(None))
case("find $or", lambda c: c.find({"$or": [{"n": 9}, {"name": "disc"}]}).to_list(None))
case("find $and", lambda c: c.find({"$and": [{"n": {"$gt": 1}}, {"n": {"$lt": 4}}]}).to_list(None))
case("find $nor", lambda c: c.find({"$nor": [{"n": {"$gt": 1}}, {"name": "disc"}]}).to_list(None))
case("find $not", lambda c: c.find({"n": {"$not": {"$gt": 2}}}).to_list(None))
case("find $elemMatch", lambda c: c.find({"grades": {"$elemMatch": {"g": 9, "k": "y"}}}).to_list())
case("find $size", lambda c: c.find({"tags": {"$size": 2}}).to_list(None))
case("find $all", lambda c: c.find({"tags": {"$all": ["a", "c"]}}).to_list(None))
case("find $mod", lambda c: c.find({"n": {"$mod": [3, 0]}}).to_list(None))
case("find $expr", lambda c: c.find({"$expr": {"$eq": ["$size.h", "$size.w"]}}).to_list(None))
case("find sorted", lambda c: c.find({}).sort("n", -1).to_list(None))
case("find sorted by name", lambda c: c.find({}).sort("name").to_list(None))
case("find sorted by pairs", lambda c: c.find().sort([("n", 1), ("name", -1)]).to_list(None))
case("find sorted by constants", lambda c: c.find().sort([("n", DESCENDING), ("_id", ASCENDING)]).to_list())
case("find sorted by mapping", lambda c: c.find().sort({"n": 1, "name": 1}).to_list(None))
case("find sorted by names", lambda c: c.find().sort(["n", ("name", -1)]).to_list(None))
case("find sorted by keyword", lambda c: c.find(sort=[("n", 1), ("name", 1)]).to_list(None))
case("find sorted twice", lambda c: c.find().sort("n").sort("name", -1).to_list(None))
case("find sorted by mixed types", lambda c: c.find().sort("price", 1).to_list(None))
case("find sorted by missing", lambda c: c.find().sort([("at", -1), ("n", 1)]).to_list(None))
case("find limited", lambda c: c.find().sort("n").limit(3).to_list(None))
case("find limit 0", lambda c: c.find().limit(0).to_list(None))
case("find negative limit", lambda c: c.find().limit(-2).to_list(None))
case("find limit beyond", lambda c: c.find().limit(500).to_list(None))
case("find skipped", lambda c: c.find().sort("name").skip(6).to_list(None))
case("find skipped beyond", lambda c: c.find().skip(600).to_list(None))
case("find a page", lambda c: c.find({}, skip=2, limit=3, sort=[("name", 1)]).to_list(None))
case("find a page by methods", lambda c: c.find().sort("name", -1).skip(1).limit(2).to_list(None))
case("find, list of two", lambda c: c.find().sort("n").to_list(2))
case("find, list of many", lambda c: c.find().sort("n").to_list(length=200))
case("find batch_size", lambda c: c.find(batch_size=2).to_list(None))
case("find batch_size by method", lambda c: c.find().batch_size(3).to_list(None))


async def _iterate(c: Any) -> list[Any]:
    return [document["_id"] async for document in c.find({"n": {"$gt": 2}}).sort("n", -1)]


async def _next_by_next(c: Any) -> list[Any]:
    cursor = c.find().sort("n", -1).limit(2)
    seen = [await cursor.next(), await cursor.next()]
    try:
        await cursor.next()
    except StopAsyncIteration:
        seen.append("the end")
    return seen


async def _list_after_next(c: Any) -> list[Any]:
    cursor = c.find().sort([("n", 1), ("_id", 1)])
    return [await cursor.next(), await cursor.to_list(None), await cursor.to_list(None)]


async def _cloned(c: Any) -> list[Any]:
    cursor = c.find({"n": 5}).sort("name")
    return [await cursor.to_list(None), await cursor.clone().to_list(None)]


async def _closed(c: Any) -> list[Any]:
    cursor = c.find().sort("name")
    first = await cursor.next()
    await cursor.close()
    return [first]


async def _in_pieces(c: Any) -> list[Any]:
    cursor = c.find({}, ["n"]).sort([("n", 1), ("name", 1)])
    return [await cursor.to_list(length) for length in (2, 3, None, 2)]


async def _in_pieces_within_limits(c: Any) -> list[Any]:
    cursor = c.find({}, ["n"]).sort([("n", 1), ("name", 1)]).skip(1).limit(5)
    return [await cursor.to_list(2), await cursor.next(), [each async for each in cursor]]


async def _rewound(c: Any) -> list[Any]:
    cursor = c.find({}, ["n"]).sort("name").limit(2)
    first = await cursor.to_list(None)
    cursor.rewind()
    return [first, await cursor.to_list(None)]


async def _alive(c: Any) -> list[bool]:
    cursor = c.find({}, ["n"]).sort("name").limit(2)
    said = [cursor.alive]
    await cursor.to_list(None)
    return [*said, cursor.alive]


case("iterate a cursor", _iterate)
case("a list in pieces", _in_pieces)
case("a list in pieces, within skip and limit", _in_pieces_within_limits)
case("a cursor rewound begins again", _rewound)
case("alive at first, and not in the end", _alive)
case("next, next, the end", _next_by_next)
case("to_list after next", _list_after_next)
case("a clone begins again", _cloned)
case("close in the middle", _closed)

# projections --------------------------------------------------------------------------------------

case("project by list", lambda c: c.find({}, ["name", "n"]).to_list(None))
case("project by list of none", lambda c: c.find({}, []).to_list(None))
case("project by document", lambda c: c.find({}, {"name": 1}).to_list(None))
case("project without _id", lambda c: c.find({}, {"name": 1, "_id": 0}).to_list(None))
case("project excluding", lambda c: c.find({}, {"name": 0, "tags": False}).to_list(None))
case("project only _id", lambda c: c.find({}, {"_id": 1}).to_list(None))
case("project dotted", lambda c: c.find({}, {"size.h": 1}).to_list(None))
case("project what is not there", lambda c: c.find({}, {"nothing": 1}).to_list(None))
case("project by keyword", lambda c: c.find(projection={"n": True}).to_list(None))
case("project $slice", lambda c: c.find({}, {"tags": {"$slice": 1}}).to_list(None))
case("project $elemMatch", lambda c: c.find({}, {"grades": {"$elemMatch": {"k": "y"}}}).to_list(None))
case("project positional", lambda c: c.find({"grades.g": 9}, {"grades.$": 1}).to_list(None))
case("project an expression", lambda c: c.find({"_id": 1}, {"twice": {"$add": ["$n", "$n"]}}).to_list())
case("project an empty document", lambda c: c.find({"_id": 1}, {}).to_list(None))

# find_one -----------------------------------------------------------------------------------------

case("find_one", lambda c: c.find_one({"n": 4}))
case("find_one by bare _id", lambda c: c.find_one(3))
case("find_one by bare ObjectId", lambda c: c.find_one(FIXED_ID))
case("find_one by bare string", lambda c: c.find_one("8"))
case("find_one of none", lambda c: c.find_one({"_id": "none"}))
case("find_one without a filter", lambda c: c.find_one())
case("find_one by None", lambda c: c.find_one(None))
case("find_one with list projection", lambda c: c.find_one({"_id": 1}, ["size"]))
case("find_one with document projection", lambda c: c.find_one({"_id": 1}, {"size": 1, "_id": 0}))
case("find_one by keywords", lambda c: c.find_one(filter={"n": 1}, projection=["name"]))
case("find_one sorted", lambda c: c.find_one({}, sort=[("n", -1)]))
case("find_one skipped", lambda c: c.find_one({}, sort=[("n", -1)], skip=2))
case("find_one with float _id", lambda c: c.find_one({"_id": 1.0}))
case("find_one with keys in order", lambda c: c.find_one({"_id": 6}, {"size": 1}))
case("two reads of the same", [lambda c: c.find_one({"_id": 1})] * 2)

# counting, distinct -------------------------------------------------------------------------------

case("count all", lambda c: c.count_documents({}))
case("count some", lambda c: c.count_documents({"n": {"$gte": 5}}))
case("count none", lambda c: c.count_documents({"n": -1}))
case("count in a collection that is not there", lambda c: c.database["none"].count_documents({}))
case("count skipped", lambda c: c.count_documents({}, skip=4))
case("count limited", lambda c: c.count_documents({}, limit=4))
case("count skipped and limited", lambda c: c.count_documents({"n": {"$gt": 0}}, skip=7, limit=5))
case("count by regex", lambda c: c.count_documents({"name": re.compile("l")}))
case("estimate", lambda c: c.estimated_document_count())
case("estimate of nothing", lambda c: c.database["none"].estimated_document_count())
case("distinct", lambda c: c.distinct("n"))
case("distinct of array elements", lambda c: c.distinct("tags"))
case("distinct dotted", lambda c: c.distinct("size.w"))
case("distinct of array of documents", lambda c: c.distinct("grades.k"))
case("distinct filtered", lambda c: c.distinct("name", {"n": {"$lt": 3}}))
case("distinct filter by keyword", lambda c: c.distinct(key="n", filter={"name": "disc"}))
case("distinct of mixed types", lambda c: c.distinct("_id"))
case("distinct of documents", lambda c: c.distinct("size"))
case("distinct of a missing field", lambda c: c.distinct("nothing"))
