"""Checks and normalises arguments as the driver does, before anything is sent.

Pure. Raises what PyMongo raises: TypeError and ValueError with its words. Gives the forms of
docs/protocol.md; what is in a document is the server's to judge.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Mapping, MutableMapping
from typing import Any

from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument

from motorpool.batching.operations import OPERATIONS, Kind


def mapping(option: str, value: Any) -> Mapping[str, Any]:
    """`value`, if it is a document. Raises TypeError."""
    if isinstance(value, Mapping):
        return value
    message = (
        f"{option} must be an instance of dict, bson.son.SON, or any other type that inherits "
        f"from collections.Mapping, not {type(value).__name__}"
    )
    raise TypeError(message)


def boolean(option: str, value: Any) -> bool:
    """`value`, if it is True or False. Raises TypeError."""
    if isinstance(value, bool):
        return value
    message = f"{option} must be True or False, was: {option}={value}"
    raise TypeError(message)


def integer(option: str, value: Any) -> int:
    """`value`, if it is an integer. Raises TypeError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    message = f"{option} must be an integer, not {type(value)}"
    raise TypeError(message)


def count(option: str, value: Any) -> int:
    """`value`, if it is an integer that is not negative. Raises TypeError or ValueError."""
    if integer(option, value) < 0:
        message = f"{option} must be >= 0"
        raise ValueError(message)
    return int(value)


def filters(option: str, value: Any) -> list[Any]:
    """`value`, if it is a list. Raises TypeError."""
    if not isinstance(value, list):
        message = f"{option} must be a list, not {type(value)}"
        raise TypeError(message)
    return value


def document_to_insert(value: Any) -> tuple[Any, bool]:
    """The `_id` of a document to insert, and whether it was made here (and added to the document).

    As in the driver, the caller's own document gets it. A RawBSONDocument is not touched and tells
    no `_id`. Raises TypeError.
    """
    if isinstance(value, RawBSONDocument):
        return None, False
    if not isinstance(value, MutableMapping):
        message = (
            "document must be an instance of dict, bson.son.SON, bson.raw_bson.RawBSONDocument, or "
            f"a type that inherits from collections.MutableMapping, not {type(value).__name__}"
        )
        raise TypeError(message)
    if "_id" in value:
        return value["_id"], False
    value["_id"] = ObjectId()
    return value["_id"], True


def documents_to_insert(value: Any) -> list[Any]:
    """The documents, as a list. Raises TypeError for what is none, or empty."""
    documents = (
        list(value) if isinstance(value, Iterable) and not isinstance(value, Mapping) else []
    )
    if not documents:
        message = "documents must be a non-empty list"
        raise TypeError(message)
    return documents


def update(value: Any) -> Any:
    """`value`, if it is an update: a document of operators, or a pipeline. Raises as the driver."""
    if not isinstance(value, Mapping | list):
        message = (
            "update must either be a list or an instance of dict, bson.son.SON, or any other type "
            f"that inherits from collections.Mapping, not {type(value).__name__}"
        )
        raise TypeError(message)
    if not value:
        message = "update cannot be empty"
        raise ValueError(message)
    if isinstance(value, Mapping) and not next(iter(value)).startswith("$"):
        message = "update only works with $ operators"
        raise ValueError(message)
    return value


def replacement(value: Any) -> Mapping[str, Any]:
    """`value`, if it is a replacement: a document without operators. Raises as the driver."""
    document = mapping("replacement", value)
    is_raw = isinstance(document, RawBSONDocument)
    if document and not is_raw and next(iter(document)).startswith("$"):
        message = "replacement can not include $ operators"
        raise ValueError(message)
    return document


def pipeline(value: Any) -> list[Any]:
    """`value`, if it is an aggregation pipeline. Raises TypeError."""
    if not isinstance(value, list):
        message = f"pipeline must be a list, not {type(value)}"
        raise TypeError(message)
    for stage in value:
        mapping("each stage of a pipeline", stage)
    return value


