"""The Lambda service as one object: the Invoke API over a pool of execution environments.

It never answers twice and never leaves a process behind: who starts it closes it, `async with`
does both.
"""

import contextlib
import errno
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from motorpool.local.config import FunctionConfig
from motorpool.local.environment import State
from motorpool.local.errors import ListenError
from motorpool.local.invoke_api import InvokeApi
from motorpool.local.pool import EnvironmentPool
from motorpool.local.report import Report

__all__ = ["EnvironmentInfo", "LocalLambda"]

# Handlers have their outcomes by then, and only write them.
_CLOSE_S: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class EnvironmentInfo:
    """An execution environment as it was when asked for; `pid` is None before it has a process."""

    id: str
    pid: int | None
    state: State


class LocalLambda:
    """A Lambda service on this machine, for one function.

    Use it on one running loop: `async with LocalLambda(config) as local: … local.url …`.

    `host` and `port` are where it listens; port 0 picks a free one. `task_root` is the folder the
    function runs in (the current one by default). `write_line` takes each line of the log: what
    the environments print and Lambda's START, END and REPORT, after their short id; standard error
    by default. `on_report` takes the report of each invocation that ran, failed ones included,
    before its caller has the answer; an exception that it raises goes to the log. Neither should
    take long: everything waits. Nothing is kept here.
    """

    def __init__(  # noqa: PLR0913 - each is an option of its own, and all but the first have defaults
        self,
        config: FunctionConfig,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        task_root: Path | None = None,
        write_line: Callable[[str], None] | None = None,
        on_report: Callable[[Report], None] | None = None,
    ) -> None:
        self.config = config
        self._host = host
        self._port = port
        self._task_root = (task_root or Path.cwd()).resolve()
        self._write_line = write_line or _write_to_stderr
        self._on_report = on_report
        self._pool: EnvironmentPool | None = None
        self._api: InvokeApi | None = None
        self._runner: web.AppRunner | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        """Where it listens, what its environments do, and the counters."""
        if self._is_closed:
            where = "closed"
        elif self._runner is None:
            where = "not started"
        else:
            where = f"at {self.url}"
        states = [environment.state for environment in self.environments]
        found = [f"{states.count(state)} {state}" for state in State if state in states]
        return (
            f"<LocalLambda {self.config.name} {where}; "
            f"environments: {', '.join(found) or 'none'}; {self.invocations} invocations, "
            f"{self.throttles} throttles, {self.cold_starts} cold starts>"
        )

    @property
    def url(self) -> str:
        """The endpoint for a Lambda client, as `http://host:port`. Raises before `start`."""
        if self._runner is None:
            raise RuntimeError("not started")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def invocations(self) -> int:
        """How many invocations were let in, the running ones included."""
        return self._pool.invocations if self._pool else 0

    @property
    def throttles(self) -> int:
        """How many were refused for lack of concurrency."""
        return self._pool.throttles if self._pool else 0

    @property
    def cold_starts(self) -> int:
        """How many environments were started, those that failed included."""
        return self._pool.cold_starts if self._pool else 0

    @property
    def environments(self) -> tuple[EnvironmentInfo, ...]:
        """The environments there are now."""
        return tuple(
            EnvironmentInfo(id=each.id, pid=each.pid, state=each.state)
            for each in (self._pool.environments if self._pool else ())
        )

    async def start(self) -> None:
        """Listen. No environment is started: the first invocation does. Raises `ListenError`."""
        if self._runner is not None:
            raise RuntimeError("started already")
        self._pool = EnvironmentPool(
            self.config,
            task_root=self._task_root,
            write_line=self._write_line,
            on_report=self._on_report,
        )
        self._api = InvokeApi(self.config, self._pool, write_line=self._write_line)
        runner = web.AppRunner(self._api.application(), access_log=None, shutdown_timeout=_CLOSE_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            raise ListenError(_listening_problem(error, self._host, self._port)) from error
        self._port = runner.addresses[0][1]
        self._runner = runner

    async def aclose(self) -> None:
        """Stop listening, end the environments, answer what is running. May be called twice."""
        if self._is_closed or self._runner is None or self._pool is None or self._api is None:
            return
        self._is_closed = True
        for site in tuple(self._runner.sites):
            await site.stop()
        await self._pool.aclose()
        await self._api.finish()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()


def _listening_problem(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; choose another with --port (0 picks a free one)"
    return f"cannot listen on {host}, port {port}: {error.strerror or error}"


def _write_to_stderr(line: str) -> None:
    # A log that nobody reads any more is no reason to fail an invocation.
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
