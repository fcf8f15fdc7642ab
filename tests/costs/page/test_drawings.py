"""Charts of lines and of bars, and the SVG that they become."""

import re

import matplotlib as mpl
import pytest

from motorpool.costs.command.page import (
    Axis,
    BarChart,
    Beside,
    Level,
    Line,
    LineChart,
    Mark,
    Plot,
    Row,
    Spot,
    bars,
    lines,
)
from tests.costs.page.markup import read

FALLING = Line(label="falling", look="single", points=[(1, 100), (10, 10), (100, 1)])
RISING = Line(label="rising", look="batched", points=[(1, 1), (10, 10), (100, 100)])


def line_chart(*, is_log: bool = True, **more: object) -> Plot:
    given: dict[str, object] = {"lines": [RISING, FALLING], **more}
    return lines(
        LineChart(
            x=Axis(title="requests", is_log=is_log),
            y=Axis(title="dollars", is_log=is_log),
            **given,  # type: ignore[arg-type]  # each case gives what it is about
        ),
        title="What is found",
        caption="",
        alt="One rises, one falls.",
    )


def bar_chart(rows: list[Row], **more: object) -> Plot:
    return bars(
        BarChart(title="invocations", rows=rows, **more),  # type: ignore[arg-type]  # same
        title="t",
        caption="",
        alt="a",
    )


def texts(svg: str) -> list[str]:
    return [each.text for each in read(svg).of("text")]


def dashes(svg: str) -> list[str]:
    return re.findall(r"stroke-dasharray: ([\d.,]+)", svg)


def test_a_drawing_is_a_named_and_described_image_in_two_forms() -> None:
    plot = line_chart()
    wide, narrow = read(plot.wide), read(plot.narrow)

    assert wide.wrong == narrow.wrong == []
    assert wide.elements[0].attributes["class"] == "drawing wide"
    assert narrow.elements[0].attributes["class"] == "drawing narrow"
    assert wide.elements[0].attributes["role"] == "img"
    assert wide.elements[0].attributes["aria-label"] == "What is found"
    assert wide.of("desc")[0].text == "One rises, one falls."
    assert wide.elements[0].attributes["aria-describedby"] == wide.of("desc")[0].attributes["id"]
    assert wide.elements[0].attributes["viewbox"] == "0 0 560 340"
    assert narrow.elements[0].attributes["viewbox"] == "0 0 336 340"


def test_the_two_forms_share_no_id_and_have_none_that_is_not_needed() -> None:
    plot = line_chart(spots=[Spot(x=10, y=10, label="here")])
    wide, narrow = read(plot.wide), read(plot.narrow)

    assert set(wide.ids).isdisjoint(narrow.ids)
    for name in (*wide.ids, *narrow.ids):
        drawn = plot.wide + plot.narrow
        assert f"#{name}" in drawn or f'aria-describedby="{name}"' in drawn


def test_colours_are_variables_and_fonts_the_pages() -> None:
    drawn = line_chart().wide

    assert re.findall(r"#[0-9a-f]{6}\b", drawn) == []
    assert "var(--batched)" in drawn
    assert "font-family" not in drawn
    assert "<style" not in drawn


def test_a_drawing_has_no_date_and_no_address() -> None:
    drawn = line_chart().wide

    assert "://" not in drawn
    assert "metadata" not in drawn
    assert "20" + "26" not in drawn


def test_a_users_settings_of_matplotlib_change_nothing_and_are_kept() -> None:
    expected = line_chart()

    with mpl.rc_context({"lines.dash_capstyle": "round", "font.style": "italic", "font.size": 30}):
        settings = dict(mpl.rcParams)
        drawn = line_chart()

        assert dict(mpl.rcParams) == settings
    assert drawn == expected


@pytest.mark.parametrize("label", ["$x$ & <b>", "a_b^c\\frac", "日本", "\U0001f600"])
def test_a_label_is_shown_as_it_is_written(label: str) -> None:
    assert label in texts(line_chart(lines=[Line(label=label, look="direct",
                                                 points=[(1, 1), (2, 2)])]).wide)  # fmt: skip


def test_a_label_with_what_xml_cannot_hold_is_drawn() -> None:
    plot = bar_chart([Row(label="a\x00b", values=[1])])

    assert "a\ufffdb" in texts(plot.wide)
    assert read(plot.wide).wrong == []


def test_every_line_is_labelled_where_it_ends() -> None:
    plot = line_chart()

    assert {"rising", "falling"} <= set(texts(plot.wide))
    assert {"rising", "falling"} <= set(texts(plot.narrow))


def test_a_long_label_is_broken_into_lines() -> None:
    label = "driver in every function"
    plot = line_chart(lines=[Line(label=label, look="direct", points=[(1, 1), (2, 2)])])

    assert {"driver in every", "function"} <= set(texts(plot.wide))
    assert {"driver in", "every", "function"} <= set(texts(plot.narrow))


def test_lines_are_told_apart_by_their_dashes() -> None:
    one = dashes(line_chart(lines=[RISING]).wide)
    other = dashes(line_chart(lines=[FALLING]).wide)

    assert one == []
    assert len(other) == 1


