"""The designs side by side: which costs what, where the money goes, and the sentences that tell it.

Says plainly when the proxy costs more than it saves: in Lambda's money it usually does, and what
it is paid for is connections. Computes nothing that the estimates have not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from motorpool.costs.bill import bill
from motorpool.costs.command.amounts import (
    count,
    difference,
    money,
    quantity,
    relative,
    share,
    times,
    usd,
)
from motorpool.costs.command.columns import numbers, words
from motorpool.costs.command.document import Table
from motorpool.costs.command.estimate import throttled_at_peak
from motorpool.costs.command.invoice import a_million
from motorpool.costs.durations import Design
from motorpool.costs.parts import APP, PROXY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from motorpool.costs.break_even import BreakEven
    from motorpool.costs.model import Estimate
    from motorpool.costs.prices import RegionPrices


class Designs(NamedTuple):
    """What is compared, and three of them by what they are."""

    all: Sequence[Estimate]
    direct: Estimate
    single: Estimate
    asked: Estimate
    """Batched, at the memory that the proxy was given."""

    @property
    def cheapest(self) -> Estimate:
        """The first of those that cost least."""
        return min(self.all, key=lambda each: each.usd)


def designs_of(estimates: Sequence[Estimate]) -> Designs:
    """The estimates of `compare`, and which of them is what."""
    by_design = {design: [each for each in estimates if each.design is design] for design in Design}
    asked_memory = by_design[Design.SINGLE][0].setup.proxy.memory_mb  # which has the setup's own
    asked = next(
        each for each in by_design[Design.BATCHED] if each.setup.proxy.memory_mb == asked_memory
    )
    return Designs(
        all=estimates,
        direct=by_design[Design.DIRECT][0],
        single=by_design[Design.SINGLE][0],
        asked=asked,
    )


def lead(found: Designs) -> Iterator[str]:
    """The answer in sentences: what it costs, and what it costs more or less than the others."""
    direct, single, asked = found.direct, found.single, found.asked
    load = asked.load
    yield (
        f"{times(load.requests, 'requests')} a month of {times(load.queries, 'queries')} each "
        f"cost {usd(asked.usd)} a month when {asked.label}. The cheapest: {found.cheapest.label}, "
        f"{usd(found.cheapest.usd)}."
    )
    yield f"Against one query per invocation batching {_against(asked, single)}."
    yield f"Against a driver in every function it {_against(asked, direct)}{_connections(found)}."


def _against(asked: Estimate, other: Estimate) -> str:
    """What it costs more or less, and takes longer or less, than another design."""
    more = asked.usd - other.usd
    part = f" ({relative(float(more / other.usd))})" if other.usd else ""
    money_told = (
        "costs the same"
        if not more
        else f"{'costs' if more > 0 else 'saves'} {usd(abs(more))} a month"
        f"{' more' if more > 0 else ''}{part}"
    )
    longer = asked.parts[0].duration_ms - other.parts[0].duration_ms
    if not longer:
        return f"{money_told}, and a request takes as long"
    return (
        f"{money_told}, and a request takes {quantity(abs(longer))} ms "
        f"{'longer' if longer > 0 else 'less'}"
    )


def _connections(found: Designs) -> str:
    """What the proxy is paid for, if it is: connections at the primary."""
    ours, theirs = found.asked.connections.primary, found.direct.connections.primary
    is_dearer = found.asked.usd > found.direct.usd
    if ours < theirs:
        paid = "; what that pays for is connections" if is_dearer else ", and connections"
        return f"{paid}: {ours:,} at the primary at the peak instead of {theirs:,}"
    if ours == theirs:
        return f", and takes as many connections: {ours:,} at the primary at the peak"
    return f", and takes more connections at this load: {ours:,} at the primary, not {theirs:,}"


def designs_table(found: Designs) -> Table:
    """What each design comes to."""
    return Table(
        key="designs",
        title="The designs",
        columns=(
            words("design"),
            numbers("USD a month"),
            numbers("more than a driver"),
            numbers("a request, ms"),
            numbers("invocations a month"),
            numbers("connections, peak"),
        ),
        rows=tuple(
            (
                each.label,
                money(each.usd),
                "" if each is found.direct else difference(each.usd - found.direct.usd),
                quantity(each.parts[0].duration_ms),
                count(each.invocations),
                f"{each.connections.primary:,}",
            )
            for each in found.all
        ),
        emphasis=_asked_row(found),
        note="Connections are those at the primary, heartbeats with them.",
    )


def money_table(found: Designs, region: RegionPrices) -> Table:
    """Which function each design's money goes to."""
    return Table(
        key="money",
        title="Where the money goes, USD a month",
        columns=(
            words("design"),
            numbers("application"),
            numbers("proxy"),
            numbers("without free tier"),
            numbers("of it for waiting"),
            numbers("a million requests"),
        ),
        rows=tuple(
            (
                each.label,
                money(each.bill.usd_of(APP)),
                money(each.bill.usd_of(PROXY)) if each.part(PROXY) else "",
                money(without_free_tier(each, region)),
                money(each.waiting.usd),
                money(a_million(each.usd, each.load.requests)),
            )
            for each in found.all
        ),
        emphasis=_asked_row(found),
        note="Waiting is the application's for answers, at the first tier's price.",
    )


def peak_table(found: Designs) -> Table:
    """Environments and connections at the peak."""
    return Table(
        key="peak",
        title="The busiest moment",
        columns=(
            words("design"),
            numbers("environments with connections"),
            numbers("connections at the primary"),
            numbers("at most"),
            numbers("at all servers"),
            numbers("refused"),
        ),
        rows=tuple(
            (
                each.label,
                f"{each.connections.environments:,}",
                f"{each.connections.primary:,}",
                f"{each.connections.ceiling:,}",
                f"{each.connections.all_servers:,}",
                share(throttled_at_peak(each)),
            )
            for each in found.all
        ),
        emphasis=_asked_row(found),
    )


def break_even_table(points: Sequence[BreakEven]) -> Table:
    """From where on batching pays, a sentence each."""
    return Table(
        key="break_even",
        title="From where on it pays, all else as given",
        columns=(words("break-even"),),
        rows=tuple((point.sentence,) for point in points),
    )


def _asked_row(found: Designs) -> int:
    return found.all.index(found.asked)


def without_free_tier(found: Estimate, region: RegionPrices) -> Decimal:
    """Dollars a month of the same usage, where other functions use the free tier up."""
    return bill([part.usage for part in found.parts], region, None).usd


def notes(found: Designs) -> Iterator[str]:
    """Each note once; what holds for some of the designs says for which.

    Of the sizes of the proxy that which was asked about stands for all.
    """
    labels: dict[str, list[str]] = {}
    for each in (found.direct, found.single, found.asked):
        for note in each.notes:
            labels.setdefault(note, []).append(each.label)
    everywhere = max((len(of) for of in labels.values()), default=0)
    for note, of in labels.items():
        yield note if len(of) == everywhere else f"{'; '.join(of)}: {note}"
