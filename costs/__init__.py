"""What a month of Lambda invocations costs, and from where on a proxy pays, in US dollars.

This room is arithmetic on published prices and counted numbers: it calls nothing, measures
nothing, and never imports the proxy. Importing it brings no library and no event loop.

    estimate(Load(requests=Decimal(3_000_000), queries=Decimal(8)), Setup(), read_prices()).usd

Read in this order: `load` and `setup` (what is asked and how it is configured), `durations` and
`peaks` (how long, how many at once), `bill` (what AWS asks for it), `model` (all of it together, by
design), `break_even`.
"""

# Under its own name it would hide the module that it is in.
from motorpool.costs.bill import Bill, FunctionUsage, Line, Term, gb_seconds
from motorpool.costs.bill import bill as bill_of
from motorpool.costs.break_even import BreakEven, break_even_points
from motorpool.costs.durations import Design, Figure
from motorpool.costs.errors import CostError, InputError, PricesError, RefreshError, UsageError
from motorpool.costs.figures import Assumption
from motorpool.costs.invocations import USD_PER_MILLION_REQUESTS, RequestCharge, request_charge
from motorpool.costs.load import Load
from motorpool.costs.model import Estimate, Waiting, compare, estimate
from motorpool.costs.parts import Part
from motorpool.costs.peaks import Connections, Peak
from motorpool.costs.price_file import find_prices, read_prices
from motorpool.costs.prices import (
    ArchitecturePrices,
    FreeTier,
    PriceTable,
    RegionPrices,
    Source,
    Tier,
)
from motorpool.costs.setup import Function, Setup

__all__ = [
    "USD_PER_MILLION_REQUESTS",
    "ArchitecturePrices",
    "Assumption",
    "Bill",
    "BreakEven",
    "Connections",
    "CostError",
    "Design",
    "Estimate",
    "Figure",
    "FreeTier",
    "Function",
    "FunctionUsage",
    "InputError",
    "Line",
    "Load",
    "Part",
    "Peak",
    "PriceTable",
    "PricesError",
    "RefreshError",
    "RegionPrices",
    "RequestCharge",
    "Setup",
    "Source",
    "Term",
    "Tier",
    "UsageError",
    "Waiting",
    "bill_of",
    "break_even_points",
    "compare",
    "estimate",
    "find_prices",
    "gb_seconds",
    "read_prices",
    "request_charge",
]
