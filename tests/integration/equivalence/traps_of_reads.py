"""Traps of reads: order, pages, projections, options, views."""

from __future__ import annotations

from typing import Final

from tests.integration.equivalence.scenario import Collection
from tests.integration.equivalence.trap import (
    CHILDREN,
    NOT_FUSED,
    OPEN,
    PARENTS,
    Trap,
    every,
    of,
    ops,
)

BY_ID: Final = ops("find_one", "_id", [0, 1, 2, 77])

TRAPS: Final[list[Trap]] = [
    # Which documents, in which order --------------------------------------------------------------
    Trap("a sort holds within each share", CHILDREN, ops("find", "p", PARENTS, sort={"n": 1})),
    Trap(
        "a sort by what is asked for", CHILDREN, ops("find", "p", PARENTS, sort={"p": 1, "n": -1})
    ),
    Trap("a sort backwards by id", CHILDREN, ops("find", "p", PARENTS, sort={"_id": -1})),
    Trap(
        "a limit is each one's own",
        CHILDREN,
        ops("find", "p", PARENTS, sort={"n": 1}, limit=2),
        NOT_FUSED,
    ),
    Trap("so is a skip", CHILDREN, ops("find", "p", PARENTS, sort={"n": 1}, skip=1), NOT_FUSED),
    Trap("counts with a limit", CHILDREN, ops("count_documents", "p", PARENTS, limit=2), NOT_FUSED),
    Trap("counts with a skip", CHILDREN, ops("count_documents", "p", PARENTS, skip=1), NOT_FUSED),
    Trap("several match a find_one", CHILDREN, ops("find_one", "p", PARENTS)),
    Trap("several match a sorted find_one", CHILDREN, ops("find_one", "p", PARENTS, sort={"n": 1})),
    Trap("pages that are shorter than a share", CHILDREN, ops("find", "p", PARENTS, length=3)),
    Trap("pages as long as a share", CHILDREN, ops("find", "p", PARENTS, length=4)),
    Trap(
        "batches that are shorter than a share", CHILDREN, ops("find", "p", PARENTS, batch_size=2)
    ),
    Trap(
        "one question with a session and without",
        CHILDREN,
        [
            {"op": "aggregate", "ns": "c", "args": {"pipeline": [], "length": 1}},
            {"op": "aggregate", "ns": "c", "args": {"pipeline": [], "length": 1}, "session": True},
        ],
        OPEN,
    ),
    Trap(
        "an index for the sort",
        CHILDREN,
        ops("find", "p", PARENTS, sort={"n": 1}),
        indexes=({"keys": [("p", 1), ("n", 1)]},),
    ),
    Trap(
        "arrays in an index",
        of("l", [[1, 2], [2], [2, 1], 1]),
        ops("find", "l", [1, 2]),
        indexes=({"keys": [("l", 1)]},),
    ),
    # Projections ----------------------------------------------------------------------------------
    Trap("without _id", CHILDREN, ops("find_one", "_id", [1, 2, 77], projection={"_id": 0})),
    Trap(
        "one field without _id",
        CHILDREN,
        ops("find_one", "_id", [1, 2], projection={"_id": 0, "n": 1}),
    ),
    Trap(
        "not the field that is asked by", CHILDREN, ops("find", "p", PARENTS, projection={"n": 1})
    ),
    Trap(
        "all but the field that is asked by",
        CHILDREN,
        ops("find", "p", PARENTS, projection={"p": 0}),
    ),
    Trap("neither it nor _id", CHILDREN, ops("find", "p", PARENTS, projection={"p": 0, "_id": 0})),
    Trap("names of fields", CHILDREN, ops("find", "p", PARENTS, projection=["s"])),
    Trap("no names of fields", CHILDREN, ops("find", "p", PARENTS, projection=[]), OPEN),
    Trap("an empty projection", CHILDREN, ops("find_one", "_id", [1, 2], projection={}), OPEN),
    Trap(
        "a part of the path",
        of("d", [{"x": 1, "y": 2}]),
        ops("find", "d.x", [1, 2], projection={"d.y": 1}),
        OPEN,
    ),
    Trap(
        "a mixed projection",
        CHILDREN,
        ops("find_one", "_id", [1, 2], projection={"n": 1, "p": 0}),
        NOT_FUSED,
    ),
    Trap(
        "a slice",
        CHILDREN,
        ops("find_one", "_id", [1, 2], projection={"l": {"$slice": 1}}),
        NOT_FUSED,
    ),
    Trap(
        "a positional projection",
        CHILDREN,
        ops("find", "l", [1, 2], projection={"l.$": 1}),
        NOT_FUSED,
    ),
    Trap(
        "a computed field",
        CHILDREN,
        ops("find", "p", [1, 2], projection={"p": "$n"}),
        NOT_FUSED,
        on_server_only=True,
    ),
    # Options --------------------------------------------------------------------------------------
    Trap(
        "options that differ",
        CHILDREN,
        [
            *ops("find_one", "_id", [1, 2], projection={"n": 1}),
            *ops("find_one", "_id", [1, 2], sort={"n": 1}),
            *BY_ID,
        ],
    ),
    Trap("a hint that is none", CHILDREN, ops("find", "p", PARENTS, hint="nope"), OPEN),
    Trap(
        "a negative time",
        CHILDREN,
        ops("find", "p", PARENTS, max_time_ms=-1),
        OPEN,
        on_server_only=True,
    ),
    Trap("time-outs of their own", CHILDREN, [{**each, "timeout_ms": 60_000} for each in BY_ID]),
    *(
        Trap(
            f"a collation of strength {strength}",
            of("s", ["a", "A", "\u00e1", "b", "B", "a-b", "ab"]),
            every("s", ["a", "A", "b", "ab", "c"]) if strength else every("s", ["a", "b", "c"]),
            setting={"collation": {"locale": "en", "strength": strength}},
            on_server_only=True,
        )
        for strength in (1, 2)
    ),
    *(
        Trap(
            f"asked with {collation}",
            of("s", ["a", "A", "\u00e1", "01", "1", "1.0", "a b", "ab"]),
            [
                each
                for op in ("find", "find_one", "count_documents")
                for each in ops(op, "s", ["a", "A", "1", "01", "ab", "c"], collation=collation)
            ],
            OPEN,
            on_server_only=True,
        )
        for collation in (
            {"locale": "en", "strength": 1},
            {"locale": "en", "strength": 2},
            {"locale": "en", "numericOrdering": True},
            {"locale": "en", "alternate": "shifted"},
            {"locale": "simple"},
        )
    ),
    Trap(
        "a view whose documents repeat an _id",
        [{"_id": 1, "l": [1, 2]}, {"_id": 2, "l": [3]}, {"_id": 3}],
        [
            *ops("find_one", "_id", [1, 2, 3], ns="v"),
            *ops("find", "_id", [1, 2], ns="v"),
            *ops("count_documents", "_id", [1, 2, 3], ns="v"),
        ],
        others=(Collection("v", options={"viewOn": "c", "pipeline": [{"$unwind": "$l"}]}),),
        on_server_only=True,
    ),
    Trap(
        "a view without _id",
        CHILDREN,
        ops("find_one", "_id", [1, 2, 3], ns="v"),
        others=(Collection("v", options={"viewOn": "c", "pipeline": [{"$project": {"_id": 0}}]}),),
        on_server_only=True,
    ),
    Trap("a collection that is not there", [], ops("find", "p", [1, 2], ns="nowhere")),
    Trap(
        "bad operations among good ones",
        CHILDREN,
        [
            *BY_ID,
            *ops("find_one", "_id", [{"$nope": 1}, {"$in": 1}]),
            {"op": "nope", "ns": "c", "args": {}},
        ],
    ),
    Trap(
        "identical reads",
        CHILDREN,
        [*ops("find", "p", [1, 1, 1]), *ops("find_one", "s", ["a", "a"])],
    ),
    Trap("identical reads that fail", CHILDREN, ops("find", "p", [{"$nope": 1}] * 3), OPEN),
]
