"""Names of databases and collections are taken and refused as by the driver."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from motorpool.client import Collection, Database, ProxyClient
from tests.both_loops import ONE_LOOP
from tests.client.fakes import FakeTransport

NAMES: list[Any] = [
    "shop",
    "a" * 100,
    "ünï",
    "with-dash_and_1",
    "",
    "a b",
    "a.b",
    "a$b",
    "$a",
    "a/b",
    "a\\b",
    "a\0b",
    'a"b',
    ".a",
    "a.",
    "a..b",
    "a.b.c",
    "system.profile",
    "$cmd",
    "$cmd.sys.inprog",
    "oplog.$main",
    "oplog.$other",
    None,
    5,
    b"shop",
    ["shop"],
]


def outcome(make: Callable[[], Any]) -> tuple[Any, ...]:
    """Return a made object's name, or the class and the words of the refusal."""
    try:
        made = make()
    except Exception as error:  # noqa: BLE001 - it is the outcome
        return type(error), str(error)
    return (made.name,)


@ONE_LOOP
@pytest.mark.parametrize("name", NAMES, ids=repr)
async def test_databases_are_named_as_with_the_driver(name: Any) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient("mongodb://127.0.0.1:1")
    ours = ProxyClient(transport=FakeTransport())

    assert outcome(lambda: ours[name]) == outcome(lambda: client[name])
    if name is not None:  # no name: the default database (tests/client/test_settings.py)
        assert outcome(lambda: ours.get_database(name)) == outcome(lambda: client[name])
    await client.close()


@ONE_LOOP
@pytest.mark.parametrize("name", NAMES, ids=repr)
async def test_collections_are_named_as_with_the_driver(name: Any) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient("mongodb://127.0.0.1:1")
    ours = ProxyClient(transport=FakeTransport())

    assert outcome(lambda: ours.shop[name]) == outcome(lambda: client.shop[name])
    assert outcome(lambda: ours.shop.get_collection(name)) == outcome(lambda: client.shop[name])
    assert outcome(lambda: ours.shop.users[name]) == outcome(lambda: client.shop.users[name])
    await client.close()


def test_the_one_database_that_only_the_driver_names_holds_no_collections() -> None:
    with pytest.raises(Exception, match=r"database names cannot contain the character '\$'"):
        _ = ProxyClient(transport=FakeTransport())["$external"]


def test_attributes_and_items_name_the_same() -> None:
    client = ProxyClient(transport=FakeTransport())

    assert client.shop == client["shop"] == client.get_database("shop")
    assert client.shop.users == client["shop"]["users"] == client.shop.get_collection("users")
    assert client.shop.users.archive == client.shop["users.archive"]
    assert client.shop.users.archive.full_name == "shop.users.archive"
    assert client.shop.users.database is not client.shop
    assert client.shop.users.database == client.shop
    assert client.shop.client is client


def test_equality_is_of_the_client_the_database_and_the_name() -> None:
    one, other = (ProxyClient(transport=FakeTransport()) for _ in range(2))

    assert one.shop != other.shop
    assert one.shop != one.stock
    assert one.shop.users != other.shop.users
    assert one.shop.users != one.stock.users
    assert one.shop.users != one.shop.orders
    assert one.shop != "shop"
    assert one.shop.users != "users"
    assert len({one.shop, one["shop"], other.shop}) == 2
    assert len({one.shop.users, one["shop"]["users"], one.shop.orders}) == 2


@ONE_LOOP
async def test_underscored_attributes_are_refused_in_the_drivers_words() -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient("mongodb://127.0.0.1:1")
    ours = ProxyClient(transport=FakeTransport())

    for one, other in (
        (ours, client),
        (ours.shop, client.shop),
        (ours.shop.users, client.shop.users),
    ):
        with pytest.raises(AttributeError) as refused:
            _ = one._secret  # noqa: SLF001 - what is tested
        with pytest.raises(AttributeError) as drivers:
            _ = other._secret  # noqa: SLF001 - as above
        named = str(refused.value).replace(type(one).__name__, type(other).__name__, 1)
        assert named == str(drivers.value)
    await client.close()


@ONE_LOOP
async def test_truth_value_is_refused_in_the_drivers_words() -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient("mongodb://127.0.0.1:1")
    ours = ProxyClient(transport=FakeTransport())

    for one, other in ((ours.shop, client.shop), (ours.shop.users, client.shop.users)):
        with pytest.raises(NotImplementedError) as refused:
            bool(one)
        with pytest.raises(NotImplementedError) as drivers:
            bool(other)
        assert str(refused.value) == str(drivers.value).replace("Async", "")
    await client.close()


@pytest.mark.parametrize(
    "make",
    [lambda client: client, lambda client: client.shop, lambda client: client.shop.users],
    ids=["client", "database", "collection"],
)
def test_iterating_is_refused_and_does_not_go_on_for_ever(make: Callable[[Any], Any]) -> None:
    named = make(ProxyClient(transport=FakeTransport()))

    with pytest.raises(TypeError):
        iter(named)
    with pytest.raises(TypeError):
        _ = 1 in named


def test_calling_what_is_no_method_is_a_type_error() -> None:
    users: Any = ProxyClient(transport=FakeTransport()).shop.users

    with pytest.raises(TypeError, match="'Collection' object is not callable"):
        users.drop_everything()


def test_repr_shows_through_what_and_where() -> None:
    users = ProxyClient(transport=FakeTransport()).shop.users

    assert repr(users) == "Collection(Database(<ProxyClient FakeTransport()>, 'shop'), 'users')"
    assert isinstance(users, Collection)
    assert isinstance(users.database, Database)
