"""The plots of money: against queries a request, and against requests a month.

Every word and point comes from the model's estimates and break-even points.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from motorpool.costs.break_even import RANGES
from motorpool.costs.command.amounts import count, money, quantity, times, usd
from motorpool.costs.command.page.axis import Axis, short
from motorpool.costs.command.page.chart import Line, LineChart, Mark, Spot
from motorpool.costs.command.page.line_chart import lines
from motorpool.costs.command.page.question import (
    LABELS,
    MOST_REQUESTS,
    NAMES,
    Question,
    at_equal_ratios,
    decade_above,
    decade_below,
    of_load,
    ratio,
    told,
)
from motorpool.costs.durations import Design

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.costs.break_even import What
    from motorpool.costs.command.page.plot import Plot

_SAMPLES: Final = 70
_LEAST_QUERIES_SHOWN: Final = 12
_MOST_QUERIES: Final = 10_000
_OTHERS: Final = (Design.SINGLE, Design.DIRECT)
_CENT: Final = 0.01
_RISING: Final = (1, 1.01, 1.03, 1.1, 1.3)
"""From the end of the free tier on, where a line rises from nothing: times that end."""
_AT_THE_END: Final = 1.05
_FREE: Final = "The free tier pays for all of it here; drawn is what it costs once that is used up."


def against_queries(question: Question) -> Plot:
    """USD a month against queries a request, on linear axes: what grows is seen to grow."""
    load = question.load
    asked = {design: question.usd(design) for design in NAMES}
    is_free = not any(asked.values())
    if is_free:
        question = question.without_free_tier
    drawn = {design: question.usd(design) for design in NAMES}
    # The points were looked for with the free tier.
    crossings = [] if is_free else _crossings(question, "queries")
    most = _queries_shown(float(load.queries), [x for x, _ in crossings])
    values = _whole_values(most, [float(load.queries), *(x for x, _ in crossings)])
    series = {
        design: [(value, question.usd(design, "queries", value)) for value in values]
        for design in NAMES
    }
    chart = LineChart(
        x=Axis(title="queries a request", least=1, most=most),
        y=Axis(title="USD a month", least=0),
        lines=_lines(series),
        mark=Mark(x=float(load.queries), label=f"asked: {quantity(load.queries)}"),
        spots=(*_asked_spots(float(load.queries), drawn), *_crossing_spots(crossings)),
    )
    title = _title_of_queries(question, asked, is_free=is_free)
    costs = ", ".join(f"{NAMES[each]} {usd(Decimal(str(drawn[each])))}" for each in NAMES)
    points = [] if is_free else [told(question.point("money", "queries", each)) for each in _OTHERS]
    return lines(
        chart,
        title=title,
        caption=" ".join(
            [_FREE if is_free else "", f"A month costs at {of_load(load)}: {costs}.", *points]
        ).strip(),
        alt=f"USD a month against queries a request. {_in_words(series, 'queries a request')}",
    )


def against_requests(question: Question) -> Plot:
    """USD a month against requests a month, on logarithmic axes: from the free tier's end on."""
    load = question.load
    ends = {design: _end_of_free_tier(question, design) for design in NAMES}
    known = [end for end in ends.values() if end is not None]
    requests = float(load.requests)
    around = [each for each in (requests, *known) if each > 0] or [1e6]
    low = max(10.0, decade_below(min(around) / 3))
    high = min(MOST_REQUESTS, max(decade_above(max(around) * 30), low * 1e4))
    values = sorted({float(round(each)) for each in at_equal_ratios(low, high, _SAMPLES)})
    series = {}
    for design in NAMES:
        end = ends[design]
        own = values if end is None else [each for each in values if each > end]
        rising = [] if end is None else [end * factor for factor in _RISING]
        series[design] = [
            (value, question.usd(design, "requests", value))
            for value in sorted({*own, *(float(math.ceil(each)) for each in rising)})
        ]
    costs = [usd for points in series.values() for _, usd in points if usd > 0]
    floor = max(_CENT, decade_below(min(costs))) if not known else _CENT
    asked = {design: question.usd(design) for design in NAMES}
    # Where the free tier of one design ends another overtakes it: the lines begin there.
    crossings = [
        (x, y)
        for x, y in _crossings(question, "requests")
        if not known or x > min(known) * _AT_THE_END
    ]
    chart = LineChart(
        x=Axis(title="requests a month", is_log=True, least=low, most=high),
        y=Axis(title="USD a month", is_log=True, least=floor),
        # A line begins on the axis, where what it shows is still nothing.
        lines=_lines(
            {
                design: [(x, max(y, floor) if x == points[0][0] else y) for x, y in points]
                for design, points in series.items()
            }
        ),
        mark=Mark(x=requests, label=f"asked: {short(requests)}") if requests else None,
        spots=(*_asked_spots(requests, asked), *_crossing_spots(crossings)),
    )
    return lines(
        chart,
        title=_title_of_requests(question, ends, asked),
        caption=_caption_of_requests(question, ends),
        alt="USD a month against requests a month, both logarithmic. "
        f"{_in_words(series, 'requests a month')}",
    )


