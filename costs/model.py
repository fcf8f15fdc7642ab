"""From a load and a setup to what a month costs in each design, with every term kept.

Joins the times (`durations.py`), the functions (`parts.py`) and the prices (`bill.py`). Pure:
measures nothing, reads nothing, prints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Final

from motorpool.costs.bill import Bill, bill, gb_seconds
from motorpool.costs.durations import (
    Design,
    Durations,
    Figure,
    durations,
    round_trips_of_batch,
)
from motorpool.costs.numbers import EXACT, ceiling
from motorpool.costs.parts import Part, parts
from motorpool.costs.peaks import Connections, connections
from motorpool.costs.telling import figures, notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.costs.load import Load
    from motorpool.costs.prices import PriceTable, RegionPrices
    from motorpool.costs.setup import Setup

COMPARED_MEMORY_MB: Final = (128, 256, 512, 1024, 1769)
"""The proxy's sizes that a comparison shows; at 1,769 MB it has a whole processor."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """What the application's waiting costs: the half of a proxy's price that is easily forgotten.

    Contained in the bill; in dollars at the first tier's price, as if nothing were free.
    """

    ms_of_request: Decimal
    gb_seconds: Decimal
    usd: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What one design costs in a month."""

    design: Design
    label: str
    load: Load
    setup: Setup
    parts: tuple[Part, ...]
    waiting: Waiting
    bill: Bill
    connections: Connections
    figures: tuple[Figure, ...]
    """How its numbers come about, in the order in which they are computed."""
    notes: tuple[str, ...]
    """What the reader must know: limits that are passed, what is not in the sum."""

    @property
    def usd(self) -> Decimal:
        """Dollars a month, exact, before tax."""
        return self.bill.usd

    @property
    def invocations(self) -> Decimal:
        """Of all functions together, a month."""
        with localcontext(EXACT):
            return sum((part.invocations for part in self.parts), Decimal(0))

    def part(self, name: str) -> Part | None:
        """A function's part, if the design has it."""
        return next((part for part in self.parts if part.name == name), None)


def estimate(
    load: Load, setup: Setup, prices: PriceTable, design: Design = Design.BATCHED
) -> Estimate:
    """What a month of this load costs in a design.

    Raises PricesError for a region or a price that the table does not have.
    """
    with localcontext(EXACT):
        region = prices.region(setup.region)
        times = durations(design, load, setup)
        functions = parts(design, times, load, setup)
        free = prices.free_tier if setup.has_free_tier else None
        waiting = _waiting(load, setup, times, region)
        opened = _connections(load, setup, design, functions[-1])
        return Estimate(
            design=design,
            label=_label(design, setup),
            load=load,
            setup=setup,
            parts=functions,
            waiting=waiting,
            bill=bill([part.usage for part in functions], region, free),
            connections=opened,
            figures=(*times.figures, *figures(load, functions, waiting, opened)),
            notes=tuple(notes(load, setup, functions)),
        )


def compare(
    load: Load,
    setup: Setup,
    prices: PriceTable,
    *,
    memory_mb: Sequence[int] = COMPARED_MEMORY_MB,
) -> tuple[Estimate, ...]:
    """The designs side by side: direct, one query per invocation, batched at each memory size.

    The setup's own memory of the proxy is among them; one query per invocation has it, too.
    """
    sizes = sorted({*map(Decimal, memory_mb), setup.proxy.memory_mb})
    return (
        estimate(load, setup, prices, Design.DIRECT),
        estimate(load, setup, prices, Design.SINGLE),
        *(estimate(load, with_proxy_memory(setup, size), prices, Design.BATCHED) for size in sizes),
    )


def with_proxy_memory(setup: Setup, memory_mb: Decimal) -> Setup:
    """The same setup with another memory of the proxy.

    A duration that was given holds for the memory it was measured at: with another it is computed.
    """
    if memory_mb == setup.proxy.memory_mb:
        return setup
    proxy = replace(setup.proxy, memory_mb=memory_mb)
    return replace(setup, proxy=proxy, batch_ms=None, single_ms=None)


def _label(design: Design, setup: Setup) -> str:
    return {
        Design.DIRECT: "driver in every function",
        Design.SINGLE: f"one query per invocation, {setup.proxy.memory_mb:,f} MB",
        Design.BATCHED: f"batched, {setup.proxy.memory_mb:,f} MB",
    }[design]


def _waiting(load: Load, setup: Setup, times: Durations, region: RegionPrices) -> Waiting:
    used = gb_seconds(
        invocations=load.requests, duration_ms=times.waiting_ms, memory_mb=setup.app.memory_mb
    )
    first = region.on(setup.app.architecture).duration[0].price
    return Waiting(ms_of_request=times.waiting_ms, gb_seconds=used, usd=used * first)


def _connections(load: Load, setup: Setup, design: Design, holder: Part) -> Connections:
    at_once, most = {
        Design.DIRECT: (load.queries_of_wave, setup.app_pool_size),
        Design.SINGLE: (Decimal(1), setup.pool_size),
        Design.BATCHED: (round_trips_of_batch(load), setup.pool_size),
    }[design]
    provisioned = min(int(holder.function.provisioned_concurrency), holder.peak.limit)
    return connections(
        setup,
        environments=max(holder.peak.environments, provisioned),
        each_pool=int(min(ceiling(at_once), most)),
        largest_pool=int(most),
        limit=holder.peak.limit,
    )
