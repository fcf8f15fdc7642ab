"""`motorpool cost report`: from recorded usage to what a month costs and what would change it.

Reads the files, asks the room's analysis, and makes a report of it. Computes nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorpool.costs.command import explain, options, output
from motorpool.costs.command.amounts import count
from motorpool.costs.command.document import Document
from motorpool.costs.command.findings import Findings, found, lead, notes
from motorpool.costs.command.found_tables import tables
from motorpool.costs.command.invoice import bill_records, price_notes, price_record, today
from motorpool.costs.durations import Figure, plain
from motorpool.costs.recorded import analyse, read_usage
from motorpool.costs.setup import Function, Setup

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal

DEFAULT: Setup = Setup()
_FIGURES: dict[str, tuple[str, str, str]] = {
    "memory_mb": (
        "--memory",
        "MB",
        f"the proxy's memory, where the lines do not say (default: {DEFAULT.proxy.memory_mb})",
    ),
    "app_memory_mb": (
        "--app-memory",
        "MB",
        (
            "the application's memory, at which its waiting is billed "
            f"(default: {DEFAULT.app.memory_mb}, assumed)"
        ),
    ),
    "pool_size": (
        "--pool-size",
        "N",
        f"the proxy's connections: round trips that go at once (default: {DEFAULT.pool_size})",
    ),
    "invoke_ms": (
        "--invoke-ms",
        "MS",
        (
            "what an invocation takes its caller beyond what is billed, where no client has "
            f"recorded it (default: {DEFAULT.invoke_ms}, assumed)"
        ),
    ),
}
"""Of a setup, what recorded usage may lack: option, unit, help."""
_SPELLINGS = {
    **{name: option for name, (option, _, _) in _FIGURES.items()},
    "architecture": "--architecture",
    "period": "--period",
    "requests_a_month": "--requests-a-month",
    "measured_share": "--measured-share",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `motorpool cost report`."""
    parser.usage = "%(prog)s FILE [FILE ...] [OPTION ...]"
    parser.epilog = "example: motorpool cost report usage.jsonl"
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="recorded usage, in any mixture, packed by gzip or not, - for standard input: lines "
        "of the proxy (MOTORPOOL_USAGE) and of clients (usage=), logs of Lambda with REPORT lines "
        "(text, JSON, `aws logs`, Logs Insights), metrics of CloudWatch as `aws cloudwatch` prints "
        "them, a counters.snapshot()",
    )
    group = parser.add_argument_group("what was recorded")
    group.add_argument(
        "--function", metavar="NAME", help="take this function's lines only (default: all)"
    )
    group.add_argument(
        "--period",
        metavar="HOURS",
        help="the time that the lines cover (default: from the first of them to the last)",
    )
    group.add_argument(
        "--requests-a-month",
        metavar="N",
        help="scale to so many requests of the application (default: by the time, to 730 hours)",
    )
    group.add_argument(
        "--measured-share",
        metavar="N",
        help="how much of a processor the functions had where they were measured: 1 on the local "
        "Lambda (default: by their memory, as on AWS)",
    )
    group.add_argument(
        "--estimate",
        action="store_true",
        help="set the estimate of the same load beside what was recorded",
    )
    group = parser.add_argument_group("what the lines may not say")
    for name, (option, unit, told) in _FIGURES.items():
        group.add_argument(option, dest=name, metavar=unit, help=told)
    group.add_argument(
        "--architecture", metavar="NAME", help="the proxy's: x86_64 or arm64 (default: x86_64)"
    )
    options.add_price_options(parser.add_argument_group("account and prices"))
    output.add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Write the report and return 0. Raises CostError for bad input, as one line."""
    setup = setup_of(args)
    prices = options.prices_of(args)
    prices.region(setup.region)  # before files are read that may be large
    with options.spelled(_SPELLINGS):
        wanted = {
            name: options.number(name, text)
            for name in ("period", "requests_a_month", "measured_share")
            if (text := getattr(args, name)) is not None
        }
        analysis = analyse(
            read_usage(args.files, args.function),
            setup,
            period_hours=wanted.get("period"),
            measured_share=wanted.get("measured_share"),
        )
        findings = found(
            analysis,
            prices,
            requests_a_month=wanted.get("requests_a_month"),
            with_estimate=args.estimate,
        )
    document = report_document(findings, today=today(), is_explained=output.is_explained(args))
    return output.write(document, args, plots=lambda: plots_of(findings))


def setup_of(args: argparse.Namespace) -> Setup:
    """What is given of the functions. Raises InputError in terms of the options."""
    given: dict[str, Any] = {
        name: options.number(option, text)
        for name, (option, _, _) in _FIGURES.items()
        if (text := getattr(args, name)) is not None
    }
    name = args.architecture or DEFAULT.proxy.architecture
    with options.spelled(_SPELLINGS):
        proxy = Function(
            memory_mb=given.pop("memory_mb", DEFAULT.proxy.memory_mb),
            reserved_concurrency=DEFAULT.proxy.reserved_concurrency,
            architecture=options.ARCHITECTURE_NAMES.get(name, name),  # type: ignore[arg-type]  # it is checked
        )
    app_memory = given.pop("app_memory_mb", DEFAULT.app.memory_mb)
    with options.spelled({"memory_mb": "--app-memory"}):
        app = Function(memory_mb=app_memory)
    with options.spelled(_SPELLINGS):
        return Setup(
            app=app,
            proxy=proxy,
            region=options.region_of(args),
            has_free_tier=not args.no_free_tier,
            **given,
        )


def report_document(findings: Findings, *, today: date, is_explained: bool = False) -> Document:
    """The report. `today`: against which the prices' age is told."""
    analysis, prices = findings.analysis, findings.prices
    region = prices.region(analysis.setup.region)
    found_tables = list(tables(findings))
    figures = tuple(_figures(findings))
    sources = explain.price_sources([findings.month.bill], prices, region)
    sums = (
        explain.figures_table(figures),
        explain.terms_table(findings.month.bill, region),
        explain.sources_table(sources),
    )
    tally = analysis.usage.tally
    return Document(
        title=f"Recorded usage, and what it costs in {region.region} ({region.name})",
        lead=tuple(lead(findings)),
        tables=(*(table for table, _ in found_tables), *(sums if is_explained else ())),
        notes=(*notes(findings), *price_notes(prices, region, today)),
        data={
            "report": "recorded",
            "region": region.region,
            "view": str(analysis.view),
            "is_month": findings.is_month,
            "factor": findings.month.scale.factor,
            "lines": tally.lines,
            "lines_not_recognised": tally.unrecognised,
            "usd": findings.month.usd,
            "usd_proxy": findings.month.bill.usd,
            "usd_waiting": findings.month.waiting.usd,
            **{table.key: records for table, records in found_tables},
            "bill": bill_records(findings.month.bill),
            "figures": explain.figure_records(figures),
            "terms": explain.term_records(findings.month.bill, region),
            "prices": price_record(prices, region),
            "sources": sources,
        },
    )


