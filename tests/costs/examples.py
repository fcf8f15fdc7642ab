"""Round figures for estimates that are worked out by hand: two GB, a whole processor, no bursts.

Shared by the tests of durations, of the model and of break-even points; never a default.
"""

from decimal import Decimal
from typing import Any

from motorpool.costs.load import Load
from motorpool.costs.setup import Function, Setup

TWO_GB = Decimal(2048)


def load(**figures: Any) -> Load:
    """A million requests of ten queries of 5 ms in two waves; one invocation in a hundred cold."""
    given: dict[str, Any] = {
        "requests": 1_000_000,
        "queries": 10,
        "waves": 2,
        "query_ms": 5,
        "app_ms": 20,
        "cold_share": "0.01",
        "peak_factor": 1,
    }
    return Load(**(given | figures))


def function(**figures: Any) -> Function:
    return Function(**({"memory_mb": TWO_GB} | figures))


def setup(**figures: Any) -> Setup:
    """Whole milliseconds everywhere, and nothing free."""
    given: dict[str, Any] = {
        "app": function(),
        "proxy": function(reserved_concurrency=500),
        "pool_size": 5,
        "servers": 3,
        "environment_life_s": 2000,
        "keepalive_s": 1000,
        "invoke_ms": 10,
        "batch_cpu_ms": 1,
        "round_trip_cpu_ms": 2,
        "fused_cpu_ms": "0.5",
        "invoke_cpu_ms": 1,
        "proxy_init_ms": 200,
        "client_init_ms": 300,
        "driver_init_ms": 250,
        "has_free_tier": False,
    }
    return Setup(**(given | figures))
