"""The database: a name, and the collections in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from motorpool.batching.operations import COMMANDS
from motorpool.client.collection import Collection
from motorpool.client.database_commands import DatabaseCommands
from motorpool.client.names import check_database_name

if TYPE_CHECKING:
    from bson.codec_options import CodecOptions

    from motorpool.client.proxy_client import ProxyClient


class Database(DatabaseCommands):
    """A database reached through the proxy. Made by `client["name"]`."""

    def __init__(
        self,
        client: ProxyClient,
        name: str,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> None:
        """What is not given of the options is the client's.

        Raises TypeError for options, TypeError or `pymongo.errors.InvalidName` for a bad name.
        """
        self._client = client
        self._name = check_database_name(name)
        super().__init__(
            client._engine,  # noqa: SLF001 - a level of the same client, here and below
            f"{name}.{COMMANDS}",
            client._options.but(  # noqa: SLF001
                codec_options, read_preference, write_concern, read_concern
            ),
        )

    @property
    def name(self) -> str:
        """The database's name."""
        return self._name

    @property
    def client(self) -> ProxyClient:
        """The client that it is reached through."""
        return self._client

    def with_options(
        self,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> Database:
        """Give this database with other options; what is not given stays. Raises TypeError."""
        options = self._options.but(codec_options, read_preference, write_concern, read_concern)
        return type(self)(self._client, self._name, *options.said)

    def get_collection(
        self,
        name: str,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> Collection:
        """The collection of this name; what is not given of its options is the database's.

        Raises TypeError for options, TypeError or `pymongo.errors.InvalidName` for a bad name.
        """
        return Collection(self, name, codec_options, read_preference, write_concern, read_concern)

    def __getitem__(self, name: str) -> Collection:
        """The collection of this name."""
        return Collection(self, name)

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

    def __next__(self) -> NoReturn:
        """Refused, as by the driver."""
        raise TypeError("'Database' object is not iterable")

    next = __next__

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
