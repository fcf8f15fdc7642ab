"""An insert whose `_id`s the client made goes again; a duplicate of such an `_id` means success."""

from typing import Any

import bson
import pymongo.errors
import pytest

from motorpool.batching import envelope
from motorpool.client import ConnectionLost, OutcomeUnknown, ProxyClient, RetryPolicy
from tests.client.fakes import (
    Asked,
    Batch,
    FakeTransport,
    bulk_write_error,
    duplicate_key,
    duplicate_key_error,
    response,
)

AT_ONCE = RetryPolicy(base_pause=0.0, max_pause=0.0)
LOST = ConnectionLost("reset")


def client_of(*script: Any) -> tuple[FakeTransport, Any]:
    """Make a transport with this script, and a collection behind it."""
    transport = FakeTransport(*script)
    return transport, ProxyClient(transport=transport, retry=AT_ONCE).shop.users


def failing(err: Any) -> Any:
    """Make a step that answers the one operation with an error; `err` may be made of it."""

    def step(batch: Batch) -> bytes:
        (asked,) = batch
        return response(envelope.failure(0, err(asked) if callable(err) else err))

    return step


def own_id(asked: Asked) -> dict[str, Any]:
    """Make the error of a document that is there already."""
    return duplicate_key_error("_id", asked.args["document"]["_id"])


async def test_insert_one_with_an_id_made_here_goes_again() -> None:
    transport, users = client_of(LOST)
    document: dict[str, Any] = {"a": 1}

    result = await users.insert_one(document)

    assert result.inserted_id == document["_id"]
    assert isinstance(document["_id"], bson.ObjectId)
    assert transport.keys == [[document["_id"]], [document["_id"]]]


async def test_a_duplicate_of_that_very_id_means_that_the_first_try_was_applied() -> None:
    transport, users = client_of(LOST, failing(own_id))
    document: dict[str, Any] = {"a": 1}

    result = await users.insert_one(document)

    assert result.inserted_id == document["_id"]
    assert result.acknowledged is True
    assert len(transport.batches) == 2


async def test_a_duplicate_of_another_key_is_the_error_that_it_is() -> None:
    _, users = client_of(LOST, failing(duplicate_key_error("email", "x@y.z")))

    with pytest.raises(pymongo.errors.DuplicateKeyError) as raised:
        await users.insert_one({"email": "x@y.z"})

    assert raised.value.details is not None
    assert raised.value.details["keyValue"] == {"email": "x@y.z"}


async def test_a_duplicate_of_another_id_is_the_error_that_it_is() -> None:
    _, users = client_of(LOST, failing(duplicate_key_error("_id", bson.ObjectId())))

    with pytest.raises(pymongo.errors.DuplicateKeyError):
        await users.insert_one({"a": 1})


async def test_a_duplicate_of_that_very_id_on_the_first_try_is_the_error_that_it_is() -> None:
    _, users = client_of(failing(own_id))

    with pytest.raises(pymongo.errors.DuplicateKeyError):
        await users.insert_one({"a": 1})


async def test_another_error_on_the_repeat_is_the_error_that_it_is() -> None:
    err = envelope.error(
        "WriteError", "Document failed validation", code=121, details={"code": 121}
    )
    _, users = client_of(LOST, failing(err))

    with pytest.raises(pymongo.errors.WriteError, match="failed validation"):
        await users.insert_one({"a": 1})


async def test_insert_one_with_the_callers_own_id_does_not_go_again() -> None:
    transport, users = client_of(LOST)

    with pytest.raises(OutcomeUnknown):
        await users.insert_one({"_id": 1})

    assert transport.keys == [[1]]


async def test_a_document_that_was_given_its_id_by_an_earlier_call_does_not_go_again() -> None:
    transport, users = client_of()
    document: dict[str, Any] = {"a": 1}
    await users.insert_one(document)
    transport, users = client_of(LOST)

    with pytest.raises(OutcomeUnknown):
        await users.insert_one(document)

    assert len(transport.batches) == 1


