"""What is said twice counts once: REPORT lines, the proxy's lines, and repeats of both."""

import json
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Any

import pytest

from motorpool.costs.errors import UsageError
from motorpool.costs.recorded import ClientBatch, Invocation, ProxyBatch, Record, Usage, gathered
from motorpool.costs.recorded.entry import moment_in
from motorpool.costs.recorded.reading import read
from tests.costs.recorded.lines import REQUEST_ID, client_line, proxy_line, report_line, write

BATCH = ProxyBatch(
    at=1000.0,
    request_id=REQUEST_ID,
    function="shop-proxy",
    memory_mb=256.0,
    cold=False,
    operations=14,
    groups=7,
    refused=1,
    handler_ms=12.345,
    database_ms=9.1,
    cpu_ms=0.5,
    init_ms=None,
    billed_ms=13,
    bytes_in=1234,
    bytes_out=5678,
)
REPORT = Invocation(
    at=1000.02,
    request_id=REQUEST_ID,
    function=None,
    duration_ms=13.1,
    billed_ms=14,
    memory_mb=128.0,
    max_memory_mb=51.0,
    init_ms=None,
)


def rows(usage: Usage, *names: str) -> list[tuple[float, ...]]:
    return list(zip(*(usage.invocations[name] for name in names), strict=True))


def client(**changes: Any) -> ClientBatch:
    line = client_line(**changes)
    del line["v"], line["side"]
    return ClientBatch(**{**line, "at": moment_in(line["at"]) if line["at"] else None})


def test_a_report_and_the_proxys_line_of_one_request_are_one_invocation() -> None:
    usage = gathered([BATCH, REPORT])
    assert (len(usage.invocations), usage.reported, usage.joined, usage.repeated) == (1, 1, 1, 0)
    # What AWS bills, and at which memory, is Lambda's to say; the rest is the proxy's.
    names = ("duration_ms", "billed_ms", "memory_mb", "operations", "handler_ms", "refused")
    assert rows(usage, *names) == [(13.1, 14, 128.0, 14, 12.345, 1)]
    assert rows(usage, "began", "ended") == [(1000.0, 1000.02)]


def test_without_a_report_the_proxys_own_count_is_what_was_billed() -> None:
    usage = gathered([replace(BATCH, cold=True, init_ms=300.0, billed_ms=313)])
    assert (usage.reported, usage.joined) == (0, 0)
    assert rows(usage, "billed_ms", "extra_ms", "memory_mb", "cold") == [(313, 300.0, 256.0, 1)]
    ((ended,),) = rows(usage, "ended")
    assert ended == pytest.approx(1000.012345)
    ((duration,),) = rows(usage, "duration_ms")
    assert isnan(duration)


def test_a_report_alone_began_as_long_ago_as_it_lasted() -> None:
    usage = gathered([REPORT])
    ((began, operations),) = rows(usage, "began", "operations")
    assert began == pytest.approx(1000.0069)
    assert isnan(operations)


def test_a_report_without_a_time_has_that_of_the_proxys_line() -> None:
    usage = gathered([BATCH, replace(REPORT, at=None)])
    ((began, ended),) = rows(usage, "began", "ended")
    assert began == 1000.0
    assert ended == pytest.approx(1000.0131)


def test_the_same_report_in_two_exports_counts_once() -> None:
    usage = gathered([REPORT, replace(REPORT, at=None, function="shop-proxy")])
    assert (len(usage.invocations), usage.repeated) == (1, 1)
    assert rows(usage, "ended", "function") == [(1000.02, 0.0)]


def test_of_two_exports_what_only_one_says_is_known() -> None:
    bare = replace(REPORT, at=None, max_memory_mb=None)
    full = replace(REPORT, init_ms=0.5, status="timeout")
    for records in ([bare, full], [full, bare]):
        usage = gathered(records)
        names = ("cold", "extra_ms", "timed_out", "max_memory_mb")
        assert rows(usage, *names) == [(1, 0.5, 1, 51.0)]


def test_the_same_line_in_two_files_counts_once() -> None:
    batch = client()
    usage = gathered([BATCH, batch, BATCH, batch])
    assert (len(usage.invocations), len(usage.batches), usage.repeated) == (1, 1, 2)


