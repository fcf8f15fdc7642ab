"""A collection's methods that find a document, change it and return it.

Checks arguments as the driver does. Sends nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorpool.client import arguments
from motorpool.client.calling import Calling, methods_of_collection, unchanged
from motorpool.client.concerns import WriteConcern
from motorpool.client.refusals import misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorpool.batching.call import Call
    from motorpool.client.calling import Document, Update


@methods_of_collection
class FindAndChange(Calling):
    """The methods of a collection that find one document and change it."""

    def find_one_and_update(
        self,
        filter: Document,
        update: Update,
        projection: Any = None,
        sort: Any = None,
        upsert: bool = False,
        return_document: bool = False,
        array_filters: Sequence[Document] | None = None,
        hint: Any = None,
        session: None = None,
        let: Document | None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> Call[dict[str, Any] | None]:
        """Update the first document that matches; return it as it was, or as it is afterwards.

        `return_document`: `pymongo.ReturnDocument.BEFORE` (False) or `AFTER` (True). Options:
        collation, maxTimeMS (milliseconds), bypassDocumentValidation, writeConcern.
        """
        given = {
            "projection": projection,
            "sort": sort,
            "upsert": upsert,
            "hint": hint,
            "let": let,
            "comment": comment,
        }

        def prepare() -> Call[dict[str, Any] | None]:
            arguments.no_session(session)
            changed = {"update": arguments.update(update)}
            if array_filters is not None:
                given["array_filters"] = arguments.filters("array_filters", array_filters)
            return self._find_and(
                "find_one_and_update",
                {"filter": arguments.mapping("filter", filter), **changed},
                {**kwargs, **given},
                return_document,
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
        hint: Any = None,
        session: None = None,
        let: Document | None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> Call[dict[str, Any] | None]:
        """Replace the first document that matches; return it as it was, or as it is afterwards.

        Options as in `find_one_and_update`.
        """
        given = {
            "projection": projection,
            "sort": sort,
            "upsert": upsert,
            "hint": hint,
            "let": let,
            "comment": comment,
        }

        def prepare() -> Call[dict[str, Any] | None]:
            arguments.no_session(session)
            changed = {"replacement": arguments.replacement(replacement)}
            return self._find_and(
                "find_one_and_replace",
                {"filter": arguments.mapping("filter", filter), **changed},
                {**kwargs, **given},
                return_document,
            )

        return self._prepared(prepare)

    def find_one_and_delete(
        self,
        filter: Document,
        projection: Any = None,
        sort: Any = None,
        hint: Any = None,
        session: None = None,
        let: Document | None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> Call[dict[str, Any] | None]:
        """Delete the first document that matches; return it as it was.

        Options: collation, maxTimeMS (milliseconds), writeConcern.
        """
        given = {
            "projection": projection,
            "sort": sort,
            "hint": hint,
            "let": let,
            "comment": comment,
        }

        def prepare() -> Call[dict[str, Any] | None]:
            arguments.no_session(session)
            required = {"filter": arguments.mapping("filter", filter)}
            return self._find_and("find_one_and_delete", required, {**kwargs, **given})

        return self._prepared(prepare)

    def _find_and(
        self,
        op: str,
        required: dict[str, Any],
        given: Mapping[str, Any],
        return_document: Any = False,
    ) -> Call[dict[str, Any] | None]:
        if not isinstance(return_document, bool):
            raise TypeError(
                "return_document must be ReturnDocument.BEFORE or ReturnDocument.AFTER, "
                f"not {type(return_document)}"
            )
        args = {**required, **arguments.options(op, given)}
        if args.get("upsert") is False:
            del args["upsert"]
        if return_document:
            args["return_document"] = "after"
        is_acknowledged = self._options.is_acknowledged
        if "write_concern" in args:
            is_acknowledged = WriteConcern(**args["write_concern"]).acknowledged
        if "array_filters" in args and not is_acknowledged:
            misconfigured("arrayFilters is unsupported for unacknowledged writes.")
        return self._call(op, args, unchanged)
