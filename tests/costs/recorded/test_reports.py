"""Lambda's report of an invocation in every form in which logs have it."""

import base64
import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from motorpool.costs.errors import UsageError
from motorpool.costs.recorded import ClientBatch, Invocation, ProxyBatch, Record, Tally, read
from tests.costs.recorded.lines import (
    REQUEST_ID,
    client_line,
    platform_report,
    proxy_line,
    report_line,
    write,
)

STREAM = "2026/11/28/[$LATEST]88ab219a63d343d294d0a9947e8ab36a"
AT = 1795898585.06
"""2026-11-28T20:43:05.060Z."""
PLAIN = Invocation(
    at=None,
    request_id=REQUEST_ID,
    function=None,
    duration_ms=13.1,
    billed_ms=14,
    memory_mb=128.0,
    max_memory_mb=51.0,
    init_ms=None,
)


def records(tmp_path: Path, *lines: Any) -> list[Record]:
    return list(read([write(tmp_path / "log", *lines)]))


def only(tmp_path: Path, *lines: Any) -> Invocation:
    (record,) = records(tmp_path, *lines)
    assert isinstance(record, Invocation)
    return record


# --- text -----------------------------------------------------------------------------------------


def test_a_report_line_of_a_warm_invocation(tmp_path: Path) -> None:
    assert only(tmp_path, report_line()) == PLAIN


def test_a_cold_start_has_its_init_phase(tmp_path: Path) -> None:
    found = only(
        tmp_path, report_line(duration="12.34", billed="136", more="Init Duration: 123.45 ms\t")
    )
    assert (found.init_ms, found.is_cold, found.extra_ms) == (123.45, True, 123.45)


def test_an_init_phase_that_was_not_billed_is_not_part_of_what_was(tmp_path: Path) -> None:
    # As before 2025-08-01.
    found = only(
        tmp_path, report_line(duration="12.34", billed="13", more="Init Duration: 123.45 ms\t")
    )
    assert (found.is_cold, found.extra_ms) == (True, 0.0)


def test_a_restored_snapshot_bills_only_what_it_says(tmp_path: Path) -> None:
    # A real line's figures: 2338.66 + 182 = 2520.66, billed 2521.
    found = only(
        tmp_path,
        report_line(
            duration="2338.66",
            billed="2521",
            more="Restore Duration: 398.97 ms\tBilled Restore Duration: 182 ms\t",
        ),
    )
    assert (found.restore_ms, found.billed_restore_ms) == (398.97, 182.0)
    assert (found.is_cold, found.extra_ms, found.duration_ms) == (True, 182.0, 2338.66)


@pytest.mark.parametrize(
    ("more", "status", "error_type"),
    [
        ("Status: timeout", "timeout", None),
        ("Status: error\tError Type: Runtime.ExitError", "error", "Runtime.ExitError"),
        ("", None, None),
    ],
)
def test_a_failed_invocation_says_why(
    tmp_path: Path, more: str, status: str | None, error_type: str | None
) -> None:
    found = only(tmp_path, report_line(more=more))
    assert (found.status, found.error_type) == (status, error_type)


@pytest.mark.parametrize(
    "prefix",
    [
        f"2026-11-28T20:43:05.060000+00:00 {STREAM} ",  # aws logs tail
        f"{STREAM} 2026-11-28T20:43:05.060000 ",  # sam logs
        "2026-11-28T20:43:05.060Z ",  # an export to S3
        "2026-11-28T21:43:05,060+01:00 ",
        "2026-11-28 20:43:05.060\t",
        "1795898585060 ",
    ],
)
def test_the_time_stands_before_it(tmp_path: Path, prefix: str) -> None:
    assert only(tmp_path, prefix + report_line()).at == pytest.approx(AT)


@pytest.mark.parametrize("prefix", ["[9f3a1c2b] ", "\t", "", "2026-13-45T20:43:05Z "])
def test_a_line_without_a_time_is_a_report_as_well(tmp_path: Path, prefix: str) -> None:
    assert only(tmp_path, prefix + report_line()) == PLAIN


def test_a_stream_that_names_its_function_tells_whose_report_it_is(tmp_path: Path) -> None:
    stream = "2026/04/25/shop-proxy[$LATEST]bbc516425cae453eb41318c68a471e16"
    assert only(tmp_path, f"2026-04-25T10:56:15Z {stream} {report_line()}").function == "shop-proxy"


def test_tabulators_that_became_spaces_part_the_fields_as_well(tmp_path: Path) -> None:
    more = "Init Duration: 1.5 ms\t"
    line = report_line(billed="15", more=more).replace("\t", "   ")
    assert only(tmp_path, line).init_ms == 1.5


