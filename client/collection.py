"""The collection: a name in a database, with the methods that read and write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from motorpool.client.collection_commands import CollectionCommands
from motorpool.client.find_and_change import FindAndChange
from motorpool.client.indexes import Indexes
from motorpool.client.names import check_collection_name
from motorpool.client.reads import Reads
from motorpool.client.writes import Writes

if TYPE_CHECKING:
    from bson.codec_options import CodecOptions

    from motorpool.client.database import Database


class Collection(Reads, Writes, FindAndChange, Indexes, CollectionCommands):
    """A collection reached through the proxy. Made by `database["name"]`."""

    def __init__(
        self,
        database: Database,
        name: str,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> None:
        """What is not given of the options is the database's.

        Raises TypeError for options, TypeError or `pymongo.errors.InvalidName` for a bad name.
        """
        self._database = database
        self._name = check_collection_name(name)
        super().__init__(
            database._engine,  # noqa: SLF001 - a level of the same client, here and below
            f"{database.name}.{name}",
            database._options.but(  # noqa: SLF001
                codec_options, read_preference, write_concern, read_concern
            ),
        )

    @property
    def name(self) -> str:
        """The collection's name."""
        return self._name

    @property
    def full_name(self) -> str:
        """`database.collection`."""
        return self._namespace

    @property
    def database(self) -> Database:
        """The database that it stands in."""
        return self._database

    def with_options(
        self,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> Collection:
        """Give this collection with other options; what is not given stays. Raises TypeError."""
        options = self._options.but(codec_options, read_preference, write_concern, read_concern)
        return type(self)(self._database, self._name, *options.said)

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
        """`collection["sub"]` is the collection `collection.sub`, with this one's options."""
        return type(self)(self._database, f"{self._name}.{name}", *self._options.said)

    # With `__getitem__` alone, iterating over a collection would never end.
    __iter__ = None

    def __next__(self) -> NoReturn:
        """Refused, as by the driver."""
        raise TypeError("'Collection' object is not iterable")

    next = __next__

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused, as by the driver: what was meant is a method that does not exist."""
        del args, kwargs
        face = "Collection" if "." in self._name else "Database"
        raise TypeError(
            f"'Collection' object is not callable. If you meant to call the "
            f"'{self._name.split('.')[-1]}' method on a '{face}' object it is "
            "failing because no such method exists."
        )

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
