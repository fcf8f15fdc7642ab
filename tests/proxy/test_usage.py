"""What an invocation used: in the response's `stats`, and as a line where the settings say so."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from motorpool.proxy import lifecycle, usage
from motorpool.proxy.drivers import connect
from motorpool.proxy.responses import write_response
from motorpool.proxy.settings import Settings, SettingsError, read_settings
from motorpool.proxy.usage import process_began
from tests.batching.test_usage import opened as opened_here
from tests.proxy.fakes import (
    BrokenContext,
    FakeContext,
    FakeDriver,
    batch,
    opened,
    operation,
    packed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorpool.proxy.lifecycle import Proxy
    from tests.proxy.conftest import MakeProxy

KEYS = [
    *("v", "side", "at", "request_id", "function", "memory_mb", "cold", "operations", "groups"),
    *("refused", "handler_ms", "database_ms", "cpu_ms", "init_ms", "billed_ms"),
    *("bytes_in", "bytes_out"),
]

PLACES = "must be off, stdout, or the path of a file to append to, such as /tmp/usage.jsonl"

NOW = 1_795_898_585.123
"""2026-11-28T20:43:05.123Z."""


class Clock:
    """Stands in for the module `time`: nothing passes but what a test says."""

    def __init__(self) -> None:
        self.passed = self.processor = 0.0

    def perf_counter(self) -> float:
        return 1_000.0 + self.passed

    def process_time(self) -> float:
        return 5.0 + self.processor

    def time(self) -> float:
        return NOW + self.passed

    def pass_ms(self, milliseconds: float, processor_ms: float = 0.0) -> None:
        self.passed += milliseconds / 1000
        self.processor += processor_ms / 1000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (lifecycle, usage):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usage.jsonl"


@pytest.fixture(autouse=True)
def _no_function(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_LAMBDA_")]:
        monkeypatch.delenv(name)


class Context(FakeContext):
    """Lambda's context object, as far as it is asked."""

    def __init__(self, request_id: object) -> None:
        super().__init__(30_000)
        self.aws_request_id = request_id


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def costs(clock: Clock, milliseconds: float, processor_ms: float = 0.0) -> FakeDriver:
    """A driver that takes so long for everything."""

    async def act(_: str, __: dict[str, Any]) -> None:
        clock.pass_ms(milliseconds, processor_ms)

    return FakeDriver(act)


# What a line says ---------------------------------------------------------------------------------


def test_a_line_has_every_key_in_its_order_and_as_it_is_meant(
    make_proxy: MakeProxy, path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "motorpool-proxy")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
    proxy = make_proxy(costs(clock, 9.1, 8.2), usage=str(path))
    event = packed(batch(operation(1, "find_one"), operation(2, "find_one", filter={"a": 1})))

    response = proxy.handle(event, Context("8f3-1"))

    (line,) = lines_of(path)
    assert list(line) == KEYS
    assert line == {
        "v": 1,
        "side": "proxy",
        "at": "2026-11-28T20:43:05.123Z",
        "request_id": "8f3-1",
        "function": "motorpool-proxy",
        "memory_mb": 128,
        "cold": True,
        "operations": 2,
        "groups": 2,
        "refused": 0,
        "handler_ms": 18.2,
        "database_ms": 18.2,
        "cpu_ms": 16.4,
        "init_ms": 0.0,
        "billed_ms": 19,
        "bytes_in": len(event["bson"]),
        "bytes_out": len(response),
    }


def test_only_the_first_line_is_cold_and_has_paid_for_the_init_phase(
    make_proxy: MakeProxy, path: Path
) -> None:
    proxy = make_proxy(usage=str(path))
    for number in range(3):
        proxy.handle(packed(batch(operation(number, "find_one"))))

    cold, *warm = lines_of(path)
    assert cold["cold"] is True
    assert cold["init_ms"] > 0
    assert cold["billed_ms"] == math.ceil(cold["handler_ms"] + cold["init_ms"])
    assert [(line["cold"], line["init_ms"]) for line in warm] == [(False, None)] * 2
    assert [line["billed_ms"] for line in warm] == [math.ceil(line["handler_ms"]) for line in warm]


