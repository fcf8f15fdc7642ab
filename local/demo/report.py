"""Prints the two runs side by side. Only formats: every number comes from a `Run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from motorpool.costs import request_charge
from motorpool.local.demo.measure import WAYS

if TYPE_CHECKING:
    from motorpool.local.demo.measure import Run

MILLION: Final = 1_000_000


def report(one_by_one: Run, coalesced: Run) -> str:
    """The table, and what a million such pages would take."""
    runs = (one_by_one, coalesced)
    rows = [
        ("", *WAYS),
        ("pages", *(f"{run.pages:,}" for run in runs)),
        ("queries", *(f"{run.queries:,}" for run in runs)),
        ("invocations", *(f"{run.invocations:,}" for run in runs)),
        ("queries a page", *(f"{run.queries / run.pages:.1f}" for run in runs)),
        ("invocations a page", *(f"{run.invocations / run.pages:.1f}" for run in runs)),
        ("operations per invocation", *(f"{run.operations_per_invocation:.1f}" for run in runs)),
        ("identical reads sent once", *(f"{run.queries - run.sent:,}" for run in runs)),
        ("wall time a page, median", *(f"{run.median_ms:.1f} ms" for run in runs)),
        ("queries that failed", *(f"{run.failed:,}" for run in runs)),
        ("pages whole all the same", *(f"{run.whole:,} of {run.pages:,}" for run in runs)),
    ]
    lines = [f"  {label:<27}{first:>26}{second:>14}" for label, first, second in rows]
    lines.insert(1, "  " + "-" * 67)
    return "\n".join([*lines, "", *_million(*runs), "", _errors(coalesced)])


def _million(one_by_one: Run, coalesced: Run) -> list[str]:
    charges = [
        request_charge(counted_invocations=run.invocations, counted_pages=run.pages, pages=MILLION)
        for run in (one_by_one, coalesced)
    ]
    return [
        "  A million such pages",
        *(
            f"  {label:<27}{charge.invocations:>18,} invocations, {charge.usd:>6,.2f} USD"
            for label, charge in zip(WAYS, charges, strict=True)
        ),
        "  (requests alone, us-east-1, without the free tier; not the time that they run)",
    ]


def _errors(run: Run) -> str:
    return (
        f"  One query of each page is wrong on purpose ({run.failure!r}): it fails alone,\n"
        "  and the others of its batch are answered."
    )
