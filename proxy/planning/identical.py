"""Rule: reads that ask the same, byte for byte, become one.

A client does so already with what it sends; but a batch may be made by hand, or by a client that
writes one question in two ways. Reads that differ on purpose are left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import bson

from motorpool.batching.codec import LOSSLESS
from motorpool.batching.operations import is_tailing, is_write
from motorpool.proxy.planning.fusions import SharedRead, alike

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.planning.fusions import Member, Offer

SHAREABLE: Final = frozenset(
    {"find", "find_one", "aggregate", "count_documents", "estimated_document_count"}
)

_DIFFERENT_EACH_TIME: Final = re.compile(rb"\$(?:sample|rand|where|function|accumulator)").search


def offers(operation: ValidOperation) -> Sequence[Offer]:
    """One offer, to go with whoever asks the same."""
    args = operation.args
    if is_write(operation.op, args) or is_tailing(args):
        return ()
    asked = bson.encode(args, codec_options=LOSSLESS)
    if _DIFFERENT_EACH_TIME(asked):
        return ()
    # With a session it gives a page, and a cursor for the rest; without one all that there is.
    has_session = operation.session is not None
    return [((operation.op, operation.ns, alike(operation.timeout_ms), has_session, asked), None)]


def fuse(members: Sequence[Member]) -> Iterator[SharedRead]:
    """The one read of these members."""
    yield SharedRead([member.position for member in members])
