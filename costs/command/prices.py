"""`motorpool cost prices`: the prices that all reports use, or AWS's of today in their place.

Reads the options, asks AWS if it is told to, and writes a table only when all of it has been
answered. What the report says of a table stands in `price_tables.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from motorpool.costs.command import output
from motorpool.costs.command.invoice import today
from motorpool.costs.command.price_tables import prices_document
from motorpool.costs.errors import InputError, PricesError
from motorpool.costs.price_file import find_prices, read_prices, user_prices_path, write_prices

if TYPE_CHECKING:
    import argparse

    from motorpool.costs.prices import PriceTable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `motorpool cost prices`."""
    parser.epilog = "example: motorpool cost prices --region eu-west-1 --refresh"
    group = parser.add_argument_group("prices")
    group.add_argument(
        "--region",
        action="append",
        default=[],
        metavar="NAME",
        help="AWS region, with everything that is known of it; may be repeated (default: all)",
    )
    group.add_argument(
        "--prices",
        type=Path,
        metavar="FILE",
        help="price table to show (default: what --refresh wrote last, else motorpool's own)",
    )
    group.add_argument(
        "--refresh",
        action="store_true",
        help="ask AWS's price list, with your AWS credentials (pricing:GetProducts), for today's "
        "prices of Lambda in these regions, and keep them: in the user's cache "
        "(~/.cache/motorpool/prices.json), from where every `motorpool cost` command takes them, "
        "or in --save's file",
    )
    group.add_argument(
        "--save",
        type=Path,
        metavar="FILE",
        help="write the whole table, as it is read by --prices, to a file: to change it, or to "
        "keep it beside a report",
    )
    output.add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Write the report and return 0. Raises CostError, as one line."""
    if args.refresh and args.prices is not None and args.save is None:
        raise InputError(
            "--refresh", "of --prices' table needs --save FILE: else it would become everybody's"
        )
    table = _table(args)
    done = []
    if args.refresh:
        table, path = _refreshed(args, table)
        used = "" if args.save else "; the other commands use it from now on"
        done.append(f"AWS's prices of today were written to {path}{used}.")
    elif args.save is not None:
        write_prices(table, args.save)
        done.append(f"The table was written to {args.save}.")
    document = prices_document(table, args.region, today=today(), done=done)
    return output.write(document, args)


def _table(args: argparse.Namespace) -> PriceTable:
    """The table that is meant; a refresh takes the packaged one in place of a broken one."""
    try:
        return find_prices(args.prices)
    except PricesError:
        if args.refresh and args.prices is None:
            return read_prices()
        raise


def _refreshed(args: argparse.Namespace, table: PriceTable) -> tuple[PriceTable, Path]:
    """The table with today's prices, as it was written, and where."""
    from motorpool.costs.price_list import refresh  # noqa: PLC0415 - only to ask AWS

    path = args.save or user_prices_path()
    if path is None:
        raise InputError("--save", "must be given: there is no home folder to keep prices in")
    regions = args.region or list(table.regions)
    fresh = refresh(regions, table=table, today=today(), tell=_tell)
    write_prices(fresh, path)
    return read_prices(path), path


def _tell(region: str) -> None:
    """Show somebody who waits that something happens; a file and a pipe are told nothing."""
    if sys.stderr.isatty():
        print(f"asking AWS for {region}", file=sys.stderr)
