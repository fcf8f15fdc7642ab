"""`motorpool local` as a process: what it prints, what it refuses, and how it ends."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # its types are not installed
import pytest

from motorpool.local.cli import main
from tests.local.callers import CREDENTIALS, ONCE, TASK_ROOT, is_running

READY = re.compile(r"^(?P<name>\S+) at (?P<url>http://\S+) \((?P<limits>.*)\)$")

TEMPLATE = """
Parameters:
  Handler: {Type: String, Default: handlers.facts}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: function
      Handler: !Ref Handler
      Timeout: 20
      ReservedConcurrentExecutions: 4
      Environment: {Variables: {LEVEL: template}}
"""


@pytest.fixture
def template(tmp_path: Path) -> str:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    return str(path)


@contextlib.contextmanager
def command(*options: str) -> Iterator[subprocess.Popen[str]]:
    """`motorpool local` with these options, killed at the end if it still runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "motorpool.local.cli", "local", "--port", "0", *options],
        cwd=TASK_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        watchdog = threading.Timer(20, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


def ready(process: subprocess.Popen[str]) -> re.Match[str]:
    """The ready line, once it is there."""
    assert process.stdout is not None
    line = process.stdout.readline().rstrip("\n")
    match = READY.match(line)
    if match is None:
        process.kill()
        pytest.fail(f"no ready line but {line!r}, {process.communicate()[1]!r}")
    return match


def invoke(url: str, event: object, **options: Any) -> Any:
    client = boto3.client("lambda", endpoint_url=url, config=ONCE, **CREDENTIALS)
    try:
        answer = client.invoke(FunctionName="function", Payload=json.dumps(event), **options)
        return json.loads(answer["Payload"].read() or "null")
    finally:
        client.close()


def test_the_ready_line_tells_where_and_what_it_is(template: str) -> None:
    with command("--template", template) as process:
        line = ready(process)
        assert line["name"] == "function"
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", line["url"])
        assert line["limits"] == "concurrency 4, 128 MB, 20 s"
        assert process.stdout is not None
        hint = process.stdout.readline()
        assert hint.startswith("try: ")
        assert f"--endpoint-url {line['url']}" in hint
        assert "--function-name function" in hint


def test_the_command_that_the_hint_gives_works(template: str) -> None:
    aws = subprocess.run(["aws", "--version"], capture_output=True, check=False)  # noqa: S607
    if aws.returncode != 0:
        pytest.skip("the AWS command line tools are not installed")
    with command("--template", template, "--parameter", "Handler=handlers.echo") as process:
        ready(process)
        assert process.stdout is not None
        hint = process.stdout.readline().removeprefix("try: ")
        shown = subprocess.run(["sh", "-c", hint], capture_output=True, check=True, text=True)  # noqa: S607
    assert shown.stdout.startswith('{"v": 1, "ops": []}')


def test_options_stand_over_the_template(template: str) -> None:
    with command(
        *["--template", template, "--concurrency", "2", "--timeout", "1.5", "--memory", "512"],
        *["--env", "LEVEL=option", "--env", "EXTRA=a=b", "--mongodb-uri", "mongodb://db"],
    ) as process:
        line = ready(process)
        assert line["limits"] == "concurrency 2, 512 MB, 1.5 s"
        names = ["LEVEL", "EXTRA", "MOTORPOOL_MONGODB_URI"]
        facts = invoke(line["url"], {"variables": names})
    assert facts["memory"] == "512"
    assert facts["variables"] == {
        "LEVEL": "option",
        "EXTRA": "a=b",
        "MOTORPOOL_MONGODB_URI": "mongodb://db",
    }


def test_an_exported_setting_stands_over_the_template_and_an_option_over_both(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTORPOOL_MONGODB_URI", "mongodb://exported")
    monkeypatch.setenv("MOTORPOOL_POOL_SIZE", "3")
    with command("--template", template, "--env", "MOTORPOOL_POOL_SIZE=4") as process:
        names = ["MOTORPOOL_MONGODB_URI", "MOTORPOOL_POOL_SIZE"]
        answer = invoke(ready(process)["url"], {"variables": names})

    assert answer["variables"] == {
        "MOTORPOOL_MONGODB_URI": "mongodb://exported",
        "MOTORPOOL_POOL_SIZE": "4",
    }


def test_the_embedded_database_makes_it_one_environment_with_a_queue(template: str) -> None:
    with command("--template", template, "--mongodb-uri", "mongomock://") as process:
        assert ready(process)["limits"] == "concurrency 1, queued, 128 MB, 20 s"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_leaves_no_process(template: str, number: signal.Signals) -> None:
    with command("--template", template) as process:
        pid = invoke(ready(process)["url"], {})["pid"]
        assert is_running(pid)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=5)
        assert process.returncode == 0
        assert "Traceback" not in stderr
        assert not is_running(pid)


def test_a_signal_in_mid_invocation_answers_it(template: str) -> None:
    answers: list[Any] = []
    with command("--template", template, "--parameter", "Handler=handlers.sleep") as process:
        url = ready(process)["url"]
        warm = invoke(url, {"seconds": 0})["pid"]
        caller = threading.Thread(target=lambda: answers.append(invoke(url, {"seconds": 30})))
        caller.start()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=5)
        caller.join(5)
        assert answers[0]["errorType"] == "Runtime.ExitError"
        assert not is_running(warm)


