"""Whole loads and setups for property tests: everything that may be given, from least to most.

Makes no estimate, and nothing that the model would refuse.
"""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from motorpool.costs.bill import FunctionUsage
from motorpool.costs.load import Load
from motorpool.costs.prices import ARCHITECTURES
from motorpool.costs.setup import NETWORKS, Function, Setup

MOST_REQUESTS = 10**11
"""A month: as far as break-even points are looked for."""


def decimals(least: int, most: int, places: int = 3) -> st.SearchStrategy[Decimal]:
    return st.decimals(least, most, allow_nan=False, allow_infinity=False, places=places)


@st.composite
def loads(draw: st.DrawFn, *, least_requests: int = 0) -> Load:
    queries = draw(st.one_of(st.integers(1, 60).map(Decimal), decimals(1, 4_000)))
    waves = draw(st.one_of(st.just(Decimal(1)), decimals(1, int(queries)), st.just(queries)))
    wave = Load(requests=Decimal(1), queries=queries, waves=waves).queries_of_wave
    figures: dict[str, Any] = {
        "requests": draw(st.integers(least_requests, MOST_REQUESTS)),
        "queries": queries,
        "waves": waves,
        "query_ms": draw(decimals(0, 500)),
        "round_trips": draw(st.one_of(st.none(), st.just(Decimal(1)), decimals(1, int(wave)))),
        "app_ms": draw(decimals(0, 2_000)),
        "request_bytes": draw(st.integers(0, 100_000)),
        "response_bytes": draw(st.integers(0, 1_000_000)),
        "cold_share": draw(decimals(0, 1)),
        "peak_factor": draw(decimals(1, 50)),
        "hourly": draw(st.one_of(st.just(()), days())),
    }
    return Load(**figures)


def days() -> st.SearchStrategy[tuple[Decimal, ...]]:
    hours = st.lists(st.integers(0, 10**6).map(Decimal), min_size=24, max_size=24)
    return hours.filter(any).map(tuple)


@st.composite
def functions(draw: st.DrawFn, *, may_be_provisioned: bool = True) -> Function:
    reserved = draw(st.one_of(st.none(), st.integers(0, 500)))
    most = 50 if reserved is None else min(50, reserved)
    provisioned = draw(st.integers(0, most)) if may_be_provisioned else 0
    figures: dict[str, Any] = {
        "memory_mb": draw(st.integers(128, 10_240)),
        "reserved_concurrency": reserved,
        "provisioned_concurrency": provisioned,
        "provisioned_hours": draw(decimals(0, 744)),
        "architecture": draw(st.sampled_from(ARCHITECTURES)),
    }
    return Function(**figures)


@st.composite
def setups(draw: st.DrawFn, *, may_be_provisioned: bool = True) -> Setup:
    measured = st.one_of(st.none(), decimals(0, 5_000))
    figures: dict[str, Any] = {
        "app": draw(functions(may_be_provisioned=may_be_provisioned)),
        "proxy": draw(functions(may_be_provisioned=may_be_provisioned)),
        "pool_size": draw(st.integers(1, 100)),
        "app_pool_size": draw(st.integers(1, 200)),
        "servers": draw(st.integers(1, 9)),
        "environment_life_s": draw(decimals(1, 100_000)),
        "keepalive_s": draw(decimals(0, 5_000)),
        "account_concurrency": draw(st.integers(1, 3_000)),
        "invoke_ms": draw(decimals(0, 100)),
        "batch_cpu_ms": draw(decimals(0, 5)),
        "round_trip_cpu_ms": draw(decimals(0, 5)),
        "fused_cpu_ms": draw(decimals(0, 1)),
        "invoke_cpu_ms": draw(decimals(0, 10)),
        "proxy_init_ms": draw(decimals(0, 5_000)),
        "client_init_ms": draw(decimals(0, 5_000)),
        "driver_init_ms": draw(decimals(0, 5_000)),
        "single_ms": draw(measured),
        "batch_ms": draw(measured),
        "network": draw(st.sampled_from(NETWORKS)),
        "has_free_tier": draw(st.booleans()),
    }
    return Setup(**figures)


@st.composite
def usages(draw: st.DrawFn, name: str) -> FunctionUsage:
    """What one function may have used: any of it, up to far beyond the last tier."""
    much = st.one_of(st.just(Decimal(0)), decimals(0, 10**7), decimals(0, 10**11))
    return FunctionUsage(
        name=name,
        architecture=draw(st.sampled_from(ARCHITECTURES)),
        requests=draw(much),
        gb_seconds=draw(much),
        provisioned_gb_seconds=draw(much),
        provisioned_duration_gb_seconds=draw(much),
        ephemeral_gb_seconds=draw(much),
        streamed_gb=draw(much),
        snapstart_cache_gb_seconds=draw(much),
        snapstart_restored_gb=draw(much),
        egress_gb=draw(much),
        nat_gb=draw(much),
        nat_hours=draw(much),
    )
