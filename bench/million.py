"""Memory while a client iterates a million documents of 1 kB: of the client, and of the proxy.

    secantusd-rs --port 27500 --storage-path DIR --log-level ERROR &
    .venv/bin/python bench/million.py --uri mongodb://127.0.0.1:27500/

Fills `motorpool_million.documents` where it is not full yet (a compiled server takes half a minute,
the Python one too long), and runs three processes: `motorpool local` with one execution
environment, a client that iterates, and, for comparison, the driver itself doing the same. Memory
is read from /proc, so it wants Linux: resident after the first page, and its peak at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pymongo import AsyncMongoClient, MongoClient

from motorpool.client import LambdaTransport, ProxyClient

if TYPE_CHECKING:
    from pymongo.collection import Collection

ROOT = Path(__file__).resolve().parent.parent
DATABASE, COLLECTION = "motorpool_million", "documents"
BATCH = 10_000
MEBIBYTE = 2**20


def main() -> None:
    """Fill, run, print."""
    options = parse()
    if options.iterate:
        asyncio.run(iterate(options))
        return
    fill(options)
    figures: dict[str, Any] = {"documents": options.documents, "bytes": options.size}
    with tempfile.TemporaryDirectory() as folder:
        local, url = start_local(options, folder)
        try:
            client, environment = run("proxy", options, url, of=local)
        finally:
            local.terminate()
            local.wait(10)
    figures["client"], figures["proxy"] = client, environment
    figures["driver"], _ = run("driver", options, options.uri)
    if options.drop:
        client_of_server: MongoClient[dict[str, Any]]
        with MongoClient(options.uri) as client_of_server:
            client_of_server.drop_database(DATABASE)
    print(json.dumps(figures, indent=2) if options.json else table(figures))


def parse() -> argparse.Namespace:
    """What to run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--uri", default=os.environ.get("MOTORPOOL_TEST_URI"), help="of the server")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=1_000, help="bytes of a document")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--drop", action="store_true", help="leave nothing on the server")
    parser.add_argument("--iterate", choices=["proxy", "driver"], help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.uri is None:
        parser.error("--uri, or MOTORPOOL_TEST_URI, must name a server")
    return options


# Data ---------------------------------------------------------------------------------------------


def fill(options: argparse.Namespace) -> None:
    """Let the collection hold the documents: half of each is noise, half is text."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(options.uri) as client:
        documents: Collection[dict[str, Any]] = client[DATABASE][COLLECTION]
        if documents.estimated_document_count() == options.documents:
            return
        documents.drop()
        print(f"inserting {options.documents} documents", file=sys.stderr)
        # Without the 5 bytes of the document, `_id`, and the heads of two fields.
        half = (options.size - 5 - 9 - 8 - 9) // 2
        for batch in batches(options.documents):
            noise = random.randbytes(half + BATCH)  # noqa: S311 - noise, no secret
            documents.insert_many(
                {"_id": number, "x": noise[at : at + half], "y": "y" * half}
                for at, number in enumerate(batch)
            )


def batches(count: int) -> list[range]:
    """The numbers below `count`, by the batch."""
    return [range(at, min(at + BATCH, count)) for at in range(0, count, BATCH)]


# Processes ----------------------------------------------------------------------------------------


def start_local(options: argparse.Namespace, folder: str) -> tuple[subprocess.Popen[str], str]:
    """`motorpool local` with one environment, and its address."""
    command = [str(Path(sysconfig.get_path("scripts")) / "motorpool"), "local", "--port", "0"]
    command += ["--mongodb-uri", options.uri, "--concurrency", "1"]
    command += ["--template", str(ROOT / "template.yaml")]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    found = re.search(r"http://\S+:\d+", line_of(process.stdout))
    if found is None:
        process.kill()
        sys.exit("motorpool local did not come up")
    return process, found.group()


def run(
    side: str,
    options: argparse.Namespace,
    address: str,
    of: subprocess.Popen[str] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Iterate in a process of its own; its figures, and those of the environment, if any."""
    command = [sys.executable, __file__, "--iterate", side, "--uri", options.uri, "--url", address]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    first = json.loads(line_of(process.stdout))
    environments = [] if of is None else children(of.pid)
    before = [memory(pid) for pid in environments]
    assert process.stdin is not None  # noqa: S101 - for mypy: it is a pipe
    process.stdin.write("go\n")
    process.stdin.flush()
    figures = {**first, **json.loads(line_of(process.stdout))}
    after = [memory(pid) for pid in environments]
    process.wait(10)
    if not environments:
        return figures, {}
    return figures, {
        "first_page_mib": before[0]["VmRSS"],
        "peak_mib": after[0]["VmHWM"],
        "end_mib": after[0]["VmRSS"],
        "environments": len(environments),
    }


def line_of(stream: IO[str] | None) -> str:
    """The next line that a process prints."""
    assert stream is not None  # noqa: S101 - for mypy: it is a pipe
    return stream.readline()


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in listed]


