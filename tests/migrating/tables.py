"""The tables of docs/migrating.md, and checks that are named by the first cell of a line.

A line without a check, or a check without its line, fails.
"""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from motorpool.client import ProxyClient
from tests.client.fakes import FakeTransport

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "migrating.md").read_text()

Check: TypeAlias = Callable[[ProxyClient], Awaitable[Any]]
Checks: TypeAlias = dict[str, Check]


def rows(heading: str) -> list[list[str]]:
    """Return the lines of the table of this heading, cell by cell."""
    pattern = rf"^{re.escape(heading)}\n\|[-|]+\n((?:\|.*\n)+)"
    (table,) = re.findall(pattern, GUIDE, re.MULTILINE)
    lines = [line.strip("|").split(" | ") for line in table.splitlines()]
    return [[cell.strip() for cell in line] for line in lines]


def says(checks: Checks, line: str) -> Callable[[Check], Check]:
    """Register the check of a table's line, named by its first cell."""

    def register(check: Check) -> Check:
        assert line not in checks
        checks[line] = check
        return check

    return register


def made_with(**options: Any) -> ProxyClient:
    """Make a client whose proxy says yes to everything."""
    return ProxyClient(transport=FakeTransport(), **options)


async def raised(call: Callable[..., Any], *args: Any, **kwargs: Any) -> BaseException:
    """Return what a call raises, when it is made or when it is awaited."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller looks at it
        await call(*args, **kwargs)
    return caught.value
