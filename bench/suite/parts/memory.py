"""(8) The peak of an environment's memory at a full response, and whether 128 MB holds.

A fresh `motorpool local` with one environment for each case, so what is read is what Lambda would
count: Python, AWS's runtime client, the proxy, its driver. The peak is the kernel's (VmHWM). Which
megabyte Lambda counts in, it does not say: MB (10**6 bytes), the stricter reading, is judged, and
MiB (2**20 bytes) stands beside it.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bench.suite import local
from bench.suite.figures import Row, Spread
from bench.suite.shapes import DATABASE, Operation, document, object_id
from bench.suite.sides import event_of
from motorpool.client import LambdaTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.suite.harness import Bench

AT_MOST_MB: Final = 128.0

_MB: Final = 10**6
_MANY: Final = 10_000
_LARGE_BYTES: Final = 220_000
_LARGE: Final = 40
_TIMES: Final = 3
"""Invocations of a case: the second meets what the first has left behind."""


class Case(NamedTuple):
    """A batch whose response is full."""

    what: str
    operations: Callable[[], list[Operation]]
    fuse: bool = True
    at_least: int = 5_900_000
    """Bytes that its response has to have, or something else is measured than is said."""

    @property
    def largest(self) -> int:
        """How many documents it wants there to be."""
        return _MANY if self.at_least else 0


def _finds(name: str, count: int, **more: Any) -> list[Operation]:
    return [Operation("find", name, {"filter": {}, **more}) for _ in range(count)]


def _find_ones() -> list[Operation]:
    return [
        Operation("find_one", "many", {"filter": {"_id": object_id(number)}})
        for number in range(_MANY)
    ]


CASES: Final = (
    Case("no operation", list, at_least=0),
    Case("10,000 find_one of 400 bytes", _find_ones),
    Case("10,000 find_one of 400 bytes, planner off", _find_ones, fuse=False),
    Case("one find of 14,000 documents", lambda: _finds("many", 1)),
    Case("one find of documents of 220 kB", lambda: _finds("large", 1)),
    Case("40 finds of documents of 220 kB", lambda: _finds("large", 40, skip=1)),
    Case("one find of documents of 220 kB that compress well", lambda: _finds("text", 1)),
    Case(
        "40 find_one of 220 kB",
        lambda: [
            Operation("find_one", "large", {"filter": {"_id": number}}) for number in range(_LARGE)
        ],
    ),
    Case(
        "insert_many of 14,000 documents in a full request",
        lambda: [
            Operation(
                "insert_many",
                "inserted",
                {"documents": [document(number) for number in range(14_000)]},
            )
        ],
        at_least=200_000,
    ),
)
QUICK_CASES: Final = CASES[:2]


def run(bench: Bench) -> list[Row]:
    """See the module."""
    if bench.size(_MANY) == _MANY:
        _fill(bench)
    rows = []
    for driver in bench.drivers:
        cases = QUICK_CASES if bench.is_quick else CASES
        for case in [case for case in cases if bench.size(case.largest) == case.largest]:
            bench.say(f"memory: {case.what}")
            peak, response = asyncio.run(_peak(bench, driver, case))
            rows.append(
                Row(
                    part="memory",
                    what=f"peak of an environment: {case.what}",
                    n=len(case.operations()),
                    ours_is=f"environment on {driver}",
                    peer_is="128 MB",
                    figure=Spread.of([peak / _MB]),
                    unit="MB",
                    ours=Spread.of([peak / 2**20]),
                    measured_in="MiB",
                    at_most=AT_MOST_MB,
                    note=f"response {response / _MB:.1f} MB",
                )
            )
    bench.say("")
    return rows


def _fill(bench: Bench) -> None:
    database = bench.client[DATABASE]
    for name in ("many", "large", "text", "inserted"):
        database[name].drop()
    database["many"].insert_many(
        {**document(number), "more": "y" * 90} for number in range(_MANY + 4_000)
    )
    noise = bytes((number * 7919 >> 3) & 255 for number in range(_LARGE_BYTES))
    for number in range(_LARGE):
        database["large"].insert_one({"_id": number, "noise": noise[number:] + noise[:number]})
        database["text"].insert_one({"_id": number, "text": "lorem ipsum " * (_LARGE_BYTES // 12)})


async def _peak(bench: Bench, driver: str, case: Case) -> tuple[int, int]:
    """The peak in bytes, and the size of the largest response."""
    settings = {"DRIVER": driver, "FUSE": "on" if case.fuse else "off"}
    options = ["--concurrency", "1"]
    for name, value in settings.items():
        options += ["--env", f"MOTORPOOL_{name}={value}"]
    payload = json.dumps(event_of(case.operations())).encode()
    bench.client[DATABASE]["inserted"].drop()
    largest, response = 0, b""
    async with local.running(bench.uri, *options) as (name, keywords):
        transport = LambdaTransport(name, **keywords)
        for _ in range(_TIMES):
            response = await transport.invoke(payload)
            largest = max(largest, len(response))
        await transport.aclose()
        (environment,) = local.environments()
        peak = _high_water(environment)
    if largest < case.at_least:
        raise RuntimeError(f"{case.what}: a response of {largest} bytes: {response[:500]!r}")
    return peak, largest


def _high_water(pid: int) -> int:
    """The most bytes of memory that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    if found is None:
        raise RuntimeError("the kernel tells no peak of memory")
    return int(found[1]) * 1024
