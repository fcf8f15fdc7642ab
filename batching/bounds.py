"""What a coalescer may hold and send. Numbers only, so that naming them costs nothing."""

from __future__ import annotations

from typing import NamedTuple

from motorpool.batching.limits import BATCH_BYTES


class Bounds(NamedTuple):
    """Sizes of batches and of the queue, and how long a batch waits.

    Operations are counted, bytes are of BSON, `linger` is in seconds.
    """

    batch_operations: int = 1_000
    """Operations in one batch; at this number it leaves at once."""
    batch_bytes: int = BATCH_BYTES
    """Bytes of operations in one batch: what one event takes."""
    flights: int = 8
    """Batches on their way at once; while all are out, the rest keeps coalescing."""
    queue_operations: int = 50_000
    """Operations that may wait; one more fails at once as QueueFull."""
    queue_bytes: int = 64 * 1024 * 1024
    """Bytes that may wait; likewise."""
    linger: float = 0.0
    """How long a batch waits for company instead of for quiet ticks; 0: off."""

    def checked(self) -> Bounds:
        """These bounds, if a client can work within them. Raises ValueError naming the one."""
        for name, value in self._asdict().items():
            least = 0 if name == "linger" else 1
            if value < least:
                message = f"bounds: {name} must be at least {least}, not {value!r}"
                raise ValueError(message)
        if self.batch_bytes > BATCH_BYTES:
            message = f"bounds: batch_bytes must be at most {BATCH_BYTES} (Lambda's event), not "
            raise ValueError(message + repr(self.batch_bytes))
        return self
