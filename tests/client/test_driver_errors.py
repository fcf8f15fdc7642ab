"""What was raised at the proxy is raised at the caller: the driver's own class, all of it."""

import builtins
import inspect
from typing import Any

import bson
import bson.errors
import pymongo.errors
import pytest
from pymongo.errors import PyMongoError

from motorpool.batching import errors as own
from motorpool.batching.envelope import error as err
from motorpool.client.driver_errors import DRIVER_CLASS, dress, rebuild
from motorpool.proxy.failures import KNOWN_LABELS, describe

DETAILS = {
    "ok": 0.0,
    "errmsg": "it did not work",
    "code": 11000,
    "codeName": "DuplicateKey",
    "keyPattern": {"email": 1},
    "keyValue": {"email": "x@y.z"},
    "errorLabels": ["RetryableWriteError", "OnesOwnLabel"],
    "errInfo": {"wtimeout": True},
    "baseBackoffMS": 50,
}
BULK_DETAILS = {
    "writeErrors": [{"index": 1, "code": 50, "errmsg": "too long", "op": {"_id": 1}}],
    "writeConcernErrors": [{"code": 64, "errmsg": "waiting", "errInfo": {"wtimeout": True}}],
    "nInserted": 1,
    "upserted": [],
}


def exception_classes(module: Any) -> list[type[Exception]]:
    """Return the public exception classes that a module defines, but for one.

    ProtocolError is a name of motorpool's too: see `tests/client/test_own_errors.py`.
    """
    return [
        cls
        for name, cls in vars(module).items()
        if inspect.isclass(cls)
        and issubclass(cls, Exception)
        and cls.__module__ == module.__name__
        and not name.startswith("_")
        and cls is not pymongo.errors.ProtocolError
    ]


def samples() -> list[Exception]:
    """Make exceptions of every class of the driver's, with as much in them as they take."""
    made: list[Exception] = []
    for cls in [*exception_classes(pymongo.errors), *exception_classes(bson.errors)]:
        if issubclass(cls, pymongo.errors.ClientBulkWriteException):
            made.append(cls(BULK_DETAILS, verbose=False))
        elif issubclass(cls, pymongo.errors.BulkWriteError):
            made += [cls(BULK_DETAILS), cls({"writeErrors": [], "writeConcernErrors": []})]
        elif issubclass(cls, pymongo.errors.OperationFailure):
            made += [
                cls("no"),
                cls("no", 50),
                cls("no", 11000, DETAILS),
                cls("no", None, {}),
            ]
        elif issubclass(cls, pymongo.errors.AutoReconnect):
            made += [cls("no"), cls("no", DETAILS)]
        elif issubclass(cls, pymongo.errors.EncryptedCollectionError):
            made.append(cls(ValueError("no key"), {}))
        elif issubclass(cls, pymongo.errors.EncryptionError):
            made.append(cls(ValueError("no key")))
        elif issubclass(cls, PyMongoError):
            made += [cls("no"), cls(""), cls("no", error_labels=["TransientTransactionError"])]
        else:
            made += [cls("no"), cls("é\n, full error: {}")]
    return made


def over_the_wire(error: Exception) -> Exception:
    """Describe an exception as the proxy does, pass it through BSON, and rebuild it."""
    described = bson.decode(bson.encode({"err": describe(error, is_write=True)}))
    return rebuild(described["err"])


SAMPLES = samples()


def ids(error: Exception) -> str:
    """Name a sample for pytest."""
    return f"{type(error).__name__}-{SAMPLES.index(error)}"


@pytest.mark.parametrize("error", SAMPLES, ids=ids)
def test_every_exception_of_the_drivers_comes_back_as_itself(error: Exception) -> None:
    rebuilt = over_the_wire(error)

    assert type(rebuilt) is type(error)
    assert str(rebuilt) == str(error)
    assert rebuilt.args == error.args


@pytest.mark.parametrize("error", SAMPLES, ids=ids)
def test_what_an_exception_of_the_drivers_carries_comes_back(error: Exception) -> None:
    rebuilt = over_the_wire(error)

    for name in ("code", "details", "errors", "timeout", "_base_backoff_ms"):
        assert getattr(rebuilt, name, "none") == getattr(error, name, "none"), name
    for name in ("write_errors", "write_concern_errors", "partial_result", "error"):
        assert getattr(rebuilt, name, "none") == getattr(error, name, "none"), name


@pytest.mark.parametrize("error", [e for e in SAMPLES if isinstance(e, PyMongoError)], ids=ids)
def test_error_labels_come_back(error: PyMongoError) -> None:
    rebuilt = over_the_wire(error)

    assert isinstance(rebuilt, PyMongoError)
    labels = [*KNOWN_LABELS, "OnesOwnLabel"]
    assert [label for label in labels if rebuilt.has_error_label(label)] == [
        label for label in labels if error.has_error_label(label)
    ]


def test_every_public_exception_class_of_the_drivers_is_among_the_samples() -> None:
    classes = {*exception_classes(pymongo.errors), *exception_classes(bson.errors)}

    assert {type(error) for error in SAMPLES} == classes
    assert len(classes) >= 29


# What cannot come back, and why -------------------------------------------------------------------


