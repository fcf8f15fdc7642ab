"""The page as a reader sees it, in a real browser: on a phone and a desk, in light, dark, print."""

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser

from motorpool.costs.command.page import html_page
from tests.costs.page import browser as chromium
from tests.costs.page.asked import LOADS, plots, report
from tests.costs.page.browser import opened
from tests.costs.page.contrast import contrast

WIDTHS = (320, 360, 599, 600, 768, 1280, 1920)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

VISIBLE = """() => [...document.querySelectorAll('figure')].map(
    figure => [...figure.querySelectorAll('svg')]
        .filter(svg => svg.getBoundingClientRect().width > 0)
        .map(svg => svg.classList.contains('wide') ? 'wide' : 'narrow'))"""
TEXTS = """() => [...document.querySelectorAll('figure')].flatMap((figure, number) =>
    [...figure.querySelectorAll('svg text')].filter(text => text.getBoundingClientRect().width > 0)
        .map(text => {
            const box = text.getBoundingClientRect(), svg = text.ownerSVGElement;
            const drawn = svg.getBoundingClientRect();
            const style = getComputedStyle(text);
            return {
                number, text: text.textContent, fill: style.fill,
                left: box.left, right: box.right, top: box.top, bottom: box.bottom,
                size: parseFloat(style.fontSize) * drawn.width / svg.viewBox.baseVal.width,
                inside: [drawn.left, drawn.right, drawn.top, drawn.bottom],
            };
        }))"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll('main *')]
    .filter(each => !each.closest('svg'))
    .map(each => parseFloat(getComputedStyle(each).fontSize)))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    files = {load: folder / f"{load}.html" for load in LOADS}
    for load, file in files.items():
        file.write_text(html_page(report(), plots(load)), encoding="utf-8")
    return files


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_says_nothing_on_the_console_and_asks_for_nothing(
    browser: Browser, pages: dict[str, Path], width: int
) -> None:
    with opened(browser, pages["middling"], width=width) as seen:
        seen.page.wait_for_load_state("networkidle")

        assert seen.console == []
        assert seen.errors == []
        assert seen.requests == [pages["middling"].as_uri()]


@pytest.mark.parametrize("load", ["tiny", "middling", "most"])
def test_the_page_never_scrolls_sideways(
    browser: Browser, pages: dict[str, Path], load: str
) -> None:
    with opened(browser, pages[load]) as seen:
        for width in WIDTHS:
            seen.page.set_viewport_size({"width": width, "height": 800})
            needed = seen.page.evaluate("document.documentElement.scrollWidth")

            assert needed <= width, f"{needed} pixels at {width}"


def test_of_each_plot_one_drawing_is_seen_the_narrow_one_on_a_phone(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["middling"]) as seen:
        for width in WIDTHS:
            seen.page.set_viewport_size({"width": width, "height": 800})

            form = "narrow" if width < 600 else "wide"
            assert seen.page.evaluate(VISIBLE) == [[form]] * 4, f"at {width}"


@pytest.mark.parametrize("width", [320, 360, 599, 600, 768, 1180, 1280])
def test_no_text_is_smaller_than_eleven_pixels(
    browser: Browser, pages: dict[str, Path], width: int
) -> None:
    with opened(browser, pages["middling"], width=width) as seen:
        texts = seen.page.evaluate(TEXTS)

        assert min(each["size"] for each in texts) >= 11
        assert seen.page.evaluate(SMALLEST) >= 11


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("load", LOADS)
def test_no_label_of_a_plot_covers_another_or_reaches_out_of_it(
    browser: Browser, pages: dict[str, Path], load: str, width: int
) -> None:
    with opened(browser, pages[load], width=width) as seen:
        texts = seen.page.evaluate(TEXTS)

    assert covering(texts) == []
    assert reaching_out(texts) == []


def covering(texts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of labels of one drawing that share more than the edges of their lines' height."""
    return [
        (one["text"], other["text"])
        for number, one in enumerate(texts)
        for other in texts[number + 1 :]
        if one["number"] == other["number"]
        and min(one["right"], other["right"]) - max(one["left"], other["left"]) > 1
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > 4
    ]


