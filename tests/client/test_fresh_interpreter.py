"""What using the client imports, seen in an interpreter that has imported nothing yet.

The cold-start budget rests on it: `pymongo` costs 90 ms, to be paid when the first error is raised.
"""

import json
import subprocess
import sys

PROGRAM = """
import json, sys

def drivers():
    return sorted(name for name in sys.modules if name.split(".")[0] in ("pymongo", "motor"))

import motorpool.client
seen = {"after the import": drivers(), "event loop": "asyncio" in sys.modules}

import asyncio
from bson import encode
from motorpool.batching import codec, envelope
from motorpool.client import (
    IndexModel, InsertOne, MotorpoolError, ProxyClient, ReadConcern, ReadPreference, UpdateOne,
    WriteConcern,
)


class Transport:
    async def invoke(self, payload):
        document = codec.decode_document(codec.open_envelope(json.loads(payload)))
        return codec.seal_envelope(
            codec.join_response([encode(entry(asked)) for asked in document["ops"]], {}),
            compress=False,
        )

    async def aclose(self):
        pass


def entry(asked):
    if asked["args"].get("document", {}).get("_id") == "taken":
        err = envelope.error("DuplicateKeyError", "E11000", code=11000, details={"code": 11000})
        return envelope.failure(asked["id"], err)
    if asked["op"] in ("create_indexes", "list_indexes", "list_collections", "list_databases"):
        return envelope.success(asked["id"], ["a_1"] if asked["op"] == "create_indexes" else [])
    if asked["op"] == "find" and asked["args"].get("comment") == "two pages":
        return envelope.success(asked["id"], [{"_id": 1}], {"id": 5, "count": 1})
    if asked["op"] == "get_more":
        return envelope.success(asked["id"], [{"_id": 2}])
    if asked["op"].startswith(("find_one", "find_one_and")):
        return envelope.success(asked["id"], {"_id": 1})
    if asked["op"] in ("find", "aggregate", "distinct"):
        return envelope.success(asked["id"], [{"_id": 1}, {"_id": 2}])
    if asked["op"].endswith("documents"):
        return envelope.success(asked["id"], 2)
    raw = {"n": 1, "nModified": 1, "nInserted": 1, "ok": 1.0}
    ok = {"acknowledged": True, "raw_result": raw, "bulk_api_result": raw}
    return envelope.success(asked["id"], ok)


async def page():
    async with ProxyClient(transport=Transport(), timeout=30) as client:
        users = client.shop.users
        async with client.request(timeout=20):
            await asyncio.gather(
                users.find_one({"_id": 1}, ["a"], sort=[("a", 1)], collation={"locale": "de"}),
                users.find({"a": 1}).sort("a", -1).skip(1).limit(5).hint("a_1").to_list(),
                users.aggregate([{"$match": {}}]).to_list(1),
                users.count_documents({}),
                users.distinct("a"),
            )
        async with client.batch():
            one = users.insert_one({"a": 1})
            many = users.insert_many([{"a": 1}, {"a": 2}])
            changed = users.update_one({}, {"$set": {"a": 1}}, upsert=True)
            deleted = users.delete_many({})
            bulk = users.bulk_write([InsertOne({"a": 1}), UpdateOne({}, {"$set": {"a": 1}})])
        async for _ in users.find():
            pass
        seen["values"] = [
            str((await one).inserted_id) != "",
            len((await many).inserted_ids),
            (await changed).matched_count,
            (await deleted).deleted_count,
            (await bulk).inserted_count,
            repr(users)[:65], users == client["shop"]["users"], hash(users) == hash(users),
        ]
        other = users.with_options(
            read_preference=ReadPreference.SECONDARY_PREFERRED,
            read_concern=ReadConcern("majority"),
            write_concern=WriteConcern(w="majority"),
        )
        seen["pages"] = [d["_id"] async for d in other.find(comment="two pages")]
        await asyncio.gather(
            other.find_one_and_update({}, {"$set": {"a": 1}}, return_document=True),
            other.create_index([("a", 1)]),
            other.create_indexes([IndexModel("a")]),
            other.index_information(),
            other.list_indexes().to_list(),
            other.drop_index("a_1"),
            other.options(),
            other.rename("people"),
            other.drop(),
            client.shop.create_collection("new"),
            client.shop.list_collection_names(),
            client.shop.command("ping"),
            client.list_database_names(),
            client.server_info(),
            client.drop_database("shop"),
        )
        await users.find(comment="two pages").batch_size(1).to_list(1)
        await other.find({}).close()
        seen["after use"] = drivers()
        call = users.insert_one({"_id": "taken"})
        try:
            await call
        except MotorpoolError:
            seen["caught as"] = "motorpool's"
        except Exception as error:
            seen["caught as"] = type(error).__module__ + "." + type(error).__name__
        seen["after an error"] = "pymongo.errors" in drivers()
        import pymongo.errors
        try:
            await call
        except pymongo.errors.DuplicateKeyError as error:
            seen["caught by the driver's clause"] = error.code


asyncio.run(page())
print(json.dumps(seen))
"""


def test_no_driver_is_imported_before_the_first_error_is_raised() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "after the import": [],
        "event loop": False,
        "values": [
            True,
            2,
            1,
            1,
            1,
            "Collection(Database(<ProxyClient <__main__.Transport object at 0x",
            True,
            True,
        ],
        "pages": [1, 2],
        "after use": [],
        "caught as": "pymongo.errors.DuplicateKeyError",
        "after an error": True,
        "caught by the driver's clause": 11000,
    }
