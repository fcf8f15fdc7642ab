"""Turns a batch into steps. The rules, one by one, are the modules beside this.

Each operation is offered to the rule of its kind; those whose offers are alike, and between which
nothing stands (`windows`), form a group; the largest groups are served first, since an operation
goes into one step only. What is left over is tried for identical reads, and then runs alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from motorpool.proxy.planning import counts, identical, inserts, reads, updates
from motorpool.proxy.planning.fusions import Alone, Member
from motorpool.proxy.planning.windows import Windows, divides

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator, Sequence

    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.planning.fusions import Fusion, Offer, Step


INSERTS: Final = "inserts"
WRITES: Final = "writes"
OPTIONS: Final = "options"
"""What not every database takes: the fusions of these rules; of reads with options, any at all."""

_PLAIN: Final = frozenset({"filter", "projection", "sort", "length", "batch_size"})
"""Arguments of reads that are no options."""


class Rule(NamedTuple):
    """What an operation offers, and what becomes of those whose offers are alike."""

    name: str
    offers: Callable[[ValidOperation], Sequence[Offer]]
    fuse: Callable[[Any, Sequence[Member]], Iterator[Fusion]]
    """Of an offer's key and the members that have it."""


_FINDS: Final = Rule("finds", reads.offers, lambda key, members: reads.fuse(key[2], members))
_COUNTS: Final = Rule("counts", counts.offers, lambda key, members: counts.fuse(key[2], members))
_INSERTS: Final = Rule(INSERTS, inserts.offers, lambda _, members: inserts.fuse(members))
_WRITES: Final = Rule(WRITES, updates.offers, lambda _, members: updates.fuse(members))
_IDENTICAL: Final = Rule("identical", identical.offers, lambda _, members: identical.fuse(members))

_NONE: Final = Rule("none", lambda _: (), lambda _, __: iter(()))

RULES: Final[dict[str, Rule]] = {
    "find": _FINDS,
    "find_one": _FINDS,
    "count_documents": _COUNTS,
    "insert_one": _INSERTS,
    "insert_many": _INSERTS,
    "update_one": _WRITES,
    "replace_one": _WRITES,
    "delete_one": _WRITES,
}
"""The rule of each kind of operation that has one."""


def depends_on_server(operations: Sequence[ValidOperation]) -> bool:
    """Whether which server it is may decide what of them goes together."""
    return sum(RULES.get(operation.op) is _WRITES for operation in operations) > 1


def plan(operations: Sequence[ValidOperation], without: Collection[str] = ()) -> list[Step]:
    """The steps of a batch, in its order; each operation, by its index, is in exactly one.

    `without`: what this database does not take, of `INSERTS`, `WRITES`, `OPTIONS`.
    """
    windows = Windows() if any(map(divides, operations)) else None
    window: Hashable = None
    window_of: list[Hashable] = [None] * len(operations)
    takes_options = OPTIONS not in without
    rules = {op: rule for op, rule in RULES.items() if rule.name not in without}
    groups: Groups = {}
    for position, operation in enumerate(operations):
        rule = rules.get(operation.op, _NONE)
        offers: Sequence[Offer] = ()
        if rule is not _NONE and (takes_options or operation.args.keys() <= _PLAIN):
            offers = _offers(rule, operation)
        if windows is not None:
            window = windows.enter(operation, offers[0][0] if offers else None)
            window_of[position] = window
        for key, note in offers:
            place = key if windows is None else (key, window)
            group = groups.get(place)
            if group is None:
                group = groups[place] = (rule, key, [])
            group[2].append(Member(position, operation, note))
    left = dict.fromkeys(range(len(operations)))
    steps: list[Step] = [*_fused(groups, left)]
    if left:
        same: Groups = {}
        for position in left:
            operation = operations[position]
            if operation.op in identical.SHAREABLE:
                for key, note in _offers(_IDENTICAL, operation):
                    group = same.setdefault((key, window_of[position]), (_IDENTICAL, key, []))
                    group[2].append(Member(position, operation, note))
        steps.extend(_fused(same, left))
        steps.extend(Alone([position]) for position in left)
    return sorted(steps, key=lambda step: step.members[0])


def _offers(rule: Rule, operation: ValidOperation) -> Sequence[Offer]:
    try:
        return rule.offers(operation)
    except Exception:  # noqa: BLE001 - what BSON cannot carry is refused where it runs, by itself
        return ()


Groups: TypeAlias = "dict[Any, tuple[Rule, Any, list[Member]]]"
"""Members with equal offers, in one window: their rule, and the key of their offers."""


def _fused(groups: Groups, left: dict[int, None]) -> Iterator[Fusion]:
    """The fusions of these groups, of operations that are `left`, and are not after this."""
    for rule, key, members in sorted(groups.values(), key=lambda group: -len(group[2])):
        still = [member for member in members if member.position in left]
        if len(still) < 2:  # noqa: PLR2004 - one has nobody to go with
            continue
        for fusion in rule.fuse(key, still):
            if len(fusion.members) > 1:
                yield fusion
                for position in fusion.members:
                    del left[position]
