"""The times of each design, by hand; the sums stand beside the expected values."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given

from motorpool.batching.bounds import Bounds
from motorpool.batching.limits import LAMBDA_RESPONSE_BYTES
from motorpool.costs.durations import Design, Durations, batches_of_wave, durations, round_trips
from motorpool.costs.load import Load
from motorpool.costs.numbers import Number
from motorpool.costs.setup import Setup
from tests.costs.examples import function, load, setup
from tests.costs.strategies import loads, setups


def times(found: Durations) -> tuple[Number, Number, Number, Number]:
    return found.invocations, found.proxy_ms, found.waiting_ms, found.app_ms


def test_with_a_driver_a_request_waits_for_each_wave_once() -> None:
    # Waits 2 × 5; works 10 × 2 for its queries, and 20 of its own.
    assert times(durations(Design.DIRECT, load(), setup())) == (0, 0, 10, 50)


def test_with_a_driver_a_wave_beyond_the_pool_goes_in_rounds() -> None:
    # 5 queries over 2 connections: 3 rounds of 5 ms, twice.
    found = durations(Design.DIRECT, load(), setup(app_pool_size=2))

    assert times(found) == (0, 0, 30, 70)


def test_one_query_an_invocation_is_as_many_invocations_as_queries() -> None:
    # 5 of the database + 1 + 2. Waits 2 × (10 + 8 + 0.01 × 200); works 20 + 10 × 1.
    assert times(durations(Design.SINGLE, load(), setup())) == (10, 8, 40, 70)


def test_a_batch_is_one_invocation_for_each_wave() -> None:
    # 5 + 1 + 5 × 2. Waits 2 × (10 + 16 + 0.01 × 200); works 20 + 2 × 1.
    assert times(durations(Design.BATCHED, load(), setup())) == (2, 16, 56, 78)


def test_a_batch_beyond_the_pool_goes_in_rounds() -> None:
    # 5 queries over 2 connections: 3 × 5 + 11 of processor.
    assert durations(Design.BATCHED, load(), setup(pool_size=2)).proxy_ms == 26


def test_queries_that_go_together_share_a_round_trip_and_cost_less_each() -> None:
    # 5 + 1 + 2 × 2 + 3 × 0.5 = 11.5, rounded up to a millisecond.
    assert durations(Design.BATCHED, load(round_trips=2), setup()).proxy_ms == 12


def test_what_goes_together_in_a_batch_goes_alone_in_the_other_designs() -> None:
    for design in (Design.DIRECT, Design.SINGLE):
        fused = durations(design, load(round_trips=2), setup())
        assert times(fused) == times(durations(design, load(), setup()))


def test_a_smaller_memory_makes_processor_time_longer_and_the_database_no_slower() -> None:
    # 884 / 1769 of a processor, so 11 ms become 22.01.
    slow = setup(proxy=function(memory_mb=884))

    assert durations(Design.BATCHED, load(), slow).proxy_ms == 5 + 23


def test_a_larger_memory_of_the_application_shortens_its_own_work_alone() -> None:
    slow = durations(Design.BATCHED, load(), setup(app=function(memory_mb=884)))

    # 2 × 1 ms of processor become 4.002; waiting stays.
    assert slow.waiting_ms == 56
    assert slow.app_ms == 20 + 56 + 5


def test_a_duration_that_was_measured_takes_the_place_of_the_computed_one() -> None:
    given_both = setup(single_ms="7.5", batch_ms="12.5")

    single = durations(Design.SINGLE, load(), given_both)
    batched = durations(Design.BATCHED, load(), given_both)

    # Means of what was billed, so not rounded again.
    # Waiting: 2 × (10 + 7.5 + 2) and 2 × (10 + 12.5 + 2).
    assert times(single)[1:3] == (Decimal("7.5"), 39)
    assert times(batched)[1:3] == (Decimal("12.5"), 49)
    assert "given" in [each.how for each in batched.figures]


def test_a_lone_query_takes_as_long_in_either_proxy() -> None:
    lone = load(queries=1, waves=1)

    assert times(durations(Design.SINGLE, lone, setup())) == times(
        durations(Design.BATCHED, lone, setup())
    )


# --- what one batch holds -----------------------------------------------------------------------


@pytest.mark.parametrize(("queries", "batches"), [(1000, 1), (1001, 2), (3000, 3)])
def test_a_wave_beyond_the_clients_bound_takes_more_batches(queries: int, batches: int) -> None:
    assert Bounds().batch_operations == 1000
    assert batches_of_wave(load(queries=queries, waves=1)) == batches


def test_a_wave_whose_operations_are_too_large_for_one_event_takes_more_batches() -> None:
    most = Bounds().batch_bytes // 10

    assert batches_of_wave(load(queries=10, waves=1, request_bytes=most)) == 1
    assert batches_of_wave(load(queries=10, waves=1, request_bytes=most + 1)) == 2


def test_a_wave_whose_answers_are_too_large_for_one_response_takes_more_batches() -> None:
    # In JSON as base64 they are a third longer.
    most = LAMBDA_RESPONSE_BYTES * 3 // 4 // 10

    assert batches_of_wave(load(queries=10, waves=1, response_bytes=most)) == 1
    assert batches_of_wave(load(queries=10, waves=1, response_bytes=most + 1)) == 2


def test_a_wave_never_takes_more_batches_than_it_has_queries() -> None:
    assert batches_of_wave(load(queries=3, waves=1, response_bytes=48_000_000)) == 3
    assert batches_of_wave(load(queries=3, waves=2, response_bytes=48_000_000)) == Decimal("1.5")


def test_several_batches_of_a_wave_are_shorter_and_run_at_the_same_time() -> None:
    # Two batches of five: 5 + 1 + 5 × 2 each; the wave waits for one of them.
    two = durations(Design.BATCHED, load(waves=1, response_bytes=600_000), setup())

    assert times(two) == (2, 16, 28, 50)


def test_a_wave_takes_a_round_trip_for_each_query_unless_told() -> None:
    assert round_trips(load()) == 5
    assert round_trips(load(round_trips="1.5")) == Decimal("1.5")


# --- how it is told -----------------------------------------------------------------------------


def test_each_figure_says_the_sum_it_comes_from() -> None:
    figures = {each.name: each for each in durations(Design.BATCHED, load(), setup()).figures}

    proxy = figures["billed duration of the proxy, warm"]
    assert proxy.value == 16
    assert proxy.unit == "ms"
    assert proxy.how == (
        "1 round trips after each other × 5 ms (5 queries in 5 round trips over 5 connections) "
        "+ 11 ms of processor / 1 of one, rounded up to 1 ms"
    )
    assert figures["waiting of a request"].how == (
        "2 waves × (10 ms to invoke + 16 + 0.01 cold × 200 ms)"
    )
    assert figures["invocations of the proxy, a request"].how == "2 waves × 1 batches"


def test_the_callers_decimal_context_changes_no_time() -> None:
    exact = [times(durations(design, load(queries=7), setup())) for design in Design]

    with localcontext(prec=3):
        assert [times(durations(design, load(queries=7), setup())) for design in Design] == exact


# --- whatever the figures -----------------------------------------------------------------------


@given(loads(), setups())
def test_batching_never_makes_more_invocations_than_one_for_each_query(
    any_load: Load, any_setup: Setup
) -> None:
    batched = durations(Design.BATCHED, any_load, any_setup)
    single = durations(Design.SINGLE, any_load, any_setup)

    # The last of sixty digits may be rounded where waves do not divide the queries.
    assert batched.invocations <= single.invocations * (1 + Decimal("1e-50"))
    assert single.invocations == any_load.queries


@given(loads(), setups())
def test_waiting_is_contained_in_what_the_application_is_billed(
    any_load: Load, any_setup: Setup
) -> None:
    for design in Design:
        found = durations(design, any_load, any_setup)
        assert 0 <= found.waiting_ms <= found.app_ms
        assert found.app_ms >= any_load.app_ms
        assert found.app_ms == found.app_ms.to_integral_value()


@given(loads(), setups())
def test_a_batch_takes_no_less_than_one_query_in_the_same_proxy(
    any_load: Load, any_setup: Setup
) -> None:
    computed = Setup(proxy=any_setup.proxy, pool_size=any_setup.pool_size)

    assert (
        durations(Design.BATCHED, any_load, computed).proxy_ms
        >= durations(Design.SINGLE, any_load, computed).proxy_ms
    )


def test_each_batch_of_a_wave_makes_a_round_trip_of_its_own() -> None:
    """Ten queries said to take one round trip, whose answers are too large for one response."""
    split = load(queries=10, waves=1, round_trips=1, response_bytes=471_867)
    found = durations(Design.BATCHED, split, setup())

    assert found.invocations == 2
    assert found.proxy_ms >= durations(Design.SINGLE, split, setup()).proxy_ms
    (how,) = (each.how for each in found.figures if each.name.startswith("billed duration of the"))
    assert "(5 queries in 1 round trips over" in how
