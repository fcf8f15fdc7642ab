"""Calls a handler in this process: for tests, where a Lambda would be too much.

The handler runs in a thread of its own, one invocation at a time, as in one execution environment.
Event and response pass through JSON and Lambda's size limits, so that what works here works there.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from motorpool.batching.errors import FunctionFailed, NotInvoked
from motorpool.batching.limits import LAMBDA_REQUEST_BYTES, LAMBDA_RESPONSE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable


class InProcessContext:
    """Lambda's context object, as far as handlers ask it."""

    def __init__(self, function_name: str, timeout: float) -> None:
        """`timeout`: seconds from now until the invocation would be ended."""
        self.function_name = function_name
        self.aws_request_id = str(uuid.uuid4())
        self.memory_limit_in_mb = "128"
        self._deadline = time.monotonic() + timeout

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation would be ended."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class InProcessTransport:
    """A transport to `handler(event, context)` in this process.

        transport = InProcessTransport(handler)
        async with ProxyClient(transport=transport) as client: ...

    `function_timeout`, in seconds, is what the handler's context counts down from; a handler that
    overruns it is not stopped (a thread cannot be).
    """

    def __init__(
        self, handler: Callable[[Any, Any], object], *, function_timeout: float = 30.0
    ) -> None:
        """Take any Lambda handler: what it returns is bytes, or is encoded as JSON."""
        self._handler = handler
        self._function_timeout = function_timeout
        self._thread: ThreadPoolExecutor | None = None

    async def invoke(self, payload: bytes) -> bytes:
        """Call the handler with this event. See `Transport`."""
        if len(payload) > LAMBDA_REQUEST_BYTES:
            message = f"the request is {len(payload)} bytes; Lambda takes {LAMBDA_REQUEST_BYTES}"
            raise NotInvoked(message)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="motorpool-in-process")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._call, payload)

    def _call(self, payload: bytes) -> bytes:
        context = InProcessContext(_NAME, self._function_timeout)
        try:
            response = self._handler(json.loads(payload), context)
            data = response if isinstance(response, bytes) else json.dumps(response).encode()
        except (Exception, SystemExit) as error:  # an exit ends the function, and not its caller
            raise FunctionFailed(type(error).__name__, str(error)) from error
        if len(data) > LAMBDA_RESPONSE_BYTES:
            message = f"the response is {len(data)} bytes; Lambda takes {LAMBDA_RESPONSE_BYTES}"
            raise FunctionFailed("Function.ResponseSizeTooLarge", message)
        return data

    async def aclose(self) -> None:
        """End the thread, once the invocation that it is in has ended."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            await asyncio.get_running_loop().run_in_executor(None, thread.shutdown)

    def __repr__(self) -> str:
        """Which handler."""
        return f"InProcessTransport({self._handler!r})"


_NAME: Final = "motorpool-proxy"
