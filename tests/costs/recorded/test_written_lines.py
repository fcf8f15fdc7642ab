"""Lines as the client, the proxy and the local Lambda really write them."""

import asyncio
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from motorpool.client import InProcessTransport, ProxyClient
from motorpool.costs.recorded import (
    Analysis,
    ClientBatch,
    Invocation,
    ProxyBatch,
    analyse,
    read,
    read_usage,
)
from motorpool.local import Report
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.costs.recorded.lines import write


@pytest.fixture
async def files(tmp_path: Path) -> list[str]:
    """What both ends have written of two requests: one of two waves, one of one."""
    names = [str(tmp_path / name) for name in ("proxy.jsonl", "client.jsonl")]
    proxy = Proxy(Settings("mongomock://", usage=names[0]))
    transport = InProcessTransport(proxy.handle)
    async with ProxyClient(transport=transport, usage=names[1]) as client:
        users = client.shop.users
        async with client.request():
            await users.insert_one({"_id": 1})
            await asyncio.gather(*(users.find_one({"_id": each}) for each in (1, 1, 2, 3)))
        async with client.request():
            await users.find_one({"_id": 1})
    await asyncio.to_thread(proxy.close)
    return names


def analysed(files: list[str]) -> Analysis:
    usage = read_usage(files)
    assert usage.tally.unrecognised == 0
    return analyse(usage)


async def test_both_ends_tell_the_same_story(files: list[str]) -> None:
    proxy, client = (analysed([each]) for each in files)
    assert (proxy.invocations, client.invocations) == (3, 3)
    assert (proxy.operations, client.operations) == (5, 5)
    assert client.deduplicated == 1
    assert client.requests == 2
    assert client.calls_per_invocation == 2
    assert (proxy.cold, client.cold) == (1, 1)
    assert client.outcomes == {"ok": 3}
    assert proxy.sizes == client.sizes


async def test_both_together_are_the_same_batches(files: list[str]) -> None:
    both = analysed(files)
    assert (both.invocations, both.batches, both.operations) == (3, 3, 5)
    assert both.period.hours is not None
    assert both.period.hours < Decimal("0.1")


async def test_every_figure_of_a_line_is_taken_over(files: list[str]) -> None:
    batches = [each for name in files for each in read([name])]
    assert [type(each) for each in batches] == [ProxyBatch] * 3 + [ClientBatch] * 3
    for each in batches:
        assert isinstance(each, ProxyBatch | ClientBatch)
        assert each.at is not None
        assert each.handler_ms is not None
        assert each.cpu_ms is not None
        assert each.database_ms is not None
        assert each.bytes_out > 0
        assert each.billed_ms is not None
        assert each.billed_ms >= each.handler_ms


@pytest.mark.parametrize("prefix", ["", "[9f3a1c2b] "])
def test_the_local_lambdas_report_is_understood(tmp_path: Path, prefix: str) -> None:
    report = Report(
        request_id="8f5d1c1e-9d5a-4d57-8f3e-1f2a3b4c5d6e",
        duration_ms=Decimal("12.34"),
        memory_mb=128,
        max_memory_mb=51,
        init_ms=Decimal("311.02"),
        status="timeout",
    )
    (found,) = read([write(tmp_path / "log", f"{prefix}{report}")])
    assert isinstance(found, Invocation)
    assert (found.request_id, found.billed_ms) == (report.request_id, report.billed_ms)
    assert (found.duration_ms, found.init_ms, found.status) == (12.34, 311.02, "timeout")
    assert (found.memory_mb, found.max_memory_mb) == (128, 51)


async def test_a_request_id_joins_the_proxys_line_with_its_report(tmp_path: Path) -> None:
    name = str(tmp_path / "proxy.jsonl")
    proxy = Proxy(Settings("mongomock://", usage=name))
    context = SimpleNamespace(aws_request_id="r-1", get_remaining_time_in_millis=lambda: 9000)
    await asyncio.to_thread(proxy.handle, {"v": 1, "ops": []}, context)
    await asyncio.to_thread(proxy.close)
    report = Report(
        request_id="r-1", duration_ms=Decimal("99999.5"), memory_mb=128, max_memory_mb=51
    )
    usage = read_usage([name, write(tmp_path / "log", str(report))])
    assert (len(usage.invocations), usage.joined) == (1, 1)
    assert analyse(usage).billed_total_ms == 100_000
