"""(6) What the coalescer costs an operation, from the call to its answer, against aiodataloader.

The rooms themselves: an operation is encoded, queued, joined with the others into an event; a
transport answers at once; the response is split and every call settled. The peer gets its keys as
they are and hands out ready values: it has no encoding to do.
"""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING, Any, Final

from aiodataloader import DataLoader

from bench.suite.figures import Row, Spread, ratios
from bench.suite.shapes import object_id
from motorpool.batching import codec
from motorpool.batching.bounds import Bounds
from motorpool.batching.call import Call, Operation, Pending
from motorpool.batching.coalescer import Coalescer
from motorpool.batching.counters import Counters
from motorpool.batching.envelope import match_entries, success
from motorpool.client import ProxyClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bench.suite.harness import Bench

SIZES: Final = (100, 1_000)
AT_MOST_US: Final = 25.0

_RUNS: Final = 20
_NAMESPACE: Final = "shop.people"
_VALUE: Final = {"_id": object_id(7), "name": "Ada", "number": 7}


class AnsweringTransport:
    """Answers every batch of N `find_one` at once, with a response made beforehand."""

    def __init__(self, size: int) -> None:
        entries = [codec.encode_entry(success(id_, _VALUE)) for id_ in range(size)]
        self._response = codec.seal_envelope(codec.join_response(entries, {}), compress=False)

    async def invoke(self, payload: bytes) -> bytes:
        """The response, whatever the event."""
        del payload
        return self._response

    async def aclose(self) -> None:
        """Nothing to close."""


def run(bench: Bench) -> list[Row]:
    """See the module."""
    rows: list[Row] = []
    for size in dict.fromkeys(map(bench.size, SIZES[:1] if bench.is_quick else SIZES)):
        bench.say(f"coalescing, N = {size:,}")
        rows += asyncio.run(_measured(size, bench.rounds))
    bench.say("")
    return rows


async def _measured(size: int, rounds: int) -> list[Row]:
    transport = AnsweringTransport(size)
    client = ProxyClient(transport=transport)
    ways: dict[str, Callable[[], Awaitable[float]]] = {
        "settled": lambda: _through_batching(size, transport, has_settled=True),
        "decoded": lambda: _through_batching(size, transport, has_settled=False),
        "client": lambda: _through_client(size, client),
        "peer": lambda: _through_dataloader(size),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    names = list(ways)
    for number in range(-1, rounds):
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            gc.collect()
            runs = [await ways[name]() / size for _ in range(_RUNS)]
            if number >= 0:
                times[name].append(sorted(runs)[_RUNS // 2])
    await client.aclose()
    return _rows(size, times)


async def _through_batching(
    size: int, transport: AnsweringTransport, *, has_settled: bool
) -> float:
    """Seconds from the first call until the last is settled, or has been awaited and decoded."""
    settled_at = 0.0

    async def dispatch(batch: list[Pending]) -> None:
        nonlocal settled_at
        payload = codec.join_request(
            [codec.stamp(pending.operation.body, id_, None) for id_, pending in enumerate(batch)]
        )
        entries, _ = codec.split_response(await transport.invoke(payload))
        matched = match_entries(range(len(batch)), entries)
        for id_, pending in enumerate(batch):
            entry = matched[id_]
            if isinstance(entry, Exception):
                raise entry
            pending.settle(entry)
        settled_at = time.perf_counter()

    coalescer = Coalescer(dispatch, Bounds(), Counters())
    filters = [{"filter": {"_id": object_id(number)}} for number in range(size)]

    def call(args: dict[str, Any]) -> Call[Any]:
        body = codec.encode_operation("find_one", _NAMESPACE, args)
        operation = Operation("find_one", _NAMESPACE, body, is_read=True, is_shareable=True)
        return Call(
            operation,
            decode=codec.entry_value,
            dress=lambda error: error,
            coalescer=lambda: coalescer,
        )

    began = time.perf_counter()
    values = await asyncio.gather(*[call(args) for args in filters])
    ended = time.perf_counter()
    if values != [_VALUE] * size:
        raise RuntimeError("the coalescer did not hand out the answers")
    return (settled_at if has_settled else ended) - began


async def _through_client(size: int, client: ProxyClient) -> float:
    """Seconds from the first `find_one` of a client until the last document is there."""
    collection = client["shop"]["people"]
    filters = [{"_id": object_id(number)} for number in range(size)]
    began = time.perf_counter()
    values = await asyncio.gather(*[collection.find_one(each) for each in filters])
    ended = time.perf_counter()
    if values != [_VALUE] * size:
        raise RuntimeError("the client did not hand out the answers")
    return ended - began


async def _through_dataloader(size: int) -> float:
    """Seconds from the first `load` until the last value is there."""

    async def answer(keys: list[Any]) -> list[Any]:
        return [_VALUE] * len(keys)

    loader: DataLoader[Any, Any] = DataLoader(answer)
    keys = [object_id(number) for number in range(size)]
    began = time.perf_counter()
    values = await asyncio.gather(*[loader.load(key) for key in keys])
    ended = time.perf_counter()
    if values != [_VALUE] * size:
        raise RuntimeError("the data loader did not hand out the answers")
    return ended - began


_WHAT: Final = {
    "settled": "an operation, called to settled, with encoding",
    "decoded": "the same, awaited and decoded",
    "client": "the whole client: find_one to document",
}


def _rows(size: int, times: dict[str, list[float]]) -> list[Row]:
    rows = []
    for way, what in _WHAT.items():
        ours = Spread.of(times[way]).scaled(1e6)
        rows.append(
            Row(
                part="coalescing",
                what=what,
                n=size,
                ours_is="coalescer" if way != "client" else "client",
                peer_is="aiodataloader, load (no encoding)",
                figure=ours if way == "settled" else ratios(times[way], times["peer"]),
                unit="µs each" if way == "settled" else "x",
                ours=ours,
                peer=Spread.of(times["peer"]).scaled(1e6),
                measured_in="µs each",
                at_most=AT_MOST_US if way == "settled" and size in SIZES else None,
            )
        )
    return rows
