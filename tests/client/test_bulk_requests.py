"""Bulk requests: PyMongo's classes and ours are taken alike, and give the same request."""

import inspect
from typing import Any

import bson
import pymongo
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.collation import Collation

import motorpool.client
from motorpool.client import InsertOne, ProxyClient, UpdateMany, UpdateOne
from tests.both_loops import ONE_LOOP
from tests.client.fakes import FakeTransport

SET = {"$set": {"a": 1}}
GERMAN = {"locale": "de"}
CLASSES = ("InsertOne", "UpdateOne", "UpdateMany", "ReplaceOne", "DeleteOne", "DeleteMany")

Made = tuple[str, tuple[Any, ...], dict[str, Any]]

GOOD: list[tuple[Made, dict[str, Any]]] = [
    (("InsertOne", ({"_id": 1},), {}), {"op": "insert_one", "args": {"document": {"_id": 1}}}),
    (
        ("UpdateOne", ({"a": 1}, SET), {}),
        {"op": "update_one", "args": {"filter": {"a": 1}, "update": SET}},
    ),
    (
        ("UpdateOne", ({}, [SET], True, GERMAN, [{"x": 1}], "a_1"), {"sort": {"a": 1}}),
        {
            "op": "update_one",
            "args": {
                "filter": {},
                "update": [SET],
                "upsert": True,
                "collation": GERMAN,
                "array_filters": [{"x": 1}],
                "hint": "a_1",
                "sort": [["a", 1]],
            },
        },
    ),
    (
        ("UpdateMany", ({}, SET), {"upsert": False, "hint": [("a", 1), ("b", -1)]}),
        {
            "op": "update_many",
            "args": {"filter": {}, "update": SET, "hint": [["a", 1], ["b", -1]]},
        },
    ),
    (
        ("ReplaceOne", ({"a": 1}, {"b": 1}), {"upsert": True, "collation": Collation("de")}),
        {
            "op": "replace_one",
            "args": {
                "filter": {"a": 1},
                "replacement": {"b": 1},
                "upsert": True,
                "collation": GERMAN,
            },
        },
    ),
    (
        ("ReplaceOne", ({}, {}), {"hint": {"a": 1}, "sort": {"a": -1}}),
        {
            "op": "replace_one",
            "args": {"filter": {}, "replacement": {}, "hint": [["a", 1]], "sort": [["a", -1]]},
        },
    ),
    (("DeleteOne", ({"a": 1},), {}), {"op": "delete_one", "args": {"filter": {"a": 1}}}),
    (
        ("DeleteMany", ({}, GERMAN, "a_1"), {}),
        {"op": "delete_many", "args": {"filter": {}, "collation": GERMAN, "hint": "a_1"}},
    ),
]


async def requests_of(*requests: Any) -> list[dict[str, Any]]:
    """Write these requests and return what was asked for."""
    transport = FakeTransport()
    await ProxyClient(transport=transport).shop.users.bulk_write(list(requests))
    ((asked,),) = transport.batches
    sent: list[dict[str, Any]] = asked.args["requests"]
    return sent


def ids(made: Any) -> str:
    """Name a request for pytest."""
    return str(made)[:60] if isinstance(made, tuple) else ""


@ONE_LOOP
@pytest.mark.parametrize("module", [pymongo, motorpool.client], ids=["pymongo's", "ours"])
@pytest.mark.parametrize(("made", "expected"), GOOD, ids=ids)
async def test_a_request_travels_in_the_protocols_form(
    module: Any, made: Made, expected: dict[str, Any]
) -> None:
    name, args, options = made

    assert await requests_of(getattr(module, name)(*args, **options)) == [expected]


@pytest.mark.parametrize("name", CLASSES)
def test_classes_take_the_drivers_arguments_in_the_drivers_order(name: str) -> None:
    ours, drivers = (
        [
            (given.name, given.default)
            for given in inspect.signature(getattr(module, name)).parameters.values()
        ]
        for module in (motorpool.client, pymongo)
    )

    # A namespace is what the driver's client-level bulk write needs, which is not in the protocol.
    assert ours == [given for given in drivers if given[0] != "namespace"]


