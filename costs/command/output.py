"""Where a report goes and in which form: the options for it, and the one place that writes.

Imports what a form needs when that form is chosen: rich for the terminal, matplotlib for the page.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.errors import CostError, InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from motorpool.costs.command.document import Document

TABLE: Final = "table"
HTML: Final = "html"
FORMATS: Final = (TABLE, "markdown", "csv", "json", HTML)
_BY_SUFFIX: Final = {
    ".csv": "csv",
    ".htm": HTML,
    ".html": HTML,
    ".json": "json",
    ".markdown": "markdown",
    ".md": "markdown",
}
_STDOUT: Final = "-"


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a report's form."""
    group = parser.add_argument_group("output")
    one = group.add_mutually_exclusive_group()
    one.add_argument(
        "--format",
        choices=FORMATS,
        help=f"form of the report (default: by the name of --output, else {TABLE})",
    )
    for name in FORMATS[1:]:
        one.add_argument(
            f"--{name}",
            dest="format",
            action="store_const",
            const=name,
            help="a page by itself, with plots" if name == HTML else f"as --format {name}",
        )
    group.add_argument(
        "--output", "-o", metavar="FILE", help="write to a file (default: -, the standard output)"
    )
    group.add_argument(
        "--table",
        metavar="KEY",
        help="with --csv, which table (default: the first; an unknown one is answered with all)",
    )
    group.add_argument(
        "--explain",
        action="store_true",
        help="show where every figure comes from: its sum, the units, the prices and their source",
    )


def is_explained(args: argparse.Namespace) -> bool:
    """Whether the report shows its sums: if asked for, and on a page, where they fold away."""
    return bool(args.explain) or _format(args) == HTML


def write(
    document: Document,
    args: argparse.Namespace,
    plots: Callable[[], Sequence[Any]] | None = None,
) -> int:
    """Write the report where and as the options say, and return 0.

    `plots`: makes the plots, and is asked for a page only. Raises InputError for a file that
    cannot be written and a table that the report does not have.
    """
    form = _format(args)
    if args.table is not None and form != "csv":
        raise InputError("--table", f"chooses the table of --csv, and the form is {form}")
    is_file = args.output not in {None, _STDOUT}
    text = _text(document, form, args, plots, is_file=is_file)
    if is_file:
        try:
            Path(args.output).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(
                "--output", f"must be a file that can be written: {args.output}: {error.strerror}"
            ) from None
    else:
        show(text)
    return 0


def show(text: str) -> None:
    """Print, whatever the terminal's encoding; a reader that has seen enough is no error.

    Raises CostError where nothing can be written, such as on a disk that is full.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        sys.stdout.write(_in(encoding, text))
        sys.stdout.flush()
    except OSError as error:
        # Python flushes once more when it ends, and would say that this failed (Python's
        # documentation of SIGPIPE). What is no real file has no descriptor, and needs none.
        with contextlib.suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            raise CostError(f"the standard output cannot be written: {error.strerror}") from None


def _in(encoding: str, text: str) -> str:
    """The text with what the encoding does not have replaced: × by x, the rest by ?."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.replace("×", "x").encode(encoding, "replace").decode(encoding)
    return text


def _format(args: argparse.Namespace) -> str:
    if args.format is not None:
        return str(args.format)
    return _BY_SUFFIX.get(Path(args.output or "").suffix.lower(), TABLE)


def _text(
    document: Document,
    form: str,
    args: argparse.Namespace,
    plots: Callable[[], Sequence[Any]] | None,
    *,
    is_file: bool,
) -> str:
    # Each form by itself: who asks for JSON waits neither for rich nor for matplotlib.
    match form:
        case "markdown":
            from motorpool.costs.command.markdown import markdown  # noqa: PLC0415 - as above

            return markdown(document)
        case "csv":
            from motorpool.costs.command.csv_text import csv_text  # noqa: PLC0415 - as above

            return csv_text(document, args.table)
        case "json":
            from motorpool.costs.command.json_text import json_text  # noqa: PLC0415 - as above

            return json_text(document)
        case "html":
            from motorpool.costs.command.page import html_page  # noqa: PLC0415 - as above

            return html_page(document, plots() if plots else ())
        case _:
            from motorpool.costs.command.terminal import terminal  # noqa: PLC0415 - as above

            return terminal(document, None if is_file else sys.stdout)
