"""A collection as a whole: drop, rename, options, search indexes; what is sent, what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pymongo.operations
import pytest
from pymongo.errors import InvalidName

from motorpool.client import SearchIndexModel, WriteConcern
from tests.both_loops import ONE_LOOP
from tests.client.sent import Sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorpool.client import Collection

REPLY = {"ok": 1.0, "nIndexesWas": 2}
CREATED = {"indexesCreated": [{"id": "1", "name": "one"}, {"id": "2", "name": "two"}], "ok": 1}


async def test_drop_returns_nothing_and_carries_the_collections_write_concern() -> None:
    sent = Sent({"drop_collection": REPLY})

    items = sent.items.with_options(write_concern=WriteConcern("majority"))
    nothing: Any = items.drop(comment="why")
    assert await nothing is None
    concern = {"w": "majority"}
    assert sent.only == (
        "drop_collection",
        "shop.items",
        {"comment": "why", "write_concern": concern},
    )


async def test_rename_returns_the_reply() -> None:
    sent = Sent({"rename": REPLY})

    assert await sent.items.rename("things", dropTarget=True, comment="why") == REPLY
    assert sent.only == (
        "rename",
        "shop.items",
        {"new_name": "things", "drop_target": True, "comment": "why"},
    )


@ONE_LOOP
@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        (1, TypeError, "new_name must be an instance of str, not <class 'int'>"),
        ("", InvalidName, "collection names cannot be empty"),
        ("a..b", InvalidName, "collection names cannot be empty"),
        (".a", InvalidName, "collection names must not start or end with '.'"),
        ("a.", InvalidName, "collection names must not start or end with '.'"),
        ("a$b", InvalidName, "collection names must not contain '$'"),
        ("$cmd", InvalidName, "collection names must not contain '$'"),
    ],
)
async def test_a_bad_new_name_is_refused_as_by_the_driver(
    name: Any, error: type[Exception], said: str
) -> None:
    sent = Sent()

    with pytest.raises(error) as raised:
        await sent.items.rename(name)

    assert str(raised.value) == said
    assert sent.is_nothing


@pytest.mark.parametrize(
    ("listed", "options"),
    [
        ([], {}),
        ([{"name": "items", "options": {"capped": True, "size": 9}}], {"capped": True, "size": 9}),
        ([{"name": "items", "options": {"create": "items", "capped": True}}], {"capped": True}),
        ([{"name": "items"}], {}),
    ],
    ids=str,
)
async def test_options_are_those_of_the_listed_collection(
    listed: list[Any], options: dict[str, Any]
) -> None:
    sent = Sent({"list_collections": listed})

    assert await sent.shop["items.old"].options(comment="why") == options
    assert sent.only == (
        "list_collections",
        "shop.$cmd",
        {"filter": {"name": "items.old"}, "comment": "why"},
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"definition": {"mappings": {"dynamic": True}}},
        {"definition": {}, "name": "mine"},
        {"definition": {}, "name": "mine", "type": "vectorSearch"},
        {"definition": {"a": 1}, "type": "search", "more": 2},
    ],
    ids=str,
)
def test_a_search_model_has_the_document_and_the_repr_of_pymongos(
    arguments: dict[str, Any],
) -> None:
    ours, theirs = SearchIndexModel(**arguments), pymongo.operations.SearchIndexModel(**arguments)

    assert ours.document == theirs.document
    assert list(ours.document) == list(theirs.document)
    assert repr(ours) == repr(theirs)


async def test_search_indexes_are_created_by_a_command() -> None:
    sent = Sent({"command": CREATED})
    models = [
        SearchIndexModel({"a": 1}, name="one"),
        pymongo.operations.SearchIndexModel({"b": 1}, type="vectorSearch"),
    ]

    names = await sent.items.create_search_indexes(models, comment="why", maxTimeMS=5)

    assert names == ["one", "two"]
    command = {
        "createSearchIndexes": "items",
        "indexes": [
            {"name": "one", "definition": {"a": 1}},
            {"definition": {"b": 1}, "type": "vectorSearch"},
        ],
        "maxTimeMS": 5,
        "comment": "why",
    }
    assert sent.only == ("command", "shop.$cmd", {"command": command})
    assert next(iter(sent.only[2]["command"])) == "createSearchIndexes"


@pytest.mark.parametrize(
    "model", [SearchIndexModel({"a": 1}), {"definition": {"a": 1}}], ids=["model", "mapping"]
)
async def test_one_search_index_is_a_model_or_its_arguments(model: Any) -> None:
    sent = Sent({"command": CREATED})

    assert await sent.items.create_search_index(model) == "one"
    assert sent.only[2]["command"]["indexes"] == [{"definition": {"a": 1}}]


async def test_search_indexes_are_updated_and_dropped_where_there_may_be_none() -> None:
    calls: list[tuple[Callable[[Collection], Any], dict[str, Any]]] = [
        (
            lambda items: items.update_search_index("one", {"a": 1}, comment="why"),
            {"updateSearchIndex": "items", "name": "one", "definition": {"a": 1}},
        ),
        (
            lambda items: items.drop_search_index("one", comment="why"),
            {"dropSearchIndex": "items", "name": "one"},
        ),
    ]
    for call, command in calls:
        sent = Sent({"command": {"ok": 1.0}})
        assert await call(sent.items) is None
        told = {"command": {**command, "comment": "why"}, "allowable_errors": ["ns not found", 26]}
        assert sent.only == ("command", "shop.$cmd", told)


async def test_search_indexes_are_listed_by_an_aggregation_of_the_drivers_own_options() -> None:
    sent = Sent({"aggregate": [{"name": "one"}]}, write_concern=WriteConcern(1))

    assert await sent.items.list_search_indexes("one").to_list() == [{"name": "one"}]
    assert sent.only == (
        "aggregate",
        "shop.items",
        {"pipeline": [{"$listSearchIndexes": {"name": "one"}}]},
    )


@ONE_LOOP
@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("drop", []),
        ("rename", ["things"]),
        ("options", []),
        ("create_search_index", [{"definition": {}}]),
        ("create_search_indexes", [[]]),
        ("update_search_index", ["one", {}]),
        ("drop_search_index", ["one"]),
        ("list_search_indexes", []),
    ],
)
async def test_a_session_is_refused(method: str, args: list[Any]) -> None:
    sent = Sent()

    with pytest.raises(NotImplementedError, match="session"):
        await getattr(sent.items, method)(*args, session=object())
    assert sent.is_nothing


@ONE_LOOP
async def test_what_is_no_model_of_a_search_index_is_refused() -> None:
    sent = Sent()

    with pytest.raises(TypeError, match=r"1 is not an instance of pymongo.operations.SearchInd"):
        await sent.items.create_search_indexes([1])
    with pytest.raises(TypeError):
        await sent.items.create_search_index(1)
    assert sent.is_nothing


@ONE_LOOP
async def test_encrypted_fields_are_not_carried() -> None:
    sent = Sent()

    with pytest.raises(TypeError, match=r"drop\(\): encrypted fields are not carried"):
        await sent.items.drop(encrypted_fields={"fields": []})  # type: ignore[arg-type]


@ONE_LOOP
@pytest.mark.parametrize("level", ["client", "shop", "items"])
async def test_a_change_stream_says_why_it_is_not_there(level: str) -> None:
    with pytest.raises(NotImplementedError, match="watch: a change stream is a connection that w"):
        getattr(Sent(), level).watch([], full_document="updateLookup")
