"""How an estimate's numbers come about, and what its reader must know: sums and notes, in words.

Computes nothing that is not there already.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from motorpool.costs.bill import MB_PER_GB
from motorpool.costs.durations import Figure, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from motorpool.costs.load import Load
    from motorpool.costs.model import Waiting
    from motorpool.costs.parts import Part
    from motorpool.costs.peaks import Connections
    from motorpool.costs.setup import Setup

WORTH_SAYING: Final = 0.001
"""The part of invocations that are refused from which on it is said: one in a thousand."""


def figures(
    load: Load, parts: Sequence[Part], waiting: Waiting, connections: Connections
) -> Iterable[Figure]:
    """What is billed and what is at once, after the times that it comes from."""
    for part in parts:
        yield from _of_part(load, part)
    yield Figure(
        name="GB-seconds of the application's waiting",
        value=waiting.gb_seconds,
        unit="GB-seconds a month",
        how=f"{plain(load.requests)} requests × {plain(waiting.ms_of_request)} ms / 1000 × its "
        f"memory / {MB_PER_GB}; contained in the application's",
    )
    yield Figure(
        name="MongoDB connections at the primary, at the peak",
        value=Decimal(connections.primary),
        unit="connections",
        how=f"({connections.environments:,} environments + {connections.ended:,} that have ended, "
        f"whose connections still count) × ({connections.each_pool} of the pool + 1 heartbeat)",
    )


def _of_part(load: Load, part: Part) -> Iterable[Figure]:
    per_request = part.invocations / load.requests if load.requests else Decimal(0)
    yield Figure(
        name=f"invocations of the {part.name}",
        value=part.invocations,
        unit="a month",
        how=f"{plain(load.requests)} requests × {plain(per_request)}",
    )
    usage, memory = part.usage, plain(part.function.memory_mb)
    yield Figure(
        name=f"GB-seconds of the {part.name}, on demand",
        value=usage.gb_seconds,
        unit="GB-seconds a month",
        how=f"invocations on demand × ({plain(part.duration_ms)} ms + {plain(load.cold_share)} "
        f"cold × {plain(part.init_ms)} ms of INIT) / 1000 × {memory} MB / {MB_PER_GB}",
    )
    if usage.provisioned_gb_seconds:
        function = part.function
        yield Figure(
            name=f"GB-seconds of the {part.name}, provisioned concurrency",
            value=usage.provisioned_gb_seconds,
            unit="GB-seconds a month",
            how=f"{plain(function.provisioned_concurrency)} environments × "
            f"{plain(function.provisioned_hours)} hours, by five minutes, × {memory} MB / "
            f"{MB_PER_GB}",
        )
        yield Figure(
            name=f"GB-seconds of the {part.name}, run on provisioned concurrency",
            value=usage.provisioned_duration_gb_seconds,
            unit="GB-seconds a month",
            how="invocations that find one of them free (Erlang's B, by the hours of the day) × "
            f"{plain(part.duration_ms)} ms / 1000 × {memory} MB / {MB_PER_GB}",
        )
    peak = part.peak
    yield Figure(
        name=f"{part.name} at once, at the peak",
        value=Decimal(str(round(peak.concurrency, 4))),
        unit="invocations",
        how=f"Little's law: {peak.rate:,.6g} a second × mean duration, INIT included; as "
        f"many as {peak.environments:,} environments while one of them lives, of {peak.limit:,} "
        "allowed",
    )


def notes(load: Load, setup: Setup, parts: Sequence[Part]) -> Iterable[str]:
    """What limits are passed, what was taken for granted, what is not in the sum."""
    for part in parts:
        if part.peak.throttled > WORTH_SAYING:
            yield _throttling(part)
    together = sum(part.peak.environments for part in parts)
    if together > setup.account_concurrency:
        yield (
            f"At the peak the functions want {together:,} environments together; the account has "
            f"{plain(setup.account_concurrency)} for all of its functions"
        )
    if setup.network == "vpc":
        yield "Data between function and database: none charged (same network or peering, assumed)"
    if not load.hourly:
        yield (
            "The load is taken as spread evenly over the day, with bursts of "
            f"{plain(load.peak_factor)} times the mean"
        )
    if setup.batch_ms is None:
        yield (
            "Every query is taken to last its mean. A wave waits for its slowest, and a batch is "
            "billed until then: the duration of a batch that was measured takes its place"
        )
    yield "Not in the sum: the database itself, logs, what calls the application, tax"


def _throttling(part: Part) -> str:
    peak = part.peak
    whose = "account's" if part.function.reserved_concurrency is None else "reserved"
    return (
        f"At the peak {peak.throttled:.1%} of the {part.name}'s invocations are refused (429): "
        f"{peak.rate:,.4g} a second, {peak.concurrency:,.3g} at once, against the {whose} "
        f"concurrency of {peak.limit:,}, with which go ten times as many a second. What is refused "
        "is not billed; the client sends it again, and the waiting for that is not in the sum"
    )
