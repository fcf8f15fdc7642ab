"""Methods are shaped as the driver's: the same names in the same order; what differs is listed."""

import inspect
from collections.abc import Callable
from typing import Any

import pymongo
import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.command_cursor import AsyncCommandCursor
from pymongo.asynchronous.cursor import AsyncCursor
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.asynchronous.mongo_client import AsyncMongoClient

import motorpool.client
from motorpool.client import AggregateCursor, Collection, Cursor, Database, ProxyClient
from motorpool.client.keyword_checks import CHECKS
from motorpool.client.settings import CONNECTION, CONNECTION_PREFIXES

FACES: list[tuple[type, type]] = [
    (Collection, AsyncCollection),
    (Database, AsyncDatabase),
    (ProxyClient, AsyncMongoClient),
    (Cursor, AsyncCursor),
    (AggregateCursor, AsyncCommandCursor),
]

MOTORS = {"closed", "each", "fetch_next", "next_object", "started"}

ONLY_HERE: dict[type, set[str]] = {
    # What only a proxy has: batches, and the Lambda application's entry.
    ProxyClient: {"batch", "flush", "handler", "request"},
    # Motor's cursors have these, and PyMongo's asynchronous ones do not.
    Cursor: MOTORS,
    AggregateCursor: MOTORS | {"retrieved"},  # which the driver has on the other cursor
}
"""Public names that the driver's class does not have, each with its reason."""

NOT_HERE: dict[type, set[str]] = {
    # They concern connections, of which a client of the proxy has none.
    ProxyClient: {"append_metadata", "eq_props"},
}
"""Public names of the driver's class that ours does not have, each with its reason."""

OTHERWISE = {
    # The driver's hands all of it on to its cursor, whose constructor is compared below.
    (Collection, "find"),
    # Refused, whatever they are given.
    (Collection, "watch"),
    (Database, "watch"),
    (ProxyClient, "watch"),
    (ProxyClient, "start_session"),
}
"""Methods with other parameters than the driver's, each with its reason."""


def public(cls: type) -> set[str]:
    """Return the names of a class's public members."""
    return {name for name in dir(cls) if not name.startswith("_")}


def parameters(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    """Return each parameter's name, kind and default."""
    return [
        (given.name, given.kind, given.default)
        for given in inspect.signature(function).parameters.values()
    ]


METHODS = [
    pytest.param(ours, drivers, name, id=f"{ours.__name__}.{name}")
    for ours, drivers in FACES
    for name in sorted(public(ours) & public(drivers))
    if callable(getattr(drivers, name)) and (ours, name) not in OTHERWISE
]


@pytest.mark.parametrize(("ours", "drivers", "name"), METHODS)
def test_a_method_takes_what_the_drivers_takes_by_the_same_names_in_the_same_order(
    ours: type, drivers: type, name: str
) -> None:
    assert parameters(getattr(ours, name)) == parameters(getattr(drivers, name))


def test_find_takes_what_the_drivers_cursor_takes() -> None:
    drivers = parameters(AsyncCursor.__init__)

    assert drivers[1][0] == "collection"
    assert parameters(Collection.find) == [drivers[0], *drivers[2:]]


@pytest.mark.parametrize(("ours", "drivers"), FACES)
def test_public_names_are_the_drivers_but_for_those_listed(ours: type, drivers: type) -> None:
    assert public(ours) - public(drivers) == ONLY_HERE.get(ours, set())
    assert public(drivers) - public(ours) == NOT_HERE.get(ours, set())


@pytest.mark.parametrize(
    "name", ["InsertOne", "UpdateOne", "UpdateMany", "ReplaceOne", "DeleteOne", "DeleteMany"]
)
def test_requests_take_what_the_drivers_take(name: str) -> None:
    ours, drivers = getattr(motorpool.client, name), getattr(pymongo, name)

    assert parameters(ours.__init__) == parameters(drivers.__init__)


@pytest.mark.parametrize(
    "name",
    ["PrimaryPreferred", "Secondary", "SecondaryPreferred", "Nearest", "Primary"],
)
def test_read_preferences_take_what_the_drivers_take(name: str) -> None:
    ours = getattr(motorpool.client, name)
    drivers = getattr(pymongo.read_preferences, name)

    assert parameters(ours.__init__) == parameters(drivers.__init__)


@pytest.mark.parametrize("name", ["WriteConcern", "ReadConcern"])
def test_concerns_take_what_the_drivers_take(name: str) -> None:
    drivers: dict[str, Any] = {
        "WriteConcern": pymongo.WriteConcern,
        "ReadConcern": pymongo.read_concern.ReadConcern,
    }

    assert parameters(getattr(motorpool.client, name).__init__) == parameters(
        drivers[name].__init__
    )


def test_every_keyword_of_the_drivers_client_is_taken_or_refused_as_the_proxys() -> None:
    named = {name for name, _, _ in parameters(AsyncMongoClient.__init__)} - {"self", "kwargs"}
    drivers = {name.lower() for name in (*pymongo.common.VALIDATORS, *named)}
    ours = set(CHECKS) | CONNECTION | {"read_preference"}

    assert {name for name in drivers if not name.startswith(CONNECTION_PREFIXES)} == ours
