"""What a client's batches used: one line for each that was sent, whatever became of it."""

import asyncio
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pymongo.errors
import pytest

from motorpool.batching import coalescer, codec, envelope
from motorpool.batching.errors import (
    ConnectionLost,
    FunctionFailed,
    NotInvoked,
    ProtocolError,
    Throttled,
    TransportError,
)
from motorpool.client import Bounds, InProcessTransport, LambdaTransport, ProxyClient, RetryPolicy
from motorpool.client import usage as client_usage
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.batching.test_usage import opened
from tests.both_loops import ONE_LOOP, Logged, LoopFactory
from tests.client.fakes import Batch, Failure, FakeTransport, response

KEYS = [
    *("v", "side", "at", "client", "scope", "function", "reason", "operations", "deduplicated"),
    *("attempts", "throttled", "lost", "waited_ms", "wall_ms", "bytes_out", "bytes_in", "outcome"),
    *("cold", "handler_ms", "database_ms", "cpu_ms", "init_ms", "groups", "billed_ms"),
]
TOLD = ["cold", "handler_ms", "database_ms", "cpu_ms", "init_ms", "groups", "billed_ms"]
STATS: dict[str, Any] = {
    "handler_ms": 3.25,
    "database_ms": 2.5,
    "cpu_ms": 1.75,
    "operations": 2,
    "groups": 1,
    "cold": False,
}
AT_ONCE = RetryPolicy(base_pause=0.0, max_pause=0.0)

Lines = list[dict[str, Any]]


def lines_of(path: Path) -> Lines:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def picked(line: dict[str, Any], *keys: str) -> tuple[Any, ...]:
    return tuple(line[key] for key in keys)


def telling(transport: FakeTransport, **stats: Any) -> Callable[[Batch], bytes]:
    """A step that answers everything, and tells these figures."""

    def step(batch: Batch) -> bytes:
        entries = [codec.encode_entry(transport.ok(asked)) for asked in batch]
        return codec.seal_envelope(codec.join_response(entries, stats), compress=False)

    return step


def again_but_the_first(batch: Batch) -> bytes:
    first, *others = batch
    return response(
        envelope.success(first.id, first.args["filter"]),
        *(envelope.again(asked.id, "full") for asked in others),
    )


# What a line says ---------------------------------------------------------------------------------


