"""The proxy's door: one validator for every operation, built from the table that defines them.

A discriminated union over `op`; what passes is a frozen `ValidOperation`; an unknown field or
argument is refused by name. Nothing is coerced: a limit of "5" is an error, not a 5.

Built from pydantic-core's schemas instead of `BaseModel` classes, since the operations have their
definition already (`motorpool.batching.operations`) and since it is somebody's cold start: measured
on top of motor, `pydantic.BaseModel` and 34 models take 60 ms, these schemas 9.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import SchemaValidator, ValidationError, core_schema

from motorpool.batching.envelope import (
    OPERATION_FIELDS,
    RESERVED_FIELDS,
    SESSION_BYTES,
    OperationId,
)
from motorpool.batching.errors import ProtocolError
from motorpool.batching.operations import (
    BULK_REQUESTS,
    COMMANDS,
    CURSORS,
    OPERATIONS,
    WHOLE_DATABASE,
    Argument,
    Kind,
    OperationSpec,
)

Schema = core_schema.CoreSchema

MAX_TIMEOUT_MS: Final = 2**31 - 1
"""The server's own limit for maxTimeMS."""


@dataclass(frozen=True, slots=True)
class ValidOperation:
    """One operation that has passed the door: every argument known and of the right kind."""

    id: OperationId
    op: str
    ns: str
    args: Mapping[str, Any]
    timeout_ms: int | None = None
    session: bytes | None = None
    """The id of the logical session that it is to run under: made by the caller, who carries it."""

    @property
    def database(self) -> str:
        """The part of `ns` before the first dot."""
        return self.ns.partition(".")[0]

    @property
    def collection(self) -> str:
        """The part of `ns` after the first dot."""
        return self.ns.partition(".")[2]


# What each kind of argument takes -----------------------------------------------------------------


def _said(schema: Schema, message: str) -> Schema:
    """The same check with one plain message instead of one for each way in which it can fail."""
    return core_schema.custom_error_schema(
        schema, custom_error_type="wrong_kind", custom_error_message=f"must be {message}"
    )


def _list_of(item: Schema, min_length: int = 0) -> Schema:
    return core_schema.list_schema(item, min_length=min_length, strict=True)


# Documents are checked for being documents and handed on as they are: they may be large, and what
# is in them is the server's to judge.
_DOCUMENT: Final = core_schema.is_instance_schema(Mapping)
_STR: Final = core_schema.str_schema(strict=True)
_PAIR: Final = core_schema.tuple_positional_schema([_STR, core_schema.any_schema()])
_KEYS: Final = core_schema.union_schema([_DOCUMENT, _list_of(_PAIR, min_length=1)])
_NAMESPACE: Final = _said(
    core_schema.str_schema(strict=True, pattern=r"(?s)^[^.]+\..+"), "'database.collection'"
)
_KEYS_SAID: Final = "{field: direction, ...} or [[field, direction], ...]"


def _request_schema(spec: OperationSpec, **more: Schema) -> Schema:
    fields = {
        "op": core_schema.literal_schema([spec.name]),
        "args": _arguments_schema(spec),
        **more,
    }
    return core_schema.typed_dict_schema(
        {name: core_schema.typed_dict_field(schema) for name, schema in fields.items()},
        extra_behavior="forbid",
        strict=True,
    )


def _requests_schema(**more: Schema) -> Schema:
    return _list_of(
        core_schema.tagged_union_schema(
            {name: _request_schema(spec, **more) for name, spec in BULK_REQUESTS.items()},
            discriminator="op",
        ),
        min_length=1,
    )


def _arguments_schema(spec: OperationSpec) -> Schema:
    return core_schema.typed_dict_schema(
        {name: _argument_field(argument) for name, argument in spec.arguments.items()},
        extra_behavior="forbid",
        strict=True,
    )


def _argument_field(argument: Argument) -> core_schema.TypedDictField:
    schema = _KINDS[argument.kind]
    if argument.required:
        return core_schema.typed_dict_field(schema, required=True)
    return core_schema.typed_dict_field(core_schema.nullable_schema(schema), required=False)


