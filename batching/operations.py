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
    "strings",  # a list of strings
    "stages",  # a list, may be empty; that it is of documents is the server's to judge
    "filters",  # likewise
    "update",  # a document of update operators, or a pipeline
    "keys",  # [[field, direction], …] or {field: direction, …}
    "hint",  # an index name, or keys
    "projection",  # a document, or a list of field names
    "return_document",  # "before" or "after"
    "cursor_type",  # "tailable" or "tailable_await"
    "requests",  # a list of bulk requests, at least one
    "client_requests",  # the same, each with the namespace that it goes to
    "cursors",  # a list of cursors, as their pages told them
]
Effect: TypeAlias = Literal[
    "read",
    "write",
    "advance",  # moves a cursor: changes no data, and yet a second time is not the first
]


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


# A negative one is the server's to refuse, as with the driver.
_TIME: Final = {"max_time_ms": Argument("int", driver_name="maxTimeMS")}
_BYPASS: Final = {"bypass_document_validation": Argument("bool")}
_MATCH: Final = {
    "collation": Argument("document"),
    "hint": Argument("hint"),
}
_COMMENT: Final = {"comment": Argument("value")}
_LET: Final = {"let": Argument("document")}
# What `with_options` sets, as the documents that PyMongo's classes carry (`.document`).
_READ: Final = {
    "read_preference": Argument("document"),
    "read_concern": Argument("document"),
}
_WRITE: Final = {"write_concern": Argument("document")}

