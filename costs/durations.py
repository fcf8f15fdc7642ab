"""How long things take: an invocation of one query, of a batch, a request of the application.

Milliseconds, from the figures of a load and a setup; a duration that was measured and given takes
the place of one that would be computed. Every result keeps the sum it comes from, as words.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from motorpool.batching.bounds import Bounds
from motorpool.batching.limits import LAMBDA_RESPONSE_BYTES
from motorpool.costs.numbers import EXACT, ceiling

if TYPE_CHECKING:
    from motorpool.costs.load import Load
    from motorpool.costs.setup import Setup

BOUNDS: Final = Bounds()
"""What a client puts in one batch unless it is told otherwise."""


class Design(StrEnum):
    """How an application reaches its database."""

    DIRECT = "direct"
    """A driver in every environment of the application."""
    SINGLE = "single"
    """A proxy, and an invocation of it for each query: the seed, of 2020."""
    BATCHED = "batched"
    """A proxy, and an invocation of it for each wave: motorpool."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A number of an estimate and where it comes from: `how` is its sum, in words and numbers."""

    name: str
    value: Decimal
    unit: str
    how: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Durations:
    """The times of one design, in milliseconds, and how often a request invokes the proxy."""

    invocations: Decimal
    """Of the proxy, a request."""
    proxy_ms: Decimal
    """Billed of a warm one of them."""
    waiting_ms: Decimal
    """What a request waits for answers."""
    app_ms: Decimal
    """Billed of the application's own invocation, warm, the waiting included."""
    figures: tuple[Figure, ...]


def durations(design: Design, load: Load, setup: Setup) -> Durations:
    """The times of a request in one design, on average."""
    with localcontext(EXACT):
        return {
            Design.DIRECT: _direct,
            Design.SINGLE: _single,
            Design.BATCHED: _batched,
        }[design](load, setup)


def batches_of_wave(load: Load) -> Decimal:
    """Invocations that a wave takes: one, or more where one cannot hold its operations.

    Never more than the wave has queries.
    """
    with localcontext(EXACT):
        queries = load.queries_of_wave
        least = max(
            queries / BOUNDS.batch_operations,
            queries * load.request_bytes / BOUNDS.batch_bytes,
            # What travels in JSON as base64 is a third longer.
            queries * load.response_bytes * 4 / (3 * LAMBDA_RESPONSE_BYTES),
        )
        return max(Decimal(1), min(ceiling(least), queries))


def round_trips(load: Load) -> Decimal:
    """Round trips to the database that a wave takes in the proxy, as it is said of it."""
    return load.queries_of_wave if load.round_trips is None else load.round_trips


def round_trips_of_batch(load: Load) -> Decimal:
    """Round trips to the database that one batch takes in the proxy, at least one.

    What was said to go together goes together within a batch alone: where a wave has several, each
    makes its own.
    """
    return max(Decimal(1), EXACT.divide(round_trips(load), batches_of_wave(load)))


def _direct(load: Load, setup: Setup) -> Durations:
    """Every wave goes to the database at once, over as many connections as it has queries."""
    rounds = ceiling(load.queries_of_wave / setup.app_pool_size)
    waiting = load.waves * rounds * load.query_ms
    cpu = load.queries * setup.round_trip_cpu_ms / setup.app.cpu_share
    return Durations(
        invocations=Decimal(0),
        proxy_ms=Decimal(0),
        waiting_ms=waiting,
        app_ms=ceiling(load.app_ms + waiting + cpu),
        figures=(
            Figure(
                name="waiting of a request",
                value=waiting,
                unit="ms",
                how=f"{plain(load.waves)} waves × {rounds} round trips after each other × "
                f"{plain(load.query_ms)} ms",
            ),
            Figure(
                name="billed duration of a request",
                value=ceiling(load.app_ms + waiting + cpu),
                unit="ms",
                how=f"{plain(load.app_ms)} of its own + {plain(waiting)} waiting + "
                f"{plain(load.queries)} queries × {plain(setup.round_trip_cpu_ms)} ms of "
                f"processor / {plain(setup.app.cpu_share)} of one, rounded up to 1 ms",
            ),
        ),
    )


