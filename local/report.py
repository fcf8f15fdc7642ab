"""What an invocation took and is billed for, and the lines in which Lambda's log says so.

It never measures (`environment.py` does), and never rounds twice: what is billed is worked out from
the very figures that the line shows.

Sources: AWS Compute Blog, 2025-04-29, "AWS Lambda standardizes billing for INIT Phase" (billed from
2025-08-01 on), and lines of real logs, found in public repositories on 2026-11-28:

- Fields are parted by tabulators, and one stands at the end of a line without a status (the bytes
  of a `LogResult`).
- "Duration: 138999.20 ms  Billed Duration: 139711 ms  Init Duration: 711.04 ms" (2026): the sum is
  rounded up, and not each part, which made 139712.
- "Duration: 3000.00 ms  Billed Duration: 3403 ms … Init Duration: 402.04 ms  Status: timeout":
  a time-out lasts as long as the function may; no line of its own says more.
- "Duration: 1248.31 ms  Billed Duration: 1542 ms … Init Duration: 293.05 ms  Status: error  Error
  Type: Runtime.ExitError": a runtime that ended. One whose handler raised has no status.
- "Duration: 98.71 ms  Billed Duration: 99 ms … Status: error  Error Type:
  Runtime.ImportModuleError" (2026), after an INIT_REPORT of 80.49 ms: the time that an init phase
  takes to fail is the invocation's duration.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final, Literal, TypeAlias

from motorpool.local import identity

__all__ = [
    "Report",
    "Status",
    "end_line",
    "error_type",
    "init_report_line",
    "milliseconds",
    "start_line",
]

Status: TypeAlias = Literal["error", "timeout"]

# `GetValidRuntimeOrFunctionErrorType` in aws-lambda-runtime-interface-emulator, which shares the
# code of Lambda's own init: any other name of an error is not shown.
_KNOWN_ERROR: Final = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What Lambda reports of one invocation; `str()` is the line in its log, without its newline.

    `duration_ms` and `init_ms` are in milliseconds, with two decimals; `init_ms` is None but in an
    environment's first invocation. `memory_mb` is what the function has, `max_memory_mb` the most
    that the environment has been seen to take, in MiB, rounded up; 0 if it ended unseen. `status`
    is None unless the runtime ended or the time was up: a handler that raises has none.
    """

    request_id: str
    duration_ms: Decimal
    memory_mb: int
    max_memory_mb: int
    init_ms: Decimal | None = None
    status: Status | None = None
    error_type: str | None = None

    @property
    def billed_ms(self) -> int:
        """Whole milliseconds billed: the duration and the init phase together, rounded up."""
        total = self.duration_ms + (self.init_ms or 0)
        return int(total.to_integral_value(ROUND_CEILING))

    def __str__(self) -> str:
        """The REPORT line. Without a status it ends in a tabulator, as Lambda's does."""
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Billed Duration: {self.billed_ms} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {self.max_memory_mb} MB",
        ]
        if self.init_ms is not None:
            fields.append(f"Init Duration: {self.init_ms:.2f} ms")
        return "\t".join([*fields, *_status_fields(self.status, self.error_type)])


def milliseconds(seconds: float) -> Decimal:
    """`seconds` in milliseconds, to two decimals: exact from here on, so that sums are."""
    return Decimal(round(seconds * 100_000)).scaleb(-2)


def start_line(request_id: str) -> str:
    """The line before what the function prints."""
    return f"START RequestId: {request_id} Version: {identity.VERSION}"


def end_line(request_id: str) -> str:
    """The line after what the function printed; REPORT follows."""
    return f"END RequestId: {request_id}"


def init_report_line(duration_ms: Decimal, status: Status | None, error_type: str | None) -> str:
    """The line for an init phase that failed; one that succeeds has none.

    AWS Lambda Developer Guide, "Lambda execution environment lifecycle", Failures during the Init
    phase. Lambda begins the init phase anew within the invocation, and prints a second line, with
    `Phase: invoke`. Here it runs once.
    """
    fields = (f"INIT_REPORT Init Duration: {duration_ms:.2f} ms", "Phase: init")
    return "\t".join([*fields, *_status_fields(status, error_type)])


def error_type(name: str | None) -> str:
    """The name of an error in the init phase, as the lines show it; `name` is the runtime's."""
    return name if name and _KNOWN_ERROR.search(name) else "Runtime.Unknown"


def _status_fields(status: Status | None, error_type: str | None) -> list[str]:
    if status is None:
        return [""]
    fields = [f"Status: {status}"]
    if error_type is not None:
        fields.append(f"Error Type: {error_type}")
    return fields
