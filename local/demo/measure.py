"""Runs the page through the proxy in both ways and counts what happened. Prints nothing."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pymongo.errors import OperationFailure

from motorpool.client import Bounds, ProxyClient
from motorpool.local.demo.page import show_page
from motorpool.local.demo.shop import CUSTOMERS, DATABASE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WAYS: Final = {
    # A batch is full with one operation, so each leaves at once.
    "one query per invocation": Bounds(batch_operations=1),
    "coalesced": Bounds(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was counted over all pages of one way."""

    pages: int
    queries: int
    invocations: int
    sent: int
    failed: int
    """Queries that failed."""
    whole: int
    """Pages that were shown in full, but for the query that fails on purpose."""
    seconds: list[float]
    """Wall time of each page."""
    failure: str
    """What the failing query said."""

    @property
    def median_ms(self) -> float:
        """Median wall time of a page, in milliseconds."""
        return statistics.median(self.seconds) * 1000

    @property
    def operations_per_invocation(self) -> float:
        """Operations that an invocation carried."""
        return self.sent / self.invocations


async def run_pages(
    function_name: str,
    options: Mapping[str, Any],
    bounds: Bounds,
    pages: int,
    progress: Callable[[int], None],
) -> Run:
    """Show `pages` pages, one after the other, each in a request scope of its own.

    One page before is not counted: it makes the client's connections and warms the environments.
    `progress` gets the pages shown so far, first of all 0.
    """
    async with ProxyClient(function_name, bounds=bounds, **options) as client:
        db = client[DATABASE]
        async with client.request():
            await show_page(db, 0)
        progress(0)
        before = client.counters.snapshot()
        seconds: list[float] = []
        failures: list[OperationFailure] = []
        whole = 0
        for number in range(pages):
            began = time.perf_counter()
            async with client.request():
                page = await show_page(db, (number * 7 + 1) % CUSTOMERS)
            seconds.append(time.perf_counter() - began)
            if isinstance(page.banner, OperationFailure):
                failures.append(page.banner)
            products = [product for order in page.orders for product in order["products"]]
            whole += bool(page.recommendations and products and None not in products)
            progress(number + 1)
        counted = {
            name: client.counters.snapshot()[name] - before[name]
            for name in ("operations", "invocations", "sent")
        }
        return Run(
            pages=pages,
            queries=counted["operations"],
            invocations=counted["invocations"],
            sent=counted["sent"],
            failed=len(failures),
            whole=whole,
            seconds=seconds,
            failure=str(failures[0]).partition(", full error")[0] if failures else "",
        )
