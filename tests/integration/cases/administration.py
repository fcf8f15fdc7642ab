"""Indexes, collections, databases and commands.

What mongomock has none of, or answers as no server does, is compared on the wire alone.
"""

# One case, one line.
# ruff: noqa: E501
# fmt: off

from typing import Any

from bson import DBRef, Int64
from bson.codec_options import CodecOptions
from bson.son import SON
from pymongo import IndexModel, ReadPreference, WriteConcern
from pymongo.collation import Collation

from tests.integration.cases.table import Cases

case = Cases(read_only=True)
change = Cases(read_only=False)
wire = Cases(read_only=True, databases=("wire",))
wire_change = Cases(read_only=False, databases=("wire",))


# Indexes ------------------------------------------------------------------------------------------

case("index_information", lambda c: c.index_information())
case("index_information of no collection", lambda c: c.database["none"].index_information())
wire("index_information with comment", lambda c: c.index_information(comment="why"))
wire("list_indexes", lambda c: c.list_indexes().to_list(None))
wire("list_indexes of a unique index", lambda c: c.database["people"].list_indexes().to_list(None))
wire("list_indexes of no collection", lambda c: c.database["none"].list_indexes().to_list(None))
wire("list_indexes with comment", lambda c: c.list_indexes(comment={"why": 1}).to_list(None))
wire("list_indexes, some", lambda c: c.list_indexes().to_list(1))


async def _iterated(c: Any) -> Any:
    cursor = c.list_indexes()
    before = cursor.alive
    names = [index["name"] async for index in cursor]
    return before, names, cursor.alive


