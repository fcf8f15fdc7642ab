"""A database as a whole: what is sent for a call, and what becomes of the answer."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pymongo
import pytest
from bson import DBRef, Int64
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.raw_bson import RawBSONDocument
from bson.son import SON
from pymongo.errors import CollectionInvalid, InvalidName

from motorpool.client import CommandCursor, ReadPreference, WriteConcern
from tests.both_loops import ONE_LOOP
from tests.client.sent import Sent

REPLY = {"n": Int64(2), "at": dt.datetime(2026, 1, 2), "inner": {"a": 1}, "ok": 1.0}  # noqa: DTZ001


class Money:
    """A type of the caller's own."""

    def __init__(self, cents: int) -> None:
        self.cents = cents


class MoneyCodec(TypeCodec):
    python_type = Money
    bson_type = Int64

    def transform_python(self, value: Money) -> Int64:
        return Int64(value.cents)

    def transform_bson(self, value: int) -> Money:
        return Money(value)


OPTIONS: CodecOptions[Any] = CodecOptions(type_registry=TypeRegistry([MoneyCodec()]))

# Commands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "options", "command"),
    [
        (["ping"], {}, {"ping": 1}),
        (["count", "items"], {"query": {"n": 1}}, {"count": "items", "query": {"n": 1}}),
        ([{"count": "items"}], {"limit": 3}, {"count": "items", "limit": 3}),
        ([{"count": "items"}, "ignored"], {}, {"count": "items"}),
        ([SON([("a", 1), ("b", 2)])], {"comment": "why"}, {"a": 1, "b": 2, "comment": "why"}),
        (["a"], {"comment": "why", "z": 1, "y": 2}, {"a": 1, "z": 1, "y": 2, "comment": "why"}),
    ],
    ids=str,
)
async def test_a_command_is_put_together_as_by_the_driver(
    args: list[Any], options: dict[str, Any], command: dict[str, Any]
) -> None:
    sent = Sent({"command": REPLY})

    assert await sent.shop.command(*args, **options) == REPLY
    op, namespace, told = sent.only
    assert (op, namespace, told) == ("command", "shop.$cmd", {"command": command})
    assert list(told["command"]) == list(command)


async def test_a_command_says_what_to_check_and_where_to_read() -> None:
    sent = Sent({"command": REPLY})

    await sent.shop.command(
        "ping",
        check=False,
        allowable_errors=("no", 5),
        read_preference=pymongo.ReadPreference.SECONDARY,
    )
    assert sent.only[2] == {
        "command": {"ping": 1},
        "check": False,
        "allowable_errors": ["no", 5],
        "read_preference": {"mode": "secondary"},
    }


async def test_a_command_obeys_no_option_of_the_database() -> None:
    sent = Sent({"command": REPLY})
    shop = sent.shop.with_options(
        codec_options=CodecOptions(SON, tz_aware=True),
        read_preference=ReadPreference.NEAREST,
        write_concern=WriteConcern(1),
    )

    reply = await shop.command("ping")

    assert (type(reply), reply["at"].tzinfo) == (dict, None)
    assert sent.only[2] == {"command": {"ping": 1}}


async def test_a_command_takes_codec_options_of_its_own() -> None:
    sent = Sent({"command": REPLY})

    options: CodecOptions[Any] = CodecOptions(
        SON, tz_aware=True, uuid_representation=UuidRepresentation.STANDARD
    )
    reply = await sent.shop.command(
        "find", "items", filter={"u": UUID(int=1)}, codec_options=options
    )

    assert (type(reply), type(reply["inner"]), reply["at"].utcoffset()) == (
        SON,
        SON,
        dt.timedelta(),
    )


async def test_a_command_is_encoded_by_the_callers_types_and_not_decoded_by_them() -> None:
    sent = Sent({"command": REPLY})

    reply = await sent.shop.command("find", "items", filter={"p": Money(3)}, codec_options=OPTIONS)

    assert sent.only[2]["command"]["filter"] == {"p": Int64(3)}
    assert reply["n"] == 2


async def test_a_reply_may_stay_raw() -> None:
    sent = Sent({"command": REPLY})

    reply = await sent.shop.command("ping", codec_options=CodecOptions(RawBSONDocument))

    assert type(reply) is RawBSONDocument
    assert reply["inner"]["a"] == 1


async def test_the_callers_command_is_not_changed() -> None:
    sent = Sent({"command": REPLY})
    command = {"count": "items"}

    await sent.shop.command(command, limit=3)

    assert command == {"count": "items"}


