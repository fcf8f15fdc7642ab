"""The lines of a file, one at a time, packed by gzip or not: never more than one line in memory.

Decides nothing about what a line says.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import sys
import zlib
from typing import TYPE_CHECKING, Final

from motorpool.costs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN: Final = "-"
"""Written in place of a file's name for standard input."""

MAX_LINE_BYTES: Final = 32 * 1024 * 1024
"""A longer line is not looked at. None of these programs writes one, unless somebody has put all of
a month's log events on one line."""

_GZIP: Final = b"\x1f\x8b"


def lines_of(file: str) -> Iterator[tuple[int, str | None]]:
    """Each line with its number, without its end; None for one that is too long.

    What is no UTF-8 is replaced. Raises UsageError for a file that cannot be read.
    """
    number = 0
    try:
        with _opened(file) as stream:
            while line := stream.readline(MAX_LINE_BYTES):
                number += 1
                if line.endswith(b"\n") or len(line) < MAX_LINE_BYTES:
                    yield number, line.rstrip(b"\r\n").decode("utf-8", "replace")
                    continue
                while line and not line.endswith(b"\n"):
                    line = stream.readline(MAX_LINE_BYTES)
                yield number, None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UsageError(
            f"{name_of(file)}, after line {number}: the gzip file is cut short or damaged ({error})"
        ) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{name_of(file)} cannot be read: {why}") from None


def name_of(file: str) -> str:
    """The file as a message names it."""
    return "standard input" if file == STDIN else file


@contextlib.contextmanager
def _opened(file: str) -> Iterator[io.BufferedReader | gzip.GzipFile]:
    with contextlib.ExitStack() as stack:
        if file == STDIN:
            # Not closed: it is not ours. A test's stand-in for it may have no buffer.
            buffer = getattr(sys.stdin, "buffer", None)
            raw = io.BytesIO(sys.stdin.read().encode()) if buffer is None else buffer
        else:
            raw = stack.enter_context(open(file, "rb"))  # noqa: PTH123 - may be "/dev/fd/63", too
        if isinstance(raw, io.BufferedReader):
            stream = raw
        else:
            stream = io.BufferedReader(raw)
            stack.callback(stream.detach)  # which would close it with itself
        if stream.peek(2)[:2] == _GZIP:
            yield stack.enter_context(gzip.GzipFile(fileobj=stream))
        else:
            yield stream