wire("list_indexes, iterated", _iterated)
change("create_index of a name", lambda c: c.create_index("name"))
change("create_index of pairs", lambda c: c.create_index([("name", 1), ("n", -1)]))
wire_change("create_index of names and pairs", lambda c: c.create_index(["name", ("n", -1)]))
wire_change("create_index of a mapping", lambda c: c.create_index({"name": -1}))
change("create_index of items", lambda c: c.create_index({"name": 1, "n": 1}.items()))
change("create_index under a name", [lambda c: c.create_index("name", name="mine"), lambda c: c.index_information()])
change("create_index, unique", [lambda c: c.create_index("name", unique=True), lambda c: c.insert_one({"name": "disc"}), lambda c: c.index_information()])
wire_change("create_index, unique, of what is not", lambda c: c.create_index("n", unique=True, name="no"))
change("create_index, sparse", [lambda c: c.create_index("name", sparse=True), lambda c: c.index_information()])
change("create_index, expiring", [lambda c: c.create_index("at", expireAfterSeconds=3600), lambda c: c.index_information()])
wire_change("create_index, partial", [lambda c: c.create_index("at", partialFilterExpression={"n": {"$gt": 3}}), lambda c: c.index_information()])
wire_change("create_index with collation", [lambda c: c.create_index("name", collation=Collation("en", strength=2)), lambda c: c.index_information()])
wire_change("create_index with collation as a dict", [lambda c: c.create_index("name", collation={"locale": "en"}), lambda c: c.index_information()])
wire_change("create_index, hidden", [lambda c: c.create_index("name", hidden=True), lambda c: c.index_information()])
change("create_index in background", lambda c: c.create_index("name", background=True))
wire_change("create_index with comment and time", lambda c: c.create_index("name", comment="why", maxTimeMS=5000))
change("create_index twice", [lambda c: c.create_index("name"), lambda c: c.create_index("name")])
wire_change("create_index with other options", [lambda c: c.create_index("name"), lambda c: c.create_index("name", unique=True)])
wire_change("create_index of a text", [lambda c: c.create_index([("name", "text")]), lambda c: c.index_information()])
change("create_index in a new collection", [lambda c: c.database["new"].create_index("a"), lambda c: c.database.list_collection_names()])
wire_change("create_index under a write concern", lambda c: c.with_options(write_concern=WriteConcern(w=1)).create_index("name"))
wire_change("create_indexes", [lambda c: c.create_indexes([IndexModel("name"), IndexModel([("n", -1)], unique=False), IndexModel("at", name="mine")]), lambda c: c.index_information()])
wire_change("create_indexes of a collation", [lambda c: c.create_indexes([IndexModel("name", collation=Collation("fr"))]), lambda c: c.index_information()])
wire_change("create_indexes with comment and time", lambda c: c.create_indexes([IndexModel("name")], comment="why", maxTimeMS=5000))
wire_change("create_indexes of none", lambda c: c.create_indexes([]))
wire_change("create_index of a bad kind", lambda c: c.create_index([("name", "nonsense")]))
wire_change("create_index of a bad direction", lambda c: c.create_index([("name", 1.5)]))
wire_change("create_index of a number", lambda c: c.create_index(1))
wire_change("create_index of None", lambda c: c.create_index(None))
wire_change("create_index of nothing", lambda c: c.create_index([]))
wire_change("create_index of a number in pairs", lambda c: c.create_index([(1, 1)]))
wire_change("create_index of a triple", lambda c: c.create_index([("a", 1, 1)]))
wire_change("create_index with a bad collation", lambda c: c.create_index("name", collation="en"))
wire_change("create_indexes of a tuple", lambda c: c.create_indexes((IndexModel("a"),)))
wire_change("create_indexes of a name", lambda c: c.create_indexes("a"))
wire_change("create_indexes of names", lambda c: c.create_indexes(["a"]))
change("drop_index by name", [lambda c: c.drop_index("n_1"), lambda c: c.index_information()])
change("drop_index by keys", [lambda c: c.drop_index([("n", 1)]), lambda c: c.index_information()])
wire_change("drop_index with comment", lambda c: c.drop_index("n_1", comment="why"))
wire_change("drop_index of none", lambda c: c.drop_index("none"))
wire_change("drop_index of _id", lambda c: c.drop_index("_id_"))
wire_change("drop_index of all", [lambda c: c.drop_index("*"), lambda c: c.index_information()])
wire_change("drop_index of no collection", lambda c: c.database["none"].drop_index("a_1"))
wire_change("drop_index of a number", lambda c: c.drop_index(1))
wire_change("drop_index of a mapping", lambda c: c.drop_index({"n": 1}))
wire_change("drop_index of names", lambda c: c.drop_index(["n"]))
change("drop_indexes", [lambda c: c.drop_indexes(), lambda c: c.index_information()])
change("drop_indexes of no collection", lambda c: c.database["none"].drop_indexes())
wire_change("drop_indexes with comment", lambda c: c.drop_indexes(comment="why", maxTimeMS=5000))


# Collections --------------------------------------------------------------------------------------


def named(listed: Any) -> list[Any]:
    """By name, without the uuid, which is another in each database."""
    for each in listed:
        each.get("info", {}).pop("uuid", None)
        each.get("idIndex", {}).pop("ns", None)
    return sorted(listed, key=lambda each: each["name"])


async def collections(c: Any, **options: Any) -> Any:
    return named(await (await c.database.list_collections(**options)).to_list(None))


async def names(c: Any, **options: Any) -> Any:
    return sorted(await c.database.list_collection_names(**options))


async def created(c: Any, *args: Any, **options: Any) -> Any:
    collection = await c.database.create_collection(*args, **options)
    concern, preference = collection.write_concern, collection.read_preference
    return collection.name, collection.full_name, concern.document, preference.document


