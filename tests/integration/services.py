"""The real path's parts: `motorpool local` as a process, clients of it, and a slow database."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from motorpool.batching import codec
from motorpool.client import LambdaTransport, ProxyClient

FUNCTION = "motorpool-proxy"
TEMPLATE = Path(__file__).parents[2] / "template.yaml"
CREDENTIALS: dict[str, Any] = {
    "region_name": "us-east-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}
_READY = re.compile(r"^motorpool-proxy at (http://127\.0\.0\.1:\d+) \(.*\)$")
_READY_WITHIN_SECONDS = 20.0


class LocalService:
    """A running `motorpool local`."""

    def __init__(self, process: subprocess.Popen[str], url: str, log: list[str]) -> None:
        self.url = url
        self.log = log
        self._process = process

    def client(self, **options: Any) -> ProxyClient:
        """A client as an application makes one; the call is aioboto3's."""
        return ProxyClient(FUNCTION, endpoint_url=self.url, **CREDENTIALS, **options)

    def environments(self) -> set[int]:
        """The process ids of the execution environments that there are."""
        shown = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,stat="],  # noqa: S607 - wherever the system has it
            capture_output=True,
            check=True,
            text=True,
        )
        lines = (line.split() for line in shown.stdout.splitlines())
        parent = str(self._process.pid)
        return {int(pid) for pid, ppid, state in lines if ppid == parent and state[0] != "Z"}

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the one environment that there is."""
        (pid,) = self.environments()
        os.kill(pid, number)


@contextlib.contextmanager
def motorpool_local(*options: str) -> Iterator[LocalService]:
    """Run the installed command on a free port, with these options, until the block ends."""
    command = [str(Path(sysconfig.get_path("scripts")) / "motorpool"), "local", "--port", "0"]
    with (
        tempfile.TemporaryDirectory(prefix="motorpool-local-") as folder,
        subprocess.Popen(
            [*command, "--template", str(TEMPLATE), *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        log: list[str] = []
        reader = threading.Thread(target=log.extend, args=(process.stderr,))
        reader.start()
        watchdog = threading.Timer(_READY_WITHIN_SECONDS, process.kill)
        watchdog.start()
        try:
            line = process.stdout.readline().rstrip("\n")
            watchdog.cancel()
            ready = _READY.match(line)
            if ready is None:
                process.kill()
                reader.join()
                pytest.fail(f"no ready line but {line!r}; it said {''.join(log)!r}")
            yield LocalService(process, ready[1], log)
        finally:
            watchdog.cancel()
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
            reader.join()


class RecordingTransport:
    """aioboto3's transport; keeps the `stats` of every answer, one for each invocation."""

    def __init__(self, service: LocalService) -> None:
        self.stats: list[dict[str, Any]] = []
        self._inner = LambdaTransport(FUNCTION, endpoint_url=service.url, **CREDENTIALS)

    async def open(self) -> None:
        """Do what takes aioboto3 its time, once, before the first invocation."""
        await self._inner.open()

    async def invoke(self, payload: bytes) -> bytes:
        response = await self._inner.invoke(payload)
        self.stats.append(codec.split_response(response)[1])
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class Server:
    """The MongoDB that the proxies reach, for a test to look at and to slow down."""

    def __init__(self, client: MongoClient[dict[str, Any]], database: str) -> None:
        self.client = client
        self.database = client[database]

    @contextlib.contextmanager
    def slow(
        self, commands: Sequence[str], milliseconds: int, times: int | None = None
    ) -> Iterator[None]:
        """Hold the proxies' commands (not the test's own) so long before they run."""
        mode: Any = "alwaysOn" if times is None else {"times": times}
        data = {
            "failCommands": list(commands),
            "blockConnection": True,
            "blockTimeMS": milliseconds,
            "appName": "motorpool",
        }
        try:
            self._fail_point(mode, data=data)
        except OperationFailure as error:
            pytest.skip(f"needs a server with failCommand (enableTestCommands): {error}")
        try:
            yield
        finally:
            self._fail_point("off")

    def _fail_point(self, mode: Any, **more: Any) -> None:
        self.client.admin.command({"configureFailPoint": "failCommand", "mode": mode, **more})

    def connections(self) -> int:
        """Connections that the server has at this moment."""
        count: int = self.client.admin.command("serverStatus")["connections"]["current"]
        return count


async def until(condition: Callable[[], bool], within_seconds: float = 10.0) -> None:
    """Wait for `condition` to become true."""
    deadline = time.monotonic() + within_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the condition did not become true")
        await asyncio.sleep(0.02)
