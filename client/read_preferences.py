"""Read preferences: the driver's classes, without its import.

Each compares equal to the driver's own in both directions, prints as it does, and carries the
`document` that travels. The driver's own are taken wherever these are. Chooses no server: that is
the proxy's driver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

if TYPE_CHECKING:
    from typing import TypeGuard

TagSets: TypeAlias = Sequence[Mapping[str, Any]]

MODES = ("primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest")
"""The modes of a read preference, as they are written in documents and URIs."""


def is_read_preference(value: object) -> TypeGuard[Any]:
    """Whether this is a read preference, ours or the driver's (which must not be imported)."""
    return isinstance(getattr(value, "mongos_mode", None), str)


# The driver's checks, in its words ----------------------------------------------------------------


def _tag_sets(tag_sets: Any) -> list[Mapping[str, Any]] | None:
    if tag_sets is None:
        return None
    if not isinstance(tag_sets, list | tuple):
        raise TypeError(f"Tag sets {tag_sets!r} invalid, must be a sequence")
    if not tag_sets:
        raise ValueError(
            f"Tag sets {tag_sets!r} invalid, must be None or contain at least one set of tags"
        )
    for tags in tag_sets:
        if not isinstance(tags, Mapping):
            raise TypeError(
                f"Tag set {tags!r} invalid, must be an instance of dict, "
                "bson.son.SON or other type that inherits from "
                "collection.Mapping"
            )
    return list(tag_sets)


def _max_staleness(max_staleness: Any) -> int:
    if max_staleness == -1:
        return -1
    message = f"maxStalenessSeconds must be a positive integer, not {max_staleness}"
    if not isinstance(max_staleness, int):
        raise TypeError(message)
    if max_staleness <= 0:
        raise ValueError(message)
    return max_staleness


def _hedge(hedge: Any) -> Mapping[str, Any] | None:
    if hedge is None:
        return None
    if not isinstance(hedge, dict):
        raise TypeError(f"hedge must be a dictionary, not {hedge!r}")
    _warn_of_hedge(stacklevel=4)
    return hedge


def _warn_of_hedge(*, stacklevel: int) -> None:
    import warnings  # noqa: PLC0415 - for one deprecated option

    warnings.warn(
        "The read preference 'hedge' option is deprecated in PyMongo 4.12+ because hedged reads "
        "are deprecated in MongoDB version 8.0+. Support for 'hedge' will be removed in "
        "PyMongo 5.0.",
        DeprecationWarning,
        stacklevel=stacklevel,
    )


# The classes --------------------------------------------------------------------------------------


class _ReadPreference:
    """Which members may answer a read, which of them first, and how old an answer may be."""

    __slots__ = ("_hedge", "_max_staleness", "_tag_sets")

    _MODE: ClassVar[int]

    def __init__(
        self,
        tag_sets: TagSets | None = None,
        max_staleness: int = -1,
        hedge: Mapping[str, Any] | None = None,
    ) -> None:
        """`tag_sets`: tried in their order. `max_staleness`: seconds, at least 90; -1: any age.

        `hedge` is deprecated by the driver. Raises TypeError and ValueError as the driver does.
        """
        self._tag_sets = _tag_sets(tag_sets)
        self._max_staleness = _max_staleness(max_staleness)
        self._hedge = _hedge(hedge)

    @property
    def name(self) -> str:
        """The class's name."""
        return type(self).__name__

    @property
    def mode(self) -> int:
        """The mode's number: its place in `MODES`."""
        return self._MODE

    @property
    def mongos_mode(self) -> str:
        """The mode as it travels."""
        return MODES[self._MODE]

    @property
    def tag_sets(self) -> list[Mapping[str, Any]]:
        """The tag sets; `[{}]`, which is any member, where none were given."""
        return list(self._tag_sets) if self._tag_sets else [{}]

    @property
    def max_staleness(self) -> int:
        """How many seconds a member may be behind; -1: any number."""
        return self._max_staleness

    @property
    def hedge(self) -> Mapping[str, Any] | None:
        """The hedge document. Deprecated, as in the driver."""
        if self._hedge is not None:
            _warn_of_hedge(stacklevel=3)
        return self._hedge

    @property
    def min_wire_version(self) -> int:
        """The oldest wire protocol that knows it."""
        return 0 if self._max_staleness == -1 else 5

    @property
    def document(self) -> dict[str, Any]:
        """What travels: `{"mode": …, "tags"?, "maxStalenessSeconds"?, "hedge"?}`."""
        document: dict[str, Any] = {"mode": self.mongos_mode}
        if self._tag_sets not in (None, [{}]):
            document["tags"] = self._tag_sets
        if self._max_staleness != -1:
            document["maxStalenessSeconds"] = self._max_staleness
        if self._hedge:
            document["hedge"] = self._hedge
        return document

    def __eq__(self, other: object) -> bool:
        """Equal: the same document."""
        return self.document == other.document if is_read_preference(other) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal by value, no key: as the driver's

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        return (
            f"{self.name}(tag_sets={self._tag_sets!r}, max_staleness={self._max_staleness!r}, "
            f"hedge={self._hedge!r})"
        )


class Primary(_ReadPreference):
    """Read from the primary."""

    __slots__ = ()
    _MODE = 0

    def __init__(self) -> None:
        """Takes nothing: there is one primary."""
        super().__init__()

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        return "Primary()"


class PrimaryPreferred(_ReadPreference):
    """Read from the primary; from a secondary if there is none."""

    __slots__ = ()
    _MODE = 1


class Secondary(_ReadPreference):
    """Read from a secondary."""

    __slots__ = ()
    _MODE = 2


class SecondaryPreferred(_ReadPreference):
    """Read from a secondary; from the primary if there is none."""

    __slots__ = ()
    _MODE = 3


class Nearest(_ReadPreference):
    """Read from any member that is near."""

    __slots__ = ()
    _MODE = 4


CLASSES: tuple[type[_ReadPreference], ...] = (
    Primary,
    PrimaryPreferred,
    Secondary,
    SecondaryPreferred,
    Nearest,
)
"""The class of each mode, in the order of `MODES`."""


class ReadPreference:
    """The read preferences that need nothing said: `ReadPreference.SECONDARY_PREFERRED`."""

    PRIMARY = Primary()
    PRIMARY_PREFERRED = PrimaryPreferred()
    SECONDARY = Secondary()
    SECONDARY_PREFERRED = SecondaryPreferred()
    NEAREST = Nearest()
