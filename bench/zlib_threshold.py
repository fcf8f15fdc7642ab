"""From which size on zlib pays: sets `codec.COMPRESS_ABOVE_BYTES` by measurement.

Both ways of a batch, with and without zlib, in one run and taking turns: the client seals a request
and the proxy reads it as Lambda's runtime does (simplejson, base64, bson.decode); the proxy seals a
response and the client reads it. CPU time is measured, so that a busy machine does not count.

What zlib saves is time on the link, what it costs is CPU on both ends, and a function of 128 MB has
about a fourteenth of a core (1,769 MB have one: AWS Lambda developer guide, "Configure Lambda
function memory"). So the whole time is reckoned for the links and the memory that are given.

Needs simplejson, which awslambdaric brings.
"""

import argparse
import json
import math
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import bson
import simplejson  # type: ignore[import-untyped]  # as Lambda's runtime has it, without stubs
from bson import ObjectId

from motorpool.batching import codec

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000, 4_000_000)
FULL_CORE_MB = 1769
WORDS = """
a of the and with for in large small red blue green cotton steel wooden summer winter kitchen garden
bicycle lamp table shirt bottle notebook warranty delivery discount washable recycled handmade
waterproof lightweight rechargeable adjustable stainless organic vintage limited edition customer
review battery charger adapter cable cover pocket sleeve collar button
""".split()  # noqa: SIM905 - a text to draw words from


def make_document(rng: random.Random) -> dict[str, Any]:
    """Make a product of a shop, as applications store them: text, numbers, dates, a few levels."""
    return {
        "_id": ObjectId(rng.randbytes(12)),
        "sku": f"{rng.choice(WORDS)[:3].upper()}-{rng.randrange(10**6):06}",
        "name": " ".join(rng.choices(WORDS, k=4)).title(),
        "description": " ".join(rng.choices(WORDS, k=40)),
        "price": {"amount": rng.randrange(10_000) / 100, "currency": "EUR", "tax": 0.19},
        "stock": rng.randrange(500),
        "tags": rng.sample(WORDS, 5),
        "createdAt": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(10**7)),
        "ratings": [
            {"user": ObjectId(rng.randbytes(12)), "stars": rng.randint(1, 5), "verified": True}
            for _ in range(rng.randint(0, 5))
        ],
        "isActive": rng.choice([True, True, False]),
    }


def make_response(size: int) -> bytes:
    """Make the document of a response of about so many bytes: finds of 20 documents each."""
    rng = random.Random(size)  # noqa: S311 - the same data in every run
    entries: list[bytes] = []
    total = 0
    while total < size:
        documents = [make_document(rng) for _ in range(min(20, 1 + (size - total) // 900))]
        entries.append(codec.encode_entry({"id": len(entries), "ok": documents}))
        total += len(entries[-1])
    return bytes(codec.join_response(entries, {"ms": 1}))


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way of sending one document: milliseconds of CPU on either end, bytes on the link."""

    seal: float
    read_as_proxy: float
    read_as_client: float
    payload: int

    def cpu(self, way: str, share: float) -> float:
        """Milliseconds on both ends for a request or response; the proxy has `share` of a core."""
        if way == "request":
            return self.seal + self.read_as_proxy / share
        return self.seal / share + self.read_as_client


def milliseconds(work: Callable[[], object]) -> float:
    """Take the CPU time of this process while it works."""
    start = time.process_time_ns()
    work()
    return (time.process_time_ns() - start) / 1e6


def measure(document: bytes, rounds: int) -> tuple[Way, Way]:
    """Send a document plain and compressed, by turns; give the medians."""
    times: dict[tuple[bool, str], list[float]] = {}
    payloads: dict[bool, bytes] = {}

    def seal(*, compress: bool) -> None:
        payloads[compress] = codec.seal_envelope(document, compress=compress)

    def read_as_proxy(payload: bytes) -> None:
        bson.decode(codec.open_envelope(simplejson.loads(payload)), codec.LOSSLESS)

    def read_as_client(payload: bytes) -> None:
        codec.open_envelope(json.loads(payload), max_bytes=None)

    for _ in range(rounds):
        for compress in (False, True):
            taken = milliseconds(partial(seal, compress=compress))
            times.setdefault((compress, "seal"), []).append(taken)
            for name, read in (("proxy", read_as_proxy), ("client", read_as_client)):
                taken = milliseconds(partial(read, payloads[compress]))
                times.setdefault((compress, name), []).append(taken)
    plain, compressed = (
        Way(
            seal=statistics.median(times[compress, "seal"]),
            read_as_proxy=statistics.median(times[compress, "proxy"]),
            read_as_client=statistics.median(times[compress, "client"]),
            payload=len(payloads[compress]),
        )
        for compress in (False, True)
    )
    return plain, compressed


def slowest_link(way: str, share: float, plain: Way, compressed: Way) -> float:
    """Say below how many megabytes a second zlib pays: bytes that it saves by CPU that it costs."""
    costs = compressed.cpu(way, share) - plain.cpu(way, share)
    return (plain.payload - compressed.payload) / 1_000 / costs if costs > 0 else math.inf


def pays_from(limits: dict[int, float], link: float) -> str:
    """Say from which measured size on zlib pays on a link of so many megabytes a second."""
    paying = [
        size
        for size in limits
        if all(limit > link for other, limit in limits.items() if other >= size)
    ]
    return f"from {min(paying):,} bytes" if paying else "never"


def main() -> None:
    """Measure; print the medians, the links on which zlib pays, and from which size on it does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--links", type=float, nargs="+", default=[25, 50, 100], metavar="MB/S")
    parser.add_argument("--memory", type=int, nargs="+", default=[128, 512, 1769], metavar="MB")
    arguments = parser.parse_args()

    print("medians of CPU time in ms: plain / zlib (zlib ÷ plain)\n")
    print(
        f"{'BSON bytes':>10}  {'payload bytes':>28}  {'seal':>23}  {'proxy reads':>23}"
        f"  {'client reads':>23}"
    )
    measured: dict[int, tuple[Way, Way]] = {}
    for size in SIZES:
        document = make_response(size)
        plain, compressed = measured[len(document)] = measure(document, arguments.rounds)
        pairs = (
            (plain.seal, compressed.seal),
            (plain.read_as_proxy, compressed.read_as_proxy),
            (plain.read_as_client, compressed.read_as_client),
        )
        print(
            f"{len(document):>10,}  {plain.payload:>10,} / {compressed.payload:>9,}"
            f" ({compressed.payload / plain.payload:.2f})  "
            + "  ".join(f"{one:7.2f} / {other:7.2f} ({other / one:4.1f})" for one, other in pairs)
        )

    print("\nzlib pays on links slower than … MB/s, by size in bytes of BSON:\n")
    print(f"{'':<28}" + "".join(f"{size:>12,}" for size in measured))
    for way in ("request", "response"):
        for memory in arguments.memory:
            share = min(1.0, memory / FULL_CORE_MB)
            limits = {size: slowest_link(way, share, *both) for size, both in measured.items()}
            name = f"{way}s, proxy of {memory} MB"
            print(f"{name:<28}" + "".join(f"{limit:>12.0f}" for limit in limits.values()))
            for link in arguments.links:
                print(f"    at {link:g} MB/s it pays {pays_from(limits, link)}")
            print(f"    by CPU alone it pays {pays_from(limits, sys.float_info.max)}")


if __name__ == "__main__":
    main()
