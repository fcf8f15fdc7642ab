"""The pipe that an environment prints into, without an environment."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from motorpool.local.output import OutputPipe

Lines = list[str]


@pytest.fixture
async def pipe() -> AsyncIterator[tuple[OutputPipe, Lines]]:
    lines: Lines = []
    output = OutputPipe(lines.append)
    yield output, lines
    output.close()


async def test_lines_end_with_a_newline_a_carriage_return_or_both(
    pipe: tuple[OutputPipe, Lines],
) -> None:
    output, lines = pipe
    os.write(output.write_fd, b"one\ntwo\rthree\r")
    output.drain()
    assert lines == ["one", "two"]
    os.write(output.write_fd, b"\n\nfour")
    output.drain()
    assert lines == ["one", "two", "three", ""]
    output.close()
    assert lines == ["one", "two", "three", "", "four"]


async def test_the_loop_reads_without_being_asked(pipe: tuple[OutputPipe, Lines]) -> None:
    output, lines = pipe
    os.write(output.write_fd, b"line\n")
    for _ in range(10):
        await asyncio.sleep(0)
    assert lines == ["line"]


async def test_a_line_without_end_is_passed_on_in_pieces(pipe: tuple[OutputPipe, Lines]) -> None:
    output, lines = pipe
    os.write(output.write_fd, b"x" * 20_000)
    output.drain()
    assert [len(line) for line in lines] == [8_192, 8_192, 3_616]


async def test_the_tail_starts_anew_when_taken(pipe: tuple[OutputPipe, Lines]) -> None:
    output, _ = pipe
    os.write(output.write_fd, b"\x00raw\xff\n")
    output.drain()
    assert output.take_tail() == b"\x00raw\xff\n"
    assert output.take_tail() == b""


async def test_what_lambda_says_stands_after_what_has_been_printed_and_not_been_read(
    pipe: tuple[OutputPipe, Lines],
) -> None:
    output, lines = pipe
    os.write(output.write_fd, b"late\n" * 10_000)
    output.say("END", "REPORT")
    assert lines == ["late"] * 10_000 + ["END", "REPORT"]
    assert output.take_tail().endswith(b"late\nEND\nREPORT\n")


@pytest.mark.parametrize(
    ("printed", "seen", "tail"),
    [
        (b"half", ["half"], b"half\n"),
        (b"half\r", ["half"], b"half\r"),
        (b"one\nhalf", ["one", "half"], b"one\nhalf\n"),
        (b"whole\n", ["whole"], b"whole\n"),
        (b"", [], b""),
    ],
)
async def test_what_lambda_says_begins_a_line_of_its_own(
    printed: bytes, seen: list[str], tail: bytes, pipe: tuple[OutputPipe, Lines]
) -> None:
    output, lines = pipe
    os.write(output.write_fd, printed)
    output.say("END")
    os.write(output.write_fd, b"more\n")
    output.drain()
    assert lines == [*seen, "END", "more"]
    assert output.take_tail() == tail + b"END\nmore\n"


async def test_lambda_may_say_more_when_the_pipe_is_closed(pipe: tuple[OutputPipe, Lines]) -> None:
    output, lines = pipe
    os.write(output.write_fd, b"last")
    output.close()
    output.say("END")
    assert lines == ["last", "END"]
    assert output.take_tail() == b"last\nEND\n"


async def test_closing_does_not_wait_for_those_who_hold_the_other_end(
    pipe: tuple[OutputPipe, Lines],
) -> None:
    output, lines = pipe
    other = os.dup(output.write_fd)
    try:
        os.write(other, b"last\n")
        output.close()
        assert lines == ["last"]
        with pytest.raises(BrokenPipeError):
            os.write(other, b"too late")
    finally:
        os.close(other)
