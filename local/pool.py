"""Which environment takes an invocation, and whether one may at all: reserved concurrency.

It never has more environments than the function's concurrency, starting and ending ones
included, and never gives one environment two invocations at once.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from motorpool.local.config import FunctionConfig
from motorpool.local.environment import Environment, EnvironmentLostError
from motorpool.local.outcome import Invocation, Outcome
from motorpool.local.report import Report

__all__ = ["EnvironmentPool", "NoEnvironmentError", "ShuttingDownError", "ThrottledError"]


class ThrottledError(Exception):
    """As many invocations are running as the function's concurrency allows; this one did not."""


class ShuttingDownError(Exception):
    """The service is being stopped; the invocation did not run."""


class NoEnvironmentError(Exception):
    """No environment could be started on this machine; the text says why."""


class EnvironmentPool:
    """The function's execution environments.

    `invocations`, `throttles` and `cold_starts` count what ran, what was refused, and the
    environments that were started. With the embedded database there is one environment, and an
    invocation waits for it instead of being refused: the data lives in it. `on_report` takes the
    report of each invocation that ran.
    """

    def __init__(
        self,
        config: FunctionConfig,
        *,
        task_root: Path,
        write_line: Callable[[str], None],
        on_report: Callable[[Report], None] | None = None,
    ) -> None:
        self.invocations = 0
        self.throttles = 0
        self.cold_starts = 0
        self._config = config
        self._task_root = task_root
        self._write_line = write_line
        self._on_report = on_report
        # The semaphore is the concurrency in use: it is held through cold start, run and end.
        # Its waiters are served in their order (asyncio.Semaphore since Python 3.11).
        self._slots = asyncio.Semaphore(config.concurrency)
        self._environments: list[Environment] = []
        self._idle: list[Environment] = []
        self._is_closing = False

    @property
    def environments(self) -> tuple[Environment, ...]:
        """Those that are starting, idle or busy."""
        return tuple(self._environments)

    async def invoke(self, invocation: Invocation, *, may_wait: bool = False) -> Outcome:
        """Run `invocation` in a warm environment, or in a new one.

        Raises `ThrottledError` at once when there is room in none and it may not wait,
        `ShuttingDownError` when the service is being stopped, and `NoEnvironmentError`.
        """
        waits = self._config.concurrency > 0 and (may_wait or self._config.is_embedded)
        if self._slots.locked() and not waits:
            self.throttles += 1
            raise ThrottledError("throttled")
        async with self._slots:
            if self._is_closing:
                raise ShuttingDownError("the service is being stopped")
            self.invocations += 1
            outcome = await self._run(invocation)
            if outcome.report is not None:
                self._hand_on(outcome.report)
            return outcome

    async def aclose(self) -> None:
        """Stop all environments. What is running is answered; nothing new is taken."""
        self._is_closing = True
        await asyncio.gather(*(environment.stop() for environment in self._environments))

    async def _run(self, invocation: Invocation) -> Outcome:
        while self._idle:
            # The one used last first, as Lambda tends to: the others may fall idle.
            warm = self._idle.pop()
            try:
                return await self._run_in(warm, invocation, may_move=True)
            except EnvironmentLostError:
                continue  # it died idle, and the invocation is still whole
        if self._is_closing:
            raise ShuttingDownError("the service is being stopped")
        cold = Environment(
            self._config,
            task_root=self._task_root,
            write_line=self._write_line,
            on_end=self._forget,
        )
        self._environments.append(cold)
        self.cold_starts += 1
        try:
            failure = await cold.start(invocation.request_id)
        except OSError as error:
            self._environments.remove(cold)
            raise NoEnvironmentError(str(error)) from error
        if failure is not None:
            self._tell_end(cold)
            return failure
        # One that dies before it takes its first dies of itself; another would too.
        return await self._run_in(cold, invocation, may_move=False)

    async def _run_in(
        self, environment: Environment, invocation: Invocation, *, may_move: bool
    ) -> Outcome:
        try:
            outcome = await environment.invoke(invocation, may_move=may_move)
        except EnvironmentLostError:
            self._tell_end(environment)
            raise
        if environment in self._environments:
            self._idle.append(environment)
        else:
            self._tell_end(environment)
        return outcome

    def _hand_on(self, report: Report) -> None:
        if self._on_report is None:
            return
        try:
            self._on_report(report)
        except Exception as error:  # noqa: BLE001 - it is the user's, and the invocation is done
            self._write_line(f"on_report failed: {type(error).__name__}: {error}")

    def _forget(self, environment: Environment) -> None:
        """The environment has ended: out of the lists.

        The log tells it at once of an idle one, and else after the last lines of what it ran.
        """
        self._environments.remove(environment)
        if environment in self._idle:
            self._idle.remove(environment)
            self._tell_end(environment)

    def _tell_end(self, environment: Environment) -> None:
        if self._is_closing:
            return
        line = f"[{environment.id}] environment ended: {environment.end_reason}"
        if self._config.is_embedded:
            line += "; the embedded database lived in it, and its data is gone"
        self._write_line(line)