def test_a_list_of_errors_does_not_come_back_since_the_protocol_carries_a_document() -> None:
    error = pymongo.errors.AutoReconnect("no", [{"errmsg": "one"}, {"errmsg": "two"}])

    rebuilt = over_the_wire(error)

    assert isinstance(rebuilt, pymongo.errors.AutoReconnect)
    assert (str(rebuilt), rebuilt.errors) == ("no", [])


def test_a_label_of_ones_own_comes_back_only_where_the_servers_reply_has_it() -> None:
    # The driver has no public way to list an exception's labels, so the proxy asks for known ones.
    rebuilt = over_the_wire(PyMongoError("no", error_labels=["OnesOwnLabel"]))

    assert isinstance(rebuilt, PyMongoError)
    assert not rebuilt.has_error_label("OnesOwnLabel")


def test_the_cause_of_an_encryption_error_comes_back_as_its_message() -> None:
    # The cause may be of any library's class; nothing of it but its text is sure to be known here.
    rebuilt = over_the_wire(pymongo.errors.EncryptionError(pymongo.errors.NetworkTimeout("slow")))

    assert isinstance(rebuilt, pymongo.errors.EncryptionError)
    assert (str(rebuilt.cause), type(rebuilt.cause)) == ("slow", Exception)
    assert rebuilt.timeout is False


def test_the_encrypted_fields_of_an_error_do_not_come_back() -> None:
    # Creating collections is not in the protocol; the class is kept for whoever catches it.
    error = pymongo.errors.EncryptedCollectionError(ValueError("no key"), {"fields": [1]})

    rebuilt = over_the_wire(error)

    assert isinstance(rebuilt, pymongo.errors.EncryptedCollectionError)
    assert rebuilt.encrypted_fields == {}


def test_an_invalid_document_does_not_come_back_with_its_error() -> None:
    # It was not BSON, so it cannot travel.
    rebuilt = over_the_wire(bson.errors.InvalidDocument("cannot encode object", {"a": {1}}))

    assert isinstance(rebuilt, bson.errors.InvalidDocument)
    assert rebuilt.document is None


def test_details_that_are_not_bson_come_back_as_their_text() -> None:
    rebuilt: Any = over_the_wire(pymongo.errors.OperationFailure("no", 1, {"a": 1, "b": {1}}))

    assert rebuilt.details == {"a": 1, "b": "{1}"}


def test_a_private_class_comes_back_as_its_nearest_public_one() -> None:
    error = pymongo.errors._OperationCancelled("cancelled")  # noqa: SLF001 - such is raised

    assert type(over_the_wire(error)) is pymongo.errors.AutoReconnect


# Built-in exceptions, and names that nobody should send -------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        TypeError("x"),
        ValueError("x"),
        KeyError("x"),
        OverflowError("x"),
        NotImplementedError("mongomock has no such thing"),
        TimeoutError("x"),
        RecursionError("x"),
        Exception("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_built_in_exception_comes_back_as_itself(error: Exception) -> None:
    rebuilt = over_the_wire(error)

    assert type(rebuilt) is type(error)
    assert str(error.args[0]) in str(rebuilt)


@pytest.mark.parametrize(
    "name",
    [
        "StopIteration",
        "StopAsyncIteration",
        "SystemExit",
        "KeyboardInterrupt",
        "GeneratorExit",
        "BaseException",
        "BaseExceptionGroup",
        "ExceptionGroup",
        "UnicodeDecodeError",
        "CancelledError",
        "RemoteFailure",
        "NoSuchError",
        "",
        "print",
        "int",
        "type",
        "object",
        "Any",
        "TYPE_CHECKING",
        "annotations",
        "__doc__",
        "_CertificateError()",
        "Mapping",
    ],
)
def test_a_name_that_must_not_be_raised_becomes_the_drivers_root(name: str) -> None:
    rebuilt = rebuild(err(name, "message"))

    assert type(rebuilt) is PyMongoError
    assert str(rebuilt) == "message"


@pytest.mark.parametrize("name", sorted({*vars(builtins), *vars(own)}))
def test_no_name_at_all_makes_anything_but_an_exception_that_may_be_raised(name: str) -> None:
    rebuilt = rebuild(err(name, "message"))

    assert isinstance(rebuilt, Exception)
    assert not isinstance(rebuilt, StopIteration | StopAsyncIteration)
    assert "message" in str(rebuilt)


@pytest.mark.parametrize(
    "broken", [{}, {"type": None}, {"type": 5, "message": 5}, {"message": "x"}]
)
def test_an_error_that_says_nothing_is_an_exception_all_the_same(broken: dict[str, Any]) -> None:
    assert type(rebuild(broken)) is PyMongoError


def test_whether_a_write_may_have_been_applied_comes_with_the_drivers_exceptions_too() -> None:
    unsure: Any = rebuild(err("AutoReconnect", "lost", may_have_applied=True))
    sure: Any = rebuild(err("DuplicateKeyError", "no", code=11000))

    assert (unsure.may_have_applied, sure.may_have_applied) == (True, False)


def test_every_error_of_motorpools_has_a_driver_class_that_says_the_same() -> None:
    classes = {
        cls
        for cls in vars(own).values()
        if inspect.isclass(cls) and issubclass(cls, own.MotorpoolError)
    }

    assert set(DRIVER_CLASS) == classes
    # By whose name the client dresses, so that none of its subclasses is dressed as less.
    for cls, driver in DRIVER_CLASS.items():
        if cls is not own.RemoteFailure:
            assert isinstance(dress(cls.__new__(cls, "x")), (cls, driver))
