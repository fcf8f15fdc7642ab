"""LambdaTransport over HTTP: one call is one request, and every answer says what is known of it."""

import socket
from typing import Any

import aioboto3
import pytest
from aiobotocore.config import AioConfig

from motorpool.batching.errors import ConnectionLost, FunctionFailed, NotInvoked, Throttled
from motorpool.batching.limits import LAMBDA_REQUEST_BYTES
from motorpool.client import LambdaTransport
from tests.both_loops import ONE_LOOP
from tests.client.lambda_server import (
    OPTIONS,
    LambdaServer,
    Step,
    answer,
    break_off,
    close,
    function_error,
    hang,
    refuse,
    reset,
)

SESSION = aioboto3.Session()
"""One for all, since each reads the service's model anew, which takes 150 ms."""

REASON = "ReservedFunctionConcurrentInvocationLimitExceeded"


async def invoke(step: Step, payload: bytes = b"{}", **options: Any) -> tuple[Any, LambdaServer]:
    """Invoke once; return the response or the error, and the server with what it was asked."""
    async with LambdaServer(step) as server:
        given = {"endpoint_url": server.url, "session": SESSION, **OPTIONS, **options}
        transport = LambdaTransport("proxy", **given)
        try:
            return await transport.invoke(payload), server
        except Exception as error:  # noqa: BLE001 - it is the outcome
            return error, server
        finally:
            await transport.aclose()


async def test_one_call_is_one_invocation_of_the_function_with_the_payload_as_it_is() -> None:
    response, server = await invoke(answer(b'{"v": 1, "res": []}'), b'{"v": 1}')

    assert response == b'{"v": 1, "res": []}'
    assert server.invocations == [("proxy", b'{"v": 1}')]


async def test_the_largest_payload_goes_through_without_a_warning() -> None:
    payload = b'"%b"' % (b"x" * (LAMBDA_REQUEST_BYTES - 2))

    response, server = await invoke(answer(payload), payload)

    assert response == payload
    assert server.invocations == [("proxy", payload)]


async def test_throttled_says_why_and_how_long_to_wait() -> None:
    step = refuse(
        429, "TooManyRequestsException", retry_after="1.5", Reason=REASON, message="Rate Exceeded."
    )

    error, server = await invoke(step)

    assert isinstance(error, Throttled)
    assert error.reason == REASON
    assert error.retry_after == 1.5
    assert "TooManyRequestsException (429): Rate Exceeded." in str(error)
    assert len(server.invocations) == 1


@ONE_LOOP
@pytest.mark.parametrize(
    ("step", "expected", "said"),
    [
        (refuse(429, "Whatever"), Throttled, "Whatever (429)"),
        (refuse(400, "ThrottlingException"), Throttled, "ThrottlingException (400)"),
        (refuse(413, "RequestTooLargeException"), NotInvoked, "RequestTooLargeException (413)"),
        (refuse(403, "AccessDeniedException"), NotInvoked, "AccessDeniedException (403)"),
        (refuse(404, "ResourceNotFoundException"), NotInvoked, "ResourceNotFoundException (404)"),
        (refuse(502, "EC2ThrottledException"), NotInvoked, "EC2ThrottledException (502)"),
        (refuse(500, "ServiceException"), ConnectionLost, "ServiceException (500)"),
        (answer(b"<html>", 502), ConnectionLost, "502"),
        (answer(b"", 503), ConnectionLost, "503"),
        (answer(b"", 504), ConnectionLost, "504"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_refusal_is_not_invoked_where_it_is_sure_that_nothing_has_run(
    step: Step, expected: type[Exception], said: str
) -> None:
    error, server = await invoke(step)

    assert type(error) is expected
    assert said in str(error)
    assert len(server.invocations) == 1


@ONE_LOOP
@pytest.mark.parametrize(
    ("body", "error_type", "error_message"),
    [
        (
            b'{"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: 1 timed out"}',
            "Sandbox.Timedout",
            "RequestId: 1 timed out",
        ),
        (
            b'{"errorMessage": "RequestId: 1 Process exited"}',
            "Unhandled",
            "RequestId: 1 Process exited",
        ),
        (b"null", "Unhandled", "null"),
        (b"no JSON \xff", "Unhandled", "no JSON \ufffd"),
        (b"", "Unhandled", ""),
    ],
)
async def test_a_function_that_died_says_of_what(
    body: bytes, error_type: str, error_message: str
) -> None:
    error, server = await invoke(function_error(body))

    assert isinstance(error, FunctionFailed)
    assert (error.error_type, error.error_message) == (error_type, error_message)
    assert error.may_have_applied is True
    assert len(server.invocations) == 1


@pytest.mark.parametrize("step", [close, reset, break_off])
async def test_a_connection_that_breaks_under_way_may_have_invoked(step: Step) -> None:
    error, server = await invoke(step)

    assert type(error) is ConnectionLost
    assert error.may_have_applied is True
    assert len(server.invocations) == 1


async def test_a_read_time_out_may_have_invoked_and_is_not_tried_again() -> None:
    error, server = await invoke(hang, config=AioConfig(read_timeout=0.2))

    assert type(error) is ConnectionLost
    assert "ReadTimeoutError" in str(error)
    assert len(server.invocations) == 1


async def test_nothing_is_tried_again_although_the_environment_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "standard")

    for step in (refuse(500, "ServiceException"), refuse(429, "TooManyRequestsException"), close):
        error, server = await invoke(step)
        assert isinstance(error, Exception)
        assert len(server.invocations) == 1


async def test_where_nobody_listens_nothing_was_invoked() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    error, server = await invoke(hang, endpoint_url=url)

    assert type(error) is NotInvoked
    assert server.invocations == []


async def test_a_name_that_cannot_be_resolved_was_not_invoked() -> None:
    error, _ = await invoke(hang, endpoint_url="http://no-such-host.invalid:1")

    assert type(error) is NotInvoked


async def test_without_credentials_nothing_is_invoked() -> None:
    error, server = await invoke(
        hang, session=None, aws_access_key_id=None, aws_secret_access_key=None
    )

    assert type(error) is NotInvoked
    assert "Unable to locate credentials" in str(error)
    assert server.invocations == []


async def test_without_a_region_nothing_is_invoked() -> None:
    error, server = await invoke(hang, session=None, region_name=None, endpoint_url=None)

    assert type(error) is NotInvoked
    assert "You must specify a region" in str(error)
    assert server.invocations == []


async def test_an_endpoint_that_is_no_url_is_not_invoked() -> None:
    error, _ = await invoke(hang, endpoint_url="no url")

    assert type(error) is NotInvoked
