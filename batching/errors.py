"""Every error of motorpool's own, in one tree, with flags that a program can read.

Never imports a driver. Where an application would write `except pymongo.errors.X`, the client
raises a subclass of both classes (`motorpool.client.driver_errors`), so either clause catches.

    MotorpoolError
     ├── ProtocolError          the two ends do not understand each other
     ├── InvalidOperationError  an operation that cannot be sent as it stands
     │    ├── OperationTooLarge     larger than any batch can be
     │    └── ResultTooLarge        its result is larger than any response can be
     ├── QueueFull              more is queued than the bounds allow
     ├── ClientClosed           asked of a client that is closed
     ├── BatchAbandoned         an explicit batch was left by an exception before it was sent
     ├── OperationTimeout       the deadline passed
     ├── TransportError         the invocation failed
     │    ├── NotInvoked            refused or unreachable: nothing has run
     │    │    └── Throttled            429: the concurrency limit was reached
     │    ├── ConnectionLost        sent, and no answer came back: it may have run
     │    └── FunctionFailed        it ran and died: error, exit, time-out, oversize response
     ├── OutcomeUnknown         a write whose fate nobody knows: it may have been applied
     └── RemoteFailure          the operation's own failure, as the proxy answered it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class MotorpoolError(Exception):
    """Root of the tree.

    `retryable`: sending the same again may succeed. `may_have_applied`: the write may have been
    applied by the server although this error is raised.
    """

    retryable: bool = False
    may_have_applied: bool = False

    def __init__(self, message: str, *, may_have_applied: bool | None = None) -> None:
        super().__init__(message)
        if may_have_applied is not None:
            self.may_have_applied = may_have_applied


class ProtocolError(MotorpoolError):
    """An envelope, an encoding or a set of result ids that breaks the protocol.

    Raised for a response, it means that the batch has run unless the proxy says that it could not
    read it: see `may_have_applied`.
    """


class InvalidOperationError(MotorpoolError):
    """An operation that cannot be sent or answered as it stands; nothing was sent."""


class OperationTooLarge(InvalidOperationError):
    """One operation is larger than any batch can be; nothing was sent."""


class ResultTooLarge(InvalidOperationError):
    """One operation's result is larger than any response can be.

    For a write `may_have_applied` is true: only its result did not fit.
    """


class QueueFull(MotorpoolError):
    """The queue's bound in operations or bytes is reached; this operation was not queued."""

    retryable = True


class ClientClosed(MotorpoolError):
    """The client was closed; this operation was not sent."""


class BatchAbandoned(MotorpoolError):
    """An exception left an explicit batch before it was sent; this operation was not sent."""


class OperationTimeout(MotorpoolError):
    """The operation's deadline passed before its answer came."""

    retryable = True


class TransportError(MotorpoolError):
    """The invocation itself failed, so that none of its operations has an answer."""


class NotInvoked(TransportError):
    """The invocation was refused or never reached the service: nothing has run."""


class Throttled(NotInvoked):
    """Refused for concurrency (429) before anything ran.

    `retry_after` is what the service asked to wait, in seconds, or None; `reason` is the
    service's own word, such as `ReservedFunctionConcurrentInvocationLimitExceeded`.
    """

    retryable = True

    def __init__(
        self, message: str, *, retry_after: float | None = None, reason: str | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.reason = reason


class ConnectionLost(TransportError):
    """The request was sent and no answer came back (time-out, reset): it may have run."""

    retryable = True
    may_have_applied = True


class FunctionFailed(TransportError):
    """The function ran and died (`FunctionError`): what it did before is unknown.

    `error_type` and `error_message` are what the service reported, such as `Sandbox.Timedout`.
    """

    retryable = True
    may_have_applied = True

    def __init__(self, error_type: str, error_message: str) -> None:
        super().__init__(f"the proxy function failed: {error_type}: {error_message}")
        self.error_type = error_type
        self.error_message = error_message

    def __reduce__(self) -> tuple[type[FunctionFailed], tuple[str, str]]:
        """Copy and pickle by what it was made of, which is not what it says."""
        return type(self), (self.error_type, self.error_message)


class OutcomeUnknown(MotorpoolError):
    """A write was sent, its answer was lost, and repeating it is not provably safe.

    It may have been applied: read before you write it again. The cause is `__cause__`.
    """

    may_have_applied = True


class RemoteFailure(MotorpoolError):
    """An operation's own failure, as its entry in the response carries it.

    `err` is the entry's `err` document (docs/protocol.md): type, code, codeName, message,
    details, errorLabels, may_have_applied.
    """

    def __init__(self, err: Mapping[str, Any]) -> None:
        super().__init__(str(err.get("message", "")))
        self.err = err
        self.may_have_applied = err.get("may_have_applied") is True

    def __reduce__(self) -> tuple[type[RemoteFailure], tuple[Mapping[str, Any]]]:
        """Copy and pickle by what it was made of, which is not what it says."""
        return type(self), (self.err,)
