"""`make bench`: measure, print a table, write build/bench.json and docs/performance.*."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pymongo import MongoClient

from bench.suite import pages
from bench.suite.harness import DRIVERS, Bench
from bench.suite.parts import (
    coalescing,
    connections,
    documents,
    fusions,
    imports,
    memory,
    mixed,
    planner,
    reads,
    request,
)
from bench.suite.parts.reads import SIZES
from bench.suite.report import about, table
from bench.suite.servers import NoServer, server
from bench.suite.shapes import DATABASE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.suite.figures import Row

log: Final = logging.getLogger("bench")

ROOT: Final = Path(__file__).resolve().parents[2]
JSON: Final = ROOT / "build" / "bench.json"

PARTS: Final[Mapping[str, Callable[[Bench], list[Row]]]] = {
    "reads": reads.run,
    "mixed": mixed.run,
    **{name: partial(fusions.run, shape=name) for name in fusions.FUSIONS},
    "documents": documents.run,
    "request": request.run,
    "coalescing": coalescing.run,
    "imports": imports.run,
    "memory": memory.run,
    "connections": connections.run,
    "planner": planner.run,
}
GROUPS: Final = {"fusions": tuple(fusions.FUSIONS)}
"""Names for several parts."""

ROUNDS, QUICK_ROUNDS = 15, 3


def main() -> int:
    """Run what was asked for; the exit code.

    1 where a part has failed, or --check finds a bound that does not hold; 2 without a server.
    """
    options = parse()
    try:
        with server() as (uri, kind):
            client: MongoClient[dict[str, Any]]
            with MongoClient(uri) as client:
                bench = Bench(
                    uri,
                    client,
                    rounds=options.rounds,
                    is_quick=options.quick,
                    largest=options.largest,
                    warm_up_seconds=0.05 if options.quick else 0.3,
                    drivers=options.drivers,
                )
                document = {"about": _about(client, kind, options), **measured(bench, options.only)}
    except NoServer as error:
        sys.stderr.write(f"{error}\n")
        return 2
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(document))
    if options.pages:
        pages.write(document, ROOT / "docs")
    missed = any(row["holds"] is False for row in document["rows"])
    return 1 if document["failures"] or (options.check and missed) else 0


def _about(
    client: MongoClient[dict[str, Any]], kind: str, options: argparse.Namespace
) -> dict[str, Any]:
    return {**about(client, kind), "rounds": options.rounds, "quick": options.quick}


def measured(bench: Bench, names: Sequence[str]) -> dict[str, Any]:
    """Run these parts: the JSON's fields, but for what was measured on what."""
    rows: list[Row] = []
    failures: list[str] = []
    seconds: dict[str, float] = {}
    try:
        for name in names:
            began = time.monotonic()
            try:
                rows += PARTS[name](bench)
            except Exception as error:
                # The other parts are worth having all the same.
                log.exception("%s failed", name)
                failures.append(f"{name} failed: {type(error).__name__}: {error}")
            seconds[name] = round(time.monotonic() - began, 1)
    finally:
        bench.client.drop_database(DATABASE)
    return {
        "parts": list(names),
        "seconds_of_parts": seconds,
        "seconds": round(sum(seconds.values()), 1),
        "notes": bench.notes,
        "failures": failures,
        "rows": [row.as_document() for row in rows],
    }


def parse() -> argparse.Namespace:
    """What to run."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--only",
        type=_parts,
        default=list(PARTS),
        metavar="PARTS",
        help=f"apart by commas: {', '.join([*PARTS, *GROUPS])}",
    )
    parser.add_argument("--rounds", type=int, help=f"of each part (default: {ROUNDS})")
    parser.add_argument(
        "--drivers", type=_drivers, default=list(DRIVERS), help=f"of {', '.join(DRIVERS)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a minute: fewer rounds, sizes and environments"
    )
    parser.add_argument(
        "--largest",
        type=int,
        default=SIZES[-1],
        metavar="N",
        help="no batch is larger; one smaller than is judged is not judged",
    )
    parser.add_argument("--json", type=Path, default=JSON, metavar="FILE")
    parser.add_argument(
        "--check", action="store_true", help="exit with code 1 where a bound does not hold"
    )
    parser.add_argument(
        "--pages",
        action=argparse.BooleanOptionalAction,
        help="write docs/performance.md and .svg (default: when every part is run, and not quick)",
    )
    options = parser.parse_args()
    if options.rounds is None:
        options.rounds = QUICK_ROUNDS if options.quick else ROUNDS
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    if options.pages is None:
        options.pages = set(options.only) == set(PARTS) and not options.quick
    return options


def _parts(text: str) -> list[str]:
    names: list[str] = []
    for name in text.split(","):
        names += GROUPS.get(name, (name,))
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no part is called {unknown[0]!r}")
    return names


def _drivers(text: str) -> list[str]:
    names = text.split(",")
    if not set(names) <= set(DRIVERS):
        raise argparse.ArgumentTypeError(f"drivers are {', '.join(DRIVERS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
