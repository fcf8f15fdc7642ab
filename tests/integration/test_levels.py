"""Options of a collection encode and decode through the proxy what they do in the driver.

PyMongo's asynchronous API is the measure: which of its replies it decodes as the caller wants, and
which not, is its own to say.
"""

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import bson
import pytest
from bson import DBRef, Decimal128, Int64
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion, TypeCodec, TypeRegistry
from bson.raw_bson import RawBSONDocument
from bson.son import SON
from pymongo import AsyncMongoClient, DeleteOne, InsertOne, UpdateOne

from motorpool.client import InProcessTransport, ProxyClient
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.integration.answers import describe
from tests.integration.services import Server

UUID = uuid.UUID("6f1c4f7e-3b2a-4c5d-9e8f-0123456789ab")
NOON = dt.datetime(2024, 2, 29, 12, 0, 0, 5000)  # noqa: DTZ001 - what is read without tz_aware
SET = {"$set": {"seen": True}}
RAW = RawBSONDocument(bson.encode({"a": {"b": NOON}}))


@dataclass(frozen=True)
class Price:
    """A type of one's own."""

    amount: str


class _Prices(TypeCodec):
    python_type = Price
    bson_type = Decimal128

    def transform_python(self, value: Any) -> Any:
        return Decimal128(value.amount)

    def transform_bson(self, value: Any) -> Any:
        return Price(str(value))


class _Longs(TypeCodec):
    python_type = range
    bson_type = Int64

    def transform_python(self, value: Any) -> Any:
        return Int64(len(value))

    def transform_bson(self, value: Any) -> Any:
        return range(value)


class Own(dict[str, Any]):
    """A document class of one's own."""


def _fallback(value: Any) -> Any:
    return repr(value)


OPTIONS: dict[str, CodecOptions[Any]] = {
    "the default": CodecOptions(),
    "aware dates": CodecOptions(tz_aware=True),
    "a time zone": CodecOptions(tz_aware=True, tzinfo=dt.timezone(dt.timedelta(hours=5))),
    "dates in ms": CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS),
    "standard uuids": CodecOptions(uuid_representation=UuidRepresentation.STANDARD),
    "legacy uuids": CodecOptions(uuid_representation=UuidRepresentation.PYTHON_LEGACY),
    "SON": CodecOptions(SON),
    "a class of one's own": CodecOptions(Own),
    "raw documents": CodecOptions(RawBSONDocument),
    "types of one's own": CodecOptions(type_registry=TypeRegistry([_Prices()])),
    "a decoder of counts": CodecOptions(type_registry=TypeRegistry([_Longs()])),
    "a fallback": CodecOptions(type_registry=TypeRegistry([], _fallback)),
    "all at once": CodecOptions(
        SON,
        tz_aware=True,
        uuid_representation=UuidRepresentation.STANDARD,
        type_registry=TypeRegistry([_Prices(), _Longs()], _fallback),
    ),
}

UNIQUE = {"at": NOON, "price": Decimal128("1.10"), "long": Int64(7)}
DOCUMENT: dict[str, Any] = {
    "_id": 1,
    "at": NOON,
    "price": Decimal128("1.10"),
    "long": Int64(7),
    "ref": DBRef("items", 1),
    "in": {"z": 1, "a": [{"b": Decimal128("2")}]},
}