class Clock:
    """Stands in for the module `time`: nothing passes but what a test says."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return 50.0 + self.passed

    def time(self) -> float:
        return 1_795_898_585.123 + self.passed


async def test_a_line_has_every_key_in_its_order_and_as_it_is_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, lines = Clock(), Lines()
    monkeypatch.setattr(client_usage, "time", clock)
    monkeypatch.setattr(coalescer, "monotonic", clock.monotonic)
    transport = FakeTransport()

    def answer(batch: Batch) -> bytes:
        clock.passed += 0.0142
        return telling(transport, **STATS)(batch)

    transport.script.append(answer)
    client = ProxyClient(transport=transport, usage=lines.append, bounds=Bounds(linger=3600.0))
    users = client.shop.users

    calls = [users.find_one({"_id": 1})]
    clock.passed += 0.00031
    calls += [users.find_one({"_id": 1}), users.find_one({"_id": 2})]
    await client.flush()
    await asyncio.gather(*calls)

    (line,) = lines
    assert list(line) == KEYS
    assert re.fullmatch("[0-9a-f]{6}", line["client"])
    (size,) = map(len, transport.payloads)
    assert line == {
        "v": 1,
        "side": "client",
        "at": "2026-11-28T20:43:05.123Z",
        "client": line["client"],
        "scope": None,
        "function": None,
        "reason": "explicit",
        "operations": 2,
        "deduplicated": 1,
        "attempts": 1,
        "throttled": 0,
        "lost": 0,
        "waited_ms": 0.31,
        "wall_ms": 14.2,
        "bytes_out": size,
        "bytes_in": client.counters.bytes_received,
        "outcome": "ok",
        "cold": False,
        "handler_ms": 3.25,
        "database_ms": 2.5,
        "cpu_ms": 1.75,
        "init_ms": None,
        "groups": 1,
        "billed_ms": 4,
    }


@pytest.fixture
async def recorded(tmp_path: Path) -> AsyncIterator[ProxyClient]:
    """Give a client and a proxy on an empty embedded database; both write their lines."""
    proxy = Proxy(Settings("mongomock://", usage=str(tmp_path / "proxy.jsonl")))
    transport = InProcessTransport(proxy.handle)
    async with ProxyClient(transport=transport, usage=tmp_path / "client.jsonl") as client:
        yield client
    proxy.close()


async def test_the_lines_of_a_client_and_its_proxy_agree(
    recorded: ProxyClient, tmp_path: Path
) -> None:
    users = recorded.shop.users
    await asyncio.gather(*(users.insert_one({"_id": number}) for number in range(5)))
    await asyncio.gather(*(users.find_one({"_id": number % 3}) for number in range(7)))
    with pytest.raises(pymongo.errors.DuplicateKeyError):
        await users.insert_one({"_id": 1})
    await users.find().to_list()

    ours, theirs = lines_of(tmp_path / "client.jsonl"), lines_of(tmp_path / "proxy.jsonl")
    assert [line["operations"] for line in ours] == [5, 3, 1, 1]
    assert [line["deduplicated"] for line in ours] == [0, 4, 0, 0]
    assert [line["cold"] for line in ours] == [True, False, False, False]
    assert [line["outcome"] for line in ours] == ["ok"] * 4
    for mine, its in zip(ours, theirs, strict=True):
        same = ("operations", "groups", "cold", "init_ms", "database_ms")
        assert picked(mine, *same) == picked(its, *same)
        # The proxy's goes on while it writes its answer down.
        assert its["database_ms"] <= mine["handler_ms"] <= its["handler_ms"] <= mine["wall_ms"]
        assert mine["cpu_ms"] <= its["cpu_ms"]
        assert mine["billed_ms"] == math.ceil(mine["handler_ms"] + (mine["init_ms"] or 0.0))
        assert mine["billed_ms"] <= its["billed_ms"]
        assert its["bytes_in"] < mine["bytes_out"] < its["bytes_in"] + 30
        assert mine["bytes_in"] == its["bytes_out"]


async def test_a_line_is_there_before_the_caller_goes_on() -> None:
    lines = Lines()
    client = ProxyClient(transport=FakeTransport(), usage=lines.append)

    for number in (1, 2, 3):
        await client.shop.users.find_one({"_id": number})
        assert len(lines) == number


async def test_a_scope_has_a_number_and_a_batch_that_of_the_request_around() -> None:
    lines = Lines()
    client = ProxyClient(transport=FakeTransport(), usage=lines.append)

    async def find() -> None:
        await client.shop.users.find_one({})

    await find()
    async with client.batch():
        await find()
    async with client.request():
        await find()
        await find()
        async with client.batch():
            await find()
        async with client.request():
            await find()
    async with client.request():
        await find()

    assert [line["scope"] for line in lines] == [None, None, 1, 1, 1, 2, 3]


@pytest.mark.parametrize(
    ("bounds", "asked", "reasons"),
    [
        (Bounds(), 2, ["quiet"]),
        (Bounds(batch_operations=2), 3, ["operations", "quiet"]),
        (Bounds(linger=0.001), 2, ["linger"]),
    ],
)
async def test_what_made_a_batch_leave_is_its_reason(
    bounds: Bounds, asked: int, reasons: list[str]
) -> None:
    lines = Lines()
    client = ProxyClient(transport=FakeTransport(), usage=lines.append, bounds=bounds)

    await asyncio.gather(*(client.shop.users.find_one({"_id": number}) for number in range(asked)))

    assert [line["reason"] for line in lines] == reasons


async def test_a_call_that_has_left_again_is_no_longer_saved() -> None:
    lines = Lines()
    client = ProxyClient(transport=FakeTransport(), usage=lines.append, bounds=Bounds(linger=0.01))
    users = client.shop.users
    tasks = [asyncio.create_task(users.find_one({"_id": 1})) for _ in range(3)]
    tasks.append(asyncio.create_task(users.find_one({"_id": 2})))
    await asyncio.sleep(0)

    tasks[0].cancel()
    tasks[3].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert picked(lines[0], "operations", "deduplicated") == (1, 1)


async def test_the_function_is_named_as_the_client_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = Lines()
    transport = LambdaTransport("motorpool-proxy:live", region_name="us-east-1")
    monkeypatch.setattr(transport, "invoke", FakeTransport().invoke)

    async with ProxyClient(transport=transport, usage=lines.append) as client:
        await client.shop.users.find_one({})

    assert [line["function"] for line in lines] == ["motorpool-proxy:live"]


async def test_each_client_has_an_id_of_its_own() -> None:
    lines = Lines()
    clients = [ProxyClient(transport=FakeTransport(), usage=lines.append) for _ in range(2)]
    for client in (*clients, *clients):
        await client.shop.users.find_one({})

    first, second, *rest = [line["client"] for line in lines]
    assert first != second
    assert rest == [first, second]


# What goes again ----------------------------------------------------------------------------------


async def test_throttled_attempts_are_counted_and_bill_nothing() -> None:
    lines = Lines()
    transport = FakeTransport(Throttled("429"), Throttled("429"))
    transport.script.append(telling(transport, **STATS))
    client = ProxyClient(transport=transport, usage=lines.append, retry=AT_ONCE)

    await client.shop.users.find_one({})

    (line,) = lines
    assert picked(line, "attempts", "throttled", "lost", "outcome") == (3, 2, 0, "ok")
    assert picked(line, "handler_ms", "billed_ms") == (3.25, 4)
    assert line["bytes_out"] == sum(map(len, transport.payloads))


async def test_a_batch_that_is_throttled_for_good_has_a_line_without_figures() -> None:
    lines = Lines()
    transport = FakeTransport(*[Throttled("429", retry_after=9.0)] * 2)
    retry = RetryPolicy(0.0, 0.0, throttled_for=0.0)
    client = ProxyClient(transport=transport, usage=lines.append, retry=retry)

    for call in (client.shop.users.find_one({}), client.shop.users.delete_one({})):
        with pytest.raises(Throttled):
            await call

    (line,) = lines
    assert picked(line, "attempts", "throttled", "outcome") == (1, 1, "Throttled")
    assert picked(line, "operations", "bytes_in", *TOLD) == (2, 0, *[None] * 7)


async def test_a_batch_that_nobody_waits_for_any_more_has_timed_out() -> None:
    lines = Lines()
    called = asyncio.Event()

    def throttle(_: Batch) -> bytes:
        called.set()
        raise Throttled("429", retry_after=0.01)

    client = ProxyClient(transport=FakeTransport(throttle), usage=lines.append)

    call = asyncio.create_task(client.shop.users.find_one({}))
    await called.wait()
    call.cancel()
    await client.aclose()

    assert [picked(line, "attempts", "throttled", "outcome") for line in lines] == [
        (1, 1, "OperationTimeout")
    ]


async def test_figures_of_several_answers_are_summed() -> None:
    lines = Lines()
    transport = FakeTransport()

    def first(batch: Batch) -> bytes:
        again = [codec.encode_entry(envelope.again(asked.id, "full")) for asked in batch[1:]]
        entry = codec.encode_entry(transport.ok(batch[0]))
        stats = {**STATS, "cold": True, "init_ms": 300.5}
        return codec.seal_envelope(codec.join_response([entry, *again], stats), compress=False)

    transport.script += [first, telling(transport, **STATS)]
    client = ProxyClient(transport=transport, usage=lines.append)

    await asyncio.gather(*(client.shop.users.find_one({"_id": number}) for number in range(3)))

    (line,) = lines
    assert picked(line, "operations", "attempts", "outcome") == (3, 2, "ok")
    assert picked(line, *TOLD) == (True, 6.5, 5.0, 3.5, 300.5, 2, math.ceil(303.75) + 4)
    assert line["bytes_in"] == client.counters.bytes_received


async def test_a_lost_answer_that_is_got_again_is_lost_and_well() -> None:
    lines = Lines()
    transport = FakeTransport(ConnectionLost("reset"), FunctionFailed("Unhandled", "died"))
    transport.script.append(telling(transport, **STATS))
    client = ProxyClient(transport=transport, usage=lines.append, retry=AT_ONCE)

    await client.shop.users.find_one({})

    (line,) = lines
    assert picked(line, "attempts", "throttled", "lost", "outcome") == (3, 0, 2, "ok")
    assert picked(line, "handler_ms", "billed_ms") == (3.25, 4)


async def test_an_answer_that_is_lost_for_good_is_the_outcome() -> None:
    lines = Lines()
    transport = FakeTransport(ConnectionLost("reset"))
    client = ProxyClient(transport=transport, usage=lines.append, retry=AT_ONCE)
    users = client.shop.users

    found, removed = await asyncio.gather(
        users.find_one({"_id": 1}), users.delete_one({"_id": 2}), return_exceptions=True
    )

    assert found == {"_id": 1}
    assert isinstance(removed, pymongo.errors.AutoReconnect)
    (line,) = lines
    assert picked(line, "operations", "attempts", "lost", "outcome") == (2, 2, 1, "ConnectionLost")


async def test_an_error_says_more_than_that_nobody_waited() -> None:
    lines = Lines()
    called = asyncio.Event()

    def lose(_: Batch) -> bytes:
        called.set()
        raise ConnectionLost("reset")

    transport = FakeTransport(lose, NotInvoked("no such function"))
    retry = RetryPolicy(base_pause=0.02, max_pause=0.02)
    client = ProxyClient(transport=transport, usage=lines.append, retry=retry)
    users = client.shop.users

    left, other = (asyncio.create_task(users.find_one({"_id": number})) for number in (1, 2))
    await called.wait()
    left.cancel()
    with pytest.raises(NotInvoked):
        await other

    assert [len(batch) for batch in transport.batches] == [2, 1]
    assert [picked(line, "operations", "lost", "outcome") for line in lines] == [
        (2, 1, "NotInvoked")
    ]


async def test_answers_that_are_lost_again_and_again_are_the_outcome() -> None:
    lines = Lines()
    transport = FakeTransport(*[FunctionFailed("Unhandled", "died")] * 3)
    client = ProxyClient(transport=transport, usage=lines.append, retry=AT_ONCE)

    with pytest.raises(pymongo.errors.AutoReconnect):
        await client.shop.users.find_one({})

    (line,) = lines
    assert picked(line, "attempts", "lost", "outcome") == (3, 3, "FunctionFailed")


async def test_operations_that_the_proxy_never_answers_are_the_outcome() -> None:
    lines = Lines()
    answers = [again_but_the_first] * 3
    transport = FakeTransport(
        *answers, *[lambda batch: response(envelope.again(batch[0].id, "full"))] * 60
    )
    client = ProxyClient(transport=transport, usage=lines.append)
    users = client.shop.users

    found = await asyncio.gather(
        *(users.find_one({"_id": number}) for number in range(4)), return_exceptions=True
    )

    assert found[:3] == [{"_id": 0}, {"_id": 1}, {"_id": 2}]
    (line,) = lines
    assert picked(line, "operations", "attempts", "outcome") == (4, 51, "ProtocolError")


# What fails ---------------------------------------------------------------------------------------


class OfAnotherKind(TransportError):
    """A transport's own error."""


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (NotInvoked("no such function"), "NotInvoked"),
        (OfAnotherKind("odd"), "OfAnotherKind"),
        (RuntimeError("a transport's fault"), "RuntimeError"),
        (ProtocolError("odd"), "ProtocolError"),
        (b"no JSON", "ProtocolError"),
        (b'{"v":1,"err":{"type":"ProtocolError","message":"?"}}', "ProtocolError"),
        (response(), "ProtocolError"),
    ],
)
async def test_a_failing_invocation_has_a_line_with_its_error(step: Any, outcome: str) -> None:
    lines = Lines()
    transport = FakeTransport(step)
    client = ProxyClient(transport=transport, usage=lines.append)

    with pytest.raises(pymongo.errors.PyMongoError):
        await client.shop.users.find_one({})

    (line,) = lines
    assert picked(line, "attempts", "throttled", "lost", "outcome") == (1, 0, 0, outcome)
    assert picked(line, *TOLD) == (None,) * 7
    assert line["bytes_in"] == (len(step) if isinstance(step, bytes) else 0)


