"""The server to measure on: the user's, or the compiled wire server, found or built.

    MOTORPOOL_TEST_URI        any MongoDB
    MOTORPOOL_BENCH_SERVER    a path of `secantusd-rs` (or of `secantusd-py`, which is no measure)
    build/secantus            where it is built, once, with cargo

SecantusDB is GPL-2.0: it runs as a process of its own and nothing imports it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.servers import secantus_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
BUILT: Final = ROOT / "build" / "secantus"
NAME: Final = "secantusd-rs"
CRATE: Final = ("secantus-mdb", "--version", "0.5.3-beta.193", "--ignore-rust-version")


class NoServer(RuntimeError):
    """There is nothing to measure on; the message says what to do."""


@contextlib.contextmanager
def server() -> Iterator[tuple[str, str]]:
    """A running server: its URI, and what it is. Raises NoServer."""
    given = os.environ.get("MOTORPOOL_TEST_URI")
    if given:
        yield given, "the server of MOTORPOOL_TEST_URI"
        return
    command = find_or_build()
    is_compiled = command.name == NAME
    # The compiled one keeps its data on a disk, as MongoDB does.
    with (
        tempfile.TemporaryDirectory(prefix="motorpool-bench-") as folder,
        secantus_server(command, folder if is_compiled else ":memory:") as uri,
    ):
        yield uri, _description(command)


def find_or_build() -> Path:
    """The path of the server's command. Raises NoServer."""
    given = os.environ.get("MOTORPOOL_BENCH_SERVER")
    if given:
        if not Path(given).is_file():
            raise NoServer(f"MOTORPOOL_BENCH_SERVER names no file: {given}")
        return Path(given)
    built = BUILT / "bin" / NAME
    if built.is_file():
        return built
    cargo = shutil.which("cargo")
    if cargo is None:
        raise NoServer(
            "no server to measure on: set MOTORPOOL_TEST_URI to a MongoDB's URI, or "
            "MOTORPOOL_BENCH_SERVER to a secantusd-rs, or install cargo, which builds one"
        )
    sys.stderr.write(f"building {NAME} into {BUILT} (some minutes, once)\n")
    done = subprocess.run([cargo, "install", *CRATE, "--root", str(BUILT)], check=False)
    if done.returncode or not built.is_file():
        raise NoServer(f"cargo could not build {CRATE[0]}; its output says why")
    return built


def _description(command: Path) -> str:
    kind = "compiled wire server" if command.name == NAME else "Python wire server"
    version = f", {CRATE[2]}" if command.is_relative_to(BUILT) else ""
    return f"SecantusDB's {kind} ({command.name}{version}), on this machine's loopback"
