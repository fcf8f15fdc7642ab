"""What the coalescer and the dispatcher count. Only counts: decides nothing."""

from __future__ import annotations

from typing import Any


class Counters:
    """Running totals of one client, over all its loops and request scopes.

    Times are in seconds, sizes in bytes. `in_flight` is a gauge; the rest only grows.
    """

    __slots__ = (
        "batch_sizes",
        "bytes_received",
        "bytes_sent",
        "cancelled",
        "deduplicated",
        "flush_reasons",
        "in_flight",
        "invocations",
        "max_in_flight",
        "max_queue_wait",
        "operations",
        "queue_wait",
        "refused",
        "retried",
        "sent",
        "throttled",
        "timed_out",
    )

    def __init__(self) -> None:
        self.operations = 0
        """Calls made, whatever became of them."""
        self.refused = 0
        """Calls that failed before they were queued: too large, queue full, client closed."""
        self.deduplicated = 0
        """Calls that joined an identical read instead of being sent."""
        self.cancelled = 0
        """Operations not sent, because nobody waited for them any more."""
        self.timed_out = 0
        """Calls whose deadline passed before their answer came."""
        self.sent = 0
        """Operations that left in a batch for the first time."""
        self.retried = 0
        """Operations that were sent again."""
        self.throttled = 0
        """Invocations that were refused for concurrency."""
        self.invocations = 0
        """Invocations made, refused ones and repeats included."""
        self.bytes_sent = 0
        self.bytes_received = 0
        self.in_flight = 0
        """Batches out at this moment."""
        self.max_in_flight = 0
        self.queue_wait = 0.0
        """Seconds that operations waited to be sent, in sum."""
        self.max_queue_wait = 0.0
        self.flush_reasons: dict[str, int] = {}
        """Batches by what made them leave: quiet, age, linger, operations, size, explicit …"""
        self.batch_sizes: dict[int, int] = {}
        """Batches by the number of operations in them."""

    @property
    def invocations_saved(self) -> int:
        """Invocations that one query per invocation would have made on top of these."""
        return max(0, self.sent + self.deduplicated - self.invocations)

    def took_off(self, reason: str, waits: list[float]) -> None:
        """A batch leaves: why, and the seconds that each of its operations waited."""
        size = len(waits)
        self.sent += size
        self.flush_reasons[reason] = self.flush_reasons.get(reason, 0) + 1
        self.batch_sizes[size] = self.batch_sizes.get(size, 0) + 1
        self.queue_wait += sum(waits)
        self.max_queue_wait = max(self.max_queue_wait, *waits)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def landed(self) -> None:
        """A batch is settled."""
        self.in_flight -= 1

    def snapshot(self) -> dict[str, Any]:
        """A copy of every counter by name, with `invocations_saved`."""
        counts: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        counts["flush_reasons"] = dict(self.flush_reasons)
        counts["batch_sizes"] = dict(self.batch_sizes)
        counts["invocations_saved"] = self.invocations_saved
        return counts

    def __repr__(self) -> str:
        """The counters that say most."""
        return (
            f"<Counters operations={self.operations} invocations={self.invocations} "
            f"saved={self.invocations_saved} in_flight={self.in_flight}>"
        )
