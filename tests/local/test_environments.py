"""Execution environments: how many, which one, and how each of them may end."""

import asyncio
import base64
import os
import signal
from pathlib import Path

import aiohttp
import pytest
from botocore.exceptions import ClientError

from motorpool.local import FunctionConfig, LocalLambda, limits
from tests.local.callers import TASK_ROOT, is_running, running, until


async def test_a_warm_environment_is_reused() -> None:
    async with running("facts") as service:
        payloads = [(await service.invoke({}))["Payload"] for _ in range(3)]
        assert [each.pid for each in service.local.environments] == [payloads[0]["pid"]]
    assert len({payload["pid"] for payload in payloads}) == 1
    assert [payload["invocations"] for payload in payloads] == [1, 2, 3]
    assert (service.local.invocations, service.local.cold_starts) == (3, 1)


async def test_the_environment_used_last_is_used_next() -> None:
    async with running("sleep") as service:
        slow, fast = await asyncio.gather(
            service.invoke({"seconds": 0.5}), service.invoke({"seconds": 0.1})
        )
        following = await service.invoke({"seconds": 0})
        assert following["Payload"]["pid"] == slow["Payload"]["pid"]
        assert following["Payload"]["pid"] != fast["Payload"]["pid"]


async def test_two_invocations_run_at_the_same_time_in_two_environments(tmp_path: Path) -> None:
    async with running("meet", reserved_concurrency=2) as service:
        place = str(tmp_path)
        first, second = await asyncio.gather(
            service.invoke({"place": place, "me": "a", "other": "b"}),
            service.invoke({"place": place, "me": "b", "other": "a"}),
        )
        assert first["Payload"] != second["Payload"]
        assert {each.pid for each in service.local.environments} == {
            first["Payload"],
            second["Payload"],
        }


async def test_a_request_above_the_reserved_concurrency_is_throttled_with_its_reason() -> None:
    async with running("sleep", reserved_concurrency=2) as service:
        running_ones = [asyncio.create_task(service.invoke({"seconds": 0.5})) for _ in range(2)]
        # Those that are starting are in use already.
        await until(lambda: len(service.local.environments) == 2)
        with pytest.raises(service.client.exceptions.TooManyRequestsException) as caught:
            await service.invoke({"seconds": 0})
        assert [each["StatusCode"] for each in await asyncio.gather(*running_ones)] == [200, 200]
        assert (await service.invoke({"seconds": 0}))["StatusCode"] == 200
        assert (service.local.invocations, service.local.throttles) == (3, 1)
        assert service.local.cold_starts == 2
    response = caught.value.response
    assert response["Error"] == {"Message": "Rate Exceeded.", "Code": "TooManyRequestsException"}
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["Type"] == "User"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["ResponseMetadata"]["RequestId"]


async def test_with_a_reserved_concurrency_of_zero_everything_is_throttled() -> None:
    async with running("echo", reserved_concurrency=0) as service:
        with pytest.raises(service.client.exceptions.TooManyRequestsException):
            await service.invoke(1)
        # An event has been accepted before its turn comes, on Lambda as well.
        await service.invoke(1, InvocationType="Event")
        await until(lambda: service.log == ["event dropped: throttled"])


async def test_with_the_embedded_database_invocations_queue_for_one_environment() -> None:
    uri = {"MOTORPOOL_MONGODB_URI": "mongomock://"}
    async with running("sleep", environment=uri) as service:
        answers = await asyncio.gather(*(service.invoke({"seconds": 0.05}) for _ in range(6)))
        assert len(service.local.environments) == 1
    assert [each["Payload"]["invocations"] for each in answers] == [1, 2, 3, 4, 5, 6]
    assert (service.local.throttles, service.local.cold_starts) == (0, 1)


async def test_when_the_embedded_database_dies_the_log_says_that_its_data_is_gone() -> None:
    uri = {"MOTORPOOL_MONGODB_URI": "mongomock://"}
    async with running("facts", environment=uri) as service:
        await service.invoke({})
        (environment,) = service.local.environments
        assert environment.pid is not None
        os.kill(environment.pid, signal.SIGKILL)
        await until(lambda: not service.local.environments)
        assert service.log[-1] == (
            f"[{environment.id}] environment ended: signal: killed; "
            "the embedded database lived in it, and its data is gone"
        )
        assert (await service.invoke({}))["Payload"]["invocations"] == 1
        assert service.local.cold_starts == 2


