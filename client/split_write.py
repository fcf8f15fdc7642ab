"""An `insert_many` or `bulk_write` that no single batch can hold: sent in parts, answered as one.

As the driver splits at what one message takes, this splits at what one invocation takes. An ordered
write sends a part when the one before it is done, and stops at the first error; an unordered one
keeps a few on their way. Counts and indexes in results and errors are those of the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from motorpool.batching.call import Stepped

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from motorpool.batching.call import Call

T = TypeVar("T")

AT_ONCE: Final = 4
"""Parts of an unordered write that are queued or on their way at once."""

COUNTS: Final = ("nInserted", "nUpserted", "nMatched", "nModified", "nRemoved")
BULK_WRITE_ERROR: Final = "BulkWriteError"


class Span(NamedTuple):
    """Which of the items a part has."""

    start: int
    end: int


def spans(sizes: Sequence[int], room: int) -> list[Span]:
    """The fewest runs of items whose sizes sum up to `room`; a larger one is a run by itself."""
    found: list[Span] = []
    start = taken = 0
    for index, size in enumerate(sizes):
        if taken + size > room and index > start:
            found.append(Span(start, index))
            start, taken = index, 0
        taken += size
    found.append(Span(start, len(sizes)))
    return found


class SplitWrite(Stepped[T]):
    """One write in several operations. Its first parts are queued when it is made.

    Like a call it is a coroutine to asyncio and may be awaited more than once.
    """

    __slots__ = (
        "_ask",
        "_asked",
        "_at_once",
        "_error",
        "_is_complete",
        "_is_silent",
        "_read",
        "_spans",
        "_sum",
    )

    def __init__(
        self,
        parts: Sequence[Span],
        ask: Callable[[Span], Call[dict[str, Any]]],
        read: Callable[[dict[str, Any]], T],
        *,
        is_ordered: bool,
        is_silent: bool = False,
    ) -> None:
        """`ask` queues one part; `read` makes the caller's value of the sum of their results.

        `is_silent`: the caller asks for no answer, and so learns of no write's error.
        """
        super().__init__()
        self._spans = list(reversed(parts))
        self._ask = ask
        self._read = read
        self._at_once = 1 if is_ordered else AT_ONCE
        self._asked: list[tuple[Span, Call[dict[str, Any]]]] = []
        self._sum = _Sum()
        self._is_silent = is_silent
        self._is_complete = False
        self._error: Exception | None = None
        self._ask_more()

    def _ask_more(self) -> None:
        while self._spans and len(self._asked) < self._at_once:
            span = self._spans.pop()
            self._asked.append((span, self._ask(span)))

    def __await__(self) -> Generator[Any, Any, T]:
        """Wait for all parts. Raises `pymongo.errors.BulkWriteError` with the sum of theirs."""
        while not self._is_complete:
            span, call = self._asked[0]
            try:
                ok = yield from call.__await__()
            except Exception as error:  # noqa: BLE001 - judged by what it is
                if self._asked and self._asked[0][1] is call:
                    self._failed(span, error)
            else:
                if self._asked and self._asked[0][1] is call:  # else another task has taken it
                    self._sum.add(span, ok)
                    self._next()
        if self._error is not None:
            raise self._error
        return self._read({"acknowledged": False} if self._is_silent else self._sum.ok)

    def _next(self) -> None:
        del self._asked[0]
        self._ask_more()
        if not self._asked:
            self._is_complete = True
            self._tell_errors()

    def _failed(self, span: Span, error: Exception) -> None:
        is_own = type(error).__name__ == BULK_WRITE_ERROR
        if is_own:
            self._sum.add(span, {"bulk_api_result": error.details})  # type: ignore[attr-defined]  # of BulkWriteError
        if is_own and self._at_once > 1:
            self._next()
            return
        # An ordered write stops here; and of what nobody knows the fate of, nobody knows the rest.
        for _, other in self._asked[1:]:
            other.forget()
        self._asked, self._spans = [], []
        self._is_complete = True
        if is_own:
            self._tell_errors()
        else:
            error.__dict__["may_have_applied"] = True  # the parts before it
            self._error = error

    def _tell_errors(self) -> None:
        if self._sum.has_errors and not self._is_silent:
            self._error = self._sum.error()

    def _leave_unawaited(self) -> None:
        for _, call in self._asked:
            call.close()

    def __repr__(self) -> str:
        """How much of it is left."""
        return f"<SplitWrite {len(self._asked)} parts asked, {len(self._spans)} to come>"


class _Sum:
    """The results of parts, put together as the driver puts those of its messages together."""

    def __init__(self) -> None:
        self._is_acknowledged = True
        self._counts = dict.fromkeys(COUNTS, 0)
        self._lists: dict[str, list[Any]] = {
            "writeErrors": [],
            "writeConcernErrors": [],
            "upserted": [],
        }

    def add(self, span: Span, ok: dict[str, Any]) -> None:
        """One part's result, or a failed one's details."""
        self._is_acknowledged &= ok.get("acknowledged", True)
        result = ok.get("bulk_api_result", {"nInserted": span.end - span.start})
        for name in COUNTS:
            self._counts[name] += result.get(name, 0)
        for name, items in self._lists.items():
            for item in result.get(name, ()):
                # A write concern's error belongs to no document.
                is_numbered = "index" in item
                items.append({**item, "index": item["index"] + span.start} if is_numbered else item)

    @property
    def has_errors(self) -> bool:
        return bool(self._lists["writeErrors"] or self._lists["writeConcernErrors"])

    @property
    def ok(self) -> dict[str, Any]:
        return {"acknowledged": self._is_acknowledged, "bulk_api_result": self._result()}

    def error(self) -> Exception:
        """The driver's error for all of it."""
        from motorpool.client.driver_errors import BulkWriteError  # noqa: PLC0415 - see there

        self._lists["writeErrors"].sort(key=lambda item: item["index"])
        return BulkWriteError(self._result())

    def _result(self) -> dict[str, Any]:
        return {
            "writeErrors": self._lists["writeErrors"],
            "writeConcernErrors": self._lists["writeConcernErrors"],
            **self._counts,
            "upserted": self._lists["upserted"],
        }