async def test_an_operations_own_error_is_an_answer() -> None:
    lines = Lines()
    failure = Failure(envelope.error("OperationFailure", "no", code=2))
    transport = FakeTransport(answers={"count_documents": lambda _: failure})
    client = ProxyClient(transport=transport, usage=lines.append)

    with pytest.raises(pymongo.errors.OperationFailure):
        await client.shop.users.count_documents({})

    assert [line["outcome"] for line in lines] == ["ok"]


async def test_a_batch_that_is_not_sent_has_no_line() -> None:
    lines = Lines()
    transport = FakeTransport()
    client = ProxyClient(transport=transport, usage=lines.append)

    call = client.shop.users.find_one({})
    await client.flush()
    call.close()  # its batch has left, and has not taken its first step
    await client.aclose()

    assert client.counters.flush_reasons == {"explicit": 1}
    assert (transport.payloads, lines) == ([], [])


async def test_a_batch_of_which_a_part_is_not_sent_counts_the_rest() -> None:
    lines = Lines()
    client = ProxyClient(transport=FakeTransport(), usage=lines.append)
    users = client.shop.users

    left, *others = [users.find_one({"_id": number}) for number in range(3)]
    await client.flush()
    left.close()
    await asyncio.gather(*others)

    assert [picked(line, "operations", "outcome") for line in lines] == [(2, "ok")]


