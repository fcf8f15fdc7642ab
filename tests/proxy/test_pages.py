"""How much goes into one response: sizes that are foreseen, room that is shared, cursors told."""

from __future__ import annotations

import random
from typing import Any

import bson
import pytest
from bson import Int64
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching import codec
from motorpool.batching.errors import ResultTooLarge
from motorpool.batching.limits import LAMBDA_RESPONSE_BYTES
from motorpool.proxy.pages import (
    LEAST_SHARE_BYTES,
    Page,
    Room,
    Sizes,
    cursor_of,
    tell_cursor,
)
from motorpool.proxy.requests import Reply
from motorpool.proxy.responses import answer, room_for, write_response

READABLE = Reply(is_packed=False, reads_zlib=False)
PACKED = Reply(is_packed=True, reads_zlib=False)
ZLIB = Reply(is_packed=True, reads_zlib=True)


def seen(*sizes: int) -> Sizes:
    made = Sizes()
    made.add(sizes)
    return made


# Sizes --------------------------------------------------------------------------------------------


def test_of_documents_of_one_size_as_many_are_foreseen_as_fit() -> None:
    assert seen(*[100] * 50).fit_into(10_000) == 100
    assert seen(*[100] * 50).fit_into(10_099) == 100
    assert seen(*[100] * 50).fit_into(99) == 0


def test_no_more_than_four_times_the_known_are_foreseen() -> None:
    assert seen(*[100] * 10).fit_into(10**9) == 40
    assert seen(100).fit_into(10**9) == 4


def test_of_unknown_documents_one_is_asked_for() -> None:
    assert Sizes().fit_into(10**9) == 1
    assert Sizes().fit_into(1) == 1


@pytest.mark.parametrize("room", [0, -1, -(10**9)])
def test_where_there_is_no_room_nothing_is_foreseen(room: int) -> None:
    assert Sizes().fit_into(room) == 0
    assert seen(*[100] * 50).fit_into(room) == 0


def test_the_more_sizes_differ_the_fewer_are_foreseen() -> None:
    even, uneven = seen(*[1_000] * 400), seen(*[100, 1_900] * 200)

    assert even.fit_into(100_000) == 100
    assert 60 < uneven.fit_into(100_000) < 90


