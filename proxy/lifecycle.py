"""What lives as long as the execution environment: one event loop, one driver, one executor.

Turns an event into the bytes of an answer, one invocation at a time. Never raises for what a
caller sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from motorpool.batching.envelope import error as err
from motorpool.batching.errors import ProtocolError
from motorpool.proxy.drivers import connect, new_loop
from motorpool.proxy.executor import PAGED, Done, Executor
from motorpool.proxy.failures import describe
from motorpool.proxy.limits import Limit
from motorpool.proxy.models import ValidOperation
from motorpool.proxy.policy.policy import Policy
from motorpool.proxy.requests import MAX_REASON_LENGTH, Reply, Request, read_request
from motorpool.proxy.responses import (
    PLAIN,
    Answer,
    again,
    answer,
    packed_answer,
    refuse,
    room_for,
    write_response,
)
from motorpool.proxy.usage import Invocation, usage_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence

    from motorpool.proxy.drivers import Driver
    from motorpool.proxy.settings import Settings

log: Final = logging.getLogger("motorpool.proxy")

T = TypeVar("T")


class LambdaContext(Protocol):
    """What the proxy asks of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


class Proxy:
    """The proxy of one execution environment.

    Made in the init phase, where Lambda gives the most processor time and bills the same: the
    driver is made and its first connection begun here, not at the first batch.
    """

    def __init__(self, settings: Settings, *, began: float | None = None) -> None:
        """Make the loop and the driver.

        `began`: when the init phase did, in the time of `time.perf_counter`; None: now.

        Raises what the driver raises for a bad URI, and SettingsError for a file that usage cannot
        be written to.
        """
        began = time.perf_counter() if began is None else began
        self._settings = settings
        self._usage = usage_lines(settings.usage)
        self._policy = Policy(settings)
        # One loop for good: `asyncio.run` would close it under the driver, whose second batch
        # would then fail.
        self._loop = new_loop(settings)
        self._driver = connect(settings, self._loop)
        # In the embedded database each operation is a step in memory: they run as they stand.
        pool_size = 1 if settings.is_embedded else settings.pool_size
        self._executor = Executor(self._driver, pool_size, fuse=settings.fuse)
        # Also when it is forgotten, or the interpreter ends: Python warns of a loop left open.
        self._close = weakref.finalize(self, _close, self._driver, self._loop)
        self._one_at_a_time = threading.Lock()
        self._is_cold = True
        self._run(self._driver.warm_up())
        self._init_ms = round((time.perf_counter() - began) * 1000, 3)

    def handle(self, event: object, context: LambdaContext | None = None) -> bytes:
        """Answer one event: the response as JSON bytes, which the runtime passes through."""
        is_cold, self._is_cold = self._is_cold, False
        invocation = Invocation(self._init_ms if is_cold else None)
        with _uncollected():
            response = self._answer(event, context, invocation)
        if self._usage is not None:
            self._usage.write(invocation, event, response, context)
        return response

    def _answer(
        self, event: object, context: LambdaContext | None, invocation: Invocation
    ) -> bytes:
        try:
            request = read_request(event, self._settings.max_operations)
        except ProtocolError as error:
            return refuse(str(error)[:MAX_REASON_LENGTH])
        except Exception:
            # A fault of ours; the caller gets to know that there was one, the log what it was.
            log.exception("an event could not be read")
            return refuse("the proxy failed to read this batch; its log says why", "InternalError")
        try:
            work = self._respond(request, context, invocation)
            return self._run(self._settled(work))
        except Exception:
            log.exception("a batch could not be answered")
            return refuse("the proxy failed on this batch; its log says why", "InternalError")

    async def _respond(
        self, request: Request, context: LambdaContext | None, invocation: Invocation
    ) -> bytes:
        operations, refused = self._judge(request)
        invocation.operations = len(request.operations)
        invocation.refused = len(request.operations) - len(operations)
        left = self._left(context)
        limits = _limits(request.timeout_ms, operations, left)
        room = room_for(
            [item.op if isinstance(item, ValidOperation) else "" for item in request.operations],
            sum(item.op in PAGED for item in operations),
            request.reply,
            self._settings.max_response_bytes,
        )
        asked, started = self._executor.asked, time.perf_counter()
        done = await self._executor.run(operations, limits, room)
        invocation.database_ms = (time.perf_counter() - started) * 1000
        invocation.groups = self._executor.asked - asked
        answers = _answers(request, operations, done, refused)
        return write_response(
            answers,
            invocation.stats(request.bytes_in),
            request.reply,
            self._settings.max_response_bytes,
        )

    async def _settled(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it, and let the driver end what it has begun: the loop stands still from then on."""
        try:
            return await work
        finally:
            await self._driver.settle()

    def _judge(self, request: Request) -> tuple[list[ValidOperation], dict[Any, dict[str, Any]]]:
        """The operations that may run, and the `err` of each that the policy refuses, by its id."""
        operations: list[ValidOperation] = []
        refused: dict[Any, dict[str, Any]] = {}
        for item in request.operations:
            if isinstance(item, ValidOperation):
                refusal = self._policy.refusal(item, look_inside=request.look_inside)
                if refusal is None:
                    operations.append(item)
                else:
                    refused[item.id] = describe(refusal, is_write=False)
        return operations, refused

    def _left(self, context: LambdaContext | None) -> float | None:
        """Seconds that the invocation has left, less the time to answer in."""
        remaining = getattr(context, "get_remaining_time_in_millis", None)
        if remaining is None:  # called by hand, without Lambda's context
            return None
        return max(0.0, (int(remaining()) - self._settings.margin_ms) / 1000)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the proxy's loop. Lambda calls one at a time; a test may call from anywhere."""
        with self._one_at_a_time:
            return _run_on(self._loop, work)

    def close(self) -> None:
        """Close the driver and the loop. Lambda never does; tests must."""
        self._close()
        if self._usage is not None:
            self._usage.close()

    def __repr__(self) -> str:
        """Which database, how many at once, cold or warm; never the URI."""
        kind = "embedded" if self._settings.is_embedded else self._settings.driver
        state = "cold" if self._is_cold else "warm"
        return f"<Proxy {kind} pool_size={self._settings.pool_size} {state}>"


def _answers(
    request: Request,
    operations: Sequence[ValidOperation],
    done: Sequence[Done],
    refused: Mapping[Any, dict[str, Any]],
) -> list[Answer]:
    """One for each operation that was asked for, in their order."""
    reply = request.reply
    plain = PLAIN if reply.is_packed else frozenset()
    run = [
        packed_answer(operation.id, each.ok, each.is_write, reply)
        if type(each.ok) in plain
        else _answer(operation, each, reply)
        for operation, each in zip(operations, done, strict=True)
    ]
    if len(run) == len(request.operations):
        return run
    answers: list[Answer] = []
    following = iter(run)
    for item in request.operations:
        if item.id in refused:
            answers.append(answer(item.id, reply=reply, is_write=False, err=refused[item.id]))
        elif isinstance(item, ValidOperation):
            answers.append(next(following))
        else:
            fault = err("ProtocolError", item.reason)
            answers.append(answer(item.id, reply=reply, is_write=False, err=fault))
    return answers


def _answer(operation: ValidOperation, done: Done, reply: Reply) -> Answer:
    if done.is_left_out:
        return again(operation.id, reply)
    return answer(
        operation.id,
        reply=reply,
        is_write=done.is_write,
        ok=done.ok,
        err=done.err,
        cursor=done.cursor,
        is_kept=done.cursor is not None or operation.op == "get_more",
    )


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector until the answer is there.

    A batch is many objects that all live until then, through which it would walk again and again
    and find nothing: a fifth of the time of 10,000 operations (docs/performance.md).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _limits(
    batch_ms: int | None, operations: Sequence[ValidOperation], left: float | None
) -> list[Limit]:
    """The limit of each operation, of which most batches have few that differ."""
    made: dict[int | None, Limit] = {}
    for operation in operations:
        if operation.timeout_ms not in made:
            made[operation.timeout_ms] = Limit(_asked(batch_ms, operation.timeout_ms), left)
    return [made[operation.timeout_ms] for operation in operations]


def _asked(*limits_ms: int | None) -> float | None:
    """The least of the caller's limits, in seconds."""
    least = min((limit for limit in limits_ms if limit is not None), default=None)
    return None if least is None else least / 1000


def _close(driver: Driver, loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_running():  # else the interpreter ends under an invocation of another thread
        _run_on(loop, _ended(driver))
        loop.close()


async def _ended(driver: Driver) -> None:
    """Close the driver, and end what is left on the loop: nobody runs it again."""
    await driver.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _run_on(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return loop.run_until_complete(work)
    # Called from a coroutine of another loop, as tests do: a loop cannot run inside another one in
    # the same thread.
    return _in_a_thread(lambda: loop.run_until_complete(work))


def _in_a_thread(work: Callable[[], T]) -> T:
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run, name="motorpool-proxy")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]