@ONE_LOOP
@pytest.mark.parametrize(
    ("command", "error"), [({}, RuntimeError), (1, TypeError), (None, TypeError), ("", None)]
)
async def test_what_is_no_command_is_refused(command: Any, error: type[Exception] | None) -> None:
    sent = Sent({"command": REPLY})

    if error is None:  # a server's to judge
        assert await sent.shop.command(command) == REPLY
        return
    with pytest.raises(error):
        await sent.shop.command(command)
    assert sent.is_nothing


async def test_a_commands_cursor_holds_all_of_its_documents() -> None:
    sent = Sent({"command": [{"_id": 1}, {"_id": 2}]})

    cursor = await sent.shop.cursor_command(
        "find", "items", comment="why", max_await_time_ms=5, codec_options=CodecOptions(SON)
    )

    assert type(cursor) is CommandCursor
    assert [type(document) for document in await cursor.to_list()] == [SON, SON]
    assert sent.only[2] == {"command": {"find": "items"}, "cursor": True}


@ONE_LOOP
@pytest.mark.parametrize(
    ("command", "more"), [("find", {"tailable": True}), ({"find": 1, "tailable": True}, {})]
)
async def test_a_commands_tailable_cursor_is_refused(command: Any, more: dict[str, Any]) -> None:
    sent = Sent()

    with pytest.raises(NotImplementedError, match="tailable"):
        await sent.shop.cursor_command(command, **more)
    assert sent.is_nothing


@pytest.mark.parametrize(
    "reply",
    [
        {"valid": True, "ok": 1.0},
        {"result": "fine", "ok": 1.0},
        {"raw": {"a": {"valid": True}, "b": {"result": "fine"}}},
    ],
    ids=str,
)
async def test_a_valid_collection_is_told_of(reply: dict[str, Any]) -> None:
    sent = Sent({"command": reply})

    assert await sent.shop.validate_collection(sent.items, full=True, background=False) == reply
    command = {"validate": "items", "scandata": False, "full": True, "background": False}
    assert sent.only == ("command", "shop.$cmd", {"command": command})


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"valid": False}, "items invalid: {'valid': False}"),
        ({"ok": 1.0}, "items invalid: {'ok': 1.0}"),
        ({"result": "an exception there"}, "items invalid: an exception there"),
        ({"raw": {"a": {"result": "corrupt"}}}, "items invalid: corrupt"),
        (
            {"raw": {"a": {"valid": True}, "b": {}}},
            "items invalid: {'raw': {'a': {'valid': True}, 'b': {}}}",
        ),
    ],
    ids=str,
)
async def test_an_invalid_collection_is_an_error(reply: dict[str, Any], said: str) -> None:
    sent = Sent({"command": reply})

    with pytest.raises(CollectionInvalid) as raised:
        await sent.shop.validate_collection("items", comment="why")
    assert str(raised.value) == said
    assert sent.only[2]["command"]["comment"] == "why"


# Collections --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "name_only"),
    [
        (None, True),
        ({}, True),
        ({"name": "items"}, True),
        ({"type": "view"}, False),
        ({"name": "items", "type": "view"}, False),
    ],
    ids=str,
)
async def test_names_alone_are_asked_for_where_the_filter_needs_no_more(
    match: dict[str, Any] | None, *, name_only: bool
) -> None:
    sent = Sent({"list_collections": [{"name": "b"}, {"name": "a"}]})

    assert await sent.shop.list_collection_names(filter=match, comment="why") == ["b", "a"]
    op, namespace, args = sent.only
    assert (op, namespace) == ("list_collections", "shop.$cmd")
    assert args.pop("name_only", False) is name_only
    assert args == {"comment": "why", **({} if match is None else {"filter": match})}


async def test_collections_are_listed_by_a_cursor_as_dicts() -> None:
    sent = Sent({"list_collections": [{"name": "a", "options": {}}]})
    shop = sent.shop.with_options(codec_options=CodecOptions(SON))

    cursor = await shop.list_collections(nameOnly=False, authorizedCollections=True, maxTimeMS=5)

    assert [type(each) for each in await cursor.to_list()] == [dict]
    args = {"name_only": False, "authorized_collections": True, "max_time_ms": 5}
    assert sent.only == ("list_collections", "shop.$cmd", args)


async def test_a_collection_is_created_and_given_with_its_options() -> None:
    sent = Sent({"create_collection": None}, write_concern=WriteConcern(2))

    collection = await sent.shop.create_collection(
        "items",
        CodecOptions(SON),
        ReadPreference.NEAREST,
        WriteConcern(1),
        check_exists=False,
        capped=True,
        size=4096,
        collation={"locale": "en"},
        comment="why",
        encryptedFields=None,
    )

    assert (collection.full_name, collection.codec_options) == ("shop.items", CodecOptions(SON))
    assert collection.read_preference == ReadPreference.NEAREST
    options = {"capped": True, "size": 4096, "comment": "why", "collation": {"locale": "en"}}
    assert sent.only == (
        "create_collection",
        "shop.items",
        {"options": options, "check_exists": False, "write_concern": {"w": 1}},
    )


