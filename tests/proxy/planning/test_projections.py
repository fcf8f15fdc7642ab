"""Under a fused read's projection a document can be told apart; then it is what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
import mongomock
import pytest
from bson import Int64
from hypothesis import assume, given
from hypothesis import strategies as st

from motorpool.proxy.planning.projections import Seen, seen_through
from motorpool.proxy.planning.values import CannotTellError, Wanted, key_of, without

if TYPE_CHECKING:
    from collections.abc import Mapping

# The callers' projection, the field, what is asked of the server, what is taken off again.
SEEN: list[tuple[Any, str, Any, str | None]] = [
    (None, "a", None, None),
    (None, "_id", None, None),
    (None, "a.b", None, None),
    # What is shown, by its id.
    ({"a": 1}, "_id", {"a": 1, "_id": 1}, None),
    ({"a": True, "_id": True}, "_id", {"a": 1, "_id": 1}, None),
    ({"a": 1, "_id": 0}, "_id", {"a": 1, "_id": 1}, "_id"),
    ({"a": 1, "_id": False}, "_id", {"a": 1, "_id": 1}, "_id"),
    ({"_id": 1}, "_id", {"_id": 1}, None),
    (["a", "b.c"], "_id", {"a": 1, "b.c": 1, "_id": 1}, None),
    # By another field.
    ({"a": 1}, "a", {"a": 1, "_id": 1}, None),
    ({"a": 1}, "b", {"a": 1, "_id": 1, "b": 1}, "b"),
    ({"a": 1, "_id": 0}, "a", {"a": 1, "_id": 0}, None),
    ({"a": 1, "_id": 0}, "b", {"a": 1, "_id": 0, "b": 1}, "b"),
    ({"_id": 1}, "a", {"_id": 1, "a": 1}, "a"),
    ({"a.b": 1}, "c", {"a.b": 1, "_id": 1, "c": 1}, "c"),
    ({"a": 1}, "ab", {"a": 1, "_id": 1, "ab": 1}, "ab"),
    ({"ab": 1}, "a", {"ab": 1, "_id": 1, "a": 1}, "a"),
    (["b"], "a", {"b": 1, "_id": 1, "a": 1}, "a"),
    # By a path that is shown already.
    ({"a": 1}, "a.b", {"a": 1, "_id": 1}, None),
    ({"a.b": 1}, "a.b", {"a.b": 1, "_id": 1}, None),
    ({"a.b": 1}, "a.b.c", {"a.b": 1, "_id": 1}, None),
    # What is hidden.
    ({"a": 0}, "_id", {"a": 0}, None),
    ({"a": 0, "_id": 0}, "_id", {"a": 0}, "_id"),
    ({"a": 0, "_id": 1}, "_id", {"a": 0}, None),
    ({"_id": 0}, "_id", None, "_id"),
    ({"_id": 0}, "a", {"_id": 0}, None),
    ({"a": 0}, "a", None, "a"),
    ({"a": 0, "b": 0}, "a", {"b": 0}, "a"),
    ({"a": 0, "_id": 0}, "a", {"_id": 0}, "a"),
    ({"b": False}, "a", {"b": 0}, None),
    ({"b": 0}, "a.b", {"b": 0}, None),
    ({"ab": 0}, "a", {"ab": 0}, None),
    # Any number but 0 shows.
    ({"a": 2, "b": -1}, "a", {"a": 1, "b": 1, "_id": 1}, None),
]

UNSEEN: list[tuple[Any, str]] = [
    # An empty one means something else to the driver, and to a server.
    ({}, "a"),
    ([], "a"),
    # Showing and hiding at once: the server's to refuse.
    ({"a": 1, "b": 0}, "_id"),
    ({"a": 0, "b": 1}, "a"),
    # More than a switch.
    ({"a": {"$slice": 1}}, "_id"),
    ({"a": {"$elemMatch": {"b": 1}}}, "_id"),
    ({"a": "$b"}, "_id"),
    ({"a": {"b": 1}}, "_id"),
    ({"a": None}, "_id"),
    ({"a": 1.0}, "_id"),
    ({"a": 0.5}, "_id"),
    ({"a": Int64(1)}, "_id"),
    ({"a.$": 1}, "_id"),
    ({"": 1}, "_id"),
    ({"_id.a": 1}, "_id"),
    ({"_id.a": 0}, "a"),
    # A path would show more than what stands at its end, or less than is to be shown.
    ({"a": 1}, "b.c"),
    ({"a.c": 1}, "a.b"),
    ({"a.b": 1}, "a"),
    ({"a.b.c": 1}, "a.b"),
    ({"a": 0}, "a.b"),
    ({"a.b": 0}, "a"),
    ({"a.b": 0}, "a.b"),
    ({"a.b": 0}, "a.b.c"),
    ({"a": 0, "a.b": 0}, "a"),
    ({"_id": 0}, "_id.a"),
]


@pytest.mark.parametrize(("projection", "field", "told", "hides"), SEEN)
def test_the_field_is_shown_and_what_was_not_asked_for_taken_off(
    projection: Any, field: str, told: Any, hides: str | None
) -> None:
    assert seen_through(projection, field) == Seen(told, hides)


@pytest.mark.parametrize(("projection", "field"), UNSEEN)
def test_where_it_cannot_be_said_nothing_is_fused(projection: Any, field: str) -> None:
    assert seen_through(projection, field) is None


def test_the_callers_projection_is_left_as_it_is() -> None:
    projection = {"a": 1, "_id": 0}

    seen_through(projection, "_id")
    seen_through(projection, "b")

    assert projection == {"a": 1, "_id": 0}


# What a server would show -------------------------------------------------------------------------

_PATHS = st.sampled_from(["a", "b", "a.b", "a.c", "b.a", "b.a.c", "c", "ab", "_id"])
_SWITCHES = st.sampled_from([0, 1, True, False])
_PROJECTIONS = st.one_of(
    st.none(),
    st.dictionaries(_PATHS, _SWITCHES, max_size=3),
    st.lists(_PATHS, max_size=3),
)
_INNER = st.recursive(
    st.integers(0, 3),
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2)
    ),
    max_leaves=5,
)
_DOCUMENTS = st.fixed_dictionaries(
    {"_id": st.integers(0, 3)}, optional=dict.fromkeys(["a", "b", "c", "ab"], _INNER)
)


def shown(document: Mapping[str, Any], projection: Any) -> dict[str, Any]:
    """The document as a server shows it: its fields in their order."""
    if projection is None:
        return dict(document)
    switches = projection if isinstance(projection, dict) else dict.fromkeys(projection, 1)
    paths = {tuple(path.split(".")) for path, _ in switches.items() if path != "_id"}
    own_id = switches.get("_id")
    includes = any(switches[path] for path in switches if path != "_id") or (
        not paths and bool(own_id)
    )
    rest = {name: value for name, value in document.items() if name != "_id"}
    kept = _included(rest, paths) if includes else _excluded(rest, paths)
    has_id = "_id" in document and own_id not in (0, False)
    return {"_id": document["_id"], **kept} if has_id else kept


def _included(document: dict[str, Any], paths: set[tuple[str, ...]]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in document.items():
        below = {path[1:] for path in paths if path[0] == name}
        if () in below:
            kept[name] = value
        elif below and isinstance(value, dict):
            kept[name] = _included(value, below)
        elif below and isinstance(value, list):
            kept[name] = _each(value, below, _included, keeps_others=False)
    return kept


def _excluded(document: dict[str, Any], paths: set[tuple[str, ...]]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in document.items():
        below = {path[1:] for path in paths if path[0] == name}
        if () in below:
            continue
        if below and isinstance(value, dict):
            kept[name] = _excluded(value, below)
        elif below and isinstance(value, list):
            kept[name] = _each(value, below, _excluded, keeps_others=True)
        else:
            kept[name] = value
    return kept


def _each(values: list[Any], below: Any, show: Any, *, keeps_others: bool) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if isinstance(value, dict):
            kept.append(show(value, below))
        elif isinstance(value, list):
            kept.append(_each(value, below, show, keeps_others=keeps_others))
        elif keeps_others:
            kept.append(value)
    return kept


@given(_PROJECTIONS, _PATHS, _DOCUMENTS)
def test_what_is_shown_less_what_is_taken_off_is_what_was_asked_for(
    projection: Any, field: str, document: dict[str, Any]
) -> None:
    seen = seen_through(projection, field)
    assume(seen is not None)
    assert seen is not None

    there = bson.encode(shown(document, seen.projection))
    given_out = there if seen.hides is None else without(there, seen.hides.encode())

    assert given_out == bson.encode(shown(document, projection))


@given(_PROJECTIONS, _PATHS, _DOCUMENTS)
def test_a_document_is_told_apart_under_it_as_well_as_without_one(
    projection: Any, field: str, document: dict[str, Any]
) -> None:
    seen = seen_through(projection, field)
    assume(seen is not None)
    assert seen is not None
    keys = [key_of(number) for number in range(4)]
    wanted = Wanted(field, [key for key in keys if key is not None])

    def told(some: dict[str, Any]) -> Any:
        try:
            return list(wanted.members(bson.encode(some)))
        except CannotTellError:
            return "cannot be told"

    assert told(shown(document, seen.projection)) == told(document)


_FLAT = st.fixed_dictionaries(
    {"_id": st.integers(0, 3)},
    optional=dict.fromkeys("abc", st.integers(0, 3)),
)


@given(_PROJECTIONS, _DOCUMENTS | _FLAT)
def test_mongomock_shows_a_document_so_too(projection: Any, document: dict[str, Any]) -> None:
    # Where it follows the server: a path below what is no document, and fields in their order, are
    # another matter to it.
    switches = projection if isinstance(projection, dict) else dict.fromkeys(projection or (), 1)
    assume(projection is None or seen_through(projection, "_id") is not None)
    assume(all(_leads_to_documents(document, path) for path in switches))
    assume(
        not any(
            one != other and f"{one}.".startswith(f"{other}.")
            for one in switches
            for other in switches
        )
    )
    collection: Any = mongomock.MongoClient().db.collection
    collection.insert_one(document)

    assert collection.find_one({}, projection) == shown(document, projection)


def _leads_to_documents(document: Any, path: str) -> bool:
    *names, _ = path.split(".")
    for name in names:
        if not isinstance(document, dict) or not isinstance(document.get(name), dict):
            return False
        document = document[name]
    return isinstance(document, dict)
