"""What went wrong with one operation, as the `err` document that its entry carries.

The one boundary at which exceptions become values. Never raises, and never hides: what it does not
know goes out under the name of its nearest known class, with its message.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any, Final

import bson
import bson.errors
import pymongo.errors
from bson.raw_bson import RawBSONDocument

from motorpool.batching import errors as own
from motorpool.batching.codec import LOSSLESS
from motorpool.batching.envelope import error as err
from motorpool.proxy.client_bulk import told_results

# `has_error_label` is the driver's only public way to a label, so the known ones are asked for.
# Source: mongodb/specifications, transactions, retryable-writes, change-streams and client
# backpressure; further ones stand in the server's reply and are taken from there.
KNOWN_LABELS: Final = (
    "RetryableWriteError",
    "TransientTransactionError",
    "UnknownTransactionCommitResult",
    "NoWritesPerformed",
    "ResumableChangeStreamError",
    "RetryableError",
    "SystemOverloadedError",
)

# Errors that leave it open whether a write was applied: the command was sent (or ran) and its
# answer did not come, or it was applied and not replicated.
_UNSURE: Final = (
    pymongo.errors.AutoReconnect,
    pymongo.errors.ExecutionTimeout,
    pymongo.errors.WriteConcernError,
)
_NOT_SENT: Final = (pymongo.errors.ServerSelectionTimeoutError,)


def describe(error: BaseException, *, is_write: bool) -> dict[str, Any]:
    """The `err` of an operation that raised `error`: all that the driver's exception carries."""
    if isinstance(error, own.MotorpoolError):
        return err(
            type(error).__name__,
            _text_of(error),
            may_have_applied=is_write and error.may_have_applied,
        )
    details = _details_of(error)
    message = _text_of(error, details)
    if isinstance(details, RawBSONDocument):  # of a command whose reply nobody was to decode
        details = bson.decode(details.raw, codec_options=LOSSLESS)
    if details is not None and isinstance(error, pymongo.errors.ClientBulkWriteException):
        details = _client_bulk_details(error, details)
    code = getattr(error, "code", None)
    code_name = details.get("codeName") if details is not None else None
    return err(
        _type_of(error),
        message,
        code=code if isinstance(code, int) else None,
        code_name=code_name if isinstance(code_name, str) else None,
        details=_encodable(details),
        labels=_labels_of(error, details),
        timeout=getattr(error, "timeout", False) is True,
        may_have_applied=is_write and _may_have_applied(error, details),
    )


def _text_of(error: BaseException, details: Mapping[str, Any] | None = None) -> str:
    try:
        # A KeyError's text is the `repr` of its key, of which the other end would take one more.
        is_key_error = type(error) is KeyError and len(error.args) == 1
        text = str(error.args[0] if is_key_error else error)
        # The driver appends them; they travel as a field of their own.
        return text if details is None else text.removesuffix(f", full error: {details}")
    except Exception:  # noqa: BLE001 - anything but no answer at all
        return "an error that cannot be put into words; its type is all that is known"


def _type_of(error: BaseException) -> str:
    """The nearest class that the other end can name: the driver's, bson's or a built-in one."""
    for cls in type(error).__mro__:
        name = cls.__name__
        if name.startswith("_"):
            continue
        for module in (pymongo.errors, bson.errors, builtins):
            if getattr(module, name, None) is cls:
                return name
    return "Exception"


def _details_of(error: BaseException) -> Mapping[str, Any] | None:
    details = getattr(error, "details", None)
    return details if isinstance(details, Mapping) else None


def _client_bulk_details(
    error: pymongo.errors.ClientBulkWriteException, details: Mapping[str, Any]
) -> dict[str, Any]:
    """Details with documents for the objects in them; and what the exception says beside them."""
    told = told_results(details)
    cause = told.get("error")
    if isinstance(cause, BaseException):
        told["error"] = {"raised": describe(cause, is_write=True)}
    elif cause is not None:
        told["error"] = {"reply": cause}
    return {**told, "verbose": error.verbose}


def _encodable(details: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Details that BSON can carry; a value that it cannot is carried as its text."""
    if details is None:
        return None
    try:
        bson.encode(details)
    except Exception:  # noqa: BLE001 - whatever a driver put in there, the error must get out
        return {str(key): _encodable_value(value) for key, value in details.items()}
    return details


def _encodable_value(value: Any) -> Any:
    try:
        bson.encode({"": value})
    except Exception:  # noqa: BLE001 - see _encodable
        return repr(value)
    return value


def _labels_of(error: BaseException, details: Mapping[str, Any] | None) -> list[str]:
    labels: dict[str, None] = {}
    if isinstance(error, pymongo.errors.PyMongoError):
        labels = dict.fromkeys(label for label in KNOWN_LABELS if error.has_error_label(label))
    said = details.get("errorLabels") if details is not None else None
    if isinstance(said, list):
        labels.update(dict.fromkeys(label for label in said if isinstance(label, str)))
    return list(labels)


def _may_have_applied(error: BaseException, details: Mapping[str, Any] | None) -> bool:
    if isinstance(error, _NOT_SENT):
        return False
    if isinstance(error, _UNSURE):
        return True
    if details is None:
        return False
    if isinstance(error, pymongo.errors.ClientBulkWriteException):
        cause = details.get("error")
        raised = cause.get("raised") if isinstance(cause, Mapping) else None
        if isinstance(raised, Mapping) and raised.get("may_have_applied") is True:
            return True
    counts = ("nInserted", "nUpserted", "nModified", "nRemoved", "nDeleted")
    return any(details.get(count) for count in counts)