async def test_a_plain_collection_is_created_with_nothing_said() -> None:
    sent = Sent({"create_collection": None})

    await sent.shop.create_collection("items")
    assert sent.only == ("create_collection", "shop.items", {})


@ONE_LOOP
@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        (1, {}, TypeError),
        ("a$b", {}, InvalidName),
        ("a", {"clusteredIndex": True}, TypeError),
        ("a", {"collation": "en"}, TypeError),
        ("a", {"codec_options": 1}, TypeError),
        ("a", {"write_concern": {"w": 1}}, TypeError),
        ("a", {"encryptedFields": {"fields": []}}, TypeError),
    ],
    ids=str,
)
async def test_a_collection_that_cannot_be_created_is_refused(
    name: Any, options: dict[str, Any], error: type[Exception]
) -> None:
    sent = Sent()

    with pytest.raises(error):
        await sent.shop.create_collection(name, **options)
    assert sent.is_nothing


@pytest.mark.parametrize("given", ["name", "itself"])
async def test_drop_collection_takes_a_name_or_the_collection(given: str) -> None:
    sent = Sent({"drop_collection": {"ok": 1.0}}, write_concern=WriteConcern(1))

    it: Any = "items" if given == "name" else sent.items
    assert await sent.shop.drop_collection(it, comment="why") == {"ok": 1.0}
    args = {"comment": "why", "write_concern": {"w": 1}}
    assert sent.only == ("drop_collection", "shop.items", args)


async def test_a_reference_is_looked_up_in_its_collection() -> None:
    sent = Sent({"find_one": {"_id": 5}})

    ref = DBRef("people", 5, "shop")
    found = await sent.shop.dereference(ref, comment="why", projection={"a": 1})
    assert found == {"_id": 5}
    op, namespace, args = sent.only
    assert (op, namespace) == ("find_one", "shop.people")
    assert args == {"filter": {"_id": 5}, "comment": "why", "projection": {"a": 1}}


@ONE_LOOP
@pytest.mark.parametrize(
    ("ref", "error", "said"),
    [
        (1, TypeError, "cannot dereference a <class 'int'>"),
        (
            DBRef("a", 1, "other"),
            ValueError,
            "trying to dereference a DBRef that points to another database ('other' not 'shop')",
        ),
    ],
    ids=str,
)
async def test_what_is_no_reference_into_this_database_is_refused(
    ref: Any, error: type[Exception], said: str
) -> None:
    sent = Sent()

    with pytest.raises(error) as raised:
        await sent.shop.dereference(ref)
    assert str(raised.value) == said
    assert sent.is_nothing


async def test_a_database_aggregates_on_no_collection() -> None:
    sent = Sent({"aggregate": [{"a": 1}]}, write_concern=WriteConcern(1))

    assert await sent.shop.aggregate([{"$documents": []}], comment="why").to_list() == [{"a": 1}]
    op, namespace, args = sent.only
    assert (op, namespace) == ("aggregate", "shop.$cmd.aggregate")
    assert args == {"pipeline": [{"$documents": []}], "comment": "why"}


@ONE_LOOP
async def test_a_bad_pipeline_is_refused_where_it_is_awaited() -> None:
    sent = Sent()

    cursor = sent.shop.aggregate({})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="pipeline must be a list"):
        await cursor
    assert sent.is_nothing


@ONE_LOOP
@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("command", ["ping"]),
        ("cursor_command", ["find"]),
        ("validate_collection", ["items"]),
        ("list_collections", []),
        ("list_collection_names", []),
        ("create_collection", ["items"]),
        ("drop_collection", ["items"]),
        ("dereference", [DBRef("a", 1)]),
        ("aggregate", [[]]),
    ],
)
async def test_a_session_is_refused(method: str, args: list[Any]) -> None:
    sent = Sent()

    with pytest.raises(NotImplementedError, match="session"):
        await getattr(sent.shop, method)(*args, session=object())
    assert sent.is_nothing


@ONE_LOOP
@pytest.mark.parametrize("method", ["drop_collection", "validate_collection"])
async def test_what_names_no_collection_is_refused(method: str) -> None:
    sent = Sent()

    with pytest.raises(TypeError, match="name_or_collection must be an instance of str"):
        await getattr(sent.shop, method)(1)
    assert sent.is_nothing
