"""Generated results of any size: through pages of any room they are exactly the driver's."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.paged import Both, paged

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Load(NamedTuple):
    """Documents by their sizes, how they are asked for, and the size of a response."""

    sizes: list[int]
    compressible: bool
    limit: int
    skip: int
    batch_size: int
    step: int | None
    direction: int
    kind: str
    readers: int
    max_response_bytes: int


small, uneven = st.integers(0, 120), st.sampled_from([0, 10, 300, 2_000, 6_000, 11_000])
loads = st.builds(
    Load,
    st.lists(small, max_size=9)
    | st.lists(small | uneven, min_size=40, max_size=120)
    | st.lists(uneven, min_size=10, max_size=60)
    | st.lists(st.integers(60, 200), min_size=200, max_size=400),
    st.booleans(),
    st.integers(-90, 90),
    st.integers(0, 40),
    st.integers(0, 120),
    st.none() | st.integers(1, 50),
    st.sampled_from([1, -1]),
    st.sampled_from(["find", "find", "aggregate", "distinct", "projected"]),
    st.integers(1, 3),
    st.integers(20_000, 60_000),
)


def documents(load: Load) -> list[dict[str, Any]]:
    dice = random.Random(len(load.sizes))  # noqa: S311 - a test's dice, no secret
    return [
        {
            "_id": number,
            "a": number % 7 if number % 3 else None,
            "x": b"x" * size if load.compressible else dice.randbytes(size),
        }
        for number, size in enumerate(load.sizes)
    ]


def cursor_of(collection: Any, load: Load) -> Any:
    order = [("a", load.direction), ("_id", 1)]
    if load.kind == "aggregate":
        pipeline: list[dict[str, Any]] = [{"$sort": dict(order)}, {"$skip": load.skip}]
        if load.limit > 0:
            pipeline.append({"$limit": load.limit})
        return collection.aggregate(pipeline, batchSize=load.batch_size)
    projection = {"_id": 0, "a": 0} if load.kind == "projected" else None
    cursor = collection.find({}, projection).sort(order).skip(load.skip).limit(load.limit)
    # A negative limit is one batch: servers differ in whether its size counts as well.
    return cursor.batch_size(load.batch_size) if load.batch_size and load.limit >= 0 else cursor


async def answer(collection: Any, load: Load) -> list[Any]:
    """All of the result: iterated, or listed in steps, or as distinct values."""
    if load.kind == "distinct":
        values: list[Any] = await collection.distinct("x")
        return values
    cursor = cursor_of(collection, load)
    if load.step is None:
        return [document async for document in cursor]
    found: list[Any] = []
    while part := await cursor.to_list(load.step):
        assert len(part) <= load.step
        found += part
    return found


async def same(load: Load, both: Both) -> None:
    await both.fill(documents(load))
    # At once: mongomock's own lists of a length are not to be relied upon.
    expected = await answer(both.direct, load._replace(step=None))

    found = await asyncio.gather(*(answer(both.proxied, load) for _ in range(load.readers)))

    for each in found:
        if load.kind == "distinct":
            assert sorted(each) == sorted(expected)
        else:
            assert each == expected
    assert both.transport.largest <= load.max_response_bytes


def run(check: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(check())


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(loads)
def test_on_the_embedded_database(load: Load) -> None:
    async def check() -> None:
        async with paged(max_response_bytes=load.max_response_bytes) as both:
            await same(load, both)

    run(check)


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(loads)
def test_on_the_wire(wire_uri: str, wire_database: str, load: Load) -> None:
    async def check() -> None:
        most = load.max_response_bytes
        async with paged(
            wire_uri, environments=2, max_response_bytes=most, name=wire_database
        ) as both:
            await same(load, both)

    run(check)


@pytest.mark.soak
@settings(max_examples=3_000, suppress_health_check=[HealthCheck.too_slow])
@given(loads)
def test_thousands_on_the_embedded_database(load: Load) -> None:
    test_on_the_embedded_database.hypothesis.inner_test(load)  # type: ignore[attr-defined]
