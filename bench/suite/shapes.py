"""What is asked: batches of operations, as data, the same for every side.

A shape says how its collections are filled and what its N operations are. Nothing here runs one.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bson import ObjectId

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymongo.database import Database

    Filling = Callable[[Database[dict[str, Any]], int], None]

DATABASE: Final = "motorpool_bench"
"""What the suite makes, and drops at its end."""

CHILDREN: Final = 10
"""Child rows of one parent."""

_ANSWERED: Final = 1_000
"""Documents that the mixed operations look among."""


class Operation(NamedTuple):
    """One operation, named and with arguments as in docs/protocol.md, which are the driver's."""

    op: str
    collection: str
    args: dict[str, Any]


class Shape(NamedTuple):
    """A batch: what it needs (`fill`, once), what puts it back (`reset`), what it asks.

    `bare`: the one command that a person would write by hand for all N, if there is one.
    """

    operations: Callable[[int], list[Operation]]
    fill: Filling
    reset: Filling | None = None
    bare: Callable[[int], Operation] | None = None


def object_id(number: int) -> ObjectId:
    """The same id for the same number, on every side."""
    return ObjectId(number.to_bytes(12, "big"))


def document(number: int) -> dict[str, Any]:
    """A document of some 300 bytes, as applications store them."""
    return {
        "_id": object_id(number),
        "number": number,
        "email": f"person{number:06}@example.com",
        "name": f"Person {number}",
        "address": {
            "street": f"{number % 90 + 1} Long Road",
            "city": "Springfield",
            "zip": "12345",
        },
        "tags": ["customer", "newsletter", f"group{number % 7}"],
        "balance": number / 8,
        "isActive": number % 3 > 0,
        "note": "x" * 60,
    }


def _documents(name: str, *indexed: str, unique: bool = False) -> Filling:
    """A collection `name` of N documents, with an index on each of these fields."""

    def fill(database: Database[dict[str, Any]], size: int) -> None:
        collection = database[name]
        collection.drop()
        for field in indexed:
            collection.create_index(field, unique=unique)
        collection.insert_many(document(number) for number in range(size))

    return fill


def _empty(name: str) -> Filling:
    def fill(database: Database[dict[str, Any]], size: int) -> None:
        del size
        database[name].drop()
        database.create_collection(name)

    return fill


def _children(database: Database[dict[str, Any]], size: int) -> None:
    collection = database["children"]
    collection.drop()
    collection.create_index("parent")
    # As rows come about: not one parent after the other.
    rows = [
        {"_id": object_id(parent * CHILDREN + child), "parent": object_id(parent), "row": child}
        | {"title": f"Order {parent}/{child}", "total": child * 1.5, "lines": [1, 2, 3]}
        for child in range(CHILDREN)
        for parent in range(size)
    ]
    collection.insert_many(rows)


def _numbers(size: int) -> list[int]:
    """The numbers below N in an order of no use to anybody, the same each time."""
    numbers = list(range(size))
    random.Random(size).shuffle(numbers)  # noqa: S311 - an order, no secret
    return numbers


def _each(op: str, collection: str, args: Callable[[int], dict[str, Any]]) -> Any:
    return lambda size: [Operation(op, collection, args(number)) for number in _numbers(size)]


def _fill_mixed(database: Database[dict[str, Any]], size: int) -> None:
    del size
    _documents("read", "number")(database, _ANSWERED)
    _reset_mixed(database, 0)


