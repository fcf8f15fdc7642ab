"""How large a pool pays: a batch of 100 mixed operations at several pool sizes, by both drivers.

    .venv/bin/python -m bench.pool_size
    .venv/bin/python -m bench.pool_size --distance-ms 0 1 --rounds 40 --json build/pool_size.json

Nothing is fused, so that every operation needs a connection. Each pool size of each driver is a
process of its own (Motor's threads are counted once, when it is imported) that holds one proxy and
is asked for one batch at a time; all take turns, in another order each round, so that a busy moment
falls on all. The server stands on the same machine, where nothing is far: `--distance-ms` puts a
relay between that keeps each byte back for half of it on either way, as a network does.

Runs on the compiled wire server, or on that of MOTORPOOL_TEST_URI (see `bench/suite/servers.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from bench.suite.servers import server
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVERS: Final = ("motor", "pymongo")
SIZES: Final = (1, 2, 3, 5, 8, 10, 20)
OPERATIONS: Final = 100
WARM_UPS: Final = 3
DATABASE: Final = "motorpool_pool_size"
DOCUMENTS: Final = 1_000


def main() -> None:
    """Measure, print, and write the JSON where it is wanted."""
    options = parse()
    if options.relay:
        asyncio.run(relay(options.relay, options.distance_ms[0]))
        return
    if options.work:
        work(*options.work)
        return
    figures: dict[str, Any] = {"operations": OPERATIONS, "rounds": options.rounds, "ms": {}}
    with server() as (uri, what):
        figures["server"] = what
        for distance in options.distance_ms:
            with at_distance(uri, distance) as far:
                figures["ms"][str(distance)] = measured(far, options)
            show(distance, figures["ms"][str(distance)])
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--distance-ms", type=float, nargs="+", default=[0.0, 1.0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--json", help="a file for the figures")
    parser.add_argument("--relay", help=argparse.SUPPRESS)
    parser.add_argument(
        "--work", nargs=3, metavar=("URI", "DRIVER", "SIZE"), help=argparse.SUPPRESS
    )
    return parser.parse_args()


# The rounds ---------------------------------------------------------------------------------------


def measured(uri: str, options: argparse.Namespace) -> dict[str, list[list[float]]]:
    """Of each round, by `driver size`: milliseconds, and those of them that the proxy computed."""
    rows = [(driver, size) for driver in DRIVERS for size in options.sizes]
    with contextlib.ExitStack() as stack:
        workers = {row: stack.enter_context(worker(uri, *row)) for row in rows}
        for _ in range(WARM_UPS):
            for process in workers.values():
                ask(process)
        taken: dict[str, list[list[float]]] = {f"{driver} {size}": [] for driver, size in rows}
        dice = random.Random(1)  # noqa: S311 - an order, no secret
        for _ in range(options.rounds):
            dice.shuffle(rows)
            for driver, size in rows:
                taken[f"{driver} {size}"].append(ask(workers[driver, size]))
    return taken


def show(distance: float, taken: dict[str, list[list[float]]]) -> None:
    """Print a table: the middle half of the rounds, and what the median makes in a second."""
    print(f"\n{OPERATIONS} operations, {distance:g} ms from the server (both ways)")
    print(
        f"{'driver':8} {'pool':>4} {'median ms':>10} {'quartiles':>15} {'per second':>11} "
        f"{'computing ms':>13}"
    )
    for row, times in taken.items():
        driver, size = row.split()
        low, median, high = statistics.quantiles((time for time, _ in times), n=4)
        spread = f"{low:.1f}-{high:.1f}"
        rate = OPERATIONS / median * 1000
        busy = statistics.median(busy for _, busy in times)
        print(f"{driver:8} {size:>4} {median:10.1f} {spread:>15} {rate:11,.0f} {busy:13.1f}")


@contextlib.contextmanager
def worker(uri: str, driver: str, size: int) -> Iterator[subprocess.Popen[str]]:
    """Run a process with one proxy."""
    arguments = ["--work", uri, driver, str(size)]
    with running(arguments) as process:
        yield process


@contextlib.contextmanager
def running(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run this program with other arguments, until the block is over."""
    command = [sys.executable, "-m", "bench.pool_size", *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        line(process)  # it is ready
        yield process
    finally:
        process.terminate()
        process.wait(10)
        pipe(process.stdin).close()
        pipe(process.stdout).close()


def ask(process: subprocess.Popen[str]) -> list[float]:
    """Let a process do what it does; the numbers that it answers with."""
    pipe(process.stdin).write("go\n")
    return [float(word) for word in line(process).split()]


def line(process: subprocess.Popen[str]) -> str:
    """The next line that a process prints. Raises RuntimeError where there is none."""
    said = pipe(process.stdout).readline()
    if not said:
        raise RuntimeError("a process of the benchmark ended; what it printed stands above")
    return said


def pipe(end: IO[str] | None) -> IO[str]:
    """The end of a pipe, which is there."""
    assert end is not None  # noqa: S101 - asked for when the process was started
    return end


# What is measured ---------------------------------------------------------------------------------


def work(uri: str, driver: str, size: str) -> None:
    """Hold a proxy, and run a batch for each line that is read."""
    os.environ.pop("MOTOR_MAX_WORKERS", None)
    proxy = Proxy(Settings(uri, driver=driver, pool_size=int(size), fuse=False))
    name = f"{DATABASE}_{driver}_{size}"
    fill(proxy, name)
    print("ready", flush=True)
    for number, _ in enumerate(sys.stdin):
        event = batch(name, number)
        began, computed = time.perf_counter(), time.process_time()
        answer = proxy.handle(event)
        took = (time.perf_counter() - began) * 1000
        busy = (time.process_time() - computed) * 1000  # all of its threads
        if b'"err"' in answer:
            raise RuntimeError(answer[:500])
        print(took, busy, flush=True)


def fill(proxy: Proxy, name: str) -> None:
    """Put the documents there, and nothing else."""
    documents = [{"_id": i, "parent": i % 100, "n": i, "x": "x" * 200} for i in range(DOCUMENTS)]
    steps: list[list[tuple[str, str, dict[str, Any]]]] = [
        [("drop_database", "$cmd", {})],
        [("insert_many", "items", {"documents": documents})],
        [("create_indexes", "items", {"indexes": [{"key": {"parent": 1}}]})],
    ]
    for ops in steps:
        proxy.handle(event_of(name, ops))


def batch(name: str, number: int) -> dict[str, Any]:
    """A batch of operations in the mix of a request: two reads in three, in some order."""
    ops: list[tuple[str, str, dict[str, Any]]] = []
    for i in range(OPERATIONS // 10):
        at = (number * 7 + i * 37) % DOCUMENTS
        ops += [
            *(("find_one", "items", {"filter": {"_id": (at + n) % DOCUMENTS}}) for n in range(3)),
            ("find", "items", {"filter": {"parent": at % 100}, "limit": 10}),
            ("find", "items", {"filter": {"n": {"$gte": at}}, "sort": {"n": 1}, "limit": 5}),
            ("count_documents", "items", {"filter": {"parent": at % 100}}),
            ("aggregate", "items", {"pipeline": [{"$match": {"parent": at % 100}}]}),
            ("insert_one", "log", {"document": {"at": at}}),
            *(
                ("update_one", "items", {"filter": {"_id": (at + n) % DOCUMENTS}, "update": update})
                for n, update in enumerate(({"$inc": {"n": 0}}, {"$set": {"y": number}}))
            ),
        ]
    random.Random(number).shuffle(ops)  # noqa: S311 - an order, no secret
    return event_of(name, ops)


def event_of(name: str, ops: list[tuple[str, str, dict[str, Any]]]) -> dict[str, Any]:
    """A readable event, which both drivers read alike."""
    return {
        "v": 1,
        "ops": [
            {"id": id_, "op": op, "ns": f"{name}.{collection}", "args": args}
            for id_, (op, collection, args) in enumerate(ops)
        ],
    }


# Distance -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def at_distance(uri: str, distance_ms: float) -> Iterator[str]:
    """The URI of the server, so far away."""
    if not distance_ms:
        yield uri
        return
    target = uri.removeprefix("mongodb://").rstrip("/")
    with running(["--relay", target, "--distance-ms", str(distance_ms)]) as process:
        # Directly: what the server says of itself would lead past the relay.
        yield f"mongodb://127.0.0.1:{ask(process)[0]:.0f}/?directConnection=true"


async def relay(target: str, distance_ms: float) -> None:
    """Keep back what either side says for half of the distance."""
    host, _, port = target.partition(":")
    loop = asyncio.get_running_loop()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(2**18):
            loop.call_later(distance_ms / 2000, writer.write, data)
        loop.call_later(distance_ms / 2000, writer.close)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(host, int(port))
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    main()
