"""`motorpool cost report`: what it says of recorded usage, in every form, and what it refuses."""

import csv
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from motorpool.costs.command import report
from motorpool.costs.command.amounts import NONE
from tests.costs.command.conftest import Cost
from tests.costs.command.tables import AS_OF
from tests.costs.recorded.lines import client_line, platform_report, proxy_line, report_line, write


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "today", lambda: AS_OF)


def moment(second: int, milliseconds: int = 0) -> str:
    minutes = f"{10 + second // 3600:02d}:{second // 60 % 60:02d}"
    return f"2026-11-28T{minutes}:{second % 60:02d}.{milliseconds:03d}Z"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """400 invocations of two hours: both ends and Lambda's log, two batches a request."""
    proxy: list[Any] = []
    client: list[Any] = []
    log: list[Any] = []
    for number in range(400):
        second = number * 18
        request_id = f"{number:08d}-9d5a-4d57-8f3e-1f2a3b4c5d6e"
        operations, cold = (1, 4, 14)[number % 3], number % 100 == 0
        handler, init = 10.0 + number % 7, 300.0 if cold else None
        billed = int(handler + (init or 0)) + 1
        proxy.append(
            proxy_line(
                at=moment(second, 500),
                request_id=request_id,
                operations=operations,
                groups=operations,
                handler_ms=handler,
                init_ms=init,
                cold=cold,
                billed_ms=billed,
            )
        )
        client.append(
            client_line(
                at=moment(second, 490),
                scope=number // 2,
                operations=operations,
                deduplicated=number % 2,
                wall_ms=handler + (init or 0) + 11,
                handler_ms=handler,
                init_ms=init,
                cold=cold,
                billed_ms=billed,
            )
        )
        more = f"Init Duration: {init:.2f} ms\t" if init else ""
        log += [
            f"{moment(second, 480)} START RequestId: {request_id} Version: $LATEST",
            f"{moment(second, 530)} "
            + report_line(
                request_id=request_id,
                duration=f"{handler + 0.5:.2f}",
                billed=str(billed),
                more=more,
            ),
        ]
    return [
        write(tmp_path / name, *lines)
        for name, lines in (("proxy.jsonl", proxy), ("client.jsonl", client), ("lambda.log", log))
    ]


