"""What an application sees: every public name is exported, documented, and imported when asked."""

import inspect
from importlib import import_module
from typing import Any

import pytest

import motorpool.client
from motorpool.batching import errors

FACES = (
    "cursors.aggregate_cursor",
    "bulk",
    "collection",
    "collection_commands",
    "concerns",
    "cursors.cursor",
    "database",
    "indexes",
    "cursors.listed",
    "proxy_client",
    "cursors.raw_batches",
    "read_preferences",
    "results",
    "retry",
    "scope",
    "transports.aws",
    "transports.base",
    "transports.in_process",
)
"""The modules whose classes applications make, are handed, or write types for."""

INTERNAL = {"CollectionCommands", "InProcessContext", "Indexes", "WriteResult"}
"""Classes of theirs that no application makes or names."""


def classes_of(module: str) -> set[str]:
    """Return the names of the classes that a module of the client defines in public."""
    found = import_module(f"motorpool.client.{module}")
    return {
        name
        for name, value in vars(found).items()
        if inspect.isclass(value)
        and value.__module__ == found.__name__
        and not name.startswith("_")
    }


def public_members() -> list[tuple[str, Any]]:
    """Return every public class, and what is defined on it or on its own private bases."""
    members: list[tuple[str, Any]] = []
    for name in motorpool.client.__all__:
        cls = getattr(motorpool.client, name)
        members.append((name, cls))
        for base in cls.__mro__:
            if not base.__module__.startswith("motorpool."):
                continue
            for member, value in vars(base).items():
                if member.startswith("_") or not (callable(value) or isinstance(value, property)):
                    continue
                members.append((f"{name}.{member}", value))
    return members


def test_every_public_class_of_the_client_is_exported() -> None:
    defined = set().union(*map(classes_of, FACES)) - INTERNAL
    raised = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.MotorpoolError)
    }

    # A RemoteFailure is what an answer carries; the driver's own class is raised for it.
    assert set(motorpool.client.__all__) == defined | raised - {"RemoteFailure"} | {"Bounds"}


def test_exports_are_sorted_and_named_once() -> None:
    assert motorpool.client.__all__ == sorted(set(motorpool.client.__all__))


@pytest.mark.parametrize("name", motorpool.client.__all__)
def test_every_exported_name_can_be_imported(name: str) -> None:
    assert getattr(motorpool.client, name).__name__ == name


def test_exported_names_are_what_dir_shows() -> None:
    assert dir(motorpool.client) == motorpool.client.__all__


def test_a_name_that_is_not_exported_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match=r"'motorpool\.client' has no attribute 'MongoClient'"):
        _ = motorpool.client.MongoClient


@pytest.mark.parametrize(("name", "member"), public_members(), ids=lambda value: str(value)[:40])
def test_every_public_class_and_method_is_documented(name: str, member: Any) -> None:
    documentation = inspect.getdoc(member)

    assert documentation is not None, name
    assert documentation[0].isupper() or documentation[0] in "`0", name
    assert documentation.splitlines()[0].endswith((".", ":")), name


@pytest.mark.parametrize("name", motorpool.client.__all__)
def test_every_exported_class_can_be_made_as_its_documentation_says(name: str) -> None:
    cls = getattr(motorpool.client, name)
    init = vars(cls).get("__init__")

    # A class's own text says what it is; its __init__ says what it takes, where it takes anything.
    takes = init is not None and len(inspect.signature(init).parameters) > 1
    assert not takes or init.__doc__ or cls.__doc__, name
    assert cls.__doc__
