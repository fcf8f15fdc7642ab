"""Batches that are fused, run through a driver that does what a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson

from motorpool.batching.codec import RawDocument, RawDocuments
from motorpool.proxy.executor import Executor
from motorpool.proxy.limits import Limit
from motorpool.proxy.models import ValidOperation
from tests.proxy.fakes import FakeDriver, room_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.proxy.executor import Done
    from motorpool.proxy.pages import Room


def asked(op: str, *, ns: str = "shop.items", **args: Any) -> ValidOperation:
    return ValidOperation(1, op, ns, args)


def by_id(op: str, *values: Any, **args: Any) -> list[ValidOperation]:
    return [asked(op, filter={"_id": value}, **args) for value in values]


class Run:
    """What became of a batch, and what the driver was asked for it."""

    def __init__(self, driver: FakeDriver, executor: Executor, done: Sequence[Done]) -> None:
        self.driver = driver
        self.done = done
        self.asked = executor.asked

    @property
    def results(self) -> list[Any]:
        """Each operation's result, decoded, or its error."""
        return [_decoded(each.ok) if each.err is None else each.err for each in self.done]

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.driver.calls]


async def run(
    driver: FakeDriver,
    *operations: ValidOperation,
    limit: Limit | None = None,
    room: Room | None = None,
    pool_size: int = 5,
) -> Run:
    executor = Executor(driver, pool_size, fuse=True)
    limits = [limit or Limit()] * len(operations)
    room = room or room_of(operations)
    return Run(driver, executor, await executor.run(operations, limits, room))


def _decoded(ok: Any) -> Any:
    if isinstance(ok, RawDocuments):
        return [bson.decode(document) for document in ok]
    return bson.decode(ok) if isinstance(ok, RawDocument) else ok


# A collection that answers ------------------------------------------------------------------------

BIG = "x" * 1_000
ROWS = [{"_id": number, "a": number % 3, "n": BIG} for number in range(9)]


def of_rows(method: str, args: dict[str, Any]) -> Any:
    """What a server with these rows gives."""
    if method == "count_documents":
        return sum(_meets(row, args["filter"]) for row in ROWS)
    if method == "aggregate":
        condition = args["pipeline"][0]["$match"]["a"]["$in"]
        return [{"_id": a, "n": sum(row["a"] == a for row in ROWS)} for a in condition]
    found = [dict(row) for row in ROWS if _meets(row, args["filter"])]
    return found if method == "find" else next(iter(found), None)


def _meets(row: dict[str, Any], filter_: dict[str, Any]) -> bool:
    return all(
        row[field] in (value["$in"] if isinstance(value, dict) else [value])
        for field, value in filter_.items()
    )


async def serves(method: str, args: dict[str, Any]) -> Any:
    """What `FakeDriver` does so that it answers as a server with `ROWS`."""
    return of_rows(method, args)
