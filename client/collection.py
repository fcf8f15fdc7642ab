"""The collection: methods named and shaped as Motor's, each of which queues one operation.

Checks arguments as the driver does, says what is to be sent, and what becomes of the answer. Sends
nothing itself: see `ProxyClient`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from bson.raw_bson import RawBSONDocument

from motorpool.client import arguments
from motorpool.client.bulk import request_list
from motorpool.client.cursor import AggregateCursor, Cursor
from motorpool.client.names import check_collection_name
from motorpool.client.results import (
    BulkWriteResult,
    DeleteResult,
    InsertManyResult,
    InsertOneResult,
    UpdateResult,
)

if TYPE_CHECKING:
    from motorpool.batching.call import Call
    from motorpool.client.database import Database
    from motorpool.client.engine import Engine

T = TypeVar("T")

Document = Mapping[str, Any]
Update = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Collection:
    """A collection reached through the proxy. Made by `database["name"]`."""

    def __init__(self, database: Database, engine: Engine, name: str) -> None:
        """Raises TypeError or `pymongo.errors.InvalidName` for a bad name."""
        self._database = database
        self._engine = engine
        self._name = check_collection_name(name)
        self._full_name = f"{database.name}.{name}"

    @property
    def name(self) -> str:
        """The collection's name."""
        return self._name

    @property
    def full_name(self) -> str:
        """`database.collection`."""
        return self._full_name

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

    # One operation --------------------------------------------------------------------------------

    def _call(
        self,
        op: str,
        args: Mapping[str, Any],
        read: Callable[[Any], T],
        *,
        made_ids: tuple[Any, ...] | None = None,
    ) -> Call[T]:
        return self._engine.call(op, self._full_name, args, read, made_ids=made_ids)

    def _prepared(self, prepare: Callable[[], Call[T]]) -> Call[T]:
        """The call, or one that fails when it is awaited.

        As with the driver's coroutines, bad arguments are raised where the answer is awaited, so
        that one bad call does not stop a `gather`.
        """
        try:
            return prepare()
        except Exception as error:  # noqa: BLE001 - whatever the check raised is the caller's
            return self._engine.failed_call(error)

    # Reads ----------------------------------------------------------------------------------------

    def find(
        self, filter: Document | None = None, projection: Any = None, **options: Any
    ) -> Cursor:
        """A cursor over the documents that match. Sends nothing yet.

        Options as in PyMongo: skip, limit, sort, hint, collation, comment, let, max_time_ms, min,
        max, return_key, show_record_id, allow_disk_use, allow_partial_results, no_cursor_timeout,
        batch_size. Raises TypeError for an option that the proxy does not carry.
        """
        if filter is not None:
            arguments.mapping("filter", filter)
        given = {"filter": filter, "projection": projection, **options}
        return Cursor(self, arguments.options("find", given))

    def find_one(
        self, filter: Any = None, projection: Any = None, **options: Any
    ) -> Call[dict[str, Any] | None]:
        """The first document that matches, or None. A filter that is no document is an `_id`."""

        def prepare() -> Call[dict[str, Any] | None]:
            match = filter
            if match is not None and not isinstance(match, Mapping):
                match = {"_id": match}
            given = {"filter": match, "projection": projection, **options}
            return self._call("find_one", arguments.options("find_one", given), _unchanged)

        return self._prepared(prepare)

    def aggregate(self, pipeline: Sequence[Document], **options: Any) -> AggregateCursor:
        """A cursor over what the pipeline gives; may be awaited first, as PyMongo's must be.

        Options as in PyMongo: allowDiskUse, batchSize, bypassDocumentValidation, collation,
        comment, hint, let, maxTimeMS.
        """
        args = arguments.options("aggregate", options)
        return AggregateCursor(self, {"pipeline": arguments.pipeline(pipeline), **args})

    def count_documents(self, filter: Document, **options: Any) -> Call[int]:
        """How many documents match. Options: skip, limit, hint, collation, comment, maxTimeMS."""

        def prepare() -> Call[int]:
            given = {"filter": arguments.mapping("filter", filter), **options}
            args = arguments.options("count_documents", given)
            return self._call("count_documents", args, _unchanged)

        return self._prepared(prepare)

    def estimated_document_count(self, **options: Any) -> Call[int]:
        """How many documents there are, from metadata. Options: comment, maxTimeMS."""

        def prepare() -> Call[int]:
            args = arguments.options("estimated_document_count", options)
            return self._call("estimated_document_count", args, _unchanged)

        return self._prepared(prepare)

    def distinct(self, key: str, filter: Document | None = None, **options: Any) -> Call[list[Any]]:
        """The distinct values of a field. Options: collation, comment, hint, maxTimeMS."""

        def prepare() -> Call[list[Any]]:
            if not isinstance(key, str):
                message = f"key must be an instance of str, not {type(key)}"
                raise TypeError(message)
            if filter is not None:
                arguments.mapping("filter", filter)
            given = {"key": key, "filter": filter, **options}
            return self._call("distinct", arguments.options("distinct", given), _unchanged)

        return self._prepared(prepare)

    # Writes ---------------------------------------------------------------------------------------

    def insert_one(
        self,
        document: Any,
        bypass_document_validation: bool | None = None,
        **options: Any,
    ) -> Call[InsertOneResult]:
        """Insert one document; it gets an `_id` if it has none. Option: comment."""

        def prepare() -> Call[InsertOneResult]:
            id_, is_made = arguments.document_to_insert(document)
            given = {"bypass_document_validation": bypass_document_validation, **options}
            args = {"document": document, **arguments.options("insert_one", given)}
            return self._call(
                "insert_one",
                args,
                lambda ok: InsertOneResult(id_, acknowledged=ok["acknowledged"]),
                made_ids=(id_,) if is_made else None,
            )

        return self._prepared(prepare)

    def insert_many(
        self,
        documents: Iterable[Any],
        ordered: bool = True,
        bypass_document_validation: bool | None = None,
        **options: Any,
    ) -> Call[InsertManyResult]:
        """Insert documents; those without an `_id` get one. Option: comment."""

        def prepare() -> Call[InsertManyResult]:
            listed = arguments.documents_to_insert(documents)
            made = [arguments.document_to_insert(document) for document in listed]
            ids = [
                id_
                for document, (id_, _) in zip(listed, made, strict=True)
                if not isinstance(document, RawBSONDocument)
            ]
            given = {
                "ordered": ordered,
                "bypass_document_validation": bypass_document_validation,
                **options,
            }
            args = {"documents": listed, **arguments.options("insert_many", given)}
            return self._call(
                "insert_many",
                args,
                lambda ok: InsertManyResult(ids, acknowledged=ok["acknowledged"]),
                made_ids=tuple(ids) if all(is_made for _, is_made in made) else None,
            )

        return self._prepared(prepare)

    def update_one(
        self, filter: Document, update: Update, upsert: bool = False, **options: Any
    ) -> Call[UpdateResult]:
        """Update the first document that matches.

        Options: array_filters, bypass_document_validation, collation, comment, hint, let, sort.
        """
        return self._update("update_one", filter, update, upsert, options)

    def update_many(
        self, filter: Document, update: Update, upsert: bool = False, **options: Any
    ) -> Call[UpdateResult]:
        """Update every document that matches.

        Options: array_filters, bypass_document_validation, collation, comment, hint, let.
        """
        return self._update("update_many", filter, update, upsert, options)

    def _update(
        self, op: str, filter: Document, update: Update, upsert: bool, options: Mapping[str, Any]
    ) -> Call[UpdateResult]:
        def prepare() -> Call[UpdateResult]:
            args = {
                "filter": arguments.mapping("filter", filter),
                "update": arguments.update(update),
                **arguments.options(op, {"upsert": _if_given(upsert), **options}),
            }
            return self._call(op, args, _updated)

        return self._prepared(prepare)

    def replace_one(
        self, filter: Document, replacement: Document, upsert: bool = False, **options: Any
    ) -> Call[UpdateResult]:
        """Replace the first document that matches.

        Options: bypass_document_validation, collation, comment, hint, let, sort.
        """

        def prepare() -> Call[UpdateResult]:
            args = {
                "filter": arguments.mapping("filter", filter),
                "replacement": arguments.replacement(replacement),
                **arguments.options("replace_one", {"upsert": _if_given(upsert), **options}),
            }
            return self._call("replace_one", args, _updated)

        return self._prepared(prepare)

    def delete_one(self, filter: Document, **options: Any) -> Call[DeleteResult]:
        """Delete the first document that matches. Options: collation, comment, hint, let."""
        return self._delete("delete_one", filter, options)

    def delete_many(self, filter: Document, **options: Any) -> Call[DeleteResult]:
        """Delete every document that matches. Options: collation, comment, hint, let."""
        return self._delete("delete_many", filter, options)

    def _delete(self, op: str, filter: Document, options: Mapping[str, Any]) -> Call[DeleteResult]:
        def prepare() -> Call[DeleteResult]:
            match = arguments.mapping("filter", filter)
            args = {"filter": match, **arguments.options(op, options)}
            return self._call(
                op,
                args,
                lambda ok: DeleteResult(ok.get("raw_result", {}), acknowledged=ok["acknowledged"]),
            )

        return self._prepared(prepare)

    def bulk_write(
        self,
        requests: Sequence[Any],
        ordered: bool = True,
        bypass_document_validation: bool | None = None,
        **options: Any,
    ) -> Call[BulkWriteResult]:
        """Run a list of InsertOne, UpdateOne … in one command; PyMongo's classes are taken too.

        Options: comment, let.
        """

        def prepare() -> Call[BulkWriteResult]:
            given = {
                "ordered": ordered,
                "bypass_document_validation": bypass_document_validation,
                **options,
            }
            args = {"requests": request_list(requests), **arguments.options("bulk_write", given)}
            return self._call(
                "bulk_write",
                args,
                lambda ok: BulkWriteResult(
                    ok.get("bulk_api_result", {}), acknowledged=ok["acknowledged"]
                ),
            )

        return self._prepared(prepare)

    # Find and change ------------------------------------------------------------------------------

    def find_one_and_update(
        self,
        filter: Document,
        update: Update,
        projection: Any = None,
        sort: Any = None,
        upsert: bool = False,
        return_document: bool = False,
        **options: Any,
    ) -> Call[dict[str, Any] | None]:
        """Update the first document that matches; return it as it was, or as it is afterwards.

        `return_document`: `pymongo.ReturnDocument.BEFORE` (False) or `AFTER` (True). Options:
        array_filters, hint, let, comment, collation, maxTimeMS, bypassDocumentValidation.
        """

        def prepare() -> Call[dict[str, Any] | None]:
            required = {
                "filter": arguments.mapping("filter", filter),
                "update": arguments.update(update),
            }
            return self._find_and(
                "find_one_and_update",
                required,
                {"projection": projection, "sort": sort, "upsert": _if_given(upsert), **options},
                return_document=return_document,
            )

        return self._prepared(prepare)

    def find_one_and_replace(
        self,
        filter: Document,
        replacement: Document,
        projection: Any = None,
        sort: Any = None,
        upsert: bool = False,
        return_document: bool = False,
        **options: Any,
    ) -> Call[dict[str, Any] | None]:
        """Replace the first document that matches; return it as it was, or as it is afterwards.

        Arguments as in `find_one_and_update`, without array_filters.
        """

        def prepare() -> Call[dict[str, Any] | None]:
            required = {
                "filter": arguments.mapping("filter", filter),
                "replacement": arguments.replacement(replacement),
            }
            return self._find_and(
                "find_one_and_replace",
                required,
                {"projection": projection, "sort": sort, "upsert": _if_given(upsert), **options},
                return_document=return_document,
            )

        return self._prepared(prepare)

    def find_one_and_delete(
        self, filter: Document, projection: Any = None, sort: Any = None, **options: Any
    ) -> Call[dict[str, Any] | None]:
        """Delete the first document that matches and return it.

        Options: hint, let, comment, collation, maxTimeMS.
        """

        def prepare() -> Call[dict[str, Any] | None]:
            required = {"filter": arguments.mapping("filter", filter)}
            given = {"projection": projection, "sort": sort, **options}
            return self._find_and("find_one_and_delete", required, given, return_document=False)

        return self._prepared(prepare)

    def _find_and(
        self,
        op: str,
        required: dict[str, Any],
        given: Mapping[str, Any],
        *,
        return_document: bool,
    ) -> Call[dict[str, Any] | None]:
        if not isinstance(return_document, bool):
            message = (
                "return_document must be ReturnDocument.BEFORE or ReturnDocument.AFTER, "
                f"not {type(return_document)}"
            )
            raise TypeError(message)
        args = {**required, **arguments.options(op, given)}
        if return_document:
            args["return_document"] = "after"
        return self._call(op, args, _unchanged)


def _if_given(upsert: Any) -> Any:
    return None if upsert is False else upsert


def _unchanged(ok: Any) -> Any:
    return ok


def _updated(ok: Any) -> UpdateResult:
    return UpdateResult(ok.get("raw_result"), acknowledged=ok["acknowledged"])
