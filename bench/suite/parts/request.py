"""(5) A request of 20 queries through the local Lambda: one invocation against twenty.

Real environments, real HTTP: `motorpool local` runs the proxy in AWS's own runtime client, and the
application calls it by aioboto3. Against 20 invocations of one query each in two ways: one after
the other, as a proxy is called that answers one query, and all at once, which takes as many
environments as there are queries in flight, and so has a service of its own.

Two requests: one that asks for twenty documents, and one for all that a page of an application
shows, which goes to the database in several round trips.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bench.suite import local
from bench.suite.figures import Row, Spread, ratios
from bench.suite.harness import RUN_SECONDS
from bench.suite.shapes import CHILDREN, DATABASE, object_id
from motorpool.client import Bounds, ProxyClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bench.suite.harness import Bench

    Queries = list[Callable[[], Awaitable[Any]]]

QUERIES: Final = 20
AT_MOST: Final = 0.10

_PARENTS: Final = 100
_WARM_UP: Final = 3


def run(bench: Bench) -> list[Row]:
    """See the module."""
    bench.fill("reads", _PARENTS)
    bench.fill("children", _PARENTS)
    return asyncio.run(_measured(bench))


def documents(database: Any) -> Queries:
    """Twenty people, each by the `_id`."""
    people = database["people"]
    ids = [object_id(number) for number in range(QUERIES)]
    return [lambda id_=id_: people.find_one({"_id": id_}) for id_ in ids]  # type: ignore[misc] # a default binds


def page(database: Any) -> Queries:
    """A page's worth: people, their rows, how many there are, one sum."""
    people, children = database["people"], database["children"]
    calls: Queries = []
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


_REQUESTS: Final[dict[str, Callable[[Any], Queries]]] = {
    f"a request of {QUERIES} find_one by _id": documents,
    f"a request of {QUERIES} queries, in 6 round trips": page,
}


class _Way(NamedTuple):
    """How a request is asked: through which client, and whether its queries are gathered."""

    client: ProxyClient
    is_gathered: bool


_ONE: Final = "one invocation"
_IN_TURN: Final = "one after the other"
_AT_ONCE: Final = "all at once"


async def _measured(bench: Bench) -> list[Row]:
    rows: list[Row] = []
    many = bench.size(QUERIES)
    # A batch is full with one operation.
    alone = Bounds(batch_operations=1, flights=many)
    # One environment, so that each way finds it as warm as the other left it.
    async with (
        local.running(bench.uri, "--concurrency", "1") as (name, warm),
        local.running(bench.uri, "--concurrency", str(many)) as (_, each),
    ):
        ways = {
            _ONE: _Way(ProxyClient(name, **warm), is_gathered=True),
            _IN_TURN: _Way(ProxyClient(name, bounds=alone, **warm), is_gathered=False),
            _AT_ONCE: _Way(ProxyClient(name, bounds=alone, **each), is_gathered=True),
        }
        for what, queries in _REQUESTS.items():
            rows += await _raced(bench, what, queries, ways)
        for way in ways.values():
            await way.client.aclose()
    return rows


async def _raced(
    bench: Bench, what: str, queries: Callable[[Any], Queries], ways: dict[str, _Way]
) -> list[Row]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    invocations: dict[str, int] = {}
    answers: dict[str, Any] = {}
    for number in range(-_WARM_UP, bench.rounds):
        bench.say(f"{what}: round {number + 1} of {bench.rounds}")
        order = list(ways)
        first = number % len(order)
        for name in [*order[first:], *order[:first]]:
            client, is_gathered = ways[name]
            before = client.counters.invocations
            spent: list[float] = []
            # As the other parts do it (`harness`): what is short several times, without the first,
            # since its processes have waited for their turn.
            while sum(spent) < RUN_SECONDS:
                began = time.perf_counter()
                answers[name] = await _asked(queries(client[DATABASE]), is_gathered=is_gathered)
                spent.append(time.perf_counter() - began)
            invocations[name] = (client.counters.invocations - before) // len(spent)
            if number >= 0:
                times[name].append(statistics.median(spent[1:] or spent))
    bench.say("")
    _check(queries, answers)
    return _rows(what, times, invocations)


async def _asked(queries: Queries, *, is_gathered: bool) -> list[Any]:
    if is_gathered:
        return await asyncio.gather(*[query() for query in queries])
    return [await query() for query in queries]


def _check(queries: Callable[[Any], Queries], answers: dict[str, Any]) -> None:
    expected = answers[_ONE]
    is_whole = queries is documents or len(expected[1]) == CHILDREN
    if not is_whole or None in expected or any(each != expected for each in answers.values()):
        raise RuntimeError("the ways of asking were not answered alike")


def _rows(what: str, times: dict[str, list[float]], invocations: dict[str, int]) -> list[Row]:
    ours = times[_ONE]
    rows = [
        Row(
            part="request",
            what=what,
            n=QUERIES,
            ours_is=_ONE,
            peer_is=f"{invocations[name]} invocations, {name}",
            figure=ratios(ours, times[name]),
            ours=Spread.of(ours).scaled(1e3),
            peer=Spread.of(times[name]).scaled(1e3),
            at_most=AT_MOST if name == _IN_TURN else None,
        )
        for name in (_IN_TURN, _AT_ONCE)
    ]
    rows.append(
        Row(
            part="request",
            what="invocations of that request",
            n=QUERIES,
            ours_is="coalesced",
            peer_is="one query per invocation",
            figure=Spread.of([invocations[_ONE]]),
            unit="invocations",
            at_most=1,
        )
    )
    return rows
