"""What each function of a design does in a month: invocations, what is billed of them, its peak.

Pure. Knows the times already (`durations.py`) and no prices yet (`bill.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from motorpool.costs.bill import MB_PER_GB, FunctionUsage, gb_seconds
from motorpool.costs.durations import Design
from motorpool.costs.load import MONTH_HOURS
from motorpool.costs.numbers import ceiling
from motorpool.costs.peaks import Peak, Use, peak, served_by_provisioned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.costs.durations import Durations
    from motorpool.costs.load import Load
    from motorpool.costs.setup import Function, Setup

APP: Final = "application"
PROXY: Final = "proxy"
PROVISIONED_STEP_S: Final = 300
"""Provisioned concurrency is billed by five minutes (AWS Lambda pricing page)."""
BYTES_PER_GB: Final = 1024**3
_CHANCE_DIGITS: Final = 12
"""To which a chance, a float, becomes part of a sum of money."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One function's part in a design, in a month."""

    name: str
    """`application` or `proxy`."""
    function: Function
    invocations: Decimal
    duration_ms: Decimal
    """Billed of a warm invocation."""
    init_ms: Decimal
    """Billed besides, of a cold one."""
    usage: FunctionUsage
    peak: Peak


class _Role(NamedTuple):
    """What a function is in a design."""

    name: str
    function: Function
    per_request: Decimal
    duration_ms: Decimal
    init_ms: Decimal
    at_once: Decimal
    """Invocations of it that a request makes at the same moment."""
    limit: int
    """Environments that it may have."""
    holds_connections: bool


def provisioned_seconds(hours: Decimal) -> Decimal:
    """The seconds that are paid for provisioned concurrency that was there for so many hours."""
    return ceiling(hours * 3600 / PROVISIONED_STEP_S) * PROVISIONED_STEP_S


def parts(design: Design, times: Durations, load: Load, setup: Setup) -> tuple[Part, ...]:
    """The functions of a design; who holds the connections to the database is the last."""
    is_direct = design is Design.DIRECT
    beside = () if is_direct else (setup.proxy,)
    app = _Role(
        name=APP,
        function=setup.app,
        per_request=Decimal(1),
        duration_ms=times.app_ms,
        init_ms=setup.driver_init_ms if is_direct else setup.client_init_ms,
        at_once=Decimal(1),
        limit=_limit(setup.app, beside, setup),
        holds_connections=is_direct,
    )
    if is_direct:
        return (_part(app, load, setup),)
    proxy = _Role(
        name=PROXY,
        function=setup.proxy,
        per_request=times.invocations,
        duration_ms=times.proxy_ms,
        init_ms=setup.proxy_init_ms,
        at_once=times.invocations / load.waves,
        limit=_limit(setup.proxy, (setup.app,), setup),
        holds_connections=True,
    )
    return _part(app, load, setup), _part(proxy, load, setup)


def _limit(function: Function, beside: Sequence[Function], setup: Setup) -> int:
    """What is reserved for it, else what the account has and has not reserved for the other.

    AWS Lambda Developer Guide, "Configuring reserved concurrency for a function".
    """
    if function.reserved_concurrency is not None:
        return int(min(function.reserved_concurrency, setup.account_concurrency))
    reserved = sum((each.reserved_concurrency or Decimal(0) for each in beside), Decimal(0))
    return int(max(Decimal(0), setup.account_concurrency - reserved))


def _part(role: _Role, load: Load, setup: Setup) -> Part:
    return Part(
        name=role.name,
        function=role.function,
        invocations=load.requests * role.per_request,
        duration_ms=role.duration_ms,
        init_ms=role.init_ms,
        usage=_usage(role, load, setup),
        peak=peak(
            load,
            _use(role, role.duration_ms + load.cold_share * role.init_ms),
            limit=role.limit,
            life_s=float(setup.environment_life_s),
        ),
    )


def _use(role: _Role, busy_ms: Decimal) -> Use:
    return Use(
        per_request=float(role.per_request),
        seconds=float(busy_ms) / 1000,
        at_once=float(role.at_once),
    )


def _usage(role: _Role, load: Load, setup: Setup) -> FunctionUsage:
    function = role.function
    invocations = load.requests * role.per_request
    served = served_by_provisioned(load, _use(role, role.duration_ms), function)
    on_provisioned = invocations * Decimal(str(round(served, _CHANCE_DIGITS)))
    on_demand = invocations - on_provisioned
    warm = gb_seconds(
        invocations=on_demand, duration_ms=role.duration_ms, memory_mb=function.memory_mb
    )
    cold = gb_seconds(
        invocations=on_demand * load.cold_share,
        duration_ms=role.init_ms,
        memory_mb=function.memory_mb,
    )
    kept_s = provisioned_seconds(function.provisioned_hours)
    carried = load.requests * load.queries if role.holds_connections else Decimal(0)
    sent = carried * load.request_bytes / BYTES_PER_GB
    received = carried * load.response_bytes / BYTES_PER_GB
    is_outside, is_behind_nat = setup.network != "vpc", setup.network == "nat"
    return FunctionUsage(
        name=role.name,
        architecture=function.architecture,
        requests=on_demand,
        provisioned_requests=on_provisioned,
        gb_seconds=warm + cold,
        provisioned_gb_seconds=function.provisioned_concurrency
        * function.memory_mb
        / MB_PER_GB
        * kept_s,
        provisioned_duration_gb_seconds=gb_seconds(
            invocations=on_provisioned,
            duration_ms=role.duration_ms,
            memory_mb=function.memory_mb,
        ),
        egress_gb=sent if is_outside else Decimal(0),
        nat_gb=sent + received if is_behind_nat else Decimal(0),
        nat_hours=MONTH_HOURS if is_behind_nat and role.holds_connections else Decimal(0),
    )
