"""`motorpool cost estimate`: what a month of a load costs in one design, line by line.

Turns an `Estimate` into a report; every number in it is the model's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from motorpool.costs.command import explain, options, output
from motorpool.costs.command.amounts import count, quantity, share, times, usd
from motorpool.costs.command.columns import numbers, words
from motorpool.costs.command.database_limits import connection_limits
from motorpool.costs.command.document import Document, Table
from motorpool.costs.command.invoice import (
    a_million,
    bill_records,
    bill_table,
    price_notes,
    price_record,
    today,
)
from motorpool.costs.durations import Design
from motorpool.costs.errors import InputError
from motorpool.costs.model import Estimate, estimate
from motorpool.costs.parts import APP, PROXY

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from datetime import date

    from motorpool.costs.break_even import BreakEven
    from motorpool.costs.load import Load
    from motorpool.costs.prices import PriceTable, RegionPrices
    from motorpool.costs.setup import Setup


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `motorpool cost estimate`."""
    parser.usage = "%(prog)s --requests N --queries N [OPTION ...]"
    parser.epilog = "example: motorpool cost estimate --requests 3e6 --queries 8"
    parser.add_argument(
        "--design",
        default=str(Design.BATCHED),
        metavar="NAME",
        help="direct (a driver in every function), single (one query per invocation of the "
        "proxy) or batched (default: batched)",
    )
    options.add_load_options(parser)
    output.add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Write the report and return 0. Raises CostError for bad input, as one line."""
    load, setup = options.load_of(args), options.setup_of(args)
    design = _design(args.design)
    prices = options.prices_of(args)
    document = estimate_document(
        estimate(load, setup, prices, design),
        prices,
        today=today(),
        is_explained=output.is_explained(args),
    )
    return output.write(document, args, plots=lambda: plots_of(load, setup, prices))


def estimate_document(
    found: Estimate, prices: PriceTable, *, today: date, is_explained: bool = False
) -> Document:
    """The report of one estimate. `today`: against which the prices' age is told."""
    region = prices.region(found.setup.region)
    assumed = explain.assumptions(found.load, found.setup, [found.design])
    sources = explain.price_sources([found.bill], prices, region)
    sums = (
        explain.figures_table(found.figures),
        explain.terms_table(found.bill, region),
        explain.sources_table(sources),
    )
    return Document(
        title=f"A month in {region.region} ({region.name}): {found.label}",
        lead=tuple(_lead(found)),
        tables=(
            bill_table(found.bill, [part.name for part in found.parts]),
            _functions_table(found),
            _waiting_table(found),
            _connections_table(found),
            explain.assumptions_table(assumed),
            *(sums if is_explained else ()),
        ),
        notes=(*found.notes, *price_notes(prices, region, today)),
        data={
            "report": "estimate",
            **record(found, region),
            "bill": bill_records(found.bill),
            "functions": function_records(found),
            "waiting": _waiting_record(found),
            "connections": _connections_record(found),
            "assumptions": assumed,
            "figures": explain.figure_records(found.figures),
            "terms": explain.term_records(found.bill, region),
            "prices": price_record(prices, region),
            "sources": sources,
        },
    )


def record(found: Estimate, region: RegionPrices) -> dict[str, Any]:
    """What one estimate comes to, by name and without anything inside anything."""
    application, proxy = found.part(APP), found.part(PROXY)
    return {
        "design": str(found.design),
        "label": found.label,
        "region": region.region,
        "proxy_memory_mb": proxy.function.memory_mb if proxy else None,
        "requests_a_month": found.load.requests,
        "queries_a_request": found.load.queries,
        "usd_a_month": found.usd,
        "usd_a_month_as_invoiced": found.bill.usd_as_invoiced,
        "usd_a_million_requests": a_million(found.usd, found.load.requests),
        "usd_application": found.bill.usd_of(APP),
        "usd_proxy": found.bill.usd_of(PROXY),
        "usd_of_waiting_before_free_tier": found.waiting.usd,
        "request_ms": application.duration_ms if application else None,
        "waiting_ms": found.waiting.ms_of_request,
        "proxy_ms": proxy.duration_ms if proxy else None,
        "invocations_a_month": found.invocations,
        "proxy_invocations_a_month": proxy.invocations if proxy else Decimal(0),
        "connections_at_primary": found.connections.primary,
        "connections_at_most": found.connections.ceiling,
        "throttled_at_peak": throttled_at_peak(found),
    }


def throttled_at_peak(found: Estimate) -> float:
    """The largest part of any function's invocations that is refused at the busiest moment."""
    return max(part.peak.throttled for part in found.parts)