case("list_collection_names", names)
case("list_collection_names by name", lambda c: names(c, filter={"name": "items"}))
case("list_collection_names by pattern", lambda c: names(c, filter={"name": {"$regex": "^p"}}))
case("list_collection_names of an empty database", lambda c: c.database.client["motorpool_empty"].list_collection_names())
wire("list_collection_names by type", lambda c: names(c, filter={"type": "collection"}))
wire("list_collection_names with an empty filter", lambda c: names(c, filter={}))
wire("list_collection_names with comment", lambda c: names(c, comment="why"))
wire("list_collection_names, authorized", lambda c: names(c, authorizedCollections=True))
wire("list_collection_names by a string", lambda c: names(c, filter="items"))
wire("list_collections", collections)
wire("list_collections by name", lambda c: collections(c, filter={"name": "people"}))
wire("list_collections, names only", lambda c: collections(c, nameOnly=True))
wire("list_collections with comment and time", lambda c: collections(c, comment="why", maxTimeMS=5000))
change("create_collection", [lambda c: created(c, "new"), names])
change("create_collection that exists", lambda c: created(c, "items"))
wire_change("create_collection that exists, unchecked", lambda c: created(c, "items", check_exists=False))
wire_change("create_collection otherwise than it exists", lambda c: created(c, "items", check_exists=False, capped=True, size=4096))
wire_change("create_collection, capped", [lambda c: created(c, "new", capped=True, size=8192, max=10), lambda c: c.database["new"].options()])
wire_change("create_collection with a validator", [lambda c: created(c, "new", validator={"a": {"$type": "int"}}, validationLevel="strict"), lambda c: c.database["new"].insert_one({"_id": 1, "a": "x"}), lambda c: c.database["new"].options()])
wire_change("create_collection with collation", [lambda c: created(c, "new", collation=Collation("en", strength=2)), lambda c: c.database["new"].options()])
wire_change("create_collection with collation as a dict", [lambda c: created(c, "new", collation={"locale": "en"}), lambda c: c.database["new"].options()])
wire_change("create_collection, a view", [lambda c: created(c, "new", viewOn="items", pipeline=[{"$match": {"n": 1}}]), lambda c: collections(c, filter={"name": "new"})])
wire_change("create_collection, clustered", lambda c: created(c, "new", clusteredIndex={"key": {"_id": 1}, "unique": True}))
wire_change("create_collection with comment", lambda c: created(c, "new", comment="why"))
wire_change("create_collection with concerns", lambda c: created(c, "new", read_preference=ReadPreference.SECONDARY_PREFERRED, write_concern=WriteConcern(w=1)))
wire_change("create_collection with an unknown option", lambda c: created(c, "new", nonsense=1))
wire_change("create_collection of a number", lambda c: created(c, 1))
change("create_collection of no name", lambda c: created(c, ""))
wire_change("create_collection of a bad name", lambda c: created(c, "a$b"))
wire_change("create_collection of a name in dots", lambda c: created(c, ".a"))
wire_change("create_collection with a bad clustered index", lambda c: created(c, "new", clusteredIndex=True))
wire_change("create_collection with a bad collation", lambda c: created(c, "new", collation="en"))
change("drop", [lambda c: c.drop(), names])
change("drop of no collection", lambda c: c.database["none"].drop())
wire_change("drop with comment", lambda c: c.drop(comment="why"))
wire_change("drop under a write concern", [lambda c: c.with_options(write_concern=WriteConcern(w=1)).drop(), names])
wire_change("drop_collection", [lambda c: c.database.drop_collection("people"), names])
wire_change("drop_collection itself", [lambda c: c.database.drop_collection(c), names])
wire_change("drop_collection of none", lambda c: c.database.drop_collection("none"))
wire_change("drop_collection of a number", lambda c: c.database.drop_collection(1))
wire_change("rename", [lambda c: c.rename("renamed"), names, lambda c: c.database["renamed"].count_documents({})])
wire_change("rename with comment", lambda c: c.rename("renamed", comment="why"))
wire_change("rename onto another", lambda c: c.rename("people"))
wire_change("rename onto another, dropped", [lambda c: c.rename("people", dropTarget=True), names])
wire_change("rename of none", lambda c: c.database["none"].rename("some"))
wire_change("rename to a number", lambda c: c.rename(1))
change("rename to no name", lambda c: c.rename(""))
change("rename to dots", lambda c: c.rename("a..b"))
change("rename to a dot", lambda c: c.rename(".a"))
change("rename to a dollar", lambda c: c.rename("a$b"))
wire("options", lambda c: c.options())
wire("options of no collection", lambda c: c.database["none"].options())
wire("options with comment", lambda c: c.options(comment="why"))


# Databases ----------------------------------------------------------------------------------------


async def own_names(c: Any, **options: Any) -> Any:
    return [name for name in await c.database.client.list_database_names(**options) if name == c.database.name]


