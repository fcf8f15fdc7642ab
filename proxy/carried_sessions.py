"""A session that came with an operation, in the place of one of the driver's own. Opens nothing."""

from __future__ import annotations

from typing import Any

from bson.binary import UUID_SUBTYPE, Binary
from bson.int64 import Int64


class CarriedSession:
    """A server session whose id came with the operation.

    Shaped as PyMongo's `_ServerSession`, which it never meets: it is not in the driver's pool, and
    is not put there.
    """

    def __init__(self, id_: bytes) -> None:
        """`id_`: the 16 bytes of its UUID."""
        self.session_id = {"id": Binary(id_, UUID_SUBTYPE)}
        self.last_use = 0.0
        self.dirty = False
        self.generation = 0
        self.transaction_id = Int64(0)

    def mark_dirty(self) -> None:
        """The caller's session: whether it is used again is the caller's to decide."""
        self.dirty = True

    def inc_transaction_id(self) -> None:
        """Count on, as the driver's own does."""
        self.transaction_id = Int64(self.transaction_id + 1)


def started_session(client: Any, id_: bytes) -> Any:
    """A session of the driver's under an id that it has not made itself.

    `client`: PyMongo's, of either kind. It has no public way to that: the attribute is its own, and
    this the only place that touches it (`tests/proxy/test_carried_sessions.py` guards it, and
    `pyproject.toml` bounds the driver's version).
    """
    session = client.start_session(causal_consistency=False)
    session._server_session = CarriedSession(id_)  # noqa: SLF001
    return session
