"""No two values that a collation could confuse are asked for at once, and that costs no time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from motorpool.proxy.planning import equalities
from motorpool.proxy.planning.equalities import by_value
from motorpool.proxy.planning.fusions import MAX_VALUES
from motorpool.proxy.planning.values import fold, is_string
from tests.proxy.planning.asking import members

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from motorpool.proxy.planning.fusions import Member


def grouped(*values: Any, collation: Any = None) -> list[list[Any]]:
    """The values in their groups."""
    return [
        [member.operation.args["filter"]["a"] for member in group]
        for group in by_value(members("a", *values), collation)
    ]


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        ([1, 2, 1.0], [[1, 2, 1.0]]),
        (["a", "b", "ab"], [["a", "b", "ab"]]),
        (["a", "A"], [["a"], ["A"]]),
        (["a", "A", "b", "a", 1, "A"], [["a", "b", "a", 1], ["A", "A"]]),
        (["a", "A", "aa", "AA"], [["a"], ["A"], ["aa"], ["AA"]]),
        (["a", "b", "A", "B"], [["a", "b"], ["A", "B"]]),
        (["i", "y", "v", "w"], [["i", "v"], ["y", "w"]]),
        (["item 7", "item7", "item 8"], [["item 7", "item 8"], ["item7"]]),
        (["\u00e9", "a"], [["a"]]),
        (["\u00e9", 1], [[1]]),
        (["\u00e9"], []),
        ([b"a", "a", ObjectId(b"a" * 12)], [[b"a", "a", ObjectId(b"a" * 12)]]),
        ([], [[]]),
    ],
)
def test_strings_that_a_collation_could_confuse_are_in_different_groups(
    values: list[Any], groups: list[list[Any]]
) -> None:
    assert grouped(*values) == groups


@pytest.mark.parametrize("collation", [None, {"locale": "en"}, {"locale": "en", "strength": 1}])
def test_it_is_so_whichever_collation_is_asked_for(collation: Any) -> None:
    # None: a collection may have one of its own.
    assert grouped("a", "A", "\u00e9", collation=collation) == [["a"], ["A"]]


def test_the_simple_collation_confuses_nothing() -> None:
    values = ["a", "A", "\u00e9", "e\u0301", 1]

    assert grouped(*values, collation={"locale": "simple"}) == [values]


@given(
    st.lists(
        st.integers(0, 5)
        | st.text("aAbBiyY1 0", max_size=3)
        | st.sampled_from(["\u00e9", "\u0131"])
    )
)
def test_a_group_holds_each_fold_once_and_every_value_that_has_one_is_in_one(
    values: list[Any],
) -> None:
    asking = members("a", *values)

    groups = by_value(asking, None)

    for group in groups:
        strings = {member.note for member in group if is_string(member.note)}
        assert len({fold(key) for key in strings}) == len(strings)
        assert None not in {fold(key) for key in strings}
    taken = [member.position for group in groups for member in group]
    assert sorted(taken) == [
        member.position
        for member in asking
        if not is_string(member.note) or fold(member.note) is not None
    ]
    for key in {member.note for member in asking}:
        assert sum(any(member.note == key for member in group) for group in groups) <= 1


@pytest.mark.parametrize(
    "values",
    [range(MAX_VALUES * 2 + 5), [f"x{'a' * (n % 7)}{n}" for n in range(1, MAX_VALUES * 2 + 5)]],
    ids=["numbers", "strings"],
)
def test_no_group_asks_for_more_values_than_a_list_takes(values: Sequence[Any]) -> None:
    groups = grouped(*values, *values)

    assert max(len(set(group)) for group in groups) == MAX_VALUES
    assert sum(map(len, groups)) == 2 * len(values)


# Counted, not timed: lines of the function that are run -------------------------------------------


def lines_run(values: Sequence[Any]) -> int:
    asking = members("a", *values)
    return _counted(lambda: by_value(asking, None))


def _counted(run: Callable[[], list[list[Member]]]) -> int:
    count = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename != equalities.__file__:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(range, id="numbers"),
        pytest.param(lambda count: ["0" * number for number in range(count)], id="one fold"),
        pytest.param(
            lambda count: [f"{'0' * (number % 2)}1{number}" for number in range(count)], id="pairs"
        ),
        pytest.param(
            lambda count: [*range(count), *("0" * number for number in range(count))],
            id="one fold behind full groups",
        ),
        pytest.param(lambda count: ["\u00e9" * number for number in range(count)], id="no fold"),
    ],
)
def test_the_work_grows_no_faster_than_the_number_of_values(
    make: Callable[[int], Sequence[Any]],
) -> None:
    few, many = lines_run(make(1_500)), lines_run(make(6_000))

    assert many < 4.5 * few
