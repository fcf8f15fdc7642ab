"""Read concern and write concern: the driver's classes, without its import.

Each compares equal to the driver's own in both directions, prints as it does, and carries the
`document` that travels. The driver's own are taken wherever these are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorpool.client.refusals import misconfigured

if TYPE_CHECKING:
    from typing import TypeGuard


def is_read_concern(value: object) -> TypeGuard[Any]:
    """Whether this is a ReadConcern, ours or the driver's (which must not be imported)."""
    return isinstance(getattr(value, "ok_for_legacy", None), bool)


def is_write_concern(value: object) -> TypeGuard[Any]:
    """Whether this is a WriteConcern, ours or the driver's."""
    return isinstance(getattr(value, "is_server_default", None), bool)


class ReadConcern:
    """How isolated a read is: `ReadConcern("majority")`; without a level, as the server does."""

    __slots__ = ("_level",)

    def __init__(self, level: str | None = None) -> None:
        """Raises TypeError for a level that is no string."""
        if level is not None and not isinstance(level, str):
            raise TypeError(f"level must be a string or None, not {type(level)}")
        self._level = level

    @property
    def level(self) -> str | None:
        """The level; None where the server decides."""
        return self._level

    @property
    def ok_for_legacy(self) -> bool:
        """Whether servers before 3.2 could keep it."""
        return self._level is None or self._level == "local"

    @property
    def document(self) -> dict[str, Any]:
        """What travels: `{"level": …}`, or nothing."""
        return {"level": self._level} if self._level else {}

    def __eq__(self, other: object) -> bool:
        """Equal: the same document."""
        return self.document == other.document if is_read_concern(other) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal by value, no key: as the driver's

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        return f"ReadConcern({self._level})" if self._level else "ReadConcern()"


class WriteConcern:
    """How far a write must have come before it is answered: `WriteConcern("majority", j=True)`."""

    __slots__ = ("_acknowledged", "_document")

    def __init__(
        self,
        w: int | str | None = None,
        wtimeout: int | None = None,
        j: bool | None = None,
        fsync: bool | None = None,
    ) -> None:
        """`w`: members, or a mode's name; 0 asks for no answer. `wtimeout`: milliseconds.

        Raises TypeError, ValueError or `pymongo.errors.ConfigurationError` as the driver does.
        """
        self._document: dict[str, Any] = {}
        self._acknowledged = True
        if wtimeout is not None:
            self._document["wtimeout"] = _milliseconds(wtimeout)
        if j is not None:
            self._document["j"] = _boolean("j", j)
        if fsync is not None:
            self._document["fsync"] = _boolean("fsync", fsync)
            if j and fsync:
                misconfigured("Can't set both j and fsync at the same time")
        if w == 0 and j is True:
            misconfigured("Cannot set w to 0 and j to True")
        if w is not None:
            self._document["w"] = _members(w)
            self._acknowledged = w != 0

    @property
    def is_server_default(self) -> bool:
        """Whether it leaves everything to the server."""
        return not self._document

    @property
    def document(self) -> dict[str, Any]:
        """What travels; a copy."""
        return self._document.copy()

    @property
    def acknowledged(self) -> bool:
        """Whether the server answers at all: false for `w=0`."""
        return self._acknowledged

    def __eq__(self, other: object) -> bool:
        """Equal: the same document."""
        return self._document == other.document if is_write_concern(other) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal by value, no key: as the driver's

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        given = ", ".join(f"{name}={value!r}" for name, value in self._document.items())
        return f"WriteConcern({given})"


def _boolean(option: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise TypeError(f"{option} must be True or False, was: {option}={value}")


def _milliseconds(wtimeout: Any) -> int:
    if not isinstance(wtimeout, int):
        raise TypeError(f"wtimeout must be an integer, not {type(wtimeout)}")
    if wtimeout < 0:
        raise ValueError("wtimeout cannot be less than 0")
    return wtimeout


def _members(w: Any) -> int | str:
    if not isinstance(w, int | str):
        raise TypeError(f"w must be an integer or string, not {type(w)}")
    if isinstance(w, int) and w < 0:
        raise ValueError("w cannot be less than 0")
    return w