async def test_an_exception_is_the_answer_and_the_environment_lives_on() -> None:
    async with running("fail_first") as service:
        first = await service.invoke({}, LogType="Tail")
        second = await service.invoke({})
    assert first["StatusCode"] == 200
    assert first["FunctionError"] == "Unhandled"
    assert first["Payload"]["errorType"] == "ValueError"
    assert first["Payload"]["errorMessage"] == "the first"
    assert first["Payload"]["requestId"] == first["ResponseMetadata"]["RequestId"]
    assert "fail_first" in first["Payload"]["stackTrace"][-1]
    assert b"[ERROR] ValueError: the first" in base64.b64decode(first["LogResult"])
    assert "FunctionError" not in second
    assert second["Payload"]["invocations"] == 2


@pytest.mark.parametrize(
    ("text", "times"), [("x", 200_000), ("two\nlines\r\n", 1), ("ungewöhnlich 💧", 1)]
)
async def test_an_exceptions_text_may_be_long_or_strange(text: str, times: int) -> None:
    async with running("fail") as service:
        answer = await service.invoke({"text": text, "times": times})
        assert answer["Payload"]["errorMessage"] == text * times
        await service.invoke({})
        assert service.local.cold_starts == 1


@pytest.mark.parametrize(
    ("handler", "event", "message"),
    [
        ("leave", {"status": 3}, "Runtime exited with error: exit status 3"),
        ("leave", {"status": 0}, "Runtime exited without providing a reason"),
        ("die", {"signal": signal.SIGKILL}, "Runtime exited with error: signal: killed"),
        (
            "die",
            {"signal": signal.SIGSEGV},
            "Runtime exited with error: signal: segmentation fault",
        ),
    ],
)
async def test_an_exit_is_the_answer_and_the_environment_is_replaced(
    handler: str, event: dict[str, int], message: str
) -> None:
    async with running(handler) as service:
        for starts in (1, 2):
            answer = await service.invoke(event)
            assert answer["FunctionError"] == "Unhandled"
            request_id = answer["ResponseMetadata"]["RequestId"]
            assert answer["Payload"] == {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"RequestId: {request_id} Error: {message}",
            }
            assert service.local.environments == ()
            assert service.local.cold_starts == starts


async def test_an_environment_killed_in_mid_invocation_fails_that_one_alone() -> None:
    async with running("sleep", reserved_concurrency=2) as service:
        killed = asyncio.create_task(service.invoke({"seconds": 30}))
        await until(lambda: [each.state for each in service.local.environments] == ["busy"])
        (victim,) = service.local.environments
        other = asyncio.create_task(service.invoke({"seconds": 0.2}))
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        assert (await killed)["Payload"]["errorType"] == "Runtime.ExitError"
        assert "FunctionError" not in await other
        assert victim.pid not in {each.pid for each in service.local.environments}
        assert f"[{victim.id}] environment ended: signal: killed" in service.log


async def test_a_timeout_is_the_answer_and_the_process_is_killed() -> None:
    async with running("sleep", timeout_s=0.5) as service:
        pending = asyncio.create_task(service.invoke({"seconds": 30}))
        await until(lambda: [each.state for each in service.local.environments] == ["busy"])
        (environment,) = service.local.environments
        answer = await pending
        assert environment.pid is not None
        assert not is_running(environment.pid)
        assert service.local.environments == ()
        assert (await service.invoke({"seconds": 0}))["Payload"]["invocations"] == 1
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"] == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 0.50 seconds",
    }


async def test_a_response_of_the_largest_size_arrives() -> None:
    async with running("large") as service:
        answer = await service.client.invoke(FunctionName="function", Payload=b'{"bytes": 6291556}')
        assert len(await answer["Payload"].read()) == 6_291_556
        assert "FunctionError" not in answer


