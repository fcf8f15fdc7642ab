"""A database as a whole: its collections, what is in it, aggregations on none of them.

Each call is one operation. Checks arguments as the driver does and says what becomes of the answer;
sends nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

from bson.codec_options import DEFAULT_CODEC_OPTIONS
from bson.dbref import DBRef

from motorpool.batching.operations import DATABASE_PIPELINE
from motorpool.client import arguments
from motorpool.client.calling import Calling, methods_of, unchanged
from motorpool.client.collection_commands import no_change_streams, no_encrypted_fields
from motorpool.client.commands import Commands, name_of
from motorpool.client.cursors.aggregate_cursor import AggregateCursor
from motorpool.client.cursors.listed import CommandCursor
from motorpool.client.queries import aggregate_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bson.codec_options import CodecOptions

    from motorpool.batching.call import Call
    from motorpool.client.collection import Collection
    from motorpool.client.database import Database


@methods_of("Database")
class DatabaseCommands(Commands):
    """The methods of a database that concern all of it."""

    _name: str

    @property
    def _whole(self) -> Database:
        """What this is a part of."""
        return cast("Database", self)

    # Collections ----------------------------------------------------------------------------------

    def list_collections(
        self,
        session: None = None,
        filter: Mapping[str, Any] | None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> Call[CommandCursor]:
        """A cursor over the collections, each with name, type and options.

        Options: nameOnly, authorizedCollections, maxTimeMS (milliseconds).
        """

        def prepare() -> Call[CommandCursor]:
            arguments.no_session(session)
            return self._list_collections(filter, comment, kwargs, CommandCursor)

        return self._prepared(prepare)

    def list_collection_names(
        self,
        session: None = None,
        filter: Mapping[str, Any] | None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> Call[list[str]]:
        """The names of the collections. Options as in `list_collections`."""

        def prepare() -> Call[list[str]]:
            arguments.no_session(session)
            given = dict(kwargs)
            if filter is not None:
                arguments.mapping("filter", filter)
            # "Drivers MUST NOT set nameOnly if a filter specifies any keys other than name": the
            # specification of enumerating collections.
            if not filter or (len(filter) == 1 and "name" in filter):
                given["nameOnly"] = True
            return self._list_collections(filter, comment, given, names)

        return self._prepared(prepare)

    def _list_collections(
        self,
        filter: Mapping[str, Any] | None,
        comment: Any,
        kwargs: Mapping[str, Any],
        read: Callable[[list[Any]], Any],
    ) -> Call[Any]:
        given = {**kwargs, "comment": comment}
        if filter is not None:
            given["filter"] = filter
        args = arguments.options("list_collections", given)
        return self._call("list_collections", args, read, codec_options=DEFAULT_CODEC_OPTIONS)

    def create_collection(
        self,
        name: str,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
        session: None = None,
        check_exists: bool | None = True,
        **kwargs: Any,
    ) -> Call[Collection]:
        """Create a collection; the collection.

        Options as the server knows them: capped, size (bytes), max, validator, validationLevel,
        validationAction, timeseries, expireAfterSeconds, clusteredIndex, viewOn, pipeline,
        collation, changeStreamPreAndPostImages, comment … Raises
        `pymongo.errors.CollectionInvalid` where it exists, unless `check_exists` is false: then
        the server decides.
        """

        def prepare() -> Call[Collection]:
            arguments.no_session(session)
            options = dict(kwargs)
            no_encrypted_fields("create_collection", options.pop("encryptedFields", None))
            if options.get("clusteredIndex"):
                arguments.mapping("clusteredIndex", options["clusteredIndex"])
            collation = options.pop("collation", None)
            if collation is not None:
                options["collation"] = arguments.collation(collation)
            collection = self._whole.get_collection(
                name, codec_options, read_preference, write_concern, read_concern
            )
            args: dict[str, Any] = {"options": options} if options else {}
            if not check_exists:
                args["check_exists"] = False
            return collection._call("create_collection", args, lambda _: collection)  # noqa: SLF001

        return self._prepared(prepare)

    def drop_collection(
        self,
        name_or_collection: Any,
        session: None = None,
        comment: Any = None,
        encrypted_fields: None = None,
    ) -> Call[dict[str, Any]]:
        """Drop a collection; the server's reply. Done, too, where there is none."""

        def prepare() -> Call[dict[str, Any]]:
            arguments.no_session(session)
            no_encrypted_fields("drop_collection", encrypted_fields)
            name = name_of(name_or_collection)
            if not isinstance(name, str):
                raise TypeError(f"name_or_collection must be an instance of str, not {type(name)}")
            args = arguments.options("drop_collection", {"comment": comment})
            return self._engine.call(
                "drop_collection",
                f"{self._name}.{name}",
                self._options.carried("drop_collection", args),
                unchanged,
                codec_options=DEFAULT_CODEC_OPTIONS,
            )

        return self._prepared(prepare)

    def dereference(
        self, dbref: DBRef, session: None = None, comment: Any = None, **kwargs: Any
    ) -> Call[Any]:
        """The document that a DBRef of this database points to, or None. Options as in `find`."""

        def prepare() -> Call[Any]:
            arguments.no_session(session)
            if not isinstance(dbref, DBRef):
                raise TypeError(f"cannot dereference a {type(dbref)}")
            if dbref.database is not None and dbref.database != self._name:
                raise ValueError(
                    "trying to dereference a DBRef that points to "
                    f"another database ({dbref.database!r} not {self._name!r})"
                )
            collection = self._whole.get_collection(dbref.collection)
            return collection.find_one({"_id": dbref.id}, comment=comment, **kwargs)

        return self._prepared(prepare)

    # Of no collection -----------------------------------------------------------------------------

    def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], session: None = None, **kwargs: Any
    ) -> AggregateCursor:
        """A cursor over what a pipeline on no collection gives: `$currentOp`, `$documents`.

        May be awaited first, as PyMongo's must be. Options as in `Collection.aggregate`.
        """
        commands = Calling(self._engine, f"{self._name}.{DATABASE_PIPELINE}", self._options)
        try:
            arguments.no_session(session)
            given = aggregate_arguments(pipeline, kwargs)
        except Exception as error:  # noqa: BLE001 - whatever the check raised is the caller's
            return AggregateCursor(self._refusing(error), {"pipeline": []})
        return AggregateCursor(commands, given)

    # What is not carried --------------------------------------------------------------------------

    def watch(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Change streams are not carried. Raises NotImplementedError."""
        del args, kwargs
        no_change_streams()


def names(listed: list[Mapping[str, Any]]) -> list[str]:
    """The names of what was listed."""
    return [each["name"] for each in listed]
