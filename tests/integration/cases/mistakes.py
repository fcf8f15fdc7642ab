"""Bad arguments and bad queries: who refuses them, when, with which exception and which words."""

# One case, one line.
# ruff: noqa: E501
# fmt: off

from typing import Any

from pymongo import InsertOne, UpdateOne

from tests.integration.cases.table import Cases

# What the caller's side refuses is measured by the driver itself, so on the wire only: mongomock
# checks little of it, late, and in words of its own.
case = Cases(read_only=True, databases=("wire",))
write_case = Cases(read_only=False, databases=("wire",))

server_case = Cases(read_only=True)

NO_DOCUMENT: Any = 5

# What the caller's side refuses -------------------------------------------------------------------

case("find by a string", lambda c: c.find("n").to_list(None))
case("find by a list", lambda c: c.find([("n", 1)]).to_list(None))
case("find with an unknown option", lambda c: c.find({}, nonsense=1).to_list(None))
case("find with a bad projection", lambda c: c.find({}, 5).to_list(None))
case("find with a string as projection", lambda c: c.find({}, "name").to_list(None))
case("find with negative skip", lambda c: c.find().skip(-1).to_list(None))
case("find with negative skip by keyword", lambda c: c.find(skip=-1).to_list(None))
case("find with skip of a string", lambda c: c.find().skip("1").to_list(None))
case("find with skip of a string by keyword", lambda c: c.find(skip="1").to_list(None))
case("find with limit of a string", lambda c: c.find().limit("1").to_list(None))
case("find with limit of a string by keyword", lambda c: c.find(limit="1").to_list(None))
case("find with negative batch_size", lambda c: c.find().batch_size(-1).to_list(None))
case("find with negative batch_size by keyword", lambda c: c.find(batch_size=-1).to_list(None))
case("find with batch_size of a string", lambda c: c.find().batch_size("1").to_list(None))
case("find with max_time_ms of a string", lambda c: c.find().max_time_ms("1").to_list(None))
case("find with max_time_ms of a string by keyword", lambda c: c.find(max_time_ms="1").to_list(None))
case("find with allow_disk_use of a string", lambda c: c.find().allow_disk_use("1").to_list(None))
case("find sorted by a number", lambda c: c.find().sort(5).to_list(None))
case("find sorted by nothing", lambda c: c.find().sort([]).to_list(None))
case("find sorted by a number as key", lambda c: c.find().sort([(5, 1)]).to_list(None))
case("find sorted in no direction", lambda c: c.find().sort([("n", None)]).to_list(None))
case("find sorted by a triple", lambda c: c.find().sort([("n", 1, 2)]).to_list(None))
case("find sorted by a key that is no string", lambda c: c.find().sort(5, 1).to_list(None))
case("find sorted by keyword of a string", lambda c: c.find(sort="n").to_list(None))
case("find sorted by an unknown direction", lambda c: c.find().sort("n", 7).to_list(None))
case("find with a bad hint", lambda c: c.find().hint(5).to_list(None))
case("find with a bad collation", lambda c: c.find({}, collation="en").to_list(None))
case("find with a bad collation by method", lambda c: c.find().collation(5).to_list(None))
case("find with a bad let", lambda c: c.find({}, let=5).to_list(None))
case("find, list of 0", lambda c: c.find().to_list(0))
case("find, list of -1", lambda c: c.find().to_list(-1))
case("find, list of a string", lambda c: c.find().to_list("2"))
case("find by what is not BSON", lambda c: c.find({"n": object()}).to_list(None))
case("find by too large an int", lambda c: c.find({"n": 2**64}).to_list(None))
case("find by a key that is no string", lambda c: c.find({5: 1}).to_list(None))
case("find_one with an unknown option", lambda c: c.find_one({}, nonsense=1))
case("find_one with a bad projection", lambda c: c.find_one({}, 5))
case("find_one by what is not BSON", lambda c: c.find_one(object()))
case("count by a string", lambda c: c.count_documents("n"))
case("count by None", lambda c: c.count_documents(None))
case("count without a filter", lambda c: c.count_documents())
case("count with negative skip", lambda c: c.count_documents({}, skip=-1))
case("count with limit 0", lambda c: c.count_documents({}, limit=0))
case("count with an unknown option", lambda c: c.count_documents({}, nonsense=1))
case("estimate with a filter", lambda c: c.estimated_document_count({"n": 1}))
case("distinct of a number", lambda c: c.distinct(5))
case("distinct by a bad filter", lambda c: c.distinct("n", "n"))
case("aggregate a document", lambda c: c.aggregate({"$match": {}}).to_list(None))
case("aggregate a tuple", lambda c: c.aggregate(({"$match": {}},)).to_list(None))
case("aggregate stages that are no documents", lambda c: c.aggregate([5]).to_list(None))
case("aggregate with an unknown option", lambda c: c.aggregate([], nonsense=1).to_list(None))


async def _option_after_start(c: Any) -> Any:
    cursor = c.find().sort("name")
    await cursor.next()
    return cursor.limit(1)


async def _names(c: Any) -> list[str]:
    said = []
    for name in ("", "a..b", ".a", "a.", "$a", "a\x00b", 5):
        try:
            c.database[name]
        except Exception as error:  # noqa: BLE001 - what is raised is the answer
            said.append(f"{type(error).__name__}: {error}")
        else:
            said.append("taken")
    return said


case("an option after the first document", _option_after_start)
case("bad names of collections", _names)

# What the server refuses --------------------------------------------------------------------------

