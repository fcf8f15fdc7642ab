"""What a longer linger would have changed, on timelines that can be drawn by hand."""

from decimal import Decimal
from typing import Any

import pytest

from motorpool.costs.recorded import Lingering, Scale, analyse, gathered, lingering, month
from motorpool.costs.recorded.records import ClientBatch
from motorpool.costs.setup import Function, Setup
from tests.costs.recorded.test_gathering import BATCH, client
from tests.costs.tables import PRICES

ONCE = Scale(factor=Decimal(1), how="")
BEGIN = 1_795_898_585


def batch(opened_ms: float, *, waited: float = 0.0, wall: float = 20.0, **more: Any) -> ClientBatch:
    """A batch whose first operation came so many milliseconds after the begin."""
    left = BEGIN + (opened_ms + waited) / 1000
    made = client(waited_ms=waited, wall_ms=wall, **more)
    return ClientBatch(**{name: getattr(made, name) for name in made.__slots__} | {"at": left})


def found(*batches: Any, linger: float, factor: int = 1, setup: Setup | None = None) -> Lingering:
    analysis = analyse(gathered(batches), setup, measured_share=1)
    to = Scale(factor=Decimal(factor), how="")
    (one,) = lingering(analysis, PRICES, month(analysis, PRICES, to), [linger])
    return one


@pytest.mark.parametrize(("linger", "saved"), [(1, 0), (3, 0), (4, 1), (5, 1), (50, 1)])
def test_a_batch_that_came_while_the_earlier_was_held_would_have_travelled_with_it(
    linger: float, saved: int
) -> None:
    both = found(batch(0), batch(4), linger=linger)
    assert (both.saved, both.batches) == (saved, 2 - saved)


def test_what_was_asked_for_after_an_answer_cannot_travel_with_the_question() -> None:
    # The first is answered after 20 ms.
    assert found(batch(0), batch(21), linger=50).saved == 0
    assert found(batch(0), batch(17), linger=50).saved == 1


def test_the_clock_is_not_believed_to_the_last_millisecond() -> None:
    # A moment is cut off to the millisecond: 19.5 may have been after the answer.
    assert found(batch(0), batch(19.5), linger=50).saved == 0


def test_nor_can_it_travel_with_another_that_travels_with_the_answered_one() -> None:
    # The second is answered at 8; the third came after that, though before the first's answer.
    quick = batch(2, wall=6.0)
    assert found(batch(0), quick, batch(9), linger=50).saved == 1
    assert found(batch(0), quick, batch(6), linger=50).saved == 2


def test_the_first_answer_of_those_that_travel_together_counts() -> None:
    # The first is answered at 5, the second at 22: the third may be because of the first's.
    assert found(batch(0, wall=5.0), batch(2), batch(7), linger=50).saved == 1


def test_a_window_begins_with_its_first_batch() -> None:
    assert found(batch(0), batch(4), batch(8), batch(12), linger=5).saved == 2


@pytest.mark.parametrize("more", [{"scope": 13}, {"client": "other"}, {"scope": None}])
def test_batches_of_other_scopes_and_clients_never_travel_together(more: dict[str, Any]) -> None:
    assert found(batch(0), batch(1, **more), linger=50).saved == 0


def test_outside_of_scopes_the_batches_of_a_client_may() -> None:
    assert found(batch(0, scope=None), batch(1, scope=None), linger=50).saved == 1


@pytest.mark.parametrize("reason", ["operations", "size", "explicit", "drain"])
def test_a_batch_that_was_full_or_told_to_leave_would_not_have_waited(reason: str) -> None:
    changed = found(batch(0, reason=reason), batch(1, reason="quiet"), linger=10)
    assert (changed.saved, changed.batches) == (0, 2)
    # Only the other lingers, for 10 ms.
    assert changed.waiting_ms == 10


def test_the_linger_is_waited_by_each_batch_that_leaves() -> None:
    alone = found(batch(0, waited=0.25), batch(500, waited=0.25), linger=5)
    assert alone.waiting_ms == Decimal("9.5")


def test_a_batch_that_had_waited_longer_than_the_linger_waits_no_longer() -> None:
    assert found(batch(0, waited=7.0), linger=5).waiting_ms == 0


def test_a_window_is_open_at_least_until_its_first_batch_left() -> None:
    # Together they leave at 7 and end at 37, where the second had ended at 34.
    assert found(batch(0, waited=7.0), batch(4, wall=30.0), linger=5).waiting_ms == 3


def test_batches_that_travel_together_end_as_the_longest_of_them() -> None:
    # They ended at 20 and at 34; together they leave at 10 and end at 40.
    both = found(batch(0, wall=20.0), batch(4, wall=30.0), linger=10)
    assert both.waiting_ms == 6


def test_waiting_is_billed_to_the_application_and_a_month_is_scaled() -> None:
    setup = Setup(app=Function(memory_mb=Decimal(1024)))
    both = found(batch(0), batch(500), linger=5, factor=100, setup=setup)
    assert both.waiting_ms == 1000
    assert both.waiting_usd == Decimal("0.0000166667")
    assert (both.usd, both.net_usd) == (Decimal(0), Decimal("-0.0000166667"))


def test_a_saved_invocation_saves_its_request_and_the_shorter_ones_time() -> None:
    # The longer is billed 40 ms; of the other's 16, 2 ms of processor time are still needed.
    first, second = batch(0, billed_ms=40, cpu_ms=1.0), batch(4, billed_ms=16, cpu_ms=2.0)
    both = found(first, second, linger=5, factor=1000)
    assert both.saved_a_month == 1000
    # 14 ms × 1000 at 1/8 GB.
    assert both.usd == 1000 * Decimal("0.0000002") + Decimal("1.75") * Decimal("0.0000166667")


def test_where_the_proxy_told_nothing_only_the_request_is_saved() -> None:
    nothing: dict[str, Any] = {"billed_ms": None, "cpu_ms": None}
    assert found(batch(0, **nothing), batch(4, **nothing), linger=5).usd == Decimal("0.0000002")


def test_what_some_clients_have_recorded_holds_for_all_that_the_proxy_served() -> None:
    served = [
        BATCH.__class__(
            **{name: getattr(BATCH, name) for name in BATCH.__slots__} | {"request_id": str(n)}
        )
        for n in range(20)
    ]
    assert found(batch(0), batch(4), *served, linger=5).saved_a_month == 10


def test_without_lines_of_clients_nothing_is_said_of_lingering() -> None:
    analysis = analyse(gathered([BATCH]))
    assert lingering(analysis, PRICES, month(analysis, PRICES, ONCE)) == ()


def test_the_usual_lingers_are_asked_for() -> None:
    analysis = analyse(gathered([batch(0)]))
    asked = lingering(analysis, PRICES, month(analysis, PRICES, ONCE))
    assert [each.linger_ms for each in asked] == [1, 2, 5, 10, 20, 50]
