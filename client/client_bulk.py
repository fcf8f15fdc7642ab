"""A client's bulk write: its requests in the protocol's form, and what becomes of the answer.

A request, ours or PyMongo's, is asked through `_add_to_client_bulk`, as the driver asks its own.
Checks as the driver does; sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from motorpool.client import arguments
from motorpool.client.refusals import failed, invalid
from motorpool.client.requests import RequestList, refuse_unanswered
from motorpool.client.results import (
    ClientBulkWriteResult,
    DeleteResult,
    InsertOneResult,
    UpdateResult,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class ClientRequestList:
    """Collects requests with their namespaces, through the calls that the driver's own make."""

    def __init__(self) -> None:
        """Begin empty."""
        self._collected = RequestList()
        self._ids: dict[int, Any] = {}

    @classmethod
    def of(cls, models: Any) -> Self:
        """The requests of a list of models.

        Raises TypeError for what is no model, and `pymongo.errors.InvalidOperation` for none and
        for one that names no namespace.
        """
        collected = cls()
        for model in arguments.filters("models", models):
            try:
                model._add_to_client_bulk(collected)  # noqa: SLF001 - the driver's own way
            except AttributeError:
                raise TypeError(f"{model!r} is not a valid request") from None
        if not collected.requests:
            invalid("No operations to execute")
        return collected

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Each as `{"op", "ns", "args"}`."""
        return self._collected.requests

    def refuse_unanswered(self, bypass_document_validation: bool | None) -> None:
        """Refuse what cannot be asked of writes that are not answered (w=0)."""
        refuse_unanswered(self._collected.given)
        if bypass_document_validation is not None:
            failed("Cannot set bypass_document_validation with unacknowledged write concern")

    # What models call -----------------------------------------------------------------------------

    def add_insert(self, namespace: str, document: Any) -> None:
        """An insert."""
        self._collected.add_insert(document)
        self._ids[len(self.requests) - 1] = document.get("_id")
        self._name(namespace)

    def add_update(
        self,
        namespace: str,
        selector: Mapping[str, Any],
        update: Any,
        multi: bool,
        upsert: bool | None = None,
        **options: Any,
    ) -> None:
        """An update of one or many."""
        self._collected.add_update(selector, update, multi, upsert, **options)
        self._name(namespace, upsert)

    def add_replace(
        self,
        namespace: str,
        selector: Mapping[str, Any],
        replacement: Any,
        upsert: bool | None = None,
        **options: Any,
    ) -> None:
        """A replacement."""
        self._collected.add_replace(selector, replacement, upsert, **options)
        self._name(namespace, upsert)

    def add_delete(
        self, namespace: str, selector: Mapping[str, Any], multi: bool, **options: Any
    ) -> None:
        """A deletion of one or many."""
        self._collected.add_delete(selector, 0 if multi else 1, **options)
        self._name(namespace)

    def _name(self, namespace: str, upsert: bool | None = None) -> None:
        if "." not in namespace.strip("."):
            invalid(f"namespace must be 'database.collection', not {namespace!r}")
        request = self.requests[-1]
        request["ns"] = namespace
        if upsert is not None:  # also False, which an error shows as it was given
            request["args"]["upsert"] = upsert

    # What comes back ------------------------------------------------------------------------------

    def result(self, ok: Any, *, is_verbose: bool) -> ClientBulkWriteResult:
        """The result that the driver makes, of the proxy's answer."""
        if not ok["acknowledged"]:
            return ClientBulkWriteResult(None, acknowledged=False)
        told = dict(ok["bulk_api_result"])
        told["insertResults"] = {
            each["index"]: InsertOneResult(self._ids[each["index"]])
            for each in told["insertResults"]
        }
        told["updateResults"] = {
            each["index"]: UpdateResult(each["raw_result"], in_client_bulk=True)
            for each in told["updateResults"]
        }
        told["deleteResults"] = {
            each["index"]: DeleteResult(each["raw_result"]) for each in told["deleteResults"]
        }
        return ClientBulkWriteResult(told, has_verbose_results=is_verbose)