BAD: list[Made] = [
    ("InsertOne", (5,), {}),
    ("InsertOne", ([],), {}),
    ("UpdateOne", (5, SET), {}),
    ("UpdateOne", ({}, {}), {}),
    ("UpdateOne", ({}, []), {}),
    ("UpdateOne", ({}, {"a": 1}), {}),
    ("UpdateOne", ({}, 5), {}),
    ("UpdateOne", ({}, SET), {"upsert": 1}),
    ("UpdateOne", ({}, SET), {"array_filters": {"x": 1}}),
    ("UpdateOne", ({}, SET), {"hint": 5}),
    ("UpdateOne", ({}, SET), {"hint": []}),
    ("UpdateOne", ({}, SET), {"hint": [("a", 1.5)]}),
    ("UpdateOne", ({}, SET), {"collation": "de"}),
    ("UpdateOne", ({}, SET), {"nonsense": 1}),
    ("UpdateMany", ({}, {"a": 1}), {}),
    ("UpdateMany", ({}, SET), {"sort": {"a": 1}}),
    ("UpdateMany", ({}, SET), {"upsert": "x"}),
    ("ReplaceOne", (5, {}), {}),
    ("ReplaceOne", ({}, SET), {}),
    ("ReplaceOne", ({}, 5), {}),
    ("ReplaceOne", ({}, {}), {"upsert": 1}),
    ("ReplaceOne", ({}, {}), {"hint": 5}),
    ("DeleteOne", (5,), {}),
    ("DeleteOne", ({},), {"hint": 5}),
    ("DeleteMany", ({},), {"collation": 5}),
    ("DeleteMany", ({},), {"sort": {"a": 1}}),
]


async def refusal(module: Any, made: Made) -> type[Exception] | None:
    """Return the class of what is raised when a request is made or written."""
    name, args, options = made
    try:
        await requests_of(getattr(module, name)(*args, **options))
    except Exception as error:  # noqa: BLE001 - it is the outcome
        return type(error)
    return None


@ONE_LOOP
@pytest.mark.parametrize("made", BAD, ids=ids)
async def test_a_bad_request_is_refused_as_the_drivers_own_is(made: Made) -> None:
    drivers = await refusal(pymongo, made)

    assert drivers in (TypeError, ValueError)
    assert await refusal(motorpool.client, made) is drivers


@ONE_LOOP
async def test_requests_of_both_kinds_travel_together_in_their_order() -> None:
    sent = await requests_of(
        InsertOne({"_id": 1}), pymongo.DeleteMany({}), UpdateOne({}, SET), UpdateMany({}, SET)
    )

    assert [request["op"] for request in sent] == [
        "insert_one",
        "delete_many",
        "update_one",
        "update_many",
    ]


@ONE_LOOP
@pytest.mark.parametrize("module", [pymongo, motorpool.client], ids=["pymongo's", "ours"])
async def test_an_inserted_document_is_given_its_id(module: Any) -> None:
    document: dict[str, Any] = {"a": 1}

    sent = await requests_of(module.InsertOne(document))

    assert isinstance(document["_id"], bson.ObjectId)
    assert sent[0]["args"]["document"] == document


@ONE_LOOP
async def test_a_raw_document_is_inserted_as_it_is() -> None:
    raw = RawBSONDocument(bson.encode({"a": 1}))

    assert await requests_of(InsertOne(raw)) == [
        {"op": "insert_one", "args": {"document": {"a": 1}}}
    ]


@ONE_LOOP
async def test_what_is_no_request_is_refused_by_name() -> None:
    users = ProxyClient(transport=FakeTransport()).shop.users

    with pytest.raises(TypeError, match=r"^\{'a': 1\} is not a valid request$"):
        await users.bulk_write([{"a": 1}])


@ONE_LOOP
async def test_a_bulk_write_of_the_embedded_database_is_summed_up(embedded: ProxyClient) -> None:
    users = embedded.shop.users

    result = await users.bulk_write(
        [InsertOne({"_id": n}) for n in range(3)]
        + [UpdateOne({"_id": 0}, SET), UpdateOne({"_id": 9}, SET, upsert=True)]
        + [pymongo.DeleteOne({"_id": 1})]
    )

    assert (result.inserted_count, result.deleted_count) == (3, 1)
    assert (result.matched_count, result.modified_count) == (1, 1)
    assert result.upserted_count == 1
    assert result.upserted_ids is not None
    # A server names the request, 4; mongomock counts the updates only.
    assert list(result.upserted_ids.values()) == [9]
