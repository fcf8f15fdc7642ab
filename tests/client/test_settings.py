"""A client's keywords are the driver's: taken, refused and understood as the driver does."""

import datetime as dt
from collections.abc import Callable, MutableMapping
from typing import Any

import pymongo
import pytest
from bson.codec_options import CodecOptions, DatetimeConversion, TypeRegistry
from bson.raw_bson import RawBSONDocument
from bson.son import SON
from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError

from motorpool.client import ProxyClient, ReadConcern, ReadPreference, Secondary, WriteConcern
from tests.both_loops import ONE_LOOP
from tests.client.fakes import FakeTransport

pytestmark = ONE_LOOP

OPTIONS = ("codec_options", "read_preference", "write_concern", "read_concern")


class Own(dict[str, Any]):
    """A document class of one's own."""


def ours(**keywords: Any) -> ProxyClient:
    """Make a client of ours."""
    return ProxyClient(transport=FakeTransport(), **keywords)


def outcome(make: Callable[[], Any]) -> Any:
    """Return the options of a made client, or the class and the words of the refusal."""
    try:
        made = make()
    except Exception as error:  # noqa: BLE001 - it is the outcome
        return type(error), str(error)
    return [getattr(made, name) for name in OPTIONS]


KEYWORDS: list[dict[str, Any]] = [
    {},
    *(
        {"document_class": value}
        for value in (dict, SON, RawBSONDocument, Own, dict[str, Any], MutableMapping, None)
    ),
    *({"document_class": value} for value in (list, int)),
    {"document_class": {}},
    *({"tz_aware": value} for value in (True, False, None, "true", "false", "yes", 1, 0, 5)),
    {"tz_aware": True, "tzinfo": dt.UTC},
    {"tzinfo": dt.UTC},
    {"tzinfo": None},
    {"tz_aware": True, "tzinfo": "UTC"},
    {"type_registry": TypeRegistry()},
    {"type_registry": None},
    {"type_registry": 5},
    *({"uuidRepresentation": value} for value in ("standard", "pythonLegacy", "unspecified")),
    *({"uuidRepresentation": value} for value in ("javaLegacy", "csharpLegacy", "Standard", 4)),
    {"uuidrepresentation": "standard"},
    {"UUIDREPRESENTATION": "standard"},
    *({"unicode_decode_error_handler": value} for value in ("strict", "replace", "ignore")),
    *({"unicode_decode_error_handler": value} for value in ("backslashreplace", 5)),
    *(
        {"datetime_conversion": value}
        for value in ("DATETIME_AUTO", "datetime_auto", 4, "4", 9, None, 1.5, DatetimeConversion(2))
    ),
    *({"w": value} for value in (0, 1, 3, "majority", "2", "tags", -1, "-1", 1.5, None, True)),
    *({"wTimeoutMS": value} for value in (0, 1000, "1000", -1, "x", 1.5, None)),
    *({"journal": value} for value in (True, False, "true", "x", 1, None)),
    *({"fsync": value} for value in (True, "false", 1)),
    {"w": 0, "journal": True},
    {"fsync": True, "journal": True},
    {"w": "majority", "wtimeoutms": 5, "journal": True},
    *(
        {"readPreference": value}
        for value in (
            *("primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"),
            *("Secondary", "", 5, None, ReadPreference.NEAREST),
        )
    ),
    {"readPreference": "secondary", "readPreferenceTags": "dc:ny,rack:1"},
    {"readPreference": "secondary", "readPreferenceTags": ["dc:ny", ""]},
    {"readPreference": "secondary", "readPreferenceTags": "dc%3A:n%20y"},
    *({"readPreference": "nearest", "readPreferenceTags": value} for value in ("", "x", 5)),
    {"readPreference": "nearest", "readPreferenceTags": []},
    {"readPreferenceTags": "dc:ny"},
    {"readPreferenceTags": ""},
    *(
        {"readPreference": "nearest", "maxStalenessSeconds": value}
        for value in (90, "90", -1, "-1")
    ),
    *({"readPreference": "nearest", "maxStalenessSeconds": value} for value in (0, "x", 1.5, None)),
    {"maxStalenessSeconds": 90},
    {"maxStalenessSeconds": -1},
    *({"readConcernLevel": value} for value in ("majority", "local", "", None, 5)),
    {"read_preference": pymongo.ReadPreference.NEAREST},
    {"tz_aware": True, "w": 1, "readPreference": "nearest", "readConcernLevel": "local"},
]


@pytest.mark.parametrize("keywords", KEYWORDS, ids=str)
async def test_a_keyword_means_what_it_means_to_the_driver(keywords: dict[str, Any]) -> None:
    drivers: list[Any] = []

    def make() -> Any:
        drivers.append(AsyncMongoClient("mongodb://127.0.0.1:1", connect=False, **keywords))
        return drivers[0]

    theirs = outcome(make)
    for client in drivers:
        await client.close()

    assert outcome(lambda: ours(**keywords)) == theirs


