"""Logical sessions: made here, lent to one operation at a time, carried to whichever proxy runs it.

A server remembers a cursor under the session that it was opened in, so whoever carries the session
goes on with the cursor, from any execution environment (docs/architecture.md, "Cursors"). Sends
nothing itself.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from typing import Any, Final, NamedTuple

IDLE_SECONDS: Final = 25 * 60
"""Idle sessions older than this are not used again: a server forgets one after thirty minutes."""


class Orphan(NamedTuple):
    """A cursor on the server that nobody will ask for more."""

    namespace: str
    cursor: dict[str, Any]
    session: bytes


class Lease:
    """One logical session, while one operation or one cursor has it."""

    __slots__ = ("_leases", "_orphan", "is_claimed", "session")

    def __init__(self, leases: Leases, session: bytes) -> None:
        self._leases = leases
        self.session = session
        self.is_claimed = False
        """Whether somebody goes on with its cursor: two may have asked the same question."""
        self._orphan: Orphan | None = None

    def hold(self, namespace: str, cursor: dict[str, Any]) -> None:
        """A cursor is open under it: who forgets it leaves that behind."""
        self._orphan = Orphan(namespace, cursor, self.session)

    def claim(self) -> bool:
        """Whether the caller is the first who wants to go on with its cursor."""
        is_first, self.is_claimed = not self.is_claimed, True
        return is_first

    def give_back(self) -> None:
        """Nothing is open under it, and nothing runs: the next operation may have it."""
        self._orphan = None
        self._leases.take_back(self.session)

    def __del__(self) -> None:
        """Nobody has it any more: what is open under it is to be ended."""
        if self._orphan is not None:
            self._leases.orphans.append(self._orphan)

    def __repr__(self) -> str:
        """Whether a cursor is open under it."""
        return f"<Lease{' of a cursor' if self._orphan is not None else ''}>"


class Leases:
    """One client's sessions: those at rest, and the cursors left behind under others."""

    def __init__(self) -> None:
        # The last used first, as drivers do: those that are not needed grow old together.
        self._idle: list[tuple[float, bytes]] = []
        self.orphans: deque[Orphan] = deque()

    def take(self) -> Lease:
        """A session that nobody else has."""
        # By the wall clock, which goes on while Lambda has the environment frozen.
        oldest = time.time() - IDLE_SECONDS
        while self._idle:
            since, session = self._idle.pop()
            if since > oldest:
                return Lease(self, session)
        return Lease(self, uuid.uuid4().bytes)

    def take_back(self, session: bytes) -> None:
        """A session is at rest."""
        self._idle.append((time.time(), session))

    def __repr__(self) -> str:
        """How many are at rest, how many cursors are left behind."""
        return f"<Leases {len(self._idle)} idle, {len(self.orphans)} orphans>"
