"""Filters that ask for one value of one field, other conditions alike.

`{"_id": 7}` and `{"parent": 3, "open": True}` do; the latter by either of its fields, as long as
the other operations differ in no more than that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import bson

from motorpool.batching.codec import LOSSLESS
from motorpool.proxy.planning.fusions import MAX_VALUES, Member, Offer, alike
from motorpool.proxy.planning.values import Key, fold, is_string, key_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from motorpool.proxy.models import ValidOperation

_MOST_FIELDS: Final = 4
"""Filters of more fields are left alone: each field is one more way in which they may be alike."""

_PLAIN_OPERATORS: Final = frozenset(
    {
        *("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$type"),
        *("$mod", "$size", "$all", "$regex", "$options"),
    }
)
"""Each document meets or misses them by itself. (`$near` is another matter: it sorts.)"""


def equality_offers(
    operation: ValidOperation, taken: frozenset[str], apart: frozenset[str]
) -> Sequence[Offer]:
    """An offer for each field by whose value this operation asks; its note is the value's key.

    `taken`: the arguments with which an operation may be fused. `apart`: those of them in which
    members may differ.
    """
    args = operation.args
    filter_ = args.get("filter")
    if type(filter_) is dict and len(filter_) == len(args) == 1:
        # By far the most there are: one field's value and nothing else.
        ((field, value),) = filter_.items()
        key = key_of(value) if field == "_id" or _is_plain_field(field) else None
        if key is None:
            return ()
        return (((operation.op, operation.ns, field, alike(operation.timeout_ms), b"", b""), key),)
    return _offers_of_several(operation, taken, apart)


def _offers_of_several(
    operation: ValidOperation, taken: frozenset[str], apart: frozenset[str]
) -> Sequence[Offer]:
    """With other conditions, or options."""
    args = operation.args
    filter_ = args.get("filter")
    if not isinstance(filter_, Mapping) or not 0 < len(filter_) <= _MOST_FIELDS:
        return ()
    options = b""
    if len(args) > 1:
        if not args.keys() <= taken:
            return ()
        common = {name: args[name] for name in args if name not in apart}
        options = _encoded(common) if common else b""
    offers = []
    for field, value in filter_.items():
        if not _is_plain_field(field):
            return ()
        key = key_of(value)
        if key is None:
            continue
        rest = b""
        if len(filter_) > 1:
            others = {name: filter_[name] for name in filter_ if name != field}
            if not all(map(_is_plain, others, others.values())):
                continue
            rest = _encoded(others)
        offers.append(
            ((operation.op, operation.ns, field, alike(operation.timeout_ms), options, rest), key)
        )
    return offers


def _encoded(document: Mapping[str, Any]) -> bytes:
    return bson.encode(document, codec_options=LOSSLESS)


def _is_plain_field(field: str) -> bool:
    return field == "_id" or (field[:1] not in ("", "$", ".") and ".$" not in field)


def _is_plain(field: str, condition: Any) -> bool:
    if not _is_plain_field(field):
        return False
    if not isinstance(condition, Mapping):
        return True
    operators = [name for name in condition if name[:1] == "$"]
    return not operators or _PLAIN_OPERATORS.issuperset(operators)


def by_value(members: Sequence[Member], collation: Any) -> list[list[Member]]:
    """The members in groups that may go together: no two values that a collation could confuse.

    `collation`: the one that all of them ask for, if any.
    """
    if len(members) <= MAX_VALUES and not any(is_string(member.note) for member in members):
        return [list(members)]
    is_simple = isinstance(collation, Mapping) and collation.get("locale") == "simple"
    groups: list[list[Member]] = []
    places: dict[Key, int] = {}
    sizes: list[int] = []
    last_of_fold: dict[Hashable, int] = {}
    first_open = 0
    for member in members:
        key: Key = member.note
        place = places.get(key)
        if place is None:
            place = first_open
            folded = None
            if is_string(key) and not is_simple:
                folded = fold(key)
                if folded is None:
                    continue
                place = max(place, last_of_fold.get(folded, -1) + 1)
            if place == len(sizes):
                sizes.append(0)
                groups.append([])
            if folded is not None:
                last_of_fold[folded] = place
            places[key] = place
            sizes[place] += 1
            while first_open < len(sizes) and sizes[first_open] == MAX_VALUES:
                first_open += 1
        groups[place].append(member)
    return groups


def with_values(members: Sequence[Member], field: str) -> dict[str, Any]:
    """The filter that asks for the values of all members at once."""
    values = {member.note: member.operation.args["filter"][field] for member in members}
    first = members[0].operation.args["filter"]
    return {**first, field: {"$in": list(values.values())}}
