"""`insert_one` on one collection, and unordered `insert_many`, as one unordered `insert_many`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bson import ObjectId

from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.planning import inserts
from motorpool.proxy.planning.fusions import MAX_VALUES, FusedInsert
from tests.proxy.planning.asking import are_together, asked, fused, planned, two_values

if TYPE_CHECKING:
    from motorpool.proxy.models import ValidOperation


def one(number: Any, **args: Any) -> ValidOperation:
    return asked("insert_one", document={"_id": number}, **args)


def many(*numbers: Any, **args: Any) -> ValidOperation:
    documents = [{"_id": number} for number in numbers]
    return asked("insert_many", documents=documents, **{"ordered": False, **args})


def test_single_inserts_go_together_in_their_order() -> None:
    step = fused(one(3), one(1), one(3))

    assert isinstance(step, FusedInsert)
    assert step.args == {"documents": [{"_id": 3}, {"_id": 1}, {"_id": 3}], "ordered": False}
    assert list(step.sizes) == [1, 1, 1]


def test_inserts_of_many_go_together() -> None:
    step = fused(many(1, 2), many(3), many(4, 5, 6))

    assert step.args == {"documents": [{"_id": number} for number in range(1, 7)], "ordered": False}
    assert list(step.sizes) == [2, 1, 3]


def test_the_documents_are_the_operations_own() -> None:
    # The driver gives them their ids, which the answers name.
    document: dict[str, Any] = {"a": 1}

    step = fused(asked("insert_one", document=document), one(2))

    assert step.args["documents"][0] is document


@pytest.mark.parametrize("ordered", [{"ordered": True}, {"ordered": None}])
def test_an_ordered_insert_of_many_is_left_alone(ordered: dict[str, Any]) -> None:
    assert planned(many(1, **ordered), many(2, **ordered), many(3)) == []


def test_inserts_of_many_are_ordered_unless_they_say_otherwise() -> None:
    documents = [{"_id": 1}]

    operations = [asked("insert_many", documents=documents) for _ in range(2)]

    assert planned(*operations) == []


@pytest.mark.parametrize("op", ["insert_one", "insert_many"])
@pytest.mark.parametrize("argument", ["bypass_document_validation", "comment", "write_concern"])
def test_options_have_to_be_alike(op: str, argument: str) -> None:
    value, other = two_values(op, argument)

    def insert(number: int, **args: Any) -> ValidOperation:
        return one(number, **args) if op == "insert_one" else many(number, **args)

    step = fused(insert(1, **{argument: value}), insert(2, **{argument: value}))

    assert step.args[argument] == value
    assert not are_together(insert(1, **{argument: value}), insert(2, **{argument: other}))
    assert not are_together(insert(1, **{argument: value}), insert(2))


def test_these_are_all_their_options() -> None:
    options = {"bypass_document_validation", "comment", "write_concern"}

    assert OPERATIONS["insert_one"].arguments.keys() == options | {"document"}
    assert OPERATIONS["insert_many"].arguments.keys() == options | {"documents", "ordered"}


def test_collection_operation_and_time_out_have_to_be_alike() -> None:
    assert planned(one(1), one(2, ns="shop.others")) == []
    assert planned(one(1), one(2, timeout_ms=9)) == []
    assert planned(one(1), many(2)) == []
    assert are_together(one(1, timeout_ms=9), one(2, timeout_ms=9))


@pytest.mark.parametrize("concern", [{"w": 0}, {"w": 0, "j": False}])
def test_what_waits_for_no_answer_is_left_alone(concern: dict[str, Any]) -> None:
    assert planned(one(1, write_concern=concern), one(2, write_concern=concern)) == []
    assert planned(many(1, write_concern=concern), many(2, write_concern=concern)) == []


@pytest.mark.parametrize("concern", [{"w": 1}, {"w": "majority"}, {"j": True}, {}, None])
def test_what_waits_for_one_is_not(concern: Any) -> None:
    assert are_together(one(1, write_concern=concern), one(2, write_concern=concern))


def test_an_embedded_database_that_tells_no_errors_gets_none() -> None:
    assert planned(one(1), one(2), many(3), many(4), without=["inserts"]) == []


@pytest.mark.parametrize(
    ("sizes", "steps"),
    [
        ([MAX_VALUES], []),
        ([1] * MAX_VALUES, [MAX_VALUES]),
        ([1] * (MAX_VALUES + 1), [MAX_VALUES]),
        ([1] * (MAX_VALUES + 2), [MAX_VALUES, 2]),
        ([MAX_VALUES - 2, 2, 1, 1], [2, 2]),
        ([MAX_VALUES - 2, 3, 1], [2]),
        ([MAX_VALUES * 2, 1, 1], [2]),
        ([1, 1, MAX_VALUES + 1, 1, 1], [2, 2]),
    ],
    ids=lambda value: f"{len(value)} of {sum(value)}, {value[-1:]}",
)
def test_no_command_has_more_documents_than_it_should(sizes: list[int], steps: list[int]) -> None:
    operations = [many(*range(size)) for size in sizes]

    assert [len(members) for _, members in planned(*operations)] == steps


def test_several_commands_hold_each_document_once() -> None:
    operations = [one(number) for number in range(2 * MAX_VALUES + 5)]
    members = inserts.offers(operations[0])

    assert members[0][1] == 1
    taken = [index for _, step in planned(*operations) for index in step]
    assert sorted(taken) == list(range(len(operations)))


# What became of them ------------------------------------------------------------------------------


def test_each_error_is_its_own_operations_with_the_index_that_it_would_have_alone() -> None:
    step = fused(many(1, 2), many(3), many(4, 5, 6))
    errors = [{"index": index, "code": 11000, "x": str(index)} for index in (1, 2, 3, 5)]

    inserted = inserts.Inserted(step, errors)

    assert [inserted.errors(member) for member in range(3)] == [
        [{"index": 1, "code": 11000, "x": "1"}],
        [{"index": 0, "code": 11000, "x": "2"}],
        [{"index": 0, "code": 11000, "x": "3"}, {"index": 2, "code": 11000, "x": "5"}],
    ]
    assert errors[0]["index"] == 1  # they are the driver's, and stay as they are
    assert list(inserted.errors(1)[0]) == ["index", "code", "x"]


def test_each_operations_documents_are_told() -> None:
    step = fused(many(1, 2), many(3), many(4, 5, 6))

    inserted = inserts.Inserted(step, [])

    assert [[each["_id"] for each in inserted.documents(member)] for member in range(3)] == [
        [1, 2],
        [3],
        [4, 5, 6],
    ]
    assert [inserted.errors(member) for member in range(3)] == [[], [], []]


def test_ids_that_the_driver_made_are_told() -> None:
    step = fused(asked("insert_one", document={}), asked("insert_one", document={}))
    for number, document in enumerate(step.args["documents"]):
        document["_id"] = ObjectId(f"{number:024}")

    inserted = inserts.Inserted(step, [])

    assert inserted.documents(1)[0]["_id"] == ObjectId("0" * 23 + "1")


class _Counting(list[int]):
    """Counts how many of its items are read by their places."""

    read = 0

    def __getitem__(self, at: Any) -> Any:
        self.read += len(range(*at.indices(len(self)))) if isinstance(at, slice) else 1
        return super().__getitem__(at)


def test_to_tell_them_apart_takes_no_longer_the_more_they_are() -> None:
    sizes = _Counting([1] * 1_000)
    documents = [{"_id": number} for number in range(1_000)]
    fusion = FusedInsert(range(1_000), {"documents": documents}, sizes)
    inserted = inserts.Inserted(fusion, [])

    told = [inserted.documents(member) for member in range(1_000)]

    assert told == [[document] for document in documents]
    assert sizes.read <= 5_000
