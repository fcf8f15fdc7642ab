"""`motorpool demo` as a process: what it counts, and how it ends when it cannot run."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pymongo
import pytest

from motorpool.client import Bounds, InProcessTransport, ProxyClient
from motorpool.local.demo.page import show_page
from motorpool.local.demo.shop import DATABASE, load, make_shop
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    # Python's debug mode writes of slow steps to standard error, which is not the demo's doing.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONASYNCIODEBUG"}
    return subprocess.run(
        [sys.executable, "-m", "motorpool.local.cli", "demo", *options],
        capture_output=True,
        check=False,
        env=environment,
        text=True,
        timeout=60,
    )


def row(output: str, label: str) -> list[str]:
    (line,) = re.findall(rf"^  {label}  +(.*)$", output, re.MULTILINE)
    return re.split(r"  +", line)


def test_the_page_takes_one_invocation_a_wave_where_the_naive_run_takes_one_a_query() -> None:
    done = demo("--pages", "3")

    assert done.stderr == ""
    assert done.returncode == 0
    queries = row(done.stdout, "queries")
    assert queries[0] == queries[1]
    assert row(done.stdout, "invocations") == [queries[0], "6"]
    assert row(done.stdout, "invocations a page")[1] == "2.0"
    assert row(done.stdout, "pages whole all the same") == ["3 of 3", "3 of 3"]
    assert row(done.stdout, "queries that failed") == ["3", "3"]
    assert "2,000,000 invocations,   0.40 USD" in done.stdout
    assert "loading 3,400 documents" in done.stdout


@pytest.mark.parametrize("batch_operations", [1, 1_000])
async def test_the_page_shows_the_same_in_both_ways(batch_operations: int) -> None:
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    bounds = Bounds(batch_operations=batch_operations)
    transport = InProcessTransport(proxy.handle)
    async with ProxyClient(transport=transport, bounds=bounds) as client:
        await load(client[DATABASE], make_shop(), lambda _: None)
        before = client.counters.invocations
        page = await show_page(client[DATABASE], 7)
        invocations = client.counters.invocations - before
    proxy.close()

    assert page.customer["_id"] == 7
    assert [order["_id"] for order in page.orders] == [7, 407, 807, 1207, 1607, 2007]
    assert all(None not in order["products"] for order in page.orders)
    assert len(page.recommendations) == 5
    assert str(page.banner).startswith("unknown operator: $cheapest")
    products = sum(len(order["products"]) for order in page.orders)
    assert invocations == (2 if batch_operations > 1 else 5 + products)


def test_the_demo_runs_on_a_real_server_too_and_leaves_nothing_there(
    wire_uri: str,
) -> None:
    done = demo("--pages", "2", "--mongodb-uri", wire_uri)

    assert done.stderr == ""
    assert done.returncode == 0
    assert row(done.stdout, "invocations")[1] == "4"
    with pymongo.MongoClient[dict[str, Any]](wire_uri) as server:
        left = [server[DATABASE][name].count_documents({}) for name in make_shop().collections]
    assert left == [0, 0, 0]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--pages", "0"], "--pages 0: from 1 to 1000"),
        (["--pages", "many"], "argument --pages: invalid int value: 'many'"),
        (["--port", "70000"], "--port 70000: from 0 to 65535"),
        (["--mongodb-uri", "postgres://here"], "--mongodb-uri: must begin with mongodb://"),
    ],
)
def test_bad_input_is_one_line(options: list[str], line: str) -> None:
    done = demo(*options)

    assert done.returncode == 2
    assert done.stderr.startswith(f"motorpool: error: {line}")
    assert done.stderr.count("\n") == 1


def test_a_busy_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = demo("--port", str(port))

    assert done.returncode == 1
    assert done.stderr == (
        f"motorpool: error: port {port} on 127.0.0.1 is in use; "
        "choose another with --port (0 picks a free one)\n"
    )


def test_an_unreachable_database_is_one_line() -> None:
    done = demo("--mongodb-uri", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300")

    assert done.returncode == 1
    assert done.stderr.startswith("motorpool: error: the database cannot be reached: 127.0.0.1:1: ")
    assert done.stderr.endswith("Connection refused\n")
    assert done.stderr.count("\n") == 1


def test_what_the_coalesced_pages_used_is_written_for_the_cost_report(tmp_path: Path) -> None:
    usage = tmp_path / "usage.jsonl"

    done = demo("--pages", "3", "--usage", str(usage))

    assert done.stderr == ""
    assert done.stdout.endswith(f"motorpool cost report {usage} --measured-share 1\n")
    lines = usage.read_text().splitlines()
    clients = [json.loads(line) for line in lines if '"side": "client"' in line]
    proxys = [json.loads(line[line.index("{") :]) for line in lines if '"side":"proxy"' in line]
    assert len(clients) == len(proxys) == sum("REPORT RequestId" in line for line in lines) == 6
    assert [line["operations"] for line in clients] == [line["operations"] for line in proxys]
    assert not any(line["cold"] for line in proxys)


def test_a_usage_file_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    done = demo("--usage", str(tmp_path / "missing" / "usage.jsonl"))

    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(
        r"motorpool: error: --usage \S+usage\.jsonl: No such file or directory\n", done.stderr
    )
