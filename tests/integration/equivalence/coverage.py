"""Which fusions a batch led to, so that a run can tell that it has tried them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorpool.batching.errors import ProtocolError
from motorpool.proxy.models import ValidOperation, validate_operation
from motorpool.proxy.planning.fusions import (
    Alone,
    FusedCount,
    FusedFind,
    FusedInsert,
    FusedWrite,
    SharedRead,
)
from motorpool.proxy.planning.plan import INSERTS, WRITES, plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from motorpool.proxy.planning.fusions import Step
    from tests.integration.equivalence.scenario import Batch

EVERYWHERE = frozenset({"find_one by id", "find_one by value", "find by value", "count", "same"})
"""Kinds of fusions that both kinds of database take."""

ON_SERVERS = EVERYWHERE | {"insert_one", "insert_many", "write", "write across collections"}


def kinds(batch: Batch, *, on_server: bool) -> set[str]:
    """The kinds of fusions in the plan of this batch."""
    operations = list(_valid(batch))
    steps = plan(operations, () if on_server else (INSERTS, WRITES))
    found = {_kind(step, operations) for step in steps if not isinstance(step, Alone)}
    for step in steps:
        if isinstance(step, FusedWrite) and len({operations[n].ns for n in step.members}) > 1:
            found.add("write across collections")
    return found


def _valid(batch: Batch) -> Iterator[ValidOperation]:
    for operation in batch.operations:
        fields = {name: operation[name] for name in ("id", "op", "args")}
        try:
            yield validate_operation({**fields, "ns": f"database.{operation['ns']}"})
        except ProtocolError:
            continue


def _kind(step: Step, operations: Sequence[ValidOperation]) -> str:
    first = operations[step.members[0]]
    if isinstance(step, SharedRead):
        return "same"
    if isinstance(step, FusedInsert):
        return first.op
    if isinstance(step, FusedCount):
        return "count"
    if isinstance(step, FusedFind):
        filter_ = step.args["filter"]
        by_id = isinstance(filter_.get("_id"), dict) and "$in" in filter_["_id"]
        return f"{first.op} by {'id' if by_id else 'value'}"
    return "write"
