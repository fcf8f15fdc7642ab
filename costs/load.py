"""What is asked of an application in a month, checked when made. Estimates nothing.

Every figure that is assumed unless it is given stands in one of these classes with its default, its
unit and where it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.errors import InputError
from motorpool.costs.figures import Figures, about
from motorpool.costs.numbers import EXACT, Number, decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

HOURS_OF_A_DAY: Final = 24
MONTH_HOURS: Final = Decimal(730)
"""A month as AWS's calculator has it: a twelfth of a year of 365 days."""
ASSUMED_WAVES: Final = Decimal(2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Load(Figures):
    """What an application does in a month. Numbers may be `int`, `float`, `str` or `Decimal`."""

    requests: Decimal = field(
        metadata=about("requests that the application serves", "a month", "given", most=10**15)
    )
    queries: Decimal = field(
        metadata=about("queries of one request", "a request", "given", least=1, most=10_000)
    )
    waves: Decimal = field(
        default=ASSUMED_WAVES,
        metadata=about(
            "times that a request waits for answers before it asks on: what it asks for at the "
            "same moment is one wave, and one batch",
            "a request",
            "assumed: two, as a page that needs one answer to ask for the rest",
            least=1,
            most=10_000,
        ),
    )
    query_ms: Decimal = field(
        default=Decimal(5),
        metadata=about(
            "time of one query between proxy and database, the network's with it",
            "ms",
            "assumed: an indexed query in the same region",
            most=900_000,
        ),
    )
    round_trips: Decimal | None = field(
        default=None,
        metadata=about(
            "round trips to the database that a wave's queries take, after the planner has put "
            "together what it can",
            "a wave",
            "assumed: one for each query, as if nothing went together",
            least=1,
            most=10_000,
        ),
    )
    app_ms: Decimal = field(
        default=Decimal(20),
        metadata=about(
            "what a request takes in the application itself, without waiting for queries",
            "ms",
            "assumed",
            most=900_000,
        ),
    )
    request_bytes: Decimal = field(
        default=Decimal(300),
        metadata=about(
            "size of one query on its way to the database", "bytes", "assumed", most=48_000_000
        ),
    )
    response_bytes: Decimal = field(
        default=Decimal(2000),
        metadata=about("size of one query's answer", "bytes", "assumed", most=48_000_000),
    )
    cold_share: Decimal = field(
        default=Decimal("0.01"),
        metadata=about(
            "share of invocations that start a new execution environment",
            "of 1",
            'AWS: "under 1% of invocations" (Lambda Developer Guide, "Cold starts and latency")',
            most=1,
        ),
    )
    peak_factor: Decimal = field(
        default=Decimal(3),
        metadata=about(
            "rate of the busiest seconds over the mean of their hour",
            "times",
            "assumed: requests come in bursts",
            least=1,
            most=100_000,
        ),
    )
    hourly: tuple[Decimal, ...] = ()
    """Requests in each hour of a day, 24 numbers, of which the proportions count; (): evenly."""

    def __post_init__(self) -> None:
        """Check what depends on each other."""
        is_assumed = self.waves is ASSUMED_WAVES
        Figures.__post_init__(self)
        if is_assumed:
            object.__setattr__(self, "waves", min(self.waves, self.queries))
        if self.waves > self.queries:
            raise InputError(
                "waves",
                f"must be from 1 to queries ({self.queries}): a wave has at least one query, "
                f"and is {self.waves}",
            )
        if self.round_trips is not None and self.round_trips > self.queries_of_wave:
            raise InputError(
                "round_trips",
                f"must be from 1 to the queries of a wave "
                f"({self.queries_of_wave:.4g}), and is {self.round_trips}",
            )
        if self.hourly:
            hourly = tuple(decimal("hourly", each) for each in self.hourly)
            if len(hourly) != HOURS_OF_A_DAY or not any(hourly):
                raise InputError(
                    "hourly",
                    f"must be {HOURS_OF_A_DAY} numbers, not all of them 0, and has {len(hourly)}",
                )
            object.__setattr__(self, "hourly", hourly)

    @classmethod
    def of_day(cls, hourly: Sequence[Number], **figures: Any) -> Load:
        """A load whose requests a month are those of such a day, 365 / 12 times."""
        day = tuple(decimal("hourly", each) for each in hourly)
        with localcontext(EXACT):
            requests = sum(day, Decimal(0)) * MONTH_HOURS / HOURS_OF_A_DAY
        return cls(requests=requests, hourly=day, **figures)

    @property
    def queries_of_wave(self) -> Decimal:
        """Queries of one wave, on average."""
        return EXACT.divide(self.queries, self.waves)

    @property
    def shares_of_hours(self) -> tuple[Decimal, ...]:
        """What part of a day's requests comes in each of its hours."""
        hourly = self.hourly or (Decimal(1),) * HOURS_OF_A_DAY
        with localcontext(EXACT):
            total = sum(hourly)
            return tuple(each / total for each in hourly)

    def rates(self) -> tuple[Decimal, ...]:
        """Requests a second in each hour of a day, on average."""
        with localcontext(EXACT):
            day = self.requests * HOURS_OF_A_DAY / MONTH_HOURS
            return tuple(day * share / 3600 for share in self.shares_of_hours)

    def peak_rate(self) -> Decimal:
        """Requests a second in the busiest seconds of the busiest hour."""
        return EXACT.multiply(max(self.rates()), self.peak_factor)
