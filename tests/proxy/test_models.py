"""The proxy's door lets through what the table of operations names, as it is, and nothing else."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest
from bson import Int64
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching.envelope import OPERATION_FIELDS, RESERVED_FIELDS
from motorpool.batching.errors import ProtocolError
from motorpool.batching.operations import (
    BULK_REQUESTS,
    COMMANDS,
    OPERATIONS,
    WHOLE_DATABASE,
    Argument,
    Kind,
)
from motorpool.proxy.models import ValidOperation, quote, validate_operation
from tests.proxy.kinds import ARGUMENTS, BULK_ARGUMENTS, REFUSES, SAYS, TAKES, required

every_argument = pytest.mark.parametrize(
    ("op", "name", "argument"), ARGUMENTS, ids=[f"{op}-{name}" for op, name, _ in ARGUMENTS]
)
every_bulk_argument = pytest.mark.parametrize(
    ("op", "name", "argument"),
    BULK_ARGUMENTS,
    ids=[f"{op}-{name}" for op, name, _ in BULK_ARGUMENTS],
)


def asked(op: str, **args: Any) -> dict[str, Any]:
    return {"id": 1, "op": op, "ns": namespace(op), "args": args}


def namespace(op: str) -> str:
    return f"shop.{COMMANDS}" if op in WHOLE_DATABASE else "shop.items"


def refusal(operation: dict[str, Any]) -> str:
    """Return why the operation is refused."""
    with pytest.raises(ProtocolError) as raised:
        validate_operation(operation)
    return str(raised.value)


def test_the_values_of_these_tests_cover_every_kind() -> None:
    assert set(TAKES) == set(REFUSES) == set(get_args(Kind))
    assert [kind for kind in TAKES if not TAKES[kind]] == []
    assert [kind for kind in REFUSES if not REFUSES[kind]] == ["value"]


# The union ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", OPERATIONS)
def test_every_operation_passes_with_what_it_requires(op: str) -> None:
    args = required(OPERATIONS[op].arguments)

    assert validate_operation(asked(op, **args)) == ValidOperation(1, op, namespace(op), args)


@pytest.mark.parametrize("op", sorted(WHOLE_DATABASE))
def test_an_operation_on_a_whole_database_names_no_collection(op: str) -> None:
    operation = {**asked(op, **required(OPERATIONS[op].arguments)), "ns": "shop.items"}

    assert refusal(operation) == f"'ns' of {op} must be 'database.$cmd', not 'shop.items'"


@pytest.mark.parametrize(
    "op",
    ["Find", "find ", "", "insert", "drop", "commands", "watch", "__class__", 1, None, ["find"]],
)
def test_an_unknown_operation_is_named_and_the_known_ones_are_those_of_the_table(
    op: object,
) -> None:
    known = ", ".join(OPERATIONS)

    assert refusal({**asked("find"), "op": op}) == f"unknown operation {op!r}; known: {known}"


def test_a_missing_operation_is_said() -> None:
    assert refusal({"id": 1, "ns": "shop.items", "args": {}}) == "missing field 'op'"


def test_every_request_of_a_bulk_passes_with_what_it_requires() -> None:
    requests = [{"op": op, "args": required(spec.arguments)} for op, spec in BULK_REQUESTS.items()]

    assert validate_operation(asked("bulk_write", requests=requests)).args == {"requests": requests}


@pytest.mark.parametrize("op", sorted(OPERATIONS.keys() - BULK_REQUESTS.keys()))
def test_other_operations_are_no_requests_of_a_bulk(op: str) -> None:
    requests = [{"op": op, "args": required(OPERATIONS[op].arguments)}]

    said = refusal(asked("bulk_write", requests=requests))

    assert said.startswith(f"args.requests.0: input tag '{op}' found using 'op' does not match any")


# Arguments ----------------------------------------------------------------------------------------


@every_argument
def test_the_right_kind_passes_as_it_is(op: str, name: str, argument: Argument) -> None:
    for value in TAKES[argument.kind]:
        args = {**required(OPERATIONS[op].arguments), name: value}
        passed = validate_operation(asked(op, **args)).args
        assert passed == plain(args)
        assert type(passed[name]) is type(value)


def plain(args: dict[str, Any]) -> dict[str, Any]:
    """Return arguments with the pairs of a list as tuples, whatever they came as."""
    return {
        name: [tuple(item) if isinstance(item, list) else item for item in value]
        if isinstance(value, list)
        else value
        for name, value in args.items()
    }


@every_argument
def test_a_wrong_kind_is_refused_naming_the_argument(
    op: str, name: str, argument: Argument
) -> None:
    for value in REFUSES[argument.kind]:
        said = refusal(asked(op, **{**required(OPERATIONS[op].arguments), name: value}))
        if argument.kind in ("requests", "client_requests"):
            assert "args.requests" in said
        else:
            assert said == f"args.{name}: {SAYS[argument.kind]}"


@every_argument
def test_none_is_the_same_as_leaving_an_optional_argument_out(
    op: str, name: str, argument: Argument
) -> None:
    args = required(OPERATIONS[op].arguments)

    if argument.required and argument.kind != "value":  # of which None is one
        assert f"args.{name}: " in refusal(asked(op, **{**args, name: None}))
    else:
        given = {**args, name: None}
        assert validate_operation(asked(op, **given)).args == given


@every_argument
def test_a_required_argument_is_missed_by_name(op: str, name: str, argument: Argument) -> None:
    args = required(OPERATIONS[op].arguments)

    if argument.required:
        del args[name]
        assert refusal(asked(op, **args)) == f"missing argument 'args.{name}' of {op}"
    else:
        assert name not in validate_operation(asked(op, **args)).args


@pytest.mark.parametrize("op", OPERATIONS)
@pytest.mark.parametrize("name", ["nonsense", "session", "filter_", "Filter", "$where", "args"])
def test_an_unknown_argument_is_named_with_those_that_are_known(op: str, name: str) -> None:
    args = {**required(OPERATIONS[op].arguments), name: 1}

    known = ", ".join(OPERATIONS[op].arguments)
    assert refusal(asked(op, **args)) == f"unknown argument {name!r} of {op}; it takes: {known}"


@pytest.mark.parametrize("op", [op for op, spec in OPERATIONS.items() if op not in spec.arguments])
def test_an_argument_named_as_its_operation_is_an_unknown_argument(op: str) -> None:
    args = {**required(OPERATIONS[op].arguments), op: 1}

    known = ", ".join(OPERATIONS[op].arguments)
    assert refusal(asked(op, **args)) == f"unknown argument {op!r} of {op}; it takes: {known}"


@every_bulk_argument
def test_an_argument_of_a_bulk_request_is_checked_as_strictly(
    op: str, name: str, argument: Argument
) -> None:
    args = required(BULK_REQUESTS[op].arguments)

    for value in TAKES[argument.kind]:
        requests = [{"op": op, "args": {**args, name: value}}]
        passed = validate_operation(asked("bulk_write", requests=requests)).args["requests"]
        assert passed == [{"op": op, "args": plain({**args, name: value})}]
    for value in REFUSES[argument.kind]:
        requests = [{"op": op, "args": {**args, name: value}}]
        where = f"args.requests.0.{op}.args.{name}"
        expected = f"{where}: {SAYS[argument.kind]}"
        assert refusal(asked("bulk_write", requests=requests)) == expected


@given(st.data())
def test_any_choice_of_good_arguments_passes_and_one_bad_among_them_is_named(
    data: st.DataObject,
) -> None:
    op = data.draw(st.sampled_from(list(OPERATIONS)))
    arguments = OPERATIONS[op].arguments
    args = {
        name: data.draw(st.sampled_from(TAKES[argument.kind]), label=name)
        for name, argument in arguments.items()
        if argument.required or data.draw(st.booleans(), label=f"{name}?")
    }
    assert validate_operation(asked(op, **args)).args == plain(args)

    breakable = [name for name in arguments if REFUSES[arguments[name].kind]]
    if breakable:
        name = data.draw(st.sampled_from(breakable))
        bad = data.draw(st.sampled_from(REFUSES[arguments[name].kind]))
        assert f"args.{name}" in refusal(asked(op, **{**args, name: bad}))


def test_an_int64_is_an_integer() -> None:
    assert validate_operation(asked("find", limit=Int64(5))).args == {"limit": 5}


def test_the_first_three_faults_are_said_and_the_rest_counted() -> None:
    operation = asked("find", filter=1, batch_size=-1, limit="5", sort=1, skip=1.0)

    assert refusal(operation) == (
        "args.filter: must be a document; "
        "args.skip: must be an integer; "
        "args.sort: must be {field: direction, ...} or [[field, direction], ...] (and 2 more)"
    )


# Fields -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nonsense", "v", "filter", "find", "Op"])
def test_an_unknown_field_is_named_with_those_that_are_known(name: str) -> None:
    known = ", ".join(OPERATION_FIELDS)

    expected = f"unknown field {name!r} of an operation; it has: {known}"
    assert refusal({**asked("find"), name: 1}) == expected


@pytest.mark.parametrize("field", RESERVED_FIELDS)
@pytest.mark.parametrize("value", [0, "", {}, [], "a", {"id": 1}], ids=repr)
def test_a_reserved_field_is_refused_and_none_leaves_it_out(field: str, value: object) -> None:
    expected = f"field {field!r} is reserved by protocol version 1 and not supported yet"

    assert refusal({**asked("find"), field: value}) == expected
    assert validate_operation({**asked("find"), field: None}).op == "find"


def test_arguments_may_be_left_out_where_none_is_required() -> None:
    operation = {"id": 1, "op": "find", "ns": "shop.items"}

    assert validate_operation(operation) == ValidOperation(1, "find", "shop.items", {})
    assert operation == {"id": 1, "op": "find", "ns": "shop.items"}


@pytest.mark.parametrize("args", [None, [], "a", 1, [["filter", {}]]], ids=repr)
def test_arguments_must_be_an_object(args: object) -> None:
    assert refusal({**asked("find"), "args": args}) == "args: input should be a valid dictionary"


@pytest.mark.parametrize("ns", ["", "shop", ".", ".items", "shop."])
def test_a_namespace_needs_a_database_and_a_collection(ns: str) -> None:
    expected = f"'ns' must be 'database.collection', not {ns!r}"

    assert refusal({**asked("find"), "ns": ns}) == expected


@pytest.mark.parametrize("ns", [None, 1, b"shop.items", ["shop", "items"]], ids=repr)
def test_a_namespace_must_be_a_string(ns: object) -> None:
    assert refusal({**asked("find"), "ns": ns}) == "ns: input should be a valid string"


def test_a_missing_namespace_is_said() -> None:
    assert refusal({"id": 1, "op": "find", "args": {}}) == "missing field 'ns' of find"


def test_a_collections_name_may_have_dots() -> None:
    valid = validate_operation({**asked("find"), "ns": "shop.items.old"})

    assert (valid.database, valid.collection) == ("shop", "items.old")


@pytest.mark.parametrize(
    ("timeout_ms", "why"),
    [
        (0, "input should be greater than 0"),
        (-1, "input should be greater than 0"),
        (2**31, "input should be less than or equal to 2147483647"),
        (True, "input should be a valid integer"),
        (1.0, "input should be a valid integer"),
        ("1", "input should be a valid integer"),
    ],
    ids=repr,
)
def test_a_timeout_is_a_positive_integer(timeout_ms: object, why: str) -> None:
    assert refusal({**asked("find"), "timeout_ms": timeout_ms}) == f"timeout_ms: {why}"


@pytest.mark.parametrize("timeout_ms", [None, 1, 2**31 - 1])
def test_the_bounds_of_a_timeout_are_taken(timeout_ms: int | None) -> None:
    assert validate_operation({**asked("find"), "timeout_ms": timeout_ms}).timeout_ms == timeout_ms


def test_a_name_that_is_no_text_is_refused() -> None:
    why = "input should be a valid string, unable to parse raw data as a unicode string"

    assert refusal({**asked("find"), "\ud800": 1}) == f"a field's name: {why}"
    assert refusal(asked("find", **{"\ud800": 1})) == f"args: {why}"


def test_what_has_passed_is_frozen() -> None:
    valid = validate_operation(asked("find"))

    for field in ("id", "op", "ns", "args", "timeout_ms"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(valid, field, None)


def test_a_message_quotes_values_of_any_size_and_depth_shortly() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]

    assert quote("find") == "'find'"
    assert len(quote("x" * 1_000_000)) < 40
    assert quote(nested) == "[[[[[[[...]]]]]]]"
    assert quote(10**5000) == "int"