@pytest.mark.parametrize("seed", range(5))
def test_what_is_foreseen_fits_nearly_always(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test's dice, no secret
    sizes = [int(dice.lognormvariate(7, 1)) + 20 for _ in range(20_000)]
    room = 200_000
    known = seen(*sizes[:400])
    overflowed = pages = at = 0
    while at + 400 < len(sizes):
        count = known.fit_into(room)
        batch = sizes[at : at + count]
        known.add(batch)
        overflowed += sum(batch) > room
        pages, at = pages + 1, at + count
        assert sum(batch) > room // 3

    assert pages > 80
    assert overflowed <= pages // 20


def test_sizes_of_long_ago_fade() -> None:
    known = seen(*[100] * 4_000)
    before = known.fit_into(1_000_000)

    for _ in range(6_000):
        known.add([10_000])

    assert before > 4_000
    assert known.fit_into(1_000_000) < 200


def test_of_a_sample_of_documents_a_fourth_of_the_room_is_foreseen_at_once() -> None:
    assert seen(*[100] * 99).fit_into(1_000_000) == 396
    assert seen(*[100] * 100).fit_into(1_000_000) == 2_500
    assert seen(*[100] * 100).fit_into(10_000) == 100


def test_of_a_sample_that_differs_much_less_is_foreseen_at_once() -> None:
    even, uneven = seen(*[1_000] * 200), seen(*[100, 1_900] * 100)

    assert even.fit_into(4_000_000) == 1_000
    assert 800 < uneven.fit_into(4_000_000) < 930


@given(st.lists(st.integers(5, 20_000), max_size=5_000), st.integers(1, 3_000))
def test_many_sizes_at_once_are_as_one_by_one(sizes: list[int], some: int) -> None:
    one_by_one, by_the_batch, at_once = Sizes(), Sizes(), Sizes()

    for size in sizes:
        one_by_one.add([size])
    for at in range(0, len(sizes), some):
        by_the_batch.add(sizes[at : at + some])
    at_once.add(sizes)

    assert by_the_batch.told() == pytest.approx(one_by_one.told())
    assert at_once.told() == pytest.approx(one_by_one.told())


def test_whatever_number_was_told_of_earlier_sizes_further_ones_are_taken() -> None:
    known = Sizes.read([1e300, 1e300, 1e300])

    known.add([100] * 10)

    assert known.told()[0] == pytest.approx(1e300 / 2**10)


@given(st.lists(st.integers(5, 16 * 2**20), max_size=40), st.integers(0, 5_000_000))
def test_what_is_told_is_what_was_known(sizes: list[int], room: int) -> None:
    known = seen(*sizes)

    assert Sizes.read(known.told()).fit_into(room) == known.fit_into(room)
    assert Sizes.read(bson.decode(bson.encode({"": known.told()}))[""]).told() == known.told()


@pytest.mark.parametrize(
    "told",
    [
        *(None, 1, "sizes", {}, [], [1.0], [1.0, 2.0, 3.0, 4.0], [1, 2, 3], [True, 1.0, 1.0]),
        *([1.0, -1.0, 1.0], [-1.0, 1.0, 1.0], [1.0, 1.0, float("nan")], ["1", "2", "3"]),
        *([float("inf"), 1.0, 1.0], [1.0, 0.0, 0.0]),
    ],
    ids=repr,
)
def test_what_no_page_tells_is_as_if_nothing_was_told(told: object) -> None:
    assert Sizes.read(told).told() == [0.0, 0.0, 0.0]


def test_repr_says_how_many_and_how_large() -> None:
    assert repr(seen(100, 300)) == "<Sizes 2 of 200 bytes>"
    assert repr(Sizes()) == "<Sizes 0 of 0 bytes>"


# Room ---------------------------------------------------------------------------------------------


def test_a_result_alone_has_all_of_it() -> None:
    room = Room(1_000_000, 1)

    assert room.share(0) == room.most == 1_000_000
    assert room.is_all(0)
    room.take(400_000)
    assert room.share(400_000) == room.most == 600_000
    assert room.is_all(400_000)
    assert not room.is_all(0)


def test_several_share_alike_and_what_one_leaves_is_the_others() -> None:
    room = Room(1_000_000, 4)
    assert room.share(0) == 250_000
    assert not room.is_all(0)

    room.take(100_000)  # one takes less than its share, and is complete
    room.leave()

    assert room.share(0) == 300_000
    room.leave()
    room.leave()
    assert room.share(0) == room.most == 900_000


def test_who_has_taken_some_of_its_share_counts_on_the_rest() -> None:
    room = Room(1_000_000, 2)

    room.take(300_000)

    assert room.share(300_000) == 200_000
    assert room.share(0) == 350_000


def test_what_is_there_already_may_take_all_but_a_little_for_each_other() -> None:
    room = Room(1_000_000, 3)

    assert room.most == 1_000_000 - 2 * LEAST_SHARE_BYTES
    assert Room(60_000, 3).most == 60_000 - 2 * 10_000


def test_where_nothing_waits_there_is_room() -> None:
    room = Room(1_000, 0)

    assert (room.most, room.share(0), room.is_all(0)) == (1_000, 1_000, True)
    assert repr(room) == "<Room 1000 of 1000 for 0>"


# Pages --------------------------------------------------------------------------------------------


def of_size(size: int) -> bytes:
    return bson.encode({"": b"x" * (size - 12)})


def test_a_page_takes_documents_until_one_does_not_fit() -> None:
    room, sizes = Room(1_000, 1), Sizes()
    page = Page(room, None)
    documents = [of_size(300) for _ in range(5)]

    assert page.add(documents, sizes) == 3

    assert page.documents == documents[:3]
    assert (room.left, page.share, page.missing) == (100, 100, None)
    assert sizes.told()[0] == 4  # the one that did not fit is known as well
    assert repr(page) == "<Page 3 documents, 900 bytes>"
    assert page.is_alone


def test_a_page_that_is_begun_again_gives_its_room_back() -> None:
    room = Room(1_000, 2)
    page = Page(room, 5)
    page.add([of_size(300)], Sizes())
    assert page.missing == 4

    page.give_back()

    assert (page.documents, page.missing, room.left) == ([], 5, 1_000)


def test_a_document_that_only_fits_compressed_is_taken_where_the_caller_reads_that() -> None:
    document = of_size(5_000)

    for can_compress in (True, False):
        page = Page(Room(1_000, 1, can_compress=can_compress), None)
        assert page.add([document], Sizes()) == 0
        if can_compress:
            page.add_alone(document)
            assert page.documents == [document]
        else:
            with pytest.raises(ResultTooLarge, match="the document is 5000 bytes, more than fits"):
                page.add_alone(document)


@given(
    lengths=st.lists(st.integers(5, 400), max_size=30),
    total=st.integers(5, 3_000),
    results=st.integers(1, 3),
    is_last=st.booleans(),
)
def test_a_page_takes_the_documents_before_the_first_that_does_not_fit(
    lengths: list[int], total: int, results: int, *, is_last: bool
) -> None:
    room, sizes = Room(total, results, lambda document: len(document) + 3), Sizes()
    page, expected = Page(room, None), Sizes()
    fitting, left = 0, room.most
    for length in lengths:
        expected.add([length + 3])
        left -= length + 3
        if left < 0:
            break
        fitting += 1
    documents = [bytes(length) for length in lengths]

    kept = page.add(documents, None if is_last else sizes)

    assert kept == len(page.documents) == fitting
    assert page.documents == documents[:fitting]
    assert total - room.left == sum(lengths[:fitting]) + 3 * fitting
    assert sizes.told() == (Sizes() if is_last else expected).told()
    page.give_back()
    assert room.left == total


def test_a_document_that_does_not_fit_even_compressed_is_too_large_by_its_size() -> None:
    dice = random.Random(1)  # noqa: S311 - a test's dice, no secret
    document = bson.encode({"": dice.randbytes(5_000)})
    page = Page(Room(1_000, 1, can_compress=True), None)

    with pytest.raises(ResultTooLarge, match=r"the document is 5012 bytes, .* with a projection"):
        page.add_alone(document)
    assert page.documents == []


# Cursors told -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", [None, ("db.example", 27017), ("::1", 27018), ("127.0.0.1", 1)], ids=str
)
def test_a_cursor_is_read_as_it_was_told(address: Any) -> None:
    told = tell_cursor(2**62, address, seen(100, 300))

    id_, where, sizes = cursor_of(bson.decode(bson.encode(told)))

    assert (id_, where) == (2**62, address)
    assert sizes.told() == [2.0, 400.0, 100_000.0]
    assert type(told["id"]) is Int64


