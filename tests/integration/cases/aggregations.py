"""Aggregations, those that write ($out, $merge) apart."""

# One case, one line.
# ruff: noqa: E501
# fmt: off

from typing import Any

from tests.integration.cases.table import Cases

case = Cases(read_only=True)
writing_case = Cases(read_only=False)

ORDERS_OF_ITEM = {"$lookup": {"from": "orders", "localField": "_id", "foreignField": "item", "as": "orders"}}
SUM_BY_N = {"$group": {"_id": "$n", "ids": {"$sum": 1}, "high": {"$max": "$size.h"}}}

case("aggregate nothing", lambda c: c.aggregate([]).to_list(None))
case("$match", lambda c: c.aggregate([{"$match": {"n": {"$gt": 3}}}]).to_list(None))
case("$match none", lambda c: c.aggregate([{"$match": {"n": -3}}]).to_list(None))
case("aggregate in a collection that is not there", lambda c: c.database["none"].aggregate([{"$match": {}}]).to_list(None))
case("$project", lambda c: c.aggregate([{"$project": {"name": 1, "h": "$size.h", "_id": 0}}]).to_list(None))
case("$project computes", lambda c: c.aggregate([{"$match": {"_id": 3}}, {"$project": {"x": {"$multiply": ["$n", "$price"]}}}]).to_list(None))
case("$sort $skip $limit", lambda c: c.aggregate([{"$sort": {"n": -1, "name": 1}}, {"$skip": 1}, {"$limit": 3}]).to_list(None))
case("$group", lambda c: c.aggregate([SUM_BY_N, {"$sort": {"_id": 1}}]).to_list(None))
case("$group into one", lambda c: c.aggregate([{"$group": {"_id": None, "sum": {"$sum": "$n"}, "mean": {"$avg": "$n"}}}]).to_list(None))
case("$group $push", lambda c: c.aggregate([{"$sort": {"name": 1}}, {"$group": {"_id": "$n", "all": {"$push": "$name"}}}, {"$sort": {"_id": -1}}]).to_list(None))
case("$group by two", lambda c: c.aggregate([{"$group": {"_id": {"n": "$n", "flag": "$flag"}}}, {"$sort": {"_id": 1}}]).to_list(None))
case("$unwind", lambda c: c.aggregate([{"$unwind": "$tags"}, {"$sort": {"_id": 1, "tags": 1}}]).to_list(None))
case("$unwind preserving", lambda c: c.aggregate([{"$unwind": {"path": "$tags", "preserveNullAndEmptyArrays": True}}, {"$match": {"n": {"$in": [4, 3]}}}]).to_list(None))
case("$lookup", lambda c: c.aggregate([ORDERS_OF_ITEM, {"$sort": {"n": 1, "name": 1}}]).to_list(None))
case("$lookup $unwind", lambda c: c.aggregate([ORDERS_OF_ITEM, {"$unwind": "$orders"}, {"$sort": {"orders._id": 1}}]).to_list(None))
case("$lookup with a pipeline", lambda c: c.aggregate([{"$match": {"_id": 1}}, {"$lookup": {"from": "orders", "let": {"id": "$_id"}, "pipeline": [{"$match": {"$expr": {"$eq": ["$item", "$$id"]}}}], "as": "o"}}]).to_list(None))
case("$facet", lambda c: c.aggregate([{"$facet": {"few": [{"$sort": {"n": 1, "name": 1}}, {"$limit": 2}], "how many": [{"$count": "n"}]}}]).to_list(None))
case("$count", lambda c: c.aggregate([{"$match": {"n": {"$gt": 4}}}, {"$count": "many"}]).to_list(None))
case("$count none", lambda c: c.aggregate([{"$match": {"n": 99}}, {"$count": "many"}]).to_list(None))
case("$addFields", lambda c: c.aggregate([{"$match": {"n": 1}}, {"$addFields": {"n2": {"$add": ["$n", 1]}}}]).to_list(None))
case("$set in a pipeline", lambda c: c.aggregate([{"$match": {"_id": 1}}, {"$set": {"a": "$name"}}]).to_list(None))
case("$unset in a pipeline", lambda c: c.aggregate([{"$match": {"_id": 1}}, {"$unset": ["tags", "size"]}]).to_list(None))
case("$replaceRoot", lambda c: c.aggregate([{"$match": {"size": {"$exists": True}}}, {"$replaceRoot": {"newRoot": "$size"}}]).to_list(None))
case("$bucket", lambda c: c.aggregate([{"$bucket": {"groupBy": "$n", "boundaries": [0, 3, 6], "default": "more"}}]).to_list(None))
case("$sortByCount", lambda c: c.aggregate([{"$match": {"n": {"$in": [1, 9]}}}, {"$sortByCount": "$n"}]).to_list(None))
case("$sample of all", lambda c: c.aggregate([{"$sample": {"size": 100}}, {"$count": "n"}]).to_list(None))
case("$cond", lambda c: c.aggregate([{"$sort": {"name": 1}}, {"$project": {"big": {"$cond": [{"$gt": ["$n", 3]}, "yes", "no"]}}}]).to_list(None))
case("$dateToString", lambda c: c.aggregate([{"$match": {"_id": 4}}, {"$project": {"d": {"$dateToString": {"format": "%Y-%m-%d", "date": "$at"}}}}]).to_list(None))
case("an unknown stage", lambda c: c.aggregate([{"$nonsense": {}}]).to_list(None))
case("an unknown expression", lambda c: c.aggregate([{"$project": {"x": {"$nonsense": 1}}}]).to_list(None))
case("a stage with two keys", lambda c: c.aggregate([{"$match": {}, "$limit": 1}]).to_list(None))
case("$limit 0", lambda c: c.aggregate([{"$limit": 0}]).to_list(None))
case("$divide by zero", lambda c: c.aggregate([{"$project": {"x": {"$divide": ["$n", 0]}}}]).to_list(None))
case("aggregate, list of two", lambda c: c.aggregate([{"$sort": {"n": 1, "name": 1}}, {"$limit": 2}]).to_list(2))


async def _iterate(c: Any) -> list[Any]:
    return [document async for document in c.aggregate([{"$sort": {"name": 1}}, {"$limit": 4}])]


async def _lists(c: Any) -> list[Any]:
    cursor = c.aggregate([{"$sort": {"name": 1}}])
    return [await cursor.to_list(None), await cursor.to_list(None)]


async def _next(c: Any) -> list[Any]:
    cursor = c.aggregate([{"$sort": {"name": 1}}, {"$limit": 2}])
    seen = [await cursor.next(), await cursor.next()]
    try:
        await cursor.next()
    except StopAsyncIteration:
        seen.append("the end")
    return seen


case("iterate an aggregation", _iterate)
case("an aggregation listed twice", _lists)
case("an aggregation, next by next", _next)

writing_case("$out", [lambda c: c.aggregate([SUM_BY_N, {"$out": "sums"}]).to_list(None), lambda c: c.database["sums"].find().sort("_id").to_list(None)])
writing_case("$out over what is there", [lambda c: c.aggregate([{"$match": {"n": 1}}, {"$out": "orders"}]).to_list(None), lambda c: c.database["orders"].count_documents({})])
writing_case("$merge", [lambda c: c.aggregate([{"$match": {"n": 5}}, {"$merge": {"into": "orders"}}]).to_list(None), lambda c: c.database["orders"].find().to_list(None)])
writing_case("$out not last", lambda c: c.aggregate([{"$out": "sums"}, {"$match": {}}]).to_list(None))
