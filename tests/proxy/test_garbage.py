"""Nothing that a caller sends makes the handler raise, answer nonsense, or fail the next batch."""

from __future__ import annotations

import binascii
import random
import zlib
from collections import Counter
from typing import Any

import bson
import pytest
from bson.errors import BSONError

from motorpool.batching.limits import LAMBDA_RESPONSE_BYTES
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.proxy.fakes import batch, opened, operation, packed
from tests.proxy.garbage import Garbage

EVENTS = 100_000
EVENTS_OF_A_DATABASE = 1_000
"""Near-valid batches fill the database, and a full one makes every later event slower."""
EVENTS_BEFORE_A_GOOD_BATCH = 10
SEED = 20261124


def operations_of(event: object) -> list[Any] | None:
    """Return the operations that an event asks for, as far as there are any."""
    if not isinstance(event, dict):
        return None
    document: object = event
    if "bson" in event:
        try:
            data = binascii.a2b_base64(event["bson"], strict_mode=True)
            document = bson.decode(zlib.decompress(data) if event.get("z") == "zlib" else data)
        except (BSONError, ValueError, TypeError, RecursionError, zlib.error):
            return None
    operations = document.get("ops") if isinstance(document, dict) else None
    return operations if isinstance(operations, list) else None


def faults_of(payload: object, event: object) -> list[str]:
    """Return what is wrong with an answer, by the words of docs/protocol.md."""
    if not isinstance(payload, bytes) or len(payload) > LAMBDA_RESPONSE_BYTES:
        return ["it is no bytes, or too many"]
    response = opened(payload)
    if type(response.get("v")) is not int or response["v"] != 1:
        return [f"v is {response.get('v')!r}"]
    if "err" in response:
        # A batch that cannot be read is the caller's fault, never the proxy's own.
        is_whole = response.keys() == {"v", "err"} and response["err"]["type"] == "ProtocolError"
        return [] if is_whole and response["err"]["message"] else [f"err is {response['err']!r}"]
    if response.keys() != {"v", "res", "stats"}:
        return [f"it has the fields {sorted(response)}"]
    operations = operations_of(event)
    if operations is None or len(operations) != len(response["res"]):
        return [f"{len(response['res'])} entries for {operations!r}"]
    pairs = zip(response["res"], operations, strict=True)
    return [fault for entry, asked in pairs for fault in faults_of_entry(entry, asked)]


def faults_of_entry(entry: dict[str, Any], asked: object) -> list[str]:
    outcomes = entry.keys() - {"id"}
    if "id" not in entry or len(outcomes) != 1:
        return [f"an entry has the fields {sorted(entry)}"]
    if not outcomes <= {"ok", "err", "again", "skipped"}:
        return [f"an entry has the outcome {outcomes}"]
    err = entry.get("err")
    if "err" in entry and not (isinstance(err, dict) and err["type"] and "message" in err):
        return [f"an entry has the err {err!r}"]
    if entry["id"] is None:
        return [] if err is not None and err["type"] == "ProtocolError" else ["ran without an id"]
    id_ = asked.get("id") if isinstance(asked, dict) else None
    if isinstance(id_, dict):  # spelt in Extended JSON
        return [] if isinstance(entry["id"], int | str) else [f"the id is {entry['id']!r}"]
    return [] if entry["id"] == id_ else [f"the id is {entry['id']!r}, not {id_!r}"]


def kinds_of(payload: bytes) -> list[str]:
    response = opened(payload)
    if "err" in response:
        return ["batch refused"]
    kinds = ["batch packed" if b'"bson"' in payload[:16] else "batch readable"]
    for entry in response["res"]:
        if "ok" in entry:
            kinds.append("operation done")
        else:
            is_refused = entry["err"]["type"] == "ProtocolError"
            kinds.append("operation refused" if is_refused else "operation failed")
    return kinds


@pytest.mark.parametrize(
    "seed",
    [SEED, pytest.param(random.SystemRandom().getrandbits(32), marks=pytest.mark.soak, id="soak")],
)
def test_a_hundred_thousand_garbage_and_near_valid_events_are_all_answered(seed: int) -> None:
    garbage = Garbage(seed)
    seen: Counter[str] = Counter()
    for first in range(0, EVENTS, EVENTS_OF_A_DATABASE):
        proxy = Proxy(Settings(mongodb_uri="mongomock://"))
        try:
            for number in range(first, first + EVENTS_OF_A_DATABASE):
                event = garbage.event()
                payload = proxy.handle(event)
                assert faults_of(payload, event) == [], f"Garbage({seed}), number {number}: {event}"
                seen.update(kinds_of(payload))
                if number % EVENTS_BEFORE_A_GOOD_BATCH == 0:
                    good = {"filter": {"_id": 1}, "replacement": {"n": number}, "upsert": True}
                    op = operation(0, "find_one_and_replace", "good.batch", **good)
                    op["args"]["return_document"] = "after"
                    answer = opened(proxy.handle(packed(batch(op))))
                    assert answer["res"] == [{"id": 0, "ok": {"_id": 1, "n": number}}], number
        finally:
            proxy.close()

    # Only then has each way through the handler been gone many times.
    rare = {kind: times for kind, times in seen.items() if times < EVENTS // 100}
    assert rare == {}
    assert sorted(seen) == [
        "batch packed",
        "batch readable",
        "batch refused",
        "operation done",
        "operation failed",
        "operation refused",
    ]
