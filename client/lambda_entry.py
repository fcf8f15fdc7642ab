"""A Lambda application's entry: an `async def handler(event, context)` made synchronous.

One event loop lives as long as the execution environment, and with it what the transport holds on
it. Never `asyncio.run`, which would close the loop under both; never two invocations at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import logging
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Coroutine

    from motorpool.client.engine import Engine
    from motorpool.client.transports.base import Transport

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

log: Final = logging.getLogger("motorpool")

SHORTEST_SECONDS: Final = 1e-6
"""What operations are given where nothing is left: they time out before they are sent."""
SEEN_SECONDS: Final = 0.005
"""How long those who await an operation may take to end, once it is settled: some ticks."""
WIND_UP_SECONDS: Final = 1.0
"""How long tasks that are cancelled with the loop may take to end."""


class LambdaHandler(Protocol[T_co]):
    """What `@client.handler` makes: what Lambda calls, and what tests await."""

    @property
    def __wrapped__(self) -> Callable[[Any, Any], Awaitable[T_co]]:
        """The `async def` itself: `await handler.__wrapped__(event, context)`."""

    def __call__(self, event: Any, context: Any = None) -> T_co:
        """Run one invocation: return what the handler returns, raise what it raises."""


class LambdaLoop:
    """One client's event loop for invocations, one after the other, whatever thread they come from.

    In an execution environment it is made in the init phase, and the transport opened on it;
    elsewhere at the first invocation, so that a test server may fork after the import.
    """

    def __init__(self, engine: Engine, transport: Transport) -> None:
        """Make no loop yet."""
        self._engine = engine
        self._transport = transport
        self._loop: asyncio.AbstractEventLoop | None = None
        self._one_at_a_time = threading.Lock()

    # Decorating -----------------------------------------------------------------------------------

    def entry(
        self, function: Callable[[Any, Any], Awaitable[T]], *, margin: float, grace: float
    ) -> LambdaHandler[T]:
        """The synchronous entry of `function`. See `ProxyClient.handler`."""
        if not inspect.iscoroutinefunction(function):
            raise TypeError(
                "client.handler decorates an `async def handler(event, context)`, and "
                f"{_name_of(function)} is none; decorators that return another kind go above it"
            )
        for name, seconds in (("margin", margin), ("grace", grace)):
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
                raise TypeError(f"{name} must be a number of seconds, not {seconds!r}")
            if not 0 <= seconds < float("inf"):
                raise ValueError(f"{name} must be 0 seconds or more, not {seconds!r}")

        @functools.wraps(function)
        def entry(event: Any, context: Any = None) -> T:
            if _is_within_a_loop():
                raise RuntimeError(
                    f"{_name_of(function)} is a Lambda's synchronous entry, and an event loop runs "
                    "in this thread: await its `__wrapped__(event, context)` here"
                )
            return self._run(lambda: self._invocation(function, event, context, margin, grace))

        if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
            self._warm_up()
        return entry

    def _warm_up(self) -> None:
        """Make the loop, and on it what the transport needs before it can invoke.

        Of aioboto3 that is 60 ms of processor time (its description of Lambda's API), here with the
        full core of the init phase; a 128 MB function has a fourteenth of one afterwards.
        """
        open_transport = getattr(self._transport, "open", None)
        if open_transport is None or _is_within_a_loop():
            return
        with self._one_at_a_time:
            try:
                self._opened().run_until_complete(open_transport())
            except Exception as error:  # noqa: BLE001 - whoever needs it first gets it as an error
                log.warning("the transport could not be opened in the init phase: %s", error)

    # One invocation -------------------------------------------------------------------------------

    def _run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run on the loop. Lambda calls one at a time; a server on your own machine may not."""
        with self._one_at_a_time:
            loop = self._opened()
            # A task copies the context that it is made in: what one invocation sets in it, the
            # next does not see.
            task = loop.create_task(work())
            try:
                return loop.run_until_complete(task)
            except BaseException:
                if not task.done():  # an interrupt, or an exit in another task
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError, Exception):
                        loop.run_until_complete(task)
                if not task.cancelled():
                    task.exception()  # seen: asyncio need not say that nobody has
                raise

    async def _invocation(
        self,
        function: Callable[[Any, Any], Awaitable[T]],
        event: Any,
        context: Any,
        margin: float,
        grace: float,
    ) -> T:
        earlier = asyncio.all_tasks()
        scope = self._engine.scope(timeout=seconds_left(context, margin), is_batch=False)
        try:
            async with scope:
                try:
                    return await function(event, context)
                finally:
                    await self._wait_for_tasks(earlier, scope.deadline, grace)
        finally:
            left = await self._left_behind(earlier)
            if left:
                log.warning(
                    "%s has ended, and tasks that it started have not: %s. Lambda freezes them "
                    "until the next invocation; await them, or give client.handler a longer grace",
                    _name_of(function),
                    ", ".join(sorted(_name_of(task.get_coro()) for task in left)),
                )

    async def _wait_for_tasks(
        self, earlier: Collection[asyncio.Task[Any]], deadline: float | None, grace: float
    ) -> None:
        """Wait for the tasks of this invocation that nobody has awaited, and for those they start.

        For `grace` seconds, and no longer than the operations have.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + grace
        until = until if deadline is None else min(until, deadline)
        while (seconds := until - loop.time()) > 0 and (tasks := self._started_since(earlier)):
            await asyncio.wait(tasks, timeout=seconds)

    async def _left_behind(
        self, earlier: Collection[asyncio.Task[Any]]
    ) -> Collection[asyncio.Task[Any]]:
        """What still runs, once whoever awaits what is settled by now has seen it."""
        if tasks := self._started_since(earlier):
            await asyncio.wait(tasks, timeout=SEEN_SECONDS)
        return self._started_since(earlier)

    def _started_since(
        self, earlier: Collection[asyncio.Task[Any]]
    ) -> Collection[asyncio.Task[Any]]:
        # Flights are the scope's: it waits for those that somebody waits for, and lets others go.
        return asyncio.all_tasks().difference(earlier, self._engine.flights)

    # The loop -------------------------------------------------------------------------------------

    def _opened(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()  # uvloop's, where the application has set it
            # Also when it is forgotten, or the interpreter ends: Python warns of a loop left open.
            weakref.finalize(self, _close, weakref.ref(self), self._transport, self._loop)
        return self._loop

    async def aclose(self) -> None:
        """Close the loop and what the transport holds on it; not from within an invocation."""
        loop = self._loop
        if loop is None or loop is asyncio.get_running_loop():
            return
        # In a thread, since a loop cannot run within another one's thread.
        await asyncio.get_running_loop().run_in_executor(None, self._close_between_invocations)

    def _close_between_invocations(self) -> None:
        with self._one_at_a_time:
            if self._loop is not None and not self._loop.is_closed():
                _wind_up(self._transport, self._loop)

    def __repr__(self) -> str:
        """Whether there is a loop, and what it does."""
        return f"<LambdaLoop {self._loop!r}>"


def seconds_left(context: Any, margin: float) -> float | None:
    """Seconds that the invocation has left, less the margin; None where `context` does not say.

    Never less than `SHORTEST_SECONDS`: where that is all, operations fail and the handler answers.
    """
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    milliseconds = None if remaining is None else remaining()
    if not isinstance(milliseconds, (int, float)):  # called by hand, or with a mock
        return None
    seconds = milliseconds / 1000 - margin
    if seconds <= 0:
        log.warning(
            "no time for the database: the invocation has %d ms left, and the margin is %g s",
            milliseconds,
            margin,
        )
    return max(seconds, SHORTEST_SECONDS)


def _is_within_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _name_of(work: object) -> str:
    """The name of a function or a coroutine."""
    return getattr(work, "__qualname__", None) or repr(work)


def _close(
    owner: weakref.ref[LambdaLoop], transport: Transport, loop: asyncio.AbstractEventLoop
) -> None:
    """Close the loop when its owner is forgotten, or at the end of the interpreter."""
    if loop.is_running() or loop.is_closed():
        return
    if owner() is None or _is_within_a_loop():
        # The garbage collector calls at any place: it must not run a loop there.
        loop.close()
    else:
        _wind_up(transport, loop)


def _wind_up(transport: Transport, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(Exception):  # nobody is there any more whom it would help
        loop.run_until_complete(_end_all(transport))
    loop.close()


async def _end_all(transport: Transport) -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=WIND_UP_SECONDS)
    await transport.aclose()
    await asyncio.get_running_loop().shutdown_asyncgens()
