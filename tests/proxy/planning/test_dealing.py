"""What one `find` gives, dealt back to those who asked: each gets what it would have got alone."""

from __future__ import annotations

from typing import Any

import bson
import pytest
from bson import Decimal128

from motorpool.batching.codec import RawDocument, RawDocuments
from motorpool.proxy.planning import reads
from motorpool.proxy.planning.values import CannotTellError
from tests.proxy.planning.asking import asked, fused


def dealt(step: Any, *documents: dict[str, Any]) -> dict[int, Any]:
    """Each member's answer, decoded; those that are to ask for themselves are not in it."""
    answers = reads.deal(step, [bson.encode(document) for document in documents])
    return {member: _decoded(ok) for member, ok in answers.items()}


def _decoded(ok: Any) -> Any:
    if isinstance(ok, RawDocuments):
        return [bson.decode(document) for document in ok]
    assert ok is None or isinstance(ok, RawDocument)
    return None if ok is None else bson.decode(ok)


def finds(*values: Any, field: str = "a", **args: Any) -> Any:
    return fused(*(asked("find", filter={field: value}, **args) for value in values))


def find_ones(*values: Any, field: str = "_id", **args: Any) -> Any:
    return fused(*(asked("find_one", filter={field: value}, **args) for value in values))


def test_each_find_gets_its_share_in_the_order_of_the_whole() -> None:
    rows = [{"_id": number, "a": number % 3} for number in (5, 2, 9, 0, 3, 8)]

    assert dealt(finds(0, 2, 7), *rows) == {
        0: [{"_id": 9, "a": 0}, {"_id": 0, "a": 0}, {"_id": 3, "a": 0}],
        1: [{"_id": 5, "a": 2}, {"_id": 2, "a": 2}, {"_id": 8, "a": 2}],
        2: [],
    }


def test_each_find_one_gets_its_document_or_none() -> None:
    found = dealt(find_ones(1, 2, 3, 1.0), {"_id": 3, "x": "c"}, {"_id": 1, "x": "a"})

    assert found == {
        0: {"_id": 1, "x": "a"},
        1: None,
        2: {"_id": 3, "x": "c"},
        3: {"_id": 1, "x": "a"},
    }


def test_where_nothing_is_found_each_is_told_so() -> None:
    assert dealt(finds(1, 2)) == {0: [], 1: []}
    assert dealt(find_ones(1, 2)) == {0: None, 1: None}


def test_a_find_one_that_several_documents_match_asks_for_itself() -> None:
    step = find_ones(1, 2, 3, field="a")

    found = dealt(step, {"_id": 0, "a": 1}, {"_id": 1, "a": 2}, {"_id": 2, "a": 1})

    assert found == {1: {"_id": 1, "a": 2}, 2: None}  # which of two is the first, a server says


def test_a_document_whose_array_matches_several_goes_to_each_find_one() -> None:
    step = find_ones("x", "z", "q", field="tags")

    found = dealt(step, {"_id": 0, "tags": ["x", "z"]})

    assert found == {0: {"_id": 0, "tags": ["x", "z"]}, 1: {"_id": 0, "tags": ["x", "z"]}, 2: None}


@pytest.mark.parametrize("args", [{}, {"sort": {"b": 1}}], ids=["unsorted", "ties"])
def test_a_find_of_which_an_index_could_change_the_order_asks_for_itself(
    args: dict[str, Any],
) -> None:
    # By an index on `a`, in its order: ("x", 2), ("y", 1), ("y", 2). Alone, "y" gives 1 and then 2.
    step = finds("x", "y", **args)

    found = dealt(step, {"_id": 2, "a": ["x", "y"], "b": 0}, {"_id": 1, "a": "y", "b": 0})

    assert 1 not in found


@pytest.mark.parametrize("sort", [{"_id": 1}, [["_id", -1]], [["b", 1], ["_id", 1]]], ids=str)
def test_a_sort_in_which_no_two_are_equal_leaves_an_index_no_choice(sort: Any) -> None:
    step = finds("x", "y", sort=sort)
    both = {"_id": 1, "a": ["x", "y"]}

    assert dealt(step, both, {"_id": 2, "a": "y"}) == {0: [both], 1: [both, {"_id": 2, "a": "y"}]}


def test_under_a_collation_two_ids_may_be_equal_in_a_sort() -> None:
    step = finds("x", "y", sort={"_id": 1}, collation={"locale": "en", "strength": 2})

    assert 1 not in dealt(step, {"_id": "B", "a": ["x", "y"]}, {"_id": "b", "a": "y"})


@pytest.mark.parametrize(
    ("args", "count", "is_whole"),
    [
        ({"length": 2}, 2, True),
        ({"length": 2}, 3, False),
        ({"batch_size": 2}, 3, False),
        ({"batch_size": 2, "length": 5}, 3, False),
        ({"batch_size": 3, "length": 5}, 3, True),
        ({"length": 1}, 0, True),
    ],
)
def test_a_find_whose_page_is_shorter_than_its_share_asks_for_itself(
    args: dict[str, Any], count: int, *, is_whole: bool
) -> None:
    step = fused(asked("find", filter={"a": 1}, **args), asked("find", filter={"a": 2}))

    rows = [{"_id": number, "a": 1} for number in range(count)]
    found = dealt(step, *rows, {"_id": 99, "a": 2})

    assert found[1] == [{"_id": 99, "a": 2}]
    assert found.get(0) == (rows if is_whole else None)


@pytest.mark.parametrize("op", ["find", "find_one"])
def test_what_nobody_asked_to_see_is_taken_off(op: str) -> None:
    step = fused(
        *(asked(op, filter={"_id": number}, projection={"_id": 0, "x": 1}) for number in (1, 2))
    )

    found = dealt(step, {"_id": 1, "x": "a"}, {"_id": 2, "x": "b"})

    documents: list[Any] = [{"x": "a"}, {"x": "b"}]
    if op == "find":
        documents = [[document] for document in documents]
    assert found == dict(enumerate(documents))


def test_a_hidden_field_is_taken_off_behind_others_too() -> None:
    step = finds(1, 2, projection={"a": 0})

    assert dealt(step, {"_id": 0, "x": 1, "a": 2, "y": {"a": 3}}) == {
        0: [],
        1: [{"_id": 0, "x": 1, "y": {"a": 3}}],
    }


@pytest.mark.parametrize(
    "document",
    [{"_id": 0, "a": Decimal128("1")}, {"_id": 0, "a": [1, True]}, {"_id": 0}, {"_id": 0, "a": 3}],
)
def test_one_document_that_cannot_be_told_leaves_nobody_sure(document: dict[str, Any]) -> None:
    with pytest.raises(CannotTellError):
        dealt(finds(1, 2), {"_id": 1, "a": 1}, document)


def test_what_is_dealt_is_the_servers_own_bytes() -> None:
    # Twice the same field, which decoding would lose.
    rest = b"\x10_id\x00\x01\x00\x00\x00\x10b\x00\x01\x00\x00\x00\x10b\x00\x02\x00\x00\x00\x00"
    raw = (len(rest) + 4).to_bytes(4, "little") + rest

    assert reads.deal(find_ones(1, 2), [raw])[0] == raw
    assert reads.deal(finds(1, 2, field="_id"), [raw])[0] == [raw]
