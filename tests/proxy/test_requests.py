"""Reading an event: what cannot be read is refused with a sentence that names it."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import bson
import pytest
from bson import Int64
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching.errors import ProtocolError
from motorpool.batching.limits import UNPACKED_REQUEST_BYTES
from motorpool.proxy.models import ValidOperation
from motorpool.proxy.requests import MAX_REASON_LENGTH, Refused, Reply, read_request
from tests.proxy.fakes import batch, operation, packed

FIELDS = "accept, atomic, ops, timeout_ms, v"
FIND = operation(1, "find")


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


EMPTY = packed({"v": 1, "ops": []})["bson"]

REFUSED: list[tuple[object, str]] = [
    (None, "the event must be a JSON object with 'v' and 'ops', not null"),
    ([], "the event must be a JSON object with 'v' and 'ops', not a list"),
    ("v", "the event must be a JSON object with 'v' and 'ops', not a string"),
    (1, "the event must be a JSON object with 'v' and 'ops', not int"),
    (True, "the event must be a JSON object with 'v' and 'ops', not bool"),
    (1.5, "the event must be a JSON object with 'v' and 'ops', not float"),
    (b"{}", "the event must be a JSON object with 'v' and 'ops', not bytes"),
    ({}, "missing field 'v', the protocol's version; this proxy speaks 1"),
    ({"ops": []}, "missing field 'v', the protocol's version; this proxy speaks 1"),
    ({"v": 2, "ops": []}, "unknown protocol version 2; this proxy speaks 1"),
    ({"v": 1}, "'ops' must be a list of operations, not null"),
    ({"v": 1, "ops": None}, "'ops' must be a list of operations, not null"),
    ({"v": 1, "ops": {}}, "'ops' must be a list of operations, not an object"),
    ({"v": 1, "ops": "find"}, "'ops' must be a list of operations, not a string"),
    ({"v": 1, "ops": 5}, "'ops' must be a list of operations, not int"),
    (batch(nonsense=1), f"unknown field 'nonsense' of a batch; it has: {FIELDS}"),
    (batch(zeta=1, alpha=1), f"unknown field 'alpha' of a batch; it has: {FIELDS}"),
    (batch(z="zlib"), f"unknown field 'z' of a batch; it has: {FIELDS}"),
    ({"v": 1, "ops": [], 1: 2}, f"unknown field '1' of a batch; it has: {FIELDS}"),
    (
        batch(atomic=0),
        "field 'atomic' is reserved by protocol version 1 and not supported yet",
    ),
    (
        batch(atomic=True),
        "field 'atomic' is reserved by protocol version 1 and not supported yet",
    ),
    (batch(timeout_ms=0), "'timeout_ms' must be an integer from 1 to 2147483647, not 0"),
    (batch(timeout_ms=-5), "'timeout_ms' must be an integer from 1 to 2147483647, not -5"),
    (batch(timeout_ms=True), "'timeout_ms' must be an integer from 1 to 2147483647, not True"),
    (batch(timeout_ms="9"), "'timeout_ms' must be an integer from 1 to 2147483647, not '9'"),
    (batch(timeout_ms=9.0), "'timeout_ms' must be an integer from 1 to 2147483647, not 9.0"),
    (
        batch(timeout_ms=2**31),
        "'timeout_ms' must be an integer from 1 to 2147483647, not 2147483648",
    ),
    (batch(accept="bson"), "'accept' must be a list of names, such as ['bson', 'zlib']"),
    (batch(accept=[1]), "'accept' must be a list of names, such as ['bson', 'zlib']"),
    (batch(accept={}), "'accept' must be a list of names, such as ['bson', 'zlib']"),
    (
        {"v": 1, "bson": EMPTY, "ops": []},
        "unknown field 'ops' beside 'bson'; a packed batch has 'v', 'bson' and 'z' only, the rest ",
    ),
    ({"v": 1, "bson": None}, "'bson' must be a base64 string, not NoneType"),
    ({"v": 1, "bson": b"AAAA"}, "'bson' must be a base64 string, not bytes"),
    ({"v": 1, "bson": "é"}, "'bson' is not base64: string argument should contain only ASCII"),
    ({"v": 1, "bson": "AAA"}, "'bson' is not base64: Incorrect padding"),
    ({"v": 1, "bson": "AA AA"}, "'bson' is not base64: Only base64 data is allowed"),
    ({"v": 1, "bson": EMPTY, "z": "gzip"}, "unknown compression 'gzip'; known: 'zlib'"),
    ({"v": 1, "bson": EMPTY, "z": 1}, "unknown compression int; known: 'zlib'"),
    ({"v": 1, "bson": EMPTY, "z": "zlib"}, "'bson' is not a zlib stream: Error -3 while"),
    (
        {"v": 1, "bson": text(zlib.compress(b"\x05\0\0\0\0")[:-1]), "z": "zlib"},
        "'bson' is not one whole zlib stream",
    ),
    (
        {"v": 1, "bson": text(zlib.compress(b"\x05\0\0\0\0") + b"x"), "z": "zlib"},
        "'bson' is not one whole zlib stream",
    ),
    (
        {"v": 1, "bson": text(zlib.compress(bytes(UNPACKED_REQUEST_BYTES + 1))), "z": "zlib"},
        f"the batch unpacks to more than {UNPACKED_REQUEST_BYTES} bytes",
    ),
    ({"v": 1, "bson": ""}, "'bson' does not hold a BSON document: not enough data"),
    ({"v": 1, "bson": text(b"\x05\0\0\0\1")}, "'bson' does not hold a BSON document: bad eoo"),
    (packed({"v": 1}), "'ops' must be a list of operations, not null"),
    (packed({"v": 1, "ops": {"0": 1}}), "'ops' must be a list of operations, not an object"),
    (packed({"ops": [], "nonsense": 1}), f"unknown field 'nonsense' of a batch; it has: {FIELDS}"),
]


@pytest.mark.parametrize(
    ("event", "sentence"),
    REFUSED,
    ids=[f"{index}-{sentence[:40]}" for index, (_, sentence) in enumerate(REFUSED)],
)
def test_a_batch_that_cannot_be_read_is_refused_by_name(event: object, sentence: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        read_request(event, 10)

    assert str(raised.value).startswith(sentence)
    assert not raised.value.may_have_applied


def test_the_limit_of_operations_is_taken_and_one_more_is_refused() -> None:
    ops = [operation(id_, "find") for id_ in range(11)]

    assert len(read_request(batch(*ops[:10]), 10).operations) == 10
    assert len(read_request(packed(batch(*ops[:10])), 10).operations) == 10
    for event in (batch(*ops), packed(batch(*ops))):
        with pytest.raises(ProtocolError) as raised:
            read_request(event, 10)
        sentence = "'ops' has 11 operations; at most 10 are taken in one batch"
        assert str(raised.value) == sentence


@pytest.mark.parametrize("event", [batch(FIND), packed(batch(FIND))], ids=["readable", "packed"])
def test_what_can_be_read_is_read(event: dict[str, Any]) -> None:
    request = read_request(event, 10)

    assert request.operations == [ValidOperation(1, "find", "shop.items", {})]
    assert request.timeout_ms is None


def test_a_packed_batch_says_how_large_it_was_and_a_readable_one_does_not() -> None:
    document = batch(FIND)

    assert read_request(packed(document), 10).bytes_in == len(bson.encode(document))
    assert read_request(packed(document, compress=True), 10).bytes_in == len(bson.encode(document))
    assert read_request(document, 10).bytes_in == 0


@pytest.mark.parametrize("timeout_ms", [None, 1, Int64(5), 2**31 - 1], ids=repr)
def test_a_batchs_timeout_is_read(timeout_ms: int | None) -> None:
    assert read_request(batch(timeout_ms=timeout_ms), 10).timeout_ms == timeout_ms
    assert read_request(packed(batch(timeout_ms=timeout_ms)), 10).timeout_ms == timeout_ms


@pytest.mark.parametrize("atomic", [None, False])
def test_a_reserved_field_that_asks_for_nothing_is_no_error(*, atomic: bool | None) -> None:
    assert read_request(batch(atomic=atomic), 10).operations == []


@pytest.mark.parametrize(
    ("op", "kind"),
    [(None, "null"), ([], "a list"), ("find", "a string"), (1, "int"), (True, "bool")],
)
def test_what_is_no_operation_is_refused_by_its_place(op: object, kind: str) -> None:
    request = read_request(batch(FIND, op), 10)

    assert request.operations[0] == ValidOperation(1, "find", "shop.items", {})
    assert request.operations[1] == Refused(None, f"ops[1] must be an object, not {kind}")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"$oid": "short"}, "'short' is not a valid ObjectId"),
        ({"$numberInt": []}, "$numberInt"),
        ({"$date": "yesterday"}, "time data 'yesterday' does not match"),
        ({"$numberDecimal": "many"}, ""),
        ({"$binary": {"base64": "A", "subType": "00"}}, ""),
    ],
)
def test_bad_extended_json_fails_its_own_operation(value: object, why: str) -> None:
    request = read_request(batch(FIND, operation(2, "find", filter={"a": value})), 10)

    assert request.operations[0] == ValidOperation(1, "find", "shop.items", {})
    refused = request.operations[1]
    assert isinstance(refused, Refused)
    assert refused.id == 2
    assert refused.reason.startswith("ops[1]: not MongoDB Extended JSON v2: ")
    assert why in refused.reason


def test_extended_json_is_read_in_a_readable_batch_only() -> None:
    op = operation(1, "find", filter={"a": {"$numberLong": "5"}})

    (readable,) = read_request(batch(op), 10).operations
    (from_bson,) = read_request(packed(batch(op)), 10).operations

    assert isinstance(readable, ValidOperation)
    assert readable.args == {"filter": {"a": Int64(5)}}
    assert isinstance(from_bson, ValidOperation)
    assert from_bson.args == {"filter": {"a": {"$numberLong": "5"}}}


def test_a_refusal_is_cut_short() -> None:
    (refused,) = read_request(batch({**FIND, "x" * 5_000: 1}), 10).operations

    assert isinstance(refused, Refused)
    assert len(refused.reason) == MAX_REASON_LENGTH


def test_where_two_things_are_wrong_the_batch_is_refused_and_no_operation() -> None:
    with pytest.raises(ProtocolError, match=r"^'timeout_ms' must be"):
        read_request(batch(operation(1, "no_such_operation"), timeout_ms=0), 10)


@pytest.mark.parametrize(
    ("accept", "of_packed", "of_readable"),
    [
        (None, Reply(is_packed=True, reads_zlib=False), Reply(is_packed=False, reads_zlib=False)),
        ([], Reply(is_packed=True, reads_zlib=False), Reply(is_packed=False, reads_zlib=False)),
        (
            ["bson"],
            Reply(is_packed=True, reads_zlib=False),
            Reply(is_packed=True, reads_zlib=False),
        ),
        (
            ["zlib"],
            Reply(is_packed=True, reads_zlib=True),
            Reply(is_packed=False, reads_zlib=False),
        ),
        (
            ["json", "zlib"],
            Reply(is_packed=False, reads_zlib=False),
            Reply(is_packed=False, reads_zlib=False),
        ),
        (
            ["zlib", "cbor", "bson"],
            Reply(is_packed=True, reads_zlib=True),
            Reply(is_packed=True, reads_zlib=True),
        ),
    ],
)
def test_the_reply_is_what_the_caller_accepts(
    accept: list[str] | None, of_packed: Reply, of_readable: Reply
) -> None:
    assert read_request(packed(batch(accept=accept)), 10).reply == of_packed
    assert read_request(batch(accept=accept), 10).reply == of_readable


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_any_json_is_read_or_refused_and_nothing_else(event: object) -> None:
    for candidate in (event, {"v": 1, "ops": event}, batch(event), {"v": event, "ops": []}):
        try:
            request = read_request(candidate, 10)
        except ProtocolError:
            continue
        assert all(isinstance(item, Refused) for item in request.operations)