def _single(load: Load, setup: Setup) -> Durations:
    """Every query is an invocation; those of a wave run at the same time."""
    share = setup.proxy.cpu_share
    if setup.single_ms is not None:
        proxy, how = setup.single_ms, "given"
    else:
        cpu = (setup.batch_cpu_ms + setup.round_trip_cpu_ms) / share
        proxy = ceiling(load.query_ms + cpu)
        how = (
            f"{plain(load.query_ms)} ms of the database + ({plain(setup.batch_cpu_ms)} + "
            f"{plain(setup.round_trip_cpu_ms)}) ms of processor / {plain(share)} of one, "
            "rounded up to 1 ms"
        )
    return _through_the_proxy(load, setup, invocations=load.queries, proxy=(proxy, how))


def _batched(load: Load, setup: Setup) -> Durations:
    """Every wave is a batch, whose operations share the pool of one environment."""
    share, batches = setup.proxy.cpu_share, batches_of_wave(load)
    if setup.batch_ms is not None:
        proxy, how = setup.batch_ms, "given"
    else:
        queries, trips = load.queries_of_wave / batches, round_trips_of_batch(load)
        rounds = ceiling(trips / setup.pool_size)
        cpu = (
            setup.batch_cpu_ms
            + trips * setup.round_trip_cpu_ms
            + max(Decimal(0), queries - trips) * setup.fused_cpu_ms
        )
        proxy = ceiling(rounds * load.query_ms + cpu / share)
        how = (
            f"{rounds} round trips after each other × {plain(load.query_ms)} ms "
            f"({plain(queries)} queries in {plain(trips)} round trips over "
            f"{plain(setup.pool_size)} connections) + {plain(cpu)} ms of processor / "
            f"{plain(share)} of one, rounded up to 1 ms"
        )
    return _through_the_proxy(load, setup, invocations=load.waves * batches, proxy=(proxy, how))


def _through_the_proxy(
    load: Load, setup: Setup, *, invocations: Decimal, proxy: tuple[Decimal, str]
) -> Durations:
    proxy_ms, how = proxy
    cold = load.cold_share * setup.proxy_init_ms
    waiting = load.waves * (setup.invoke_ms + proxy_ms + cold)
    cpu = invocations * setup.invoke_cpu_ms / setup.app.cpu_share
    return Durations(
        invocations=invocations,
        proxy_ms=proxy_ms,
        waiting_ms=waiting,
        app_ms=ceiling(load.app_ms + waiting + cpu),
        figures=(
            Figure(
                name="invocations of the proxy, a request",
                value=invocations,
                unit="invocations",
                how=(
                    f"{plain(load.waves)} waves × {plain(invocations / load.waves)} batches"
                    if invocations != load.queries
                    else f"{plain(load.queries)} queries"
                ),
            ),
            Figure(name="billed duration of the proxy, warm", value=proxy_ms, unit="ms", how=how),
            Figure(
                name="waiting of a request",
                value=waiting,
                unit="ms",
                how=f"{plain(load.waves)} waves × ({plain(setup.invoke_ms)} ms to invoke + "
                f"{plain(proxy_ms)} + {plain(load.cold_share)} cold × "
                f"{plain(setup.proxy_init_ms)} ms)",
            ),
            Figure(
                name="billed duration of a request",
                value=ceiling(load.app_ms + waiting + cpu),
                unit="ms",
                how=f"{plain(load.app_ms)} of its own + {plain(waiting)} waiting + "
                f"{plain(invocations)} invocations × {plain(setup.invoke_cpu_ms)} ms of "
                f"processor / {plain(setup.app.cpu_share)} of one, rounded up to 1 ms",
            ),
        ),
    )


def plain(number: Decimal) -> str:
    """A number in a sum, to six digits."""
    return f"{number:.6g}" if number != number.to_integral_value() else f"{number:,.0f}"
