"""Rule: `count_documents` by equality on one field become one `$match` and `$group`.

The group's `_id` is the field's value as the documents have it, so it is dealt as a document of
`reads` is. Neither `skip` nor `limit` fuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import bson

from motorpool.batching.codec import LOSSLESS
from motorpool.proxy.planning.equalities import by_value, equality_offers, with_values
from motorpool.proxy.planning.fusions import FusedCount
from motorpool.proxy.planning.values import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.planning.fusions import Member, Offer

_APART: Final = frozenset({"filter"})
_TAKEN: Final = _APART | {
    *("collation", "hint", "comment", "max_time_ms", "read_preference", "read_concern"),
}


def offers(operation: ValidOperation) -> Sequence[Offer]:
    """See `equality_offers`."""
    return equality_offers(operation, _TAKEN, _APART)


def fuse(field: str, members: Sequence[Member]) -> Iterator[FusedCount]:
    """The fused counts of these members, who ask by the values of `field`."""
    first = members[0].operation
    common = {name: value for name, value in first.args.items() if name not in _APART}
    for group in by_value(members, first.args.get("collation")):
        pipeline = [
            {"$match": with_values(group, field)},
            {"$group": {"_id": f"${field}", "n": {"$sum": 1}}},
        ]
        yield FusedCount(
            [member.position for member in group],
            {**common, "pipeline": pipeline},
            # By the group's `_id`, whatever the field's own name. A path through an array makes an
            # array of it, which is not quite what a filter sees there.
            Wanted("_id", [member.note for member in group], takes_arrays="." not in field),
        )


def deal(fusion: FusedCount, groups: Iterable[bytes]) -> list[int]:
    """Each member's count. Raises CannotTellError where they cannot be told."""
    counts = [0] * len(fusion.members)
    for group in groups:
        members = fusion.wanted.members(group)
        counted = bson.decode(group, codec_options=LOSSLESS)
        for member in members:
            counts[member] += counted["n"]
    return counts