async def test_a_response_above_the_largest_size_is_an_error_and_ends_the_environment() -> None:
    async with running("large") as service:
        answer = await service.invoke({"bytes": 6_291_557})
        assert service.local.environments == ()
        assert (await service.invoke({"bytes": 10}))["Payload"] == "x" * 8
        assert service.local.cold_starts == 2
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"] == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size (6291557 bytes) exceeded maximum allowed payload "
        "size (6291556 bytes).",
    }


async def test_a_failing_import_is_the_answer_to_the_invocation_that_needed_it() -> None:
    async with running("failing_import.handler") as service:
        answer = await service.invoke({}, LogType="Tail")
        assert service.local.environments == ()
        assert (await service.invoke({}))["FunctionError"] == "Unhandled"
        assert service.local.cold_starts == 2
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"] == {
        "errorMessage": "Unable to import module 'failing_import': no module named bananas",
        "errorType": "Runtime.ImportModuleError",
        "requestId": "",
        "stackTrace": [],
    }
    assert base64.b64decode(answer["LogResult"]).startswith(b"importing\n")


async def test_a_missing_handler_is_the_answer_too() -> None:
    async with running("handlers.nowhere") as service:
        answer = await service.invoke({})
    assert answer["Payload"]["errorType"] == "Runtime.HandlerNotFound"


async def test_an_exit_during_the_import_is_the_answer() -> None:
    async with running("exiting_import.handler") as service:
        answer = await service.invoke({})
    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert answer["Payload"]["errorMessage"].endswith("exit status 4")


async def test_an_import_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INIT_TIMEOUT_S", 0.5)
    async with running("slow_import.handler") as service:
        answer = await service.invoke({})
        assert service.local.environments == ()
    assert answer["Payload"]["errorType"] == "Sandbox.Timedout"
    assert answer["Payload"]["errorMessage"].endswith("Init phase timed out after 0.50 seconds")


async def test_an_environment_that_dies_idle_is_not_noticed_by_the_next_caller() -> None:
    async with running("die_after_answering") as service:
        first = await service.invoke({})
        await until(lambda: not service.local.environments)
        assert service.log[-1].endswith("environment ended: exit status 7")
        second = await service.invoke({})
    assert "FunctionError" not in second
    assert first["Payload"] != second["Payload"]


async def test_an_invocation_not_yet_taken_moves_from_a_dying_environment_to_another() -> None:
    async with running("leave_before_asking", reserved_concurrency=1) as service:
        first = await service.invoke({"leave": True})
        second = await service.invoke({"leave": False})
        assert service.local.cold_starts == 2
    assert "FunctionError" not in second
    assert first["Payload"] != second["Payload"]


async def test_what_a_function_started_ends_with_its_environment() -> None:
    async with running("start_a_child") as service:
        child = (await service.invoke({}))["Payload"]
        assert is_running(child)
    await until(lambda: not is_running(child))


async def test_closing_leaves_no_process_and_answers_what_is_running() -> None:
    async with running("sleep", reserved_concurrency=3) as service:
        await service.invoke({"seconds": 0})
        pending = [asyncio.create_task(service.invoke({"seconds": 30})) for _ in range(2)]
        await until(lambda: [each.state for each in service.local.environments] == ["busy", "busy"])
        pids = [each.pid for each in service.local.environments]
        async with asyncio.timeout(5):
            await service.local.aclose()
        answers = await asyncio.gather(*pending)
    assert [each["Payload"]["errorType"] for each in answers] == ["Runtime.ExitError"] * 2
    assert answers[0]["Payload"]["errorMessage"].endswith("signal: terminated")
    assert not any(is_running(pid) for pid in pids if pid is not None)


async def test_closing_during_a_cold_start_leaves_no_process() -> None:
    async with running("slow_import.handler") as service:
        pending = asyncio.create_task(service.invoke({}))
        await until(lambda: service.local.cold_starts == 1)
        async with asyncio.timeout(5):
            await service.local.aclose()
        assert (await pending)["Payload"]["errorType"] == "Runtime.ExitError"
        assert service.local.environments == ()


