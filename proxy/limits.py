"""How long an operation may take: what its caller allows, and what the invocation has left.

Pure arithmetic of seconds; starts no clock but to say when a page is late.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

DRIVER_GRACE_SECONDS: Final = 0.05
"""How much later than the driver's own time limit the executor gives an operation up."""


class Limit(NamedTuple):
    """How long an operation may take, in seconds from now; None: without limit."""

    asked: float | None = None
    """What the caller allows."""
    left: float | None = None
    """What the invocation has left."""

    def after(self, waited: float) -> Limit:
        """What remains of it once `waited` seconds have passed."""
        asked, left = self
        return Limit(
            None if asked is None else asked - waited, None if left is None else left - waited
        )

    @property
    def total(self) -> float | None:
        """When the executor gives the operation up."""
        asked, left = self
        if asked is None:
            return left
        # The driver's own limit, where it is told one, comes first: its error says more than ours.
        asked += DRIVER_GRACE_SECONDS
        return asked if left is None else min(asked, left)

    @property
    def is_over(self) -> bool:
        """Whether nothing remains."""
        return any(value is not None and value <= 0 for value in self)


UNLIMITED: Final = Limit()

_LATE: Final = 0.5
"""The part of its time after which a page ends with what it has, so that it arrives."""


def lateness(limit: Limit) -> Callable[[], bool]:
    """Whether an operation within `limit` has used up so much of it that its page should end."""
    if limit.total is None:
        return lambda: False
    end = monotonic() + limit.total * _LATE
    return lambda: monotonic() > end


def driver_limit(limit: Limit, max_time_ms: int | None) -> float | None:
    """The driver's time limit, where the caller has asked for one.

    None where the operation's own `max_time_ms` is stricter: PyMongo's limit overwrites the
    command's maxTimeMS (pymongo/pool_shared.py, apply_timeout), so it would be lost.
    """
    if limit.asked is None:
        return None
    seconds = limit.asked if limit.left is None else min(limit.asked, limit.left)
    return None if max_time_ms and max_time_ms < seconds * 1000 else seconds
