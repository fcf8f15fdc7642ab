"""One function of which is known what ran and how long, in the terms of AWS's own examples.

Pure: turns it into what is priced. Of the load model it knows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Final

from motorpool.costs.bill import MB_PER_GB, FunctionUsage, gb_seconds
from motorpool.costs.figures import Figures, about
from motorpool.costs.load import MONTH_HOURS
from motorpool.costs.numbers import EXACT, ceiling
from motorpool.costs.parts import provisioned_seconds
from motorpool.costs.prices import require_architecture

if TYPE_CHECKING:
    from motorpool.costs.prices import Architecture

FREE_STORAGE_MB: Final = Decimal(512)
"""Of /tmp, in every environment."""
FREE_STREAM_MB: Final = Decimal(6)
"""Of each streamed response (AWS Lambda pricing page, mid-2026)."""
LEAST_SNAPSHOT_HOURS: Final = Decimal(3)
"""For which a snapshot of SnapStart is paid at the least (AWS Lambda pricing page, mid-2026)."""
NAME: Final = "function"
"""What the one function is called that has no name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invoiced(Figures):
    """What one function did in a month, in the terms of AWS's examples."""

    invocations: Decimal = field(
        default=Decimal(0),
        metadata=about("invocations that ran on demand", "a month", "none", most=10**18),
    )
    duration_ms: Decimal = field(
        default=Decimal(0),
        metadata=about("billed duration of one of them", "ms", "none", most=900_000),
    )
    memory_mb: Decimal = field(
        default=Decimal(128),
        metadata=about("memory", "MB", "Lambda's own", least=128, most=10_240),
    )
    billed_step_ms: Decimal | None = field(
        default=None,
        metadata=about(
            "step up to which each duration is billed: 100 until November 2020, then 1",
            "ms",
            "as given: a mean of billed durations is no whole number",
            least=1,
            most=1000,
        ),
    )
    init_ms: Decimal = field(
        default=Decimal(0),
        metadata=about("billed init phase of a cold start", "ms", "none", most=900_000),
    )
    cold_share: Decimal = field(
        default=Decimal("0.01"),
        metadata=about(
            "share of invocations that are cold starts; of account only with an init phase",
            "of 1",
            'AWS: "under 1% of invocations"',
            most=1,
        ),
    )
    provisioned_concurrency: Decimal = field(
        default=Decimal(0),
        metadata=about(
            "environments of provisioned concurrency", "environments", "none", most=10**6
        ),
    )
    provisioned_hours: Decimal = field(
        default=MONTH_HOURS,
        metadata=about(
            "hours for which they are kept, paid by five minutes",
            "hours",
            "the whole month",
            most=744,
        ),
    )
    provisioned_invocations: Decimal = field(
        default=Decimal(0),
        metadata=about(
            "invocations that ran on them, beside those on demand", "a month", "none", most=10**18
        ),
    )
    provisioned_duration_ms: Decimal | None = field(
        default=None,
        metadata=about("billed duration of one of those", "ms", "as of the others", most=900_000),
    )
    ephemeral_mb: Decimal = field(
        default=FREE_STORAGE_MB,
        metadata=about(
            "size of /tmp", "MB", "Lambda's own, which is not charged", least=512, most=10_240
        ),
    )
    streamed_gb: Decimal = field(
        default=Decimal(0),
        metadata=about(
            "streamed beyond the first 6 MB of each response", "GB", "none", most=10**15
        ),
    )
    response_mb: Decimal = field(
        default=Decimal(0),
        metadata=about(
            "size of each streamed response, of which 6 MB are free", "MB", "not streamed", most=200
        ),
    )
    egress_gb: Decimal = field(
        default=Decimal(0), metadata=about("sent to the internet", "GB", "none", most=10**15)
    )
    nat_gb: Decimal = field(
        default=Decimal(0),
        metadata=about("through NAT gateways, both ways", "GB", "none", most=10**15),
    )
    nat_hours: Decimal = field(
        default=Decimal(0), metadata=about("NAT gateways × hours", "hours", "none", most=10**9)
    )
    snapstart_hours: Decimal = field(
        default=Decimal(0),
        metadata=about(
            "hours for which a version's snapshot of SnapStart is kept; at least 3 are paid",
            "hours",
            "no snapshot",
            most=744,
        ),
    )
    snapstart_restores: Decimal = field(
        default=Decimal(0),
        metadata=about("environments that SnapStart restores", "environments", "none", most=10**18),
    )
    snapstart_cache_gb_seconds: Decimal = field(
        default=Decimal(0),
        metadata=about("snapshots kept besides", "GB-seconds", "none", most=10**18),
    )
    snapstart_restored_gb: Decimal = field(
        default=Decimal(0),
        metadata=about("snapshots restored besides", "GB", "none", most=10**15),
    )
    name: str = NAME
    architecture: Architecture = "x86_64"

    def __post_init__(self) -> None:
        """Check what Lambda would."""
        Figures.__post_init__(self)
        require_architecture(self.architecture)

    def usage(self) -> FunctionUsage:
        """What is priced of it."""
        with localcontext(EXACT):
            memory_gb = self.memory_mb / MB_PER_GB
            invocations = self.invocations + self.provisioned_invocations
            warm_ms = self._billed_ms(self.duration_ms)
            cold_ms = self._billed_ms(self.duration_ms + self.init_ms)
            on_provisioned_ms = (
                warm_ms
                if self.provisioned_duration_ms is None
                else self._billed_ms(self.provisioned_duration_ms)
            )
            seconds = (
                self.invocations * warm_ms + self.provisioned_invocations * on_provisioned_ms
            ) / 1000
            kept_s = provisioned_seconds(self.provisioned_hours)
            streamed_mb = max(Decimal(0), self.response_mb - FREE_STREAM_MB)
            return FunctionUsage(
                name=self.name,
                architecture=self.architecture,
                requests=self.invocations,
                provisioned_requests=self.provisioned_invocations,
                gb_seconds=gb_seconds(
                    invocations=self.invocations,
                    duration_ms=warm_ms + self.cold_share * (cold_ms - warm_ms),
                    memory_mb=self.memory_mb,
                ),
                provisioned_gb_seconds=self.provisioned_concurrency * memory_gb * kept_s,
                provisioned_duration_gb_seconds=gb_seconds(
                    invocations=self.provisioned_invocations,
                    duration_ms=on_provisioned_ms,
                    memory_mb=self.memory_mb,
                ),
                ephemeral_gb_seconds=(self.ephemeral_mb - FREE_STORAGE_MB) / MB_PER_GB * seconds,
                streamed_gb=self.streamed_gb + invocations * streamed_mb / MB_PER_GB,
                snapstart_cache_gb_seconds=self.snapstart_cache_gb_seconds
                + memory_gb * self._snapshot_s(),
                snapstart_restored_gb=self.snapstart_restored_gb
                + self.snapstart_restores * memory_gb,
                egress_gb=self.egress_gb,
                nat_gb=self.nat_gb,
                nat_hours=self.nat_hours,
            )

    def _billed_ms(self, duration_ms: Decimal) -> Decimal:
        """What is billed for it, by steps if there is a step: an init phase is within the sum."""
        step = self.billed_step_ms
        return duration_ms if step is None else ceiling(duration_ms / step) * step

    def _snapshot_s(self) -> Decimal:
        """For how long a snapshot is paid."""
        if not self.snapstart_hours:
            return Decimal(0)
        return max(self.snapstart_hours, LEAST_SNAPSHOT_HOURS) * 3600
