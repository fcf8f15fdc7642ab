import pytest

from motorpool.batching.bounds import Bounds
from motorpool.batching.limits import BATCH_BYTES


@pytest.mark.parametrize("name", [name for name in Bounds._fields if name != "linger"])
def test_a_bound_that_nothing_fits_into_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"bounds: {name} must be at least 1, not 0"):
        Bounds(**{name: 0}).checked()


def test_a_negative_linger_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"bounds: linger must be at least 0, not -0\.1"):
        Bounds(linger=-0.1).checked()


def test_a_batch_larger_than_an_event_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="bounds: batch_bytes must be at most"):
        Bounds(batch_bytes=BATCH_BYTES + 1).checked()


def test_the_bounds_that_stand_are_fit_to_work_within() -> None:
    assert Bounds().checked() == Bounds()
