"""The plots of a report of recorded usage: operations of an invocation, and cost by memory.

Brings matplotlib: imported when a page is asked for.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from motorpool.costs.command.amounts import count, money, quantity, share, usd
from motorpool.costs.command.page import BarChart, Beside, Plot, Row, bars

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorpool.costs.command.findings import Findings


def plots(findings: Findings) -> tuple[Plot, ...]:
    """Every plot that there is something for."""
    return tuple(_plots(findings))


def _plots(findings: Findings) -> Iterator[Plot]:
    if findings.memory:
        yield _memory(findings)
    if findings.analysis.sizes is not None:
        yield _operations(findings)


def _memory(findings: Findings) -> Plot:
    sizes, best = findings.memory, findings.cheapest
    assert best is not None  # noqa: S101 - there are sizes
    title = f"{count(best.memory_mb)} MB cost least, {usd(best.total_usd)} {findings.a_month}"
    chart = BarChart(
        title=f"USD {findings.a_month}",
        rows=[
            Row(
                label=f"{count(size.memory_mb)} MB",
                values=[float(size.usd), float(size.waiting_usd)],
                is_asked=size.is_current,
            )
            for size in sizes
        ],
        parts=("proxy", "callers' waiting"),
        tell=lambda cost: money(Decimal(str(cost))),
        beside=Beside(
            title="ms billed of an invocation", values=[size.billed_ms for size in sizes]
        ),
    )
    told = "; ".join(
        f"{count(size.memory_mb)} MB: {usd(size.total_usd)}, {quantity(size.billed_ms)} ms"
        for size in sizes
    )
    return bars(
        chart,
        title=title,
        caption="The memory that was recorded is set off; the other sizes are projected from the "
        "processor time of each recorded invocation.",
        alt=told,
    )


def _operations(findings: Findings) -> Plot:
    analysis = findings.analysis
    sizes = analysis.sizes
    assert sizes is not None  # noqa: S101 - it is asked for only then
    total = sum(number for _, number in analysis.buckets)
    of = "invocations" if len(analysis.usage.invocations) else "batches"
    return bars(
        BarChart(
            title=of,
            rows=[Row(label=label, values=[float(number)]) for label, number in analysis.buckets],
            tell=count,
        ),
        title=f"{quantity(sizes.mean)} operations travel in an invocation, on average",
        caption=f"The median is {quantity(sizes.median)}, and 95 in 100 carry at most "
        f"{quantity(sizes.p95)}.",
        alt="; ".join(
            f"{label} operations: {count(number)} ({share(number / total)})"
            for label, number in analysis.buckets
        ),
    )
