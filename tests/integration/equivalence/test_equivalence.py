"""A property: batches answer the same, and leave the same data, whether they are fused or not.

In CI the same batches each time; elsewhere others in each run, which is where they are to be found.
A failure prints the smallest batch that shows it, as a script.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from tests.integration.equivalence import sides
from tests.integration.equivalence.batches import scenario
from tests.integration.equivalence.compare import differences
from tests.integration.equivalence.coverage import EVERYWHERE, ON_SERVERS
from tests.integration.equivalence.runs import run

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from tests.integration.equivalence.sides import Pair

SEED = 0 if os.environ.get("CI") == "true" else random.SystemRandom().getrandbits(40)

BATCHES_AT_ONCE = 200
"""In one test of a long run: what is sure to be done in the minute that a test may take."""

SOAKED = [pytest.param(part, marks=pytest.mark.soak) for part in range(50)]
"""10,000 batches."""


@pytest.fixture(scope="module")
def embedded() -> Iterator[Pair]:
    with sides.embedded() as pair:
        yield pair


@pytest.fixture(scope="module")
def motor(wire_uri: str) -> Iterator[Pair]:
    with sides.wire(wire_uri) as pair:
        yield pair


@pytest.fixture(scope="module")
def pymongo(wire_uri: str) -> Iterator[Pair]:
    with sides.wire(wire_uri, driver="pymongo") as pair:
        yield pair


RARE = frozenset({"write across collections", "insert_many"})
"""Kinds of which some hundreds of batches may have none."""

SOME = ON_SERVERS if SEED == 0 else ON_SERVERS - RARE
"""Kinds that some hundreds of batches must have: all, where it is known which batches they are."""


def assert_covered(passed: Counter[str], wanted: frozenset[str]) -> None:
    """That fusions were taken, of every kind, and that little was let pass."""
    batches = passed["batches"]
    assert passed["fused batches"] >= 0.6 * batches
    assert passed["groups"] <= 0.85 * passed["operations"]
    assert {kind for kind in wanted if passed[kind] < 0.01 * batches} == set()
    assert passed["another order that was not asked for"] <= 0.03 * batches
    assert passed["an empty rest that one side has"] <= 0.05 * batches


def test_hundreds_of_batches_on_the_embedded_database(embedded: Pair) -> None:
    passed = run(embedded, SEED, 500, "embedded()")
    assert_covered(passed, EVERYWHERE)


def test_hundreds_of_batches_on_the_wire(motor: Pair) -> None:
    passed = run(motor, SEED + 1000, 180, "wire(uri)")
    assert_covered(passed, SOME)


def test_hundreds_of_batches_on_the_wire_by_the_other_driver(pymongo: Pair) -> None:
    passed = run(pymongo, SEED + 2000, 120, 'wire(uri, driver="pymongo")')
    assert_covered(passed, SOME)


@pytest.mark.parametrize("part", SOAKED)
def test_thousands_of_batches_on_the_embedded_database(embedded: Pair, part: int) -> None:
    first = SEED + 10_000 + part * BATCHES_AT_ONCE
    assert_covered(run(embedded, first, BATCHES_AT_ONCE, "embedded()"), EVERYWHERE)


@pytest.mark.parametrize("part", SOAKED)
def test_thousands_of_batches_on_the_wire(motor: Pair, part: int) -> None:
    first = SEED + 20_000 + part * BATCHES_AT_ONCE
    assert_covered(run(motor, first, BATCHES_AT_ONCE, "wire(uri)"), ON_SERVERS - RARE)


@pytest.mark.parametrize("part", SOAKED)
def test_thousands_of_batches_by_the_other_driver(pymongo: Pair, part: int) -> None:
    first = SEED + 30_000 + part * BATCHES_AT_ONCE
    where = 'wire(uri, driver="pymongo")'
    assert_covered(run(pymongo, first, BATCHES_AT_ONCE, where), ON_SERVERS - RARE)


def test_generated_batches_have_one_answer_in_whatever_order_they_run() -> None:
    """Without fusions, forwards and backwards: or the comparison would fail for its own reasons."""
    with sides.embedded(fuse=False) as pair:
        for seed in range(SEED, SEED + 150):
            made = scenario(seed, on_server=False)
            assert differences(pair, made, is_reversed=True) == [], f"seed {seed}"
