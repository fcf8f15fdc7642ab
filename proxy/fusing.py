"""Asks the driver what a fusion asks, and gives each of its operations what became of it.

An operation that has no answer afterwards is to be run by itself: of a read, none of whose answer
has left; of a write, only if it is certain that it was not applied. Decides nothing about what goes
together (see `planning`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from bson.errors import BSONError, InvalidDocument
from pymongo.errors import (
    BulkWriteError,
    ClientBulkWriteException,
    ConfigurationError,
    DocumentTooLarge,
    DuplicateKeyError,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
    WriteError,
    WTimeoutError,
)

from motorpool.batching.codec import RawDocument, RawDocuments
from motorpool.batching.errors import ProtocolError
from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.arguments import concerns_of, driver_arguments
from motorpool.proxy.client_bulk import told_results
from motorpool.proxy.drivers import Question
from motorpool.proxy.intake import documents_of
from motorpool.proxy.models import ValidOperation
from motorpool.proxy.planning import counts, reads, updates
from motorpool.proxy.planning.fusions import FusedCount, FusedFind, FusedInsert, FusedWrite
from motorpool.proxy.planning.inserts import Inserted
from motorpool.proxy.planning.values import CannotTellError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from motorpool.proxy.drivers import Driver
    from motorpool.proxy.intake import Intake
    from motorpool.proxy.pages import Room

Answers: TypeAlias = "dict[int, Any]"
"""By a member's place in its fusion: its `ok`, its own exception, an `Unsure`, or `LEFT_OUT`."""

Runner: TypeAlias = "Callable[[Driver, Any, ValidOperation, Room, Intake], Awaitable[Answers]]"

LEFT_OUT: Final = object()
"""The answer of a read for which there is no room in the response."""

_FIRST_BATCH: Final = 101
"""Documents at first, as a server's own choice is: then it is known how large they are, and no more
is asked for than will fit."""

_LITTLE_BYTES: Final = 1024 * 1024
"""What is known to bring no more is asked for at once, and costs no second round trip."""

_ALL: Final = 10_000

_COUNT_BYTES: Final = 1_000_000
"""Where the groups of a fused count are more than this, they are no plain values."""

_DUPLICATE_KEY: Final = 11000
_TIMED_OUT: Final = 50

_UNKNOWN: Final = (59, 115)
"""CommandNotFound, CommandNotSupported."""

_REFUSALS: Final = frozenset(
    {
        *(2, 9, 13, 14, 18, 20, 59, 72, 73, 115, 166, 40415),
    }
)
"""Codes by which a server refuses a command before it runs (mongodb/mongo, error_codes.yml):
BadValue, FailedToParse, Unauthorized, TypeMismatch, AuthenticationFailed, IllegalOperation,
CommandNotFound, InvalidOptions, InvalidNamespace, CommandNotSupported, CommandNotSupportedOnView,
an unknown field."""


async def find(
    driver: Driver, fusion: FusedFind, operation: ValidOperation, room: Room, intake: Intake
) -> Answers:
    """Run a fused find. `operation`: any of its members."""
    if room.is_full:
        return dict.fromkeys(range(len(fusion.members)), LEFT_OUT) if fusion.is_one else {}
    question = _question(driver, "find", operation, fusion.args)
    kind = documents_of("find", operation.ns, fusion.args)
    shares, count = ("share", kind), len(fusion.members)
    # Where nothing is known of either, the first batch is what may be large.
    foreseen = await intake.begin(shares, count)
    try:
        documents, is_whole = None, True
        if foreseen <= _LITTLE_BYTES:
            documents = await driver.read_at_once(question, _ALL)
        if documents is None:
            size = intake.fit(kind, _FIRST_BATCH, room.left) or _FIRST_BATCH
            documents, is_whole = await driver.read_within(question, size, max(1, room.left))
        intake.learn(kind, documents[:_FIRST_BATCH])
        intake.learn_sum(shares, count, sum(map(len, documents)))
        return _dealt(fusion, documents, room, is_whole=is_whole)
    finally:
        intake.end(foreseen)