async def databases(c: Any, **options: Any) -> Any:
    listed = await (await c.database.client.list_databases(**options)).to_list(None)
    return [[each["name"], sorted(each)] for each in listed if each["name"] == c.database.name]


async def dropped(c: Any, **options: Any) -> Any:
    client, name = c.database.client, c.database.name
    return await client.drop_database(name, **options), await own_names(c)


async def dropped_itself(c: Any) -> Any:
    return await c.database.client.drop_database(c.database), await own_names(c)


case("list_database_names", own_names)
wire("list_database_names with comment", lambda c: own_names(c, comment="why"))
wire("list_databases", databases)
wire("list_databases, names only", lambda c: databases(c, nameOnly=True))
wire("list_databases by name", lambda c: databases(c, filter={"name": c.database.name}))
wire("list_databases with comment", lambda c: databases(c, comment="why"))
change("drop_database", dropped)
wire_change("drop_database itself", dropped_itself)
wire_change("drop_database with comment", lambda c: dropped(c, comment="why"))
change("drop_database of none", lambda c: c.database.client.drop_database("motorpool_none"))
wire_change("drop_database of a number", lambda c: c.database.client.drop_database(1))
wire_change("drop_database of a bad name", lambda c: c.database.client.drop_database("a b"))
wire("server_info", lambda c: c.database.client.server_info())
case("server_info's version", lambda c: _of(c.database.client.server_info(), "version", "versionArray", "maxBsonObjectSize"))
wire_change("drop_database of no name", lambda c: c.database.client.drop_database(""))


async def _of(reply: Any, *fields: str) -> Any:
    found = await reply
    return {field: found[field] for field in fields}


# Commands -----------------------------------------------------------------------------------------

COUNT = {"count": "items", "query": {"n": 1}}

wire("command ping", lambda c: c.database.command("ping"))
case("command ping, whether it is well", lambda c: _of(c.database.command("ping"), "ok"))
wire("command by name and value", lambda c: c.database.command("count", "items"))
wire("command by name, value and keywords", lambda c: c.database.command("count", "items", query={"n": 1}))
wire("command as a document", lambda c: c.database.command(COUNT))
wire("command as a SON", lambda c: c.database.command(SON([("count", "items"), ("query", {"n": {"$gt": 2}})])))
wire("command as a document and keywords", lambda c: c.database.command({"count": "items"}, limit=3))
wire("command with comment", lambda c: c.database.command("count", "items", comment="why"))
wire("command with a read preference", lambda c: c.database.command("count", "items", read_preference=ReadPreference.NEAREST))
wire("command as SON", lambda c: c.database.command("count", "items", codec_options=CodecOptions(SON)))
wire("command, aware of time zones", lambda c: _batch(c.database.command("find", "items", filter={"_id": 4}, codec_options=CodecOptions(tz_aware=True))))
wire("command, unaware of time zones", lambda c: _batch(c.database.command("find", "items", filter={"_id": 4})))
wire("command find", lambda c: _batch(c.database.command("find", "items", filter={"n": 1})))
wire("command distinct", lambda c: c.database.command("distinct", "items", key="n"))
wire("command that is none", lambda c: c.database.command("nonsense"))
wire("command that is none, unchecked", lambda c: c.database.command("nonsense", check=False))
wire("command that is none, allowed by code", lambda c: c.database.command("nonsense", allowable_errors=[59]))
wire("command that is none, another allowed", lambda c: c.database.command("nonsense", allowable_errors=[26, "no"]))
wire("command with a bad field", lambda c: c.database.command("count", "items", nonsense=1))
wire("command of another database", lambda c: c.database.client.admin.command("buildInfo"))
wire("command of a number", lambda c: c.database.command(1))
wire_change("command that inserts", [lambda c: c.database.command("insert", "items", documents=[{"_id": 100}]), lambda c: c.find_one({"_id": 100})])
wire_change("command that inserts a duplicate", lambda c: c.database.command("insert", "items", documents=[{"_id": 1}]))
wire_change("command findAndModify", lambda c: c.database.command("findAndModify", "items", query={"_id": 1}, update={"$set": {"n": Int64(2)}}))
wire_change("command findAndModify of a duplicate", lambda c: c.database["people"].database.command("findAndModify", "people", query={"_id": 1}, update={"$set": {"email": "bob@example.org"}}))


