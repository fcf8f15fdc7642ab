"""The page as a document: valid, whole without anything beside it, and with nothing unescaped."""

import re
from dataclasses import replace

import pytest

from motorpool.costs.command.document import Column, Document, Table
from motorpool.costs.command.page import html_page
from tests.costs.page.asked import LOADS, plots, report
from tests.costs.page.markup import read

SCRIPT = "<script>alert('&quot;')</script>"


@pytest.mark.parametrize("load", LOADS)
def test_a_page_is_valid_has_each_id_once_and_is_under_400_kb(load: str) -> None:
    page = html_page(report(), plots(load))

    assert read(page).wrong == []
    assert len(page.encode()) < 400_000


def test_the_same_plot_may_stand_on_a_page_twice() -> None:
    first = plots("tiny")[0]

    markup = read(html_page(report(), [first, first]))

    assert markup.wrong == []
    assert len(markup.of("figure")) == 2


def test_a_page_names_its_language_its_title_and_how_wide_it_is() -> None:
    markup = read(html_page(report()))
    metas = {each.attributes.get("name"): each.attributes["content"] for each in markup.of("meta")
             if "content" in each.attributes}  # fmt: skip

    assert markup.of("html")[0].attributes["lang"] == "en"
    assert markup.of("title")[0].text == "A month in us-east-1: the designs side by side"
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    assert metas["color-scheme"] == "light dark"


def test_a_page_refers_to_nothing_beside_itself() -> None:
    page = html_page(report(), plots("middling"))
    referred = [
        value
        for element in read(page).elements
        for name, value in element.attributes.items()
        if name in {"src", "href", "srcset", "action", "data", "poster", "xlink:href"}
    ]

    assert {value for value in referred if not value.startswith("#")} == {"data:,"}
    assert [each for each in re.findall(r"url\(([^)]*)\)", page) if not each.startswith("#")] == []
    assert "@import" not in page
    assert "://" not in page


