"""The Invoke API as its callers see it: what is asked for, refused and answered."""

import asyncio
import base64
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import boto3  # type: ignore[import-untyped]  # its types are not installed
import pytest
from botocore.exceptions import ClientError

from motorpool.local import FunctionConfig, LocalLambda
from tests.local.callers import CREDENTIALS, ONCE, TASK_ROOT, running, until


async def test_an_invocation_answers_with_what_the_handler_returns() -> None:
    async with running("echo") as service:
        answer = await service.invoke({"zwölf": [12, None, "💧"]})
    assert answer["Payload"] == {"zwölf": [12, None, "💧"]}
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert "LogResult" not in answer
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/json"


async def test_boto3_works_unchanged() -> None:
    def call(url: str) -> bytes:
        client = boto3.client("lambda", endpoint_url=url, config=ONCE, **CREDENTIALS)
        try:
            body: bytes = client.invoke(FunctionName="function", Payload=b"[1]")["Payload"].read()
            return body
        finally:
            client.close()

    async with running("echo") as service:
        assert await asyncio.to_thread(call, service.local.url) == b"[1]"


@pytest.mark.skipif(
    shutil.which("aws") is None
    or subprocess.run(["aws", "--version"], capture_output=True, check=False).returncode != 0,  # noqa: S607
    reason="the AWS command line tools are not installed",
)
async def test_the_aws_command_line_works_unchanged(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    async with running("echo") as service:
        process = await asyncio.create_subprocess_exec(
            *["aws", "lambda", "invoke", "--endpoint-url", service.local.url, "--no-sign-request"],
            *["--region", "us-east-1", "--function-name", "function"],
            *["--payload", "fileb:///dev/stdin", str(out)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        stdout, stderr = await process.communicate(b'{"from": "the tools"}')
    assert (process.returncode, stderr) == (0, b"")
    assert json.loads(out.read_bytes()) == {"from": "the tools"}
    assert json.loads(stdout) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}


async def test_bytes_from_the_handler_pass_through_untouched() -> None:
    async with running("raw") as service:
        answer = await service.client.invoke(FunctionName="function")
        assert await answer["Payload"].read() == b'{"spaces":   "kept"}'


async def test_an_empty_request_is_an_empty_event() -> None:
    async with running("echo") as service:
        assert (await service.invoke())["Payload"] == {}
        assert (await service.invoke(Payload=b""))["Payload"] == {}


@pytest.mark.parametrize(
    "name",
    [
        "function",
        "function:live",
        "function:$LATEST",
        "123456789012:function:function",
        "arn:aws:lambda:eu-west-1:123456789012:function:function",
        "arn:aws:lambda:us-gov-west-1:123456789012:function:function:7",
    ],
)
async def test_a_function_may_be_named_in_every_way_that_lambda_knows(name: str) -> None:
    async with running("echo") as service:
        assert (await service.invoke(1, FunctionName=name, InvocationType="DryRun"))[
            "StatusCode"
        ] == 204


async def test_an_unknown_function_is_not_found() -> None:
    async with running("echo") as service:
        with pytest.raises(service.client.exceptions.ResourceNotFoundException) as caught:
            await service.invoke(1, FunctionName="other")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert "function:other" in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


async def test_another_operation_than_invoke_is_refused_by_name() -> None:
    async with running("echo") as service:
        with pytest.raises(ClientError) as caught:
            await service.client.list_functions()
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert "has Invoke only" in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "payload",
    [b"{", b"x", b"NaN", b"[Infinity]", b"\xff", "{}".encode("utf-16"), b"[" * 100_000],
    ids=["cut short", "no value", "NaN", "Infinity", "not UTF-8", "UTF-16", "deep"],
)
async def test_a_body_that_is_not_json_is_refused_before_it_runs(payload: bytes) -> None:
    async with running("echo") as service:
        with pytest.raises(service.client.exceptions.InvalidRequestContentException) as caught:
            await service.invoke(Payload=payload)
        assert service.local.invocations == 0
    assert caught.value.response["Error"]["Code"] == "InvalidRequestContentException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


async def test_a_request_of_the_largest_size_runs() -> None:
    async with running("echo") as service:
        answer = await service.invoke("x" * (6_291_456 - 2))
    assert answer["Payload"] == "x" * (6_291_456 - 2)


@pytest.mark.parametrize("extra", [1, 5_000_000])
async def test_a_request_above_the_largest_size_is_refused_before_it_runs(extra: int) -> None:
    async with running("echo") as service:
        with pytest.raises(service.client.exceptions.RequestTooLargeException) as caught:
            await service.invoke("x" * (6_291_456 - 2 + extra))
        assert service.local.invocations == 0
        assert (await service.invoke("the next"))["Payload"] == "the next"
    assert caught.value.response["Error"]["Code"] == "RequestTooLargeException"
    assert caught.value.response["Error"]["Message"] == (
        f"{6_291_456 + extra} byte payload is too large for the RequestResponse invocation type "
        "(limit 6291456 bytes)"
    )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


async def test_a_chunked_request_above_the_largest_size_is_refused_too() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(7):
            yield b"1" * 1_000_000

    async with running("echo") as service, aiohttp.ClientSession() as http:
        url = f"{service.local.url}/2015-03-31/functions/function/invocations"
        async with http.post(url, data=chunks()) as response:
            assert response.status == 413
            assert response.headers["x-amzn-ErrorType"] == "RequestTooLargeException"


async def test_an_event_is_accepted_and_runs_in_the_background(tmp_path: Path) -> None:
    path = tmp_path / "done"
    async with running("touch_later") as service:
        answer = await service.invoke({"seconds": 0.3, "path": str(path)}, InvocationType="Event")
        assert (answer["StatusCode"], answer["Payload"]) == (202, None)
        assert not path.exists()
        await until(path.exists)


async def test_an_event_waits_for_its_turn_instead_of_being_throttled(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(3)]
    async with running("touch_later", reserved_concurrency=1) as service:
        for path in paths:
            await service.invoke({"seconds": 0.1, "path": str(path)}, InvocationType="Event")
        await until(lambda: all(path.exists() for path in paths))
        assert (service.local.throttles, service.local.cold_starts) == (0, 1)


async def test_an_event_that_fails_is_in_the_log() -> None:
    async with running("fail") as service:
        await service.invoke({"text": "quietly"}, InvocationType="Event")
        await until(lambda: any("event failed" in line for line in service.log))
        assert any("event failed" in line and "quietly" in line for line in service.log)


async def test_an_event_above_one_megabyte_is_refused() -> None:
    async with running("echo") as service:
        with pytest.raises(service.client.exceptions.RequestTooLargeException) as caught:
            await service.invoke("x" * 1_048_576, InvocationType="Event")
    assert "Event invocation type (limit 1048576 bytes)" in str(caught.value)


async def test_a_dry_run_runs_nothing() -> None:
    async with running("echo") as service:
        answer = await service.invoke(1, InvocationType="DryRun")
        assert (answer["StatusCode"], answer["Payload"]) == (204, None)
        assert (service.local.invocations, service.local.cold_starts) == (0, 0)


async def test_an_unknown_invocation_type_is_refused_by_name() -> None:
    async with running("echo") as service, aiohttp.ClientSession() as http:
        url = f"{service.local.url}/2015-03-31/functions/function/invocations"
        async with http.post(url, headers={"X-Amz-Invocation-Type": "Perhaps"}) as response:
            assert response.status == 400
            assert "Perhaps" in (await response.json())["message"]


async def test_the_log_tail_is_what_was_printed_in_that_invocation() -> None:
    async with running("say") as service:
        first = await service.invoke(
            {"lines": [["stdout", "one"], ["stderr", "two"]]}, LogType="Tail"
        )
        second = await service.invoke({"lines": [["stdout", "three"]]}, LogType="Tail")
    for answer, printed in ((first, b"one\ntwo\n"), (second, b"three\n")):
        request_id = answer["ResponseMetadata"]["RequestId"].encode()
        assert re.fullmatch(
            b"START RequestId: %(id)b Version: \\$LATEST\n%(printed)bEND RequestId: %(id)b\n"
            b"REPORT RequestId: %(id)b\t.* MB\t.*\n" % {b"id": request_id, b"printed": printed},
            base64.b64decode(answer["LogResult"]),
        )


async def test_boto3_has_the_log_tail_unchanged() -> None:
    def call(url: str) -> dict[str, Any]:
        client = boto3.client("lambda", endpoint_url=url, config=ONCE, **CREDENTIALS)
        try:
            answer: dict[str, Any] = client.invoke(FunctionName="function", LogType="Tail")
            return answer
        finally:
            client.close()

    async with running("say") as service:
        answer = await asyncio.to_thread(call, service.local.url)
    (report,) = service.reports
    assert base64.b64decode(answer["LogResult"]).decode() == (
        f"START RequestId: {report.request_id} Version: $LATEST\n"
        f"END RequestId: {report.request_id}\n{report}\n"
    )


async def test_the_log_tail_is_four_kilobytes_long_and_ends_in_the_report() -> None:
    async with running("say") as service:
        answer = await service.invoke({"long": 300_000, "lines": [["stdout", "z"]]}, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"])
    (report,) = service.reports
    end = f"\nEND RequestId: {report.request_id}\n{report}\n".encode()
    assert tail == b"y" * (4096 - len(end)) + end


async def test_the_function_finds_the_context_that_lambda_gives() -> None:
    context = base64.b64encode(json.dumps({"custom": {"käse": 1}}).encode()).decode()
    async with running("facts", memory_mb=256, timeout_s=7) as service:
        answer = await service.invoke({}, ClientContext=context, Qualifier="live")
    payload = answer["Payload"]
    assert payload["request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert payload["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:function:live"
    assert (payload["name"], payload["version"]) == ("function", "$LATEST")
    assert payload["memory"] == "256"
    assert 5_000 < payload["remaining_ms"] <= 7_000
    assert payload["custom"] == {"käse": 1}
    assert payload["cwd"] == str(TASK_ROOT)


@pytest.mark.parametrize("context", ["not base64!", base64.b64encode(b"[1]").decode()])
async def test_a_client_context_that_is_no_json_object_is_refused(context: str) -> None:
    async with running("facts") as service:
        with pytest.raises(service.client.exceptions.InvalidRequestContentException):
            await service.invoke({}, ClientContext=context)


async def test_the_function_finds_the_variables_that_lambda_sets_and_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOTORPOOL_POOL_SIZE", "from the shell")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "from the shell")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    names = [
        *["AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        *["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"],
        *["AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_REGION"],
        *["LAMBDA_TASK_ROOT", "TZ", "_HANDLER", "OWN", "MOTORPOOL_POOL_SIZE"],
    ]
    async with running("facts", environment={"OWN": "value", "_HANDLER": "mine"}) as service:
        answer = await service.invoke({"variables": names})
    assert answer["Payload"]["variables"] == {
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
        "AWS_REGION": "eu-north-1",
        "LAMBDA_TASK_ROOT": str(TASK_ROOT),
        "TZ": ":UTC",
        "_HANDLER": "handlers.facts",
        "OWN": "value",
        "MOTORPOOL_POOL_SIZE": None,
    }


async def test_a_caller_that_goes_away_does_not_end_its_invocation(tmp_path: Path) -> None:
    path = tmp_path / "done"
    async with running("touch_later", reserved_concurrency=1) as service:
        url = f"{service.local.url}/2015-03-31/functions/function/invocations"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.3)) as http:
            with pytest.raises(TimeoutError):
                await http.post(url, json={"seconds": 1.0, "path": str(path)})
        assert [each.state for each in service.local.environments] == ["busy"]
        assert not path.exists()
        await until(path.exists)
        await until(lambda: [each.state for each in service.local.environments] == ["idle"])
        await service.invoke({"seconds": 0, "path": str(path)})
        assert service.local.cold_starts == 1


async def test_a_caller_that_goes_away_in_the_middle_of_its_request_leaves_nothing_behind() -> None:
    async with running("echo") as service:
        host, port = service.local.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\n"
            b"Host: x\r\nContent-Length: 100\r\n\r\n{"
        )
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
        await writer.wait_closed()
        assert (await service.invoke("the next"))["Payload"] == "the next"
        assert service.local.invocations == 1


async def test_the_service_listens_on_the_loopback_of_ipv6_too() -> None:
    config = FunctionConfig(name="function", handler="handlers.echo")
    async with LocalLambda(config, host="::1", task_root=TASK_ROOT) as local:
        assert local.url.startswith("http://[::1]:")
