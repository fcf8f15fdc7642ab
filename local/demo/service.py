"""Runs `motorpool local` beside the demo, as a process of its own, and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import tempfile
from typing import TYPE_CHECKING, Final

from motorpool.local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

READY: Final = re.compile(r"(?P<name>\S+) at (?P<url>http://\S+) ")
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
PREFIX: Final = "motorpool: error: "


@contextlib.asynccontextmanager
async def local_lambda(options: Sequence[str]) -> AsyncIterator[tuple[str, str]]:
    """A running `motorpool local` with these options: its function's name, and its URL.

    Raises LocalError with the service's own line where it does not start.
    """
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "motorpool.local.cli", "local", *options),
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        try:
            yield await _ready(process, log)
        finally:
            await _stop(process)


async def _ready(process: asyncio.subprocess.Process, log: object) -> tuple[str, str]:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            line = (await process.stdout.readline()).decode()
            found = READY.match(line)
            if found is not None:
                return found["name"], found["url"]
            # It is ending by itself. To signal it meanwhile would take its exit code away from
            # asyncio's watcher (subprocess.Popen.send_signal polls), which would say so.
            await process.wait()
    raise LocalError(_last_line(log) or "the local Lambda did not start")


def _last_line(log: object) -> str:
    log.seek(0)  # type: ignore[attr-defined] # a temporary file, whose class has no public name
    lines: list[bytes] = log.read().splitlines()  # type: ignore[attr-defined] # as above
    return lines[-1].decode("utf-8", "replace").removeprefix(PREFIX) if lines else ""


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.communicate()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
