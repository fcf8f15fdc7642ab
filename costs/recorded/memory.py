"""What another memory of the proxy would have made of the recorded invocations.

Asks their recorded times again, one by one, and changes nothing but what takes a processor. What
each size costs is a whole bill.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import ceil, fsum, isnan
from typing import TYPE_CHECKING, Final

from motorpool.costs.bill import gb_seconds
from motorpool.costs.numbers import EXACT
from motorpool.costs.recorded import counts
from motorpool.costs.recorded.month import priced, waiting
from motorpool.costs.recorded.spread import Distribution
from motorpool.costs.setup import VCPU_MB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from motorpool.costs.prices import PriceTable
    from motorpool.costs.recorded.analysis import Analysis
    from motorpool.costs.recorded.columns import Columns
    from motorpool.costs.recorded.month import Month

MEMORY_MB: Final = (128, 256, 512, 768, 1024, 1536, 1769, 2048, 3008)
_PLACES: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """The month with another memory of the proxy."""

    memory_mb: Decimal
    is_current: bool
    billed_ms: float
    """On average, of the invocations whose processor time is recorded."""
    p95_ms: float
    gb_seconds: Decimal
    usd: Decimal
    """The proxy's bill."""
    waiting_ms: Decimal
    waiting_usd: Decimal

    @property
    def total_usd(self) -> Decimal:
        """The proxy's bill and its callers' waiting."""
        return EXACT.add(self.usd, self.waiting_usd)


@dataclass(frozen=True, slots=True)
class _Ran:
    """An invocation whose processor time is recorded, in milliseconds."""

    lasted: float
    """Before it was rounded up, with what was billed beside it."""
    billed: float
    on_cpu: float
    """Of that, with the processor, at its share."""
    share: float


def remembering(
    analysis: Analysis,
    prices: PriceTable,
    batched: Month,
    memory_mb: Sequence[int] = MEMORY_MB,
) -> tuple[Memory, ...]:
    """The month with each memory, and with its own; () where no processor time is recorded.

    An invocation waits as long as it did, and its processor time goes by the share of one that the
    memory gives: memory / 1,769 MB, at most one. What Lambda's runtime does around the handler and
    the init phase keep their times. Sizes that are smaller than what was used are left out.
    """
    runs = list(_runs(analysis))
    if not runs:
        return ()
    current = analysis.memory_mb
    least = analysis.most_memory_mb or 0.0
    sizes = sorted({*(Decimal(size) for size in memory_mb if size >= least), current})
    with localcontext(EXACT):
        return tuple(_with_memory(analysis, prices, batched, runs, size) for size in sizes)


def cheapest(sizes: Sequence[Memory]) -> Memory:
    """The memory with which the month costs least, the proxy and the waiting together."""
    return min(sizes, key=lambda size: (size.total_usd, size.billed_ms))


def faster_for_no_more(sizes: Sequence[Memory]) -> Memory | None:
    """The fastest memory with which the month costs no more than with its own; None: its own."""
    own = next(size for size in sizes if size.is_current)
    others = [
        size for size in sizes if size.total_usd <= own.total_usd and size.billed_ms < own.billed_ms
    ]
    return min(others, key=lambda size: (size.billed_ms, size.total_usd), default=None)


def _with_memory(
    analysis: Analysis, prices: PriceTable, batched: Month, runs: list[_Ran], size: Decimal
) -> Memory:
    is_current = size == analysis.memory_mb
    share = min(1.0, float(size / VCPU_MB))
    if is_current and analysis.given_share is None:
        longer, billed = [0.0], [run.billed for run in runs]
    else:
        longer = [run.on_cpu * (run.share / share - 1) for run in runs]
        billed = [_billed(run, more) for run, more in zip(runs, longer, strict=True)]
    spread = Distribution.of(billed)
    assert spread is not None  # noqa: S101 - there is at least one
    # As a ratio, for the invocations whose processor time is not recorded.
    ratio = _exact(spread.total) / _exact(fsum(run.billed for run in runs))
    ms = batched.billed_ms * batched.invocations * ratio
    used = gb_seconds(invocations=1, duration_ms=ms, memory_mb=size)
    waited = batched.waiting.ms + _exact(fsum(longer) / len(runs)) * batched.invocations
    region = prices.region(analysis.setup.region)
    cost = waiting(max(Decimal(0), waited), analysis.setup.app, region)
    return Memory(
        memory_mb=size,
        is_current=is_current,
        billed_ms=spread.mean,
        p95_ms=spread.p95,
        gb_seconds=used,
        usd=priced(analysis, prices, invocations=batched.invocations, used=used).usd,
        waiting_ms=cost.ms,
        waiting_usd=cost.usd,
    )


def _runs(analysis: Analysis) -> Iterator[_Ran]:
    rows = counts.rows_of(analysis.usage, analysis.view)
    for row, cpu in enumerate(rows["cpu_ms"]):
        handler, billed = rows["handler_ms"][row], rows["billed_ms"][row]
        if isnan(cpu) or isnan(handler) or isnan(billed) or not billed:
            continue
        memory = _known(rows, "memory_mb", row, float(analysis.setup.proxy.memory_mb))
        share = float(analysis.share_at(memory))
        extra = rows["extra_ms"][row]
        lasted = _known(rows, "duration_ms", row, handler) + (0.0 if isnan(extra) else extra)
        if ceil(round(lasted, _PLACES)) != billed:
            lasted = billed  # more than one invocation, or older rules of what is billed
        # On a whole processor, two threads take more of its time than goes by.
        yield _Ran(lasted, billed, min(cpu / share, handler), share)


def _known(rows: Columns, name: str, row: int, otherwise: float) -> float:
    try:
        value = rows[name][row]
    except KeyError:  # the clients do not know it
        return otherwise
    return otherwise if isnan(value) else value


def _billed(run: _Ran, longer: float) -> float:
    return max(1, ceil(round(run.lasted + longer, _PLACES)))


def _exact(ms: float) -> Decimal:
    return Decimal(str(round(ms, _PLACES)))