def _dealt(fusion: FusedFind, documents: RawDocuments, room: Room, *, is_whole: bool) -> Answers:
    is_by_id = fusion.is_one and fusion.wanted.is_of_ids
    if len(documents) == fusion.args.get("limit") or not (is_whole or is_by_id):
        return {}
    try:
        dealt = reads.deal(fusion, documents)
    except CannotTellError:
        return {}
    if is_whole:
        return _with_room(dealt, room)
    # There is no room for more, and what has come by its `_id` is all that comes by it.
    found = {member: ok for member, ok in dealt.items() if ok is not None}
    left = dict.fromkeys(member for member, ok in dealt.items() if ok is None)
    return {**_with_room(found, room), **dict.fromkeys(left, LEFT_OUT)}


def _with_room(dealt: reads.Dealt, room: Room) -> Answers:
    """What of it there is room for. A `find` without is run by itself, which gives a part."""
    sizes = {member: room.size_of(ok) for member, ok in dealt.items()}
    whole = sum(sizes.values())
    waiting = sum(isinstance(ok, RawDocuments) for ok in dealt.values())
    if whole <= room.most_of(waiting):
        room.take(whole)
        return dict(dealt)
    answers: Answers = {}
    for member, ok in dealt.items():
        if isinstance(ok, RawDocument):
            answers[member] = ok if room.has_held(ok) else LEFT_OUT
        elif sizes[member] <= room.most:
            room.take(sizes[member])
            answers[member] = ok
    return answers


async def count(
    driver: Driver, fusion: FusedCount, operation: ValidOperation, room: Room, intake: Intake
) -> Answers:
    """Run a fused count. `operation`: any of its members."""
    del room, intake  # it brings a number for each value that was asked for
    question = _question(driver, "aggregate", operation, fusion.args)
    # One more than there are values, and the server closes the cursor with the last group.
    size = len(fusion.wanted) + 1
    groups, is_whole = await driver.read_within(question, size, _COUNT_BYTES)
    if not is_whole:
        return {}
    try:
        return dict(enumerate(counts.deal(fusion, groups)))
    except CannotTellError:
        return {}


def _question(
    driver: Driver, op: str, operation: ValidOperation, args: Mapping[str, Any]
) -> Question:
    collection = driver.collection(
        operation.database, operation.collection, concerns_of(args), raw=op == "aggregate"
    )
    return Question(op, collection, driver_arguments(OPERATIONS[op], args, driver.bulk_request))


# Writes -------------------------------------------------------------------------------------------


async def insert(
    driver: Driver, fusion: FusedInsert, operation: ValidOperation, room: Room, intake: Intake
) -> Answers:
    """Run a fused insert. `operation`: any of its members. Raises what `fate` judges."""
    del room, intake
    args = driver_arguments(OPERATIONS["insert_many"], fusion.args, driver.bulk_request)
    collection = driver.collection(
        operation.database, operation.collection, concerns_of(fusion.args)
    )
    is_acknowledged = True
    details: Mapping[str, Any] = {"writeErrors": (), "writeConcernErrors": ()}
    try:
        result = await collection.insert_many(**args)
        is_acknowledged = result.acknowledged
    except BulkWriteError as error:
        details = error.details
    unconfirmed = details["writeConcernErrors"]
    if operation.op == "insert_one" and not details["writeErrors"] and not unconfirmed:
        return {
            member: {"acknowledged": is_acknowledged, "inserted_id": document["_id"]}
            for member, document in enumerate(fusion.args["documents"])
        }
    inserted = Inserted(fusion, details["writeErrors"])
    answers: Answers = {}
    for member in range(len(fusion.members)):
        errors = inserted.errors(member)
        ids = [document["_id"] for document in inserted.documents(member)]
        failure: Exception | None = None
        if operation.op == "insert_many":
            if errors or unconfirmed:
                failure = BulkWriteError(_bulk_details(errors, unconfirmed, len(ids)))
            ok: dict[str, Any] = {"acknowledged": is_acknowledged, "inserted_ids": ids}
        else:
            failure = _write_error(errors) or _concern_error(unconfirmed)
            ok = {"acknowledged": is_acknowledged, "inserted_id": ids[0]}
        answers[member] = failure or ok
    return answers


def _bulk_details(
    errors: Sequence[Mapping[str, Any]], unconfirmed: Sequence[Any], count: int
) -> dict[str, Any]:
    return {
        "writeErrors": list(errors),
        "writeConcernErrors": list(unconfirmed),
        "nInserted": count - len(errors),
        "nUpserted": 0,
        "nMatched": 0,
        "nModified": 0,
        "nRemoved": 0,
        "upserted": [],
    }


