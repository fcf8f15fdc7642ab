"""Several results in one response, and what their time is."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import bson
from bson import Binary
from bson.binary import UUID_SUBTYPE

from tests.proxy.fakes import FakeContext, batch, opened, operation, packed
from tests.proxy.streams import (
    DOCUMENTS,
    SESSION,
    Stream,
    of_sizes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorpool.proxy.lifecycle import Proxy
    from tests.proxy.conftest import MakeProxy


def responses(proxy: Proxy, *ops: dict[str, Any]) -> Iterator[tuple[list[Any], int]]:
    """Run operations of several cursors until each has come to its end; entries and bytes."""
    waiting = [{**op, "session": Binary(uuid.uuid4().bytes, UUID_SUBTYPE)} for op in ops]
    came = [0] * len(ops)
    for number, op in enumerate(waiting):
        op["id"] = number
    while waiting:
        payload = proxy.handle(packed(batch(*waiting)))
        entries = opened(payload)["res"]
        yield entries, len(payload)
        following = []
        for op, entry in zip(waiting, entries, strict=True):
            if "again" in entry:
                following.append(op)
            elif "cursor" in entry:
                came[op["id"]] += entry["cursor"]["count"]
                lost = entry["cursor"].get("lost")
                args = {"skip": came[op["id"]]} if lost else {"cursor": entry["cursor"]}
                following.append({**op, "op": "find" if lost else "get_more", "args": args})
        waiting = following


def test_twenty_large_results_share_each_response_and_each_comes_whole(
    make_proxy: MakeProxy,
) -> None:
    proxy = make_proxy(max_response_bytes=50_000)
    documents = of_sizes(*range(10, 310))
    proxy.handle(packed(batch(operation(1, "insert_many", documents=documents))))
    found: dict[int, list[int]] = {number: [] for number in range(20)}
    sizes = []

    for entries, size in responses(proxy, *(operation(0, "find") for _ in range(20))):
        sizes.append(size)
        assert not [entry["err"] for entry in entries if "err" in entry]
        for entry in entries:
            found[entry["id"]] += [document["_id"] for document in entry.get("ok", [])]

    assert found == {number: list(range(300)) for number in range(20)}
    assert max(sizes) <= 50_000
    whole = 20 * sum(len(bson.encode(document)) for document in documents) * 4 / 3
    assert len(sizes) < whole / 50_000 * 2  # on average, more than half of a response is used


def test_a_small_result_is_not_kept_waiting_by_a_large_one(make_proxy: MakeProxy) -> None:
    proxy = make_proxy(max_response_bytes=50_000)
    large = of_sizes(*[1_000] * 200)
    proxy.handle(packed(batch(operation(1, "insert_many", documents=large))))
    small = operation(0, "find", limit=3)

    entries, _ = next(responses(proxy, operation(0, "find"), small, operation(0, "find")))

    assert "cursor" not in entries[1]
    assert len(entries[1]["ok"]) == 3
    assert all("cursor" in entries[number] for number in (0, 2))


def test_a_page_is_never_left_out_of_its_response_since_its_cursor_has_moved_on(
    make_proxy: MakeProxy,
) -> None:
    proxy = make_proxy(max_response_bytes=50_000)
    ops = [
        operation(1, "insert_many", documents=of_sizes(*[1_000] * 60)),
        operation(2, "insert_one", "shop.others", document={"_id": 1, "x": of_sizes(25_000)[0]}),
    ]
    proxy.handle(packed(batch(*ops)))
    page_, other = (
        {**operation(1, "find"), "session": SESSION},
        operation(2, "find_one", "shop.others"),
    )

    first, second = opened(proxy.handle(packed(batch(page_, other))))["res"]

    assert first["ok"]
    assert "cursor" in first
    assert second == {"id": 2, "again": "the response was full"}


# Time ---------------------------------------------------------------------------------------------


def test_a_page_ends_after_half_of_its_time_with_what_it_has(make_proxy: MakeProxy) -> None:
    driver = Stream(DOCUMENTS, pause=0.05)
    asked = {**operation(1, "find", batch_size=1), "session": SESSION, "timeout_ms": 350}

    (entry,) = opened(make_proxy(driver).handle(packed(batch(asked))))["res"]

    assert 2 <= len(entry["ok"]) <= 6
    assert entry["cursor"]["count"] == len(entry["ok"])
    assert driver.interrupted == []


def test_what_runs_past_its_time_is_stopped_on_the_server_by_its_session(
    make_proxy: MakeProxy,
) -> None:
    driver = Stream(DOCUMENTS, pause=30)
    asked = {**operation(1, "find"), "session": SESSION, "timeout_ms": 30}

    (entry,) = opened(make_proxy(driver).handle(packed(batch(asked))))["res"]

    assert entry["err"]["type"] == "OperationTimeout"
    assert "may_have_applied" not in entry["err"]
    assert driver.interrupted == [SESSION]


def test_a_cursor_that_goes_on_is_told_no_time_by_the_invocation(make_proxy: MakeProxy) -> None:
    """The server would add up the time of all its batches, and end it under a later invocation."""
    driver = Stream(DOCUMENTS)
    asked = {**operation(1, "find", max_time_ms=90_000), "session": SESSION}

    opened(make_proxy(driver, margin_ms=0).handle(packed(batch(asked)), FakeContext(5_000)))

    assert driver.told == []
    assert driver.limits == [None]