async def _batch(reply: Any) -> Any:
    return (await reply)["cursor"]["firstBatch"]


async def cursor_of(c: Any, *args: Any, **options: Any) -> Any:
    cursor = await c.database.cursor_command(*args, **options)
    return cursor.alive, await cursor.to_list(None), cursor.alive


wire("cursor_command", lambda c: cursor_of(c, "find", "items", filter={"n": {"$lt": 4}}))
wire("cursor_command as a document", lambda c: cursor_of(c, {"listCollections": 1, "filter": {"name": "none"}}))
wire("cursor_command with comment", lambda c: cursor_of(c, "find", "items", comment="why"))
wire("cursor_command as SON", lambda c: cursor_of(c, "find", "items", codec_options=CodecOptions(SON)))
wire("cursor_command without a cursor", lambda c: cursor_of(c, "ping"))
wire("cursor_command that is none", lambda c: cursor_of(c, "nonsense"))
wire("validate_collection", lambda c: c.database.validate_collection("items"))
wire("validate_collection itself", lambda c: c.database.validate_collection(c))
wire("validate_collection, fully", lambda c: c.database.validate_collection("items", full=True, scandata=True, comment="why"))
wire("validate_collection of none", lambda c: c.database.validate_collection("none"))
wire("validate_collection of a number", lambda c: c.database.validate_collection(1))
case("dereference", lambda c: c.database.dereference(DBRef("people", 1)))
case("dereference of none", lambda c: c.database.dereference(DBRef("people", 99)))
wire("dereference with a projection", lambda c: c.database.dereference(DBRef("people", 1), projection={"age": 1}))
wire("dereference with comment", lambda c: c.database.dereference(DBRef("people", 1), comment="why"))
case("dereference of this database", lambda c: c.database.dereference(DBRef("people", 2, c.database.name)))
case("dereference of another database", lambda c: c.database.dereference(DBRef("people", 1, "elsewhere")))
case("dereference of a number", lambda c: c.database.dereference(1))


# Aggregations on no collection --------------------------------------------------------------------

DOCUMENTS = [{"$documents": [{"a": 1}, {"a": Int64(2)}, {"a": 3}]}]


async def awaited(cursor: Any) -> Any:
    return [document async for document in (cursor if hasattr(cursor, "__aiter__") else await cursor)]


wire("aggregate on a database", lambda c: c.database.aggregate(DOCUMENTS).to_list(None))
wire("aggregate on a database, iterated", lambda c: awaited(c.database.aggregate([*DOCUMENTS, {"$match": {"a": {"$gt": 1}}}])))
wire("aggregate on a database in small batches", lambda c: awaited(c.database.aggregate(DOCUMENTS, batchSize=2)))
wire("aggregate on a database with let and comment", lambda c: c.database.aggregate([*DOCUMENTS, {"$match": {"$expr": {"$eq": ["$a", "$$n"]}}}], let={"n": 3}, comment="why").to_list(None))
wire("aggregate on a database into nothing", lambda c: c.database.aggregate([{"$documents": []}]).to_list(None))
wire("aggregate on a database without a source", lambda c: c.database.aggregate([{"$match": {"a": 1}}]).to_list(None))
wire("aggregate on a database of a document", lambda c: c.database.aggregate({}).to_list(None))
wire("aggregate on a database with a bad option", lambda c: c.database.aggregate(DOCUMENTS, batchSize="two").to_list(None))
wire("cursor_command in small batches", lambda c: cursor_of(c, "find", "items", batchSize=2))
wire("cursor_command of an aggregation", lambda c: cursor_of(c, "aggregate", "items", pipeline=[{"$sort": {"n": 1}}], cursor={"batchSize": 1}))
wire("cursor_command with a read preference", lambda c: cursor_of(c, "find", "items", read_preference=ReadPreference.NEAREST))
