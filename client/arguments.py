"""Checks and normalises arguments as the driver does, before anything is sent.

Pure. Raises what PyMongo raises: TypeError and ValueError with its words. Gives the forms of
docs/protocol.md; what is in a document is the server's to judge.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument

from motorpool.batching.operations import OPERATIONS, Kind


def mapping(option: str, value: Any) -> Mapping[str, Any]:
    """`value`, if it is a mapping. Raises TypeError."""
    if isinstance(value, Mapping):
        return value
    raise TypeError(
        f"{option} must be an instance of dict, bson.son.SON, or any other type that inherits "
        "from collections.Mapping"
    )


def document(option: str, value: Any) -> Any:
    """`value`, if it is a document that could be stored. Raises TypeError."""
    if isinstance(value, MutableMapping | RawBSONDocument):
        return value
    raise TypeError(
        f"{option} must be an instance of dict, bson.son.SON, bson.raw_bson.RawBSONDocument, or "
        "a type that inherits from collections.MutableMapping"
    )


def boolean(option: str, value: Any) -> bool:
    """`value`, if it is True or False. Raises TypeError."""
    if isinstance(value, bool):
        return value
    raise TypeError(f"{option} must be True or False, was: {option}={value}")


def integer(option: str, value: Any) -> int:
    """`value`, if it is an integer. Raises TypeError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError(f"{option} must be an integer, not {type(value)}")


def count(option: str, value: Any) -> int:
    """`value`, if it is an integer that is not negative. Raises TypeError or ValueError."""
    if integer(option, value) < 0:
        raise ValueError(f"{option} must be >= 0")
    return int(value)


def filters(option: str, value: Any) -> list[Any]:
    """`value`, if it is a list. Raises TypeError."""
    if not isinstance(value, list):
        raise TypeError(f"{option} must be a list, not {type(value)}")
    return value


def no_session(session: Any) -> None:
    """Refuse a session. Raises NotImplementedError."""
    if session is not None:
        raise NotImplementedError(
            "session: sessions are not carried by the proxy yet; leave it out, or give None"
        )


def document_to_insert(value: Any) -> tuple[Any, bool]:
    """The `_id` of a document to insert, and whether it was made here (and added to the document).

    As in the driver, the caller's own document gets it. A RawBSONDocument is not touched and tells
    no `_id`. Raises TypeError.
    """
    document("document", value)
    if isinstance(value, RawBSONDocument):
        return None, False
    if "_id" in value:
        return value["_id"], False
    value["_id"] = ObjectId()
    return value["_id"], True


def documents_to_insert(value: Any) -> list[Any]:
    """The documents, as a list, which may be empty: what an iterator gives is only then known.

    Raises TypeError for what is no list of documents, or is seen to be empty.
    """
    if not isinstance(value, Iterable) or isinstance(value, Mapping) or not value:
        raise TypeError("documents must be a non-empty list")
    return list(value)


def update(value: Any) -> Any:
    """`value`, if it is an update: a document of operators, or a pipeline. Raises as the driver."""
    if not isinstance(value, Mapping | list):
        raise TypeError(
            "update must either be a list or an instance of dict, bson.son.SON, or any other type "
            "that inherits from collections.Mapping"
        )
    if not value:
        raise ValueError("update cannot be empty")
    if not isinstance(value, list) and not next(iter(value)).startswith("$"):
        raise ValueError("update only works with $ operators")
    return value


def replacement(value: Any) -> Mapping[str, Any]:
    """`value`, if it is a replacement: a document without operators. Raises as the driver."""
    given = mapping("replacement", value)
    # The driver does not look into a raw document; the proxy's sees one like every other.
    if given and next(iter(given)).startswith("$"):
        raise ValueError("replacement can not include $ operators")
    return given


def keys(value: Any, direction: Any = None) -> list[list[Any]]:
    """What a cursor's `sort` takes, as `[[field, direction], …]`.

    `"a"`, `("a", -1)` as two arguments, and whatever `index` takes. Raises TypeError and
    ValueError as the driver does.
    """
    if direction is not None:
        if not isinstance(value, str):
            raise TypeError(f"Expected a string and a direction, not {type(value)}")
        return index([(value, direction)])
    if isinstance(value, str):
        return index([(value, 1)])
    if isinstance(value, ItemsView):
        return index(list(value))
    if not isinstance(value, list | tuple | Mapping):
        raise TypeError(
            "if no direction is specified, key_or_list must be an instance of list, "
            f"not {type(value)}"
        )
    return index(value)


