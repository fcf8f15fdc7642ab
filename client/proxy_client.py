"""The client: what an application makes once, outside its handler.

The face only: what runs behind it is the `Engine`, which is imported when a client is made, as its
transport is. So naming this class costs `bson` and little else, and not even `asyncio`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from bson.codec_options import DEFAULT_CODEC_OPTIONS, CodecOptions

from motorpool.batching.bounds import Bounds
from motorpool.batching.counters import Counters
from motorpool.client.database import Database
from motorpool.client.retry import RetryPolicy

if TYPE_CHECKING:
    from types import TracebackType

    from motorpool.client.scope import Scope
    from motorpool.client.transports.base import Transport


class ProxyClient:
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
        **lambda_options: Any,
    ) -> None:
        """Reach the proxy function `function_name`, or whatever `transport` reaches.

        `timeout`: seconds that an operation may take where no request scope says less; None: as
        long as the function. `bounds`: sizes of batches and queue, flights at once, linger.
        `retry`: what is sent again, how often. `codec_options`: how documents are decoded, as the
        driver's. Further keywords go to `LambdaTransport`: function_timeout, region_name,
        endpoint_url, session …

        Raises TypeError for anything but exactly one of `function_name` and `transport`, and
        ValueError for a bound or a time-out that nothing fits into.
        """
        if timeout is not None and timeout <= 0:
            message = f"timeout must be more than 0 seconds, not {timeout!r}"
            raise ValueError(message)
        bounds = (bounds if bounds is not None else Bounds()).checked()
        self.counters = Counters()
        """What was asked, sent, saved: see `motorpool.batching.counters`."""
        if function_name is not None and transport is None:
            transport = _lambda_transport(function_name, bounds.flights, lambda_options)
        elif transport is None or function_name is not None:
            message = "ProxyClient takes a function name or transport=…, exactly one of them"
            raise TypeError(message)
        elif lambda_options:
            message = f"{', '.join(lambda_options)}: not taken together with transport=…"
            raise TypeError(message)
        self._transport = transport
        # Late, but not lazy: a client is made in the init phase, and from here on it is whole.
        from motorpool.client.engine import Engine  # noqa: PLC0415 - see the top of this file

        self._engine = Engine(
            self._transport,
            bounds=bounds,
            retry=retry if retry is not None else RetryPolicy(),
            counters=self.counters,
            timeout=timeout,
            codec_options=DEFAULT_CODEC_OPTIONS if codec_options is None else codec_options,
        )

    # Databases ------------------------------------------------------------------------------------

    def get_database(self, name: str) -> Database:
        """The database of this name."""
        return Database(self, self._engine, name)

    def __getitem__(self, name: str) -> Database:
        """The database of this name."""
        return Database(self, self._engine, name)

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

    # Closing --------------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Send what is queued on this loop, wait for what is on its way, and close the transport.

        Operations that are asked for afterwards fail with ClientClosed.
        """
        await self._engine.aclose()

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


def _lambda_transport(
    function_name: str, flights: int, lambda_options: dict[str, Any]
) -> Transport:
    from motorpool.client.transports.aws import LambdaTransport  # noqa: PLC0415 - as above

    return LambdaTransport(function_name, **{"max_connections": flights, **lambda_options})
