"""A fault of the proxy's own: the caller gets an answer, the log gets the reason."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from motorpool.proxy import lifecycle
from tests.proxy.fakes import BrokenContext, FakeDriver, batch, opened, operation

if TYPE_CHECKING:
    from motorpool.proxy.lifecycle import Proxy
    from tests.proxy.conftest import MakeProxy

UNANSWERED = {
    "v": 1,
    "err": {"type": "InternalError", "message": "the proxy failed on this batch; its log says why"},
}
UNREAD = {
    "v": 1,
    "err": {
        "type": "InternalError",
        "message": "the proxy failed to read this batch; its log says why",
    },
}


def fail(*_: object, **__: object) -> NoReturn:
    raise ZeroDivisionError("a fault of ours")


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int, str, type[BaseException]]]:
    return [
        (record.name, record.levelno, record.getMessage(), record.exc_info[0])
        for record in caplog.records
        if record.exc_info and record.exc_info[0]
    ]


def test_a_fault_while_reading_is_answered_and_logged(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "read_request", fail)
        broken = proxy.handle(batch(operation(1, "find")))

    assert opened(broken) == UNREAD
    assert logged(caplog) == [
        ("motorpool.proxy", logging.ERROR, "an event could not be read", ZeroDivisionError)
    ]
    assert opened(proxy.handle(batch(operation(1, "find"))))["res"] == [{"id": 1, "ok": []}]


def test_a_fault_while_answering_is_answered_and_logged(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "write_response", fail)
        broken = proxy.handle(batch(operation(1, "find")))

    assert opened(broken) == UNANSWERED
    assert logged(caplog) == [
        ("motorpool.proxy", logging.ERROR, "a batch could not be answered", ZeroDivisionError)
    ]
    assert opened(proxy.handle(batch(operation(1, "find"))))["res"] == [{"id": 1, "ok": []}]


def test_a_context_that_fails_is_answered_and_logged(
    proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    response = opened(proxy.handle(batch(operation(1, "find")), BrokenContext()))

    assert response == UNANSWERED
    assert logged(caplog) == [
        ("motorpool.proxy", logging.ERROR, "a batch could not be answered", RuntimeError)
    ]


def test_a_driver_that_breaks_fails_its_own_operation_only(make_proxy: MakeProxy) -> None:
    async def act(method: str, _: dict[str, Any]) -> None:
        if method == "distinct":
            raise ZeroDivisionError("in the driver")

    ops = [operation(1, "find_one"), operation(2, "distinct", key="a"), operation(3, "find_one")]

    response = opened(make_proxy(FakeDriver(act)).handle(batch(*ops)))

    assert response["res"] == [
        {"id": 1, "ok": None},
        {"id": 2, "err": {"type": "ZeroDivisionError", "message": "in the driver"}},
        {"id": 3, "ok": None},
    ]


def test_an_error_that_cannot_be_put_into_words_fails_its_own_operation_only(
    make_proxy: MakeProxy,
) -> None:
    async def act(method: str, _: dict[str, Any]) -> None:
        if method == "distinct":
            raise Unspeakable

    ops = [operation(1, "find_one"), operation(2, "distinct", key="a")]

    response = opened(make_proxy(FakeDriver(act)).handle(batch(*ops)))

    message = "an error that cannot be put into words; its type is all that is known"
    assert response["res"] == [
        {"id": 1, "ok": None},
        {"id": 2, "err": {"type": "Exception", "message": message}},
    ]


@pytest.mark.parametrize("method", ["collection", "time_limit", "bulk_request"])
def test_every_step_of_a_driver_may_fail(
    make_proxy: MakeProxy, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    async def act(_: str, __: dict[str, Any]) -> None: ...

    driver = FakeDriver(act)
    monkeypatch.setattr(driver, method, fail)
    requests = [{"op": "insert_one", "args": {"document": {}}}]

    response = opened(
        make_proxy(driver).handle(batch(operation(1, "bulk_write", requests=requests)))
    )

    err = {"type": "ZeroDivisionError", "message": "a fault of ours"}
    assert response["res"] == [{"id": 1, "err": err}]


def test_a_driver_that_cannot_complete_an_error_leaves_the_error(
    make_proxy: MakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(_: str, __: dict[str, Any]) -> None:
        raise KeyError("the first")

    driver = FakeDriver(act)
    monkeypatch.setattr(driver, "complete", fail)

    response = opened(make_proxy(driver).handle(batch(operation(1, "find_one"))))

    assert response["res"] == [{"id": 1, "err": {"type": "KeyError", "message": "the first"}}]
