"""motorpool's own errors: caught by its classes and by the driver's, with what they carry."""

import inspect
from typing import Any

import bson.errors
import pymongo.errors
import pytest

from motorpool.batching import errors as own
from motorpool.client.driver_errors import dress, rebuild
from motorpool.proxy.failures import describe

MADE: list[tuple[own.MotorpoolError, type[Exception]]] = [
    (own.MotorpoolError("x"), pymongo.errors.PyMongoError),
    (own.ProtocolError("x", may_have_applied=True), pymongo.errors.ProtocolError),
    (own.InvalidOperationError("x"), pymongo.errors.InvalidOperation),
    (own.OperationTooLarge("x"), pymongo.errors.DocumentTooLarge),
    (own.ResultTooLarge("x", may_have_applied=True), pymongo.errors.DocumentTooLarge),
    (own.QueueFull("x"), pymongo.errors.ConnectionFailure),
    (own.ClientClosed("x"), pymongo.errors.InvalidOperation),
    (own.BatchAbandoned("x"), pymongo.errors.InvalidOperation),
    (own.OperationTimeout("x", may_have_applied=True), pymongo.errors.NetworkTimeout),
    (own.TransportError("x"), pymongo.errors.ConnectionFailure),
    (own.NotInvoked("x"), pymongo.errors.ConnectionFailure),
    (own.Throttled("x", retry_after=1.5, reason="why"), pymongo.errors.AutoReconnect),
    (own.ConnectionLost("x"), pymongo.errors.AutoReconnect),
    (own.ConnectionLost("x", may_have_applied=False), pymongo.errors.AutoReconnect),
    (own.FunctionFailed("Sandbox.Timedout", "x"), pymongo.errors.AutoReconnect),
    (own.OutcomeUnknown("x"), pymongo.errors.AutoReconnect),
]


def ids(value: object) -> str:
    """Name a sample for pytest."""
    return value.__name__ if isinstance(value, type) else type(value).__name__


def test_every_error_is_among_the_samples() -> None:
    classes = {
        cls
        for cls in vars(own).values()
        if inspect.isclass(cls) and issubclass(cls, own.MotorpoolError)
    }

    assert {type(error) for error, _ in MADE} == classes - {own.RemoteFailure}


@pytest.mark.parametrize(
    "number", range(len(MADE)), ids=lambda number: ids(MADE[number][0]) + str(number)
)
def test_an_error_is_caught_by_both_clauses_and_says_the_same(number: int) -> None:
    error, driver = MADE[number]

    dressed = dress(error)

    assert isinstance(dressed, type(error))
    assert isinstance(dressed, driver)
    assert str(dressed) == str(error)
    assert dressed.args == (str(error),)
    assert type(dressed).__name__ == type(error).__name__
    assert repr(dressed) == f"{type(error).__name__}({str(error)!r})"


@pytest.mark.parametrize(
    "number", range(len(MADE)), ids=lambda number: ids(MADE[number][0]) + str(number)
)
def test_an_error_keeps_its_flags_and_its_own_attributes(number: int) -> None:
    error, _ = MADE[number]

    dressed: Any = dress(error)

    assert dressed.retryable is error.retryable
    assert dressed.may_have_applied is error.may_have_applied
    assert vars(error).items() <= vars(dressed).items()


def test_what_the_service_asks_for_and_what_the_function_died_of_are_kept() -> None:
    throttled: Any = dress(own.Throttled("x", retry_after=1.5, reason="why"))
    failed: Any = dress(own.FunctionFailed("Sandbox.Timedout", "Task timed out"))

    assert (throttled.retry_after, throttled.reason) == (1.5, "why")
    assert (failed.error_type, failed.error_message) == ("Sandbox.Timedout", "Task timed out")


@pytest.mark.parametrize(
    "number", range(len(MADE)), ids=lambda number: ids(MADE[number][0]) + str(number)
)
def test_each_waiter_gets_an_instance_of_its_own(number: int) -> None:
    error, _ = MADE[number]

    one, other = dress(error), dress(error)
    one.add_note("only here")

    assert one is not error
    assert one is not other
    assert not hasattr(other, "__notes__")


def test_a_timeout_is_one_to_the_driver_and_the_rest_are_none() -> None:
    timeouts = [
        type(error).__name__ for error, _ in MADE if getattr(dress(error), "timeout", False) is True
    ]

    assert timeouts == ["OperationTimeout"]


def test_the_drivers_own_attributes_are_there() -> None:
    lost: Any = dress(own.ConnectionLost("x"))

    assert (lost.errors, lost.details, lost.timeout) == ([], [], False)
    assert lost.has_error_label("RetryableWriteError") is False


def test_too_large_is_what_the_driver_raises_for_a_document_that_is() -> None:
    dressed = dress(own.OperationTooLarge("x"))

    assert isinstance(dressed, bson.errors.InvalidDocument)
    assert dressed.document is None


def test_the_failure_of_an_operation_becomes_the_drivers_own_class_alone() -> None:
    failure = own.RemoteFailure({"type": "DuplicateKeyError", "message": "no", "code": 11000})

    assert type(dress(failure)) is pymongo.errors.DuplicateKeyError


SENT = [error for error, _ in MADE if not isinstance(error, own.TransportError)]


@pytest.mark.parametrize("error", SENT, ids=ids)
def test_an_error_of_motorpools_that_the_proxy_answers_comes_back_as_itself(
    error: own.MotorpoolError,
) -> None:
    rebuilt = rebuild(describe(error, is_write=True))

    assert isinstance(rebuilt, type(error))
    assert str(rebuilt) == str(error)
    assert rebuilt.may_have_applied is error.may_have_applied
    assert rebuilt.retryable is error.retryable


def test_the_drivers_protocol_error_comes_back_as_motorpools_which_is_the_drivers_too() -> None:
    error = pymongo.errors.ProtocolError("bad reply", error_labels=["RetryableError"])

    rebuilt = rebuild(describe(error, is_write=True))

    assert isinstance(rebuilt, pymongo.errors.ProtocolError)
    assert isinstance(rebuilt, own.ProtocolError)
    assert str(rebuilt) == "bad reply"
    assert not rebuilt.has_error_label("RetryableError")  # motorpool's has none


def test_a_protocol_error_from_the_proxy_is_motorpools_and_the_drivers() -> None:
    rebuilt = rebuild({"type": "ProtocolError", "message": "unknown argument"})

    assert isinstance(rebuilt, own.ProtocolError)
    assert isinstance(rebuilt, pymongo.errors.ProtocolError)
    assert rebuilt.may_have_applied is False


def test_a_result_that_was_too_large_says_that_the_write_was_applied() -> None:
    rebuilt = rebuild(describe(own.ResultTooLarge("x", may_have_applied=True), is_write=True))

    assert isinstance(rebuilt, own.ResultTooLarge)
    assert rebuilt.may_have_applied is True
