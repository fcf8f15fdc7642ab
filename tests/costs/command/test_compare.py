"""`motorpool cost compare`: the designs side by side, and sentences that are true."""

import json
from decimal import Decimal
from typing import Any

import pytest

from motorpool.costs.bill import bill
from motorpool.costs.command.database_limits import connection_limits
from motorpool.costs.load import Load
from motorpool.costs.model import compare
from motorpool.costs.setup import Setup
from tests.costs.command.conftest import Cost
from tests.costs.command.tables import TABLE

LEAST = ("--requests", "3e6", "--queries", "8")
LOAD = Load(requests=Decimal(3_000_000), queries=Decimal(8))


def data(cost: Cost, *arguments: str) -> dict[str, Any]:
    code, out, err = cost("compare", *arguments, "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def lead(cost: Cost, *arguments: str) -> str:
    return " ".join(data(cost, *arguments)["lead"])


def test_each_design_has_the_models_numbers(cost: Cost) -> None:
    estimates = compare(LOAD, Setup(), TABLE)

    designs = data(cost, *LEAST)["designs"]

    assert [each["label"] for each in designs] == [each.label for each in estimates]
    for told, found in zip(designs, estimates, strict=True):
        usages = [part.usage for part in found.parts]
        without = bill(usages, TABLE.region("us-east-1"), None).usd
        assert told["usd_a_month"] == float(found.usd)
        assert told["usd_a_month_without_free_tier"] == float(without)
        assert told["usd_more_than_direct"] == float(found.usd - estimates[0].usd)
        assert told["usd_application"] == float(found.bill.usd_of("application"))
        assert told["usd_proxy"] == float(found.bill.usd_of("proxy"))
        assert told["waiting_ms"] == float(found.waiting.ms_of_request)
        assert told["request_ms"] == found.parts[0].duration_ms
        assert told["invocations_a_month"] == found.invocations
        assert told["connections_at_primary"] == found.connections.primary
        assert told["throttled_at_peak"] == max(part.peak.throttled for part in found.parts)


def test_the_asked_and_the_cheapest_are_marked(cost: Cost) -> None:
    designs = data(cost, *LEAST, "--memory", "512")["designs"]

    asked = [each["label"] for each in designs if each["is_asked"]]
    cheapest = [each for each in designs if each["is_cheapest"]]
    assert asked == ["batched, 512 MB"]
    assert [each["usd_a_month"] for each in cheapest] == [
        min(each["usd_a_month"] for each in designs)
    ]


def test_that_the_proxy_costs_more_than_a_driver_is_said_plainly(cost: Cost) -> None:
    told = lead(cost, *LEAST)

    assert "The cheapest: driver in every function, USD 0.40." in told
    assert "Against one query per invocation batching saves USD 3.60 a month (-69%)" in told
    assert "Against a driver in every function it costs USD 1.20 a month more (+300%)" in told


def test_what_it_is_paid_for_is_connections_where_it_saves_them(cost: Cost) -> None:
    designs = data(cost, "--requests", "1e9", "--queries", "20")["designs"]
    theirs, ours = (
        (each["connections_at_primary"] for each in designs if each["design"] == "direct"),
        next(each["connections_at_primary"] for each in designs if each["is_asked"]),
    )

    told = lead(cost, "--requests", "1e9", "--queries", "20")

    assert ours < (direct := next(theirs))
    assert "; what that pays for is connections" in told
    assert f"{ours:,} at the primary at the peak instead of {direct:,}" in told


def test_that_it_takes_more_connections_is_said_too(cost: Cost) -> None:
    assert "takes more connections at this load: 40 at the primary, not 35" in lead(cost, *LEAST)


def test_as_many_connections_are_neither_more_nor_fewer(cost: Cost) -> None:
    told = lead(cost, "--requests", "3e4", "--queries", "8")

    assert "takes as many connections: 10 at the primary at the peak." in told


def test_where_the_proxy_is_cheaper_that_is_said(cost: Cost) -> None:
    told = lead(
        cost,
        *["--requests", "1e9", "--queries", "20", "--driver-init-ms", "10000"],
        *["--cold-share", "1", "--proxy-init-ms", "0", "--client-init-ms", "0"],
    )

    assert "Against a driver in every function it saves USD" in told
    assert ", and connections: " in told
    assert "pays for" not in told


def test_the_same_cost_has_no_difference(cost: Cost) -> None:
    told = lead(cost, "--requests", "1000", "--queries", "1")

    assert "one query per invocation batching costs the same, and a request takes as long" in told


def test_the_row_asked_about_is_emphasised(cost: Cost) -> None:
    _, out, _ = cost("compare", *LEAST, "--memory", "512", "--markdown")

    rows = [line for line in out.splitlines() if line.startswith("| **")]
    assert len(rows) == 3
    assert all(row.startswith("| **batched, 512 MB** |") for row in rows)


def test_the_memory_sizes_are_those_that_were_asked_for(cost: Cost) -> None:
    designs = data(cost, *LEAST, "--memory-sizes", "3008, 256")["designs"]

    assert [each["proxy_memory_mb"] for each in designs] == [None, 128, 128, 256, 3008]


@pytest.mark.parametrize(
    ("sizes", "line"),
    [
        ("128,64", "--memory-sizes must be from 128 to 10240, and is 64"),
        ("128,", "--memory-sizes must be a number such as 2500, 0.5, 3e6 or 3_000_000, not ''"),
        ("128.5", "--memory-sizes must be a whole number, and is 128.5"),
    ],
)
def test_a_bad_memory_size_is_one_line(sizes: str, line: str, cost: Cost) -> None:
    assert cost("compare", *LEAST, "--memory-sizes", sizes) == (
        2,
        "",
        f"motorpool: error: {line}\n",
    )


def test_break_even_points_are_sentences_and_records(cost: Cost) -> None:
    found = data(cost, *LEAST)["break_even"]

    _, out, _ = cost("compare", *LEAST)
    assert {(each["than"], each["in_what"]) for each in found} == {
        ("one query per invocation", "money"),
        ("a driver in every function", "money"),
        ("a driver in every function", "connections"),
    }
    for each in found:
        assert each["sentence"] in out
    assert any("Atlas M20, M30 takes 3,000" in each["note"] for each in found)


def test_tiers_that_take_equally_many_are_one_limit(cost: Cost) -> None:
    assert cost("compare", "--help").code == 0
    assert list(connection_limits().items()) == [
        ("Atlas M0", 500),
        ("Atlas M10", 1500),
        ("Atlas M20, M30", 3000),
    ]


def test_explain_has_the_sums_of_every_design(cost: Cost) -> None:
    _, plain, _ = cost("compare", *LEAST)
    _, out, _ = cost("compare", *LEAST, "--explain")

    for each in compare(LOAD, Setup(), TABLE):
        assert f"How the numbers come about: {each.label}" in out
        assert f"The terms of the bill: {each.label}" in out
    assert "How the numbers come about" not in plain
    told = data(cost, *LEAST)
    assert {term["of"] for term in told["terms"]} == {each["label"] for each in told["designs"]}
    for each in told["designs"]:
        terms = [term["usd"] for term in told["terms"] if term["of"] == each["label"]]
        assert sum(terms) == pytest.approx(each["usd_a_month"])


def test_a_note_is_said_once_and_says_for_which_designs_it_holds(cost: Cost) -> None:
    notes = data(cost, *LEAST)["notes"]

    assert len(notes) == len(set(notes))
    assert sum(note.startswith("Not in the sum") for note in notes) == 1
    refused = [note for note in notes if "refused" in note]
    assert len(refused) == 1
    assert refused[0].startswith("one query per invocation, 128 MB: At the peak")


def test_a_load_without_requests_is_compared_too(cost: Cost) -> None:
    designs = data(cost, "--requests", "0", "--queries", "8")["designs"]

    assert {each["usd_a_month"] for each in designs} == {0}
