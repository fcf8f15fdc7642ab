"""What an invocation used, measured from inside: for the response's `stats` and a line of usage.

Lambda's own numbers stand in its REPORT lines; these are the same seen from within the function.
Never looks into operations or results, and never delays or fails an answer.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from motorpool.proxy.settings import PREFIX, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorpool.batching.usage import Lines

OFF: Final = "off"


def process_began(imported: float) -> float:
    """When this process began, in the time of `time.perf_counter`, at most 10 ms too late.

    Linux says so (proc_pid_stat(5), `starttime`: in whole clock ticks, by the clock that counts
    from the machine's start). Where nobody does, it is `imported`: when the handler's import began.
    """
    try:
        stat = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace")
        # Behind the program's name, which is in parentheses and may hold any of them.
        ticks = int(stat.rpartition(")")[2].split()[19])
        # The end of the tick that it began in, so that no more is said to be billed than is.
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - (ticks + 1) / os.sysconf("SC_CLK_TCK")
    except (AttributeError, OSError, ValueError, IndexError):
        return imported
    return min(imported, time.perf_counter() - age)


class Invocation:
    """One invocation's figures. Times are in milliseconds, made when the invocation begins."""

    __slots__ = (
        "_began",
        "_cpu_began",
        "database_ms",
        "groups",
        "init_ms",
        "operations",
        "refused",
    )

    def __init__(self, init_ms: float | None) -> None:
        """`init_ms`: how long the init phase took that this invocation waited for; None: warm."""
        self._began = time.perf_counter()
        self._cpu_began = time.process_time()
        self.init_ms = init_ms
        self.operations = 0
        """Operations that the batch asked for; 0 where it could not be read."""
        self.refused = 0
        """Those of them that were not run: not readable, or not allowed."""
        self.groups = 0
        """How often the driver was asked."""
        self.database_ms = 0.0

    def measured(self) -> dict[str, Any]:
        """Its figures up to now, in the order of a line."""
        return {
            "handler_ms": round((time.perf_counter() - self._began) * 1000, 3),
            "database_ms": round(self.database_ms, 3),
            # Of the whole process, the driver's threads included: what more memory makes faster.
            "cpu_ms": round((time.process_time() - self._cpu_began) * 1000, 3),
        }

    def stats(self, bytes_in: int) -> dict[str, Any]:
        """The `stats` of its response (docs/protocol.md); `bytes_in`: of the request's document."""
        stats = {
            **self.measured(),
            "operations": self.operations,
            # Without what was refused, and fewer where operations were fused.
            "groups": self.groups,
            "bytes_in": bytes_in,
            "cold": self.init_ms is not None,
        }
        if self.init_ms is not None:
            stats["init_ms"] = self.init_ms
        return stats


class UsageLines:
    """Writes a line for each batch that the proxy has answered, one that it could not read too.

    `at` (UTC) is when the invocation began, `request_id` Lambda's, `handler_ms` all but the writing
    of the line. `init_ms`, of a cold one, is from the start of the process to the end of the init
    phase; of a `Proxy` made by hand, how long it took to make. `bytes_in` are those of the packed
    request in base64, 0 where it was readable (the runtime has parsed it, and nobody knows its size
    any more); `bytes_out` of the response. `billed_ms`: see `motorpool.batching.usage`.
    """

    def __init__(self, lines: Lines, environment: Mapping[str, str] | None = None) -> None:
        """`environment` says which function it is; the process's own by default."""
        from motorpool.batching import usage  # noqa: PLC0415 - see `usage_lines`

        environment = os.environ if environment is None else environment
        memory = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
        self._function = environment.get("AWS_LAMBDA_FUNCTION_NAME")
        self._memory_mb = int(memory) if memory.isdecimal() else None
        self._usage = usage
        self._lines = lines

    def write(
        self, invocation: Invocation, event: object, response: bytes, context: object
    ) -> None:
        """Write the line of an invocation whose response is made. Never raises an Exception."""
        self._lines.write(self._line, invocation, event, response, context)

    def _line(
        self, invocation: Invocation, event: object, response: bytes, context: object
    ) -> dict[str, Any]:
        measured = invocation.measured()
        packed = event.get("bson") if isinstance(event, dict) else None
        request_id = getattr(context, "aws_request_id", None)
        handler_ms, init_ms = measured["handler_ms"], invocation.init_ms
        return {
            "v": self._usage.VERSION,
            "side": "proxy",
            "at": self._usage.moment(time.time() - handler_ms / 1000),
            "request_id": request_id if isinstance(request_id, str) else None,
            "function": self._function,
            "memory_mb": self._memory_mb,
            "cold": init_ms is not None,
            "operations": invocation.operations,
            "groups": invocation.groups,
            "refused": invocation.refused,
            **measured,
            "init_ms": init_ms,
            "billed_ms": self._usage.billed_ms(handler_ms, init_ms),
            "bytes_in": len(packed) if isinstance(packed, str) else 0,
            "bytes_out": len(response),
        }

    def close(self) -> None:
        """Close the file that was opened for them."""
        self._lines.close()


def usage_lines(setting: str) -> UsageLines | None:
    """What writes lines to where `MOTORPOOL_USAGE` says; None: nobody wants any.

    Raises SettingsError, which names the variable, for a file that cannot be appended to.
    """
    if setting == OFF:
        return None
    from motorpool.batching.usage import lines_to  # noqa: PLC0415 - paid by who wants lines

    try:
        return UsageLines(lines_to(setting))
    except OSError as error:
        raise SettingsError(
            f"{PREFIX}USAGE: {setting!r} cannot be appended to ({error.strerror}); give off, "
            "stdout, or the path of a file in a folder that there is (on Lambda, one in /tmp)"
        ) from None
