"""What the tests of the page ask: loads from nothing to huge, a price table, a report.

The prices are those of us-east-1 in mid-2026, written here: a refreshed table changes no test.
"""

import functools
from datetime import date
from decimal import Decimal

from motorpool.costs.command.document import Column, Document, Table
from motorpool.costs.command.page import Plot, plots_of_comparison
from motorpool.costs.load import Load
from motorpool.costs.prices import FreeTier, PriceTable, RegionPrices, Tier
from motorpool.costs.setup import Setup
from tests.costs.tables import X86

PRICES = PriceTable(
    as_of=date(2026, 6, 30),
    confirmed="",
    origin="a test",
    free_tier=FreeTier(
        requests=Decimal(1_000_000),
        gb_seconds=Decimal(400_000),
        response_stream_gb=Decimal(100),
        egress_gb=Decimal(100),
    ),
    regions={
        "us-east-1": RegionPrices(
            region="us-east-1",
            name="US East (N. Virginia)",
            request=Decimal("0.0000002"),
            architectures={"x86_64": X86},
            nat_gateway_hour=Decimal("0.045"),
            nat_gateway_gb=Decimal("0.045"),
            internet_egress=(Tier(up_to=None, price=Decimal("0.09")),),
        )
    },
)


def load(requests: int, queries: int) -> Load:
    return Load(requests=Decimal(requests), queries=Decimal(queries))


LOADS = {
    "none": load(0, 8),
    "tiny": load(1000, 8),
    "middling": load(3_000_000, 8),
    "one query": load(50_000_000, 1),
    "large": load(300_000_000, 20),
    "huge": load(10**11, 8),
    "most": load(10**15, 10_000),
}
SETUP = Setup()
LIMITS = {"Atlas M0": 500, "Atlas M10": 1500, "Atlas M20, M30": 3000, "Atlas M50": 16_000}
DESIGNS = (
    ("driver in every function", "0.40", "", "42", "3,000,000", "20"),
    ("one query per invocation, 128 MB", "5.20", "+4.80", "108", "27,000,000", "26"),
    ("batched, 128 MB", "1.60", "+1.20", "117", "9,000,000", "25"),
    ("batched, 1,769 MB", "1.60", "+1.20", "67", "9,000,000", "20"),
)


@functools.cache
def plots(load: str, setup: Setup = SETUP) -> tuple[Plot, ...]:
    """The plots of a comparison of one of the loads."""
    return plots_of_comparison(LOADS[load], setup, PRICES, connection_limits=LIMITS)


def report(*, title: str = "A month in us-east-1: the designs side by side") -> Document:
    """A report with a table of many columns, one of sentences and one that folds away."""
    return Document(
        title=title,
        lead=(
            "3,000,000 requests a month of 8 queries each cost USD 1.60 a month batched, 128 MB.",
            "Against one query per invocation batching saves USD 3.60 a month.",
        ),
        tables=(
            Table(
                key="designs",
                title="The designs",
                columns=(
                    Column(title="design", kind="text"),
                    Column(title="USD a month"),
                    Column(title="than a driver each"),
                    Column(title="a request, ms"),
                    Column(title="invocations a month"),
                    Column(title="connections, peak"),
                ),
                rows=DESIGNS,
                emphasis=2,
                note="Connections are those at the primary, heartbeats with them.",
            ),
            Table(
                key="break_even",
                title="From where on it pays",
                columns=(Column(title="break-even", kind="text"),),
                rows=(("batching beats one query per invocation from 3 queries a request on",),),
            ),
            Table(
                key="assumptions",
                title="What it rests on",
                columns=(
                    Column(title="figure", kind="text"),
                    Column(title="value"),
                    Column(title="source", kind="text"),
                ),
                rows=(("query_ms", "5", "assumed: an indexed query in the same region"),),
            ),
        ),
        notes=("Not in the sum: the database itself, logs, what calls the application, tax",),
        data={"prices": {"as_of": date(2026, 6, 30)}},
    )