def _reset_mixed(database: Database[dict[str, Any]], size: int) -> None:
    del size
    _documents("written", "number")(database, _ANSWERED // 10)


_MIXED: Final[tuple[Callable[[int], Operation], ...]] = (
    lambda n: Operation(
        "find",
        "read",
        {"filter": {"number": {"$gte": n, "$lt": n + 9}}, "sort": [("number", -1)], "limit": 5},
    ),
    lambda n: Operation(
        "find_one", "read", {"filter": {"number": {"$gt": n}}, "sort": [("number", 1)]}
    ),
    lambda n: Operation("count_documents", "read", {"filter": {"number": {"$lt": n + 5}}}),
    lambda n: Operation("distinct", "read", {"key": "tags", "filter": {"number": {"$lt": n + 2}}}),
    lambda n: Operation(
        "aggregate",
        "read",
        {
            "pipeline": [
                {"$match": {"number": {"$gte": n, "$lt": n + 20}}},
                {"$group": {"_id": "$isActive", "sum": {"$sum": "$balance"}, "n": {"$sum": 1}}},
                {"$sort": {"_id": 1}},
            ]
        },
    ),
    lambda n: Operation(
        "find_one_and_update",
        "written",
        {"filter": {"number": n}, "update": {"$set": {"name": "new"}}, "return_document": True},
    ),
)
"""None of these can be put together with another of its kind."""


def _mixed(size: int) -> list[Operation]:
    return [_MIXED[at % len(_MIXED)](at) for at in _numbers(size)]


def _mixed_with_updates(size: int) -> list[Operation]:
    """A tenth of them updates of many, each of documents of its own."""
    mixed = _mixed(size)
    for at in range(0, size, 10):
        # Documents that no find_one_and_update of the batch touches.
        number = {"$mod": [size, at + 1], "$gt": at}
        update = {"$set": {"isActive": at > 0}}
        mixed[at] = Operation(
            "update_many", "many", {"filter": {"number": number}, "update": update}
        )
    return mixed


def _fill_mixed_with_updates(database: Database[dict[str, Any]], size: int) -> None:
    _fill_mixed(database, size)
    _documents("many", "number")(database, _ANSWERED)


def _reset_mixed_with_updates(database: Database[dict[str, Any]], size: int) -> None:
    _reset_mixed(database, size)
    _documents("many", "number")(database, _ANSWERED)


def _by_id(size: int) -> Operation:
    ids = [object_id(number) for number in _numbers(size)]
    return Operation("find", "people", {"filter": {"_id": {"$in": ids}}})


SHAPES: Final[dict[str, Shape]] = {
    "reads": Shape(
        _each("find_one", "people", lambda n: {"filter": {"_id": object_id(n)}}),
        _documents("people"),
        bare=_by_id,
    ),
    "mixed": Shape(_mixed_with_updates, _fill_mixed_with_updates, reset=_reset_mixed_with_updates),
    "unfusable": Shape(_mixed, _fill_mixed, reset=_reset_mixed),
    "inserts": Shape(
        _each("insert_one", "inserted", lambda n: {"document": document(n)}),
        _empty("inserted"),
        reset=_empty("inserted"),
    ),
    "insert_many": Shape(
        _each(
            "insert_many",
            "inserted",
            lambda n: {
                "documents": [document(3 * n + more) for more in range(3)],
                "ordered": False,
            },
        ),
        _empty("inserted"),
        reset=_empty("inserted"),
    ),
    "children": Shape(
        _each("find", "children", lambda n: {"filter": {"parent": object_id(n)}}), _children
    ),
    "counts": Shape(
        _each("count_documents", "children", lambda n: {"filter": {"parent": object_id(n)}}),
        _children,
    ),
    "updates": Shape(
        _each(
            "update_one",
            "updated",
            lambda n: {"filter": {"_id": object_id(n)}, "update": {"$inc": {"number": 1}}},
        ),
        _documents("updated"),
        reset=_documents("updated"),
    ),
    "replaces": Shape(
        _each(
            "replace_one",
            "updated",
            lambda n: {
                "filter": {"_id": object_id(n)},
                "replacement": {**document(n), "name": "new"},
            },
        ),
        _documents("updated"),
        reset=_documents("updated"),
    ),
    "deletes": Shape(
        _each("delete_one", "updated", lambda n: {"filter": {"_id": object_id(n)}}),
        _documents("updated"),
        reset=_documents("updated"),
    ),
    "identical": Shape(
        lambda size: [Operation("find_one", "unique", {"filter": {"number": 0}})] * size,
        _documents("unique", "email", unique=True),
    ),
    "unique": Shape(
        _each("find_one", "unique", lambda n: {"filter": {"email": document(n)["email"]}}),
        _documents("unique", "email", unique=True),
    ),
    "documents": Shape(
        lambda size: (
            [Operation("find", "people", {"filter": {"number": {"$gte": 0}}})] * (size > 0)
        ),
        _documents("people"),
    ),
}
