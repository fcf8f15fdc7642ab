"""Choices of a generator, all from one seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, TypeVar

from tests.integration.equivalence.pools import FAMILIES, IDS_AND_TEXT, MISSING, PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Dice:
    """Its values are few, so that they meet."""

    def __init__(self, seed: int, *, on_server: bool) -> None:
        """`on_server`: whether what the embedded database confuses may be chosen."""
        self.on_server = on_server
        self._random = random.Random(seed)  # noqa: S311 - a test's dice, no secret
        known = [family for family in FAMILIES if on_server or family is not IDS_AND_TEXT]
        families = self._random.sample(known, self._random.choice([0, 1, 1, 2, 2, 3]))
        self._odd = [value for family in families for value in family]
        self._plain = self._random.sample(PLAIN, self._random.randint(2, 5))
        self._fresh = 1000

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def number(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def pick(self, items: Sequence[T]) -> T:
        return self._random.choice(items)

    def some(self, items: Sequence[T], least: int, most: int) -> list[T]:
        """Different ones of them, in any order."""
        return self._random.sample(items, min(len(items), self.number(least, most)))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        return self._random.sample(items, len(items))

    def weighted(self, **weights: int) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]

    def fresh(self) -> int:
        """A number that nothing else in this scenario has."""
        self._fresh += 1
        return self._fresh

    def maybe_missing(self) -> Any:
        """A value of the palette, or MISSING."""
        pool = self._odd if self._odd and self.chance(0.5) else self._plain
        return self.pick(pool)

    def value(self) -> Any:
        """A value of the palette; null for a missing one."""
        value = self.maybe_missing()
        return None if value is MISSING else value
