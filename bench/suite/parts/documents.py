"""(4) 10,000 documents end to end: from the awaited `to_list` to decoded documents.

The client and the proxy share a process, joined by the in-process transport, which passes events
and responses through JSON as Lambda does. What the network takes on the way is not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench.suite.figures import Row, Spread, ratios
from bench.suite.harness import PEERS, side

if TYPE_CHECKING:
    from bench.suite.harness import Bench

N: Final = 10_000
AT_MOST: Final = 1.1
# Where the garbage collector happens to come by makes one run half as long again as the next.
_ROUNDS: Final = 3


def run(bench: Bench) -> list[Row]:
    """See the module."""
    rows = []
    sides = [side(kind, name) for name in bench.drivers for kind in ("gather", "client")]
    with bench.workers(*sides) as workers:
        size = bench.size(N)
        bench.fill("documents", size)
        times = bench.race(workers, "documents", size, bench.rounds * _ROUNDS)
    for driver in bench.drivers:
        ours, theirs = times.get(f"{driver} client"), times[f"{driver} gather"]
        if ours is None:
            continue
        rows.append(
            Row(
                part="documents",
                what=f"{size:,} documents of 300 bytes, to_list",
                n=size,
                ours_is=f"client, proxy on {PEERS[driver]}",
                peer_is=f"{PEERS[driver]}, to_list",
                figure=ratios(ours, theirs),
                ours=Spread.of(ours).scaled(1e3),
                peer=Spread.of(theirs).scaled(1e3),
                at_most=AT_MOST if driver == "motor" and size == N else None,
            )
        )
    return rows
