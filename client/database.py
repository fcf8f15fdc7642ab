"""The database: a name, and the collections in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorpool.client.collection import Collection
from motorpool.client.names import check_database_name

if TYPE_CHECKING:
    from motorpool.client.engine import Engine
    from motorpool.client.proxy_client import ProxyClient


class Database:
    """A database reached through the proxy. Made by `client["name"]`."""

    def __init__(self, client: ProxyClient, engine: Engine, name: str) -> None:
        """Raises TypeError or `pymongo.errors.InvalidName` for a bad name."""
        self._client = client
        self._engine = engine
        self._name = check_database_name(name)

    @property
    def name(self) -> str:
        """The database's name."""
        return self._name

    @property
    def client(self) -> ProxyClient:
        """The client that it is reached through."""
        return self._client

    def get_collection(self, name: str) -> Collection:
        """The collection of this name."""
        return Collection(self, self._engine, name)

    def __getitem__(self, name: str) -> Collection:
        """The collection of this name."""
        return Collection(self, self._engine, name)

    def __getattr__(self, name: str) -> Collection:
        """The collection of this name, unless it begins with an underscore."""
        if name.startswith("_"):
            message = (
                f"Database has no attribute {name!r}. To access the {name} collection, "
                f"use database[{name!r}]."
            )
            raise AttributeError(message)
        return self[name]

    # With `__getitem__` alone it would seem to be iterable.
    __iter__ = None

    def __eq__(self, other: object) -> bool:
        """Equal: the same name of the same client."""
        if not isinstance(other, Database):
            return NotImplemented
        return self._client is other._client and self._name == other._name

    def __hash__(self) -> int:
        """See `__eq__`."""
        return hash((id(self._client), self._name))

    def __bool__(self) -> bool:
        """Refused, as by the driver: compare with None instead."""
        message = (
            "Database objects do not implement truth value testing or bool(). "
            "Please compare with None instead: database is not None"
        )
        raise NotImplementedError(message)

    def __repr__(self) -> str:
        """Its client and its name."""
        return f"Database({self._client!r}, {self._name!r})"
