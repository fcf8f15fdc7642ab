"""Generated writes: every one on documents of its own, so that their order cannot be seen.

Where two meet all the same, it does not matter who comes first: identical inserts of one `_id` and
identical deletes (they `contest`: one wins, whichever), and additions to one counter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bson import Decimal128, Int64, ObjectId

from tests.integration.equivalence.pools import COLLATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.equivalence.dice import Dice
    from tests.integration.equivalence.scenario import Collection, Document, Operation


class Writes:
    """Writes on one collection, whose documents it shares out."""

    def __init__(
        self, dice: Dice, collection: Collection, own: list[Document], kept: list[Document]
    ) -> None:
        """`own`: documents to be changed, each once. `kept`: to be clashed with, each once.

        Once, since a server may have refused to take the document, and then the first one does not
        clash and the second does.
        """
        self._dice = dice
        self._ns = collection.name
        self._is_collated = "collation" in collection.options
        # Where the first insert makes the collection, a hint is judged only from then on.
        self._may_hint = bool(collection.documents)
        self._own = own
        self._kept = kept
        self._counter = own.pop() if own and dice.chance(0.5) else None

    def group(self) -> list[Operation]:
        """Some writes that may be fused, with some that may not among them."""
        dice = self._dice
        kind = dice.weighted(insert_one=4, insert_many=2, change=6, other=2)
        common = self._common()
        if kind == "insert_one":
            found = [self._insert_one(common) for _ in range(dice.number(2, 10))]
            if dice.chance(0.25):
                found += self._contested()
            return found
        if kind == "insert_many":
            return [self._insert_many(common) for _ in range(dice.number(1, 4))]
        if kind == "change":
            found = [self._change(common) for _ in range(dice.number(2, 12))]
            if self._counter is not None:
                found += [self._count(common) for _ in range(dice.number(0, 3))]
            return found
        return [self._other() for _ in range(dice.number(1, 2))]

    def _operation(self, op: str, args: dict[str, Any]) -> Operation:
        if args.get("write_concern") == {"w": 0} and "DatetimeMS" in repr(args):
            # SecantusDB refuses such a date, and says so though nobody waits for an answer: whoever
            # has the connection next takes it for its own.
            args = {name: args[name] for name in args if name != "write_concern"}
        return {"op": op, "ns": self._ns, "args": args}

    def _common(self) -> dict[str, Any]:
        dice, args = self._dice, {}
        if dice.chance(0.15):
            args["write_concern"] = dice.pick(
                [{"w": 1}, {"w": "majority"}, {"w": 1, "j": True}, {"w": 1, "wtimeout": 5000}]
            )
        if dice.chance(0.05):
            args["comment"] = "why"
        if dice.chance(0.1):
            args["bypass_document_validation"] = dice.chance(0.7)
        return args

    # Inserts --------------------------------------------------------------------------------------

    def _new(self) -> Document:
        dice = self._dice
        fresh = dice.fresh()
        document: Document = {"p": dice.value(), "n": dice.number(0, 3)}
        id_ = dice.weighted(none=3, number=4, odd=2, kept=2, bad=1)
        if id_ == "number":
            document["_id"] = fresh  # not at the first place, where a server puts it
        elif id_ == "odd":
            ways = [float(fresh), Int64(fresh), str(fresh), Decimal128(str(fresh)), {"x": fresh}]
            document = {"_id": dice.pick([*ways, ObjectId(f"5f43a1{fresh:018x}")]), **document}
        elif id_ == "kept" and self._kept:
            document = {"_id": self._same_as(self._kept.pop()["_id"]), **document}
        elif id_ == "bad" and dice.chance(0.3):
            document["_id"] = dice.pick([[fresh], [], {"$x": fresh}])
        document["k"], document["u"] = fresh, fresh
        if self._kept and dice.chance(0.1):
            document["u"] = self._kept.pop().get("u", fresh)
        if dice.chance(0.08):
            document["n"] = dice.pick(["no number", -5, None])
        if dice.chance(0.04):
            document |= dice.pick([{"$x": 1}, {"a.b": 1}, {"": 1}, {"d": {"$y": 1}}])
        return document

    def _same_as(self, id_: Any) -> Any:
        """An id that a server finds equal, of another type where there is one."""
        if type(id_) is int and self._dice.chance(0.5):
            return self._dice.pick([float(id_), Int64(id_), Decimal128(str(id_))])
        return id_

    def _insert_one(self, common: dict[str, Any]) -> Operation:
        own = self._common() if self._dice.chance(0.08) else common
        if self._dice.chance(0.02):
            own = {**own, "write_concern": {"w": 0}}
        return self._operation("insert_one", {"document": self._new(), **own})

    def _contested(self) -> list[Operation]:
        dice = self._dice
        fresh = dice.fresh()
        args = {"document": {"_id": fresh, "k": fresh, "u": fresh, "n": 1}}
        one = {**self._operation("insert_one", args), "contest": f"insert {fresh}"}
        return [dict(one) for _ in range(dice.number(2, 3))]

    def _insert_many(self, common: dict[str, Any]) -> Operation:
        dice = self._dice
        documents = [self._new() for _ in range(dice.number(1, 6))]
        if dice.chance(0.25):
            documents.append(dict(dice.pick(documents)))
        args = {"documents": documents, **common}
        if dice.chance(0.75):
            args["ordered"] = dice.chance(0.15)
        return self._operation("insert_many", args)

    # Changes --------------------------------------------------------------------------------------

    def _target(self, *, by_id: bool = True) -> tuple[dict[str, Any], Document | None]:
        """A filter that no other write's document meets, and the document that it does, if any.

        `by_id`: a string is no such filter where a collation may hold it equal to another.
        """
        dice = self._dice
        if self._own and dice.chance(0.8):
            document = self._own.pop()
            by_id = by_id or not isinstance(document["_id"], str)
            by_id = by_id and dice.chance(0.6)
            filter_ = {"_id": document["_id"]} if by_id else {"k": document["k"]}
            if dice.chance(0.15):
                filter_["n"] = {"$gte": dice.number(0, 2)}
            return filter_, document
        fresh = dice.fresh()
        return dice.pick([{"_id": fresh}, {"k": fresh}, {"k": fresh, "_id": fresh}]), None

    def _change(self, common: dict[str, Any]) -> Operation:
        dice = self._dice
        op = dice.weighted(update_one=6, replace_one=3, delete_one=3)
        collated = {"collation": dice.pick(COLLATIONS)} if dice.chance(0.06) else {}
        filter_, document = self._target(by_id=not collated and not self._is_collated)
        args: dict[str, Any] = {"filter": filter_, **collated}
        if dice.chance(0.03):
            args["filter"] = {**filter_, "n": {"$nope": 1}}
        if op == "update_one":
            args |= self._update()
        elif op == "replace_one":
            args["replacement"] = self._replacement(document)
        if op != "delete_one":
            if dice.chance(0.6 if document is None else 0.1):
                args |= self._upserting(args)
            if dice.chance(0.08):
                args["sort"] = dice.pick([{"n": 1}, {"_id": -1}, [["k", 1]], {"n": 5}])
        if self._may_hint and dice.chance(0.06):
            args["hint"] = dice.pick(["_id_", {"_id": 1}, "nope"])
        own = self._common() if dice.chance(0.08) else common
        own = {name: own[name] for name in own if name[0] != "b" or op != "delete_one"}
        if dice.chance(0.02):
            own = {**own, "write_concern": {"w": 0}}
        if dice.chance(0.03):
            own = {**own, "let": {"v": 1}}
        return self._operation(op, {**args, **own})

    def _update(self) -> dict[str, Any]:
        dice = self._dice
        value = dice.value()
        fresh = dice.fresh()
        taken = self._kept.pop().get("u", fresh) if self._kept and dice.chance(0.3) else fresh
        return dice.pick(_UPDATES)(value, taken, fresh)

    def _upserting(self, args: dict[str, Any]) -> dict[str, Any]:
        """`upsert`, with a field of its own for what a unique index would hold equal to others."""
        if "replacement" in args:
            return {"upsert": True}
        update = args["update"]
        if not isinstance(update, dict) or not all(name[:1] == "$" for name in update):
            return {}
        if "u" in update.get("$set", {}) or not update:
            return {"upsert": bool(update)}
        inserted = {**update.get("$setOnInsert", {}), "u": self._dice.fresh()}
        return {"upsert": True, "update": {**update, "$setOnInsert": inserted}}

    def _replacement(self, document: Document | None) -> Document:
        dice = self._dice
        fresh = dice.fresh()
        replacement: Document = {"k": document["k"] if document else fresh, "u": fresh, "n": 1}
        if dice.chance(0.5):
            replacement["p"] = dice.value()
        if document and dice.chance(0.2):
            replacement["_id"] = document["_id"]
        if dice.chance(0.05):
            replacement |= dice.pick([{"_id": dice.fresh()}, {"n": "no number"}, {"d": {"$y": 1}}])
        return {"$set": {"n": 1}} if dice.chance(0.03) else replacement

    def _count(self, common: dict[str, Any]) -> Operation:
        """One more on a counter: in any order the sum is the same, and so is each answer."""
        assert self._counter is not None
        args = {"filter": {"_id": self._counter["_id"]}, "update": {"$inc": {"c": 1}}, **common}
        return self._operation("update_one", args)

    # Others ---------------------------------------------------------------------------------------

    def _other(self) -> Operation:
        dice = self._dice
        filter_, document = self._target(by_id=not self._is_collated)
        kind = dice.weighted(many=3, find_and=4, bulk=2, deletes=2)
        if kind == "many":
            op = dice.pick(["update_many", "delete_many"])
            args: dict[str, Any] = {"filter": filter_}
            if op == "update_many":
                args |= {"update": {"$set": {"p": dice.value()}}}
            return self._operation(op, args)
        if kind == "find_and":
            op = dice.pick(["find_one_and_update", "find_one_and_delete", "find_one_and_replace"])
            args = {"filter": filter_, "projection": dice.pick([None, {"n": 1}, {"_id": 0}])}
            if op == "find_one_and_update":
                args["update"] = {"$inc": {"n": 1}}
            elif op == "find_one_and_replace":
                args["replacement"] = self._replacement(document)
            if op != "find_one_and_delete":
                args["return_document"] = dice.pick(["before", "after"])
            return self._operation(op, args)
        if kind == "bulk":
            requests = [
                {"op": "insert_one", "args": {"document": self._new()}},
                {"op": "delete_one", "args": {"filter": filter_}},
            ]
            args = {"requests": dice.shuffled(requests), "ordered": dice.chance(0.5)}
            return self._operation("bulk_write", args)
        return self._operation("delete_one", {"filter": filter_, "comment": {"a": 1}})

    def twice(self) -> list[Operation]:
        """One document deleted twice: one of them finds it."""
        if not self._own:
            return []
        id_ = self._own.pop()["_id"]
        one = self._operation("delete_one", {"filter": {"_id": id_}})
        contest = f"delete {self._dice.fresh()}"
        return [{**one, "contest": contest} for _ in range(2)]


_UPDATES: Final[list[Callable[[Any, Any, Any], dict[str, Any]]]] = [
    lambda value, *_: {"update": {"$set": {"p": value}}},
    lambda value, *_: {"update": {"$set": {"p": value, "d.x": value}}},
    lambda *_: {"update": {"$inc": {"n": 1}}},
    lambda *_: {"update": {"$inc": {"n": 0}}},
    lambda *_: {"update": {"$unset": {"q": ""}, "$set": {"n": 9}}},
    lambda value, *_: {"update": {"$push": {"l": value}}},
    lambda value, *_: {"update": {"$setOnInsert": {"p": value}}},
    lambda value, *_: {"update": {"$max": {"p": value}}},
    lambda *_: {"update": {"$inc": {"s": 1}}},
    lambda _, __, fresh: {"update": {"$set": {"_id": fresh}}},
    lambda _, taken, __: {"update": {"$set": {"u": taken}}},
    lambda *_: {"update": {"$nope": {"n": 1}}},
    lambda *_: {"update": {}},
    lambda *_: {"update": {"n": 1}},
    lambda *_: {"update": []},
    lambda *_: {"update": [{"$set": {"p": "$n"}}]},
    lambda *_: {"update": [{"$nope": 1}]},
    lambda value, *_: {
        "update": {"$set": {"l.$[e]": 5}},
        "array_filters": [{"e": value}],
    },
    lambda *_: {"update": {"$set": {"l.$[e]": 5}}, "array_filters": [{"other": 1}]},
    lambda *_: {"update": {"$set": {"n": "no number"}}},
    lambda *_: {"update": {"$rename": {"q": "moved"}}},
]
