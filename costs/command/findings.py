"""What a report of recorded usage has found, and what its reader must know: results, lead, notes.

Calls the room's analysis, once each; words and judgements stand here, tables in `found_tables.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from motorpool.costs.command.amounts import count, quantity, share, times, usd
from motorpool.costs.durations import plain
from motorpool.costs.model import Estimate, estimate
from motorpool.costs.recorded import (
    Analysis,
    Lingering,
    Memory,
    Month,
    Saved,
    Scale,
    View,
    cheapest,
    counts,
    faster_for_no_more,
    lingering,
    month,
    remembering,
    saved,
    scale,
    to_load,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorpool.costs.numbers import Number
    from motorpool.costs.prices import PriceTable

FEW_INVOCATIONS: Final = 300
"""Below it a share of 1 %, such as that of cold starts, is chance: of 300 it is three."""
SHORT_HOURS: Final = Decimal(1)
AS_RECORDED: Final = Scale(factor=Decimal(1), how="as it was recorded")


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """Everything that a report tells."""

    analysis: Analysis
    prices: PriceTable
    month: Month
    is_month: bool
    """False: the time that was recorded is not known, so that nothing is scaled."""
    saved: Saved | None
    lingering: tuple[Lingering, ...]
    memory: tuple[Memory, ...]
    estimates: tuple[Estimate, ...]
    """By the measured durations and by the model's own, if they are asked for."""

    @property
    def a_month(self) -> str:
        """Of what the sums are."""
        return "a month" if self.is_month else "as recorded"

    @property
    def cheapest(self) -> Memory | None:
        """The memory with which it costs least."""
        return cheapest(self.memory) if self.memory else None

    @property
    def current(self) -> Memory | None:
        """The memory that it has."""
        return next((size for size in self.memory if size.is_current), None)


def found(
    analysis: Analysis,
    prices: PriceTable,
    *,
    requests_a_month: Number | None = None,
    with_estimate: bool = False,
) -> Findings:
    """Everything that the analysis gives. Raises InputError and PricesError."""
    to = scale(analysis, requests_a_month)
    is_month = to is not None
    if to is None:  # what is free a month is not of an unknown time
        analysis = replace(analysis, setup=replace(analysis.setup, has_free_tier=False))
        to = AS_RECORDED
    batched = month(analysis, prices, to)
    return Findings(
        analysis=analysis,
        prices=prices,
        month=batched,
        is_month=is_month,
        saved=saved(analysis, prices, batched),
        lingering=lingering(analysis, prices, batched),
        memory=remembering(analysis, prices, batched),
        estimates=_estimates(analysis, prices, to) if with_estimate else (),
    )


def _estimates(analysis: Analysis, prices: PriceTable, to: Scale) -> tuple[Estimate, ...]:
    load, setup = to_load(analysis, to=to)
    by_model = replace(setup, batch_ms=None)
    return estimate(load, setup, prices), estimate(load, by_model, prices)


# The answer ---------------------------------------------------------------------------------------


def lead(findings: Findings) -> Iterator[str]:
    """The answer, in a few sentences."""
    analysis, batched = findings.analysis, findings.month
    carried = ""
    if analysis.operations is not None:
        carried = f" that carried {count(analysis.operations)} operations"
    yield (
        f"Recorded: {times(Decimal(analysis.invocations), 'invocations')}{carried}"
        f"{_during(analysis.period.hours)}."
    )
    waited = "waited" if batched.waiting_is_measured else "waited, as assumed,"
    yield (
        f"{'A month of that' if findings.is_month else 'That'} costs {usd(batched.bill.usd)} for "
        f"the proxy; the time that its callers {waited} costs {usd(batched.waiting.usd)} more."
    )
    if findings.saved is not None:
        yield _saved(findings.saved, findings.a_month)
    yield from _memory(findings)
    yield from _linger(findings)


