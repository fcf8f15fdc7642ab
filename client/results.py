"""What writes return: classes with the attributes of `pymongo.results`, without its import.

PyMongo's own would cost an application 90 ms of its cold start. Read-only; made by the collection.
"""

from __future__ import annotations

from typing import Any, NoReturn


class WriteResult:
    """What every write result has."""

    __slots__ = ("_acknowledged",)

    def __init__(self, *, acknowledged: bool) -> None:
        """`acknowledged`: whether the server was asked to confirm (write concern above 0)."""
        self._acknowledged = acknowledged

    @property
    def acknowledged(self) -> bool:
        """Whether the write was acknowledged; where it was not, most attributes raise."""
        return self._acknowledged

    def _unacknowledged(self, attribute: str) -> NoReturn:
        from motorpool.client.driver_errors import InvalidOperation  # noqa: PLC0415 - see there

        message = (
            f"A value for {attribute} is not available when the write is unacknowledged. "
            "Check the acknowledged attribute to avoid this error."
        )
        raise InvalidOperation(message)


class InsertOneResult(WriteResult):
    """What `insert_one` returns."""

    __slots__ = ("_inserted_id",)

    def __init__(self, inserted_id: Any, *, acknowledged: bool = True) -> None:
        """`inserted_id`: the document's `_id`."""
        super().__init__(acknowledged=acknowledged)
        self._inserted_id = inserted_id

    @property
    def inserted_id(self) -> Any:
        """The inserted document's `_id`."""
        return self._inserted_id

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        return f"InsertOneResult({self._inserted_id!r}, acknowledged={self._acknowledged})"


class InsertManyResult(WriteResult):
    """What `insert_many` returns."""

    __slots__ = ("_inserted_ids",)

    def __init__(self, inserted_ids: list[Any], *, acknowledged: bool = True) -> None:
        """`inserted_ids`: each document's `_id`, in their order."""
        super().__init__(acknowledged=acknowledged)
        self._inserted_ids = inserted_ids

    @property
    def inserted_ids(self) -> list[Any]:
        """The `_id` of each document, in the order in which they were given."""
        return self._inserted_ids

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        return f"InsertManyResult({self._inserted_ids!r}, acknowledged={self._acknowledged})"


class _RawResult(WriteResult):
    """A result that is a view of the server's own reply."""

    __slots__ = ("_raw",)

    def __init__(self, raw: dict[str, Any] | None, *, acknowledged: bool = True) -> None:
        super().__init__(acknowledged=acknowledged)
        self._raw = raw

    def _count(self, attribute: str, field: str) -> int:
        count: int = self._acknowledged_raw(attribute).get(field, 0)
        return count

    def _acknowledged_raw(self, attribute: str) -> dict[str, Any]:
        if not self._acknowledged or self._raw is None:
            self._unacknowledged(attribute)
        return self._raw

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        return f"{type(self).__name__}({self._raw!r}, acknowledged={self._acknowledged})"


class UpdateResult(_RawResult):
    """What `update_one`, `update_many` and `replace_one` return."""

    __slots__ = ("_in_client_bulk",)

    def __init__(
        self,
        raw: dict[str, Any] | None,
        *,
        acknowledged: bool = True,
        in_client_bulk: bool = False,
    ) -> None:
        """`in_client_bulk`: the reply is one of a client's bulk write, whose form is another."""
        super().__init__(raw, acknowledged=acknowledged)
        self._in_client_bulk = in_client_bulk

    @property
    def raw_result(self) -> dict[str, Any] | None:
        """The server's reply; None where the write is unacknowledged."""
        return self._raw

    @property
    def matched_count(self) -> int:
        """Documents that the filter matched; 0 where one was upserted."""
        matched = self._count("matched_count", "n")
        is_upsert = not self._in_client_bulk and self.upserted_id is not None
        return 0 if is_upsert else matched

    @property
    def modified_count(self) -> int:
        """Documents that were changed."""
        return self._count("modified_count", "nModified")

    @property
    def upserted_id(self) -> Any:
        """The `_id` of the upserted document, or None."""
        upserted = self._acknowledged_raw("upserted_id").get("upserted")
        return upserted["_id"] if self._in_client_bulk and upserted else upserted

    @property
    def did_upsert(self) -> bool:
        """Whether a document was upserted."""
        return "upserted" in self._acknowledged_raw("did_upsert")


