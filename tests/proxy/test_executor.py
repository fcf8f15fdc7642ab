"""Operations run at once, as many as there are connections; each failure is its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import bson
import pytest
from bson import Int64
from pymongo.errors import AutoReconnect, OperationFailure

from motorpool.batching.codec import RawDocument
from motorpool.batching.operations import CURSORS, OPERATIONS, is_write
from motorpool.proxy.administration import ADMINISTRATION
from motorpool.proxy.executor import Executor
from motorpool.proxy.limits import Limit
from motorpool.proxy.models import ValidOperation
from tests.proxy.fakes import FakeDriver, room_of
from tests.proxy.kinds import TAKES, required

if TYPE_CHECKING:
    from collections.abc import Iterable


def asked(op: str, **args: Any) -> ValidOperation:
    return ValidOperation(1, op, "shop.items", args)


def find_ones(count: int) -> list[ValidOperation]:
    return [asked("find_one", filter={"number": number}) for number in range(count)]


def decoded(ok: Any) -> Any:
    return bson.decode(ok) if isinstance(ok, RawDocument) else ok


async def run(
    driver: FakeDriver, operations: Iterable[ValidOperation], pool_size: int = 5
) -> list[Any]:
    """Run operations without limits and return the result or the error of each."""
    operations = list(operations)
    limits = [Limit()] * len(operations)
    done = await Executor(driver, pool_size).run(operations, limits, room_of(operations))
    return [decoded(item.ok) if item.err is None else item.err for item in done]


async def gives_its_filter(_: str, args: dict[str, Any]) -> Any:
    await asyncio.sleep(0.001)
    return args["filter"]


async def gives_nothing(_: str, __: dict[str, Any]) -> None:
    """Find nothing."""


# Concurrency --------------------------------------------------------------------------------------


@pytest.mark.parametrize("pool_size", [1, 2, 5, 17])
async def test_as_many_run_at_once_as_there_are_connections_and_never_more(pool_size: int) -> None:
    driver = FakeDriver(gives_its_filter)

    results = await run(driver, find_ones(60), pool_size)

    # All but the first, which tells how large their documents are (see `intake`).
    assert driver.most_running == pool_size
    assert results == [{"number": number} for number in range(60)]


async def test_fewer_operations_than_connections_all_run_at_once() -> None:
    driver = FakeDriver(gives_its_filter)

    await run(driver, find_ones(5), pool_size=10)

    assert driver.most_running == 4  # the first goes ahead, and tells how large they are


async def test_failures_and_timeouts_give_their_connection_back() -> None:
    async def act(_: str, args: dict[str, Any]) -> Any:
        match args["filter"]["number"] % 3:
            case 0:
                raise AutoReconnect("lost")
            case 1:
                await asyncio.sleep(60)
        return args["filter"]

    driver = FakeDriver(act)
    executor = Executor(driver, 2)
    await executor.run([asked("find_one", filter={"number": 2})], [Limit()], room_of())

    for _ in range(3):
        done = await executor.run(find_ones(6), [Limit(asked=0.02)] * 6, room_of())
        assert driver.most_running == 2
        assert driver.running == 0
        assert [item.err is None for item in done] != [True] * 6

    last = await executor.run([asked("find_one", filter={"number": 2})], [Limit()], room_of())
    assert decoded(last[0].ok) == {"number": 2}


async def test_one_executor_counts_over_all_the_batches_that_it_runs() -> None:
    driver = FakeDriver(gives_its_filter)
    executor = Executor(driver, 3)

    await asyncio.gather(
        *(executor.run(find_ones(10), [Limit()] * 10, room_of()) for _ in range(4))
    )

    assert driver.most_running == 3
    assert len(driver.calls) == 40


async def test_nothing_to_do_is_done_at_once() -> None:
    assert await run(FakeDriver(gives_nothing), []) == []


# Failures -----------------------------------------------------------------------------------------


async def test_one_failure_leaves_the_others_alone() -> None:
    async def act(_: str, args: dict[str, Any]) -> Any:
        number = args["filter"]["number"]
        await asyncio.sleep(number / 1_000)
        if number == 3:
            raise OperationFailure("no", 2, {"codeName": "BadValue"})
        return {"number": number}

    results = await run(FakeDriver(act), find_ones(7), pool_size=2)

    assert results[:3] + results[4:] == [{"number": number} for number in (0, 1, 2, 4, 5, 6)]
    assert results[3]["type"] == "OperationFailure"
    assert results[3]["codeName"] == "BadValue"


async def test_all_may_fail() -> None:
    async def act(_: str, args: dict[str, Any]) -> Any:
        raise LookupError(args["filter"]["number"])

    errors = await run(FakeDriver(act), find_ones(3))

    assert errors == [{"type": "LookupError", "message": str(number)} for number in range(3)]


async def test_whether_it_wrote_is_told() -> None:
    async def act(_: str, __: dict[str, Any]) -> Any:
        return None

    pipeline = [{"$match": {}}, {"$out": "other"}]
    operations = [
        asked("find_one"),
        asked("find_one_and_delete", filter={}),
        asked("aggregate", pipeline=pipeline),
        asked("aggregate", pipeline=pipeline[:1]),
    ]

    executor = Executor(FakeDriver(act), 4)
    done = await executor.run(operations, [Limit()] * 4, room_of(operations))

    assert [item.is_write for item in done] == [False, True, True, False]


@pytest.mark.parametrize("op", OPERATIONS)
async def test_a_lost_connection_leaves_open_only_whether_a_write_was_applied(op: str) -> None:
    async def act(_: str, __: dict[str, Any]) -> Any:
        raise AutoReconnect("lost")

    args = required(OPERATIONS[op].arguments)

    if op == "get_more":
        args = {"cursor": {"id": 1}}

    (err,) = await run(FakeDriver(act), [asked(op, **args)])

    flag = {"may_have_applied": True} if is_write(op, args) else {}
    assert err == {"type": "AutoReconnect", "message": "lost", **flag}


# Arguments in the driver's names and forms --------------------------------------------------------


CONCERNS = {
    "read_preference": {"mode": "secondary"},
    "read_concern": {"level": "local"},
    "write_concern": {"w": 1},
}
# Questions to a cursor, which has no method of its own: see test_cursors.py.
OF_CURSORS = ("get_more", "kill_cursors")


@pytest.mark.parametrize("op", [name for name in OPERATIONS if name not in OF_CURSORS])
async def test_every_argument_reaches_the_driver_under_the_drivers_name(op: str) -> None:
    spec = OPERATIONS[op]
    driver = FakeDriver(gives_nothing)
    given = {name: CONCERNS.get(name, TAKES[arg.kind][1]) for name, arg in spec.arguments.items()}
    # What a page decides, and what the caller has of it, is not the driver's.
    apart = {"length", "after", *(("batch_size",) if op in CURSORS else ())}

    await run(driver, [asked(op, **given)])

    ((method, args),) = driver.calls
    assert method == op
    assert args.keys() == {
        arg.driver_name or name
        for name, arg in spec.arguments.items()
        if name not in apart | CONCERNS.keys()
    }
    if op not in ADMINISTRATION:
        assert driver.concerns == [{name: CONCERNS[name] for name in CONCERNS if name in given}]
    if op in CURSORS:
        assert driver.sizes == [given["batch_size"]]
    if "max_time_ms" in spec.arguments:
        is_find = op in ("find", "find_one", "explain")
        assert args["max_time_ms" if is_find else "maxTimeMS"] == given["max_time_ms"]


async def test_none_is_left_out_where_the_argument_is_optional() -> None:
    driver = FakeDriver(gives_nothing)

    await run(driver, [asked("find_one", filter=None, sort=None, hint=None, comment=None)])

    assert driver.calls == [("find_one", {})]


@pytest.mark.parametrize(
    "keys",
    [{"a": 1, "b": -1}, [["a", 1], ["b", -1]], [("a", 1), ("b", -1)]],
    ids=["document", "lists", "tuples"],
)
async def test_keys_reach_the_driver_as_pairs_in_order(keys: Any) -> None:
    driver = FakeDriver(gives_nothing)

    await run(driver, [asked("find", sort=keys, hint=keys, min=keys, max=keys)])

    pairs = [("a", 1), ("b", -1)]
    bounds = {"a": 1, "b": -1}
    assert driver.calls == [("find", {"sort": pairs, "hint": pairs, "min": bounds, "max": bounds})]


@pytest.mark.parametrize(
    ("op", "sort"),
    [
        ("find_one", [("a", 1), ("b", -1)]),
        ("find_one_and_update", [("a", 1), ("b", -1)]),
        ("find_one_and_replace", [("a", 1), ("b", -1)]),
        ("find_one_and_delete", [("a", 1), ("b", -1)]),
        ("update_one", {"a": 1, "b": -1}),
        ("replace_one", {"a": 1, "b": -1}),
    ],
)
async def test_a_sort_reaches_the_driver_in_the_form_that_its_method_takes(
    op: str, sort: object
) -> None:
    driver = FakeDriver(gives_nothing)
    args = required(OPERATIONS[op].arguments)

    await run(driver, [asked(op, **args, sort=[["a", 1], ["b", -1]])])

    assert driver.calls == [(op, {**args, "sort": sort})]


@pytest.mark.parametrize("hint", ["a_1", "", "_id_"])
async def test_a_hint_may_be_a_name(hint: str) -> None:
    driver = FakeDriver(gives_nothing)

    await run(driver, [asked("find_one", hint=hint)])

    assert driver.calls == [("find_one", {"hint": hint})]


@pytest.mark.parametrize(("said", "given"), [("before", False), ("after", True)])
async def test_return_document_reaches_the_driver_as_its_constant(
    said: str, *, given: bool
) -> None:
    driver = FakeDriver(gives_nothing)
    args = {"filter": {}, "update": {"$set": {"a": 1}}}

    await run(driver, [asked("find_one_and_update", **args, return_document=said)])

    assert driver.calls == [("find_one_and_update", {**args, "return_document": given})]


async def test_the_requests_of_a_bulk_reach_the_driver_in_its_forms() -> None:
    driver = FakeDriver(gives_nothing)
    requests = [
        {"op": "insert_one", "args": {"document": {"a": Int64(1)}}},
        {"op": "update_one", "args": {"filter": {}, "update": [], "sort": {"a": 1}, "hint": None}},
        {"op": "delete_many", "args": {"filter": {}, "hint": [["a", 1]]}},
    ]

    await run(driver, [asked("bulk_write", requests=requests, ordered=False)])

    assert driver.calls == [
        (
            "bulk_write",
            {
                "requests": [
                    ("insert_one", {"document": {"a": Int64(1)}}),
                    ("update_one", {"filter": {}, "update": [], "sort": {"a": 1}}),
                    ("delete_many", {"filter": {}, "hint": [("a", 1)]}),
                ],
                "ordered": False,
            },
        )
    ]
