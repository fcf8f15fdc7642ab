"""The report for a terminal, and what was measured on what."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.suite.figures import Row

if TYPE_CHECKING:
    from pymongo import MongoClient

    from bench.suite.figures import Spread

ROOT = Path(__file__).resolve().parents[2]


def about(client: MongoClient[dict[str, Any]], server: str) -> dict[str, Any]:
    """What is measured on what."""
    told = client.server_info()
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "commit": _commit(),
        "machine": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("pymongo", "motor", "aiodataloader")},
        "server": server,
        "server_version": told.get("version", ""),
    }


def _commit() -> str:
    git = ["git", "-C", str(ROOT)]
    try:
        commit = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--", ":!docs"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + (" with changes" if changed else "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def table(document: dict[str, Any]) -> str:
    """The rows for a terminal."""
    lines: list[str] = []
    part = what = ""
    for row in map(Row.of_document, document["rows"]):
        if row.part != part:
            lines.append("")
        if (row.part, row.what) != (part, what):
            lines.append(row.what)
        part, what = row.part, row.what
        bound = "" if row.at_most is None else f"<= {row.at_most:g} {row.verdict}"
        note = f"({row.note})" if row.note else ""
        sides = f"{row.ours_is} : {row.peer_is}"
        times = " : ".join(
            f"{number(spread.median)} {row.measured_in}"
            for spread in (row.ours, row.peer)
            if spread is not None
        )
        lines.append(
            f"  {row.n:>6,} {sides:66} {times:>28} {figure(row.figure, row.unit):>25}  "
            f"{bound} {note}".rstrip()
        )
    lines += ["", *(f"note: {note}" for note in document["notes"] + document["failures"])]
    missed = sum(row["holds"] is False for row in document["rows"])
    judged = sum(row["holds"] is not None for row in document["rows"])
    lines.append(
        f"{judged - missed} of {judged} bounds hold; {document['seconds']} s on "
        f"{document['about']['machine']}, {document['about']['cores']} cores"
    )
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Three digits that mean something."""
    if value == 0 or abs(value) >= 100:  # noqa: PLR2004 - whole numbers from there on
        return f"{value:,.0f}"
    return f"{value:.3g}"


def figure(spread: Spread, unit: str) -> str:
    """A figure with its quartiles, and its unit."""
    text = number(spread.median)
    if spread.count > 1:
        text += f" ({number(spread.low)}-{number(spread.high)})"
    return f"{text} {unit}"
