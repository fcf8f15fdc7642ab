"""The tables of a report of recorded usage, each with its records for a program.

Prints what was found; computes nothing but shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.command.amounts import (
    count,
    money,
    quantity,
    share,
    times,
)
from motorpool.costs.command.changes_tables import Records, beside_estimate, linger, memory
from motorpool.costs.command.columns import numbers, words
from motorpool.costs.command.document import Table
from motorpool.costs.command.explain import line_name
from motorpool.costs.command.findings import Findings, moment
from motorpool.costs.command.invoice import usd_of
from motorpool.costs.parts import PROXY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from motorpool.costs.recorded import Distribution

_MOST_NAMES: Final = 12
"""Names of a kind that are printed; the rest is added up."""


def tables(findings: Findings) -> Iterator[tuple[Table, Records]]:
    """Every table that there is something for, the most important first."""
    yield _month(findings)
    yield _recorded(findings)
    yield _durations(findings)
    if findings.saved is not None:
        yield _saved(findings)
    if findings.analysis.buckets:
        yield _operations(findings)
    for key, title, named in (
        ("reasons", "What made the batches leave", findings.analysis.reasons),
        ("outcomes", "What became of the batches", findings.analysis.outcomes),
    ):
        if named and set(named) != {"ok"}:
            yield _named(key, title, named)
    if findings.lingering:
        yield linger(findings)
    if findings.memory:
        yield memory(findings)
    if findings.estimates:
        yield beside_estimate(findings)


def _month(findings: Findings) -> tuple[Table, Records]:
    found = findings.month
    lines: Records = [
        {
            "what": line_name(line),
            "quantity": line.quantity,
            "unit": line.terms[0].unit,
            "usd": usd_of(line, PROXY),
        }
        for line in found.bill.lines
    ]
    waiting: dict[str, Any] = {
        "what": "callers' waiting",
        "quantity": found.waiting.gb_seconds,
        "unit": "GB-seconds",
        "usd": found.waiting.usd,
    }
    proxy: dict[str, Any] = {"what": "proxy", "quantity": None, "unit": "", "usd": found.bill.usd}
    both: dict[str, Any] = {
        "what": "proxy and waiting",
        "quantity": None,
        "unit": "",
        "usd": found.usd,
    }
    records = [*lines, proxy, waiting, both]
    table = Table(
        key="month",
        title=f"What it costs, USD {findings.a_month}",
        columns=(words("what"), numbers("used"), numbers("USD")),
        rows=tuple(
            (
                each["what"],
                "" if each["quantity"] is None else times(each["quantity"], each["unit"]),
                money(each["usd"]),
            )
            for each in records
        ),
        note=f"Scaled by {quantity(found.scale.factor)}: {found.scale.how}. The waiting is part "
        "of the application's bill.",
    )
    return table, records


def _recorded(findings: Findings) -> tuple[Table, Records]:
    analysis = findings.analysis
    period, ran = analysis.period, analysis.invocations
    cold = "" if analysis.cold is None or not ran else f" ({share(analysis.cold / ran)})"
    rows: list[tuple[str, str, Any, str]] = [
        ("from", "first", moment(period.first), moment(period.first) or "not known"),
        ("to", "last", moment(period.last), moment(period.last) or "not known"),
        ("hours", "hours", period.hours, quantity(period.hours)),
        ("invocations", "invocations", ran, count(ran)),
        *_counted("batches of clients", "batches", analysis.batches),
        *_counted("requests of the application", "requests", analysis.requests),
        *_counted("operations", "operations", analysis.operations),
        *_counted("calls answered by another's operation", "deduplicated", analysis.deduplicated),
        *_counted("cold starts", "cold", analysis.cold, cold),
        *_counted("refused for concurrency (429), not billed", "throttled", analysis.throttled),
        *_counted("timed out", "timed_out", analysis.timed_out),
        *_counted("failed, time-outs included", "failed", analysis.failed),
        *_counted("without an answer", "lost", analysis.lost),
        *_counted("operations that the proxy refused", "refused", analysis.refused),
        ("GB-seconds", "gb_seconds", analysis.gb_seconds, quantity(analysis.gb_seconds)),
    ]
    for title, name, most, unit in (
        ("at once at most", "most_at_once", analysis.most_at_once, ""),
        ("memory used at most", "most_memory_mb", analysis.most_memory_mb, " MB"),
    ):
        if most is not None:
            rows.append((title, name, most, f"{quantity(most)}{unit}"))
    table = Table(
        key="recorded",
        title="What was recorded",
        columns=(words("what"), numbers("how much")),
        rows=tuple((title, printed) for title, _, _, printed in rows),
    )
    return table, [{"what": name, "value": value} for _, name, value, _ in rows]


def _counted(
    title: str, name: str, value: int | None, beside: str = ""
) -> Iterator[tuple[str, str, Any, str]]:
    """A row, unless nothing is known; a count of nothing is one."""
    if value is not None:
        yield title, name, value, f"{count(value)}{beside}"


def _durations(findings: Findings) -> tuple[Table, Records]:
    analysis = findings.analysis
    spreads: list[tuple[str, str, Distribution | None]] = [
        ("billed of an invocation, ms", "billed_ms", analysis.billed_ms),
        ("a batch's answer, as its caller waits, ms", "wall_ms", analysis.wall_ms),
        ("a batch's first call, until it leaves, ms", "waited_ms", analysis.waited_ms),
        ("operations of an invocation", "operations", analysis.sizes),
        ("round trips of an invocation", "groups", analysis.groups),
    ]
    known = [(title, name, found) for title, name, found in spreads if found is not None]
    table = Table(
        key="distributions",
        title="How it is spread",
        columns=(words("what"), *map(numbers, ("mean", "median", "p95", "p99", "most"))),
        rows=tuple(
            (
                title,
                *map(quantity, (found.mean, found.median, found.p95, found.p99, found.most)),
            )
            for title, _, found in known
        ),
        note="Percentiles are exact, by the nearest rank.",
    )
    return table, [
        {
            "what": name,
            "count": found.count,
            "mean": found.mean,
            "median": found.median,
            "p95": found.p95,
            "p99": found.p99,
            "least": found.least,
            "most": found.most,
        }
        for _, name, found in known
    ]


def _saved(findings: Findings) -> tuple[Table, Records]:
    saved = findings.saved
    assert saved is not None  # noqa: S101 - it is asked for only then
    batched, alone = findings.month, saved.month
    rows: list[tuple[str, str, Decimal, Decimal]] = [
        ("invocations", "invocations", batched.invocations, alone.invocations),
        ("billed of an invocation, ms", "billed_ms", batched.billed_ms, alone.billed_ms),
        ("GB-seconds", "gb_seconds", batched.gb_seconds, alone.gb_seconds),
        ("proxy, USD", "usd_proxy", batched.bill.usd, alone.bill.usd),
        ("callers' waiting, USD", "usd_waiting", batched.waiting.usd, alone.waiting.usd),
        ("both, USD", "usd", batched.usd, alone.usd),
    ]
    table = Table(
        key="saved",
        title=f"What batching saves, {findings.a_month}",
        columns=(words("what"), *map(numbers, ("batched", "one query each", "saved"))),
        rows=tuple(
            (
                title,
                *(
                    (money(mine), money(other), money(other - mine))
                    if name.startswith("usd")
                    else (quantity(mine), quantity(other), quantity(other - mine))
                ),
            )
            for title, name, mine, other in rows
        ),
        note=f"An invocation of one query: {quantity(saved.single_ms)} ms, {saved.how}. Queries of "
        "one batch are taken to be invoked at the same moment.",
    )
    return table, [
        {"what": name, "batched": mine, "single": other, "saved": other - mine}
        for _, name, mine, other in rows
    ]


def _operations(findings: Findings) -> tuple[Table, Records]:
    buckets = findings.analysis.buckets
    total = sum(number for _, number in buckets)
    of = "invocations" if len(findings.analysis.usage.invocations) else "batches"
    table = Table(
        key="operations",
        title="Operations of an invocation",
        columns=(words("operations"), numbers(of), numbers("share")),
        rows=tuple((label, count(number), share(number / total)) for label, number in buckets),
    )
    return table, [{"operations": label, of: number} for label, number in buckets]


def _named(key: str, title: str, named: Mapping[str, int]) -> tuple[Table, Records]:
    shown = dict(list(named.items())[:_MOST_NAMES])
    total = sum(named.values())
    if (rest := total - sum(shown.values())) > 0:
        shown["others"] = rest
    table = Table(
        key=key,
        title=title,
        columns=(words("what"), numbers("batches"), numbers("share")),
        rows=tuple((name, count(number), share(number / total)) for name, number in shown.items()),
    )
    return table, [{"what": name, "batches": number} for name, number in named.items()]
