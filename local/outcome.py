"""An invocation and what comes of it, in Lambda's own words.

Messages between the other files, frozen. The failures that Lambda itself reports are written
here and nowhere else; their texts are those that callers of the real service see.
"""

import json
import signal
import time
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import uuid4

from motorpool.local import limits
from motorpool.local.report import Report, Status

__all__ = ["Invocation", "Outcome", "exited", "init_timed_out", "timed_out", "too_large"]

UNHANDLED: Final = "Unhandled"


def _trace_id() -> str:
    """A tracing header that samples nothing, in X-Ray's form (Lambda-Runtime-Trace-Id)."""
    number = uuid4().hex
    return f"Root=1-{int(time.time()):08x}-{number[:24]};Parent={number[16:]};Sampled=0"


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One request to run the function.

    `payload` is JSON; `client_context` is JSON too, in ASCII, as it travels in a header.
    """

    payload: bytes
    function_arn: str
    request_id: str = field(default_factory=lambda: str(uuid4()))
    trace_id: str = field(default_factory=_trace_id)
    client_context: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the caller gets: the function's response, or the error that stands in its place.

    `function_error` is None for a response. `fatal` says why the environment may not take another
    invocation, if so; `status` and `error_type` are what the report says of it then. `log_tail` is
    the end of the log, with what was printed as it was printed; the environment adds both it and
    `report`.
    """

    payload: bytes
    function_error: str | None = None
    fatal: str | None = None
    status: Status | None = None
    error_type: str | None = None
    log_tail: bytes = b""
    report: Report | None = None


def exited(request_id: str, returncode: int) -> Outcome:
    """The runtime's process ended before it answered.

    `returncode` as `asyncio.subprocess` has it: negative for a signal. Lambda's init is a Go
    program and reports its `ExitError`: "exit status 1", "signal: killed".
    """
    if returncode == 0:
        message = "Runtime exited without providing a reason"
    else:
        message = f"Runtime exited with error: {exit_reason(returncode)}"
    return _failure("Runtime.ExitError", f"RequestId: {request_id} Error: {message}")


def exit_reason(returncode: int) -> str:
    """How a process ended, in Go's words."""
    if returncode >= 0:
        return f"exit status {returncode}"
    name = signal.strsignal(-returncode) or str(-returncode)
    return f"signal: {name.lower()}"


def timed_out(request_id: str, timeout_s: float) -> Outcome:
    """The function did not answer within its time-out."""
    return _timeout(f"RequestId: {request_id} Error: Task timed out after {timeout_s:.2f} seconds")


def init_timed_out(request_id: str) -> Outcome:
    """The function's module was not imported within the init phase.

    Lambda tries once more within the function's own time-out, which hides a slow import from the
    caller and bills it. Here it is said at once.
    """
    return _timeout(
        f"RequestId: {request_id} Error: Init phase timed out after "
        f"{limits.INIT_TIMEOUT_S:.2f} seconds"
    )


def too_large(size: int) -> Outcome:
    """The response has `size` bytes, more than Lambda takes; the environment ends with it."""
    return _failure(
        "Function.ResponseSizeTooLarge",
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
        f"({limits.MAX_RESPONSE_BYTES} bytes).",
    )


def _timeout(message: str) -> Outcome:
    # The report gives the status alone.
    return replace(_failure("Sandbox.Timedout", message), status="timeout", error_type=None)


def _failure(error_type: str, message: str) -> Outcome:
    body = {"errorType": error_type, "errorMessage": message}
    return Outcome(
        payload=json.dumps(body, separators=(",", ":")).encode(),
        function_error=UNHANDLED,
        fatal=message,
        status="error",
        error_type=error_type,
    )
