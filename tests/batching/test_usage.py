"""Lines of usage: whole, each by a single write, and never to anybody's cost."""

import gc
import json
import logging
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from motorpool.batching import coalescer, codec, usage
from motorpool.batching.bounds import Bounds
from motorpool.batching.call import Call, Operation
from motorpool.batching.coalescer import Coalescer
from motorpool.batching.counters import Counters
from motorpool.batching.queue import Batch
from motorpool.batching.usage import Lines, billed_ms, lines_to, moment
from tests.batching.fakes import ITEMS, answer, asked, body, dress

GONE = "is lost; of further ones nothing is said"


def made(number: int) -> dict[str, Any]:
    return {"number": number, "said": "é"}


def read(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def opened(path: Path) -> bool:
    """Whether this process has the file open."""
    return any(is_descriptor_of(number, path) for number in range(256))


def is_descriptor_of(number: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except OSError:
        return False


# To a file ----------------------------------------------------------------------------------------


def test_lines_are_appended_to_what_the_file_has(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    path.write_bytes(b'{"number":0}\n')
    lines = lines_to(path)

    lines.write(made, 1)
    lines.write(made, 2)

    assert path.read_bytes() == (
        b'{"number":0}\n{"number":1,"said":"\\u00e9"}\n{"number":2,"said":"\\u00e9"}\n'
    )
    lines.close()


def test_a_line_and_its_end_are_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = lines_to(str(tmp_path / "usage.jsonl"))
    written: list[bytes] = []

    def write(descriptor: int, data: bytes) -> int:
        del descriptor
        written.append(data)
        return len(data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        lines.write(made, 1)
        lines.write(made, 2)

    assert [json.loads(line)["number"] for line in written] == [1, 2]
    assert all(line.endswith(b"}\n") for line in written)
    lines.close()


def test_a_line_of_which_a_part_was_written_takes_no_other_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "usage.jsonl"
    lines, write = lines_to(path), os.write

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
        lines.write(made, 1)
    lines.write(made, 2)
    lines.write(made, 3)

    torn, *whole = path.read_text().splitlines()
    assert torn == '{"numbe'
    assert [json.loads(line)["number"] for line in whole] == [2, 3]
    why = "OSError: [Errno 28] only a part of the line was written"
    assert [record.getMessage() for record in caplog.records] == [
        f"a line of usage could not be written to {path}, and {GONE}: {why}"
    ]
    lines.close()


def test_a_file_in_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lines_to(tmp_path / "none" / "usage.jsonl")


def test_a_line_that_comes_after_the_end_goes_into_no_other_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, other = tmp_path / "usage.jsonl", tmp_path / "other"
    lines = lines_to(path)
    lines.write(made, 1)
    assert opened(path)

    lines.close()
    lines.close()
    with other.open("wb", buffering=0):  # it has the number that the first one had
        lines.write(made, 2)

    assert not opened(path)
    assert [line["number"] for line in read(path)] == [1]
    assert other.read_bytes() == b""
    assert [record.getMessage() for record in caplog.records] == [
        f"a line of usage could not be written to {path}, and {GONE}: ValueError: it is closed"
    ]


def test_a_file_that_is_forgotten_is_closed_without_a_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "usage.jsonl"
    lines = lines_to(path)
    assert opened(path)

    del lines
    gc.collect()

    assert not opened(path)
    assert [str(warning.message) for warning in recwarn] == []


AT_THE_END = """
import atexit, sys
atexit.register(lambda: lines.write(lambda: {"number": 2}))  # registered first, it is called last
from motorpool.batching.usage import lines_to
lines = lines_to(sys.argv[1])
lines.write(lambda: {"number": 1})
"""


def test_what_is_recorded_while_the_interpreter_ends_is_written_too(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"

    subprocess.run([sys.executable, "-c", AT_THE_END, str(path)], check=True, timeout=60)

    assert [line["number"] for line in read(path)] == [1, 2]


# To standard output -------------------------------------------------------------------------------


class Output:
    """Keeps what is written, and what was when it was flushed."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.flushed: list[int] = []

    def write(self, text: str) -> None:
        self.written.append(text)

    def flush(self) -> None:
        self.flushed.append(len(self.written))


def test_standard_output_is_whatever_it_is_when_the_line_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines, output = lines_to("stdout"), Output()

    monkeypatch.setattr(sys, "stdout", output)
    lines.write(made, 1)
    lines.write(made, 2)
    lines.close()

    assert [json.loads(line)["number"] for line in output.written] == [1, 2]
    assert all(line.endswith("}\n") for line in output.written)
    assert output.flushed == [1, 2]


# What fails ---------------------------------------------------------------------------------------


def test_what_fails_costs_nobody_anything_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    put: list[Any] = []

    def refuse(line: Any) -> None:
        put.append(line)
        if line["number"] < 3:
            raise RuntimeError(f"number {line['number']}")

    lines = Lines("a place", refuse)
    for number in (1, 2, 3):
        lines.write(made, number)

    assert [line["number"] for line in put] == [1, 2, 3]
    assert [(record.name, record.levelno, record.getMessage()) for record in caplog.records] == [
        (
            "motorpool",
            logging.WARNING,
            f"a line of usage could not be written to a place, and {GONE}: RuntimeError: number 1",
        )
    ]
    assert caplog.records[0].exc_info is not None


def test_a_line_that_cannot_be_made_or_is_no_json_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    lines = lines_to(path)

    lines.write(lambda: {"number": 1 // 0})
    lines.write(lambda: {"number": math.nan})
    lines.write(lambda: {"number": object()})
    lines.write(made, 4)

    assert [line["number"] for line in read(path)] == [4]
    lines.close()


def test_an_interrupt_is_not_held_back() -> None:
    def interrupt(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Lines("a place", interrupt).write(made, 1)


def test_repr_says_where_lines_go(tmp_path: Path) -> None:
    lines = lines_to(tmp_path / "u")

    assert repr(lines) == f"<Lines {tmp_path}/u>"
    assert repr(lines_to("stdout")) == "<Lines stdout>"
    lines.close()


# What both ends say alike -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1795898585.123456, "2026-11-28T20:43:05.123Z"),
        (1795898585.9999, "2026-11-28T20:43:05.999Z"),
        (1795898586.0, "2026-11-28T20:43:06.000Z"),
    ],
)
def test_a_moment_is_said_in_utc_to_the_millisecond(seconds: float, said: str) -> None:
    assert moment(seconds) == said


@pytest.mark.parametrize(
    ("handler_ms", "init_ms", "billed"),
    [
        (12.0, None, 12),
        (12.001, None, 13),
        (0.2, None, 1),
        (12.345, 312.0, 325),
        (0.1, 0.2, 1),
        (10.1, 2.9, 13),
    ],
)
def test_what_is_billed_is_rounded_up_to_the_next_millisecond_once(
    handler_ms: float, init_ms: float | None, billed: int
) -> None:
    assert billed_ms(handler_ms, init_ms) == billed


def test_lines_have_a_version() -> None:
    assert usage.VERSION == 1


# What a batch says of its leaving -----------------------------------------------------------------


@pytest.mark.parametrize("scope", [None, 3])
async def test_a_batch_says_why_and_when_it_left_and_in_which_scope(
    monkeypatch: pytest.MonkeyPatch, scope: int | None
) -> None:
    left: list[tuple[str, int | None, float, int]] = []

    async def dispatch(batch: Batch) -> None:
        left.append((batch.reason, batch.scope, batch.left_at, len(batch)))
        for pending in batch:
            pending.settle(answer(asked(pending)))

    monkeypatch.setattr(coalescer, "monotonic", lambda: 17.5)
    window = Coalescer(dispatch, Bounds(batch_operations=2), Counters(), is_held=True, scope=scope)
    calls = [
        Call(
            Operation("find_one", ITEMS, body(number), is_read=True),
            decode=codec.entry_value,
            dress=dress,
            coalescer=lambda: window,
        )
        for number in range(3)
    ]
    window.flush()

    assert [await call for call in calls] == [0, 1, 2]
    assert left == [("operations", scope, 17.5, 2), ("explicit", scope, 17.5, 1)]
