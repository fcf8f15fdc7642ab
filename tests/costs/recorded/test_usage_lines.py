"""Lines of the proxy and of clients: every key, and every value that cannot be one."""

import json
from pathlib import Path
from typing import Any

import pytest

from motorpool.costs.errors import UsageError
from motorpool.costs.recorded import ClientBatch, CounterSnapshot, ProxyBatch, read
from tests.costs.recorded.lines import REQUEST_ID, client_line, proxy_line, write

AT = 1795898585.123
"""2026-11-28T20:43:05.123Z."""


def refusal(tmp_path: Path, *lines: Any) -> str:
    """What is said of a file, from behind its folder's name."""
    name = write(tmp_path / "usage.jsonl", *lines)
    with pytest.raises(UsageError) as raised:
        list(read([name]))
    return str(raised.value).removeprefix(f"{tmp_path}/")


def test_a_line_of_the_proxy_is_a_batch_that_it_answered(tmp_path: Path) -> None:
    line = proxy_line(cold=True, init_ms=312.0, billed_ms=325, refused=3)
    assert list(read([write(tmp_path / "u", line)])) == [
        ProxyBatch(
            at=AT,
            request_id=REQUEST_ID,
            function="shop-proxy",
            memory_mb=128.0,
            cold=True,
            operations=14,
            groups=7,
            refused=3,
            handler_ms=12.345,
            database_ms=9.1,
            cpu_ms=0.5,
            init_ms=312.0,
            billed_ms=325,
            bytes_in=1234,
            bytes_out=5678,
        )
    ]


def test_a_line_of_a_client_is_a_batch_that_it_sent(tmp_path: Path) -> None:
    line = client_line(at="2026-11-28T20:43:05.123Z", attempts=3, throttled=1, lost=1)
    assert list(read([write(tmp_path / "u", line)])) == [
        ClientBatch(
            at=AT,
            client="9f3a1c",
            scope=12,
            function="shop-proxy",
            reason="quiet",
            operations=14,
            deduplicated=2,
            attempts=3,
            throttled=1,
            lost=1,
            waited_ms=0.25,
            wall_ms=24.0,
            bytes_out=1234,
            bytes_in=5678,
            outcome="ok",
            cold=False,
            handler_ms=12.3,
            database_ms=9.1,
            cpu_ms=0.5,
            init_ms=None,
            groups=7,
            billed_ms=13,
        )
    ]


@pytest.mark.parametrize(
    "function",
    [
        "arn:aws:lambda:eu-west-1:123456789012:function:shop-proxy",
        "arn:aws:lambda:eu-west-1:123456789012:function:shop-proxy:live",
        "123456789012:function:shop-proxy",
        "shop-proxy:7",
        "shop-proxy",
    ],
)
def test_a_function_is_known_by_its_name_whatever_it_was_called_by(
    tmp_path: Path, function: str
) -> None:
    (record,) = read([write(tmp_path / "u", client_line(function=function))])
    assert isinstance(record, ClientBatch)
    assert record.function == "shop-proxy"


def test_keys_that_are_not_known_are_let_be(tmp_path: Path) -> None:
    (record,) = read([write(tmp_path / "u", proxy_line(planet="Mars"))])
    assert isinstance(record, ProxyBatch)


def test_what_the_proxy_did_not_tell_is_not_known(tmp_path: Path) -> None:
    names = ("cold", "handler_ms", "database_ms", "cpu_ms", "init_ms", "groups", "billed_ms")
    (record,) = read([write(tmp_path / "u", client_line(**dict.fromkeys(names)))])
    assert isinstance(record, ClientBatch)
    assert [getattr(record, name) for name in names] == [None] * 7


def test_an_unknown_version_is_refused_and_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, proxy_line(), proxy_line(v=2)) == (
        "usage.jsonl, line 2: v must be 1, the version of usage lines that is read here, and is 2"
    )


