"""How the functions are configured, and what is known of this software's own times.

Every figure that is assumed unless it is given has its default, its unit and its source here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from motorpool.costs.errors import InputError
from motorpool.costs.figures import Figures, about, counted
from motorpool.costs.load import MONTH_HOURS
from motorpool.costs.numbers import EXACT
from motorpool.costs.prices import require_architecture

if TYPE_CHECKING:
    from motorpool.costs.prices import Architecture

VCPU_MB: Final = Decimal(1769)
"""Memory at which Lambda gives one whole virtual processor, and below it in proportion (AWS Lambda
Developer Guide, "Configure Lambda function memory")."""

Network = Literal["vpc", "internet", "nat"]
NETWORKS: Final[tuple[Network, ...]] = ("vpc", "internet", "nat")


@dataclass(frozen=True, kw_only=True, slots=True)
class Function(Figures):
    """One Lambda function as it is configured."""

    memory_mb: Decimal = field(
        default=Decimal(128),
        metadata=counted(
            "memory of an execution environment",
            "MB",
            "template.yaml",
            least=128,
            most=10_240,
        ),
    )
    reserved_concurrency: Decimal | None = field(
        default=None,
        metadata=counted(
            "execution environments at most",
            "environments",
            "not set: the account's limit holds",
        ),
    )
    provisioned_concurrency: Decimal = field(
        default=Decimal(0),
        metadata=counted(
            "execution environments that are kept ready",
            "environments",
            "none",
        ),
    )
    provisioned_hours: Decimal = field(
        default=MONTH_HOURS,
        metadata=about(
            "hours of a month in which they are, those of the highest rate; paid by five minutes",
            "hours",
            "the whole month",
            most=744,
        ),
    )
    architecture: Architecture = "x86_64"

    def __post_init__(self) -> None:
        """Check what Lambda would."""
        Figures.__post_init__(self)
        require_architecture(self.architecture)
        if (
            self.reserved_concurrency is not None
            and self.provisioned_concurrency > self.reserved_concurrency
        ):
            raise InputError(
                "provisioned_concurrency",
                f"must be at most reserved_concurrency "
                f"({self.reserved_concurrency}), and is {self.provisioned_concurrency}",
            )

    @property
    def cpu_share(self) -> Decimal:
        """How much of one processor an environment has. More than one does not help one loop."""
        return min(Decimal(1), EXACT.divide(self.memory_mb, VCPU_MB))


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup(Figures):
    """The functions, the database, and what is known of this software's own times."""

    app: Function = Function(memory_mb=Decimal(512))
    proxy: Function = Function(reserved_concurrency=Decimal(10))
    pool_size: Decimal = field(
        default=Decimal(5),
        metadata=counted(
            "connections, and so operations at once, of a proxy's environment",
            "connections",
            "template.yaml",
            least=1,
            most=10_000,
        ),
    )
    app_pool_size: Decimal = field(
        default=Decimal(100),
        metadata=counted(
            "connections at most of an application's environment that has a driver of its own",
            "connections",
            "the driver's default, maxPoolSize",
            least=1,
            most=10_000,
        ),
    )
    servers: Decimal = field(
        default=Decimal(3),
        metadata=counted(
            "servers of the deployment: each environment watches each of them by one connection",
            "servers",
            "assumed: a replica set of three",
            least=1,
            most=50,
        ),
    )
    environment_life_s: Decimal = field(
        default=Decimal(1800),
        metadata=about(
            "how long an execution environment lives",
            "s",
            "assumed: some minutes when idle, hours when busy; AWS promises nothing",
            least=1,
            most=1_000_000,
        ),
    )
    keepalive_s: Decimal = field(
        default=Decimal(975),
        metadata=about(
            "how long a server counts the connections of an environment that has ended",
            "s",
            "docs/connections.md: keepalive after 300 s, nine times every 75 s",
            most=1_000_000,
        ),
    )
    account_concurrency: Decimal = field(
        default=Decimal(1000),
        metadata=counted(
            "invocations at once in the account and region",
            "invocations",
            "Lambda's default quota",
            least=1,
        ),
    )
    invoke_ms: Decimal = field(
        default=Decimal(10),
        metadata=about(
            "what an invocation takes its caller beyond the function's own duration",
            "ms",
            "assumed, not measured on AWS: in recorded usage it is wall_ms less billed_ms",
            most=60_000,
        ),
    )
    batch_cpu_ms: Decimal = field(
        default=Decimal("0.3"),
        metadata=about(
            "processor time of a batch as such, on a whole processor",
            "ms",
            "docs/performance.md: an operation alone takes 0.13 ms beyond its driver's call, and "
            "Lambda's runtime about as much as that",
        ),
    )
    round_trip_cpu_ms: Decimal = field(
        default=Decimal("0.4"),
        metadata=about(
            "processor time of a round trip and the operation it is for, on a whole processor, in "
            "the proxy as in an application with a driver",
            "ms",
            "docs/performance.md: 0.3 to 0.5 ms for an operation that goes alone",
        ),
    )
    fused_cpu_ms: Decimal = field(
        default=Decimal("0.014"),
        metadata=about(
            "processor time of an operation that shares its round trip, on a whole processor",
            "ms",
            "docs/performance.md: 13.5 to 14 microseconds",
        ),
    )
    invoke_cpu_ms: Decimal = field(
        default=Decimal("1.2"),
        metadata=about(
            "processor time of an invocation in its caller, on a whole processor",
            "ms",
            "docs/performance.md: half of the 2.4 ms that an invocation of nothing takes there",
        ),
    )
    proxy_init_ms: Decimal = field(
        default=Decimal(210),
        metadata=about(
            "init phase of the proxy, which is billed",
            "ms",
            "`make startup`: 110 ms for its import; Python's own start with it",
            most=10_000,
        ),
    )
    client_init_ms: Decimal = field(
        default=Decimal(310),
        metadata=about(
            "init phase of the application with this client and without a driver",
            "ms",
            "`make startup`: 25 ms for the client, 180 for aioboto3; Python's own start with it",
            most=10_000,
        ),
    )
    driver_init_ms: Decimal = field(
        default=Decimal(235),
        metadata=about(
            "init phase of the application with a driver of its own",
            "ms",
            "`make startup`: 85 ms for Motor; Python's own start, and 50 to connect (assumed)",
            most=10_000,
        ),
    )
    single_ms: Decimal | None = field(
        default=None,
        metadata=about(
            "billed duration of an invocation of one query",
            "ms",
            "not given: from the times above",
            most=900_000,
        ),
    )
    batch_ms: Decimal | None = field(
        default=None,
        metadata=about(
            "billed duration of an invocation of one batch",
            "ms",
            "not given: from the times above",
            most=900_000,
        ),
    )
    network: Network = "vpc"
    """How the database is reached: `vpc` (peering, the same network: no charge for data),
    `internet` (its public address: what is sent is charged), `nat` (a NAT gateway on the way)."""
    region: str = "us-east-1"
    has_free_tier: bool = True
    """False where other functions of the account use it up."""

    def __post_init__(self) -> None:
        """Check the words."""
        Figures.__post_init__(self)
        if self.network not in NETWORKS:
            raise InputError(
                "network",
                f"must be {', '.join(NETWORKS[:-1])} or {NETWORKS[-1]}, and is {self.network!r}",
            )
