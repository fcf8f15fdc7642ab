"""What another memory of the proxy would change."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from motorpool.costs.recorded import (
    Memory,
    Scale,
    analyse,
    cheapest,
    faster_for_no_more,
    gathered,
    month,
    remembering,
)
from motorpool.costs.setup import Function, Setup
from tests.costs.recorded.test_gathering import BATCH, REPORT, client
from tests.costs.tables import PRICES

ONCE = Scale(factor=Decimal(1), how="")
NOT_FREE = Setup(has_free_tier=False, app=Function(memory_mb=Decimal(128)))
SHARE = 128 / 1769


def ran(handler_ms: float, cpu_ms: float | None, **changes: Any) -> Any:
    """An invocation at 128 MB; `cpu_ms`: of a processor's time."""
    line = replace(
        BATCH,
        memory_mb=128.0,
        handler_ms=handler_ms,
        cpu_ms=cpu_ms,
        billed_ms=int(-(-handler_ms // 1)),
    )
    return replace(line, **changes)


def sizes(*records: Any, setup: Setup = NOT_FREE, share: float | None = None) -> dict[int, Memory]:
    analysis = analyse(gathered(records), setup, measured_share=share)
    found = remembering(analysis, PRICES, month(analysis, PRICES, ONCE))
    return {int(size.memory_mb): size for size in found}


def test_its_own_memory_is_what_was_recorded() -> None:
    own = sizes(ran(20.0, 1.0), ran(11.5, 0.2, request_id="b"))[128]
    assert own.is_current
    assert (own.billed_ms, own.p95_ms) == (16.0, 20.0)
    assert own.gb_seconds == Decimal("0.032") / 8


def test_processor_time_goes_by_its_share_and_the_rest_stays() -> None:
    # At 128 MB 0.5 ms of a processor last 0.5 × 1769 / 128 = 6.91 ms; at 256 MB half of that.
    found = sizes(ran(20.0, 0.5))
    assert found[256].billed_ms == 17  # 20 - 3.455 = 16.54
    assert found[1769].billed_ms == 14  # 20 - 6.91 + 0.5 = 13.59
    assert found[256].gb_seconds == Decimal("0.017") / 4


def test_more_than_one_processor_does_not_help() -> None:
    found = sizes(ran(200.0, 5.0))
    assert found[3008].billed_ms == found[2048].billed_ms == found[1769].billed_ms == 136


def test_what_waits_for_the_database_takes_as_long_with_any_memory() -> None:
    found = sizes(ran(20.0, 0.0))
    assert {size.billed_ms for size in found.values()} == {20}


def test_processor_time_never_takes_more_of_an_invocation_than_it_lasted() -> None:
    # On a whole processor it would have been 28 ms of these 20: threads, or a burst.
    found = sizes(ran(20.0, 2.0))
    assert found[128].billed_ms == 20
    assert found[256].billed_ms == 10
    assert found[1769].billed_ms == 2  # 20 × 128 / 1769 = 1.45


def test_the_runtimes_own_time_and_the_init_phase_stay() -> None:
    report = replace(REPORT, duration_ms=21.4, init_ms=300.0, billed_ms=322)
    found = sizes(ran(20.0, 0.5), report)
    assert found[128].billed_ms == 322
    assert found[256].billed_ms == 318  # 321.4 - 3.455


def test_measured_with_a_whole_processor_its_own_memory_is_a_projection() -> None:
    found = sizes(ran(20.0, 0.5), share=1)
    assert found[128].is_current
    assert found[128].billed_ms == 27  # 19.5 + 6.91
    assert found[1769].billed_ms == 20


def test_the_caller_waits_as_much_less_as_the_invocation_takes() -> None:
    found = sizes(ran(20.0, 0.5), client(wall_ms=35.0))
    assert found[128].waiting_ms == 35
    assert float(found[256].waiting_ms) == pytest.approx(35 - 0.5 / SHARE / 2)
    assert found[256].total_usd == found[256].usd + found[256].waiting_usd


def test_invocations_without_processor_time_change_in_proportion() -> None:
    half = ran(20.0, 2.0), ran(20.0, None, request_id="b")
    assert sizes(*half)[256].gb_seconds == 2 * sizes(half[0])[256].gb_seconds


def test_sizes_that_are_smaller_than_what_was_used_are_left_out() -> None:
    report = replace(REPORT, memory_mb=512.0, max_memory_mb=300.0)
    found = sizes(replace(BATCH, memory_mb=512.0), report)
    assert min(found) == 512
    assert found[512].is_current


def test_a_size_of_its_own_is_among_them() -> None:
    assert 640 in sizes(ran(20.0, 0.5, memory_mb=640.0))


def test_without_processor_time_nothing_is_said_of_memory() -> None:
    assert sizes(ran(20.0, None)) == {}
    assert sizes(REPORT) == {}


def test_clients_alone_tell_enough_at_the_memory_that_is_given() -> None:
    setup = replace(NOT_FREE, proxy=Function(memory_mb=Decimal(256)))
    found = sizes(client(handler_ms=12.3, cpu_ms=0.5, billed_ms=13), setup=setup)
    assert found[256].is_current
    assert found[256].billed_ms == 13
    assert found[128].billed_ms == 16  # 12.3 + 3.455


def test_of_several_invocations_what_was_billed_is_kept() -> None:
    # Two answers: their handlers' time tells less than what was billed.
    found = sizes(client(handler_ms=12.3, cpu_ms=0.5, billed_ms=30, attempts=2))
    assert found[256].billed_ms == 27  # 30 - 3.455


def test_the_cheapest_counts_the_waiting() -> None:
    # Of 20 ms 14 are the processor's: 256 MB are billed 13.1 ms, so the proxy costs more, and
    # the waiting, at a memory of 3,008 MB, less.
    setup = replace(NOT_FREE, app=Function(memory_mb=Decimal(3008)))
    own = sizes(ran(20.0, 1.0), setup=setup)
    assert cheapest(list(own.values())).memory_mb > 128
    alone = replace(setup, app=Function(memory_mb=Decimal(128)), invoke_ms=Decimal(0))
    assert cheapest(list(sizes(ran(20.0, 0.1), setup=alone).values())).memory_mb == 128


def test_the_fastest_that_costs_no_more_is_found() -> None:
    setup = replace(NOT_FREE, app=Function(memory_mb=Decimal(3008)))
    found = list(sizes(ran(100.0, 1.0), setup=setup).values())
    own = next(size for size in found if size.is_current)
    faster = faster_for_no_more(found)
    assert faster is not None
    assert faster.total_usd <= own.total_usd
    assert faster.billed_ms == min(
        size.billed_ms for size in found if size.total_usd <= own.total_usd
    )
    # The fastest of all costs more.
    assert faster.billed_ms > min(size.billed_ms for size in found)


def test_where_more_memory_only_costs_more_there_is_none() -> None:
    assert faster_for_no_more(list(sizes(ran(20.0, 0.0)).values())) is None