@pytest.mark.parametrize(
    "stats",
    [
        {},
        {"handler_ms": None, "cold": None},
        {"handler_ms": "3", "database_ms": [], "cpu_ms": True, "groups": {}, "cold": 1},
        {"handler_ms": math.nan, "init_ms": math.inf},
    ],
)
async def test_what_a_proxy_tells_that_is_no_figure_counts_as_not_told(
    stats: dict[str, Any], tmp_path: Path
) -> None:
    transport = FakeTransport()
    transport.script.append(telling(transport, **stats))
    async with ProxyClient(transport=transport, usage=tmp_path / "u") as client:
        await client.shop.users.find_one({})

    (line,) = lines_of(tmp_path / "u")
    assert picked(line, "outcome", *TOLD) == ("ok", *[None] * 7)


async def test_an_older_proxy_tells_less_and_is_billed_all_the_same() -> None:
    lines = Lines()
    transport = FakeTransport()
    transport.script.append(telling(transport, handler_ms=1, groups=4, cold=True))
    client = ProxyClient(transport=transport, usage=lines.append)

    await client.shop.users.find_one({})

    assert picked(lines[0], *TOLD) == (True, 1, None, None, None, 4, 1)


# Where lines go -----------------------------------------------------------------------------------


async def test_stdout_has_a_line_for_each_batch(capsys: pytest.CaptureFixture[str]) -> None:
    client = ProxyClient(transport=FakeTransport(), usage="stdout")

    await client.shop.users.find_one({})
    await client.shop.users.find_one({})
    await client.aclose()

    said = capsys.readouterr().out.splitlines(keepends=True)
    assert [json.loads(line)["side"] for line in said] == ["client", "client"]
    assert all(line.endswith("}\n") for line in said)


