"""From what functions used in a month to what AWS asks for it: tiers, free tier, every term kept.

Knows no load and no design (`model.py` does): requests, GB-seconds and GB go in, an itemised bill
comes out. All of it is exact; only `cents` and `usd_as_invoiced` are rounded.

What is added up over the account before it is priced: duration, by architecture, since its tiers
and the free tier are the account's (AWS Lambda pricing page, mid-2026; News Blog of 2022-08-04).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from motorpool.costs.errors import PricesError
from motorpool.costs.numbers import EXACT, Number, cents, decimal
from motorpool.costs.prices import (
    ARCHITECTURES,
    Architecture,
    ArchitecturePrices,
    Tier,
    require_architecture,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from motorpool.costs.prices import FreeTier, RegionPrices

T = TypeVar("T")

ZERO: Final = Decimal(0)
MB_PER_GB: Final = 1024
"""As in AWS's own examples: 512 MB are half a GB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionUsage:
    """What one function used in a month. Raises InputError for a quantity below zero.

    Quantities may be given as `int`, `str` or `float`; they are kept as `Decimal`.
    """

    name: str
    architecture: Architecture = "x86_64"
    requests: Decimal = ZERO
    """Invocations that ran on demand; throttled ones are not billed."""
    provisioned_requests: Decimal = ZERO
    """Invocations beside those, that ran on provisioned concurrency: never free."""
    gb_seconds: Decimal = ZERO
    """On demand, with what was billed of the init phase."""
    provisioned_gb_seconds: Decimal = ZERO
    """Of provisioned concurrency as configured: environments × GB × seconds."""
    provisioned_duration_gb_seconds: Decimal = ZERO
    """Of invocations that ran on it."""
    ephemeral_gb_seconds: Decimal = ZERO
    """Of /tmp above 512 MB, while invocations ran."""
    streamed_gb: Decimal = ZERO
    """Streamed beyond the first 6 MB of each response."""
    snapstart_cache_gb_seconds: Decimal = ZERO
    snapstart_restored_gb: Decimal = ZERO
    egress_gb: Decimal = ZERO
    """Sent to the internet."""
    nat_gb: Decimal = ZERO
    """Through NAT gateways, in both directions."""
    nat_hours: Decimal = ZERO
    """Of NAT gateways: gateways × hours."""

    def __post_init__(self) -> None:
        """Make exact decimals of the quantities."""
        require_architecture(self.architecture)
        for each in fields(self):
            if each.name not in {"name", "architecture"}:
                value = decimal(f"{self.name}: {each.name}", getattr(self, each.name))
                object.__setattr__(self, each.name, value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A product in a sum: `quantity` × `price`. What is free has the price 0."""

    quantity: Decimal
    unit: str
    price: Decimal
    """Dollars a unit."""
    why: str
    """Which tier, or that it is free."""

    @property
    def usd(self) -> Decimal:
        """Dollars, exact."""
        return EXACT.multiply(self.quantity, self.price)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the bill: what is charged for, by function, and the terms of its sum."""

    what: str
    architecture: Architecture | None
    by_function: tuple[tuple[str, Decimal], ...]
    """How much each function used, in the terms' unit, before anything is free."""
    terms: tuple[Term, ...]

    @property
    def usd(self) -> Decimal:
        """Dollars, exact."""
        with localcontext(EXACT):
            return sum((term.usd for term in self.terms), ZERO)

    @property
    def cents(self) -> Decimal:
        """Dollars, rounded half up to cents."""
        return cents(self.usd)

    @property
    def quantity(self) -> Decimal:
        """What was used in all."""
        with localcontext(EXACT):
            return sum((quantity for _, quantity in self.by_function), ZERO)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """A month's bill."""

    region: str
    lines: tuple[Line, ...]

    @property
    def usd(self) -> Decimal:
        """Dollars, exact."""
        with localcontext(EXACT):
            return sum((line.usd for line in self.lines), ZERO)

    @property
    def usd_as_invoiced(self) -> Decimal:
        """Dollars as on an invoice: each line is rounded to cents, and then they are added."""
        return sum((line.cents for line in self.lines), Decimal("0.00"))

    def usd_of(self, function: str) -> Decimal:
        """A function's part of the bill: of each line in proportion to what it used of it."""
        with localcontext(EXACT):
            parts = (
                line.usd * quantity / line.quantity
                for line in self.lines
                for name, quantity in line.by_function
                if name == function and line.quantity
            )
            return sum(parts, ZERO)

    def line(self, what: str, architecture: Architecture | None = None) -> Line | None:
        """The line of this name, if the bill has it."""
        for line in self.lines:
            if line.what == what and architecture in {None, line.architecture}:
                return line
        return None


def gb_seconds(*, invocations: Number, duration_ms: Number, memory_mb: Number) -> Decimal:
    """GB-seconds of so many invocations that are billed for `duration_ms` milliseconds each."""
    with localcontext(EXACT):
        return (
            decimal("invocations", invocations)
            * decimal("duration_ms", duration_ms)
            * decimal("memory_mb", memory_mb)
            / (1000 * MB_PER_GB)
        )


def bill(usages: Sequence[FunctionUsage], prices: RegionPrices, free_tier: FreeTier | None) -> Bill:
    """What the functions cost together in one region, in one month and account.

    `free_tier`: None where it is used up elsewhere. It is applied once over all functions: to
    requests and GB-seconds on demand, these of both architectures together, x86_64 first (AWS does
    not say in which order; this one costs least). What runs on provisioned concurrency has no part
    in it (AWS Lambda pricing page, mid-2026; both of its examples come out so). Raises PricesError
    for something used whose price the table does not know: it is never taken for free.
    """
    with localcontext(EXACT):
        return Bill(region=prices.region, lines=tuple(_lines(usages, prices, free_tier)))


def _lines(
    usages: Sequence[FunctionUsage], prices: RegionPrices, free_tier: FreeTier | None
) -> Iterable[Line]:
    used = _used(usages, lambda usage: usage.requests + usage.provisioned_requests)
    on_demand = sum((usage.requests for usage in usages), ZERO)
    free_requests = min(free_tier.requests, on_demand) if free_tier else ZERO
    terms = _terms(used, "requests", _flat(prices.request), free_requests)
    yield Line(what="requests", architecture=None, by_function=used, terms=terms)
    free = free_tier.gb_seconds if free_tier else ZERO
    for architecture in ARCHITECTURES:
        of_these = [usage for usage in usages if usage.architecture == architecture]
        if not of_these:
            continue
        used = _used(of_these, lambda usage: usage.gb_seconds)
        terms = _terms(used, "GB-seconds", prices.on(architecture).duration, free)
        line = Line(what="duration", architecture=architecture, by_function=used, terms=terms)
        free -= min(free, line.quantity)
        yield line
        yield from _architecture_lines(of_these, architecture, prices)
    yield from _region_lines(usages, prices, free_tier)


def _architecture_lines(
    usages: Sequence[FunctionUsage], architecture: Architecture, prices: RegionPrices
) -> Iterable[Line]:
    """What is priced by architecture beside duration on demand: no tiers, nothing free."""
    for kind in _BY_ARCHITECTURE:
        used = _used(usages, kind.quantity)
        if any(amount for _, amount in used):
            price = kind.price(prices.on(architecture))
            tiers = _flat(_priced(price, kind.what, f"{prices.region} on {architecture}"))
            terms = _terms(used, "GB-seconds", tiers)
            yield Line(what=kind.what, architecture=architecture, by_function=used, terms=terms)


def _region_lines(
    usages: Sequence[FunctionUsage], prices: RegionPrices, free_tier: FreeTier | None
) -> Iterable[Line]:
    """What is priced alike on both architectures: streams, snapshots, what leaves the region."""
    for kind in _BY_REGION:
        used = _used(usages, kind.quantity)
        if any(amount for _, amount in used):
            tiers = _priced(kind.tiers(prices), kind.what, prices.region)
            free = kind.free(free_tier) if free_tier else ZERO
            terms = _terms(used, kind.unit, tiers, free)
            yield Line(what=kind.what, architecture=None, by_function=used, terms=terms)


class _ByArchitecture(NamedTuple):
    what: str
    quantity: Callable[[FunctionUsage], Decimal]
    price: Callable[[ArchitecturePrices], Decimal | None]


class _ByRegion(NamedTuple):
    what: str
    unit: str
    quantity: Callable[[FunctionUsage], Decimal]
    tiers: Callable[[RegionPrices], tuple[Tier, ...] | None]
    free: Callable[[FreeTier], Decimal] = lambda _: ZERO


_BY_ARCHITECTURE: Final = (
    _ByArchitecture(
        "provisioned concurrency",
        lambda usage: usage.provisioned_gb_seconds,
        lambda prices: prices.provisioned_concurrency,
    ),
    _ByArchitecture(
        "provisioned duration",
        lambda usage: usage.provisioned_duration_gb_seconds,
        lambda prices: prices.provisioned_duration,
    ),
    _ByArchitecture(
        "ephemeral storage",
        lambda usage: usage.ephemeral_gb_seconds,
        lambda prices: prices.ephemeral_storage,
    ),
)

_BY_REGION: Final = (
    _ByRegion(
        "response streaming",
        "GB",
        lambda usage: usage.streamed_gb,
        lambda prices: _maybe_flat(prices.response_stream_gb),
        lambda free_tier: free_tier.response_stream_gb,
    ),
    _ByRegion(
        "SnapStart cache",
        "GB-seconds",
        lambda usage: usage.snapstart_cache_gb_seconds,
        lambda prices: _maybe_flat(prices.snapstart_cache_gb_second),
    ),
    _ByRegion(
        "SnapStart restore",
        "GB",
        lambda usage: usage.snapstart_restored_gb,
        lambda prices: _maybe_flat(prices.snapstart_restore_gb),
    ),
    _ByRegion(
        "internet egress",
        "GB",
        lambda usage: usage.egress_gb,
        lambda prices: prices.internet_egress or None,
        lambda free_tier: free_tier.egress_gb,
    ),
    _ByRegion(
        "NAT gateway data",
        "GB",
        lambda usage: usage.nat_gb,
        lambda prices: _maybe_flat(prices.nat_gateway_gb),
    ),
    _ByRegion(
        "NAT gateway hours",
        "hours",
        lambda usage: usage.nat_hours,
        lambda prices: _maybe_flat(prices.nat_gateway_hour),
    ),
)


def _used(
    usages: Sequence[FunctionUsage], quantity: Callable[[FunctionUsage], Decimal]
) -> tuple[tuple[str, Decimal], ...]:
    return tuple((usage.name, quantity(usage)) for usage in usages)


def _terms(
    used: tuple[tuple[str, Decimal], ...],
    unit: str,
    tiers: Sequence[Tier],
    free: Decimal = ZERO,
) -> tuple[Term, ...]:
    """What was used, cut at the borders of the tiers; what is free is cut off before the first.

    The tiers begin to count after what is free, as in AWS's examples: 1,500,000 GB-seconds less
    400,000 are priced as 1,100,000.
    """
    total = sum((quantity for _, quantity in used), ZERO)
    given = min(free, total)
    terms = [Term(quantity=given, unit=unit, price=ZERO, why="free tier")] if given else []
    left, below = total - given, ZERO
    for number, tier in enumerate(tiers, start=1):
        width = left if tier.up_to is None else min(left, tier.up_to - below)
        if width or not terms:
            why = f"tier {number}" if len(tiers) > 1 else "at one price"
            terms.append(Term(quantity=width, unit=unit, price=tier.price, why=why))
        left -= width
        below = tier.up_to or ZERO
    if left:
        raise PricesError(f"{unit} above {below:f} have no price: the last tier must have no end")
    return tuple(terms)


def _flat(price: Decimal) -> tuple[Tier, ...]:
    return (Tier(up_to=None, price=price),)


def _maybe_flat(price: Decimal | None) -> tuple[Tier, ...] | None:
    return None if price is None else _flat(price)


def _priced(known: T | None, what: str, where: str) -> T:
    if known is None:
        raise PricesError(
            f"{what}: its price in {where} is not known to this table, so it cannot be estimated; "
            "--prices takes a file that has it"
        )
    return known
