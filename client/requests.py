"""A collection's bulk write: its requests in the protocol's form, checked as the driver does.

A request, ours or PyMongo's, is asked through `_add_to_bulk`, as the driver asks its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorpool.batching.operations import BULK_REQUESTS
from motorpool.client import arguments
from motorpool.client.refusals import failed, invalid, misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class RequestList:
    """Collects requests in the protocol's form, through the calls that the driver's own make."""

    def __init__(self) -> None:
        """Begin empty."""
        self.requests: list[dict[str, Any]] = []
        self.given: set[str] = set()
        """The options that any of them gives."""

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
        arguments.mapping("filter", args["filter"])  # None passes where a request is made
        given = {
            name: arguments.option(name, kinds[name].kind, value)
            for name, value in {**args, **options}.items()
            if value is not None
        }
        self.given |= given.keys()
        self.requests.append({"op": op, "args": given})


def request_list(
    requests: Iterable[Any], *, is_acknowledged: bool, bypasses: bool
) -> list[dict[str, Any]]:
    """The protocol's form of a list of requests.

    Raises TypeError for what is no request, and `pymongo.errors.InvalidOperation` for none.
    `is_acknowledged`: whether the write is answered; without an answer some options are refused,
    as is `bypasses`, by `pymongo.errors.ConfigurationError` or OperationFailure.
    """
    collected = RequestList()
    for request in arguments.filters("requests", requests):
        try:
            request._add_to_bulk(collected)  # noqa: SLF001 - the driver's own way, see above
        except AttributeError:
            raise TypeError(f"{request!r} is not a valid request") from None
    if not collected.requests:
        invalid("No operations to execute")
    if not is_acknowledged:
        refuse_unanswered(collected.given)
        if bypasses:
            failed("Cannot set bypass_document_validation with unacknowledged write concern")
    return collected.requests


def refuse_unanswered(given: Iterable[str]) -> None:
    """Refuse what cannot be asked of a write that is not answered (w=0)."""
    for name, called in (("collation", "Collation"), ("array_filters", "arrayFilters")):
        if name in given:
            misconfigured(f"{called} is unsupported for unacknowledged writes.")
