"""An operation's arguments as the driver takes them: its names for them, its forms of their values.

Pure but for the driver's own classes of bulk requests, which are handed in. Checks nothing: that is
`models`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from motorpool.batching.operations import BULK_REQUESTS, CURSORS, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from motorpool.batching.operations import OperationSpec

_AS_DOCUMENT: Final = frozenset(
    {
        # Handed on as they are, where a server takes a document; only a cursor's own methods turn
        # pairs into one (pymongo/cursor_shared.py).
        *((op, name) for op in ("find", "find_one", "explain") for name in ("min", "max")),
        ("aggregate", "hint"),
        # Checked to be one (pymongo's `validate_is_mapping`), in a bulk, too.
        *((op, "sort") for op in ("update_one", "replace_one")),
    }
)
"""Keys that the driver takes as a document, and not as pairs like all others."""

CONCERNS: Final = ("read_preference", "read_concern", "write_concern")
"""What is set on the collection, not given to its method."""
_CONCERNS: Final = frozenset(CONCERNS)

_NOT_THE_METHODS: Final = frozenset(
    {(op, name) for op in OPERATIONS for name in CONCERNS}
    | {(op, name) for op in CURSORS for name in ("length", "batch_size")}
)
"""What the driver's method is not given: concerns, and what the page decides (see `cursors`)."""

_TURNED: Final = frozenset(
    {"keys", "hint", "return_document", "cursor_type", "requests", "client_requests"}
)
"""Kinds of arguments whose values the driver takes in another form."""

_AS_THEY_ARE: Final = {
    id(spec): frozenset(
        name
        for name, argument in spec.arguments.items()
        if argument.kind not in _TURNED
        and argument.driver_name in (None, name)
        and (spec.name, name) not in _NOT_THE_METHODS
    )
    for spec in (*OPERATIONS.values(), *BULK_REQUESTS.values())
}
"""Arguments that are handed on under their own names: of most operations, all there are."""

# pymongo.cursor.CursorType: flags of the wire protocol.
_CURSOR_TYPES: Final = {"tailable": 2, "tailable_await": 34}


def concerns_of(args: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the collection itself: read preference, read concern, write concern."""
    if _CONCERNS.isdisjoint(args):
        return {}
    return {name: args[name] for name in CONCERNS if args.get(name) is not None}


def driver_arguments(
    spec: OperationSpec, args: Mapping[str, Any], bulk_request: Callable[[str, Any], Any]
) -> dict[str, Any]:
    """The driver's keyword arguments. `bulk_request` makes its own class of a name and these."""
    if args.keys() <= _AS_THEY_ARE[id(spec)] and None not in args.values():
        return dict(args)
    given: dict[str, Any] = {}
    for name, value in args.items():
        argument = spec.arguments[name]
        if (value is None and not argument.required) or (spec.name, name) in _NOT_THE_METHODS:
            continue
        if argument.kind in _TURNED:
            value = _turned(spec, name, value, bulk_request)  # noqa: PLW2901 - in the driver's form
        given[argument.driver_name or name] = value
    return given


def _turned(
    spec: OperationSpec, name: str, value: Any, bulk_request: Callable[[str, Any], Any]
) -> Any:
    """A value of one of the kinds in `_TURNED`, in the driver's form."""
    kind = spec.arguments[name].kind
    if kind == "return_document":
        return value == "after"  # pymongo.ReturnDocument is a bool
    if kind == "cursor_type":
        return _CURSOR_TYPES[value]
    if kind in ("requests", "client_requests"):
        return [_bulk_request(request, bulk_request) for request in value]
    pairs = _pairs(value)
    if (spec.name, name) in _AS_DOCUMENT and not isinstance(pairs, str):
        return dict(pairs)
    return pairs


def _bulk_request(request: Mapping[str, Any], make: Callable[[str, Any], Any]) -> Any:
    args = driver_arguments(BULK_REQUESTS[request["op"]], request["args"], make)
    if "ns" in request:  # a client's bulk write goes to several
        args["namespace"] = request["ns"]
    return make(request["op"], args)


def _pairs(value: Any) -> Any:
    """Keys as the driver takes them: `{"a": 1}` and `[["a", 1]]` alike become `[("a", 1)]`."""
    if isinstance(value, str):
        return value
    pairs: Iterable[Any] = value.items() if hasattr(value, "items") else value
    return [tuple(pair) for pair in pairs]
