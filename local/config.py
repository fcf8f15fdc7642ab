"""What the service must know of the function it runs: one frozen record, checked when made.

It never reads a file (`template.py` does), and its `repr` never shows the values of the
environment variables, which hold passwords.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from motorpool.local import limits
from motorpool.local.errors import InputError

__all__ = ["URI_VARIABLE", "FunctionConfig"]

# The proxy's setting; `mongomock://` names the database that lives in the function's process.
URI_VARIABLE = "MOTORPOOL_MONGODB_URI"
_EMBEDDED_SCHEME = "mongomock://"

# Lambda API reference, CreateFunction, FunctionName: up to 64 characters of these.
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class FunctionConfig:
    """A function as Lambda would be told of it.

    `handler` is `module.function`. `memory_mb` is told to the function and not enforced.
    `timeout_s` is in seconds; fractions are allowed here, on Lambda they are not.
    `reserved_concurrency` is the number of execution environments at most; with 0 every
    invocation is refused. `environment` holds the function's own variables. `runtime` is what the
    function is told it runs on, whatever Python runs here.

    Raises `InputError` for a value that Lambda would refuse.
    """

    name: str
    handler: str
    memory_mb: int = limits.DEFAULT_MEMORY_MB
    timeout_s: float = limits.DEFAULT_TIMEOUT_S
    reserved_concurrency: int = limits.UNRESERVED_CONCURRENCY
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    runtime: str = "python3.13"

    def __post_init__(self) -> None:
        """Check what Lambda checks."""
        if not _NAME.fullmatch(self.name):
            raise InputError(
                f"function name {self.name!r}: 1 to 64 letters, digits, hyphens, underscores"
            )
        module, _, function = self.handler.rpartition(".")
        if not (module and function):
            raise InputError(f"handler {self.handler!r}: expected module.function")
        if not limits.MIN_MEMORY_MB <= self.memory_mb <= limits.MAX_MEMORY_MB:
            raise InputError(
                f"memory {self.memory_mb} MB: from {limits.MIN_MEMORY_MB} to {limits.MAX_MEMORY_MB}"
            )
        if not 0 < self.timeout_s <= limits.MAX_TIMEOUT_S:
            raise InputError(
                f"time-out {self.timeout_s:g} s: more than 0, at most {limits.MAX_TIMEOUT_S}"
            )
        if self.reserved_concurrency < 0:
            raise InputError(f"concurrency {self.reserved_concurrency}: 0 or more")

    @property
    def is_embedded(self) -> bool:
        """Whether the database lives in the process, so that there can be one environment only."""
        return self.environment.get(URI_VARIABLE, "").startswith(_EMBEDDED_SCHEME)

    @property
    def concurrency(self) -> int:
        """Execution environments at most, as this service runs them."""
        return min(1, self.reserved_concurrency) if self.is_embedded else self.reserved_concurrency
