"""How often and how long a batch is sent again. Numbers and one draw; decides nothing."""

from __future__ import annotations

import random
from typing import NamedTuple


class RetryPolicy(NamedTuple):
    """How often and how long a batch is sent again. Times in seconds.

    A pause is drawn from 0 to `base_pause` * 2**n, at most `max_pause` (full jitter: AWS
    Architecture Blog, "Exponential Backoff And Jitter", 2015), and never less than is asked for.
    """

    base_pause: float = 0.05
    max_pause: float = 2.0
    throttled_for: float = 30.0
    """How long a throttled batch is tried again where its operations have no deadline."""
    unknown_tries: int = 3
    """How often a batch whose outcome is unknown is sent, the first time included."""

    def pause(self, tries: int, asked: float | None = None) -> float:
        """Seconds to wait after so many tries."""
        longest = min(self.max_pause, self.base_pause * 2**tries)
        return max(random.uniform(0, longest), asked or 0.0)  # noqa: S311 - jitter, not a secret
