"""The options of `motorpool demo`, and its course: start, load, run both ways, report, clear.

Bad input, a busy port or an unreachable database end in one line, not in a traceback.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from motorpool.local.errors import InputError, LocalError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from motorpool.local.demo.service import Service

EMBEDDED: Final = "mongomock://"
MAX_PAGES: Final = 1_000
MAX_PORT: Final = 65_535
LOAD_SECONDS: Final = 60.0
"""How long loading may take: a database that cannot be reached is said long before."""
REACH_SECONDS: Final = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `motorpool demo`."""
    parser.add_argument(
        "--mongodb-uri",
        default=EMBEDDED,
        metavar="URI",
        help="a real server instead of the embedded database; the demo uses and empties the "
        "database `motorpool_demo` there",
    )
    parser.add_argument(
        "--pages", type=int, default=20, metavar="N", help="pages to show (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port of the local Lambda (default: a free one)"
    )
    parser.add_argument(
        "--usage",
        type=Path,
        metavar="FILE",
        help="write what the coalesced pages used: the client's and the proxy's own lines, and "
        "Lambda's REPORT lines. `motorpool cost report FILE` makes a month of it",
    )


def run(args: argparse.Namespace) -> int:
    """Run the demo and return 0. Raises LocalError for what it cannot do, as one line."""
    if not 1 <= args.pages <= MAX_PAGES:
        raise InputError(f"--pages {args.pages}: from 1 to {MAX_PAGES}")
    if not 0 <= args.port <= MAX_PORT:
        raise InputError(f"--port {args.port}: from 0 to {MAX_PORT}")
    if not args.mongodb_uri.startswith(("mongodb://", "mongodb+srv://", EMBEDDED)):
        raise InputError(
            f"--mongodb-uri: must begin with mongodb:// or mongodb+srv:// (or be {EMBEDDED})"
        )
    if args.usage is not None:
        _begin_file(args.usage)
    return asyncio.run(_run(args.mongodb_uri, args.pages, args.port, args.usage))


def _begin_file(path: Path) -> None:
    """Make the file, so that one that cannot be written is said before the demo, not after."""
    try:
        path.write_bytes(b"")
    except OSError as error:
        raise InputError(f"--usage {path}: {error.strerror}") from None


async def _run(uri: str, pages: int, port: int, usage: Path | None) -> int:
    # Here, not above: `motorpool --help` must not wait for them.
    from pymongo.errors import PyMongoError, ServerSelectionTimeoutError  # noqa: PLC0415

    from motorpool.client import MotorpoolError  # noqa: PLC0415
    from motorpool.local.demo.service import local_lambda  # noqa: PLC0415

    is_embedded = uri.startswith(EMBEDDED)
    where = "the embedded database" if is_embedded else "your server"
    print(f"A shop page on {where}, through aioboto3 and a Lambda service on this machine.\n")
    options = ["--port", str(port), "--mongodb-uri", uri]
    if usage is not None:
        options += ["--env", "MOTORPOOL_USAGE=stdout"]
    try:
        async with local_lambda(options) as service:
            await _course(service, pages, usage, is_embedded=is_embedded)
    except ServerSelectionTimeoutError as error:
        # The driver goes on with its settings and the topology that it sees.
        reason = str(error).partition(" (configured timeouts")[0].partition(", Timeout:")[0]
        raise LocalError(f"the database cannot be reached: {reason}") from error
    except (MotorpoolError, PyMongoError) as error:
        raise LocalError(f"the demo's queries failed: {str(error).splitlines()[0]}") from error
    return 0


async def _course(service: Service, pages: int, usage: Path | None, *, is_embedded: bool) -> None:
    from motorpool.client import ProxyClient  # noqa: PLC0415 - as above
    from motorpool.local.demo import measure  # noqa: PLC0415 - as above
    from motorpool.local.demo.recorder import Recorder  # noqa: PLC0415 - as above
    from motorpool.local.demo.report import report  # noqa: PLC0415 - as above
    from motorpool.local.demo.shop import DATABASE, clear, load, make_shop  # noqa: PLC0415

    options: dict[str, Any] = {
        "endpoint_url": service.url,
        "region_name": "us-east-1",
        # The local service checks no signature; botocore insists on making one.
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
    }
    shop = make_shop()
    async with ProxyClient(service.name, **options) as client:
        db = client[DATABASE]
        async with client.request(timeout=REACH_SECONDS):
            await db.customers.find_one({})  # the database is there, or this says that it is not
        try:
            show = _progress(f"loading {shop.size:,} documents", shop.size)
            async with client.request(timeout=LOAD_SECONDS):
                await load(db, shop, show)
            runs = []
            for label, bounds in measure.WAYS.items():
                show = _progress(label, pages)
                if usage is None:
                    run = await measure.run_pages(service.name, options, bounds, pages, show)
                else:
                    recorder = Recorder(service, show)
                    recording = options | {"usage": recorder.take}
                    run = await measure.run_pages(
                        service.name, recording, bounds, pages, recorder.progress
                    )
                    recorder.write(usage)  # over the way before: the coalesced one is the last
                runs.append(run)
        finally:
            if not is_embedded:  # whose data goes with its process
                await clear(db, shop)
        print(f"\n{report(*runs)}")
        if usage is not None:
            # On this machine an environment has a whole processor, whatever its memory.
            print(f"\n  A month of it: motorpool cost report {usage} --measured-share 1")


def _progress(label: str, total: int) -> Callable[[int], None]:
    """A line that grows on a terminal, and is written once elsewhere."""
    began = time.perf_counter()
    is_terminal = sys.stdout.isatty()

    def show(done: int) -> None:
        line = f"  {label:<27} {done:>6,} of {total:,}"
        if done == total:
            took = time.perf_counter() - began
            print(f"{chr(13) if is_terminal else ''}{line}   {took:6.2f} s")
        elif is_terminal:
            print(f"\r{line}", end="", flush=True)

    return show
