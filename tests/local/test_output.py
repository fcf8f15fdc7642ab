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