def test_a_page_forbids_the_browser_to_load_anything() -> None:
    policies = [each.attributes["content"] for each in read(html_page(report())).of("meta")
                if each.attributes.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip

    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    assert read(html_page(report())).of("script") == []


def test_the_answer_comes_first_then_its_table_then_the_plots_then_the_rest() -> None:
    page = html_page(report(), plots("middling"))
    places = [
        page.index(part)
        for part in (
            "<h1>",
            '<p class="answer">',
            "The designs</span>",
            '<section class="plots"',
            "From where on it pays</span>",
            "<summary>What it rests on</summary>",
            "<h2>Notes</h2>",
        )
    ]

    assert places == sorted(places)


def test_the_first_amount_of_money_in_the_answer_is_marked_and_no_other() -> None:
    page = html_page(report())

    assert "each cost <strong>USD\u00a01.60</strong> a month batched" in page
    assert page.count("<strong>") == 1


@pytest.mark.parametrize(
    ("sentence", "amount"),
    [
        ("It costs USD 1,234.56, and more.", "USD\u00a01,234.56"),
        ("It costs $0.0031.", "$0.0031"),
        ("It costs USD 12.", "USD\u00a012"),
    ],
)
def test_an_amount_is_found_however_it_is_written(sentence: str, amount: str) -> None:
    page = html_page(replace(report(), lead=(sentence,)))

    assert f"<strong>{amount}</strong>" in page


def test_an_answer_without_an_amount_is_a_sentence() -> None:
    page = html_page(replace(report(), lead=("Nothing was recorded.",)))

    assert '<p class="answer">Nothing was recorded.</p>' in page
    assert "<strong>" not in page


def test_a_report_of_nothing_is_a_page() -> None:
    page = html_page(Document(title="Nothing", lead=(), tables=()))

    markup = read(page)
    assert markup.wrong == []
    assert [each.text for each in markup.of("h1")] == ["Nothing"]
    assert markup.of("h2") == []
    assert markup.of("section") == []


def test_the_day_of_the_prices_is_told() -> None:
    assert "At prices of 2026-06-30" in html_page(report())
    assert "At prices of" not in html_page(replace(report(), data={}))


def test_a_table_has_a_caption_and_heads_of_columns_and_rows() -> None:
    markup = read(html_page(report()))
    heads = markup.of("th")

    assert [each.text for each in markup.of("caption")] == [
        "The designs",
        "From where on it pays",
        "What it rests on",
    ]
    assert [each.attributes["scope"] for each in heads].count("col") == 6 + 1 + 3
    assert [each.attributes["scope"] for each in heads].count("row") == 4 + 1 + 1
    assert "Connections are those at the primary" in markup.of("main")[0].text


def test_a_box_that_scrolls_is_named_and_reached_by_the_keyboard() -> None:
    markup = read(html_page(report()))
    boxes = [each for each in markup.of("div") if each.attributes.get("class") == "scroll"]

    assert len(boxes) == 3
    assert {each.attributes["tabindex"] for each in boxes} == {"0"}
    assert {each.attributes["role"] for each in boxes} == {"region"}
    assert {each.attributes["aria-labelledby"] for each in boxes} <= set(markup.ids)


def test_the_row_asked_about_is_marked_and_no_other() -> None:
    asked = [each for each in read(html_page(report())).of("tr") if "class" in each.attributes]

    assert [each.attributes["class"] for each in asked] == ["asked"]
    assert asked[0].text.startswith("batched, 128\u00a0MB1.60")


def test_columns_of_numbers_are_marked_as_such_and_those_of_text_are_not() -> None:
    table = Table(
        key="k",
        title="t",
        columns=(Column(title="a"), Column(title="b", kind="text"), Column(title="c")),
        rows=(("1", "two", "3"),),
    )
    markup = read(html_page(Document(title="d", lead=(), tables=(table,))))

    numbers = [each.text for each in markup.elements if each.attributes.get("class") == "number"]
    assert numbers == ["a", "c", "1", "3"]


@pytest.mark.parametrize(
    ("key", "is_folded"),
    [
        ("assumptions", True),
        ("figures", True),
        ("terms-3", True),
        ("sources", True),
        ("bill", False),
        ("designs", False),
    ],
)
def test_assumptions_sums_and_sources_are_folded_away(key: str, is_folded: bool) -> None:  # noqa: FBT001 - a case
    table = Table(key=key, title="t", columns=(Column(title="a"),), rows=(("1",),))
    markup = read(html_page(Document(title="d", lead=(), tables=(table,))))

    assert ("details" in markup.of("table")[0].inside) == is_folded
    assert markup.wrong == []


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    page = html_page(replace(report(), notes=("USD 5 for 128 MB in 3 ms, of 4 MBs",)))

    assert "USD\u00a05 for 128\u00a0MB in 3\u00a0ms, of 4 MBs" in page


def test_everything_in_a_report_is_escaped() -> None:
    table = Table(
        key=f"assumptions{SCRIPT}",
        title=f"table {SCRIPT}",
        columns=(Column(title=f"column {SCRIPT}", kind="text"), Column(title=SCRIPT)),
        rows=((f"row {SCRIPT}", f"cell {SCRIPT}"),),
        note=f"note {SCRIPT}",
    )
    hostile = Document(
        title=f"title {SCRIPT}",
        lead=(f"USD 1 answer {SCRIPT}", f"lead {SCRIPT}"),
        tables=(table,),
        notes=(f"remark {SCRIPT}",),
        data={"prices": {"as_of": SCRIPT}},
    )
    plot = replace(plots("tiny")[0], title=f"plot {SCRIPT}", caption=f"caption {SCRIPT}")

    page = html_page(hostile, [plot])
    markup = read(page)

    assert markup.wrong == []
    assert markup.of("script") == []
    assert page.count("alert(") == page.count("&lt;script&gt;alert(&#x27;&amp;quot;&#x27;)")
    assert page.count("alert(") == 15


def test_what_html_cannot_hold_is_shown_as_a_replacement() -> None:
    page = html_page(replace(report(), title="a\x00b\ud800c\x1bd"))

    assert "<h1>a\ufffdb\ufffdc\ufffdd</h1>" in page
    assert page.encode()


def test_the_same_report_is_the_same_page() -> None:
    assert html_page(report(), plots("large")) == html_page(report(), plots("large"))
