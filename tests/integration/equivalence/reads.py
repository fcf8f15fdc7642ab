"""Generated reads: groups that may be fused, with members that must not, and reads for themselves.

All of them read what no write of their batch touches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.integration.equivalence.pools import COLLATIONS, HINTS, MISSING, PROJECTIONS, SORTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.equivalence.dice import Dice
    from tests.integration.equivalence.scenario import Operation

_FIELDS: Final = (
    *("p", "p", "p", "q", "q", "n", "s", "k", "d.x", "d.x", "d", "l", "l", "l.0", "d.0.x"),
    *("_id", "nowhere", "d.x.y", "u", "_id.x", "p.0"),
)


def reads(dice: Dice, ns: str, ids: Sequence[Any], *, by_id_only: bool = False) -> list[Operation]:
    """A group of reads on a collection that has these ids. `by_id_only`: of these ids alone."""
    if by_id_only:
        return _by_id(dice, ns, ids)
    kind = dice.weighted(by_id=5, find=5, find_one=3, count=4, same=2, other=2)
    if kind == "by_id":
        return _by_id(dice, ns, [*ids, "none", 77, 7.5])
    if kind in ("find", "find_one", "count"):
        return _by_field(dice, ns, {"count": "count_documents"}.get(kind, kind))
    if kind == "same":
        return _identical(dice, ns, ids)
    return [_other(dice, ns) for _ in range(dice.number(1, 2))]


def _options(dice: Dice, op: str) -> dict[str, Any]:
    """Options that all of a group have."""
    args: dict[str, Any] = {}
    if op in ("find", "find_one"):
        if dice.chance(0.5):
            args["projection"] = dice.pick(PROJECTIONS if dice.chance(0.5) else PROJECTIONS[:22])
        if dice.chance(0.35):
            args["sort"] = dice.pick(SORTS if dice.chance(0.25) else SORTS[:11])
        if dice.chance(0.04):
            args |= dice.pick(_RARE)
    return {**args, **_common_options(dice)}


def _common_options(dice: Dice) -> dict[str, Any]:
    args: dict[str, Any] = {}
    if dice.chance(0.12):
        args["collation"] = dice.pick(COLLATIONS)
    if dice.chance(0.1):
        args["hint"] = dice.pick(HINTS)
    if dice.chance(0.06):
        args["comment"] = dice.pick(["why", {"a": 1}, 1])
    if dice.chance(0.06):
        args["max_time_ms"] = dice.pick([30_000, 60_000, 30_000, 0, -1])
    if dice.chance(0.06):
        level = dice.pick(["local", "local", "majority", "majority", "available", "nonsense"])
        args["read_concern"] = {"level": level}
    if dice.chance(0.04):
        mode = dice.pick(["primary", "primaryPreferred", "nearest"])
        args["read_preference"] = {"mode": mode}
    return args


_RARE: Final[list[dict[str, Any]]] = [
    *({"allow_disk_use": True}, {"show_record_id": True}, {"no_cursor_timeout": True}),
    *({"hint": {"p": 1}, "min": {"p": 1}}, {"hint": "p_1", "max": [["p", 3]], "return_key": True}),
    *({"let": {"v": 1}}, {"batch_size": 0}, {"allow_partial_results": True}, {"snapshot": True}),
]


def _own(dice: Dice, op: str) -> dict[str, Any]:
    """What one member of a group has of its own."""
    args: dict[str, Any] = {}
    if op == "find":
        if dice.chance(0.15):
            args["length"] = dice.pick([0, 1, 2, 5, 100])
        if dice.chance(0.1):
            args["batch_size"] = dice.pick([0, 1, 2, 100])
        if dice.chance(0.07):
            args["limit"] = dice.pick([0, 1, 2, -1, -2, 100])
    if op in ("find", "find_one", "count_documents") and dice.chance(0.05):
        args["skip"] = dice.pick([0, 1, 2, -1])
    if op == "count_documents" and dice.chance(0.05):
        args["limit"] = dice.pick([1, 2, 0, -1])
    if dice.chance(0.06):
        args |= _options(dice, op)
    return args


def _operation(dice: Dice, op: str, ns: str, args: dict[str, Any]) -> Operation:
    operation: Operation = {"op": op, "ns": ns, "args": args}
    if op in ("find", "aggregate") and dice.chance(0.7):
        operation["session"] = True
    return operation


def _timed(dice: Dice, operations: list[Operation]) -> list[Operation]:
    """The operations, some with a time-out that never comes."""
    if dice.chance(0.1):
        for operation in operations:
            operation["timeout_ms"] = 60_000 if dice.chance(0.8) else 50_000
    return operations


def _by_id(dice: Dice, ns: str, ids: Sequence[Any]) -> list[Operation]:
    common = _options(dice, "find_one")
    found: list[Operation] = []
    for _ in range(dice.number(2, 14)):
        id_ = dice.pick(ids) if ids else dice.value()
        filter_: dict[str, Any] = {"_id": {"$eq": id_} if dice.chance(0.05) else id_}
        op = "find" if dice.chance(0.05) else "find_one"
        found.append(_operation(dice, op, ns, {"filter": filter_, **common, **_own(dice, op)}))
    return _timed(dice, found)


def _by_field(dice: Dice, ns: str, op: str) -> list[Operation]:
    field = dice.pick(_FIELDS)
    common, rest = _options(dice, op), _rest(dice, field) if dice.chance(0.4) else {}
    found: list[Operation] = []
    for _ in range(dice.number(2, 14)):
        value = _asked(dice)
        own = _rest(dice, field) if dice.chance(0.06) else rest
        filter_ = {field: value, **own}
        # Mongomock judges conditions in their order, and cannot judge every value.
        if own and dice.on_server and dice.chance(0.3):
            filter_ = {**own, field: value}
        found.append(_operation(dice, op, ns, {"filter": filter_, **common, **_own(dice, op)}))
    return _timed(dice, found)


def _asked(dice: Dice) -> Any:
    value = dice.value()
    if dice.chance(0.88):
        return value
    return dice.pick(
        [
            {"$eq": value},
            {"$in": [value, 1]},
            {"$gt": value},
            {"$ne": value},
            {"$exists": False},
            {"$not": {"$eq": value}},
            {"$elemMatch": {"$eq": value}},
            {"$all": [value]},
            {"$nope": 1},
            {"$eq": value, "$gte": value},
        ]
    )


def _rest(dice: Dice, field: str) -> dict[str, Any]:
    other = dice.pick([name for name in ("p", "q", "n", "s") if name != field])
    return dice.pick(
        [
            {other: dice.value()},
            {other: {"$gte": 0}},
            {other: {"$exists": True}},
            {other: {"$ne": dice.value()}},
            {"n": {"$gte": 0}, "k": {"$lt": 50}},
            {"$or": [{"n": {"$gte": 0}}, {"p": dice.value()}]},
            {"$and": [{field: dice.value()}]},
            {"$expr": {"$eq": ["$n", "$n"]}},
            {"l": {"$elemMatch": {"$eq": dice.value()}}},
            {"$comment": "none"},
            {"n": {"$nope": 1}},
            {f"{field}.x": dice.value()},
        ]
    )


def _identical(dice: Dice, ns: str, ids: Sequence[Any]) -> list[Operation]:
    if dice.chance(0.5):
        (first, *_) = _by_field(dice, ns, dice.pick(["find", "find_one", "count_documents"]))
    elif dice.chance(0.3) and ids:
        (first, *_) = _by_id(dice, ns, ids)
    else:
        first = _other(dice, ns)
    return [dict(first) for _ in range(dice.number(2, 6))]


def _other(dice: Dice, ns: str) -> Operation:
    value = dice.value()
    others: list[tuple[str, dict[str, Any]]] = [
        ("find", {}),
        ("find", {"sort": {"k": 1}, "limit": 3, "skip": 1}),
        ("find", {"filter": {"$expr": {"$eq": ["$n", "$$v"]}}, "let": {"v": 1}}),
        ("find", {"filter": {}, "batch_size": 2, "length": 3}),
        ("find_one", {}),
        ("find_one", {"filter": None}),
        ("count_documents", {"filter": {}}),
        ("count_documents", {"filter": {"p": value}, "skip": 1, "limit": 2}),
        ("count_documents", {"filter": {"$where": 1}}),
        ("estimated_document_count", {}),
        ("distinct", {"key": dice.pick(["p", "l", "d.x", "nowhere"])}),
        ("distinct", {"key": "p", "filter": {"q": value}}),
        ("aggregate", {"pipeline": [{"$match": {"p": value}}, {"$sort": {"k": 1}}]}),
        ("aggregate", {"pipeline": [{"$group": {"_id": None, "n": {"$sum": "$n"}}}]}),
        ("aggregate", {"pipeline": [{"$nope": 1}]}),
        ("aggregate", {"pipeline": [], "batch_size": 2, "length": 1}),
        ("list_indexes", {}),
        ("find", {"filter": {"$nope": 1}}),
        ("find", {"filter": "text"}),
        ("find", {"nonsense": 1}),
        ("nonsense", {}),
    ]
    op, args = dice.pick(others)
    return _operation(dice, op, ns, {**args})


def missing_left_out(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the fields that are MISSING."""
    return {name: value for name, value in document.items() if value is not MISSING}
