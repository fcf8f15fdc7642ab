"""What runs behind a client: a call becomes an operation, and goes to where it is coalesced.

Joins the rooms: encoding, the coalescer of the running loop and request scope, the dispatcher, the
transport. Decides none of that. Imported when a client is made: it brings `asyncio`.
"""

from __future__ import annotations

import asyncio
import itertools
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from motorpool.batching import codec
from motorpool.batching.call import Call, Operation
from motorpool.batching.coalescer import Coalescer
from motorpool.batching.errors import ClientClosed, MotorpoolError, OperationTooLarge
from motorpool.batching.limits import BATCH_BYTES
from motorpool.batching.operations import CURSORS, OPERATIONS, is_write
from motorpool.batching.queue import size_in_batch
from motorpool.client.cursors.leases import Leases
from motorpool.client.cursors.value_listing import Part, ValueListing
from motorpool.client.dispatch import Dispatcher
from motorpool.client.failures import raised
from motorpool.client.scope import Scope, coalescer_of
from motorpool.client.split_write import SplitWrite, spans

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bson.codec_options import CodecOptions

    from motorpool.batching.bounds import Bounds
    from motorpool.batching.counters import Counters
    from motorpool.batching.envelope import Entry
    from motorpool.client.cursors.leases import Lease, Orphan
    from motorpool.client.retry import RetryPolicy
    from motorpool.client.split_write import Span
    from motorpool.client.transports.base import Transport
    from motorpool.client.usage import Usage

T = TypeVar("T")

UNREPEATABLE: Final = (b"$sample\x00", b"$rand\x00", b"$where\x00", b"$function\x00")
"""What makes two identical reads differ on purpose: each is sent for itself."""


