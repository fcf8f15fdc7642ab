"""(7) What the rooms cost at a cold start: time and memory of their imports, against the drivers'.

By the machinery of bench/startup.py: fresh interpreters without `site`, the rows taking turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench import startup
from bench.suite.figures import Row, Spread, ratios

if TYPE_CHECKING:
    from bench.suite.harness import Bench

MEBIBYTE_KB: Final = 1024

# Resident memory before and after the import, without the interpreter itself.
_MEMORY: Final = """
import os, re, sys
sys.path[:0] = sys.argv[2:]
def resident():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmRSS:\\s+(\\d+)", status.read())[1])
before = resident()
__import__(sys.argv[1])
print(resident() - before, flush=True)
os._exit(0)
"""


def run(bench: Bench) -> list[Row]:
    """See the module."""
    modules = list(dict.fromkeys(name for each in startup.BUDGETS for name in _pair(each)))
    programs = {"ms": startup.PROGRAM, "KiB": _MEMORY}
    taken: dict[tuple[str, str], list[float]] = {
        (unit, module): [] for unit in programs for module in modules
    }
    with startup.search_path() as path:
        for number in range(-1, bench.rounds):
            bench.say(f"imports: round {number + 1} of {bench.rounds}")
            for (unit, module), values in taken.items():
                value = startup.import_once(module, path, programs[unit])
                # The round before the first writes the compiled files.
                if number >= 0:
                    values.append(value)
    bench.say("")
    return [_row(budget, unit, taken) for unit in programs for budget in startup.BUDGETS]


def _pair(budget: startup.Budget) -> tuple[str, str]:
    return budget.module, budget.against


def _row(budget: startup.Budget, unit: str, taken: dict[tuple[str, str], list[float]]) -> Row:
    ours, theirs = (taken[unit, module] for module in _pair(budget))
    is_time = unit == "ms"
    factor = 1.0 if is_time else 1 / MEBIBYTE_KB
    return Row(
        part="imports",
        what="import time" if is_time else "memory of the import",
        n=1,
        ours_is=f"import {budget.module}",
        peer_is=f"import {budget.against}",
        figure=ratios(ours, theirs),
        ours=Spread.of(ours).scaled(factor),
        peer=Spread.of(theirs).scaled(factor),
        measured_in="ms" if is_time else "MiB",
        at_most=budget.at_most if is_time else None,
        aim=budget.aim if is_time else None,
    )
