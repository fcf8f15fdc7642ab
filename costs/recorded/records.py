"""What one entry of recorded usage says, whatever it was read from. Checked before it is made.

Times are in milliseconds, moments in seconds since 1970, sizes in bytes. None: the entry does not
say. Adds nothing up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


_ROUNDED: Final = 0.02
"""Milliseconds that a sum may be off by, of two figures that are told in hundredths."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyBatch:
    """A line of the proxy: one batch that it answered (`motorpool.proxy.usage` says the keys)."""

    at: float | None
    request_id: str | None
    function: str | None
    memory_mb: float | None
    cold: bool
    operations: int
    groups: int
    refused: int
    handler_ms: float
    database_ms: float | None
    cpu_ms: float | None
    init_ms: float | None
    billed_ms: int
    bytes_in: int
    bytes_out: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientBatch:
    """A line of the client: one batch that it sent (`motorpool.client.usage` says the keys)."""

    at: float | None
    client: str
    scope: int | None
    function: str | None
    reason: str
    operations: int
    deduplicated: int
    attempts: int
    throttled: int
    lost: int
    waited_ms: float
    wall_ms: float
    bytes_out: int
    bytes_in: int
    outcome: str
    cold: bool | None
    handler_ms: float | None
    database_ms: float | None
    cpu_ms: float | None
    init_ms: float | None
    groups: int | None
    billed_ms: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """What Lambda reports of an invocation, in a REPORT line, as JSON or in Logs Insights."""

    at: float | None
    """When it was reported, which is when it had ended."""
    request_id: str | None
    function: str | None
    duration_ms: float
    billed_ms: int
    memory_mb: float
    max_memory_mb: float | None
    init_ms: float | None
    restore_ms: float | None = None
    """SnapStart's: of the snapshot; `billed_restore_ms` is what is billed of it."""
    billed_restore_ms: float | None = None
    status: str | None = None
    """`timeout`, `error`, `failure`; None and `success` are the same."""
    error_type: str | None = None

    @property
    def extra_ms(self) -> float:
        """What was billed beside the duration: the init phase, or the restoring of a snapshot.

        Before 2025-08-01 the init phase of managed runtimes was not billed: then the billed
        duration is the duration's own, and this is 0.
        """
        extra = self.billed_restore_ms if self.init_ms is None else self.init_ms
        if extra is None or self.billed_ms < self.duration_ms + extra - _ROUNDED:
            return 0.0
        return extra

    @property
    def is_cold(self) -> bool:
        """Whether it began a new execution environment."""
        return self.init_ms is not None or self.restore_ms is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricSums:
    """One of CloudWatch's metrics of a function, over the time that was asked for."""

    name: str
    """As AWS/Lambda has it: Invocations, Duration, Errors, Throttles, ConcurrentExecutions."""
    total: float | None
    """The sum of its `Sum`s, or of averages times their samples."""
    samples: float | None
    most: float | None
    """The largest `Maximum`."""
    first: float | None
    last: float | None
    """The end of its last period, as far as its timestamps tell how long a period is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CounterSnapshot:
    """What `ProxyClient.counters.snapshot()` gives: totals of one client."""

    operations: int
    sent: int
    deduplicated: int
    invocations: int
    throttled: int
    bytes_sent: int
    bytes_received: int
    flush_reasons: Mapping[str, int] = field(default_factory=dict)
    batch_sizes: Mapping[int, int] = field(default_factory=dict)


Record: TypeAlias = ProxyBatch | ClientBatch | Invocation | MetricSums | CounterSnapshot


def function_name(name: str) -> str:
    """The function's own name, of a name, a partial or a whole ARN, with an alias or without.

    Forms: AWS Lambda API Reference, "Invoke", FunctionName.
    """
    parts = name.split(":")
    if "function" in parts[:-1]:
        return parts[parts.index("function") + 1]
    return parts[0]
