"""Invokes the proxy function through AWS Lambda's API, with aioboto3. Never retries.

botocore would: with its defaults a batch that outlives the read time-out was run five times. Here
one call is one invocation, and the client, which knows reads from writes, decides about the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import weakref
from typing import TYPE_CHECKING, Any, Final

from motorpool.batching.errors import (
    ConnectionLost,
    FunctionFailed,
    NotInvoked,
    Throttled,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

READ_MARGIN_SECONDS: Final = 5.0
"""How much longer than the function's own time-out an answer is waited for."""
CONNECT_TIMEOUT_SECONDS: Final = 5.0
_ONE_TRY: Final = {"total_max_attempts": 1, "mode": "standard"}

THROTTLING_CODES: Final = frozenset({"TooManyRequestsException", "ThrottlingException"})
NEVER_RAN_CODES: Final = frozenset(
    {
        # Lambda API reference, "Invoke", Errors: the function could not be started.
        "EC2AccessDeniedException",
        "EC2ThrottledException",
        "EC2UnexpectedException",
        "EFSIOException",
        "EFSMountConnectivityException",
        "EFSMountFailureException",
        "EFSMountTimeoutException",
        "ENILimitReachedException",
        "InvalidRuntimeException",
        "InvalidSecurityGroupIDException",
        "InvalidSubnetIDException",
        "InvalidZipFileException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "ResourceNotReadyException",
        "SnapStartException",
        "SnapStartNotReadyException",
        "SnapStartTimeoutException",
        "SubnetIPAddressLimitReachedException",
    }
)


class LambdaTransport:
    """A transport to a Lambda function by name or ARN.

    `function_timeout` is the function's own, in seconds: the answer is waited for a little longer.
    `endpoint_url`, `region_name` and further keywords go to aioboto3's `client("lambda")`;
    `session` is an `aioboto3.Session` of your own. A connection pool belongs to an event loop, so
    each loop gets one when it first invokes; `aclose` closes the running loop's.
    """

    def __init__(
        self,
        function_name: str,
        *,
        function_timeout: float = 30.0,
        max_connections: int = 10,
        session: Any = None,
        **client_options: Any,
    ) -> None:
        """Import aioboto3, and prepare; nothing is opened and no credentials are asked for yet."""
        if not isinstance(function_name, str) or not function_name:
            message = f"function_name must be a function's name or ARN, not {function_name!r}"
            raise TypeError(message)
        import aioboto3  # noqa: PLC0415 - paid by who chooses this transport, when it is made
        from aiobotocore.config import AioConfig  # noqa: PLC0415 - as above

        self.function_name = function_name
        self._session = aioboto3.Session() if session is None else session
        config = AioConfig(
            retries=_ONE_TRY,
            read_timeout=function_timeout + READ_MARGIN_SECONDS,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            max_pool_connections=max_connections,
        )
        own = client_options.pop("config", None)
        # Whatever the caller's own config says of retries: it is the client that repeats.
        config = config if own is None else config.merge(own).merge(AioConfig(retries=_ONE_TRY))
        self._options = {**client_options, "config": config}
        self._opened: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Opened] = (
            weakref.WeakKeyDictionary()
        )

    async def invoke(self, payload: bytes) -> bytes:
        """Invoke the function once. See `Transport`."""
        client = await self._client()
        try:
            # A file object, since aiohttp warns of bytes above 1 MB.
            response = await client.invoke(
                FunctionName=self.function_name, Payload=io.BytesIO(payload)
            )
            async with response["Payload"] as stream:  # lets go of the connection in any case
                body: bytes = await stream.read()
        except Exception as error:
            raise map_error(error) from error
        if "FunctionError" in response:
            raise _function_failed(body)
        return body

    async def open(self) -> None:
        """Make the client for the running loop now instead of at the first invocation."""
        await self._client()

    async def _client(self) -> Any:
        loop = asyncio.get_running_loop()
        opened = self._opened.get(loop)
        if opened is None:
            await self._close_orphans()
            opened = self._opened.setdefault(loop, _Opened())
        try:
            return await opened.client(self._session, self._options)
        except Exception as error:  # no region, no credentials, a bad endpoint: nothing has run
            raise map_error(error, was_sent=False) from error

    async def _close_orphans(self) -> None:
        """Close what belongs to loops that were closed without `aclose` (two `asyncio.run`s)."""
        for loop in [loop for loop in self._opened if loop.is_closed()]:
            await self._opened.pop(loop).aclose()

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        await self._close_orphans()
        opened = self._opened.pop(asyncio.get_running_loop(), None)
        if opened is not None:
            await opened.aclose()

    def __repr__(self) -> str:
        """Which function, and over how many loops it is open."""
        return f"<LambdaTransport {self.function_name} open on {len(self._opened)} loops>"


