"""A proxy as far as cursors go: results by the page, and what a server remembers between two pages.

Counts what it is asked, so that a test sees which cursor was continued, under which session, and
which one was left open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from motorpool.batching import envelope
from tests.client.fakes import Failure, FakeTransport, PageOf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.client.fakes import Answer, Asked


class _Open(NamedTuple):
    session: bytes | None
    rest: list[dict[str, Any]]
    is_limited: bool


class CursorServer:
    """Gives `documents` to every question, `per_page` at the most in one answer.

    `losing` names pages, counted from 0, after which the server's cursor has run ahead.
    """

    def __init__(
        self,
        documents: Sequence[dict[str, Any]],
        per_page: int = 1_000_000,
        losing: Sequence[int] = (),
    ) -> None:
        self.documents = list(documents)
        self.per_page = per_page
        self.open: dict[int, _Open] = {}
        self.killed: list[int] = []
        self.asked: list[Asked] = []
        self.losing = losing
        self._pages = 0
        self._last_id = 0

    @property
    def answers(self) -> dict[str, Answer]:
        """What `FakeTransport` takes."""
        return {
            "find": self._find,
            "aggregate": self._aggregate,
            "get_more": self._get_more,
            "kill_cursors": self._kill_cursors,
        }

    def transport(self, *script: Any) -> FakeTransport:
        """A transport to this server."""
        return FakeTransport(*script, answers=self.answers)

    @property
    def ops(self) -> list[str]:
        """The names of what was asked, in order."""
        return [asked.op for asked in self.asked]

    def _find(self, asked: Asked) -> PageOf:
        limit = abs(asked.args.get("limit", 0))
        found = self.documents[asked.args.get("skip", 0) :][: limit or None]
        return self._page(asked, found, is_limited=bool(limit))

    def _aggregate(self, asked: Asked) -> PageOf:
        found = self.documents
        for stage in asked.args["pipeline"]:
            if "$skip" in stage:
                found = found[stage["$skip"] :]
        return self._page(asked, found)

    def _get_more(self, asked: Asked) -> PageOf | Failure:
        id_ = asked.args["cursor"]["id"]
        cursor = self.open.pop(id_, None)
        if cursor is None:
            self.asked.append(asked)
            message = f"cursor id {id_} not found"
            details = {"ok": 0.0, "errmsg": message, "code": 43}
            err = envelope.error("CursorNotFound", message, code=43, details=details)
            return Failure(err)
        if cursor.session != asked.session:
            self.asked.append(asked)
            return Failure(envelope.error("OperationFailure", "another session", code=50738))
        return self._page(asked, cursor.rest, id_, is_limited=cursor.is_limited)

    def _kill_cursors(self, asked: Asked) -> int:
        self.asked.append(asked)
        for cursor in asked.args["cursors"]:
            ended = self.open.pop(cursor["id"], None)
            if ended is not None:  # as a server: no error where it has ended already
                assert ended.session == asked.session
                self.killed.append(cursor["id"])
        return len(asked.args["cursors"])

    def _page(
        self,
        asked: Asked,
        found: list[dict[str, Any]],
        id_: int | None = None,
        *,
        is_limited: bool = False,
    ) -> PageOf:
        self.asked.append(asked)
        size = min(asked.args.get("length", self.per_page), self.per_page)
        page, rest = found[:size], found[size:]
        number, self._pages = self._pages, self._pages + 1
        if number in self.losing:
            return PageOf(page, {"lost": True, "count": len(page)})
        # As a server: it does not look ahead, so a batch that is full may be the last.
        if len(page) < size or (is_limited and not rest):
            return PageOf(page, None)
        if id_ is None:
            self._last_id += 1
            id_ = self._last_id
        self.open[id_] = _Open(asked.session, rest, is_limited)
        told = {"id": id_, "sizes": [1.0, 14.0, 196.0], "address": "db:27017", "count": len(page)}
        return PageOf(page, told)
