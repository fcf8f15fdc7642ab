"""(10) A batch that holds nothing to fuse, with the planner on and off: what looking costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench.suite.figures import Row, Spread, ratios
from bench.suite.harness import PEERS, side

if TYPE_CHECKING:
    from bench.suite.harness import Bench

N: Final = 100
AT_MOST: Final = 1.03
# A difference of three per cent is less than what one round differs from the next by.
_ROUNDS: Final = 8


def run(bench: Bench) -> list[Row]:
    """See the module."""
    rows = []
    for driver in bench.drivers:
        sides = [side("handler", driver, fuse=fuse) for fuse in (True, False)]
        with bench.workers(*sides) as workers:
            if not workers:
                continue
            size = bench.size(N)
            bench.fill("unfusable", size)
            times = bench.race(workers, "unfusable", size, bench.rounds * _ROUNDS)
            groups = workers[0].facts().get("groups")
        on, off = (times[worker.name] for worker in workers)
        rows.append(
            Row(
                part="planner",
                what="nothing to fuse: planner on against off",
                n=size,
                ours_is=f"handler on {PEERS[driver]}, planner on",
                peer_is="the same, planner off",
                figure=ratios(on, off),
                ours=Spread.of(on).scaled(1e3),
                peer=Spread.of(off).scaled(1e3),
                at_most=AT_MOST if size == N else None,
                note=f"groups: {groups}",
            )
        )
    return rows