def test_what_else_a_log_of_lambda_has_is_no_usage_and_no_surprise(tmp_path: Path) -> None:
    tally = Tally()
    name = write(
        tmp_path / "log",
        "[9f3a1c2b] INIT_START Runtime Version: python:3.11.v76\tRuntime Version ARN: arn:…",
        f"[9f3a1c2b] START RequestId: {REQUEST_ID} Version: $LATEST",
        f"2026-11-28T20:43:05.060Z END RequestId: {REQUEST_ID}",
        "INIT_REPORT Init Duration: 80.49 ms\tPhase: init\tStatus: error",
        "XRAY TraceId: 1-6352a70e-1e2c502e358361800241fd45\tSegmentId: 24cd\tSampled: true",
        "EXTENSION\tName: insights\tState: Ready\tEvents: [INVOKE]",
        "",
        report_line(),
    )
    assert list(read([name], tally)) == [PLAIN]
    assert (tally.lines, tally.unrecognised, tally.note) == (7, 0, None)


def test_a_report_line_that_is_cut_short_is_not_recognised(tmp_path: Path) -> None:
    whole = report_line()
    tally = Tally()
    cut = [whole[:length] for length in range(1, whole.index("Max Memory") - 4)]
    assert list(read([write(tmp_path / "log", *cut, whole)], tally)) == [PLAIN]
    assert tally.unrecognised == len([line for line in cut if line.strip()])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (report_line(duration="-1.00"), "Duration must be a number of 0 or more, and is '-1.00'"),
        (report_line(duration="NaN"), "Duration must be a number of 0 or more, and is 'NaN'"),
        (report_line(billed="1.5"), "Billed Duration must be a whole number, and is 1.5"),
        (
            report_line(billed="soon"),
            "Billed Duration must be a number of 0 or more, and is 'soon'",
        ),
        (report_line(memory="-128"), "Memory Size must be a number of 0 or more, and is '-128'"),
    ],
)
def test_a_bad_figure_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        records(tmp_path, report_line(), line)
    assert str(raised.value) == f"{tmp_path}/log, line 2: {said}"


# --- JSON -----------------------------------------------------------------------------------------


def test_the_json_format_says_the_same(tmp_path: Path) -> None:
    found = only(tmp_path, platform_report())
    assert (found.at, found.request_id) == (1791444629.47, REQUEST_ID)
    assert (found.duration_ms, found.billed_ms, found.init_ms) == (1233.96, 1698, 463.512)
    assert (found.memory_mb, found.max_memory_mb, found.extra_ms) == (256.0, 123.0, 463.512)


def test_the_json_format_may_be_indented_as_aws_logs_tail_prints_it(tmp_path: Path) -> None:
    text = json.dumps(platform_report(), indent=4)
    start = json.dumps({"time": "2026-10-08T07:30:29Z", "type": "platform.start", "record": {}})
    found = only(tmp_path, "2026-10-08T07:30:29.470Z", text, "2026-10-08T07:30:41.076Z", start)
    assert found.billed_ms == 1698


def test_other_events_of_lambda_are_no_usage_and_no_surprise(tmp_path: Path) -> None:
    tally = Tally()
    other = {"time": "2026-10-08T07:30:29.470Z", "type": "platform.runtimeDone", "record": {}}
    name = write(tmp_path / "log", other, platform_report())
    assert len(list(read([name], tally))) == 1
    assert (tally.lines, tally.unrecognised) == (2, 0)


def test_a_bad_figure_in_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="line 1: durationMs must be a number of 0 or more"):
        records(tmp_path, platform_report(durationMs="fast"))


# --- log events -----------------------------------------------------------------------------------


def events(*messages: str, **more: Any) -> dict[str, Any]:
    return {
        "events": [
            {
                "logStreamName": STREAM,
                "timestamp": 1795898585060 + number,
                "message": message,
                "eventId": str(number),
            }
            for number, message in enumerate(messages)
        ],
        **more,
    }


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("key", ["events", "logEvents"])
def test_log_events_are_read_as_lines_with_their_time(
    tmp_path: Path, indent: int | None, key: str
) -> None:
    answer = events(
        f"START RequestId: {REQUEST_ID} Version: $LATEST\n",
        json.dumps(proxy_line()) + "\n",
        "something that the function printed\n",
        f"{report_line()}\nXRAY TraceId: 1-6352\tSegmentId: 24cd\tSampled: true\n",
        json.dumps(platform_report()),
        searchedLogStreams=[],
        nextToken="abc",
    )
    answer[key] = answer.pop("events")
    tally = Tally()
    name = write(tmp_path / "log", json.dumps(answer, indent=indent))
    found = list(read([name], tally))
    assert [type(each) for each in found] == [ProxyBatch, Invocation, Invocation]
    assert found[1].at == pytest.approx(AT + 0.003)  # type: ignore[union-attr]  # a report
    assert (tally.lines, tally.unrecognised) == (5, 1)


