"""A client's bulk write: what is sent, what becomes of the answer and of a failure."""

from __future__ import annotations

from typing import Any

import pymongo
import pymongo.results
import pytest
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo.errors import (
    AutoReconnect,
    ClientBulkWriteException,
    ConfigurationError,
    InvalidOperation,
    OperationFailure,
)

from motorpool import client as ours
from motorpool.batching import envelope
from motorpool.client import ClientBulkWriteResult, ProxyClient, WriteConcern
from motorpool.client.results import DeleteResult, InsertOneResult, UpdateResult
from tests.both_loops import ONE_LOOP
from tests.client.fakes import Batch, FakeTransport, response
from tests.client.sent import Sent

NS = "shop.items"
COUNTS = {"nInserted": 1, "nUpserted": 1, "nMatched": 2, "nModified": 3, "nDeleted": 4}
UPDATED = {"ok": 1.0, "idx": 1, "n": 1, "nModified": 0, "upserted": {"_id": 7}}
DELETED = {"ok": 1.0, "idx": 2, "n": 4}
TOLD = {
    "anySuccessful": True,
    "error": None,
    "writeErrors": [],
    "writeConcernErrors": [],
    **COUNTS,
    "insertResults": [{"index": 0, "inserted_id": 1}],
    "updateResults": [{"index": 1, "raw_result": UPDATED}],
    "deleteResults": [{"index": 2, "raw_result": DELETED}],
}
OK = {"acknowledged": True, "bulk_api_result": TOLD}

models = pytest.mark.parametrize("models", [ours, pymongo], ids=["ours", "pymongos"])


@models
async def test_each_request_is_sent_with_its_namespace(models: Any) -> None:
    sent = Sent({"client_bulk_write": OK})

    await sent.client.bulk_write(
        [
            models.InsertOne({"_id": 1}, namespace=NS),
            models.UpdateOne({"a": 1}, {"$set": {"b": 1}}, upsert=False, namespace=NS),
            models.UpdateMany({"a": 1}, [{"$unset": "b"}], namespace="b.c.d", hint=[("a", 1)]),
            models.ReplaceOne({"a": 1}, {"b": 1}, True, namespace=NS, sort={"a": -1}),  # noqa: FBT003
            models.DeleteOne({"a": 1}, namespace=NS, collation={"locale": "en"}),
            models.DeleteMany({}, namespace=NS),
        ],
        ordered=False,
        verbose_results=True,
        bypass_document_validation=True,
        comment="why",
        let={"n": 1},
        write_concern=pymongo.WriteConcern("majority"),
    )

    op, namespace, args = sent.only
    assert (op, namespace) == ("client_bulk_write", "admin.$cmd")
    assert [(each["op"], each["ns"], each["args"]) for each in args.pop("requests")] == [
        ("insert_one", NS, {"document": {"_id": 1}}),
        ("update_one", NS, {"filter": {"a": 1}, "update": {"$set": {"b": 1}}, "upsert": False}),
        (
            "update_many",
            "b.c.d",
            {"filter": {"a": 1}, "update": [{"$unset": "b"}], "hint": [["a", 1]]},
        ),
        (
            "replace_one",
            NS,
            {"filter": {"a": 1}, "replacement": {"b": 1}, "upsert": True, "sort": [["a", -1]]},
        ),
        ("delete_one", NS, {"filter": {"a": 1}, "collation": {"locale": "en"}}),
        ("delete_many", NS, {"filter": {}}),
    ]
    assert args == {
        "ordered": False,
        "verbose_results": True,
        "bypass_document_validation": True,
        "comment": "why",
        "let": {"n": 1},
        "write_concern": {"w": "majority"},
    }


async def test_the_clients_write_concern_holds_where_none_is_given() -> None:
    sent = Sent({"client_bulk_write": OK}, write_concern=WriteConcern(1))

    await sent.client.bulk_write([ours.InsertOne({"_id": 1}, namespace=NS)])

    assert sent.only[2]["write_concern"] == {"w": 1}


@models
async def test_documents_get_their_ids_and_results_tell_them(models: Any) -> None:
    sent = Sent({"client_bulk_write": OK})
    document: dict[str, Any] = {"a": 1}

    result = await sent.client.bulk_write(
        [models.InsertOne(document, namespace=NS)], verbose_results=True
    )

    assert isinstance(document["_id"], ObjectId)
    assert result.insert_results[0].inserted_id is document["_id"]
    assert sent.only[2]["requests"][0]["args"]["document"] == document


