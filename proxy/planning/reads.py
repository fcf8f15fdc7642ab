"""Rule: `find` and `find_one` by equality on one field become one `find` with `$in`.

Of `find_one` by `_id`, and the N+1 of child rows. What comes back is dealt by that field's value.
A member is asked anew by itself where its own answer would not be this: a `find_one` that several
documents match (which is first is the server's to say), a `find` whose page is shorter than its
share. Neither `limit` nor `skip` fuses; a sort of the whole is a sort of each share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from motorpool.batching.codec import RawDocument, RawDocuments
from motorpool.proxy.planning.equalities import by_value, equality_offers, with_values
from motorpool.proxy.planning.fusions import FusedFind
from motorpool.proxy.planning.projections import seen_through
from motorpool.proxy.planning.values import Wanted, without

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.planning.fusions import Member, Offer

Dealt: TypeAlias = "Mapping[int, RawDocument | RawDocuments | None]"
"""Answers by a member's place in its fusion."""

_APART: Final = frozenset({"filter", "length", "batch_size"})
_TAKEN: Final = _APART | {
    *("projection", "sort", "collation", "hint", "comment", "max_time_ms", "allow_disk_use"),
    *("read_preference", "read_concern"),
}

_SPARE: Final = 2
"""A `find_one` by another field than `_id` is asked for so many documents for each value: where the
field is not unique after all, no more than that is read in vain."""


def offers(operation: ValidOperation) -> Sequence[Offer]:
    """See `equality_offers`."""
    if operation.args.get("length") == 0:
        return ()
    return equality_offers(operation, _TAKEN, _APART)


def fuse(field: str, members: Sequence[Member]) -> Iterator[FusedFind]:
    """The fused reads of these members, who ask by the values of `field`."""
    first = members[0].operation
    seen = seen_through(first.args.get("projection"), field)
    if seen is None or not _is_plain_sort(first.args.get("sort")):
        return
    common = {name: value for name, value in first.args.items() if name not in _APART}
    common.pop("projection", None)
    if seen.projection is not None:
        common["projection"] = seen.projection
    is_one = first.op == "find_one"
    for group in by_value(members, first.args.get("collation")):
        wanted = Wanted(field, [member.note for member in group])
        args = {**common, "filter": with_values(group, field)}
        if is_one and field != "_id":
            args["limit"] = _SPARE * len(wanted)
        yield FusedFind(
            [member.position for member in group],
            args,
            wanted,
            seen.hides,
            is_one,
            () if is_one else [_page_of(member.operation) for member in group],
        )


def _page_of(operation: ValidOperation) -> int | None:
    args = operation.args
    if len(args) == 1:  # its filter
        return None
    bounds = (args.get("length"), args.get("batch_size"))
    return min((bound for bound in bounds if bound), default=None)


def _is_plain_sort(sort: Any) -> bool:
    if sort is None:
        return True
    return all(type(direction) is int and direction in (1, -1) for _, direction in _pairs(sort))


def deal(fusion: FusedFind, documents: Sequence[bytes]) -> Dealt:
    """Their own answers, for the members that need not ask for themselves.

    `documents`: all that the fused `find` gives. Raises CannotTellError where none of it is known.
    """
    members_of = fusion.wanted.members
    shown = documents
    if fusion.hides is not None:
        hidden = fusion.hides.encode()
        shown = [without(document, hidden) for document in documents]
    if fusion.is_one:
        return _ones(fusion, documents, shown)
    shares: list[RawDocuments] = [RawDocuments() for _ in fusion.members]
    for document, seen in zip(documents, shown, strict=True):
        for member in members_of(document):
            shares[member].append(seen)
    # An index gives a document of several values at the first of them, which is not where the
    # others would have it. A sort puts it there, but where it has equals.
    torn = () if _is_total(fusion.args) else fusion.wanted.torn
    return {
        member: share
        for member, (share, most) in enumerate(zip(shares, fusion.most, strict=True))
        if (most is None or len(share) <= most) and (len(share) <= 1 or member not in torn)
    }


def _ones(fusion: FusedFind, documents: Sequence[bytes], shown: Sequence[bytes]) -> Dealt:
    """For members that are each given one document: not for those whom several would answer."""
    members_of = fusion.wanted.members
    found: dict[int, RawDocument | None] = dict.fromkeys(range(len(fusion.members)))
    several: list[int] = []
    for document, seen in zip(documents, shown, strict=True):
        for member in members_of(document):
            if found[member] is None:
                found[member] = RawDocument(seen)
            else:
                several.append(member)
    for member in several:
        found.pop(member, None)
    return found


def _is_total(args: Mapping[str, Any]) -> bool:
    """Whether no two documents are equal in this sort."""
    sort = args.get("sort")
    if sort is None or args.get("collation") is not None:  # under which two ids may be equal
        return False
    return any(name == "_id" for name, _ in _pairs(sort))


def _pairs(sort: Any) -> Any:
    return sort.items() if isinstance(sort, Mapping) else sort