def plots_of(findings: Findings) -> tuple[Any, ...]:
    """The plots of a page."""
    # matplotlib, for a page only.
    from motorpool.costs.command.found_plots import plots  # noqa: PLC0415

    return plots(findings)


def _figures(findings: Findings) -> Iterator[Figure]:
    """How the numbers come about."""
    analysis, month = findings.analysis, findings.month
    factor = month.scale.factor
    yield _figure("scale", factor, "times", month.scale.how)
    yield _figure(
        "invocations of the proxy",
        month.invocations,
        findings.a_month,
        f"{analysis.invocations:,} recorded × the scale",
    )
    sizes = " + ".join(f"{each.ms:,} ms × {each.memory_mb:f} MB" for each in analysis.billed)
    yield _figure(
        "GB-seconds of the proxy",
        month.gb_seconds,
        findings.a_month,
        f"({sizes or 'nothing'}) / 1000 / 1024 × the scale"
        + (" × invocations / those of which it is known" if analysis.unmeasured else ""),
    )
    per = "recorded by clients" if month.waiting_is_measured else "billed + to invoke (assumed)"
    yield _figure(
        "waiting of the callers",
        month.waiting.gb_seconds,
        "GB-seconds",
        f"ms of an invocation ({per}) × invocations / 1000 × {analysis.setup.app.memory_mb:f} MB "
        "/ 1024",
    )
    calls = analysis.calls_per_invocation
    if findings.saved is not None and calls is not None:
        yield _figure(
            "invocations with one query each",
            findings.saved.month.invocations,
            findings.a_month,
            f"{count(month.invocations)} × {plain(calls)} calls an invocation",
        )
        yield _figure("billed of one query", findings.saved.single_ms, "ms", findings.saved.how)


def _figure(name: str, value: Decimal, unit: str, how: str) -> Figure:
    return Figure(name=name, value=value, unit=unit, how=how)
