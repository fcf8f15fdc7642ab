"""Every operation, defined once: its name, its arguments, whether it reads or writes.

The proxy builds its validators from this table, the client asks it what may be repeated, and a
test holds the client's method signatures against it. Never says how an operation is run: that is
the proxy's executor.

Argument names are PyMongo's, in its snake case; `driver_name` is given where PyMongo's own keyword
differs (`maxTimeMS`, `allowDiskUse` …: those methods pass their keywords on as command fields).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal[
    "bool",
    "int",
    "count",  # an int that is not negative
    "str",
    "value",  # any BSON value
    "document",
    "documents",  # a list of documents, at least one
    "stages",  # a list of documents, may be empty
    "filters",  # a list of documents, may be empty
    "update",  # a document of update operators, or a pipeline
    "keys",  # [[field, direction], …] or {field: direction, …}
    "hint",  # an index name, or keys
    "projection",  # a document, or a list of field names
    "return_document",  # "before" or "after"
    "requests",  # a list of bulk requests, at least one
]
Effect: TypeAlias = Literal["read", "write"]


class Argument(NamedTuple):
    """One argument of an operation: what it takes, and what the driver calls it."""

    kind: Kind
    required: bool = False
    driver_name: str | None = None


class OperationSpec(NamedTuple):
    """One operation: whether it reads or writes, and its arguments by name."""

    name: str
    effect: Effect
    arguments: dict[str, Argument]


def _required(kind: Kind) -> Argument:
    return Argument(kind, required=True)


_TIME: Final = {"max_time_ms": Argument("count", driver_name="maxTimeMS")}
_BYPASS: Final = {"bypass_document_validation": Argument("bool")}
_MATCH: Final = {
    "collation": Argument("document"),
    "hint": Argument("hint"),
}
_COMMENT: Final = {"comment": Argument("value")}
_LET: Final = {"let": Argument("document")}

_FIND: Final = {
    "filter": Argument("document"),
    "projection": Argument("projection"),
    "skip": Argument("count"),
    "sort": Argument("keys"),
    **_MATCH,
    **_COMMENT,
    **_LET,
    "max_time_ms": Argument("count"),
    "min": Argument("keys"),
    "max": Argument("keys"),
    "return_key": Argument("bool"),
    "show_record_id": Argument("bool"),
    "allow_disk_use": Argument("bool"),
    "allow_partial_results": Argument("bool"),
    "no_cursor_timeout": Argument("bool"),
    "batch_size": Argument("count"),
}
_UPDATE: Final = {
    "filter": _required("document"),
    "update": _required("update"),
    "upsert": Argument("bool"),
    "array_filters": Argument("filters"),
    **_MATCH,
}
_REPLACE: Final = {
    "filter": _required("document"),
    "replacement": _required("document"),
    "upsert": Argument("bool"),
    **_MATCH,
}
_DELETE: Final = {"filter": _required("document"), **_MATCH}
_SORT: Final = {"sort": Argument("keys")}
_FIND_AND: Final = {
    "projection": Argument("projection"),
    **_SORT,
    **_LET,
    **_COMMENT,
    **_TIME,
}
_RETURN: Final = {
    "return_document": Argument("return_document"),
    "bypass_document_validation": Argument("bool", driver_name="bypassDocumentValidation"),
}
_WRITE_OPTIONS: Final = {**_LET, **_COMMENT}


def _table(*specs: OperationSpec) -> dict[str, OperationSpec]:
    return {spec.name: spec for spec in specs}


BULK_REQUESTS: Final = _table(
    OperationSpec("insert_one", "write", {"document": _required("document")}),
    OperationSpec("update_one", "write", {**_UPDATE, **_SORT}),
    OperationSpec("update_many", "write", _UPDATE),
    OperationSpec("replace_one", "write", {**_REPLACE, **_SORT}),
    OperationSpec("delete_one", "write", _DELETE),
    OperationSpec("delete_many", "write", _DELETE),
)
"""What a `bulk_write` may hold: each request is `{"op": name, "args": {…}}`."""

OPERATIONS: Final = _table(
    OperationSpec("find", "read", {**_FIND, "limit": Argument("int")}),
    OperationSpec("find_one", "read", _FIND),
    OperationSpec(
        "aggregate",
        # A pipeline that ends in $out or $merge writes: see `is_write`.
        "read",
        {
            "pipeline": _required("stages"),
            **_MATCH,
            **_LET,
            **_COMMENT,
            **_TIME,
            "allow_disk_use": Argument("bool", driver_name="allowDiskUse"),
            "batch_size": Argument("count", driver_name="batchSize"),
            "bypass_document_validation": Argument("bool", driver_name="bypassDocumentValidation"),
        },
    ),
    OperationSpec(
        "count_documents",
        "read",
        {
            "filter": _required("document"),
            "skip": Argument("count"),
            "limit": Argument("count"),
            **_MATCH,
            **_COMMENT,
            **_TIME,
        },
    ),
    OperationSpec("estimated_document_count", "read", {**_COMMENT, **_TIME}),
    OperationSpec(
        "distinct",
        "read",
        {
            "key": _required("str"),
            "filter": Argument("document"),
            **_MATCH,
            **_COMMENT,
            **_TIME,
        },
    ),
    OperationSpec(
        "insert_one", "write", {"document": _required("document"), **_BYPASS, **_COMMENT}
    ),
    OperationSpec(
        "insert_many",
        "write",
        {
            "documents": _required("documents"),
            "ordered": Argument("bool"),
            **_BYPASS,
            **_COMMENT,
        },
    ),
    OperationSpec("update_one", "write", {**_UPDATE, **_SORT, **_BYPASS, **_WRITE_OPTIONS}),
    OperationSpec("update_many", "write", {**_UPDATE, **_BYPASS, **_WRITE_OPTIONS}),
    OperationSpec("replace_one", "write", {**_REPLACE, **_SORT, **_BYPASS, **_WRITE_OPTIONS}),
    OperationSpec("delete_one", "write", {**_DELETE, **_WRITE_OPTIONS}),
    OperationSpec("delete_many", "write", {**_DELETE, **_WRITE_OPTIONS}),
    OperationSpec("find_one_and_update", "write", {**_UPDATE, **_FIND_AND, **_RETURN}),
    OperationSpec("find_one_and_replace", "write", {**_REPLACE, **_FIND_AND, **_RETURN}),
    OperationSpec("find_one_and_delete", "write", {**_DELETE, **_FIND_AND}),
    OperationSpec(
        "bulk_write",
        "write",
        {
            "requests": _required("requests"),
            "ordered": Argument("bool"),
            **_BYPASS,
            **_WRITE_OPTIONS,
        },
    ),
)
"""Every operation of protocol version 1, by name."""

WRITING_STAGES: Final = ("$out", "$merge")


def is_write(name: str, args: dict[str, object]) -> bool:
    """Whether this operation changes data: by its name, or an aggregation by its last stage."""
    if name != "aggregate":
        return OPERATIONS[name].effect == "write"
    pipeline = args.get("pipeline")
    if not isinstance(pipeline, list | tuple) or not pipeline:
        return False
    last = pipeline[-1]  # any mapping: a stage may come as an undecoded document, too
    return isinstance(last, Mapping) and any(stage in last for stage in WRITING_STAGES)
