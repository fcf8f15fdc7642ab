"""docs/performance.md and its plot, made from a JSON."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench.suite.figures import Row, Spread
from bench.suite.pages import BEGIN, CHAPTERS, END, kept, render, write
from bench.suite.plot import STYLES, lines_of, svg
from bench.suite.report import table


def reads(n: int, side: str, peer: str, ours_ms: float, peer_ms: float, **more: Any) -> Row:
    return Row(
        part="reads",
        what="find_one by _id",
        n=n,
        ours_is=f"handler on {side}",
        peer_is=f"{side}, {peer}",
        figure=Spread.of([ours_ms / peer_ms]),
        ours=Spread.of([ours_ms]),
        peer=Spread.of([peer_ms]),
        **more,
    )


ROWS = [
    reads(1, "Motor", "gather", 0.3, 0.2),
    reads(100, "Motor", "gather", 1.0, 20.0, at_most=0.08, aim=0.05),
    reads(100, "Motor", "one $in", 1.0, 0.4, at_most=2.0),
]


@pytest.fixture
def document() -> dict[str, Any]:
    whole = {
        "about": {
            "date": "2026-11-25",
            "commit": "abc1234",
            "machine": "a machine",
            "cores": 2,
            "system": "Linux x86_64",
            "python": "3.11.7",
            "versions": {"pymongo": "4.20.1"},
            "server": "a server",
            "server_version": "8.2.0",
            "rounds": 15,
            "quick": False,
        },
        "parts": ["reads"],
        "seconds": 12.3,
        "notes": ["a note"],
        "failures": ["mixed failed: RuntimeError: no"],
        "rows": [row.as_document() for row in ROWS],
    }
    read: dict[str, Any] = json.loads(json.dumps(whole))
    return read


def test_the_page_says_what_was_run_on_what(document: dict[str, Any]) -> None:
    page = render(document)

    assert "| when | 2026-11-25, commit abc1234 |" in page
    assert "| machine | a machine, 2 cores, Linux x86_64 |" in page
    assert "| software | Python 3.11.7, pymongo 4.20.1 |" in page
    assert "| server | a server; it says it is 8.2.0 |" in page
    assert "| rounds | 15; 12 seconds in all |" in page


def test_the_page_says_what_does_not_hold_before_everything_else(document: dict[str, Any]) -> None:
    page = render(document)
    missed = (
        "| find_one by _id | 100 | handler on Motor: 1 ms | Motor, one $in: 0.4 ms | 2.5 | ≤ 2 | "
        "**does not hold** |"
    )

    assert "1 of 2 bounds hold. Those that do not:" in page
    assert page.index(missed) < page.index("## How to read this") < page.rindex(missed)


def test_a_page_of_a_run_in_which_all_holds_says_so(document: dict[str, Any]) -> None:
    document["rows"] = document["rows"][:2]

    page = render(document)

    assert "1 of 1 bounds hold." in page
    assert "does not hold" not in page


def test_a_part_that_was_not_run_has_no_chapter(document: dict[str, Any]) -> None:
    titles = [chapter.title for chapter in CHAPTERS if f"## {chapter.title}\n" in render(document)]

    assert titles == ["1. `find_one` by `_id`"]


def test_notes_and_failures_stand_in_the_page_and_in_the_table(document: dict[str, Any]) -> None:
    assert "- a note\n- mixed failed: RuntimeError: no\n" in render(document)
    assert "note: mixed failed: RuntimeError: no\n" in table(document)


def test_the_terminals_table_says_what_does_not_hold(document: dict[str, Any]) -> None:
    assert "<= 2 does not hold\n" in table(document)
    assert "1 of 2 bounds hold; 12.3 s on a machine, 2 cores\n" in table(document)


def test_rendering_changes_nothing_and_is_the_same_each_time(document: dict[str, Any]) -> None:
    before = copy.deepcopy(document)

    assert render(document) == render(document)
    assert document == before


def test_what_was_written_by_hand_is_kept(document: dict[str, Any], tmp_path: Path) -> None:
    write(document, tmp_path)
    page = tmp_path / "performance.md"
    by_hand = f"{BEGIN}\n\n## What is missed\n\nThis, since that.\n\n{END}"
    page.write_text(page.read_text().replace(kept(page.read_text()), by_hand))
    document["rows"] = document["rows"][:1]

    write(document, tmp_path)

    assert by_hand in page.read_text()
    assert page.read_text().count(BEGIN) == 1


def test_a_page_without_the_marks_gets_a_place_for_them() -> None:
    assert kept("# Performance\n").startswith(BEGIN)
    assert kept("# Performance\n").endswith(END)


# The plot -----------------------------------------------------------------------------------------


def test_the_plots_lines_are_the_sides_of_the_reads_and_of_nothing_else() -> None:
    others = [
        replace(ROWS[0], n=1, what="one operation above one driver call", ours=Spread.of([300.0])),
        replace(ROWS[0], n=50, part="mixed"),
    ]

    assert lines_of([*ROWS, *others]) == {
        "Motor, gather": [(1, 0.2), (100, 20.0)],
        "Motor, one $in": [(100, 0.4)],
        "handler on Motor": [(1, 0.3), (100, 1.0)],
    }


def test_the_plot_is_well_formed_small_and_the_same_each_time() -> None:
    lines = {name: [(n, n / 5) for n in (1, 10, 100, 1_000, 10_000)] for name in STYLES}

    drawn = svg(lines)

    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314 - made here
    assert len(drawn) < 8_000
    assert svg(lines) == drawn
    assert [name for name in STYLES if f">{name}<" in drawn] == list(STYLES)


def test_both_axes_go_by_powers_of_ten() -> None:
    drawn = svg({"Motor, gather": [(1.0, 0.1), (10.0, 1.0), (100.0, 10.0)]})
    (path,) = [line for line in drawn.splitlines() if 'fill="none"' in line]
    places = [tuple(map(float, at.split())) for at in path.split('"')[1][1:].split("L")]

    (x0, y0), (x1, y1), (x2, y2) = places
    assert x1 - x0 == x2 - x1 > 0
    assert y0 - y1 == pytest.approx(y1 - y2)
    assert y0 > y1


def test_a_run_without_reads_has_an_empty_plot() -> None:
    assert ET.fromstring(svg({})).tag.endswith("svg")  # noqa: S314 - made here