@pytest.mark.parametrize("version", [True, "1", None, [1]])
def test_a_version_that_is_no_number_is_refused(tmp_path: Path, version: object) -> None:
    assert "v must be 1" in refusal(tmp_path, client_line(v=version))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (proxy_line(handler_ms=-3), "handler_ms must be a number of 0 or more, and is -3"),
        (
            proxy_line(handler_ms=float("nan")),
            "handler_ms must be a number of 0 or more, and is NaN",
        ),
        (
            proxy_line(cpu_ms=float("inf")),
            "cpu_ms must be a number of 0 or more, and is Infinity",
        ),
        (proxy_line(database_ms="9"), 'database_ms must be a number of 0 or more, and is "9"'),
        (proxy_line(init_ms=True), "init_ms must be a number of 0 or more, and is true"),
        (proxy_line(memory_mb=-1), "memory_mb must be a number of 0 or more, and is -1"),
        (proxy_line(operations=1.5), "operations must be a whole number of 0 or more, and is 1.5"),
        (proxy_line(groups=1e300), "groups must be a whole number of 0 or more, and is 1e+300"),
        (proxy_line(billed_ms=None), "billed_ms must be a whole number of 0 or more, and is null"),
        (proxy_line(cold="yes"), 'cold must be true or false, and is "yes"'),
        (proxy_line(request_id=7), "request_id must be a string, and is 7"),
        (
            proxy_line(at="yesterday"),
            'at must be a date and time, such as 2026-11-28T20:43:05.123Z, and is "yesterday"',
        ),
        (
            proxy_line(at="2026-02-30T00:00:00Z"),
            (
                "at must be a date and time, such as 2026-11-28T20:43:05.123Z, and is "
                '"2026-02-30T00:00:00Z"'
            ),
        ),
        (client_line(client=None), "client must be a string, and is null"),
        (client_line(wall_ms=-0.1), "wall_ms must be a number of 0 or more, and is -0.1"),
        (client_line(attempts=-1), "attempts must be a whole number of 0 or more, and is -1"),
        (
            client_line(attempts=1, throttled=2),
            "throttled must be at most the attempts (1), and is 2",
        ),
        (client_line(reason=["a" * 100]), f'reason must be a string, and is ["{"a" * 58}…'),
    ],
)
def test_a_bad_value_is_named_with_its_file_and_line(
    tmp_path: Path, line: dict[str, Any], said: str
) -> None:
    assert refusal(tmp_path, client_line(), "", line) == f"usage.jsonl, line 3: {said}"


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    line = proxy_line()
    del line["handler_ms"]
    assert refusal(tmp_path, line) == (
        "usage.jsonl, line 1: handler_ms is missing, and must be a number of 0 or more"
    )


def test_what_a_terminal_would_obey_is_replaced(tmp_path: Path) -> None:
    (record,) = read([write(tmp_path / "u", client_line(reason="\x1b[31mred", outcome="\ud800"))])
    assert isinstance(record, ClientBatch)
    assert (record.reason, record.outcome) == ("\ufffd[31mred", "\ufffd")


SNAPSHOT = {
    "operations": 40,
    "sent": 30,
    "deduplicated": 10,
    "invocations": 5,
    "throttled": 1,
    "bytes_sent": 900,
    "bytes_received": 4000,
    "flush_reasons": {"quiet": 3, "size": 1},
    "batch_sizes": {"7": 2, "8": 2},
    "queue_wait": 0.01,
}


def test_a_snapshot_of_counters_is_recognised(tmp_path: Path) -> None:
    assert list(read([write(tmp_path / "u", SNAPSHOT)])) == [
        CounterSnapshot(
            operations=40,
            sent=30,
            deduplicated=10,
            invocations=5,
            throttled=1,
            bytes_sent=900,
            bytes_received=4000,
            flush_reasons={"quiet": 3, "size": 1},
            batch_sizes={7: 2, 8: 2},
        )
    ]


def test_a_snapshot_may_be_printed_over_several_lines(tmp_path: Path) -> None:
    (record,) = read([write(tmp_path / "u", json.dumps(SNAPSHOT, indent=1))])
    assert isinstance(record, CounterSnapshot)


def test_a_size_of_batches_that_is_no_number_is_refused(tmp_path: Path) -> None:
    assert "batch_sizes must have a number of operations as its keys" in refusal(
        tmp_path, {**SNAPSHOT, "batch_sizes": {"many": 2}}
    )
