"""Foreign errors, mapped at one boundary: what each of the AWS library's says of the invocation."""

import socket
import string
from typing import Any

import aiohttp
import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from motorpool.batching.errors import ConnectionLost, NotInvoked, Throttled, TransportError
from motorpool.client.transports.aws import map_error


def made(cls: type[Any], **fields: Any) -> Exception:
    """Make one of botocore's exceptions, with something for each field of its message."""
    names = [name for _, name, _, _ in string.Formatter().parse(cls.fmt) if name]
    error: Exception = cls(**{**dict.fromkeys(names, "x"), **fields})
    return error


def connector_error() -> Exception:
    """Make what aiohttp raises where it cannot connect."""
    return aiohttp.ClientConnectorError(
        aiohttp.client_reqrep.ConnectionKey("x", 80, False, True, None, None, None),  # noqa: FBT003
        OSError(113, "no route to host"),
    )


NOTHING_RAN = [
    made(exceptions.NoCredentialsError),
    made(exceptions.PartialCredentialsError),
    made(exceptions.CredentialRetrievalError),
    made(exceptions.TokenRetrievalError),
    made(exceptions.SSOTokenLoadError),
    made(exceptions.UnauthorizedSSOTokenError),
    made(exceptions.MetadataRetrievalError),
    made(exceptions.RefreshWithMFAUnsupportedError),
    made(exceptions.NoAuthTokenError),
    made(exceptions.InfiniteLoopConfigError),
    made(exceptions.NoRegionError),
    made(exceptions.InvalidRegionError),
    made(exceptions.UnknownEndpointError),
    made(exceptions.EndpointResolutionError),
    made(exceptions.ParamValidationError),
    made(exceptions.ConnectTimeoutError),
    made(exceptions.ProxyConnectionError),
    made(exceptions.SSLError),
    made(exceptions.EndpointConnectionError, error=connector_error()),
    made(exceptions.EndpointConnectionError, error=socket.gaierror(-2, "unknown name")),
    made(exceptions.EndpointConnectionError, error=ConnectionRefusedError(111, "refused")),
]
IT_MAY_HAVE_RUN = [
    made(exceptions.ReadTimeoutError),
    made(exceptions.ConnectionClosedError),
    made(exceptions.HTTPClientError),
    made(exceptions.ResponseStreamingError),
    made(exceptions.IncompleteReadError),
    made(exceptions.ConnectionError),
    made(exceptions.EndpointConnectionError),
    made(exceptions.EndpointConnectionError, error=aiohttp.ClientOSError(104, "reset by peer")),
    made(exceptions.EndpointConnectionError, error=aiohttp.ClientConnectionError("closed")),
    ResponseParserError("no JSON"),
    aiohttp.ClientPayloadError("the answer is cut off"),
    OSError(104, "reset by peer"),
    TimeoutError(),
]


@pytest.mark.parametrize(
    "number", range(len(NOTHING_RAN)), ids=lambda n: f"{n}-{type(NOTHING_RAN[n]).__name__}"
)
def test_what_is_raised_before_the_request_leaves_has_not_invoked(number: int) -> None:
    error = NOTHING_RAN[number]

    mapped = map_error(error)

    assert type(mapped) is NotInvoked
    assert str(error) in str(mapped)


@pytest.mark.parametrize(
    "number", range(len(IT_MAY_HAVE_RUN)), ids=lambda n: f"{n}-{type(IT_MAY_HAVE_RUN[n]).__name__}"
)
def test_what_may_be_raised_after_the_request_has_left_may_have_invoked(number: int) -> None:
    error = IT_MAY_HAVE_RUN[number]

    mapped = map_error(error)

    assert type(mapped) is ConnectionLost
    assert f"{type(error).__name__}: {error}" in str(mapped)


@pytest.mark.parametrize(
    "number", range(len(IT_MAY_HAVE_RUN)), ids=lambda n: f"{n}-{type(IT_MAY_HAVE_RUN[n]).__name__}"
)
def test_whatever_is_raised_while_the_client_is_made_has_not_invoked(number: int) -> None:
    assert type(map_error(IT_MAY_HAVE_RUN[number], was_sent=False)) is NotInvoked


def test_none_of_the_exceptions_of_the_aws_library_was_forgotten() -> None:
    classes = [
        cls
        for cls in vars(exceptions).values()
        if isinstance(cls, type)
        and issubclass(cls, exceptions.BotoCoreError)
        and cls is not exceptions.WaiterError  # takes more than its message; no waiter is used
    ]
    late = {type(error) for error in IT_MAY_HAVE_RUN}

    assert len(classes) > 80
    for cls in classes:
        mapped = map_error(made(cls))
        assert isinstance(mapped, TransportError)
        # To take what came after for what came before would lose a write without a word.
        if issubclass(cls, exceptions.HTTPClientError) or cls in late:
            assert type(mapped) is ConnectionLost, cls


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("TooManyRequestsException", 429, Throttled),
        ("ThrottlingException", 400, Throttled),
        ("Unheard", 429, Throttled),
        ("InvalidParameterValueException", 400, NotInvoked),
        ("AccessDeniedException", 403, NotInvoked),
        ("ResourceNotFoundException", 404, NotInvoked),
        ("ResourceConflictException", 409, NotInvoked),
        ("RequestTooLargeException", 413, NotInvoked),
        ("UnsupportedMediaTypeException", 415, NotInvoked),
        ("KMSAccessDeniedException", 502, NotInvoked),
        ("ENILimitReachedException", 502, NotInvoked),
        ("SnapStartNotReadyException", 409, NotInvoked),
        ("ServiceException", 500, ConnectionLost),
        ("Unheard", 502, ConnectionLost),
        ("Unheard", 0, ConnectionLost),
    ],
)
def test_an_answer_of_the_service_says_whether_anything_has_run(
    code: str, status: int, expected: type[Exception]
) -> None:
    response: Any = {
        "Error": {"Code": code, "Message": "why"},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}},
    }

    mapped = map_error(exceptions.ClientError(response, "Invoke"))

    assert type(mapped) is expected
    assert str(mapped) == f"Lambda refused the invocation: {code} ({status}): why"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("Tue, 24 Nov 2026 00:00:00 GMT", None)],
)
def test_retry_after_is_a_number_of_seconds_or_nothing(
    header: str | None, seconds: float | None
) -> None:
    headers = {} if header is None else {"retry-after": header}
    response: Any = {
        "Error": {"Code": "TooManyRequestsException"},
        "ResponseMetadata": {"HTTPStatusCode": 429, "HTTPHeaders": headers},
        "Reason": "why",
    }

    mapped = map_error(exceptions.ClientError(response, "Invoke"))

    assert isinstance(mapped, Throttled)
    assert (mapped.retry_after, mapped.reason) == (seconds, "why")
