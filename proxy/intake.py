"""How much the reads under way may bring into memory at once: a gate, and what it goes by.

A response budget bounds what is kept; this bounds what comes. A server gives a batch of up to
16 MiB whatever there is room for, and while it comes a driver holds it two or three times (the
message, the documents in it, each of them): 128 MB hold one such batch at a time, and not five. So
a read begins when what it most probably brings goes beside what the others bring. How large the
documents of a namespace are is learned from those that came.

Pure: knows no driver and runs nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from math import sqrt
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

Key: TypeAlias = "Hashable"
"""What gives documents of one kind: see `documents_of`."""

MOST_BYTES: Final = 16 * 1024 * 1024
"""A server's batch at the most, and a document (MongoDB manual, "MongoDB Limits and Thresholds").
A read of which nothing is known may bring so much."""

BUDGET_BYTES: Final = MOST_BYTES
"""What may come at once. One that brings more than the rest of it waits until it is alone.
Measured (bench/suite/parts/memory.py): an environment holds 43 MiB
when nothing comes, and 85 at its peak while batches of 9 MB come and a full response is written."""

FREE_BYTES: Final = 256 * 1024
"""What a read may bring without being counted: as many of them as there are connections are
nothing beside the budget. Most reads bring less than this, and never wait."""

KEPT_KINDS: Final = 1_000
"""Kinds of documents whose sizes are kept, of some 300 bytes each. Those known longest go first."""

PATIENCE_SECONDS: Final = 1.0
"""How long the first in line waits for what is under way: what has brought nothing by then is
slow rather than large, and a slow read must not keep the others from running beside it."""

_REMEMBERED: Final = 500
_DEVIATIONS: Final = 3


def documents_of(op: str, ns: str, args: Mapping[str, Any]) -> Key:
    """The kind of documents that a read gives: by its namespace, and how it changes them.

    A `find` gives the namespace's own, one with a projection what is left of them, an aggregation
    what its stages make.
    """
    if op == "aggregate":
        stages = [next(iter(one)) for one in args["pipeline"] if one and isinstance(one, dict)]
        return ("aggregate", ns, *stages)
    projection = args.get("projection")
    return ns if not projection else (ns, repr(projection))


class _Kind:
    """The sizes of one kind of documents, in bytes: their mean, and how far they spread.

    Older ones fade: when documents grow, this is known some hundred documents later.
    """

    __slots__ = ("_count", "_mean", "_square")

    def __init__(self) -> None:
        self._count = 0
        self._mean = self._square = 0.0

    def learn(self, documents: Sequence[bytes]) -> None:
        count, size = len(documents), sum(map(len, documents))
        if size > FREE_BYTES and count > 1:
            self._learn(count, size / count, sum(len(one) ** 2 for one in documents) / count)
        elif count:
            # The sizes of small ones one by one are not worth the time.
            self.learn_sum(count, size)

    def learn_sum(self, count: int, size: int) -> None:
        """Of their sizes only the sum is known: they count as alike."""
        mean = size / count
        self._learn(count, mean, mean * mean)

    def _learn(self, count: int, mean: float, square: float) -> None:
        self._count = min(_REMEMBERED, self._count + count)
        weight = min(1.0, count / self._count)
        self._mean += (mean - self._mean) * weight
        self._square += (square - self._square) * weight

    def size_of(self, count: int) -> int:
        """Bytes of so many, most probably: three standard deviations above the mean."""
        return int(count * self._mean + sqrt(count) * self._spread)

    def fit_into(self, room: int) -> int:
        """The most of which `size_of` is no more than `room` bytes. For what takes up some."""
        mean, spread = self._mean, self._spread
        root = (sqrt(spread * spread + 4 * mean * room) - spread) / (2 * mean)
        return int(root * root)

    @property
    def _spread(self) -> float:
        return _DEVIATIONS * sqrt(max(0.0, self._square - self._mean * self._mean))


class _Waiter(NamedTuple):
    key: Key
    documents: int
    let_in: asyncio.Future[int]
    """What is counted for it."""


class Intake:
    """The gate of one execution environment, and the sizes that it knows."""

    def __init__(self, budget: int = BUDGET_BYTES) -> None:
        """`budget`: bytes of documents that may come at once, beyond which one read may be."""
        self._budget = budget
        self._known: dict[Key, _Kind] = {}
        self._under_way = 0
        self._waiting: deque[_Waiter] = deque()
        self._timer: asyncio.TimerHandle | None = None

    # What is foreseen -----------------------------------------------------------------------------

    def learn(self, key: Key, documents: Sequence[bytes]) -> None:
        """So these documents came. That there were none is worth knowing, too."""
        self._kind(key).learn(documents)

    def learn_sum(self, key: Key, count: int, size: int) -> None:
        """So many of a kind came, which have `size` bytes together."""
        self._kind(key).learn_sum(count, size)

    def foresee(self, key: Key, count: int) -> int:
        """Bytes that so many documents most probably have, as far as one batch goes."""
        kind = self._known.get(key) or self._origin(key)
        return MOST_BYTES if kind is None else min(MOST_BYTES, kind.size_of(count))

    def fit(self, key: Key, count: int, room: int) -> int | None:
        """How many documents to ask for, where so many will not fit; None: they do, or who knows.

        `room`: bytes that there are for them. What is little may be asked for whatever it is.
        """
        kind = self._known.get(key) or self._origin(key)
        room = max(room, FREE_BYTES)
        if kind is None or kind.size_of(count) <= room:
            return None
        return max(1, min(count, kind.fit_into(room)))

    def _kind(self, key: Key) -> _Kind:
        kind = self._known.get(key)
        if kind is None:
            if len(self._known) >= KEPT_KINDS:
                del self._known[next(iter(self._known))]
            kind = self._known[key] = _Kind()
        return kind

    def _origin(self, key: Key) -> _Kind | None:
        """The documents of which a projection leaves less, if that is what `key` names."""
        return self._known.get(key[0]) if isinstance(key, tuple) else None

    # The gate -------------------------------------------------------------------------------------

    async def begin(self, key: Key, count: int) -> int:
        """Wait until so many documents of a kind may come; what is counted for them, for `end`.

        Whoever came first is let in first, and waits no longer than `PATIENCE_SECONDS` for one that
        brings nothing. What is known to be little does not wait at all.
        """
        if self._enters(size := self.foresee(key, count)):
            return size
        loop = asyncio.get_running_loop()
        waiter = _Waiter(key, count, loop.create_future())
        self._waiting.append(waiter)
        self._time(loop)
        try:
            return await waiter.let_in
        except asyncio.CancelledError:
            if waiter.let_in.done() and not waiter.let_in.cancelled():  # at that same moment
                self.end(waiter.let_in.result())
            else:
                self._waiting.remove(waiter)
                self._let_in()
            raise

    def end(self, size: int) -> None:
        """They have come, and what does not fit is dropped. `size`: what `begin` gave."""
        if size > FREE_BYTES:
            self._under_way -= size
            self._let_in()

    def _enters(self, size: int, *, is_first: bool = False) -> bool:
        """Count it, if there is room for it."""
        if size <= FREE_BYTES:
            return True
        is_next = is_first or not self._waiting
        if not is_next or (self._under_way and self._under_way + size > self._budget):
            return False
        self._under_way += size
        return True

    def _let_in(self) -> None:
        """Those for whom there is room now: what has come may have told that they bring little."""
        left: deque[_Waiter] = deque()
        for waiter in self._waiting:
            size = self.foresee(waiter.key, waiter.documents)
            if waiter.let_in.done():  # cancelled, and about to go
                left.append(waiter)
            elif self._enters(size, is_first=not left):
                waiter.let_in.set_result(size)
            else:
                left.append(waiter)
        has_moved = len(left) < len(self._waiting)
        self._waiting = left
        if has_moved or not left:
            self._stop_timing()
        if left:
            self._time(asyncio.get_running_loop())

    def _time(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None:
            self._timer = loop.call_later(PATIENCE_SECONDS, self._lose_patience)

    def _stop_timing(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose_patience(self) -> None:
        self._timer = None
        waiter = next((each for each in self._waiting if not each.let_in.done()), None)
        if waiter is not None:
            self._waiting.remove(waiter)
            size = self.foresee(waiter.key, waiter.documents)
            self._under_way += size if size > FREE_BYTES else 0
            waiter.let_in.set_result(size)
            self._let_in()

    def __repr__(self) -> str:
        """What comes, who waits, and of how many kinds sizes are known."""
        return (
            f"<Intake {self._under_way} of {self._budget} bytes, {len(self._waiting)} waiting, "
            f"{len(self._known)} kinds>"
        )