def test_a_unix_socket_is_not_told() -> None:
    assert "address" not in tell_cursor(1, ("/tmp/mongodb-27017.sock", None), Sizes())  # noqa: S108


@pytest.mark.parametrize(
    "told",
    [{}, {"id": None}, {"id": "7"}, {"id": 7.0}, {"id": True}, {"id": [7]}, {"lost": True}],
    ids=repr,
)
def test_what_has_no_id_is_no_cursor(told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'cursor' must be the cursor that came with a page"):
        cursor_of(told)


@pytest.mark.parametrize(
    "address",
    ["", "db", ":1", "db:", "db:x", "db:-1", "db:1.5", 5, [], {"a": 1}, b"db:1"],
    ids=repr,
)
def test_what_is_no_address_is_refused(address: object) -> None:
    with pytest.raises(ValueError, match=r"'cursor.address' must be 'host:port'"):
        cursor_of({"id": 1, "address": address})


# The room of a response ---------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [READABLE, PACKED, ZLIB], ids=["readable", "packed", "zlib"])
@pytest.mark.parametrize("max_bytes", [20_000, 1_000_000, LAMBDA_RESPONSE_BYTES])
@pytest.mark.parametrize("operations", [1, 7])
def test_a_response_holds_what_its_room_has_taken_without_compression_and_is_not_much_smaller(
    reply: Reply, max_bytes: int, operations: int
) -> None:
    room = room_for(["find"] * operations, operations, reply, max_bytes)
    dice = random.Random(1)  # noqa: S311 - a test's dice, no secret
    answers = []
    for id_ in range(operations):
        page, sizes = Page(room, None), Sizes()
        while True:
            document = bson.encode({"_id": dice.randrange(10**9), "x": "\u00e9\n" * 60})
            if page.share < room.size(document) or not page.add([document], sizes):
                break
        told = {**tell_cursor(2**62, ("a-host-with-a-long-name.example", 27017), sizes), "count": 9}
        answers.append(
            answer(id_, reply=reply, is_write=False, ok=page.documents, cursor=told, is_kept=True)
        )
        room.leave()
    stats = {"handler_ms": 123.456, "database_ms": 123.456, "operations": 7, "cold": False}

    payload = write_response(answers, stats, Reply(reply.is_packed, reads_zlib=False), max_bytes)

    assert max_bytes * 0.7 < len(payload) <= max_bytes
    entries, _ = codec.split_response(payload)
    assert {entry.outcome for entry in entries} == {"ok"}


def test_only_a_caller_that_reads_zlib_has_room_for_what_must_be_compressed() -> None:
    assert room_for(["find"], 1, ZLIB, 10_000).can_compress
    assert not room_for(["find"], 1, PACKED, 10_000).can_compress
    assert not room_for(["find"], 1, READABLE, 10_000).can_compress


def test_many_operations_leave_a_part_of_a_small_response_for_results() -> None:
    assert room_for(["insert_one"] * 10_000, 1, READABLE, 20_000).total == 5_000