def data(cost: Cost, *arguments: str) -> dict[str, Any]:
    code, out, err = cost("report", *arguments, "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def by_what(records: list[dict[str, Any]], *names: str) -> dict[str, Any]:
    values = names or ("value",)
    return {
        each["what"]: each[values[0]] if len(values) == 1 else tuple(each[name] for name in values)
        for each in records
    }


# --- what it says ---------------------------------------------------------------------------------


def test_what_was_recorded_is_told_once_of_all_views(cost: Cost, files: list[str]) -> None:
    recorded = by_what(data(cost, *files)["recorded"])
    assert recorded == {
        "first": "2026-11-28 10:00:00 UTC",
        "last": "2026-11-28 11:59:42 UTC",
        "hours": pytest.approx(7182.05 / 3600, abs=0.001),
        "invocations": 400,
        "batches": 400,
        "requests": 200,
        "operations": 134 + 4 * 133 + 14 * 133,
        "deduplicated": 200,
        "cold": 4,
        "throttled": 0,
        "timed_out": 0,
        "failed": 0,
        "lost": 0,
        "refused": 0,
        "gb_seconds": pytest.approx((sum(11 + n % 7 for n in range(400)) + 1200) / 8000),
        "most_memory_mb": 51.0,
    }


def test_the_month_is_the_bill_of_the_recorded_time_scaled(cost: Cost, files: list[str]) -> None:
    found = data(cost, *files, "--period", "2", "--no-free-tier", "--app-memory", "1024")
    month = by_what(found["month"], "quantity", "usd")
    ms = sum(11 + n % 7 for n in range(400)) + 1200
    waited = sum(21 + n % 7 for n in range(400)) + 1200
    assert month["requests"] == (400 * 365, pytest.approx(400 * 365 * 2e-7))
    assert month["duration on x86_64"] == (
        pytest.approx(ms * 365 / 8000),
        pytest.approx(ms * 365 / 8000 * 0.0000166667),
    )
    assert month["callers' waiting"] == (
        pytest.approx(waited * 365 / 1000),
        pytest.approx(waited * 365 / 1000 * 0.0000166667),
    )
    assert month["proxy and waiting"][1] == pytest.approx(found["usd"])
    assert found["usd"] == pytest.approx(found["usd_proxy"] + found["usd_waiting"])
    assert (found["is_month"], found["factor"]) == (True, 365)


def test_the_free_tier_and_the_region_are_the_users(cost: Cost, files: list[str]) -> None:
    free, not_free = (data(cost, *files, *more) for more in ((), ("--no-free-tier",)))
    assert free["usd_proxy"] == 0 < not_free["usd_proxy"]
    arm = data(cost, *files, "--no-free-tier", "--architecture", "arm")
    assert arm["usd_proxy"] < not_free["usd_proxy"]


def test_a_month_of_so_many_requests(cost: Cost, files: list[str]) -> None:
    found = data(cost, *files, "--requests-a-month", "2e6")
    assert by_what(found["month"], "quantity")["requests"] == 4e6


def test_what_batching_saves_is_set_beside_one_query_each(cost: Cost, files: list[str]) -> None:
    saved = by_what(data(cost, *files, "--period", "730")["saved"], "batched", "single", "saved")
    calls = 134 + 4 * 133 + 14 * 133 + 200
    assert saved["invocations"] == (400, pytest.approx(calls), pytest.approx(calls - 400))
    assert set(saved) == {
        *("invocations", "billed_ms", "gb_seconds", "usd_proxy", "usd_waiting", "usd"),
    }


def test_operations_reasons_lingers_and_memories_have_their_tables(
    cost: Cost, files: list[str]
) -> None:
    found = data(cost, *files)
    assert found["operations"] == [
        {"operations": "1", "invocations": 134},
        {"operations": "2", "invocations": 0},
        {"operations": "3 to 4", "invocations": 133},
        {"operations": "5 to 8", "invocations": 0},
        {"operations": "9 to 16", "invocations": 133},
    ]
    assert found["reasons"] == [{"what": "quiet", "batches": 400}]
    assert [each["linger_ms"] for each in found["linger"]] == [1, 2, 5, 10, 20, 50]
    assert all(each["batches_recorded"] == 400 for each in found["linger"])
    memories = [each["memory_mb"] for each in found["memory"]]
    assert memories == [128, 256, 512, 768, 1024, 1536, 1769, 2048, 3008]
    assert [each["is_current"] for each in found["memory"]] == [True] + [False] * 8


def test_another_memory_is_set_against_what_there_is(cost: Cost, files: list[str]) -> None:
    arguments = (*files, "--no-free-tier", "--app-memory", "128")
    memory = data(cost, *arguments)["memory"]
    _, out, _ = cost("report", *arguments, "--markdown")
    rows = {
        row.split("|")[1].strip(): row.split("|")[-2].strip()
        for row in out.splitlines()
        if " MB" in row.partition("|")[2][:16]
    }
    own = next(each["usd"] for each in memory if each["is_current"])
    assert rows["128 MB (now)"] == NONE
    for each in memory[1:]:
        sign = "+" if each["usd"] > own else "-"
        assert rows[f"{each['memory_mb']:,} MB"].startswith(sign)


def test_the_lead_answers_in_sentences(cost: Cost, files: list[str]) -> None:
    lead = data(cost, *files, "--period", "2", "--no-free-tier")["lead"]
    assert lead[0] == "Recorded: 400 invocations that carried 2,528 operations in 2 hours."
    assert re.fullmatch(
        r"A month of that costs USD 0\.\d+ for the proxy; the time that its callers waited costs "
        r"USD 0\.\d+ more\.",
        lead[1],
    )
    assert re.fullmatch(
        r"Against one query per invocation batching saves [\d,]+ invocations a month: the proxy's "
        r"bill is USD [\d.]+ lower, the waiting USD [\d.]+ (lower|higher)\.",
        lead[2],
    )
    assert lead[-1] == "No linger saves more than the waiting that it adds costs."
    assert lead[3].startswith("With ")


def test_the_estimate_of_the_same_load_stands_beside_it(cost: Cost, files: list[str]) -> None:
    found = data(cost, *files, "--estimate")
    rows = by_what(found["estimate"], "recorded", "estimate", "model")
    for recorded, estimated, _ in rows.values():
        assert estimated == pytest.approx(recorded, rel=1e-6)
    assert rows["invocations"][2] == pytest.approx(rows["invocations"][0])
    assert "estimate" not in data(cost, *files)


def test_explained_it_shows_where_the_numbers_come_from(cost: Cost, files: list[str]) -> None:
    _, plain, _ = cost("report", *files)
    _, explained, _ = cost("report", *files, "--explain")
    assert "How the numbers come about" not in plain
    assert "730 hours of a month / 1.995 recorded" in explained
    assert "The terms of the bill" in explained
    assert "measured: the mean of 134 invocations of one operation" in explained


# --- forms ----------------------------------------------------------------------------------------


def test_it_is_a_table_a_markdown_a_csv_and_a_json(cost: Cost, files: list[str]) -> None:
    for form, mark in (
        ("table", "What it costs, USD a month"),
        ("markdown", "## What was recorded"),
    ):
        code, out, err = cost("report", *files, "--format", form)
        assert (code, err) == (0, "")
        assert mark in out
    _, out, _ = cost("report", *files, "--csv", "--table", "memory")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["memory_mb"] for row in rows][:3] == ["128", "256", "512"]
    _, out, _ = cost("report", *files, "--csv")
    assert out.splitlines()[0] == "what,quantity,unit,usd"


