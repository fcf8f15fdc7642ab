"""What a plan consists of: steps, each one round trip for one operation or for several.

A fusion holds what is asked of the driver in place of its members' own questions, and deals the
answer back to them. Asks nothing itself.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.planning.values import Wanted

MAX_VALUES: Final = 500
"""Values in one `$in`, documents and writes in one command. More of them are several steps, which
run side by side: while the server is at the second, the first is dealt. Measured, 1,000 `find_one`
take a sixth less time so than in one step, and 10,000 as long as in steps of 1,000."""


_TIME_OUT_BITS: Final = 5


@lru_cache(256)  # of a batch's there are few, and of its operations many
def alike(limit: int | None) -> int | None:
    """What of a time-out has to be alike: all but a sixteenth.

    A client stamps each operation with what is left of its own time, so no two are quite the same.
    """
    if limit is None:
        return None
    last = max(0, limit.bit_length() - _TIME_OUT_BITS)
    return limit >> last << last


class SharedRead(NamedTuple):
    """Reads that ask the same: the first is asked, its answer is everybody's."""

    members: Sequence[int]


class FusedFind(NamedTuple):
    """Several `find` or `find_one` by equality on one field, as one `find` with `$in`."""

    members: Sequence[int]
    args: Mapping[str, Any]
    """What the one `find` is given, but for its filter's `$in`, which is in it."""
    wanted: Wanted
    """Numbers its members by their place in `members`."""
    hides: str | None
    """A field that is taken off each document: it was asked for to tell them apart."""
    is_one: bool
    """Whether its members are `find_one`."""
    most: Sequence[int | None]
    """For each member that is a `find`, how many documents make a page, if so many."""


class FusedCount(NamedTuple):
    """Several `count_documents` by equality on one field, as one `$match` and `$group`."""

    members: Sequence[int]
    args: Mapping[str, Any]
    wanted: Wanted


class FusedInsert(NamedTuple):
    """Several `insert_one`, or unordered `insert_many`, as one unordered `insert_many`."""

    members: Sequence[int]
    args: Mapping[str, Any]
    """What the one `insert_many` is given."""
    sizes: Sequence[int]
    """How many of the documents are each member's."""


class FusedWrite(NamedTuple):
    """Several `update_one`, `replace_one`, `delete_one` as one `bulkWrite` of the server."""

    members: Sequence[int]
    args: Mapping[str, Any]
    """What a `client_bulk_write` is given."""


class Alone(NamedTuple):
    """One operation by itself."""

    members: Sequence[int]


Fusion: TypeAlias = "SharedRead | FusedFind | FusedCount | FusedInsert | FusedWrite"
Step: TypeAlias = "Alone | Fusion"


class Member(NamedTuple):
    """One operation that a rule would take into a group, and what the rule noted of it."""

    position: int
    operation: ValidOperation
    note: Any


Offer: TypeAlias = "tuple[tuple[Hashable, ...], Any]"
"""A key, and a note. Operations whose offers have equal keys may go together. A key begins with its
rule's own words, or the operation's name."""
