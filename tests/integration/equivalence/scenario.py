"""A data set and batches that are run on two copies of it, as values that print as Python.

An operation is the protocol's, but that its `ns` is a collection's name alone, that `session: True`
asks for a session of its own, and that `contest` names operations of which it does not matter who
wins (see `compare`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final

from bson import Code, DatetimeMS, Int64, Regex
from bson.binary import Binary

Operation = dict[str, Any]
Document = dict[str, Any]


@dataclass(frozen=True)
class Collection:
    """One collection as it is before the first batch; what a server refuses of it is not there."""

    name: str
    documents: list[Document] = field(default_factory=list)
    indexes: list[dict[str, Any]] = field(default_factory=list)
    """Each `{"keys": …}` and the driver's keywords."""
    options: dict[str, Any] = field(default_factory=dict)
    """What `create_collection` is given."""


@dataclass(frozen=True)
class Batch:
    """Operations of one invocation. `is_readable`: they go as Extended JSON."""

    operations: list[Operation]
    is_readable: bool = False
    timeout_ms: int | None = None

    @property
    def is_deaf(self) -> bool:
        """Whether a write in it waits for no answer, so that it may be applied a moment later."""
        return any(
            operation["args"].get("write_concern", {}).get("w") == 0
            for operation in self.operations
            if isinstance(operation.get("args"), Mapping)
        )


@dataclass(frozen=True)
class Scenario:
    """Batches that run one after the other."""

    collections: list[Collection]
    batches: list[Batch]


def source(value: Any, indent: int = 0) -> str:
    """Python that makes this value again, types and all."""
    if is_dataclass(value):
        given = [(each.name, getattr(value, each.name)) for each in fields(value)]
        parts = [f"{name}={source(item, indent + 1)}" for name, item in given if item]
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, Mapping):
        parts = [f"{key!r}: {source(item, indent + 1)}" for key, item in value.items()]
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list):
        broken = "\n" + "    " * (indent + 1) if value and _is_large(value[0]) else ""
        parts = [broken + source(item, indent + 1) for item in value]
        return "[" + (", " if not broken else ",").join(parts) + "]"
    return _leaf(value)


def _is_large(value: Any) -> bool:
    return is_dataclass(value) or (isinstance(value, Mapping) and "op" in value)


def _leaf(value: Any) -> str:
    for cls, told in _LEAVES:
        if isinstance(value, cls):
            return told(value)
    return repr(value)


_LEAVES: Final[list[tuple[type, Callable[[Any], str]]]] = [
    (Int64, lambda number: f"Int64({int(number)})"),
    (float, lambda number: repr(number) if math.isfinite(number) else f'float("{number}")'),
    (Regex, lambda regex: f"Regex({regex.pattern!r}, {int(regex.flags)})"),
    (Code, lambda code: f"Code({str(code)!r})"),
    (DatetimeMS, lambda date: f"DatetimeMS({int(date)})"),
    (dt.datetime, lambda date: repr(date).replace("datetime.", "dt.", 1)),
    (Binary, lambda binary: f"Binary({bytes(binary)!r}, {binary.subtype})"),
]


def script(scenario: Scenario, where: str) -> str:
    """A script that runs this scenario. `where`: `embedded()` or `wire(uri)`."""
    return f"""\
import datetime as dt
from bson import *
from bson.binary import Binary
from tests.integration.equivalence.scenario import *
from tests.integration.equivalence.sides import embedded, wire
from tests.integration.equivalence.compare import differences

scenario = {source(scenario)}

with {where} as pair:
    for line in differences(pair, scenario):
        print(line)
"""
