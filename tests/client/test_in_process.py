"""InProcessTransport: a handler in this process, with JSON in between and Lambda's size limits."""

import asyncio
import sys
import threading
import time
from contextvars import ContextVar
from typing import Any

import pytest

from motorpool.batching.errors import FunctionFailed, NotInvoked
from motorpool.batching.limits import LAMBDA_REQUEST_BYTES, LAMBDA_RESPONSE_BYTES
from motorpool.client import InProcessTransport, OutcomeUnknown, ProxyClient, RetryPolicy
from tests.both_loops import LoopFactory

caller: ContextVar[str] = ContextVar("caller", default="nobody")


async def answer_of(response: object) -> bytes:
    """Invoke a handler that returns this."""
    transport = InProcessTransport(lambda _event, _context: response)
    try:
        return await transport.invoke(b"{}")
    finally:
        await transport.aclose()


async def test_the_event_is_what_the_payload_spells() -> None:
    events: list[Any] = []
    transport = InProcessTransport(lambda event, _: events.append(event))

    await transport.invoke(b'{"v": 1, "ops": [{"id": 0}], "x": null, "t": true, "f": 1.5}')
    await transport.aclose()

    assert events == [{"v": 1, "ops": [{"id": 0}], "x": None, "t": True, "f": 1.5}]


@pytest.mark.parametrize(
    ("response", "payload"),
    [
        (b'{"v":1}', b'{"v":1}'),
        (b"no JSON at all", b"no JSON at all"),
        ({"v": 1, "res": [None, True]}, b'{"v": 1, "res": [null, true]}'),
        ("text", b'"text"'),
        (None, b"null"),
    ],
)
async def test_bytes_pass_through_and_all_else_is_encoded_as_json(
    response: object, payload: bytes
) -> None:
    assert await answer_of(response) == payload


@pytest.mark.parametrize("response", [object(), {1, 2}, {"a": b"bytes"}])
async def test_a_response_that_is_no_json_is_a_failure_of_the_function(response: object) -> None:
    with pytest.raises(FunctionFailed, match="is not JSON serializable") as raised:
        await answer_of(response)

    assert raised.value.error_type == "TypeError"


class OwnError(Exception):
    pass


@pytest.mark.parametrize("error", [ValueError("no"), OwnError("no"), RuntimeError("no")])
async def test_a_handler_that_raises_is_a_failure_of_the_function(error: Exception) -> None:
    def handler(_event: object, _context: object) -> None:
        raise error

    transport = InProcessTransport(handler)
    with pytest.raises(FunctionFailed) as raised:
        await transport.invoke(b"{}")
    await transport.aclose()

    assert (raised.value.error_type, raised.value.error_message) == (type(error).__name__, "no")
    assert raised.value.__cause__ is error


async def test_a_handler_that_exits_is_a_failure_of_the_function_too() -> None:
    transport = InProcessTransport(lambda _event, _context: sys.exit(3))

    with pytest.raises(FunctionFailed) as raised:
        await transport.invoke(b"{}")
    await transport.aclose()

    assert (raised.value.error_type, raised.value.error_message) == ("SystemExit", "3")


@pytest.mark.parametrize("beyond", [0, 1])
async def test_a_request_of_the_limit_is_taken_and_one_byte_more_is_not(beyond: int) -> None:
    sizes: list[int] = []
    transport = InProcessTransport(lambda event, _: sizes.append(len(event)))
    payload = b'"%b"' % (b"x" * (LAMBDA_REQUEST_BYTES - 2 + beyond))

    if beyond:
        with pytest.raises(NotInvoked, match=rf"^the request is {len(payload)} bytes"):
            await transport.invoke(payload)
    else:
        await transport.invoke(payload)
    await transport.aclose()

    assert sizes == ([] if beyond else [LAMBDA_REQUEST_BYTES - 2])


@pytest.mark.parametrize("beyond", [0, 1])
async def test_a_response_of_the_limit_is_returned_and_one_byte_more_is_not(beyond: int) -> None:
    response = b"x" * (LAMBDA_RESPONSE_BYTES + beyond)

    if beyond:
        with pytest.raises(
            FunctionFailed, match=f"the response is {len(response)} bytes"
        ) as raised:
            await answer_of(response)
        assert raised.value.error_type == "Function.ResponseSizeTooLarge"
    else:
        assert await answer_of(response) == response


