"""Which prices AWS's examples are at, and how a bill is read to be held against AWS's text.

Where an example has today's prices it is at the packaged ones; else at those that it prints.
"""

from dataclasses import replace
from decimal import Decimal

from motorpool.costs.bill import Bill, FunctionUsage
from motorpool.costs.price_file import read_prices
from motorpool.costs.prices import ARCHITECTURES, ArchitecturePrices, RegionPrices, Tier

TODAY = read_prices()
US_EAST_1 = TODAY.region("us-east-1")
"""AWS: "All examples below are based on price in US East (N. Virginia)"."""
FREE_TIER = TODAY.free_tier


def at(*, request: str, duration: str) -> RegionPrices:
    """A region with these two prices, in dollars a request and a GB-second, and no others."""
    return RegionPrices(
        region="us-east-1",
        name="US East (N. Virginia)",
        request=Decimal(request),
        architectures=dict.fromkeys(
            ARCHITECTURES, ArchitecturePrices(duration=(Tier(up_to=None, price=Decimal(duration)),))
        ),
    )


CLASSIC = at(request="0.0000002", duration="0.00001667")
"""From November 2014 to 2020 the pricing page named $0.00001667 per GB-s, without tiers."""

EDGE = at(request="0.0000006", duration="0.00005001")
"""Lambda@Edge: "$0.00000625125 per 128MB-second" (an eighth of a GB), "$0.60 per 1 million"."""

STREAMING_USED_UP = replace(FREE_TIER, response_stream_gb=Decimal(0))


def used(name: str = "function", **quantities: object) -> FunctionUsage:
    return FunctionUsage(name=name, **quantities)  # type: ignore[arg-type]  # as a caller may


def charges(cost: Bill) -> dict[str, str]:
    """The bill's lines in dollars and cents."""
    return {line.what: str(line.cents) for line in cost.lines}


def billable(cost: Bill, what: str) -> Decimal:
    """What of a line is charged for."""
    terms = [term for line in cost.lines if line.what == what for term in line.terms]
    return sum((term.quantity for term in terms if term.price), Decimal(0))
