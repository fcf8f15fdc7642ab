"""Indexes: what is sent for a call, what becomes of the answer, and models as PyMongo's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pymongo
import pytest
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.son import SON
from pymongo.collation import Collation

from motorpool.client import IndexModel
from tests.both_loops import ONE_LOOP
from tests.client.sent import Sent

LISTED = [
    {"v": 2, "key": {"_id": 1}, "name": "_id_"},
    {"v": 2, "key": {"a": 1, "b": -1}, "name": "a_1_b_-1", "unique": True},
]

MODELS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a",), {}),
    (([("a", 1), ("b", -1)],), {}),
    ((["a", ("b", -1)],), {}),
    (("a", *()), {"name": "mine", "unique": True}),
    (({"a": 1, "b": "text"},), {"weights": {"b": 2}}),
    (({"a": 1}.items(),), {"sparse": True, "name": None}),
    (("a",), {"collation": Collation("en", strength=2), "expireAfterSeconds": 10}),
    (("a",), {"collation": {"locale": "fr"}, "partialFilterExpression": {"a": {"$gt": 1}}}),
    (([("$**", 1)],), {"wildcardProjection": {"a": 0}}),
    ((("a", "b"),), {}),
    (([("a", SON([("x", 1)]))],), {}),
]
REFUSED: list[Any] = [1, None, [], {}, [("a", 1.5)], [(1, 1)], [("a",)], [("a", 1, 1)], [["a"]]]


@pytest.mark.parametrize(("args", "options"), MODELS, ids=repr)
def test_a_model_has_the_document_and_the_repr_of_pymongos(
    args: tuple[Any, ...], options: dict[str, Any]
) -> None:
    ours, theirs = IndexModel(*args, **options), pymongo.IndexModel(*args, **options)

    assert ours.document == theirs.document
    assert list(ours.document) == list(theirs.document)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("keys", REFUSED, ids=repr)
def test_a_model_refuses_keys_as_pymongos_does(keys: Any) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011 - whichever it is
        pymongo.IndexModel(keys)
    with pytest.raises(type(theirs.value)) as ours:
        IndexModel(keys)

    assert type(ours.value) is type(theirs.value)
    assert str(ours.value) == str(theirs.value)


async def test_create_index_sends_one_model_and_returns_its_name() -> None:
    sent = Sent({"create_indexes": ["whatever the proxy says"]})

    name = await sent.items.create_index(
        [("a", 1), "b"], unique=True, comment="why", maxTimeMS=50, collation={"locale": "en"}
    )

    assert name == "a_1_b_1"
    index = {"unique": True, "name": name, "key": {"a": 1, "b": 1}, "collation": {"locale": "en"}}
    assert sent.only == (
        "create_indexes",
        "shop.items",
        {"indexes": [index], "comment": "why", "max_time_ms": 50},
    )


async def test_create_indexes_takes_our_models_and_pymongos() -> None:
    sent = Sent({"create_indexes": ["a_1", "mine"]})

    names = await sent.items.create_indexes(
        [IndexModel("a"), pymongo.IndexModel({"b": -1}, name="mine")], commitQuorum="majority"
    )

    assert names == ["a_1", "mine"]
    indexes = [{"name": "a_1", "key": {"a": 1}}, {"name": "mine", "key": {"b": -1}}]
    assert sent.only[2] == {"indexes": indexes, "commit_quorum": "majority"}


@pytest.mark.parametrize(
    ("indexes", "said"),
    [
        ("a", "indexes must be a list, not <class 'str'>"),
        ((IndexModel("a"),), "indexes must be a list, not <class 'tuple'>"),
        (["a"], "'a' is not an instance of pymongo.operations.IndexModel"),
        ([{"key": 1, "name": 2}], "{'key': 1, 'name': 2} is not an instance of "),
        ([pymongo.operations.SearchIndexModel({})], " is not an instance of "),
    ],
    ids=str,
)
async def test_create_indexes_refuses_what_is_no_model(indexes: Any, said: str) -> None:
    sent = Sent()

    with pytest.raises(TypeError) as raised:
        await sent.items.create_indexes(indexes)

    assert said in str(raised.value)
    assert sent.is_nothing


async def test_an_option_that_is_not_carried_is_named() -> None:
    sent = Sent()

    with pytest.raises(TypeError, match=r"create_indexes\(\) has no option 'nonsense'"):
        await sent.items.create_indexes([IndexModel("a")], nonsense=1)
    with pytest.raises(TypeError, match=r"drop_index\(\) has no option 'nonsense'"):
        await sent.items.drop_index("a_1", nonsense=1)


@ONE_LOOP
@pytest.mark.parametrize("level", [UuidRepresentation.STANDARD, UuidRepresentation.UNSPECIFIED])
async def test_an_index_is_encoded_without_the_collections_codec_options(level: int) -> None:
    """As by the driver, to which a uuid in an index is one that it cannot encode."""
    sent = Sent()
    items = sent.items.with_options(codec_options=CodecOptions(uuid_representation=level))

    with pytest.raises(ValueError, match="cannot encode native uuid"):
        await items.create_index("a", partialFilterExpression={"a": UUID(int=1)})


@pytest.mark.parametrize(
    ("given", "name"), [("mine", "mine"), ([("a", 1), ("b", "text")], "a_1_b_text")]
)
async def test_drop_index_sends_a_name(given: Any, name: str) -> None:
    sent = Sent({"drop_index": None})

    nothing: Any = sent.items.drop_index(given, comment="why", maxTimeMS=5)
    assert await nothing is None
    assert sent.only == (
        "drop_index",
        "shop.items",
        {"name": name, "comment": "why", "max_time_ms": 5},
    )


async def test_drop_indexes_returns_nothing_whatever_is_answered() -> None:
    sent = Sent({"drop_indexes": {"ok": 1.0}})

    nothing: Any = sent.items.drop_indexes(comment="why")
    assert await nothing is None
    assert sent.only == ("drop_indexes", "shop.items", {"comment": "why"})


async def test_indexes_are_listed_as_son_whatever_the_codec_options_say() -> None:
    sent = Sent({"list_indexes": LISTED})
    items = sent.items.with_options(codec_options=CodecOptions(tz_aware=True))

    listed = await items.list_indexes(comment="why").to_list()

    assert listed == LISTED
    assert [type(index) for index in (*listed, listed[1]["key"])] == [SON, SON, SON]
    assert sent.only == ("list_indexes", "shop.items", {"comment": "why"})


async def test_list_indexes_is_iterated_at_once_or_awaited_first() -> None:
    sent = Sent({"list_indexes": LISTED})

    assert [index["name"] async for index in sent.items.list_indexes()] == ["_id_", "a_1_b_-1"]
    async with await sent.items.list_indexes() as cursor:
        assert [index["name"] async for index in cursor] == ["_id_", "a_1_b_-1"]
        assert not cursor.alive


async def test_index_information_is_by_name_with_keys_as_pairs() -> None:
    sent = Sent({"list_indexes": LISTED})

    assert await sent.items.index_information() == {
        "_id_": {"v": 2, "key": [("_id", 1)]},
        "a_1_b_-1": {"v": 2, "key": [("a", 1), ("b", -1)], "unique": True},
    }


@ONE_LOOP
@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("create_index", ["a"]),
        ("create_indexes", [[IndexModel("a")]]),
        ("drop_index", ["a_1"]),
        ("drop_indexes", []),
        ("list_indexes", []),
        ("index_information", []),
    ],
)
async def test_a_session_is_refused(method: str, args: list[Any]) -> None:
    sent = Sent()

    with pytest.raises(NotImplementedError, match="session"):
        await getattr(sent.items, method)(*args, session=object())
    assert sent.is_nothing
