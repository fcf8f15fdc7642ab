"""The room's public names: complete, documented, and fetched when asked for."""

import inspect

import pytest

import motorpool.local


def test_every_public_name_can_be_fetched_and_is_documented() -> None:
    for name in motorpool.local.__all__:
        value = getattr(motorpool.local, name)
        assert value.__module__.startswith("motorpool.local.")
        assert inspect.getdoc(value)


def test_dir_shows_the_public_names() -> None:
    assert dir(motorpool.local) == sorted(motorpool.local.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'RemoteLambda'"):
        motorpool.local.RemoteLambda  # noqa: B018 - asked for, that is all
