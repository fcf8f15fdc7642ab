"""(2) Operations that cannot be fused, mixed: the handler against the same driver's gather."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench.suite.figures import Row, Spread, ratios
from bench.suite.harness import PEERS, side

if TYPE_CHECKING:
    from bench.suite.harness import Bench

N: Final = 100
AT_MOST: Final = 1.0
# One round differs from the next by more than the sides do.
_ROUNDS: Final = 3


def run(bench: Bench) -> list[Row]:
    """See the module."""
    rows = []
    sides = [side(kind, name) for name in bench.drivers for kind in ("gather", "handler")]
    with bench.workers(*sides) as workers:
        size = bench.size(N)
        bench.fill("mixed", size)
        times = bench.race(workers, "mixed", size, bench.rounds * _ROUNDS)
        groups = {worker.name: worker.facts().get("groups") for worker in workers}
    for driver in bench.drivers:
        ours, theirs = times.get(f"{driver} handler"), times[f"{driver} gather"]
        if ours is None:
            continue
        rows.append(
            Row(
                part="mixed",
                what="seven kinds of operations that cannot be fused",
                n=size,
                ours_is=f"handler on {PEERS[driver]}",
                peer_is=f"{PEERS[driver]}, gather",
                figure=ratios(ours, theirs),
                ours=Spread.of(ours).scaled(1e3),
                peer=Spread.of(theirs).scaled(1e3),
                at_most=AT_MOST if size == N else None,
                note=f"groups: {groups[f'{driver} handler']}",
            )
        )
    return rows
