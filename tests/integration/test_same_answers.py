"""The same script of operations gives the same answers directly and through the proxy.

The net that later work is caught by. Cases stand in `cases`, one line each; what may differ, and
has to, in `deliberate`. Compared is the direct driver with the proxy on the same kind of database;
that embedded and wire differ from each other is no matter.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration import answers, databases
from tests.integration.cases import ALL
from tests.integration.cases.table import Case
from tests.integration.databases import Databases
from tests.integration.deliberate import DELIBERATE, allowed

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def embedded() -> AsyncIterator[Databases]:
    async with databases.embedded("answers") as both:
        yield both


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["motor", "pymongo"])
async def wire(wire_uri: str, request: pytest.FixtureRequest) -> AsyncIterator[Databases]:
    """Motor directly, and a proxy with each driver."""
    async with databases.wire(wire_uri, f"motorpool_{request.param}", request.param) as both:
        yield both


def on(database: str) -> list[Case]:
    return [case for case in ALL if database in case.databases]


def disagreements(
    database: str, case: Case, direct: answers.Facts, proxied: answers.Facts
) -> object:
    """Facts that differ and should not; paths that should and do not; nothing of either is right.

    Facts are given by their path, as what is found directly and what through the proxy.
    """
    found = answers.differences(direct, proxied)
    paths = allowed(database, case.name)
    surprising = {path: pair for path, pair in found.items() if not path.startswith(paths or "\n")}
    missing = [path for path in paths if not any(each.startswith(path) for each in found)]
    return surprising or missing or None


async def alone(database: str, both: Databases, case: Case) -> None:
    """First directly and then through the proxy, and once more the other way round."""
    for order in (both.direct, both.proxied), (both.proxied, both.direct):
        await both.prepare(read_only=case.is_read_only)
        facts = {}
        for side in order:
            facts[side] = await answers.run(case, side.collection)
            if "unanswered" in case.name:  # nobody says when it has been applied
                await asyncio.sleep(0.05)
            facts[side] |= await side.content()
        assert disagreements(database, case, facts[both.direct], facts[both.proxied]) is None


async def together(database: str, both: Databases) -> None:
    """Every read at once: coalesced, deduplicated and run side by side in one batch."""
    await both.prepare()
    reads = [case for case in on(database) if case.is_read_only]
    direct = [await answers.run(case, both.direct.collection) for case in reads]
    before = both.client.counters.snapshot()
    proxied = await asyncio.gather(*[answers.run(case, both.proxied.collection) for case in reads])
    after = both.client.counters.snapshot()
    found = {
        case.name: disagreements(database, case, *pair)
        for case, *pair in zip(reads, direct, proxied, strict=True)
    }
    assert {name: facts for name, facts in found.items() if facts is not None} == {}
    # The steps of a case follow one another, and the longest has four; the rest is one batch.
    assert max(after["batch_sizes"]) > 100
    assert after["invocations"] - before["invocations"] <= 4
    assert after["deduplicated"] - before["deduplicated"] >= 10


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in on("embedded")])
async def test_on_the_embedded_database(embedded: Databases, case: Case) -> None:
    await alone("embedded", embedded, case)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in on("wire")])
async def test_on_the_wire(wire: Databases, case: Case) -> None:
    await alone("wire", wire, case)


async def test_every_read_at_once_on_the_embedded_database(embedded: Databases) -> None:
    await together("embedded", embedded)


async def test_every_read_at_once_on_the_wire(wire: Databases) -> None:
    await together("wire", wire)


@pytest.mark.parametrize("database", ["embedded", "wire"])
async def test_what_differs_on_purpose_names_cases_that_there_are(database: str) -> None:
    names = {case.name for case in on(database)}
    named = [name for entry in DELIBERATE[database] for name in entry.cases]
    assert set(named) <= names


async def test_a_read_only_case_changes_nothing(embedded: Databases) -> None:
    """Else the cases after it would begin with something else than the data set."""
    await embedded.prepare()
    before = await embedded.direct.content()
    for case in on("embedded"):
        if case.is_read_only:
            await answers.run(case, embedded.direct.collection)
            assert await embedded.direct.content() == before, case.name
