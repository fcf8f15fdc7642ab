"""Rounds: who comes first, what is put back, what is compared."""

from typing import TYPE_CHECKING, Any, cast

import pytest
from pymongo import MongoClient

from bench.suite import worker
from bench.suite.harness import Bench, DifferentAnswers
from bench.suite.shapes import SHAPES, Shape

if TYPE_CHECKING:
    from bench.suite.worker import Worker


class FakeWorker:
    """A side that takes as long as it is told, and writes down that it ran."""

    def __init__(
        self, name: str, ran: list[str], *, seconds: float = 1.0, digest: str = ""
    ) -> None:
        self.name = name
        self._ran = ran
        self._seconds = seconds
        self._digest = digest

    def prepare(self, shape: str, size: int) -> None:
        pass

    def run(self, times: int = 1) -> float:
        self._ran.append(f"{self.name} {times}")
        return self._seconds

    def digest(self) -> str:
        return self._digest


def bench(**more: Any) -> Bench:
    client: MongoClient[dict[str, Any]] = MongoClient("mongodb://127.0.0.1:1/", connect=False)
    return Bench("", client, warm_up_seconds=0, **more)


def race(over: Bench, shape: str, *workers: FakeWorker) -> dict[str, list[float]]:
    return over.race(cast("list[Worker]", list(workers)), shape, 10)


def test_each_round_begins_with_another_side() -> None:
    ran: list[str] = []

    times = race(bench(rounds=3), "reads", *(FakeWorker(name, ran) for name in "abc"))

    # Once to be compared, once to warm up.
    assert ran[:6] == ["a 1", "b 1", "c 1"] * 2
    assert ran[6:] == [f"{name} 1" for name in ("a", "b", "c", "b", "c", "a", "c", "a", "b")]
    assert times == {"a": [1.0] * 3, "b": [1.0] * 3, "c": [1.0] * 3}


def test_a_short_shape_is_run_several_times_in_a_round() -> None:
    ran: list[str] = []

    race(bench(rounds=1), "reads", FakeWorker("a", ran, seconds=0.004))

    assert ran == ["a 1", "a 1", "a 5"]


class FakeSide:
    """A side that writes down what it is told."""

    def __init__(self, done: list[str]) -> None:
        self._done = done

    def prepare(self, shape: str, size: int) -> None:
        self._done.append(f"{shape} {size}")

    def run(self) -> float:
        self._done.append("run")
        return 0.5


@pytest.mark.parametrize(("times", "runs"), [(1, 1), (3, 4)])
def test_what_writes_is_put_back_before_each_run(
    monkeypatch: pytest.MonkeyPatch, times: int, runs: int
) -> None:
    done: list[str] = []
    shape = Shape(lambda _: [], lambda *_: None, reset=lambda *_: done.append("put back"))
    monkeypatch.setitem(SHAPES, "writes", shape)
    monkeypatch.setattr(worker, "make_side", lambda *_, **__: FakeSide(done))
    opened = worker._Opened()  # noqa: SLF001 - what the process does
    uri = "mongodb://127.0.0.1:1/"

    worker._do(opened, "open", {"kind": "gather", "driver": "motor", "uri": uri, "fuse": True})  # noqa: SLF001
    worker._do(opened, "prepare", {"shape": "writes", "size": 7})  # noqa: SLF001
    told = worker._do(opened, "run", {"times": times})  # noqa: SLF001
    opened.close()

    # The first of several is not counted.
    assert done == ["writes 7", *["put back", "run"] * runs]
    assert told == {"seconds": [0.5] * times}


def test_sides_that_answer_differently_are_not_compared() -> None:
    with pytest.raises(DifferentAnswers, match=r"reads, N = 10: answers of b, not of a"):
        race(bench(), "reads", FakeWorker("a", [], digest="x"), FakeWorker("b", [], digest="y"))


def test_sides_that_leave_other_data_behind_are_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = iter("xy")
    monkeypatch.setattr(Bench, "_data", lambda *_: next(left))

    with pytest.raises(DifferentAnswers, match="data of b, not of a"):
        race(bench(), "reads", FakeWorker("a", []), FakeWorker("b", []))


def test_no_batch_is_larger_than_was_asked_for() -> None:
    assert [bench(largest=10).size(wanted) for wanted in (1, 10, 100)] == [1, 10, 10]
