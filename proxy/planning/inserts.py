"""Rule: `insert_one` on one collection become one unordered `insert_many`, and so do those.

A server gives each write error the index of its document, so each is its own operation's, in the
very form that it would have alone. An ordered `insert_many` stops at its first error and is left
alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import bson

from motorpool.batching.codec import LOSSLESS
from motorpool.proxy.planning.fusions import MAX_VALUES, FusedInsert, alike

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.planning.fusions import Member, Offer

_DOCUMENTS: Final = frozenset({"document", "documents"})


def offers(operation: ValidOperation) -> Sequence[Offer]:
    """One offer, to go with others of the same collection and options; its note: how many."""
    args = operation.args
    if operation.op == "insert_many" and args.get("ordered", True) is not False:
        return ()
    options = b""
    if len(args) > 1:
        if is_unanswered(args):
            return ()
        common = {name: args[name] for name in args if name not in _DOCUMENTS}
        options = bson.encode(common, codec_options=LOSSLESS)
    key = (operation.op, operation.ns, alike(operation.timeout_ms), options)
    return ((key, 1 if operation.op == "insert_one" else len(args["documents"])),)


def is_unanswered(args: Mapping[str, Any]) -> bool:
    """Whether a write is told to wait for no answer, which is then nobody's."""
    concern = args.get("write_concern")
    return isinstance(concern, Mapping) and concern.get("w") == 0


def fuse(members: Sequence[Member]) -> Iterator[FusedInsert]:
    """The fused inserts of these members, none with more documents than a command should have."""
    group: list[Member] = []
    count = 0
    for member in members:
        if group and count + member.note > MAX_VALUES:
            yield _fused(group)
            group, count = [], 0
        group.append(member)
        count += member.note
    yield _fused(group)


def _fused(group: Sequence[Member]) -> FusedInsert:
    first = group[0].operation.args
    common = {name: first[name] for name in first if name not in _DOCUMENTS}
    if group[0].operation.op == "insert_one":
        documents = [member.operation.args["document"] for member in group]
    else:
        documents = [one for member in group for one in member.operation.args["documents"]]
    return FusedInsert(
        [member.position for member in group],
        {**common, "documents": documents, "ordered": False},
        [member.note for member in group],
    )


class Inserted:
    """What a fused insert came to, by member: how many documents went in, and the write errors."""

    def __init__(self, fusion: FusedInsert, write_errors: Sequence[Mapping[str, Any]]) -> None:
        """`write_errors`: the driver's, each with the `index` of its document in the command."""
        self._fusion = fusion
        self._errors: list[list[dict[str, Any]]] = [[] for _ in fusion.members]
        self._begins = [0, *accumulate(fusion.sizes)]
        for error in write_errors:
            member = bisect_right(self._begins, error["index"]) - 1
            place = error["index"] - self._begins[member]
            self._errors[member].append({**error, "index": place})

    def errors(self, member: int) -> list[dict[str, Any]]:
        """A member's write errors, with the index that they have among its own documents."""
        return self._errors[member]

    def documents(self, member: int) -> Sequence[Mapping[str, Any]]:
        """A member's documents, each with the `_id` under which it was sent."""
        documents: Sequence[Mapping[str, Any]] = self._fusion.args["documents"]
        return documents[self._begins[member] : self._begins[member + 1]]
