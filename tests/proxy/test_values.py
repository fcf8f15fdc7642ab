"""`distinct` by the part: put together, the parts are what one run gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
import pytest
from bson import Int64
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching.errors import ProtocolError, ResultTooLarge
from motorpool.proxy.pages import NoRoom, Room
from motorpool.proxy.values import part_of_values
from tests.proxy.fakes import batch, opened, operation, packed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proxy.conftest import Database, MakeProxy

VALUES = list(range(20))
PART = 7 * 11  # bytes: seven small integers


def carried(cursor: dict[str, Any]) -> dict[str, Any]:
    """Return what a caller gives for the next part: it has been through BSON both ways."""
    told: dict[str, Any] = bson.decode(bson.encode(cursor))
    return {"count": told["count"], "digest": told["digest"]}


def together(values: Callable[[], list[Any]], room: int = PART) -> tuple[list[Any], int]:
    """Put the parts of a result together as a caller does; `values` gives each run's."""
    found: list[Any] = []
    after: dict[str, Any] = {}
    for parts in range(1, 1_000):
        part = part_of_values(values(), after, Room(room, 1))
        cursor = part.cursor or {}
        found = found[: cursor.get("from", 0)] + part.ok
        if "count" not in cursor:
            return found, parts
        after = carried(cursor)
    raise AssertionError("it does not come to an end")


def test_a_caller_that_knows_no_parts_gets_all_of_it() -> None:
    assert part_of_values(VALUES, None, Room(1, 1)) == (VALUES, None)


def test_a_result_that_fits_has_no_cursor() -> None:
    room = Room(PART, 1)

    assert part_of_values(VALUES[:7], {}, room) == (VALUES[:7], None)
    assert room.left == 0


def test_a_part_says_where_the_next_begins() -> None:
    first = part_of_values(VALUES, {}, Room(PART, 1))

    assert first.ok == VALUES[:7]
    assert first.cursor is not None
    assert first.cursor.keys() == {"from", "count", "digest"}
    assert (first.cursor["from"], first.cursor["count"]) == (0, 7)
    assert len(first.cursor["digest"]) == 32
    second = part_of_values(VALUES, carried(first.cursor), Room(PART, 1))
    assert second.ok == VALUES[7:14]
    assert second.cursor is not None
    assert (second.cursor["from"], second.cursor["count"]) == (7, 14)
    third = part_of_values(VALUES, carried(second.cursor), Room(PART, 1))
    assert third == (VALUES[14:], {"from": 14})


