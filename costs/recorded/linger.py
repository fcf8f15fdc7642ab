"""What a longer linger would have made of the recorded batches.

Asks their recorded times again, one by one, and changes nothing else: what that leaves out is said
where it is left out. Prices are the first tier's, as if nothing were free: they are differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import fsum, isnan
from typing import TYPE_CHECKING, Final

from motorpool.costs.bill import gb_seconds
from motorpool.costs.numbers import EXACT
from motorpool.costs.recorded import counts
from motorpool.costs.recorded.month import waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from motorpool.costs.prices import PriceTable
    from motorpool.costs.recorded.analysis import Analysis
    from motorpool.costs.recorded.month import Month

LINGERS_MS: Final = (1, 2, 5, 10, 20, 50)
CLOCK_MS: Final = 1.0
"""Lines tell when a batch left to the millisecond, cut off."""
DO_NOT_LINGER: Final = frozenset({"operations", "size", "explicit", "drain"})
"""Reasons of batches that leave at once whatever the linger is: they are full, or were told to."""
_PLACES: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Lingering:
    """What a linger of so many milliseconds would change in a month."""

    linger_ms: Decimal
    batches: int
    """Recorded that would be left."""
    saved: int
    """Recorded that would have travelled with an earlier one."""
    saved_a_month: Decimal
    usd: Decimal
    """Saved of the proxy's bill: requests, and the time that two invocations take and one does not.
    """
    waiting_ms: Decimal
    """Added in a month."""
    waiting_usd: Decimal

    @property
    def net_usd(self) -> Decimal:
        """Saved in all; below zero where the waiting costs more."""
        return EXACT.subtract(self.usd, self.waiting_usd)


@dataclass(frozen=True, slots=True)
class _Held:
    """A batch that a linger would hold, in milliseconds since 1970."""

    opened: float
    left: float
    ended: float
    wall: float
    billed: float
    cpu: float


def lingering(
    analysis: Analysis,
    prices: PriceTable,
    batched: Month,
    lingers_ms: Sequence[int | float | str] = LINGERS_MS,
) -> tuple[Lingering, ...]:
    """What each linger would change; () without lines of the client that tell when batches left.

    A batch joins an earlier one of the same client and request scope if it was begun while that
    one would still have been held, and if it was begun before any of those it would travel with
    was answered: else it may have been asked for because of that answer. The rest is taken to keep
    its times, although a wave that comes later makes the next one come later. Two that travel
    together are billed the longer's time and the other's processor time.
    """
    groups = list(_held(analysis))
    if not groups:
        return ()
    others = len(analysis.usage.batches) - sum(map(len, groups))
    with localcontext(EXACT):
        return tuple(
            _lingered(analysis, prices, batched, groups, others, Decimal(str(linger)))
            for linger in lingers_ms
        )


def _lingered(  # noqa: PLR0913, PLR0917 - all of it for one row
    analysis: Analysis,
    prices: PriceTable,
    batched: Month,
    groups: list[list[_Held]],
    others: int,
    linger: Decimal,
) -> Lingering:
    bins, added, spared = 0, [], []
    share = float(analysis.cpu_share)
    for group in groups:
        for together in travelling(group, float(linger)):
            bins += 1
            added.append(_added(together, float(linger)))
            spared.append(_spared(together, share))
    region = prices.region(analysis.setup.region)
    # What the recorded clients would save, as a part of all that the proxy served.
    ran = counts.ran(analysis.usage.batches)
    scale = batched.scale.factor * analysis.invocations / ran if ran else Decimal(0)
    saved = sum(map(len, groups)) - bins
    waited = waiting(_exact(fsum(added)) * scale, analysis.setup.app, region)
    used = gb_seconds(
        invocations=1,
        duration_ms=_exact(fsum(spared)) * scale,
        memory_mb=analysis.memory_mb,
    )
    price = region.on(analysis.setup.proxy.architecture).duration[0].price
    return Lingering(
        linger_ms=linger,
        batches=bins + others,
        saved=saved,
        saved_a_month=saved * scale,
        usd=saved * scale * region.request + used * price,
        waiting_ms=waited.ms,
        waiting_usd=waited.usd,
    )


def _held(analysis: Analysis) -> Iterable[list[_Held]]:
    """The batches that a linger would hold, by client and scope, each in order of their begin."""
    batches = analysis.usage.batches
    at_once = {number for number, name in enumerate(analysis.usage.names) if name in DO_NOT_LINGER}
    groups: dict[tuple[float, float], list[_Held]] = {}
    for row, at in enumerate(batches["at"]):
        if isnan(at) or batches["reason"][row] in at_once:
            continue
        scope = batches["scope"][row]
        left, wall = at * 1000, batches["wall_ms"][row]
        held = _Held(
            opened=left - batches["waited_ms"][row],
            left=left,
            ended=left + wall,
            wall=wall,
            billed=batches["billed_ms"][row],
            cpu=batches["cpu_ms"][row],
        )
        groups.setdefault((batches["client"][row], -1.0 if isnan(scope) else scope), []).append(
            held
        )
    for group in groups.values():
        yield sorted(group, key=lambda held: (held.opened, held.left, held.ended))


def travelling(group: Sequence[_Held], linger_ms: float) -> Iterator[list[_Held]]:
    """Those that would have travelled together: as many as may, the earliest first.

    What may travel together still may when one is left out, so that taking the earliest first
    makes the fewest invocations, and a longer linger never more.
    """
    together: list[_Held] = []
    answered = 0.0
    for held in group:
        if together and (
            held.opened > together[0].opened + linger_ms or held.opened >= answered - CLOCK_MS
        ):
            yield together
            together = []
        answered = min(answered, held.ended) if together else held.ended
        together.append(held)
    if together:
        yield together


def _added(together: list[_Held], linger_ms: float) -> float:
    """By how much the last answer comes later."""
    leaves = max(together[0].opened + linger_ms, together[0].left)
    ends = leaves + max(held.wall for held in together)
    return max(0.0, ends - max(held.ended for held in together))


def _spared(together: list[_Held], share: float) -> float:
    """Billed milliseconds that are not billed any more."""
    told = [held for held in together if not isnan(held.billed)]
    if len(told) < 2:  # noqa: PLR2004 - nothing travels with another
        return 0.0
    longest = max(told, key=lambda held: (held.billed, -held.cpu if held.cpu == held.cpu else 0.0))
    return fsum(
        max(0.0, held.billed - (0.0 if isnan(held.cpu) else held.cpu / share))
        for held in told
        if held is not longest
    )


def _exact(ms: float) -> Decimal:
    return Decimal(str(round(ms, _PLACES)))
