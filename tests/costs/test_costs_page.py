"""Holds docs/costs.md against the command: what it shows is what is printed, and what is assumed.

`python -m tests.costs.test_costs_page` writes the table of assumptions anew.
"""

import json
import re
import shlex
from decimal import Decimal
from pathlib import Path

import pytest

from motorpool.costs.load import Load
from motorpool.costs.setup import Function, Setup
from motorpool.local import cli

PAGE = Path(__file__).resolve().parents[2] / "docs" / "costs.md"
BLOCK = re.compile(r"^```console\n(\$ motorpool .*?)^```$", re.DOTALL | re.MULTILINE)
FIGURES = re.compile(r"(<!-- figures: .*?-->\n)(.*?)(<!-- /figures -->)", re.DOTALL)
LEFT_OUT = "…"


def blocks() -> list[str]:
    return BLOCK.findall(PAGE.read_text())


def figures() -> str:
    """The table of all figures that have a default."""
    rows = ["", "| option | assumed | what it is | where it is from |", "|---|---|---|---|"]
    known = Load(requests=Decimal(1), queries=Decimal(2))
    for owner in (known, Function(), Setup()):
        for each in owner.assumptions():
            if each.name in {"requests", "queries"}:
                continue
            value = "none" if each.value is None else f"{each.value:,f} {each.unit}"
            option = {"memory_mb": "memory"}.get(each.name, each.name).replace("_", "-")
            rows.append(f"| `--{option}` | {value} | {each.what} | {each.source} |")
    return "\n".join([*rows, "", ""])


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.splitlines()[0][:60])
def test_what_the_page_shows_is_what_the_command_prints(
    block: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # no refreshed prices
    command, *shown = block.splitlines()

    assert cli.main(shlex.split(command)[2:]) == 0

    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert len(shown) > 3
    at = 0
    for line in shown:
        if line == LEFT_OUT:
            continue
        assert line in printed[at:]
        at = printed.index(line, at) + 1


def test_the_page_shows_some_commands() -> None:
    assert len(blocks()) >= 3


def test_the_pages_python_runs_and_prints_what_the_command_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)

    exec(compile(code, "costs.md", "exec"), {})  # noqa: S102 - the page's own
    usd, connections, waiting = map(float, capsys.readouterr().out.split())
    options = ["--requests", "3e6", "--queries", "8", "--region", "eu-west-1", "--json"]
    assert cli.main(["cost", "estimate", *options]) == 0

    made = json.loads(capsys.readouterr().out)
    assert made["usd_a_month"] == pytest.approx(usd)
    assert made["connections_at_primary"] == connections
    assert made["usd_of_waiting_before_free_tier"] == pytest.approx(waiting)


@pytest.mark.parametrize("report", ["estimate", "compare", "bill"])
def test_the_keys_that_the_page_names_are_in_the_json(
    report: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (said,) = re.findall(rf"^\| `{report}` \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    load = ["--requests", "3e6", "--queries", "8"]
    asked = load if report != "bill" else ["--invocations", "3e6", "--duration-ms", "100"]

    assert cli.main(["cost", report, *asked, "--json", "--explain"]) == 0

    made = json.loads(capsys.readouterr().out)
    known = {*made, *made.get("designs", [{}])[0]}
    assert {*re.findall(r"`(\w+)`", said)} <= known
    assert made["schema"] == 1


def test_the_page_lists_what_is_assumed() -> None:
    found = FIGURES.search(PAGE.read_text())

    assert found is not None
    assert found[2] == figures()


if __name__ == "__main__":
    PAGE.write_text(FIGURES.sub(lambda found: found[1] + figures() + found[3], PAGE.read_text()))
