"""Every exception becomes an `err` that carries all that it carried, and none gets lost."""

from __future__ import annotations

import inspect
from typing import Any

import bson
import bson.errors
import pymongo.errors
import pytest
from pymongo.results import DeleteResult, InsertOneResult, UpdateResult

from motorpool.batching import errors as own
from motorpool.proxy.failures import describe

DUPLICATE = {
    "index": 0,
    "code": 11000,
    "errmsg": "E11000 duplicate key",
    "keyPattern": {"_id": 1},
    "keyValue": {"_id": "a"},
}
BULK = {
    "writeErrors": [{**DUPLICATE, "op": {"_id": "a"}}],
    "writeConcernErrors": [],
    "nInserted": 2,
    "nUpserted": 0,
    "nMatched": 0,
    "nModified": 0,
    "nRemoved": 0,
    "upserted": [],
}
NOTHING_DONE = {**BULK, "nInserted": 0}
CLIENT_BULK: dict[str, Any] = {
    "nDeleted": 1,
    "error": None,
    "insertResults": {0: InsertOneResult(1, acknowledged=True)},
    "updateResults": {1: UpdateResult({"n": 1}, acknowledged=True)},
    "deleteResults": {2: DeleteResult({"n": 2}, acknowledged=True)},
}
CLIENT_BULK_TOLD: dict[str, Any] = {
    "nDeleted": 1,
    "error": None,
    "insertResults": [{"index": 0, "inserted_id": 1}],
    "updateResults": [{"index": 1, "raw_result": {"n": 1}}],
    "deleteResults": [{"index": 2, "raw_result": {"n": 2}}],
}
FAILED = {"ok": 0.0, "errmsg": "no", "code": 2, "codeName": "BadValue"}
NOT_PRIMARY = {"code": 10107, "codeName": "NotWritablePrimary", "errorLabels": ["NewLabel"]}
WAITED = {"code": 64, "codeName": "WriteConcernFailed", "errInfo": {"wtimeout": True}}

UNSURE = {"may_have_applied": True}

# The exception, what it says beside type and message, and what is added where it was a write.
CASES: list[tuple[Exception, dict[str, Any], dict[str, Any]]] = [
    (pymongo.errors.PyMongoError("m"), {}, {}),
    (pymongo.errors.ProtocolError("m"), {}, {}),
    (pymongo.errors.ConnectionFailure("m"), {}, {}),
    (pymongo.errors.WaitQueueTimeoutError("m"), {"timeout": True}, {}),
    (pymongo.errors.AutoReconnect("m"), {}, UNSURE),
    (pymongo.errors.NetworkTimeout("m"), {"timeout": True}, UNSURE),
    (pymongo.errors.ServerSelectionTimeoutError("m"), {"timeout": True}, {}),
    (
        pymongo.errors.NotPrimaryError("m", NOT_PRIMARY),
        {
            "codeName": "NotWritablePrimary",
            "details": NOT_PRIMARY,
            "errorLabels": ["NewLabel"],
        },
        UNSURE,
    ),
    (pymongo.errors.ConfigurationError("m"), {}, {}),
    (pymongo.errors.OperationFailure("m"), {}, {}),
    (
        pymongo.errors.OperationFailure("m", 2, FAILED),
        {"code": 2, "codeName": "BadValue", "details": FAILED},
        {},
    ),
    (
        pymongo.errors.CursorNotFound("m", 43, {"code": 43}),
        {"code": 43, "details": {"code": 43}},
        {},
    ),
    (
        pymongo.errors.ExecutionTimeout("m", 50, {"code": 50}),
        {"code": 50, "details": {"code": 50}, "timeout": True},
        UNSURE,
    ),
    (
        pymongo.errors.WriteConcernError("m", 100, {"code": 100}),
        {"code": 100, "details": {"code": 100}},
        UNSURE,
    ),
    (
        pymongo.errors.WTimeoutError("m", 64, WAITED),
        {"code": 64, "codeName": "WriteConcernFailed", "details": WAITED, "timeout": True},
        UNSURE,
    ),
    (
        pymongo.errors.WriteError("m", 121, {"code": 121}),
        {"code": 121, "details": {"code": 121}},
        {},
    ),
    (
        pymongo.errors.DuplicateKeyError("m", 11000, DUPLICATE),
        {"code": 11000, "details": DUPLICATE},
        {},
    ),
    (pymongo.errors.BulkWriteError(BULK), {"code": 65, "details": BULK}, UNSURE),
    (pymongo.errors.BulkWriteError(NOTHING_DONE), {"code": 65, "details": NOTHING_DONE}, {}),
    (
        pymongo.errors.ClientBulkWriteException(BULK, verbose=False),
        {"code": 65, "details": {**BULK, "verbose": False}},
        UNSURE,
    ),
    (
        pymongo.errors.ClientBulkWriteException(CLIENT_BULK, verbose=True),
        {"code": 65, "details": {**CLIENT_BULK_TOLD, "verbose": True}},
        UNSURE,
    ),
    (
        pymongo.errors.ClientBulkWriteException(
            {"error": pymongo.errors.AutoReconnect("m")}, verbose=True
        ),
        {
            "code": 65,
            "details": {
                "error": {
                    "raised": {"type": "AutoReconnect", "message": "m", "may_have_applied": True}
                },
                "verbose": True,
            },
        },
        UNSURE,
    ),
    (
        pymongo.errors.ClientBulkWriteException({"error": {"code": 8}}, verbose=True),
        {"code": 65, "details": {"error": {"reply": {"code": 8}}, "verbose": True}},
        {},
    ),
    (pymongo.errors.InvalidOperation("m"), {}, {}),
    (pymongo.errors.InvalidName("m"), {}, {}),
    (pymongo.errors.CollectionInvalid("m"), {}, {}),
    (pymongo.errors.InvalidURI("m"), {}, {}),
    (pymongo.errors.DocumentTooLarge("m"), {}, {}),
    (pymongo.errors.EncryptionError(ValueError("m")), {}, {}),
    (pymongo.errors.EncryptedCollectionError(ValueError("m"), {}), {}, {}),
    (bson.errors.BSONError("m"), {}, {}),
    (bson.errors.InvalidBSON("m"), {}, {}),
    (bson.errors.InvalidStringData("m"), {}, {}),
    (bson.errors.InvalidDocument("m", {"a": 1}), {}, {}),
    (bson.errors.InvalidId("m"), {}, {}),
    (ValueError("m"), {}, {}),
    (TypeError("m"), {}, {}),
    (NotImplementedError("m"), {}, {}),
    (KeyError("m"), {}, {}),
    (RecursionError("m"), {}, {}),
]


