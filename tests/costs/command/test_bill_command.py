"""`motorpool cost bill`: AWS's own examples can be typed in."""

import json
from typing import Any

import pytest

from tests.costs.command.conftest import Cost

BACKEND = ("--invocations", "3e6", "--duration-ms", "120", "--memory", "1536")
LAUNCH = (
    *["--invocations", "2.5e6", "--duration-ms", "120", "--memory", "1536"],
    *["--provisioned-concurrency", "100", "--provisioned-hours", "8"],
    *["--provisioned-invocations", "5e5", "--provisioned-duration-ms", "100"],
)


def data(cost: Cost, *arguments: str) -> dict[str, Any]:
    code, out, err = cost("bill", *arguments, "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def lines(cost: Cost, *arguments: str) -> dict[str, float]:
    found = data(cost, *arguments)["bill"]
    return {
        " ".join(filter(None, (line["what"], line["architecture"]))): line["usd_as_invoiced"]
        for line in found
    }


def test_awss_mobile_backend_comes_out_to_the_cent(cost: Cost) -> None:
    """AWS Lambda pricing page, example 1, 2022 to 2026."""
    found = data(cost, *BACKEND)

    assert found["usd_a_month_as_invoiced"] == 2.73
    assert lines(cost, *BACKEND) == {"requests": 0.40, "duration x86_64": 2.33}


def test_awss_app_launch_comes_out_to_the_cent(cost: Cost) -> None:
    """AWS Lambda pricing page, provisioned concurrency, 2020 to 2026."""
    assert data(cost, *LAUNCH)["usd_a_month_as_invoiced"] == 19.96
    assert lines(cost, *LAUNCH) == {
        "requests": 0.40,
        "duration x86_64": 0.83,
        "provisioned concurrency x86_64": 18.00,
        "provisioned duration x86_64": 0.73,
    }


def test_the_sum_is_printed_as_on_the_invoice_and_exactly(cost: Cost) -> None:
    _, out, _ = cost("bill", *LAUNCH)

    assert "3,000,000 invocations cost USD 19.96, as on AWS's invoice." in out
    assert "exactly it is USD 19.962644." in out
    totals = [line.split() for line in out.splitlines() if line.startswith("total")]
    assert totals == [["total", "19.96"]]


def test_lines_are_rounded_to_cents_before_they_are_added(cost: Cost) -> None:
    # 0.004 dollars for requests, and nearly as much for 240 GB-seconds.
    options = ("--invocations", "2e4", "--duration-ms", "96", "--no-free-tier")

    _, out, _ = cost("bill", *options)

    assert data(cost, *options)["usd_a_month_as_invoiced"] == 0
    assert data(cost, *options)["usd_a_month"] == pytest.approx(0.008, rel=1e-5)
    assert [line.split()[-1] for line in out.splitlines() if "  0.00" in line] == ["0.00"] * 3


def test_explain_prints_the_terms(cost: Cost) -> None:
    _, out, _ = cost("bill", *BACKEND, "--explain")

    text = " ".join(out.split())
    assert "duration on x86_64 400,000 GB-seconds 0 0.00 free tier" in text
    assert "140,000 GB-seconds 0.0000166667 2.333338 tier 1, source list" in text


def test_without_the_free_tier_everything_is_charged(cost: Cost) -> None:
    assert lines(cost, *BACKEND, "--no-free-tier") == {"requests": 0.60, "duration x86_64": 9.00}


def test_the_region_and_the_architecture_choose_the_prices(cost: Cost) -> None:
    options = ("--no-free-tier", "--region", "eu-west-1", "--architecture", "arm")

    assert lines(cost, *BACKEND, *options) == {"requests": 0.90, "duration arm64": 7.20}


def test_the_init_phase_is_billed_of_cold_starts(cost: Cost) -> None:
    found = data(
        cost,
        *["--invocations", "1e6", "--duration-ms", "100", "--memory", "1024"],
        *["--init-ms", "500", "--cold-share", "0.02"],
    )

    assert found["bill"][1]["quantity"] == 1e6 * (0.1 + 0.02 * 0.5)


@pytest.mark.parametrize(
    ("options", "line", "quantity"),
    [
        (["--ephemeral-mb", "1536"], "ephemeral storage", 3e6 * 0.12),
        (["--streamed-gb", "150"], "response streaming", 150),
        (["--egress-gb", "20000"], "internet egress", 20000),
        (["--nat-gb", "7"], "NAT gateway data", 7),
        (["--nat-hours", "730"], "NAT gateway hours", 730),
        (
            ["--provisioned-concurrency", "2", "--provisioned-hours", "0.1"],
            "provisioned concurrency",
            2 * 1.5 * 600,  # six minutes are paid as ten
        ),
        (
            ["--provisioned-invocations", "1e6"],
            "provisioned duration",
            1e6 * 0.12 * 1.5,  # as long as the others, unless it is said
        ),
    ],
)
def test_every_option_is_a_line_of_the_bill(
    options: list[str], line: str, quantity: float, cost: Cost
) -> None:
    found = {each["what"]: each for each in data(cost, *BACKEND, *options)["bill"]}

    assert found[line]["quantity"] == quantity


def test_functions_of_one_account_share_tiers_and_free_tier(cost: Cost) -> None:
    one = "invocations=1e6,duration-ms=120,memory=1536"

    found = data(cost, *(text for name in "abc" for text in ("--function", f"name={name},{one}")))

    assert found["usd_a_month_as_invoiced"] == 2.73
    assert [each["name"] for each in found["functions"]] == ["a", "b", "c"]
    shares = [each["usd_a_month"] for each in found["functions"]]
    assert shares == pytest.approx([found["usd_a_month"] / 3] * 3)


def test_what_a_function_leaves_out_is_as_the_options_say(cost: Cost) -> None:
    found = data(
        cost,
        *["--memory", "1536", "--architecture", "arm64", "--duration-ms", "50"],
        *["--function", "invocations=1e6"],
        *["--function", "name=other,invocations=2e6,architecture=x86,duration-ms=10"],
    )["functions"]

    assert [each["name"] for each in found] == ["function 1", "other"]
    assert [each["memory_mb"] for each in found] == [1536, 1536]
    assert [each["architecture"] for each in found] == ["arm64", "x86_64"]
    assert [each["duration_ms"] for each in found] == [50, 10]


def test_several_functions_have_a_column_each(cost: Cost) -> None:
    _, out, _ = cost(
        "bill",
        *["--function", "name=a,invocations=3e6", "--function", "name=b,invocations=1e6"],
        *["--no-free-tier", "--csv"],
    )

    assert out.splitlines()[0] == (
        "what,architecture,quantity,unit,usd,usd_as_invoiced,usd_a,usd_b"
    )
    assert out.splitlines()[1] == "requests,,4000000,requests,0.8,0.8,0.6,0.2"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "--invocations must be given: the month's, such as 3e6 (or --function)"),
        (
            ["--invocations", "3M"],
            "--invocations must be a number such as 2500, 0.5, 3e6 or 3_000_000, not '3M'",
        ),
        (["--invocations", "1", "--memory", "1"], "--memory must be from 128 to 10240, and is 1"),
        (
            ["--invocations", "1", "--architecture", "mips"],
            "--architecture must be x86_64 or arm64, and is 'mips'",
        ),
        (
            ["--function", "memory=1"],
            "--function: memory must be from 128 to 10240, and is 1",
        ),
        (
            ["--function", "invocations=x"],
            "--function: invocations must be a number such as 2500, 0.5, 3e6 or 3_000_000, not 'x'",
        ),
        (
            ["--function", "architecture=mips"],
            "--function: architecture must be x86_64 or arm64, and is 'mips'",
        ),
        (
            ["--function", "memory=128,memory=256"],
            "--function must have each key once, and has memory twice",
        ),
        (
            ["--function", "name=a", "--function", "name=a"],
            "--function must have names that differ, and 'a' is there twice",
        ),
    ],
)
def test_bad_input_is_one_line_that_names_the_option(
    arguments: list[str], line: str, cost: Cost
) -> None:
    assert cost("bill", *arguments) == (2, "", f"motorpool: error: {line}\n")


@pytest.mark.parametrize("text", ["x", "memory", "memory=", "size=1", ""])
def test_a_function_that_cannot_be_read_is_one_line_with_its_keys(text: str, cost: Cost) -> None:
    code, out, err = cost("bill", "--function", text)

    assert (code, out) == (2, "")
    assert "must be of KEY=VALUE, apart by commas, with the keys invocations, duration-ms" in err
    assert err.endswith(f"it has {text!r}\n")
    assert err.count("\n") == 1


def test_invocations_of_no_duration_are_said_to_be_requests_alone(cost: Cost) -> None:
    untimed = cost("bill", "--invocations", "3e6")[1]
    timed = cost("bill", "--invocations", "3e6", "--duration-ms", "120")[1]

    assert "function: no duration is given (--duration-ms), so its invocations" in untimed
    assert "no duration is given" not in timed