def test_a_page_has_its_plots(cost: Cost, files: list[str], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    code, out, err = cost("report", *files, "--output", str(page))
    assert (code, out, err) == (0, "", "")
    text = page.read_text(encoding="utf-8")
    HTMLParser().feed(text)
    assert "operations travel in an invocation" in text
    assert "MB cost least" in text
    assert text.count("<svg") == 4  # two plots, each for a screen and for a phone


def test_a_page_without_operations_has_no_plot_of_them(cost: Cost, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    log = write(tmp_path / "log", report_line())
    assert cost("report", log, "-o", str(page)).code == 0
    assert "<svg" not in page.read_text(encoding="utf-8")


def test_matplotlib_waits_for_a_page(files: list[str]) -> None:
    code = (
        "import sys; from motorpool.costs.command import report, found_tables, findings; "
        "from motorpool.costs.recorded import *; analyse(read_usage(sys.argv[1:])); "
        "print({'matplotlib', 'numpy', 'rich', 'bson', 'asyncio', 'boto3'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *files], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


# --- what the reader must know --------------------------------------------------------------------


def notes(cost: Cost, *arguments: str) -> str:
    found: list[str] = data(cost, *arguments)["notes"]
    return "\n".join(found)


def test_a_sample_that_is_too_small_is_said_and_reported_all_the_same(
    cost: Cost, tmp_path: Path
) -> None:
    few = [proxy_line(at=moment(second), request_id=str(second)) for second in (0, 3599)]
    found = data(cost, write(tmp_path / "u", *few))
    assert found["is_month"]
    assert found["usd"] > 0
    assert "Too small a sample to rely on: 2 invocations in 59.98 minutes." in found["notes"][0]


def test_a_few_invocations_are_too_few_however_long_it_took(cost: Cost, tmp_path: Path) -> None:
    few = [proxy_line(at=moment(second), request_id=str(second)) for second in (0, 7200)]
    assert "Too small a sample to rely on: 2 invocations in 2 hours." in notes(
        cost, write(tmp_path / "u", *few)
    )


def test_a_sample_of_an_hour_and_300_invocations_is_large_enough(
    cost: Cost, files: list[str]
) -> None:
    assert "Too small" not in notes(cost, *files)
    assert "Too small a sample to rely on: 400 invocations in 30 minutes" in notes(
        cost, *files, "--period", "0.5"
    )


def test_lines_without_times_are_reported_as_recorded_and_nothing_is_free(
    cost: Cost, tmp_path: Path
) -> None:
    log = write(tmp_path / "log", f"[9f3a1c2b] {report_line()}")
    found = data(cost, log)
    assert (found["is_month"], found["factor"]) == (False, 1)
    assert found["usd_proxy"] == pytest.approx(2e-7 + 14 / 8000 * 0.0000166667)
    assert "--period HOURS tells it" in found["notes"][0]
    assert data(cost, log, "--period", "1")["is_month"]


def test_what_was_not_recognised_is_said_with_its_first_place(cost: Cost, tmp_path: Path) -> None:
    log = write(tmp_path / "log", report_line(), "hello", "world")
    assert f"2 of 3 lines were not recognised; the first is {log}, line 2" in notes(cost, log)


def test_what_is_assumed_is_said(cost: Cost, tmp_path: Path) -> None:
    client = write(tmp_path / "c", client_line())
    told = notes(cost, client)
    assert "The proxy's memory is not recorded: 128 MB (--memory)" in told
    assert "Only clients have recorded" in told
    assert "Waiting is billed as 512 MB of the application (--app-memory)" in told
    told = notes(cost, client, "--memory", "256", "--app-memory", "1024")
    assert "is not recorded: 256 MB" in told
    assert "as 1,024 MB of the application" in told
    log = write(tmp_path / "log", report_line())
    assert "No client has recorded: its waiting is taken as what was billed and 7 ms" in notes(
        cost, log, "--invoke-ms", "7"
    )


def test_reports_of_something_else_are_said_to_be_there(cost: Cost, tmp_path: Path) -> None:
    other = report_line(request_id="11111111-9d5a-4d57-8f3e-1f2a3b4c5d6e")
    mixed = write(tmp_path / "m", proxy_line(), report_line(), other)
    assert "1 of 2 REPORT lines have no line of the proxy" in notes(cost, mixed)
    lacking = write(tmp_path / "l", proxy_line(), proxy_line(request_id="b"), report_line())
    assert "1 of 2 invocations have no REPORT line" in notes(cost, lacking)
    assert "Without REPORT lines what was billed is the proxy's own count" in notes(
        cost, write(tmp_path / "p", proxy_line())
    )


def test_several_functions_and_memories_are_said(cost: Cost, tmp_path: Path) -> None:
    lines = [
        proxy_line(),
        proxy_line(request_id="b", function="other", memory_mb=1024, at=moment(1)),
    ]
    name = write(tmp_path / "u", *lines)
    told = notes(cost, name)
    assert "Several functions are in it and added up (other, shop-proxy): --function NAME" in told
    assert "several sizes of memory: 128 MB, 1,024 MB" in told
    one = data(cost, name, "--function", "other", "--period", "1")
    assert by_what(one["recorded"])["invocations"] == 1


def test_coverage_repeats_losses_and_counters_are_said(cost: Cost, tmp_path: Path) -> None:
    lost = client_line(attempts=3, lost=2, outcome="ConnectionLost")
    name = write(tmp_path / "u", proxy_line(), proxy_line(), lost)
    told = notes(cost, name)
    assert "Clients have recorded 3 invocations, the proxy's side 1" in told
    assert "1 record was there more than once, and counts once" in told
    assert "2 invocations had no answer" in told
    snapshot = {
        "operations": 9,
        "sent": 9,
        "invocations": 3,
        "throttled": 0,
        "deduplicated": 0,
        "batch_sizes": {"3": 3},
        "flush_reasons": {"quiet": 3},
    }
    counters = write(tmp_path / "s", snapshot, snapshot)
    told = notes(cost, counters)
    assert "2 snapshots of counters are added up" in told
    assert "No durations are recorded: of the proxy's bill only the requests are in the sum" in told
    assert "Snapshots of counters are not added to the lines" in notes(cost, name, counters)


def test_metrics_are_said_to_lack_the_init_phase(cost: Cost, tmp_path: Path) -> None:
    points = [{"Timestamp": "2026-11-28T10:00:00Z", "Sum": 500, "SampleCount": 50}]
    name = write(tmp_path / "m", json.dumps({"Label": "Duration", "Datapoints": points}))
    assert "CloudWatch's Duration has neither init phases" in notes(cost, name, "--period", "1")
    log = write(tmp_path / "log", report_line())
    assert "CloudWatch's metrics are not added to the lines" in notes(cost, log, name)


def test_a_share_that_was_given_is_said_and_its_memory_projected(
    cost: Cost, files: list[str]
) -> None:
    assert "100.0% of a processor" in notes(cost, *files, "--measured-share", "1")
    memory = data(cost, *files, "--measured-share", "1")["memory"]
    own = next(each for each in memory if each["is_current"])
    assert own["billed_ms"] > 17 + 3


# --- what it refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--period", "soon"), "--period must be a number such as 2500, 0.5, 3e6 or"),
        (("--period", "0"), "--period must be more than 0 hours, and is 0"),
        (("--period", "-1"), "--period must be from 0 to 100000, and is -1"),
        (("--measured-share", "2"), "--measured-share must be from 0.01 to 1, and is 2"),
        (("--memory", "64"), "--memory must be from 128 to 10240, and is 64"),
        (("--app-memory", "20000"), "--app-memory must be from 128 to 10240, and is 20000"),
        (("--app-memory", "much"), "--app-memory must be a number such as"),
        (("--pool-size", "0"), "--pool-size must be from 1 to 10000, and is 0"),
        (("--architecture", "mips"), "--architecture must be x86_64 or arm64, and is 'mips'"),
        (("--region", "mars-1"), "region 'mars-1' is not in the price table"),
        (("--function", "other"), "--function other: nothing that was recorded is of this"),
        (("--table", "x"), "--table chooses the table of --csv"),
    ],
)
def test_bad_options_are_refused_in_one_line(
    cost: Cost, files: list[str], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = cost("report", *files, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"motorpool: error: {said}")
    assert err.count("\n") == 1


def test_requests_cannot_be_told_without_request_scopes(cost: Cost, tmp_path: Path) -> None:
    name = write(tmp_path / "log", platform_report())
    code, _, err = cost("report", name, "--requests-a-month", "3e6")
    assert code == 2
    assert err.startswith("motorpool: error: --requests-a-month needs lines of the client,")


def test_bad_usage_is_refused_with_its_place(cost: Cost, tmp_path: Path) -> None:
    name = write(tmp_path / "u.jsonl", proxy_line(), proxy_line(handler_ms=-1))
    assert cost("report", name) == (
        2,
        "",
        f"motorpool: error: {name}, line 2: handler_ms must be a number of 0 or more, and is -1\n",
    )


def test_no_file_is_refused(cost: Cost) -> None:
    code, _, err = cost("report")
    assert code == 2
    assert "FILE" in err


def test_standard_input_is_a_file(
    cost: Cost, monkeypatch: pytest.MonkeyPatch, files: list[str]
) -> None:
    with open(files[0], encoding="utf-8") as stream:  # noqa: PTH123 - as a shell does it
        monkeypatch.setattr(sys, "stdin", stream)
        assert by_what(data(cost, "-")["recorded"])["invocations"] == 400