async def test_what_is_asked_for_again_after_a_loss_is_still_a_repeat() -> None:
    def not_now(batch: Batch) -> bytes:
        return response(*(envelope.again(asked.id, "the response was full") for asked in batch))

    transport, users = client_of(LOST, not_now, failing(own_id))
    document: dict[str, Any] = {"a": 1}

    assert (await users.insert_one(document)).inserted_id == document["_id"]
    assert len(transport.batches) == 3


# insert_many --------------------------------------------------------------------------------------


def clashes(*indexes: int, inserted: int, more: Any = ()) -> Any:
    """Make a step in which documents at these indexes are there already, by their own `_id`s."""

    def step(batch: Batch) -> bytes:
        (asked,) = batch
        args = asked.args
        errors = [
            duplicate_key("_id", args["documents"][index]["_id"], index=index) for index in indexes
        ]
        return response(envelope.failure(0, bulk_write_error(inserted, [*errors, *more])))

    return step


async def test_insert_many_unordered_with_ids_made_here_goes_again() -> None:
    transport, users = client_of(LOST)
    documents: list[dict[str, Any]] = [{"a": 1}, {"a": 2}]

    result = await users.insert_many(documents, ordered=False)

    assert result.inserted_ids == [document["_id"] for document in documents]
    assert len(transport.batches) == 2


async def test_insert_many_of_which_only_own_ids_clash_has_succeeded() -> None:
    _, users = client_of(LOST, clashes(0, 2, inserted=1))
    documents: list[dict[str, Any]] = [{"a": 1}, {"a": 2}, {"a": 3}]

    result = await users.insert_many(documents, ordered=False)

    assert result.inserted_ids == [document["_id"] for document in documents]
    assert result.acknowledged is True


async def test_insert_many_keeps_the_errors_that_are_not_of_the_first_try() -> None:
    foreign = duplicate_key("email", "x@y.z", index=1)
    transport, users = client_of(LOST, clashes(0, 3, inserted=1, more=[foreign]))

    with pytest.raises(pymongo.errors.BulkWriteError) as raised:
        await users.insert_many([{"a": n} for n in range(4)], ordered=False)

    details: Any = raised.value.details
    assert details["writeErrors"] == [foreign]
    assert details["nInserted"] == 3  # one now, and the two that were there already
    assert raised.value.code == 65
    assert len(transport.batches) == 2


async def test_insert_many_keeps_a_write_concern_error_although_every_document_is_there() -> None:
    def step(batch: Batch) -> bytes:
        (asked,) = batch
        args = asked.args
        err = bulk_write_error(0, [duplicate_key("_id", args["documents"][0]["_id"])])
        err["details"]["writeConcernErrors"] = [{"code": 64, "errmsg": "waiting for replication"}]
        return response(envelope.failure(0, err))

    _, users = client_of(LOST, step)

    with pytest.raises(pymongo.errors.BulkWriteError) as raised:
        await users.insert_many([{"a": 1}], ordered=False)

    details: Any = raised.value.details
    assert (details["writeErrors"], details["nInserted"]) == ([], 1)
    assert [error["code"] for error in details["writeConcernErrors"]] == [64]


async def test_insert_many_unordered_on_the_first_try_keeps_every_error() -> None:
    _, users = client_of(clashes(0, inserted=0))

    with pytest.raises(pymongo.errors.BulkWriteError) as raised:
        await users.insert_many([{"a": 1}], ordered=False)

    details: Any = raised.value.details
    assert len(details["writeErrors"]) == 1


@pytest.mark.parametrize(
    ("documents", "ordered"), [([{"a": 1}, {"a": 2}], True), ([{"a": 1}, {"_id": 2}], False)]
)
async def test_insert_many_ordered_or_with_an_id_of_the_callers_does_not_go_again(
    documents: list[dict[str, Any]], *, ordered: bool
) -> None:
    transport, users = client_of(LOST)

    with pytest.raises(OutcomeUnknown):
        await users.insert_many(documents, ordered=ordered)

    assert len(transport.batches) == 1


async def test_insert_many_with_one_document_twice_does_not_go_again() -> None:
    transport, users = client_of(LOST)
    document: dict[str, Any] = {"a": 1}

    with pytest.raises(OutcomeUnknown):
        await users.insert_many([document, document], ordered=False)

    assert len(transport.batches) == 1
