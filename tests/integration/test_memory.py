"""What an execution environment of 128 MB holds at its peak, while more comes than it could.

A fresh one for each batch, under AWS's runtime client, with the variables of `template.yaml`. The
peak is the kernel's (VmHWM). `bench/suite/parts/memory.py` measures more kinds of batches.
"""

import re
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from motorpool.batching import codec
from motorpool.batching.operations import CURSORS
from tests.integration.services import RecordingTransport, Server, motorpool_local
from tests.proxy.fakes import opened

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

AT_MOST = 128 * 10**6
LARGE, HUGE = 220_000, 15_000_000
COUNT = 40
INVOCATIONS = 2
"""The second meets what the first has left behind, and what it has learned."""


def peak(pid: int) -> int:
    """The most bytes of memory that a process has had."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) * 1024


def request(name: str, operations: list[tuple[str, dict[str, Any]]], *, by_page: bool) -> bytes:
    """A batch as a client sends it."""
    return codec.join_request(
        [
            codec.stamp(
                codec.encode_operation(op, f"{name}.large", args),
                id_,
                None,
                uuid.uuid4().bytes if by_page and op in CURSORS else None,
            )
            for id_, (op, args) in enumerate(operations)
        ]
    )


async def peak_of(
    uri: str, driver: str, operations: list[tuple[str, dict[str, Any]]], *, by_page: bool = True
) -> tuple[int, list[list[dict[str, Any]]]]:
    """The peak of an environment that runs a batch, and the entries of each answer."""
    options = ["--mongodb-uri", uri, "--concurrency", "1", "--env", f"MOTORPOOL_DRIVER={driver}"]
    answers = []
    with motorpool_local(*options) as service:
        transport = RecordingTransport(service)
        for _ in range(INVOCATIONS):
            payload = request(NAME, operations, by_page=by_page)
            answers.append(opened(await transport.invoke(payload))["res"])
        await transport.aclose()
        (environment,) = service.environments()
        return peak(environment), answers


NAME = f"motorpool_memory_{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def filled_uri(wire_uri: str) -> Iterator[str]:
    """Give a server with forty documents of 220 kB, of which zlib makes little."""
    from pymongo import MongoClient

    client: MongoClient[dict[str, Any]]
    with MongoClient(wire_uri) as client:
        server = Server(client, NAME)
        noise = bytes((number * 7919 >> 3) & 255 for number in range(LARGE))
        for number in range(COUNT):
            server.database["large"].insert_one({"_id": number, "noise": noise})
        yield wire_uri
        client.drop_database(NAME)


@pytest.fixture(params=["motor", "pymongo"])
def driver(request: pytest.FixtureRequest) -> str:
    """Give each driver by its name."""
    name: str = request.param
    return name


async def test_forty_finds_of_large_documents_at_once_stay_below_128_mb(
    filled_uri: str, driver: str
) -> None:
    finds = [("find", {"filter": {}, "skip": 1}) for _ in range(COUNT)]

    most, answers = await peak_of(filled_uri, driver, finds)

    for entries in answers:
        pages = [entry["ok"] for entry in entries if "ok" in entry]
        assert sum(map(len, pages)) * LARGE > 3_500_000  # the response was as good as full
        assert all(len(document["noise"]) == LARGE for page in pages for document in page)
        assert all("ok" in entry or "again" in entry for entry in entries)
    assert most <= AT_MOST


@pytest.mark.soak
@pytest.mark.parametrize(
    ("op", "args", "by_page"),
    [
        ("find", {"filter": {}}, True),
        ("find", {"filter": {}, "batch_size": 1_000}, True),
        ("find", {"filter": {}, "projection": {"_id": 0}}, True),
        ("aggregate", {"pipeline": [{"$match": {}}]}, True),
        ("find", {"filter": {}}, False),
        ("aggregate", {"pipeline": []}, False),
    ],
    ids=str,
)
async def test_whatever_reads_large_documents_stays_below_128_mb(
    filled_uri: str, driver: str, op: str, args: dict[str, Any], *, by_page: bool
) -> None:
    different = [(op, {**args, "comment": str(number)}) for number in range(COUNT)]

    most, answers = await peak_of(filled_uri, driver, different, by_page=by_page)

    assert all("ok" in entry or "again" in entry for entries in answers for entry in entries)
    assert most <= AT_MOST


@pytest.mark.soak
@pytest.mark.parametrize("field", ["_id", "n"])
async def test_five_documents_of_15_mb_at_once_stay_below_128_mb(
    server: Server, wire_uri: str, driver: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "NAME", server.database.name)
    for number in range(5):
        server.database["large"].insert_one({"_id": number, "n": number, "x": "x" * HUGE})
    ones = [
        ("find_one", {"filter": {field: number}, "comment": str(number)}) for number in range(5)
    ]

    most, answers = await peak_of(wire_uri, driver, ones)

    assert all("ok" in entry or "again" in entry for entries in answers for entry in entries)
    assert most <= AT_MOST
