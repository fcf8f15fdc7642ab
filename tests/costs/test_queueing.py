"""The formulas against published values and against exact arithmetic, and how far they reach."""

import math
import random
import time
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs.queueing import mean_concurrency, most_at_once, turned_away

MEANS = st.floats(1e-6, 1e6)
PLACES = st.floats(0, 2e6)


def exact_erlang_b(mean: Fraction, places: int) -> Fraction:
    """(a^n / n!) / (1 + a + … + a^n / n!), as Erlang wrote it, in fractions."""
    term = total = Fraction(1)
    for place in range(1, places + 1):
        term = term * mean / place
        total += term
    return term / total


def poisson_covers(mean: int, count: int) -> Decimal:
    """How probable it is that at most `count` run at once, to fifty digits."""
    with localcontext(prec=60):
        term = total = Decimal(1)
        for each in range(1, count + 1):
            term = term * mean / each
            total += term
        return total / Decimal(mean).exp()


def test_littles_law_is_rate_times_duration() -> None:
    assert mean_concurrency(50.0, 0.2) == 10.0


@pytest.mark.parametrize(
    ("mean", "places", "published"),
    [
        (1.0, 1, 0.5),
        (2.0, 2, 0.4),
        (10.0, 10, 0.2146),
        # The usual tables: so many erlangs for so many lines at one call in a hundred, or thousand.
        (1.361, 5, 0.01),
        (4.461, 10, 0.01),
        (8.108, 15, 0.01),
        (12.03, 20, 0.01),
        (84.06, 100, 0.01),
        (3.092, 10, 0.001),
        (75.24, 100, 0.001),
    ],
)
def test_erlangs_formula_gives_the_published_values(
    mean: float, places: int, published: float
) -> None:
    assert turned_away(mean, places) == pytest.approx(published, rel=2e-3)


@given(st.integers(1, 4_000), st.integers(0, 60))
def test_erlangs_formula_agrees_with_exact_fractions(thousandths: int, places: int) -> None:
    mean = Fraction(thousandths, 100)
    exact = exact_erlang_b(mean, places)

    # What is below 1e-15 is taken for none.
    assert turned_away(float(mean), places) == pytest.approx(float(exact), rel=1e-12, abs=1.1e-15)


@given(MEANS, PLACES)
def test_the_part_that_is_turned_away_is_a_part(mean: float, places: float) -> None:
    assert 0 <= turned_away(mean, places) <= 1


@given(MEANS, PLACES, st.floats(0, 1000))
def test_more_places_never_turn_more_away(mean: float, places: float, more: float) -> None:
    assert turned_away(mean, places + more) <= turned_away(mean, places) + 1e-12


@given(MEANS, PLACES, st.floats(1, 10))
def test_a_higher_load_is_never_turned_away_less(mean: float, places: float, times: float) -> None:
    assert turned_away(mean * times, places) >= turned_away(mean, places) - 1e-12


@given(MEANS, PLACES, st.floats(1, 10))
def test_a_higher_load_never_gets_less_through(mean: float, places: float, times: float) -> None:
    """Else more requests could cost less, where some run on provisioned concurrency."""
    before = mean * (1 - turned_away(mean, places))
    after = mean * times * (1 - turned_away(mean * times, places))

    # The part that gets in is what is left of 1, to sixteen digits.
    assert after >= before - 1e-12 * mean * times


@given(st.floats(0.01, 1e4), st.integers(0, 2000), st.floats(0, 1))
def test_between_whole_numbers_of_places_it_is_the_straight_line(
    mean: float, places: int, share: float
) -> None:
    here, there = turned_away(mean, places), turned_away(mean, places + 1)

    between = turned_away(mean, places + share)

    assert between == pytest.approx(here + (there - here) * share, abs=1e-9)


def test_without_a_place_all_are_turned_away_and_without_a_load_none() -> None:
    assert turned_away(3.0, 0) == 1.0
    assert turned_away(0.0, 1) == 0.0
    assert turned_away(0.0, 0) == 1.0


def test_of_a_lone_group_that_is_larger_than_the_places_only_the_places_get_in() -> None:
    """15 at once against 10 places: 5 of 15 are refused, however seldom such a group comes."""
    assert turned_away(1e-9 / 15, 10 / 15) == pytest.approx(1 / 3, abs=1e-9)


