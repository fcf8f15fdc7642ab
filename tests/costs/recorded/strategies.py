"""Recorded usage as hypothesis makes it up: many lines of both ends and of Lambda."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.costs.recorded.lines import client_line, platform_report, proxy_line, report_line

ids = st.integers(0, 8).map(lambda number: f"{number:08d}-9d5a-4d57-8f3e-1f2a3b4c5d6e")
milliseconds = st.integers(0, 5_000_000).map(lambda number: number / 1000)
moments = st.integers(0, 3_600_000).map(
    lambda ms: (
        f"2026-11-28T{10 + ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:"
        f"{ms // 1000 % 60:02d}.{ms % 1000:03d}Z"
    )
)
counts = st.integers(0, 40)


@st.composite
def proxy_lines(draw: st.DrawFn) -> dict[str, Any]:
    """A line of the proxy that could be."""
    handler, init = draw(milliseconds), draw(st.none() | milliseconds)
    return proxy_line(
        at=draw(moments),
        request_id=draw(st.none() | ids),
        function=draw(st.sampled_from([None, "a", "b"])),
        memory_mb=draw(st.sampled_from([None, 128, 1024])),
        cold=init is not None,
        operations=draw(counts),
        groups=draw(counts),
        handler_ms=handler,
        database_ms=draw(milliseconds),
        cpu_ms=draw(st.none() | milliseconds),
        init_ms=init,
        billed_ms=int(handler + (init or 0)) + 1,
    )


@st.composite
def client_lines(draw: st.DrawFn) -> dict[str, Any]:
    """A line of a client that could be."""
    attempts = draw(st.integers(1, 4))
    throttled = draw(st.integers(0, attempts))
    return client_line(
        at=draw(moments),
        client=draw(st.sampled_from(["9f3a1c", "77aa01"])),
        scope=draw(st.none() | st.integers(0, 3)),
        reason=draw(st.sampled_from(["quiet", "age", "size", "explicit", "linger"])),
        operations=draw(st.integers(1, 40)),
        deduplicated=draw(counts),
        attempts=attempts,
        throttled=throttled,
        waited_ms=draw(milliseconds),
        wall_ms=draw(milliseconds),
        billed_ms=draw(st.none() | counts),
        cpu_ms=draw(st.none() | milliseconds),
    )


@st.composite
def report_lines(draw: st.DrawFn) -> str:
    """A REPORT line that could be, whatever stands before it."""
    duration = draw(st.integers(0, 3_000_000))
    init = draw(st.none() | st.integers(0, 900_000))
    more = "" if init is None else f"Init Duration: {init / 100:.2f} ms\t"
    prefix = draw(st.sampled_from(["", "[9f3a1c2b] ", "2026-11-28T10:30:00.000Z "]))
    return prefix + report_line(
        request_id=draw(ids),
        duration=f"{duration / 100:.2f}",
        billed=str(-(-(duration + (init or 0)) // 100)),
        memory=draw(st.sampled_from(["128", "1024"])),
        more=more,
    )


lines = st.one_of(
    proxy_lines().map(json.dumps),
    client_lines().map(json.dumps),
    report_lines(),
    st.just(json.dumps(platform_report())),
    st.sampled_from(["START RequestId: a Version: $LATEST", "what the function printed"]),
)