async def test_a_file_is_closed_with_the_client_once_all_has_landed(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    client = ProxyClient(transport=FakeTransport(), usage=str(path))
    calls = [client.shop.users.find_one({"_id": number}) for number in range(2)]
    assert opened(path)

    await client.aclose()

    assert [picked(line, "operations", "reason") for line in lines_of(path)] == [(2, "drain")]
    assert not opened(path)
    assert await asyncio.gather(*calls) == [{"_id": 0}, {"_id": 1}]


async def test_a_recorder_that_fails_fails_no_query_and_is_logged_once(logged: Logged) -> None:
    def refuse(line: dict[str, Any]) -> None:
        raise RuntimeError(f"{line['operations']} operation")

    client = ProxyClient(transport=FakeTransport(), usage=refuse)

    assert [await client.shop.users.find_one({"_id": number}) for number in range(3)] == [
        *({"_id": 0}, {"_id": 1}, {"_id": 2})
    ]
    (said,) = logged()
    assert said.endswith("nothing is said: RuntimeError: 1 operation")
    assert "usage=<function" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
async def test_a_full_disk_fails_no_query_and_is_logged_once(logged: Logged) -> None:
    async with ProxyClient(transport=FakeTransport(), usage="/dev/full") as client:
        for _ in range(3):
            assert await client.shop.users.find_one({"_id": 1}) == {"_id": 1}

    (said,) = logged()
    assert said.startswith("a line of usage could not be written to /dev/full, and is lost")


async def later(line: dict[str, Any]) -> None:
    """A recorder that nobody would await."""


RIGHT = (
    'usage must be the path of a file to append to, such as "/tmp/usage.jsonl", "stdout", '
    "or a function that takes a dict, not "
)


@pytest.mark.parametrize("usage", [1, True, b"/tmp/u", [], later])
def test_what_is_neither_a_place_nor_a_function_is_refused(usage: Any) -> None:
    with pytest.raises(TypeError) as raised:
        ProxyClient(transport=FakeTransport(), usage=usage)

    assert str(raised.value) == f"{RIGHT}{usage!r}"


@pytest.mark.parametrize("usage", ["", "off", "stderr", "STDOUT", "usage"])
def test_a_word_alone_is_no_files_name(usage: str) -> None:
    with pytest.raises(ValueError, match=r"^usage must be") as raised:
        ProxyClient(transport=FakeTransport(), usage=usage)

    assert str(raised.value) == f"{RIGHT}{usage!r}"


@pytest.mark.parametrize("make", [str, Path])
def test_a_file_that_cannot_be_appended_to_is_refused(
    tmp_path: Path, make: Callable[[Path], Any]
) -> None:
    with pytest.raises(IsADirectoryError) as directory:
        ProxyClient(transport=FakeTransport(), usage=make(tmp_path))
    with pytest.raises(FileNotFoundError) as missing:
        ProxyClient(transport=FakeTransport(), usage=make(tmp_path / "none" / "u"))

    assert str(directory.value) == (
        f"[Errno 21] usage cannot be appended to: Is a directory: '{tmp_path}'"
    )
    assert str(missing.value) == (
        f"[Errno 2] usage cannot be appended to: No such file or directory: '{tmp_path}/none/u'"
    )


@ONE_LOOP
async def test_a_path_may_be_a_word_where_it_says_that_it_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with ProxyClient(transport=FakeTransport(), usage=Path("off")) as client:
        await client.shop.users.find_one({})

    assert len(lines_of(tmp_path / "off")) == 1


def test_one_file_has_the_lines_of_several_loops(tmp_path: Path, loop_factory: LoopFactory) -> None:
    path = tmp_path / "usage.jsonl"
    client = ProxyClient(transport=FakeTransport(), usage=path)

    async def find() -> None:
        await client.shop.users.find_one({})

    for _ in range(3):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(find())
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(client.aclose())

    assert [line["outcome"] for line in lines_of(path)] == ["ok"] * 3


# In processes of their own ------------------------------------------------------------------------

NOT_RECORDED = """
import asyncio, sys
from motorpool.client import ProxyClient
from tests.client.fakes import FakeTransport
asyncio.run(ProxyClient(transport=FakeTransport()).aclose())
print(sorted({"motorpool.client.usage", "motorpool.batching.usage"} & set(sys.modules)))
"""

FORKED = """
import asyncio, os, sys
from motorpool.client import ProxyClient
from tests.client.fakes import FakeTransport
client = ProxyClient(transport=FakeTransport(), usage=sys.argv[1])

async def find(batches):
    for number in range(batches):
        async with client.request():
            await client.shop.users.find_one({"text": "x" * 100})

asyncio.run(find(1))
child = os.fork()
asyncio.run(find(200 if child else 300))
if child:
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))
"""


def run(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@ONE_LOOP
async def test_who_does_not_record_imports_nothing_for_it() -> None:
    assert run(NOT_RECORDED) == "[]\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_processes_of_a_fork_append_whole_lines_and_are_two_clients(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"

    run(FORKED, str(path))

    ids = [line["client"] for line in lines_of(path)]
    assert len(ids) == 501
    assert sorted(ids.count(id_) for id_ in set(ids)) == [201, 300]
