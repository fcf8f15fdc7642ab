"""AWS Lambda's Invoke API on loopback, answering by a script: what the transport meets on the wire.

Source: AWS Lambda API reference, "Invoke": path, headers, and the shapes of its errors.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType


Step: TypeAlias = "Callable[[web.Request], Awaitable[web.StreamResponse]]"

OPTIONS: dict[str, Any] = {
    "region_name": "eu-central-1",
    "aws_access_key_id": "an-id",
    "aws_secret_access_key": "a-secret",
}
"""What a client needs to sign its requests with, none of it real."""


class Invocation(NamedTuple):
    """One request as it arrived."""

    function: str
    payload: bytes


class LambdaServer:
    """Serves while entered: one step of its script for each invocation, and then `null`."""

    def __init__(self, *script: Step) -> None:
        self.invocations: list[Invocation] = []
        self._script = list(script)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_post("/2015-03-31/functions/{name}/invocations", self._invoke)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _invoke(self, request: web.Request) -> web.StreamResponse:
        payload = await request.read()
        self.invocations.append(Invocation(request.match_info["name"], payload))
        step = self._script.pop(0) if self._script else answer(b"null")
        return await step(request)


def answer(body: bytes, status: int = 200, **headers: str) -> Step:
    """Answer with these bytes; in the headers' names `_` is `-`."""

    async def step(request: web.Request) -> web.StreamResponse:
        del request
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=body, status=status, headers=named)

    return step


def refuse(status: int, code: str, *, retry_after: str | None = None, **members: str) -> Step:
    """Refuse as the service does: the error's name in a header, its members in the body."""
    headers = {"x_amzn_ErrorType": code, "Content_Type": "application/json"}
    if retry_after is not None:
        headers["Retry_After"] = retry_after
    return answer(json.dumps(members).encode(), status, **headers)


def function_error(body: bytes, kind: str = "Unhandled") -> Step:
    """Answer as where the function itself failed: 200, with a header that says so."""
    return answer(body, X_Amz_Function_Error=kind)


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    del request
    await asyncio.sleep(30)
    raise AssertionError


async def close(request: web.Request) -> web.StreamResponse:
    """Close the connection instead of answering."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def reset(request: web.Request) -> web.StreamResponse:
    """Reset the connection instead of answering: a close without lingering is an RST."""
    assert request.transport is not None
    connection = request.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
    return web.Response()


async def break_off(request: web.Request) -> web.StreamResponse:
    """Close the connection in the middle of the answer."""
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"v": 1')
    assert request.transport is not None
    request.transport.close()
    return response
