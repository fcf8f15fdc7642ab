"""What a month of the recorded usage costs, and what one query per invocation would have cost.

Scales what happened to a month and prices it, by the bill of the room (`costs/bill.py`). Adds
nothing that was not recorded: the application's own invocations are in no sum here but for the
time that they waited.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import ceil, fsum, isnan
from typing import TYPE_CHECKING, Final

from motorpool.costs.bill import Bill, FunctionUsage, bill, gb_seconds
from motorpool.costs.durations import plain
from motorpool.costs.errors import InputError
from motorpool.costs.load import MONTH_HOURS, Load
from motorpool.costs.numbers import EXACT, Number, ceiling, decimal
from motorpool.costs.parts import PROXY
from motorpool.costs.recorded import counts
from motorpool.costs.recorded.spread import Distribution

if TYPE_CHECKING:
    from motorpool.costs.prices import PriceTable, RegionPrices
    from motorpool.costs.recorded.analysis import Analysis
    from motorpool.costs.setup import Function

ASSUMED_QUERY_MS: Final = Load(requests=Decimal(0), queries=Decimal(1)).query_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """By how much a month has more of everything than what was recorded, and why."""

    factor: Decimal
    how: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """What the application's waiting costs: part of its own bill, at the first tier's price."""

    ms: Decimal
    """In a month."""
    gb_seconds: Decimal
    usd: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """A month of the proxy, and of its callers' waiting."""

    scale: Scale
    invocations: Decimal
    billed_ms: Decimal
    """Of an invocation, on average; what is not known is taken as what is."""
    bill: Bill
    waiting: Waiting
    waiting_is_measured: bool

    @property
    def gb_seconds(self) -> Decimal:
        """Of the proxy."""
        line = self.bill.line("duration")
        return Decimal(0) if line is None else line.quantity

    @property
    def usd(self) -> Decimal:
        """The proxy's bill and the callers' waiting."""
        return EXACT.add(self.bill.usd, self.waiting.usd)


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """The same month with an invocation for each query, and what is saved against it."""

    month: Month
    """With one query per invocation."""
    single_ms: Decimal
    """Billed of such an invocation, warm."""
    how: str
    """How that is known."""
    invocations: Decimal
    """Saved, a month; below zero where repeats took more than batching saved."""
    usd: Decimal
    """Saved of the proxy's bill."""
    waiting_usd: Decimal
    """Saved of the waiting; below zero where a batch takes longer than its queries one by one."""


def scale(analysis: Analysis, requests_a_month: Number | None = None) -> Scale | None:
    """To a month, by time, or to so many requests of the application; None: no time is known.

    Raises InputError for requests where the clients' lines name no request scopes.
    """
    if requests_a_month is not None:
        wanted = decimal("requests_a_month", requests_a_month, most=10**15)
        if analysis.requests is None:
            raise InputError(
                "requests_a_month",
                "needs lines of the client, recorded within request scopes, from which to count "
                "the requests that there were; --period scales by time",
            )
        recorded = Decimal(analysis.requests)
        how = f"{plain(wanted)} requests a month / {plain(recorded)} recorded"
        return Scale(factor=EXACT.divide(wanted, recorded), how=how)
    hours = analysis.period.hours
    if hours is None:
        return None
    how = f"{plain(MONTH_HOURS)} hours of a month / {hours:.4g} recorded"
    return Scale(factor=EXACT.divide(MONTH_HOURS, hours), how=how)


def month(analysis: Analysis, prices: PriceTable, to: Scale) -> Month:
    """What a month costs. Raises PricesError for a region or price that is not in the table."""
    with localcontext(EXACT):
        invocations = analysis.invocations * to.factor
        mean, used = Decimal(0), Decimal(0)
        if analysis.measured:
            mean = Decimal(analysis.billed_total_ms) / analysis.measured
            used = analysis.gb_seconds * to.factor * analysis.invocations / analysis.measured
        waited = wait_of_invocation(analysis) * invocations
        return _month(analysis, prices, to, invocations=(invocations, mean, used), waited=waited)


def wait_of_invocation(analysis: Analysis) -> Decimal:
    """Milliseconds that a caller waits for an invocation, on average.

    By the clients' lines, of however many of the proxy's clients they are; without any, what was
    billed and the setup's `invoke_ms`.
    """
    ran = counts.ran(analysis.usage.batches)
    if analysis.wall_ms is not None and ran:
        return EXACT.divide(Decimal(str(round(analysis.wall_ms.total, 6))), Decimal(ran))
    if not analysis.measured:
        return Decimal(0)
    mean = EXACT.divide(Decimal(analysis.billed_total_ms), Decimal(analysis.measured))
    return mean + analysis.setup.invoke_ms


