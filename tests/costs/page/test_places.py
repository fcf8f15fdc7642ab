"""Axes and the places of labels: arithmetic on which drawings rest."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from motorpool.costs.command.page.axis import Axis, short
from motorpool.costs.command.page.labels import Place, arrange, box_of, distance, spread
from motorpool.costs.command.page.sheet import Box

WITHIN = Box(0, 0, 300, 200)
AMOUNTS = st.floats(0, 1e15, allow_nan=False)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.01, "0.01"),
        (0.00057, "0.00057"),
        (1, "1"),
        (2.5, "2.5"),
        (1000, "1,000"),
        (9999, "9,999"),
        (10_000, "10k"),
        (250_000, "250k"),
        (3e6, "3M"),
        (1e11, "100bn"),
        (1e15, "1,000tn"),
    ],
)
def test_a_tick_reads_short(number: float, text: str) -> None:
    assert short(number) == text


@example(values=[999999999999998.0], is_log=True, from_zero=False)  # its logarithm is 15
@given(values=st.lists(AMOUNTS, min_size=1), is_log=st.booleans(), from_zero=st.booleans())
def test_an_axis_has_two_ends_that_hold_its_values(
    values: list[float],
    is_log: bool,  # noqa: FBT001 - drawn
    from_zero: bool,  # noqa: FBT001 - drawn
) -> None:
    low, high = Axis(title="", is_log=is_log).range(values, from_zero=from_zero)

    assert low < high
    assert all(low <= value <= high for value in values if not is_log or value >= 1e-9)
    assert low > 0 or not is_log


@given(values=st.lists(AMOUNTS, min_size=1), is_log=st.booleans(), most=st.integers(3, 9))
def test_ticks_are_few_and_within_the_axis(
    values: list[float],
    is_log: bool,  # noqa: FBT001 - drawn
    most: int,
) -> None:
    axis = Axis(title="", is_log=is_log)
    low, high = axis.range(values, from_zero=True)

    ticks = axis.ticks(low, high, most)

    assert 1 <= len(ticks) <= most + 1
    assert all(low * 0.999 <= tick <= high * 1.001 for tick in ticks)


def test_ticks_of_many_decades_leave_some_out() -> None:
    axis = Axis(title="", is_log=True)

    assert axis.ticks(1, 1e4, 7) == [1, 10, 100, 1000, 10_000]
    assert axis.ticks(1, 1e8, 4) == [1, 1000, 1e6]


def test_ends_that_are_given_hold() -> None:
    assert Axis(title="", least=1, most=20).range([5, 100], from_zero=False) == (1, 20)
    assert Axis(title="", is_log=True, least=10, most=1e6).range([0], from_zero=False) == (10, 1e6)


def test_labels_that_would_cover_each_other_are_moved_apart_in_their_order() -> None:
    assert spread([50, 52, 100], [10, 10, 10], 0, 200) == [50, 60, 100]
    assert spread([52, 50, 100], [10, 10, 10], 0, 200) == [60, 50, 100]


def test_labels_stay_between_their_ends_as_long_as_they_fit() -> None:
    assert spread([0, 0], [10, 10], 0, 100) == [5, 15]
    assert spread([100, 100], [10, 10], 0, 100) == [85, 95]


@given(st.lists(st.floats(0, 200), min_size=1, max_size=6))
def test_spread_labels_never_cover_each_other(wanted: list[float]) -> None:
    placed = sorted(spread(wanted, [20] * len(wanted), 0, 200))

    assert all(above - below >= 20 - 1e-9 for below, above in itertools.pairwise(placed))
    assert placed[0] >= 10 - 1e-9


def test_a_lone_label_stands_to_the_right_and_above() -> None:
    (place,) = arrange([(100, 100)], [(40, 16)], within=WITHIN, taken=[], drawn=[])

    assert place == Place(108, 112, "left")


def test_a_label_at_the_edge_stands_within_it() -> None:
    for point in [(298, 100), (2, 100), (150, 198), (150, 2), (299, 199)]:
        (place,) = arrange([point], [(60, 16)], within=WITHIN, taken=[], drawn=[])

        assert box_of(place, (60, 16)).outside(WITHIN) == 0


def test_a_label_avoids_what_is_taken_and_what_is_drawn() -> None:
    line = [(float(x), 112.0) for x in range(100, 200, 4)]
    taken = [Box(100, 80, 200, 99)]

    (place,) = arrange([(100, 100)], [(40, 14)], within=WITHIN, taken=taken, drawn=line)

    box = box_of(place, (40, 14))
    assert box.overlap(taken[0]) == 0
    assert not any(box.holds(*point) for point in line)


@given(st.lists(st.tuples(st.floats(40, 260), st.floats(20, 180)), min_size=2, max_size=4))
def test_labels_of_points_however_near_do_not_cover_each_other(
    points: list[tuple[float, float]],
) -> None:
    sizes = [(40.0, 16.0)] * len(points)
    places = arrange(points, sizes, within=WITHIN, taken=[], drawn=[])

    boxes = [box_of(place, size) for place, size in zip(places, sizes, strict=True)]
    assert [
        box.overlap(other)
        for number, box in enumerate(boxes)
        for other in boxes[number + 1 :]
        if box.overlap(other) > 8  # of 640: where it is that or far off
    ] == []


def test_labels_are_placed_from_the_end_that_serves_them_better() -> None:
    points = [(20.0, 28.0), (20.0, 50.0), (20.0, 56.0)]
    steep, flat = [(x, 28 + 2 * (x - 20)) for x in range(0, 200, 4)], range(0, 200, 4)
    drawn: list[tuple[float, float]] = [
        *((float(x), float(y)) for x, y in steep),
        *((float(x), 50.0) for x in flat),
        *((float(x), float(y + 28)) for x, y in steep),
        *((20.0, float(y)) for y in flat),
    ]
    taken = [Box(x - 6, y - 6, x + 6, y + 6) for x, y in points]

    sizes = [(45.0, 16.0), (60.0, 16.0), (30.0, 16.0)]
    places = arrange(points, sizes, within=Box(0, 0, 200, 200), taken=taken, drawn=drawn)

    # From the top the uppermost label takes the middle one's place, which then stands far off.
    assert places == [Place(28, 16, "left"), Place(28, 38, "left"), Place(28, 68, "left")]


def test_the_distance_of_a_label_is_that_of_its_nearest_edge() -> None:
    box = Box(10, 10, 20, 20)

    assert distance(box, (15, 15)) == 0
    assert distance(box, (25, 15)) == 5
    assert distance(box, (23, 24)) == 5
