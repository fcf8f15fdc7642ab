"""One event in, one answer out: from anywhere, in both encodings, one entry for each operation."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import json
from typing import TYPE_CHECKING, Any

import bson
import pytest
from bson import Int64

from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings
from tests.proxy.fakes import FakeContext, FakeDriver, batch, opened, operation, packed

if TYPE_CHECKING:
    from tests.proxy.conftest import Database, MakeProxy

INSERT = operation(1, "insert_one", document={"_id": "a"})
FIND = operation(2, "find")


def test_the_handler_is_synchronous_and_returns_json_as_bytes(proxy: Proxy) -> None:
    payload = proxy.handle(batch(INSERT), FakeContext(5_000))

    assert type(payload) is bytes
    assert json.loads(payload)["res"] == [
        {"id": 1, "ok": {"acknowledged": True, "inserted_id": "a"}}
    ]


def test_the_context_may_be_left_out(proxy: Proxy) -> None:
    assert opened(proxy.handle(batch(FIND)))["res"] == [{"id": 2, "ok": []}]


def test_a_second_warm_call_finds_the_driver_where_the_first_left_it(database: Database) -> None:
    namespace = f"{database.name}.items"
    insert = operation(1, "insert_one", namespace, document={"_id": "a"})
    find = operation(2, "find", namespace)

    first = opened(database.proxy.handle(batch(insert)))
    second = opened(database.proxy.handle(batch(find)))
    third = opened(database.proxy.handle(batch(find)))

    assert first["res"] == [{"id": 1, "ok": {"acknowledged": True, "inserted_id": "a"}}]
    assert second["res"] == [{"id": 2, "ok": [{"_id": "a"}]}]
    assert third["res"] == [{"id": 2, "ok": [{"_id": "a"}]}]


async def test_it_can_be_called_from_a_coroutine_of_another_loop(database: Database) -> None:
    namespace = f"{database.name}.items"
    insert = operation(1, "insert_one", namespace, document={"_id": "a"})

    within = opened(database.proxy.handle(batch(insert)))
    in_a_thread = opened(
        await asyncio.to_thread(database.proxy.handle, batch(operation(2, "find", namespace)))
    )

    assert within["res"] == [{"id": 1, "ok": {"acknowledged": True, "inserted_id": "a"}}]
    assert in_a_thread["res"] == [{"id": 2, "ok": [{"_id": "a"}]}]


def test_calls_from_several_threads_take_turns(make_proxy: MakeProxy) -> None:
    async def act(_: str, __: dict[str, Any]) -> None:
        await asyncio.sleep(0.01)

    driver = FakeDriver(act)
    proxy = make_proxy(driver)
    event = batch(operation(1, "find_one"), operation(2, "estimated_document_count"))

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        payloads = list(threads.map(lambda _: proxy.handle(event), range(8)))

    expected = [{"id": 1, "ok": None}, {"id": 2, "ok": None}]
    assert [opened(payload)["res"] for payload in payloads] == [expected] * 8
    assert driver.most_running == 2


# Encodings ----------------------------------------------------------------------------------------


def test_readable_in_readable_out(proxy: Proxy) -> None:
    response = json.loads(proxy.handle(batch(operation(1, "count_documents", filter={}))))

    assert response.keys() == {"v", "res", "stats"}
    assert response["v"] == 1
    assert response["res"] == [{"id": 1, "ok": {"$numberInt": "0"}}]


def test_packed_in_packed_out(proxy: Proxy) -> None:
    payload = proxy.handle(packed(batch(operation(1, "count_documents", filter={}))))

    assert json.loads(payload).keys() == {"v", "bson"}
    document = opened(payload)
    assert list(document) == ["v", "res", "stats"]
    assert document["v"] == 1
    assert document["res"] == [{"id": 1, "ok": 0}]


def test_a_compressed_batch_is_read(proxy: Proxy) -> None:
    insert = operation(1, "insert_one", document={"_id": 1, "text": "x" * 10_000})

    response = opened(proxy.handle(packed(batch(insert), compress=True)))

    assert response["res"] == [{"id": 1, "ok": {"acknowledged": True, "inserted_id": 1}}]


@pytest.mark.parametrize(
    ("accept", "fields"),
    [
        (None, {"v", "res", "stats"}),
        ([], {"v", "res", "stats"}),
        (["json"], {"v", "res", "stats"}),
        (["zlib"], {"v", "res", "stats"}),
        (["json", "zlib"], {"v", "res", "stats"}),
        (["smile"], {"v", "res", "stats"}),
        (["bson"], {"v", "bson"}),
        (["json", "bson"], {"v", "bson"}),
        (["bson", "zlib"], {"v", "bson"}),
        (["bson", "zlib", "brotli"], {"v", "bson"}),
    ],
)
def test_a_readable_batch_is_answered_as_its_caller_reads_it(
    proxy: Proxy, accept: list[str] | None, fields: set[str]
) -> None:
    proxy.handle(batch(operation(0, "insert_one", document={"x": "x" * 100})))

    payload = proxy.handle(batch(operation(1, "find", projection={"_id": 0}), accept=accept))

    assert json.loads(payload).keys() == fields
    assert opened(payload)["res"] == [{"id": 1, "ok": [{"x": "x" * 100}]}]


@pytest.mark.parametrize(
    ("accept", "fields"),
    [
        (None, {"v", "bson"}),
        (["bson"], {"v", "bson"}),
        (["bson", "zlib"], {"v", "bson"}),
        (["zlib"], {"v", "bson"}),
        (["json"], {"v", "res", "stats"}),
    ],
)
def test_a_packed_batch_is_answered_as_its_caller_reads_it(
    proxy: Proxy, accept: list[str] | None, fields: set[str]
) -> None:
    proxy.handle(batch(operation(0, "insert_one", document={"x": "x" * 100})))

    payload = proxy.handle(packed(batch(operation(1, "find"), accept=accept)))

    assert json.loads(payload).keys() == fields


def test_an_answer_is_compressed_where_it_would_not_fit_otherwise(proxy: Proxy) -> None:
    proxy.handle(batch(operation(0, "insert_one", document={"x": "x" * 5_000_000})))
    find = operation(1, "find", projection={"_id": 0})

    plain = proxy.handle(packed(batch(find, accept=["bson"])))
    compressed = proxy.handle(packed(batch(find, accept=["bson", "zlib"])))

    (refused,) = opened(plain)["res"]
    assert refused["err"]["type"] == "ResultTooLarge"
    assert json.loads(compressed).keys() == {"v", "bson", "z"}
    assert opened(compressed)["res"] == [{"id": 1, "ok": [{"x": "x" * 5_000_000}]}]


def test_a_packed_batch_that_cannot_be_read_is_answered_readably(proxy: Proxy) -> None:
    response = json.loads(proxy.handle({"v": 1, "bson": "AAAA"}))

    assert response == {
        "v": 1,
        "err": {
            "type": "ProtocolError",
            "message": "'bson' does not hold a BSON document: not enough data for a BSON document",
        },
    }


# Versions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, Int64(1)], ids=["int", "Int64"])
def test_version_1_is_spoken_as_int_and_as_int64(proxy: Proxy, version: int) -> None:
    assert opened(proxy.handle({"v": version, "ops": []}))["res"] == []
    inside = {"v": 1, "bson": packed({"v": version, "ops": []})["bson"]}
    assert opened(proxy.handle(inside))["res"] == []


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        (0, "0"),
        (2, "2"),
        (-1, "-1"),
        (True, "True"),
        (1.0, "1.0"),
        ("1", "'1'"),
        (None, "None"),
        ([1], "[1]"),
        (Int64(3), "3"),
        (float("nan"), "nan"),
        ("\ud800", "'\\ud800'"),
    ],
)
def test_an_unknown_version_is_refused_by_name(proxy: Proxy, version: object, shown: str) -> None:
    response = opened(proxy.handle({"v": version, "ops": []}))

    message = f"unknown protocol version {shown}; this proxy speaks 1"
    assert response == {"v": 1, "err": {"type": "ProtocolError", "message": message}}


def test_a_version_of_more_digits_than_python_prints_is_refused(proxy: Proxy) -> None:
    response = opened(proxy.handle({"v": 10**5000, "ops": []}))

    message = "unknown protocol version int; this proxy speaks 1"
    assert response == {"v": 1, "err": {"type": "ProtocolError", "message": message}}
    assert b"InternalError" not in proxy.handle({"v": 10**400, "ops": []})


def test_an_unknown_version_inside_a_packed_batch_is_refused_by_name(proxy: Proxy) -> None:
    response = opened(proxy.handle({"v": 1, "bson": packed({"v": 2, "ops": []})["bson"]}))

    message = "unknown protocol version 2; this proxy speaks 1"
    assert response == {"v": 1, "err": {"type": "ProtocolError", "message": message}}


def test_a_refusal_stays_short_whatever_it_quotes(proxy: Proxy) -> None:
    backslashes = "\\" * 3_000_000  # 6 MB of JSON, and twice that when it is quoted

    for event in ({"v": backslashes}, {"v": 1, "bson": "", "z": backslashes}, {backslashes: 1}):
        assert len(proxy.handle(event)) < 2_000
    for event in (batch(timeout_ms=backslashes), batch(**{backslashes: 1})):
        assert len(proxy.handle(event)) < 2_000
    assert len(proxy.handle(batch(operation(1, backslashes)))) < 2_000


# Entries ------------------------------------------------------------------------------------------


def test_an_empty_batch_is_a_ping_that_warms(proxy: Proxy) -> None:
    readable = opened(proxy.handle(batch()))
    small = opened(proxy.handle(packed(batch())))

    assert (readable["v"], readable["res"], readable["stats"]["cold"]) == (1, [], True)
    assert (small["v"], small["res"], small["stats"]["cold"]) == (1, [], False)


def test_every_operation_has_exactly_one_entry_in_order_by_id(proxy: Proxy) -> None:
    ids = [7, "seven", 0, -5, 2**63 - 1, -(2**63), "x" * 64, "é", "7"]
    ops: list[object] = [operation(id_, "count_documents", filter={}) for id_ in ids]
    ops.insert(3, "no operation")
    ops.insert(5, operation("odd", "no_such_operation"))

    for event in (batch(*ops), packed(batch(*ops))):
        entries = opened(proxy.handle(event))["res"]
        assert [entry["id"] for entry in entries] == [
            *(7, "seven", 0, None, -5, "odd", 2**63 - 1, -(2**63), "x" * 64, "é", "7")
        ]
        assert [next(key for key in entry if key != "id") for entry in entries] == [
            *("ok", "ok", "ok", "err", "ok", "err", "ok", "ok", "ok", "ok", "ok")
        ]


def test_the_slowest_operation_keeps_its_place(make_proxy: MakeProxy) -> None:
    async def act(_: str, args: dict[str, Any]) -> Any:
        await asyncio.sleep(args["filter"]["seconds"])
        return args["filter"]

    delays = [0.03, 0.0, 0.02, 0.01]
    ops = [operation(i, "find_one", filter={"seconds": delay}) for i, delay in enumerate(delays)]

    entries = opened(make_proxy(FakeDriver(act)).handle(packed(batch(*ops))))["res"]

    assert entries == [{"id": i, "ok": {"seconds": delay}} for i, delay in enumerate(delays)]


# Stats --------------------------------------------------------------------------------------------


def test_the_first_batch_of_an_environment_is_cold_and_no_other(proxy: Proxy) -> None:
    answers = [opened(proxy.handle(batch(FIND))) for _ in range(3)]

    assert [answer["stats"]["cold"] for answer in answers] == [True, False, False]


def test_stats_count_operations_round_trips_bytes_and_milliseconds(make_proxy: MakeProxy) -> None:
    async def act(_: str, __: dict[str, Any]) -> None:
        await asyncio.sleep(0.02)

    asked = batch(
        operation(1, "find_one"),
        operation(2, "estimated_document_count"),
        operation(3, "odd"),
        operation(4, "find_one"),
    )
    response = opened(make_proxy(FakeDriver(act)).handle(packed(asked)))

    stats = response["stats"]
    assert sorted(stats) == [
        *("bytes_in", "bytes_out", "cold", "cpu_ms", "database_ms", "groups", "handler_ms"),
        *("init_ms", "operations"),
    ]
    # The first and the last ask the same, and were one round trip.
    assert (stats["operations"], stats["groups"], stats["cold"]) == (4, 2, True)
    assert stats["bytes_in"] == len(bson.encode(asked))
    assert stats["bytes_out"] == sum(len(bson.encode(entry)) for entry in response["res"])
    assert 20 <= stats["database_ms"] <= stats["handler_ms"]


def test_repr_says_which_database_and_how_warm_and_nothing_secret(make_proxy: MakeProxy) -> None:
    uri = "mongodb://someone:pass-word@127.0.0.1:1/?serverSelectionTimeoutMS=50"
    embedded, motor = make_proxy(), make_proxy(mongodb_uri=uri, pool_size=2)

    assert repr(embedded) == "<Proxy embedded pool_size=5 cold>"
    assert repr(motor) == "<Proxy motor pool_size=2 cold>"
    embedded.handle(batch())
    assert repr(embedded) == "<Proxy embedded pool_size=5 warm>"


def test_a_proxy_that_is_forgotten_leaves_no_loop_open(recwarn: pytest.WarningsRecorder) -> None:
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    proxy.handle(batch(operation(1, "find_one")))

    del proxy
    gc.collect()

    assert [str(warning.message) for warning in recwarn] == []


def test_a_proxy_may_be_closed_twice() -> None:
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))

    proxy.close()
    proxy.close()


@pytest.mark.parametrize("is_packed", [False, True])
def test_what_the_policy_refuses_fails_alone_and_has_not_run(
    proxy: Proxy, *, is_packed: bool
) -> None:
    hidden = {"$or": [{"a": 1}, {"$where": "sleep(1000)"}]}
    refused = [
        operation(1, "find", filter=hidden),
        operation(2, "delete_many", filter=hidden),
        operation(3, "command", "admin.$cmd", command={"shutdown": 1}),
    ]
    allowed = [operation(4, "insert_one", document={"_id": "$where"}), operation(5, "find")]

    event = batch(*refused, *allowed)
    entries = opened(proxy.handle(packed(event) if is_packed else event))["res"]

    assert [entry["id"] for entry in entries] == [1, 2, 3, 4, 5]
    for entry in entries[:3]:
        assert entry["err"]["type"] == "OperationFailure"
        assert (entry["err"]["code"], entry["err"]["codeName"]) == (13, "Unauthorized")
        assert "MOTORPOOL_ALLOW" in entry["err"]["message"]
        assert "may_have_applied" not in entry["err"]
    assert entries[3]["ok"]["acknowledged"]
    assert "ok" in entries[4]