def public_exceptions(module: Any) -> set[type[Exception]]:
    return {
        cls
        for name, cls in vars(module).items()
        if inspect.isclass(cls) and issubclass(cls, Exception) and not name.startswith("_")
    }


def test_no_exception_of_the_driver_or_of_bson_is_forgotten_here() -> None:
    walked = {type(error) for error, _, _ in CASES}

    assert public_exceptions(pymongo.errors) | public_exceptions(bson.errors) <= walked


@pytest.mark.parametrize(
    ("error", "carried", "_"),
    CASES,
    ids=[f"{index}-{type(error).__name__}" for index, (error, _, _) in enumerate(CASES)],
)
def test_a_read_that_fails_carries_what_the_exception_carries(
    error: Exception, carried: dict[str, Any], _: object
) -> None:
    err = describe(error, is_write=False)

    message = err.pop("message")
    assert message in ("m", "batch op errors occurred")
    assert err == {"type": type(error).__name__, **carried}


@pytest.mark.parametrize(
    ("error", "carried", "of_a_write"),
    CASES,
    ids=[f"{index}-{type(error).__name__}" for index, (error, _, _) in enumerate(CASES)],
)
def test_a_write_that_fails_says_whether_it_may_have_been_applied(
    error: Exception, carried: dict[str, Any], of_a_write: dict[str, Any]
) -> None:
    err = describe(error, is_write=True)

    del err["message"]
    assert err == {"type": type(error).__name__, **carried, **of_a_write}


def test_an_auto_reconnects_list_of_errors_is_no_details() -> None:
    error = pymongo.errors.AutoReconnect("m", ["one", "two"])

    assert describe(error, is_write=False) == {"type": "AutoReconnect", "message": "m"}


# Labels -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "label",
    [
        "RetryableWriteError",
        "TransientTransactionError",
        "UnknownTransactionCommitResult",
        "NoWritesPerformed",
        "ResumableChangeStreamError",
        "RetryableError",
        "SystemOverloadedError",
    ],
)
def test_a_label_that_the_driver_has_set_is_carried(label: str) -> None:
    error = pymongo.errors.PyMongoError("m", [label])

    assert describe(error, is_write=False)["errorLabels"] == [label]


def test_labels_of_the_servers_reply_are_carried_once_and_in_order() -> None:
    labels = ["NewLabel", "RetryableWriteError", "OtherLabel"]
    error = pymongo.errors.OperationFailure("m", 1, {"errorLabels": labels})

    assert describe(error, is_write=False)["errorLabels"] == [
        "RetryableWriteError",
        "NewLabel",
        "OtherLabel",
    ]


@pytest.mark.parametrize("labels", ["RetryableWriteError", None, {"a": 1}, [1, None]], ids=repr)
def test_labels_that_are_none_are_left_out(labels: object) -> None:
    error = pymongo.errors.OperationFailure("m", 1, {"errorLabels": labels})

    assert "errorLabels" not in describe(error, is_write=False)


# Types --------------------------------------------------------------------------------------------


class NewFailure(pymongo.errors.DuplicateKeyError):
    """As a later release of the driver may add one."""


class Mixed(bson.errors.InvalidBSON, LookupError):
    """Known by more than one name."""


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (pymongo.errors._OperationCancelled("m"), "AutoReconnect"),  # noqa: SLF001 - that is it
        (NewFailure("m", 11000, {}), "DuplicateKeyError"),
        (type("ValueError", (Exception,), {})("m"), "Exception"),  # none of the built-in ones
        (Mixed("m"), "InvalidBSON"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "m"), "UnicodeDecodeError"),
    ],
)
def test_an_unknown_class_goes_by_the_name_of_its_nearest_known_one(
    error: Exception, name: str
) -> None:
    assert describe(error, is_write=False)["type"] == name


@pytest.mark.parametrize("cls", public_exceptions(own), ids=lambda cls: cls.__name__)
def test_an_error_of_our_own_goes_by_its_own_name(cls: type[own.MotorpoolError]) -> None:
    error = cls.__new__(cls)
    own.MotorpoolError.__init__(error, "m")

    expected = {"type": cls.__name__, "message": "m"}
    assert describe(error, is_write=False) == expected
    flag = {"may_have_applied": True} if cls.may_have_applied else {}
    assert describe(error, is_write=True) == {**expected, **flag}