_FIND: Final = {
    "filter": Argument("document"),
    "projection": Argument("projection"),
    "skip": Argument("int"),
    "sort": Argument("keys"),
    **_MATCH,
    **_COMMENT,
    **_LET,
    "max_time_ms": Argument("int"),
    "max_scan": Argument("int"),
    "snapshot": Argument("bool"),
    "min": Argument("keys"),
    "max": Argument("keys"),
    "return_key": Argument("bool"),
    "show_record_id": Argument("bool"),
    "allow_disk_use": Argument("bool"),
    "allow_partial_results": Argument("bool"),
    "no_cursor_timeout": Argument("bool"),
    "oplog_replay": Argument("bool"),
    "batch_size": Argument("count"),
    **_READ,
}
_PAGE: Final = {
    # Not the driver's: how many documents the caller wants now, in this page of the result.
    "length": Argument("count"),
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
    **_WRITE,
}
_RETURN: Final = {
    "return_document": Argument("return_document"),
    "bypass_document_validation": Argument("bool", driver_name="bypassDocumentValidation"),
}
_WRITE_OPTIONS: Final = {**_LET, **_COMMENT, **_WRITE}


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
    OperationSpec(
        "find",
        "read",
        {
            **_FIND,
            "limit": Argument("int"),
            "cursor_type": Argument("cursor_type"),
            "max_await_time_ms": Argument("int"),
            **_PAGE,
        },
    ),
    OperationSpec("find_one", "read", _FIND),
    OperationSpec("explain", "read", {**_FIND, "limit": Argument("int")}),
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
            "max_await_time_ms": Argument("int", driver_name="maxAwaitTimeMS"),
            "bypass_document_validation": Argument("bool", driver_name="bypassDocumentValidation"),
            **_READ,
            **_WRITE,
            **_PAGE,
        },
    ),
    OperationSpec(
        "get_more",
        "advance",
        {
            "cursor": _required("document"),
            "batch_size": Argument("count"),
            "cursor_type": Argument("cursor_type"),
            "max_await_time_ms": Argument("int"),
            **_COMMENT,
            **_PAGE,
        },
    ),
    OperationSpec("kill_cursors", "advance", {"cursors": _required("cursors")}),
    OperationSpec(
        "count_documents",
        "read",
        {
            "filter": _required("value"),
            "skip": Argument("int"),
            "limit": Argument("int"),
            **_MATCH,
            **_COMMENT,
            **_TIME,
            **_READ,
        },
    ),
    OperationSpec("estimated_document_count", "read", {**_COMMENT, **_TIME, **_READ}),
    OperationSpec(
        "distinct",
        "read",
        {
            "key": _required("str"),
            "filter": Argument("value"),
            **_MATCH,
            **_COMMENT,
            **_TIME,
            **_READ,
            # Not the driver's: of a result that does not fit into one response, what is there.
            "after": Argument("document"),
        },
    ),
    OperationSpec(
        "insert_one",
        "write",
        {"document": _required("document"), **_BYPASS, **_COMMENT, **_WRITE},
    ),
    OperationSpec(
        "insert_many",
        "write",
        {
            "documents": _required("documents"),
            "ordered": Argument("bool"),
            **_BYPASS,
            **_COMMENT,
            **_WRITE,
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
    # Collections, indexes, databases. What is not one collection's has `$cmd` for its name, as
    # on MongoDB's own wire; what is not one database's either stands in `admin`.
    OperationSpec(
        "create_indexes",
        "write",
        {
            "indexes": _required("stages"),  # none: a server's own refusal is what callers get
            "commit_quorum": Argument("value", driver_name="commitQuorum"),
            **_COMMENT,
            **_TIME,
            **_WRITE,
        },
    ),
    OperationSpec("drop_index", "write", {"name": _required("str"), **_COMMENT, **_TIME, **_WRITE}),
    OperationSpec("drop_indexes", "write", {**_COMMENT, **_TIME, **_WRITE}),
    OperationSpec("list_indexes", "read", {**_COMMENT, **_READ}),
    OperationSpec(
        "create_collection",
        "write",
        {"options": Argument("document"), "check_exists": Argument("bool"), **_WRITE},
    ),
    OperationSpec("drop_collection", "write", {**_COMMENT, **_WRITE}),
    OperationSpec(
        "rename",
        "write",
        {
            "new_name": _required("str"),
            "drop_target": Argument("bool", driver_name="dropTarget"),
            **_COMMENT,
            **_WRITE,
        },
    ),
    OperationSpec(
        "list_collections",
        "read",
        {
            "filter": Argument("document"),
            "name_only": Argument("bool", driver_name="nameOnly"),
            "authorized_collections": Argument("bool", driver_name="authorizedCollections"),
            **_COMMENT,
            **_TIME,
            **_READ,
        },
    ),
    OperationSpec("drop_database", "write", {**_COMMENT, **_WRITE}),
    OperationSpec(
        "list_databases",
        "read",
        {
            "filter": Argument("document"),
            "name_only": Argument("bool", driver_name="nameOnly"),
            "authorized_databases": Argument("bool", driver_name="authorizedDatabases"),
            **_COMMENT,
            **_TIME,
        },
    ),
    OperationSpec(
        "command",
        "write",
        {
            "command": _required("document"),
            "check": Argument("bool"),
            "allowable_errors": Argument("value"),
            "read_preference": Argument("document"),
            # Not the driver's: the result is not the reply, but all documents of its cursor.
            "cursor": Argument("bool"),
        },
    ),
    OperationSpec(
        "client_bulk_write",
        "write",
        {
            "requests": _required("client_requests"),
            "ordered": Argument("bool"),
            "verbose_results": Argument("bool"),
            **_BYPASS,
            **_WRITE_OPTIONS,
        },
    ),
)
"""Every operation of protocol version 1, by name."""

COMMANDS: Final = "$cmd"
"""The collection that operations on a whole database name, as on MongoDB's own wire."""

WHOLE_DATABASE: Final = frozenset(
    {"list_collections", "drop_database", "list_databases", "command", "client_bulk_write"}
)
"""Operations whose namespace is `database.$cmd`."""

DATABASE_PIPELINE: Final = "$cmd.aggregate"
"""The collection that an aggregation on a whole database names, likewise."""

CURSORS: Final = frozenset({"find", "aggregate"})
"""Operations whose result may be longer than a page: they take a session and give a cursor."""

FAR_REACHING: Final = frozenset(
    {"aggregate", "rename", "drop_database", "command", "client_bulk_write"}
)
"""Writes that may change another namespace than their own."""

WRITING_STAGES: Final = ("$out", "$merge")


def is_write(name: str, args: Mapping[str, object]) -> bool:
    """Whether this operation changes data: by its name, or an aggregation by its last stage."""
    if name != "aggregate":
        return OPERATIONS[name].effect == "write"
    pipeline = args.get("pipeline")
    if not isinstance(pipeline, list | tuple) or not pipeline:
        return False
    last = pipeline[-1]  # any mapping: a stage may come as an undecoded document, too
    return isinstance(last, Mapping) and any(stage in last for stage in WRITING_STAGES)


def is_tailing(args: Mapping[str, object]) -> bool:
    """Whether a result's end is only its end for now: a tailable cursor's, a change stream's."""
    if args.get("cursor_type") is not None:
        return True
    pipeline = args.get("pipeline")
    if not isinstance(pipeline, list | tuple) or not pipeline:
        return False
    return isinstance(pipeline[0], Mapping) and "$changeStream" in pipeline[0]
