"""The load and the setup that a recorded time amounts to, so that an estimate can be set beside it.

What was measured takes the place of what the model would assume; what was not recorded stays
assumed. Prices nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.load import HOURS_OF_A_DAY, Load
from motorpool.costs.numbers import EXACT, Number, ceiling, decimal
from motorpool.costs.recorded import counts
from motorpool.costs.recorded.month import Scale, invoke_ms, query_ms, scale, single_ms

if TYPE_CHECKING:
    from motorpool.costs.recorded.analysis import Analysis
    from motorpool.costs.setup import Setup

LEAST_MEMORY_MB: Final = Decimal(128)
MOST_MEMORY_MB: Final = Decimal(10_240)
MOST_INIT_MS: Final = Decimal(10_000)
MOST_INVOKE_MS: Final = Decimal(60_000)
MOST_MS: Final = Decimal(900_000)
MOST_QUERIES: Final = Decimal(10_000)
MOST_BYTES: Final = Decimal(48_000_000)
_SIX_PLACES: Final = Decimal("0.000001")


def to_load(
    analysis: Analysis,
    *,
    to: Scale | None = None,
    requests: Number | None = None,
    queries: Number | None = None,
) -> tuple[Load, Setup]:
    """A month's load and the setup whose estimate is of what was recorded.

    `to`: how to come to a month (by the time that was recorded, and as it is where that is not
    known); `requests`, `queries`: of the application in the time that was recorded, and of one of
    them, where no client has recorded them. Where nothing tells, each invocation is a request. With
    the durations that come with it (`batch_ms`, `single_ms`, `proxy_init_ms`, `cold_share`) the
    batched estimate has the invocations and the GB-seconds of the proxy that were recorded; with
    `batch_ms=None` in its place it has those of the model.
    """
    if to is None:
        to = scale(analysis) or Scale(factor=Decimal(1), how="as it was recorded")
    invocations = Decimal(analysis.invocations)
    with localcontext(EXACT):
        served = _requests(analysis, requests)
        waves = max(Decimal(1), min(MOST_QUERIES, invocations / served)) if served else Decimal(1)
        asked = _queries(analysis, waves, queries)
        load = Load(
            requests=served * to.factor,
            queries=asked,
            waves=min(waves, asked),
            cold_share=_cold_share(analysis),
            hourly=_hourly(analysis),
            **_measured(analysis, asked / min(waves, asked)),
        )
    return load, _setup(analysis)


def _requests(analysis: Analysis, given: Number | None) -> Decimal:
    """Requests that were recorded; never more than invocations, of which each has one at least."""
    known = Decimal(analysis.requests or analysis.invocations)
    if given is not None:
        known = decimal("requests", given, least="0.000001", most=10**15)
    return min(known, Decimal(analysis.invocations)) if analysis.invocations else known


def _queries(analysis: Analysis, waves: Decimal, given: Number | None) -> Decimal:
    if given is not None:
        asked = decimal("queries", given, least=1, most=MOST_QUERIES)
    else:
        asked = waves * (analysis.calls_per_invocation or Decimal(1))
    return min(MOST_QUERIES, max(waves, asked))


def _cold_share(analysis: Analysis) -> Decimal:
    if not analysis.cold or not analysis.measured:
        return Decimal(0)
    return min(Decimal(1), Decimal(analysis.cold) / analysis.measured)


def _measured(analysis: Analysis, queries_of_wave: Decimal) -> dict[str, Any]:
    """The figures of a load that were measured, within the ranges that a load takes."""
    figures: dict[str, Any] = {}
    if (wait := query_ms(analysis)) is not None:
        figures["query_ms"] = min(MOST_MS, wait)
    if analysis.groups is not None:
        trips = Decimal(str(round(analysis.groups.mean, 6)))
        figures["round_trips"] = min(max(Decimal(1), trips), queries_of_wave)
    rows = counts.rows_of(analysis.usage, analysis.view)
    operations = counts.total(rows, "operations")
    if operations:
        for figure, into, out in (
            ("request_bytes", "bytes_in", "bytes_out"),
            ("response_bytes", "bytes_out", "bytes_in"),
        ):
            name = into if analysis.view is counts.View.INVOCATIONS else out
            sent = Decimal(counts.total(rows, name)) / operations
            figures[figure] = min(MOST_BYTES, sent.quantize(_SIX_PLACES))
    return figures


def _hourly(analysis: Analysis) -> tuple[Decimal, ...]:
    """Invocations in each hour of a day (UTC), where a whole day was recorded at least."""
    hours = analysis.period.hours
    if hours is None or hours < HOURS_OF_A_DAY or analysis.period.is_given:
        return ()
    is_proxy = analysis.view is counts.View.INVOCATIONS
    rows = counts.rows_of(analysis.usage, analysis.view)
    counted = [0] * HOURS_OF_A_DAY
    for moment in rows["began" if is_proxy else "at"]:
        if not isnan(moment):
            counted[datetime.fromtimestamp(moment, UTC).hour] += 1
    return tuple(Decimal(each) for each in counted) if any(counted) else ()


def _setup(analysis: Analysis) -> Setup:
    """The setup, with the durations that were measured.

    Of several memories it has one, their mean in whole MB, and the durations are such that the
    GB-seconds are what they were.
    """
    setup = analysis.setup
    with localcontext(EXACT):
        memory = min(MOST_MEMORY_MB, max(LEAST_MEMORY_MB, ceiling(analysis.memory_mb)))
        as_if = analysis.memory_mb / memory
        changes: dict[str, Any] = {
            "proxy": replace(setup.proxy, memory_mb=memory),
            "invoke_ms": min(MOST_INVOKE_MS, invoke_ms(analysis)),
        }
        if analysis.measured:
            billed = analysis.billed_total_ms * as_if
            inits = Decimal(0)
            if analysis.cold:
                init = min(MOST_INIT_MS, analysis.extra_ms * as_if / analysis.cold)
                changes["proxy_init_ms"] = init
                inits = min(init * analysis.cold, billed)
            changes["batch_ms"] = min(MOST_MS, (billed - inits) / analysis.measured)
            alone, how = single_ms(analysis)
            if how.startswith("measured"):
                changes["single_ms"] = min(MOST_MS, alone * as_if)
    return replace(setup, **changes)