async def test_closing_kills_what_does_not_listen_to_sigterm(tmp_path: Path) -> None:
    path = tmp_path / "ready"
    async with running("stubborn") as service:
        pending = asyncio.create_task(service.invoke({"path": str(path)}))
        await until(path.exists)
        async with asyncio.timeout(5):
            await service.local.aclose()
        assert (await pending)["Payload"]["errorMessage"].endswith("signal: killed")


async def test_closing_refuses_what_is_still_queued() -> None:
    uri = {"MOTORPOOL_MONGODB_URI": "mongomock://"}
    async with running("sleep", environment=uri) as service:
        pending = [asyncio.create_task(service.invoke({"seconds": 30})) for _ in range(3)]
        await until(lambda: [each.state for each in service.local.environments] == ["busy"])
        async with asyncio.timeout(5):
            await service.local.aclose()
        results = await asyncio.gather(*pending, return_exceptions=True)
    codes = [each.response["Error"]["Code"] for each in results if isinstance(each, ClientError)]
    assert codes == ["ServiceException", "ServiceException"]


async def test_where_no_environment_can_be_started_the_service_says_so(tmp_path: Path) -> None:
    config = FunctionConfig(name="function", handler="handlers.echo", reserved_concurrency=1)
    lines: list[str] = []
    async with (
        LocalLambda(config, task_root=tmp_path / "gone", write_line=lines.append) as local,
        aiohttp.ClientSession() as http,
    ):
        url = f"{local.url}/2015-03-31/functions/function/invocations"
        for _ in range(2):
            async with http.post(url, json={}) as response:
                assert response.status == 500
                assert response.headers["x-amzn-ErrorType"] == "ServiceException"
                assert "No such file or directory" in (await response.json())["Message"]
            assert local.environments == ()
    assert lines[0].startswith("no execution environment could be started: ")


async def test_lines_of_the_log_carry_the_environments_id() -> None:
    async with running("say") as service:
        await service.invoke({"lines": [["stdout", "one"], ["stderr", "two"]]})
        (environment,) = service.local.environments
        assert service.log[1:-2] == [f"[{environment.id}] one", f"[{environment.id}] two"]
        starts = [line.split()[:2] for line in service.log[:1] + service.log[-2:]]
        assert starts == [[f"[{environment.id}]", word] for word in ("START", "END", "REPORT")]


async def test_a_long_line_and_binary_do_not_break_the_log() -> None:
    async with running("say") as service:
        await service.invoke({"long": 1_000_000})
        await service.invoke({"hex": "00ff1b5b324ac3a40a"})
        prefix = f"[{service.local.environments[0].id}] "
    lines = [line.removeprefix(prefix) for line in service.log]
    pieces = [line for line in lines if line.split()[0] not in {"START", "END", "REPORT"}]
    assert len(lines) - len(pieces) == 6
    assert max(len(piece) for piece in pieces) < 70_000
    text = "".join(pieces)
    assert text.count("y") == 1_000_000
    assert text.endswith("\\x00\\xff\\x1b[2Jä")


async def test_the_repr_shows_the_state() -> None:
    local = LocalLambda(
        FunctionConfig(name="function", handler="handlers.sleep"), task_root=TASK_ROOT
    )
    assert repr(local) == (
        "<LocalLambda function not started; environments: none; "
        "0 invocations, 0 throttles, 0 cold starts>"
    )
    async with local, aiohttp.ClientSession() as http:
        url = f"{local.url}/2015-03-31/functions/function/invocations"
        async with http.post(url, json={"seconds": 0}) as response:
            assert response.status == 200
        pending = asyncio.create_task(http.post(url, json={"seconds": 0.3}))
        await until(lambda: local.invocations == 2)
        assert repr(local) == (
            f"<LocalLambda function at {local.url}; environments: 1 busy; "
            "2 invocations, 0 throttles, 1 cold starts>"
        )
        (await pending).release()
    assert repr(local) == (
        "<LocalLambda function closed; environments: none; "
        "2 invocations, 0 throttles, 1 cold starts>"
    )
