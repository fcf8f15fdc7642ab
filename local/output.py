"""The log of an execution environment: what it prints, by one pipe, and Lambda's own lines.

It never blocks on the environment, never waits for the end of the pipe (a grandchild may hold it
open), and never lets a long line or binary through unbroken.
"""

import asyncio
import os
import re
from collections.abc import Callable
from typing import Final

from motorpool.local import limits

__all__ = ["OutputPipe"]

# A pipe holds 64 KiB at most on Linux and macOS, so one read takes what was printed before it.
_PIPE_BYTES: Final = 65_536
# Longer lines are passed on in pieces.
_LINE_BYTES: Final = 8_192
# awslambdaric joins the lines of a traceback with carriage returns (`ERROR_LOG_LINE_TERMINATE`), so
# that they are one record in CloudWatch; a terminal would write each over the one before.
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
# Control characters other than the tabulator are shown, not obeyed.
_VISIBLE: Final = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) != "\t"
}


class OutputPipe:
    """Reads what a process prints; `write_line` takes each line, without its end.

    `write_fd` is for the process. `say` adds lines of Lambda's own. `take_tail` gives the end of
    all that since it was last asked.
    """

    def __init__(self, write_line: Callable[[str], None]) -> None:
        self._write_line = write_line
        self._read_fd, self.write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read_fd, self.drain)
        self._is_open = True
        self._partial = b""
        self._tail = bytearray()

    def close_write_end(self) -> None:
        """Leave the writing end to the process that inherited it."""
        if self.write_fd >= 0:
            os.close(self.write_fd)
            self.write_fd = -1

    def drain(self) -> None:
        """Take what has been printed until now."""
        if not self._is_open:
            return
        try:
            chunk = os.read(self._read_fd, _PIPE_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self._loop.remove_reader(self._read_fd)
            return
        self._keep(chunk)
        self._write_lines(chunk)

    def say(self, *lines: str) -> None:
        """Add lines after all that has been printed until now, an unfinished line included.

        Lambda's log may go on in the middle of a line that the function has not ended ("…)END
        RequestId: …"). Here it never does, so that who reads lines finds each.
        """
        # The loop may not have read yet what was printed before an answer that has come.
        self.drain()
        self._end_partial()
        if self._tail and not self._tail.endswith((b"\n", b"\r")):
            self._keep(b"\n")
        for line in lines:
            data = line.encode()
            self._keep(data + b"\n")
            self._write(data)

    def take_tail(self) -> bytes:
        """The last 4 KB since the last call, what was printed as printed."""
        tail = bytes(self._tail)
        self._tail.clear()
        return tail

    def close(self) -> None:
        """Take what is left and close. May be called twice."""
        if not self._is_open:
            return
        self.drain()
        self._is_open = False
        self._loop.remove_reader(self._read_fd)
        os.close(self._read_fd)
        self.close_write_end()
        self._end_partial()

    def _keep(self, data: bytes) -> None:
        self._tail += data
        del self._tail[: -limits.LOG_TAIL_BYTES]

    def _end_partial(self) -> None:
        if self._partial:
            self._write(self._partial.removesuffix(b"\r"))
            self._partial = b""

    def _write_lines(self, chunk: bytes) -> None:
        pending = self._partial + chunk
        # Half of a "\r\n" perhaps: it waits for the next byte.
        held = b"\r" if pending.endswith(b"\r") else b""
        *lines, rest = _LINE_END.split(pending.removesuffix(held))
        for line in lines:
            self._write(line)
        if len(rest) >= _LINE_BYTES:
            self._write(rest)
            rest = b""
        self._partial = rest + held

    def _write(self, line: bytes) -> None:
        for start in range(0, max(len(line), 1), _LINE_BYTES):
            piece = line[start : start + _LINE_BYTES]
            self._write_line(piece.decode("utf-8", "backslashreplace").translate(_VISIBLE))
