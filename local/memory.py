"""How much memory an execution environment has taken at most, for the line that Lambda reports.

It never fails an invocation, and never takes back what it has seen: of a process that has gone,
the last reading stands.
"""

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["PeakMemory"]

_PROC: Final = Path("/proc")
_PEAK: Final = b"\nVmHWM:"
_KIB_PER_MIB: Final = 1024
# A page: `status` has some 1,500 bytes, and `children` some 500 processes before it is cut.
_PROC_FILE_BYTES: Final = 4_096
# `ps` takes some milliseconds, which is more than an invocation does.
_PS_EVERY_S: Final = 1.0
_PS_TIMEOUT_S: Final = 2.0


class PeakMemory:
    """The most memory that a process and its descendants have been seen to take together.

    It is the sum of their peaks of resident memory: what they share counts for each of them, and
    the peaks need not have coincided, so with children it is rather too much than too little. A
    child that came and went between two readings is not in it.

    On Linux the kernel keeps the peak (proc(5), `VmHWM`). Descendants are found by the `children`
    files, which a kernel without CONFIG_PROC_CHILDREN does not have: there the process stands
    alone. Where there is no /proc, as on macOS, `ps` tells the resident memory of the process group
    at that moment, a second apart at least, and no peak.
    """

    def __init__(self, proc: Path = _PROC) -> None:
        self.mib = 0
        self._proc = proc
        self._has_proc = (proc / "self").exists()
        self._has_children = (proc / "thread-self" / "children").exists()
        self._asked_at = float("-inf")

    async def look(self, pid: int) -> int:
        """Take a reading of process `pid`, the leader of its group; the peak so far, in whole MiB.

        It is rounded up, and 0 as long as nothing could be read.
        """
        if self._has_proc:
            kib = sum(self._peaks(pid))
        elif time.monotonic() - self._asked_at >= _PS_EVERY_S:
            kib = await asyncio.to_thread(_resident, pid)
            self._asked_at = time.monotonic()
        else:
            kib = 0
        self.mib = max(self.mib, -(-kib // _KIB_PER_MIB))
        return self.mib

    def _peaks(self, pid: int) -> Iterator[int]:
        """The peaks of a process and of what it started, in KiB; none of one that has gone."""
        with contextlib.suppress(OSError):
            # A process that is dead and not waited for has the file, and no memory in it.
            _, found, rest = _content(f"{self._proc}/{pid}/status").partition(_PEAK)
            if found:
                yield int(rest.split(None, 1)[0])
        if self._has_children:
            for child in self._children(pid):
                yield from self._peaks(child)

    def _children(self, pid: int) -> list[int]:
        """Those that any of its threads started: each thread has a file of its own."""
        found: list[int] = []
        folder = f"{self._proc}/{pid}/task"
        with contextlib.suppress(OSError):
            for thread in os.listdir(folder):  # noqa: PTH208 - a third of the time of Path.iterdir
                with contextlib.suppress(OSError):  # the thread may have ended meanwhile
                    found += map(int, _content(f"{folder}/{thread}/children").split())
        return found


def _content(path: str) -> bytes:
    """A small file of /proc, in half the time that `open` takes: it is read in every invocation."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, _PROC_FILE_BYTES)
    finally:
        os.close(descriptor)


def _resident(group: int) -> int:
    """Resident memory of a process group in KiB, by `ps` as POSIX and macOS have it."""
    command = ("ps", "-A", "-o", "pgid=,rss=")
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            command, capture_output=True, check=False, timeout=_PS_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    rows = (line.split() for line in done.stdout.splitlines())
    return sum(int(rss) for pgid, rss in rows if int(pgid) == group)
