"""(1) N `find_one` by `_id`: the handler against gathers and against the one bare command.

And what one operation costs above one driver call, and whether the cost of each rises with N.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from bench.suite.figures import Row, Spread, differences, ratios
from bench.suite.harness import PEERS, side

if TYPE_CHECKING:
    from bench.suite.harness import Bench, Times

SIZES: Final = (1, 10, 100, 1_000, 10_000)
QUICK_SIZES: Final = (1, 10, 100, 1_000)
JUDGED: Final = 100
GATHER_AT_MOST, GATHER_AIM, BARE_AT_MOST = 0.08, 0.05, 2.0
ONE_AT_MOST_US: Final = 150.0
_LARGE, _LARGE_ROUNDS = 10_000, 5


def run(bench: Bench) -> list[Row]:
    """See the module."""
    sizes = [
        size for size in (QUICK_SIZES if bench.is_quick else SIZES) if bench.size(size) == size
    ]
    sides = [side(kind, name) for name in bench.drivers for kind in ("gather", "bare", "handler")]
    times: dict[int, Times] = {}
    with bench.workers(*sides) as workers:
        for size in sizes:
            bench.fill("reads", size)
            rounds = min(bench.rounds, _LARGE_ROUNDS) if size >= _LARGE else bench.rounds
            times[size] = bench.race(workers, "reads", size, rounds)
    rows: list[Row] = []
    for driver in bench.drivers:
        if f"{driver} handler" in times[sizes[0]]:
            rows += _against(driver, times)
            rows.append(_one(driver, times[1]))
            rows += _rising(driver, times)
    return rows


def _against(driver: str, times: dict[int, Times]) -> list[Row]:
    rows = []
    for peer, bound, aim in (("gather", GATHER_AT_MOST, GATHER_AIM), ("bare", BARE_AT_MOST, None)):
        for size, each in times.items():
            ours, theirs = each[f"{driver} handler"], each[f"{driver} {peer}"]
            is_judged = size == JUDGED
            rows.append(
                Row(
                    part="reads",
                    what="find_one by _id",
                    n=size,
                    ours_is=f"handler on {PEERS[driver]}",
                    peer_is=f"{PEERS[driver]}, {'gather' if peer == 'gather' else 'one $in'}",
                    figure=ratios(ours, theirs),
                    ours=Spread.of(ours).scaled(1e3),
                    peer=Spread.of(theirs).scaled(1e3),
                    at_most=bound if is_judged else None,
                    aim=aim if is_judged else None,
                )
            )
    return rows


def _one(driver: str, times: Times) -> Row:
    ours, theirs = times[f"{driver} handler"], times[f"{driver} gather"]
    return Row(
        part="reads",
        what="one operation above one driver call",
        n=1,
        ours_is=f"handler on {PEERS[driver]}",
        peer_is=f"{PEERS[driver]}, one call",
        figure=differences(ours, theirs).scaled(1e6),
        unit="µs more",
        ours=Spread.of(ours).scaled(1e6),
        peer=Spread.of(theirs).scaled(1e6),
        measured_in="µs",
        at_most=ONE_AT_MOST_US,
    )


def _rising(driver: str, times: dict[int, Times]) -> list[Row]:
    """The greatest step of the cost of an operation, from one N to the next, from 10 on."""
    costs = {
        size: Spread.of(each[f"{driver} handler"]).scaled(1e6 / size)
        for size, each in times.items()
        if size > 1
    }
    sizes = list(costs)
    steps = {
        (low, high): costs[high].median / costs[low].median
        for low, high in itertools.pairwise(sizes)
    }
    if not steps:
        return []
    (low, high), step = max(steps.items(), key=lambda item: item[1])
    row = Row(
        part="reads",
        what=f"cost of an operation, from N = {low:,} to {high:,}: the steepest step",
        n=high,
        ours_is=f"handler on {PEERS[driver]}, N = {high:,}",
        peer_is=f"the same, N = {low:,}",
        figure=Spread.of([step]),
        ours=costs[high],
        peer=costs[low],
        measured_in="µs each",
        at_most=1.0,
    )
    return [row]
