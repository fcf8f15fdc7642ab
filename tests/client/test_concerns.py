"""Read concern, write concern and read preferences are as the driver's, and equal to them."""

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pymongo.read_preferences
import pytest
from pymongo.read_concern import ReadConcern as DriverReadConcern
from pymongo.write_concern import WriteConcern as DriverWriteConcern

from motorpool.client import (
    Nearest,
    Primary,
    PrimaryPreferred,
    ReadConcern,
    ReadPreference,
    Secondary,
    SecondaryPreferred,
    WriteConcern,
)

MODES = (Primary, PrimaryPreferred, Secondary, SecondaryPreferred, Nearest)
TAGS = [{"dc": "ny"}, {}]
HEDGE = {"enabled": True}


def drivers(cls: type) -> Any:
    """Return the driver's class of this name."""
    own = {"ReadConcern": DriverReadConcern, "WriteConcern": DriverWriteConcern}
    return own.get(cls.__name__) or getattr(pymongo.read_preferences, cls.__name__)


def outcome(make: Callable[[], Any]) -> tuple[Any, ...]:
    """Return what a made object reads as, or the class and the words of the refusal."""
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            made = make()
            names = [
                name
                for name in dir(made)
                if not name.startswith("_") and not callable(getattr(made, name))
            ]
            read = {name: getattr(made, name) for name in names}
    except Exception as error:  # noqa: BLE001 - it is the outcome
        return type(error), str(error)
    return repr(made), read, [(w.category, str(w.message)) for w in warned]


PREFERENCES: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((TAGS,), {}),
    (((),), {}),
    (([],), {}),
    (([{}],), {}),
    (({"dc": "ny"},), {}),
    (([5],), {}),
    ((5,), {}),
    ((None, 90), {}),
    ((TAGS, 120), {}),
    ((tuple(TAGS), 120), {}),
    ((), {"max_staleness": -1}),
    ((), {"max_staleness": 0}),
    ((), {"max_staleness": -5}),
    ((), {"max_staleness": "90"}),
    ((), {"max_staleness": 90.5}),
    ((), {"hedge": HEDGE}),
    ((), {"hedge": {}}),
    ((), {"hedge": 5}),
    ((None, -1, HEDGE), {}),
]

CASES: list[tuple[type, tuple[Any, ...], dict[str, Any]]] = [
    *((ReadConcern, (level,), {}) for level in ("local", "majority", "", None, 5, ["local"])),
    (ReadConcern, (), {}),
    (ReadConcern, (), {"level": "snapshot"}),
    (WriteConcern, (), {}),
    *((WriteConcern, (w,), {}) for w in (0, 1, 3, -1, "majority", "", "tags", 1.5, [1], True)),
    *((WriteConcern, (), {"wtimeout": n}) for n in (0, 1000, -1, "5", 1.5, True)),
    *((WriteConcern, (), {"j": value}) for value in (True, False, 1, "x")),
    *((WriteConcern, (), {"fsync": value}) for value in (True, False, 1, "x")),
    (WriteConcern, ("majority", 1000, True), {}),
    (WriteConcern, (0, 1000, False, True), {}),
    (WriteConcern, (0,), {"j": True}),
    (WriteConcern, (0,), {"j": False}),
    (WriteConcern, (), {"j": True, "fsync": True}),
    (WriteConcern, (), {"j": False, "fsync": True}),
    (WriteConcern, (), {"nonsense": 1}),
    (Primary, (), {}),
    *((cls, *given) for cls in MODES[1:] for given in PREFERENCES),
]


@pytest.mark.parametrize(("cls", "args", "options"), CASES)
def test_they_are_made_refused_and_read_as_the_drivers(
    cls: type, args: tuple[Any, ...], options: dict[str, Any]
) -> None:
    ours = outcome(lambda: cls(*args, **options))
    theirs = outcome(lambda: drivers(cls)(*args, **options))

    if isinstance(ours[0], type) and "nonsense" in options:
        assert ours[0] is theirs[0]
    else:
        assert ours == theirs


def made(*, of_driver: bool) -> list[Any]:
    """Make different ones of every class, ours or the driver's."""

    def cls(own: type) -> Any:
        return drivers(own) if of_driver else own

    concerns = [
        cls(ReadConcern)(),
        cls(ReadConcern)("local"),
        cls(ReadConcern)("majority"),
        cls(WriteConcern)(),
        cls(WriteConcern)(w=0),
        cls(WriteConcern)("majority", j=True),
        cls(WriteConcern)("majority", wtimeout=5),
    ]
    preferences = [cls(mode)() for mode in MODES]
    tagged = [cls(mode)(*args) for mode in MODES[1:] for args in ((TAGS,), (TAGS, 90), (None, 90))]
    return [*concerns, *preferences, *tagged]


def test_each_equals_the_drivers_of_the_same_kind_and_no_other_in_both_directions() -> None:
    ours, theirs = made(of_driver=False), made(of_driver=True)

    for one, own in enumerate(ours):
        for other, foreign in enumerate(theirs):
            is_same = one == other
            assert (own == foreign, foreign == own) == (is_same, is_same), (own, foreign)
            assert (own != foreign, foreign != own) == (not is_same, not is_same), (own, foreign)
        assert [own == other for other in ours].count(True) == 1


@pytest.mark.parametrize("own", made(of_driver=False), ids=repr)
def test_none_equals_what_it_would_send_or_what_is_no_concern(own: Any) -> None:
    for other in (own.document, None, 5, "local", object()):
        assert own != other
        assert (own == other) is False


@pytest.mark.parametrize("own", made(of_driver=False), ids=repr)
def test_none_can_be_hashed_as_none_of_the_drivers_can(own: Any) -> None:
    with pytest.raises(TypeError):
        hash(own)


@pytest.mark.parametrize("own", made(of_driver=False), ids=repr)
def test_each_survives_copies_and_pickles(own: Any) -> None:
    assert copy.copy(own) == own
    assert copy.deepcopy(own) == own
    assert pickle.loads(pickle.dumps(own)) == own  # noqa: S301 - pickled here


def test_a_document_is_a_copy() -> None:
    concern = WriteConcern(w=1)
    concern.document["w"] = 5

    assert concern.document == {"w": 1}


@pytest.mark.parametrize(
    "name", ["PRIMARY", "PRIMARY_PREFERRED", "SECONDARY", "SECONDARY_PREFERRED", "NEAREST"]
)
def test_the_named_preferences_are_the_drivers(name: str) -> None:
    assert getattr(ReadPreference, name) == getattr(pymongo.ReadPreference, name)
    assert repr(getattr(ReadPreference, name)) == repr(getattr(pymongo.ReadPreference, name))
