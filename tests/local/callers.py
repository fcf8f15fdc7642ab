"""How the tests call the local Lambda: aioboto3, without retries, credentials or waiting."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig

from motorpool.local import FunctionConfig, LocalLambda, Report

# The folder that the handlers' modules are imported from.
TASK_ROOT = Path(__file__).parent

CREDENTIALS: dict[str, Any] = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    "region_name": "us-east-1",
}
# botocore would repeat what was throttled or timed out, and hide it.
ONCE = AioConfig(retries={"total_max_attempts": 1}, read_timeout=20, max_pool_connections=50)

# One for all, because reading the service's description takes 100 ms.
_session = aioboto3.Session(**CREDENTIALS)


@asynccontextmanager
async def running(handler: str, **options: Any) -> AsyncIterator["Running"]:
    """A local Lambda that runs `handler` of handlers.py, and a client of it."""
    lines: list[str] = []
    reports: list[Report] = []
    module_and_name = handler if "." in handler else f"handlers.{handler}"
    config = FunctionConfig(**{"name": "function", "handler": module_and_name, **options})
    async with (
        LocalLambda(
            config, task_root=TASK_ROOT, write_line=lines.append, on_report=reports.append
        ) as local,
        _session.client("lambda", endpoint_url=local.url, config=ONCE) as client,
    ):
        yield Running(local, client, lines, reports)


class Running:
    """A running local Lambda, a client, the lines of its log, and what it reported."""

    def __init__(
        self, local: LocalLambda, client: Any, log: list[str], reports: list[Report]
    ) -> None:
        self.local = local
        self.client = client
        self.log = log
        self.reports = reports

    async def invoke(self, event: object = None, **options: Any) -> dict[str, Any]:
        """Invoke with `event` as JSON; the answer, with its `Payload` read and parsed."""
        options = {"FunctionName": self.local.config.name, **options}
        if event is not None:
            # A file, because aiohttp warns of bodies above 1 MB in bytes.
            options["Payload"] = io.BytesIO(json.dumps(event).encode())
        answer: dict[str, Any] = await self.client.invoke(**options)
        body = await answer["Payload"].read()
        return {**answer, "Payload": json.loads(body) if body else None}


async def until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    """Wait for `condition` to become true."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the condition did not become true")
        await asyncio.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether there is such a process, dead ones that wait for their parent left out."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
