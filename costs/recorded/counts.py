"""Counts and sums out of what was recorded, each from the view that knows it best.

Sums are exact or rounded once (`math.fsum`), so that the order of the lines is of no account.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import ceil, fsum, isnan
from typing import TYPE_CHECKING, Final

from motorpool.costs.bill import gb_seconds
from motorpool.costs.numbers import EXACT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorpool.costs.recorded.columns import Columns
    from motorpool.costs.recorded.gathering import Usage
    from motorpool.costs.recorded.records import MetricSums
    from motorpool.costs.setup import Setup

COVERAGE: Final = 0.01
"""By which part what two sides have recorded may differ, and still is of the same."""

_HALF_A_MS: Final = 0.5


class View(StrEnum):
    """Whose record of the invocations counts: the best that there is, in this order."""

    INVOCATIONS = "proxy"
    """Lambda's REPORT lines and the proxy's own."""
    BATCHES = "client"
    COUNTERS = "counters"
    METRICS = "CloudWatch"


@dataclass(frozen=True, kw_only=True, slots=True)
class Billed:
    """What was billed at one memory size."""

    memory_mb: Decimal
    invocations: int
    ms: int
    gb_seconds: Decimal


def view_of(usage: Usage) -> View:
    """The view that counts here."""
    if len(usage.invocations):
        return View.INVOCATIONS
    if len(usage.batches):
        return View.BATCHES
    return View.COUNTERS if usage.counters else View.METRICS


def rows_of(usage: Usage, view: View) -> Columns:
    """The records that tell what was billed; of counters and metrics there are none."""
    return usage.invocations if view is View.INVOCATIONS else usage.batches


def total(columns: Columns, name: str) -> int:
    """Of a column of whole numbers, what is known."""
    return int(fsum(columns.known(name)))


def metrics(usage: Usage, name: str) -> list[MetricSums]:
    """What CloudWatch says of one metric."""
    return [each for each in usage.metrics if each.name == name]


def _metric_total(usage: Usage, name: str) -> float | None:
    totals = [each.total for each in metrics(usage, name) if each.total is not None]
    return fsum(totals) if totals else None


def _metric_samples(usage: Usage) -> float:
    """Invocations by CloudWatch: as it counts them, else as it has measured them."""
    counted = _metric_total(usage, "Invocations")
    if counted is not None:
        return counted
    return fsum(each.samples or 0.0 for each in metrics(usage, "Duration"))


def ran(batches: Columns) -> int:
    """Invocations that the clients made and that were not refused."""
    return total(batches, "attempts") - total(batches, "throttled")


def invocation_count(usage: Usage, view: View) -> int:
    """Invocations that ran."""
    match view:
        case View.INVOCATIONS:
            return len(usage.invocations)
        case View.BATCHES:
            return ran(usage.batches)
        case View.COUNTERS:
            return _ran_by_counters(usage)
        case View.METRICS:
            return round(_metric_samples(usage))


def _ran_by_counters(usage: Usage) -> int:
    return sum(max(0, each.invocations - each.throttled) for each in usage.counters)


def batch_count(usage: Usage) -> int | None:
    """Batches that clients have recorded; None: none has."""
    if len(usage.batches):
        return len(usage.batches)
    if usage.counters:
        return sum(sum(each.batch_sizes.values()) for each in usage.counters)
    return None


def requests(batches: Columns) -> int | None:
    """Request scopes of which a batch was recorded; None: none was."""
    scopes = {
        (client, scope)
        for client, scope in zip(batches["client"], batches["scope"], strict=True)
        if not isnan(scope)
    }
    return len(scopes) or None


def sizes_of(usage: Usage, view: View) -> dict[int, int]:
    """Invocations by their operations; where only clients or counters tell, batches."""
    counted: dict[int, int] = {}
    rows = usage.invocations.known("operations")
    if view is not View.INVOCATIONS or not rows:
        rows = usage.batches.known("operations")
    for operations in rows:
        counted[int(operations)] = counted.get(int(operations), 0) + 1
    if not counted:
        for each in usage.counters:
            for size, batches in each.batch_sizes.items():
                counted[size] = counted.get(size, 0) + batches
    return counted


def operations(usage: Usage, sizes: Mapping[int, int]) -> int | None:
    """Operations that were carried; None: nothing tells."""
    if not sizes:
        return sum(each.sent for each in usage.counters) if usage.counters else None
    return sum(size * count for size, count in sizes.items())


def deduplicated(usage: Usage) -> int:
    """Calls that another call's operation answered."""
    if len(usage.batches):
        return total(usage.batches, "deduplicated")
    return sum(each.deduplicated for each in usage.counters)


def calls_per_invocation(usage: Usage, sizes: Mapping[int, int]) -> Decimal | None:
    """A ratio, since not all clients of a proxy need to have recorded."""
    batches = usage.batches
    if len(batches):
        calls, made = total(batches, "operations") + total(batches, "deduplicated"), ran(batches)
    elif usage.counters:
        calls = sum(each.sent + each.deduplicated for each in usage.counters)
        made = _ran_by_counters(usage)
    else:
        calls = sum(size * count for size, count in sizes.items())
        made = sum(sizes.values())
    return EXACT.divide(Decimal(calls), Decimal(made)) if made else None


