"""What runs behind a client: a call becomes an operation, and goes to where it is coalesced.

Joins the rooms: encoding, the coalescer of the running loop and request scope, the dispatcher, the
transport. Decides none of that. Imported when a client is made: it brings `asyncio`.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Any, Final, TypeVar

from motorpool.batching import codec
from motorpool.batching.call import Call, Operation
from motorpool.batching.coalescer import Coalescer
from motorpool.batching.errors import ClientClosed, MotorpoolError
from motorpool.batching.operations import is_write
from motorpool.client.dispatch import Dispatcher
from motorpool.client.scope import Scope, coalescer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bson.codec_options import CodecOptions

    from motorpool.batching.bounds import Bounds
    from motorpool.batching.counters import Counters
    from motorpool.batching.envelope import Entry
    from motorpool.client.retry import RetryPolicy
    from motorpool.client.transports.base import Transport

T = TypeVar("T")

UNREPEATABLE: Final = (b"$sample\x00", b"$rand\x00", b"$where\x00", b"$function\x00")
"""What makes two identical reads differ on purpose: each is sent for itself."""


class Engine:
    """One client's coalescers, dispatcher and transport."""

    def __init__(
        self,
        transport: Transport,
        *,
        bounds: Bounds,
        retry: RetryPolicy,
        counters: Counters,
        timeout: float | None,
        codec_options: CodecOptions[Any],
    ) -> None:
        """See `ProxyClient`."""
        self._transport = transport
        self._bounds = bounds
        self._counters = counters
        self._timeout = timeout
        self._codec_options = codec_options
        self._dispatcher = Dispatcher(transport, counters, retry)
        # The client keeps flights alive (a loop holds its tasks weakly); a scope may be gone before
        # its last flight has landed.
        self._flights: set[asyncio.Task[None]] = set()
        self._scopeless: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Coalescer] = (
            weakref.WeakKeyDictionary()
        )
        self._coalescers: weakref.WeakSet[Coalescer] = weakref.WeakSet()
        self.closed: ClientClosed | None = None

    # Calls ----------------------------------------------------------------------------------------

    def call(
        self,
        op: str,
        namespace: str,
        args: Mapping[str, Any],
        read: Callable[[Any], T],
        *,
        made_ids: tuple[Any, ...] | None = None,
    ) -> Call[T]:
        """Queue one operation. `read` makes the caller's value of its `ok`."""
        args = dict(args)
        options = self._codec_options
        body = codec.encode_operation(op, namespace, args, options)
        is_read = not is_write(op, args)
        operation = Operation(
            op,
            namespace,
            body,
            is_read,
            is_shareable=is_read and not any(word in body for word in UNREPEATABLE),
            made_ids=made_ids,
            is_ordered=args.get("ordered") is not False,
        )

        def decode(entry: Entry) -> T:
            return read(codec.entry_value(entry, options))

        return Call(
            operation, decode=decode, dress=_dress, coalescer=self.coalescer, timeout=self._timeout
        )

    def failed_call(self, error: Exception) -> Call[Any]:
        """A call whose arguments were refused: it raises `error` when it is awaited."""
        return Call(error, decode=_no_entry, dress=_dress, coalescer=self.coalescer)

    # Where they are coalesced ---------------------------------------------------------------------

    def scope(self, *, timeout: float | None, is_batch: bool) -> Scope:
        """A request scope, or an explicit batch, not entered yet."""
        return Scope(self, timeout=timeout, is_batch=is_batch)

    def coalescer(self) -> Coalescer:
        """Where a call that is made now belongs: its request scope, else its event loop."""
        scoped = coalescer_of(self)
        if scoped is not None:
            return scoped
        loop = asyncio.get_running_loop()
        coalescer = self._scopeless.get(loop)
        if coalescer is None:
            for other in [other for other in self._scopeless if other.is_closed()]:
                del self._scopeless[other]
            coalescer = self._scopeless[loop] = self.make_coalescer()
        return coalescer

    def make_coalescer(self, *, is_held: bool = False, deadline: float | None = None) -> Coalescer:
        """A new coalescer of this client on the running loop."""
        coalescer = Coalescer(
            self._dispatcher.dispatch,
            self._bounds,
            self._counters,
            is_held=is_held,
            deadline=deadline,
            flights=self._flights,
        )
        if self.closed is not None:
            coalescer.close(self.closed)
        self._coalescers.add(coalescer)
        return coalescer

    async def aclose(self) -> None:
        """Settle what belongs to the running loop, refuse what comes later, close the transport."""
        self.closed = ClientClosed("the client is closed")
        for coalescer in list(self._coalescers):
            coalescer.close(self.closed)
            if coalescer.is_on_this_loop:
                await coalescer.drain()
        # Batches whose callers are gone are on their way still: nothing is aborted in flight.
        loop = asyncio.get_running_loop()
        flights = [flight for flight in self._flights if flight.get_loop() is loop]
        if flights:
            await asyncio.wait(flights)
        await self._transport.aclose()

    def __repr__(self) -> str:
        """Through which transport, open or closed."""
        return f"<Engine {self._transport!r}{' closed' if self.closed is not None else ''}>"


def _dress(error: MotorpoolError) -> Exception:
    from motorpool.client import driver_errors  # noqa: PLC0415 - it imports pymongo: see there

    return driver_errors.dress(error)


def _no_entry(entry: Entry) -> Any:
    message = f"a call that was never sent has an answer: {entry!r}"
    raise AssertionError(message)
