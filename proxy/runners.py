"""Runs one document operation by the driver's own method: one line for each result shape.

The shapes are those of docs/protocol.md, "Results". What comes by the page is in `cursors` and
`values`; what is no document operation in `administration`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bson.raw_bson import RawBSONDocument

from motorpool.batching.codec import RawDocument, encode_document

if TYPE_CHECKING:
    from collections.abc import Callable

SINGLE: Final = frozenset(
    {"find_one", "find_one_and_update", "find_one_and_replace", "find_one_and_delete"}
)
"""Operations whose result is one document, which nobody here looks at."""

RAW: Final = frozenset({"find_one", "aggregate"})
"""Operations that run on a collection which gives documents undecoded.

No writes: PyMongo cannot take a write concern's error out of a reply that it has not decoded
(pymongo.helpers_shared, `_get_wce_doc`).
"""


def _method(name: str, shape: Callable[[Any], Any] = lambda result: result) -> Any:
    async def run(collection: Any, args: dict[str, Any]) -> Any:
        return shape(await getattr(collection, name)(**args))

    return run


def _document(found: Any) -> RawDocument | None:
    if found is None:
        return None
    # The embedded database has no raw form.
    return RawDocument(found.raw if isinstance(found, RawBSONDocument) else encode_document(found))


def _inserted_one(result: Any) -> dict[str, Any]:
    return {"acknowledged": result.acknowledged, "inserted_id": result.inserted_id}


def _inserted_many(result: Any) -> dict[str, Any]:
    return {"acknowledged": result.acknowledged, "inserted_ids": result.inserted_ids}


def _updated(result: Any) -> dict[str, Any]:
    return _acknowledged(result, "matched_count", "modified_count", "upserted_id", "raw_result")


def _deleted(result: Any) -> dict[str, Any]:
    return _acknowledged(result, "deleted_count", "raw_result")


def _bulk_written(result: Any) -> dict[str, Any]:
    return _acknowledged(
        result,
        "inserted_count",
        "matched_count",
        "modified_count",
        "deleted_count",
        "upserted_count",
        "bulk_api_result",
    )


def _acknowledged(result: Any, *attributes: str) -> dict[str, Any]:
    # With a write concern of 0 in the URI nothing is acknowledged, and the driver raises for each.
    if not result.acknowledged:
        return {"acknowledged": False}
    return {"acknowledged": True, **{name: getattr(result, name) for name in attributes}}


async def _explain(collection: Any, args: dict[str, Any]) -> Any:
    return await collection.find(**args).explain()


RUNNERS: Final[dict[str, Callable[[Any, dict[str, Any]], Any]]] = {
    "find_one": _method("find_one", _document),
    "explain": _explain,
    "count_documents": _method("count_documents"),
    "estimated_document_count": _method("estimated_document_count"),
    "insert_one": _method("insert_one", _inserted_one),
    "insert_many": _method("insert_many", _inserted_many),
    "update_one": _method("update_one", _updated),
    "update_many": _method("update_many", _updated),
    "replace_one": _method("replace_one", _updated),
    "delete_one": _method("delete_one", _deleted),
    "delete_many": _method("delete_many", _deleted),
    "find_one_and_update": _method("find_one_and_update", _document),
    "find_one_and_replace": _method("find_one_and_replace", _document),
    "find_one_and_delete": _method("find_one_and_delete", _document),
    "bulk_write": _method("bulk_write", _bulk_written),
}