def test_when_it_is_killed_itself_its_environments_end_too(template: str) -> None:
    with command("--template", template) as process:
        pid = invoke(ready(process)["url"], {})["pid"]
        process.kill()
        process.communicate(timeout=5)
        deadline = time.monotonic() + 5
        while is_running(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not is_running(pid)


def test_a_program_may_read_the_ready_line_and_close_the_pipe(template: str) -> None:
    with command("--template", template) as process:
        url = ready(process)["url"]
        assert process.stdout is not None
        process.stdout.close()
        assert invoke(url, {})["name"] == "function"
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_what_the_function_prints_is_on_standard_error(template: str) -> None:
    with command("--template", template, "--parameter", "Handler=handlers.say") as process:
        url = ready(process)["url"]
        assert process.stdout is not None
        assert process.stdout.readline().startswith("try: ")
        invoke(url, {"lines": [["stdout", "out"], ["stderr", "err"]], "hex": "c328000a"})
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=5)
    lines = re.findall(r"^\[[0-9a-f]{8}\] (.*)$", stderr, flags=re.MULTILINE)
    assert lines[1:-2] == ["out", "err", r"\xc3(\x00"]
    assert [line.split()[0] for line in lines[:1] + lines[-2:]] == ["START", "END", "REPORT"]
    assert stdout == ""


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and the one line on standard error."""
    code = main(arguments)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("motorpool: error: ")
    assert err.count("\n") == 1
    return code, err.removeprefix("motorpool: error: ").rstrip("\n")


def test_a_busy_port_is_one_line(template: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused(capsys, "local", "--template", template, "--port", str(port)) == (
            1,
            f"port {port} on 127.0.0.1 is in use; choose another with --port (0 picks a free one)",
        )


def test_an_address_that_is_not_ours_is_one_line(
    template: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, line = refused(capsys, "local", "--template", template, "--host", "192.0.2.1")
    assert code == 1
    assert line.startswith("cannot listen on 192.0.2.1, port 9001: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port", "x"], "argument --port: invalid int value: 'x' (see motorpool local --help)"),
        (["--port", "70000"], "port 70000: from 0 to 65535"),
        (["--nonsense"], "unrecognized arguments: --nonsense (see motorpool --help)"),
        (["--concurrency", "-1"], "concurrency -1: 0 or more"),
        (["--timeout", "0"], "time-out 0 s: more than 0, at most 900"),
        (["--timeout", "nan"], "time-out nan s: more than 0, at most 900"),
        (["--memory", "1"], "memory 1 MB: from 128 to 10240"),
        (["--env", "secret"], "--env: expected NAME=VALUE"),
        (["--parameter", "=x"], "--parameter: expected NAME=VALUE"),
    ],
)
def test_a_bad_option_is_one_line(
    options: list[str], message: str, template: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, "local", "--template", template, *options) == (2, message)


def test_a_bad_template_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    assert refused(capsys, "local", "--template", str(path)) == (2, f"{path}: no such template")
    assert refused(capsys, "local", "--template", str(path.parent))[0] == 2


def test_the_missing_uri_of_the_own_template_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # no template here: motorpool's own is used
    code, line = refused(capsys, "local")
    assert code == 2
    assert "parameter MongoDBUri" in line
    assert line.endswith("give it with --parameter MongoDBUri=VALUE or --mongodb-uri URI")


def test_no_command_or_an_unknown_one_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys)[0] == 2
    code, line = refused(capsys, "remote")
    assert code == 2
    assert "remote" in line


@pytest.mark.parametrize("arguments", [["--help"], ["local", "--help"]])
def test_help_is_success(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert "usage: motorpool" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from motorpool.local.cli import main; code = main(['--help']);"
        "heavy = {'aiohttp', 'yaml', 'asyncio', 'boto3', 'pymongo', 'rich', 'matplotlib'};"
        "heavy &= set(sys.modules);"
        "sys.exit(repr(heavy) if heavy or code else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=False,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONASYNCIODEBUG"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "run a Lambda service on this machine" in done.stdout


@pytest.mark.parametrize("command", ["local", "demo"])
def test_a_command_without_its_extra_says_in_one_line_what_to_install(command: str) -> None:
    program = (
        "import sys; sys.modules['aiohttp'] = sys.modules['aioboto3'] = None\n"
        "from motorpool.local.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, command], capture_output=True, check=False, text=True
    )

    assert done.returncode == 1
    assert done.stderr.startswith("motorpool: error: ")
    assert done.stderr.count("\n") == 1
    if command == "local":
        assert "motorpool local needs motorpool[local]" in done.stderr


def test_a_cost_report_without_its_extra_says_so_too() -> None:
    program = (
        "import sys; sys.modules['rich'] = None\n"
        "from motorpool.local.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "cost", "bill", "--invocations", "1"],
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("motorpool: error: motorpool cost needs motorpool[costs]: ")
    assert done.stderr.count("\n") == 1


def test_the_commands_of_cost_are_imported_when_they_are_chosen() -> None:
    program = (
        "import sys; from motorpool.local.cli import main; code = main(['cost', '--help']);"
        "chosen = {name for name in sys.modules if name.startswith('motorpool.costs.command.')};"
        "sys.exit(repr(chosen) if chosen != {'motorpool.costs.command.cost'} or code else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    for name in ("estimate", "compare", "report", "bill", "prices"):
        assert re.search(rf"^    {name} ", done.stdout, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cost"], "the following arguments are required: COMMAND (see motorpool cost --help)"),
        (
            ["cost", "estimate", "--queries", "0", "--requests", "1"],
            "--queries must be from 1 to 10000, and is 0",
        ),
    ],
)
def test_a_cost_that_cannot_be_told_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, *arguments) == (2, message)
