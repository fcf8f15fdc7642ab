"""Runs of generated batches: until a difference is found, which is then told as a short script."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.integration.equivalence.batches import scenario
from tests.integration.equivalence.compare import differences
from tests.integration.equivalence.coverage import kinds
from tests.integration.equivalence.scenario import script
from tests.integration.equivalence.shrink import shrink

if TYPE_CHECKING:
    from tests.integration.equivalence.scenario import Scenario
    from tests.integration.equivalence.sides import Pair


def run(pair: Pair, first_seed: int, batches: int, where: str) -> Counter[str]:
    """Run so many batches, from this seed on; what was covered, and what was let pass.

    `where`: what to write into the script, `embedded()` or `wire(uri)`.
    """
    passed: Counter[str] = Counter()
    seed = first_seed
    while passed["batches"] < batches:
        made = scenario(seed, on_server=pair.on_server)
        found = differences(pair, made, passed)
        if found:
            tell(pair, made, found, where, f"seed {seed}")
        for batch in made.batches:
            passed.update(kinds(batch, on_server=pair.on_server))
        seed += 1
    return passed


def tell(pair: Pair, made: Scenario, found: list[str], where: str, what: str) -> None:
    """Fail, with a scenario that is as small as it could be made in a few seconds."""
    small = shrink(made, lambda smaller: bool(differences(pair, smaller)))
    lines = "\n".join(differences(pair, small) or found)
    pytest.fail(f"fused and alone differ ({what}):\n{lines}\n\n{script(small, where)}")
