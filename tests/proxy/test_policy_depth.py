"""What the policy finds, however deep it is hidden, and what it takes for data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
import pytest
from bson import DBRef
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching.codec import decode_document
from motorpool.proxy.models import validate_operation
from motorpool.proxy.policy.footprint import must_look_inside
from motorpool.proxy.policy.policy import Policy
from motorpool.proxy.settings import Settings
from tests.proxy.policies import encoded, operation

if TYPE_CHECKING:
    from motorpool.proxy.models import ValidOperation


NAMES = st.text("abc", min_size=1, max_size=3)
LEAVES = st.one_of(st.integers(-9, 9), st.sampled_from(["$where", "$function", "$out"]), NAMES)
HIDDEN = st.recursive(
    st.sampled_from([{"$where": "x"}, {"$function": {"body": "x"}}, {"$accumulator": {}}]),
    lambda inside: st.one_of(
        st.builds(
            lambda key, value, more: {**more, key: value},
            NAMES,
            inside,
            st.dictionaries(NAMES, LEAVES),
        ),
        st.builds(lambda before, value: [*before, value], st.lists(LEAVES, max_size=2), inside),
        st.builds(lambda value: {"$and": [{"a": 1}, value]}, inside),
        st.builds(lambda value: DBRef("a", 1, extra={"b": value}), inside),
    ),
    max_leaves=1,
)
PLACES: list[tuple[str, Any]] = [
    ("find", lambda value: {"filter": {"a": value}}),
    ("find", lambda value: {"projection": {"a": value}}),
    ("aggregate", lambda value: {"pipeline": [{"$match": {}}, {"$project": {"a": value}}]}),
    ("update_one", lambda value: {"filter": {}, "update": [{"$set": {"a": value}}]}),
    ("update_one", lambda value: {"filter": {}, "update": {}, "array_filters": [{"a": value}]}),
    ("update_one", lambda value: {"filter": {}, "update": {"$pull": {"a": value}}}),
    (
        "bulk_write",
        lambda value: {"requests": [{"op": "delete_one", "args": {"filter": {"a": value}}}]},
    ),
    ("command", lambda value: {"command": {"find": "a", "filter": {"a": value}}}),
    ("command", lambda value: {"command": {"update": "a", "updates": [{"q": {"a": value}}]}}),
    ("command", lambda value: {"command": {"explain": {"count": "a", "query": {"a": value}}}}),
]
DATA: list[tuple[str, Any]] = [
    ("insert_one", lambda value: {"document": {"a": value}}),
    ("insert_many", lambda value: {"documents": [{}, {"a": value}]}),
    ("replace_one", lambda value: {"filter": {}, "replacement": {"a": value}}),
    ("update_one", lambda value: {"filter": {}, "update": {"$set": {"a": value}}}),
    ("find", lambda value: {"comment": value}),
    ("command", lambda value: {"command": {"insert": "a", "documents": [{"a": value}]}}),
    ("command", lambda value: {"command": {"update": "a", "updates": [{"u": {"a": value}}]}}),
]


def placed(op: str, args: dict[str, Any]) -> ValidOperation:
    """Return an operation as it arrives: its BSON decoded."""
    ns = "shop.$cmd" if op == "command" else "shop.orders"
    data = bson.encode({"id": 1, "op": op, "ns": ns, "args": args})
    return validate_operation(decode_document(data))


@given(place=st.sampled_from(PLACES), hidden=HIDDEN)
def test_javascript_is_found_however_deep_it_is_hidden(
    place: tuple[str, Any], hidden: object
) -> None:
    asked = placed(place[0], place[1](hidden))

    assert must_look_inside(encoded(asked))
    assert "'javascript' in MOTORPOOL_ALLOW" in str(Policy(Settings("mongomock://")).refusal(asked))
    assert Policy(Settings("mongomock://", allow="javascript")).refusal(asked) is None


@given(place=st.sampled_from(DATA), hidden=HIDDEN)
def test_the_same_is_let_through_where_it_is_data(place: tuple[str, Any], hidden: object) -> None:
    asked = placed(place[0], place[1](hidden))

    assert Policy(Settings("mongomock://", allow="")).refusal(asked) is None


def test_javascript_is_found_below_the_depth_at_which_python_gives_up() -> None:
    value: dict[str, Any] = {"$where": "x"}
    for _ in range(20_000):
        value = {"a": [value]}
    filter_, asked = {"a": value}, operation("find")
    asked = type(asked)(asked.id, asked.op, asked.ns, {"filter": filter_})

    refused = Policy(Settings("mongomock://")).refusal(asked)
    while value:  # taken apart from above: Python frees what is nested by recursion
        value = next(iter(value.values()), [{}])[0] if "$where" not in value else {}

    assert "$where needs 'javascript'" in str(refused)


@pytest.mark.parametrize("key", ["$where", "$function", "$accumulator", "$out", "$merge"])
def test_the_quick_look_sees_a_name_and_no_longer_one(key: str) -> None:
    assert must_look_inside(bson.encode({"a": [{key: 1}]}))
    assert not must_look_inside(bson.encode({"a": [{f"{key}s": 1, key[1:]: 1}]}))


def test_the_quick_look_sees_every_name_that_servers_keep_for_each_other() -> None:
    assert must_look_inside(bson.encode({"a": {"$_internalAnything": 1}}))


KEYS = [
    "$where",
    "$out",
    "$merge",
    "$lookup",
    "$match",
    "a",
    "$currentOp",
    "$_internalX",
    "$whereas",
]


@given(pipeline=st.lists(st.dictionaries(st.sampled_from(KEYS), NAMES), max_size=4))
def test_what_the_quick_look_lets_through_the_long_look_lets_through_too(
    pipeline: list[dict[str, Any]],
) -> None:
    asked = placed("aggregate", {"pipeline": pipeline})
    cases: list[dict[str, Any]] = [
        {},
        {"allow": ""},
        {"operations": "read"},
        {"namespaces": "shop.orders"},
    ]
    for settings in cases:
        policy = Policy(Settings("mongomock://", **settings))
        long = policy.refusal(asked)
        quick = policy.refusal(asked, look_inside=must_look_inside(encoded(asked)))

        assert str(quick) == str(long)
