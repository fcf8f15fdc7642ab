"""`motorpool cost bill`: its units of billing, and an account's own free tier and prices."""

import json
from typing import Any

import pytest

from tests.costs.command.conftest import Cost

BACKEND = ("--invocations", "3e6", "--duration-ms", "120", "--memory", "1536")
SNAPSTART = ("--price", "snapstart-cache-gb-second=1,snapstart-restore-gb=1")
"""Which the table of these tests has not."""


def data(cost: Cost, *arguments: str) -> dict[str, Any]:
    code, out, err = cost("bill", *arguments, "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def lines(cost: Cost, *arguments: str) -> dict[str, float]:
    return {each["what"]: each["usd_as_invoiced"] for each in data(cost, *arguments)["bill"]}


def quantities(cost: Cost, *arguments: str) -> dict[str, float]:
    return {each["what"]: each["quantity"] for each in data(cost, *arguments)["bill"]}


# --- units of billing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duration", "step", "billed"),
    [("101", "100", 200), ("100", "100", 100), ("0.2", "1", 1), ("0", "100", 0), ("30", "50", 50)],
)
def test_a_duration_is_billed_by_steps_rounded_up(
    duration: str, step: str, billed: float, cost: Cost
) -> None:
    given = ("--invocations", "1e6", "--duration-ms", duration, "--billed-step-ms", step)

    assert quantities(cost, *given, "--memory", "1024")["duration"] == billed * 1000


def test_without_a_step_a_mean_of_billed_durations_stays_as_it_is(cost: Cost) -> None:
    given = ("--invocations", "1e6", "--duration-ms", "27.55", "--memory", "1024")

    assert quantities(cost, *given)["duration"] == 27_550


def test_a_cold_starts_init_phase_and_duration_are_rounded_up_together(cost: Cost) -> None:
    given = (
        *["--invocations", "1e6", "--memory", "1024", "--duration-ms", "60"],
        *["--init-ms", "30", "--cold-share", "0.5", "--billed-step-ms", "100"],
    )

    # 60 and 60 + 30 are both billed as 100.
    assert quantities(cost, *given)["duration"] == 100_000


def test_what_runs_on_provisioned_concurrency_is_rounded_up_as_well(cost: Cost) -> None:
    given = (
        *["--provisioned-invocations", "1e6", "--memory", "1024", "--billed-step-ms", "100"],
        *["--ephemeral-mb", "1536"],
    )

    found = quantities(cost, *given, "--provisioned-duration-ms", "101")
    as_the_others = quantities(cost, *given, "--duration-ms", "101")

    assert found["provisioned duration"] == as_the_others["provisioned duration"] == 200_000
    assert found["ephemeral storage"] == as_the_others["ephemeral storage"] == 200_000


def test_storage_is_paid_for_as_long_as_the_duration_is_billed(cost: Cost) -> None:
    given = (
        *["--invocations", "1e6", "--duration-ms", "101", "--billed-step-ms", "100"],
        *["--ephemeral-mb", "1536"],
    )

    assert quantities(cost, *given)["ephemeral storage"] == 200_000


# --- streaming and SnapStart --------------------------------------------------------------------


@pytest.mark.parametrize(("size", "gb"), [("7", 1000), ("6.512", 512), ("10", 4000)])
def test_six_mb_of_each_streamed_response_are_free(size: str, gb: float, cost: Cost) -> None:
    given = ("--invocations", "1024e3", "--response-mb", size)

    assert quantities(cost, *given)["response streaming"] == gb


@pytest.mark.parametrize("size", ["0", "5.9", "6"])
def test_a_response_of_six_mb_is_free(size: str, cost: Cost) -> None:
    assert "response streaming" not in lines(cost, *BACKEND, "--response-mb", size)


def test_responses_of_provisioned_environments_are_streamed_too(cost: Cost) -> None:
    given = ("--invocations", "512", "--provisioned-invocations", "512", "--response-mb", "7")

    assert quantities(cost, *given)["response streaming"] == 1
    assert quantities(cost, *given, "--streamed-gb", "2")["response streaming"] == 3


@pytest.mark.parametrize(
    ("hours", "seconds"), [("744", 2_678_400), ("3", 10_800), ("0.5", 10_800), ("3.5", 12_600)]
)
def test_a_snapshot_is_paid_for_three_hours_at_the_least(
    hours: str, seconds: float, cost: Cost
) -> None:
    found = quantities(cost, *BACKEND, *SNAPSTART, "--snapstart-hours", hours)

    assert found["SnapStart cache"] == 1.5 * seconds


