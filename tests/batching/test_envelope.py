from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching import envelope
from motorpool.batching.envelope import Entry, OperationId, match_entries
from motorpool.batching.errors import ProtocolError


def entry(id_: OperationId, value: object = None) -> Entry:
    return Entry(id_, "ok", value)


def test_each_id_gets_its_entry_in_whatever_order_they_come() -> None:
    matched = match_entries([0, 1, "a"], [entry("a"), entry(1), entry(0)])

    assert matched == {0: entry(0), 1: entry(1), "a": entry("a")}


def test_short_response_fails_only_the_ids_that_it_lacks() -> None:
    matched = match_entries([0, 1, 2], [entry(0), entry(2)])

    assert [matched[0], matched[2]] == [entry(0), entry(2)]
    assert isinstance(matched[1], ProtocolError)
    assert str(matched[1]) == "the response has no entry for operation 1"
    assert matched[1].may_have_applied


def test_empty_response_fails_every_id() -> None:
    matched = match_entries([0, 1], [])

    assert [str(matched[id_]) for id_ in (0, 1)] == [
        "the response has no entry for operation 0",
        "the response has no entry for operation 1",
    ]


def test_long_response_with_unknown_ids_keeps_the_entries_of_known_ones() -> None:
    matched = match_entries([0], [entry(0), entry(7), entry("0")])

    assert matched == {0: entry(0)}


def test_doubled_id_fails_alone_and_neither_entry_is_believed() -> None:
    matched = match_entries([0, 1], [entry(0, "first"), entry(1), entry(0, "second")])

    assert matched[1] == entry(1)
    assert isinstance(matched[0], ProtocolError)
    assert str(matched[0]) == "the response has more than one entry for operation 0"
    assert matched[0].may_have_applied


def test_id_that_comes_three_times_fails_too() -> None:
    matched = match_entries([0], [entry(0), entry(0), entry(0)])

    assert isinstance(matched[0], ProtocolError)


def test_unknown_ids_are_named_to_every_id_without_an_entry() -> None:
    matched = match_entries([0, 1], [entry(number) for number in (0, 5, 6, 7, 8, 9, 10)])

    assert str(matched[1]) == (
        "the response has no entry for operation 1; it has entries for unknown ids [5, 6, 7, 8, 9]"
    )


@given(
    ids=st.lists(st.integers(0, 5), unique=True), answered=st.lists(st.integers(0, 5), max_size=12)
)
def test_every_id_has_its_one_entry_or_an_error_and_nothing_else_is_there(
    ids: list[int], answered: list[int]
) -> None:
    matched = match_entries(ids, [entry(id_) for id_ in answered])

    assert matched.keys() == set(ids)
    for id_ in ids:
        if answered.count(id_) == 1:
            assert matched[id_] == entry(id_)
        else:
            assert isinstance(matched[id_], ProtocolError)


def test_error_document_has_the_fields_that_say_something_and_no_others() -> None:
    assert envelope.error("OperationFailure", "no") == {
        "type": "OperationFailure",
        "message": "no",
    }
    assert envelope.error(
        "DuplicateKeyError",
        "E11000",
        code=11000,
        code_name="DuplicateKey",
        details={"keyPattern": {"_id": 1}},
        labels=["RetryableWriteError"],
        timeout=True,
        may_have_applied=True,
    ) == {
        "type": "DuplicateKeyError",
        "message": "E11000",
        "code": 11000,
        "codeName": "DuplicateKey",
        "details": {"keyPattern": {"_id": 1}},
        "errorLabels": ["RetryableWriteError"],
        "timeout": True,
        "may_have_applied": True,
    }


def test_code_zero_and_empty_details_say_something() -> None:
    assert envelope.error("OperationFailure", "no", code=0, code_name="", details={}) == {
        "type": "OperationFailure",
        "message": "no",
        "code": 0,
        "codeName": "",
        "details": {},
    }


def test_entries_begin_with_their_id_and_their_outcome() -> None:
    assert [
        list(made)
        for made in (envelope.success(1, 2), envelope.failure(1, {}), envelope.again(1, "why"))
    ] == [["id", "ok"], ["id", "err"], ["id", "again"]]
