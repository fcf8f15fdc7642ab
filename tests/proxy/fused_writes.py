"""Writes that are fused, and drivers that do with them what a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bson import ObjectId
from pymongo.errors import (
    BulkWriteError,
    ClientBulkWriteException,
    OperationFailure,
)
from pymongo.helpers_shared import _check_write_command_response
from pymongo.results import DeleteResult, InsertManyResult, InsertOneResult, UpdateResult

from motorpool.proxy.client_bulk import told_results
from motorpool.proxy.failures import describe
from tests.proxy.fakes import FakeDriver
from tests.proxy.fused import Run, asked, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorpool.proxy.limits import Limit
    from motorpool.proxy.models import ValidOperation


# Inserts ------------------------------------------------------------------------------------------


def ones(*ids: Any) -> list[ValidOperation]:
    return [asked("insert_one", document={"_id": id_}) for id_ in ids]


def many(*ids: Any) -> ValidOperation:
    return asked("insert_many", documents=[{"_id": id_} for id_ in ids], ordered=False)


def whole(
    write_errors: Sequence[Any] = (), concern_errors: Sequence[Any] = (), inserted: int = 0
) -> BulkWriteError:
    """What PyMongo raises of a bulk."""
    return BulkWriteError(
        {
            "writeErrors": list(write_errors),
            "writeConcernErrors": list(concern_errors),
            "nInserted": inserted,
            **dict.fromkeys(("nUpserted", "nMatched", "nModified", "nRemoved"), 0),
            "upserted": [],
        }
    )


def clash(index: int, id_: Any) -> dict[str, Any]:
    """A write error as a server has it."""
    return {
        "index": index,
        "code": 11000,
        "errmsg": f"E11000 {id_}",
        "keyPattern": {"_id": 1},
        "keyValue": {"_id": id_},
    }


def takes(error: Exception | None = None) -> FakeDriver:
    """A driver that makes ids as PyMongo does; the first insert of many fails so."""
    left = error

    async def act(method: str, args: dict[str, Any]) -> Any:
        nonlocal left
        documents = args["documents"] if method == "insert_many" else [args["document"]]
        for document in documents:
            document.setdefault("_id", ObjectId())
        if method == "insert_one":
            return InsertOneResult(documents[0]["_id"], acknowledged=True)
        if left is not None:
            failure = left
            left = None
            raise failure
        return InsertManyResult([document["_id"] for document in documents], acknowledged=True)

    return FakeDriver(act)


def raised_alone(reply: dict[str, Any]) -> dict[str, Any]:
    """The `err` of an `insert_one` whose server replies so, by PyMongo's own judgement."""
    with pytest.raises(OperationFailure) as raised:
        _check_write_command_response(reply)
    return describe(raised.value, is_write=True)


# Updates and deletions ----------------------------------------------------------------------------

UPDATE: dict[str, Any] = {"filter": {"_id": 0}, "update": {"$set": {"a": 1}}}
OPERATIONS = [
    asked("update_one", **UPDATE, upsert=True),
    asked(
        "replace_one", ns="other.things", filter={"_id": 1}, replacement={"a": 1}, sort=[["a", 1]]
    ),
    asked("delete_one", filter={"_id": 2}),
]
RESULTS = {
    0: UpdateResult(
        {"ok": 1.0, "idx": 0, "n": 1, "nModified": 0, "upserted": {"_id": 0}},
        acknowledged=True,
        in_client_bulk=True,
    ),
    1: UpdateResult(
        {"ok": 1.0, "idx": 1, "n": 1, "nModified": 1}, acknowledged=True, in_client_bulk=True
    ),
    2: DeleteResult({"ok": 1.0, "idx": 2, "n": 1}, acknowledged=True),
}
ANSWERS: list[dict[str, Any]] = [
    {
        "acknowledged": True,
        "matched_count": 0,
        "modified_count": 0,
        "upserted_id": 0,
        "raw_result": {"n": 1, "upserted": 0, "nModified": 0, "ok": 1.0, "updatedExisting": False},
    },
    {
        "acknowledged": True,
        "matched_count": 1,
        "modified_count": 1,
        "upserted_id": None,
        "raw_result": {"n": 1, "nModified": 1, "ok": 1.0, "updatedExisting": True},
    },
    {"acknowledged": True, "deleted_count": 1, "raw_result": {"n": 1, "ok": 1.0}},
]
LONE = UpdateResult({"n": 7, "nModified": 7, "ok": 1.0, "updatedExisting": True}, acknowledged=True)
ALONE = {
    "acknowledged": True,
    "matched_count": 7,
    "modified_count": 7,
    "upserted_id": None,
    "raw_result": LONE.raw_result,
}
LONE_DELETE = DeleteResult({"n": 7, "ok": 1.0}, acknowledged=True)
DELETED_ALONE = {"acknowledged": True, "deleted_count": 7, "raw_result": {"n": 7, "ok": 1.0}}
ALL_ALONE = [ALONE, ALONE, DELETED_ALONE]

CONCERN = {"code": 64, "errmsg": "late", "errInfo": {"wtimeout": True}}


def sum_of(applied: tuple[int, ...] = (), **more: Any) -> dict[str, Any]:
    """PyMongo's sum of a client's bulk write, of which these were applied."""
    return {
        "anySuccessful": bool(applied),
        "error": None,
        "writeErrors": [],
        "writeConcernErrors": [],
        **dict.fromkeys(("nInserted", "nUpserted", "nMatched", "nModified", "nDeleted"), 0),
        "insertResults": {},
        "updateResults": {index: RESULTS[index] for index in applied if index < 2},
        "deleteResults": {index: RESULTS[index] for index in applied if index == 2},
        **more,
    }


def refused(*indexes: int, **more: Any) -> list[dict[str, Any]]:
    """Answers to requests that failed, with what the driver adds."""
    said = {"code": 11000, "errmsg": "E11000", "keyPattern": {"a": 1}, **more}
    return [
        {"ok": 0.0, "idx": index, "n": 0, "nModified": 0, **said, "op": {"update": 0}}
        for index in indexes
    ]


async def written(answer: dict[str, Any] | Exception, *, limit: Limit | None = None) -> Run:
    """Run the three writes, of whose `bulkWrite` this becomes; alone each succeeds with a 7."""

    async def act(method: str, _: dict[str, Any]) -> Any:
        if method == "client_bulk_write":
            if isinstance(answer, Exception):
                raise answer
            return {"acknowledged": True, "bulk_api_result": told_results(answer)}
        return LONE_DELETE if method == "delete_one" else LONE

    return await run(FakeDriver(act), *OPERATIONS, limit=limit)


def raises(applied: tuple[int, ...] = (), **more: Any) -> ClientBulkWriteException:
    return ClientBulkWriteException(sum_of(applied, **more), verbose=True)
