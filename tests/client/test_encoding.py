"""Arguments are encoded when a call is made, and documents decoded as the client was told to."""

import datetime as dt
from typing import Any

import bson
import pytest
from bson import SON
from bson.codec_options import CodecOptions
from bson.errors import InvalidDocument

from motorpool.client import ProxyClient
from tests.client.fakes import FakeTransport


async def test_an_argument_that_is_changed_after_the_call_travels_as_it_was() -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users
    match = {"_id": 1}

    call = users.find_one(match)
    match["_id"] = 2

    assert await call == {"_id": 1}


async def test_an_argument_that_cannot_be_encoded_fails_alone() -> None:
    transport = FakeTransport()
    users = ProxyClient(transport=transport).shop.users

    good, bad = users.find_one({"_id": 1}), users.find_one({"_id": {1, 2}})
    also_good = users.find_one({"_id": 3})

    assert await good == {"_id": 1}
    with pytest.raises(InvalidDocument):
        await bad
    assert await also_good == {"_id": 3}
    assert transport.keys == [[1, 3]]


async def test_documents_are_decoded_with_the_clients_own_codec_options() -> None:
    when = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
    transport = FakeTransport(answers={"find_one": lambda _: {"when": when}})
    options: CodecOptions[SON[str, Any]] = CodecOptions(document_class=SON, tz_aware=True)
    plain = ProxyClient(transport=transport)
    own = ProxyClient(transport=transport, codec_options=options)

    assert await plain.shop.users.find_one({}) == {"when": when.replace(tzinfo=None)}
    found = await own.shop.users.find_one({})
    assert isinstance(found, SON)
    assert found == {"when": when}
    assert (await own.shop.users.insert_one({"_id": 1})).inserted_id == 1


async def test_every_bson_type_arrives_and_comes_back_as_itself() -> None:
    document = {
        "_id": bson.ObjectId(),
        "long": bson.Int64(1),
        "decimal": bson.Decimal128("1.50"),
        "binary": bson.Binary(b"\x00", 5),
        "regex": bson.Regex("a", "i"),
        "timestamp": bson.Timestamp(1, 2),
        "edge": [bson.MinKey(), bson.MaxKey(), None, True],
        "nested": {"z": 1, "a": {"y": 2.0, "b": "é\0"}},
    }
    client = ProxyClient(transport=FakeTransport())

    found = await client.shop.users.find_one(document)

    assert found == document
    assert found is not None
    assert type(found["long"]) is bson.Int64
    assert list(found["nested"]) == ["z", "a"]
