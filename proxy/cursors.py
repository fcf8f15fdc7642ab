"""Results by the page: opens a cursor, goes on with one, and stops where a response is full.

The cursor lives on the server, under the logical session that the caller carries, so any execution
environment goes on with it. Keeps nothing itself. Knows neither driver (see `drivers`) nor how a
response is written (see `pages` for how much one takes).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from motorpool.batching.errors import ProtocolError, ResultTooLarge
from motorpool.batching.operations import DATABASE_PIPELINE, is_tailing
from motorpool.proxy.intake import MOST_BYTES, documents_of
from motorpool.proxy.pages import NoRoom, Page, Sizes, cursor_of, tell_cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from motorpool.proxy.drivers import Batch, Driver, Question
    from motorpool.proxy.intake import Intake
    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.pages import Address, Room

DEFAULT_BATCH: Final = 101
"""What a server gives at first where nobody says how much (MongoDB manual, "Cursor Batches")."""


class Paged(NamedTuple):
    """A page of a result, and what the caller needs to go on; None: this was the last."""

    ok: Any
    cursor: dict[str, Any] | None


async def open_cursor(  # noqa: PLR0913, PLR0917 - what a page depends on
    driver: Driver,
    operation: ValidOperation,
    question: Question,
    room: Room,
    is_late: Callable[[], bool],
    intake: Intake,
) -> Paged:
    """Run `find` or `aggregate` up to a page.

    `is_late`: whether the page is to end with what it has. `intake`: the gate at which it waits if
    much is to come. Raises NoRoom, ResultTooLarge, and what the driver raises.
    """
    given = operation.args
    length, asked = given.get("length"), given.get("batch_size")
    if operation.session is None or operation.collection == DATABASE_PIPELINE or _is_deaf(given):
        # Nobody could go on; or it is a database's aggregation, which lists what the server knows;
        # or one that writes without an answer, which the driver runs under no session.
        return await _open_to_end(driver, operation, question, room, intake)
    reading = _Reading(driver, operation, room, Sizes())
    limit = abs(given.get("limit") or 0)
    size = _first_size(asked, length, limit)
    while True:
        count = min(size or DEFAULT_BATCH, limit or MOST_BYTES)
        size, batch = await reading.begin(question, size, count, intake)
        if batch is not None:
            return await reading.fill(batch, is_late)
        if not reading.page.documents and not reading.page.is_alone:
            raise NoRoom
        if size == 1:  # it gave more than it was asked for, and has moved on
            return reading.lost()
        # Nothing of it has left yet, so nothing is lost: it is asked again for less.
        size = max(1, min(len(reading.page.documents), (size or DEFAULT_BATCH) // 2))
        reading.begin_again()


async def _open_to_end(
    driver: Driver, operation: ValidOperation, question: Question, room: Room, intake: Intake
) -> Paged:
    """Run it to its end: the result is given whole or not at all.

    No more of it is read than any response could carry, compressed. Raises NoRoom, or
    ResultTooLarge where it has the response for itself.
    """
    kind = ("whole", question.op, operation.ns)
    foreseen = await intake.begin(kind, 1)
    try:
        size = operation.args.get("batch_size") or DEFAULT_BATCH
        documents, is_whole = await driver.read_within(question, size, MOST_BYTES)
        taken = sum(map(len, documents))
        intake.learn_sum(kind, 1, taken)
        if taken > room.left or not is_whole:
            if not room.is_all(0):
                raise NoRoom
            if not is_whole:
                raise ResultTooLarge(
                    f"the result is more than {taken} bytes, more than fits into a response; "
                    "ask for less of it, or by the page"
                )
        room.take(taken)
        return Paged(documents, None)
    finally:
        intake.end(foreseen)


async def advance_cursor(
    driver: Driver,
    operation: ValidOperation,
    room: Room,
    is_late: Callable[[], bool],
    intake: Intake,
) -> Paged:
    """Run `get_more`: the next page of a cursor that an earlier page told of.

    Raises ProtocolError for what is no such cursor, ResultTooLarge, and what the driver raises.
    """
    id_, address, sizes = _told(operation.args["cursor"])
    reading = _Reading(driver, operation, room, sizes)
    # Where sizes are known, what all pages ask for is no more than the room that they share. One
    # that waits for what is yet to be inserted must not keep others from reading meanwhile.
    is_bounded = sizes.told()[0] or is_tailing(operation.args)
    foreseen = 0 if is_bounded else await intake.begin(documents_of("find", operation.ns, {}), 1)
    try:
        batch = await reading.advance(id_, address, reading.next_size() or 1)
        if not await reading.took(batch):
            return reading.lost()
    finally:
        intake.end(foreseen)
    return await reading.fill(batch, is_late)


async def kill_cursors(driver: Driver, operation: ValidOperation) -> int:
    """Run `kill_cursors`; how many were told to end. Raises ProtocolError for what is no cursor."""
    cursors = [_told(told) for told in operation.args["cursors"]]
    for id_, address, _ in cursors:
        await driver.end_cursor(operation, id_, address)
    return len(cursors)


class _Reading:
    """One cursor on its way through one invocation, and the page that it fills."""

    def __init__(self, driver: Driver, operation: ValidOperation, room: Room, sizes: Sizes) -> None:
        self._driver = driver
        self._operation = operation
        self._asked = operation.args.get("batch_size") or None
        self._sizes = sizes
        # Then a page is what one batch brings, which may be nothing.
        self._is_tail = is_tailing(operation.args)
        self.page = Page(room, operation.args.get("length") or None)

    async def begin(
        self, question: Question, size: int | None, count: int, intake: Intake
    ) -> tuple[int | None, Batch | None]:
        """Put the first batch into the page, and say how much was asked for.

        `size`: as the driver is asked; `count`: how many documents that makes. No batch where not
        all of it fits: see `took`.
        """
        args = self._operation.args
        kind = documents_of(question.op, self._operation.ns, args)
        most = intake.fit(kind, count, self.page.share)
        foreseen = await intake.begin(kind, most or count)
        try:
            # What has come meanwhile may have told how large they are, or taken up the room.
            size = intake.fit(kind, most or count, self.page.share) or most or size
            batch = await self._driver.open_cursor(
                question, size, cast("bytes", self._operation.session)
            )
            intake.learn(kind, batch.documents)
            return size, batch if await self.took(batch) else None
        finally:
            intake.end(foreseen)

    def begin_again(self) -> None:
        self.page.give_back()

    def next_size(self) -> int:
        """How many documents to ask for next; 0: the page ends here."""
        foreseen = self._sizes.fit_into(self.page.share)
        if not foreseen and not self.page.documents:
            foreseen = 1
        bounds = (foreseen, self._asked, self.page.missing)
        return min(bound for bound in bounds if bound is not None)

    async def advance(self, id_: int, address: Address | None, size: int) -> Batch:
        return await self._driver.advance_cursor(self._operation, id_, address, size)

    async def took(self, batch: Batch) -> bool:
        """Put a batch into the page. False where not all of it fits: then its cursor is ended.

        The server does not give it again, and nothing here outlives the invocation.
        """
        page = self.page
        kept = page.add(batch.documents, self._sizes if batch.id else None)
        is_taken = kept == len(batch.documents)
        try:
            if not is_taken and not page.documents and page.is_alone:
                page.add_alone(batch.documents[0])
                is_taken = len(batch.documents) == 1
        finally:
            if not is_taken and batch.id:
                with contextlib.suppress(Exception):  # it ends by itself after ten idle minutes
                    await self._driver.end_cursor(self._operation, batch.id, batch.address)
        return is_taken

    async def fill(self, batch: Batch, is_late: Callable[[], bool]) -> Paged:
        """Go on until the page is full, complete or late. `batch` is in it already."""
        while batch.id:
            size = 0 if self._is_tail or is_late() else self.next_size()
            if not size:
                told = tell_cursor(batch.id, batch.address, self._sizes)
                return Paged(self.page.documents, {**told, "count": len(self.page.documents)})
            batch = await self.advance(batch.id, batch.address, size)
            if not await self.took(batch):
                return self.lost()
        return Paged(self.page.documents, None)

    def lost(self) -> Paged:
        """The page, whose cursor has run ahead of it: the caller asks anew for what comes after."""
        return Paged(self.page.documents, {"lost": True, "count": len(self.page.documents)})


def _is_deaf(args: Mapping[str, Any]) -> bool:
    concern = args.get("write_concern")
    return concern is not None and concern.get("w") == 0


def _told(cursor: Any) -> tuple[int, Address | None, Sizes]:
    try:
        return cursor_of(cursor)
    except ValueError as error:
        raise ProtocolError(str(error)) from None


def _first_size(asked: int | None, length: int | None, limit: int) -> int | None:
    """How many documents to ask for at first; None: as many as the server likes."""
    bounds = [bound for bound in (asked, length) if bound]
    if not bounds:
        return None
    # One more than the limit, and the server closes the cursor with its last document (MongoDB's
    # driver specification, "find, getMore and killCursors commands").
    return limit + 1 if limit and min(bounds) >= limit else min(bounds)
