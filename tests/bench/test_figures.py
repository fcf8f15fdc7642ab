"""Medians, spreads, ratios, verdicts."""

import json
from typing import Any

import pytest

from bench.suite.figures import Row, Spread, differences, ratios


def row(median: float, **more: Any) -> Row:
    given: dict[str, Any] = {
        "part": "reads",
        "what": "find_one by _id",
        "n": 100,
        "ours_is": "handler on Motor",
        "peer_is": "Motor, gather",
        "figure": Spread.of([median]),
    }
    return Row(**{**given, **more})


def test_a_spread_is_the_median_and_the_quartiles() -> None:
    assert Spread.of([5.0, 1.0, 2.0, 4.0, 3.0]) == Spread(3.0, 2.0, 4.0, 5)


def test_a_spread_of_few_is_the_median_the_least_and_the_greatest() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0, 3)
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 7.0, 1)


def test_a_ratio_is_taken_round_by_round() -> None:
    # The second round was a slow one for both; ratios of medians would be 0.5 as well, but with
    # the spread of the machine.
    assert ratios([1.0, 10.0, 2.0], [2.0, 20.0, 4.0]) == Spread(0.5, 0.5, 0.5, 3)


def test_a_difference_is_taken_round_by_round() -> None:
    assert differences([3.0, 12.0], [2.0, 10.0]) == Spread(1.5, 1.0, 2.0, 2)


def test_a_ratio_of_unequal_rounds_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        ratios([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("median", "holds", "verdict"),
    [
        (0.05, True, "holds, aim met"),
        (0.08, True, "holds, aim not met"),
        (0.081, False, "does not hold"),
    ],
)
def test_a_bound_holds_up_to_itself(median: float, holds: bool, verdict: str) -> None:  # noqa: FBT001 - a case
    judged = row(median, at_most=0.08, aim=0.05)

    assert (judged.holds, judged.verdict) == (holds, verdict)


def test_a_row_without_a_bound_is_not_judged() -> None:
    assert (row(3.0).holds, row(3.0).verdict) == (None, "")


def test_a_row_comes_back_from_json_as_it_was() -> None:
    whole = row(0.5, ours=Spread.of([1.0]), peer=Spread.of([2.0]), at_most=0.8, note="groups: 1")

    assert Row.of_document(json.loads(json.dumps(whole.as_document()))) == whole


def test_the_json_says_whether_a_bound_holds() -> None:
    assert row(0.5, at_most=0.4).as_document()["holds"] is False
