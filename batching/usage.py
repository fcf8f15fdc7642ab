"""Where recorded usage goes: one JSON object a line, each handed over by a single write.

Shared by the client's and the proxy's recording, which say what stands in a line. Never lets a line
that cannot be written reach whoever is answered, and is imported only where usage is recorded.
"""

from __future__ import annotations

import errno
import json
import logging
import math
import os
import sys
import time
import weakref
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Line = dict[str, Any]

log: Final = logging.getLogger("motorpool")

VERSION: Final = 1
"""Of the lines, as their `v` says."""

STDOUT: Final = "stdout"
"""The place that is no file: the process's standard output."""


class Lines:
    """A place that lines go to. One that cannot get there is dropped, which is logged once."""

    def __init__(
        self, name: str, put: Callable[[Line], object], close: Callable[[], object] | None = None
    ) -> None:
        """`name`: of the place, for the log. `put` takes a line there, whole and at once."""
        self._name = name
        self._put = put
        self._close = close
        self._has_failed = False

    def write(self, make: Callable[..., Line], *given: Any) -> None:
        """Put the line that `make` makes of what is given. Never raises an Exception."""
        try:
            self._put(make(*given))
        except Exception as error:  # whatever it is, it must cost nobody an answer
            if not self._has_failed:
                self._has_failed = True
                log.warning(
                    "a line of usage could not be written to %s, and is lost; of further ones "
                    "nothing is said: %s: %s",
                    *(self._name, type(error).__name__, error),
                    exc_info=error,
                )

    def close(self) -> None:
        """Close what was opened for it. A line that comes afterwards is lost."""
        if self._close is not None:
            self._close()

    def __repr__(self) -> str:
        """Where they go."""
        return f"<Lines {self._name}>"


def lines_to(place: str | os.PathLike[str]) -> Lines:
    """Lines to standard output (`STDOUT`), or to the end of a file, which is made if need be.

    Raises OSError for a file that cannot be appended to.
    """
    if place == STDOUT:
        return Lines(STDOUT, _to_stdout)
    file = _File(place)
    return Lines(os.fspath(place), file.put, file.close)


_encode: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def _to_stdout(line: Line) -> None:
    # Looked up each time: Lambda's runtime, and tests, put another object in its place.
    sys.stdout.write(f"{_encode(line)}\n")
    sys.stdout.flush()


class _File:
    """The end of a file: no buffer, so that neither a fork nor another process can part a line."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        # Also where nobody closes it, as on Lambda; a file object would warn of that.
        self.close = weakref.finalize(self, os.close, self._descriptor)
        self.close.atexit = False  # what is recorded while the interpreter ends counts, too
        self._is_torn = False

    def put(self, line: Line) -> None:
        if not self.close.alive:  # by now the number may be another file's
            raise ValueError("it is closed")
        # A line of which only a part was written, since the disk was full, takes none along.
        data = ("\n" if self._is_torn else "").encode() + _encode(line).encode() + b"\n"
        self._is_torn = os.write(self._descriptor, data) != len(data)
        if self._is_torn:
            raise OSError(errno.ENOSPC, "only a part of the line was written")


# What both ends say alike -------------------------------------------------------------------------


def moment(seconds: float) -> str:
    """A time, in seconds since 1970, as RFC 3339 in UTC: `2026-11-28T20:43:05.123Z`."""
    whole, milliseconds = divmod(int(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{milliseconds:03d}Z"


def billed_ms(handler_ms: float, init_ms: float | None) -> int:
    """What Lambda bills of an invocation, seen from inside; `init_ms`: where it was a cold one.

    Duration is billed up to the next millisecond (AWS News Blog, "1ms Billing Granularity",
    2020-12-01), and with the init phase (AWS Compute Blog, "AWS Lambda standardizes billing for
    INIT phase", in force since 2025-08-01 for functions on demand, too). A lower bound: what the
    runtime itself needs before and after the handler is not seen from inside.
    """
    return math.ceil(handler_ms + (init_ms or 0.0))
