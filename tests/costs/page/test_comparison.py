"""The plots of a comparison say what the model says, for loads from nothing to huge."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from motorpool.costs.break_even import break_even_points, with_figure
from motorpool.costs.command.amounts import usd
from motorpool.costs.command.page import plots_of_comparison
from motorpool.costs.command.page.memory_plot import PARTS, parts_of
from motorpool.costs.command.page.question import ratio
from motorpool.costs.durations import Design
from motorpool.costs.load import Load
from motorpool.costs.model import compare, estimate
from motorpool.costs.setup import Function, Setup
from tests.costs.page.asked import LIMITS, LOADS, PRICES, plots
from tests.costs.page.markup import read

SETUPS = {
    "as it is": Setup(),
    "without free tier": Setup(has_free_tier=False),
    "provisioned": Setup(
        proxy=Function(memory_mb=Decimal(256), provisioned_concurrency=Decimal(3))
    ),
    "behind NAT": Setup(network="nat"),
    "measured": Setup(batch_ms=Decimal(40), single_ms=Decimal(9)),
    "odd memory": Setup(proxy=Function(memory_mb=Decimal(300), reserved_concurrency=Decimal(2))),
}


def texts(svg: str) -> list[str]:
    return [each.text for each in read(svg).of("text")]


@pytest.mark.parametrize(
    ("load", "setup"),
    [
        *(("middling", setup) for setup in SETUPS),
        *((load, "as it is") for load in LOADS if load != "middling"),
        ("none", "provisioned"),
        ("huge", "behind NAT"),
    ],
)
def test_whatever_is_asked_four_plots_are_drawn_each_under_60_kb(load: str, setup: str) -> None:
    drawn = plots(load, SETUPS[setup])

    assert len(drawn) == 4
    for plot in drawn:
        assert read(plot.wide).wrong == []
        assert read(plot.narrow).wrong == []
        assert max(len(plot.wide), len(plot.narrow)) < 60_000
        assert plot.title
        assert "nan" not in plot.wide + plot.narrow + plot.alt
        assert "inf" not in plot.wide + plot.narrow


def test_the_first_plot_tells_what_each_design_costs() -> None:
    load = LOADS["large"]
    found = {each: estimate(load, Setup(), PRICES, each).usd for each in Design}
    plot = plots("large")[0]

    assert f"batching {usd(found[Design.BATCHED])}," in plot.caption
    assert f"one query per invocation {usd(found[Design.SINGLE])}," in plot.caption
    assert f"a driver in every function {usd(found[Design.DIRECT])}." in plot.caption
    less = 100 * (1 - found[Design.BATCHED] / found[Design.SINGLE])
    assert f"{less:.0f}% less than one query per invocation" in plot.title
    assert plot.title.startswith("At 20 queries a request ")
    assert "asked: 20" in texts(plot.wide)


def test_break_even_is_marked_where_the_lines_cross() -> None:
    load = LOADS["middling"]
    points = break_even_points(load, Setup(), PRICES, connection_limits={})
    kind = ("money", "queries", "one query per invocation")
    (point,) = [each for each in points if (each.in_what, each.figure, each.than) == kind]
    plot = plots("middling")[0]

    assert point.value is not None
    assert f"break-even: {point.value}" in texts(plot.wide)
    assert f"Batching beats one query per invocation in money from {point.value}" in plot.caption
    at, before = (
        [estimate(with_figure(load, "queries", value), Setup(), PRICES, each).usd
         for each in (Design.BATCHED, Design.SINGLE)]
        for value in (point.value, point.value - 1)
    )  # fmt: skip
    assert at[0] < at[1]
    assert before[0] >= before[1]


def test_points_that_are_known_are_not_looked_for_again() -> None:
    drawn = plots_of_comparison(LOADS["middling"], Setup(), PRICES, points=())

    assert not [plot for plot in drawn if "beats" in plot.caption]
    assert not [text for text in texts(drawn[0].wide) if "break-even" in text]


def test_where_all_is_free_the_plot_says_so_and_draws_what_it_would_cost() -> None:
    plot = plots("tiny")[0]
    without = estimate(LOADS["tiny"], Setup(has_free_tier=False), PRICES, Design.BATCHED).usd

    assert plot.title == "The free tier pays for 1,000 requests of 8 queries each"
    assert f"batching {usd(without)}" in plot.caption
    assert plot.caption.startswith("The free tier pays for all of it here; drawn is what it costs")


def test_the_second_plot_tells_the_last_request_that_is_free() -> None:
    load, plot = LOADS["large"], plots("large")[1]

    for name, design in (
        ("batching", Design.BATCHED),
        ("a driver in every function", Design.DIRECT),
    ):
        found = re.search(rf"{name} at ([\d,]+)", plot.caption)
        assert found is not None
        free = Decimal(found[1].replace(",", ""))
        assert estimate(replace(load, requests=free), Setup(), PRICES, design).usd == 0
        assert estimate(replace(load, requests=free + 1), Setup(), PRICES, design).usd > 0


def test_without_a_free_tier_the_second_plot_tells_what_costs_least() -> None:
    plot = plots("large", Setup(has_free_tier=False))[1]

    assert plot.title == ("A driver in every function costs least at 300,000,000 requests a month")
    assert "free tier ends" not in plot.caption


def test_the_third_plot_tells_the_cheapest_memory_and_the_fastest() -> None:
    batched = [each for each in compare(LOADS["large"], Setup(), PRICES)
               if each.design is Design.BATCHED]  # fmt: skip
    cheapest = min(batched, key=lambda each: each.usd)
    fastest = min(batched, key=lambda each: each.parts[0].duration_ms)
    plot = plots("large")[2]

    assert plot.title.startswith(
        f"{cheapest.setup.proxy.memory_mb} MB costs least, {usd(cheapest.usd)} a month"
    )
    assert f"Fastest is {fastest.setup.proxy.memory_mb:,} MB" in plot.caption
    assert f"{cheapest.usd:,.2f}" in texts(plot.wide)


def test_where_memory_changes_nothing_the_third_plot_says_so() -> None:
    plot = plots("middling")[2]

    assert plot.title.startswith(
        "Within the free tier every memory size of the proxy costs the same"
    )
    assert "USD a month, without the free tier" in texts(plot.wide)


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("load", ["none", "middling", "large"])
@pytest.mark.parametrize("design", Design)
def test_the_parts_of_a_bar_add_up_to_the_bill(load: str, setup: str, design: Design) -> None:
    found = estimate(LOADS[load], SETUPS[setup], PRICES, design)

    parts = parts_of(found)

    assert len(parts) == len(PARTS)
    assert float(sum(parts)) == pytest.approx(float(found.usd), rel=1e-9)
    assert min(parts) >= 0


def test_waiting_is_the_waitings_share_of_the_applications_duration() -> None:
    found = estimate(LOADS["large"], Setup(has_free_tier=False), PRICES, Design.BATCHED)
    application = found.parts[0]

    _, _, waiting, own, rest = parts_of(found)

    billed = application.duration_ms + LOADS["large"].cold_share * application.init_ms
    assert float(waiting / (waiting + own)) == pytest.approx(
        float(found.waiting.ms_of_request / billed), rel=1e-6
    )
    assert rest == 0


def test_the_proxys_time_is_what_it_used_at_the_price() -> None:
    found = estimate(LOADS["middling"], Setup(has_free_tier=False), PRICES, Design.BATCHED)
    used = found.parts[-1].usage.gb_seconds

    assert float(parts_of(found)[1]) == pytest.approx(float(used) * 0.0000166667, rel=1e-9)


def test_the_fourth_plot_tells_the_connections_and_the_proxys_limit() -> None:
    found = {each: estimate(LOADS["large"], Setup(), PRICES, each) for each in Design}
    plot = plots("large")[3]

    assert plot.title.endswith(
        f"batching holds {found[Design.BATCHED].connections.primary} connections, "
        f"a driver in every function {found[Design.DIRECT].connections.primary}"
    )
    assert "10 environments × (5 of a pool + 1 heartbeat) = 60 connections" in plot.caption
    assert "proxy's limit: 60" in texts(plot.wide)


def test_the_fourth_plot_draws_the_servers_limits_that_are_in_sight() -> None:
    load, setup = LOADS["large"], Setup()
    drawn = plots_of_comparison(load, setup, PRICES, connection_limits={"M10": 1500, "sky": 10**9})[
        3
    ]
    without = plots_of_comparison(load, setup, PRICES)[3]

    assert "M10: 1,500" in texts(drawn.wide)
    assert not [text for text in texts(drawn.wide) if "sky" in text]
    assert not [text for text in texts(without.wide) if "M10" in text]


def test_the_fourth_plot_tells_from_where_on_requests_are_refused() -> None:
    load, plot = LOADS["middling"], plots("middling")[3]
    found = re.search(r"batching from ([\d.]+),", plot.caption)
    assert found is not None
    per_request = replace(load, requests=Decimal(1)).peak_rate()

    def refused(rate: float) -> float:
        requests = Decimal(str(rate)) / per_request
        parts = estimate(replace(load, requests=requests), Setup(), PRICES, Design.BATCHED).parts
        return max(part.peak.throttled for part in parts)

    assert refused(float(found[1]) * 1.1) > 0.001
    assert refused(float(found[1]) * 0.9) < 0.001


def test_limits_reach_every_load() -> None:
    for load in LOADS:
        assert "Atlas M0: 500" in texts(plots(load)[3].wide), load
    assert LIMITS["Atlas M0"] == 500


def test_durations_that_were_measured_hold_for_the_queries_they_were_measured_with() -> None:
    load, measured = LOADS["large"], Setup(batch_ms=Decimal(400))
    plot = plots("large", measured)[0]
    asked = estimate(load, measured, PRICES, Design.BATCHED).usd
    elsewhere = estimate(
        with_figure(load, "queries", Decimal(50)), Setup(), PRICES, Design.BATCHED
    ).usd

    assert f"batching {usd(asked)}," in plot.caption
    assert f"to {elsewhere:,.0f} at 50 queries a request" in plot.alt


def test_one_query_is_told_in_the_singular() -> None:
    assert plots("one query")[0].title.startswith(
        "At 1 query a request batching costs as much as one query per invocation"
    )


def test_a_load_of_given_hours_is_drawn() -> None:
    hourly = [0] * 8 + [1000] * 8 + [10] * 8
    drawn = plots_of_comparison(Load.of_day(hourly, queries=3), Setup(), PRICES)

    assert [plot.title for plot in drawn if not plot.title] == []
    assert "asked: 3" in texts(drawn[0].narrow)


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (31, 100, "69% less than"),
        (0.1, 100, "under 1% of"),
        (100.1, 100, "as much as"),
        (150, 100, "50% more than"),
        (400, 100, "4 times"),
        (12_345, 1, "12,000 times"),
        (0, 0, "as much as"),
        (0, 5, "less than"),
        (5, 0, "more than"),
    ],
)
def test_a_ratio_is_told_in_words(part: float, whole: float, words: str) -> None:
    assert ratio(part, whole) == words
