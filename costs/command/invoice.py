"""A bill and the prices it is made of, as tables, records and notes that every report shares.

Calculates no price: what a bill comes to is `motorpool.costs.bill`'s.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.command.amounts import money, times
from motorpool.costs.command.columns import numbers, words
from motorpool.costs.command.document import Table
from motorpool.costs.command.explain import line_name
from motorpool.costs.numbers import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from motorpool.costs.bill import Bill, Line
    from motorpool.costs.prices import PriceTable, RegionPrices

MILLION: Final = 1_000_000


def today() -> date:
    """The day, where this machine is."""
    return datetime.now().astimezone().date()


def a_million(usd_a_month: Decimal, requests: Decimal) -> Decimal | None:
    """Dollars for a million requests, or None where there are none."""
    return EXACT.divide(usd_a_month * MILLION, requests) if requests else None


def bill_table(bill: Bill, functions: Sequence[str], *, is_invoice: bool = False) -> Table:
    """The bill's lines, each function's share, and the sum; as an invoice, in cents."""
    shares = functions if len(functions) > 1 else []
    total = bill.usd_as_invoiced if is_invoice else bill.usd
    return Table(
        key="bill",
        title="The bill, USD a month",
        columns=(
            words("line"),
            numbers("used"),
            *(numbers(name) for name in shares),
            numbers("USD"),
        ),
        rows=(
            *(
                (
                    line_name(line),
                    times(line.quantity, line.terms[0].unit),
                    *(money(usd_of(line, name)) for name in shares),
                    money(line.cents if is_invoice else line.usd),
                )
                for line in bill.lines
            ),
            ("total", "", *(money(bill.usd_of(name)) for name in shares), money(total)),
        ),
    )


def bill_records(bill: Bill) -> list[dict[str, Any]]:
    """The bill's lines."""
    return [
        {
            "what": line.what,
            "architecture": line.architecture,
            "quantity": line.quantity,
            "unit": line.terms[0].unit,
            "usd": line.usd,
            "usd_as_invoiced": line.cents,
            **{f"usd_{name}": usd_of(line, name) for name, _ in line.by_function},
        }
        for line in bill.lines
    ]


def usd_of(line: Line, function: str) -> Decimal:
    """A function's part of a line, in proportion to what it used of it."""
    used = sum((amount for name, amount in line.by_function if name == function), Decimal(0))
    with localcontext(EXACT):
        return line.usd * used / line.quantity if line.quantity else Decimal(0)


def price_notes(prices: PriceTable, region: RegionPrices, today: date) -> Iterator[str]:
    """Which prices these are, and whether they are out of date."""
    yield (
        f"Prices of {prices.day(region.region)} for {region.region}, from {prices.origin}; "
        "US dollars before tax"
    )
    borders = {each.borders for each in region.architectures.values()} - {"", "confirmed"}
    if borders:
        yield f"The borders between this region's tiers of duration: {' and '.join(borders)}"
    old = prices.age_note(today, region.region)
    if old is not None:
        yield old


def price_record(prices: PriceTable, region: RegionPrices) -> dict[str, Any]:
    """Which prices these are."""
    return {
        "as_of": prices.day(region.region),
        "origin": prices.origin,
        "confirmed": prices.confirmed,
    }
