"""`motorpool cost compare`: the designs side by side, and from where on one overtakes another.

Reads the options, asks the model, and joins the report; its tables stand in `side_by_side.py`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from motorpool.costs.break_even import break_even_points
from motorpool.costs.command import explain, options, output, side_by_side
from motorpool.costs.command.database_limits import connection_limits
from motorpool.costs.command.document import Document
from motorpool.costs.command.estimate import plots_of, record
from motorpool.costs.command.invoice import price_notes, price_record, today
from motorpool.costs.durations import Design
from motorpool.costs.errors import InputError
from motorpool.costs.model import COMPARED_MEMORY_MB, Estimate, compare
from motorpool.costs.setup import Function

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from datetime import date

    from motorpool.costs.break_even import BreakEven
    from motorpool.costs.prices import PriceTable, RegionPrices


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `motorpool cost compare`."""
    parser.usage = "%(prog)s --requests N --queries N [OPTION ...]"
    parser.epilog = "example: motorpool cost compare --requests 3e6 --queries 8"
    sizes = ",".join(str(size) for size in COMPARED_MEMORY_MB)
    parser.add_argument(
        "--memory-sizes",
        metavar="MB,MB",
        help=f"sizes of the proxy to compare beside --memory's (default: {sizes})",
    )
    options.add_load_options(parser)
    output.add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Write the report and return 0. Raises CostError for bad input, as one line."""
    load, setup = options.load_of(args), options.setup_of(args)
    sizes = COMPARED_MEMORY_MB if args.memory_sizes is None else memory_sizes(args.memory_sizes)
    prices = options.prices_of(args)
    points = break_even_points(load, setup, prices, connection_limits=connection_limits())
    document = comparison_document(
        compare(load, setup, prices, memory_mb=sizes),
        points,
        prices,
        today=today(),
        is_explained=output.is_explained(args),
    )
    return output.write(document, args, plots=lambda: plots_of(load, setup, prices, points))


def comparison_document(
    estimates: Sequence[Estimate],
    points: Sequence[BreakEven],
    prices: PriceTable,
    *,
    today: date,
    is_explained: bool = False,
) -> Document:
    """The report of a comparison. `today`: against which the prices' age is told."""
    found = side_by_side.designs_of(estimates)
    load, setup = found.asked.load, found.asked.setup
    region = prices.region(setup.region)
    assumed = explain.assumptions(load, setup, Design)
    sources = explain.price_sources([each.bill for each in estimates], prices, region)
    sums = [
        table
        for number, each in enumerate(estimates, start=1)
        for table in (
            explain.figures_table(each.figures, key=f"figures-{number}", of=each.label),
            explain.terms_table(each.bill, region, key=f"terms-{number}", of=each.label),
        )
    ]
    return Document(
        title=f"A month in {region.region} ({region.name}): the designs side by side",
        lead=tuple(side_by_side.lead(found)),
        tables=(
            side_by_side.designs_table(found),
            side_by_side.money_table(found, region),
            side_by_side.peak_table(found),
            side_by_side.break_even_table(points),
            explain.assumptions_table(assumed),
            *((*sums, explain.sources_table(sources)) if is_explained else ()),
        ),
        notes=(*side_by_side.notes(found), *price_notes(prices, region, today)),
        data={
            "report": "compare",
            "designs": list(_records(found, region)),
            "break_even": [_point_record(point) for point in points],
            "assumptions": assumed,
            "figures": [
                line
                for each in estimates
                for line in explain.figure_records(each.figures, of=each.label)
            ],
            "terms": [
                line
                for each in estimates
                for line in explain.term_records(each.bill, region, of=each.label)
            ],
            "prices": price_record(prices, region),
            "sources": sources,
        },
    )


def memory_sizes(text: str) -> tuple[int, ...]:
    """Sizes in MB, apart by commas, each within Lambda's range. Raises InputError."""
    option = "--memory-sizes"
    sizes = []
    for part in text.split(","):
        with options.spelled({"memory_mb": option}):
            memory = Function(memory_mb=Decimal(options.number(option, part.strip()))).memory_mb
        if memory != int(memory):
            raise InputError(option, f"must be whole numbers of MB, and has {part.strip()}")
        sizes.append(int(memory))
    return tuple(sizes)


def _records(found: side_by_side.Designs, region: RegionPrices) -> Iterator[dict[str, Any]]:
    for each in found.all:
        yield {
            **record(each, region),
            "usd_a_month_without_free_tier": side_by_side.without_free_tier(each, region),
            "usd_more_than_direct": each.usd - found.direct.usd,
            "is_cheapest": each is found.cheapest,
            "is_asked": each is found.asked,
        }


def _point_record(point: BreakEven) -> dict[str, Any]:
    return {
        "sentence": point.sentence,
        "better": point.better,
        "than": point.than,
        "in_what": point.in_what,
        "figure": point.figure,
        "from": point.value,
        "is_always": point.is_always,
        "searched_from": point.range[0],
        "searched_to": point.range[1],
        "note": point.note,
    }
