"""A collection's indexes, named and shaped as the driver's, each call one operation.

Checks arguments as the driver does and says what becomes of the answer. Sends nothing itself.
"""

from __future__ import annotations

from collections.abc import ItemsView, Mapping
from typing import TYPE_CHECKING, Any, Final

from bson.codec_options import CodecOptions
from bson.son import SON

from motorpool.client import arguments
from motorpool.client.calling import Calling, methods_of_collection, unchanged
from motorpool.client.cursors.listed import LatentCommandCursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.batching.call import Call

# How the driver encodes and decodes these commands, whatever the collection's own options say
# (pymongo/asynchronous/collection.py, _create_indexes and _list_indexes).
CREATING: Final[CodecOptions[dict[str, Any]]] = CodecOptions(unicode_decode_error_handler="replace")
LISTING: Final[CodecOptions[SON[str, Any]]] = CodecOptions(SON)


class IndexModel:
    """An index to create: its keys, and its options."""

    __slots__ = ("_document",)

    def __init__(self, keys: Any, **options: Any) -> None:
        """`keys`: a field, or a list of fields and (field, direction) pairs, or a mapping.

        `options`: name, unique, sparse, expireAfterSeconds (seconds), partialFilterExpression,
        collation, hidden … as the server knows them. Raises TypeError and ValueError.
        """
        pairs = _pairs(keys)
        if options.get("name") is None:
            options["name"] = index_name(pairs)
        options["key"] = dict(arguments.index(pairs))
        collation = options.pop("collation", None)
        if collation is not None:
            options["collation"] = arguments.collation(collation)
        self._document = options

    @property
    def document(self) -> dict[str, Any]:
        """The index as the createIndexes command takes it."""
        return self._document

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        rest = (f", {key}={value!r}" for key, value in self._document.items() if key != "key")
        return f"{type(self).__name__}({self._document['key']}{''.join(rest)})"


def _pairs(keys: Any) -> list[Any]:
    # pymongo/helpers_shared.py, _index_list, where no direction is given.
    if isinstance(keys, str):
        return [(keys, 1)]
    if isinstance(keys, ItemsView):
        return list(keys)
    if isinstance(keys, Mapping):
        return list(keys.items())
    if not isinstance(keys, list | tuple):
        raise TypeError(
            f"if no direction is specified, key_or_list must be an instance of list, "
            f"not {type(keys)}"
        )
    return [(key, 1) if isinstance(key, str) else key for key in keys]


def index_name(pairs: Sequence[Any]) -> str:
    """The name that the driver gives an index over these keys: `a_1_b_-1`."""
    return "_".join("{}_{}".format(*pair) for pair in pairs)


def _documents_of(indexes: Any) -> list[dict[str, Any]]:
    """Of our own models and the driver's alike. Raises TypeError for what is none."""
    documents = []
    for index in arguments.filters("indexes", indexes):
        document = getattr(index, "document", None)
        if not isinstance(document, Mapping) or "key" not in document or "name" not in document:
            raise TypeError(f"{index!r} is not an instance of pymongo.operations.IndexModel")
        documents.append(dict(document))
    return documents


@methods_of_collection
class Indexes(Calling):
    """The methods of a collection that create, drop and list indexes."""

    def create_index(
        self, keys: Any, session: None = None, comment: Any = None, **kwargs: Any
    ) -> Call[str]:
        """Create one index; its name. Keys and options as in `IndexModel`, and maxTimeMS."""

        def prepare() -> Call[str]:
            arguments.no_session(session)
            given = {"comment": comment}
            if "maxTimeMS" in kwargs:
                given["maxTimeMS"] = kwargs.pop("maxTimeMS")
            return self._create([IndexModel(keys, **kwargs)], given, _first)

        return self._prepared(prepare)

    def create_indexes(
        self,
        indexes: Sequence[Any],
        session: None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> Call[list[str]]:
        """Create indexes, given as a list of `IndexModel`; their names.

        PyMongo's models are taken, too. Options: maxTimeMS (milliseconds), commitQuorum.
        """

        def prepare() -> Call[list[str]]:
            arguments.no_session(session)
            return self._create(indexes, {**kwargs, "comment": comment}, unchanged)

        return self._prepared(prepare)

    def _create(self, indexes: Any, given: Mapping[str, Any], read: Any) -> Call[Any]:
        # `name=` of no effect: what the driver returns are the names that it has asked for.
        documents = _documents_of(indexes)
        names = [document["name"] for document in documents]
        args = {"indexes": documents, **arguments.options("create_indexes", given)}
        return self._call("create_indexes", args, lambda _: read(names), codec_options=CREATING)

    def drop_indexes(self, session: None = None, comment: Any = None, **kwargs: Any) -> Call[None]:
        """Drop all indexes but that of `_id`. Option: maxTimeMS, in milliseconds."""

        def prepare() -> Call[None]:
            arguments.no_session(session)
            args = arguments.options("drop_indexes", {**kwargs, "comment": comment})
            return self._call("drop_indexes", args, nothing)

        return self._prepared(prepare)

    def drop_index(
        self, index_or_name: Any, session: None = None, comment: Any = None, **kwargs: Any
    ) -> Call[None]:
        """Drop one index, by its name or by the keys that it was created with.

        Option: maxTimeMS, in milliseconds.
        """

        def prepare() -> Call[None]:
            arguments.no_session(session)
            is_list = isinstance(index_or_name, list)
            name = index_name(index_or_name) if is_list else index_or_name
            if not isinstance(name, str):
                raise TypeError(
                    f"index_or_name must be an instance of str or list, not {type(name)}"
                )
            given = {**kwargs, "comment": comment}
            args = {"name": name, **arguments.options("drop_index", given)}
            return self._call("drop_index", args, nothing)

        return self._prepared(prepare)

    def list_indexes(self, session: None = None, comment: Any = None) -> LatentCommandCursor:
        """A cursor over the indexes; may be awaited first, as PyMongo's must be."""
        return LatentCommandCursor(lambda: self._list_indexes(session, comment, unchanged))

    def index_information(self, session: None = None, comment: Any = None) -> Call[dict[str, Any]]:
        """The indexes by name: `{"a_1": {"key": [("a", 1)], "v": 2, "unique": True}}`."""
        return self._list_indexes(session, comment, _information)

    def _list_indexes(self, session: Any, comment: Any, read: Any) -> Call[Any]:
        def prepare() -> Call[Any]:
            arguments.no_session(session)
            args = arguments.options("list_indexes", {"comment": comment})
            return self._call("list_indexes", args, read, codec_options=LISTING)

        return self._prepared(prepare)


def nothing(ok: Any) -> None:
    """Of operations of which the driver returns nothing."""
    del ok


def _first(names: list[str]) -> str:
    return names[0]


def _information(indexes: list[Any]) -> dict[str, Any]:
    information = {}
    for listed in indexes:
        index = dict(listed)
        index["key"] = list(index["key"].items())
        information[index.pop("name")] = index
    return information
