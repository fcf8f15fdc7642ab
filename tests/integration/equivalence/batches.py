"""Generates scenarios: a small data set, and batches made to hit the fusions and their traps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.integration.equivalence.dice import Dice
from tests.integration.equivalence.pools import IDS, MISSING
from tests.integration.equivalence.reads import missing_left_out, reads
from tests.integration.equivalence.scenario import Batch, Collection, Scenario
from tests.integration.equivalence.writes import Writes

if TYPE_CHECKING:
    from tests.integration.equivalence.scenario import Document, Operation

MOST_OPERATIONS: Final = 40

_INDEXES: Final[list[dict[str, Any]]] = [
    *({"keys": [("p", 1)]}, {"keys": [("q", 1), ("n", -1)]}, {"keys": [("d.x", 1)]}),
    *({"keys": [("l", 1)]}, {"keys": [("p", 1)], "sparse": True}, {"keys": [("s", 1)]}),
    {"keys": [("k", 1)]},
]
_UNIQUE: Final[list[dict[str, Any]]] = [
    {"keys": [("u", 1)], "unique": True},
    {"keys": [("u", 1)], "unique": True, "sparse": True},
    {"keys": [("u", 1), ("k", 1)], "unique": True},
]


def scenario(seed: int, *, on_server: bool) -> Scenario:
    """The scenario of this seed. `on_server`: with what the embedded database has not."""
    dice = Dice(seed, on_server=on_server)
    collections = [_collection(dice, f"c{n}") for n in range(dice.number(1, 3))]
    views = [_view(dice, collections)] if on_server and dice.chance(0.15) else []
    sources = [*collections, *views]
    written = [each for each in collections if dice.chance(0.4)]
    only_read = [each for each in sources if each not in written and not _reads_of(each, written)]
    batches = [_batch(dice, only_read, [])] if only_read and dice.chance(0.6) else []
    batches.append(_batch(dice, only_read, written))
    return Scenario([*collections, *views], batches)


def _reads_of(collection: Collection, written: list[Collection]) -> bool:
    return any(collection.options.get("viewOn") == each.name for each in written)


def _collection(dice: Dice, name: str) -> Collection:
    count = dice.number(0, 24) if dice.chance(0.9) else 0
    documents: list[Document] = []
    seen: list[Any] = []
    odd = dice.shuffled(IDS)
    for number in range(count):
        id_ = odd.pop() if odd and dice.chance(0.25) else number
        # Equal to Python is equal to the embedded database, which takes 1 and True for one.
        if any(id_ == other or (_is_nan(id_) and _is_nan(other)) for other in seen):
            continue
        seen.append(id_)
        documents.append(_document(dice, id_, number))
    indexes = dice.some(_INDEXES, 0, 2) if dice.chance(0.5) else []
    if dice.chance(0.3):
        indexes = [*indexes, dice.pick(_UNIQUE)]
    options: dict[str, Any] = {}
    if dice.on_server and dice.chance(0.12):
        options["collation"] = {"locale": "en", "strength": dice.pick([1, 2])}
    if dice.on_server and dice.chance(0.12):
        options["validator"] = {"n": {"$gte": 0}}
    return Collection(name, documents, indexes, options)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value  # noqa: PLR0124 - NaN is not itself


def _document(dice: Dice, id_: Any, number: int) -> Document:
    document: Document = {
        "_id": id_,
        "k": number,
        "n": dice.number(0, 3),
        "p": dice.maybe_missing(),
        "q": dice.maybe_missing() if dice.chance(0.7) else MISSING,
        "s": dice.pick(["a", "A", "b", "B", "10", "9"]),
        "u": number + 500 if dice.chance(0.95) else MISSING,
        "d": _nested(dice),
        "l": [dice.value() for _ in range(dice.number(0, 3))] if dice.chance(0.6) else MISSING,
    }
    if dice.chance(0.1):
        document["p"] = [dice.value() for _ in range(dice.number(0, 2))]
    names = list(document)
    ordered = names if dice.chance(0.7) else ["_id", *dice.shuffled(names[1:])]
    return missing_left_out({name: document[name] for name in ordered})


def _nested(dice: Dice) -> Any:
    one = missing_left_out({"x": dice.maybe_missing(), "y": dice.maybe_missing()})
    two = missing_left_out({"x": dice.maybe_missing()})
    return dice.pick([one, one, one, [one, two], [one], dice.maybe_missing(), MISSING])


def _view(dice: Dice, collections: list[Collection]) -> Collection:
    on = dice.pick(collections).name
    unwound = {"$unwind": {"path": "$l", "preserveNullAndEmptyArrays": True}}
    pipeline = dice.pick(
        [[unwound], [{"$project": {"_id": 0}}], [{"$set": {"_id": "$p"}}], [{"$match": {}}]]
    )
    return Collection("v", [], [], {"viewOn": on, "pipeline": pipeline})


def _batch(dice: Dice, only_read: list[Collection], written: list[Collection]) -> Batch:
    groups: list[list[Operation]] = []
    for collection in only_read:
        ids = [document["_id"] for document in collection.documents]
        groups += [reads(dice, collection.name, ids) for _ in range(dice.number(1, 3))]
    for collection in written:
        documents = dice.shuffled(collection.documents)
        third = len(documents) // 3
        kept, read, own = documents[:third], documents[third : third + 4], documents[third + 4 :]
        writes = Writes(dice, collection, own, kept)
        groups += [writes.group() for _ in range(dice.number(1, 3))]
        if dice.chance(0.1):
            groups.append(writes.twice())
        if read and dice.chance(0.4):
            # A collation could hold a string equal to another, which is being changed.
            ids = [each["_id"] for each in read if not isinstance(each["_id"], str)] or [777]
            groups.append(reads(dice, collection.name, ids, by_id_only=True))
    if not groups:
        groups = [reads(dice, "nowhere", [])]
    operations = _cut(dice, groups)
    are_numbers = dice.chance(0.9)
    numbered = [
        {"id": place if are_numbers else f"op {place}", **operation}
        for place, operation in enumerate(operations)
    ]
    return Batch(
        numbered,
        is_readable=dice.chance(0.15),
        timeout_ms=60_000 if dice.chance(0.05) else None,
    )


def _cut(dice: Dice, groups: list[list[Operation]]) -> list[Operation]:
    """The operations of all groups, mixed; who contest stay or go together."""
    kept: list[Operation] = []
    for group in dice.shuffled(groups):
        if len(kept) + len(group) <= MOST_OPERATIONS:
            kept += group
    return dice.shuffled(kept) if dice.chance(0.7) else kept