def index(value: Any) -> list[list[Any]]:
    """A sort or an index as options take them, as `[[field, direction], …]`.

    `[("a", 1)]`, `["a", ("b", -1)]`, `{"a": 1}`. Raises TypeError and ValueError as the driver.
    """
    if not isinstance(value, list | tuple | Mapping):
        raise TypeError(
            f"must use a dictionary or a list of (key, direction) pairs, not: {value!r}"
        )
    if not len(value):
        raise ValueError("key_or_list must not be empty")
    directions: dict[str, Any] = {}  # of a field that is named twice, the last counts
    for item in value.items() if isinstance(value, Mapping) else value:
        key, direction = (item, 1) if isinstance(item, str) else item
        if not isinstance(key, str):
            raise TypeError(
                f"first item in each key pair must be an instance of str, not {type(key)}"
            )
        if not isinstance(direction, str | int | Mapping):
            raise TypeError(
                "second item in each key pair must be 1, -1, '2d', or another valid MongoDB index "
                f"specifier., not {type(direction)}"
            )
        directions[key] = direction
    return [[key, direction] for key, direction in directions.items()]


def bounds(value: Any) -> list[list[Any]]:
    """The keys of `min` or `max`, as `[[field, value], …]`: each may have any BSON value."""
    if not isinstance(value, list | tuple | Mapping):
        raise TypeError(f"spec must be an instance of list or tuple, not {type(value)}")
    return [[key, bound] for key, bound in dict(value).items()]


def hint(value: Any) -> Any:
    """An index hint: a name, or keys."""
    return value if isinstance(value, str) else index(value)


def collation(value: Any) -> Mapping[str, Any]:
    """A collation as its document; PyMongo's `Collation` is one that carries it."""
    if isinstance(value, dict):
        return value
    # By its name: its class must not be imported, and others carry a `document`, too.
    if any(cls.__name__ == "Collation" for cls in type(value).__mro__):
        carried: Mapping[str, Any] = value.document
        return carried
    raise TypeError("collation must be a dict, an instance of collation.Collation, or None")


def projection(value: Any) -> Any:
    """A projection: a document, or field names as a list. Raises TypeError.

    Of a string, each letter is a field, as in the driver.
    """
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, Sequence | AbstractSet):
        raise TypeError("projection must be a mapping or list of key names")
    if not all(isinstance(name, str) for name in value):
        raise TypeError("projection must be a list of key names, each an instance of str")
    return list(dict.fromkeys(value))


def pipeline(value: Any) -> list[Any]:
    """`value`, if it is a list: what is in it is the server's to judge. Raises TypeError."""
    if not isinstance(value, list):
        raise TypeError(f"pipeline must be a list, not {type(value)}")
    return value


def aggregate_batch_size(value: Any) -> int:
    """`batchSize` of an aggregation, which the driver takes as a string, too."""
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            raise ValueError("The value of batchSize must be an integer") from None
    if not isinstance(value, int):
        raise TypeError(f"Wrong type for batchSize, value must be an integer, not {type(value)}")
    if value < 0:
        raise ValueError("The value of batchSize must be a non negative integer")
    return int(value)


NORMALISERS = {
    "sort": index,
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
        known = name if name in arguments and name not in INTERNAL else _by_driver_name(op, name)
        if value is not None:
            args[known] = option(known, arguments[known].kind, value)
    return args


INTERNAL = frozenset({"length", "after", "read_preference", "read_concern", "write_concern"})
"""Arguments of the protocol that no caller gives as an option: cursors and `with_options` do."""

_CONCERNS = {"readConcern": "read_concern", "writeConcern": "write_concern"}
"""Command fields that the driver passes on in place of what `with_options` says."""


def _by_driver_name(op: str, name: str) -> str:
    arguments = OPERATIONS[op].arguments
    if _CONCERNS.get(name) in arguments:
        return _CONCERNS[name]
    for known, argument in arguments.items():
        if argument.driver_name == name:
            return known
    taken = ", ".join(known for known in arguments if known not in INTERNAL)
    raise TypeError(f"{op}() has no option {name!r} through the proxy; it has: {taken}")
