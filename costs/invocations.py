"""From invocations counted on one page to the invocations and the request charge of many.

The request charge is the part of the bill that does not depend on how long anything runs.
Duration is never estimated here.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

USD_PER_MILLION_REQUESTS: Final = Decimal("0.20")
"""What AWS Lambda asks for a million requests in us-east-1, on x86 and arm64 alike, in US dollars.

Source: the price file of AWS's own calculator (meteredUnitMaps), dated 2025-06-05; the AWSLambda
price list of 2026-09-19 says the same. Looked up on 2026-11-24.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestCharge:
    """How many invocations a number of pages makes, and what AWS asks for them as requests."""

    pages: int
    invocations: int
    usd: Decimal
    """US dollars, exact. The free tier (a million requests a month and account) is not applied."""


def request_charge(*, counted_invocations: int, counted_pages: int, pages: int) -> RequestCharge:
    """Return what `pages` pages cost, in invocations and in requests, as counted on some of them.

    `counted_invocations` were made for `counted_pages` pages; part of an invocation counts as one.
    Only these invocations are charged: the application's own, which serves the page, is not among
    them, and neither is any duration (the proxy's, and the application's while it waits).

    Raises TypeError where a number is not a whole one, and ValueError where it is negative, or
    where no page was counted.
    """
    _require_count("counted_invocations", counted_invocations)
    _require_count("counted_pages", counted_pages)
    _require_count("pages", pages)
    if counted_pages == 0:
        raise ValueError("counted_pages must not be 0: nothing was counted")
    invocations = -(-counted_invocations * pages // counted_pages)
    return RequestCharge(
        pages=pages,
        invocations=invocations,
        usd=invocations * USD_PER_MILLION_REQUESTS / 1_000_000,
    )


def _require_count(name: str, value: int) -> None:
    # True is an int to Python, and never a count.
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < 0:
        raise ValueError(f"{name} must not be negative, and is {value}")