def _saved(saved: Saved, a_month: str) -> str:
    if saved.invocations < 0:
        return (
            f"Batching saves nothing: repeats took {count(-saved.invocations)} invocations "
            f"{a_month} more than one query per invocation would."
        )
    return (
        f"Against one query per invocation batching saves {count(saved.invocations)} invocations "
        f"{a_month}: the proxy's bill is {_lower(saved.usd)}, the waiting "
        f"{_lower(saved.waiting_usd)}."
    )


def _lower(amount: Decimal) -> str:
    return f"{usd(abs(amount))} {'lower' if amount >= 0 else 'higher'}"


def _memory(findings: Findings) -> Iterator[str]:
    best, current = findings.cheapest, findings.current
    if best is None or current is None:
        return
    if best.is_current:
        yield f"No other memory costs less than its {count(current.memory_mb)} MB."
        return
    less = current.total_usd - best.total_usd
    yield (
        f"With {count(best.memory_mb)} MB in place of {count(current.memory_mb)} an invocation "
        f"would take {quantity(best.billed_ms)} ms in place of {quantity(current.billed_ms)}, and "
        f"the proxy and the waiting would cost {usd(less)} {findings.a_month} less."
    )
    faster = faster_for_no_more(findings.memory)
    if faster is not None and faster is not best and faster.billed_ms < best.billed_ms:
        yield (
            f"{count(faster.memory_mb)} MB would be faster yet, {quantity(faster.billed_ms)} ms, "
            "and cost no more than now."
        )


def _linger(findings: Findings) -> Iterator[str]:
    if not findings.lingering:
        return
    best = max(findings.lingering, key=lambda each: (each.net_usd, -each.linger_ms))
    if best.net_usd <= 0:
        yield "No linger saves more than the waiting that it adds costs."
        return
    yield (
        f"A linger of {quantity(best.linger_ms)} ms would save {count(best.saved_a_month)} "
        f"invocations and, the waiting deducted, {usd(best.net_usd)} {findings.a_month}."
    )


def _during(hours: Decimal | None) -> str:
    if hours is None:
        return ""
    for unit, of_an_hour in (("hours", 1), ("minutes", 60), ("seconds", 3600)):
        length = hours * of_an_hour
        if length >= 1 or unit == "seconds":
            return f" in {quantity(length)} {unit.removesuffix('s') if length == 1 else unit}"
    return ""


# What must be known -------------------------------------------------------------------------------


def notes(findings: Findings) -> Iterator[str]:
    """What was not there, what was assumed, what the numbers do not say."""
    analysis = findings.analysis
    tally = analysis.usage.tally.note
    if tally is not None:
        yield tally
    yield from _sample(findings)
    yield from _sources(analysis)
    yield from _measures(findings)
    yield (
        "Not in the sum: the application's own time, provisioned concurrency, data transfer, the "
        "database, logs, tax"
    )


def _sample(findings: Findings) -> Iterator[str]:
    analysis = findings.analysis
    hours = analysis.period.hours
    if not findings.is_month:
        yield (
            "The lines do not tell which time they cover, so nothing is scaled to a month and "
            "nothing is free: --period HOURS tells it"
        )
    elif analysis.invocations < FEW_INVOCATIONS or (hours is not None and hours < SHORT_HOURS):
        yield (
            f"Too small a sample to rely on: {times(Decimal(analysis.invocations), 'invocations')}"
            f"{_during(hours)}. "
            f"From {FEW_INVOCATIONS} invocations and an hour on, of usual traffic, a month can be "
            "told from it"
        )
    if len(analysis.usage.functions) > 1:
        yield (
            f"Several functions are in it and added up ({', '.join(analysis.usage.functions)}): "
            "--function NAME takes one of them"
        )
    if analysis.usage.repeated:
        is_one = analysis.usage.repeated == 1
        yield (
            f"{count(analysis.usage.repeated)} {'record was' if is_one else 'records were'} there "
            f"more than once, and {'counts' if is_one else 'count'} once"
        )