_KINDS: Final[dict[Kind, Schema]] = {
    "bool": _said(core_schema.bool_schema(strict=True), "true or false"),
    "int": _said(core_schema.int_schema(strict=True), "an integer"),
    "count": _said(core_schema.int_schema(strict=True, ge=0), "an integer that is not negative"),
    "str": _said(_STR, "a string"),
    "value": core_schema.any_schema(),
    "document": _said(_DOCUMENT, "a document"),
    "documents": _said(_list_of(_DOCUMENT, min_length=1), "a list of documents, not empty"),
    "strings": _said(_list_of(_STR), "a list of strings"),
    "stages": _said(_list_of(core_schema.any_schema()), "a list"),
    "filters": _said(_list_of(core_schema.any_schema()), "a list"),
    "update": _said(
        core_schema.union_schema([_DOCUMENT, _list_of(core_schema.any_schema())]),
        "a document or a pipeline",
    ),
    "keys": _said(_KEYS, _KEYS_SAID),
    "hint": _said(core_schema.union_schema([_STR, _KEYS]), f"an index name, {_KEYS_SAID}"),
    "projection": _said(
        core_schema.union_schema([_DOCUMENT, _list_of(_STR)]), "a document or a list of fields"
    ),
    "return_document": _said(
        core_schema.literal_schema(["before", "after"]), "'before' or 'after'"
    ),
    "cursor_type": _said(
        core_schema.literal_schema(["tailable", "tailable_await"]), "'tailable' or 'tailable_await'"
    ),
    "cursors": _said(_list_of(_DOCUMENT, min_length=1), "a list of cursors, not empty"),
}
_KINDS["requests"] = _requests_schema()
_KINDS["client_requests"] = _requests_schema(ns=_NAMESPACE)


# One operation ------------------------------------------------------------------------------------

_SESSION: Final = core_schema.bytes_schema(
    strict=True, min_length=SESSION_BYTES, max_length=SESSION_BYTES
)
SESSION_OPERATIONS: Final = CURSORS | {"get_more", "kill_cursors"}
"""What runs under a carried session; the others have no use for one yet."""


def _operation_schema(spec: OperationSpec) -> Schema:
    fields = {
        "id": core_schema.any_schema(),  # read before all else: see `motorpool.proxy.requests`
        "op": core_schema.literal_schema([spec.name]),
        "ns": _STR,
        "args": _arguments_schema(spec),
        "timeout_ms": core_schema.with_default_schema(
            core_schema.nullable_schema(
                core_schema.int_schema(strict=True, gt=0, le=MAX_TIMEOUT_MS)
            ),
            default=None,
        ),
        "session": core_schema.with_default_schema(
            core_schema.nullable_schema(_said(_SESSION, f"a UUID of {SESSION_BYTES} bytes")),
            default=None,
        ),
    }
    return core_schema.dataclass_schema(
        ValidOperation,
        core_schema.dataclass_args_schema(
            "ValidOperation",
            [core_schema.dataclass_field(name, schema) for name, schema in fields.items()],
            extra_behavior="forbid",
        ),
        list(fields),
        frozen=True,
        slots=True,
    )


_OPERATION: Final = core_schema.tagged_union_schema(
    {name: _operation_schema(spec) for name, spec in OPERATIONS.items()}, discriminator="op"
)
_LIST_VALIDATOR: Final = SchemaValidator(core_schema.list_schema(_OPERATION, strict=True))


def _validate(operations: list[Any]) -> list[ValidOperation]:
    """All at once: it is one call into pydantic-core. Raises ValidationError."""
    valid: list[ValidOperation] = _LIST_VALIDATOR.validate_python(operations)
    return valid


