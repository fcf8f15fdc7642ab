"""The plot of memory: what each size of the proxy costs, in parts, and how long a request takes.

Sorts the bill's lines into parts; their sum is the bill.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from motorpool.costs.command.amounts import money, quantity, usd
from motorpool.costs.command.page.bar_chart import BarChart, Beside, Row, bars
from motorpool.costs.durations import Design
from motorpool.costs.model import compare
from motorpool.costs.parts import APP, PROXY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.costs.command.page.plot import Plot
    from motorpool.costs.command.page.question import Question
    from motorpool.costs.model import Estimate

PARTS: Final = (
    "requests",
    "proxy's time",
    "app's waiting",
    "app's own time",
    "the rest",
)
_DURATION: Final = "duration"
_SAME: Final = 1.005
"""Bars whose largest is at most so many times the smallest are as good as equal."""


def by_memory(question: Question) -> Plot:
    """USD a month by the proxy's memory, in parts, and beside it the duration of a request."""
    found = _batched(question)
    costs = [float(each.usd) for each in found]
    is_same = question.setup.has_free_tier and max(costs) <= min(costs) * _SAME
    drawn = _batched(question.without_free_tier) if is_same else found
    split = [parts_of(each) for each in drawn]
    # A part that no bar has needs no key.
    kept = [number for number in range(len(PARTS)) if any(parts[number] for parts in split)]
    asked = question.setup.proxy.memory_mb
    chart = BarChart(
        title="USD a month, without the free tier" if is_same else "USD a month",
        rows=[
            Row(
                label=_memory(each),
                values=[float(parts[number]) if number in kept else 0.0 for number in range(5)],
                is_asked=each.setup.proxy.memory_mb == asked,
            )
            for each, parts in zip(drawn, split, strict=True)
        ],
        parts=PARTS[: kept[-1] + 1] if kept else PARTS[:1],
        tell=lambda cost: money(Decimal(str(cost))),
        beside=Beside(
            title="ms a request",
            values=[float(each.parts[0].duration_ms) for each in drawn],
            tell=quantity,
        ),
    )
    return bars(
        chart,
        title=_title(found, is_same=is_same),
        caption=_caption(found, drawn, is_same=is_same),
        alt="USD a month by the proxy's memory. "
        + " ".join(
            f"{_memory(each)}: {money(each.usd)}, of which "
            + ", ".join(f"{PARTS[number]} {money(parts[number])}" for number in kept)
            + f"; a request takes {quantity(each.parts[0].duration_ms)} ms."
            for each, parts in zip(drawn, split, strict=True)
        ),
    )


def parts_of(found: Estimate) -> tuple[Decimal, ...]:
    """The bill in the order of `PARTS`, in dollars; their sum is `found.usd` to ten digits.

    The application's duration is divided between its waiting and its own time as its billed
    milliseconds are, INIT with its own.
    """
    requests = sum((line.usd for line in found.bill.lines if line.what == "requests"), Decimal(0))
    duration = {APP: Decimal(0), PROXY: Decimal(0)}
    for line in found.bill.lines:
        if line.what == _DURATION and line.quantity:
            for name, used in line.by_function:
                duration[name] += line.usd * used / line.quantity
    application = found.part(APP)
    waited = found.waiting.gb_seconds
    billed = Decimal(0)
    if application is not None:
        billed = application.usage.gb_seconds + application.usage.provisioned_duration_gb_seconds
    waiting = duration[APP] * min(Decimal(1), waited / billed) if billed else Decimal(0)
    rest = found.usd - requests - duration[PROXY] - duration[APP]
    return requests, duration[PROXY], waiting, duration[APP] - waiting, max(Decimal(0), rest)


def _batched(question: Question) -> list[Estimate]:
    every = compare(question.load, question.setup, question.prices)
    return [each for each in every if each.design is Design.BATCHED]


def _memory(found: Estimate) -> str:
    return f"{quantity(found.setup.proxy.memory_mb)} MB"


def _title(found: Sequence[Estimate], *, is_same: bool) -> str:
    fastest = min(found, key=lambda each: each.parts[0].duration_ms)
    if is_same:
        cost = "nothing" if not found[0].usd else f"the same {usd(found[0].usd)} a month"
        return (
            f"Within the free tier every memory size of the proxy costs {cost}; "
            f"{_memory(fastest)} answers fastest"
        )
    cheapest = min(found, key=lambda each: each.usd)
    return (
        f"{_memory(cheapest)} costs least, {usd(cheapest.usd)} a month, and a request takes "
        f"{quantity(cheapest.parts[0].duration_ms)} ms"
    )


def _caption(found: Sequence[Estimate], drawn: Sequence[Estimate], *, is_same: bool) -> str:
    fastest = min(found, key=lambda each: each.parts[0].duration_ms)
    told = (
        f"Fastest is {_memory(fastest)}, at {quantity(fastest.parts[0].duration_ms)} ms. "
        "The application pays for its waiting, which a faster proxy shortens."
    )
    if is_same:
        cheapest = min(drawn, key=lambda each: each.usd)
        told = (
            "Drawn is what it costs once other functions use the free tier up: then "
            f"{_memory(cheapest)} costs least. {told}"
        )
    return told
