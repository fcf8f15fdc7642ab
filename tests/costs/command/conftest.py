"""What the tests of `motorpool cost` share: the command itself, with prices that do not change."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pytest

from motorpool.costs import break_even
from motorpool.costs.command import bill, compare, database_limits, estimate, options
from motorpool.costs.prices import Fact, Limits
from motorpool.local.cli import main
from tests.costs.command.tables import AS_OF, TABLE

ATLAS = {"M0": "500", "M20": "3000", "M10": "1500", "M30": "3000"}


class Ran(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


Cost = Callable[..., Ran]


@pytest.fixture
def cost(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cost:
    """`motorpool cost …` with the prices of `tables.py`, on the day of which they are."""

    def today() -> date:
        return AS_OF

    def limits() -> Limits:
        tiers = {
            tier: Fact(value=Decimal(value), unit="connections", what="", sources=())
            for tier, value in ATLAS.items()
        }
        return Limits(billing={}, quotas={}, atlas_connections=tiers)

    for module in (bill, compare, estimate):
        monkeypatch.setattr(module, "today", today)
    monkeypatch.setattr(database_limits, "read_limits", limits)
    monkeypatch.setattr(break_even, "POINTS", 12)  # of 120: the search is not what is tested here
    monkeypatch.setattr(options, "find_prices", lambda _: TABLE)
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Ran:
        code = main(["cost", *arguments])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run
