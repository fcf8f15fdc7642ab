"""What happened, out of what was recorded: counts, durations, sizes. Knows no price.

Percentiles are exact, by the nearest rank, of all values in an array. Sums do not depend on the
order of the lines. Where both ends have recorded the same batches, they are two views of them: the
proxy's side tells what was billed, the client's what its callers asked for and waited.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import fsum, isnan
from typing import TYPE_CHECKING, Final

from motorpool.costs.errors import InputError
from motorpool.costs.numbers import EXACT, Number, decimal
from motorpool.costs.recorded import counts
from motorpool.costs.recorded.spread import Distribution, buckets, spread
from motorpool.costs.setup import VCPU_MB, Setup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorpool.costs.recorded.counts import Billed, View
    from motorpool.costs.recorded.gathering import Usage

_MS_PER_HOUR: Final = 3_600_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """The time that was recorded, from the first begin to the last end; seconds since 1970."""

    first: float | None
    last: float | None
    hours: Decimal | None
    """None: the lines have no times, or they are all of one moment."""
    is_given: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """What happened in the time that was recorded. None: nothing recorded tells."""

    usage: Usage
    setup: Setup
    """How the functions are configured, as far as that is not recorded."""
    view: View
    period: Period
    invocations: int
    """That ran, repeats included; refused (throttled) ones are not among them."""
    batches: int | None
    requests: int | None
    """Of the application: its request scopes, of which the clients have recorded a batch."""
    operations: int | None
    """That were carried, repeats included."""
    deduplicated: int
    """Calls that another's operation answered, by the clients' record."""
    calls_per_invocation: Decimal | None
    """Operations and what they answered besides; of the clients' record if there is one."""
    throttled: int | None
    lost: int
    """Invocations of which the client had no answer: whether they were billed nobody knows."""
    timed_out: int
    failed: int
    refused: int
    """Operations that the proxy's policy refused, or could not read."""
    cold: int | None
    billed_ms: Distribution | None
    billed: tuple[Billed, ...]
    extra_ms: Decimal
    """Billed of init phases, and of snapshots restored, in sum; contained in what is billed."""
    unmeasured: int
    """Invocations of which no duration is known."""
    memory_is_assumed: bool
    wall_ms: Distribution | None
    """From a batch's leaving to its last answer, at the client."""
    waited_ms: Distribution | None
    """From the first call of a batch to its leaving."""
    invoke_ms: Decimal | None
    """What an invocation takes the client beyond what is billed, on average."""
    sizes: Distribution | None
    """Operations of an invocation."""
    buckets: tuple[tuple[str, int], ...]
    """Invocations by their operations: 1, 2, 3 to 4, 5 to 8 and so on."""
    groups: Distribution | None
    """Round trips of an invocation to the database."""
    reasons: Mapping[str, int]
    """Batches by what made them leave."""
    outcomes: Mapping[str, int]
    """Batches by what became of them."""
    most_at_once: float | None
    """Invocations at once at most, by CloudWatch."""
    most_memory_mb: float | None
    """That Lambda has seen an environment use."""
    given_share: Decimal | None
    """Of a processor, that the functions had where they were measured; None: by their memory."""

    @property
    def gb_seconds(self) -> Decimal:
        """Billed, of all memory sizes together."""
        with localcontext(EXACT):
            return sum((each.gb_seconds for each in self.billed), Decimal(0))

    @property
    def billed_total_ms(self) -> int:
        """Billed milliseconds in sum."""
        return sum(each.ms for each in self.billed)

    @property
    def memory_mb(self) -> Decimal:
        """The memory of an invocation; of several sizes the mean by what was billed."""
        if not self.billed_total_ms:
            return self.setup.proxy.memory_mb
        if len(self.billed) == 1:
            return self.billed[0].memory_mb
        with localcontext(EXACT):
            weighed = sum((each.memory_mb * each.ms for each in self.billed), Decimal(0))
            return weighed / self.billed_total_ms

    @property
    def measured(self) -> int:
        """Invocations of which the billed duration is known."""
        return self.invocations - self.unmeasured

    @property
    def warm_ms(self) -> Decimal | None:
        """Billed of an invocation on average, without init phases and restored snapshots."""
        if not self.measured:
            return None
        warm = max(Decimal(0), self.billed_total_ms - self.extra_ms)
        return EXACT.divide(warm, Decimal(self.measured))

    @property
    def cpu_share(self) -> Decimal:
        """How much of a processor an invocation had."""
        return self.share_at(float(self.memory_mb))

    def share_at(self, memory_mb: float) -> Decimal:
        """How much of a processor an invocation of this memory had where it was measured."""
        if self.given_share is not None:
            return self.given_share
        return min(Decimal(1), EXACT.divide(Decimal(str(memory_mb)), VCPU_MB))


