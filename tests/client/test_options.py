"""Every argument of every operation can be given, and travels under the protocol's name."""

from typing import Any

import pytest

from motorpool.batching.operations import OPERATIONS, Kind
from motorpool.client import Cursor, ProxyClient, UpdateOne
from tests.both_loops import ONE_LOOP
from tests.client.fakes import Asked, FakeTransport

pytestmark = ONE_LOOP

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
    "requests": [UpdateOne({"a": 1}, UPDATE)],
}
"""What a caller gives for an argument of each kind."""

TRAVELS: dict[Kind, Any] = {
    **GIVEN,
    "keys": [["a", 1], ["b", -1]],
    "return_document": "after",
    "requests": [{"op": "update_one", "args": {"filter": {"a": 1}, "update": UPDATE}}],
}
"""What stands in the request for it."""


async def ask(op: str, **given: Any) -> Asked:
    """Call a method with its required arguments and these; return what was asked for."""
    transport = FakeTransport()
    collection = ProxyClient(transport=transport).shop.items
    required = {
        name: GIVEN[argument.kind]
        for name, argument in OPERATIONS[op].arguments.items()
        if argument.required
    }
    called = getattr(collection, op)(**{**required, **given})
    await (called.to_list() if isinstance(called, Cursor) else called)
    ((asked,),) = transport.batches
    return asked


@pytest.mark.parametrize("op", OPERATIONS)
async def test_required_arguments_travel_and_nothing_else_does(op: str) -> None:
    asked = await ask(op)

    assert asked.op == op
    assert asked.ns == "shop.items"
    assert asked.timeout_ms is None
    expected = {
        name: TRAVELS[argument.kind]
        for name, argument in OPERATIONS[op].arguments.items()
        if argument.required
    }
    if op in {"insert_many", "bulk_write"}:
        expected["ordered"] = True
    assert asked.args == expected


@pytest.mark.parametrize(
    ("op", "name"), [(op, name) for op in OPERATIONS for name in OPERATIONS[op].arguments]
)
async def test_every_argument_can_be_given_by_its_own_name(op: str, name: str) -> None:
    kind = OPERATIONS[op].arguments[name].kind

    asked = await ask(op, **{name: GIVEN[kind]})

    assert asked.args[name] == TRAVELS[kind]


@pytest.mark.parametrize(
    ("op", "name"),
    [
        (op, name)
        for op, spec in OPERATIONS.items()
        for name, argument in spec.arguments.items()
        if argument.driver_name is not None
    ],
)
async def test_every_argument_can_be_given_by_the_drivers_name(op: str, name: str) -> None:
    argument = OPERATIONS[op].arguments[name]

    asked = await ask(op, **{str(argument.driver_name): GIVEN[argument.kind]})

    assert asked.args[name] == TRAVELS[argument.kind]
    assert argument.driver_name not in asked.args


@pytest.mark.parametrize(
    ("op", "name"),
    [
        (op, name)
        for op, spec in OPERATIONS.items()
        for name, argument in spec.arguments.items()
        if not argument.required and argument.kind != "return_document"
    ],
)
async def test_none_is_as_if_an_option_had_not_been_given(op: str, name: str) -> None:
    asked = await ask(op, **{name: None})

    assert name not in asked.args


@pytest.mark.parametrize("op", OPERATIONS)
async def test_an_option_that_the_proxy_does_not_carry_is_refused_by_name(op: str) -> None:
    with pytest.raises(TypeError) as raised:
        await ask(op, session=object())

    known = ", ".join(OPERATIONS[op].arguments)
    assert str(raised.value) == (
        f"{op}() has no option 'session' through the proxy; it has: {known}"
    )


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