@pytest.mark.parametrize(("group", "places", "groups"), [(5, 10, 0.5), (5, 12, 1.0), (4, 10, 2.0)])
def test_groups_are_turned_away_as_in_a_simulation(group: int, places: int, groups: float) -> None:
    """Groups that come by chance and stay for a second each; members find a place, or do not."""
    dice = random.Random(group * places)  # noqa: S311 - a simulation, and the same each time
    busy: list[float] = []  # when each invocation that runs will end, in order
    now, refused, coming = 0.0, 0, 50_000
    for _ in range(coming):
        now += dice.expovariate(groups)
        while busy and busy[0] <= now:
            busy.pop(0)
        let_in = min(group, places - len(busy))
        busy.extend([now + 1.0] * let_in)
        refused += group - let_in

    part = turned_away(groups, places / group)

    assert part == pytest.approx(refused / (coming * group), abs=0.01)
    # Were they taken for single ones, it would look much better.
    assert part > 2 * turned_away(groups * group, places)


@pytest.mark.parametrize(
    ("mean", "places", "about"),
    [(1e6, 1e6, 7.97e-4), (1e6, 999_000, 1.524e-3), (1e6, 2e6, 0.0), (1e9, 1e9, 2.523e-5)],
)
def test_a_million_places_take_no_million_steps(mean: float, places: float, about: float) -> None:
    before = time.process_time()
    found = turned_away(mean, places)
    taken = time.process_time() - before

    # sqrt(2 / (pi n)) is what the formula tends to where load and places are equal.
    assert found == pytest.approx(about, rel=1e-3)
    # 0.5 and 15 ms where it was measured; a step for each place would take 60 ms and a minute.
    assert taken < 2.0


@pytest.mark.parametrize("arrivals", [2, 1_000, 180_000, 10**9])
@pytest.mark.parametrize("mean", [1, 2, 3, 10, 47, 200, 1_000])
def test_at_most_one_of_the_arrivals_finds_so_many_at_work(mean: int, arrivals: int) -> None:
    most = most_at_once(float(mean), arrivals)
    wanted = 1 - Decimal(1) / arrivals

    assert most == 1 or poisson_covers(mean, most - 1) >= wanted > poisson_covers(mean, most - 2)


@pytest.mark.parametrize("mean", [10_001, 12_345, 30_000])
@pytest.mark.parametrize("arrivals", [100, 10**6])
def test_beyond_ten_thousand_the_normal_distribution_agrees_with_poissons(
    mean: int, arrivals: int
) -> None:
    most, wanted = most_at_once(float(mean), arrivals), 1 - Decimal(1) / arrivals

    assert poisson_covers(mean, most) >= wanted > poisson_covers(mean, most - 3)


def test_the_switch_to_the_normal_distribution_is_hardly_seen() -> None:
    around = [most_at_once(10_000 + step / 10, 1e6) for step in range(-50, 51)]

    assert around == sorted(around)
    assert around[-1] - around[0] == pytest.approx(10, abs=2)


@given(st.floats(0, 30_000), st.floats(0, 30_000), st.floats(1, 1e9))
def test_a_higher_mean_never_has_fewer_at_once(one: float, other: float, arrivals: float) -> None:
    less, more = sorted((one, other))

    assert most_at_once(less, arrivals) <= most_at_once(more, arrivals)


@given(st.floats(0.001, 30_000), st.floats(1, 1e12), st.floats(1, 1e3))
def test_more_arrivals_never_see_fewer_at_once(mean: float, arrivals: float, times: float) -> None:
    assert most_at_once(mean, arrivals) <= most_at_once(mean, arrivals * times)


@given(st.floats(1, 1e7), st.floats(1e3, 1e9))
def test_most_at_once_is_above_the_mean_and_within_eight_deviations(
    mean: float, arrivals: float
) -> None:
    assert mean <= most_at_once(mean, arrivals) <= mean + 8 * math.sqrt(mean) + 12


def test_where_nothing_runs_none_run_at_once() -> None:
    assert most_at_once(0.0, 1e6) == 0
    assert most_at_once(1.0, 0) == 0
    # Who comes has to run somewhere.
    assert most_at_once(1e-9, 5) == 1