def test_the_handlers_time_is_all_but_the_writing_of_the_line(
    make_proxy: MakeProxy, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*given: Any) -> bytes:
        clock.pass_ms(5.5, 4.5)
        return write_response(*given)

    monkeypatch.setattr(lifecycle, "write_response", slowly)
    proxy = make_proxy(costs(clock, 2, 1), usage=str(path))

    stats = opened(proxy.handle(packed(batch(operation(1, "find_one")))))["stats"]

    (line,) = lines_of(path)
    assert (stats["handler_ms"], stats["database_ms"], stats["cpu_ms"]) == (2.0, 2.0, 1.0)
    assert (line["handler_ms"], line["database_ms"], line["cpu_ms"]) == (7.5, 2.0, 5.5)
    assert line["billed_ms"] == 8
    assert line["at"] == "2026-11-28T20:43:05.123Z"


def test_what_is_refused_is_counted_and_so_is_what_was_fused(
    make_proxy: MakeProxy, path: Path
) -> None:
    proxy = make_proxy(usage=str(path))
    allowed = [operation(number, "find_one", filter={"_id": number}) for number in range(4)]
    forbidden = operation(4, "command", "admin.$cmd", command={"shutdown": 1})
    unreadable = operation(5, "no_such_operation")

    proxy.handle(batch(*allowed, forbidden, unreadable, "no operation"))

    (line,) = lines_of(path)
    assert (line["operations"], line["refused"], line["groups"]) == (7, 3, 1)
    assert line["bytes_in"] == 0
    proxy.handle(batch(*allowed))
    assert lines_of(path)[1]["groups"] == 1


@pytest.mark.parametrize("event", [None, [], {"v": 2}, {"v": 1, "bson": "!"}, {"v": 1, "bson": 1}])
def test_a_batch_that_cannot_be_read_has_a_line_too(
    make_proxy: MakeProxy, path: Path, event: object
) -> None:
    response = make_proxy(usage=str(path)).handle(event)

    (line,) = lines_of(path)
    assert list(line) == KEYS
    assert (line["operations"], line["refused"], line["groups"]) == (0, 0, 0)
    assert (line["database_ms"], line["cold"]) == (0.0, True)
    assert line["bytes_out"] == len(response)


def test_a_batch_that_the_proxy_fails_on_has_a_line_too(make_proxy: MakeProxy, path: Path) -> None:
    proxy = make_proxy(usage=str(path))

    response = opened(proxy.handle(batch(operation(1, "find_one")), BrokenContext()))

    assert response["err"]["type"] == "InternalError"
    assert [(line["operations"], line["groups"]) for line in lines_of(path)] == [(1, 0)]


@pytest.mark.parametrize("context", [None, object(), Context(None), Context(7), FakeContext(9_000)])
def test_a_context_that_has_no_request_id_leaves_it_out(
    make_proxy: MakeProxy, path: Path, context: Any
) -> None:
    make_proxy(usage=str(path)).handle(batch(), context)

    (line,) = lines_of(path)
    assert (line["request_id"], line["function"], line["memory_mb"]) == (None, None, None)


def test_which_function_it_is_is_read_once(
    make_proxy: MakeProxy, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "first")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "much")
    proxy = make_proxy(usage=str(path))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "second")

    proxy.handle(batch())

    assert [(line["function"], line["memory_mb"]) for line in lines_of(path)] == [("first", None)]


# Stats --------------------------------------------------------------------------------------------


def test_stats_tell_processor_time_and_of_a_cold_start_its_init_phase(
    make_proxy: MakeProxy, clock: Clock
) -> None:
    proxy = make_proxy(costs(clock, 3, 2))
    cold, warm = (
        opened(proxy.handle(packed(batch(operation(1, "find_one")))))["stats"] for _ in range(2)
    )

    assert (cold["cpu_ms"], cold["cold"], cold["init_ms"]) == (2.0, True, 0.0)
    assert (warm["cpu_ms"], warm["cold"]) == (2.0, False)
    assert "init_ms" not in warm


def test_the_init_phase_is_counted_from_where_it_is_said_to_have_begun(clock: Clock) -> None:
    proxy = lifecycle.Proxy(Settings("mongomock://"), began=clock.perf_counter() - 0.25)
    clock.pass_ms(60_000)  # what a frozen environment waits for its first invocation is no init

    assert opened(proxy.handle(batch()))["stats"]["init_ms"] == 250.0
    proxy.close()


