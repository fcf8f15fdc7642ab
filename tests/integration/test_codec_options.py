"""Codec options decode through the proxy what they decode directly: each is given to both."""

import datetime as dt
import uuid
from typing import Any

import pytest
from bson import CodecOptions, Decimal128
from bson.binary import Binary, UuidRepresentation
from bson.codec_options import DatetimeConversion, TypeDecoder, TypeRegistry
from bson.raw_bson import RawBSONDocument
from bson.son import SON
from motor.motor_asyncio import AsyncIOMotorClient

from motorpool.client import InProcessTransport, ProxyClient
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.integration.answers import describe
from tests.integration.services import Server

UUID = uuid.UUID("6f1c4f7e-3b2a-4c5d-9e8f-0123456789ab")
DOCUMENT: dict[str, Any] = {
    "_id": 1,
    "at": dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC),
    "uuid": Binary.from_uuid(UUID),
    "price": Decimal128("1.10"),
    "in": {"z": 1, "a": [{"b": 2}]},
}


class _Prices(TypeDecoder):
    bson_type = Decimal128

    def transform_bson(self, value: Any) -> Any:
        return f"{value} €"


@pytest.mark.parametrize(
    "options",
    [
        CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO),
        CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS),
        CodecOptions(tz_aware=True),
        CodecOptions(
            tz_aware=True,
            tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)),
        ),
        CodecOptions(uuid_representation=UuidRepresentation.STANDARD),
        CodecOptions(document_class=SON[str, Any]),
        CodecOptions(document_class=RawBSONDocument),
        CodecOptions(type_registry=TypeRegistry([_Prices()])),
        CodecOptions(),
    ],
    ids=[
        *("dates as they can be", "dates in ms", "aware dates", "a time zone"),
        *("uuids", "SON", "raw", "a type of one's own", "the default"),
    ],
)
async def test_what_is_read_is_what_the_driver_reads(
    wire_uri: str, server: Server, options: CodecOptions[Any]
) -> None:
    server.database["items"].insert_one(DOCUMENT)
    directly: Any = AsyncIOMotorClient(wire_uri)
    proxy = Proxy(Settings(mongodb_uri=wire_uri))
    name = server.database.name
    try:
        async with ProxyClient(
            transport=InProcessTransport(proxy.handle), codec_options=options
        ) as client:
            expected = directly[name].get_collection("items", codec_options=options)
            assert await _read(client[name]["items"]) == await _read(expected)
    finally:
        directly.close()
        proxy.close()


async def _read(collection: Any) -> list[Any]:
    read = []
    for reading in (
        collection.find_one(),
        collection.find({}, {"price": 0}).to_list(None),
        collection.aggregate([{"$match": {}}]).to_list(None),
        collection.distinct("in"),
        collection.find_one_and_update({"_id": 1}, {"$unset": {"nothing": ""}}),
    ):
        try:
            read.append(describe(await reading, collection.database.name))
        except Exception as error:  # noqa: BLE001 - then the driver has to raise it, too
            read.append(describe((type(error).__name__, str(error)), collection.database.name))
    return read
