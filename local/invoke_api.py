"""Lambda's Invoke API over HTTP, in the form that boto3, aioboto3 and the AWS tools read.

From the request to the answer, top to bottom. A refusal (4xx, 5xx) means that the function did not
run; what the function did, its failures included, is a 200. It never ends an invocation because
its caller went away: neither does Lambda.

Source: AWS Lambda API Reference, "Invoke"; the members' places in botocore's service-2.json.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, NoReturn
from uuid import uuid4

from aiohttp import web

from motorpool.local import identity, limits
from motorpool.local.body import read_body
from motorpool.local.config import FunctionConfig
from motorpool.local.outcome import Invocation, Outcome
from motorpool.local.pool import (
    EnvironmentPool,
    NoEnvironmentError,
    ShuttingDownError,
    ThrottledError,
)

__all__ = ["InvokeApi"]

_INVOKE: Final = "/2015-03-31/functions/{function}/invocations"
_MAX_BYTES: Final = {
    "RequestResponse": limits.MAX_REQUEST_BYTES,
    "Event": limits.MAX_EVENT_BYTES,
    "DryRun": limits.MAX_REQUEST_BYTES,
}


class _RefusedError(Exception):
    """An answer in place of a run: HTTP status, AWS error code, and the body's members."""

    def __init__(self, status: HTTPStatus, code: str, **members: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.members = members


class InvokeApi:
    """The HTTP side of one function, whose environments are in `pool`."""

    def __init__(
        self, config: FunctionConfig, pool: EnvironmentPool, *, write_line: Callable[[str], None]
    ) -> None:
        self._config = config
        self._pool = pool
        self._write_line = write_line
        # Invocations belong to the service, not to the connection they came by.
        self._running: set[asyncio.Task[Outcome]] = set()

    def application(self) -> web.Application:
        """The aiohttp application to serve."""
        app = web.Application()
        app.router.add_post(_INVOKE, self._invoke)
        app.router.add_route("*", "/{path:.*}", _unknown)
        return app

    async def finish(self) -> None:
        """Wait until every invocation has its outcome."""
        if self._running:
            await asyncio.wait(self._running)

    async def _invoke(self, request: web.Request) -> web.Response:
        try:
            return await self._serve(request)
        except _RefusedError as refused:
            return _refusal(refused)
        except ThrottledError:
            return _refusal(_throttled())
        except ShuttingDownError:
            return _refusal(_service_fault("The local Lambda is being stopped"))
        except NoEnvironmentError as error:
            self._write_line(f"no execution environment could be started: {error}")
            return _refusal(_service_fault(f"No execution environment could be started: {error}"))

    async def _serve(self, request: web.Request) -> web.Response:
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        invocation = await self._read(request, kind)
        if kind == "DryRun":
            return web.Response(status=HTTPStatus.NO_CONTENT, headers=_headers(invocation))
        if kind == "Event":
            self._run(invocation, may_wait=True).add_done_callback(self._log_failure)
            return web.Response(status=HTTPStatus.ACCEPTED, headers=_headers(invocation))
        outcome = await asyncio.shield(self._run(invocation, may_wait=False))
        wants_log = request.headers.get("X-Amz-Log-Type") == "Tail"
        return _answer(invocation, outcome, wants_log=wants_log)

    async def _read(self, request: web.Request, kind: str) -> Invocation:
        """The invocation that the request asks for, checked in the order in which Lambda checks."""
        named = identity.invoked_name(request.match_info["function"])
        if named is None or named[0] != self._config.name:
            arn = identity.function_arn(named[0] if named else request.match_info["function"])
            raise _RefusedError(
                HTTPStatus.NOT_FOUND,
                "ResourceNotFoundException",
                Message=f"Function not found: {arn} (this service runs {self._config.name})",
            )
        if kind not in _MAX_BYTES:
            raise _invalid("InvalidParameterValueException", f"Unknown invocation type: {kind}")
        body = await read_body(request, _MAX_BYTES[kind])
        if body.size > _MAX_BYTES[kind]:
            raise _RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "RequestTooLargeException",
                message=f"{body.size} byte payload is too large for the {kind} invocation type "
                f"(limit {_MAX_BYTES[kind]} bytes)",
            )
        payload = body.data or b"{}"
        try:
            _load_json(payload)
        except (ValueError, RecursionError) as error:
            raise _invalid(
                "InvalidRequestContentException", f"Could not parse request body into json: {error}"
            ) from None
        # Any alias or version means the function as it stands: nothing is published here.
        qualifier = named[1] or request.query.get("Qualifier")
        arn = identity.function_arn(self._config.name, qualifier)
        context = _client_context(request.headers.get("X-Amz-Client-Context"))
        trace_id = request.headers.get("X-Amzn-Trace-Id")
        if trace_id is None:
            return Invocation(payload=payload, function_arn=arn, client_context=context)
        return Invocation(
            payload=payload, function_arn=arn, client_context=context, trace_id=trace_id
        )

    def _run(self, invocation: Invocation, *, may_wait: bool) -> asyncio.Task[Outcome]:
        task = asyncio.create_task(self._pool.invoke(invocation, may_wait=may_wait))
        self._running.add(task)
        task.add_done_callback(self._settled)
        return task

    def _settled(self, task: asyncio.Task[Outcome]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, even if the caller has gone

    def _log_failure(self, task: asyncio.Task[Outcome]) -> None:
        """Log the failure of an event, which has no caller. Lambda would try it twice more."""
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._write_line(f"event dropped: {str(error) or type(error).__name__}")
        elif task.result().function_error:
            self._write_line(f"event failed: {task.result().payload.decode(errors='replace')}")


def _answer(invocation: Invocation, outcome: Outcome, *, wants_log: bool) -> web.Response:
    headers = _headers(invocation) | {
        "Content-Type": "application/json",
        "X-Amz-Executed-Version": identity.VERSION,
        "X-Amzn-Trace-Id": invocation.trace_id,
    }
    if outcome.function_error is not None:
        headers["X-Amz-Function-Error"] = outcome.function_error
    if wants_log:
        headers["X-Amz-Log-Result"] = base64.b64encode(outcome.log_tail).decode()
    return web.Response(body=outcome.payload, headers=headers)


def _headers(invocation: Invocation) -> dict[str, str]:
    return {"x-amzn-RequestId": invocation.request_id}


def _refusal(refused: _RefusedError) -> web.Response:
    """An error as botocore reads it: the code from the header, the members from the body."""
    fault = "Service" if refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "User"
    return web.json_response(
        {"Type": fault, **refused.members},
        status=refused.status,
        headers={"x-amzn-ErrorType": refused.code, "x-amzn-RequestId": str(uuid4())},
    )


def _throttled() -> _RefusedError:
    return _RefusedError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "TooManyRequestsException",
        Reason="ReservedFunctionConcurrentInvocationLimitExceeded",
        message="Rate Exceeded.",
    )


def _service_fault(message: str) -> _RefusedError:
    return _RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, "ServiceException", Message=message)


def _invalid(code: str, message: str) -> _RefusedError:
    return _RefusedError(HTTPStatus.BAD_REQUEST, code, message=message)


async def _unknown(request: web.Request) -> web.Response:
    message = f"{request.method} {request.path}: the local Lambda has Invoke only"
    return _refusal(
        _RefusedError(HTTPStatus.NOT_FOUND, "UnknownOperationException", message=message)
    )


def _load_json(data: bytes) -> object:
    """Parse strictly: UTF-8, and none of the constants that Python reads and JSON does not have."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    parsed: object = json.loads(data.decode("utf-8"), parse_constant=refuse)
    return parsed


def _client_context(header: str | None) -> str | None:
    """The caller's `ClientContext` as the runtime takes it: JSON, in ASCII for the header."""
    if not header:
        return None
    try:
        context = _load_json(base64.b64decode(header, validate=True))
    except (ValueError, RecursionError):  # binascii's and json's errors are ValueErrors
        context = None
    if not isinstance(context, dict):
        raise _invalid(
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        )
    return json.dumps(context)
