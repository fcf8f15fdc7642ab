"""The plot of connections: what the server counts against requests a second, with its limits.

Shows where a design refuses requests: what it holds there it holds because it serves no more.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from motorpool.costs.command.amounts import count, quantity, times
from motorpool.costs.command.page.axis import Axis, short
from motorpool.costs.command.page.chart import Level, Line, LineChart, Mark, Spot
from motorpool.costs.command.page.line_chart import lines
from motorpool.costs.command.page.question import (
    LABELS,
    MOST_REQUESTS,
    NAMES,
    Question,
    at_equal_ratios,
    decade_above,
    decade_below,
    told,
)
from motorpool.costs.durations import Design
from motorpool.costs.telling import WORTH_SAYING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorpool.costs.command.page.plot import Plot
    from motorpool.costs.model import Estimate

_SAMPLES: Final = 90
_EXACT: Final = 1.01
"""To a hundredth the rate is found from which on requests are refused."""


def connections(question: Question, limits: Mapping[str, int]) -> Plot:
    """Connections at the primary against requests a second at the peak, on logarithmic axes.

    `limits`: what database servers take, by name; those within sight are drawn.
    """
    each_rate = _rate_of_one_request(question)
    rate = float(question.load.requests) * each_rate
    refused_from = {design: _refused_from(question, design, each_rate) for design in NAMES}
    proxied = refused_from[Design.BATCHED] or 1.0
    low = decade_below(min(rate or proxied, proxied) / 10)
    high = min(MOST_REQUESTS * each_rate, decade_above(max(rate, proxied) * 10))
    rates = at_equal_ratios(low, high, _SAMPLES)
    found = {
        design: [(at, _at(question, design, at, each_rate)) for at in rates] for design in NAMES
    }
    asked = question.asked()
    held = [each.connections.primary for points in found.values() for _, each in points]
    least = min((each for each in held if each), default=1)
    ceiling = asked[Design.BATCHED].connections.ceiling
    reserved, pool = asked[Design.BATCHED].parts[-1].peak.limit, int(question.setup.pool_size)
    chart = LineChart(
        x=Axis(title="requests a second, at the peak", is_log=True, least=low, most=high),
        y=Axis(
            title="MongoDB connections",
            is_log=True,
            least=max(1.0, least / 2),
            most=max(100.0, max(held) * 2.0),
        ),
        lines=[
            Line(
                label=LABELS[design],
                look=str(design),
                points=[(at, float(each.connections.primary)) for at, each in points],
                solid_to=refused_from[design],
            )
            for design, points in found.items()
        ],
        mark=Mark(x=rate, label=f"asked: {quantity(float(f'{rate:.2g}'))} a second")
        if rate
        else None,
        spots=[
            Spot(
                x=rate,
                y=float(each.connections.primary),
                label=_label_once(design, asked),
                look=str(design),
            )
            for design, each in asked.items()
            if design is not Design.SINGLE
        ],
        levels=[
            Level(y=float(ceiling), label=f"proxy's limit: {ceiling:,}"),
            *(
                Level(y=float(limit), label=f"{name}: {limit:,}")
                for name, limit in sorted(limits.items(), key=lambda each: each[1])
            ),
        ],
    )
    return lines(
        chart,
        title=_title(rate, asked),
        caption=_caption(question, refused_from, ceiling, reserved, pool),
        alt="MongoDB connections at the primary against requests a second at the peak, both "
        f"logarithmic. {_in_words(found)}",
    )


def _rate_of_one_request(question: Question) -> float:
    """Requests a second at the peak for each request a month."""
    return float(replace(question.load, requests=Decimal(1)).peak_rate())


def _at(question: Question, design: Design, rate: float, each_rate: float) -> Estimate:
    """The estimate of a design at so many requests a second at the peak."""
    return question.ask(design, "requests", min(MOST_REQUESTS, rate / each_rate))


def _refused_from(question: Question, design: Design, each_rate: float) -> float | None:
    """The rate from which on more is refused than is worth saying; None: at no rate it is."""

    def refuses(rate: float) -> bool:
        parts = _at(question, design, rate, each_rate).parts
        return max(part.peak.throttled for part in parts) > WORTH_SAYING

    low, high = each_rate, MOST_REQUESTS * each_rate
    if not refuses(high):
        return None
    while high / low > _EXACT:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if refuses(middle) else (middle, high)
    return high


def _label_once(design: Design, asked: Mapping[Design, Estimate]) -> str:
    """The number beside a point; of designs that have the same, beside the first alone."""
    held = asked[design].connections.primary
    first = next(each for each, found in asked.items() if found.connections.primary == held)
    return f"{held:,}" if first is design else ""


def _title(rate: float, asked: Mapping[Design, Estimate]) -> str:
    batched = asked[Design.BATCHED].connections.primary
    direct = asked[Design.DIRECT].connections.primary
    if not batched and not direct:
        return "At this load the database holds hardly a connection, in any design"
    return (
        f"At the peak of {quantity(float(f'{rate:.2g}'))} requests a second batching holds "
        f"{times(Decimal(batched), 'connections')}, a driver in every function {direct:,}"
    )


def _caption(
    question: Question,
    refused_from: Mapping[Design, float | None],
    ceiling: int,
    reserved: int,
    pool: int,
) -> str:
    refusing = [
        f"{NAMES[design]} from {short(float(f'{rate:.2g}'))}"
        for design in NAMES
        if (rate := refused_from[design]) is not None
    ]
    dotted = (
        f"Dotted, where Lambda refuses more than one in a thousand: {', '.join(refusing)} requests "
        "a second on."
        if refusing
        else ""
    )
    held = (
        f"The proxy's limit: {reserved:,} environments × ({pool} of a pool + 1 heartbeat) = "
        f"{ceiling:,} connections; those of environments that have ended are counted for a while "
        "on top."
    )
    point = told(question.point("connections", "requests", Design.DIRECT))
    return " ".join(part for part in (held, dotted, point) if part)


def _in_words(found: Mapping[Design, list[tuple[float, Estimate]]]) -> str:
    return " ".join(
        f"{LABELS[design].capitalize()}: {count(points[0][1].connections.primary)} at "
        f"{short(float(f'{points[0][0]:.2g}'))} a second, "
        f"{count(points[-1][1].connections.primary)} at "
        f"{short(float(f'{points[-1][0]:.2g}'))}."
        for design, points in found.items()
    )
