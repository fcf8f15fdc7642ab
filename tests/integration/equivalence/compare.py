"""Whether two sides answered the same and hold the same, types and order and errors and all.

Only what cannot be equal is made so: ids that were made in the run, the cluster's clock, the
databases' names. Where a server promises no order (no sort, or a tie in one) documents are compared
as a bag; how often that was needed is counted, as is everything else that is let pass.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from bson import Code, DBRef, Decimal128, ObjectId, Regex
from bson.binary import Binary

from tests.integration.answers import MADE_SINCE, WHICHEVER
from tests.integration.equivalence.scenario import source
from tests.integration.equivalence.sides import reversed_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.equivalence.scenario import Batch, Operation, Scenario
    from tests.integration.equivalence.sides import Answers, Entry, Pair

Form = Any
"""Nested tuples, equal where values are equal to the last bit."""

DEAF_SECONDS: Final = 2.0
"""How long a write without an answer may take until it is seen."""

_OBJECT_ID: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{24}(?![0-9a-f])")
_DATABASE: Final = re.compile(r"\beq_[0-9a-z]+_[fs]\b")
# SecantusDB's Python server answers a body that it cannot read (a date past year 9999) so.
_RESPONSE_ID: Final = re.compile(r"Got response id -?\d+ but expected -?\d+")
_TIMEOUTS: Final = re.compile(r"\(configured timeouts: [^)]*\)")


def form(value: Any) -> Form:
    """A value as something that is equal only to its like: 1 is neither 1.0 nor true."""
    if isinstance(value, Mapping):
        return ("{}", *((key, _field(key, item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return ("[]", *map(form, value))
    return (type(value).__name__, _leaf(value))


def _field(key: str, value: Any) -> Form:
    return (type(value).__name__, "whichever") if key in WHICHEVER else form(value)


def _leaf(value: Any) -> Any:
    for cls, told in _LEAVES:
        if isinstance(value, cls):
            return told(value)
    return repr(value)


def _id(value: ObjectId) -> str:
    return "made" if value.generation_time >= MADE_SINCE else str(value)


def _text(text: str) -> str:
    if len(text) < len("eq__s"):
        return text
    text = _TIMEOUTS.sub("(configured timeouts)", _DATABASE.sub("<database>", text))
    text = _RESPONSE_ID.sub("Got another response id", text)
    return _OBJECT_ID.sub(_unless_made, text)


def _unless_made(found: re.Match[str]) -> str:
    is_made = ObjectId(found.group()).generation_time >= MADE_SINCE
    return "<made>" if is_made else found.group()


_LEAVES: Final[list[tuple[type, Callable[[Any], Any]]]] = [
    (float, float.hex),
    (ObjectId, _id),
    (Code, lambda code: (str(code), form(code.scope))),
    (str, _text),
    (Regex, lambda regex: (regex.pattern, int(regex.flags))),
    (Binary, lambda binary: (bytes(binary), binary.subtype)),
    (Decimal128, lambda decimal: decimal.bid),
    (DBRef, lambda ref: form(ref.as_doc())),
]


def differences(
    pair: Pair,
    scenario: Scenario,
    passed: Counter[str] | None = None,
    *,
    is_reversed: bool = False,
) -> list[str]:
    """What differs after the first batch that shows a difference, a line each; empty: nothing.

    `passed`: counts what was let pass. `is_reversed`: one side is given the operations from the
    last to the first.
    """
    passed = Counter() if passed is None else passed
    pair.fused.load(scenario.collections)
    pair.alone.load(scenario.collections)
    for number, batch in enumerate(scenario.batches):
        fused = pair.fused.run(reversed_order(batch) if is_reversed else batch)
        alone = pair.alone.run(batch)
        passed["batches"] += 1
        passed["operations"] += len(batch.operations)
        passed["groups"] += int(fused.stats["groups"])
        passed["fused batches"] += fused.stats["groups"] < alone.stats["groups"]
        found = [*differing_answers(batch, fused, alone, passed), *_contents(pair, batch)]
        found += _lost_inserts(pair, batch, fused)
        if found:
            return [f"batch {number}, {line}" for line in found]
    return []


# Answers ------------------------------------------------------------------------------------------


def differing_answers(
    batch: Batch, fused: Answers, alone: Answers, passed: Counter[str]
) -> Iterator[str]:
    """A line for each operation that was answered otherwise."""
    contests: dict[str, list[Operation]] = {}
    for operation in batch.operations:
        if "contest" in operation:
            contests.setdefault(operation["contest"], []).append(operation)
            continue
        one, other = fused.entries[operation["id"]], alone.entries[operation["id"]]
        if not _is_same(operation, one, other, passed):
            yield _told(operation, one, other)
    for contest, operations in contests.items():
        passed["contests"] += 1
        bags = [
            Counter(
                form({**_without_clock(side.entries[each["id"]], passed), "id": 0})
                for each in operations
            )
            for side in (fused, alone)
        ]
        if bags[0] != bags[1]:
            yield f"contest {contest!r}: {[list(bag.elements()) for bag in bags]}"


def _is_same(operation: Operation, one: Entry, other: Entry, passed: Counter[str]) -> bool:
    if ("cursor" in one) != ("cursor" in other) and not (one.get("rest") or other.get("rest")):
        # A page that ends where the result does may be told to be the last, or not.
        passed["an empty rest that one side has"] += 1
    bare = [form(_without_clock(side, passed)) for side in (one, other)]
    if bare[0] == bare[1] and _cursor_form(one) == _cursor_form(other):
        return True
    if "ok" not in one or "ok" not in other or operation["op"] not in ("find", "distinct"):
        return False
    is_alike = len(one["ok"]) == len(other["ok"]) and _are_alike([one, other], operation["args"])
    passed["another order that was not asked for"] += is_alike
    return is_alike


def _without_clock(entry: Entry, passed: Counter[str]) -> Entry:
    """The entry without its cursor, and without what a reply says of the replica set.

    `bulkWrite` says that once for all of its writes, and PyMongo keeps it to itself.
    """
    bare = {name: entry[name] for name in entry if name not in ("cursor", "rest")}
    raw = bare["ok"].get("raw_result") if isinstance(bare.get("ok"), Mapping) else None
    if isinstance(raw, Mapping) and not WHICHEVER.isdisjoint(raw):
        passed["a replica set's clock in a raw_result"] += 1
        raw = {name: raw[name] for name in raw if name not in WHICHEVER}
        bare["ok"] = {**bare["ok"], "raw_result": raw}
    return bare


def _cursor_form(entry: Entry) -> Form:
    if not entry.get("rest"):
        return None
    cursor = entry["cursor"]
    told = {name: cursor[name] for name in cursor if name not in ("id", "address")}
    return form([told, entry["rest"]])


def _are_alike(entries: list[Entry], args: Mapping[str, Any]) -> bool:
    """Whether these results of one question are alike as far as a server promises."""
    if args.get("limit") or args.get("skip"):
        return False  # then which documents they are depends on their order
    results = [[*entry["ok"], *entry.get("rest", ())] for entry in entries]
    if not args.get("sort"):
        bags = [Counter(map(form, result)) for result in results]
        return bags[0] == bags[1]
    # Only a tie is open: where what was sorted by is out of sight, they must be equal.
    sort = args["sort"]
    fields = list(sort) if isinstance(sort, Mapping) else [pair[0] for pair in sort]
    if any("." in field for field in fields) or args.get("projection") is not None:
        return False
    runs = [_runs(result, fields) for result in results]
    return runs[0] == runs[1]


def _runs(documents: list[Any], fields: list[str]) -> list[tuple[Form, Counter[Form]]]:
    runs: list[tuple[Form, Counter[Form]]] = []
    for document in documents:
        key = form([document.get(field) for field in fields])
        if not runs or runs[-1][0] != key:
            runs.append((key, Counter()))
        runs[-1][1][form(document)] += 1
    return runs


def _told(operation: Operation, one: Entry, other: Entry) -> str:
    return f"{source(operation)}\n    fused: {one}\n    alone: {other}"


# Contents -----------------------------------------------------------------------------------------


def _contents(pair: Pair, batch: Batch) -> list[str]:
    give_up = time.monotonic() + (DEAF_SECONDS if batch.is_deaf else 0.0)
    while found := differing_contents(pair.fused.content(), pair.alone.content()):
        if time.monotonic() >= give_up:
            break
        time.sleep(0.02)
    return found


def differing_contents(fused: Mapping[str, list[Any]], alone: Mapping[str, list[Any]]) -> list[str]:
    """A line for each document that only one side has. Order is by insertion, which is open."""
    lines = []
    for name in sorted({*fused, *alone}):
        if (name in fused) != (name in alone):
            lines.append(f"collection {name!r} is on one side only")
            continue
        bags = [Counter(map(form, side[name])) for side in (fused, alone)]
        lines += [f"in {name}, fused only: {document}" for document in bags[0] - bags[1]]
        lines += [f"in {name}, alone only: {document}" for document in bags[1] - bags[0]]
    return lines


def _lost_inserts(pair: Pair, batch: Batch, fused: Answers) -> list[str]:
    """Ids that the fused side says it inserted, and which are not its own document's.

    Made ids differ between the sides, so that the comparison does not see whose they are.
    """
    told = [
        (operation, fused.entries[operation["id"]]["ok"]["inserted_id"])
        for operation in batch.operations
        if operation["op"] == "insert_one"
        and "_id" not in operation["args"]["document"]
        and "ok" in fused.entries[operation["id"]]
        and not batch.is_deaf
    ]
    if not told:
        return []
    content = pair.fused.content()
    lines = []
    for operation, id_ in told:
        wanted = form(operation["args"]["document"])[1:]
        found = [each for each in content.get(operation["ns"], ()) if each.get("_id") == id_]
        if [sorted(form(each)[1:]) for each in _without_id(found)] != [sorted(wanted)]:
            lines.append(f"{operation}: inserted_id {id_!r} holds {found}")
    return lines


def _without_id(documents: list[Any]) -> list[dict[str, Any]]:
    return [{name: each[name] for name in each if name != "_id"} for each in documents]
