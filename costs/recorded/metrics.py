"""CloudWatch's metrics of a function, as `aws cloudwatch` prints them.

Forms: Amazon CloudWatch API Reference, "GetMetricStatistics" (each data point names its statistics)
and "GetMetricData" (values whose statistic only a label or an id can tell). A statistic that
nothing tells is not guessed.
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.recorded.entry import Entry, moment_in
from motorpool.costs.recorded.records import MetricSums

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMES: Final = ("Invocations", "Duration", "Errors", "Throttles", "ConcurrentExecutions")
"""Of namespace AWS/Lambda, those that a report uses."""

_USUAL: Final = {
    "Invocations": "Sum",
    "Errors": "Sum",
    "Throttles": "Sum",
    "ConcurrentExecutions": "Maximum",
}
"""The one statistic that makes sense of a metric: it need not be told. Duration has several."""

_STATISTICS: Final = {"sum": "Sum", "samplecount": "SampleCount", "maximum": "Maximum"}


def is_statistics(value: Mapping[str, Any]) -> bool:
    """Whether the object is the answer of `get-metric-statistics`."""
    return isinstance(value.get("Label"), str) and isinstance(value.get("Datapoints"), list)


def is_data(value: Mapping[str, Any]) -> bool:
    """Whether the object is the answer of `get-metric-data`."""
    return isinstance(value.get("MetricDataResults"), list)


def statistics(place: str, value: Mapping[str, Any]) -> list[MetricSums] | None:
    """The metric of an answer of `get-metric-statistics`; None: one that no report uses.

    Raises UsageError for a data point that is none.
    """
    name = _name_in(value["Label"])
    if name is None:
        return None
    points = [_point(place, point) for point in value["Datapoints"]]
    sums = [point.maybe_measure("Sum") for point in points]
    samples = [point.maybe_measure("SampleCount") for point in points]
    averages = [point.maybe_measure("Average") for point in points]
    most = [point.maybe_measure("Maximum") for point in points]
    totals = [
        average * count if total is None and average is not None and count is not None else total
        for total, average, count in zip(sums, averages, samples, strict=True)
    ]
    moments = [moment for point in points if (moment := point.maybe_moment("Timestamp"))]
    return [_sums(name, _known(totals), _known(samples), _known(most), moments)]


def data(place: str, value: Mapping[str, Any]) -> list[MetricSums] | None:
    """The metrics of an answer of `get-metric-data`; None: none that a report can use.

    Raises UsageError for values that are none.
    """
    found = []
    for result in value["MetricDataResults"]:
        if not isinstance(result, dict):
            continue
        told = " ".join(str(result.get(key, "")) for key in ("Label", "Id"))
        name = _name_in(told)
        statistic = _statistic_in(told) or _USUAL.get(name or "")
        if name is None or statistic is None:
            continue
        values = result.get("Values")
        pairs = values if isinstance(values, list) else []
        figures = [Entry(place, {"Values": each}).measure("Values") for each in pairs]
        stamps = result.get("Timestamps")
        texts = stamps if isinstance(stamps, list) else []
        moments = [moment for text in texts if (moment := moment_in(str(text))) is not None]
        found.append(
            _sums(
                name,
                figures if statistic == "Sum" else [],
                figures if statistic == "SampleCount" else [],
                figures if statistic == "Maximum" else [],
                moments,
            )
        )
    return found or None


def _point(place: str, point: Any) -> Entry:
    if isinstance(point, dict):
        return Entry(place, point)
    raise Entry(place, {"Datapoints": point}).error("Datapoints", "must be objects")


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _sums(
    name: str,
    totals: list[float],
    samples: list[float],
    most: list[float],
    moments: list[float],
) -> MetricSums:
    stamps = sorted(moments)
    period = min((b - a for a, b in itertools.pairwise(stamps) if b > a), default=0.0)
    return MetricSums(
        name=name,
        total=math.fsum(totals) if totals else None,
        samples=math.fsum(samples) if samples else None,
        most=max(most, default=None),
        first=stamps[0] if stamps else None,
        last=stamps[-1] + period if stamps else None,
    )


def _name_in(told: str) -> str | None:
    words = re.findall(r"[A-Za-z]+", told)
    for name in NAMES:
        if any(word.lower() == name.lower() for word in words):
            return name
    return None


def _statistic_in(told: str) -> str | None:
    words = re.findall(r"[a-z]+", told.lower())
    return next((_STATISTICS[word] for word in words if word in _STATISTICS), None)
