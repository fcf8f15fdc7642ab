"""What is closed when the client is, or the interpreter ends."""

# ruff: noqa: ARG001 - a handler takes an event and a context, whether it needs them or not

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvloop

from motorpool.client import ClientClosed, ProxyClient
from tests.both_loops import LoopFactory
from tests.client.fakes import FakeTransport
from tests.client.lambda_entry.conftest import (
    Context,
)


def test_closing_the_client_closes_the_loop_and_the_transport_on_it(
    client: ProxyClient, transport: FakeTransport, loop_factory: LoopFactory
) -> None:
    tasks: list[asyncio.Task[Any]] = []

    @client.handler(grace=0)
    async def handler(event: Any, context: Any) -> Any:
        tasks.append(asyncio.create_task(asyncio.sleep(30)))
        with pytest.raises(ClientClosed) if event == "closed" else contextlib.nullcontext():
            await client.shop.users.find_one({})
        return asyncio.get_running_loop()

    loop = handler({}, Context())
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(client.aclose())

    assert loop.is_closed()
    assert transport.is_closed
    assert tasks[0].cancelled()
    assert handler("closed", Context()) is not loop


def test_closing_the_client_ends_asynchronous_generators(
    client: ProxyClient, loop_factory: LoopFactory
) -> None:
    kept: list[Any] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            kept.append("ended")

    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        kept.append(numbers())
        return await anext(kept[0])

    assert handler({}, Context()) == 1
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(client.aclose())

    assert kept[1:] == ["ended"]


def test_a_client_may_be_closed_within_its_own_handler(client: ProxyClient) -> None:
    @client.handler
    async def handler(event: Any, context: Any) -> Any:
        await client.aclose()
        return "closed"

    assert handler({}, Context()) == "closed"


PROGRAM = """
import asyncio, sys, threading, time
from tests.client.fakes import FakeTransport
from motorpool.client import ProxyClient

class Transport(FakeTransport):
    async def aclose(self):
        is_own = asyncio.get_running_loop() is loop
        if sys.argv[2] == "broken":
            raise OSError("no more")
        print("closed" if is_own else "closed elsewhere", flush=True)

if sys.argv[1] == "uvloop":
    import uvloop
    asyncio.new_event_loop = uvloop.new_event_loop

def make():
    global close
    client = ProxyClient(transport=Transport())
    close = client.aclose

    @client.handler(grace=0)
    async def handler(event, context):
        global loop
        loop = asyncio.get_running_loop()
        kept.append(asyncio.create_task(asyncio.sleep(60)))
        await asyncio.to_thread(int)
        if event == "stay":
            await asyncio.sleep(60)
        return await client.shop.users.find_one({"_id": 1})

    return handler

kept = []
handler = make()
print(handler({}, None), flush=True)
if sys.argv[2] == "forgotten":
    import gc
    kept.pop().cancel()
    print(handler({}, None), flush=True)
    kept.pop().cancel()
    loop.call_soon(loop.stop)
    loop.run_forever()
    del handler, close
    gc.collect()
    print(loop.is_closed())
elif sys.argv[2] == "exit":
    sys.exit(0)
elif sys.argv[2] == "closed":
    asyncio.run(close())
elif sys.argv[2] == "running":
    threading.Thread(target=handler, args=("stay", None), daemon=True).start()
    time.sleep(0.2)
"""


@pytest.mark.parametrize(
    ("how", "printed"),
    [
        ("ended", ["{'_id': 1}", "closed"]),
        ("exit", ["{'_id': 1}", "closed"]),
        ("closed", ["{'_id': 1}", "closed elsewhere", "closed"]),
        ("broken", ["{'_id': 1}"]),
        ("running", ["{'_id': 1}"]),
        ("forgotten", ["{'_id': 1}", "{'_id': 1}", "True"]),
    ],
)
def test_the_end_of_the_interpreter_or_of_the_client_leaves_no_loop_open(
    how: str, printed: list[str], loop_factory: LoopFactory
) -> None:
    kind = "uvloop" if loop_factory is uvloop.new_event_loop else "asyncio"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM, kind, how],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout.splitlines()) == (0, printed), done.stderr
    lines = [line for line in done.stderr.splitlines() if "Lambda freezes them" not in line]
    assert lines == []
