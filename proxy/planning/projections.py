"""Projections under which a document can still be told apart by a field, and what to take off it.

A fused read needs the field by which its documents are dealt. Where the callers' projection hides
it, the fused one shows it, and the field is taken off each document before it goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_SWITCHES: Final = (bool, int)


class Seen(NamedTuple):
    """What is asked of the server instead, and the field that is then taken off again, if any."""

    projection: dict[str, Any] | None
    hides: str | None


def seen_through(projection: Any, field: str) -> Seen | None:
    """The projection that shows `field` beside what `projection` shows.

    None where that cannot be said: expressions and operators, a mix of showing and hiding (which is
    the server's to refuse), a path that would change what stands around it.
    """
    if projection is None:
        return Seen(None, None)
    shown = _by_field(projection)
    if shown is None:
        return None
    own_id = shown.pop("_id", None)
    modes = set(shown.values())
    if len(modes) > 1:
        return None
    includes = modes.pop() if modes else bool(own_id)
    if includes:
        return _including(shown, field, own_id=own_id)
    return _excluding(shown, field, own_id=own_id)


def _by_field(projection: Any) -> dict[str, bool] | None:
    if not projection:
        return None  # the driver gives an empty one a meaning of its own
    if not isinstance(projection, Mapping):
        projection = dict.fromkeys(projection, 1)
    if not all(type(value) in _SWITCHES for value in projection.values()):
        return None
    if any("$" in name or not name or name.startswith("_id.") for name in projection):
        return None
    return {name: bool(value) for name, value in projection.items()}


def _including(shown: dict[str, bool], field: str, *, own_id: bool | None) -> Seen | None:
    told: dict[str, Any] = dict.fromkeys(shown, 1)
    if field == "_id":
        return Seen({**told, "_id": 1}, None if own_id is not False else "_id")
    told |= {"_id": 0} if own_id is False else {"_id": 1}
    if any(_is_within(field, name) for name in shown):
        return Seen(told, None)
    if "." in field or field == "_id" or any(_is_within(name, field) for name in shown):
        return None
    return Seen({**told, field: 1}, field)


def _excluding(shown: dict[str, bool], field: str, *, own_id: bool | None) -> Seen | None:
    told: dict[str, Any] = dict.fromkeys(shown, 0)
    if field == "_id":
        return Seen(told or None, "_id" if own_id is False else None)
    if own_id is False:
        told["_id"] = 0
    if field in told and "." not in field:
        del told[field]
        hides = field
    else:
        hides = None
    if any(_is_within(field, name) or _is_within(name, field) for name in told):
        return None
    return Seen(told or None, hides)


def _is_within(path: str, of: str) -> bool:
    """Whether `path` is `of` or lies below it."""
    return path == of or path.startswith(f"{of}.")
