"""Every argument of a collection's operations can be given, and travels by the protocol's name."""

from typing import Any

import pytest

from motorpool.batching.operations import OPERATIONS, Kind
from motorpool.client import ProxyClient, UpdateOne
from motorpool.client.arguments import INTERNAL
from tests.both_loops import ONE_LOOP
from tests.client.fakes import Asked, FakeTransport

pytestmark = ONE_LOOP

OPS = (
    "find",
    "find_one",
    "aggregate",
    "count_documents",
    "estimated_document_count",
    "distinct",
    "insert_one",
    "insert_many",
    "update_one",
    "update_many",
    "replace_one",
    "delete_one",
    "delete_many",
    "find_one_and_update",
    "find_one_and_replace",
    "find_one_and_delete",
    "bulk_write",
)
"""The operations that are methods of a collection, of its documents."""

BY_OTHER_MEANS = INTERNAL | {"max_await_time_ms"}
"""Arguments that a caller gives by `with_options`, by a cursor's method, or not at all."""

ALWAYS: dict[str, dict[str, Any]] = {
    "insert_many": {"ordered": True},
    "bulk_write": {"ordered": True},
    "distinct": {"after": {}},
}
"""What travels although nobody has said it."""


def given_to(op: str) -> dict[str, Any]:
    """Return the arguments that a caller may give an operation by name, in the method's call."""
    return {
        name: argument
        for name, argument in OPERATIONS[op].arguments.items()
        if name not in BY_OTHER_MEANS
    }


def optional(op: str) -> list[str]:
    """Return the names of those that need not be given."""
    return [name for name, argument in given_to(op).items() if not argument.required]


UPDATE = {"$set": {"b": 1}}

GIVEN: dict[Kind, Any] = {
    "bool": True,
    "int": 7,
    "count": 5,
    "str": "field",
    "value": {"any": ["thing"]},
    "document": {"_id": 1, "a": 1},
    "documents": [{"_id": 1}],
    "stages": [{"$match": {}}],
    "filters": [{"x": 1}],
    "update": UPDATE,
    "keys": [("a", 1), ("b", -1)],
    "hint": "a_1",
    "projection": ["a", "b"],
    "return_document": True,
    "cursor_type": 2,
    "requests": [UpdateOne({"a": 1}, UPDATE)],
}
"""What a caller gives for an argument of each kind."""

TRAVELS: dict[Kind, Any] = {
    **GIVEN,
    "keys": [["a", 1], ["b", -1]],
    "return_document": "after",
    "cursor_type": "tailable",
    "requests": [{"op": "update_one", "args": {"filter": {"a": 1}, "update": UPDATE}}],
}
"""What stands in the request for it."""


async def ask(op: str, *args: Any, **given: Any) -> Asked:
    """Call a method with its required arguments and these; return what was asked for."""
    transport = FakeTransport()
    collection = ProxyClient(transport=transport).shop.items
    required = [
        given.pop(name, GIVEN[argument.kind])
        for name, argument in given_to(op).items()
        if argument.required
    ]
    if op in {"find", "find_one", "distinct"} and args:
        required = []
    called = getattr(collection, op)(*required, *args, **given)
    await (anext(called) if op == "find" else called)
    ((asked,),) = transport.batches
    return asked


@pytest.mark.parametrize("op", OPS)
async def test_required_arguments_travel_and_nothing_else_does(op: str) -> None:
    asked = await ask(op)

    assert asked.op == op
    assert asked.ns == "shop.items"
    assert asked.timeout_ms is None
    expected = {
        name: TRAVELS[argument.kind] for name, argument in given_to(op).items() if argument.required
    }
    assert asked.args == {**expected, **ALWAYS.get(op, {})}