def test_without_hours_there_is_no_snapshot(cost: Cost) -> None:
    assert "SnapStart cache" not in lines(cost, *BACKEND)
    assert "SnapStart restore" not in lines(cost, *BACKEND)


def test_a_restored_environment_is_as_large_as_its_memory(cost: Cost) -> None:
    found = quantities(
        cost,
        *BACKEND,
        *SNAPSTART,
        *["--snapstart-restores", "1000", "--snapstart-restored-gb", "7"],
        *["--snapstart-cache-gb-seconds", "11", "--snapstart-hours", "3"],
    )

    assert found["SnapStart restore"] == 1507
    assert found["SnapStart cache"] == 1.5 * 10_800 + 11


# --- the free tier ------------------------------------------------------------------------------


def test_what_others_use_of_the_free_tier_is_charged(cost: Cost) -> None:
    assert lines(cost, *BACKEND, "--free-used", "requests=5e5,gb-seconds=100000") == {
        "requests": 0.50,  # 2.5 of 3 million
        "duration": 4.00,  # 240,000 of 540,000 GB-seconds
    }


def test_others_cannot_use_more_than_is_free(cost: Cost) -> None:
    everything = "requests=9e9,gb-seconds=9e9,streamed-gb=9e9,egress-gb=9e9"
    given = (*BACKEND, "--streamed-gb", "200", "--egress-gb", "200")

    assert lines(cost, *given, "--free-used", everything) == lines(cost, *given, "--no-free-tier")


@pytest.mark.parametrize(
    ("used", "what", "usd"),
    [("streamed-gb=60", "response streaming", 0.48), ("egress-gb=60", "internet egress", 5.40)],
)
def test_the_free_gb_may_be_used_up_as_well(used: str, what: str, usd: float, cost: Cost) -> None:
    given = (*BACKEND, "--streamed-gb", "100", "--egress-gb", "100")

    assert lines(cost, *given)[what] == 0
    assert lines(cost, *given, "--free-used", used)[what] == usd


def test_invocations_on_provisioned_concurrency_are_never_free(cost: Cost) -> None:
    assert lines(cost, "--provisioned-invocations", "2e6")["requests"] == 0.40
    assert lines(cost, "--invocations", "2e6")["requests"] == 0.20


# --- prices that are given ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "given", "what", "usd"),
    [
        ("request=0.000001", [], "requests", 3.00),
        ("duration=0.001", [], "duration", 540.00),
        (
            "provisioned-concurrency=0.001",
            ["--provisioned-concurrency", "10", "--provisioned-hours", "1"],
            "provisioned concurrency",
            54.00,
        ),
        (
            "provisioned-duration=0.001",
            ["--provisioned-invocations", "1e6"],
            "provisioned duration",
            180.00,
        ),
        ("ephemeral-storage=0.001", ["--ephemeral-mb", "1536"], "ephemeral storage", 360.00),
        ("response-stream-gb=3", ["--streamed-gb", "2"], "response streaming", 6.00),
        ("nat-gateway-hour=3", ["--nat-hours", "2"], "NAT gateway hours", 6.00),
        ("nat-gateway-gb=3", ["--nat-gb", "2"], "NAT gateway data", 6.00),
    ],
)
def test_a_price_that_is_given_takes_the_tables_place(
    price: str, given: list[str], what: str, usd: float, cost: Cost
) -> None:
    given = [*BACKEND, *given, "--no-free-tier"]

    before, after = lines(cost, *given), lines(cost, *given, "--price", price)
    terms = data(cost, *given, "--price", price)["terms"]

    assert after[what] == usd
    assert before[what] != usd
    assert {name for name in after if after[name] != before[name]} == {what}
    assert [term["sources"][0] for term in terms if term["what"] == what] == ["given"]


@pytest.mark.parametrize(
    ("key", "option", "what"),
    [
        ("snapstart-cache-gb-second", "--snapstart-cache-gb-seconds", "SnapStart cache"),
        ("snapstart-restore-gb", "--snapstart-restored-gb", "SnapStart restore"),
    ],
)
def test_a_price_that_the_table_has_not_may_be_given(
    key: str, option: str, what: str, cost: Cost
) -> None:
    code, _, err = cost("bill", *BACKEND, option, "2")

    assert code == 2
    assert f"{what}: its price in us-east-1 is not known to this table" in err
    assert lines(cost, *BACKEND, option, "2", "--price", f"{key}=3")[what] == 6.00


def test_a_duration_that_is_given_has_no_tiers_and_holds_on_arm(cost: Cost) -> None:
    given = ("--invocations", "1e9", "--duration-ms", "20000", "--memory", "1024")

    found = lines(
        cost, *given, "--architecture", "arm", "--no-free-tier", "--price", "duration=1e-5"
    )

    assert found["duration"] == 200_000


