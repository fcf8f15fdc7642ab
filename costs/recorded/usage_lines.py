"""The lines that the proxy and the client write of their batches, version 1, and counters.

Keys that are not known are let be: a later writer of the same version may add some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.recorded.entry import Entry
from motorpool.costs.recorded.records import (
    ClientBatch,
    CounterSnapshot,
    ProxyBatch,
    function_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION: Final = 1
"""Of the lines that are understood, as their `v` says (`motorpool.batching.usage`)."""

_SIDES: Final = ("proxy", "client")  # no set: what is asked for may be anything
_COUNTERS: Final = frozenset({"operations", "sent", "invocations", "batch_sizes", "flush_reasons"})


def is_usage_line(value: Mapping[str, Any]) -> bool:
    """Whether the object is a line of recorded usage, of whatever version."""
    return "v" in value and value.get("side") in _SIDES


def usage_line(place: str, value: Mapping[str, Any]) -> ProxyBatch | ClientBatch:
    """The batch that a line tells of. Raises UsageError for another version or a bad value."""
    entry = Entry(place, value)
    if isinstance(value["v"], bool) or value["v"] != VERSION:
        raise entry.error("v", f"must be {VERSION}, the version of usage lines that is read here")
    return _proxy(entry) if value["side"] == "proxy" else _client(entry)


def is_snapshot(value: Mapping[str, Any]) -> bool:
    """Whether the object is what `counters.snapshot()` gives."""
    return value.keys() >= _COUNTERS


def snapshot(place: str, value: Mapping[str, Any]) -> CounterSnapshot:
    """The counters of one client. Raises UsageError for a bad value."""
    entry = Entry(place, value)
    sizes = entry.counts("batch_sizes")
    for size in sizes:
        if not size.isdecimal() or len(size) > 15:  # noqa: PLR2004 - as `entry.MOST`
            raise entry.error("batch_sizes", "must have a number of operations as its keys")
    return CounterSnapshot(
        operations=entry.whole("operations"),
        sent=entry.whole("sent"),
        deduplicated=entry.maybe_whole("deduplicated") or 0,
        invocations=entry.whole("invocations"),
        throttled=entry.maybe_whole("throttled") or 0,
        bytes_sent=entry.maybe_whole("bytes_sent") or 0,
        bytes_received=entry.maybe_whole("bytes_received") or 0,
        flush_reasons=entry.counts("flush_reasons"),
        batch_sizes={int(size): batches for size, batches in sizes.items()},
    )


def _proxy(entry: Entry) -> ProxyBatch:
    function = entry.maybe_text("function")
    return ProxyBatch(
        at=entry.maybe_moment("at"),
        request_id=entry.maybe_text("request_id"),
        function=None if function is None else function_name(function),
        memory_mb=entry.maybe_measure("memory_mb"),
        cold=entry.flag("cold"),
        operations=entry.whole("operations"),
        groups=entry.whole("groups"),
        refused=entry.maybe_whole("refused") or 0,
        handler_ms=entry.measure("handler_ms"),
        database_ms=entry.maybe_measure("database_ms"),
        cpu_ms=entry.maybe_measure("cpu_ms"),
        init_ms=entry.maybe_measure("init_ms"),
        billed_ms=entry.whole("billed_ms"),
        bytes_in=entry.maybe_whole("bytes_in") or 0,
        bytes_out=entry.maybe_whole("bytes_out") or 0,
    )


def _client(entry: Entry) -> ClientBatch:
    function = entry.maybe_text("function")
    attempts, throttled = entry.whole("attempts"), entry.maybe_whole("throttled") or 0
    if throttled > attempts:
        raise entry.error("throttled", f"must be at most the attempts ({attempts})")
    return ClientBatch(
        at=entry.maybe_moment("at"),
        client=entry.text("client"),
        scope=entry.maybe_whole("scope"),
        function=None if function is None else function_name(function),
        reason=entry.text("reason"),
        operations=entry.whole("operations"),
        deduplicated=entry.maybe_whole("deduplicated") or 0,
        attempts=attempts,
        throttled=throttled,
        lost=entry.maybe_whole("lost") or 0,
        waited_ms=entry.measure("waited_ms"),
        wall_ms=entry.measure("wall_ms"),
        bytes_out=entry.maybe_whole("bytes_out") or 0,
        bytes_in=entry.maybe_whole("bytes_in") or 0,
        outcome=entry.text("outcome"),
        cold=entry.maybe_flag("cold"),
        handler_ms=entry.maybe_measure("handler_ms"),
        database_ms=entry.maybe_measure("database_ms"),
        cpu_ms=entry.maybe_measure("cpu_ms"),
        init_ms=entry.maybe_measure("init_ms"),
        groups=entry.maybe_whole("groups"),
        billed_ms=entry.maybe_whole("billed_ms"),
    )
