"""Makes the exception that the driver would have raised. The only module that imports `pymongo`.

Imported when the first error is raised: who catches `pymongo.errors.X` has imported it already, and
who sees no error never pays its 90 ms.

    an operation's own failure  →  the driver's class, with all that the driver's exception carries
    an error of motorpool's     →  a subclass of it and of the driver's class that says the same
"""

from __future__ import annotations

import builtins
import copy
from typing import TYPE_CHECKING, Any, Final

import bson.errors
import pymongo.errors
from pymongo.errors import (
    BulkWriteError,
    CollectionInvalid,
    ConfigurationError,
    InvalidName,
    InvalidOperation,
    OperationFailure,
)

from motorpool.batching import errors as own

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "DRIVER_CLASS",
    "BulkWriteError",
    "CollectionInvalid",
    "ConfigurationError",
    "InvalidName",
    "InvalidOperation",
    "OperationFailure",
    "dress",
    "rebuild",
]

DRIVER_CLASS: Final[dict[type[own.MotorpoolError], type[Exception]]] = {
    own.MotorpoolError: pymongo.errors.PyMongoError,
    own.ProtocolError: pymongo.errors.ProtocolError,
    own.InvalidOperationError: pymongo.errors.InvalidOperation,
    own.OperationTooLarge: pymongo.errors.DocumentTooLarge,
    own.ResultTooLarge: pymongo.errors.DocumentTooLarge,
    own.QueueFull: pymongo.errors.ConnectionFailure,
    own.ClientClosed: pymongo.errors.InvalidOperation,
    own.BatchAbandoned: pymongo.errors.InvalidOperation,
    own.OperationTimeout: pymongo.errors.NetworkTimeout,
    own.TransportError: pymongo.errors.ConnectionFailure,
    own.NotInvoked: pymongo.errors.ConnectionFailure,
    own.Throttled: pymongo.errors.AutoReconnect,
    own.ConnectionLost: pymongo.errors.AutoReconnect,
    own.FunctionFailed: pymongo.errors.AutoReconnect,
    # What the driver raises where a write's fate is unknown ("the operation which caused it has
    # not necessarily succeeded", pymongo.errors.AutoReconnect).
    own.OutcomeUnknown: pymongo.errors.AutoReconnect,
    own.RemoteFailure: pymongo.errors.PyMongoError,
}
"""What an application that knows only the driver catches each error of motorpool's as."""


def _dressed(cls: type[own.MotorpoolError], driver: type[Exception]) -> type[Exception]:
    namespace = {"__module__": cls.__module__, "__doc__": cls.__doc__, "__qualname__": cls.__name__}
    return type(cls.__name__, (cls, driver), namespace)


_DRESSED: Final = {cls: _dressed(cls, driver) for cls, driver in DRIVER_CLASS.items()}


def dress(error: own.MotorpoolError) -> Exception:
    """A new exception to raise for `error`; each waiter gets one of its own."""
    if isinstance(error, own.RemoteFailure):
        return rebuild(copy.deepcopy(error.err))
    # A transport of somebody's own may raise a subclass of these.
    cls = next(cls for cls in type(error).__mro__ if cls in _DRESSED)
    dressed = _DRESSED[cls]
    exception = dressed.__new__(dressed)
    DRIVER_CLASS[cls].__init__(exception, str(error))
    exception.__dict__.update(error.__dict__)
    return exception


def rebuild(err: Mapping[str, Any]) -> Exception:
    """The exception that an entry's `err` describes (docs/protocol.md, "Errors")."""
    name, message = str(err.get("type", "")), str(err.get("message", ""))
    if name == "ProtocolError" or name not in dir(pymongo.errors):
        cls = getattr(own, name, None)
        if (
            isinstance(cls, type)
            and issubclass(cls, own.MotorpoolError)
            and cls is not own.RemoteFailure  # that is what holds an `err`, never what it names
        ):
            may_have_applied = err.get("may_have_applied") is True
            return dress(_own_error(cls, message, may_have_applied=may_have_applied))
    exception = _foreign(_class_named(name), message, err)
    labels = err.get("errorLabels")
    if isinstance(exception, pymongo.errors.PyMongoError) and labels:
        # Its own constructor is the only public way to give it labels.
        pymongo.errors.PyMongoError.__init__(exception, str(exception), labels)
    exception.__dict__["may_have_applied"] = err.get("may_have_applied") is True
    return exception


def _own_error(
    cls: type[own.MotorpoolError], message: str, *, may_have_applied: bool
) -> own.MotorpoolError:
    error = cls.__new__(cls)
    own.MotorpoolError.__init__(error, message, may_have_applied=may_have_applied or None)
    return error


def _class_named(name: str) -> type[Exception]:
    """The driver's class, bson's or a built-in one; never one that would end a loop."""
    for module in (pymongo.errors, bson.errors, builtins):
        cls = getattr(module, name, None)
        if (
            isinstance(cls, type)
            and issubclass(cls, Exception)
            and not issubclass(cls, StopIteration | StopAsyncIteration)
        ):
            return cls
    return pymongo.errors.PyMongoError


def _foreign(  # noqa: PLR0911 - one return for each way to construct
    cls: type[Exception], message: str, err: Mapping[str, Any]
) -> Exception:
    details, code = err.get("details"), err.get("code")
    if issubclass(cls, pymongo.errors.ClientBulkWriteException):
        return _client_bulk_error(cls, details or {})
    if issubclass(cls, pymongo.errors.BulkWriteError):
        return cls(details or {})
    if issubclass(cls, pymongo.errors.OperationFailure):
        return cls(message, code, details)
    if issubclass(cls, pymongo.errors.AutoReconnect):
        return cls(message, details)
    if issubclass(cls, pymongo.errors.EncryptedCollectionError):
        return cls(Exception(message), {})
    if issubclass(cls, pymongo.errors.EncryptionError):
        return cls(Exception(message))
    try:
        return cls(message)
    except TypeError:  # such as UnicodeEncodeError, which takes five arguments
        return pymongo.errors.PyMongoError(message)


def _client_bulk_error(
    cls: type[pymongo.errors.ClientBulkWriteException], told: Mapping[str, Any]
) -> Exception:
    """With the driver's own objects in its details: the cause, and the result of each request."""
    from pymongo.results import (  # noqa: PLC0415 - for one error among many
        DeleteResult,
        InsertOneResult,
        UpdateResult,
    )

    details = dict(told)
    verbose = details.pop("verbose", False) is True
    cause = details.get("error")
    if cause is not None:
        details["error"] = rebuild(cause["raised"]) if "raised" in cause else cause.get("reply")
    if "insertResults" in details:
        details["insertResults"] = {
            each["index"]: InsertOneResult(each["inserted_id"], acknowledged=True)
            for each in details["insertResults"]
        }
    if "updateResults" in details:
        details["updateResults"] = {
            each["index"]: UpdateResult(each["raw_result"], acknowledged=True, in_client_bulk=True)
            for each in details["updateResults"]
        }
    if "deleteResults" in details:
        details["deleteResults"] = {
            each["index"]: DeleteResult(each["raw_result"], acknowledged=True)
            for each in details["deleteResults"]
        }
    return cls(details, verbose)
