"""From recorded usage to what happened, what a month of it costs, and what would change it.

    read_usage ─▶ analyse ─▶ month, saved, lingering, remembering, to_load

Reads the files that it is given and nothing else; prints nothing.
"""

from motorpool.costs.recorded import counts
from motorpool.costs.recorded.analysis import Analysis, Period, analyse
from motorpool.costs.recorded.counts import Billed, View
from motorpool.costs.recorded.equivalent import to_load
from motorpool.costs.recorded.gathering import Usage, gathered, read_usage
from motorpool.costs.recorded.linger import Lingering, lingering
from motorpool.costs.recorded.memory import (
    Memory,
    cheapest,
    faster_for_no_more,
    remembering,
)
from motorpool.costs.recorded.month import Month, Saved, Scale, Waiting, month, saved, scale
from motorpool.costs.recorded.reading import Tally, read
from motorpool.costs.recorded.records import (
    ClientBatch,
    CounterSnapshot,
    Invocation,
    MetricSums,
    ProxyBatch,
    Record,
)
from motorpool.costs.recorded.spread import Distribution

__all__ = [
    "Analysis",
    "Billed",
    "ClientBatch",
    "CounterSnapshot",
    "Distribution",
    "Invocation",
    "Lingering",
    "Memory",
    "MetricSums",
    "Month",
    "Period",
    "ProxyBatch",
    "Record",
    "Saved",
    "Scale",
    "Tally",
    "Usage",
    "View",
    "Waiting",
    "analyse",
    "cheapest",
    "counts",
    "faster_for_no_more",
    "gathered",
    "lingering",
    "month",
    "read",
    "read_usage",
    "remembering",
    "saved",
    "scale",
    "to_load",
]