def test_a_line_is_dotted_beyond_where_it_holds() -> None:
    whole = Line(label="l", look="batched", points=RISING.points, solid_to=100)
    half = Line(label="l", look="batched", points=RISING.points, solid_to=10)
    never = Line(label="l", look="batched", points=RISING.points, solid_to=0.1)

    assert dashes(line_chart(lines=[whole]).wide) == []
    assert len(dashes(line_chart(lines=[half]).wide)) == 1
    assert len(dashes(line_chart(lines=[never]).wide)) == 1
    assert "stroke: var(--batched); stroke-width: 2.6" in line_chart(lines=[half]).wide
    assert "stroke: var(--batched); stroke-width: 2.6" not in line_chart(lines=[never]).wide


def test_what_is_asked_and_what_is_found_are_labelled() -> None:
    plot = line_chart(mark=Mark(x=10, label="asked: 10"), spots=[Spot(x=10, y=10, label="equal")])

    assert {"asked: 10", "equal"} <= set(texts(plot.wide))


def test_what_lies_beyond_the_axes_is_left_out() -> None:
    plot = line_chart(
        mark=Mark(x=1000, label="asked"),
        spots=[Spot(x=10, y=1e9, label="far"), Spot(x=1e9, y=10, label="off")],
        levels=[Level(y=1e9, label="limit")],
    )

    assert {"asked", "far", "off", "limit"}.isdisjoint(texts(plot.wide))


def test_a_limit_within_sight_is_drawn_and_named_unless_it_would_cover_another() -> None:
    plot = line_chart(
        levels=[Level(y=50, label="first"), Level(y=50.5, label="second"), Level(y=3, label="low")]
    )

    # There is room for two above and below each other.
    assert {"first", "second", "low"} <= set(texts(plot.wide))
    crowded = line_chart(levels=[Level(y=50, label="a limit of " * 4) for _ in range(5)])
    assert texts(crowded.wide).count("a limit of " * 4) == 2


def test_zero_on_a_logarithmic_axis_is_left_out() -> None:
    plot = line_chart(lines=[Line(label="l", look="batched", points=[(0, 0), (1, 0), (10, 5)])])

    assert "l" in texts(plot.wide)
    assert read(plot.wide).wrong == []
    # One point is left, which is no line.
    assert "stroke: var(--batched); stroke-width: 2.6" not in plot.wide


def test_a_chart_of_nothing_but_zeros_is_drawn() -> None:
    zeros = Line(label="free", look="batched", points=[(1, 0), (10, 0)])
    plot = line_chart(lines=[zeros], is_log=False)

    assert {"free", "0", "1"} <= set(texts(plot.wide))
    assert read(line_chart(lines=[zeros]).wide).wrong == []


def test_a_bar_has_its_sum_at_its_end_and_its_label_before_it() -> None:
    rows = [Row(label="1", values=[3, 4]), Row(label="2 to 4", values=[2000, 16])]
    plot = bar_chart(rows, parts=["reads", "writes"])

    assert texts(plot.wide) == ["reads", "writes", "invocations", "1", "7", "2 to 4", "2,016"]


def test_parts_lie_beside_each_other_each_in_its_colour() -> None:
    plot = bar_chart([Row(label="r", values=[1, 3])], parts=["a", "b"])
    path = r'd="M ([\d.]+) [\d.]+ L ([\d.]+) [^"]*" [^>]*style="fill: var\(--part{}\)'
    firsts = re.findall(path.format(1), plot.wide)
    seconds = re.findall(path.format(2), plot.wide)

    left, right = map(float, firsts[-1])
    next_left, next_right = map(float, seconds[-1])
    assert next_left == right
    assert next_right - next_left == pytest.approx(3 * (right - left), rel=0.001)


def test_a_part_of_zero_is_not_drawn() -> None:
    with_zero = bar_chart([Row(label="r", values=[1, 0])]).wide

    assert "var(--part2)" not in with_zero


def test_bars_of_nothing_but_zeros_and_no_bars_at_all_are_drawn() -> None:
    zeros = bar_chart([Row(label="r", values=[0, 0])], beside=Beside(title="ms", values=[0]))

    assert "0" in texts(zeros.wide)
    assert read(zeros.narrow).wrong == []
    assert read(bar_chart([]).wide).wrong == []


def test_a_second_measure_stands_beside_on_a_desk_and_below_on_a_phone() -> None:
    beside = Beside(title="ms a request", values=[117, 67], tell=lambda ms: f"{ms:.0f} ms")
    rows = [Row(label="128 MB", values=[5], is_asked=True), Row(label="1,769 MB", values=[4])]
    plot = bar_chart(rows, beside=beside)

    assert texts(plot.wide).count("128 MB") == 1
    assert texts(plot.narrow).count("128 MB") == 2
    assert {"ms a request", "117 ms", "67 ms"} <= set(texts(plot.wide))


def test_the_row_asked_about_is_bold() -> None:
    rows = [Row(label="one", values=[5], is_asked=True), Row(label="other", values=[4])]
    bold = re.findall(r'<text style="font-weight: 700[^>]*>([^<]*)<', bar_chart(rows).wide)

    assert bold == ["one", "5"]


def test_bars_differ_by_hatching_too() -> None:
    plot = bar_chart([Row(label="r", values=[1, 1, 1, 1, 1])], parts=list("abcde"))

    assert plot.wide.count("<pattern") == 2
