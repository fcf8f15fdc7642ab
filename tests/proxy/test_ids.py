"""Whose answer is it: an operation without a good id of its own is refused, and never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bson import Code, Int64

from tests.proxy.fakes import FakeDriver, batch, opened, operation, packed

if TYPE_CHECKING:
    from motorpool.proxy.lifecycle import Proxy
    from tests.proxy.conftest import MakeProxy

NO_ID = "ops[0]: 'id' must be an integer or a string of 1 to 64 printable characters"


async def nothing(_: str, __: dict[str, Any]) -> None:
    """Find nothing."""


@pytest.mark.parametrize(
    "id_",
    [
        None,
        True,
        False,
        1.0,
        "",
        "x" * 65,
        "line\nbreak",
        "nul\x00",
        "\ud800",
        "a\udfff",
        [1],
        {"a": 1},
        {"$oid": "656f6e652d6964206f6e6521"},
        {"$code": "a string to Python, and no key"},
        2**63,
        -(2**63) - 1,
    ],
    ids=repr,
)
def test_an_operation_with_an_odd_id_is_refused_and_does_not_run(
    make_proxy: MakeProxy, id_: object
) -> None:
    driver = FakeDriver(nothing)

    response = opened(make_proxy(driver).handle(batch(operation(id_, "find_one"))))

    assert response["res"] == [{"id": None, "err": {"type": "ProtocolError", "message": NO_ID}}]
    assert driver.calls == []


@pytest.mark.parametrize("id_", [None, True, 1.0, "x" * 65, b"bytes", Code("code")], ids=repr)
def test_a_packed_operation_with_an_odd_id_is_refused_and_does_not_run(
    make_proxy: MakeProxy, id_: object
) -> None:
    driver = FakeDriver(nothing)

    response = opened(make_proxy(driver).handle(packed(batch(operation(id_, "find_one")))))

    assert response["res"] == [{"id": None, "err": {"type": "ProtocolError", "message": NO_ID}}]
    assert driver.calls == []


def test_an_operation_without_an_id_is_refused_and_the_others_run(proxy: Proxy) -> None:
    nameless = {"op": "find", "ns": "shop.items", "args": {}}

    response = opened(proxy.handle(batch(operation(1, "find"), nameless, nameless)))

    assert [entry["id"] for entry in response["res"]] == [1, None, None]
    assert response["res"][0] == {"id": 1, "ok": []}
    assert response["res"][2]["err"]["message"] == NO_ID.replace("[0]", "[2]")


def test_operations_that_share_an_id_are_both_refused_and_neither_runs(
    make_proxy: MakeProxy,
) -> None:
    driver = FakeDriver(nothing)
    ops = [
        operation(1, "insert_one", document={}),
        operation(2, "find_one"),
        operation(1, "delete_many", filter={}),
    ]

    for event in (batch(*ops), packed(batch(*ops))):
        refusal = {
            "type": "ProtocolError",
            "message": "more than one operation of the batch has the id 1",
        }
        assert opened(make_proxy(driver).handle(event))["res"] == [
            {"id": 1, "err": refusal},
            {"id": 2, "ok": None},
            {"id": 1, "err": refusal},
        ]
    assert [method for method, _ in driver.calls] == ["find_one", "find_one"]


def test_an_id_that_a_refused_operation_has_is_taken(make_proxy: MakeProxy) -> None:
    driver = FakeDriver(nothing)
    ops = [operation("a", "no_such_operation"), operation("a", "find_one")]

    response = opened(make_proxy(driver).handle(batch(*ops)))

    message = "more than one operation of the batch has the id 'a'"
    refusal = {"id": "a", "err": {"type": "ProtocolError", "message": message}}
    assert response["res"] == [refusal, refusal]
    assert driver.calls == []


def test_three_of_one_id_are_three_refusals(proxy: Proxy) -> None:
    response = opened(proxy.handle(batch(*[operation("a", "find")] * 3)))

    assert [(entry["id"], "err" in entry) for entry in response["res"]] == [("a", True)] * 3


def test_a_number_and_its_digits_are_two_ids(proxy: Proxy) -> None:
    response = opened(proxy.handle(batch(operation(1, "find"), operation("1", "find"))))

    assert response["res"] == [{"id": 1, "ok": []}, {"id": "1", "ok": []}]


def test_int_and_int64_of_one_value_are_one_id(proxy: Proxy) -> None:
    event = packed(batch(operation(1, "find"), operation(Int64(1), "find")))

    assert ["err" in entry for entry in opened(proxy.handle(event))["res"]] == [True, True]


def test_an_id_in_extended_json_is_answered_as_the_integer_that_it_spells(proxy: Proxy) -> None:
    id_ = {"$numberLong": "9223372036854775807"}

    response = opened(proxy.handle(batch(operation(id_, "find"))))

    assert response["res"] == [{"id": 2**63 - 1, "ok": []}]


def test_the_id_of_an_operation_whose_arguments_cannot_be_read_is_still_answered(
    proxy: Proxy,
) -> None:
    bad = operation("mine", "find", filter={"_id": {"$oid": "no"}})

    entry = opened(proxy.handle(batch(bad)))["res"][0]

    assert entry["id"] == "mine"
    assert entry["err"]["type"] == "ProtocolError"
    assert entry["err"]["message"].startswith("ops[0]: not MongoDB Extended JSON v2: 'no' is not ")
