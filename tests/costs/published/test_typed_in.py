"""AWS's examples typed into `motorpool cost bill`, in this process: AWS's lines and AWS's totals.

With the packaged prices, and no refreshed table; where an example is at other prices, these are
typed in as well. What each example says, and from when it is, stands in the tests beside this one.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from motorpool.costs.price_file import write_prices
from motorpool.local.cli import main
from tests.costs.published.of_the_day import CLASSIC, TODAY

CLASSIC_PRICE = "--price duration=0.00001667"
EDGE_PRICES = "--price duration=0.00005001,request=0.0000006"

Run = Callable[..., str]


class Example(NamedTuple):
    """What is typed, and what AWS prints for it."""

    name: str
    options: str
    total: str
    lines: dict[str, str]


EXAMPLES = [
    Example(
        "mobile backend",
        "--invocations 3e6 --duration-ms 120 --memory 1536",
        "2.73",
        {"requests": "0.40", "duration": "2.33"},
    ),
    Example(
        "telemetry",
        "--invocations 7.44e6 --duration-ms 2000 --memory 1024 --no-free-tier",
        "249.49",
        {"requests": "1.49", "duration": "248.00"},
    ),
    Example(
        "support tickets",
        "--invocations 6e6 --duration-ms 280 --memory 4096 --ephemeral-mb 2048",
        "106.41",
        {"requests": "1.00", "duration": "105.33", "ephemeral storage": "0.08"},
    ),
    Example(
        "app launch",
        "--invocations 2.5e6 --duration-ms 120 --memory 1536 --provisioned-concurrency 100 "
        "--provisioned-hours 8 --provisioned-invocations 5e5 --provisioned-duration-ms 100",
        "19.96",
        {
            "requests": "0.40",
            "duration": "0.83",
            "provisioned concurrency": "18.00",
            "provisioned duration": "0.73",
        },
    ),
    Example(
        "Cyber Monday",
        "--provisioned-invocations 2e6 --duration-ms 280 --memory 4096 "
        "--provisioned-concurrency 7 --provisioned-hours 24",
        "32.26",
        {
            "requests": "0.40",
            "duration": "0.00",
            "provisioned concurrency": "10.08",
            "provisioned duration": "21.78",
        },
    ),
    Example(
        "SnapStart",
        "--invocations 7.44e6 --duration-ms 2000 --memory 1024 --no-free-tier "
        "--snapstart-hours 744 --snapstart-restores 74400",
        "263.92",
        {
            "requests": "1.49",
            "duration": "248.00",
            "SnapStart cache": "4.03",
            "SnapStart restore": "10.40",
        },
    ),
    Example(
        "SnapStart, in the invoice's units",
        "--invocations 7.44e6 --duration-ms 2000 --memory 1024 --no-free-tier "
        "--snapstart-cache-gb-seconds 2678400 --snapstart-restored-gb 74400",
        "263.92",
        {
            "requests": "1.49",
            "duration": "248.00",
            "SnapStart cache": "4.03",
            "SnapStart restore": "10.40",
        },
    ),
    Example(
        "streaming",
        "--duration-ms 500 --memory 1536 --free-used streamed-gb=100 "
        "--function name=small,invocations=2e6,response-mb=0.1 "
        "--function name=large,invocations=1e6,response-mb=7",
        "39.04",
        {"requests": "0.40", "duration": "30.83", "response streaming": "7.81"},
    ),
    Example(
        "streaming, in the invoice's units",
        "--invocations 3e6 --duration-ms 500 --memory 1536 --free-used streamed-gb=100 "
        "--streamed-gb 976.5625",
        "39.04",
        {"requests": "0.40", "duration": "30.83", "response streaming": "7.81"},
    ),
    Example(
        "Kafka poller, Lambda's lines, with the requests that it says run",
        "--invocations 30e6 --duration-ms 2000 --memory 1024 --free-used requests=1e6",
        "999.34",
        {"requests": "6.00", "duration": "993.34"},
    ),
    Example(
        "SQS poller, Lambda's lines",
        "--invocations 30e6 --duration-ms 1000 --memory 1024 --no-free-tier",
        "506.00",
        {"requests": "6.00", "duration": "500.00"},
    ),
    Example(
        "ten Kafka pollers, Lambda's lines",
        "--invocations 300e6 --duration-ms 200 --memory 1024 --no-free-tier",
        "1060.00",
        {"requests": "60.00", "duration": "1000.00"},
    ),
    Example(
        "durable claims, Lambda's lines: 32 s in two invocations",
        "--invocations 2e6 --duration-ms 16000 --memory 1024 --architecture arm64",
        "421.54",
        {"requests": "0.20", "duration": "421.34"},
    ),
    Example(
        "isolated tenants, Lambda's lines, where AWS prints 333.34 for 333.334",
        "--invocations 10e6 --duration-ms 2000 --memory 1024 --no-free-tier",
        "335.33",
        {"requests": "2.00", "duration": "333.33"},
    ),
    Example(
        "managed instances, the requests",
        "--invocations 100e6 --no-free-tier",
        "20.00",
        {"requests": "20.00", "duration": "0.00"},
    ),
    Example(
        "classic, 512 MB",
        f"--invocations 3e6 --duration-ms 1000 --memory 512 {CLASSIC_PRICE}",
        "18.74",
        {"requests": "0.40", "duration": "18.34"},
    ),
    Example(
        "classic, 128 MB",
        f"--invocations 30e6 --duration-ms 200 --memory 128 {CLASSIC_PRICE}",
        "11.63",
        {"requests": "5.80", "duration": "5.83"},
    ),
    Example(
        "web app of 28 ms, billed by 100",
        "--invocations 60e6 --duration-ms 28 --billed-step-ms 100 --memory 1024 --no-free-tier",
        "112.00",
        {"requests": "12.00", "duration": "100.00"},
    ),
    Example(
        "web app, its log's 27.55 ms billed by 1",
        "--invocations 60e6 --duration-ms 27.55 --billed-step-ms 1 --memory 1024 --no-free-tier",
        "40.00",
        {"requests": "12.00", "duration": "28.00"},
    ),
    Example(
        "Lambda@Edge, 50 ms",
        f"--invocations 10e6 --duration-ms 50 --no-free-tier {EDGE_PRICES}",
        "9.13",
        {"requests": "6.00", "duration": "3.13"},
    ),
    Example(
        "Lambda@Edge, 10 ms",
        f"--invocations 10e6 --duration-ms 10 --no-free-tier {EDGE_PRICES}",
        "6.63",
        {"requests": "6.00", "duration": "0.63"},
    ),
]


@pytest.fixture
def cost_bill(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """`motorpool cost bill …`, which must succeed and say nothing but its report."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def run(options: str) -> str:
        code = main(["cost", "bill", *options.split()])
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return out

    return run


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_command_comes_to_awss_lines_and_total(example: Example, cost_bill: Run) -> None:
    found = json.loads(cost_bill(f"{example.options} --json"))

    assert {each["what"]: f"{each['usd_as_invoiced']:.2f}" for each in found["bill"]} == (
        example.lines
    )
    assert f"{found['usd_a_month_as_invoiced']:.2f}" == example.total


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_printed_table_ends_with_awss_total(example: Example, cost_bill: Run) -> None:
    out = cost_bill(example.options)

    lines = [line.split()[-1] for line in out.splitlines() if line.startswith("total ")]
    assert [total.replace(",", "") for total in lines] == [example.total]