def analyse(
    usage: Usage,
    setup: Setup | None = None,
    *,
    period_hours: Number | None = None,
    measured_share: Number | None = None,
) -> Analysis:
    """What happened.

    `setup`: its proxy's memory holds where the lines do not tell; `period_hours`: the time that the
    lines cover, in place of what their times tell; `measured_share`: of a processor, where memory
    did not limit it: 1 on the local Lambda. Raises InputError for hours or a share out of range.
    """
    share = None
    if measured_share is not None:
        share = decimal("measured_share", measured_share, least="0.01", most=1)
    setup = Setup() if setup is None else setup
    view = counts.view_of(usage)
    rows, batches = usage.invocations, usage.batches
    of_view = counts.rows_of(usage, view)
    sizes = counts.sizes_of(usage, view)
    billed, unmeasured = counts.billed(usage, view, setup)
    at_once = [each.most or 0.0 for each in counts.metrics(usage, "ConcurrentExecutions")]
    return Analysis(
        usage=usage,
        setup=setup,
        view=view,
        period=_period(usage, period_hours),
        invocations=counts.invocation_count(usage, view),
        batches=counts.batch_count(usage),
        requests=counts.requests(batches),
        operations=counts.operations(usage, sizes),
        deduplicated=counts.deduplicated(usage),
        calls_per_invocation=counts.calls_per_invocation(usage, sizes),
        throttled=counts.throttled(usage),
        lost=counts.total(batches, "lost"),
        timed_out=counts.total(rows, "timed_out"),
        failed=counts.failed(usage),
        refused=counts.total(rows, "refused"),
        cold=counts.cold(usage, view),
        billed_ms=Distribution.of(of_view.known("billed_ms")),
        billed=billed,
        extra_ms=Decimal(str(round(fsum(of_view.known("extra_ms")), 6))),
        unmeasured=unmeasured,
        memory_is_assumed=counts.memory_is_assumed(usage, view),
        wall_ms=Distribution.of(batches["wall_ms"]),
        waited_ms=Distribution.of(batches["waited_ms"]),
        invoke_ms=counts.invoke_ms(usage, view),
        sizes=spread(sizes),
        buckets=tuple(buckets(sizes)),
        groups=Distribution.of(of_view.known("groups")),
        reasons=counts.by_name(usage, "reason") or counts.reasons_of_counters(usage),
        outcomes=counts.by_name(usage, "outcome"),
        most_at_once=max(at_once, default=None),
        most_memory_mb=counts.most_memory_mb(usage),
        given_share=share,
    )


def _period(usage: Usage, given: Number | None) -> Period:
    moments = [
        *usage.invocations.known("began"),
        *usage.invocations.known("ended"),
        *usage.batches.known("at"),
        *(
            at + wall / 1000
            for at, wall in zip(usage.batches["at"], usage.batches["wall_ms"], strict=True)
            if not isnan(at)
        ),
    ]
    if not moments:
        moments = [
            moment
            for each in usage.metrics
            for moment in (each.first, each.last)
            if moment is not None
        ]
    first, last = min(moments, default=None), max(moments, default=None)
    if given is not None:
        hours = decimal("period", given, most=100_000)
        if not hours:
            raise InputError("period", "must be more than 0 hours, and is 0")
        return Period(first=first, last=last, hours=hours, is_given=True)
    covered = None
    if first is not None and last is not None and round((last - first) * 1000):
        covered = EXACT.divide(Decimal(round((last - first) * 1000)), Decimal(_MS_PER_HOUR))
    return Period(first=first, last=last, hours=covered, is_given=False)