def function_records(found: Estimate) -> list[dict[str, Any]]:
    """What each function does in the month and at its busiest moment."""
    return [
        {
            "name": part.name,
            "memory_mb": part.function.memory_mb,
            "architecture": part.function.architecture,
            "invocations_a_month": part.invocations,
            "billed_ms": part.duration_ms,
            "init_ms": part.init_ms,
            "gb_seconds": part.usage.gb_seconds,
            "provisioned_gb_seconds": part.usage.provisioned_gb_seconds,
            "provisioned_duration_gb_seconds": part.usage.provisioned_duration_gb_seconds,
            "peak_invocations_a_second": part.peak.rate,
            "peak_concurrency": part.peak.concurrency,
            "peak_environments": part.peak.environments,
            "environments_at_most": part.peak.limit,
            "throttled_at_peak": part.peak.throttled,
            "throttled_a_month": part.peak.throttled_a_month,
            "usd_a_month": found.bill.usd_of(part.name),
        }
        for part in found.parts
    ]


def _design(name: str) -> Design:
    try:
        return Design(name)
    except ValueError:
        known = " or ".join(str(each) for each in Design)
        raise InputError("--design", f"must be {known}, and is {name!r}") from None


def plots_of(
    load: Load, setup: Setup, prices: PriceTable, points: Sequence[BreakEven] | None = None
) -> Any:
    """The plots of a page, which compare the designs around this load.

    `points`: its break-even points, where they are known already.
    """
    # matplotlib, for a page only.
    from motorpool.costs.command.page import plots_of_comparison  # noqa: PLC0415

    limits = connection_limits()
    return plots_of_comparison(load, setup, prices, points=points, connection_limits=limits)


def _lead(found: Estimate) -> Iterator[str]:
    load, waiting = found.load, found.waiting
    million = a_million(found.usd, load.requests)
    each = f", {usd(million)} for a million requests" if million is not None else ""
    yield (
        f"{_capital(found.label)}: {times(load.requests, 'requests')} of "
        f"{times(load.queries, 'queries')} cost {usd(found.usd)} a month{each}."
    )
    parts = " and ".join(
        f"{times(part.invocations, 'invocations')} of the {part.name}" for part in found.parts
    )
    yield f"That is {parts}."
    request = found.part(APP)
    if request is not None:
        yield (
            f"A request takes {quantity(request.duration_ms)} ms, of which it waits "
            f"{quantity(waiting.ms_of_request)} ms for answers. The application's duration "
            f"has that waiting in it: {usd(waiting.usd)} a month, before anything is free."
        )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _functions_table(found: Estimate) -> Table:
    facts = [
        (
            f"{count(part.function.memory_mb)} MB",
            count(part.invocations),
            f"{quantity(part.duration_ms)} ms",
            f"{quantity(part.init_ms)} ms",
            quantity(part.peak.concurrency),
            f"{part.peak.environments:,} of {part.peak.limit:,}",
            share(part.peak.throttled),
            share(part.peak.throttled_a_month),
            usd(found.bill.usd_of(part.name)),
        )
        for part in found.parts
    ]
    return Table(
        key="functions",
        title="The functions",
        columns=(words("what"), *(numbers(part.name) for part in found.parts)),
        rows=tuple(
            zip(
                (
                    "memory",
                    "invocations a month",
                    "billed duration, warm",
                    "INIT of a cold start, billed besides",
                    "invocations at once, at the peak",
                    "environments at the peak, of those allowed",
                    "refused at the peak",
                    "refused over the month",
                    "cost a month",
                ),
                *facts,
                strict=True,
            )
        ),
    )


def _waiting_record(found: Estimate) -> dict[str, Any]:
    return {
        "ms_a_request": found.waiting.ms_of_request,
        "gb_seconds_a_month": found.waiting.gb_seconds,
        "usd_a_month_before_free_tier": found.waiting.usd,
    }


def _waiting_table(found: Estimate) -> Table:
    return Table(
        key="waiting",
        title="The application's waiting",
        columns=(words("what"), numbers("how much")),
        rows=(
            ("a request waits for answers", f"{quantity(found.waiting.ms_of_request)} ms"),
            ("for which is billed", f"{quantity(found.waiting.gb_seconds)} GB-seconds"),
            ("at the first tier's price", usd(found.waiting.usd)),
        ),
        note="Contained in the bill, as the application's duration.",
    )


def _connections_record(found: Estimate) -> dict[str, Any]:
    held = found.connections
    return {
        "environments": held.environments,
        "ended_environments": held.ended,
        "each_pool": held.each_pool,
        "at_primary": held.primary,
        "at_all_servers": held.all_servers,
        "at_primary_at_most": held.ceiling,
    }


def _connections_table(found: Estimate) -> Table:
    held = found.connections
    return Table(
        key="connections",
        title="MongoDB connections at the peak",
        columns=(words("what"), numbers("how many")),
        rows=(
            (f"environments of the {found.parts[-1].name}", f"{held.environments:,}"),
            ("environments that have ended, still counted", f"{held.ended:,}"),
            ("connections of each one's pool", f"{held.each_pool:,}"),
            ("at the primary, heartbeats with them", f"{held.primary:,}"),
            ("at all servers together", f"{held.all_servers:,}"),
            ("at the primary if all environments exist that may", f"{held.ceiling:,}"),
        ),
    )
