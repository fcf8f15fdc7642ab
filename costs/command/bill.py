"""`motorpool cost bill`: what AWS asks for plain functions, as on its invoice, design or no design.

For checking this program against an example that AWS has published, or against an invoice. Of the
load model it knows nothing: what ran, and how long, is given.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.bill import Bill, bill
from motorpool.costs.command import account, explain, options, output
from motorpool.costs.command.amounts import exact, times, usd
from motorpool.costs.command.document import Document
from motorpool.costs.command.invoice import (
    bill_records,
    bill_table,
    price_notes,
    price_record,
    today,
)
from motorpool.costs.command.invoiced import NAME, Invoiced
from motorpool.costs.errors import InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from motorpool.costs.prices import PriceTable

OWNER: Final = options.Owner(Invoiced, Invoiced(), "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `motorpool cost bill`."""
    parser.usage = "%(prog)s --invocations N --duration-ms MS [--memory MB] [OPTION ...]"
    parser.epilog = "example: motorpool cost bill --invocations 3e6 --duration-ms 120 --memory 1536"
    group = parser.add_argument_group("function")
    options.add_figures(group, "bill", OWNER)
    group.add_argument(
        "--architecture",
        dest="bill_architecture",
        metavar="NAME",
        help="x86_64 or arm64 (default: x86_64)",
    )
    group.add_argument(
        "--function",
        action="append",
        default=[],
        metavar="KEY=VALUE,KEY=VALUE",
        help="one of several functions, by the options above: "
        "name=pages,invocations=3e6,duration-ms=120,memory=1536; may be repeated, and what it "
        "leaves out is as the options say. Tiers and free tier hold for all together",
    )
    prices = parser.add_argument_group("account and prices")
    options.add_price_options(prices)
    account.add_options(prices)
    output.add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Write the bill and return 0. Raises CostError for bad input, as one line."""
    functions = functions_of(args)
    asked = account.asked_of(args)
    name = options.region_of(args)
    prices = account.with_prices(options.prices_of(args), name, asked.prices)
    free = account.left_of(prices.free_tier, asked)
    document = bill_document(
        functions,
        bill([each.usage() for each in functions], prices.region(name), free),
        prices,
        today=today(),
        is_explained=output.is_explained(args),
    )
    return output.write(account.told(document, asked), args)


def bill_document(
    functions: Sequence[Invoiced],
    found: Bill,
    prices: PriceTable,
    *,
    today: date,
    is_explained: bool = False,
) -> Document:
    """The report of a bill. `today`: against which the prices' age is told."""
    region = prices.region(found.region)
    sources = explain.price_sources([found], prices, region)
    sums = (explain.terms_table(found, region), explain.sources_table(sources))
    asked = usd(found.usd_as_invoiced)
    requests = found.lines[0].quantity  # every bill begins with them
    return Document(
        title=f"AWS's bill of a month in {region.region} ({region.name})",
        lead=(
            f"{times(requests, 'invocations')} cost {asked}, as on AWS's invoice.",
            f"Each line is rounded to cents there; exactly it is USD {exact(found.usd)}.",
        ),
        tables=(
            bill_table(found, [each.name for each in functions], is_invoice=True),
            *(sums if is_explained else ()),
        ),
        notes=(*_timeless(functions), *price_notes(prices, region, today)),
        data={
            "report": "bill",
            "region": found.region,
            "usd_a_month": found.usd,
            "usd_a_month_as_invoiced": found.usd_as_invoiced,
            "bill": bill_records(found),
            "functions": [
                {**_words(each), "usd_a_month": found.usd_of(each.name)} for each in functions
            ],
            "terms": explain.term_records(found, region),
            "prices": price_record(prices, region),
            "sources": sources,
        },
    )


def _timeless(functions: Sequence[Invoiced]) -> Iterator[str]:
    """What is easily forgotten: how long the invocations were billed for."""
    for each in functions:
        if each.invocations and not each.duration_ms:
            yield (
                f"{each.name}: no duration is given (--duration-ms), so its invocations on demand "
                "are charged as requests alone"
            )


def functions_of(args: argparse.Namespace) -> tuple[Invoiced, ...]:
    """The functions that were given. Raises InputError in terms of the options."""
    with options.spelled(_spellings()):
        shared = options.given(args, "bill", Invoiced)
    architecture = args.bill_architecture
    shared |= {} if architecture is None else {"architecture": _architecture(architecture)}
    if not args.function:
        if not {"invocations", "provisioned_invocations", "provisioned_concurrency"} & {*shared}:
            raise InputError(
                "--invocations", "must be given: the month's, such as 3e6 (or --function)"
            )
        return (_function(shared, {}),)
    functions = [
        _function(shared | {"name": f"{NAME} {number}"} | _pairs(text), _prefixed())
        for number, text in enumerate(args.function, start=1)
    ]
    names = [each.name for each in functions]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                "--function", f"must have names that differ, and {name!r} is there twice"
            )
    return tuple(functions)


def _function(figures: dict[str, Any], keys: dict[str, str]) -> Invoiced:
    with options.spelled(_spellings() | keys):
        return Invoiced(**figures)


def _pairs(text: str) -> dict[str, Any]:
    """The figures of `key=value,key=value`, the keys as the options are spelled."""
    figures = {each.name: each for each in options.figures_of(Invoiced)}
    found: dict[str, Any] = {}
    for name, value in account.pairs("--function", text, _keys()):
        with options.spelled(_prefixed()):
            match name:
                case "name":
                    found[name] = value
                case "architecture":
                    found[name] = _architecture(value)
                case _:
                    found[name] = options.value_of(figures[name], value)
    return found


def _keys() -> dict[str, str]:
    """The figures and words of a function, by how they are spelled in --function."""
    names: Iterable[str] = (each.name for each in fields(Invoiced))
    return {flag.removeprefix("--"): name for name in names for flag in options.flags("", name)}


def _spellings() -> dict[str, str]:
    return {each.name: options.flags("", each.name)[0] for each in fields(Invoiced)}


def _prefixed() -> dict[str, str]:
    return {name: f"--function: {flag.removeprefix('--')}" for name, flag in _spellings().items()}


def _architecture(text: str) -> str:
    return options.ARCHITECTURE_NAMES.get(text, text)


def _words(function: Invoiced) -> dict[str, Any]:
    """What was given of it, by name."""
    named = asdict(function)
    return {"name": named.pop("name"), **named}