@pytest.mark.parametrize(("op", "name"), [(op, name) for op in OPS for name in optional(op)])
async def test_every_argument_can_be_given_by_its_own_name(op: str, name: str) -> None:
    given = {name: GIVEN[OPERATIONS[op].arguments[name].kind]}
    if name in {"min", "max"}:
        given["hint"] = "a_1"
    if (op, name) in AS_DOCUMENT:
        given[name] = {"a": 1, "b": -1}
    if (op, name) == ("find_one", "cursor_type"):
        pytest.skip("find_one gives no cursor")

    asked = await ask(op, **given)

    expected = TRAVELS[OPERATIONS[op].arguments[name].kind]
    assert asked.args[name] == ([["a", 1], ["b", -1]] if (op, name) in AS_DOCUMENT else expected)


AS_DOCUMENT = {("update_one", "sort"), ("replace_one", "sort")}
"""Keys that the driver takes as a document only."""


@pytest.mark.parametrize(
    ("op", "name"),
    [
        (op, name)
        for op in OPS
        for name, argument in given_to(op).items()
        if argument.driver_name is not None
    ],
)
async def test_every_argument_can_be_given_by_the_drivers_name(op: str, name: str) -> None:
    argument = OPERATIONS[op].arguments[name]

    asked = await ask(op, **{str(argument.driver_name): GIVEN[argument.kind]})

    assert asked.args[name] == TRAVELS[argument.kind]
    assert argument.driver_name not in asked.args


NEVER_NONE = {
    *((op, "upsert") for op in ("update_one", "update_many", "replace_one")),
    *((op, "return_document") for op in ("find_one_and_update", "find_one_and_replace")),
    *(
        (op, name)
        for op in ("find", "find_one")
        for name in (
            "skip",
            "limit",
            "batch_size",
            "no_cursor_timeout",
            "allow_partial_results",
            "oplog_replay",
            "cursor_type",
        )
    ),
}
"""Options of which the driver, and so ours, refuses None (tests/client/test_same_refusals.py)."""


@pytest.mark.parametrize(
    ("op", "name"),
    [(op, name) for op in OPS for name in optional(op) if (op, name) not in NEVER_NONE],
)
async def test_none_is_as_if_an_option_had_not_been_given(op: str, name: str) -> None:
    asked = await ask(op, **{name: None})

    assert name not in asked.args


SAYING_NOTHING: list[dict[str, Any]] = [
    {"skip": 0},
    {"limit": 0},
    {"batch_size": 0},
    {"cursor_type": 0},
    {"no_cursor_timeout": False},
    {"allow_partial_results": False},
    {"oplog_replay": False},
    {"sort": []},
    {"sort": {}},
    {"sort": ""},
    {"comment": ""},
    {"comment": {}},
    {"let": {}},
    {"hint": ""},
    {"min": {}, "max": []},
]


@pytest.mark.parametrize(
    ("op", "given"),
    [(op, given) for op in ("find", "find_one") for given in SAYING_NOTHING],
)
async def test_what_says_nothing_to_the_drivers_cursor_does_not_travel(
    op: str, given: dict[str, Any]
) -> None:
    assert (await ask(op, **given)).args == {}


@pytest.mark.parametrize(
    "op",
    [
        "aggregate",
        "count_documents",
        "estimated_document_count",
        "distinct",
        "find_one_and_update",
        "find_one_and_replace",
        "find_one_and_delete",
    ],
)
async def test_an_option_that_the_proxy_does_not_carry_is_refused_by_name(op: str) -> None:
    with pytest.raises(TypeError) as raised:
        await ask(op, nonsense=None)

    known = ", ".join(name for name in OPERATIONS[op].arguments if name not in INTERNAL)
    assert str(raised.value) == (
        f"{op}() has no option 'nonsense' through the proxy; it has: {known}"
    )


@pytest.mark.parametrize("op", ["find", "find_one", "insert_one", "update_one", "bulk_write"])
async def test_an_argument_that_a_method_does_not_have_is_refused_by_name(op: str) -> None:
    with pytest.raises(TypeError, match="nonsense"):
        await ask(op, nonsense=1)


@pytest.mark.parametrize("name", sorted(INTERNAL))
async def test_what_only_the_protocol_has_is_no_option(name: str) -> None:
    with pytest.raises(TypeError, match=f"aggregate\\(\\) has no option '{name}'"):
        await ask("aggregate", **{name: {}})


