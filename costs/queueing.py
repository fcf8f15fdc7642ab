"""How many invocations run at once, and how many find no place: Little's law and Erlang's formulas.

Pure mathematics on floats: these are estimates of chance, and no money. Lambda with a limit on
concurrency is the system that Erlang described: who finds no environment free is turned away at
once, nobody queues (M/G/n/n; the formula needs no assumption on how durations are spread).
"""

from __future__ import annotations

import math
from typing import Final

_EXACT_UP_TO: Final = 10_000.0
_HALF: Final = 0.5
_NEVER: Final = 1e15
"""One in so many is none."""


def mean_concurrency(rate: float, seconds: float) -> float:
    """Little's law: invocations that run at once on average. `rate` a second, `seconds` each."""
    return rate * seconds


def most_at_once(mean: float, arrivals: float) -> int:
    """How many run at once at most, as seen by so many arrivals: about one of them needs more.

    Without a limit the number of running invocations is distributed as Poisson has it around its
    mean, however long each takes (M/G/∞), and arrivals see it so (PASTA, Wolff 1982): this is the
    least k with P(N ≥ k) ≤ 1 / arrivals, or 1 / 2 for a single one. Beyond a mean of 10,000 by the
    normal distribution and its first correction for skewness (Cornish and Fisher 1938), rather one
    or two too many, so that it is never fewer than for a smaller mean.
    """
    if mean <= 0 or arrivals <= 0:
        return 0
    chance = min(_HALF, 1 / arrivals)
    if mean > _EXACT_UP_TO:
        z = _normal_tail(chance)
        return max(1, math.ceil(mean + z * math.sqrt(mean) + (z * z - 1) / 6 + 1.5))
    count = math.ceil(mean + 12 * math.sqrt(mean) + 40)  # P(N ≥ count) is below 1e-30
    log_mean, tail = math.log(mean), 0.0
    while count > 1:
        tail += math.exp((count - 1) * log_mean - mean - math.lgamma(count))
        if tail > chance:
            break
        count -= 1
    return count


def _normal_tail(chance: float) -> float:
    """The z that a normal variable passes with this chance, of 1/2 at most, to 0.0005.

    Abramowitz and Stegun, 26.2.23.
    """
    t = math.sqrt(-2 * math.log(chance))
    above = 2.515517 + 0.802853 * t + 0.010328 * t * t
    below = 1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t
    return t - above / below


def turned_away(mean: float, places: float) -> float:
    """Erlang's B: the part of invocations that find all `places` busy, from 0 to 1.

    `mean`: how many would run at once if all were let in. Between two whole numbers of places it is
    the straight line. So where n invocations come and go together, the part of them that is turned
    away is `turned_away(mean / n, places / n)`: exact where n divides the places, and for groups
    that seldom meet, of which `1 - places / n` find no place.
    """
    if mean <= 0:
        return max(0.0, 1.0 - places)
    whole = math.floor(places)
    share = places - whole
    below = _erlang_b(mean, whole)
    return below if not share else below * (1 - share) + _erlang_b(mean, whole + 1) * share


def _erlang_b(mean: float, places: int) -> float:
    """1 / B = 1 + n / a + n (n - 1) / a² + …, for n places and a mean of a (Jagerman 1974).

    All terms are positive, so nothing cancels out. Some of them decide, in proportion to the root
    of the mean: this is as quick for a million places as for ten thousand.
    """
    if mean < places - 12 * math.sqrt(mean) - 12:
        return 0.0  # below 1e-15
    inverse = term = 1.0
    for place in range(places, 0, -1):
        term *= place / mean
        inverse += term
        if inverse > _NEVER:
            return 0.0
        if term < inverse * 1e-17:
            break
    return 1.0 / inverse
