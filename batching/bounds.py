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
