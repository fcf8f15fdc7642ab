"""Iterating over many documents takes no more memory than iterating over few, on either side.

`bench/million.py` measures the two sides apart, with a million; here is a shorter way, in one
process, and that one under --soak.
"""

import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from motorpool.batching.limits import LAMBDA_RESPONSE_BYTES
from tests.integration.paged import paged
from tests.integration.services import Server
from tests.servers import secantus_command, secantus_server

MEBIBYTE = 2**20
COUNT = 60_000
SCRIPT = Path(__file__).parents[2] / "bench" / "million.py"


def fill(server: Server, name: str, count: int) -> None:
    """Put there documents of 1 kB."""
    for begin in range(0, count, 10_000):
        numbers = range(begin, min(begin + 10_000, count))
        server.database[name].insert_many({"_id": n, "x": b"x" * 975} for n in numbers)


@pytest.mark.parametrize("kind", ["find", "aggregate"])
async def test_memory_does_not_grow_with_the_number_of_documents(
    wire_uri: str, wire_database: str, server: Server, kind: str
) -> None:
    count = COUNT if kind == "find" else COUNT * 2 // 5
    async with paged(
        wire_uri, environments=2, max_response_bytes=LAMBDA_RESPONSE_BYTES, name=wire_database
    ) as both:
        fill(server, both.direct.name, count)
        cursor: Any = both.proxied.find() if kind == "find" else both.proxied.aggregate([])
        peaks, seen, ids = [], 0, 0
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            async for document in cursor:
                seen, ids = seen + 1, ids + document["_id"]
                if seen % (count // 3) == 0:
                    peaks.append(tracemalloc.get_traced_memory()[1] - before)
                    tracemalloc.reset_peak()
        finally:
            tracemalloc.stop()

    assert (seen, ids) == (count, count * (count - 1) // 2)
    assert both.transport.largest <= LAMBDA_RESPONSE_BYTES
    # 61 MB of documents at the most: both sides together hold a page of 4.7 MB some times over.
    assert max(peaks) < 40 * MEBIBYTE
    assert peaks[-1] < peaks[0] + 2 * MEBIBYTE


@pytest.fixture
def spacious_uri(tmp_path: Path) -> Iterator[str]:
    """Give a server that holds a gigabyte: the user's own, or one that keeps it in a folder."""
    if uri := os.environ.get("MOTORPOOL_TEST_URI"):
        yield uri
        return
    command = secantus_command()
    if command is None:
        pytest.skip("needs a MongoDB wire server")
    with secantus_server(command, str(tmp_path)) as uri:
        yield uri


@pytest.mark.soak
def test_a_million_documents_of_1_kb_in_bounded_memory_on_both_sides(spacious_uri: str) -> None:
    signal.setitimer(signal.ITIMER_REAL, 1_800)  # longer than any other test of this folder

    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--uri", spacious_uri, "--json", "--drop"],
        capture_output=True,
        text=True,
        check=True,
        cwd=SCRIPT.parents[1],
    )

    figures = json.loads(done.stdout)
    client, proxy = figures["client"], figures["proxy"]
    assert client["count"] == 1_000_000
    assert client["is_whole"]
    assert client["largest_response"] <= LAMBDA_RESPONSE_BYTES
    assert client["invocations"] < 300
    assert proxy["environments"] == 1
    # Measured: 104 MiB each, of which 32 (client) and 49 (proxy) come after the first page.
    assert client["peak_mib"] < 128
    assert proxy["peak_mib"] < 128
