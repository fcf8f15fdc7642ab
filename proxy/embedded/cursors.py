"""Cursors of the embedded database: what a server would remember between two batches.

mongomock gives the whole result at once and knows no sessions, so the rest of each result is kept
here, as a server keeps it: under its session, until it is read, ended, or ten minutes idle.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from pymongo.errors import CursorNotFound, OperationFailure

from motorpool.batching.codec import RawDocuments, encode_document
from motorpool.proxy.drivers import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_BATCH: Final = 101
IDLE_SECONDS: Final = 600.0
"""A server's own numbers (MongoDB manual: "Cursor Batches", `cursorTimeoutMillis`)."""

BATCH_BYTES: Final = 16 * 1024 * 1024
"""A server's batch is a document, and so as large as one at the most."""

CURSOR_NOT_FOUND: Final = 43
WRONG_SESSION: Final = 50738


class EmbeddedCursors:
    """Rests of results, by cursor id."""

    def __init__(self) -> None:
        """None yet."""
        self._open: dict[int, _Rest] = {}

    def begin(self, session: bytes | None, documents: Iterable[Any], size: int | None) -> Batch:
        """The first batch of a result, of `size` documents."""
        self._forget_idle()
        rest = _Rest(session, documents)
        batch = rest.take(FIRST_BATCH if size is None else size)
        if not rest.documents:
            return Batch(batch, 0, None)
        id_ = secrets.randbelow(2**62) + 1
        self._open[id_] = rest
        return Batch(batch, id_, None)

    def advance(self, session: bytes | None, id_: int, size: int) -> Batch:
        """The next batch. Raises CursorNotFound, and OperationFailure under another session."""
        self._forget_idle()
        rest = self._open.get(id_)
        if rest is None:
            message = f"cursor id {id_} not found"
            details = {"ok": 0.0, "errmsg": message, "code": CURSOR_NOT_FOUND}
            raise CursorNotFound(message, CURSOR_NOT_FOUND, details)
        if rest.session != _plain(session):
            raise OperationFailure(
                f"Cannot run getMore on cursor {id_}, which was created in another session",
                WRONG_SESSION,
            )
        batch = rest.take(size)
        if rest.documents:
            return Batch(batch, id_, None)
        del self._open[id_]
        return Batch(batch, 0, None)

    def end(self, id_: int) -> None:
        """Forget a rest; no error where there is none."""
        self._open.pop(id_, None)

    def _forget_idle(self) -> None:
        oldest = time.monotonic() - IDLE_SECONDS
        for id_ in [id_ for id_, rest in self._open.items() if rest.used_at < oldest]:
            del self._open[id_]

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)


class _Rest:
    """What is left of one result."""

    def __init__(self, session: bytes | None, documents: Iterable[Any]) -> None:
        self.session = _plain(session)
        self.documents = deque(documents)
        self.used_at = time.monotonic()

    def take(self, size: int) -> RawDocuments:
        self.used_at = time.monotonic()
        batch, room = RawDocuments(), BATCH_BYTES
        while self.documents and len(batch) < size:
            document = encode_document(self.documents[0])
            if batch and len(document) > room:
                break
            room -= len(document)
            batch.append(document)
            self.documents.popleft()
        return batch


def _plain(session: bytes | None) -> bytes | None:
    """A session's bytes: a `Binary`, as which it may come, is equal to no plain bytes."""
    return None if session is None else bytes(session)
