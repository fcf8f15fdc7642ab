"""`motorpool local` as a process of its own, for the parts that need real invocations."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from motorpool.local.demo.service import local_lambda

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEMPLATE: Final = Path(__file__).resolve().parents[2] / "template.yaml"


@contextlib.asynccontextmanager
async def running(uri: str, *options: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """A running local Lambda: the function's name, and the keywords that a client of it takes."""
    command = ["--port", "0", "--mongodb-uri", uri, "--template", str(TEMPLATE), *options]
    async with local_lambda(command) as service:
        yield (
            service.name,
            {
                "endpoint_url": service.url,
                "region_name": "us-east-1",
                "aws_access_key_id": "test",
                "aws_secret_access_key": "test",
            },
        )


def environments() -> list[int]:
    """The process ids of the execution environments of the local Lambda that this process runs."""
    return [each for service in _children(os.getpid()) for each in _children(service)]


def _children(pid: int) -> list[int]:
    # Of each thread: a child belongs to the one that has started it.
    return [
        int(child)
        for listed in Path(f"/proc/{pid}/task").glob("*/children")
        for child in listed.read_text(encoding="ascii").split()
    ]