def keys(value: Any, direction: Any = None) -> list[list[Any]]:
    """A sort or an index in any form the driver takes, as `[[field, direction], …]`.

    `"a"`, `("a", -1)` as two arguments, `["a", ("b", -1)]`, `{"a": 1}`. Raises TypeError and
    ValueError as the driver does.
    """
    if direction is not None:
        if not isinstance(value, str):
            message = f"Expected a string and a direction, not {type(value)}"
            raise TypeError(message)
        pair = [value, direction]
        _check_pair(pair)
        return [pair]
    if isinstance(value, str):
        return [[value, 1]]
    pairs = bounds(value)
    for pair in pairs:
        _check_pair(pair)
    return pairs


def bounds(value: Any) -> list[list[Any]]:
    """The keys of `min` or `max`, as `[[field, value], …]`: each may have any BSON value."""
    if isinstance(value, Mapping):
        value = value.items()
    elif not isinstance(value, list | tuple | ItemsView):
        message = f"must use a dictionary or a list of (key, direction) pairs, not: {value!r}"
        raise TypeError(message)
    pairs = [[item, 1] if isinstance(item, str) else list(item) for item in value]
    if not pairs:
        message = "key_or_list must not be empty"
        raise ValueError(message)
    for pair in pairs:
        if len(pair) != 2:  # noqa: PLR2004 - a pair
            message = f"each sort or index key must be a (key, direction) pair, not {pair!r}"
            raise ValueError(message)
    return pairs


def _check_pair(pair: list[Any]) -> None:
    key, direction = pair
    if not isinstance(key, str):
        message = f"first item in each key pair must be an instance of str, not {type(key)}"
        raise TypeError(message)
    if not isinstance(direction, str | int | Mapping):
        message = (
            "second item in each key pair must be 1, -1, '2d', or another valid MongoDB index "
            f"specifier., not {type(direction)}"
        )
        raise TypeError(message)


def hint(value: Any) -> Any:
    """An index hint: a name, or keys."""
    return value if isinstance(value, str) else keys(value)


def collation(value: Any) -> Mapping[str, Any]:
    """A collation as its document; PyMongo's `Collation` is one that carries it."""
    document = getattr(value, "document", value)
    if not isinstance(document, Mapping):
        message = (
            "collation must be a dict, an instance of collation.Collation, or None, "
            f"not {type(value)}"
        )
        raise TypeError(message)
    return document


def projection(value: Any) -> Any:
    """A projection: a document, or field names as a list. Raises TypeError.

    Also for a single string, of which the driver takes each letter for a field.
    """
    if isinstance(value, Mapping):
        return value
    if isinstance(value, str) or not isinstance(value, Iterable):
        message = f"projection must be a mapping or list of key names, not {value!r}"
        raise TypeError(message)
    names = list(value)
    if not all(isinstance(name, str) for name in names):
        message = "projection must be a list of key names, each an instance of str"
        raise TypeError(message)
    return names


NORMALISERS = {
    "sort": keys,
    "min": bounds,
    "max": bounds,
    "hint": hint,
    "collation": collation,
    "projection": projection,
}
CHECKS: dict[Kind, Callable[[str, Any], Any]] = {
    "bool": boolean,
    "int": integer,
    "count": count,
    "document": mapping,
    "filters": filters,
}


def option(name: str, kind: Kind, value: Any) -> Any:
    """One option in the protocol's form. Raises TypeError or ValueError."""
    if name in NORMALISERS:
        return NORMALISERS[name](value)
    return CHECKS[kind](name, value) if kind in CHECKS else value


def options(op: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given, under the protocol's names and in its forms.

    A name may be the protocol's or the driver's (`max_time_ms`, `maxTimeMS`); None is as if it had
    not been given. Raises TypeError for an option that the proxy does not carry, naming it.
    """
    arguments = OPERATIONS[op].arguments
    args: dict[str, Any] = {}
    for name, value in given.items():
        # An empty sort is none to the driver's cursor.
        if value is None or (name == "sort" and not value and op in ("find", "find_one")):
            continue
        known = name if name in arguments else _by_driver_name(op, name)
        args[known] = option(known, arguments[known].kind, value)
    return args


def _by_driver_name(op: str, name: str) -> str:
    arguments = OPERATIONS[op].arguments
    for known, argument in arguments.items():
        if argument.driver_name == name:
            return known
    message = f"{op}() has no option {name!r} through the proxy; it has: {', '.join(arguments)}"
    raise TypeError(message)
