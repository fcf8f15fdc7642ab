"""The demo's load on the local Lambda: what its REPORT lines cost, against what is estimated.

The report is made of Lambda's own lines alone. Where the estimate is given the durations that they
show, it is the same month; where the durations are the model's own, they explain all of the rest.
"""

import asyncio
import json
import re
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from motorpool.client import Bounds
from motorpool.costs.durations import Design
from motorpool.costs.load import Load
from motorpool.costs.model import estimate
from motorpool.costs.price_file import read_prices
from motorpool.costs.recorded import analyse, read_usage, to_load
from motorpool.costs.recorded.month import Scale, month
from motorpool.costs.setup import Setup
from motorpool.local import cli
from motorpool.local.demo.measure import Run, run_pages
from motorpool.local.demo.shop import DATABASE, load, make_shop
from tests.integration.services import CREDENTIALS, FUNCTION, motorpool_local

PAGES = 12
REPORT = re.compile(
    r"REPORT RequestId: \S+\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms\t"
    r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\t(?:Init Duration: [\d.]+ ms\t)?$"
)


class Recorded(NamedTuple):
    """A run of the demo's pages: what the client counted, and what Lambda logged meanwhile."""

    run: Run
    path: Path
    billed_ms: list[int]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The coalesced pages of the demo on the embedded database, and the lines of their log."""
    path = tmp_path_factory.mktemp("usage") / "function.log"
    with motorpool_local("--mongodb-uri", "mongomock://") as service:

        async def pages() -> Run:
            async with service.client() as client, client.request(timeout=60):
                await load(client[DATABASE], make_shop(), lambda _: None)
            options = {"endpoint_url": service.url, **CREDENTIALS}
            return await run_pages(FUNCTION, options, Bounds(), PAGES, lambda _: None)

        run = asyncio.run(pages())
        # Loading, and one page that is not counted, were before; the thread that reads the log may
        # not have come to its last line.
        until = time.monotonic() + 10
        while not is_whole(service.log) and time.monotonic() < until:
            time.sleep(0.01)
        lines = [line for line in service.log if "REPORT" in line][-run.invocations :]
    path.write_text("".join(lines))
    return Recorded(run, path, reports(lines))


def is_whole(log: list[str]) -> bool:
    """Whether every invocation that has begun is reported; one runs at a time here."""
    begun = sum("START RequestId" in line for line in log)
    return begun > 0 and sum("REPORT RequestId" in line for line in log) == begun


def reports(lines: list[str]) -> list[int]:
    """What was billed, in milliseconds, by the lines of a log, read without the product's help."""
    return [int(found[2]) for line in lines if (found := REPORT.search(line.rstrip("\n")))]


def estimated(given: Recorded) -> tuple[Load, Setup]:
    """The load as somebody describes it who knows the pages, and how long a batch of them takes."""
    run = given.run
    billed = Decimal(sum(given.billed_ms)) / len(given.billed_ms)
    return (
        Load(
            requests=Decimal(3_000_000),
            queries=Decimal(run.sent) / run.pages,
            waves=Decimal(run.invocations) / run.pages,
            cold_share=Decimal(0),
        ),
        Setup(batch_ms=billed, has_free_tier=False),
    )


def test_the_report_counts_what_the_client_has_counted(recorded: Recorded) -> None:
    analysis = analyse(read_usage([str(recorded.path)]), Setup())

    assert analysis.invocations == recorded.run.invocations == 2 * PAGES
    assert analysis.billed_total_ms == sum(recorded.billed_ms)
    assert analysis.gb_seconds == Decimal(sum(recorded.billed_ms)) / 1000 / 8


def test_a_months_report_is_the_estimate_for_the_same_load_with_its_durations(
    recorded: Recorded,
) -> None:
    prices = read_prices()
    analysis = analyse(read_usage([str(recorded.path)]), Setup(has_free_tier=False))
    asked, setup = estimated(recorded)
    reported = month(analysis, prices, Scale(factor=asked.requests / PAGES, how="3M requests"))

    made = estimate(asked, setup, prices)
    proxy = made.part("proxy")

    assert proxy is not None
    assert reported.invocations == proxy.invocations == 6_000_000
    assert float(reported.gb_seconds) == pytest.approx(float(proxy.usage.gb_seconds), rel=1e-12)
    assert float(reported.bill.usd) == pytest.approx(float(made.bill.usd_of("proxy")), rel=1e-12)
    # By hand: 0.20 a million requests, and the GB-seconds at us-east-1's first price.
    by_hand = 1.2 + 6e6 * sum(recorded.billed_ms) / len(recorded.billed_ms) / 8000 * 1.66667e-5
    assert float(reported.bill.usd) == pytest.approx(by_hand, rel=1e-9)


def test_where_the_durations_are_the_models_they_explain_all_of_the_difference(
    recorded: Recorded,
) -> None:
    prices = read_prices()
    asked, measured = estimated(recorded)
    as_measured = estimate(asked, measured, prices).part("proxy")
    modelled = estimate(asked, replace(measured, batch_ms=None), prices).part("proxy")

    assert as_measured is not None
    assert modelled is not None
    assert modelled.invocations == as_measured.invocations
    assert modelled.duration_ms != as_measured.duration_ms
    explained = float(as_measured.duration_ms / modelled.duration_ms)
    found = float(as_measured.usage.gb_seconds / modelled.usage.gb_seconds)
    assert found == pytest.approx(explained, rel=1e-12)


def test_the_load_that_is_read_off_the_report_has_the_same_estimate(recorded: Recorded) -> None:
    prices = read_prices()
    analysis = analyse(read_usage([str(recorded.path)]), Setup())
    to = Scale(factor=Decimal(1000), how="a thousand times")

    asked, setup = to_load(analysis, to=to, requests=PAGES, queries=recorded.run.sent / PAGES)
    proxy = estimate(asked, setup, prices, Design.BATCHED).part("proxy")
    reported = month(analysis, prices, to)

    assert proxy is not None
    assert float(proxy.invocations) == pytest.approx(float(reported.invocations), rel=1e-9)
    assert float(proxy.usage.gb_seconds) == pytest.approx(float(reported.gb_seconds), rel=1e-9)


def test_the_two_commands_print_the_same_month(
    recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    run, hours = recorded.run, 730 * PAGES / 3_000_000
    billed = sum(recorded.billed_ms) / len(recorded.billed_ms)
    report_options = ["--period", f"{hours:.9f}", "--no-free-tier", "--json"]
    load_options = {
        "--requests": "3e6",
        "--queries": str(run.sent / run.pages),
        "--waves": str(run.invocations / run.pages),
        "--batch-ms": str(billed),
        "--cold-share": "0",
    }

    assert cli.main(["cost", "report", str(recorded.path), *report_options]) == 0
    report = json.loads(capsys.readouterr().out)
    options = [each for pair in load_options.items() for each in pair]
    assert cli.main(["cost", "estimate", *options, "--no-free-tier", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)

    assert report["usd_proxy"] == pytest.approx(made["usd_proxy"], rel=1e-6)
