"""find_one_and_update, find_one_and_replace, find_one_and_delete."""

# One case, one line.
# ruff: noqa: E501
# fmt: off

from pymongo import ReturnDocument

from tests.integration.cases.table import Cases

case = Cases(read_only=False)

AFTER = ReturnDocument.AFTER
BEFORE = ReturnDocument.BEFORE
CASELESS = {"locale": "en", "strength": 2}

case("find_one_and_update", lambda c: c.find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}))
case("find_one_and_update before", lambda c: c.find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}, return_document=BEFORE))
case("find_one_and_update after", lambda c: c.find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}, return_document=AFTER))
case("find_one_and_update of none", lambda c: c.find_one_and_update({"_id": 100}, {"$inc": {"n": 1}}))
case("find_one_and_update projecting by list", lambda c: c.find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}, ["n"]))
case("find_one_and_update projecting by document", lambda c: c.find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}, {"n": 1, "_id": 0}, return_document=AFTER))
case("find_one_and_update sorted", lambda c: c.find_one_and_update({"n": {"$gt": 0}}, {"$set": {"hit": 1}}, sort=[("n", -1)]))
case("find_one_and_update sorted by mapping", lambda c: c.find_one_and_update({"n": {"$gt": 0}}, {"$set": {"hit": 1}}, sort={"n": -1}))
case("find_one_and_update upserting before", lambda c: c.find_one_and_update({"_id": 100}, {"$set": {"n": 1}}, upsert=True))
case("find_one_and_update upserting after", lambda c: c.find_one_and_update({"_id": 100}, {"$set": {"n": 1}}, upsert=True, return_document=AFTER))
case("find_one_and_update upserting a made _id", lambda c: c.find_one_and_update({"name": "new"}, {"$set": {"n": 1}}, upsert=True, return_document=AFTER))
case("find_one_and_update with array_filters", lambda c: c.find_one_and_update({"_id": 7}, {"$set": {"grades.$[e].k": 0}}, array_filters=[{"e.g": 5}], return_document=AFTER))
case("find_one_and_update by a pipeline", lambda c: c.find_one_and_update({"_id": 1}, [{"$set": {"m": "$n"}}], return_document=AFTER))
case("find_one_and_update with hint", lambda c: c.find_one_and_update({"n": 4}, {"$set": {"hit": 1}}, hint="n_1"))
case("find_one_and_update with hint by keys", lambda c: c.find_one_and_update({"n": 4}, {"$set": {"hit": 1}}, hint=[("n", 1)]))
case("find_one_and_update with collation", lambda c: c.find_one_and_update({"name": "ANCHOR"}, {"$set": {"hit": 1}}, collation=CASELESS))
case("find_one_and_update with let", lambda c: c.find_one_and_update({"$expr": {"$eq": ["$n", "$$w"]}}, {"$set": {"hit": 1}}, let={"w": 9}))
case("find_one_and_update with comment", lambda c: c.find_one_and_update({"_id": 1}, {"$set": {"hit": 1}}, comment="why"))
case("find_one_and_update with maxTimeMS", lambda c: c.find_one_and_update({"_id": 1}, {"$set": {"hit": 1}}, maxTimeMS=5000))
case("find_one_and_update bypassing validation", lambda c: c.find_one_and_update({"_id": 1}, {"$set": {"hit": 1}}, bypassDocumentValidation=True))
case("find_one_and_update by an unknown operator", lambda c: c.find_one_and_update({"_id": 1}, {"$nonsense": {"n": 1}}))
case("find_one_and_update against a unique index", lambda c: c.database["people"].find_one_and_update({"_id": 1}, {"$set": {"email": "bob@example.org"}}))
case("find_one_and_update to the same", lambda c: c.find_one_and_update({"_id": 1}, {"$set": {"n": 3}}, return_document=AFTER))
case("find_one_and_replace", lambda c: c.find_one_and_replace({"_id": 1}, {"a": 1}))
case("find_one_and_replace after", lambda c: c.find_one_and_replace({"_id": 1}, {"a": 1}, return_document=AFTER))
case("find_one_and_replace of none", lambda c: c.find_one_and_replace({"_id": 100}, {"a": 1}))
case("find_one_and_replace projecting", lambda c: c.find_one_and_replace({"_id": 1}, {"a": 1, "b": 2}, {"a": 1}, return_document=AFTER))
case("find_one_and_replace sorted", lambda c: c.find_one_and_replace({"n": {"$gt": 0}}, {"a": 1}, sort=[("n", -1)]))
case("find_one_and_replace upserting before", lambda c: c.find_one_and_replace({"_id": 100}, {"a": 1}, upsert=True))
case("find_one_and_replace upserting after", lambda c: c.find_one_and_replace({"_id": 100}, {"a": 1}, upsert=True, return_document=AFTER))
case("find_one_and_replace by nothing", lambda c: c.find_one_and_replace({"_id": 1}, {}, return_document=AFTER))
case("find_one_and_replace with another _id", lambda c: c.find_one_and_replace({"_id": 1}, {"_id": 2}))
case("find_one_and_replace against a unique index", lambda c: c.database["people"].find_one_and_replace({"_id": 1}, {"email": "bob@example.org"}))
case("find_one_and_delete", lambda c: c.find_one_and_delete({"_id": 1}))
case("find_one_and_delete of none", lambda c: c.find_one_and_delete({"_id": 100}))
case("find_one_and_delete projecting", lambda c: c.find_one_and_delete({"_id": 1}, {"name": 1}))
case("find_one_and_delete sorted", lambda c: c.find_one_and_delete({"n": 1}, sort=[("name", -1)]))
case("find_one_and_delete with hint", lambda c: c.find_one_and_delete({"n": 4}, hint="n_1"))
case("find_one_and_delete with collation", lambda c: c.find_one_and_delete({"name": "ANCHOR"}, collation=CASELESS))
case("find_one_and_delete by a bad operator", lambda c: c.find_one_and_delete({"n": {"$nonsense": 1}}))
case("a queue is emptied in order", [lambda c: c.find_one_and_delete({"n": {"$lt": 3}}, sort=[("n", 1), ("name", 1)])] * 4)