def test_lines_without_a_time_or_an_id_are_never_taken_for_one_another() -> None:
    nameless = replace(BATCH, at=None, request_id=None)
    unnamed = replace(REPORT, at=1.0, request_id=None)
    untimed = client(at=None)
    usage = gathered([nameless, nameless, unnamed, unnamed, untimed, untimed])
    assert (len(usage.invocations), len(usage.batches), usage.repeated) == (4, 2, 0)


def test_an_invocation_that_was_repeated_under_its_id_was_billed_twice() -> None:
    again = replace(REPORT, duration_ms=3000.0, billed_ms=3000, status="timeout")
    usage = gathered([REPORT, again, BATCH])
    # The proxy's line fits into either; it is the shorter's.
    found = sorted(rows(usage, "billed_ms", "timed_out", "failed", "handler_ms"))
    assert found[0] == (14, 0, 0, 12.345)
    assert found[1][:3] == (3000, 1, 1)
    assert isnan(found[1][3])
    assert (usage.reported, usage.joined) == (2, 1)


def test_each_answer_is_joined_with_the_report_that_it_fits_into() -> None:
    long = replace(BATCH, at=1001.0, handler_ms=80.0, operations=99)
    longer = replace(REPORT, at=1001.1, duration_ms=81.0, billed_ms=81)
    usage = gathered([long, longer, BATCH, REPORT])
    assert sorted(rows(usage, "billed_ms", "operations")) == [(14, 14), (81, 99)]


def test_an_answer_is_not_joined_with_a_report_that_was_shorter() -> None:
    long = replace(BATCH, at=1001.0, handler_ms=80.0)
    longer = replace(REPORT, at=1001.1, duration_ms=81.0, billed_ms=81)
    usage = gathered([REPORT, longer, long])
    joined = [billed for billed, handler in rows(usage, "billed_ms", "handler_ms") if handler == 80]
    assert joined == [81]


def test_two_answers_of_one_report_are_two_invocations() -> None:
    usage = gathered([REPORT, BATCH, replace(BATCH, at=1002.0, handler_ms=5.0)])
    assert sorted(rows(usage, "billed_ms", "handler_ms")) == [(13, 12.345), (14, 5.0)]


@pytest.mark.parametrize("status", ["error", "failure", "timeout"])
def test_a_status_is_a_failure(status: str) -> None:
    usage = gathered([replace(REPORT, status=status)])
    assert rows(usage, "failed") == [(1,)]


def test_success_is_none() -> None:
    assert rows(gathered([replace(REPORT, status="success")]), "failed") == [(0,)]


# --- one function of several ----------------------------------------------------------------------


def several() -> list[Record]:
    other = replace(BATCH, request_id="b", function="other")
    return [
        BATCH,
        REPORT,
        other,
        replace(REPORT, request_id="b"),
        replace(REPORT, request_id="c"),
        client(function="other"),
        client(function=None, scope=1),
    ]


def test_one_function_has_its_lines_and_those_that_name_none() -> None:
    usage = gathered(several(), "shop-proxy")
    assert usage.functions == ("other", "shop-proxy")
    assert len(usage.invocations) == 2
    assert list(usage.batches["scope"]) == [1]


def test_a_function_may_be_asked_for_by_its_arn() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop-proxy:live"
    assert len(gathered(several(), arn).invocations) == 2


def test_all_functions_are_taken_together_unless_one_is_named() -> None:
    usage = gathered(several())
    assert (len(usage.invocations), len(usage.batches)) == (3, 2)


def test_a_function_that_nothing_names_is_refused_and_those_there_are_are_named() -> None:
    with pytest.raises(
        UsageError, match=r"--function shop: nothing .*; there is other, shop-proxy"
    ):
        gathered(several(), "shop")


def test_where_nothing_names_a_function_all_of_it_is_the_one_that_is_named() -> None:
    assert len(gathered([REPORT], "shop-proxy").invocations) == 1


# --- what is read is what is gathered -------------------------------------------------------------


def test_files_may_be_given_twice(tmp_path: Path) -> None:
    name = write(tmp_path / "u", json.dumps(proxy_line()), report_line(), client_line())
    once, twice = (gathered(read(names)) for names in ([name], [name, name]))
    assert len(twice.invocations) == len(once.invocations) == 1
    assert len(twice.batches) == len(once.batches) == 1
    assert twice.repeated == 3
