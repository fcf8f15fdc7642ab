"""Options of reads: hints, collations, comments, limits of time, `let`, cursors' odd ones."""

# One case, one line.
# ruff: noqa: E501
# fmt: off

from pymongo.collation import Collation

from tests.integration.cases.table import Cases

case = Cases(read_only=True)

CASELESS = {"locale": "en", "strength": 2}

case("hint by name", lambda c: c.find({"n": 1}).hint("n_1").to_list(None))
case("hint by pairs", lambda c: c.find({"n": 1}).hint([("n", 1)]).to_list(None))
case("hint by keyword", lambda c: c.find({"n": 1}, hint="n_1").to_list(None))
case("hint taken back", lambda c: c.find({"n": 1}).hint("nonsense_1").hint(None).to_list(None))
case("hint of no index", lambda c: c.find({"n": 1}).hint("nonsense_1").to_list(None))
case("hint of no index by keys", lambda c: c.find({"n": 1}, hint=[("nonsense", 1)]).to_list(None))
case("find_one with hint", lambda c: c.find_one({"n": 1}, hint=[("n", 1)]))
case("count with hint", lambda c: c.count_documents({"n": {"$gt": 3}}, hint="n_1"))
case("count with hint by keys", lambda c: c.count_documents({"n": {"$gt": 3}}, hint=[("n", 1)]))
case("aggregate with hint", lambda c: c.aggregate([{"$match": {"n": 1}}], hint="n_1").to_list(None))
case("distinct with hint", lambda c: c.distinct("n", hint="n_1"))
case("distinct with hint by keys", lambda c: c.distinct("n", hint=[("n", 1)]))
case("aggregate with hint by document", lambda c: c.aggregate([{"$match": {"n": 1}}], hint={"n": 1}).to_list(None))
case("find with hint by document", lambda c: c.find({"n": 1}, hint={"n": 1}).to_list(None))
case("count with hint by document", lambda c: c.count_documents({"n": 1}, hint={"n": 1}))

case("collation by document", lambda c: c.find({"name": "bolt"}, collation=CASELESS).to_list(None))
case("collation of the driver's class", lambda c: c.find({"name": "BOLT"}, collation=Collation("en", strength=2)).to_list(None))
case("collation by method", lambda c: c.find({"name": "bolt"}).collation(CASELESS).to_list(None))
case("collation in sorting", lambda c: c.find().sort([("name", 1), ("n", 1)]).collation(CASELESS).to_list(None))
case("collation of an unknown locale", lambda c: c.find({}, collation={"locale": "nowhere"}).to_list(None))
case("find_one with collation", lambda c: c.find_one({"name": "DISC"}, collation=CASELESS))
case("count with collation", lambda c: c.count_documents({"name": "bolt"}, collation=CASELESS))
case("distinct with collation", lambda c: c.distinct("name", {"n": {"$lt": 3}}, collation=CASELESS))
case("aggregate with collation", lambda c: c.aggregate([{"$match": {"name": "BOLT"}}], collation=CASELESS).to_list(None))

case("comment", lambda c: c.find({"n": 1}, comment="why").to_list(None))
case("comment by method", lambda c: c.find({"n": 1}).comment("why").to_list(None))
case("comment that is a document", lambda c: c.find_one({"n": 3}, comment={"who": "me"}))
case("count with comment", lambda c: c.count_documents({"n": 1}, comment="why"))
case("estimate with comment", lambda c: c.estimated_document_count(comment="why"))
case("distinct with comment", lambda c: c.distinct("n", comment="why"))
case("aggregate with comment", lambda c: c.aggregate([{"$match": {"n": 1}}], comment="why").to_list())

case("max_time_ms", lambda c: c.find({"n": 1}, max_time_ms=5000).to_list(None))
case("max_time_ms by method", lambda c: c.find({"n": 1}).max_time_ms(5000).to_list(None))
case("count with maxTimeMS", lambda c: c.count_documents({"n": 1}, maxTimeMS=5000))
case("estimate with maxTimeMS", lambda c: c.estimated_document_count(maxTimeMS=5000))
case("distinct with maxTimeMS", lambda c: c.distinct("n", maxTimeMS=5000))
case("aggregate with maxTimeMS", lambda c: c.aggregate([{"$match": {"n": 1}}], maxTimeMS=5000).to_list())

case("find with let", lambda c: c.find({"$expr": {"$eq": ["$n", "$$wanted"]}}, let={"wanted": 4}).to_list(None))
case("find_one with let", lambda c: c.find_one({"$expr": {"$eq": ["$n", "$$wanted"]}}, let={"wanted": 4}))
case("aggregate with let", lambda c: c.aggregate([{"$match": {"$expr": {"$eq": ["$n", "$$w"]}}}], let={"w": 4}).to_list(None))

case("min and max", lambda c: c.find(min={"n": 2}, max={"n": 5}, hint=[("n", 1)]).to_list(None))
case("min and max by pairs", lambda c: c.find(min=[("n", 2)], max=[("n", 5)], hint=[("n", 1)]).to_list(None))
case("min without a hint", lambda c: c.find(min=[("n", 2)]).to_list(None))
case("return_key", lambda c: c.find({"n": 1}, hint="n_1", return_key=True).to_list(None))
case("show_record_id", lambda c: c.find({"n": 9}, {"_id": 1}, show_record_id=False).to_list(None))
case("allow_disk_use", lambda c: c.find({"n": 9}, allow_disk_use=True).to_list(None))
case("allow_disk_use by method", lambda c: c.find({"n": 9}).allow_disk_use(True).to_list(None))  # noqa: FBT003 - as the driver has it
case("aggregate allowDiskUse", lambda c: c.aggregate([{"$sort": {"n": 1, "name": 1}}], allowDiskUse=True).to_list(None))
case("aggregate batchSize", lambda c: c.aggregate([{"$sort": {"name": 1}}], batchSize=2).to_list(None))
case("allow_partial_results", lambda c: c.find({"n": 9}, allow_partial_results=True).to_list(None))
case("no_cursor_timeout", lambda c: c.find({"n": 9}, no_cursor_timeout=True).to_list(None))
