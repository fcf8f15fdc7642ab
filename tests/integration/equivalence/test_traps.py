"""Each trap by its name, on both kinds of database: fused, the answer is what it is alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.equivalence import sides, traps_of_equality, traps_of_reads, traps_of_writes
from tests.integration.equivalence.compare import differences
from tests.integration.equivalence.coverage import kinds
from tests.integration.equivalence.scenario import script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.equivalence.sides import Pair
    from tests.integration.equivalence.trap import Trap


TRAPS = [*traps_of_equality.TRAPS, *traps_of_reads.TRAPS, *traps_of_writes.TRAPS]


@pytest.fixture(scope="module", params=["embedded", "motor", "pymongo"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    if request.param == "embedded":
        with sides.embedded() as both:
            yield both
        return
    uri: str = request.getfixturevalue("wire_uri")
    with sides.wire(uri, driver=request.param) as both:
        yield both


@pytest.mark.parametrize("trap", [pytest.param(each, id=each.name) for each in TRAPS])
def test_it_is_answered_as_alone(pair: Pair, trap: Trap) -> None:
    if trap.on_server_only and not pair.on_server:
        pytest.skip("the embedded database has no such thing")
    (batch,) = trap.scenario.batches
    assert differences(pair, trap.scenario) == [], script(trap.scenario, "…")
    if trap.is_fused is not None:
        assert bool(kinds(batch, on_server=pair.on_server)) is trap.is_fused