async def test_a_result_has_what_pymongos_has() -> None:
    sent = Sent({"client_bulk_write": OK})

    result = await sent.client.bulk_write(
        [ours.InsertOne({"_id": 1}, namespace=NS)], verbose_results=True
    )

    theirs = pymongo.results.ClientBulkWriteResult(
        {
            **TOLD,
            "insertResults": {0: pymongo.results.InsertOneResult(1, acknowledged=True)},
            "updateResults": {
                1: pymongo.results.UpdateResult(UPDATED, acknowledged=True, in_client_bulk=True)
            },
            "deleteResults": {2: pymongo.results.DeleteResult(DELETED, acknowledged=True)},
        },
        acknowledged=True,
        has_verbose_results=True,
    )
    assert repr(result) == repr(theirs)
    for name in (
        "acknowledged",
        "has_verbose_results",
        *(f"{kind}_count" for kind in ("inserted", "matched", "modified", "deleted", "upserted")),
    ):
        assert getattr(result, name) == getattr(theirs, name), name
    assert type(result.insert_results[0]) is InsertOneResult
    update, delete = result.update_results[1], result.delete_results[2]
    assert (type(update), type(delete)) == (UpdateResult, DeleteResult)
    assert (update.upserted_id, update.matched_count, update.did_upsert) == (7, 1, True)
    assert delete.deleted_count == 4


@pytest.mark.parametrize("name", ["insert_results", "update_results", "delete_results"])
def test_single_results_are_refused_as_by_pymongos_unless_asked_for(name: str) -> None:
    for told in (
        {"acknowledged": True, "has_verbose_results": False},
        {"acknowledged": False, "has_verbose_results": True},
    ):
        theirs = pymongo.results.ClientBulkWriteResult({}, **told)
        with pytest.raises(InvalidOperation) as driver:
            getattr(theirs, name)
        with pytest.raises(InvalidOperation) as own:
            getattr(ClientBulkWriteResult({}, **told), name)
        assert str(own.value) == str(driver.value)


async def test_an_unacknowledged_bulk_tells_nothing() -> None:
    sent = Sent({"client_bulk_write": {"acknowledged": False}})

    result = await sent.client.bulk_write(
        [ours.InsertOne({"_id": 1}, namespace=NS)],
        ordered=False,
        write_concern=pymongo.WriteConcern(0),
    )

    theirs = pymongo.results.ClientBulkWriteResult(None, False, False)  # type: ignore[arg-type]  # noqa: FBT003
    assert repr(result) == repr(theirs)
    with pytest.raises(InvalidOperation, match="inserted_count is not available"):
        _ = result.inserted_count


INSERT = ours.InsertOne({"_id": 1}, namespace=NS)
UNANSWERED = {"write_concern": WriteConcern(0)}
REFUSED: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    ([], {}, InvalidOperation, "No operations to execute"),
    ((INSERT,), {}, TypeError, "models must be a list, not <class 'tuple'>"),
    ([{"insert": 1}], {}, TypeError, "{'insert': 1} is not a valid request"),
    (
        [INSERT, ours.DeleteOne({"_id": 1})],
        {},
        InvalidOperation,
        "MongoClient.bulk_write requires a namespace to be provided for each write operation",
    ),
    (
        [pymongo.DeleteOne({"_id": 1})],
        {},
        InvalidOperation,
        "MongoClient.bulk_write requires a namespace to be provided for each write operation",
    ),
    (
        [INSERT],
        {**UNANSWERED, "verbose_results": True, "ordered": False},
        InvalidOperation,
        "Cannot request unacknowledged write concern and verbose results",
    ),
    (
        [INSERT],
        UNANSWERED,
        InvalidOperation,
        "Cannot request unacknowledged write concern and ordered writes",
    ),
    (
        [ours.DeleteOne({}, namespace=NS, collation={"locale": "en"})],
        {**UNANSWERED, "ordered": False},
        ConfigurationError,
        "Collation is unsupported for unacknowledged writes.",
    ),
    (
        [ours.UpdateOne({}, {"$set": {"a": 1}}, array_filters=[{"a": 1}], namespace=NS)],
        {**UNANSWERED, "ordered": False},
        ConfigurationError,
        "arrayFilters is unsupported for unacknowledged writes.",
    ),
    (
        [INSERT],
        {**UNANSWERED, "ordered": False, "bypass_document_validation": False},
        OperationFailure,
        "Cannot set bypass_document_validation with unacknowledged write concern",
    ),
    ([ours.UpdateOne({}, {"a": 1}, namespace=NS)], {}, ValueError, "only works with $ operators"),
    ([ours.ReplaceOne({}, {"$a": 1}, namespace=NS)], {}, ValueError, "can not include $ operato"),
    ([INSERT], {"let": [1]}, TypeError, "let must be an instance of dict"),
    ([ours.InsertOne({}, namespace="shop")], {}, InvalidOperation, "must be 'database.collection'"),
]