def test_the_report_says_which_prices_were_given_and_what_others_use(cost: Cost) -> None:
    given = ("--price", "duration=0.00001667", "--free-used", "gb-seconds=1000")

    _, out, _ = cost("bill", *BACKEND, *given, "--explain")
    found = data(cost, *BACKEND, *given)

    text = " ".join(out.split())
    assert "0.00001667 2.350" in text
    assert "at one price, source given" in text
    assert "given price given with --price the command line not said" in text
    assert "- Prices given instead, in USD at every quantity: duration 0.00001667" in out
    assert "- Of the free tier others use: gb seconds 1,000" in out
    assert found["prices_given"] == {"duration": 0.00001667}
    assert found["free_tier_used"] == {"gb_seconds": 1000}


def test_without_such_options_the_report_says_nothing_of_them(cost: Cost) -> None:
    _, out, _ = cost("bill", *BACKEND)
    found = data(cost, *BACKEND)

    assert "given" not in out
    assert "others use" not in out
    assert (found["prices_given"], found["free_tier_used"]) == ({}, {})


def test_a_price_beside_the_given_one_keeps_its_source(cost: Cost) -> None:
    ran = ("--provisioned-invocations", "1e6", "--provisioned-concurrency", "1")
    one = data(cost, *BACKEND, *ran, "--price", "provisioned-duration=1e-5")["terms"]
    both = data(
        cost,
        *(*BACKEND, *ran, "--price"),
        "provisioned-duration=1e-5,provisioned-concurrency=1e-6",
    )["terms"]

    def sources(terms: list[dict[str, Any]]) -> set[tuple[str, tuple[str, ...]]]:
        return {
            (term["what"], tuple(term["sources"]))
            for term in terms
            if term["what"].startswith("provisioned")
        }

    assert sources(one) == {
        ("provisioned concurrency", ("given", "list", "page")),
        ("provisioned duration", ("given", "list", "page")),
    }
    assert sources(both) == {
        ("provisioned concurrency", ("given",)),
        ("provisioned duration", ("given",)),
    }


# --- bad input ----------------------------------------------------------------------------------

_FREE_PAIRS = (
    "--free-used must be of KEY=VALUE, apart by commas, with the keys requests, gb-seconds, "
    "streamed-gb, egress-gb"
)
_A_NUMBER = "must be a number such as 2500, 0.5, 3e6 or 3_000_000, not"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--billed-step-ms", "0"], "--billed-step-ms must be from 1 to 1000, and is 0"),
        (["--response-mb", "201"], "--response-mb must be from 0 to 200, and is 201"),
        (["--snapstart-hours", "745"], "--snapstart-hours must be from 0 to 744, and is 745"),
        (
            ["--free-used", "memory=1"],
            f"{_FREE_PAIRS}; it has 'memory=1'",
        ),
        (
            ["--free-used", ""],
            f"{_FREE_PAIRS}; it has ''",
        ),
        (
            ["--free-used", "requests=1,requests=2"],
            "--free-used must have each key once, and has requests twice",
        ),
        (
            ["--free-used", "gb-seconds=all"],
            f"--free-used: gb-seconds {_A_NUMBER} 'all'",
        ),
        (
            ["--free-used", "streamed-gb=-1"],
            "--free-used: streamed-gb must be 0 or more, and is -1",
        ),
        (
            ["--free-used", "requests=1", "--no-free-tier"],
            "--free-used must be left out beside --no-free-tier, by which all of it is used",
        ),
        (["--price", "duration=-1"], "--price: duration must be 0 or more, and is -1"),
        (
            ["--price", "duration=$1"],
            f"--price: duration {_A_NUMBER} '$1'",
        ),
    ],
)
def test_bad_input_is_one_line_that_names_the_option(
    arguments: list[str], line: str, cost: Cost
) -> None:
    assert cost("bill", *BACKEND, *arguments) == (2, "", f"motorpool: error: {line}\n")


def test_an_unknown_price_is_answered_with_those_that_there_are(cost: Cost) -> None:
    code, out, err = cost("bill", *BACKEND, "--price", "storage=1")

    assert (code, out) == (2, "")
    assert "--price must be of KEY=VALUE, apart by commas, with the keys duration, request" in err
    assert err.endswith("it has 'storage=1'\n")


def test_the_help_names_the_keys(cost: Cost) -> None:
    # argparse breaks lines at hyphens too.
    text = " ".join(cost("bill", "--help").out.split()).replace("- ", "-")

    assert "requests, gb-seconds, streamed-gb, egress-gb" in text
    assert "duration, request, provisioned-concurrency, provisioned-duration" in text