def test_a_proxy_that_is_made_by_hand_has_begun_when_it_was_made(
    make_proxy: MakeProxy, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*given: Any) -> Any:
        clock.pass_ms(40)
        return connect(*given)

    monkeypatch.setattr(lifecycle, "connect", slowly)

    assert opened(make_proxy().handle(batch()))["stats"]["init_ms"] == 40.0


# When a process began -----------------------------------------------------------------------------

BEGAN = """
import time
first = time.perf_counter()
from motorpool.proxy.usage import process_began
print(process_began(first), first)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="where perf_counter is the machine's clock")
def test_a_process_began_before_its_first_statement_and_after_it_was_started() -> None:
    asked = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", BEGAN], capture_output=True, check=True, text=True)
    began, first = map(float, done.stdout.split())

    assert asked <= began <= first


STAT = "7 (a) (b c)) S " + " ".join(str(number) for number in range(4, 22)) + " {ticks} 23 24"
"""As in proc_pid_stat(5): field 22 is the start, and the name in field 2 may hold anything."""


def stat_says(monkeypatch: pytest.MonkeyPatch, text: str, uptime: float) -> types.SimpleNamespace:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: text)
    monkeypatch.setattr(os, "sysconf", {"SC_CLK_TCK": 100}.__getitem__)
    fake = types.SimpleNamespace(
        CLOCK_BOOTTIME=7,
        clock_gettime={7: uptime}.__getitem__,
        perf_counter=lambda: 1_000.0,
    )
    monkeypatch.setattr(usage, "time", fake)
    return fake


def test_when_a_process_began_is_read_behind_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    stat_says(monkeypatch, STAT.format(ticks=4_950), uptime=50.0)

    assert process_began(999.9) == 999.51  # 49.51 of 50 seconds after the machine


@pytest.mark.parametrize(
    "text",
    [
        *("", "7 (a) S 4", STAT.format(ticks="none")),
        STAT.format(ticks=4_999),  # after the import: another clock than this process's
    ],
)
def test_where_the_system_does_not_say_it_began_with_the_import(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    stat_says(monkeypatch, text, uptime=50.0)

    assert process_began(999.9) == 999.9


def test_where_there_is_no_such_system_it_began_with_the_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert process_began(3.5) == 3.5
    fake = stat_says(monkeypatch, STAT.format(ticks=1), uptime=50.0)
    del fake.CLOCK_BOOTTIME
    assert process_began(4.5) == 4.5


# Where lines go -----------------------------------------------------------------------------------


def test_off_is_the_default_and_writes_nothing(
    proxy: Proxy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[Any] = []
    monkeypatch.setattr(os, "write", lambda *given: writes.append(given))

    proxy.handle(batch(operation(1, "find_one")))

    assert read_settings({"MOTORPOOL_MONGODB_URI": "mongomock://"}).usage == "off"
    assert capsys.readouterr() == ("", "")
    assert writes == []


def test_stdout_is_where_cloudwatch_has_it(
    make_proxy: MakeProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    proxy = make_proxy(usage="stdout")
    proxy.handle(batch(operation(1, "find_one")))
    proxy.handle(batch())

    said = capsys.readouterr().out.splitlines(keepends=True)
    assert [json.loads(line)["operations"] for line in said] == [1, 0]
    assert all(line.endswith("}\n") for line in said)


def test_a_file_is_closed_with_the_proxy(path: Path) -> None:
    proxy = lifecycle.Proxy(Settings("mongomock://", usage=str(path)))
    proxy.handle(batch())

    assert opened_here(path)
    proxy.close()
    assert not opened_here(path)


def test_a_write_that_fails_fails_no_batch_and_is_logged_once(
    make_proxy: MakeProxy,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    path: Path,
) -> None:
    proxy = make_proxy(usage=str(path))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    answers = [
        opened(proxy.handle(batch(operation(1, "count_documents", filter={})))) for _ in "ab"
    ]

    assert [answer["res"] for answer in answers] == [[{"id": 1, "ok": {"$numberInt": "0"}}]] * 2
    (record,) = caplog.records
    assert "No space left on device" in record.getMessage()
    assert str(path) in record.getMessage()


@pytest.mark.parametrize("value", ["off", "stdout", "/tmp/u", "./u", "usage.jsonl", "../u"])  # noqa: S108 - never opened
def test_off_stdout_and_paths_are_settings(value: str) -> None:
    environment = {"MOTORPOOL_MONGODB_URI": "mongomock://", "MOTORPOOL_USAGE": value}

    assert read_settings(environment).usage == value


@pytest.mark.parametrize("value", ["", "on", "OFF", "true", "1", "stderr", "Stdout", " off"])
def test_a_word_alone_is_no_files_name(value: str) -> None:
    environment = {"MOTORPOOL_MONGODB_URI": "mongomock://", "MOTORPOOL_USAGE": value}

    with pytest.raises(SettingsError) as raised:
        read_settings(environment)

    assert str(raised.value) == f"MOTORPOOL_USAGE: {PLACES}"


def folder(tmp_path: Path) -> Path:
    return tmp_path


def missing_folder(tmp_path: Path) -> Path:
    return tmp_path / "none" / "usage.jsonl"


def file_as_a_folder(tmp_path: Path) -> Path:
    (tmp_path / "file").touch()
    return tmp_path / "file" / "usage.jsonl"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (folder, "Is a directory"),
        (missing_folder, "No such file or directory"),
        (file_as_a_folder, "Not a directory"),
    ],
)
def test_a_file_that_cannot_be_appended_to_stops_the_start(
    tmp_path: Path, make: Callable[[Path], Path], why: str
) -> None:
    place = make(tmp_path)

    with pytest.raises(SettingsError) as raised:
        lifecycle.Proxy(Settings("mongomock://", usage=str(place)))

    assert str(raised.value) == (
        f"MOTORPOOL_USAGE: '{place}' cannot be appended to ({why}); give off, stdout, or the path "
        "of a file in a folder that there is (on Lambda, one in /tmp)"
    )


# In processes of their own ------------------------------------------------------------------------

HANDLER = """
import json, sys, time
first = time.perf_counter()
from motorpool.proxy.handler import handler
imported = (time.perf_counter() - first) * 1000
sys.stdin.readline()  # begin together
for number in range(int(sys.argv[1])):
    handler({"v": 1, "ops": []}, None)
