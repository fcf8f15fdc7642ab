"""Runs `motorpool local` beside the demo, as a process of its own, and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from motorpool.local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

READY: Final = re.compile(r"(?P<name>\S+) at (?P<url>http://\S+) ")
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
PREFIX: Final = "motorpool: error: "


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its function's name, its URL, and its log."""

    name: str
    url: str
    _log: IO[bytes]

    def log_size(self) -> int:
        """How many bytes it has logged so far."""
        return os.fstat(self._log.fileno()).st_size

    def log_since(self, size: int) -> bytes:
        """What it has logged since there were `size` bytes."""
        # By its place: the service writes at the end, whose place it shares with this file.
        return os.pread(self._log.fileno(), self.log_size() - size, size)


@contextlib.asynccontextmanager
async def local_lambda(options: Sequence[str]) -> AsyncIterator[Service]:
    """A running `motorpool local` with these options.

    Raises LocalError with the service's own line where it does not start.
    """
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "motorpool.local.cli", "local", *options),
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        try:
            yield Service(*await _ready(process, log), log)
        finally:
            await _stop(process)


async def _ready(process: asyncio.subprocess.Process, log: IO[bytes]) -> tuple[str, str]:
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


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().splitlines()
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
