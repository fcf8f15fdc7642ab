"""What a failed operation raises: the driver's exception, and its details as the driver has them.

An answer carries an error's details as BSON holds them; the driver decodes them with the codec
options of the call, and puts the caller's own documents back into what a bulk write says of them.
Decides nothing about classes: that is `driver_errors`, which is imported when an error is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson

from motorpool.batching.codec import LOSSLESS
from motorpool.batching.errors import RemoteFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bson.codec_options import CodecOptions

    from motorpool.batching.errors import MotorpoolError


def raised(
    error: MotorpoolError,
    codec_options: CodecOptions[Any] | None = None,
    documents: Sequence[Any] = (),
    requests: Sequence[Mapping[str, Any]] = (),
) -> Exception:
    """The exception to raise for `error`; each waiter gets one of its own.

    `codec_options`: how its details are decoded. `documents`: what an `insert_many` was given;
    `requests`: what a `bulk_write` was, in the protocol's form.
    """
    from motorpool.client import driver_errors  # noqa: PLC0415 - it imports pymongo: see there

    if not isinstance(error, RemoteFailure) or codec_options is None:
        return driver_errors.dress(error)
    details = error.err.get("details")
    if not isinstance(details, dict):
        return driver_errors.dress(error)
    again = bson.decode(bson.encode(details, codec_options=LOSSLESS), codec_options=codec_options)
    if documents or requests:
        for item in again.get("writeErrors") or ():
            if "op" in item:  # the embedded database does not say it
                at = item["index"]
                item["op"] = documents[at] if documents else _as_given(item["op"], requests[at])
    return driver_errors.rebuild({**error.err, "details": again})


def _as_given(op: Any, request: Mapping[str, Any]) -> Any:
    """What failed, with the caller's own documents in it: the driver has never encoded those."""
    args = request["args"]
    if "document" in args:
        return args["document"]
    if not isinstance(op, dict):
        return op
    own = {"q": args["filter"], "u": args.get("update", args.get("replacement"))}
    return {name: own.get(name, value) for name, value in op.items()}