class _Opened:
    """One loop's client, made once however many invocations ask for it at the same time."""

    def __init__(self) -> None:
        self._making = asyncio.Lock()
        self._client: Any = None
        self._stack = contextlib.AsyncExitStack()

    async def client(self, session: Any, options: Mapping[str, Any]) -> Any:
        if self._client is None:
            async with self._making:
                if self._client is None:
                    client = session.client("lambda", **options)
                    self._client = await self._stack.enter_async_context(client)
        return self._client

    async def aclose(self) -> None:
        self._client = None
        await self._stack.aclose()


# Foreign errors, mapped at this one boundary ------------------------------------------------------


def map_error(error: Exception, *, was_sent: bool = True) -> TransportError:
    """The TransportError for what aioboto3 raised: what is known of the invocation.

    `was_sent`: whether the request may have left; what botocore raises before that (parameters,
    credentials, no connection) is told from what it raises after.
    """
    from botocore import exceptions  # noqa: PLC0415 - aioboto3 has imported it already

    if isinstance(error, exceptions.ClientError):
        return _map_response(error.response)
    never_left = (
        exceptions.BaseEndpointResolverError,
        exceptions.ConnectTimeoutError,
        exceptions.CredentialRetrievalError,
        exceptions.EndpointProviderError,
        exceptions.InvalidConfigError,
        exceptions.MetadataRetrievalError,
        exceptions.NoAuthTokenError,
        exceptions.NoCredentialsError,
        exceptions.ParamValidationError,
        exceptions.PartialCredentialsError,
        exceptions.ProxyConnectionError,
        exceptions.RefreshWithMFAUnsupportedError,
        exceptions.SSLError,
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
        exceptions.ValidationError,
    )
    is_unconnected = isinstance(error, exceptions.EndpointConnectionError) and _never_connected(
        error
    )
    if not was_sent or is_unconnected or isinstance(error, never_left):
        return NotInvoked(f"the proxy function could not be invoked: {error}")
    return ConnectionLost(f"no answer from the proxy function: {type(error).__name__}: {error}")


def _never_connected(error: Any) -> bool:
    """Whether an EndpointConnectionError is what its name says.

    aiobotocore raises it of a connection that is reset in the middle of an invocation, too (2.25,
    httpsession.py: of every aiohttp.ClientConnectionError that it does not name).
    """
    cause = error.kwargs.get("error")
    names = {cls.__name__ for cls in type(cause).__mro__}
    return not names.isdisjoint({"ClientConnectorError", "ConnectionRefusedError", "gaierror"})


def _map_response(response: Mapping[str, Any]) -> TransportError:
    code = str(response.get("Error", {}).get("Code", ""))
    said = str(response.get("Error", {}).get("Message", ""))
    metadata = response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", 0)
    message = f"Lambda refused the invocation: {code} ({status}): {said}"
    if code in THROTTLING_CODES or status == _TOO_MANY_REQUESTS:
        return Throttled(
            message,
            retry_after=_seconds(metadata.get("HTTPHeaders", {}).get("retry-after")),
            reason=response.get("Reason"),
        )
    if code in NEVER_RAN_CODES or _BAD_REQUEST <= status < _SERVER_ERROR:
        return NotInvoked(message)
    return ConnectionLost(message)


_BAD_REQUEST: Final = 400
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500


def _seconds(header: str | None) -> float | None:
    try:
        return None if header is None else max(0.0, float(header))
    except ValueError:  # a date, which Lambda does not send
        return None


def _function_failed(body: bytes) -> FunctionFailed:
    import json  # noqa: PLC0415 - only here; botocore has imported it already

    try:
        error = json.loads(body)
    except ValueError:
        error = None
    if not isinstance(error, dict):
        return FunctionFailed("Unhandled", body[:500].decode("utf-8", "replace"))
    return FunctionFailed(
        str(error.get("errorType", "Unhandled")), str(error.get("errorMessage", ""))
    )
