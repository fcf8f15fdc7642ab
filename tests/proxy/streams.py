"""A server whose batches a test sees, and questions to it as the executor asks them."""

from __future__ import annotations

import asyncio
import random
import uuid
from typing import TYPE_CHECKING, Any

import bson
from bson import Binary
from bson.binary import UUID_SUBTYPE

from motorpool.proxy.cursors import advance_cursor, open_cursor
from motorpool.proxy.drivers import Batch, Question
from motorpool.proxy.embedded.cursors import EmbeddedCursors
from motorpool.proxy.intake import Intake
from motorpool.proxy.models import ValidOperation
from motorpool.proxy.pages import Room
from tests.proxy.fakes import FakeDriver

if TYPE_CHECKING:
    from motorpool.proxy.pages import Address

SESSION = Binary(uuid.uuid4().bytes, UUID_SUBTYPE)
DOCUMENTS = [{"_id": number} for number in range(10)]


def never() -> bool:
    return False


async def _nothing(_: str, __: dict[str, Any]) -> None: ...


class Stream(FakeDriver):
    """A server of these documents; `asked` are the sizes of its batches, in order."""

    def __init__(self, documents: list[Any], pause: float = 0.0) -> None:
        super().__init__(_nothing)
        self.documents = documents
        self.cursors = EmbeddedCursors()
        self.asked: list[int | None] = []
        self.pause = pause
        self.ended: list[int] = []

    async def open_cursor(self, question: Question, size: int | None, session: bytes) -> Batch:
        self.asked.append(size)
        await asyncio.sleep(self.pause)
        skip = question.args.get("skip", 0)
        limit = question.args.get("limit", 0)
        found = self.documents[skip:][: limit or None]
        batch_, id_, _ = self.cursors.begin(session, found, size)
        return Batch(batch_, id_, ("db", 27017))

    async def advance_cursor(
        self, operation: ValidOperation, id_: int, address: Address | None, size: int
    ) -> Batch:
        self.asked.append(size)
        await asyncio.sleep(self.pause)
        documents, id_, _ = self.cursors.advance(operation.session, id_, size)
        return Batch(documents, id_, address)

    async def end_cursor(
        self, operation: ValidOperation, id_: int, address: Address | None
    ) -> None:
        del operation, address
        self.ended.append(id_)
        self.cursors.end(id_)


def find(**args: Any) -> ValidOperation:
    return ValidOperation(1, "find", "shop.items", args, session=SESSION)


def get_more(cursor: Any, session: bytes | None = SESSION, **args: Any) -> ValidOperation:
    return ValidOperation(1, "get_more", "shop.items", {"cursor": cursor, **args}, session=session)


async def page(driver: Stream, room: Room | None = None, **args: Any) -> Any:
    """Open a cursor up to its first page."""
    asked = find(**args)
    given: dict[str, Any] = {name: args[name] for name in ("skip", "limit") if name in args}
    question = Question("find", None, given)
    return await open_cursor(driver, asked, question, room or Room(10**6, 1), never, Intake())


async def next_page(driver: Stream, cursor: Any, room: Room | None = None, **args: Any) -> Any:
    asked = get_more(cursor, **args)
    return await advance_cursor(driver, asked, room or Room(10**6, 1), never, Intake())


def ids(paged: Any) -> list[int]:
    return [bson.decode(document)["_id"] for document in paged.ok]


def of_sizes(*sizes: int) -> list[dict[str, Any]]:
    dice = random.Random(1)  # noqa: S311 - a test's dice, no secret
    return [{"_id": n, "x": dice.randbytes(size)} for n, size in enumerate(sizes)]
