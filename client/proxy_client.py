"""The client: what an application makes once, outside its handler.

The face only: what runs behind it is the `Engine`, which is imported when a client is made, as its
transport is. So naming this class costs `bson` and little else, and not even `asyncio`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, overload

from motorpool.batching.bounds import Bounds
from motorpool.batching.counters import Counters
from motorpool.batching.operations import COMMANDS
from motorpool.client.client_commands import ClientCommands
from motorpool.client.database import Database
from motorpool.client.refusals import misconfigured
from motorpool.client.retry import RetryPolicy
from motorpool.client.settings import client_settings

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from bson.codec_options import CodecOptions

    from motorpool.client.lambda_entry import LambdaHandler, LambdaLoop
    from motorpool.client.scope import Scope
    from motorpool.client.transports.base import Transport
    from motorpool.client.usage import Usage

T = TypeVar("T")


class ProxyClient(ClientCommands):
    """A MongoDB client without a connection: its operations go through the proxy Lambda.

        client = ProxyClient("motorpool-proxy")
        user, orders = await asyncio.gather(
            client.shop.users.find_one({"_id": 1}),
            client.shop.orders.find({"user": 1}).to_list(),
        )  # one invocation

    May be made before a loop runs, and used from several loops one after the other.
    """

    def __init__(
        self,
        function_name: str | None = None,
        *,
        transport: Transport | None = None,
        timeout: float | None = None,
        bounds: Bounds | None = None,
        retry: RetryPolicy | None = None,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        read_concern: Any = None,
        write_concern: Any = None,
        default_database: str | None = None,
        usage: str | os.PathLike[str] | Callable[[dict[str, Any]], object] | None = None,
        **keywords: Any,
    ) -> None:
        """Reach the proxy function `function_name`, or whatever `transport` reaches.

        `timeout`: seconds that an operation may take where no request scope says less; None: as
        long as the function. `bounds`: sizes of batches and queue, flights at once, linger.
        `retry`: what is sent again, how often.

        `codec_options`, `read_preference`, `read_concern`, `write_concern`: what databases and
        collections inherit, as the driver's; what is not said here is as the proxy's URI says. Or
        in the driver's own keywords: document_class, tz_aware, tzinfo, type_registry,
        uuidRepresentation, unicode_decode_error_handler, datetime_conversion, w, wTimeoutMS
        (milliseconds), journal, fsync, readPreference, readPreferenceTags, maxStalenessSeconds,
        readConcernLevel. `default_database`: what `get_default_database` gives.

        `usage`: where a line of recorded usage goes for each batch (`motorpool.client.usage` says
        what is in it): the path of a file that it is appended to, "stdout", or a function that
        takes it as a dict, on the event loop. On Lambda, where files can be written in /tmp alone
        and are gone with the execution environment, "stdout" is what to use: CloudWatch has it.

        Further keywords go to `LambdaTransport`: function_timeout, region_name, endpoint_url,
        session …

        Raises TypeError for anything but exactly one of `function_name` and `transport`, ValueError
        for a bound or a time-out that nothing fits into, what the driver raises for its keywords,
        `pymongo.errors.ConfigurationError` for those that concern connections, and TypeError,
        ValueError or OSError for a `usage` that no line can be written to.
        """
        if timeout is not None and timeout <= 0:
            message = f"timeout must be more than 0 seconds, not {timeout!r}"
            raise ValueError(message)
        bounds = (bounds if bounds is not None else Bounds()).checked()
        options, lambda_options = client_settings(
            keywords,
            {
                "codec_options": codec_options,
                "read_preference": read_preference,
                "read_concern": read_concern,
                "write_concern": write_concern,
            },
        )
        self.counters = Counters()
        """What was asked, sent, saved: see `motorpool.batching.counters`."""
        if function_name is not None and "://" in function_name:
            misconfigured(
                "ProxyClient takes the name of the proxy function: the proxy holds connections, "
                "and a URI belongs into its MOTORPOOL_MONGODB_URI"
            )
        if function_name is not None and transport is None:
            transport = _lambda_transport(function_name, bounds.flights, lambda_options)
        elif transport is None or function_name is not None:
            message = "ProxyClient takes a function name or transport=…, exactly one of them"
            raise TypeError(message)
        elif lambda_options:
            message = f"{', '.join(lambda_options)}: not taken together with transport=…"
            raise TypeError(message)
        self._transport = transport
        recorded = None if usage is None else _recorded(usage, transport)
        self._lambda_loop: LambdaLoop | None = None
        # Late, but not lazy: a client is made in the init phase, and from here on it is whole.
        from motorpool.client.engine import Engine  # noqa: PLC0415 - see the top of this file

        engine = Engine(
            self._transport,
            bounds=bounds,
            retry=retry if retry is not None else RetryPolicy(),
            counters=self.counters,
            timeout=timeout,
            codec_options=options.codec_options,
            usage=recorded,
        )
        super().__init__(engine, f"admin.{COMMANDS}", options)
        self._default_database = default_database

    # Databases ------------------------------------------------------------------------------------

    def get_database(
        self,
        name: str | None = None,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> Database:
        """The database of this name, or the default one; options not given are the client's.

        Raises TypeError for options, TypeError or `pymongo.errors.InvalidName` for a bad name, and
        `pymongo.errors.ConfigurationError` where there is no name and no default database.
        """
        if name is None:
            if self._default_database is None:
                misconfigured("No default database defined")
            name = self._default_database
        return Database(self, name, codec_options, read_preference, write_concern, read_concern)

    def get_default_database(
        self,
        default: str | None = None,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> Database:
        """The client's `default_database`; where it has none, the one named `default`.

        Raises as `get_database`.
        """
        name = self._default_database or default
        if name is None:
            misconfigured("No default database name defined or provided.")
        return Database(self, name, codec_options, read_preference, write_concern, read_concern)

    def __getitem__(self, name: str) -> Database:
        """The database of this name."""
        return Database(self, name)

    def __getattr__(self, name: str) -> Database:
        """The database of this name, unless it begins with an underscore."""
        if name.startswith("_"):
            message = (
                f"ProxyClient has no attribute {name!r}. To access the {name} database, "
                f"use client[{name!r}]."
            )
            raise AttributeError(message)
        return self[name]

    # With `__getitem__` alone it would seem to be iterable.
    __iter__ = None

    def __next__(self) -> NoReturn:
        """Refused, as by the driver."""
        raise TypeError("'ProxyClient' object is not iterable")

    next = __next__

    # Scopes ---------------------------------------------------------------------------------------

    def request(self, timeout: float | None = None) -> Scope:
        """A request scope: `async with client.request(timeout=2.0):`.

        Operations inside are coalesced with each other only, and end within `timeout` seconds. When
        the block ends, all of them are settled.
        """
        return self._engine.scope(timeout=timeout, is_batch=False)

    def batch(self, timeout: float | None = None) -> Scope:
        """An explicit batch: `async with client.batch():` sends what is called inside as one.

        It leaves when the block ends, when it is full, or when an operation in it is awaited inside
        the block (which would otherwise wait for ever). An exception that leaves the block drops
        what was not sent.
        """
        return self._engine.scope(timeout=timeout, is_batch=True)

    async def flush(self) -> None:
        """Send what is queued on the running loop, in this scope, now."""
        self._engine.coalescer().flush()

    # A Lambda application's entry -----------------------------------------------------------------

    @overload
    def handler(self, function: Callable[[Any, Any], Awaitable[T]], /) -> LambdaHandler[T]: ...

    @overload
    def handler(
        self, function: None = None, /, *, margin: float = 0.25, grace: float = 1.0
    ) -> Callable[[Callable[[Any, Any], Awaitable[T]]], LambdaHandler[T]]: ...

    def handler(
        self,
        function: Callable[[Any, Any], Awaitable[T]] | None = None,
        /,
        *,
        margin: float = 0.25,
        grace: float = 1.0,
    ) -> Any:
        """Decorate an application's asynchronous handler: what it becomes is Lambda's entry.

            @client.handler
            async def handler(event, context):
                return await client.shop.users.find_one({"_id": event["user"]})

        Each invocation runs in a request scope of its own, on one event loop that lives as long as
        the execution environment. Its operations end `margin` seconds before Lambda ends the
        invocation, as `context` says; without a context they have no such limit. Before the entry
        returns, also when the handler raises, tasks that it has started and not awaited are waited
        for, at most `grace` seconds, and what is queued or on its way is settled. A task that still
        runs is logged and left to go on in the next invocation. Invocations from several threads
        run one after the other.

        Tests await the coroutine itself: `await handler.__wrapped__(event, context)`. Raises
        TypeError for anything but an `async def`, and the entry RuntimeError in a thread whose
        event loop runs.
        """
        from motorpool.client.lambda_entry import LambdaLoop  # noqa: PLC0415 - it brings asyncio

        if self._lambda_loop is None:
            self._lambda_loop = LambdaLoop(self._engine, self._transport)
        loop = self._lambda_loop
        if function is None:
            return lambda function: loop.entry(function, margin=margin, grace=grace)
        return loop.entry(function, margin=margin, grace=grace)

    # Closing --------------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Send what is queued on this loop, wait for what is on its way, and close the transport.

        Operations that are asked for afterwards fail with ClientClosed.
        """
        await self._engine.aclose()
        if self._lambda_loop is not None:
            await self._lambda_loop.aclose()

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """See `aclose`."""
        await self.aclose()

    def __repr__(self) -> str:
        """Through which transport, open or closed."""
        state = " closed" if self._engine.closed is not None else ""
        return f"<ProxyClient {self._transport!r}{state}>"


def _recorded(usage: object, transport: Transport) -> Usage:
    from motorpool.client.usage import recorded  # noqa: PLC0415 - paid by who records usage

    return recorded(usage, function=getattr(transport, "function_name", None))


def _lambda_transport(
    function_name: str, flights: int, lambda_options: dict[str, Any]
) -> Transport:
    from motorpool.client.transports.aws import LambdaTransport  # noqa: PLC0415 - as above

    return LambdaTransport(function_name, **{"max_connections": flights, **lambda_options})
