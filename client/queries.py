"""The arguments of `find`, `find_one` and `aggregate`, checked as the driver's cursors check them.

Pure. What says nothing (a limit of 0, an empty `let`) is left out, as the driver leaves it out of
the command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from motorpool.client import arguments
from motorpool.client.refusals import invalid, misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NON_TAILABLE: Final = 0
EXHAUST: Final = 64
CURSOR_TYPES: Final = {NON_TAILABLE: None, 2: "tailable", 34: "tailable_await", EXHAUST: "exhaust"}
"""The values of `pymongo.CursorType`, and how they travel, but for the last, which does not."""


def find_arguments(
    filter: Any = None,
    projection: Any = None,
    skip: int = 0,
    limit: int = 0,
    no_cursor_timeout: bool = False,
    cursor_type: int = NON_TAILABLE,
    sort: Any = None,
    allow_partial_results: bool = False,
    oplog_replay: bool = False,
    batch_size: int = 0,
    collation: Any = None,
    hint: Any = None,
    max_scan: int | None = None,
    max_time_ms: int | None = None,
    max: Any = None,
    min: Any = None,
    return_key: bool | None = None,
    show_record_id: bool | None = None,
    snapshot: bool | None = None,
    comment: Any = None,
    session: Any = None,
    allow_disk_use: bool | None = None,
    let: Any = None,
) -> dict[str, Any]:
    """The arguments of the operation, in the protocol's forms.

    Raises TypeError, ValueError and `pymongo.errors.InvalidOperation` as the driver does, and
    NotImplementedError for a session.
    """
    given = dict(locals())
    arguments.no_session(session)
    checked = {name: check(name, given[name]) for name, check in _RULES.items()}
    args = {name: value for name, value in checked.items() if value is not None}
    if cursor_type == EXHAUST and limit:
        invalid("Can't use limit and exhaust together.")
    return args


# Python's own refusals of an argument name what the caller has called.
find_arguments.__qualname__ = "Collection.find"


def refuse_exhaust(args: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a `find`, unless they ask for an exhaust cursor."""
    if args.get("cursor_type") == CURSOR_TYPES[EXHAUST]:
        raise NotImplementedError(
            "cursor_type: an exhaust cursor streams over a connection of its own, and the proxy's "
            "are shared; leave it out, the documents are the same"
        )
    return args


def find_one_arguments(args: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a `find_one`, from those of a `find`: its limit is 1, whatever was said."""
    if args.get("cursor_type") == CURSOR_TYPES[EXHAUST]:
        invalid("Can't use limit and exhaust together.")
    if "cursor_type" in args:
        raise TypeError("cursor_type: find_one() gives no cursor that could wait for more")
    check_bounds(args)
    args.pop("limit", None)
    return args


def check_bounds(args: Mapping[str, Any]) -> None:
    """Refuse `min` and `max` without a hint, as the driver does when it runs the query."""
    if ("min" in args or "max" in args) and not args.get("hint"):
        invalid(
            "Passing a 'hint' is required when using the min/max query"
            " option to ensure the query utilizes the correct index"
        )


def aggregate_arguments(pipeline: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an aggregation. `given`: its options, `let` and `comment` among them.

    Raises TypeError, ValueError and `pymongo.errors.ConfigurationError` as the driver does.
    """
    if "explain" in given:
        misconfigured("The explain option is not supported. Use AsyncDatabase.command instead.")
    if "aggregate" in given:
        misconfigured("The aggregate option cannot be specified as a keyword argument.")
    stages = arguments.pipeline(pipeline)
    if given.get("let") is not None:
        arguments.mapping("let", given["let"])
    size = given.pop("batchSize", None)
    told = dict(arguments.mapping("cursor", given.pop("cursor", {})))
    if size is None:
        size = told.pop("batchSize", None)
    if told:
        raise TypeError(f"aggregate(): 'cursor' has a 'batchSize', and no {', '.join(told)}")
    if size is not None:
        given["batch_size"] = arguments.aggregate_batch_size(size)
    return {"pipeline": stages, **arguments.options("aggregate", given)}


# One rule for each argument, in the order in which the driver checks them: what it says, or None --


def _filter(name: str, value: Any) -> Any:
    # As in the driver, an empty value of any type is no filter.
    return None if value is None else arguments.mapping(name, value or {})


def _limit(name: str, value: Any) -> int | None:
    # True is an integer to Python, and a wrong type to every server.
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an instance of int, not {type(value)}")
    return value or None


def _flag(name: str, value: Any) -> bool | None:
    return arguments.boolean(name, value) or None


def _cursor_type(name: str, value: Any) -> str | None:
    if value not in CURSOR_TYPES:
        raise ValueError(f"not a valid value for {name}")
    return CURSOR_TYPES[value]


def _batch_size(name: str, value: Any) -> int | None:
    return arguments.count(name, value) or None


def _let(name: str, value: Any) -> Any:
    return None if value is None else arguments.document(name, value) or None


def _sort(name: str, value: Any) -> Any:
    del name
    return arguments.index(value) if value else None


def _comment(name: str, value: Any) -> Any:
    del name
    return value or None


def _bound(name: str, value: Any) -> Any:
    del name
    return arguments.bounds(value) if value else None


def _hint(name: str, value: Any) -> Any:
    del name
    return None if value is None else arguments.hint(value) or None


def _if_given(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda name, value: None if value is None else check(name, value)


_RULES: Final[dict[str, Callable[[str, Any], Any]]] = {
    "filter": _filter,
    "skip": _limit,
    "limit": _limit,
    "no_cursor_timeout": _flag,
    "cursor_type": _cursor_type,
    "allow_partial_results": _flag,
    "oplog_replay": _flag,
    "batch_size": _batch_size,
    "allow_disk_use": _if_given(arguments.boolean),
    "projection": _if_given(lambda _, value: arguments.projection(value)),
    "let": _let,
    "sort": _sort,
    "comment": _comment,
    "max_time_ms": _if_given(arguments.integer),
    "max": _bound,
    "min": _bound,
    "collation": _if_given(lambda _, value: arguments.collation(value)),
    "return_key": _if_given(arguments.boolean),
    "show_record_id": _if_given(arguments.boolean),
    "hint": _hint,
    "max_scan": _if_given(arguments.integer),
    "snapshot": _if_given(arguments.boolean),
}
