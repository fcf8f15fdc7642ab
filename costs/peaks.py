"""The busiest moment: invocations at once, environments, refusals, connections to the database.

Chances, so floats; none of it is money, but for how much runs on provisioned concurrency. The
mathematics stands in `queueing.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from motorpool.costs.load import HOURS_OF_A_DAY, MONTH_HOURS
from motorpool.costs.queueing import mean_concurrency, most_at_once, turned_away

if TYPE_CHECKING:
    from motorpool.costs.load import Load
    from motorpool.costs.setup import Function, Setup

REQUESTS_OF_AN_ENVIRONMENT: Final = 10
"""Invocations a second for each environment that a function may have: Lambda refuses more, however
short they are (AWS Lambda Developer Guide, "Understanding and visualizing concurrency")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Peak:
    """One function at the busiest moment."""

    rate: float
    """Invocations a second."""
    concurrency: float
    """Of them at once on average, if none were refused (Little's law)."""
    environments: int
    """Execution environments that exist: each invocation that finds none free starts one, so they
    are as many as ever run at once while one of them lives, but for one invocation in that time; no
    more than the limit, and as many as run at the same moment, where anything runs at all."""
    limit: int
    """Environments that the function may have."""
    throttled: float
    """Part of the invocations that is refused at that moment, from 0 to 1."""
    throttled_a_month: float
    """Part that is refused over the month, by the mean rates of its hours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connections:
    """MongoDB connections at the busiest moment."""

    environments: int
    ended: int
    """Environments that Lambda has ended, whose connections the server still counts."""
    each_pool: int
    """That one environment's pool opens."""
    primary: int
    """At the server that the queries go to, with one heartbeat of each environment."""
    all_servers: int
    """At all servers of the deployment together."""
    ceiling: int
    """At the primary, if all environments exist that may; what has ended comes on top."""


class Use(NamedTuple):
    """How a load uses a function."""

    per_request: float
    """Invocations of it a request."""
    seconds: float
    """How long one takes."""
    at_once: float
    """How many of them a request makes at the same moment, for which environments have to be there
    at the same moment."""


def peak(load: Load, use: Use, *, limit: int, life_s: float) -> Peak:
    """The busiest moment of a function.

    `limit`: environments that it may have; `life_s`: how long one lives, in seconds.
    """
    per_request, seconds, at_once = use
    rate = float(load.peak_rate()) * per_request
    mean = mean_concurrency(rate, seconds)
    group = max(1.0, at_once)
    # Groups come by chance, not their members: with n at once, the number of groups is what
    # Poisson's distribution holds for. And what runs seldom runs in an environment, too.
    groups = max(1, most_at_once(mean / group, rate / group * life_s)) if rate else 0
    environments = math.ceil(groups * group)
    hours = [float(each) * per_request for each in load.rates()]
    refused_at = {each: _refused(each, seconds, limit, group) for each in {*hours}}
    refused = sum(each * refused_at[each] for each in hours)
    return Peak(
        rate=rate,
        concurrency=mean,
        environments=min(environments, limit),
        limit=limit,
        throttled=_refused(rate, seconds, limit, group),
        throttled_a_month=refused / sum(hours) if sum(hours) else 0.0,
    )


def served_by_provisioned(load: Load, use: Use, function: Function) -> float:
    """Which part of the month's invocations runs on provisioned concurrency, from 0 to 1.

    The hours of the day with the highest rates have it first. Within an hour invocations come by
    chance around its mean, and who finds none of its environments free runs on demand (Erlang's B).
    """
    per_request, seconds, at_once = use
    ready, left = float(function.provisioned_concurrency), float(function.provisioned_hours)
    if not ready:
        return 0.0
    hours, group = float(MONTH_HOURS) / HOURS_OF_A_DAY, max(1.0, at_once)
    served, total = 0.0, 0.0
    for rate in sorted((float(each) * per_request for each in load.rates()), reverse=True):
        provisioned = min(hours, left)
        left -= provisioned
        spilled = turned_away(mean_concurrency(rate, seconds) / group, ready / group)
        served += rate * provisioned * (1 - spilled)
        total += rate * hours
    return served / total if total else 0.0


def connections(
    setup: Setup, *, environments: int, each_pool: int, largest_pool: int, limit: int
) -> Connections:
    """What environments open: each its pool at the primary, and a heartbeat to every server.

    As counted by tests/integration/test_connections.py; docs/connections.md has the table, and why
    the connections of an environment outlive it.
    """
    ended = math.ceil(environments * float(setup.keepalive_s / setup.environment_life_s))
    counted = environments + ended
    return Connections(
        environments=environments,
        ended=ended,
        each_pool=each_pool,
        primary=counted * (each_pool + 1),
        all_servers=counted * (each_pool + int(setup.servers)),
        ceiling=limit * (largest_pool + 1),
    )


def _refused(rate: float, seconds: float, limit: int, group: float) -> float:
    """By concurrency or by the rate that goes with it, whichever refuses more."""
    if not rate:
        return 0.0
    by_rate = max(0.0, 1 - limit * REQUESTS_OF_AN_ENVIRONMENT / rate)
    return max(by_rate, turned_away(mean_concurrency(rate, seconds) / group, limit / group))
