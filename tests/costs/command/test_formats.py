"""Markdown, CSV and JSON: what a program or a reader gets of one report."""

import csv
import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs.command.csv_text import csv_text
from motorpool.costs.command.json_text import json_text, jsonable
from motorpool.costs.command.markdown import escape, markdown
from motorpool.costs.durations import Design
from motorpool.costs.errors import InputError
from tests.costs.command.documents import DOCUMENT


def test_markdown_has_the_whole_report() -> None:
    assert markdown(DOCUMENT) == (
        "# A report \\| of \\<b\\>all\\</b\\>\n"
        "\n"
        "It costs USD 1,234.56.\n"
        "\n"
        "And \\*nothing\\* more.\n"
        "\n"
        "## The designs\n"
        "\n"
        "| design | USD a month | connections |\n"
        "| --- | ---: | ---: |\n"
        "| one query per invocation, 128 MB | 1,234.56 | 7 |\n"
        "| **batched** | **0.0031** |  |\n"
        "\n"
        "As counted.\n"
        "\n"
        "## Without data\n"
        "\n"
        "| what | how many |\n"
        "| --- | ---: |\n"
        "| a, b | 1,000 |\n"
        "\n"
        "## Notes\n"
        "\n"
        "- A note.\n"
    )


def test_markdown_without_notes_has_no_heading_for_them() -> None:
    assert "Notes" not in markdown(replace(DOCUMENT, notes=()))


def test_nothing_in_a_cell_is_markup() -> None:
    assert escape("a|b") == r"a\|b"
    assert escape("two\nlines") == "two lines"
    assert escape("[x](y) `z` _w_ a_b \\") == r"\[x\](y) \`z\` \_w\_ a_b " + "\\\\"


@given(st.text())
def test_any_text_stays_one_cell_of_one_line(text: str) -> None:
    escaped = escape(text)

    assert len(escaped.splitlines()) <= 1
    assert "|" not in escaped.replace("\\\\", "").replace("\\|", "")


def test_csv_is_the_first_tables_data_unrounded_with_units_in_its_header() -> None:
    assert csv_text(DOCUMENT) == (
        "label,usd_a_month,is_asked,x,y\none,1234.56,false,,\nbatched,0.0000001,true,,1.5\n"
    )


def test_csv_of_another_table_is_chosen_by_its_key() -> None:
    assert csv_text(DOCUMENT, "waiting") == "ms,ids\n5,a; b\n"


def test_csv_of_a_table_without_data_has_its_cells_less_the_commas_of_numbers() -> None:
    assert csv_text(DOCUMENT, "printed") == 'what,how many\n"a, b",1000\n'


def test_an_unknown_table_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        csv_text(DOCUMENT, "nothing")

    assert str(caught.value) == (
        "--table must be one of designs, printed, waiting, and is 'nothing'"
    )


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0")))
def test_any_text_comes_back_from_csv(text: str) -> None:
    document = replace(DOCUMENT, data={"designs": [{"label": text, "n": 1}]})

    read = list(csv.reader(io.StringIO(csv_text(document), newline="")))

    assert read == [["label", "n"], [text, "1"]]


def test_json_has_the_data_by_name_and_the_sentences() -> None:
    assert json.loads(json_text(DOCUMENT)) == {
        "schema": 1,
        "title": "A report | of <b>all</b>",
        "lead": ["It costs USD 1,234.56.", "And *nothing* more."],
        "report": "test",
        "designs": [
            {"label": "one", "usd_a_month": 1234.56, "is_asked": False, "x": None},
            {"label": "batched", "usd_a_month": 1e-07, "is_asked": True, "y": 1.5},
        ],
        "waiting": {"ms": 5, "ids": ["a", "b"]},
        "notes": ["A note."],
    }


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value="-1e15", max_value="1e15"))
def test_a_decimal_becomes_the_nearest_number(number: Decimal) -> None:
    told = jsonable(number)

    assert told == (int(number) if number == int(number) else float(number))
    assert isinstance(told, int) == (number == int(number))


def test_what_json_has_no_type_for_becomes_text() -> None:
    assert jsonable({"day": date(2026, 11, 28), "design": Design.DIRECT}) == {
        "day": "2026-11-28",
        "design": "direct",
    }
    assert json_text(replace(DOCUMENT, data={"x": True})).count('"x": true') == 1


def test_json_refuses_what_is_no_number() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        json_text(replace(DOCUMENT, data={"x": float("nan")}))
