"""A fusion that is broken on purpose is found by generated batches; else they are worth little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
import pytest

from motorpool.batching.codec import LOSSLESS, RawDocuments, encode_document
from motorpool.proxy import executor
from motorpool.proxy.planning import counts, equalities, inserts, reads, updates, values
from tests.integration.equivalence import sides
from tests.integration.equivalence.batches import scenario
from tests.integration.equivalence.compare import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.equivalence.sides import Pair


def _dealt_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reads.deal

    def wrong(fusion: Any, documents: Any) -> Any:
        dealt = right(fusion, documents)
        members = list(dealt)
        return dict(zip(members, [dealt[each] for each in members[1:] + members[:1]], strict=True))

    monkeypatch.setattr(reads, "deal", wrong)


def _a_document_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reads.deal
    monkeypatch.setattr(reads, "deal", lambda fusion, documents: right(fusion, documents[:-1]))


def _types_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reads.deal

    def wrong(fusion: Any, documents: Any) -> Any:
        read = [bson.decode(each, codec_options=LOSSLESS) for each in documents]
        floats = [
            {name: float(item) if type(item) is int else item for name, item in each.items()}
            for each in read
        ]
        return right(fusion, RawDocuments(map(encode_document, floats)))

    monkeypatch.setattr(reads, "deal", wrong)


def _counts_are_one_off(monkeypatch: pytest.MonkeyPatch) -> None:
    right = counts.deal
    monkeypatch.setattr(
        counts, "deal", lambda fusion, groups: [count + 1 for count in right(fusion, groups)]
    )


def _a_field_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "without", lambda raw, _: raw)


def _collations_are_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every string were unlike all others, and what is not found were not there."""
    monkeypatch.setattr(equalities, "fold", lambda key: (frozenset(), str(key)))
    monkeypatch.setattr(values, "fold", lambda key: (frozenset(), str(key)))
    _nothing_is_untold(monkeypatch)


def _nothing_is_untold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values.Wanted, "members", _members_of_the_first_kind_only)


def _members_of_the_first_kind_only(self: Any, raw: bytes) -> Any:
    try:
        return _RIGHT_MEMBERS(self, raw)
    except values.CannotTellError:
        return ()


_RIGHT_MEMBERS = values.Wanted.members


def _errors_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "fate", lambda error, **_: error)


def _writes_are_told_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    right = updates.deal

    def wrong(told: Any) -> Any:
        dealt = right(told)
        first = next(iter(dealt.values()), None)
        return dict.fromkeys(dealt, first)

    monkeypatch.setattr(updates, "deal", wrong)


def _write_errors_are_the_first_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    right = inserts.Inserted.errors
    monkeypatch.setattr(inserts.Inserted, "errors", lambda self, _: right(self, 0))


def _inserted_ids_are_swapped(monkeypatch: pytest.MonkeyPatch) -> None:
    right = inserts.Inserted.documents

    def wrong(self: Any, member: int) -> Any:
        return right(self, len(self._fusion.sizes) - 1 - member)

    monkeypatch.setattr(inserts.Inserted, "documents", wrong)


BREAKS = [
    *(_dealt_to_the_next, _a_document_is_lost, _types_are_lost, _counts_are_one_off),
    *(_a_field_stays, _nothing_is_untold, _errors_are_shared),
]
BREAKS_ON_THE_WIRE = [
    *(_writes_are_told_alike, _write_errors_are_the_first_ones, _inserted_ids_are_swapped),
    _collations_are_overlooked,
]


def is_seen(pair: Pair, within: int) -> bool:
    return any(
        differences(pair, scenario(seed, on_server=pair.on_server)) for seed in range(within)
    )


@pytest.fixture
def embedded() -> Iterator[Pair]:
    with sides.embedded() as pair:
        yield pair


@pytest.fixture
def wire(wire_uri: str) -> Iterator[Pair]:
    with sides.wire(wire_uri) as pair:
        yield pair


def _name(function: Any) -> str:
    return str(function.__name__).strip("_")


def test_nothing_is_found_where_nothing_is_broken(embedded: Pair) -> None:
    assert not is_seen(embedded, within=300)


@pytest.mark.parametrize("broken", BREAKS, ids=_name)
def test_a_broken_fusion_is_found_by_generated_batches(
    broken: Callable[[pytest.MonkeyPatch], None], embedded: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    assert is_seen(embedded, within=300)


@pytest.mark.parametrize("broken", BREAKS_ON_THE_WIRE, ids=_name)
def test_a_broken_fusion_is_found_on_the_wire(
    broken: Callable[[pytest.MonkeyPatch], None], wire: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    assert is_seen(wire, within=120)