def test_each_answer_of_many_is_read(tmp_path: Path) -> None:
    one = json.dumps(events(report_line()), indent=4)
    assert records(tmp_path, one, one, report_line())[-1] == PLAIN
    assert len(records(tmp_path, one, one, report_line())) == 3


def test_events_one_a_line_are_read(tmp_path: Path) -> None:
    single = events(report_line(), json.dumps(proxy_line()))["events"]
    assert len(records(tmp_path, *single)) == 2


def test_a_bad_value_in_an_event_is_named_by_the_line_where_the_event_begins(
    tmp_path: Path,
) -> None:
    answer = events(report_line(), json.dumps(proxy_line(handler_ms=-1)))
    with pytest.raises(UsageError) as raised:
        records(tmp_path, json.dumps(answer, indent=4))
    # One line opens, one names the events, six are the first event.
    assert ", line 9: handler_ms must be a number of 0 or more, and is -1" in str(raised.value)


def test_what_begins_like_json_and_is_none_hides_no_line(tmp_path: Path) -> None:
    tally = Tally()
    name = write(
        tmp_path / "log",
        "{",
        '  "a dictionary": [',
        f"2026-11-28T20:43:05.060Z {report_line()}",
        "{",
        json.dumps(proxy_line()),
        '{"v": 1, "side": "proxy", "at": "2026-11',
        "[",
        '  "never closed"',
    )
    found = list(read([name], tally))
    assert [type(each) for each in found] == [Invocation, ProxyBatch]
    assert tally.note == (f"3 of 8 lines were not recognised; the first is {tmp_path}/log, line 2")


def test_an_array_of_usage_lines_is_read_element_by_element(tmp_path: Path) -> None:
    lines = [proxy_line(), client_line(), "no object"]
    for text in (json.dumps(lines), json.dumps(lines, indent=2)):
        assert [type(each) for each in records(tmp_path, text)] == [ProxyBatch, ClientBatch]
    torn = ["[", json.dumps(proxy_line()) + ",", json.dumps(client_line()) + ","]
    assert [type(each) for each in records(tmp_path, *torn)] == [ProxyBatch, ClientBatch]


# --- Logs Insights --------------------------------------------------------------------------------

INSIGHTS = {
    "@timestamp": "2026-11-28 20:43:05.060",
    "@requestId": REQUEST_ID,
    "@duration": "13.1",
    "@billedDuration": "14.0",
    "@memorySize": "1.28E8",
    "@maxMemoryUsed": "5.1E7",
}
IN_INSIGHTS = Invocation(
    at=AT,
    request_id=REQUEST_ID,
    function=None,
    duration_ms=13.1,
    billed_ms=14,
    memory_mb=128.0,
    max_memory_mb=51.0,
    init_ms=None,
)


def test_a_query_that_took_the_fields_apart_is_read_from_csv(tmp_path: Path) -> None:
    rows = [",".join(INSIGHTS), ",".join(INSIGHTS.values()), "2026-11-28 20:43:05.060,,,,,"]
    tally = Tally()
    assert list(read([write(tmp_path / "log.csv", *rows)], tally)) == [IN_INSIGHTS]
    assert (tally.lines, tally.unrecognised) == (2, 0)


def test_a_query_that_took_the_fields_apart_is_read_from_json(tmp_path: Path) -> None:
    row = [{"field": field, "value": value} for field, value in INSIGHTS.items()]
    answer = {"results": [row, "no row"], "status": "Complete"}
    assert records(tmp_path, json.dumps(answer, indent=4)) == [IN_INSIGHTS]


def test_messages_in_csv_may_go_over_several_lines(tmp_path: Path) -> None:
    usage = json.dumps(proxy_line()).replace('"', '""')
    name = write(
        tmp_path / "log.csv",
        "@timestamp,@message",
        f'2026-11-28 20:43:05.060,"{report_line()}',
        'XRAY TraceId: 1-6352"',
        "2026-11-28 20:43:05.060,what the function printed",
        f'2026-11-28 20:43:05.060,"{usage}',
        '"',
    )
    tally = Tally()
    found = list(read([name], tally))
    assert [type(each) for each in found] == [Invocation, ProxyBatch]
    assert found[0].at == pytest.approx(AT)  # type: ignore[union-attr]  # a report
    assert tally.note == f"1 of 3 lines was not recognised; the first is {name}, line 4"