def reaching_out(texts: list[dict[str, Any]]) -> list[str]:
    return [
        each["text"]
        for each in texts
        for left, right, top, bottom in [each["inside"]]
        if each["left"] < left - 1
        or each["right"] > right + 1
        or each["top"] < top - 2
        or each["bottom"] > bottom + 2
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_text_of_plots_is_readable_in_light_and_in_dark(
    browser: Browser, pages: dict[str, Path], scheme: Literal["light", "dark"]
) -> None:
    with opened(browser, pages["middling"], scheme=scheme) as seen:
        paper = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        texts = seen.page.evaluate(TEXTS)

    assert (contrast(paper, "#ffffff") < 1.1) == (scheme == "light")
    assert min(contrast(each["fill"], paper) for each in texts) >= 4.5


def test_a_table_scrolls_in_its_own_box_and_its_first_column_stays(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["middling"], width=360) as seen:
        box = seen.page.locator(".scroll").first
        width, needed = box.evaluate("box => [box.clientWidth, box.scrollWidth]")
        first, second = box.locator("tbody tr").first.locator("th, td").all()[:2]
        before = first.bounding_box(), second.bounding_box()
        box.evaluate("box => box.scrollLeft = 80")
        after = first.bounding_box(), second.bounding_box()

    assert needed > width
    assert before[0] is not None
    assert before[1] is not None
    assert after[0] is not None
    assert after[1] is not None
    assert after[0]["x"] == before[0]["x"]
    assert after[1]["x"] == before[1]["x"] - 80


def test_numbers_stand_to_the_right_in_digits_of_one_width(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["middling"]) as seen:
        cell = seen.page.locator("tbody td").first
        align, digits = cell.evaluate(
            "cell => [getComputedStyle(cell).textAlign, getComputedStyle(cell).fontVariantNumeric]"
        )

    assert align == "right"
    assert digits == "tabular-nums"


def test_the_amount_in_the_answer_is_the_largest_text(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["middling"], width=360) as seen:
        sizes = seen.page.evaluate(
            "[...document.querySelectorAll('main *')].filter(each => !each.closest('svg'))"
            ".map(each => [parseFloat(getComputedStyle(each).fontSize), each.textContent])"
        )

    assert max(sizes)[1] == "USD\u00a01.60"


def test_what_is_folded_away_opens_by_the_keyboard(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["middling"]) as seen:
        folded = seen.page.locator("details table")
        was_visible = folded.is_visible()
        seen.page.locator("summary").focus()
        seen.page.keyboard.press("Enter")

        assert not was_visible
        assert folded.is_visible()


def test_paper_is_white_and_shows_what_is_folded_away(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["middling"], scheme="dark", width=700) as seen:
        seen.page.emulate_media(media="print")
        paper = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        forms = seen.page.evaluate(VISIBLE)
        folded = seen.page.locator("details table").bounding_box()
        printed = seen.page.pdf(format="A4")

    assert contrast(paper, "#ffffff") == 1
    assert forms == [["wide"]] * 4
    assert folded is not None
    assert folded["height"] > 20
    assert printed.startswith(b"%PDF")


def test_a_script_in_a_report_is_text(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    title = "</title><script>document.title = 'run'</script><img src=x onerror='alert(1)'>"
    file.write_text(html_page(report(title=title)), encoding="utf-8")

    with opened(browser, file) as seen:
        assert seen.page.locator("h1").text_content() == title
        assert seen.page.title() == title
        assert seen.page.locator("script, img").count() == 0
        assert seen.console == []


def test_without_a_browser_the_tests_say_what_they_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("MOTORPOOL_TEST_CHROMIUM", raising=False)
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        chromium.required()


def test_in_ci_a_browser_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("MOTORPOOL_TEST_CHROMIUM", raising=False)
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="CI requires one"):
        chromium.required()


def test_a_browser_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTORPOOL_TEST_CHROMIUM", "/opt/chromium")

    assert chromium.required() == "/opt/chromium"
