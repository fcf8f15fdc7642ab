"""One question, and its result page by page: what stands behind both cursors.

A page is what one response carries. What comes after it is with a cursor on the server, which is
continued under the session that it was opened in; or, where the server's cursor ran ahead of what
fitted, with the same question asked for what comes after. Decides nothing about documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bson.codec_options import DEFAULT_CODEC_OPTIONS

from motorpool.batching.codec import Page, join_array
from motorpool.batching.errors import ResultTooLarge
from motorpool.batching.operations import is_tailing
from motorpool.client.queries import check_bounds

if TYPE_CHECKING:
    from motorpool.batching.call import Call
    from motorpool.client.calling import Calling
    from motorpool.client.cursors.leases import Lease
    from motorpool.client.engine import Arrived

NOT_TWICE: Final = ("$sample", "$rand")
"""What gives another result each time, so that no question can go on where another ended."""


# The server has closed the cursor already (pymongo/cursor_shared.py, `_CURSOR_CLOSED_ERRORS`); to a
# tailable one, that its capped collection has rolled over.
_CLOSED_CODES: Final = frozenset({43, 96, 136, 175, 237, 17406, 28617})

NO_PAGE: Final = Page(join_array(()), DEFAULT_CODEC_OPTIONS)


class Paging:
    """The result of one `find` or `aggregate`."""

    def __init__(self, level: Calling, op: str, args: dict[str, Any]) -> None:
        """`level`: what it is asked of."""
        self._level = level
        self._op = op
        self._args = args
        self.page: Page = NO_PAGE
        self.cursor: dict[str, Any] | None = None
        self._lease: Lease | None = None
        self.arrived_count = 0
        """Documents that have come in pages before the last."""
        self.is_started = self.is_exhausted = self.is_closed = False

    @property
    def retrieved(self) -> int:
        """Documents that have come so far."""
        return self.arrived_count + (self.page.count if self.is_exhausted else 0)

    @property
    def is_tailable(self) -> bool:
        """Whether its end is only the end for now."""
        return is_tailing(self._args)

    def is_over(self, error: BaseException) -> bool:
        """Whether an error says no more than that a tailable cursor has come to its end."""
        return self.is_tailable and getattr(error, "code", None) in _CLOSED_CODES

    # Asking ---------------------------------------------------------------------------------------

    def fetch(self, length: int | None) -> Call[Arrived]:
        """Queue what brings the next page, of at most `length` documents."""
        if self.cursor is not None and self._lease is not None:
            return self._level._page_call(  # noqa: SLF001 - the level that made this cursor
                "get_more",
                self._continued({"cursor": self.cursor, "length": length}),
                self._lease.session,
            )
        self.is_started = True
        return self._level._prepared(lambda: self._ask(length))  # noqa: SLF001

    def _ask(self, length: int | None) -> Call[Arrived]:
        args = self._question()
        if length is not None:
            args["length"] = length
        return self._level._page_call(self._op, args)  # noqa: SLF001

    def _continued(self, args: dict[str, Any]) -> dict[str, Any]:
        for name in ("batch_size", "cursor_type", "max_await_time_ms", "comment"):
            args[name] = self._args.get(name)
        if self.is_tailable and args["cursor_type"] is None:  # a change stream
            args["cursor_type"] = "tailable_await"
        return {name: value for name, value in args.items() if value is not None}

    @property
    def _limit(self) -> int:
        """How many documents there are at the most; 0: all."""
        limit: int = self._args.get("limit") or 0
        if limit >= 0:
            return limit
        # One batch of so many, or of fewer where a batch has fewer.
        return min(-limit, self._args.get("batch_size") or -limit)

    def _question(self) -> dict[str, Any]:
        """What is asked, or what comes after the pages that have arrived."""
        args = dict(self._args)
        if self._op == "aggregate":
            if self.arrived_count:
                _check_twice(args["pipeline"])
                args["pipeline"] = [*args["pipeline"], {"$skip": self.arrived_count}]
            return args
        check_bounds(args)
        limit = self._limit
        if limit:
            args["limit"] = limit - self.arrived_count
        if self.arrived_count:
            args["skip"] = (args.get("skip") or 0) + self.arrived_count
        return args

    # What comes -----------------------------------------------------------------------------------

    def arrived(self, arrived: Arrived) -> None:
        """A page is there."""
        self.page = arrived.page
        if arrived.lease is not None:
            self._lease = arrived.lease if arrived.lease.claim() else None
        cursor = arrived.cursor
        if cursor is None:
            self.cursor = None
            self.is_exhausted = True
            self._give_back()
            return
        self.arrived_count += cursor["count"]
        if not cursor.get("lost") and self._lease is not None:
            self.cursor = cursor
            return
        # The server's cursor ran ahead of the page, or another who asked the same goes on with it.
        self.cursor = None
        self._give_back()
        self.is_exhausted = bool(self._limit) and self.arrived_count >= self._limit

    def failed(self) -> None:
        """It has no more documents: the server has said so, or nobody knows where it stands."""
        self.page = NO_PAGE
        self.is_exhausted = True
        self.cursor = None
        self._lease = None  # whatever is open under it is ended with a later batch

    def _give_back(self) -> None:
        if self._lease is not None:
            self._lease.give_back()
            self._lease = None

    async def close(self) -> None:
        """Forget what is there, and end the cursor on the server, if one is open."""
        self.page = NO_PAGE
        self.is_started = self.is_exhausted = self.is_closed = True
        lease, cursor = self._lease, self.cursor
        self._lease = self.cursor = None
        if lease is not None and cursor is not None:
            await self._level._kill_cursor(cursor, lease.session)  # noqa: SLF001
            lease.give_back()

    def __repr__(self) -> str:
        """Which question, and how far it is."""
        state = "exhausted" if self.is_exhausted else "started" if self.is_started else "new"
        return f"<Paging {self._op} {state}>"


def _check_twice(pipeline: list[Any]) -> None:
    """Refuse what cannot be asked again for what comes after a page."""
    text = repr(pipeline)
    if any(word in text for word in NOT_TWICE):
        raise ResultTooLarge(
            "the documents of this aggregation vary too much in size for its pages, and it cannot "
            "be asked again for the rest: $sample and $rand would give others"
        )