def _lines(series: dict[Design, list[tuple[float, float]]]) -> list[Line]:
    return [
        Line(label=LABELS[design], look=str(design), points=points)
        for design, points in series.items()
    ]


def _asked_spots(x: float, costs: dict[Design, float]) -> list[Spot]:
    """A point on each line, the cost beside it; of two that cost the same, one label."""
    spots: list[Spot] = []
    for design, cost in costs.items():
        label = _amount(cost)
        is_told = any(spot.label == label for spot in spots)
        spots.append(Spot(x=x, y=cost, label="" if is_told else label, look=str(design)))
    return spots


def _crossings(question: Question, figure: What) -> list[tuple[float, float]]:
    """Where another design's line crosses that of batching: the figure's value, and dollars."""
    points = (question.point("money", figure, than) for than in _OTHERS)
    values = [
        float(point.value)
        for point in points
        if point is not None and point.value is not None and not point.is_always
    ]
    return [(value, question.usd(Design.BATCHED, figure, value)) for value in values]


def _crossing_spots(crossings: Sequence[tuple[float, float]]) -> list[Spot]:
    return [Spot(x=x, y=y, label=f"break-even: {short(x)}") for x, y in crossings]


def _queries_shown(asked: float, crossings: Sequence[float]) -> float:
    """Two and a half times what is asked, or more where a crossing is not far beyond."""
    near = [each * 1.3 for each in crossings if each <= 8 * asked]
    wanted = max(_LEAST_QUERIES_SHOWN, 2.5 * asked, *near)
    return float(min(_MOST_QUERIES, math.ceil(wanted)))


def _whole_values(most: float, also: Sequence[float]) -> list[float]:
    step = max(1, round(most / _SAMPLES))
    return sorted(
        {*map(float, range(1, int(most) + 1, step)), most, *(x for x in also if x < most)}
    )


def _end_of_free_tier(question: Question, design: Design) -> float | None:
    """The last number of requests a month that costs nothing; None if the first one costs."""
    if not question.setup.has_free_tier or question.usd(design, "requests", 1) > 0:
        return None
    low, high = 1.0, float(RANGES["requests"][1])
    if question.usd(design, "requests", high) == 0:
        return None
    while high - low > 1:
        middle = float(math.floor((low + high) / 2))
        if question.usd(design, "requests", middle) > 0:
            high = middle
        else:
            low = middle
    return low


def _title_of_queries(question: Question, asked: dict[Design, float], *, is_free: bool) -> str:
    load = question.load
    if is_free:
        if not load.requests:
            return "Without requests there is nothing to pay"
        asked_for = f"{times(load.requests, 'requests')} of {times(load.queries, 'queries')} each"
        return f"The free tier pays for {asked_for}"
    batched, single = asked[Design.BATCHED], asked[Design.SINGLE]
    return (
        f"At {of_load(load)} batching costs {ratio(batched, single)} one query per invocation, "
        f"and {ratio(batched, asked[Design.DIRECT])} a driver in every function"
    )


def _title_of_requests(
    question: Question, ends: dict[Design, float | None], asked: dict[Design, float]
) -> str:
    batched, single = ends[Design.BATCHED], ends[Design.SINGLE]
    if batched and single and _about(batched) == _about(single):
        return (
            "Batching and one query per invocation are free up to "
            f"{_about(batched)} requests a month"
        )
    if batched and single:
        return (
            f"Batching is free up to {_about(batched)} requests a month, one query per invocation "
            f"up to {_about(single)}"
        )
    cheapest = min(NAMES, key=lambda each: asked[each])
    requests = times(question.load.requests, "requests")
    return f"{_capital(NAMES[cheapest])} costs least at {requests} a month"


def _caption_of_requests(question: Question, ends: dict[Design, float | None]) -> str:
    free = [f"{NAMES[each]} at {count(end)}" for each, end in ends.items() if end]
    told_free = f"The free tier ends, in requests a month: {', '.join(free)}." if free else ""
    points = [told(question.point("money", "requests", each)) for each in _OTHERS]
    return " ".join(part for part in (told_free, *points) if part)


def _in_words(series: dict[Design, list[tuple[float, float]]], unit: str) -> str:
    """The ends of every line."""
    return " ".join(
        f"{_capital(LABELS[design])}: from {_amount(points[0][1])} at "
        f"{short(points[0][0])} to {_amount(points[-1][1])} at "
        f"{short(points[-1][0])} {unit}."
        for design, points in series.items()
    )


def _amount(cost: float) -> str:
    """Dollars beside a point: without cents from a thousand on."""
    return count(cost) if cost >= 1000 else money(Decimal(str(cost)))  # noqa: PLR2004 - four digits


def _about(number: float) -> str:
    return count(number) if number < 10_000 else short(float(f"{number:.3g}"))  # noqa: PLR2004 - five digits


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