CHANGES: dict[str, Callable[[list[Any]], list[Any]]] = {
    "another first": lambda values: ["other", *values[1:]],
    "one less before": lambda values: values[1:],
    "one less within": lambda values: [*values[:3], *values[4:]],
    "another order": lambda values: [values[1], values[0], *values[2:]],
    "another type": lambda values: [Int64(values[0]), *values[1:]],
    "fewer than there were": lambda values: values[:5],
    "none": lambda _: [],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_where_the_values_before_have_changed_it_begins_again(
    change: Callable[[list[Any]], list[Any]],
) -> None:
    cursor = part_of_values(VALUES, {}, Room(PART, 1)).cursor
    assert cursor is not None
    changed = change(VALUES)

    part = part_of_values(changed, carried(cursor), Room(PART, 1))

    assert part.ok == changed[: len(part.ok)]
    assert (part.cursor or {"from": 0})["from"] == 0
    runs = iter([VALUES])
    assert together(lambda: next(runs, changed))[0] == changed


def test_values_that_are_added_behind_are_part_of_the_rest() -> None:
    runs = iter([VALUES, VALUES])

    assert together(lambda: next(runs, [*VALUES, "late"]))[0] == [*VALUES, "late"]


def test_where_all_that_is_left_has_gone_the_last_part_is_empty() -> None:
    cursor = part_of_values(VALUES, {}, Room(PART, 1)).cursor
    assert cursor is not None

    assert part_of_values(VALUES[:7], carried(cursor), Room(PART, 1)) == ([], {"from": 7})


_values = st.lists(
    st.one_of(st.integers(-5, 5), st.text(max_size=30), st.binary(max_size=30), st.none()),
    max_size=60,
)


@given(st.lists(_values, min_size=1, max_size=4), st.integers(200, 400))
def test_the_parts_are_together_what_the_last_run_gave(runs: list[list[Any]], room: int) -> None:
    given_out = iter(runs)
    last: list[Any] = []

    def run() -> list[Any]:
        nonlocal last
        last = next(given_out, last)
        return last

    assert together(run, room)[0] == last


def test_a_part_takes_no_more_than_the_others_leave() -> None:
    room = Room(2_000, 2)  # of which the other keeps 500

    part = part_of_values(list(range(1_000)), {}, room)

    assert len(part.ok) == 1_500 // 11
    assert room.left == 2_000 - len(part.ok) * 11


def test_a_first_value_without_room_beside_others_is_asked_for_again() -> None:
    room = Room(200, 2)

    with pytest.raises(NoRoom):
        part_of_values(["x" * 180], {}, room)
    assert room.left == 200


def test_a_value_larger_than_a_response_is_an_error_that_says_its_size() -> None:
    with pytest.raises(ResultTooLarge, match="a value is 312 bytes, more than fits"):
        part_of_values(["x" * 300, 1], {}, Room(200, 1))
    cursor = part_of_values([1, "x" * 300], {}, Room(200, 1)).cursor
    assert cursor is not None
    with pytest.raises(ResultTooLarge, match="a value is 312 bytes"):
        part_of_values([1, "x" * 300], carried(cursor), Room(200, 1))


@pytest.mark.parametrize(
    "after",
    [
        *({"count": 3}, {"digest": b""}, {"count": "3", "digest": b""}, {"from": 1}),
        *({"count": True, "digest": b""}, {"count": 3, "digest": "x"}, {"count": None}),
    ],
    ids=str,
)
def test_what_no_part_tells_is_refused_by_name(after: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="'after' must be the cursor that came with a part"):
        part_of_values(VALUES, after, Room(PART, 1))


@pytest.mark.parametrize("count", [-1, -20, 10**9])
def test_a_count_that_cannot_be_begins_again(count: int) -> None:
    part = part_of_values(VALUES, {"count": count, "digest": b"x"}, Room(PART, 1))

    assert part.ok == VALUES[:7]


# Through the handler ------------------------------------------------------------------------------


def test_on_both_kinds_of_database_the_parts_are_all_values(database: Database) -> None:
    texts = {f"{number:04}" + "x" * 500 for number in range(60)}
    documents = [{"a": text} for text in sorted(texts)]
    insert = operation(1, "insert_many", f"{database.name}.items", documents=documents)
    opened(database.proxy.handle(packed(batch(insert))))
    found: list[str] = []
    after: dict[str, Any] = {}
    parts = 0

    while True:
        asked = operation(1, "distinct", f"{database.name}.items", key="a", after=after)
        (entry,) = opened(database.proxy.handle(packed(batch(asked))))["res"]
        cursor = entry.get("cursor", {})
        found = found[: cursor.get("from", 0)] + entry["ok"]
        parts += 1
        if "count" not in cursor:
            break
        after = {"count": cursor["count"], "digest": cursor["digest"]}

    assert parts == 1
    assert set(found) == texts
    assert len(found) == 60


def test_parts_share_a_response_with_other_results(make_proxy: MakeProxy) -> None:
    proxy = make_proxy(max_response_bytes=20_000)
    documents = [{"_id": number, "a": f"{number:04}" + "x" * 300} for number in range(100)]
    proxy.handle(packed(batch(operation(0, "insert_many", documents=documents))))
    ops = [
        operation(1, "distinct", key="a", after={}),
        operation(2, "count_documents", filter={}),
        operation(3, "distinct", key="_id", after={}),
        operation(4, "distinct", key="a"),
    ]

    payload = proxy.handle(packed(batch(*ops)))
    first, count, small, whole = opened(payload)["res"]

    assert len(payload) <= 20_000
    assert 5 < len(first["ok"]) < 60
    assert first["cursor"]["count"] == len(first["ok"])
    assert count == {"id": 2, "ok": 100}
    assert sorted(small["ok"]) == list(range(100))
    assert whole == {"id": 4, "again": "the response was full"}


def test_a_cursor_of_a_part_may_be_carried_readably(make_proxy: MakeProxy) -> None:
    proxy = make_proxy(max_response_bytes=20_000)
    documents = [{"a": f"{number:04}" + "x" * 300} for number in range(100)]
    proxy.handle(packed(batch(operation(0, "insert_many", documents=documents))))

    (first,) = opened(proxy.handle(batch(operation(1, "distinct", key="a", after={}))))["res"]
    after = {name: first["cursor"][name] for name in ("count", "digest")}
    (second,) = opened(proxy.handle(batch(operation(1, "distinct", key="a", after=after))))["res"]

    assert second["cursor"]["from"] == first["cursor"]["count"]
    assert not set(first["ok"]) & set(second["ok"])
