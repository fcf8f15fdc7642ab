"""JSON over several lines: what is kept of it, and when it is given up."""

import json

import pytest

from motorpool.costs.recorded import documents
from motorpool.costs.recorded.documents import Document, parsed


def opened(text: str) -> Document:
    document = Document.opened(1, text)
    assert document is not None
    return document


@pytest.mark.parametrize("text", ["{", "[", '{"a": [', "  [{", '{"a": 1,'])
def test_a_line_that_leaves_a_bracket_open_opens_a_document(text: str) -> None:
    assert opened(text).is_open


@pytest.mark.parametrize("text", ["", "{}", "[9f3a1c2b] {", "{ hello", '{"a', "}", '"{"', "]["])
def test_nothing_else_does(text: str) -> None:
    assert Document.opened(1, text) is None


@pytest.mark.parametrize("text", ["hello", '  "never ends', "  }}", '{"v": 1}', "\tREPORT: 1"])
def test_a_line_that_is_no_json_ends_it_at_once(text: str) -> None:
    document = opened("{")
    assert not document.feed(2, text)
    assert document.left() == [(1, "{")]


def test_it_keeps_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_CHARACTERS", 20)
    document = opened("[")
    assert document.feed(2, "  1234567,")
    assert not document.feed(3, "  1234567890")


def test_events_are_given_as_they_come_and_none_is_kept() -> None:
    lines = json.dumps({"events": [{"a": 1}, {"b": [2]}], "nextToken": "x"}, indent=1).split("\n")
    document = opened(lines[0])
    found = []
    for number, line in enumerate(lines[1:], start=2):
        assert document.feed(number, line)
        found += list(document.entries())
        assert len(document.left()) <= 6
    assert found == [(3, {"a": 1}), (6, {"b": [2]})]
    assert not document.is_open
    assert document.left() == []


def test_events_that_are_none_are_left_to_whoever_wants_them() -> None:
    document = opened("{")
    for number, line in enumerate([' "events": [', "  {1}", "  {}"], start=2):
        if not document.feed(number, line):
            break
        assert list(document.entries()) == []
    assert document.left() == [(3, "  {1}")]


@pytest.mark.parametrize("text", ["1", '"a"', "null", "", "{", "[" * 10_000, "9" * 9999])
def test_only_an_object_or_an_array_is_parsed(text: str) -> None:
    assert parsed(text) is None
    assert parsed(f" [{1}], ") == [1]
