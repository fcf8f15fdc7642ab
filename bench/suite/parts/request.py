"""(5) A request of 20 queries through the local Lambda: one invocation against twenty.

Real environments, real HTTP: `motorpool local` runs the proxy in AWS's own runtime client, and the
application calls it by aioboto3. Against 20 invocations of one query each in two ways: one after
the other, as a proxy is called that answers one query, and all at once, which takes as many
environments as there are queries in flight.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from bench.suite import local
from bench.suite.figures import Row, Spread, ratios
from bench.suite.shapes import CHILDREN, DATABASE, object_id
from motorpool.client import Bounds, ProxyClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bench.suite.harness import Bench

QUERIES: Final = 20
AT_MOST: Final = 0.10

_PARENTS: Final = 100
_WARM_UP: Final = 3
_WAYS: Final = {"one invocation": True, "one after the other": False, "all at once": True}
"""And whether the queries are gathered."""


def run(bench: Bench) -> list[Row]:
    """See the module."""
    bench.fill("reads", _PARENTS)
    bench.fill("children", _PARENTS)
    return asyncio.run(_measured(bench))


def queries(database: Any) -> list[Callable[[], Awaitable[Any]]]:
    """A page's worth: people, their rows, how many there are, one sum."""
    people, children = database["people"], database["children"]
    calls: list[Callable[[], Awaitable[Any]]] = []
    for number in range(8):
        id_ = object_id(number)
        calls += [
            lambda id_=id_: people.find_one({"_id": id_}),  # type: ignore[misc] # a default binds
            lambda id_=id_: children.find({"parent": id_}).to_list(),  # type: ignore[misc] # same
        ]
    calls += [
        lambda: people.count_documents({"isActive": True}),
        lambda: people.distinct("tags"),
        lambda: people.find({"number": {"$lt": 20}}).sort("number", -1).to_list(10),
        lambda: children.aggregate(
            [
                {"$match": {"parent": object_id(0)}},
                {"$group": {"_id": None, "sum": {"$sum": "$total"}}},
            ]
        ).to_list(),
    ]
    return calls


async def _measured(bench: Bench) -> list[Row]:
    times: dict[str, list[float]] = {way: [] for way in _WAYS}
    invocations: dict[str, int] = {}
    answers: dict[str, Any] = {}
    environments = bench.size(QUERIES)
    # A batch is full with one operation.
    alone = Bounds(batch_operations=1, flights=environments)
    async with local.running(bench.uri, "--concurrency", str(environments)) as (name, options):
        clients = {
            way: ProxyClient(name, bounds=Bounds() if way == "one invocation" else alone, **options)
            for way in _WAYS
        }
        for number in range(-_WARM_UP, bench.rounds):
            bench.say(f"request: round {number + 1} of {bench.rounds}")
            ways = list(_WAYS)
            first = number % len(ways)
            for way in [*ways[first:], *ways[:first]]:
                client = clients[way]
                before = client.counters.invocations
                began = time.perf_counter()
                answers[way] = await _asked(queries(client[DATABASE]), together=_WAYS[way])
                seconds = time.perf_counter() - began
                invocations[way] = client.counters.invocations - before
                if number >= 0:
                    times[way].append(seconds)
        for client in clients.values():
            await client.aclose()
    bench.say("")
    expected = answers["one invocation"]
    if len(expected[1]) != CHILDREN or any(answers[way] != expected for way in _WAYS):
        raise RuntimeError("the ways of asking were not answered alike")
    return _rows(times, invocations)


async def _asked(calls: list[Callable[[], Awaitable[Any]]], *, together: bool) -> list[Any]:
    if together:
        return await asyncio.gather(*[call() for call in calls])
    return [await call() for call in calls]


def _rows(times: dict[str, list[float]], invocations: dict[str, int]) -> list[Row]:
    ours = times["one invocation"]
    rows = [
        Row(
            part="request",
            what=f"a request of {QUERIES} queries through the local Lambda",
            n=QUERIES,
            ours_is="one invocation",
            peer_is=f"{invocations[way]} invocations, {way}",
            figure=ratios(ours, times[way]),
            ours=Spread.of(ours).scaled(1e3),
            peer=Spread.of(times[way]).scaled(1e3),
            at_most=AT_MOST if way == "one after the other" else None,
        )
        for way in ("one after the other", "all at once")
    ]
    rows.append(
        Row(
            part="request",
            what="invocations of that request",
            n=QUERIES,
            ours_is="coalesced",
            peer_is="one query per invocation",
            figure=Spread.of([invocations["one invocation"]]),
            unit="invocations",
            at_most=1,
        )
    )
    return rows
