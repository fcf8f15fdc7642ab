"""What holds for whatever was recorded."""

import gzip
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.costs.model import estimate
from motorpool.costs.numbers import EXACT
from motorpool.costs.parts import PROXY
from motorpool.costs.recorded import (
    Analysis,
    Scale,
    Usage,
    analyse,
    gathered,
    lingering,
    month,
    read_usage,
    remembering,
    saved,
    to_load,
)
from motorpool.costs.setup import Setup
from tests.costs.recorded.lines import write
from tests.costs.recorded.strategies import client_lines, lines, proxy_lines, report_lines
from tests.costs.recorded.test_gathering import BATCH, REPORT
from tests.costs.tables import PRICES

ONCE = Scale(factor=Decimal(1), how="")
NOT_FREE = Setup(has_free_tier=False)
some_lines = st.lists(lines, min_size=1, max_size=25)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all examples: each writes anew what it reads."""
    return tmp_path_factory.mktemp("recorded")


def usage_of(folder: Path, *files: list[str]) -> Usage | None:
    """What is recorded in files of these lines, those without any usage left out."""
    names = []
    for number, each in enumerate(files):
        if any("REPORT" in line or '"v"' in line or "platform" in line for line in each):
            names.append(write(folder / str(number), *each))
    return read_usage(names) if names else None


def figures(analysis: Analysis) -> dict[str, Any]:
    """Everything that an analysis says, but for what it was made of."""
    return {name: getattr(analysis, name) for name in analysis.__slots__ if name != "usage"}


@given(st.data(), some_lines)
def test_totals_do_not_depend_on_the_order_of_lines_nor_on_their_files(
    folder: Path, data: st.DataObject, recorded: list[str]
) -> None:
    usage = usage_of(folder, recorded)
    if usage is None:
        return
    shuffled = data.draw(st.permutations(recorded))
    cut = data.draw(st.integers(0, len(shuffled)))
    other = usage_of(folder, shuffled[:cut], shuffled[cut:])
    assert other is not None
    assert figures(analyse(other)) == figures(analyse(usage))
    assert (other.reported, other.joined, other.repeated) == (
        usage.reported,
        usage.joined,
        usage.repeated,
    )


@given(some_lines)
def test_a_packed_file_says_what_the_file_says(folder: Path, recorded: list[str]) -> None:
    usage = usage_of(folder, recorded)
    if usage is None:
        return
    packed = folder / "packed"
    packed.write_bytes(gzip.compress((folder / "0").read_bytes()))
    assert figures(analyse(read_usage([str(packed)]))) == figures(analyse(usage))


@given(st.lists(report_lines(), max_size=12), st.lists(proxy_lines(), max_size=12))
def test_joining_never_counts_twice_and_never_loses(
    folder: Path, reports: list[str], answers: list[dict[str, Any]]
) -> None:
    usage = usage_of(folder, reports, [json.dumps(answer) for answer in answers])
    if usage is None:
        return
    single = {
        line.removeprefix("[9f3a1c2b] ").removeprefix("2026-11-28T10:30:00.000Z ")
        for line in reports
    }
    told = {json.dumps(answer) for answer in answers}
    assert usage.reported == len({_said(line) for line in single})
    assert len(usage.invocations) == usage.reported + len(told) - usage.joined
    assert usage.joined <= min(usage.reported, len(told))
    # What is billed of a joined one is Lambda's word, once.
    billed = sum(ms for ms in usage.invocations["billed_ms"])
    most = sum(int(_said(line)[2]) for line in single) + sum(
        answer["billed_ms"] for answer in map(json.loads, told)
    )
    assert billed <= most


def _said(line: str) -> tuple[str, ...]:
    """By what REPORT lines are told apart."""
    fields = line.split("\t")
    return (fields[0], fields[1], fields[2].split()[2], fields[3])


@given(some_lines, st.integers(1, 10**6))
def test_a_month_is_in_proportion_to_what_was_recorded(
    folder: Path, recorded: list[str], factor: int
) -> None:
    usage = usage_of(folder, recorded)
    if usage is None:
        return
    analysis = analyse(usage, NOT_FREE)
    once, often = (
        month(analysis, PRICES, Scale(factor=Decimal(each), how="")) for each in (1, factor)
    )
    assert often.invocations == once.invocations * factor
    assert abs(often.gb_seconds - once.gb_seconds * factor) < Decimal("1e-20")
    assert abs(often.waiting.usd - once.waiting.usd * factor) < Decimal("1e-20")
    if often.gb_seconds < 6_000_000_000:  # within the first tier
        assert abs(often.bill.usd - once.bill.usd * factor) < Decimal("1e-20")
    free = month(replace(analysis, setup=Setup()), PRICES, often.scale)
    assert 0 <= free.bill.usd <= often.bill.usd


@given(
    st.lists(client_lines(), min_size=1, max_size=30),
    st.lists(st.integers(1, 2_000_000), min_size=2, max_size=6),
)
def test_a_longer_linger_never_makes_more_invocations_nor_less_waiting_a_batch(
    folder: Path, recorded: list[dict[str, Any]], microseconds: list[int]
) -> None:
    usage = usage_of(folder, [json.dumps(line) for line in recorded])
    assert usage is not None
    analysis = analyse(usage)
    lingers = [each / 1000 for each in sorted(microseconds)]
    found = lingering(analysis, PRICES, month(analysis, PRICES, ONCE), lingers)
    batches = [each.batches for each in found]
    assert batches == sorted(batches, reverse=True)
    for each in found:
        assert each.batches + each.saved == analysis.batches
        assert 0 <= each.saved < len(recorded)
        assert each.waiting_ms >= 0
        assert each.usd >= 0


@given(st.lists(proxy_lines(), min_size=1, max_size=20), st.sampled_from([None, 1, "0.3"]))
def test_more_memory_is_never_slower(
    folder: Path, recorded: list[dict[str, Any]], share: Any
) -> None:
    usage = usage_of(folder, [json.dumps(line) for line in recorded])
    assert usage is not None
    analysis = analyse(usage, measured_share=share)
    found = remembering(analysis, PRICES, month(analysis, PRICES, ONCE))
    one_memory = len({line["memory_mb"] or 128 for line in recorded}) == 1
    if one_memory or share is not None:
        times = [size.billed_ms for size in found]
        assert times == sorted(times, reverse=True)
        waits = [size.waiting_ms for size in found]
        assert waits == sorted(waits, reverse=True)
    assert all(size.usd >= 0 and size.waiting_usd >= 0 for size in found)
    assert len([size for size in found if size.is_current]) == (1 if found else 0)


@given(some_lines)
def test_its_estimate_is_of_the_same_invocations(folder: Path, recorded: list[str]) -> None:
    usage = usage_of(folder, recorded)
    if usage is None:
        return
    analysis = analyse(usage)
    part = estimate(*to_load(analysis, to=Scale(factor=Decimal(7), how="")), PRICES).part(PROXY)
    assert part is not None
    assert abs(part.invocations - analysis.invocations * 7) < Decimal("1e-20") or (
        not analysis.invocations
    )
    if analysis.invocations and not analysis.unmeasured:
        assert abs(part.usage.gb_seconds - analysis.gb_seconds * 7) < Decimal("1e-20")


@given(some_lines)
def test_without_batching_there_are_as_many_invocations_as_calls(
    folder: Path, recorded: list[str]
) -> None:
    usage = usage_of(folder, recorded)
    if usage is None:
        return
    analysis = analyse(usage)
    batched = month(analysis, PRICES, ONCE)
    found = saved(analysis, PRICES, batched)
    if found is not None and analysis.calls_per_invocation is not None:
        calls = EXACT.multiply(analysis.calls_per_invocation, analysis.invocations)
        assert abs(found.month.invocations - calls) < Decimal("1e-20")
        assert found.invocations == EXACT.subtract(calls, analysis.invocations)


@given(st.lists(st.integers(0, 10**7), min_size=1), st.integers(1, 9))
def test_what_is_billed_is_exact_however_much_it_is(durations: list[int], times: int) -> None:
    records = [
        replace(REPORT, request_id=f"{number}", duration_ms=float(ms), billed_ms=ms)
        for number, ms in enumerate(durations * times)
    ]
    analysis = analyse(gathered([*records, replace(BATCH, request_id="0")]))
    assert analysis.billed_total_ms == sum(durations) * times
    assert analysis.gb_seconds == Decimal(sum(durations) * times) / 8000
