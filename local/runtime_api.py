"""The Runtime API of one execution environment: where its runtime asks for work and answers.

Each environment has its own, on its own port of the loopback, so that it can speak for itself
only. It knows nothing of processes and time (`environment.py` does) and never holds more than one
invocation.

Source: AWS Lambda Developer Guide, "Using the Lambda runtime API" (2018-06-01), and what
awslambdaric 4.2 sends.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from motorpool.local import limits, outcome
from motorpool.local.body import read_body
from motorpool.local.outcome import Invocation, Outcome

__all__ = ["Exchange", "RuntimeApi"]

_HOST: Final = "127.0.0.1"
_PREFIX: Final = "/2018-06-01/runtime"
_ACCEPTED: Final = {"status": "OK"}


@dataclass(kw_only=True, eq=False)
class Exchange:
    """An invocation offered to the runtime, and the future of its outcome.

    `on_delivered` is called when the runtime takes it, before it has it. `delivered_at` is None
    until then: an invocation that was not taken may run elsewhere. Both times are of
    `time.perf_counter`, `answered_at` that at which the answer had come to its end.
    """

    invocation: Invocation
    deadline_ms: int
    on_delivered: Callable[[], None]
    delivered_at: float | None = None
    answered_at: float | None = None
    outcome: asyncio.Future[Outcome] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def seconds(self) -> float:
        """How long it has run: from when it was taken until it was answered, or until now.

        Lambda counts on until the runtime asks for its next invocation ("Lambda execution
        environment lifecycle", Invoke phase). awslambdaric does so at once, and no caller shall
        wait for it.
        """
        if self.delivered_at is None:
            return 0.0
        return (self.answered_at or time.perf_counter()) - self.delivered_at


class RuntimeApi:
    """A server for one runtime. Make, start and close it on one running loop.

    `ready` is done when the runtime first asks for an invocation: its init phase is over, at that
    time (`time.perf_counter`). `init_error` is what it posted instead, as JSON, and
    `init_error_type` what it called that; `on_init_error` is awaited before it has its answer, and
    ends.
    """

    def __init__(self, on_init_error: Callable[[], Awaitable[None]]) -> None:
        self.ready: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.init_error: bytes | None = None
        self.init_error_type: str | None = None
        self.address = ""
        self._on_init_error = on_init_error
        self._exchange: Exchange | None = None
        self._offered = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port; `address` is `host:port` from then on."""
        app = web.Application()
        app.add_routes(
            [
                web.get(f"{_PREFIX}/invocation/next", self._next),
                web.post(f"{_PREFIX}/invocation/{{request_id}}/response", self._response),
                web.post(f"{_PREFIX}/invocation/{{request_id}}/error", self._error),
                web.post(f"{_PREFIX}/init/error", self._init_error),
            ]
        )
        self._runner = web.AppRunner(
            app,
            access_log=None,
            # A runtime that has gone must not take an invocation with it.
            handler_cancellation=True,
            max_field_size=limits.MAX_RUNTIME_HEADER_BYTES,
            shutdown_timeout=1.0,
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, _HOST, 0).start()
        self.address = "{}:{}".format(*self._runner.addresses[0][:2])

    async def aclose(self) -> None:
        """Stop listening and drop what is connected."""
        if self._runner is not None:
            await self._runner.cleanup()

    def offer(
        self, invocation: Invocation, deadline_ms: int, on_delivered: Callable[[], None]
    ) -> Exchange:
        """Put `invocation` where the runtime's next request takes it.

        `deadline_ms` is in milliseconds since the epoch.
        """
        self._exchange = Exchange(
            invocation=invocation, deadline_ms=deadline_ms, on_delivered=on_delivered
        )
        self._offered.set()
        return self._exchange

    async def _next(self, _: web.Request) -> web.Response:
        if not self.ready.done():
            self.ready.set_result(time.perf_counter())
        await self._offered.wait()
        exchange = self._exchange
        if exchange is None or exchange.delivered_at is not None:
            return _refusal(403, "InvalidStateTransition", "An invocation is not answered yet")
        exchange.on_delivered()
        exchange.delivered_at = time.perf_counter()
        invocation = exchange.invocation
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(exchange.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return web.Response(body=invocation.payload, headers=headers)

    async def _response(self, request: web.Request) -> web.Response:
        return await self._answer(request, function_error=None)

    async def _error(self, request: web.Request) -> web.Response:
        return await self._answer(request, function_error=outcome.UNHANDLED)

    async def _answer(self, request: web.Request, function_error: str | None) -> web.Response:
        body = await read_body(request, limits.MAX_RESPONSE_BYTES)
        exchange = self._exchange
        if exchange is None or request.match_info["request_id"] != exchange.invocation.request_id:
            return _refusal(400, "InvalidRequestID", "Invalid request ID")
        exchange.answered_at = time.perf_counter()
        self._exchange = None
        self._offered.clear()
        if body.size > limits.MAX_RESPONSE_BYTES:
            exchange.outcome.set_result(outcome.too_large(body.size))
            return _refusal(
                413,
                "RequestEntityTooLarge",
                f"Exceeded maximum allowed payload size ({limits.MAX_RESPONSE_BYTES} bytes).",
            )
        exchange.outcome.set_result(Outcome(payload=body.data, function_error=function_error))
        return web.json_response(_ACCEPTED, status=202)

    async def _init_error(self, request: web.Request) -> web.Response:
        self.init_error = (await read_body(request, limits.MAX_RESPONSE_BYTES)).data
        self.init_error_type = request.headers.get("Lambda-Runtime-Function-Error-Type")
        await self._on_init_error()
        return web.json_response(_ACCEPTED, status=202)


def _refusal(status: int, error_type: str, message: str) -> web.Response:
    """An error in the Runtime API's form; awslambdaric raises on it, and its process ends."""
    return web.json_response({"errorType": error_type, "errorMessage": message}, status=status)