def test_an_example_of_other_prices_comes_out_with_a_price_file_too(
    tmp_path: Path, cost_bill: Run
) -> None:
    path = tmp_path / "classic.json"
    write_prices(replace(TODAY, regions={CLASSIC.region: CLASSIC}), path)

    out = cost_bill(f"--invocations 3e6 --duration-ms 1000 --memory 512 --prices {path}")

    assert "3,000,000 invocations cost USD 18.74, as on AWS's invoice." in out


def test_the_streaming_example_as_it_is_printed(cost_bill: Run) -> None:
    streaming = next(each for each in EXAMPLES if each.name == "streaming")

    out = cost_bill(streaming.options)

    assert "3,000,000 invocations cost USD 39.04, as on AWS's invoice." in out
    assert [
        line.split()[-1] for line in out.splitlines() if line.startswith("response streaming")
    ] == ["7.81"]
    assert "- Of the free tier others use: response stream gb 100" in out


def test_a_duration_price_that_is_typed_in_has_no_borders_to_tell_of(cost_bill: Run) -> None:
    elsewhere = "--invocations 3e6 --duration-ms 1000 --memory 512 --region me-south-1"

    assert "The borders between this region's tiers of duration" in cost_bill(elsewhere)
    assert "The borders between" not in cost_bill(f"{elsewhere} {CLASSIC_PRICE}")


@pytest.mark.parametrize(
    ("memory", "ms", "usd"),
    [
        (128, "11722.965", 0.024628),
        (256, "6678.945", 0.028035),
        (512, "3194.954", 0.026830),
        (1024, "1465.984", 0.024638),
    ],
)
def test_the_measured_primes_come_out_to_a_millionth_of_a_dollar(
    memory: int, ms: str, usd: float, cost_bill: Run
) -> None:
    found = json.loads(
        cost_bill(
            f"--invocations 1000 --duration-ms {ms} --memory {memory} --no-free-tier "
            f"{CLASSIC_PRICE} --json"
        )
    )

    assert round(found["usd_a_month"], 6) == usd
