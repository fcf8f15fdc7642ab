"""The queue of a coalescer: what waits to leave, in order, and which reads may be shared.

Only holds and counts; decides nothing about time. An identical read may be joined as long as it
stands here and no write to its namespace came after it (rule 6 of docs/architecture.md).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from motorpool.batching.codec import ELEMENT_BYTES, STAMP_BYTES
from motorpool.batching.operations import COMMANDS, FAR_REACHING

if TYPE_CHECKING:
    from motorpool.batching.bounds import Bounds
    from motorpool.batching.call import Operation, Pending


def size_in_batch(body: bytes) -> int:
    """Bytes that an operation of this body takes up in a batch's document."""
    return len(body) + _AROUND_BYTES


_AROUND_BYTES: Final = STAMP_BYTES + ELEMENT_BYTES


class Batch(list["Pending"]):
    """Operations that leave together, and what is known of their leaving, for whoever records it.

    `reason`: what made them leave. `scope`: the number of their request scope, None outside of one.
    `left_at`: when they left, in seconds of `time.monotonic`.
    """

    __slots__ = ("left_at", "reason", "scope")

    left_at: float
    reason: str
    scope: int | None


class Queue:
    """Operations that wait, first in first out. `bytes`: what they take up in batches."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._waiting: deque[Pending] = deque()
        self._shareable: dict[str, dict[bytes, Pending]] = {}
        self.bytes = 0

    def __len__(self) -> int:
        """How many operations wait."""
        return len(self._waiting)

    def has_room_for(self, operation: Operation) -> bool:
        """Whether the bounds of the queue allow one more."""
        return (
            len(self._waiting) < self._bounds.queue_operations
            and self.bytes + size_in_batch(operation.body) <= self._bounds.queue_bytes
        )

    def same_as(self, operation: Operation) -> Pending | None:
        """The identical read that waits already, unless batches are off (one operation each)."""
        if not operation.is_shareable or self._bounds.batch_operations == 1:
            return None
        same = self._shareable.get(operation.namespace)
        return None if same is None else same.get(operation.body)

    def append(self, pending: Pending) -> None:
        """Let it wait; a write ends what may be shared of its namespace."""
        operation = pending.operation
        self._waiting.append(pending)
        self.bytes += size_in_batch(operation.body)
        if operation.is_shareable:
            self._shareable.setdefault(operation.namespace, {})[operation.body] = pending
        elif not operation.is_read:
            self._written(operation)

    def _written(self, operation: Operation) -> None:
        """Reads that come after a write see it: they share no answer with those before."""
        if operation.name in FAR_REACHING:  # $out, a rename, a whole database: anywhere
            self._shareable.clear()
            return
        database = operation.namespace.partition(".")[0]
        # It may have made the collection, and the database: their lists are read anew, too.
        for namespace in (operation.namespace, f"{database}.{COMMANDS}", f"admin.{COMMANDS}"):
            self._shareable.pop(namespace, None)

    def take_batch(self) -> Batch:
        """Take from the front as many as one batch may hold; one that is larger goes alone."""
        batch = Batch()
        room = self._bounds.batch_bytes
        while self._waiting and len(batch) < self._bounds.batch_operations:
            size = size_in_batch(self._waiting[0].operation.body)
            if size > room and batch:
                break
            room -= size
            pending = self._waiting.popleft()
            self._forget(pending)
            batch.append(pending)
        return batch

    def take_all(self) -> list[Pending]:
        """Take everything."""
        waiting = list(self._waiting)
        self._waiting.clear()
        self._shareable.clear()
        self.bytes = 0
        return waiting

    def remove(self, pending: Pending) -> None:
        """Take this one, wherever it stands."""
        self._waiting.remove(pending)
        self._forget(pending)

    def _forget(self, pending: Pending) -> None:
        operation = pending.operation
        self.bytes -= size_in_batch(operation.body)
        same = self._shareable.get(operation.namespace)
        if same is not None and same.get(operation.body) is pending:
            del same[operation.body]
            if not same:
                del self._shareable[operation.namespace]