@pytest.mark.parametrize(
    ("op", "args", "expected"),
    [
        ("find", ({}, None, 5, 10), {"filter": {}, "skip": 5, "limit": 10}),
        ("find", ({"a": 1}, ["a"]), {"filter": {"a": 1}, "projection": ["a"]}),
        ("find", ({}, None, 0, 0, False, 34), {"filter": {}, "cursor_type": "tailable_await"}),
        ("find_one", (1, {"a": 1}, 5), {"filter": {"_id": 1}, "projection": {"a": 1}, "skip": 5}),
        ("find_one", ({}, None, 0, 7), {"filter": {}}),
        ("count_documents", (None, "why"), {"comment": "why"}),
        ("aggregate", (None, {"x": 1}, "why"), {"let": {"x": 1}, "comment": "why"}),
        ("estimated_document_count", ("why",), {"comment": "why"}),
        ("distinct", ("a", {}, None, "why", "a_1"), {"comment": "why", "hint": "a_1"}),
        ("insert_one", (True, None, "why"), {"comment": "why"}),
        ("insert_many", (False, True, None, "why"), {"ordered": False, "comment": "why"}),
        ("update_one", (True, False, {"locale": "de"}), {"collation": {"locale": "de"}}),
        ("update_many", (True, [{"x": 1}], False), {"array_filters": [{"x": 1}]}),
        ("replace_one", (True, None, None, "a_1"), {"upsert": True, "hint": "a_1"}),
        ("delete_one", (None, "a_1", None, {"x": 1}, "why"), {"hint": "a_1", "let": {"x": 1}}),
        ("find_one_and_update", (["a"], [("a", 1)], True, True), {"return_document": "after"}),
        ("find_one_and_delete", (["a"], {"a": 1}, "a_1"), {"sort": [["a", 1]], "hint": "a_1"}),
        ("bulk_write", (False, None, None, "why", {"x": 1}), {"let": {"x": 1}}),
    ],
)
async def test_arguments_can_be_given_by_position(
    op: str, args: tuple[Any, ...], expected: dict[str, Any]
) -> None:
    asked = await ask(op, *args)

    assert asked.args.items() >= expected.items()


async def test_the_limit_of_a_find_one_is_one_whatever_was_said() -> None:
    assert (await ask("find_one", limit=7)).args == {}


async def test_of_a_field_that_is_named_twice_the_last_direction_counts() -> None:
    asked = await ask("find", sort=[("a", 1), ("b", 1), ("a", -1)])

    assert asked.args == {"sort": [["a", -1], ["b", 1]]}


async def test_false_travels_where_it_says_something() -> None:
    assert (await ask("insert_many", ordered=False)).args["ordered"] is False
    assert (await ask("insert_one", bypass_document_validation=False)).args == {
        "document": {"_id": 1, "a": 1},
        "bypass_document_validation": False,
    }


@pytest.mark.parametrize("op", ["update_one", "update_many", "replace_one"])
async def test_upsert_false_is_the_default_and_does_not_travel(op: str) -> None:
    assert "upsert" not in (await ask(op, upsert=False)).args
    assert (await ask(op, upsert=True)).args["upsert"] is True


@pytest.mark.parametrize(
    ("op", "given", "travels"),
    [
        ("aggregate", {"batchSize": "5"}, {"batch_size": 5}),
        ("aggregate", {"readConcern": {"level": "local"}}, {"read_concern": {"level": "local"}}),
        ("aggregate", {"writeConcern": {"w": 1}}, {"write_concern": {"w": 1}}),
        ("find_one_and_delete", {"writeConcern": {"w": 1}}, {"write_concern": {"w": 1}}),
        (
            "count_documents",
            {"readConcern": {"level": "local"}},
            {"read_concern": {"level": "local"}},
        ),
        ("distinct", {"query": {"a": 1}}, {"filter": {"a": 1}}),
    ],
)
async def test_other_words_of_the_drivers_are_taken_too(
    op: str, given: dict[str, Any], travels: dict[str, Any]
) -> None:
    assert (await ask(op, **given)).args.items() >= travels.items()
