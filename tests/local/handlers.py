"""Functions for the local Lambda to run: each does one thing that a function may do.

They run in execution environments of their own, never in the tests' process, and import nothing
but the standard library.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol

_state = {"invocations": 0}


class Context(Protocol):
    """What a handler is given beside the event, as far as it is used here."""

    aws_request_id: str
    invoked_function_arn: str
    function_name: str
    function_version: str
    memory_limit_in_mb: str
    client_context: Any

    def get_remaining_time_in_millis(self) -> int: ...


def echo(event: object, _: Context) -> object:
    return event


def facts(event: dict[str, list[str]], context: Context) -> dict[str, object]:
    """Tell what a function can find out about itself."""
    _state["invocations"] += 1
    return {
        "pid": os.getpid(),
        "invocations": _state["invocations"],
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "version": context.function_version,
        "memory": context.memory_limit_in_mb,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "custom": context.client_context.custom if context.client_context else None,
        "variables": {name: os.environ.get(name) for name in event.get("variables", [])},
        "cwd": str(Path.cwd()),
    }


def sleep(event: dict[str, float], _: Context) -> dict[str, int]:
    _state["invocations"] += 1
    time.sleep(event["seconds"])
    return {"pid": os.getpid(), "invocations": _state["invocations"]}


def meet(event: dict[str, str], _: Context) -> int:
    """Return once the other invocation has come to the same place; give up after 10 seconds."""
    place = Path(event["place"])
    (place / event["me"]).touch()
    deadline = time.monotonic() + 10
    while not (place / event["other"]).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(event["other"])
        time.sleep(0.01)
    return os.getpid()


def touch_later(event: dict[str, Any], _: Context) -> None:
    time.sleep(event["seconds"])
    Path(event["path"]).touch()


def fail(event: dict[str, Any], _: Context) -> None:
    _state["invocations"] += 1
    text = str(event.get("text", "")) * int(event.get("times", 1))
    raise ValueError(text)


def fail_first(_: object, __: Context) -> dict[str, int]:
    """Raise in the first invocation of this process, answer in the others."""
    _state["invocations"] += 1
    if _state["invocations"] == 1:
        raise ValueError("the first")
    return {"pid": os.getpid(), "invocations": _state["invocations"]}


def leave(event: dict[str, int], _: Context) -> None:
    sys.exit(event["status"])


def die(event: dict[str, int], _: Context) -> None:
    os.kill(os.getpid(), event["signal"])


def die_after_answering(_: object, __: Context) -> int:
    """Answer, and be gone a moment later, while idle."""
    threading.Timer(0.2, os._exit, args=(7,)).start()
    return os.getpid()


def leave_before_asking(event: dict[str, bool], _: Context) -> int:
    """Answer, and be gone before the runtime asks for the next invocation."""
    if event["leave"]:
        # It has no types.
        from awslambdaric.lambda_runtime_client import (  # type: ignore[import-untyped]
            LambdaRuntimeClient,
        )

        def leave(_: object) -> None:
            time.sleep(0.3)
            os._exit(5)

        LambdaRuntimeClient.wait_next_invocation = leave
    return os.getpid()


def large(event: dict[str, int], _: Context) -> bytes:
    """Return a JSON string of exactly so many bytes."""
    return b'"' + b"x" * (event["bytes"] - 2) + b'"'


def raw(_: object, __: Context) -> bytes:
    return b'{"spaces":   "kept"}'


def say(event: dict[str, Any], _: Context) -> None:
    """Print what the event says, by name of the stream."""
    for stream, text in event.get("lines", []):
        print(text, file=getattr(sys, stream))
    if "hex" in event:
        os.write(1, bytes.fromhex(event["hex"]))
    if "long" in event:
        os.write(2, b"y" * event["long"])


def stubborn(event: dict[str, str], _: Context) -> None:
    """Not to be ended by SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(event["path"]).touch()
    time.sleep(60)


def start_a_child(_: object, __: Context) -> int:
    """Leave a process behind that holds the output open."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    return child.pid


def take(event: dict[str, int], _: Context) -> int:
    """Take so many MiB, touch them, and give them back."""
    taken = bytearray(event["mib"] * 1024 * 1024)
    taken[::1024] = b"x" * len(taken[::1024])
    return os.getpid()


def hang_before_asking(_: object, __: Context) -> int:
    """Answer, and never ask for the next invocation."""
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    LambdaRuntimeClient.wait_next_invocation = lambda _: time.sleep(60)
    return os.getpid()
