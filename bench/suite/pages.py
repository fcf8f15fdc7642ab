"""docs/performance.md, made from the JSON: what was run on what, the figures, how to read them.

Pure but for `write`. What a person has written between the marks is kept from one making to the
next: what is missed, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bench.suite.figures import Row, Spread
from bench.suite.parts.fusions import FUSIONS
from bench.suite.plot import lines_of, svg
from bench.suite.report import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

BEGIN: Final = "<!-- written by hand, and kept -->"
END: Final = "<!-- /written by hand -->"
_NOTHING_YET: Final = f"{BEGIN}\n\nNothing has been written here yet.\n\n{END}"


class Chapter(NamedTuple):
    """A section: what is measured in it, and the parts whose rows it has."""

    title: str
    text: str
    parts: tuple[str, ...]


CHAPTERS: Final = (
    Chapter(
        "1. `find_one` by `_id`",
        """\
N of them in one batch, the handler in process, the event made beforehand. Against a gather of the
same driver, and against the one `find` with `$in` that a person would write by hand, decoded into a
list.""",
        ("reads",),
    ),
    Chapter(
        "2. What cannot be fused",
        """\
Ranges with sort and limit, aggregations, counts and distinct values of ranges,
`find_one_and_update`, `update_many`.""",
        ("mixed",),
    ),
    Chapter(
        "3. Other fusions",
        """\
100 operations in one batch, the handler in process, against a gather of the same driver. The bounds
are against Motor's gather.""",
        tuple(FUSIONS),
    ),
    Chapter(
        "4. Many documents",
        """\
End to end: from the application's `to_list` to decoded documents. Client and proxy are in one
process, event and response go through JSON as with Lambda, and no network is between them.""",
        ("documents",),
    ),
    Chapter(
        "5. A request through a Lambda",
        """\
`motorpool local`: real environments, AWS's runtime client, HTTP by aioboto3.""",
        ("request",),
    ),
    Chapter(
        "6. The coalescer",
        """\
From the call to its answer, for each operation, with the encoding of both ends and a transport that
answers at once. aiodataloader hands out ready values: it encodes nothing.""",
        ("coalescing",),
    ),
    Chapter(
        "7. Start-up",
        """\
Fresh interpreters: time of the import, and what memory it takes beyond the interpreter's own.""",
        ("imports",),
    ),
    Chapter(
        "8. Memory",
        """\
Peak (VmHWM) of a fresh execution environment under AWS's runtime client, after three batches of the
kind, the response as full as Lambda takes. 1 MB is 10^6 bytes, 1 MiB 2^20.""",
        ("memory",),
    ),
    Chapter(
        "9. Connections",
        """\
`serverStatus.connections` at its peak, less what was there before.""",
        ("connections",),
    ),
    Chapter(
        "10. What looking for fusions costs",
        """\
A batch that holds nothing to fuse, with the planner on (`MOTORPOOL_FUSE`) and off.""",
        ("planner",),
    ),
)


def render(document: Mapping[str, Any], by_hand: str = _NOTHING_YET) -> str:
    """The page. `by_hand`: the part between the marks, with them (see `kept`)."""
    rows = [Row.of_document(dict(each)) for each in document["rows"]]
    judged = [row for row in rows if row.holds is not None]
    missed = [row for row in judged if not row.holds]
    pieces = [
        "# Performance",
        _INTRODUCTION,
        _about(document),
        "## In short",
        f"{len(judged) - len(missed)} of {len(judged)} bounds hold."
        + ("" if not missed else " Those that do not:"),
        _table(missed) if missed else "",
        by_hand,
        "## How to read this",
        _READING,
    ]
    for chapter in CHAPTERS:
        some = [row for row in rows if row.part in chapter.parts]
        if not some:
            continue
        pieces += [f"## {chapter.title}", chapter.text]
        if "reads" in chapter.parts:
            pieces.append("![N find_one by _id: milliseconds a batch](performance.svg)")
        pieces.append(_table(some))
    notes = [*document["notes"], *document["failures"]]
    if notes:
        pieces += ["## Notes of this run", "\n".join(f"- {note}" for note in notes)]
    return "\n\n".join(piece for piece in pieces if piece) + "\n"


