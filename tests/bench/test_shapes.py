"""What is asked: the same for every side, and nothing that the protocol does not know."""

import pytest

from bench.suite.shapes import SHAPES, document
from bench.suite.sides import event_of, in_words
from motorpool.batching import codec
from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.models import ValidOperation
from motorpool.proxy.requests import read_request


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_asks_the_same_each_time(name: str) -> None:
    operations = SHAPES[name].operations

    assert in_words(list(operations(20))) == in_words(list(operations(20)))


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "documents"])
def test_a_shape_has_as_many_operations_as_were_asked_for(name: str) -> None:
    assert [len(SHAPES[name].operations(size)) for size in (1, 10, 100)] == [1, 10, 100]


@pytest.mark.parametrize("name", SHAPES)
def test_the_proxy_takes_every_operation_of_a_shape(name: str) -> None:
    operations = SHAPES[name].operations(20)

    request = read_request(event_of(operations), 10_000)

    assert {type(each) for each in request.operations} == {ValidOperation}
    assert {operation.op for operation in operations} <= OPERATIONS.keys()


def test_nothing_in_a_mixed_batch_is_asked_twice() -> None:
    bodies = [
        codec.encode_operation(each.op, each.collection, each.args)
        for each in SHAPES["unfusable"].operations(100)
    ]

    assert len(set(bodies)) == 100


def test_a_document_has_some_300_bytes() -> None:
    assert 280 < len(codec.encode_document(document(7))) < 340
