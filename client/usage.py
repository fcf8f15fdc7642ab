"""What a client's batches used: one line for each, once it is settled, whatever became of it.

The `Dispatcher` tells a `Record` what happens; the line goes to where `ProxyClient(usage=…)` says.
Never looks at operations or documents, never fails a query, and is imported only by who records.
"""

from __future__ import annotations

import inspect
import os
import re
import time
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Self

from motorpool.batching.usage import STDOUT, VERSION, Lines, billed_ms, lines_to, moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from motorpool.batching.call import Pending
    from motorpool.batching.queue import Batch

OK: Final = "ok"
"""The outcome of a batch of which each operation got an answer, if only an error of its own."""

NOBODY_WAITED: Final = "OperationTimeout"
"""The outcome where an operation was not sent again, since all who had waited for it were gone."""

TOLD: Final = ("handler_ms", "database_ms", "cpu_ms", "init_ms", "groups")
"""The figures that are taken over from the `stats` of the proxy's answers."""

_RIGHT: Final = (
    'usage must be the path of a file to append to, such as "/tmp/usage.jsonl", "stdout", '
    "or a function that takes a dict"
)


def recorded(usage: object, *, function: object) -> Usage:
    """What records to where `usage` says, see `ProxyClient`; `function`: the proxy's name.

    Raises TypeError or ValueError for what is no such place, and OSError for a file that cannot be
    appended to.
    """
    name = function if isinstance(function, str) else None
    if isinstance(usage, (str, os.PathLike)):
        # A word alone, such as "off", is a slip and no file's name.
        if isinstance(usage, str) and usage != STDOUT and not re.search(r"[./\\]", usage):
            raise ValueError(f"{_RIGHT}, not {usage!r}")
        try:
            return Usage(lines_to(usage), name)
        except OSError as error:
            said = f"usage cannot be appended to: {error.strerror}"
            raise OSError(error.errno, said, error.filename) from None
    if callable(usage) and not inspect.iscoroutinefunction(usage):
        return Usage(Lines(f"usage={usage!r}", usage), name)
    raise TypeError(f"{_RIGHT}, not {usage!r}")


class Usage:
    """Records the batches of one client."""

    def __init__(self, lines: Lines, function: str | None) -> None:
        """`function`: the name or ARN of the proxy's function, where the transport names one."""
        self._lines = lines
        self._function = function
        self._process: int | None = None
        self._client = ""

    def record(self, batch: Batch) -> Record:
        """The record of a batch that leaves now; its line is written when it is exited."""
        return Record(self, batch)

    def write(self, record: Record) -> None:
        """Write the line of a batch that is settled. Never raises an Exception."""
        self._lines.write(record.line, self._client_id(), self._function)

    def _client_id(self) -> str:
        # Made when it is needed, so that neither a fork nor a snapshot of the process (Lambda
        # SnapStart) makes two clients of one name, whose scopes have the same numbers.
        process = os.getpid()
        if process != self._process:
            self._process, self._client = process, os.urandom(3).hex()
        return self._client

    def close(self) -> None:
        """Close the file that was opened. A line that comes afterwards is lost."""
        self._lines.close()

    def __repr__(self) -> str:
        """Where its lines go."""
        return f"<Usage {self._lines!r}>"


class Record:
    """One batch, from when it left until it is settled. Times in milliseconds, sizes in bytes.

    Its line says:

        at            when it left (UTC)
        client        which `ProxyClient` has sent it; another one in a forked process
        scope         the number of the request scope in it; null outside of one
        function      the proxy's, by the name or ARN that the client was given; null where none was
        reason        what made it leave: quiet, age, ticks, linger, operations, size, explicit …
        operations    in it; those of a bulk count as one
        deduplicated  calls that were answered by an operation of another call
        attempts      invocations made for it; of them, `throttled` were refused before they ran,
                      and not billed, and `lost` had no answer: the function died, the connection
                      broke, and whether they were billed nobody knows
        waited_ms     how long its first operation had waited when it left
        wall_ms       from then to the last answer, pauses between the attempts included
        bytes_out     of the events, in sum, `bytes_in` of the responses: what has travelled
        outcome       "ok" where each operation got an answer, be it an error of its own; else the
                      class of the error that says why one got none

    What follows is what the proxy's answers tell of themselves (docs/protocol.md, `stats`), in sum
    where it took several; null where none tells it. Since an answer cannot tell how long it took to
    write itself, `billed_ms` is a little less than the proxy's own line says.
    """

    __slots__ = (
        "_batch",
        "_billed_ms",
        "_deduplicated",
        "_is_cold",
        "_sent",
        "_told",
        "_usage",
        "attempts",
        "bytes_in",
        "bytes_out",
        "lost",
        "outcome",
        "throttled",
    )

    def __init__(self, usage: Usage, batch: Batch) -> None:
        self._usage = usage
        self._batch = batch
        self._sent: list[Pending] = []
        self._deduplicated = 0
        self.attempts = self.throttled = self.lost = 0
        self.bytes_out = self.bytes_in = 0
        self.outcome = OK
        self._told: dict[str, float | None] = dict.fromkeys(TOLD)
        self._is_cold: bool | None = None
        self._billed_ms: int | None = None

    # What happens to it ---------------------------------------------------------------------------

    def sent(self, batch: list[Pending], payload: bytes) -> None:
        """An invocation is made for what is left of it."""
        if not self.attempts:
            self._sent = batch
            self._deduplicated = sum(len(pending.calls) for pending in batch) - len(batch)
        self.attempts += 1
        self.bytes_out += len(payload)

    def answered(self, stats: Mapping[str, Any]) -> None:
        """An answer is there. `stats`: what it tells; a figure that is none counts as not told."""
        told = {name: _figure(stats.get(name)) for name in TOLD}
        for name, figure in told.items():
            if figure is not None:
                self._told[name] = round((self._told[name] or 0) + figure, 3)
        if (handler_ms := told["handler_ms"]) is not None:
            self._billed_ms = (self._billed_ms or 0) + billed_ms(handler_ms, told["init_ms"])
        if isinstance(cold := stats.get("cold"), bool):
            self._is_cold = cold or bool(self._is_cold)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """It is settled, or given up: write its line, if it was sent at all."""
        if not self.attempts:
            return
        if kind is not None:
            self.outcome = kind.__name__
        elif self.outcome == OK and not all(pending.is_settled for pending in self._sent):
            self.outcome = NOBODY_WAITED
        self._usage.write(self)

    # What is said of it ---------------------------------------------------------------------------

    def line(self, client: str, function: str | None) -> dict[str, Any]:
        """Its line. `client`: the client's id; `function`: of the proxy's, the name."""
        wall = time.monotonic() - self._batch.left_at
        waited = self._batch.left_at - self._batch[0].queued_at
        told = self._told
        return {
            "v": VERSION,
            "side": "client",
            "at": moment(time.time() - wall),
            "client": client,
            "scope": self._batch.scope,
            "function": function,
            "reason": self._batch.reason,
            "operations": len(self._sent),
            "deduplicated": self._deduplicated,
            "attempts": self.attempts,
            "throttled": self.throttled,
            "lost": self.lost,
            "waited_ms": round(waited * 1000, 3),
            "wall_ms": round(wall * 1000, 3),
            "bytes_out": self.bytes_out,
            "bytes_in": self.bytes_in,
            "outcome": self.outcome,
            "cold": self._is_cold,
            **told,
            "billed_ms": self._billed_ms,
        }


def _figure(value: object) -> float | None:
    """What a proxy tells, if it is a number: it may be older than this client, or another's."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if isfinite(value) else None