def test_the_csv_of_the_console_has_other_headings(tmp_path: Path) -> None:
    found = only(tmp_path, "timestamp,message", f'1795898585060,"{report_line()}"')
    assert found.at == pytest.approx(AT)


def test_a_cell_of_csv_that_never_ends_hides_no_more_than_it_holds(tmp_path: Path) -> None:
    long = '2026-11-28 20:43:05.060,"' + "x" * 140_000
    row = f"2026-11-28 20:43:05.060,{report_line()}"
    tally = Tally()
    found = list(read([write(tmp_path / "log.csv", "@timestamp,@message", long, row)], tally))
    assert len(found) == 1
    assert tally.unrecognised == 1


def test_a_bad_figure_in_csv_is_named_with_its_line(tmp_path: Path) -> None:
    row = {**INSIGHTS, "@duration": "-1"}
    name = write(tmp_path / "log.csv", ",".join(row), ",".join(row.values()))
    with pytest.raises(UsageError, match=r"log\.csv, line 2: @duration must be a number of 0"):
        list(read([name]))


# --- files ----------------------------------------------------------------------------------------


def test_a_gzip_file_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(gzip.compress(f"{report_line()}\n".encode()))
    assert list(read([str(tmp_path / "log")])) == [PLAIN]


def test_a_gzip_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress("".join(f"{report_line(billed=str(n))}\n" for n in range(999)).encode())
    (tmp_path / "log.gz").write_bytes(whole[:-20])
    with pytest.raises(UsageError, match=r"log\.gz, after line \d+: the gzip file is cut short"):
        list(read([str(tmp_path / "log.gz")]))


def test_a_gzip_file_that_is_damaged_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.gz").write_bytes(b"\x1f\x8b" + b"\x00" * 40)
    with pytest.raises(UsageError, match="the gzip file is cut short or damaged"):
        list(read([str(tmp_path / "log.gz")]))


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch, *, is_packed: bool) -> None:
    data = f"{report_line()}\n".encode()
    stream = io.TextIOWrapper(io.BytesIO(gzip.compress(data) if is_packed else data))
    monkeypatch.setattr(sys, "stdin", stream)
    assert list(read(["-"])) == [PLAIN]
    assert not stream.closed


def test_standard_input_without_usage_is_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("hello\n"))
    with pytest.raises(UsageError, match="standard input has no recorded usage: none of its 1 "):
        list(read(["-"]))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        list(read([str(tmp_path / "nowhere")]))
    assert str(raised.value) == f"{tmp_path}/nowhere cannot be read: No such file or directory"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        list(read([str(tmp_path)]))


@pytest.mark.parametrize("text", ["", "\n\n", f"END RequestId: {REQUEST_ID}\n", "hello\n"])
def test_a_file_with_nothing_in_it_is_refused_beside_one_with_something(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "nothing").write_text(text, encoding="utf-8")
    good = write(tmp_path / "good", report_line())
    with pytest.raises(UsageError, match=r"nothing has no recorded usage: none of its \d lines"):
        list(read([good, str(tmp_path / "nothing")]))


def test_a_line_that_is_too_long_is_counted_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motorpool.costs.recorded.files.MAX_LINE_BYTES", 300)
    tally = Tally()
    name = write(tmp_path / "log", report_line(), "x" * 1000, report_line())
    assert list(read([name], tally)) == [PLAIN, PLAIN]
    assert tally.note == (
        f"1 of 3 lines was not recognised (1 too long to be looked at); the first is {name}, line 2"
    )


def test_a_document_that_is_too_large_is_read_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motorpool.costs.recorded.documents.MAX_CHARACTERS", 1000)
    lines = ["[", *(json.dumps(client_line(scope=n)) + "," for n in range(5))]
    assert len(records(tmp_path, *lines)) == 5


def test_a_mark_at_the_start_of_a_file_is_no_part_of_its_first_line(tmp_path: Path) -> None:
    text = "\ufeff" + json.dumps(proxy_line()) + "\r\n"
    (tmp_path / "u").write_text(text, encoding="utf-8")
    assert isinstance(next(read([str(tmp_path / "u")])), ProxyBatch)


def test_everything_may_stand_in_one_file(tmp_path: Path) -> None:
    tail = base64.b64decode(base64.b64encode(report_line().encode())).decode()
    found = records(tmp_path, tail, proxy_line(), client_line(), platform_report())
    assert [type(each) for each in found] == [Invocation, ProxyBatch, ClientBatch, Invocation]