_INTRODUCTION: Final = """\
Made by `make bench` from what it has measured; only the section written by hand is kept from one
making to the next. Every figure is a ratio against a peer that was measured in the same run, taking
turns with it."""

_READING: Final = """\
- **ours : peer** is the ratio, taken round by round; the median of the rounds, and in brackets
  their quartiles. Below 1 ours is faster, or takes less. Where the figure is in a unit, it is no
  ratio but itself.
- **Each side has a process of its own**: Motor has one pool of threads for a process, whose size
  the proxy sets. The peers are the drivers with their defaults, on one client, decoded documents.
- **In a round** every side runs once (what takes less than 20 ms, several times, of which the
  median counts), each round another one first. Data that an operation changes are put back before
  each run, outside the clock. The garbage collector is on, as a user has it.
- **The answers are compared** before the clock runs, and the data that writes leave behind:
  a difference ends the run.
- **A loopback has no distance.** On a network each round trip costs its time besides: what is fused
  gains by that, and what is not loses nothing.
- **The server runs on the same cores** as what is measured, and so does whatever else the machine
  does at that time: the quartiles tell how quiet it was."""


def _about(document: Mapping[str, Any]) -> str:
    about = document["about"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    rows = {
        "when": f"{about['date']}, commit {about['commit'] or 'unknown'}",
        "machine": f"{about['machine']}, {about['cores']} cores, {about['system']}",
        "software": f"Python {about['python']}, {versions}",
        "server": f"{about['server']}; it says it is {about['server_version']}",
        "rounds": f"{about['rounds']}{', quick' if about['quick'] else ''}; "
        f"{document['seconds']:.0f} seconds in all",
    }
    return "\n".join(["| | |", "|---|---|", *[f"| {name} | {rows[name]} |" for name in rows]])


def _table(rows: Sequence[Row]) -> str:
    head = "| what | N | ours | peer | ours : peer | bound | |"
    lines = [head, "|---|--:|---|---|---|---|---|"]
    for row in rows:
        cells = (
            row.what,
            f"{row.n:,}",
            _side(row.ours_is, row.ours, row.measured_in),
            _side(row.peer_is, row.peer, row.measured_in),
            _figure(row),
            _bound(row),
            f"**{row.verdict}**" if row.holds is False else row.verdict,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _side(name: str, spread: Spread | None, unit: str) -> str:
    return name if spread is None else f"{name}: {number(spread.median)} {unit}"


def _figure(row: Row) -> str:
    unit = "" if row.unit == "x" else f" {row.unit}"
    text = f"{number(row.figure.median)}{unit}"
    if row.figure.count > 1:
        text += f" ({number(row.figure.low)} to {number(row.figure.high)})"
    return text


def _bound(row: Row) -> str:
    if row.at_most is None:
        return ""
    aim = "" if row.aim is None else f", aim {row.aim:g}"
    return f"≤ {row.at_most:g}{aim}"


def kept(page: str) -> str:
    """What a person has written in an earlier page, with its marks; a place for it where not."""
    if BEGIN not in page or END not in page:
        return _NOTHING_YET
    return page[page.index(BEGIN) : page.index(END) + len(END)]


def write(document: Mapping[str, Any], folder: Path) -> None:
    """Write performance.md and performance.svg into this folder."""
    page = folder / "performance.md"
    before = page.read_text(encoding="utf-8") if page.is_file() else ""
    page.write_text(render(document, kept(before)), encoding="utf-8")
    rows = [Row.of_document(dict(each)) for each in document["rows"]]
    (folder / "performance.svg").write_text(svg(lines_of(rows)), encoding="utf-8")
