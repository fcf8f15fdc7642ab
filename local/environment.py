"""One execution environment: a real `python -m awslambdaric` process and its life.

Starting, idle, busy, ended: one invocation at a time, and none after the end. It never outlives
`stop` or `kill`, nor does anything that it started: the process leads a session of its own, and
the whole of it is killed.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from motorpool.local import identity, limits, outcome, report
from motorpool.local.config import FunctionConfig
from motorpool.local.memory import PeakMemory
from motorpool.local.outcome import Invocation, Outcome
from motorpool.local.output import OutputPipe
from motorpool.local.report import Report
from motorpool.local.runtime_api import RuntimeApi

__all__ = ["Environment", "EnvironmentLostError", "State"]

# What the shell that started the service must not decide: the function's settings come from its
# configuration, Lambda's own variables from us.
_NOT_INHERITED: Final = ("MOTORPOOL_", "AWS_LAMBDA_", "LAMBDA_", "_LAMBDA_", "_HANDLER", "_X_AMZN_")


class State(StrEnum):
    """Where an environment stands in its life."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    ENDED = "ended"


class EnvironmentLostError(Exception):
    """The environment ended before it took the invocation, which may run elsewhere."""


class Environment:
    """Make on a running loop, `start` once, then `invoke` as often as it stays alive.

    `task_root` is the folder it runs in, from which the handler's module is importable (`/var/task`
    on Lambda). `write_line` takes each line of its log: what it prints, and for each invocation
    Lambda's START, END and REPORT. `on_end` is called once it has ended; `end_reason` says why.
    """

    def __init__(
        self,
        config: FunctionConfig,
        *,
        task_root: Path,
        write_line: Callable[[str], None],
        on_end: Callable[["Environment"], None],
    ) -> None:
        self.id = uuid4().hex[:8]
        self.state = State.STARTING
        self.end_reason: str | None = None
        self._config = config
        self._task_root = task_root
        self._on_end = on_end
        self._api = RuntimeApi(on_init_error=self._look_at_memory)
        self._output = OutputPipe(lambda line: write_line(f"[{self.id}] {line}"))
        self._memory = PeakMemory()
        self._process: Process | None = None
        self._exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._watch: asyncio.Task[None] | None = None
        self._started_at = 0.0
        self._init_ms: Decimal | None = None  # until the first invocation has reported it
        self._is_stopping = False

    def __repr__(self) -> str:
        """The id, the state and the process."""
        return f"<Environment {self.id} {self.state}, pid {self.pid}>"

    @property
    def pid(self) -> int | None:
        """The process id, once there is a process."""
        return self._process.pid if self._process else None

    async def start(self, request_id: str) -> Outcome | None:
        """Run the init phase. None when the environment is ready, else what the caller gets.

        `request_id` is that of the invocation that waits for it: a cold start has one.
        """
        try:
            await self._spawn()
        except BaseException:
            self.state = State.ENDED
            self._output.close()
            await self._api.aclose()
            raise
        if self._is_stopping:
            await self.kill("stopped")
        await self._ends_or(self._api.ready, limits.INIT_TIMEOUT_S)
        if self._api.ready.done() and not self._exited.done():
            self._init_ms = report.milliseconds(self._api.ready.result() - self._started_at)
            await self._look_at_memory()
            self.state = State.IDLE
            return None
        # Lambda would begin the init phase anew within the invocation, and report that one as its
        # duration. Here it is this one.
        took_ms = report.milliseconds(time.perf_counter() - self._started_at)
        failure = self._init_failure(request_id)
        await self._look_at_memory()
        await self.kill(failure.fatal or "init error")
        self._output.say(
            report.init_report_line(took_ms, failure.status, failure.error_type),
            report.start_line(request_id),
        )
        return self._reported(failure, request_id, took_ms)

    async def invoke(self, invocation: Invocation, *, may_move: bool) -> Outcome:
        """Run one invocation to its outcome, within the function's time-out.

        Raises `EnvironmentLostError` if the environment ended before it took the invocation and
        `may_move` says that another may run it: then the log has nothing of it.
        """
        self.state = State.BUSY
        request_id = invocation.request_id
        timeout_s = self._config.timeout_s
        exchange = self._api.offer(
            invocation,
            int((time.time() + timeout_s) * 1000),
            on_delivered=lambda: self._output.say(report.start_line(request_id)),
        )
        await self._ends_or(exchange.outcome, timeout_s)
        if exchange.outcome.done():
            result = exchange.outcome.result()
        elif self._exited.done():
            if may_move and exchange.delivered_at is None:
                raise EnvironmentLostError("ended before it took the invocation")
            result = outcome.exited(request_id, self._exited.result())
        else:
            result = outcome.timed_out(request_id, timeout_s)
        seconds = timeout_s if result.status == "timeout" else exchange.seconds()
        await self._look_at_memory()
        if result.fatal is not None:
            await self.kill(result.fatal)  # before the last lines of its log: nothing follows them
        elif not self._exited.done():
            self.state = State.IDLE
        if exchange.delivered_at is None:  # it ended, or its time was up, before it took it
            self._output.say(report.start_line(request_id))
        return self._reported(result, request_id, report.milliseconds(seconds))

    async def stop(self, grace_s: float = limits.STOP_GRACE_S) -> None:
        """End the environment: SIGTERM, and after `grace_s` seconds SIGKILL."""
        self._is_stopping = True
        if self._process is None:
            return  # `start` sees it
        self.end_reason = "stopped"
        self._signal(signal.SIGTERM)
        await asyncio.wait({self._exited}, timeout=grace_s)
        await self.kill("stopped")

    async def kill(self, reason: str) -> None:
        """End the environment now; `reason` is for the log. Returns when nothing is left of it."""
        self.end_reason = self.end_reason or reason
        if not self._exited.done():
            self._signal(signal.SIGKILL)
        if self._watch is not None:
            await asyncio.shield(self._watch)

    async def _spawn(self) -> None:
        await self._api.start()
        self._started_at = time.perf_counter()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "awslambdaric",
            self._config.handler,
            env=self._variables(),
            cwd=self._task_root,
            stdin=DEVNULL,
            stdout=self._output.write_fd,
            stderr=self._output.write_fd,
            # Ctrl-C at the terminal is for the service, which then stops its environments.
            start_new_session=True,
        )
        self._output.close_write_end()
        self._watch = asyncio.create_task(self._see_it_end(self._process))

    async def _see_it_end(self, process: Process) -> None:
        returncode = await process.wait()
        self._signal(signal.SIGKILL)  # what it started goes with it
        self.state = State.ENDED
        self.end_reason = self.end_reason or outcome.exit_reason(returncode)
        try:
            self._output.close()  # before the outcome is made, which holds the end of the log
            self._on_end(self)
        finally:
            self._exited.set_result(returncode)
        await self._api.aclose()

    async def _ends_or(self, future: asyncio.Future[Any], timeout_s: float) -> None:
        """Wait for `future`, the end of the process or the time-out, whichever is first."""
        await asyncio.wait(
            (future, self._exited), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )

    def _reported(self, result: Outcome, request_id: str, duration_ms: Decimal) -> Outcome:
        """`result` with its report, and with the log that ends in it."""
        init_ms, self._init_ms = self._init_ms, None
        made = Report(
            request_id=request_id,
            duration_ms=duration_ms,
            memory_mb=self._config.memory_mb,
            max_memory_mb=self._memory.mib,
            init_ms=init_ms,
            status=result.status,
            error_type=result.error_type,
        )
        self._output.say(report.end_line(request_id), str(made))
        return replace(result, report=made, log_tail=self._output.take_tail())

    async def _look_at_memory(self) -> None:
        if self._process is not None:
            await self._memory.look(self._process.pid)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _init_failure(self, request_id: str) -> Outcome:
        if self._api.init_error is not None:
            return Outcome(
                payload=self._api.init_error,
                function_error=outcome.UNHANDLED,
                fatal="init error",
                status="error",
                error_type=report.error_type(self._api.init_error_type),
            )
        if self._exited.done():
            return outcome.exited(request_id, self._exited.result())
        return outcome.init_timed_out(request_id)

    def _variables(self) -> dict[str, str]:
        """The process's environment variables.

        AWS Lambda Developer Guide, "Defined runtime environment variables" (2026-11-24).
        """
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)
        }
        region = identity.region()
        defined = {
            "AWS_DEFAULT_REGION": region,
            # awslambdaric behaves by it: from python3.12 on, its JSON is not limited to ASCII.
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self._config.runtime}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._config.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": self._config.name,
            "AWS_LAMBDA_FUNCTION_VERSION": identity.VERSION,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self._config.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": f"local/[{identity.VERSION}]{self.id}",
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_REGION": region,
            "LAMBDA_TASK_ROOT": str(self._task_root),
            "TZ": ":UTC",
            "_HANDLER": self._config.handler,
        }
        return inherited | dict(self._config.environment) | defined