class DeleteResult(_RawResult):
    """What `delete_one` and `delete_many` return."""

    __slots__ = ()

    @property
    def raw_result(self) -> dict[str, Any]:
        """The server's reply; empty where the write is unacknowledged."""
        return self._raw or {}

    @property
    def deleted_count(self) -> int:
        """Documents that were deleted."""
        return self._count("deleted_count", "n")


class BulkWriteResult(_RawResult):
    """What `bulk_write` returns."""

    __slots__ = ()

    @property
    def bulk_api_result(self) -> dict[str, Any]:
        """The counts as the driver sums them up; empty where the write is unacknowledged."""
        return self._raw or {}

    @property
    def inserted_count(self) -> int:
        """Documents inserted."""
        return self._count("inserted_count", "nInserted")

    @property
    def matched_count(self) -> int:
        """Documents that updates matched."""
        return self._count("matched_count", "nMatched")

    @property
    def modified_count(self) -> int:
        """Documents that updates changed."""
        return self._count("modified_count", "nModified")

    @property
    def deleted_count(self) -> int:
        """Documents deleted."""
        return self._count("deleted_count", "nRemoved")

    @property
    def upserted_count(self) -> int:
        """Documents upserted."""
        return self._count("upserted_count", "nUpserted")

    @property
    def upserted_ids(self) -> dict[int, Any] | None:
        """The `_id` of each upserted document, by the index of its request."""
        upserted = self._acknowledged_raw("upserted_ids").get("upserted", ())
        return {item["index"]: item["_id"] for item in upserted}


class ClientBulkWriteResult(_RawResult):
    """What a client's `bulk_write` returns."""

    __slots__ = ("_has_verbose_results",)

    def __init__(
        self,
        raw: dict[str, Any] | None,
        *,
        acknowledged: bool = True,
        has_verbose_results: bool = False,
    ) -> None:
        """`has_verbose_results`: there is a result for each request that succeeded."""
        super().__init__(raw, acknowledged=acknowledged)
        self._has_verbose_results = has_verbose_results

    @property
    def bulk_api_result(self) -> dict[str, Any] | None:
        """The counts as the driver sums them up; None where the write is unacknowledged."""
        return self._raw

    @property
    def has_verbose_results(self) -> bool:
        """Whether there is a result for each request."""
        return self._has_verbose_results

    @property
    def inserted_count(self) -> int:
        """Documents inserted."""
        return self._count("inserted_count", "nInserted")

    @property
    def matched_count(self) -> int:
        """Documents that updates matched."""
        return self._count("matched_count", "nMatched")

    @property
    def modified_count(self) -> int:
        """Documents that updates changed."""
        return self._count("modified_count", "nModified")

    @property
    def deleted_count(self) -> int:
        """Documents deleted."""
        return self._count("deleted_count", "nDeleted")

    @property
    def upserted_count(self) -> int:
        """Documents upserted."""
        return self._count("upserted_count", "nUpserted")

    @property
    def insert_results(self) -> dict[int, InsertOneResult]:
        """The result of each insert, by the index of its request. Raises if not verbose."""
        return self._verbose("insert_results", "insertResults")

    @property
    def update_results(self) -> dict[int, UpdateResult]:
        """The result of each update and replacement, by its index. Raises if not verbose."""
        return self._verbose("update_results", "updateResults")

    @property
    def delete_results(self) -> dict[int, DeleteResult]:
        """The result of each deletion, by its index. Raises if not verbose."""
        return self._verbose("delete_results", "deleteResults")

    def _verbose(self, attribute: str, field: str) -> dict[int, Any]:
        raw = self._acknowledged_raw(attribute)
        if not self._has_verbose_results:
            from motorpool.client.driver_errors import InvalidOperation  # noqa: PLC0415 - see there

            raise InvalidOperation(
                f"A value for {attribute} is not available when "
                "the results are not set to be verbose. Check the "
                "verbose_results attribute to avoid this error."
            )
        results: dict[int, Any] = raw[field]
        return results

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        return (
            f"ClientBulkWriteResult({self._raw!r}, acknowledged={self._acknowledged}, "
            f"verbose={self._has_verbose_results})"
        )
