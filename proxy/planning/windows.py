"""Between which operations of a batch others may not be moved.

A batch runs side by side and in no order that is promised. Yet a fusion must not be what changes an
answer: over a single connection, or in the embedded database, operations run as they stand, and
what is fused then gives the same. So only neighbours go together, as each collection sees them:
reads with no write between them, writes with nothing else between them. (Collections go by their
names: that a view is another's documents is not known here.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from motorpool.batching.operations import COMMANDS, FAR_REACHING, OPERATIONS, is_write

if TYPE_CHECKING:
    from collections.abc import Hashable

    from motorpool.proxy.models import ValidOperation

_READS: Final = "reads"

_WIDE: Final = frozenset({"$lookup", "$graphLookup", "$unionWith", "$facet"})
"""Stages that read other collections, or may hold ones that do."""


_ONLY_READS: Final = frozenset(
    {"find", "find_one", "count_documents", "estimated_document_count", "distinct"}
)


def divides(operation: ValidOperation) -> bool:
    """Whether an operation may keep others apart. Where none does, there is one window."""
    return operation.op not in _ONLY_READS


class Windows:
    """Numbers the windows of each collection, as operations come one after the other."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._era = 0
        self._writes = 0
        self._wide_reads = 0
        self._last: dict[str, tuple[Hashable, int]] = {}
        self._same: Hashable = None
        self._window: Hashable = None

    def enter(self, operation: ValidOperation, group: Hashable | None) -> Hashable:
        """The window of the next operation: those of one rule and one window may go together.

        `group`: of a write, which other writes it may go with; None: with no other.
        """
        if group is not None and self._same == (operation.ns, group):
            return self._window  # of a row of writes, all but the first come by here
        self._window = self._enter(operation, group)
        self._same = (operation.ns, group) if OPERATIONS[operation.op].effect == "write" else None
        return self._window

    def _enter(self, operation: ValidOperation, group: Hashable | None) -> Hashable:
        if _may_touch_any(operation):
            self._era += 1
            self._last.clear()
            return self._era, operation.ns
        kind: Hashable = _READS
        apart = 0
        if OPERATIONS[operation.op].effect == "write":
            self._writes += 1
            apart = self._wide_reads
            kind = object() if group is None else (group, apart)
        elif operation.op == "aggregate" and any(map(_is_wide, operation.args["pipeline"])):
            self._wide_reads += 1
            apart = self._writes
        last_kind, number = self._last.get(operation.ns, (kind, 0))
        if last_kind != kind:
            number += 1
        self._last[operation.ns] = (kind, number)
        # The first of its collection may go with those of others; what comes later has to come
        # behind what its own collection has seen, of which the others know nothing.
        return self._era, operation.ns if number else None, number, apart


def _may_touch_any(operation: ValidOperation) -> bool:
    """Whether it may change another collection than its own, or is none's."""
    if operation.op == "aggregate":
        return is_write(operation.op, operation.args)
    return operation.op in FAR_REACHING or COMMANDS in operation.ns


def _is_wide(stage: Any) -> bool:
    """Whether a stage may read another collection."""
    return not isinstance(stage, Mapping) or not _WIDE.isdisjoint(stage)
