"""A collection as a whole: drop, rename, options, search indexes. Each call is one operation.

Checks arguments as the driver does and says what becomes of the answer. Sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from bson.codec_options import DEFAULT_CODEC_OPTIONS

from motorpool.batching.operations import COMMANDS
from motorpool.client import arguments
from motorpool.client.calling import Calling, methods_of_collection, unchanged
from motorpool.client.cursors.listed import LatentCommandCursor
from motorpool.client.indexes import CREATING, nothing
from motorpool.client.refusals import invalid_name, misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bson.codec_options import CodecOptions

    from motorpool.batching.call import Call

NOT_FOUND = ["ns not found", 26]
"""Errors that the driver takes as done: nothing was there."""


def no_change_streams() -> NoReturn:
    """Refuse `watch`. Raises NotImplementedError."""
    raise NotImplementedError(
        "watch: a change stream is a connection that waits for what comes, and through the proxy "
        "there is none that waits: a Lambda invocation answers and ends. Watch from a process that "
        "holds a connection of its own, or let the database call a function (an Atlas trigger, an "
        "event source mapping)"
    )


class SearchIndexModel:
    """A search index to create: its definition, name and type."""

    __slots__ = ("_document",)

    def __init__(
        self,
        definition: Mapping[str, Any],
        name: str | None = None,
        type: str | None = None,
        **options: Any,
    ) -> None:
        """`type`: "search", or "vectorSearch"; None: as the server decides."""
        self._document: dict[str, Any] = {} if name is None else {"name": name}
        self._document["definition"] = definition
        if type is not None:
            self._document["type"] = type
        self._document.update(options)

    @property
    def document(self) -> dict[str, Any]:
        """The index as the createSearchIndexes command takes it."""
        return self._document

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        given = ", ".join(f"{key}={value!r}" for key, value in self._document.items())
        return f"{type(self).__name__}({given})"


@methods_of_collection
class CollectionCommands(Calling):
    """The methods of a collection that concern all of it."""

    def drop(
        self, session: None = None, comment: Any = None, encrypted_fields: None = None
    ) -> Call[None]:
        """Drop the collection and its indexes. Done, too, where there is none."""

        def prepare() -> Call[None]:
            arguments.no_session(session)
            no_encrypted_fields("drop", encrypted_fields)
            args = arguments.options("drop_collection", {"comment": comment})
            return self._call("drop_collection", args, nothing, codec_options=DEFAULT_CODEC_OPTIONS)

        return self._prepared(prepare)

    def rename(
        self, new_name: str, session: None = None, comment: Any = None, **kwargs: Any
    ) -> Call[dict[str, Any]]:
        """Rename the collection; the server's reply. Option: dropTarget.

        This object keeps the old name.
        """

        def prepare() -> Call[dict[str, Any]]:
            arguments.no_session(session)
            given = {**kwargs, "comment": comment}
            args = {"new_name": _new_name(new_name), **arguments.options("rename", given)}
            return self._call("rename", args, unchanged, codec_options=DEFAULT_CODEC_OPTIONS)

        return self._prepared(prepare)

    def options(self, session: None = None, comment: Any = None) -> Call[dict[str, Any]]:
        """What the collection was created with: `{"capped": True, "size": 4096}`; else empty."""

        def prepare() -> Call[dict[str, Any]]:
            arguments.no_session(session)
            database, _, name = self._namespace.partition(".")
            args = arguments.options(
                "list_collections", {"filter": {"name": name}, "comment": comment}
            )
            return self._engine.call(
                "list_collections",
                f"{database}.{COMMANDS}",
                args,
                _options,
                codec_options=DEFAULT_CODEC_OPTIONS,
            )

        return self._prepared(prepare)

    # Search indexes (MongoDB Atlas) ---------------------------------------------------------------

    def create_search_index(
        self, model: Any, session: None = None, comment: Any = None, **kwargs: Any
    ) -> Call[str]:
        """Create one search index, of a `SearchIndexModel` or its arguments as a mapping."""

        def prepare() -> Call[str]:
            made = model if _is_search_model(model) else SearchIndexModel(**model)
            return self._create_search_indexes([made], session, comment, kwargs, _first_created)

        return self._prepared(prepare)

    def create_search_indexes(
        self, models: Sequence[Any], session: None = None, comment: Any = None, **kwargs: Any
    ) -> Call[list[str]]:
        """Create search indexes, of `SearchIndexModel`s; their names. PyMongo's are taken, too."""

        def prepare() -> Call[list[str]]:
            return self._create_search_indexes(models, session, comment, kwargs, _created)

        return self._prepared(prepare)

    def _create_search_indexes(
        self,
        models: Sequence[Any],
        session: Any,
        comment: Any,
        kwargs: Mapping[str, Any],
        read: Callable[[Any], Any],
    ) -> Call[Any]:
        arguments.no_session(session)
        indexes = []
        for model in models:
            if not _is_search_model(model):
                raise TypeError(
                    f"{model!r} is not an instance of pymongo.operations.SearchIndexModel"
                )
            indexes.append(dict(model.document))
        command = {"createSearchIndexes": self._own_name, "indexes": indexes, **kwargs}
        if comment is not None:
            command["comment"] = comment
        return self._command(command, read, codec_options=CREATING)

    def update_search_index(
        self,
        name: str,
        definition: Mapping[str, Any],
        session: None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> Call[None]:
        """Give a search index another definition."""
        command = {"updateSearchIndex": self._own_name, "name": name, "definition": definition}
        return self._search_command({**command, **kwargs}, session, comment)

    def drop_search_index(
        self, name: str, session: None = None, comment: Any = None, **kwargs: Any
    ) -> Call[None]:
        """Drop a search index by its name."""
        command = {"dropSearchIndex": self._own_name, "name": name}
        return self._search_command({**command, **kwargs}, session, comment)

    def _search_command(self, command: dict[str, Any], session: Any, comment: Any) -> Call[None]:
        def prepare() -> Call[None]:
            arguments.no_session(session)
            if comment is not None:
                command["comment"] = comment
            return self._command(
                command, nothing, codec_options=CREATING, allowable_errors=NOT_FOUND
            )

        return self._prepared(prepare)

    def list_search_indexes(
        self, name: str | None = None, session: None = None, comment: Any = None, **kwargs: Any
    ) -> LatentCommandCursor:
        """A cursor over the search indexes, or over the one of this name; may be awaited first.

        Options as in `aggregate`.
        """

        def prepare() -> Call[list[Any]]:
            arguments.no_session(session)
            stage = {"$listSearchIndexes": {} if name is None else {"name": name}}
            for field in ("aggregate", "pipeline"):
                if field in kwargs:
                    misconfigured(f"The {field} option cannot be specified as a keyword argument.")
            given = {**kwargs, "pipeline": [stage], "comment": comment}
            # The driver asks the primary, with no concern and no codec options of the caller's.
            return self._engine.call(
                "aggregate",
                self._namespace,
                arguments.options("aggregate", given),
                unchanged,
                codec_options=DEFAULT_CODEC_OPTIONS,
            )

        return LatentCommandCursor(lambda: self._prepared(prepare))

    # What is not carried --------------------------------------------------------------------------

    def watch(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Change streams are not carried. Raises NotImplementedError."""
        del args, kwargs
        no_change_streams()

    # Shared ---------------------------------------------------------------------------------------

    @property
    def _own_name(self) -> str:
        return self._namespace.partition(".")[2]

    def _command(
        self,
        command: Mapping[str, Any],
        read: Callable[[Any], Any],
        *,
        codec_options: CodecOptions[Any],
        allowable_errors: list[Any] | None = None,
    ) -> Call[Any]:
        """A command on this collection's database."""
        args: dict[str, Any] = {"command": command}
        if allowable_errors is not None:
            args["allowable_errors"] = allowable_errors
        database = self._namespace.partition(".")[0]
        return self._engine.call(
            "command", f"{database}.{COMMANDS}", args, read, codec_options=codec_options
        )


def no_encrypted_fields(method: str, encrypted_fields: Any) -> None:
    """Refuse Queryable Encryption. Raises TypeError."""
    if encrypted_fields:
        raise TypeError(
            f"{method}(): encrypted fields are not carried by the proxy: encryption belongs to "
            "whoever holds the keys"
        )


def _new_name(name: Any) -> str:
    # pymongo/asynchronous/collection.py, rename: not quite the rules for a collection's own name.
    if not isinstance(name, str):
        raise TypeError(f"new_name must be an instance of str, not {type(name)}")
    if not name or ".." in name:
        invalid_name("collection names cannot be empty")
    if name[0] == "." or name[-1] == ".":
        invalid_name("collection names must not start or end with '.'")
    if "$" in name and not name.startswith("oplog.$main"):
        invalid_name("collection names must not contain '$'")
    return name


def _options(collections: list[dict[str, Any]]) -> dict[str, Any]:
    if not collections:
        return {}
    options: dict[str, Any] = collections[0].get("options", {})
    options.pop("create", None)
    return options


def _is_search_model(model: Any) -> bool:
    """Whether it is one of ours, or the driver's (which must not be imported)."""
    document = getattr(model, "document", None)
    return isinstance(document, Mapping) and "definition" in document


def _created(reply: Mapping[str, Any]) -> list[str]:
    return [index["name"] for index in reply["indexesCreated"]]


def _first_created(reply: Mapping[str, Any]) -> str:
    return _created(reply)[0]