def throttled(usage: Usage) -> int | None:
    """Invocations that were refused; None: nothing tells."""
    if len(usage.batches):
        return total(usage.batches, "throttled")
    if usage.counters:
        return sum(each.throttled for each in usage.counters)
    refused = _metric_total(usage, "Throttles")
    return None if refused is None else round(refused)


def failed(usage: Usage) -> int:
    """Invocations of which Lambda says that they failed."""
    if len(usage.invocations):
        return total(usage.invocations, "failed")
    return round(_metric_total(usage, "Errors") or 0)


def cold(usage: Usage, view: View) -> int | None:
    """Invocations that began an execution environment; None: nothing tells."""
    known = rows_of(usage, view).known("cold")
    return int(fsum(known)) if known else None


def billed(usage: Usage, view: View, setup: Setup) -> tuple[tuple[Billed, ...], int]:
    """What was billed by memory, and of how many invocations nothing is known."""
    by_memory: dict[Decimal, list[int]] = {}
    measured = 0
    if view in {View.INVOCATIONS, View.BATCHES}:
        rows = rows_of(usage, view)
        memory = rows["memory_mb"] if view is View.INVOCATIONS else None
        for row, ms in enumerate(rows["billed_ms"]):
            if isnan(ms):
                continue
            size = setup.proxy.memory_mb
            if memory is not None and not isnan(memory[row]):
                size = Decimal(str(memory[row]))
            invocations = 1 if view is View.INVOCATIONS else _answered(rows, row)
            of_size = by_memory.setdefault(size.normalize(), [0, 0])
            of_size[0] += invocations
            of_size[1] += int(ms)
            measured += invocations
    elif view is View.METRICS and (lasted := _metric_total(usage, "Duration")) is not None:
        measured = round(_metric_samples(usage))
        # Each is billed up to the next millisecond: half of one more, on average.
        of_all = [measured, ceil(lasted + measured * _HALF_A_MS)]
        by_memory[setup.proxy.memory_mb.normalize()] = of_all
    billed = tuple(
        Billed(
            memory_mb=size,
            invocations=invocations,
            ms=ms,
            gb_seconds=gb_seconds(invocations=1, duration_ms=ms, memory_mb=size),
        )
        for size, (invocations, ms) in sorted(by_memory.items())
    )
    return billed, invocation_count(usage, view) - measured


def _answered(batches: Columns, row: int) -> int:
    """Invocations of a batch that have told what they took."""
    without = batches["throttled"][row] + batches["lost"][row]
    return max(1, int(batches["attempts"][row] - without))


def memory_is_assumed(usage: Usage, view: View) -> bool:
    """Whether of anything billed the memory is not recorded."""
    if view is View.INVOCATIONS:
        memory = usage.invocations["memory_mb"]
        return any(isnan(each) for each in memory)
    return view is not View.COUNTERS


def invoke_ms(usage: Usage, view: View) -> Decimal | None:
    """What an invocation takes its caller beyond what is billed, on average; None: nothing tells.

    Of batches that took one invocation: with several, pauses are among them. What was billed is
    the proxy's side's, if that is of the same invocations: the clients know a little less of it.
    """
    batches = usage.batches
    rows = [row for row, attempts in enumerate(batches["attempts"]) if attempts == 1]
    told = [row for row in rows if not isnan(batches["billed_ms"][row])]
    if not told:
        return None
    wall = fsum(batches["wall_ms"][row] for row in told) / len(told)
    billed = fsum(batches["billed_ms"][row] for row in told) / len(told)
    if view is View.INVOCATIONS and is_same_number(usage):
        billed = fsum(usage.invocations["billed_ms"]) / len(usage.invocations)
    return Decimal(str(round(max(0.0, wall - billed), 6)))


def is_same_number(usage: Usage) -> bool:
    """Whether the clients have recorded as many invocations as the proxy's side, about."""
    return abs(ran(usage.batches) - len(usage.invocations)) <= len(usage.invocations) * COVERAGE


def most_memory_mb(usage: Usage) -> float | None:
    """The most memory that Lambda has seen an environment use; None: it was not reported."""
    return max(usage.invocations.known("max_memory_mb"), default=None)


def by_name(usage: Usage, column: str) -> dict[str, int]:
    """Batches by a name that they have, the most frequent first."""
    counted: dict[str, int] = {}
    for number in usage.batches[column]:
        name = usage.names[int(number)]
        counted[name] = counted.get(name, 0) + 1
    return _by_frequency(counted)


def reasons_of_counters(usage: Usage) -> dict[str, int]:
    """Batches by what made them leave, as counters have it."""
    counted: dict[str, int] = {}
    for each in usage.counters:
        for reason, batches in each.flush_reasons.items():
            counted[reason] = counted.get(reason, 0) + batches
    return _by_frequency(counted)


def _by_frequency(counted: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
