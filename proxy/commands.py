"""A plain `find` as a server's command, which gives its first batch with nothing decoded.

The driver's own way to raw documents, `find_raw_batches`, makes an object of each to get at the
bytes of all (PyMongo 4.20, message.py, `raw_response`). Pure; never guesses: what is not plain is
left to the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from pymongo.errors import AutoReconnect, OperationFailure

Check: TypeAlias = Callable[[Any], bool]

_OLD_FORM: Final = ("$query", "$explain")
"""In a filter these make the driver read it as a query of the old wire protocol."""


def _is_condition(value: Any) -> bool:
    return isinstance(value, Mapping) and not any(name in value for name in _OLD_FORM)


def _is_projection(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) > 0


def _is_order(value: Any) -> bool:
    if not isinstance(value, Mapping | list | tuple) or not value:
        return False
    return all(map(_is_pair, value.items() if isinstance(value, Mapping) else value))


def _is_pair(value: Any) -> bool:
    if not isinstance(value, tuple) or len(value) != 2:  # noqa: PLR2004 - a field, a direction
        return False
    return isinstance(value[0], str) and isinstance(value[1], str | int | Mapping)


_FIELDS: Final[dict[str, tuple[str, Check]]] = {
    "filter": ("filter", _is_condition),
    "projection": ("projection", _is_projection),
    "sort": ("sort", _is_order),
    "limit": ("limit", lambda value: type(value) is int and value > 0),
    "comment": ("comment", bool),
    "max_time_ms": ("maxTimeMS", lambda value: isinstance(value, int)),
}
"""The driver's arguments of a plain `find`, the command's (MongoDB manual, "find"), and whether a
value goes from the one to the other as it stands: of any other the driver makes something else, or
an error, or it leaves it out (pymongo/cursor_shared.py)."""

_PASSING: Final = frozenset({6, 7, 89, 134, 262, 9001})
"""Codes after which a read is tried again (mongodb/specifications, retryable-reads, "Retryable
Error"): HostUnreachable, HostNotFound, NetworkTimeout, ReadConcernMajorityNotAvailableYet,
ExceededTimeLimit, SocketException. The others of that list come as NotPrimaryError."""


def find_command(
    collection: str, args: Mapping[str, Any], read_concern: Mapping[str, Any], size: int
) -> dict[str, Any] | None:
    """The command for `find(**args)` on a collection; None where it is not plain.

    `read_concern`: the collection's, as a document; empty: the server's own. `size`: documents in
    the first batch, at the most.
    """
    command: dict[str, Any] = {"find": collection, "filter": {}}
    for name, value in args.items():
        if name not in _FIELDS:
            return None
        field, is_plain = _FIELDS[name]
        if not is_plain(value):
            return None
        command[field] = value
    if "sort" in command:
        command["sort"] = dict(command["sort"])
    if read_concern:
        command["readConcern"] = read_concern
    command["batchSize"] = size
    return command


def may_pass(error: Exception) -> bool:
    """Whether a `find` that failed so may succeed at once, and the driver would try its own again.

    What has run out of time may not: a second one would have none, or would take as long.
    """
    if isinstance(error, OperationFailure):
        return error.code in _PASSING
    return isinstance(error, AutoReconnect) and not error.timeout
