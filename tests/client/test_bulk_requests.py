"""Bulk requests: PyMongo's classes and ours are taken alike, and give the same request."""

import inspect
from typing import Any, NamedTuple

import bson
import pymongo
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_bulk import _AsyncClientBulk
from pymongo.collation import Collation
from pymongo.errors import InvalidOperation

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

    assert ours == drivers


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


class Refused(NamedTuple):
    """Where and how a request was refused."""

    when: str
    kind: type[Exception]
    words: str


async def refusal(module: Any, made: Made) -> Refused | None:
    """Return how a request is refused when it is made, or else when it is written."""
    name, args, options = made
    when = "made"
    try:
        request = getattr(module, name)(*args, **options)
        when = "written"
        await requests_of(request)
    except Exception as error:  # noqa: BLE001 - it is the outcome
        return Refused(when, type(error), str(error))
    return None


@ONE_LOOP
@pytest.mark.parametrize("made", BAD, ids=ids)
async def test_a_bad_request_is_refused_as_and_where_the_drivers_own_is(made: Made) -> None:
    drivers = await refusal(pymongo, made)
    ours = await refusal(motorpool.client, made)

    assert drivers is not None
    assert ours is not None
    assert (ours.when, ours.kind) == (drivers.when, drivers.kind)
    assert drivers.kind in (TypeError, ValueError)
    if {"nonsense", "sort"}.isdisjoint(made[2]):  # Python's own words name the class
        assert ours.words == drivers.words


MADE = [
    *(made for made, _ in GOOD),
    ("InsertOne", ({"_id": 1}, "shop.users"), {}),
    ("UpdateOne", ({}, SET), {"namespace": "shop.users", "sort": {"a": 1}}),
    ("UpdateOne", (None, None), {}),
    ("UpdateMany", ({}, SET, False, None, [], {"a": 1}, "shop.users"), {}),
    ("ReplaceOne", ({}, {}, True, None, [("a", 1)], "shop.users", {"a": 1}), {}),
    ("ReplaceOne", (None, None, False), {}),
    ("DeleteOne", ({}, None, None, "shop.users"), {}),
    ("DeleteMany", (None, GERMAN, {"a": 1}), {"namespace": "shop.users"}),
]
"""Requests that can be made, whether or not they can be written."""


@pytest.mark.parametrize("made", MADE, ids=ids)
def test_a_request_prints_and_compares_as_the_drivers_own(made: Made) -> None:
    name, args, options = made
    ours, drivers = (
        getattr(module, name)(*args, **options) for module in (motorpool.client, pymongo)
    )

    assert repr(ours) == repr(drivers)
    assert ours == getattr(motorpool.client, name)(*args, **options)
    assert ours != drivers
    others = [getattr(motorpool.client, n)(*a, **o) for n, a, o in MADE if (n, a, o) != made]
    assert [other for other in others if ours == other] == []
    with pytest.raises(TypeError):
        hash(ours)


class Recorder:
    """Stands for the driver's bulk write, of a collection or of a client: it writes down calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        signature = inspect.signature(getattr(_AsyncClientBulk, name))

        def record(*args: Any, **options: Any) -> None:
            bound = signature.bind(None, *args, **options)
            bound.apply_defaults()
            self.calls.append((name, tuple(bound.arguments.items())))

        return record


@pytest.mark.parametrize("made", MADE, ids=ids)
def test_a_request_gives_itself_to_a_clients_bulk_write_as_the_drivers_own(made: Made) -> None:
    name, args, options = made
    recorded = []
    for module in (motorpool.client, pymongo):
        recorder = Recorder()
        request = getattr(module, name)(*args, **options)
        if request._namespace is None:  # noqa: SLF001 - what the driver's own looks at
            with pytest.raises(InvalidOperation, match="requires a namespace"):
                request._add_to_client_bulk(recorder)  # noqa: SLF001 - as the driver asks
        else:
            request._add_to_client_bulk(recorder)  # noqa: SLF001 - as the driver asks
        recorded.append(recorder.calls)

    assert recorded[0] == recorded[1]


@ONE_LOOP
async def test_a_namespace_changes_nothing_in_a_collections_bulk_write() -> None:
    # As in the driver: it is a client's bulk write that looks at it.
    assert await requests_of(InsertOne({"_id": 1}, "other.place")) == [
        {"op": "insert_one", "args": {"document": {"_id": 1}}}
    ]


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
