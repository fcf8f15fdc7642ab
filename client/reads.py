"""A collection's reads: named and shaped as Motor's, each of which queues one operation.

Checks arguments as the driver does and says what becomes of the answer. Sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from motorpool.client import arguments
from motorpool.client.calling import Calling, methods_of_collection, unchanged
from motorpool.client.cursors.aggregate_cursor import AggregateCursor
from motorpool.client.cursors.cursor import Cursor
from motorpool.client.cursors.raw_batches import RawBatchAggregateCursor, RawBatchCursor
from motorpool.client.queries import (
    NON_TAILABLE,
    aggregate_arguments,
    find_arguments,
    find_one_arguments,
    refuse_exhaust,
)
from motorpool.client.refusals import misconfigured

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from motorpool.batching.call import Call
    from motorpool.client.calling import Document


A = TypeVar("A", bound=AggregateCursor)


@methods_of_collection
class Reads(Calling):
    """The methods of a collection that read."""

    def find(
        self,
        filter: Document | None = None,
        projection: Any = None,
        skip: int = 0,
        limit: int = 0,
        no_cursor_timeout: bool = False,
        cursor_type: int = NON_TAILABLE,
        sort: Any = None,
        allow_partial_results: bool = False,
        oplog_replay: bool = False,
        batch_size: int = 0,
        collation: Any = None,
        hint: Any = None,
        max_scan: int | None = None,
        max_time_ms: int | None = None,
        max: Any = None,
        min: Any = None,
        return_key: bool | None = None,
        show_record_id: bool | None = None,
        snapshot: bool | None = None,
        comment: Any = None,
        session: None = None,
        allow_disk_use: bool | None = None,
        let: Document | None = None,
    ) -> Cursor:
        """A cursor over the documents that match. Sends nothing yet.

        Arguments as in PyMongo; `max_time_ms` in milliseconds. Raises NotImplementedError for a
        session and for an exhaust cursor.
        """
        args = find_arguments(
            filter,
            projection,
            skip,
            limit,
            no_cursor_timeout,
            cursor_type,
            sort,
            allow_partial_results,
            oplog_replay,
            batch_size,
            collation,
            hint,
            max_scan,
            max_time_ms,
            max,
            min,
            return_key,
            show_record_id,
            snapshot,
            comment,
            session,
            allow_disk_use,
            let,
        )
        return Cursor(self, refuse_exhaust(args))

    def find_one(
        self, filter: Any = None, *args: Any, **kwargs: Any
    ) -> Call[dict[str, Any] | None]:
        """The first document that matches, or None. A filter that is no document is an `_id`.

        Further arguments as in `find`; a limit changes nothing.
        """

        def prepare() -> Call[dict[str, Any] | None]:
            is_id = filter is not None and not isinstance(filter, Mapping)
            found = find_arguments({"_id": filter} if is_id else filter, *args, **kwargs)
            return self._call("find_one", find_one_arguments(found), unchanged)

        return self._prepared(prepare)

    def aggregate(
        self,
        pipeline: Sequence[Document],
        session: None = None,
        let: Document | None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> AggregateCursor:
        """A cursor over what the pipeline gives; may be awaited first, as PyMongo's must be.

        Options as in PyMongo: allowDiskUse, batchSize, bypassDocumentValidation, collation, hint,
        maxTimeMS (milliseconds), readConcern, writeConcern. Bad arguments are raised when it is
        awaited or iterated.
        """
        given = {**kwargs, "let": let, "comment": comment}
        return self._aggregate(AggregateCursor, pipeline, session, given)

    def _aggregate(self, cls: type[A], pipeline: Any, session: Any, given: dict[str, Any]) -> A:
        try:
            arguments.no_session(session)
            args = aggregate_arguments(pipeline, given)
        except Exception as error:  # noqa: BLE001 - whatever the check raised is the caller's
            return cls(self._refusing(error), {"pipeline": []})
        return cls(self, args)

    def find_raw_batches(self, *args: Any, **kwargs: Any) -> RawBatchCursor:
        """A cursor over batches of undecoded BSON. Arguments as in `find`."""
        return RawBatchCursor(self, refuse_exhaust(find_arguments(*args, **kwargs)))

    def aggregate_raw_batches(
        self, pipeline: Sequence[Document], session: None = None, comment: Any = None, **kwargs: Any
    ) -> RawBatchAggregateCursor:
        """A cursor over batches of undecoded BSON. Options as in `aggregate`."""
        given = {**kwargs, "comment": comment}
        return self._aggregate(RawBatchAggregateCursor, pipeline, session, given)

    def count_documents(
        self, filter: Document, session: None = None, comment: Any = None, **kwargs: Any
    ) -> Call[int]:
        """How many documents match. Options: skip, limit, hint, collation, maxTimeMS."""

        def prepare() -> Call[int]:
            arguments.no_session(session)
            given = {**kwargs, "comment": comment}
            # The filter is the server's to judge, as with the driver; None, too.
            args = {"filter": filter, **arguments.options("count_documents", given)}
            return self._call("count_documents", args, unchanged)

        return self._prepared(prepare)

    def estimated_document_count(self, comment: Any = None, **kwargs: Any) -> Call[int]:
        """How many documents there are, from metadata. Option: maxTimeMS, in milliseconds."""

        def prepare() -> Call[int]:
            if "session" in kwargs:
                misconfigured("estimated_document_count does not support sessions")
            args = arguments.options("estimated_document_count", {**kwargs, "comment": comment})
            return self._call("estimated_document_count", args, unchanged)

        return self._prepared(prepare)

    def distinct(
        self,
        key: str,
        filter: Document | None = None,
        session: None = None,
        comment: Any = None,
        hint: Any = None,
        **kwargs: Any,
    ) -> Awaitable[list[Any]]:
        """The distinct values of a field. Options: collation, maxTimeMS (milliseconds)."""

        def prepare() -> Awaitable[list[Any]]:
            arguments.no_session(session)
            if not isinstance(key, str):
                raise TypeError(f"key must be an instance of str, not {type(key)}")
            if filter is not None and "query" in kwargs:
                misconfigured("can't pass both filter and query")
            given = {**kwargs, "key": key, "comment": comment, "hint": hint}
            match = given.pop("query", filter)
            if match is not None:
                given["filter"] = match  # the server's to judge, as with the driver
            return self._list_values("distinct", arguments.options("distinct", given))

        return self._prepared(prepare)