async def test_one_invocation_runs_at_a_time_in_a_thread_of_its_own() -> None:
    running = 0
    seen: list[tuple[int, str]] = []

    def handler(_event: object, _context: object) -> None:
        nonlocal running
        running += 1
        seen.append((running, threading.current_thread().name))
        time.sleep(0.01)
        running -= 1

    transport = InProcessTransport(handler)
    await asyncio.gather(*(transport.invoke(b"{}") for _ in range(4)))
    await transport.aclose()

    assert seen == [(1, "motorpool-in-process_0")] * 4


async def test_the_callers_loop_goes_on_while_the_handler_runs() -> None:
    release = threading.Event()
    transport = InProcessTransport(lambda _event, _context: release.wait(10))

    waiting = asyncio.ensure_future(transport.invoke(b"{}"))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    release.set()

    assert await waiting == b"true"
    await transport.aclose()


async def test_a_handler_may_run_a_loop_of_its_own() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    transport = InProcessTransport(lambda _event, _context: asyncio.run(work()))

    assert await transport.invoke(b"{}") == b'"done"'
    await transport.aclose()


async def test_the_context_says_what_handlers_ask() -> None:
    contexts: list[Any] = []
    transport = InProcessTransport(
        lambda _event, context: contexts.append(context), function_timeout=9.0
    )

    await transport.invoke(b"{}")
    await transport.invoke(b"{}")
    await transport.aclose()

    one, other = contexts
    assert (one.function_name, one.memory_limit_in_mb) == ("motorpool-proxy", "128")
    assert one.aws_request_id != other.aws_request_id
    left = one.get_remaining_time_in_millis()
    assert isinstance(left, int)
    assert 4_000 < left <= 9_000
    await asyncio.sleep(0.01)
    assert one.get_remaining_time_in_millis() < left


async def test_the_context_counts_down_to_nothing_and_no_further() -> None:
    left: list[int] = []

    def handler(_event: object, context: Any) -> None:
        time.sleep(0.02)
        left.append(context.get_remaining_time_in_millis())

    transport = InProcessTransport(handler, function_timeout=0.01)
    await transport.invoke(b"{}")
    await transport.aclose()

    assert left == [0]


async def test_the_handler_does_not_see_the_callers_context() -> None:
    transport = InProcessTransport(lambda _event, _context: caller.get())
    caller.set("somebody")

    assert await transport.invoke(b"{}") == b'"nobody"'
    await transport.aclose()


async def test_aclose_ends_the_thread_and_a_later_invocation_begins_another() -> None:
    threads: list[threading.Thread] = []
    transport = InProcessTransport(lambda *_: threads.append(threading.current_thread()))

    await transport.invoke(b"{}")
    await transport.aclose()
    await transport.aclose()
    assert not threads[0].is_alive()

    await transport.invoke(b"{}")
    assert threads[1] is not threads[0]
    await transport.aclose()


def test_it_serves_one_loop_after_the_other(loop_factory: LoopFactory) -> None:
    transport = InProcessTransport(lambda event, _: event)

    for number in (b"1", b"2"):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            assert runner.run(transport.invoke(number)) == number
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(transport.aclose())


def test_repr_names_the_handler() -> None:
    def handler(event: object, _context: object) -> object:
        return event

    assert repr(InProcessTransport(handler)).startswith("InProcessTransport(<function test_repr")


async def test_a_handler_that_fails_leaves_a_clients_writes_unknown_and_its_reads_repeated() -> (
    None
):
    asked: list[int] = []

    def handler(event: Any, _context: object) -> dict[str, Any]:
        asked.append(len(event))
        if len(asked) == 1:
            raise MemoryError
        return {"v": 1, "res": [{"id": 0, "ok": {"_id": 1}}]}

    transport = InProcessTransport(handler)
    async with ProxyClient(transport=transport, retry=RetryPolicy(0.0, 0.0)) as client:
        read, write = client.shop.users.find_one({"_id": 1}), client.shop.users.delete_one({})

        assert await read == {"_id": 1}
        with pytest.raises(OutcomeUnknown, match="the proxy function failed: MemoryError"):
            await write

    assert len(asked) == 2