def saved(analysis: Analysis, prices: PriceTable, batched: Month) -> Saved | None:
    """What batching saves in a month; None: how many queries there were is not recorded.

    Queries that went together are taken to be invoked at the same moment, as they were asked for,
    so that their caller waits for one of them; of those that one operation answered, each is an
    invocation.
    """
    calls = analysis.calls_per_invocation
    if not calls:
        return None
    single, how = single_ms(analysis)
    with localcontext(EXACT):
        invocations = batched.invocations * calls
        extra = analysis.extra_ms / analysis.measured if analysis.measured else Decimal(0)
        used = gb_seconds(
            invocations=invocations, duration_ms=single + extra, memory_mb=analysis.memory_mb
        )
        wait = invoke_ms(analysis) + single + extra
        alone = _month(
            analysis,
            prices,
            batched.scale,
            invocations=(invocations, single + extra, used),
            waited=wait * batched.invocations,
        )
        return Saved(
            month=alone,
            single_ms=single,
            how=how,
            invocations=alone.invocations - batched.invocations,
            usd=alone.bill.usd - batched.bill.usd,
            waiting_usd=alone.waiting.usd - batched.waiting.usd,
        )


def invoke_ms(analysis: Analysis) -> Decimal:
    """What an invocation takes its caller beyond what is billed: measured, or else assumed."""
    return analysis.setup.invoke_ms if analysis.invoke_ms is None else analysis.invoke_ms


def single_ms(analysis: Analysis) -> tuple[Decimal, str]:
    """Billed of an invocation of one query, warm, and how it is known."""
    rows = counts.rows_of(analysis.usage, analysis.view)
    alone = Distribution.of(
        billed - extra
        for operations, billed, extra in zip(
            *(rows[name] for name in ("operations", "billed_ms", "extra_ms")), strict=True
        )
        if operations == 1 and not isnan(billed)
    )
    if alone is not None:
        how = f"measured: the mean of {alone.count:,} invocations of one operation"
        return max(Decimal(1), Decimal(str(round(alone.mean, 6)))), how
    setup, share = analysis.setup, analysis.cpu_share
    wait = query_ms(analysis)
    known = "measured" if wait is not None else "assumed"
    wait = ASSUMED_QUERY_MS if wait is None else wait
    with localcontext(EXACT):
        cpu = (setup.batch_cpu_ms + setup.round_trip_cpu_ms) / share
    how = (
        f"estimated, since no invocation had one operation: {plain(wait)} ms of the database "
        f"({known}) + ({plain(setup.batch_cpu_ms)} + {plain(setup.round_trip_cpu_ms)}) ms of "
        f"processor / {plain(share)} of one, rounded up to 1 ms"
    )
    return ceiling(wait + cpu), how


def query_ms(analysis: Analysis) -> Decimal | None:
    """What one round trip to the database takes beside the processor's time, on average.

    Out of a batch's time with the database: its round trips go over `pool_size` connections at
    once, and each takes `round_trip_cpu_ms` of a processor. None: nothing tells.
    """
    rows = counts.rows_of(analysis.usage, analysis.view)
    pool = float(analysis.setup.pool_size)
    cpu = float(EXACT.divide(analysis.setup.round_trip_cpu_ms, analysis.cpu_share))
    waited, rounds = [], 0
    for groups, lasted in zip(rows["groups"], rows["database_ms"], strict=True):
        if groups >= 1 and not isnan(lasted):
            waited.append(max(0.0, lasted - groups * cpu))
            rounds += ceil(groups / pool)
    return Decimal(str(round(fsum(waited) / rounds, 6))) if rounds else None


def waiting(ms: Decimal, app: Function, region: RegionPrices) -> Waiting:
    """What so many milliseconds of an application's waiting cost."""
    used = gb_seconds(invocations=1, duration_ms=ms, memory_mb=app.memory_mb)
    first = region.on(app.architecture).duration[0].price
    return Waiting(ms=ms, gb_seconds=used, usd=EXACT.multiply(used, first))


def priced(analysis: Analysis, prices: PriceTable, *, invocations: Decimal, used: Decimal) -> Bill:
    """The proxy's bill for so many invocations and GB-seconds."""
    setup = analysis.setup
    usage = FunctionUsage(
        name=PROXY,
        architecture=setup.proxy.architecture,
        requests=invocations,
        gb_seconds=used,
    )
    free = prices.free_tier if setup.has_free_tier else None
    return bill([usage], prices.region(setup.region), free)


def _month(
    analysis: Analysis,
    prices: PriceTable,
    to: Scale,
    *,
    invocations: tuple[Decimal, Decimal, Decimal],
    waited: Decimal,
) -> Month:
    count, mean, used = invocations
    region = prices.region(analysis.setup.region)
    return Month(
        scale=to,
        invocations=count,
        billed_ms=mean,
        bill=priced(analysis, prices, invocations=count, used=used),
        waiting=waiting(waited, analysis.setup.app, region),
        waiting_is_measured=analysis.wall_ms is not None,
    )
