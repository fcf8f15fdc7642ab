"""A client in miniature: real calls, real coalescers, and a dispatch that answers from memory."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import bson

from motorpool.batching import codec, envelope
from motorpool.batching.bounds import Bounds
from motorpool.batching.call import Call, Operation
from motorpool.batching.coalescer import Coalescer
from motorpool.batching.counters import Counters
from motorpool.batching.envelope import Entry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from motorpool.batching.call import Pending
    from motorpool.batching.errors import MotorpoolError

ITEMS = "shop.items"

COUNTED = (
    "operations",
    "refused",
    "deduplicated",
    "cancelled",
    "timed_out",
    "sent",
    "invocations",
    "invocations_saved",
    "flush_reasons",
    "batch_sizes",
)


class FakeClient:
    """Coalesces on each loop that it is used on, and answers every operation with what it asked.

    `respond` takes the place of the answering; `gate`, once set, holds every batch in flight.
    """

    def __init__(
        self,
        bounds: Bounds | None = None,
        *,
        respond: Callable[[list[Pending]], Awaitable[None]] | None = None,
        is_held: bool = False,
        deadline: float | None = None,
        flights: set[asyncio.Task[None]] | None = None,
    ) -> None:
        self.bounds = bounds or Bounds()
        self.counters = Counters()
        self.batches: list[list[Any]] = []
        """What the operations of each batch asked, in the order in which they were dispatched."""
        self.gate: asyncio.Event | None = None
        self.coalescers: WeakKeyDictionary[asyncio.AbstractEventLoop, Coalescer] = (
            WeakKeyDictionary()
        )
        self._respond = respond or self._answer_all
        self._is_held = is_held
        self._deadline = deadline
        self._flights = flights

    @property
    def coalescer(self) -> Coalescer:
        """The running loop's."""
        loop = asyncio.get_running_loop()
        if loop not in self.coalescers:
            self.coalescers[loop] = Coalescer(
                self._dispatch,
                self.bounds,
                self.counters,
                is_held=self._is_held,
                deadline=self._deadline,
                flights=self._flights,
            )
        return self.coalescers[loop]

    def find(
        self,
        value: object,
        *,
        ns: str = ITEMS,
        is_shareable: bool = False,
        timeout: float | None = None,
    ) -> Call[Any]:
        """Call a read that asks for `value` and gets it."""
        return self.call(
            "find_one", value, ns=ns, is_read=True, is_shareable=is_shareable, timeout=timeout
        )

    def insert(self, value: object, *, ns: str = ITEMS, timeout: float | None = None) -> Call[Any]:
        """Call a write of `value`."""
        return self.call("insert_one", value, ns=ns, is_read=False, timeout=timeout)

    def call(  # noqa: PLR0913 - what an operation consists of
        self,
        name: str,
        value: object,
        *,
        ns: str = ITEMS,
        is_read: bool,
        is_shareable: bool = False,
        timeout: float | None = None,
    ) -> Call[Any]:
        """Call any operation, as a collection method does: encoded now, failed if it cannot be."""
        operation: Operation | Exception
        try:
            operation = Operation(name, ns, body(value, name, ns), is_read, is_shareable)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller
            operation = error
        return Call(
            operation,
            decode=codec.entry_value,
            dress=dress,
            coalescer=lambda: self.coalescer,
            timeout=timeout,
        )

    def counts(self) -> dict[str, Any]:
        """Every counter that is not zero, but for times, bytes and gauges."""
        counters = self.counters.snapshot()
        return {name: counters[name] for name in COUNTED if counters[name]}

    async def _dispatch(self, batch: list[Pending]) -> None:
        self.batches.append([asked(pending) for pending in batch])
        self.counters.invocations += 1
        await self._respond(batch)

    async def _answer_all(self, batch: list[Pending]) -> None:
        if self.gate is not None:
            await self.gate.wait()
        for pending in batch:
            pending.settle(answer(asked(pending)))


def body(value: object, name: str = "find_one", ns: str = ITEMS) -> bytes:
    """Encode the body of an operation that asks for `value`."""
    return codec.encode_operation(name, ns, {"value": value})


def asked(pending: Pending) -> Any:
    """Read what an operation asks for."""
    return bson.decode(pending.operation.body, codec.LOSSLESS)["args"]["value"]


def answer(value: object) -> Entry:
    """Make the entry of an operation that gets `value`."""
    return Entry(0, "ok", codec.encode_entry(envelope.success(0, value)))


def dress(error: MotorpoolError) -> Exception:
    """Make an exception of its own for every raise, as the client does."""
    return copy.copy(error)


async def ticks(number: int) -> None:
    """Let the loop run this many times."""
    for _ in range(number):
        await asyncio.sleep(0)
