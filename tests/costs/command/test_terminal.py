"""The report in a terminal: readable at every width, plain where it is no terminal."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs.command.columns import numbers, words
from motorpool.costs.command.document import Document, Table
from motorpool.costs.command.terminal import GAP, terminal, widths
from tests.costs.command.conftest import Cost
from tests.costs.command.documents import DOCUMENT

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Screen(io.StringIO):
    """A terminal's file."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def on_screen(monkeypatch: pytest.MonkeyPatch, columns: int, document: Document = DOCUMENT) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    return terminal(document, Screen())


def test_elsewhere_than_on_a_terminal_nothing_is_coloured_broken_or_cut() -> None:
    long = "word " * 200
    table = Table(key="k", title="t", columns=(words("a"), numbers("b")), rows=((long, "1"),))

    text = terminal(Document(title="T", lead=(long,), tables=(table,), notes=(long,)))

    assert "\x1b" not in text
    assert text.count(long.rstrip()) == 3


def test_the_whole_report_is_there() -> None:
    assert terminal(DOCUMENT) == (
        "A report | of <b>all</b>\n"
        "\n"
        "It costs USD 1,234.56.\n"
        "\n"
        "And *nothing* more.\n"
        "\n"
        "The designs\n"
        "design                            USD a month  connections\n"
        "──────────────────────────────────────────────────────────\n"
        "one query per invocation, 128 MB     1,234.56            7\n"
        "> batched                              0.0031\n"
        "As counted.\n"
        "\n"
        "Without data\n"
        "what  how many\n"
        "──────────────\n"
        "a, b     1,000\n"
        "\n"
        "Notes\n"
        "- A note.\n"
    )


@pytest.mark.parametrize("columns", [200, 100, 80, 60, 40, 30])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_broken(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ESCAPE.sub("", on_screen(monkeypatch, columns))

    assert max(len(line) for line in text.splitlines()) <= columns
    for number in ("1,234.56", "0.0031", "1,000"):
        assert number in text
    assert "…" not in text


def test_where_a_table_does_not_fit_each_row_is_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    text = ESCAPE.sub("", on_screen(monkeypatch, 34))

    assert (
        "one query per invocation, 128 MB\n"
        "  USD a month: 1,234.56\n"
        "  connections: 7\n"
        "batched\n"
        "  USD a month: 0.0031\n"
        "As counted.\n"
    ) in text


@pytest.mark.parametrize("command", ["estimate", "compare"])
@pytest.mark.parametrize("columns", [80, 60, 40])
def test_every_report_fits(
    command: str, columns: int, cost: Cost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    _, out, _ = cost(command, "--requests", "3e6", "--queries", "8", "--explain")

    assert max(len(line) for line in out.splitlines()) <= columns
    assert "3,000,000" in out
    assert "…" not in out


def test_at_80_columns_the_designs_are_a_table(cost: Cost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    _, out, _ = cost("compare", "--requests", "3e6", "--queries", "8")

    assert "> batched, 128 MB              1.60   +1.20       117    9,000,000" in out


def test_on_a_terminal_the_row_asked_about_is_bold(monkeypatch: pytest.MonkeyPatch) -> None:
    text = on_screen(monkeypatch, 80)

    assert re.search(r"\x1b\[1mbatched", text)
    assert "> batched" not in text
    assert re.search(r"^one query", text, flags=re.MULTILINE)


def test_no_color_takes_the_colours_and_leaves_the_weight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    coloured = on_screen(monkeypatch, 80)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = on_screen(monkeypatch, 80)

    colour = re.compile(r"\x1b\[(?:\d+;)*3[0-9]m")
    assert colour.search(coloured)
    assert not colour.search(plain)
    assert "\x1b[1m" in plain


def test_a_dumb_terminal_gets_no_escapes_and_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")

    text = on_screen(monkeypatch, 80)

    assert "\x1b" not in text
    assert "> batched" in text


def test_an_encoding_without_lines_gets_dashes() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    text = terminal(DOCUMENT, file)

    assert text.isascii()
    assert "1,234.56" in text


def test_rich_reads_no_markup_in_a_report() -> None:
    table = Table(
        key="k", title="[b]t", columns=(words("[i]a :smile:"), numbers("b")), rows=(("[u]", "1"),)
    )
    document = Document(title="[bold]x[/bold] :smile:", lead=("[red]y",), tables=(table,))

    text = terminal(document)
    assert text.startswith("[bold]x[/bold] :smile:\n\n[red]y\n\n[b]t\n[i]a :smile:  b\n")
    assert text.endswith("[u]           1\n")


CELL = st.text(st.sampled_from("ab c1"), max_size=40)


@given(
    st.lists(st.tuples(CELL, CELL, CELL), max_size=4),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.integers(min_value=1, max_value=150),
)
def test_widths_fill_no_more_than_there_is_and_break_no_number(
    rows: list[tuple[str, str, str]], kinds: list[bool], width: int
) -> None:
    columns = tuple(
        numbers(f"a title {number}") if is_number else words(f"a title {number}")
        for number, is_number in enumerate(kinds)
    )
    table = Table(key="k", title="t", columns=columns, rows=tuple(rows))

    given_widths = widths(table, width)

    if given_widths is None:
        assert widths(table, 10_000) is not None
        return
    assert sum(given_widths) + GAP * 2 <= width
    for number, column in enumerate(columns):
        longest = max((len(row[number]) for row in rows), default=0)
        assert given_widths[number] <= max(longest, len(column.title))
        assert given_widths[number] >= len("title")
        if column.kind == "number":
            assert given_widths[number] >= longest