def _sources(analysis: Analysis) -> Iterator[str]:
    usage = analysis.usage
    if analysis.view is View.INVOCATIONS:
        alone = len(usage.invocations) - usage.reported
        if usage.reported and alone:
            yield (
                f"{count(alone)} of {count(len(usage.invocations))} invocations have no REPORT "
                "line: what was billed of them is the proxy's own count, the least that it can be"
            )
        elif alone:
            yield (
                "Without REPORT lines what was billed is the proxy's own count, the least that it "
                "can be: the runtime's own time comes on top"
            )
        if usage.joined and usage.joined < usage.reported:
            yield (
                f"{count(usage.reported - usage.joined)} of {count(usage.reported)} REPORT lines "
                "have no line of the proxy: if they are another function's, they do not belong here"
            )
        yield from _coverage(analysis)
    elif analysis.view is View.BATCHES:
        yield (
            "Only clients have recorded: what was billed is as the proxy's answers tell, a little "
            "less than Lambda's REPORT lines"
        )
    if analysis.view is not View.METRICS and usage.metrics:
        yield "CloudWatch's metrics are not added to the lines, of which they are another view"
    if analysis.view is View.METRICS:
        yield (
            "CloudWatch's Duration has neither init phases in it nor the rounding up to 1 ms, for "
            "which half a millisecond is added"
        )
    if len(usage.counters) > 1:
        yield (
            f"{len(usage.counters)} snapshots of counters are added up, as of as many clients: of "
            "one client, give the last only"
        )
    if usage.counters and analysis.view is not View.COUNTERS:
        yield "Snapshots of counters are not added to the lines, of which they are another view"


def _coverage(analysis: Analysis) -> Iterator[str]:
    usage = analysis.usage
    if len(usage.batches) and not counts.is_same_number(usage):
        yield (
            f"Clients have recorded {count(counts.ran(usage.batches))} invocations, the proxy's "
            f"side {count(analysis.invocations)}: waiting and what batching saved are taken over "
            "from what the clients have recorded to all"
        )


def _measures(findings: Findings) -> Iterator[str]:
    analysis, batched = findings.analysis, findings.month
    if not analysis.measured:
        yield "No durations are recorded: of the proxy's bill only the requests are in the sum"
    elif analysis.unmeasured:
        yield (
            f"Of {count(analysis.unmeasured)} of {count(analysis.invocations)} invocations the "
            "billed duration is not known: they are taken as the others"
        )
    if analysis.lost:
        yield (
            f"{times(Decimal(analysis.lost), 'invocations')} had no answer; whether that was "
            "billed nobody knows, and it is taken as billed"
        )
    if analysis.memory_is_assumed and analysis.measured:
        yield (
            f"The proxy's memory is not recorded: {count(analysis.setup.proxy.memory_mb)} MB "
            "(--memory)"
        )
    if len(analysis.billed) > 1:
        sizes = ", ".join(f"{count(each.memory_mb)} MB" for each in analysis.billed)
        yield f"The proxy had several sizes of memory: {sizes}; each is billed as it was"
    app = count(analysis.setup.app.memory_mb)
    if batched.waiting_is_measured:
        yield f"Waiting is billed as {app} MB of the application (--app-memory), nothing free"
    elif analysis.measured:
        yield (
            f"No client has recorded: its waiting is taken as what was billed and "
            f"{plain(analysis.setup.invoke_ms)} ms an invocation, at {app} MB (--app-memory), "
            "nothing free"
        )
    if findings.memory and analysis.given_share is not None:
        yield (
            f"The functions are taken to have had {share(float(analysis.given_share))} of a "
            "processor where they were measured (--measured-share): the row of their own memory "
            "says what Lambda would make of it"
        )


def moment(seconds: float | None) -> str | None:
    """A moment, in UTC to the second."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
