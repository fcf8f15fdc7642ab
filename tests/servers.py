"""Start and stop the MongoDB wire server that tests run against.

SecantusDB is GPL-2.0: it runs as a process of its own, from the same virtual environment. Nothing
here, and nothing anywhere else, imports it.
"""

import contextlib
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pymongo import MongoClient
from pymongo.errors import PyMongoError

READY_WITHIN_SECONDS = 15.0
# SecantusDB loses a SIGTERM that comes in its first moments.
STOPPED_WITHIN_SECONDS = 3.0
# Between the choice of a free port and the server's bind, another process may take the port.
TRIES = 3


class WireServerError(RuntimeError):
    """The wire server did not come up; the message carries what it printed."""


def secantus_command() -> Path | None:
    """Return the path of SecantusDB's command in this virtual environment, None without one."""
    command = Path(sysconfig.get_path("scripts")) / "secantusd-py"
    return command if command.is_file() else None


@contextlib.contextmanager
def secantus_server(command: Path, storage: str = ":memory:") -> Iterator[str]:
    """Run an empty server on a free port of the loopback, and give its MongoDB URI.

    `storage`: an empty folder, for what would not fit into the server's memory. Raises
    WireServerError where none answers a MongoDB hello within 15 seconds.
    """
    with (
        tempfile.TemporaryDirectory(prefix="motorpool-secantus-") as folder,
        (Path(folder) / "output").open("w+b") as output,
    ):
        process, uri = _started(command, storage, folder, output)
        try:
            yield uri
        finally:
            _stop(process)


def free_port() -> int:
    """Return a loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _started(
    command: Path, storage: str, folder: str, output: IO[bytes]
) -> tuple[subprocess.Popen[bytes], str]:
    for _ in range(TRIES):
        port = free_port()
        arguments = [str(command), "--port", str(port), "--storage-path", storage]
        arguments += ["--enable-test-commands", "--log-level", "ERROR"]
        # In an empty folder: the server looks for a configuration file in the current one.
        process = subprocess.Popen(arguments, cwd=folder, stdout=output, stderr=output)
        uri = f"mongodb://127.0.0.1:{port}/"
        try:
            if _answers(process, uri):
                return process, uri
        except BaseException:
            _stop(process)
            raise
        _stop(process)
    output.seek(0)
    printed = output.read().decode(errors="replace").strip()
    raise WireServerError(f"{command} did not answer a hello; it printed: {printed or 'nothing'}")


def _answers(process: subprocess.Popen[bytes], uri: str) -> bool:
    """Wait until the server answers; False where it exits or stays silent."""
    give_up = time.monotonic() + READY_WITHIN_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        with contextlib.suppress(PyMongoError):
            client: MongoClient[dict[str, object]]
            with MongoClient(uri, serverSelectionTimeoutMS=200) as client:
                client.admin.command("hello")
            return True
        time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOPPED_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