@ONE_LOOP
@pytest.mark.parametrize(
    ("given", "options", "error", "said"), REFUSED, ids=[str(n) for n in range(len(REFUSED))]
)
async def test_what_the_driver_refuses_is_refused(
    given: Any, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    sent = Sent()

    with pytest.raises(error) as raised:
        await sent.client.bulk_write(given, **options)

    assert said in str(raised.value)
    assert type(raised.value) is error
    assert sent.is_nothing


async def test_a_raw_document_is_told_by_its_own_id() -> None:
    sent = Sent({"client_bulk_write": OK})
    raw = RawBSONDocument(b"\x0e\x00\x00\x00\x10_id\x00\x05\x00\x00\x00\x00")

    result = await sent.client.bulk_write(
        [pymongo.InsertOne(raw, namespace=NS)], verbose_results=True
    )
    assert result.insert_results[0].inserted_id == 5


# Failures -----------------------------------------------------------------------------------------

WRITE_ERROR: Any = {"idx": 1, "code": 11000, "errmsg": "E11000", "op": {"insert": 0}}


def failing(details: dict[str, Any], **more: Any) -> FakeTransport:
    err = envelope.error(
        "ClientBulkWriteException", "batch op errors occurred", code=65, details=details, **more
    )

    def fail(batch: Batch) -> bytes:
        return response(*(envelope.failure(asked.id, err) for asked in batch))

    return FakeTransport(fail)


async def failure(transport: FakeTransport) -> ClientBulkWriteException:
    client = ProxyClient(transport=transport)
    with pytest.raises(ClientBulkWriteException) as raised:
        await client.bulk_write([ours.InsertOne({"_id": 1}, namespace=NS)])
    return raised.value


async def test_a_failure_carries_what_the_drivers_does() -> None:
    told = {**TOLD, "writeErrors": [WRITE_ERROR], "verbose": True}

    error = await failure(failing(told, labels=["RetryableWriteError"]))

    assert (error.code, error.verbose, error.error) == (65, True, None)
    assert error.write_errors == [WRITE_ERROR]
    assert error.write_concern_errors == []
    assert error.has_error_label("RetryableWriteError")
    assert "verbose" not in error.details
    partial = error.partial_result
    assert type(partial) is pymongo.results.ClientBulkWriteResult
    assert partial.inserted_count == 1
    assert partial.insert_results[0].inserted_id == 1
    assert partial.update_results[1].upserted_id == 7
    assert partial.delete_results[2].deleted_count == 4


async def test_a_failure_before_anything_was_done_has_no_partial_result() -> None:
    told = {**TOLD, "anySuccessful": False, "insertResults": [], "verbose": False}

    error = await failure(failing(told))

    assert (error.verbose, error.partial_result) == (False, None)


async def test_the_exception_behind_a_failure_is_one_again() -> None:
    cause = envelope.error("AutoReconnect", "connection closed", may_have_applied=True)

    error = await failure(failing({**TOLD, "error": {"raised": cause}}, may_have_applied=True))

    assert type(error.error) is AutoReconnect
    assert str(error.error) == "connection closed"
    assert error.may_have_applied  # type: ignore[attr-defined]


async def test_the_reply_behind_a_failure_is_a_document() -> None:
    reply = {"ok": 0.0, "errmsg": "no", "code": 8}

    error = await failure(failing({**TOLD, "error": {"reply": reply}}))

    assert error.error == reply
