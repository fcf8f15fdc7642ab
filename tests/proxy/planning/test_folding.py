"""Two strings that any collation could hold equal have one fold; of others there is none."""

from __future__ import annotations

from typing import Any

import pytest

from motorpool.proxy.planning.values import fold, key_of

# Each line is equal under some collation (Unicode's CLDR), as the comment says.
CONFUSED: list[list[str]] = [
    ["resume", "Resume", "RESUME"],  # strength 1 or 2
    ["co-op", "coop", "co op", "co_op", "(coop)", "co\u0000op", "coop\n"],  # alternate: shifted
    ["item7", "item07", "item 007", "ITEM-7"],  # numericOrdering
    ["10", "1", "100", "0001000"],  # more than any does: digits without zeros
    ["yard", "iard", "Yard", "IARD"],  # Lithuanian, Latvian
    ["wasa", "vasa", "WASA", "Vasa"],  # Swedish, Finnish, Estonian
    ["ccs", "cscs", "CCS", "Cscs"],  # Hungarian: a doubled digraph
    ["ddzs", "dzsdzs"],
    ["ggy", "gygy"],
    ["", " ", "-", "..."],
    ["ll", "l", "LL"],  # more than any does: which letters, not how many
    ["ab", "ba"],  # likewise: nor in which order
]

APART = [
    *("a", "b", "ab", "abc", "resume", "resumed", "yard", "wasa"),
    *("1", "2", "12", "21", "112", "a1", "a2", "b1", "", "item7", "item8"),
]


@pytest.mark.parametrize("alike", CONFUSED, ids=lambda alike: alike[0] or "punctuation")
def test_strings_that_a_collation_confuses_have_one_fold(alike: list[str]) -> None:
    folds = {fold(_key(text)) for text in alike}

    assert len(folds) == 1
    assert None not in folds


def test_strings_of_other_letters_or_digits_have_folds_of_their_own() -> None:
    folds = {fold(_key(text)) for text in APART}

    assert len(folds) == len(APART)


@pytest.mark.parametrize(
    "text",
    ["\u00e9", "e\u0301", "stra\u00dfe", "\uff11", "a\u200d", "\U0001f980", "\u0131", "\x80"],
)
def test_beyond_ascii_no_fold_is_told(text: str) -> None:
    assert fold(_key(text)) is None


@pytest.mark.parametrize("length", [126, 127, 128, 200, 255, 256, 32_768, 8_421_504])
def test_the_bytes_of_a_long_strings_length_are_no_part_of_it(length: int) -> None:
    # From 128 on they are not ASCII, and 0x61 or 0x31 among them would be letters and digits.
    text = "z" * length

    assert fold(_key(text)) == fold(_key("z"))


@pytest.mark.parametrize("length", [0x31 - 1, 0x61 - 1, 0x3131 - 1, 0x6161 - 1])
def test_a_length_that_reads_as_text_is_none(length: int) -> None:
    assert fold(_key("-" * length)) == fold(_key(""))


@pytest.mark.parametrize("value", [1, 1.5, float("inf")])
def test_a_number_has_no_fold(value: float) -> None:
    key = key_of(value)
    assert key is not None

    assert fold(key) is None


def _key(text: str) -> Any:
    key = key_of(text)
    assert key is not None
    return key
