"""Rounds in which the sides take turns, and what a part of the suite is given to work with.

A round runs every side once (a short shape several times, of which the median counts), the first
one another each round. What a shape writes is put back before each run, outside of the clock and by
the side's own process: it is then as awake for what writes as for what reads.
The garbage collector is left on, as a user has it.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bench.suite.shapes import DATABASE, SHAPES
from bench.suite.sides import SideMissing, in_words
from bench.suite.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pymongo import MongoClient


DRIVERS: Final = ("motor", "pymongo")
PEERS: Final = {"motor": "Motor", "pymongo": "PyMongo Async"}

RUN_SECONDS: Final = 0.02
"""A round's runs of one side fill about that much, so that a short one is not one glance."""
_MOST_RUNS: Final = 20

Times = dict[str, list[float]]
"""Seconds of each side, a value for each round."""


class DifferentAnswers(RuntimeError):
    """Two sides gave different answers, so their times cannot be compared."""


@dataclass
class Bench:
    """What a part is given: the server, how many rounds, and where to leave a note."""

    uri: str
    client: MongoClient[dict[str, Any]]
    rounds: int = 15
    is_quick: bool = False
    warm_up_seconds: float = 0.3
    largest: int = 10_000
    """No batch is larger, and nothing there are more of."""
    drivers: Sequence[str] = DRIVERS
    notes: list[str] = field(default_factory=list)

    def size(self, wanted: int) -> int:
        """How large a batch is made of which so many are wanted."""
        return min(wanted, self.largest)

    def say(self, text: str) -> None:
        """On a terminal, what is being done."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def note(self, text: str) -> None:
        """Something for the report, once."""
        if text not in self.notes:
            self.notes.append(text)

    @contextlib.contextmanager
    def workers(self, *sides: Mapping[str, Any]) -> Iterator[list[Worker]]:
        """A process for each side that can be had, until the block ends."""
        with contextlib.ExitStack() as stack:
            workers: list[Worker] = []
            for side in sides:
                try:
                    workers.append(stack.enter_context(Worker(**side, uri=self.uri)))
                except SideMissing as error:
                    self.note(str(error))
            yield workers
            for worker in workers:
                # A proxy that says something has not measured what was meant.
                if log := worker.log():
                    self.note(f"{worker.name} has written to its log: … {' '.join(log.split())}")

    def fill(self, shape: str, size: int) -> None:
        """Make what this shape asks for."""
        SHAPES[shape].fill(self.client[DATABASE], size)

    def race(self, workers: Sequence[Worker], shape: str, size: int, rounds: int = 0) -> Times:
        """Run the shape on every side by turns, `rounds` times; the seconds of each round.

        Raises DifferentAnswers where the sides do not answer alike, or leave other data behind.
        """
        rounds = rounds or self.rounds
        for worker in workers:
            worker.prepare(shape, size)
        self._check(workers, shape, size)
        runs = {worker.name: self._warm_up(worker) for worker in workers}
        times: Times = {worker.name: [] for worker in workers}
        for number in range(rounds):
            self.say(f"{shape}, N = {size:,}: round {number + 1} of {rounds}")
            first = number % len(workers)
            for worker in [*workers[first:], *workers[:first]]:
                times[worker.name].append(worker.run(runs[worker.name]))
        self.say("")
        return times

    def _warm_up(self, worker: Worker) -> int:
        """Run it once or more; how often a round should."""
        spent: list[float] = []
        while not spent or (sum(spent) < self.warm_up_seconds and len(spent) < _MOST_RUNS):
            spent.append(worker.run())
        return max(1, min(_MOST_RUNS, int(RUN_SECONDS / spent[-1])))

    def _check(self, workers: Sequence[Worker], shape: str, size: int) -> None:
        """Each side's answers, and the data that it leaves, are those of the first."""
        seen: dict[str, tuple[str, str]] = {}
        for worker in workers:
            worker.run()
            seen[worker.name] = (worker.digest(), self._data(shape))
        first = next(iter(seen))
        for name, digests in seen.items():
            for what, mine, theirs in zip(("answers", "data"), digests, seen[first], strict=True):
                if mine != theirs:
                    raise DifferentAnswers(f"{shape}, N = {size}: {what} of {name}, not of {first}")

    def _data(self, shape: str) -> str:
        """A digest of the documents, where a shape writes."""
        if SHAPES[shape].reset is None:
            return ""
        database = self.client[DATABASE]
        digest = hashlib.sha256()
        for name in sorted(database.list_collection_names()):
            digest.update(in_words(list(database[name].find().sort("_id"))).encode())
        return digest.hexdigest()


def side(kind: str, driver: str, *, fuse: bool = True) -> dict[str, Any]:
    """How `Bench.workers` names a side."""
    return {"kind": kind, "driver": driver, "fuse": fuse}
