"""From where on the proxy pays, and in what: the points at which one design overtakes another.

Asks the model again and again with one figure changed; assumes only that whoever has overtaken may
fall back, so the last crossing in the range is the one that counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from motorpool.costs.durations import Design
from motorpool.costs.model import estimate
from motorpool.costs.numbers import EXACT
from motorpool.costs.parts import PROXY
from motorpool.costs.telling import WORTH_SAYING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from motorpool.costs.load import Load
    from motorpool.costs.model import Estimate
    from motorpool.costs.prices import PriceTable
    from motorpool.costs.setup import Setup

What = Literal["queries", "requests", "query_ms"]
POINTS: Final = 120
"""Points of a range that are tried before the crossing is narrowed down."""
RANGES: Final[Mapping[What, tuple[Decimal, Decimal]]] = {
    "queries": (Decimal(1), Decimal(500)),
    "requests": (Decimal(1000), Decimal(10) ** 11),
    "query_ms": (Decimal("0.1"), Decimal(10_000)),
}
"""Where break-even points are looked for."""
_THREE_DIGITS: Final = Context(prec=3)
"""In which a number of milliseconds is told; the others are whole numbers."""
UNITS: Final[Mapping[What, str]] = {
    "queries": "queries a request",
    "requests": "requests a month",
    "query_ms": "ms a query",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakEven:
    """From which value of one figure on `better` beats `than`, all else as it was given."""

    better: str
    than: str
    in_what: Literal["money", "connections"]
    figure: What
    value: Decimal | None
    """None: at no value in the range, or not for good."""
    is_always: bool
    """Already at the least value of the range."""
    range: tuple[Decimal, Decimal]
    note: str = ""
    is_passing: bool = False
    """At some values in the range, but no longer at its end; `value` is None then."""

    @property
    def sentence(self) -> str:
        """As one says it."""
        least, most = self.range
        unit = UNITS[self.figure]
        subject = f"{self.better} beats {self.than} in {self.in_what}"
        if self.is_passing:
            told = f"{subject} at some numbers of {unit}, but not up to {most:,f}"
        elif self.value is None:
            told = f"{subject} at no number of {unit} up to {most:,f}"
        elif self.is_always:
            told = f"{subject} at every number of {unit} from {least:,f} on"
        else:
            told = f"{subject} from {self.value:,f} {unit} on"
        return f"{told}{f' ({self.note})' if self.note else ''}"


def break_even_points(
    load: Load, setup: Setup, prices: PriceTable, *, connection_limits: Mapping[str, int]
) -> tuple[BreakEven, ...]:
    """Where batching begins to pay, against one query per invocation and against a driver each.

    `connection_limits`: what database servers take, by the name of the size (Atlas's M10 and so
    on): for each, from how many requests a month on a driver in every function opens more.
    """
    asked = {figure: _Asked(figure, load, setup, prices) for figure in RANGES}
    return (
        *(
            _in_money(asked[figure], other)
            for other in (Design.SINGLE, Design.DIRECT)
            for figure in RANGES
        ),
        _in_connections(asked["queries"]),
        _in_connections(asked["requests"]),
        *(_past_limit(asked["requests"], name, limit) for name, limit in connection_limits.items()),
    )


def with_figure(load: Load, figure: What, value: Decimal) -> Load:
    """The load with one figure changed, and what must follow it: no more waves than queries.

    Round trips that were given are kept in proportion to the queries.
    """
    if figure == "requests":
        return replace(load, requests=value)
    if figure == "query_ms":
        return replace(load, query_ms=value)
    waves = min(load.waves, value)
    trips = load.round_trips
    if trips is not None:
        with localcontext(EXACT):
            wave = value / waves
            trips = min(wave, max(Decimal(1), trips * wave / load.queries_of_wave))
    return replace(load, queries=value, waves=waves, round_trips=trips)


class _Asked(NamedTuple):
    """A load and a setup, of which one figure is changed."""

    figure: What
    load: Load
    setup: Setup
    prices: PriceTable

    def at(self, value: Decimal, design: Design) -> Estimate:
        """What a design costs at that value."""
        setup = self.setup
        if self.figure != "requests":
            # Durations that were measured hold for the queries they were measured with.
            setup = replace(setup, batch_ms=None, single_ms=None)
        return estimate(with_figure(self.load, self.figure, value), setup, self.prices, design)

    @property
    def is_measured(self) -> bool:
        return not (self.setup.batch_ms is None and self.setup.single_ms is None)


def _in_money(asked: _Asked, other: Design) -> BreakEven:
    def pays(value: Decimal) -> bool:
        return asked.at(value, Design.BATCHED).usd < asked.at(value, other).usd

    notes = []
    if asked.setup.has_free_tier and asked.figure == "requests":
        notes.append("below that the free tier may pay for both")
    if asked.is_measured and asked.figure != "requests":
        notes.append("with durations computed, not those given")
    return _found(asked, pays, "money", _NAMES[other], notes)


def _in_connections(asked: _Asked) -> BreakEven:
    def pays(value: Decimal) -> bool:
        return (
            asked.at(value, Design.BATCHED).connections.primary
            < asked.at(value, Design.DIRECT).connections.primary
        )

    return _found(asked, pays, "connections", _NAMES[Design.DIRECT], [])


def _past_limit(asked: _Asked, name: str, limit: int) -> BreakEven:
    """From where a driver everywhere wants more than a server takes, and the proxy does not."""

    def pays(value: Decimal) -> bool:
        return (
            asked.at(value, Design.DIRECT).connections.primary
            > limit
            >= asked.at(value, Design.BATCHED).connections.primary
        )

    notes = [f"{name} takes {limit:,}"]
    return _found(asked, pays, "connections", _NAMES[Design.DIRECT], notes)


_NAMES: Final = {
    Design.DIRECT: "a driver in every function",
    Design.SINGLE: "one query per invocation",
    Design.BATCHED: "batching",
}


def _found(
    asked: _Asked,
    pays: Callable[[Decimal], bool],
    in_what: Literal["money", "connections"],
    than: str,
    notes: Sequence[str],
) -> BreakEven:
    figure = asked.figure
    least, most = RANGES[figure]
    grid = _grid(figure)
    value = _last_crossing(pays, grid, is_whole=figure != "query_ms")
    return BreakEven(
        better=_NAMES[Design.BATCHED],
        than=than,
        in_what=in_what,
        figure=figure,
        value=value,
        is_always=value == least,
        range=(least, most),
        note="; ".join((*notes, *_refusals(asked, value))),
        is_passing=value is None and any(map(pays, grid)),
    )


def _refusals(asked: _Asked, value: Decimal | None) -> tuple[str, ...]:
    """A design that cannot take the load has not won: how much of it the proxy refuses there."""
    proxy = None if value is None else asked.at(value, Design.BATCHED).part(PROXY)
    if proxy is None or proxy.peak.throttled <= WORTH_SAYING:
        return ()
    refused = f"{proxy.peak.throttled:.1%}"
    return (f"there the proxy refuses {refused} at the peak: it needs a higher concurrency",)


def _grid(figure: What) -> list[Decimal]:
    """Values of the range at equal ratios; of whole numbers, each once."""
    least, most = (float(end) for end in RANGES[figure])
    points = [least * (most / least) ** (step / (POINTS - 1)) for step in range(POINTS)]
    if figure == "query_ms":
        return [Decimal(f"{point:.3g}") for point in points]
    return sorted({Decimal(round(point)) for point in points})


def _last_crossing(
    pays: Callable[[Decimal], bool], grid: Sequence[Decimal], *, is_whole: bool
) -> Decimal | None:
    """The least value from which on it pays up to the end of the grid; None if there is none."""
    if not pays(grid[-1]):
        return None
    first = len(grid) - 1
    while first and pays(grid[first - 1]):
        first -= 1
    if first == 0:
        return grid[0]
    below, above = grid[first - 1], grid[first]
    while True:
        middle = (below + above) / 2
        middle = middle.to_integral_value() if is_whole else _THREE_DIGITS.plus(middle)
        if middle in {below, above}:
            return above
        if pays(middle):
            above = middle
        else:
            below = middle
