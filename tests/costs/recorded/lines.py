"""Recorded usage for tests: lines of the proxy, of clients, and of Lambda, as they are written."""

import json
from pathlib import Path
from typing import Any

REQUEST_ID = "8f5d1c1e-9d5a-4d57-8f3e-1f2a3b4c5d6e"


def proxy_line(**changes: Any) -> dict[str, Any]:
    """A line of the proxy."""
    return {
        "v": 1,
        "side": "proxy",
        "at": "2026-11-28T20:43:05.123Z",
        "request_id": REQUEST_ID,
        "function": "shop-proxy",
        "memory_mb": 128,
        "cold": False,
        "operations": 14,
        "groups": 7,
        "refused": 0,
        "handler_ms": 12.345,
        "database_ms": 9.1,
        "cpu_ms": 0.5,
        "init_ms": None,
        "billed_ms": 13,
        "bytes_in": 1234,
        "bytes_out": 5678,
        **changes,
    }


def client_line(**changes: Any) -> dict[str, Any]:
    """A line of a client."""
    return {
        "v": 1,
        "side": "client",
        "at": "2026-11-28T20:43:05.120Z",
        "client": "9f3a1c",
        "scope": 12,
        "function": "shop-proxy",
        "reason": "quiet",
        "operations": 14,
        "deduplicated": 2,
        "attempts": 1,
        "throttled": 0,
        "lost": 0,
        "waited_ms": 0.25,
        "wall_ms": 24.0,
        "bytes_out": 1234,
        "bytes_in": 5678,
        "outcome": "ok",
        "cold": False,
        "handler_ms": 12.3,
        "database_ms": 9.1,
        "cpu_ms": 0.5,
        "init_ms": None,
        "groups": 7,
        "billed_ms": 13,
        **changes,
    }


def report_line(  # noqa: PLR0913 - the fields of a REPORT line
    *,
    request_id: str = REQUEST_ID,
    duration: str = "13.10",
    billed: str = "14",
    memory: str = "128",
    used: str = "51",
    more: str = "",
) -> str:
    """A REPORT line of Lambda's text format; `more`: what stands behind its five fields."""
    return (
        f"REPORT RequestId: {request_id}\tDuration: {duration} ms\tBilled Duration: {billed} ms\t"
        f"Memory Size: {memory} MB\tMax Memory Used: {used} MB\t{more}"
    )


def platform_report(**metrics: Any) -> dict[str, Any]:
    """The same in Lambda's JSON format."""
    return {
        "time": "2026-10-08T07:30:29.470Z",
        "type": "platform.report",
        "record": {
            "requestId": REQUEST_ID,
            "metrics": {
                "durationMs": 1233.96,
                "billedDurationMs": 1698,
                "memorySizeMB": 256,
                "maxMemoryUsedMB": 123,
                "initDurationMs": 463.512,
                **metrics,
            },
            "status": "success",
        },
    }


def write(path: Path, *lines: str | dict[str, Any]) -> str:
    """A file of these lines; its name."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return str(path)
