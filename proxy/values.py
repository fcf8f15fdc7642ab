"""The result of `distinct` by the part: one array for the server, several responses for us.

A server gives all values at once and keeps no cursor. So each part is taken from a run of its own,
and counts only if that run begins with what the parts before have brought: put together, they are
what the last run gave.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import bson

from motorpool.batching.codec import LOSSLESS
from motorpool.batching.errors import ProtocolError, ResultTooLarge
from motorpool.proxy.cursors import Paged
from motorpool.proxy.pages import NoRoom

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorpool.proxy.intake import Intake
    from motorpool.proxy.pages import Room


async def read_values(
    collection: Any, ns: str, args: dict[str, Any], room: Room, intake: Intake
) -> Paged:
    """Run `distinct`, once there is memory for what it brings. Raises as `part_of_values`."""
    after = args.pop("after", None)
    kind = ("distinct", ns, args["key"])
    foreseen = await intake.begin(kind, 1)
    try:
        left = room.left
        part = part_of_values(await collection.distinct(**args), after, room)
        taken = _size(part.ok) if after is None else left - room.left
        intake.learn_sum(kind, 1, taken)
        return part
    finally:
        intake.end(foreseen)


def _size(values: Sequence[Any]) -> int:
    return len(bson.encode({"": values}, codec_options=LOSSLESS))


def part_of_values(values: Sequence[Any], after: Mapping[str, Any] | None, room: Room) -> Paged:
    """As many values as fit, from where the caller's parts end, and where the next begins.

    `after`: the cursor that came with the part before; empty: this is the first; None: the caller
    knows no parts, and gets all. A part's own cursor says `from` which value on it is, which is 0
    where the values have changed since: then the caller begins again.

    Raises NoRoom, ResultTooLarge, and ProtocolError for what is no such cursor.
    """
    if after is None:
        return Paged(list(values), None)
    encoded = [bson.encode({"": value}, codec_options=LOSSLESS) for value in values]
    begin = _begin(encoded, after) if after else 0
    end, taken = begin, 0
    while end < len(encoded) and taken + room.size(encoded[end]) <= room.most:
        taken += room.size(encoded[end])
        end += 1
    if end == begin < len(encoded):
        if not room.is_all(0):
            raise NoRoom
        raise ResultTooLarge(
            f"a value is {len(encoded[begin])} bytes, more than fits into a response"
        )
    room.take(taken)
    if begin == 0 and end == len(encoded):
        return Paged(list(values), None)
    cursor: dict[str, Any] = {"from": begin}
    if end < len(encoded):
        cursor.update(count=end, digest=_digest(encoded[:end]))
    return Paged(list(values[begin:end]), cursor)


def _begin(encoded: Sequence[bytes], after: Mapping[str, Any]) -> int:
    count, digest = after.get("count"), after.get("digest")
    if isinstance(count, bool) or not isinstance(count, int) or not isinstance(digest, bytes):
        raise ProtocolError("'after' must be the cursor that came with a part, with its 'count'")
    return count if count >= 0 and _digest(encoded[:count]) == digest else 0


def _digest(encoded: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"".join(encoded)).digest()