server_case("find by an unknown operator", lambda c: c.find({"n": {"$nonsense": 1}}).to_list(None))
server_case("find by an unknown top operator", lambda c: c.find({"$nonsense": 1}).to_list(None))
server_case("find_one by an unknown operator", lambda c: c.find_one({"n": {"$nonsense": 1}}))
server_case("count by an unknown operator", lambda c: c.count_documents({"n": {"$nonsense": 1}}))
server_case("distinct by an unknown operator", lambda c: c.distinct("n", {"n": {"$nonsense": 1}}))
server_case("find $in of no list", lambda c: c.find({"n": {"$in": 5}}).to_list(None))
server_case("find $or of no list", lambda c: c.find({"$or": 5}).to_list(None))
server_case("find $or of nothing", lambda c: c.find({"$or": []}).to_list(None))
server_case("find by a bad regex", lambda c: c.find({"name": {"$regex": "("}}).to_list(None))
server_case("find with a mixed projection", lambda c: c.find({}, {"name": 1, "n": 0}).to_list(None))
server_case("find with a bad $slice", lambda c: c.find({}, {"tags": {"$slice": "x"}}).to_list(None))

# Writes that never leave, and such as fail at the server ------------------------------------------

write_case("insert_one of a number", lambda c: c.insert_one(5))
write_case("insert_one of None", lambda c: c.insert_one(None))
write_case("insert_one of a list", lambda c: c.insert_one([{"_id": 100}]))
write_case("insert_one with an unknown option", lambda c: c.insert_one({"_id": 100}, nonsense=1))
write_case("insert_one without a document", lambda c: c.insert_one())
write_case("insert_one with a key that is no string", lambda c: c.insert_one({5: 1, "_id": 100}))
write_case("insert_one with a zero character in a key", lambda c: c.insert_one({"a\x00b": 1, "_id": 100}))
write_case("insert_one with an _id that is no BSON", lambda c: c.insert_one({"_id": object()}))
write_case("insert_many of nothing", lambda c: c.insert_many([]))
write_case("insert_many of a document", lambda c: c.insert_many({"_id": 100}))
write_case("insert_many of a number", lambda c: c.insert_many(5))
write_case("insert_many with one that is none", lambda c: c.insert_many([{"_id": 100}, 5]))
write_case("insert_many with one that is no BSON", lambda c: c.insert_many([{"_id": 100}, {"_id": 101, "v": object()}]))
write_case("update_one without operators", lambda c: c.update_one({"_id": 1}, {"n": 1}))
write_case("update_one by nothing", lambda c: c.update_one({"_id": 1}, {}))
write_case("update_one by an empty pipeline", lambda c: c.update_one({"_id": 1}, []))
write_case("update_one by a number", lambda c: c.update_one({"_id": 1}, 5))
write_case("update_one of a number", lambda c: c.update_one(5, {"$set": {"n": 1}}))
write_case("update_one, operators mixed with fields", lambda c: c.update_one({"_id": 1}, {"$set": {"a": 1}, "n": 1}))
write_case("update_one with upsert of a string", lambda c: c.update_one({"_id": 1}, {"$set": {"n": 1}}, upsert="yes"))
write_case("update_one with bad array_filters of a document", lambda c: c.update_one({"_id": 1}, {"$set": {"n": 1}}, array_filters={"e": 1}))
write_case("update_one with an unknown option", lambda c: c.update_one({"_id": 1}, {"$set": {"n": 1}}, nonsense=1))
write_case("update_one $set of nothing", lambda c: c.update_one({"_id": 1}, {"$set": {}}))
write_case("update_one by what is not BSON", lambda c: c.update_one({"_id": 1}, {"$set": {"n": object()}}))
write_case("update_many without operators", lambda c: c.update_many({}, {"n": 1}))
write_case("update_many with sort", lambda c: c.update_many({}, {"$set": {"n": 1}}, sort={"n": 1}))
write_case("replace_one by operators", lambda c: c.replace_one({"_id": 1}, {"$set": {"n": 1}}))
write_case("replace_one by a list", lambda c: c.replace_one({"_id": 1}, [{"n": 1}]))
write_case("replace_one of None", lambda c: c.replace_one(None, {"n": 1}))
write_case("delete_one of a number", lambda c: c.delete_one(5))
write_case("delete_one without a filter", lambda c: c.delete_one())
write_case("delete_many of None", lambda c: c.delete_many(None))
write_case("delete_many with an unknown option", lambda c: c.delete_many({}, nonsense=1))
write_case("find_one_and_update without operators", lambda c: c.find_one_and_update({"_id": 1}, {"n": 1}))
write_case("find_one_and_update with a bad return_document", lambda c: c.find_one_and_update({"_id": 1}, {"$set": {"n": 1}}, return_document="after"))
write_case("find_one_and_replace by operators", lambda c: c.find_one_and_replace({"_id": 1}, {"$set": {"n": 1}}))
write_case("find_one_and_delete of a number", lambda c: c.find_one_and_delete(5))
write_case("bulk of nothing", lambda c: c.bulk_write([]))
write_case("bulk of a request alone", lambda c: c.bulk_write(InsertOne({"_id": 100})))
write_case("bulk of documents", lambda c: c.bulk_write([{"_id": 100}]))
write_case("bulk insert of a number", lambda c: c.bulk_write([InsertOne(NO_DOCUMENT)]))
write_case("bulk update without operators", lambda c: c.bulk_write([UpdateOne({"_id": 1}, {"n": 1})]))
write_case("bulk update by nothing", lambda c: c.bulk_write([UpdateOne({"_id": 1}, {})]))
write_case("bulk insert of what is not BSON", lambda c: c.bulk_write([InsertOne({"_id": 100, "v": object()})]))
write_case("bulk with an unknown option", lambda c: c.bulk_write([InsertOne({"_id": 100})], nonsense=1))