@pytest.mark.parametrize("value", [5, "dict", [dict]])
async def test_a_document_class_that_is_no_class_is_refused_in_better_words(value: Any) -> None:
    with pytest.raises(TypeError):
        AsyncMongoClient("mongodb://127.0.0.1:1", connect=False, document_class=value)
    with pytest.raises(TypeError, match="document_class must be dict"):
        ours(document_class=value)


async def test_objects_are_taken_and_given_back_as_they_are() -> None:
    given: dict[str, Any] = {
        "codec_options": CodecOptions(tz_aware=True),
        "read_preference": Secondary([{"dc": "ny"}]),
        "write_concern": pymongo.WriteConcern("majority"),
        "read_concern": ReadConcern("majority"),
    }

    client = ours(**given)

    for level in (client, client.shop, client.shop.items, client.shop.items.archive):
        for name, value in given.items():
            assert getattr(level, name) is value


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        (
            {"codec_options": CodecOptions(), "tz_aware": True},
            "tz_aware: not taken together with codec_options=…",
        ),
        (
            {"write_concern": WriteConcern(), "w": 1, "Journal": True},
            "w, Journal: not taken together with write_concern=…",
        ),
        (
            {"read_preference": ReadPreference.NEAREST, "readPreference": "nearest"},
            "readPreference: not taken together with read_preference=…",
        ),
        (
            {"read_concern": ReadConcern(), "readConcernLevel": "local"},
            "readConcernLevel: not taken together with read_concern=…",
        ),
        ({"codec_options": 5}, "codec_options must be an instance of"),
        ({"read_preference": 5}, "5 is not valid for read_preference"),
        ({"write_concern": {"w": 1}}, "write_concern must be an instance of"),
        ({"read_concern": "local"}, "read_concern must be an instance of"),
    ],
)
async def test_what_cannot_be_or_contradicts_is_a_type_error(
    keywords: dict[str, Any], words: str
) -> None:
    with pytest.raises(TypeError) as raised:
        ours(**keywords)

    assert str(raised.value).startswith(words)


@pytest.mark.parametrize(
    "name",
    [
        *("maxPoolSize", "minPoolSize", "serverSelectionTimeoutMS", "tls", "tlsCAFile", "ssl"),
        *("username", "password", "authSource", "appname", "replicaSet", "directConnection"),
        *("retryWrites", "connect", "compressors", "event_listeners", "timeoutMS", "host", "port"),
        *("server_api", "srvServiceName", "loadBalanced", "MAXPOOLSIZE"),
    ],
)
async def test_what_concerns_connections_is_refused_and_the_place_for_it_is_named(
    name: str,
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        ours(**{name: 1})

    assert str(raised.value).startswith(f"{name}: the proxy holds the connections")
    assert "MOTORPOOL_MONGODB_URI" in str(raised.value)


async def test_what_is_no_keyword_of_the_drivers_is_the_transports() -> None:
    with pytest.raises(TypeError, match=r"nonsense: not taken together with transport=…"):
        ours(nonsense=1, tz_aware=True)


async def test_the_default_database_is_the_one_that_was_named() -> None:
    client = ours(default_database="shop")

    assert client.get_default_database() == client.shop
    assert client.get_default_database("stock") == client.shop
    assert client.get_database() == client.shop
    assert client.get_database("stock") == client.stock


async def test_without_a_default_database_the_refusal_is_the_drivers() -> None:
    driver: AsyncMongoClient[Any] = AsyncMongoClient("mongodb://127.0.0.1:1", connect=False)
    client = ours()

    assert client.get_default_database("stock") == client.stock
    for method in ("get_database", "get_default_database"):
        with pytest.raises(ConfigurationError) as theirs:
            getattr(driver, method)()
        with pytest.raises(ConfigurationError) as raised:
            getattr(client, method)()
        assert str(raised.value) == str(theirs.value)
    await driver.close()


@pytest.mark.parametrize("method", ["get_database", "get_default_database"])
async def test_a_database_is_given_with_the_options_that_are_asked_for(method: str) -> None:
    client = ours(default_database="shop", tz_aware=True, w=1)
    options: dict[str, Any] = {
        "codec_options": CodecOptions(SON),
        "read_preference": ReadPreference.NEAREST,
        "write_concern": WriteConcern(2),
        "read_concern": ReadConcern("local"),
    }

    database = getattr(client, method)(None, *options.values())

    assert {name: getattr(database, name) for name in OPTIONS} == options
    assert client.write_concern == WriteConcern(1)
    with pytest.raises(TypeError):
        getattr(client, method)(None, 5)


@pytest.mark.parametrize("uri", ["mongodb://localhost", "mongodb+srv://cluster.example.net/shop"])
async def test_a_uri_in_place_of_the_functions_name_is_refused_and_says_where_it_belongs(
    uri: str,
) -> None:
    with pytest.raises(ConfigurationError, match="a URI belongs into its MOTORPOOL_MONGODB_URI"):
        ProxyClient(uri)
