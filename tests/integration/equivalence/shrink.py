"""Makes a failing scenario small: leaves out what it can, as long as it fails."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from motorpool.batching.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


def shrink(failing: T, fails: Callable[[T], bool], seconds: float = 20.0) -> T:
    """A smaller one that fails too. `fails`: whether one does."""
    give_up = time.monotonic() + seconds
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for candidate in _smaller(failing):
            if time.monotonic() > give_up:
                return failing
            if fails(candidate):
                failing, is_smaller = candidate, True
                break
    return failing


def _smaller(value: Any) -> Iterator[Any]:
    """Values with something left out, the largest parts first."""
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            for smaller in _smaller(getattr(value, each.name)):
                yield replace(value, **{each.name: smaller})
    elif isinstance(value, list):
        yield from _smaller_list(value)
    elif isinstance(value, Mapping):
        yield from _smaller_write(value) if _is_write(value) else _smaller_document(value)
    elif value is True:
        yield False


def _smaller_list(value: list[Any]) -> Iterator[list[Any]]:
    size = len(value)
    while size:
        for start in range(0, len(value), size):
            yield value[:start] + value[start + size :]
        size //= 2
    for index, item in enumerate(value):
        for smaller in _smaller(item):
            yield [*value[:index], smaller, *value[index + 1 :]]


def _smaller_document(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in value:
        if name not in _NEEDED:
            yield {other: value[other] for other in value if other != name}
    for name, item in value.items():
        for smaller in _smaller(item):
            yield {**value, name: smaller}


def _smaller_write(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """With fewer options: its documents stay its own, or who comes first would show."""
    for name in value["args"].keys() - _WHOSE:
        args = {other: value["args"][other] for other in value["args"] if other != name}
        yield {**value, "args": args}


def _is_write(value: Mapping[str, Any]) -> bool:
    spec = OPERATIONS.get(value.get("op", ""))
    return spec is not None and spec.effect == "write"


_NEEDED = frozenset({"_id", "id", "op", "ns", "args", "keys", "contest"})
_WHOSE = frozenset({"filter", "document", "documents", "replacement", "update", "requests"})
