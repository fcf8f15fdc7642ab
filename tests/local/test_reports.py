"""What Lambda reports of each invocation: the lines of its log, to the letter, and the figures."""

import asyncio
import re
import time
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from motorpool.local import FunctionConfig, LocalLambda, Report, limits, pool
from motorpool.local.environment import Environment
from motorpool.local.outcome import Invocation, Outcome
from motorpool.local.pool import EnvironmentPool
from motorpool.local.report import error_type, milliseconds
from motorpool.local.runtime_api import RuntimeApi
from tests.local.callers import TASK_ROOT, Running, running, until

MS = r"\d+\.\d\d ms"
BEGIN = r"REPORT RequestId: %s\tDuration: %s\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"


def lines(service: Running) -> list[str]:
    """The log of a service that had one environment, without its id."""
    ids = {line[:11] for line in service.log}
    assert len(ids) == 1
    assert re.fullmatch(r"\[[0-9a-f]{8}\] ", ids.pop())
    return [line[11:] for line in service.log]


async def test_the_first_invocation_of_an_environment_reports_its_init_phase() -> None:
    async with running("say") as service:
        answer = await service.invoke({"lines": [["stdout", "printed"]]})
    request_id = answer["ResponseMetadata"]["RequestId"]
    start, printed, end, report = lines(service)
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert printed == "printed"
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        BEGIN % (request_id, MS) + rf"Max Memory Used: \d+ MB\tInit Duration: {MS}\t", report
    )
    assert [str(each) for each in service.reports] == [report]


async def test_a_later_invocation_reports_none() -> None:
    async with running("say", memory_mb=256) as service:
        await service.invoke({})
        answer = await service.invoke({"lines": [["stderr", "printed"]]})
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert lines(service)[3:6] == [
        f"START RequestId: {request_id} Version: $LATEST",
        "printed",
        f"END RequestId: {request_id}",
    ]
    assert re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: {MS}\tBilled Duration: \d+ ms\t"
        r"Memory Size: 256 MB\tMax Memory Used: \d+ MB\t",
        lines(service)[6],
    )
    cold, warm = service.reports
    assert cold.init_ms is not None
    assert (warm.request_id, warm.init_ms, warm.memory_mb) == (request_id, None, 256)


async def test_what_is_printed_during_the_import_stands_before_the_start() -> None:
    async with running("printing_import.handler") as service:
        await service.invoke({})
    assert [line.split()[0] for line in lines(service)] == [
        *["loading", "START", "handling", "END", "REPORT"],
    ]


async def test_a_handler_that_raises_is_reported_without_a_status() -> None:
    async with running("fail") as service:
        answer = await service.invoke({"text": "no"})
    request_id = answer["ResponseMetadata"]["RequestId"]
    log = lines(service)
    assert log[1] == "[ERROR] ValueError: no"
    assert log[-2] == f"END RequestId: {request_id}"
    assert re.fullmatch(
        BEGIN % (request_id, MS) + rf"Max Memory Used: \d+ MB\tInit Duration: {MS}\t", log[-1]
    )
    assert [(each.status, each.error_type) for each in service.reports] == [(None, None)]


async def test_a_timeout_is_reported_as_lasting_exactly_the_functions_time() -> None:
    async with running("sleep", timeout_s=0.5) as service:
        answer = await service.invoke({"seconds": 30})
    request_id = answer["ResponseMetadata"]["RequestId"]
    start, end, report, ended = lines(service)
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        BEGIN % (request_id, r"500\.00 ms")
        + rf"Max Memory Used: [1-9]\d* MB\tInit Duration: {MS}\tStatus: timeout",
        report,
    )
    assert ended.startswith("environment ended: ")
    (made,) = service.reports
    assert (made.duration_ms, made.status, made.error_type) == (Decimal(500), "timeout", None)


async def test_an_exit_is_reported_as_an_error_with_the_last_reading_of_its_memory() -> None:
    async with running("leave") as service:
        answer = await service.invoke({"status": 3})
    request_id = answer["ResponseMetadata"]["RequestId"]
    start, end, report, ended = lines(service)
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        BEGIN % (request_id, MS) + rf"Max Memory Used: [1-9]\d* MB\tInit Duration: {MS}\t"
        r"Status: error\tError Type: Runtime\.ExitError",
        report,
    )
    assert ended == "environment ended: exit status 3"


