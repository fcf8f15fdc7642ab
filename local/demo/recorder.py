"""What a run used, for `motorpool cost report`: the client's lines and the service's log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from motorpool.local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from motorpool.local.demo.service import Service


class Recorder:
    """Takes what one run used once it has begun, its own warming up left out."""

    def __init__(self, service: Service, progress: Callable[[int], None]) -> None:
        """`progress`: what is told how far the run is, beside this."""
        self._service = service
        self._progress = progress
        self._lines: list[dict[str, Any]] = []
        self._from = service.log_size()

    def progress(self, done: int) -> None:
        """So many pages are shown; at 0 it begins."""
        if done == 0:
            self._lines.clear()
            self._from = self._service.log_size()
        self._progress(done)

    def take(self, line: dict[str, Any]) -> None:
        """A line of the client's."""
        self._lines.append(line)

    def write(self, path: Path) -> None:
        """Write it. Raises LocalError."""
        lines = [json.dumps(line).encode() + b"\n" for line in self._lines]
        try:
            path.write_bytes(b"".join([*lines, self._service.log_since(self._from)]))
        except OSError as error:
            raise LocalError(f"--usage {path} could not be written: {error.strerror}") from error