CALLS: dict[str, Callable[[Any], Any]] = {
    "find_one": lambda c: c.find_one({"_id": 1}),
    "find": lambda c: c.find({}).to_list(),
    "distinct documents": lambda c: c.distinct("in"),
    "distinct dates": lambda c: c.distinct("at"),
    "distinct prices": lambda c: c.distinct("price"),
    "count_documents": lambda c: c.count_documents({}),
    "estimated_document_count": lambda c: c.estimated_document_count(),
    "find_one_and_update": lambda c: c.find_one_and_update({"_id": 1}, SET),
    "find_one_and_replace": lambda c: c.find_one_and_replace({"_id": 1}, {}, return_document=True),
    "find_one_and_delete": lambda c: c.find_one_and_delete({"_id": 1}),
    "update_one": lambda c: c.update_one({"_id": 1}, SET),
    "upsert of a date": lambda c: c.update_one({"_id": NOON}, SET, upsert=True),
    "upsert of a price": lambda c: c.update_one({"_id": Decimal128("5")}, SET, upsert=True),
    "upsert of a long": lambda c: c.update_one({"_id": Int64(5)}, SET, upsert=True),
    "upsert of a document": lambda c: c.replace_one({"_id": {"b": 1, "a": 2}}, {}, upsert=True),
    "upsert of a uuid": lambda c: c.update_one({"_id": UUID}, SET, upsert=True),
    "insert of a uuid": lambda c: c.insert_one({"_id": UUID}),
    "insert of a price": lambda c: c.insert_one({"_id": Price("3")}),
    "insert of an object": lambda c: c.insert_one({"_id": 5, "a": {1}}),
    "insert_many of prices": lambda c: c.insert_many([{"_id": Price("3")}, {"_id": Price("4")}]),
    "delete by a uuid": lambda c: c.delete_many({"_id": UUID}),
    "a bulk insert": lambda c: c.bulk_write([InsertOne({"_id": Price("3")})]),
    "a bulk upsert": lambda c: c.bulk_write([UpdateOne({"_id": NOON}, SET, upsert=True)]),
    "a bulk delete": lambda c: c.bulk_write([DeleteOne({"_id": 1})]),
    "a bulk duplicate": lambda c: c.bulk_write([InsertOne({"_id": 1, "a": [{"b": 1}]})]),
    "a duplicate": lambda c: c.insert_one({"_id": 1}),
    "duplicates": lambda c: c.insert_many([{"_id": 1}, {"_id": 2}], ordered=False),
    "a duplicate of what is in it": lambda c: c.insert_one({"_id": 2, **UNIQUE}),
    "duplicates of what is in it": lambda c: c.insert_many([{"_id": 2, **UNIQUE}, {"_id": 3}]),
    "a bulk duplicate of what is in it": lambda c: c.bulk_write(
        [DeleteOne({"_id": 5}), UpdateOne({"_id": 2}, {"$set": UNIQUE}, upsert=True)]
    ),
    "a bad filter": lambda c: c.find_one({"$nonsense": 1}),
    "filter by a uuid": lambda c: c.find_one({"_id": UUID}),
    "filter by a price": lambda c: c.find({"price": {"$gte": Price("1")}}).to_list(),
    "replace by what is raw": lambda c: c.replace_one({"_id": 1}, RAW),
}
"""Each is called on the driver's collection and on ours; requests are the driver's to both."""


@pytest.fixture
async def both(wire_uri: str, server: Server) -> AsyncIterator[tuple[Any, Any]]:
    """Give a database, reached directly and through the proxy."""
    proxy = Proxy(Settings(mongodb_uri=wire_uri))
    name = server.database.name
    async with (
        AsyncMongoClient[Any](wire_uri) as directly,
        ProxyClient(transport=InProcessTransport(proxy.handle)) as client,
    ):
        yield directly[name], client[name]
    proxy.close()


async def outcome(call: Callable[[Any], Any], collection: Any) -> Any:
    """Return the facts of what a call gives or raises."""
    name = collection.database.name
    try:
        return describe(await call(collection), name)
    except Exception as error:  # noqa: BLE001 - then the other has to raise it, too
        details = getattr(error, "details", None)
        words = str(error).partition(", full error")[0]
        facts = describe((type(error).__name__, words, details), name)
        # With a decoder of one's own, the driver leaves the cluster's time undecoded.
        return {fact: said for fact, said in facts.items() if not fact.endswith("$clusterTime")}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
async def test_a_collections_options_do_what_they_do_in_the_driver(
    both: tuple[Any, Any], server: Server, options: CodecOptions[Any]
) -> None:
    server.database["items"].create_index([(name, 1) for name in UNIQUE], unique=True)
    differ = {}
    for name, call in CALLS.items():
        outcomes = []
        for database in both:
            server.database["items"].delete_many({})
            server.database["items"].insert_one(DOCUMENT)
            outcomes.append(await outcome(call, database.get_collection("items", options)))
        if outcomes[0] != outcomes[1]:
            facts = {*outcomes[0], *outcomes[1]}
            differ[name] = {
                fact: (outcomes[0].get(fact), outcomes[1].get(fact))
                for fact in facts
                if outcomes[0].get(fact) != outcomes[1].get(fact)
            }

    assert differ == {}


@pytest.mark.parametrize("level", ["client", "database", "collection"])
async def test_options_hold_from_the_level_that_said_them_downwards(
    wire_uri: str, server: Server, level: str
) -> None:
    server.database["items"].insert_one(DOCUMENT)
    said: dict[str, Any] = {"codec_options": CodecOptions(SON, tz_aware=True)}
    proxy = Proxy(Settings(mongodb_uri=wire_uri))
    async with ProxyClient(
        transport=InProcessTransport(proxy.handle), **(said if level == "client" else {})
    ) as client:
        database = client.get_database(
            server.database.name, **(said if level == "database" else {})
        )
        items = database.get_collection("items", **(said if level == "collection" else {}))

        found = await items.find_one({"_id": 1})

    assert type(found) is SON
    assert found["at"] == NOON.replace(tzinfo=dt.UTC)
    proxy.close()
