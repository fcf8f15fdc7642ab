"""CloudWatch's metrics as `aws cloudwatch` prints them, and a report made of nothing else."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from motorpool.costs.errors import UsageError
from motorpool.costs.recorded import MetricSums, Tally, View, analyse, gathered, read, read_usage
from motorpool.costs.setup import Function, Setup
from tests.costs.recorded.lines import report_line, write

HOUR = 3600
FIRST = 1795856400.0
"""2026-11-28T09:00:00Z."""


def statistics(label: str, *points: dict[str, Any]) -> dict[str, Any]:
    stamps = ("2026-11-28T09:00:00Z", "2026-11-28T10:00:00+00:00", "2026-11-28T11:00:00Z")
    return {
        "Label": label,
        "Datapoints": [
            {"Timestamp": stamp, **point, "Unit": "Count"}
            for stamp, point in zip(stamps, points, strict=False)
        ],
    }


def data(**values: list[float]) -> dict[str, Any]:
    return {
        "MetricDataResults": [
            {
                "Id": name,
                "Label": name.split("_")[0],
                "Timestamps": ["2026-11-28T10:00:00Z", "2026-11-28T09:00:00Z"],
                "Values": each,
                "StatusCode": "Complete",
            }
            for name, each in values.items()
        ],
        "Messages": [],
    }


def records(tmp_path: Path, *answers: dict[str, Any]) -> list[Any]:
    texts = [json.dumps(answer, indent=4) for answer in answers]
    return list(read([write(tmp_path / "metrics.json", *texts)]))


def test_sums_are_added_and_the_last_period_counts(tmp_path: Path) -> None:
    answer = statistics("Invocations", {"Sum": 600.0}, {"Sum": 300.0})
    assert records(tmp_path, answer) == [
        MetricSums(
            name="Invocations",
            total=900.0,
            samples=None,
            most=None,
            first=FIRST,
            last=FIRST + 2 * HOUR,
        )
    ]


def test_an_average_counts_as_often_as_it_was_sampled(tmp_path: Path) -> None:
    answer = statistics(
        "Duration", {"Average": 10.0, "SampleCount": 3.0}, {"Average": 20.0, "SampleCount": 1.0}
    )
    (found,) = records(tmp_path, answer)
    assert (found.total, found.samples) == (50.0, 4.0)


def test_an_average_alone_tells_no_sum(tmp_path: Path) -> None:
    (found,) = records(tmp_path, statistics("Duration", {"Average": 10.0}))
    assert (found.total, found.samples) == (None, None)


def test_the_largest_maximum_counts(tmp_path: Path) -> None:
    answer = statistics("ConcurrentExecutions", {"Maximum": 4.0}, {"Maximum": 9.0})
    (found,) = records(tmp_path, answer)
    assert found.most == 9.0


def test_values_tell_their_statistic_by_their_label_or_id(tmp_path: Path) -> None:
    answer = data(Invocations=[5, 7], Duration_sum=[50, 70], Duration_samplecount=[5, 7])
    assert [(each.name, each.total, each.samples) for each in records(tmp_path, answer)] == [
        ("Invocations", 12, None),
        ("Duration", 120, None),
        ("Duration", None, 12),
    ]


def test_a_duration_whose_statistic_nothing_tells_is_not_guessed(tmp_path: Path) -> None:
    tally = Tally()
    name = write(tmp_path / "m", data(Duration=[10, 20]), data(Invocations=[1]))
    assert [each.name for each in read([name], tally)] == ["Invocations"]  # type: ignore[union-attr]  # metrics all
    assert tally.unrecognised == 1


def test_a_metric_of_something_else_is_not_recognised(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no recorded usage"):
        records(tmp_path, statistics("UnHealthyHostCount", {"Average": 0.0}))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (statistics("Invocations", {"Sum": -1}), "Sum must be a number of 0 or more, and is -1"),
        (data(Invocations=[-1]), "Values must be a number of 0 or more, and is -1"),
        (
            {"Label": "Errors", "Datapoints": [7]},
            "Datapoints must be objects, and is 7",
        ),
    ],
)
def test_a_bad_data_point_is_named(tmp_path: Path, answer: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        records(tmp_path, answer)
    assert str(raised.value).endswith(said)


def test_metrics_alone_make_an_analysis(tmp_path: Path) -> None:
    found = records(
        tmp_path,
        statistics("Invocations", {"Sum": 600.0}, {"Sum": 400.0}),
        statistics("Duration", {"Sum": 6000.5}, {"Sum": 4000.0}),
        statistics("Throttles", {"Sum": 3.0}),
        statistics("Errors", {"Sum": 2.0}),
        statistics("ConcurrentExecutions", {"Maximum": 4.0}),
    )
    setup = Setup(proxy=Function(memory_mb=Decimal(256)))
    analysis = analyse(gathered(found), setup)
    assert analysis.view is View.METRICS
    assert (analysis.invocations, analysis.throttled, analysis.failed) == (1000, 3, 2)
    assert analysis.most_at_once == 4.0
    assert analysis.period.hours == 2
    # 10,000.5 ms, and half a millisecond for each that is rounded up: 10,500.5, rounded up.
    assert analysis.billed_total_ms == 10_501
    assert analysis.memory_mb == 256
    assert analysis.calls_per_invocation is None


def test_metrics_are_not_added_to_the_lines_of_the_same_invocations(tmp_path: Path) -> None:
    metrics = write(tmp_path / "m", statistics("Invocations", {"Sum": 600.0}))
    log = write(tmp_path / "log", report_line())
    analysis = analyse(read_usage([log, metrics]))
    assert (analysis.view, analysis.invocations) == (View.INVOCATIONS, 1)