print(json.dumps([imported, "motorpool.batching.usage" in sys.modules]), flush=True)
"""


def start(place: str, batches: int) -> subprocess.Popen[str]:
    environment = {
        "MOTORPOOL_MONGODB_URI": "mongomock://",
        "MOTORPOOL_USAGE": place,
        "AWS_LAMBDA_FUNCTION_NAME": f"{batches} batches",
    }
    return subprocess.Popen(
        [sys.executable, "-c", HANDLER, str(batches)],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_handlers_first_line_has_the_time_of_its_imports() -> None:
    with start("stdout", 2) as process:
        said, _ = process.communicate("\n", timeout=60)

    cold, warm, (imported, _) = map(json.loads, said.splitlines())
    assert (cold["cold"], warm["cold"]) == (True, False)
    assert cold["init_ms"] >= imported * 0.9  # what is left of it when the proxy is made


def test_off_does_not_even_import_what_writes_lines() -> None:
    with start("off", 1) as process:
        said, _ = process.communicate("\n", timeout=60)

    (line,) = map(json.loads, said.splitlines())
    assert line[1] is False


def test_a_bad_place_stops_the_handler_by_its_variables_name() -> None:
    with start("/nowhere/at/all.jsonl", 1) as process:
        _, said = process.communicate("\n", timeout=60)

    assert process.returncode == 1
    assert said.splitlines()[-1].startswith(
        "motorpool.proxy.settings.SettingsError: MOTORPOOL_USAGE: '/nowhere/at/all.jsonl' cannot"
    )


def test_two_environments_append_whole_lines_to_one_file(path: Path) -> None:
    with start(str(path), 500) as one, start(str(path), 501) as other:
        for process in (one, other):
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in (one, other):
            process.communicate(timeout=60)

    functions = [line["function"] for line in lines_of(path)]
    assert len(functions) == 1_001
    assert (functions.count("500 batches"), functions.count("501 batches")) == (500, 501)
