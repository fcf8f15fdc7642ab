"""A process with one side in it, told what to do line by line; and its handle, `Worker`.

The lines are JSON, on the process's standard input and output.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pymongo import MongoClient

from bench.suite.shapes import DATABASE, SHAPES
from bench.suite.sides import SideMissing, in_words, make_side

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
_LOG_CHARACTERS = 500


class WorkerError(RuntimeError):
    """A side failed; the message is its own."""


class Worker:
    """A side in a process of its own."""

    def __init__(self, kind: str, driver: str, uri: str, *, fuse: bool = True) -> None:
        """Start it. Raises SideMissing where the side cannot be had."""
        self.name = f"{driver} {kind}" + ("" if fuse else ", planner off")
        self.driver = driver
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - until `close`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.suite.worker"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self._ask("open", kind=kind, driver=driver, uri=uri, fuse=fuse)
        except BaseException:
            self.close()
            raise

    def prepare(self, shape: str, size: int) -> None:
        """Make ready to run this shape with N = `size`."""
        self._ask("prepare", shape=shape, size=size)

    def run(self, times: int = 1) -> float:
        """Run it so many times, what it writes put back before each; the median of the seconds."""
        seconds: list[float] = self._ask("run", times=times)["seconds"]
        return statistics.median(seconds)

    def digest(self) -> str:
        """A digest of what the last run gave."""
        return str(self._ask("answer")["digest"])

    def facts(self) -> dict[str, Any]:
        """What else there is to say of the last run."""
        facts: dict[str, Any] = self._ask("facts")
        return facts

    def _ask(self, what: str, **more: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise WorkerError(f"{self.name}: no pipe")
        stdin.write(json.dumps({"do": what, **more}) + "\n")
        stdin.flush()
        line = stdout.readline()
        reply = json.loads(line) if line else {"failed": f"its process has ended: {self.log()}"}
        if "missing" in reply:
            raise SideMissing(reply["missing"])
        if "failed" in reply:
            raise WorkerError(f"{self.name}: {reply['failed']}")
        return reply

    def log(self) -> str:
        """The end of what the process has written to its standard error."""
        self._log.seek(0)
        return self._log.read()[-_LOG_CHARACTERS:].strip()

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """See `close`."""
        self.close()


# In the process -----------------------------------------------------------------------------------


def main() -> None:
    """Do what the lines say, until there are no more."""
    opened = _Opened()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = _do(opened, request.pop("do"), request)
        except SideMissing as error:
            reply = {"missing": str(error)}
        except Exception as error:  # noqa: BLE001 - the parent says it, and ends
            reply = {"failed": f"{type(error).__name__}: {error}"[:2000]}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
    opened.close()
    # A side's threads and tasks are ended with the process, and need not be told.
    os._exit(0)


class _Opened:
    """The process's side, and what it takes to put back what that writes."""

    def __init__(self) -> None:
        self.side: Any = None
        self._client: MongoClient[dict[str, Any]] | None = None
        self._reset: Callable[[], None] = lambda: None

    def open(self, kind: str, driver: str, uri: str, *, fuse: bool) -> None:
        self.side = make_side(kind, driver, uri, fuse=fuse)
        self._client = MongoClient(uri)

    def prepare(self, shape: str, size: int) -> None:
        reset, client = SHAPES[shape].reset, self._client
        self._reset = lambda: None
        if reset is not None and client is not None:
            self._reset = lambda: reset(client[DATABASE], size)
        self.side.prepare(shape, size)

    def run(self) -> float:
        self._reset()
        seconds: float = self.side.run()
        return seconds

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


def _do(opened: _Opened, what: str, request: dict[str, Any]) -> dict[str, Any]:
    if what == "open":
        opened.open(**request)
        return {}
    side = opened.side
    if what == "prepare":
        opened.prepare(request["shape"], request["size"])
        return {}
    if what == "run":
        times: int = request["times"]
        if times > 1:
            opened.run()  # the process has waited for its turn: its code is not at hand any more
        return {"seconds": [opened.run() for _ in range(times)]}
    if what == "answer":
        return {"digest": hashlib.sha256(in_words(side.answer()).encode()).hexdigest()}
    if what == "facts":
        facts: dict[str, Any] = side.facts()
        return facts
    raise ValueError(f"nothing is called {what!r}")


if __name__ == "__main__":
    main()
