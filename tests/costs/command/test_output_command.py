"""Where a report goes and in which form, and what ends it early."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from motorpool.costs.command import output, page
from motorpool.local.cli import main
from tests.costs.command.conftest import Cost
from tests.costs.command.tables import write_table

LEAST = ("estimate", "--requests", "3e6", "--queries", "8")
BILL = ("bill", "--invocations", "3e6", "--duration-ms", "120", "--memory", "1536")


@pytest.mark.parametrize(
    ("option", "beginning"),
    [
        ("--json", '{\n  "schema": 1,'),
        ("--csv", "what,architecture,quantity,unit,usd,"),
        ("--markdown", "# A month in us-east-1"),
    ],
)
def test_a_short_form_is_the_format_by_name(option: str, beginning: str, cost: Cost) -> None:
    code, out, err = cost(*LEAST, option)

    assert (code, err) == (0, "")
    assert out.startswith(beginning)
    assert out == cost(*LEAST, "--format", option.removeprefix("--")).out


def test_the_default_is_a_table(cost: Cost) -> None:
    assert cost(*LEAST).out == cost(*LEAST, "--format", "table").out


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("r.json", "--json"),
        ("r.csv", "--csv"),
        ("r.md", "--markdown"),
        ("R.MD", "--markdown"),
        ("r.txt", "--format=table"),
        ("r", "--format=table"),
    ],
)
def test_a_file_gets_the_form_of_its_name(
    name: str, option: str, cost: Cost, tmp_path: Path
) -> None:
    path = tmp_path / name

    assert cost(*LEAST, "--output", str(path)) == (0, "", "")

    assert path.read_text(encoding="utf-8") == cost(*LEAST, option).out


def test_a_format_that_is_named_wins_over_the_files_name(cost: Cost, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"

    assert cost(*LEAST, "--json", "-o", str(path)) == (0, "", "")

    assert json.loads(path.read_text(encoding="utf-8"))["report"] == "estimate"


def test_a_dash_is_the_standard_output(cost: Cost) -> None:
    assert cost(*LEAST, "-o", "-").out == cost(*LEAST).out


def test_csv_has_the_table_that_is_chosen(cost: Cost) -> None:
    _, out, _ = cost(*LEAST, "--csv", "--table", "functions")

    assert out.startswith("name,memory_mb,architecture,invocations_a_month,")
    assert len(out.splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--csv", "--table", "x"],
            (
                "--table must be one of bill, functions, waiting, connections, assumptions, "
                "figures, terms, prices, sources, and is 'x'"
            ),
        ),
        (["--table", "bill"], "--table chooses the table of --csv, and the form is table"),
        (["--json", "--table", "bill"], "--table chooses the table of --csv, and the form is json"),
        (
            ["--json", "--csv"],
            "argument --csv: not allowed with argument --json (see motorpool cost estimate --help)",
        ),
        (
            ["-o", "/nowhere/r.json"],
            (
                "--output must be a file that can be written: /nowhere/r.json: No such file or "
                "directory"
            ),
        ),
    ],
)
def test_what_cannot_be_written_is_one_line(arguments: list[str], line: str, cost: Cost) -> None:
    assert cost(*LEAST, *arguments) == (2, "", f"motorpool: error: {line}\n")


def test_a_page_has_the_sums_and_the_plots(
    cost: Cost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def html_page(document: Any, plots: Any) -> str:
        asked.append((document, plots))
        return "<page>"

    monkeypatch.setattr(page, "html_page", html_page)
    monkeypatch.setattr(page, "plots_of_comparison", lambda *of, **_: of)
    path = tmp_path / "r.html"

    assert cost(*LEAST, "-o", str(path)) == (0, "", "")

    [(document, plots)] = asked
    assert path.read_text(encoding="utf-8") == "<page>"
    assert {"figures", "terms", "sources"} <= {table.key for table in document.tables}
    assert [type(each).__name__ for each in plots] == ["Load", "Setup", "PriceTable"]


def test_a_bills_page_has_no_plots(cost: Cost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "html_page", lambda _, plots: f"<page of {len(plots)} plots>")

    assert cost(*BILL, "--html") == (0, "<page of 0 plots>", "")


def test_a_real_page_is_written(cost: Cost) -> None:
    code, out, err = cost("compare", "--requests", "3e6", "--queries", "8", "--html")

    assert (code, err) == (0, "")
    assert out.lower().startswith("<!doctype html>")
    assert "The designs" in out


def in_a_process(
    arguments: list[str], prices: str, *, before: str = "", **options: Any
) -> "subprocess.CompletedProcess[str]":
    """`motorpool cost …` in a fresh interpreter; `before` is run there first."""
    # Unbuffered, it would have nothing left to write when it ends.
    options.setdefault("env", {**os.environ})
    options["env"].pop("PYTHONUNBUFFERED", None)
    program = f"{before}\nimport sys; from motorpool.local.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, "cost", *arguments, "--prices", prices],
        check=False,
        text=True,
        stderr=subprocess.PIPE,
        **options,
    )


@pytest.mark.parametrize("short_or_long", [BILL, LEAST])
def test_a_reader_that_has_seen_enough_is_no_error(
    short_or_long: tuple[str, ...], tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = in_a_process([*short_or_long, "--json"], write_table(tmp_path), stdout=writing)
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = in_a_process([*LEAST], write_table(tmp_path), stdout=full)

    assert (done.returncode, done.stderr) == (
        1,
        "motorpool: error: the standard output cannot be written: No space left on device\n",
    )


def test_an_encoding_that_lacks_a_character_is_no_error(tmp_path: Path) -> None:
    done = in_a_process(
        [*LEAST, "--explain"],
        write_table(tmp_path),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "2 waves x 1 batches" in done.stdout
    assert "?" not in done.stdout


def test_the_price_table_of_a_file_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_table(tmp_path)

    assert main(["cost", *BILL, "--prices", path]) == 0

    out, _ = capsys.readouterr()
    assert "USD 2.73" in out
    assert f"Prices of 2026-09-19 for us-east-1, from {path}" in out


WATCH = """
import atexit, sys
heavy = {"rich", "matplotlib", "boto3", "aioboto3", "pydantic", "pymongo", "asyncio"}
atexit.register(lambda: print(sorted(heavy & set(sys.modules)), file=sys.stderr))
"""


@pytest.mark.parametrize(
    ("form", "imported"), [("json", []), ("csv", []), ("markdown", []), ("table", ["rich"])]
)
def test_a_form_imports_what_it_needs_and_no_more(
    form: str, imported: list[str], tmp_path: Path
) -> None:
    done = in_a_process(
        [*LEAST, "--format", form],
        write_table(tmp_path),
        before=WATCH,
        stdout=subprocess.DEVNULL,
    )

    assert (done.returncode, done.stderr) == (0, f"{imported}\n")


@pytest.mark.parametrize(("module", "form"), [("rich", "table"), ("matplotlib", "html")])
def test_without_its_extra_a_form_says_in_one_line_what_to_install(
    module: str, form: str, tmp_path: Path
) -> None:
    done = in_a_process(
        [*LEAST, "--format", form],
        write_table(tmp_path),
        before=f"import sys; sys.modules[{module!r}] = None",
        stdout=subprocess.PIPE,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("motorpool: error: motorpool cost needs motorpool[costs]: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("form", ["json", "csv", "markdown"])
def test_what_needs_no_extra_works_without_it(form: str, tmp_path: Path) -> None:
    done = in_a_process(
        [*LEAST, "--format", form],
        write_table(tmp_path),
        before="import sys; sys.modules['rich'] = sys.modules['matplotlib'] = None",
        stdout=subprocess.PIPE,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_every_format_has_its_option() -> None:
    assert output.FORMATS == ("table", "markdown", "csv", "json", "html")
