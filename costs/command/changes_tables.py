"""The tables of a report that tell of what was not recorded: another linger, another memory.

Prints what was found; computes nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from motorpool.costs.command.amounts import NONE, count, difference, money, quantity
from motorpool.costs.command.columns import numbers, words
from motorpool.costs.command.document import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from motorpool.costs.bill import FunctionUsage
    from motorpool.costs.command.findings import Findings
    from motorpool.costs.model import Estimate

Records = list[dict[str, Any]]


def linger(findings: Findings) -> tuple[Table, Records]:
    """What each linger would change."""
    table = Table(
        key="linger",
        title=f"What a longer linger would change, {findings.a_month}",
        columns=(
            words("linger"),
            *map(
                numbers,
                ("invocations saved", "USD saved", "USD of waiting added", "USD saved in all"),
            ),
        ),
        rows=tuple(
            (
                f"{quantity(each.linger_ms)} ms",
                count(each.saved_a_month),
                money(each.usd),
                money(each.waiting_usd),
                money(each.net_usd),
            )
            for each in findings.lingering
        ),
        note="Batches of one client and request scope that began while an earlier one would still "
        "have been held, and before its answer came: what was asked for because of an answer "
        "cannot travel with it. Other times are kept. Prices of the first tier, nothing free.",
    )
    return table, [
        {
            "linger_ms": each.linger_ms,
            "batches_recorded": each.batches,
            "invocations_saved_recorded": each.saved,
            "invocations_saved": each.saved_a_month,
            "usd_saved_of_proxy": each.usd,
            "waiting_ms_added": each.waiting_ms,
            "usd_waiting_added": each.waiting_usd,
            "usd_saved": each.net_usd,
        }
        for each in findings.lingering
    ]


def memory(findings: Findings) -> tuple[Table, Records]:
    """What each memory would change."""
    sizes = findings.memory
    current = findings.current
    now = Decimal(0) if current is None else current.total_usd
    table = Table(
        key="memory",
        title=f"What another memory of the proxy would change, USD {findings.a_month}",
        columns=(
            words("memory"),
            *map(numbers, ("billed, ms", "p95, ms", "proxy", "waiting", "both", "against now")),
        ),
        rows=tuple(
            (
                f"{count(size.memory_mb)} MB{' (now)' if size.is_current else ''}",
                quantity(size.billed_ms),
                quantity(size.p95_ms),
                money(size.usd),
                money(size.waiting_usd),
                money(size.total_usd),
                NONE if size.is_current else difference(size.total_usd - now),
            )
            for size in sizes
        ),
        note="The time without the processor stays; the processor's goes by its share, memory / "
        "1,769 MB and at most one. The init phase and the runtime's own time are kept; sizes that "
        "are smaller than what was used are left out.",
    )
    return table, [
        {
            "memory_mb": size.memory_mb,
            "is_current": size.is_current,
            "billed_ms": size.billed_ms,
            "p95_ms": size.p95_ms,
            "gb_seconds": size.gb_seconds,
            "usd_proxy": size.usd,
            "waiting_ms": size.waiting_ms,
            "usd_waiting": size.waiting_usd,
            "usd": size.total_usd,
        }
        for size in sizes
    ]


def beside_estimate(findings: Findings) -> tuple[Table, Records]:
    """What was recorded, beside the estimates of the same load."""
    measured, modelled = findings.estimates
    found = findings.month
    rows: list[tuple[str, str, Iterable[Decimal]]] = [
        (
            "invocations of the proxy",
            "invocations",
            (found.invocations, *(_part(each).requests for each in (measured, modelled))),
        ),
        (
            "billed of a warm one, ms",
            "warm_ms",
            (
                findings.analysis.warm_ms or Decimal(0),
                *(each.parts[-1].duration_ms for each in (measured, modelled)),
            ),
        ),
        (
            "GB-seconds of the proxy",
            "gb_seconds",
            (found.gb_seconds, *(_part(each).gb_seconds for each in (measured, modelled))),
        ),
        (
            "waiting, GB-seconds",
            "waiting_gb_seconds",
            (
                found.waiting.gb_seconds,
                *(each.waiting.gb_seconds for each in (measured, modelled)),
            ),
        ),
    ]
    table = Table(
        key="estimate",
        title=f"Beside the estimate of the same load, {findings.a_month}",
        columns=(
            words("what"),
            *map(numbers, ("recorded", "estimate", "by the model's times")),
        ),
        rows=tuple((title, *map(quantity, values)) for title, _, values in rows),
        note="The estimate has the durations that were measured; the last column has the model's "
        "own in their place, from query time, round trips and processor time.",
    )
    names = ("recorded", "estimate", "model")
    return table, [
        {"what": name, **dict(zip(names, values, strict=True))} for _, name, values in rows
    ]


def _part(estimate: Estimate) -> FunctionUsage:
    return estimate.parts[-1].usage
