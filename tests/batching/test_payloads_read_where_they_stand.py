"""A payload as the proxy writes it is read without a JSON parser, and any other as JSON says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching import codec, envelope
from motorpool.batching.codec import encode_entry, join_response, seal_envelope, split_response
from motorpool.batching.errors import ProtocolError

ENTRIES = [
    encode_entry(envelope.success(id_, {"_id": id_, "x": b"\xff\xfe" * 9})) for id_ in (0, 1)
]
PAYLOAD = seal_envelope(join_response(ENTRIES, {"n": 1}), compress=False)
TEXT = json.loads(PAYLOAD)["bson"]


def outcome(payload: bytes) -> Any:
    try:
        return split_response(payload)
    except ProtocolError as error:
        return str(error)


def as_json_says(payload: bytes) -> Any:
    """Read it with the JSON parser, whatever it looks like."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(codec, "_unsealed", lambda _: None)
        return outcome(payload)


def test_what_the_proxy_writes_is_not_parsed_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = as_json_says(PAYLOAD)
    monkeypatch.setattr(codec, "json", None)

    entries, stats = split_response(PAYLOAD)

    assert (entries, stats) == expected
    assert [entry.value for entry in entries] == ENTRIES


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps({"v": 1, "bson": TEXT}).encode(),
        json.dumps({"bson": TEXT, "v": 1}).encode(),
        PAYLOAD.replace(b"/", b"\\/"),
        PAYLOAD + b"\n",
        b" " + PAYLOAD,
        b'{"v":1,"bson":"AAAA","bson":"' + TEXT.encode() + b'"}',
        seal_envelope(join_response(ENTRIES, {"n": 1}), compress=True),
        seal_envelope(join_response([ENTRIES[0] for _ in range(90)], {}), compress=True),
    ],
    ids=["spaces", "order", "escapes", "newline", "space", "twice", "may compress", "compressed"],
)
def test_another_way_to_write_it_is_read_as_well(payload: bytes) -> None:
    found = outcome(payload)

    assert found == as_json_says(payload)
    assert not isinstance(found, str)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b'{"v":1,"bson":"',
        b'{"v":1,"bson":"}',
        b'{"v":1,"bson":""}',
        b'{"v":1,"bson":"AAA"}',
        b'{"v":1,"bson":"AAAA"}',
        b'{"v":1,"bson":"AA==AAAA"}',
        b'{"v":1,"bson":"AA\nAA"}',
        b'{"v":1,"bson":"AAAA","v":"2"}',
        b'{"v":1,"bson":"AAAA","z":"gzip"}',
        b'{"v":1,"bson":"AAAA","more":"AAAA"}',
        b'{"v":1,"bson":"A\xc3\xa9AA"}',
        b'{"v":1,"bson":"A\xffAA"}',
        PAYLOAD[:-1],
        PAYLOAD[:-2],
        PAYLOAD[:-2] + b'"]',
        PAYLOAD[:40] + PAYLOAD[-2:],
    ],
)
def test_what_is_broken_is_refused_in_the_same_words(payload: bytes) -> None:
    found = outcome(payload)

    assert found == as_json_says(payload)
    assert isinstance(found, str)


@given(st.integers(0, len(PAYLOAD)), st.integers(0, len(PAYLOAD)), st.binary(max_size=3))
def test_garbage_is_what_json_says_it_is(start: int, end: int, inserted: bytes) -> None:
    payload = PAYLOAD[:start] + inserted + PAYLOAD[end:]

    assert outcome(payload) == as_json_says(payload)
