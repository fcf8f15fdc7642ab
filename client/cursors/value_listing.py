"""What `distinct` returns: an awaitable for all values, in as many parts as they need.

A server gives all values at once and keeps no cursor, so each part is taken from a run of its own.
The proxy says where a part begins: at 0 where the values have changed since the part before, and
then the parts before count no more. So the whole is what one run gave, the last one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from motorpool.batching.call import Stepped

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from motorpool.batching.call import Call


class Part(NamedTuple):
    """Some of the values, and what the next part is asked for with; None: these were the last."""

    values: list[Any]
    cursor: dict[str, Any] | None


class ValueListing(Stepped[list[Any]]):
    """The values of a `distinct`. Its first part is queued when it is made.

    Like a call it is a coroutine to asyncio and may be awaited more than once.
    """

    __slots__ = ("_ask", "_call", "_is_complete", "_values")

    def __init__(self, ask: Callable[[dict[str, Any]], Call[Part]]) -> None:
        """`ask` queues the part after what it is given: nothing, or a part's cursor."""
        super().__init__()
        self._ask = ask
        self._call = ask({})
        self._values: list[Any] = []
        self._is_complete = False

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        """Wait for all of them. Raises what the driver would raise."""
        while not self._is_complete:
            call = self._call
            part = yield from call.__await__()
            if self._call is call and not self._is_complete:  # else another task has taken it
                self._take(part)
        return list(self._values)

    def _take(self, part: Part) -> None:
        cursor = part.cursor or {}
        self._values = self._values[: cursor.get("from", 0)] + part.values
        if "count" in cursor:
            self._call = self._ask({name: cursor[name] for name in ("count", "digest")})
        else:
            self._is_complete = True

    def _leave_unawaited(self) -> None:
        self._call.close()

    def __repr__(self) -> str:
        """How many have come."""
        state = "complete" if self._is_complete else "incomplete"
        return f"<ValueListing {len(self._values)} values, {state}>"
