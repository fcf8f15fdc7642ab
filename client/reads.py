"""A collection's reads: named and shaped as Motor's, each of which queues one operation.

Checks arguments as the driver does and says what becomes of the answer. Sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from motorpool.client import arguments
from motorpool.client.calling import Calling, methods_of_collection, unchanged
from motorpool.client.cursor import AggregateCursor, Cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.batching.call import Call
    from motorpool.client.calling import Document


@methods_of_collection
class Reads(Calling):
    """The methods of a collection that read."""

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
            return self._call("find_one", arguments.options("find_one", given), unchanged)

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
            return self._call("count_documents", args, unchanged)

        return self._prepared(prepare)

    def estimated_document_count(self, **options: Any) -> Call[int]:
        """How many documents there are, from metadata. Options: comment, maxTimeMS."""

        def prepare() -> Call[int]:
            args = arguments.options("estimated_document_count", options)
            return self._call("estimated_document_count", args, unchanged)

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
            return self._call("distinct", arguments.options("distinct", given), unchanged)

        return self._prepared(prepare)
