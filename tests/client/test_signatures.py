"""Methods are shaped as the driver's: the same names in the same order; what differs is listed."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.command_cursor import AsyncCommandCursor
from pymongo.asynchronous.cursor import AsyncCursor
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.asynchronous.mongo_client import AsyncMongoClient

from motorpool.batching.operations import OPERATIONS
from motorpool.client import AggregateCursor, Collection, Cursor, Database, ProxyClient

POSITIONAL_HERE = {
    "aggregate": ["pipeline"],
    "bulk_write": ["requests", "ordered", "bypass_document_validation"],
    "count_documents": ["filter"],
    "delete_many": ["filter"],
    "delete_one": ["filter"],
    "distinct": ["key", "filter"],
    "estimated_document_count": [],
    "find": ["filter", "projection"],
    "find_one": ["filter", "projection"],
    "find_one_and_delete": ["filter", "projection", "sort"],
    "find_one_and_replace": [
        "filter", "replacement", "projection", "sort", "upsert", "return_document",
    ],
    "find_one_and_update": ["filter", "update", "projection", "sort", "upsert", "return_document"],
    "insert_many": ["documents", "ordered", "bypass_document_validation"],
    "insert_one": ["document", "bypass_document_validation"],
    "replace_one": ["filter", "replacement", "upsert"],
    "update_many": ["filter", "update", "upsert"],
    "update_one": ["filter", "update", "upsert"],
}  # fmt: skip
"""Deliberate: what comes after these is taken by keyword only, since the driver's own order differs
between its methods there (`update_one` against `update_many`) and between its releases."""

NOT_CARRIED = {
    # Sessions belong to the caller; the protocol keeps a place for them (docs/protocol.md).
    "session": "every method",
    # A cursor that waits for more has no connection to wait on; `find` alone has these.
    "cursor_type": "find",
    # Gone from servers since 4.4, 4.0 and 4.0.
    "oplog_replay": "find",
    "max_scan": "find",
    "snapshot": "find",
}
"""Deliberate: options of the driver's that no operation of the protocol has."""


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return a method's parameters but for `self`, `*args` and `**options`."""
    return [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "self"
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def driver_parameters(method: str) -> list[inspect.Parameter]:
    """Return the driver's parameters; `find` and `find_one` hand theirs on to the cursor."""
    if method in ("find", "find_one"):
        return [given for given in parameters(AsyncCursor.__init__) if given.name != "collection"]
    return parameters(getattr(AsyncCollection, method))


def public(cls: type) -> set[str]:
    """Return the names of a class's public members."""
    return {name for name in dir(cls) if not name.startswith("_")}


def test_every_operation_of_the_protocol_is_a_method_and_a_line_of_the_table() -> None:
    methods = {name for name in public(Collection) if callable(getattr(Collection, name))}

    assert methods == set(OPERATIONS) == set(POSITIONAL_HERE)


@pytest.mark.parametrize("method", OPERATIONS)
def test_parameters_are_the_drivers_in_the_drivers_order(method: str) -> None:
    ours = [parameter.name for parameter in parameters(getattr(Collection, method))]

    assert ours == POSITIONAL_HERE[method]
    assert ours == [parameter.name for parameter in driver_parameters(method)][: len(ours)]


@pytest.mark.parametrize("method", OPERATIONS)
def test_parameters_have_the_drivers_defaults(method: str) -> None:
    ours = [parameter.default for parameter in parameters(getattr(Collection, method))]

    assert ours == [parameter.default for parameter in driver_parameters(method)][: len(ours)]


@pytest.mark.parametrize("method", OPERATIONS)
def test_every_other_parameter_of_the_drivers_is_an_option_or_deliberately_not_carried(
    method: str,
) -> None:
    arguments = OPERATIONS[method].arguments
    known = {*arguments, *(argument.driver_name for argument in arguments.values())}
    left_out = {given.name for given in driver_parameters(method)} - known
    expected = {name for name, where in NOT_CARRIED.items() if where == "every method"}
    if method in ("find", "find_one"):
        expected = set(NOT_CARRIED)
    if method == "find_one":
        expected = {*expected, "limit"}  # the driver takes it and overwrites it by 1
    if method == "estimated_document_count":
        expected = set()

    assert left_out == expected


@pytest.mark.parametrize(
    ("ours", "drivers", "only_here"),
    [
        (Collection, AsyncCollection, set()),
        (Cursor, AsyncCursor, {"projection"}),  # in the driver an argument of `find` only
        (AggregateCursor, AsyncCommandCursor, set()),
        (Database, AsyncDatabase, set()),
        (ProxyClient, AsyncMongoClient, {"batch", "flush", "request"}),
    ],
)
def test_no_public_name_is_an_invention_of_ours_but_those_listed(
    ours: type, drivers: type, only_here: set[str]
) -> None:
    assert public(ours) - public(drivers) == only_here


@pytest.mark.parametrize("cls", [Cursor, AggregateCursor])
def test_cursor_methods_take_what_the_drivers_take(cls: type) -> None:
    drivers = AsyncCursor if cls is Cursor else AsyncCommandCursor
    methods = [
        name for name in sorted(public(cls) & public(drivers)) if callable(getattr(cls, name))
    ]

    assert [
        [(given.name, given.default) for given in parameters(getattr(cls, name))]
        for name in methods
    ] == [
        [(given.name, given.default) for given in parameters(getattr(drivers, name))]
        for name in methods
    ]
