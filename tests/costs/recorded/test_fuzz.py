"""Whatever a file holds: usage, or one line that says what is wrong with it."""

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from motorpool.costs.errors import UsageError
from motorpool.costs.model import estimate
from motorpool.costs.recorded import (
    Scale,
    Usage,
    analyse,
    lingering,
    month,
    read_usage,
    remembering,
    saved,
    scale,
    to_load,
)
from tests.costs.recorded.lines import client_line, platform_report, proxy_line, report_line
from tests.costs.recorded.strategies import lines
from tests.costs.tables import PRICES

GOOD = [
    json.dumps(proxy_line()),
    json.dumps(client_line()),
    report_line(more="Init Duration: 1.5 ms\t"),
    json.dumps(platform_report()),
    json.dumps({"events": [{"timestamp": 1795898585060, "message": report_line()}]}, indent=1),
    "@timestamp,@message,@billedDuration,@duration,@memorySize",
    json.dumps({"Label": "Invocations", "Datapoints": [{"Sum": 1, "Timestamp": "2026-11-28"}]}),
    json.dumps({"MetricDataResults": [{"Id": "errors", "Values": [1], "Timestamps": ["x"]}]}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def understood(folder: Path, data: bytes) -> Usage | None:
    """The usage in a file, of which everything can be asked; None: it was refused."""
    name = folder / "file"
    name.write_bytes(data)
    try:
        usage = read_usage([str(name)])
    except UsageError as error:
        text = str(error)
        assert text.startswith(str(name))
        assert "\n" not in text
        return None
    analysis = analyse(usage)
    to = scale(analysis) or Scale(factor=next(iter([analysis.setup.pool_size])), how="")
    batched = month(analysis, PRICES, to)
    saved(analysis, PRICES, batched)
    lingering(analysis, PRICES, batched)
    remembering(analysis, PRICES, batched)
    estimate(*to_load(analysis), PRICES)
    return usage


@given(st.binary(max_size=300))
@example(b"\x1f\x8b\x08")
@example(b"[" * 5000)
@example(b'{"a":' * 5000 + b"1" + b"}" * 5000)
@example(b'{"v":1,"side":"proxy","handler_ms":' + b"9" * 5000 + b"}")
@example(b"{\n" * 2000)
@example(b'"' + b"\\" * 5000)
@example(b'{"message":"{\\"message\\":\\"{\\",\\"timestamp\\":1}","timestamp":1}')
def test_random_bytes_are_refused_in_one_line(folder: Path, data: bytes) -> None:
    understood(folder, data)


@given(st.sampled_from(GOOD), st.data())
def test_a_line_that_is_cut_or_damaged_raises_nothing_else(
    folder: Path, good: str, data: st.DataObject
) -> None:
    text = good.encode()
    at = data.draw(st.integers(0, len(text)))
    put = data.draw(st.binary(max_size=4))
    length = data.draw(st.integers(0, 6))
    understood(folder, text[:at])
    understood(folder, text[:at] + put + text[at + length :])
    understood(folder, text[:at] + put + text[at + length :] + b"\n" + text)


@given(st.lists(lines, min_size=1, max_size=8), st.integers(0, 400))
def test_a_packed_file_that_is_cut_raises_nothing_else(
    folder: Path, recorded: list[str], length: int
) -> None:
    whole = gzip.compress("\n".join(recorded).encode())
    understood(folder, whole[:length])


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        *("v", "side", "events", "logEvents", "results", "message", "timestamp"),
                        *("type", "record", "metrics", "Label", "Datapoints", "Sum", "Timestamp"),
                        *("MetricDataResults", "Id", "Values", "Timestamps", "field", "value"),
                        *("operations", "sent", "invocations", "batch_sizes", "flush_reasons"),
                    ]
                ),
                inner | st.sampled_from(["proxy", "platform.report", "Duration", "@message", 1]),
                max_size=6,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from([None, 1]),
)
def test_any_json_is_understood_or_refused(folder: Path, value: object, indent: int | None) -> None:
    understood(folder, json.dumps(value, indent=indent).encode())


@given(
    st.sampled_from([proxy_line, client_line]),
    st.data(),
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.just([]),
)
def test_any_value_of_a_usage_line_is_taken_or_refused(
    folder: Path, make: object, data: st.DataObject, value: object
) -> None:
    line = make()  # type: ignore[operator]  # one of the two
    key = data.draw(st.sampled_from(sorted(line)))
    understood(folder, json.dumps({**line, key: value}).encode())


@given(st.lists(st.sampled_from(['"', ",", "\n", "\r", "x", "REPORT", "\x00", "1"]), max_size=30))
def test_any_csv_is_understood_or_refused(folder: Path, cells: list[str]) -> None:
    heading = "@timestamp,@message,@billedDuration,@duration,@memorySize\n"
    understood(folder, (heading + "".join(cells)).encode())


@given(st.text(max_size=50))
def test_whatever_stands_around_a_report_line_it_is_found_or_not(folder: Path, text: str) -> None:
    understood(folder, f"{text} {report_line()} {text}".encode("utf-8", "replace"))


def test_damaged_gzip_on_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"\x1f\x8b\x08nothing"))
    monkeypatch.setattr(sys, "stdin", stream)
    with pytest.raises(UsageError, match="standard input"):
        read_usage(["-"])


def test_time_is_in_proportion_to_length(folder: Path) -> None:
    """Lines that might open a document are each looked at twice, and no more."""
    calls = 0
    from motorpool.costs.recorded import documents

    take = documents.Document._take  # noqa: SLF001 - it is counted, and goes on

    def counted(self: documents.Document, number: int, text: str) -> bool:
        nonlocal calls
        calls += 1
        return take(self, number, text)

    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(documents.Document, "_take", counted)
    try:
        understood(folder, b'{ "a": [\n' * 3000)
    finally:
        monkeypatch.undo()
    assert calls <= 2 * 3000