class Arrived(NamedTuple):
    """A page, and what has the rest: the cursor on the server, and the session it is open under.

    `lease`: None for the later pages of a cursor, whose reader has the session already.
    """

    page: codec.Page
    cursor: dict[str, Any] | None
    lease: Lease | None


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
        usage: Usage | None = None,
    ) -> None:
        """See `ProxyClient`."""
        self._transport = transport
        self._bounds = bounds
        self._counters = counters
        self._timeout = timeout
        self._codec_options = codec_options
        self._leases = Leases()
        self._dispatcher = Dispatcher(transport, counters, retry, self._leases, usage)
        self._usage = usage
        self.scope_numbers = itertools.count(1)
        # The client keeps flights alive (a loop holds its tasks weakly); a scope may be gone before
        # its last flight has landed.
        self.flights: set[asyncio.Task[None]] = set()
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
        codec_options: CodecOptions[Any] | None = None,
        reply_codec_options: CodecOptions[Any] | None = None,
        made_ids: tuple[Any, ...] | None = None,
    ) -> Call[T]:
        """Queue one operation. `read` makes the caller's value of its `ok`.

        `codec_options`: how its arguments are encoded and, unless `reply_codec_options` says
        otherwise, its result decoded; None: as the client does.
        """
        options = self._codec_options if codec_options is None else codec_options
        reply_options = options if reply_codec_options is None else reply_codec_options
        operation = self._operation(op, namespace, args, options, made_ids=made_ids)

        def decode(entry: Entry) -> T:
            return read(codec.entry_value(entry, reply_options))

        return self._queued(operation, decode, partial(raised, codec_options=reply_options))

    def write_call(
        self,
        op: str,
        namespace: str,
        args: Mapping[str, Any],
        read: Callable[[Any], T],
        *,
        items: str,
        codec_options: CodecOptions[Any],
        reply_codec_options: CodecOptions[Any],
        made_ids: tuple[Any, ...] | None = None,
    ) -> Call[T] | SplitWrite[T]:
        """As `call`, for a write of many: in parts where no single batch can hold it.

        `items`: the name of the argument that lists what is written.
        """
        operation = self._operation(op, namespace, args, codec_options, made_ids=made_ids)
        too_much = size_in_batch(operation.body) - self._bounds.batch_bytes

        def decode(entry: Entry) -> Any:
            return codec.entry_value(entry, reply_codec_options)

        listed = args[items]

        def dress(listed: Sequence[Any]) -> Callable[[MotorpoolError], Exception]:
            if items == "documents":
                return partial(raised, codec_options=reply_codec_options, documents=listed)
            return partial(raised, codec_options=reply_codec_options, requests=listed)

        if too_much <= 0:
            return self._queued(operation, lambda entry: read(decode(entry)), dress(listed))
        encoded = [codec.encode_operation("", "", {items: item}, codec_options) for item in listed]
        sizes = [len(item) for item in encoded]
        room = self._bounds.batch_bytes - max(0, size_in_batch(operation.body) - sum(sizes))
        self._check_items(operation, encoded, room)

        # As in the driver: to stop at the first error, an ordered write has to be answered, part by
        # part, also where the caller asks for no answer.
        is_silent = operation.is_ordered and (args.get("write_concern") or {}).get("w") == 0

        def ask(part: Span) -> Call[dict[str, Any]]:
            some = {**args, items: listed[part.start : part.end]}
            if is_silent:
                some["write_concern"] = {"w": 1}
            made = None if made_ids is None else made_ids[part.start : part.end]
            operation = self._operation(op, namespace, some, codec_options, made_ids=made)
            return self._queued(operation, decode, dress(some[items]))

        return SplitWrite(
            spans(sizes, room), ask, read, is_ordered=operation.is_ordered, is_silent=is_silent
        )

    def _check_items(self, operation: Operation, encoded: list[bytes], room: int) -> None:
        """Refuse what no batch can hold before any of it is sent."""
        for index, item in enumerate(encoded):
            if len(item) > room and not (
                self._bounds.batch_bytes == BATCH_BYTES and codec.fits_compressed(item)
            ):
                raise OperationTooLarge(
                    f"{operation.label}: number {index} of what it writes is {len(item)} bytes of "
                    f"BSON; a batch takes at most {room}, unless it compresses to that"
                )

    def page_call(
        self,
        op: str,
        namespace: str,
        args: Mapping[str, Any],
        codec_options: CodecOptions[Any],
        session: bytes | None = None,
    ) -> Call[Arrived]:
        """Queue an operation whose result comes by the page; `session`: of the cursor it is about.

        An operation that opens a cursor is lent a session when it is sent.
        """
        operation = self._operation(op, namespace, args, codec_options, session=session)

        def decode(entry: Entry) -> Arrived:
            page = codec.entry_page(entry, codec_options)
            return Arrived(page, codec.entry_cursor(entry), entry.lease)

        return self._queued(operation, decode, partial(raised, codec_options=codec_options))

    def list_values(
        self,
        op: str,
        namespace: str,
        args: Mapping[str, Any],
        codec_options: CodecOptions[Any],
    ) -> ValueListing:
        """Queue an operation whose values may need several responses; in its arguments `after`."""

        def decode(entry: Entry) -> Part:
            return Part(codec.entry_value(entry, codec_options), codec.entry_cursor(entry))

        def ask(after: dict[str, Any]) -> Call[Part]:
            given = {**args, "after": after}
            operation = self._operation(op, namespace, given, codec_options)
            return self._queued(operation, decode, partial(raised, codec_options=codec_options))

        return ValueListing(ask)

    def kill_cursor(self, orphan: Orphan) -> Call[None]:
        """Queue the end of a cursor on the server."""
        operation = self._operation(
            "kill_cursors",
            orphan.namespace,
            {"cursors": [orphan.cursor]},
            codec.LOSSLESS,
            session=orphan.session,
        )
        return self._queued(operation, lambda _: None)

    def _operation(
        self,
        op: str,
        namespace: str,
        args: Mapping[str, Any],
        codec_options: CodecOptions[Any],
        *,
        made_ids: tuple[Any, ...] | None = None,
        session: bytes | None = None,
    ) -> Operation:
        args = dict(args)
        body = codec.encode_operation(op, namespace, args, codec_options)
        is_read = not is_write(op, args)
        return Operation(
            op,
            namespace,
            body,
            is_read,
            is_shareable=OPERATIONS[op].effect == "read"
            and is_read
            and not any(word in body for word in UNREPEATABLE),
            made_ids=made_ids,
            is_ordered=args.get("ordered") is not False,
            takes_session=op in CURSORS,
            session=session,
        )

    def _queued(
        self,
        operation: Operation,
        decode: Callable[[Entry], T],
        dress: Callable[[MotorpoolError], Exception] = raised,
    ) -> Call[T]:
        call = Call(
            operation, decode=decode, dress=dress, coalescer=self.coalescer, timeout=self._timeout
        )
        # After it, so that what is left behind costs no window of its own.
        while self._leases.orphans and call.is_queued:
            self.kill_cursor(self._leases.orphans.popleft()).forget()
        return call

    def failed_call(self, error: Exception) -> Call[Any]:
        """A call whose arguments were refused: it raises `error` when it is awaited."""
        return Call(error, decode=_no_entry, dress=raised, coalescer=self.coalescer)

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

    def make_coalescer(
        self, *, is_held: bool = False, deadline: float | None = None, scope: int | None = None
    ) -> Coalescer:
        """A new coalescer of this client on the running loop."""
        coalescer = Coalescer(
            self._dispatcher.dispatch,
            self._bounds,
            self._counters,
            is_held=is_held,
            deadline=deadline,
            flights=self.flights,
            scope=scope,
        )
        if self.closed is not None:
            coalescer.close(self.closed)
        self._coalescers.add(coalescer)
        return coalescer

    async def aclose(self) -> None:
        """Settle what belongs to the running loop, refuse what comes later, close the transport."""
        while self._leases.orphans:
            self.kill_cursor(self._leases.orphans.popleft()).forget()
        self.closed = ClientClosed("the client is closed")
        for coalescer in list(self._coalescers):
            coalescer.close(self.closed)
            if coalescer.is_on_this_loop:
                await coalescer.drain()
        # Batches whose callers are gone are on their way still: nothing is aborted in flight.
        loop = asyncio.get_running_loop()
        flights = [flight for flight in self.flights if flight.get_loop() is loop]
        if flights:
            await asyncio.wait(flights)
        if self._usage is not None:
            self._usage.close()
        await self._transport.aclose()

    def __repr__(self) -> str:
        """Through which transport, open or closed."""
        return f"<Engine {self._transport!r}{' closed' if self.closed is not None else ''}>"


def _no_entry(entry: Entry) -> Any:
    message = f"a call that was never sent has an answer: {entry!r}"
    raise AssertionError(message)