def _write_error(errors: Sequence[Mapping[str, Any]]) -> Exception | None:
    """As PyMongo raises it for a write by itself (pymongo.helpers_shared)."""
    if not errors:
        return None
    # In a bulk the driver adds what was asked.
    error = {name: value for name, value in errors[-1].items() if name != "op"}
    if error.get("code") == _DUPLICATE_KEY:
        return DuplicateKeyError(error.get("errmsg", ""), _DUPLICATE_KEY, error)
    return WriteError(error.get("errmsg", ""), error.get("code"), error)


def _concern_error(unconfirmed: Sequence[Mapping[str, Any]]) -> Exception | None:
    """Likewise."""
    if not unconfirmed:
        return None
    error = unconfirmed[-1]
    if error.get("code") == _TIMED_OUT or error.get("errInfo", {}).get("wtimeout"):
        return WTimeoutError(error.get("errmsg", ""), error.get("code"), error)
    return WriteConcernError(error.get("errmsg", ""), error.get("code"), error)


async def write(
    driver: Driver, fusion: FusedWrite, operation: ValidOperation, room: Room, intake: Intake
) -> Answers:
    """Run a fused write. Raises what `fate` judges."""
    del room, operation, intake
    whole = ValidOperation(0, "client_bulk_write", "admin.$cmd", fusion.args)
    args = driver_arguments(OPERATIONS[whole.op], fusion.args, driver.bulk_request)
    try:
        ok = await driver.administration.run(whole, args)
    except ClientBulkWriteException as error:
        return _partly(fusion, error)
    answers: Answers = dict(updates.deal(ok["bulk_api_result"]))
    for member in range(len(fusion.members)):
        answers.setdefault(member, Unsure(ProtocolError("the server's answer does not name it")))
    return answers


def _partly(fusion: FusedWrite, error: ClientBulkWriteException) -> Answers:
    """What is known where some failed, or the answer was not whole."""
    details = told_results(error.details)
    answers: Answers = dict(updates.deal(details))
    unconfirmed = _concern_error(details["writeConcernErrors"])
    if unconfirmed is not None:
        answers = dict.fromkeys(answers, unconfirmed)
    # The server has said that these were not applied. Run by themselves, each fails as it would: a
    # bulk's errors lack this and that (a validator's reasons, a collation).
    refused = {failed["idx"] for failed in details["writeErrors"]}
    cause = _raised(error.error) or unconfirmed
    if cause is not None:
        if not answers and not refused and is_refusal(cause):
            raise cause
        for member in range(len(fusion.members)):
            if member not in refused:
                answers.setdefault(member, Unsure(cause))
    return answers


def _raised(cause: Any) -> Exception | None:
    """The error of a whole bulk write, which may be a server's reply."""
    if cause is None or isinstance(cause, Exception):
        return cause
    return OperationFailure(cause.get("errmsg", ""), cause.get("code"), cause)


# A fusion that failed as a whole ------------------------------------------------------------------


class Unsure(NamedTuple):
    """An error after which nobody knows whether a write was applied."""

    error: Exception


def is_refusal(error: Exception) -> bool:
    """Whether a server has refused the command, and done nothing of it."""
    return isinstance(error, OperationFailure) and error.code in _REFUSALS


_NOT_SENT: Final = (
    *(TypeError, ValueError, OverflowError),
    *(InvalidDocument, ConfigurationError, DocumentTooLarge, InvalidOperation),
)
"""What a driver raises for what it does not even send. (One command holds a whole fusion.)"""


def is_unknown_command(error: Exception) -> bool:
    """Whether the server does not know the command, now or (by its feature version) yet."""
    return isinstance(error, OperationFailure) and error.code in _UNKNOWN


def is_foreseen(error: Exception) -> bool:
    """Whether an error is the database's, the driver's or a caller's, and no fault of ours."""
    return isinstance(
        error, PyMongoError | BSONError | TypeError | ValueError | NotImplementedError
    )


def fate(error: Exception, *, writes: bool) -> Exception | Unsure | None:
    """What becomes of all members; None: nothing was done, each is to be run by itself."""
    if isinstance(error, ServerSelectionTimeoutError):
        return error  # the same for each of them, after as long a wait
    if not writes:
        return None
    return None if isinstance(error, _NOT_SENT) or is_refusal(error) else Unsure(error)


RUNNERS: Final[dict[type, Runner]] = {
    FusedFind: find,
    FusedCount: count,
    FusedInsert: insert,
    FusedWrite: write,
}
