"""Every part of the suite runs, with few rounds and small batches, and gives ratios.

What comes out proves nothing about speed here: the server is the Python one, the machine is shared.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pymongo import MongoClient

from bench.suite.__main__ import GROUPS, PARTS, measured
from bench.suite.figures import Row
from bench.suite.harness import DRIVERS, Bench
from bench.suite.pages import CHAPTERS, render
from bench.suite.report import about
from bench.suite.shapes import DATABASE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(wire_uri: str) -> Iterator[Bench]:
    client: MongoClient[dict[str, Any]]
    with MongoClient(wire_uri) as client:
        yield Bench(wire_uri, client, rounds=1, is_quick=True, warm_up_seconds=0, largest=4)
        client.drop_database(DATABASE)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_runs_and_gives_ratios(part: str, bench: Bench) -> None:
    rows = PARTS[part](bench)

    assert rows
    assert {row.part for row in rows} == {part}
    assert bench.notes == []
    documents = json.loads(json.dumps([row.as_document() for row in rows]))
    for document in documents:
        assert document["figure"]["median"] == document["figure"]["median"]  # no NaN
        assert {"median", "low", "high", "count"} == document["figure"].keys()
        assert document["unit"]
    assert [Row.of_document(document) for document in documents] == rows


def test_both_drivers_are_measured_each_against_itself(bench: Bench) -> None:
    bench.drivers = DRIVERS

    rows = PARTS["counts"](bench)

    assert [(row.ours_is, row.peer_is) for row in rows] == [
        ("handler on Motor", "Motor, gather"),
        ("handler on PyMongo Async", "PyMongo Async, gather"),
    ]
    assert bench.notes == []


def test_a_part_that_fails_is_said_and_the_others_are_measured(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(bench: Bench) -> list[Row]:
        raise RuntimeError(f"not with {bench.largest}")

    monkeypatch.setitem(cast("dict[str, Any]", PARTS), "mixed", fail)

    document = measured(bench, ["mixed", "coalescing"])

    assert document["failures"] == ["mixed failed: RuntimeError: not with 4"]
    assert {row["part"] for row in document["rows"]} == {"coalescing"}
    assert document["seconds_of_parts"].keys() == {"mixed", "coalescing"}
    assert "mixed failed" in caplog.text


def test_a_run_leaves_no_database_behind(bench: Bench) -> None:
    measured(bench, ["counts"])

    assert DATABASE not in bench.client.list_database_names()


def test_every_part_has_a_chapter() -> None:
    assert sorted(part for chapter in CHAPTERS for part in chapter.parts) == sorted(PARTS)
    assert all(set(parts) <= PARTS.keys() for parts in GROUPS.values())


def test_the_command_writes_json_and_prints_a_table(wire_uri: str, tmp_path: Path) -> None:
    written = tmp_path / "bench.json"
    command = [sys.executable, "-m", "bench.suite", "--only", "coalescing", "--rounds", "1"]

    done = subprocess.run(
        [*command, "--largest", "4", "--json", str(written)],
        cwd=ROOT,
        env=os.environ | {"MOTORPOOL_TEST_URI": wire_uri},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(written.read_text())
    assert document["parts"] == ["coalescing"]
    assert document["failures"] == []
    assert {row["part"] for row in document["rows"]} == {"coalescing"}
    assert "an operation, called to settled, with encoding" in done.stdout
    assert "## 6. The coalescer" in render(document)


def test_the_report_says_what_machine_it_was(wire_uri: str) -> None:
    client: MongoClient[dict[str, Any]]
    with MongoClient(wire_uri) as client:
        told = about(client, "a server")

    assert told["cores"] == os.cpu_count()
    assert told["versions"].keys() >= {"pymongo", "motor"}
    assert told["server"] == "a server"
