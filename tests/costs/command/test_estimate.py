"""`motorpool cost estimate`: what it says, and that what it says is the model's."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from motorpool.costs.command.estimate import estimate_document
from motorpool.costs.durations import Design
from motorpool.costs.load import Load
from motorpool.costs.model import estimate
from motorpool.costs.setup import Function, Setup
from tests.costs.command.conftest import Cost
from tests.costs.command.tables import AS_OF, TABLE, X86

LEAST = ("--requests", "3e6", "--queries", "8")
LOAD = Load(requests=Decimal(3_000_000), queries=Decimal(8))


def data(cost: Cost, *arguments: str) -> dict[str, Any]:
    code, out, err = cost("estimate", *arguments, "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def rows(cost: Cost, *arguments: str) -> dict[str, list[str]]:
    """The lines of the assumptions, by their option."""
    _, out, _ = cost("estimate", *arguments)
    lines = [line.split(maxsplit=1) for line in out.splitlines() if line.startswith("--")]
    return {option: rest.split("  ") for option, rest in lines}


def test_the_month_by_hand(cost: Cost) -> None:
    """Given durations and no cold starts, so that the sum can be made with a pencil."""
    found = data(
        cost,
        *["--requests", "10e6", "--queries", "4", "--waves", "1", "--batch-ms", "100"],
        *["--invoke-ms", "0", "--invoke-cpu-ms", "0", "--app-ms", "100", "--cold-share", "0"],
        *["--memory", "1024", "--app-memory", "1024"],
    )

    # 20M requests less 1M; application 10M × 0.2 s × 1 GB, proxy 10M × 0.1 s × 1 GB, less 400,000.
    requests, duration = 19e6 * 0.0000002, (2e6 + 1e6 - 4e5) * 0.0000166667
    assert found["usd_a_month"] == pytest.approx(requests + duration, rel=1e-12)
    assert found["usd_a_million_requests"] == pytest.approx((requests + duration) / 10, rel=1e-12)
    assert found["usd_application"] == pytest.approx(requests / 2 + duration * 2 / 3, rel=1e-12)
    assert found["usd_proxy"] == pytest.approx(requests / 2 + duration / 3, rel=1e-12)
    assert found["invocations_a_month"] == 20_000_000
    assert (found["request_ms"], found["waiting_ms"], found["proxy_ms"]) == (200, 100, 100)
    assert [line["usd"] for line in found["bill"]] == pytest.approx([requests, duration])


def test_the_lead_answers_first(cost: Cost) -> None:
    code, out, err = cost("estimate", *LEAST)

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "A month in us-east-1 (US East (N. Virginia)): batched, 128 MB"
    assert lines[2] == (
        "Batched, 128 MB: 3,000,000 requests of 8 queries cost USD 1.60 a month, USD 0.53 for a "
        "million requests."
    )
    assert "6,000,000 invocations of the proxy" in lines[4]
    assert "of which it waits" in lines[6]


def test_what_it_says_is_what_the_model_has(cost: Cost) -> None:
    found = estimate(LOAD, Setup(), TABLE, Design.BATCHED)

    told = data(cost, *LEAST)

    assert told["usd_a_month"] == float(found.usd)
    assert told["waiting"]["usd_a_month_before_free_tier"] == float(found.waiting.usd)
    assert told["connections"]["at_primary"] == found.connections.primary
    assert told["connections"]["at_primary_at_most"] == found.connections.ceiling
    for record, part in zip(told["functions"], found.parts, strict=True):
        assert record["name"] == part.name
        assert record["invocations_a_month"] == part.invocations
        assert record["billed_ms"] == part.duration_ms
        assert record["init_ms"] == part.init_ms
        assert record["peak_environments"] == part.peak.environments
        assert record["environments_at_most"] == part.peak.limit
        assert record["throttled_at_peak"] == part.peak.throttled


@pytest.mark.parametrize("design", list(Design))
def test_the_design_is_the_one_that_was_asked_for(design: Design, cost: Cost) -> None:
    found = data(cost, *LEAST, "--design", str(design))

    assert found["design"] == str(design)
    assert found["usd_a_month"] == float(estimate(LOAD, Setup(), TABLE, design).usd)
    names = [record["name"] for record in found["functions"]]
    assert names == ["application"] if design is Design.DIRECT else ["application", "proxy"]


def test_the_region_and_the_free_tier_are_those_that_were_asked_for(cost: Cost) -> None:
    setup = Setup(region="eu-west-1", has_free_tier=False)

    found = data(cost, *LEAST, "--region", "eu-west-1", "--no-free-tier")

    assert found["usd_a_month"] == float(estimate(LOAD, setup, TABLE).usd)
    assert found["region"] == "eu-west-1"


def test_the_terms_add_up_to_the_bill_and_each_has_its_price_and_source(cost: Cost) -> None:
    found = data(
        cost,
        *["--requests", "1e9", "--queries", "8", "--network", "nat"],
        *["--provisioned-concurrency", "3", "--architecture", "arm64"],
    )

    terms = found["terms"]
    assert sum(term["usd"] for term in terms) == pytest.approx(found["usd_a_month"], rel=1e-12)
    for term in terms:
        assert term["usd"] == pytest.approx(term["quantity"] * term["price_usd"], rel=1e-12)
        assert (term["price_usd"] == 0) == (term["why"] == "free tier")
    free = [term["sources"] for term in terms if not term["price_usd"]]
    assert free == [[]] * 3  # requests, duration, egress
    sources = {term["what"]: term["sources"] for term in terms if term["price_usd"]}
    assert sources == {
        "requests": ["list"],
        "duration": ["list"],
        "provisioned concurrency": ["list", "page"],
        "provisioned duration": ["list", "page"],
        "internet egress": [],
        "NAT gateway data": [],
        "NAT gateway hours": [],
    }
    assert [source["id"] for source in found["sources"]] == ["list", "page"]


def test_explain_prints_every_sum_and_every_term_with_unit_price_and_source(cost: Cost) -> None:
    found = estimate(LOAD, Setup(has_free_tier=False), TABLE)

    _, out, _ = cost("estimate", *LEAST, "--no-free-tier", "--explain")

    text = " ".join(out.split())
    for figure in found.figures:
        assert f"{figure.name} " in text
        assert " ".join(figure.how.split()) in text
    assert "requests 9,000,000 requests 0.0000002 1.8 at one price, source list" in text
    assert "205,725 GB-seconds 0.0000166667 3.4287568575 tier 1, source list" in text
    assert "list AWS price list the Price List API 2026-09-19" in text
    assert "what nothing uses" not in text


def test_without_explain_there_are_no_sums(cost: Cost) -> None:
    _, out, _ = cost("estimate", *LEAST)

    assert "How the numbers come about" not in out
    assert "The terms of the bill" not in out


def test_json_has_the_sums_whether_asked_for_or_not(cost: Cost) -> None:
    assert data(cost, *LEAST) == data(cost, *LEAST, "--explain")
    assert len(data(cost, *LEAST)["figures"]) == len(estimate(LOAD, Setup(), TABLE).figures)


def test_what_was_given_and_what_was_assumed_are_told_apart(cost: Cost) -> None:
    found = rows(cost, *LEAST, "--app-ms", "30", "--memory", "256")

    assert found["--requests"][-1].strip() == "given"
    assert found["--app-ms"] == ["30 ms", "given"]
    assert found["--memory"] == ["256 MB", "given"]
    assert found["--waves"][0] == "2 a request"
    assert found["--waves"][-1].startswith("assumed: two")
    assert found["--app-memory"] == ["512 MB", "assumed"]
    assert found["--reserved-concurrency"] == ["10 environments", "template.yaml"]
    assert found["--cold-share"][0] == "0.01"
    assert found["--network"] == ["vpc", "assumed: the same network, or peering"]
    assert not {"--provisioned-hours", "--single-ms", "--batch-ms"} & set(found)


def test_a_duration_that_was_given_is_among_what_it_rests_on(cost: Cost) -> None:
    assert rows(cost, *LEAST, "--batch-ms", "40")["--batch-ms"] == ["40 ms", "given"]


def test_a_program_is_told_what_was_assumed(cost: Cost) -> None:
    found = {each["option"]: each for each in data(cost, *LEAST, "--app-ms", "30")["assumptions"]}

    assert not any(found[each]["is_default"] for each in ("--requests", "--queries", "--app-ms"))
    assert all(found[each]["is_default"] for each in ("--waves", "--memory", "--region"))


def test_a_request_of_one_query_has_one_wave_and_that_is_assumed_too(cost: Cost) -> None:
    found = rows(cost, "--requests", "10", "--queries", "1")

    assert found["--waves"][0] == "1 a request"
    assert found["--waves"][-1].startswith("assumed")


def test_words_that_were_given_are_marked(cost: Cost) -> None:
    found = rows(
        cost,
        *[*LEAST, "--network", "nat", "--region", "eu-west-1", "--no-free-tier"],
        *["--architecture", "arm64", "--hourly", ",".join(["1"] * 24)],
        *["--provisioned-concurrency", "2"],
    )

    for option in ("--network", "--region", "--no-free-tier", "--architecture", "--hourly"):
        assert found[option][-1] == "given", option
    assert found["--app-architecture"][-1] == "Lambda's default"
    assert "--provisioned-hours" in found


def test_only_what_a_design_uses_is_assumed_of_it(cost: Cost) -> None:
    direct, batched = rows(cost, *LEAST, "--design", "direct"), rows(cost, *LEAST)

    assert {"--app-pool-size", "--driver-init-ms"} <= set(direct) - set(batched)
    assert {"--memory", "--pool-size", "--invoke-ms", "--proxy-init-ms"} <= set(batched) - {*direct}


def test_the_bill_shows_each_functions_share_and_the_sum(cost: Cost) -> None:
    _, out, _ = cost("estimate", *LEAST, "--no-free-tier")

    lines = {line.split("  ")[0]: line.split()[-3:] for line in out.splitlines() if line}
    assert lines["requests"] == ["0.60", "1.20", "1.80"]
    assert lines["total"] == ["3.60", "1.63", "5.23"]


def test_no_requests_cost_nothing(cost: Cost) -> None:
    found = data(cost, "--requests", "0", "--queries", "8")

    assert (found["usd_a_month"], found["usd_a_million_requests"]) == (0, None)


def test_limits_that_are_passed_are_said(cost: Cost) -> None:
    _, out, _ = cost("estimate", "--requests", "1e9", "--queries", "8")

    assert "refused (429)" in out


def test_which_prices_and_how_old_is_said() -> None:
    found = estimate(LOAD, Setup(), TABLE)

    fresh = estimate_document(found, TABLE, today=AS_OF)
    old = estimate_document(found, TABLE, today=date(2028, 1, 1))

    assert fresh.notes[-1] == (
        "Prices of 2026-09-19 for us-east-1, from the test's table; US dollars before tax"
    )
    assert old.notes[:-1] == fresh.notes
    assert "469 days ago" in old.notes[-1]


def test_borders_of_tiers_that_are_not_confirmed_are_said() -> None:
    inferred = replace(X86, borders="inferred")
    region = replace(TABLE.region("us-east-1"), architectures={"x86_64": inferred})
    table = replace(TABLE, regions={"us-east-1": region})

    document = estimate_document(estimate(LOAD, Setup(), table), table, today=AS_OF)

    assert "The borders between this region's tiers of duration: inferred" in document.notes


def test_a_price_that_the_table_does_not_have_is_one_line(
    cost: Cost, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = replace(TABLE.region("us-east-1"), nat_gateway_hour=None)
    table = replace(TABLE, regions={"us-east-1": region})
    monkeypatch.setattr("motorpool.costs.command.options.find_prices", lambda _: table)

    code, out, err = cost("estimate", *LEAST, "--network", "nat")

    assert (code, out) == (2, "")
    assert err.startswith("motorpool: error: NAT gateway hours: its price")
    assert err.count("\n") == 1


def test_an_estimate_of_two_architectures_has_a_line_for_each(cost: Cost) -> None:
    found = data(cost, *LEAST, "--architecture", "arm64")

    lines = [(line["what"], line["architecture"]) for line in found["bill"]]
    assert lines == [("requests", None), ("duration", "x86_64"), ("duration", "arm64")]
    setup = Setup(proxy=Function(reserved_concurrency=Decimal(10), architecture="arm64"))
    assert found["usd_a_month"] == float(estimate(LOAD, setup, TABLE).usd)
