"""A table of cases, and the data set that every case begins with."""

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from bson import Decimal128, ObjectId

Step = Callable[[Any], Any]
"""Takes the collection, and returns what is awaited if it can be, else is the value itself."""


class Case(NamedTuple):
    name: str
    steps: tuple[Step, ...]
    is_read_only: bool
    databases: tuple[str, ...]


class Cases:
    """`case = Cases(read_only=True)`, then one `case(name, steps)` a line."""

    _names: ClassVar[set[str]] = set()  # one for all tables: names are ids of tests

    def __init__(
        self, *, read_only: bool, databases: tuple[str, ...] = ("embedded", "wire")
    ) -> None:
        self.table: list[Case] = []
        self._read_only = read_only
        self._databases = databases

    def __call__(self, name: str, steps: Step | list[Step]) -> None:
        if name in self._names:
            raise ValueError(f"there is a case {name!r} already")
        self._names.add(name)
        listed = tuple(steps) if isinstance(steps, list) else (steps,)
        self.table.append(Case(name, listed, self._read_only, self._databases))


def day(number: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2024, 2, number, hour)  # noqa: DTZ001 - as the driver returns them


# An id of 2024: what is made while the tests run is told from it by its time.
FIXED_ID = ObjectId("65cd2f00aabbccddeeff0011")

UNIQUE = ("people", "email")
"""The collection and field of the unique index."""
INDEXED = ("items", "n")
"""The collection and field of the index that hints name: `n_1`."""


def dataset() -> dict[str, list[dict[str, Any]]]:
    """Every collection's documents, made anew: a driver adds to what it is given."""
    return {
        "items": [
            {"_id": 1, "n": 3, "name": "anchor", "tags": ["a", "b"], "size": {"h": 10, "w": 2}},
            {"_id": 2, "n": 1, "name": "Bolt", "tags": ["b"], "size": {"h": 4, "w": 2}},
            {"_id": 3, "n": 4, "name": "çark", "tags": [], "size": {"h": 7, "w": 7}, "price": 2.5},
            {"_id": 4, "n": 1, "name": "disc", "price": Decimal128("12.30"), "at": day(3)},
            {"_id": 5, "n": 5, "name": "eye", "tags": ["c", "a"], "at": day(1, 12), "gone": None},
            {"_id": 6, "n": 9, "name": "файл", "size": {"w": 1, "h": 1}, "at": day(29)},
            {"_id": 7, "n": 2, "name": "bolt", "grades": [{"g": 5, "k": "x"}, {"g": 9, "k": "y"}]},
            {"_id": "8", "n": 6, "name": "雪 ❄", "grades": [{"g": 7, "k": "x"}], "price": 0.0},
            {"_id": FIXED_ID, "n": 5, "name": "", "owner": 2, "flag": True},
        ],
        "orders": [
            {"_id": "o1", "item": 1, "count": 2, "who": 1},
            {"_id": "o2", "item": 1, "count": 1, "who": 2},
            {"_id": "o3", "item": 4, "count": 7, "who": 1},
            {"_id": "o4", "item": 99, "count": 3, "who": 3},
        ],
        "people": [
            {"_id": 1, "email": "ada@example.org", "age": 36},
            {"_id": 2, "email": "bob@example.org", "age": 20},
        ],
    }
