"""What `@client.handler` takes and makes, and what it does in the init phase."""

# ruff: noqa: ARG001 - a handler takes an event and a context, whether it needs them or not

import asyncio
import inspect
from typing import Any

import pytest

from motorpool.batching.errors import NotInvoked
from motorpool.client import ProxyClient
from tests.both_loops import ONE_LOOP, LoopFactory
from tests.client.lambda_entry.conftest import (
    ClientOf,
    Context,
    Log,
    OpeningTransport,
)


def test_the_entry_looks_like_the_handler_and_is_synchronous(client: ProxyClient) -> None:
    async def page(event: dict[str, int], context: object) -> int:
        """Show a page."""
        return event["page"]

    handler = client.handler(page)

    assert (handler.__name__, handler.__doc__) == ("page", "Show a page.")  # type: ignore[attr-defined] # a function's own
    assert handler.__wrapped__ is page
    assert inspect.signature(handler) == inspect.signature(page)
    assert not inspect.iscoroutinefunction(handler)
    assert handler(event={"page": 3}, context=None) == 3


def test_with_parentheses_and_nothing_in_them_it_is_the_same(client: ProxyClient) -> None:
    @client.handler()
    async def handler(event: Any, context: Any) -> Any:
        return event

    assert handler(5) == 5


def test_what_is_no_async_def_is_refused_by_name_when_it_is_decorated(client: ProxyClient) -> None:
    def ordinary(event: Any, context: Any) -> Any:
        return event

    refused: Any = [ordinary, 5, lambda event, _: event]
    for function in refused:
        with pytest.raises(TypeError, match=r"ordinary is none|5 is none|<lambda> is none"):
            client.handler(function)
        with pytest.raises(TypeError, match=r"ordinary is none|5 is none|<lambda> is none"):
            client.handler(margin=1)(function)


@pytest.mark.parametrize("name", ["margin", "grace"])
@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (-0.1, ValueError),
        (float("inf"), ValueError),
        (float("nan"), ValueError),
        ("1", TypeError),
        (None, TypeError),
        (True, TypeError),
    ],
)
def test_margin_and_grace_are_numbers_of_seconds(
    name: str, seconds: Any, error: type[Exception], client: ProxyClient
) -> None:
    async def handler(event: Any, context: Any) -> None: ...

    with pytest.raises(error, match=name):
        client.handler(**{name: seconds})(handler)


def test_in_an_execution_environment_the_transport_is_opened_on_the_loop_when_decorating(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "application")
    transport = OpeningTransport()
    client = client_of(transport)

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        return asyncio.get_running_loop()

    (opened,) = transport.loops
    assert handler({}, Context()) is opened
    assert len(transport.loops) == 1


def test_elsewhere_no_loop_is_made_before_the_first_invocation(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, loop_factory: LoopFactory
) -> None:
    made: list[asyncio.AbstractEventLoop] = []

    def new_event_loop() -> asyncio.AbstractEventLoop:
        made.append(loop_factory())
        return made[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", new_event_loop)
    transport = OpeningTransport()

    @client_of(transport).handler
    async def handler(event: Any, context: Any) -> Any:
        return asyncio.get_running_loop()

    assert made == transport.loops == []
    assert made == [handler({}, Context())]


@ONE_LOOP
async def test_a_module_that_is_imported_while_a_loop_runs_opens_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "application")
    transport = OpeningTransport()

    async with ProxyClient(transport=transport) as client:

        @client.handler
        async def handler(event: Any, context: Any) -> Any:
            return event

        assert transport.loops == []
        assert await asyncio.to_thread(handler, 1, Context()) == 1


def test_a_transport_that_cannot_be_opened_does_not_stop_the_init_phase(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "application")
    client = client_of(OpeningTransport(NotInvoked("no region")))

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        return await client.shop.users.find_one({"_id": 1})

    assert log() == ["the transport could not be opened in the init phase: no region"]
    assert handler({}, Context()) == {"_id": 1}
