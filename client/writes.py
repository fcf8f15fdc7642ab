"""A collection's writes: named and shaped as Motor's, each of which queues one operation.

Checks arguments as the driver does and says what becomes of the answer. Sends nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.raw_bson import RawBSONDocument

from motorpool.client import arguments
from motorpool.client.bulk import request_list
from motorpool.client.calling import Calling, methods_of_collection, unchanged
from motorpool.client.results import (
    BulkWriteResult,
    DeleteResult,
    InsertManyResult,
    InsertOneResult,
    UpdateResult,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from motorpool.batching.call import Call
    from motorpool.client.calling import Document, Update


@methods_of_collection
class Writes(Calling):
    """The methods of a collection that write."""

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
        return self._call(op, args, unchanged)


def _if_given(upsert: Any) -> Any:
    return None if upsert is False else upsert


def _updated(ok: Any) -> UpdateResult:
    return UpdateResult(ok.get("raw_result"), acknowledged=ok["acknowledged"])