async def test_a_response_that_is_too_large_is_reported_and_nothing_follows() -> None:
    async with running("large") as service:
        await service.invoke({"bytes": 6_291_557})
    *_, end, report, ended = lines(service)
    assert end.startswith("END RequestId: ")
    assert report.endswith("\tStatus: error\tError Type: Function.ResponseSizeTooLarge")
    assert ended.startswith("environment ended: ")


@pytest.mark.parametrize(
    ("handler", "name", "memory"),
    [
        ("failing_import.handler", "Runtime.ImportModuleError", r"[1-9]\d*"),
        ("handlers.nowhere", "Runtime.HandlerNotFound", r"[1-9]\d*"),
        ("raising_import.handler", "Runtime.Unknown", r"[1-9]\d*"),
        # It was gone before it could be looked at.
        ("exiting_import.handler", "Runtime.ExitError", "0"),
    ],
)
async def test_an_init_phase_that_fails_has_a_line_of_its_own_and_is_the_duration(
    handler: str, name: str, memory: str
) -> None:
    async with running(handler) as service:
        answer = await service.invoke({})
    request_id = answer["ResponseMetadata"]["RequestId"]
    init, start, end, report, ended = lines(service)[-5:]
    found = re.fullmatch(
        r"INIT_REPORT Init Duration: (\d+\.\d\d ms)\tPhase: init\tStatus: error\t"
        rf"Error Type: {re.escape(name)}",
        init,
    )
    assert found
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        BEGIN % (request_id, re.escape(found[1]))
        + rf"Max Memory Used: {memory} MB\tStatus: error\tError Type: {re.escape(name)}",
        report,
    )
    assert ended.startswith("environment ended: ")
    assert [str(each) for each in service.reports] == [report]


async def test_an_import_that_takes_too_long_is_reported_as_a_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "INIT_TIMEOUT_S", 0.5)
    async with running("slow_import.handler") as service:
        await service.invoke({})
    init, _, _, report, _ = lines(service)
    (made,) = service.reports
    assert made.duration_ms >= 500
    assert init == (
        f"INIT_REPORT Init Duration: {made.duration_ms} ms\tPhase: init\tStatus: timeout"
    )
    assert report == str(made)
    assert report.endswith(" MB\tStatus: timeout")
    assert made.max_memory_mb > 0


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Runtime.ImportModuleError", "Runtime.ImportModuleError"),
        ("Function.Unknown", "Function.Unknown"),
        ("ValueError", "Runtime.Unknown"),
        ("Runtime.", "Runtime.Unknown"),
        ("", "Runtime.Unknown"),
        (None, "Runtime.Unknown"),
    ],
)
def test_lambda_shows_the_names_of_its_own_errors_only(given: str | None, shown: str) -> None:
    assert error_type(given) == shown


async def test_a_throttled_invocation_is_not_reported() -> None:
    async with running("sleep", reserved_concurrency=1) as service:
        ran = asyncio.create_task(service.invoke({"seconds": 0.5}))
        await until(lambda: service.local.invocations == 1)
        with pytest.raises(service.client.exceptions.TooManyRequestsException):
            await service.invoke({"seconds": 0})
        request_id = (await ran)["ResponseMetadata"]["RequestId"]
    assert [line.split()[0] for line in lines(service)] == ["START", "END", "REPORT"]
    assert [each.request_id for each in service.reports] == [request_id]


async def test_two_environments_do_not_mix_up_their_lines(tmp_path: Path) -> None:
    async with running("meet", reserved_concurrency=2) as service:
        names = [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]
        answers = []
        for pair in (names[:2], names[2:]):
            answers += await asyncio.gather(
                *(
                    service.invoke({"place": str(tmp_path), "me": me, "other": other})
                    for me, other in pair
                )
            )
    by_environment: dict[str, list[str]] = {}
    for line in service.log:
        by_environment.setdefault(line[:11], []).append(line[11:])
    assert len(by_environment) == 2
    seen: list[str] = []
    for log in by_environment.values():
        words = [line.split() for line in log]
        assert [each[0] for each in words] == ["START", "END", "REPORT"] * 2
        for first in (0, 3):
            assert {each[2] for each in words[first : first + 3]} == {words[first][2]}
            seen.append(words[first][2])
    expected = sorted(each["ResponseMetadata"]["RequestId"] for each in answers)
    assert sorted(seen) == expected
    assert sorted(each.request_id for each in service.reports) == expected