def validate_operations(operations: list[Any]) -> list[ValidOperation] | None:
    """Let all of them through the door at once; None where one of them is not right.

    As `validate_operation` does it, in two thirds of the time.
    """
    try:
        valid = _validate(operations)
        # What the kinds of fields do not say depends on these three alone.
        for op, ns, has_session in {(each.op, each.ns, bool(each.session)) for each in valid}:
            _check_sense(op, ns, has_session=has_session)
    except (ValidationError, ProtocolError):
        return None
    return valid


def validate_operation(operation: Mapping[str, Any]) -> ValidOperation:
    """Let one operation through the door, or raise ProtocolError that names what is wrong with it.

    `operation` has BSON values already, and an id that has been read.
    """
    for field in RESERVED_FIELDS:
        if operation.get(field) is not None:
            message = f"field {field!r} is reserved by protocol version 1 and not supported yet"
            raise ProtocolError(message)
    op = operation.get("op")  # anything, still: what is no name is refused below
    takes_session = type(op) is not str or op in SESSION_OPERATIONS
    if operation.get("session") is not None and not takes_session:
        raise ProtocolError(_NO_SESSION)
    given = {name: value for name, value in operation.items() if name not in RESERVED_FIELDS}
    given.setdefault("args", {})
    try:
        (valid,) = _validate([given])
    except ValidationError as error:
        raise ProtocolError(_explain(error, operation)) from None
    _check_sense(valid.op, valid.ns, has_session=valid.session is not None)
    return valid


def _check_sense(op: str, ns: str, *, has_session: bool) -> None:
    """Raises ProtocolError for fields that do not go together."""
    if has_session and op not in SESSION_OPERATIONS:
        raise ProtocolError(_NO_SESSION)
    database, _, collection = ns.partition(".")
    if not database or not collection:
        message = f"'ns' must be 'database.collection', not {ns!r}"
        raise ProtocolError(message)
    if op in WHOLE_DATABASE and collection != COMMANDS:
        message = f"'ns' of {op} must be 'database.{COMMANDS}', not {quote(ns)}"
        raise ProtocolError(message)


_NO_SESSION: Final = f"field 'session' is taken by {', '.join(sorted(SESSION_OPERATIONS))} only"


# Saying what is wrong -----------------------------------------------------------------------------

_MOST_SAID: Final = 3


def quote(value: object) -> str:
    """A value as a message shows it: shortened, since it may be as large and deep as an event."""
    try:
        return reprlib.repr(value)
    except ValueError:  # an integer of more digits than Python turns into text
        return type(value).__name__


def _explain(error: ValidationError, operation: Mapping[str, Any]) -> str:
    faults = error.errors(include_url=False, include_input=False)
    said = list(dict.fromkeys(_say(fault, operation.get("op")) for fault in faults))
    more = f" (and {len(said) - _MOST_SAID} more)" if len(said) > _MOST_SAID else ""
    return "; ".join(said[:_MOST_SAID]) + more


def _say(fault: Any, op: object) -> str:
    kind, message = fault["type"], fault["msg"]
    path = list(fault["loc"][2:])  # behind its place in the list and its tag, the operation's name
    if kind == "union_tag_invalid" and not path:
        return f"unknown operation {quote(op)}; known: {', '.join(OPERATIONS)}"
    if kind == "union_tag_not_found" and not path:
        return "missing field 'op'"
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return _say_unknown(path, op)
    where = ".".join(str(part) for part in path) or "a field's name"
    if kind in ("missing", "missing_argument"):
        what = "argument" if path[0] == "args" else "field"
        return f"missing {what} {where!r} of {op}"
    return f"{where}: {message[:1].lower()}{message[1:]}"


def _say_unknown(path: list[Any], op: object) -> str:
    name = path[-1]
    if path[:-1] == ["args"]:
        known = ", ".join(OPERATIONS[str(op)].arguments)
        return f"unknown argument {name!r} of {op}; it takes: {known}"
    if len(path) == 1:
        return f"unknown field {name!r} of an operation; it has: {', '.join(OPERATION_FIELDS)}"
    return f"unknown field {'.'.join(str(part) for part in path)!r}"
