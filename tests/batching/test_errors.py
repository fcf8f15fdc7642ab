import copy
import inspect
import pickle
import re

import pytest

from motorpool.batching import errors
from motorpool.batching.errors import (
    FunctionFailed,
    MotorpoolError,
    OperationTimeout,
    RemoteFailure,
    ResultTooLarge,
    Throttled,
)

CLASSES: dict[str, type[MotorpoolError]] = {
    name: cls
    for name, cls in vars(errors).items()
    if inspect.isclass(cls) and issubclass(cls, MotorpoolError)
}


def tree_in_the_docstring() -> dict[str, str]:
    """Read the drawing: each class's name, and its parent's."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for indent, name in re.findall(r"^([ │├└─]*)([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE):
        if not indent or name not in CLASSES:  # prose
            continue
        depth = len(indent)
        above = [(column, parent) for column, parent in above if column < depth]
        if above:
            parents[name] = above[-1][1]
        above.append((depth, name))
    return parents


def test_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    assert tree_in_the_docstring() == {
        name: cls.__mro__[1].__name__ for name, cls in CLASSES.items() if cls is not MotorpoolError
    }
    assert MotorpoolError.__mro__[1] is Exception


def test_flags_say_of_each_error_whether_to_try_again_and_what_may_have_happened() -> None:
    assert {name: (cls.retryable, cls.may_have_applied) for name, cls in CLASSES.items()} == {
        "MotorpoolError": (False, False),
        "ProtocolError": (False, False),
        "InvalidOperationError": (False, False),
        "OperationTooLarge": (False, False),
        "ResultTooLarge": (False, False),
        "QueueFull": (True, False),
        "ClientClosed": (False, False),
        "BatchAbandoned": (False, False),
        "OperationTimeout": (True, False),
        "TransportError": (False, False),
        "NotInvoked": (False, False),
        "Throttled": (True, False),
        "ConnectionLost": (True, True),
        "FunctionFailed": (True, True),
        "OutcomeUnknown": (False, True),
        "RemoteFailure": (False, False),
    }


def test_every_error_says_in_its_docstring_what_it_is() -> None:
    assert [name for name, cls in CLASSES.items() if not (cls.__doc__ or "").strip()] == []


def test_flag_of_one_error_can_be_told_and_leaves_its_class_alone() -> None:
    assert ResultTooLarge("…", may_have_applied=True).may_have_applied
    assert not errors.ConnectionLost("…", may_have_applied=False).may_have_applied
    assert (ResultTooLarge.may_have_applied, errors.ConnectionLost.may_have_applied) == (
        False,
        True,
    )


def test_throttled_says_how_long_to_wait_and_why() -> None:
    error = Throttled("429", retry_after=1.5, reason="ConcurrentInvocationLimitExceeded")

    assert (error.retry_after, error.reason) == (1.5, "ConcurrentInvocationLimitExceeded")
    assert (Throttled("429").retry_after, Throttled("429").reason) == (None, None)


def test_function_failed_says_what_the_service_reported() -> None:
    error = FunctionFailed("Sandbox.Timedout", "Task timed out after 3.00 seconds")

    assert str(error) == (
        "the proxy function failed: Sandbox.Timedout: Task timed out after 3.00 seconds"
    )
    assert (error.error_type, error.error_message) == (
        "Sandbox.Timedout",
        "Task timed out after 3.00 seconds",
    )


@pytest.mark.parametrize(
    ("err", "message", "may_have_applied"),
    [
        ({"message": "E11000", "may_have_applied": True}, "E11000", True),
        ({"message": "E11000", "may_have_applied": 1}, "E11000", False),
        ({}, "", False),
    ],
)
def test_remote_failure_says_what_the_entry_says(
    err: dict[str, object],
    message: str,
    may_have_applied: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    error = RemoteFailure(err)

    assert (str(error), error.may_have_applied) == (message, may_have_applied)
    assert error.err is err


@pytest.mark.parametrize(
    "error",
    [
        OperationTimeout("late", may_have_applied=True),
        Throttled("429", retry_after=1.5, reason="why"),
        FunctionFailed("Sandbox.Timedout", "late"),
        RemoteFailure({"type": "DuplicateKeyError", "message": "E11000", "may_have_applied": True}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_copying_and_pickling(error: MotorpoolError) -> None:
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - made here
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert vars(other) == vars(error)


def test_every_error_of_the_module_is_one_of_motorpools() -> None:
    assert [
        name
        for name, cls in vars(errors).items()
        if inspect.isclass(cls) and issubclass(cls, BaseException) and name not in CLASSES
    ] == []
