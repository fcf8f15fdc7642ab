"""The collection: a name in a database, with the methods that read and write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorpool.client.names import check_collection_name
from motorpool.client.reads import Reads
from motorpool.client.writes import Writes

if TYPE_CHECKING:
    from motorpool.client.database import Database
    from motorpool.client.engine import Engine


class Collection(Reads, Writes):
    """A collection reached through the proxy. Made by `database["name"]`."""

    def __init__(self, database: Database, engine: Engine, name: str) -> None:
        """Raises TypeError or `pymongo.errors.InvalidName` for a bad name."""
        self._database = database
        self._name = check_collection_name(name)
        super().__init__(engine, f"{database.name}.{name}")

    @property
    def name(self) -> str:
        """The collection's name."""
        return self._name

    @property
    def database(self) -> Database:
        """The database that it stands in."""
        return self._database

    def __getattr__(self, name: str) -> Collection:
        """`collection.sub` is the collection `collection.sub`."""
        if name.startswith("_"):
            message = (
                f"Collection has no attribute {name!r}. To access the {self._name}.{name} "
                f"collection, use database['{self._name}.{name}']."
            )
            raise AttributeError(message)
        return self[name]

    def __getitem__(self, name: str) -> Collection:
        """`collection["sub"]` is the collection `collection.sub`."""
        return Collection(self._database, self._engine, f"{self._name}.{name}")

    # With `__getitem__` alone, iterating over a collection would never end.
    __iter__ = None

    def __eq__(self, other: object) -> bool:
        """Equal: the same name in the same database of the same client."""
        if not isinstance(other, Collection):
            return NotImplemented
        return self._database == other._database and self._name == other._name

    def __hash__(self) -> int:
        """See `__eq__`."""
        return hash((self._database, self._name))

    def __bool__(self) -> bool:
        """Refused, as by the driver: compare with None instead."""
        message = (
            "Collection objects do not implement truth value testing or bool(). "
            "Please compare with None instead: collection is not None"
        )
        raise NotImplementedError(message)

    def __repr__(self) -> str:
        """Its full name and its client."""
        return f"Collection({self._database!r}, {self._name!r})"
