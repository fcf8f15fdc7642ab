"""(3) Each other fusion at N = 100: the handler against a gather of the same driver.

The bounds are against Motor's gather; the figures against PyMongo Async stand beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from bench.suite.figures import Row, Spread, ratios
from bench.suite.harness import PEERS, side

if TYPE_CHECKING:
    from bench.suite.harness import Bench

N: Final = 100


class Fusion(NamedTuple):
    """A shape that can be fused, in words, and what its time may be against Motor's gather."""

    what: str
    at_most: float | None = None


FUSIONS: Final = {
    "inserts": Fusion("insert_one", 0.10),
    "children": Fusion("find by the parent's key, 10 child rows each", 0.20),
    "updates": Fusion("update_one by _id", 0.40),
    "counts": Fusion("count_documents by one field's value", 0.25),
    "replaces": Fusion("replace_one by _id"),
    "deletes": Fusion("delete_one by _id"),
    "insert_many": Fusion("insert_many of 3 documents, unordered"),
    "identical": Fusion("find_one, all identical"),
    "unique": Fusion("find_one by a unique key"),
}


def run(bench: Bench, shape: str) -> list[Row]:
    """One of the fusions."""
    rows = []
    fusion = FUSIONS[shape]
    sides = [side(kind, name) for name in bench.drivers for kind in ("gather", "handler")]
    with bench.workers(*sides) as workers:
        size = bench.size(N)
        bench.fill(shape, size)
        times = bench.race(workers, shape, size)
        groups = {worker.name: worker.facts().get("groups") for worker in workers}
    for driver in bench.drivers:
        ours, theirs = times.get(f"{driver} handler"), times[f"{driver} gather"]
        if ours is None:
            continue
        rows.append(
            Row(
                part=shape,
                what=fusion.what,
                n=size,
                ours_is=f"handler on {PEERS[driver]}",
                peer_is=f"{PEERS[driver]}, gather",
                figure=ratios(ours, theirs),
                ours=Spread.of(ours).scaled(1e3),
                peer=Spread.of(theirs).scaled(1e3),
                at_most=fusion.at_most if driver == "motor" and size == N else None,
                note=f"groups: {groups[f'{driver} handler']}",
            )
        )
    return rows