async def test_an_event_is_reported_too() -> None:
    async with running("echo") as service:
        answer = await service.invoke({}, InvocationType="Event")
        await until(lambda: len(service.reports) == 1)
    assert service.reports[0].request_id == answer["ResponseMetadata"]["RequestId"]


async def test_an_invocation_that_moves_is_reported_where_it_ran_alone() -> None:
    async with running("leave_before_asking", reserved_concurrency=1) as service:
        await service.invoke({"leave": True})
        answer = await service.invoke({"leave": False})
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert [line.split()[1] for line in service.log if request_id in line] == [
        *["START", "END", "REPORT"],
    ]
    assert [line.split()[1] for line in service.log] == [
        *["START", "END", "REPORT", "environment", "START", "END", "REPORT"],
    ]
    assert len(service.reports) == 2


async def test_an_invocation_that_is_never_taken_is_reported_when_its_time_is_up() -> None:
    async with running("hang_before_asking", timeout_s=0.5) as service:
        await service.invoke({})
        answer = await service.invoke({})
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert answer["Payload"]["errorType"] == "Sandbox.Timedout"
    start, end, report, _ = lines(service)[3:]
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        BEGIN % (request_id, r"500\.00 ms") + r"Max Memory Used: \d+ MB\tStatus: timeout", report
    )


async def test_an_invocation_that_may_not_move_is_reported_as_an_exit_that_took_no_time() -> None:
    log: list[str] = []
    config = FunctionConfig(name="function", handler="handlers.leave_before_asking")
    environment = Environment(
        config, task_root=TASK_ROOT, write_line=log.append, on_end=lambda _: None
    )
    leaving, lost = (
        Invocation(payload=payload, function_arn="arn")
        for payload in (b'{"leave": true}', b'{"leave": false}')
    )
    assert await environment.start(leaving.request_id) is None
    await environment.invoke(leaving, may_move=True)
    result = await environment.invoke(lost, may_move=False)
    assert b"exit status 5" in result.payload
    assert [line[11:] for line in log[-3:]] == [
        f"START RequestId: {lost.request_id} Version: $LATEST",
        f"END RequestId: {lost.request_id}",
        str(result.report),
    ]
    assert re.fullmatch(
        BEGIN % (lost.request_id, r"0\.00 ms")
        + r"Max Memory Used: \d+ MB\tStatus: error\tError Type: Runtime\.ExitError",
        str(result.report),
    )


async def test_no_environment_is_tried_after_one_that_died_before_its_first_invocation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[bool] = []

    class Dying:
        """An environment that says how it was asked."""

        id = "0"
        end_reason = "exit status 1"

        def __init__(self, *_: object, **__: object) -> None:
            pass

        async def start(self, _: str) -> None:
            pass

        async def invoke(self, _: Invocation, *, may_move: bool) -> Outcome:
            made.append(may_move)
            return Outcome(payload=b"1")

    monkeypatch.setattr(pool, "Environment", Dying)
    config = FunctionConfig(name="function", handler="handlers.echo")
    environments = EnvironmentPool(config, task_root=TASK_ROOT, write_line=lambda _: None)
    for _ in range(2):
        invocation = Invocation(payload=b"{}", function_arn="arn")
        assert (await environments.invoke(invocation)).payload == b"1"
    assert made == [False, True]  # the first is cold, the second warm


