"""Traps of writes: each on documents of its own, or where it does not matter who comes first."""

from __future__ import annotations

from typing import Final

from bson import Int64

from tests.integration.equivalence.scenario import Collection
from tests.integration.equivalence.trap import CHILDREN, OPEN, Trap, delete, insert, of, update

TRAPS: Final[list[Trap]] = [
    Trap(
        "a failing insert among good ones",
        [{"_id": 1}],
        insert({"_id": 1}, {"_id": 2}, {"a": 1}, {"_id": 3}),
        OPEN,
    ),
    Trap(
        "an insert clashes across types",
        [{"_id": 1}],
        insert({"_id": 1.0}, {"_id": Int64(1)}, {"_id": 2}),
        OPEN,
    ),
    Trap("_id is not the first field", [], insert({"a": 1, "_id": 1}, {"b": 1, "_id": 2}), OPEN),
    Trap(
        "inserts into several collections",
        [],
        [*insert({"_id": 1}, {}), *insert({"_id": 1}, {}, ns="d")],
        OPEN,
    ),
    Trap(
        "a unique index",
        [{"_id": 1, "u": 1}],
        insert({"_id": 2, "u": 1}, {"_id": 3, "u": 2}),
        OPEN,
        indexes=({"keys": [("u", 1)], "unique": True},),
    ),
    Trap(
        "identical inserts",
        [],
        [{**each, "contest": "it"} for each in insert(*[{"_id": 1, "a": 1}] * 3)],
        OPEN,
    ),
    Trap(
        "documents that no server takes",
        [],
        insert({"_id": [1]}, {"$a": 1}, {"_id": {"$a": 1}}, {"a": 1}),
        OPEN,
    ),
    Trap(
        "documents that do not pass the validator",
        [],
        insert({"n": 1}, {"n": -1}, {"n": 2}),
        setting={"validator": {"n": {"$gte": 0}}},
        on_server_only=True,
    ),
    Trap(
        "lists with clashes in them",
        [{"_id": 1}],
        [
            {
                "op": "insert_many",
                "ns": "c",
                "args": {"documents": [{"_id": each}, {"_id": 1}, {"_id": each}], **more},
            }
            for each, more in (
                (2, {}),
                (3, {"ordered": False}),
                (4, {"ordered": False}),
                (5, {"ordered": True}),
            )
        ],
        OPEN,
    ),
    Trap(
        "a failing update among good ones",
        of("n", [1, "text", 3]),
        [update({"_id": each}, {"$inc": {"n": 1}}) for each in range(4)],
        OPEN,
    ),
    Trap(
        "an update clashes with a unique index",
        [{"_id": n, "u": n} for n in range(3)],
        [
            update({"_id": 1}, {"$set": {"u": 0}}),
            update({"_id": 2}, {"$set": {"u": 9}}),
        ],
        OPEN,
        indexes=({"keys": [("u", 1)], "unique": True},),
    ),
    Trap(
        "updates that the driver refuses",
        of("n", [1, 2, 3]),
        [
            update({"_id": 0}, {}),
            update({"_id": 1}, {"n": 1}),
            update({"_id": 2}, {"$inc": {"n": 1}}),
        ],
        OPEN,
    ),
    Trap(
        "upserts",
        of("n", [1]),
        [
            update({"_id": 0}, {"$inc": {"n": 1}}, upsert=True),
            update({"_id": 7}, {"$inc": {"n": 1}}, upsert=True),
            update({"a": 5}, {"$set": {"n": 1}}, upsert=True),
            update({"_id": 8}, {"$set": {"n": 1}}),
        ],
        OPEN,
    ),
    Trap(
        "an id that changes",
        of("n", [1, 2]),
        [
            update({"_id": 0}, {"$set": {"_id": 5}}),
            update({"_id": 1}, {"$set": {"n": 5}}),
            {
                "op": "replace_one",
                "ns": "c",
                "args": {"filter": {"_id": 1}, "replacement": {"_id": 6}},
            },
        ],
        OPEN,
    ),
    Trap(
        "writes of all kinds across collections",
        CHILDREN,
        [
            update({"_id": 0}, {"$set": {"n": 9}}),
            delete({"_id": 1}),
            update({"_id": 0}, {"$set": {"n": 9}}, ns="d"),
            {
                "op": "replace_one",
                "ns": "d",
                "args": {"filter": {"_id": 1}, "replacement": {"n": 9}},
            },
            delete({"_id": 2}, ns="d"),
            delete({"_id": 77}),
            *insert({"_id": 99}),
        ],
        OPEN,
        others=(Collection("d", CHILDREN[:4]),),
    ),
    Trap(
        "array filters, hints, sorts, pipelines",
        CHILDREN,
        [
            update({"_id": 0}, {"$set": {"l.$[e]": 5}}, array_filters=[{"e": 0}]),
            update({"_id": 1}, {"$set": {"l.$[e]": 5}}, array_filters=[{"f": 0}]),
            update({"_id": 2}, {"$set": {"n": 5}}, hint="_id_"),
            update({"_id": 3}, {"$set": {"n": 5}}, hint="nope"),
            update({"p": 0, "_id": {"$gt": 3}}, {"$set": {"n": 5}}, sort={"_id": -1}),
            update({"_id": 5}, [{"$set": {"n": "$p"}}]),
            update({"_id": 6}, [{"$nope": 1}]),
            delete({"_id": 7}, hint="nope"),
        ],
        OPEN,
    ),
    Trap(
        "a collation of a write",
        of("s", ["a", "B", "c"]),
        [
            update({"s": "A"}, {"$set": {"n": 1}}, collation={"locale": "en", "strength": 2}),
            delete({"s": "b"}),
            delete({"s": "C"}, collation={"locale": "en", "strength": 2}),
        ],
        on_server_only=True,
    ),
    Trap(
        "additions to one counter",
        of("n", [0]),
        [update({"_id": 0}, {"$inc": {"n": 1}}) for _ in range(9)],
        OPEN,
    ),
    Trap(
        "one document deleted twice",
        of("n", [0]),
        [{**delete({"_id": 0}), "contest": "it"} for _ in range(3)],
        OPEN,
    ),
    Trap(
        "without an answer",
        of("n", [0, 1]),
        [update({"_id": each}, {"$inc": {"n": 1}}, write_concern={"w": 0}) for each in (0, 1)],
        OPEN,
    ),
    Trap(
        "a write concern that cannot be",
        of("n", [0, 1]),
        [
            update({"_id": each}, {"$inc": {"n": 1}}, write_concern={"w": "nowhere"})
            for each in (0, 1)
        ],
        OPEN,
    ),
]
