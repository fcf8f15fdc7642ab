"""A collection's writes: named and shaped as Motor's, each of which queues one operation.

Checks arguments as the driver does and says what becomes of the answer. Sends nothing itself.
Those that find a document and change it stand in `find_and_change`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.raw_bson import RawBSONDocument

from motorpool.client import arguments
from motorpool.client.calling import Calling, methods_of_collection
from motorpool.client.refusals import invalid
from motorpool.client.requests import refuse_unanswered, request_list
from motorpool.client.results import (
    BulkWriteResult,
    DeleteResult,
    InsertManyResult,
    InsertOneResult,
    UpdateResult,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping, Sequence

    from motorpool.batching.call import Call
    from motorpool.client.calling import Document, Update


@methods_of_collection
class Writes(Calling):
    """The methods of a collection that write."""

    # Insert ---------------------------------------------------------------------------------------

    def insert_one(
        self,
        document: Any,
        bypass_document_validation: bool | None = None,
        session: None = None,
        comment: Any = None,
    ) -> Call[InsertOneResult]:
        """Insert one document; it gets an `_id` if it has none."""

        def prepare() -> Call[InsertOneResult]:
            arguments.no_session(session)
            id_, is_made = arguments.document_to_insert(document)
            given = {"bypass_document_validation": bypass_document_validation, "comment": comment}
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
        session: None = None,
        comment: Any = None,
    ) -> Awaitable[InsertManyResult]:
        """Insert documents; those without an `_id` get one.

        Sent in parts where one invocation cannot carry them all, and answered as one.
        """

        def prepare() -> Awaitable[InsertManyResult]:
            arguments.no_session(session)
            listed = arguments.documents_to_insert(documents)
            if not listed:
                invalid("No operations to execute")
            made = [arguments.document_to_insert(document) for document in listed]
            ids = [
                id_
                for document, (id_, _) in zip(listed, made, strict=True)
                if not isinstance(document, RawBSONDocument)
            ]
            given = {
                "ordered": ordered,
                "bypass_document_validation": bypass_document_validation,
                "comment": comment or None,  # as in the driver's bulk writes
            }
            args = {"documents": listed, **arguments.options("insert_many", given)}
            return self._write_call(
                "insert_many",
                args,
                lambda ok: InsertManyResult(ids, acknowledged=ok["acknowledged"]),
                items="documents",
                made_ids=tuple(ids) if all(is_made for _, is_made in made) else None,
            )

        return self._prepared(prepare)

    # Update and replace ---------------------------------------------------------------------------

    def update_one(
        self,
        filter: Document,
        update: Update,
        upsert: bool = False,
        bypass_document_validation: bool | None = None,
        collation: Any = None,
        array_filters: Sequence[Document] | None = None,
        hint: Any = None,
        session: None = None,
        let: Document | None = None,
        sort: Document | None = None,
        comment: Any = None,
    ) -> Call[UpdateResult]:
        """Update the first document that matches, in the order of `sort`."""
        given = {
            "upsert": upsert,
            "collation": collation,
            "array_filters": array_filters,
            "hint": hint,
            "sort": sort,
            "let": let,
            "comment": comment,
            "bypass_document_validation": bypass_document_validation,
        }
        return self._update("update_one", filter, update, session, given)

    def update_many(
        self,
        filter: Document,
        update: Update,
        upsert: bool = False,
        array_filters: Sequence[Document] | None = None,
        bypass_document_validation: bool | None = None,
        collation: Any = None,
        hint: Any = None,
        session: None = None,
        let: Document | None = None,
        comment: Any = None,
    ) -> Call[UpdateResult]:
        """Update every document that matches."""
        given = {
            "upsert": upsert,
            "collation": collation,
            "array_filters": array_filters,
            "hint": hint,
            "let": let,
            "comment": comment,
            "bypass_document_validation": bypass_document_validation,
        }
        return self._update("update_many", filter, update, session, given)

    def replace_one(
        self,
        filter: Document,
        replacement: Document,
        upsert: bool = False,
        bypass_document_validation: bool | None = None,
        collation: Any = None,
        hint: Any = None,
        session: None = None,
        let: Document | None = None,
        sort: Document | None = None,
        comment: Any = None,
    ) -> Call[UpdateResult]:
        """Replace the first document that matches, in the order of `sort`."""
        given = {
            "upsert": upsert,
            "collation": collation,
            "hint": hint,
            "sort": sort,
            "let": let,
            "comment": comment,
            "bypass_document_validation": bypass_document_validation,
        }

        def prepare() -> Call[UpdateResult]:
            arguments.no_session(session)
            required = {
                "filter": arguments.mapping("filter", filter),
                "replacement": arguments.replacement(replacement),
            }
            return self._call(
                "replace_one", required | self._update_options("replace_one", given), _updated
            )

        return self._prepared(prepare)

    def _update(
        self,
        op: str,
        filter: Document,
        update: Update,
        session: None,
        given: dict[str, Any],
    ) -> Call[UpdateResult]:
        def prepare() -> Call[UpdateResult]:
            arguments.no_session(session)
            required = {
                "filter": arguments.mapping("filter", filter),
                "update": arguments.update(update),
            }
            return self._call(op, required | self._update_options(op, given), _updated)

        return self._prepared(prepare)

    def _update_options(self, op: str, given: Mapping[str, Any]) -> dict[str, Any]:
        # None is no answer to whether to upsert: the driver takes it in its requests only.
        arguments.boolean("upsert", given["upsert"])
        if given.get("sort") is not None:
            arguments.mapping("sort", given["sort"])
        options = arguments.options(op, {**given, "upsert": given["upsert"] or None})
        return self._answered(options)

    # Delete ---------------------------------------------------------------------------------------

    def delete_one(
        self,
        filter: Document,
        collation: Any = None,
        hint: Any = None,
        session: None = None,
        let: Document | None = None,
        comment: Any = None,
    ) -> Call[DeleteResult]:
        """Delete the first document that matches."""
        given = {"collation": collation, "hint": hint, "let": let, "comment": comment}
        return self._delete("delete_one", filter, session, given)

    def delete_many(
        self,
        filter: Document,
        collation: Any = None,
        hint: Any = None,
        session: None = None,
        let: Document | None = None,
        comment: Any = None,
    ) -> Call[DeleteResult]:
        """Delete every document that matches."""
        given = {"collation": collation, "hint": hint, "let": let, "comment": comment}
        return self._delete("delete_many", filter, session, given)

    def _delete(
        self, op: str, filter: Document, session: None, given: Mapping[str, Any]
    ) -> Call[DeleteResult]:
        def prepare() -> Call[DeleteResult]:
            arguments.no_session(session)
            match = arguments.mapping("filter", filter)
            if given["let"] is not None:
                arguments.document("let", given["let"])
            args = {"filter": match, **self._answered(arguments.options(op, given))}
            return self._call(op, args, _deleted)

        return self._prepared(prepare)

    # Bulk -----------------------------------------------------------------------------------------

    def bulk_write(
        self,
        requests: Sequence[Any],
        ordered: bool = True,
        bypass_document_validation: bool | None = None,
        session: None = None,
        comment: Any = None,
        let: Document | None = None,
    ) -> Awaitable[BulkWriteResult]:
        """Run a list of InsertOne, UpdateOne … as one; PyMongo's classes are taken too.

        Sent in parts where one invocation cannot carry them all, and answered as one.
        """

        def prepare() -> Awaitable[BulkWriteResult]:
            arguments.no_session(session)
            arguments.filters("requests", requests)
            if let is not None:
                arguments.document("let", let)
            given = {
                "ordered": ordered,
                "bypass_document_validation": bypass_document_validation,
                "comment": comment or None,  # as in the driver
                "let": let,
            }
            listed = request_list(
                requests,
                is_acknowledged=self._options.is_acknowledged,
                bypasses=bool(bypass_document_validation),
            )
            args = {"requests": listed, **arguments.options("bulk_write", given)}
            return self._write_call("bulk_write", args, _bulk_written, items="requests")

        return self._prepared(prepare)

    def _answered(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options, unless they need an answer where the write concern asks for none."""
        if not self._options.is_acknowledged:
            refuse_unanswered(options)
        return options


def _updated(ok: Any) -> UpdateResult:
    return UpdateResult(ok.get("raw_result"), acknowledged=ok["acknowledged"])


def _deleted(ok: Any) -> DeleteResult:
    # What the driver has for the reply where none is asked for (w=0).
    return DeleteResult(ok.get("raw_result", {"ok": 1}), acknowledged=ok["acknowledged"])


def _bulk_written(ok: Any) -> BulkWriteResult:
    return BulkWriteResult(ok.get("bulk_api_result", {}), acknowledged=ok["acknowledged"])