def memory(pid: int | str = "self") -> dict[str, float]:
    """Resident memory of a process now (VmRSS) and at its peak (VmHWM), in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, re.MULTILINE)
    return {name: round(int(kilobytes) * 1024 / MEBIBYTE, 1) for name, kilobytes in found}


# Iterating ----------------------------------------------------------------------------------------


class Measured:
    """The Lambda transport; keeps how large the responses were."""

    def __init__(self, url: str) -> None:
        self.largest = self.total = 0
        self._inner = LambdaTransport(
            "motorpool-proxy",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the local Lambda takes any
        )

    async def invoke(self, payload: bytes) -> bytes:
        """Pass it on."""
        response = await self._inner.invoke(payload)
        self.largest = max(self.largest, len(response))
        self.total += len(response)
        return response

    async def aclose(self) -> None:
        """Close it."""
        await self._inner.aclose()


async def iterate(options: argparse.Namespace) -> None:
    """Iterate over everything, in this process, and print what that took."""
    if options.iterate == "driver":
        driver: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(options.uri) as driver:
            await walk(driver[DATABASE][COLLECTION], driver)
        return
    transport = Measured(options.url)
    async with ProxyClient(transport=transport, timeout=None) as client:
        await walk(client[DATABASE][COLLECTION], client, transport)


async def walk(collection: Any, client: Any, transport: Measured | None = None) -> None:
    """The first document, then, when told to go on, all the others."""
    cursor = collection.find()
    document = await cursor.next()
    print(json.dumps({"first_page_mib": memory()["VmRSS"]}), flush=True)
    sys.stdin.readline()
    began, count, total = time.perf_counter(), 1, document["_id"]
    async for document in cursor:
        count += 1
        total += document["_id"]
    seconds = time.perf_counter() - began
    at_end = memory()
    figures: dict[str, Any] = {
        "count": count,
        "is_whole": total == count * (count - 1) // 2,
        "peak_mib": at_end["VmHWM"],
        "end_mib": at_end["VmRSS"],
        "seconds": round(seconds, 2),
        "documents_per_second": round(count / seconds),
    }
    if transport is not None:
        figures["invocations"] = client.counters.invocations
        figures["largest_response"] = transport.largest
        figures["received_mib"] = round(transport.total / MEBIBYTE)
    print(json.dumps(figures), flush=True)


def table(figures: dict[str, Any]) -> str:
    """The figures for a terminal."""
    client, proxy, driver = figures["client"], figures["proxy"], figures["driver"]
    rows = [f"{figures['documents']:,} documents of {figures['bytes']:,} bytes"]
    rows += [f"{'':24}{'client':>12}{'proxy':>12}{'driver':>12}"]
    for name, label in (
        ("first_page_mib", "MiB after the first page"),
        ("peak_mib", "MiB at the peak"),
        ("end_mib", "MiB at the end"),
        ("seconds", "seconds"),
        ("documents_per_second", "documents/s"),
    ):
        cells = [side.get(name, "") for side in (client, proxy, driver)]
        rows.append(f"{label:24}" + "".join(f"{cell:>12}" for cell in cells))
    rows.append(
        f"{client['count']:,} came, {'each once' if client['is_whole'] else 'NOT EACH ONCE'}; "
        f"{client['invocations']} invocations, the largest response {client['largest_response']:,} "
        f"bytes, {client['received_mib']} MiB in all"
    )
    return "\n".join(rows)


if __name__ == "__main__":
    main()