@pytest.mark.parametrize(
    ("duration", "init", "billed"),
    [
        # Out of real logs.
        ("138999.20", "711.04", 139711),
        ("31414.74", "548.72", 31964),
        ("3000.00", "402.04", 3403),
        ("2.37", "423.98", 427),
        ("1.42", None, 2),
        ("3000.00", None, 3000),
        ("16.24", "18.76", 35),
        ("0.01", None, 1),
        ("0.00", None, 0),
    ],
)
def test_what_is_billed_is_the_sum_rounded_up(duration: str, init: str | None, billed: int) -> None:
    report = Report(
        request_id="id",
        duration_ms=Decimal(duration),
        memory_mb=128,
        max_memory_mb=51,
        init_ms=None if init is None else Decimal(init),
    )
    assert report.billed_ms == billed
    assert f"\tBilled Duration: {billed} ms\t" in str(report)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0123456, "12.35"), (3, "3000.00"), (0.0000049, "0.00"), (0.1, "100.00")],
)
def test_milliseconds_have_two_decimals(seconds: float, shown: str) -> None:
    assert str(milliseconds(seconds)) == shown


async def test_the_duration_is_the_handlers_and_the_init_phase_is_not_in_it() -> None:
    async with running("sleep") as service:
        began = time.perf_counter()
        await service.invoke({"seconds": 0.05})
        took_ms = (time.perf_counter() - began) * 1000
    (report,) = service.reports
    assert report.init_ms is not None
    assert report.duration_ms >= 50
    # No interpreter starts in less.
    assert report.init_ms > 5
    assert report.duration_ms + report.init_ms < took_ms
    assert report.billed_ms >= 55


async def test_the_duration_ends_when_the_answer_is_there() -> None:
    async def seen() -> None:
        raise AssertionError("there is no error")

    api = RuntimeApi(on_init_error=seen)
    await api.start()
    try:
        invocation = Invocation(payload=b"{}", function_arn="arn")
        exchange = api.offer(invocation, 0, on_delivered=lambda: None)
        assert exchange.seconds() == 0
        base = f"http://{api.address}/2018-06-01/runtime/invocation"
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{base}/next") as response:
                assert response.status == 200
            running_for = exchange.seconds()
            assert exchange.seconds() > running_for
            async with http.post(f"{base}/{invocation.request_id}/response", json=1) as response:
                assert response.status == 202
        took = exchange.seconds()
        assert took > running_for
        assert exchange.seconds() == took
    finally:
        await api.aclose()


async def test_the_most_memory_is_the_peak_of_the_environments_life() -> None:
    async with running("take") as service:
        for mib in (0, 90, 0):
            await service.invoke({"mib": mib})
    before, during, after = (each.max_memory_mb for each in service.reports)
    assert before < 90 <= during < before + 110
    assert after == during


async def test_the_report_comes_before_the_answer_and_nothing_is_kept() -> None:
    reports: list[Report] = []
    config = FunctionConfig(name="function", handler="handlers.echo")
    async with (
        LocalLambda(
            config, task_root=TASK_ROOT, write_line=lambda _: None, on_report=reports.append
        ) as local,
        aiohttp.ClientSession() as http,
    ):
        url = f"{local.url}/2015-03-31/functions/function/invocations"
        for number in range(1, 4):
            async with http.post(url, json={}) as response:
                assert len(reports) == number
                assert reports[-1].request_id == response.headers["x-amzn-RequestId"]


async def test_a_callback_that_raises_is_in_the_log_and_the_invocation_is_answered() -> None:
    log: list[str] = []

    def fail(_: Report) -> None:
        raise ValueError("full")

    config = FunctionConfig(name="function", handler="handlers.echo", reserved_concurrency=1)
    async with (
        LocalLambda(config, task_root=TASK_ROOT, write_line=log.append, on_report=fail) as local,
        aiohttp.ClientSession() as http,
    ):
        url = f"{local.url}/2015-03-31/functions/function/invocations"
        for _ in range(2):
            async with http.post(url, json=[1]) as response:
                assert (response.status, await response.json()) == (200, [1])
        assert local.cold_starts == 1
    assert log.count("on_report failed: ValueError: full") == 2


async def test_a_service_without_a_callback_logs_all_the_same() -> None:
    log: list[str] = []
    config = FunctionConfig(name="function", handler="handlers.echo")
    async with (
        LocalLambda(config, task_root=TASK_ROOT, write_line=log.append) as local,
        aiohttp.ClientSession() as http,
    ):
        url = f"{local.url}/2015-03-31/functions/function/invocations"
        async with http.post(url, json=[1]) as response:
            assert response.status == 200
    assert [line.split()[1] for line in log] == ["START", "END", "REPORT"]
