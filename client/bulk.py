"""Requests of a `bulk_write`: classes of the driver's names and arguments, without its import.

PyMongo's own are taken too: both are asked in the way in which the driver asks its own, through
`_add_to_bulk`. Checks as the driver does; sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorpool.batching.operations import BULK_REQUESTS
from motorpool.client import arguments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class InsertOne:
    """Insert one document."""

    def __init__(self, document: Any) -> None:
        """`document` gets an `_id` if it has none, as in `insert_one`."""
        self._document = document

    def _add_to_bulk(self, bulk: RequestList) -> None:
        bulk.add_insert(self._document)


class _Delete:
    _LIMIT = 1

    def __init__(
        self,
        filter: Mapping[str, Any],
        collation: Any = None,
        hint: Any = None,
    ) -> None:
        """Delete what matches `filter`."""
        self._filter = arguments.mapping("filter", filter)
        self._collation = collation
        self._hint = hint

    def _add_to_bulk(self, bulk: RequestList) -> None:
        bulk.add_delete(self._filter, self._LIMIT, collation=self._collation, hint=self._hint)


class DeleteOne(_Delete):
    """Delete the first document that matches."""


class DeleteMany(_Delete):
    """Delete every document that matches."""

    _LIMIT = 0


class ReplaceOne:
    """Replace the first document that matches."""

    def __init__(
        self,
        filter: Mapping[str, Any],
        replacement: Mapping[str, Any],
        upsert: bool | None = None,
        collation: Any = None,
        hint: Any = None,
        sort: Any = None,
    ) -> None:
        """See `Collection.replace_one`."""
        self._filter = arguments.mapping("filter", filter)
        self._replacement = arguments.replacement(replacement)
        self._upsert = upsert
        self._options = {"collation": collation, "hint": hint, "sort": sort}

    def _add_to_bulk(self, bulk: RequestList) -> None:
        bulk.add_replace(self._filter, self._replacement, self._upsert, **self._options)


class _Update:
    _MULTI = False

    def __init__(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        upsert: bool | None = None,
        collation: Any = None,
        array_filters: Sequence[Mapping[str, Any]] | None = None,
        hint: Any = None,
    ) -> None:
        """Update what matches `filter`."""
        self._filter = arguments.mapping("filter", filter)
        self._update = arguments.update(update)
        self._upsert = upsert
        self._options = {
            "collation": collation,
            "array_filters": array_filters,
            "hint": hint,
        }

    def _add_to_bulk(self, bulk: RequestList) -> None:
        bulk.add_update(self._filter, self._update, self._MULTI, self._upsert, **self._options)


class UpdateOne(_Update):
    """Update the first document that matches."""

    def __init__(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        upsert: bool | None = None,
        collation: Any = None,
        array_filters: Sequence[Mapping[str, Any]] | None = None,
        hint: Any = None,
        sort: Any = None,
    ) -> None:
        """Update the first document, in the order of `sort`, that matches `filter`."""
        super().__init__(filter, update, upsert, collation, array_filters, hint)
        self._options["sort"] = sort


class UpdateMany(_Update):
    """Update every document that matches."""

    _MULTI = True


class RequestList:
    """Collects requests in the protocol's form, through the calls that the driver's own make."""

    def __init__(self) -> None:
        """Begin empty."""
        self.requests: list[dict[str, Any]] = []

    def add_insert(self, document: Any) -> None:
        """An insert."""
        arguments.document_to_insert(document)
        self.requests.append({"op": "insert_one", "args": {"document": document}})

    def add_update(
        self,
        selector: Mapping[str, Any],
        update: Any,
        multi: bool = False,
        upsert: bool | None = False,
        **options: Any,
    ) -> None:
        """An update of one or many. The driver's own requests say False where nothing was said."""
        op = "update_many" if multi else "update_one"
        update = arguments.update(update)
        given = None if upsert is False else upsert
        self._add(op, {"filter": selector, "update": update, "upsert": given}, options)

    def add_replace(
        self,
        selector: Mapping[str, Any],
        replacement: Mapping[str, Any],
        upsert: bool | None = False,
        **options: Any,
    ) -> None:
        """A replacement."""
        replacement = arguments.replacement(replacement)
        self._add(
            "replace_one",
            {"filter": selector, "replacement": replacement, "upsert": upsert},
            options,
        )

    def add_delete(self, selector: Mapping[str, Any], limit: int, **options: Any) -> None:
        """A deletion of one (limit 1) or many (limit 0)."""
        self._add("delete_one" if limit else "delete_many", {"filter": selector}, options)

    def _add(self, op: str, args: dict[str, Any], options: Mapping[str, Any]) -> None:
        kinds = BULK_REQUESTS[op].arguments
        given = {
            name: arguments.option(name, kinds[name].kind, value)
            for name, value in {**args, **options}.items()
            if value is not None
        }
        self.requests.append({"op": op, "args": given})


def request_list(requests: Iterable[Any]) -> list[dict[str, Any]]:
    """The protocol's form of a list of requests. Raises TypeError for what is no request."""
    if not isinstance(requests, list):
        message = f"requests must be a list, not {type(requests)}"
        raise TypeError(message)
    collected = RequestList()
    for request in requests:
        try:
            request._add_to_bulk(collected)  # noqa: SLF001 - the driver's own way, see above
        except AttributeError:
            message = f"{request!r} is not a valid request"
            raise TypeError(message) from None
    if not collected.requests:
        from motorpool.client.driver_errors import InvalidOperation  # noqa: PLC0415 - see there

        message = "No operations to execute"
        raise InvalidOperation(message)
    return collected.requests
